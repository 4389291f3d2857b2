package browser_test

import (
	"strings"
	"testing"
	"time"

	"grenier/e2e/browser"
	"grenier/internal/harvest/harvesttest"
)

// TestHarvestingByKeyboard goes by the keys alone, with the scripts of the pages and
// without, from the address of a portal to its datasets: the kind of the portal is
// found out, the preview is looked at, the source is accepted, its run is read.
func TestHarvestingByKeyboard(t *testing.T) {
	for name, scripts := range map[string]bool{"with scripts": true, "without scripts": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newField(t, harvesttest.Options{Datasets: 12, Resources: 2})
			ada := handsOf(t, f.Server, scripts)
			ada.login("ada@example.org", "/admin/harvesters/new")
			ada.write("input[name=url]", f.address+"/ckan/")
			ada.send("main form button.primary", `^/admin/harvesters/new/describe\?backend=ckan`)
			ada.write("input[name=name]", "Portail de Valmont")
			ada.send("main form button.primary", `^/admin/harvesters/new/describe`)
			if text := mainText(ada); !strings.Contains(text, "12 fiches") {
				t.Fatalf("the preview says %s", text)
			}
			ada.send("button[name=step][value=back]", `^/admin/harvesters/new/describe`)
			if name := browser.Value[string](ada.Tab, `document.querySelector("input[name=name]").value`); name != "Portail de Valmont" {
				t.Errorf("back at the description the name is %q", name)
			}
			ada.send("main form button.primary", `^/admin/harvesters/new/describe`)
			ada.send("button[name=step][value=finish]", `^/admin/harvesters/[0-9a-f]{24}\?done=`)
			ada.send("form[action$='/validate'] button.primary", `done=admin-harvest\.done-accepted`)
			source := "/admin/harvesters/" + ada.id()
			ada.finished(source)
			ada.send("table a[href*='/jobs/']", `/jobs/[0-9a-f]{24}`)
			if created := browser.Value[string](ada.Tab, `document.querySelector(".harvest-now div:has(> dt a[href*='outcome=new']) dd")?.textContent ?? ""`); created != "12" {
				t.Errorf("%q new datasets, want 12: the run says %s", created, mainText(ada))
			}
			ada.send(".harvest-items > li a[href*='/items/']", `/items/\d+`)
		})
	}
}

// finished opens a source again and again until no run of it is at work.
func (h *hands) finished(source string) {
	h.t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(300 * time.Millisecond) {
		h.open(source)
		if text := mainText(h); strings.Contains(text, "terminée") && !strings.Contains(text, "Une moisson est en cours") {
			return
		}
	}
	h.t.Fatalf("the run does not end: %s", mainText(h))
}
