package browser_test

import (
	"strings"
	"testing"

	"grenier/e2e/browser"
	"grenier/internal/harvest/harvesttest"
)

// TestHarvestersInTrouble looks at pages of sources that need somebody: one that
// lists far less than before, and one whose records another one brought first.
func TestHarvestersInTrouble(t *testing.T) {
	f := newField(t, harvesttest.Options{Datasets: 20, Resources: 2})
	reach := []string{"--fetch-allow", "127.0.0.0/8", "--harvest-politeness", "0s"}
	f.RunWith(t, handsPassword+"\n", "user", "create", "ben@example.org", "--first-name", "Ben", "--last-name", "Valmont", "--password-stdin")
	sow := func(name, owner string) string {
		return f.Run(t, append([]string{"harvest", "create", "ckan", f.address + "/ckan/", name, "--user", owner}, reach...)...)
	}
	ada := handsOf(t, f.Server, true)
	ada.login("ada@example.org", "/admin/me/harvesters")
	accept := func(source string) {
		ada.open("/admin/harvesters/" + source)
		ada.send("form[action$='/validate'] button.primary", `done=admin-harvest\.done-accepted`)
		ada.finished("/admin/harvesters/" + source)
	}
	first, second := sow("Premier portail au nom très long de la communauté de communes", "ada@example.org"), sow("Second portail", "ben@example.org")
	accept(first)
	accept(second)
	f.portal.Set(func(o *harvesttest.Options) { o.Datasets = 5 })
	ada.open("/admin/harvesters/" + first)
	ada.send("form[action$='/run'] button", `done=admin-harvest\.done-queued`)
	ada.finished("/admin/harvesters/" + first)
	if !browser.Value[bool](ada.Tab, `!!document.querySelector(".notice form[action$='/confirm'] button")`) {
		t.Errorf("a source that lists far less asks for no confirmation: %s", mainText(ada))
	}
	ada.open("/admin/harvesters/" + second + "/conflicts")
	if text := mainText(ada); !strings.Contains(text, "Il appartient ici à quelqu’un d’autre") {
		ada.open("/admin/harvesters/" + second)
		t.Errorf("the conflicts say %s\nof %s", text, mainText(ada))
	}
	script := axe(t)
	looks := []browser.Look{{Width: 320, Height: 640}, {Width: 768, Height: 1024}, {Width: 1440}}
	for _, path := range []string{
		"/admin/site/harvesters", "/admin/harvesters/new", "/admin/harvesters/" + first, "/admin/harvesters/" + first + "/configuration",
		"/admin/harvesters/" + first + "/schedule", "/admin/harvesters/" + second + "/conflicts", "/admin/harvesters/find?url=nowhere",
	} {
		ada.open(path)
		ada.Settled()
		checkLooks(t, ada.Tab, script, looks)
	}
	ada.open("/admin/harvesters/" + first)
	ada.send("form[action$='/confirm'] button", `done=admin-harvest\.done-confirmed`)
	ada.finished("/admin/harvesters/" + first)
	if browser.Value[bool](ada.Tab, `!!document.querySelector("form[action$='/confirm']")`) {
		t.Errorf("a shrinkage that was confirmed is asked about again: %s", mainText(ada))
	}
}
