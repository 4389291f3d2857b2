package browser_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"grenier/e2e/browser"
)

// TestDescriptionsStayWords reads descriptions as people write them: lines below
// headings and rules are no words, and headings keep apart from what is around
// them.
func TestDescriptionsStayWords(t *testing.T) {
	f := elsewhere(t, browser.Look{}, map[string]string{"/": `<p id="here"></p><script type="module">import { render } from "PORTAL/static/udata.mjs"; window.render = render</script>`})
	f.visit("/")
	f.Until("the library is there", `!!window.render`)
	for source, want := range map[string]struct{ words, html string }{
		"**Avis**\n### Contenu\n-----\nUn **fichier**": {"Avis Contenu Un fichier", "<p><strong>Avis</strong></p>\n<h3>Contenu</h3>\n<p>Un <strong>fichier</strong></p>"},
		"### Contenu\nUn fichier":                      {"Contenu Un fichier", "<h3>Contenu</h3>\n<p>Un fichier</p>"},
		"Contenu\n=======\n- un\n- deux\n* * *\nfin":   {"Contenu un deux fin", "<p>Contenu</p>\n<ul><li>un</li>\n<li>deux</li></ul>\n<p>fin</p>"},
		"a|b\n---|---\nc\n\n\nd -- e":                  {"a|b ---|--- c d -- e", "<p>a|b<br>\n---|---<br>\nc</p>\n<p>d -- e</p>"},
	} {
		data, err := json.Marshal(map[string]string{"d": source})
		if err != nil {
			t.Fatal(err)
		}
		f.Run(`render(document.querySelector("#here"), ` + string(data) + `, "<b>{{d | truncate:200}}</b><i>{{{d | md}}}</i>")`)
		if words := browser.Value[string](f.Tab, `document.querySelector("#here b").textContent`); words != want.words {
			t.Errorf("%q is %q in words, not %q", source, words, want.words)
		}
		if html := browser.Value[string](f.Tab, `document.querySelector("#here i").innerHTML`); html != want.html {
			t.Errorf("%q is %q, not %q", source, html, want.html)
		}
	}
}

// TestFiltersFitNarrowPages opens a search with every filter where pages are
// narrow: names of filters may be long, the page stays as wide as it is.
func TestFiltersFitNarrowPages(t *testing.T) {
	f := elsewhere(t, browser.Look{Width: 320}, map[string]string{"/": `<udata-search facets="all" page-size="1"></udata-search><script type="module" src="PORTAL/static/udata.mjs"></script>`})
	f.Open("/", http.StatusOK)
	f.Until("the search is ready", `document.querySelector("udata-search").hasAttribute("ready")`)
	// The longest name that an organization may have, whatever the catalogue of the tests holds.
	f.Run(`document.querySelector("udata-search").shadowRoot.querySelectorAll("select").forEach((field) => field.append(new Option("Une organisation ".repeat(15), "", true, true)))`)
	if width := browser.Value[int](f.Tab, `document.documentElement.scrollWidth`); width > 320 {
		t.Errorf("the page is %d pixels wide", width)
	}
}
