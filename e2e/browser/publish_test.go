package browser_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"grenier/e2e/browser"
	"grenier/e2e/harness"
)

// TestPublishingByKeyboard goes through the life of a dataset by the keys alone,
// with the scripts of the pages and without: two people, each in a browser.
func TestPublishingByKeyboard(t *testing.T) {
	for name, scripts := range map[string]bool{"with scripts": true, "without scripts": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			publishByKeyboard(t, scripts)
		})
	}
}

const handsPassword = "Grenier-a-grain-2026"

func publishByKeyboard(t *testing.T, scripts bool) {
	server := harness.Start(t, harness.Options{})
	for _, name := range []string{"Ada", "Ben"} {
		server.RunWith(t, handsPassword+"\n", "user", "create", strings.ToLower(name)+"@example.org", "--first-name", name, "--last-name", "Valmont", "--password-stdin")
	}
	file := filepath.Join(t.TempDir(), "passages-velo_2026-01.csv")
	if err := os.WriteFile(file, []byte("date;passages\n2026-01-01;128\n2026-01-02;143\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ada, ben := handsOf(t, server, scripts), handsOf(t, server, scripts)

	ada.login("ada@example.org", "/admin/organizations/new")
	ada.write("input[name=name]", "Ville de Valmont")
	ada.write("textarea[name=description]", "La commune de Valmont.")
	ada.send("main form button.primary", `^/admin/organizations/[0-9a-f]{24}/profile\?done=`)
	organization := ada.id()

	ada.open("/admin/datasets/new?organization=" + organization)
	dataset := ada.begin(file)
	ada.write("input[name=title]", "Comptages vélo de Valmont")
	ada.write("textarea[name=description]", "Passages par heure sur les compteurs de la commune, depuis 2023.")
	ada.choose("select[name=license]", "Licence Ouverte", "")
	ada.choose("select[name=frequency]", "Quotidienne", "daily")
	ada.send("button[name=do][value=publish]", `^/admin/datasets/`+dataset+`\?done=publish\.done-published`)
	published := ada.read(dataset)
	if published.Private || published.Title != "Comptages vélo de Valmont" || published.Frequency != "daily" || published.Organization.ID != organization {
		t.Errorf("published was %+v", published)
	}
	if len(published.Resources) != 1 || published.Resources[0].Filetype != "file" {
		t.Fatalf("the file became %+v", published.Resources)
	}

	ada.write("input[name=title]", "Passages de vélos à Valmont")
	ada.send("#dataset button.primary", `done=publish\.done-saved`)

	ada.open("/admin/organizations/" + organization + "/members/invite")
	ada.write("input[name=email]", "ben@example.org")
	ada.write("textarea[name=comment]", "Viens publier avec nous.")
	ada.send("main form button.primary", `/members/invitations\?done=admin-member\.done-invited`)

	ben.login("ben@example.org", "/admin/me/invitations")
	ben.send("main form[action$='/accept'] button", `done=admin-member\.done-joined`)

	ada.open("/admin/datasets/" + dataset)
	ada.send(".decisions a[href*='/admin/transfers/new']", `^/admin/transfers/new`)
	ada.pick("user", "Ben", server.URL()+"/users/ben-valmont")
	ada.write("textarea[name=comment]", "Tu en es le spécialiste.")
	ada.send("main form button.primary", `done=admin-transfer\.done-sent`)

	ben.open("/admin/transfers")
	ben.send("main a[href^='/admin/transfers/']:not([href*='?']):not([href$='/new'])", `^/admin/transfers/[0-9a-f]{24}`)
	ben.send("button[name=response][value=accept]", `done=admin-transfer\.done-accepted`)
	if owned := ada.read(dataset); owned.Owner.Slug != "ben-valmont" || owned.Title != "Passages de vélos à Valmont" {
		t.Errorf("handed over was %+v", owned)
	}

	ben.open("/admin/datasets/" + dataset)
	ben.reach(".danger-zone details:has(form[action$='/delete']) > summary")
	ben.Press(browser.KeyEnter)
	ben.write("form[action$='/delete'] input[name=typed]", "Passages de vélos à Valmont")
	ben.send("form[action$='/delete'] button", `done=publish\.done-deleted`)
	answer, err := server.Client("").Do(http.MethodGet, "/api/1/datasets/"+dataset+"/", nil)
	if err != nil || answer.Status != http.StatusGone {
		t.Errorf("the deleted dataset is answered %d, %v", answer.Status, err)
	}
}

// hands work a browser by its keys alone; what the page says is read besides.
type hands struct {
	*browser.Tab
	t       *testing.T
	server  *harness.Server
	scripts bool
}

func handsOf(t *testing.T, server *harness.Server, scripts bool) *hands {
	t.Helper()
	tab := chromium(t).Tab(t, server.URL(), browser.Look{})
	if !scripts {
		tab.WithoutScripts()
	}
	return &hands{tab, t, server, scripts}
}

// open types an address.
func (h *hands) open(path string) {
	h.t.Helper()
	h.Open(path, http.StatusOK)
}

func (h *hands) login(email, next string) {
	h.t.Helper()
	h.open("/login?next=" + next)
	h.write("input[name=email]", email)
	h.write("input[name=password]", handsPassword)
	h.leave(browser.KeyEnter, "^"+next)
}

// stops bounds the presses of Tab that lead somewhere.
const stops = 300

// reach presses Tab until the focus is on an element; from the head of a page
// the first link leads over it.
func (h *hands) reach(selector string) {
	h.t.Helper()
	at := fmt.Sprintf(`document.activeElement.matches(%q) ? "there" : document.activeElement.matches("a[href='#content']") ? "skip" : ""`, selector)
	for range stops {
		switch browser.Value[string](h.Tab, at) {
		case "there":
			if !browser.Value[bool](h.Tab, `document.activeElement.checkVisibility()`) {
				h.t.Fatalf("%s has the focus and is not visible at %s", selector, h.Path())
			}
			return
		case "skip":
			h.Press(browser.KeyEnter)
		}
		h.Press(browser.KeyTab)
	}
	h.t.Fatalf("Tab does not lead to %s at %s: %s", selector, h.Path(), browser.Value[string](h.Tab, `document.querySelector("main")?.innerText.slice(0, 1500) ?? ""`))
}

// write types into a field, in place of what stands in it.
func (h *hands) write(selector, text string) {
	h.t.Helper()
	h.reach(selector)
	h.Press(browser.KeyAll)
	h.Press(text)
	if got := browser.Value[string](h.Tab, `document.activeElement.value`); got != text {
		h.t.Fatalf("%s holds %q after %q was typed", selector, got, text)
	}
}

// choose types the beginning of an option of a list; wanted is its value, "" for
// any.
func (h *hands) choose(selector, option, wanted string) {
	h.t.Helper()
	h.reach(selector)
	h.Press(option)
	got := browser.Value[string](h.Tab, `document.activeElement.value`)
	if got == "" || wanted != "" && got != wanted {
		h.t.Fatalf("%s is at %q after %q was typed", selector, got, option)
	}
}

// pick chooses from what is suggested while one types; without scripts the field
// takes the address of a page.
func (h *hands) pick(field, typed, address string) {
	h.t.Helper()
	if !h.scripts {
		h.write("input[name="+field+"]", address)
		return
	}
	h.reach("gr-pick:has([name=" + field + "]) input:not([type=hidden])")
	h.Press(typed)
	h.Until("suggestions", `document.querySelector("gr-pick [role=option]")?.checkVisibility()`)
	h.Press(browser.KeyDown)
	h.Until("a suggestion is chosen", `document.activeElement.getAttribute("aria-activedescendant")`)
	h.Press(browser.KeyEnter)
	h.Until("what was chosen", `document.querySelector("input[name=`+field+`]").value !== ""`)
}

// send presses Enter on a button or a link, and waits for the page that it leads
// to.
func (h *hands) send(selector, leads string) {
	h.t.Helper()
	h.reach(selector)
	h.leave(browser.KeyEnter, leads)
}

// leave presses a key that leads to another page.
func (h *hands) leave(key, leads string) {
	h.t.Helper()
	before := browser.Value[float64](h.Tab, `performance.timeOrigin`)
	h.Press(key)
	h.arrive(before, leads)
}

// arrive waits for another page, whose address must match.
func (h *hands) arrive(before float64, leads string) {
	h.t.Helper()
	h.Until("the page "+leads, fmt.Sprintf(`performance.timeOrigin !== %f && document.readyState === "complete"`, before))
	if h.scripts {
		h.Settled() // which asks the page's own scripts
	}
	if path := h.Path(); !regexp.MustCompile(leads).MatchString(path) {
		h.t.Fatalf("this led to %s, not to %s: %s", path, leads, browser.Value[string](h.Tab, `document.querySelector("main").innerText.slice(0, 1500)`))
	}
}

var identifier = regexp.MustCompile(`[0-9a-f]{24}`)

// id is the identifier in the address.
func (h *hands) id() string { return identifier.FindString(h.Path()) }

// begin makes a draft of a file: the window in which one chooses it is the
// system's own.
func (h *hands) begin(file string) (dataset string) {
	h.t.Helper()
	h.reach("input[type=file]")
	before := browser.Value[float64](h.Tab, `performance.timeOrigin`)
	h.Files("input[type=file]", file)
	if !h.scripts {
		h.send("main form button.primary", `/publish$`)
		return h.id()
	}
	h.arrive(before, `/publish(\?|$)`)
	return h.id()
}

// held is what the API tells of a dataset.
type held struct {
	Title, Frequency string
	Private          bool
	Organization     struct{ ID string }
	Owner            struct{ Slug string }
	Resources        []struct{ Filetype string }
}

func (h *hands) read(dataset string) (d held) {
	h.t.Helper()
	if err := h.server.Client("").Get("/api/1/datasets/"+dataset+"/", &d); err != nil {
		h.t.Fatal(err)
	}
	return d
}
