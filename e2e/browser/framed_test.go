package browser_test

import (
	"net/http"
	"strings"
	"testing"

	"grenier/e2e/browser"
)

// TestFramedPages looks at the pages that other sites frame: accessible in both
// themes at every width, with and without scripts, and silent in the console.
func TestFramedPages(t *testing.T) {
	s, script := served(t), axe(t)
	embeds := func(page string) string {
		return "/embeds/" + strings.TrimPrefix(page, "/")
	}
	organization := strings.TrimPrefix(s.organization, "/organizations/")
	for _, c := range []struct {
		name, path string
		status     int
	}{
		{"dataset", embeds(s.dataset), 200}, {"long", embeds(s.long) + "?lang=en", 200}, {"reuse", embeds(s.reuse), 200},
		{"organization", embeds(s.organization), 200}, {"dataservice", embeds(s.dataservice), 200}, {"topic", embeds(s.topic), 200},
		{"territory", "/embeds/territories/fr:commune:13004", 200}, {"missing", "/embeds/datasets/none", 404},
		{"search", "/embeds/search-datasets/" + organization + "?per_page=2&theme=auto", 200},
		{"filters", "/embeds/search-datasets/" + organization + "?format=csv&accent=%23ffcc00", 200},
		{"reuses", "/embeds/list-reuses/" + organization + "?accent=%23004400", 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			tab := open(t, browser.Look{})
			tab.Open(c.path, c.status)
			tab.Settled()
			checkLooks(t, tab, script, []browser.Look{{Width: 1440}, {Width: 768, Height: 1024}, {Width: 320, Height: 640}})
		})
	}
}

// TestFramesTellTheirHeight frames a page from another site, which learns how
// high it is, and again when that changes.
func TestFramesTellTheirHeight(t *testing.T) {
	f := elsewhere(t, browser.Look{}, map[string]string{
		"/": `<script>window.heights = []; addEventListener("message", (e) => { if (e.origin === "PORTAL" && e.data.type === "udata:height") heights.push(e.data.height) })</script>
			<iframe id="card" title="Un jeu de données" src="PORTAL/embeds` + served(t).dataset + `" width="800" height="300"></iframe>`,
	})
	f.visit("/")
	f.Until("the height is told", `heights.length > 0 && heights.at(-1) > 60 && heights.at(-1) < 400`)
	f.Run(`window.before = heights.at(-1); document.getElementById("card").width = 240`)
	f.Until("the height is told again", `heights.at(-1) > before`)
	f.Run(`heights.length = 0; document.getElementById("card").contentWindow.postMessage({type: "udata:height?"}, "*")`)
	f.Until("the height is told when asked", `heights.length > 0`)
}

// TestFramedSearch finds within the frame, without scripts too.
func TestFramedSearch(t *testing.T) {
	s := served(t)
	tab := open(t, browser.Look{})
	tab.WithoutScripts()
	tab.Open("/embeds/search-datasets/"+strings.TrimPrefix(s.organization, "/organizations/")+"?per_page=1&hide=logo", http.StatusOK)
	if page := browser.Value[string](tab, `document.querySelector("nav a[rel=next]")?.target + document.querySelectorAll("li .card").length + document.querySelectorAll("form[method=get][target=_self]").length`); page != "_self11" {
		t.Errorf("the search is %q", page)
	}
}

// TestPreviewOfTheEmbed opens the codes on the page of a dataset: the preview is
// the page that others frame, and the codes can be copied.
func TestPreviewOfTheEmbed(t *testing.T) {
	s, script := served(t), axe(t)
	for _, width := range []int64{1440, 320} {
		tab := open(t, browser.Look{Width: width})
		tab.Open(s.dataset, http.StatusOK)
		tab.Settled()
		tab.Click("#embed > summary")
		tab.Until("the preview is there", `document.querySelector("#embed iframe").contentDocument?.querySelector("a.card")`)
		if codes := browser.Value[int](tab, `document.querySelectorAll("#embed gr-copy button").length`); codes < 6 {
			t.Errorf("%d codes are offered", codes)
		}
		checkWidth(t, tab, "the codes", width)
		for _, v := range tab.Violations(script) {
			t.Error(v)
		}
	}
}
