package browser_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"grenier/e2e/browser"
	"grenier/e2e/harness"
	"grenier/internal/harvest/harvesttest"
)

// field is a server that may harvest a made-up portal of this machine.
type field struct {
	*harness.Server
	portal  *harvesttest.Portal
	address string
}

func newField(t *testing.T, o harvesttest.Options) *field {
	t.Helper()
	f := &field{portal: harvesttest.New(o)}
	server := httptest.NewServer(f.portal)
	t.Cleanup(server.Close)
	f.address = server.URL
	f.Server = harness.Start(t, harness.Options{Arguments: []string{"--fetch-allow", "127.0.0.0/8", "--harvest-politeness", "0s"}})
	f.RunWith(t, handsPassword+"\n", "user", "create", "ada@example.org", "--first-name", "Ada", "--last-name", "Valmont", "--password-stdin", "--admin")
	return f
}

func mainText(h *hands) string {
	return browser.Value[string](h.Tab, `document.querySelector("main").innerText`)
}

// TestHarvestsAreFollowed looks at a run while it is at work: its page brings itself
// up to date, stops it by a button, and ends with a way to the results.
func TestHarvestsAreFollowed(t *testing.T) {
	f := newField(t, harvesttest.Options{Datasets: 400, PageSize: 10, Faults: []harvesttest.Fault{{Path: "package_search", After: 2, Delay: 700 * time.Millisecond}}})
	source := f.Run(t, "harvest", "create", "ckan", f.address+"/ckan/", "Portail lent", "--user", "ada@example.org", "--fetch-allow", "127.0.0.0/8")
	ada := handsOf(t, f.Server, true)
	page := "/admin/harvesters/" + source
	ada.login("ada@example.org", page)
	ada.send("form[action$='/validate'] button.primary", `done=admin-harvest\.done-accepted`)
	for end := time.Now().Add(30 * time.Second); !browser.Value[bool](ada.Tab, `!!document.querySelector(".notice a[href*='/jobs/']")`); ada.open(page) {
		if time.Now().After(end) {
			t.Fatalf("no run begins: %s", mainText(ada))
		}
		time.Sleep(200 * time.Millisecond)
	}
	ada.send(".notice a[href*='/jobs/']", `/jobs/[0-9a-f]{24}$`)
	job := ada.Path()
	const read = `Number(document.querySelector(".harvest-now .figures dd, .harvest-now .tile dd, .harvest-now dd")?.textContent ?? 0)`
	ada.Until("records are counted on the page", read+` > 0`)
	before := browser.Value[int](ada.Tab, read)
	ada.Until("the page brings itself up to date", read+` > `+browser.Value[string](ada.Tab, `String(`+read+`)`))
	if before >= 400 {
		t.Fatalf("%d records were read before anybody could look", before)
	}
	checkLooks(t, ada.Tab, axe(t), []browser.Look{{Width: 320, Height: 640}, {Width: 768, Height: 1024}, {Width: 1440}})
	ada.send("form[action$='/stop'] button", `done=admin-harvest\.done-stopped`)
	ada.Until("the run ends and leads to its results", `document.querySelector(".harvest-now[data-ended]") !== null`)
	ada.open(job)
	if text := mainText(ada); !strings.Contains(text, "arrêtée") {
		t.Errorf("a stopped run says %s", text)
	}
	if browser.Value[bool](ada.Tab, `!!document.querySelector("gr-refresh")`) {
		t.Error("a run that is over is still asked for")
	}
}
