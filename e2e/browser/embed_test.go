package browser_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"grenier/e2e/browser"
)

// foreign is another site, whose pages embed what ours has.
type foreign struct {
	*browser.Tab
	t      *testing.T
	portal *site
	pages  map[string]string
	policy string
}

// elsewhere opens a tab on a site of another origin. Its pages are documents
// with a title and a body; PORTAL stands for the origin of ours.
func elsewhere(t *testing.T, look browser.Look, pages map[string]string) *foreign {
	t.Helper()
	f := &foreign{t: t, portal: served(t), pages: pages}
	server := httptest.NewServer(http.HandlerFunc(f.serve))
	t.Cleanup(server.Close)
	f.Tab = chromium(t).Tab(t, server.URL, look)
	f.Trust(f.portal.url)
	return f
}

func (f *foreign) serve(w http.ResponseWriter, r *http.Request) {
	body, ok := f.pages[r.URL.Path]
	if !ok {
		w.WriteHeader(http.StatusNoContent) // the picture that browsers look for
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if f.policy != "" {
		w.Header().Set("Content-Security-Policy", strings.ReplaceAll(f.policy, "PORTAL", f.portal.url))
	}
	body = strings.ReplaceAll(body, "PORTAL", f.portal.url)
	fmt.Fprintf(w, `<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>Une page d’ailleurs</title></head><body><main><h1>Une page</h1><h2>Nos données</h2><h3>Choisies pour vous</h3>%s</main></body></html>`, body)
}

// page is the document of a page, for those who read it again.
func (f *foreign) visit(path string) {
	f.t.Helper()
	f.Open(path, http.StatusOK)
}

// count is how many elements of a selector there are, in the page or in the
// shadow trees of its elements.
func (f *foreign) count(selector string) int {
	f.t.Helper()
	return browser.Value[int](f.Tab, fmt.Sprintf(`window.deep ? deep(%q).length : 0`, selector))
}

func (f *foreign) awaits(what, selector string, count int) {
	f.t.Helper()
	f.Run(`window.deep = (selector, root = document) => [...root.querySelectorAll(selector), ...[...root.querySelectorAll("*")].filter((e) => e.shadowRoot).flatMap((e) => window.deep(selector, e.shadowRoot))]`)
	f.Until(what, fmt.Sprintf(`deep(%q).length === %d`, selector, count))
}

// asked are the requests to the portal since the page was opened that are for
// neither scripts nor pictures.
func (f *foreign) asked() []string {
	var addresses []string
	for _, request := range f.Requests() {
		if strings.HasPrefix(request.URL, f.portal.url) && request.Kind != "Script" && request.Kind != "Image" {
			addresses = append(addresses, request.URL)
		}
	}
	return addresses
}

// accessible checks the page with axe-core.
func (f *foreign) accessible() {
	f.t.Helper()
	f.Settled()
	for _, violation := range f.Violations(axe(f.t)) {
		f.t.Error(violation)
	}
}

// ids are identifiers of objects of a list of the API.
func (s *site) ids(t *testing.T, path string) []string {
	t.Helper()
	var list struct{ Data []struct{ ID, Slug string } }
	s.server.Client("").MustDo(t, http.MethodGet, path, nil, http.StatusOK, &list)
	var ids []string
	for _, o := range list.Data {
		ids = append(ids, o.ID)
	}
	return ids
}

// TestBoxWithTheCode opens the box of a card by keyboard.
func TestBoxWithTheCode(t *testing.T) {
	id := served(t).ids(t, "/api/1/datasets/?page_size=1")[0]
	f := elsewhere(t, browser.Look{}, map[string]string{"/": `<div data-udata-dataset-id="` + id + `"></div><script src="PORTAL/static/widgets.js" id="udata" async defer onload="udataScript.loadDatasets()"></script>`})
	f.visit("/")
	f.awaits("the card is there", ".integrate", 1)
	f.Focus(".integrate")
	f.Press(browser.KeyEnter)
	f.Until("the box is open and its text selected", `document.activeElement.matches(".embed textarea") && document.activeElement.selectionEnd > 20`)
	want := `<div data-udata-dataset-id="` + id + `"></div><script src="` + f.portal.url + `/static/widgets.js" id="udata" async defer onload="udataScript.loadDatasets()"></script>`
	if got := browser.Value[string](f.Tab, `document.querySelector(".embed textarea").value`); got != want {
		t.Errorf("the code is %s, want %s", got, want)
	}
	f.accessible()
	f.Focus(".integrate")
	f.Press(browser.KeyEnter)
	f.awaits("the box is closed", ".embed", 0)
}

// TestStrictPolicy embeds in a page whose policy allows the portal alone.
func TestStrictPolicy(t *testing.T) {
	s := served(t)
	id := s.ids(t, "/api/1/datasets/?page_size=1")[0]
	f := elsewhere(t, browser.Look{}, map[string]string{"/": `<div data-udata-dataset-id="` + id + `"></div><div data-udata-dataset="` + id + `"></div>` +
		`<div data-udata-dataset="` + id + `" data-mode="iframe"></div><udata-dataset ref="` + id + `"></udata-dataset><udata-dataset mode="light" ref="` + id + `"></udata-dataset>` +
		`<script src="PORTAL/static/widgets.js" id="udata"></script><script src="PORTAL/oembed.js"></script><script type="module" src="PORTAL/static/udata.mjs"></script>`})
	f.policy = "default-src 'none'; script-src PORTAL; connect-src PORTAL; img-src PORTAL; frame-src PORTAL; base-uri 'none'"
	f.visit("/")
	f.awaits("the old card is there", ".dataset-card .udata-title", 1)
	f.awaits("the card is there", ".udata-oembed .card", 1)
	f.awaits("the elements are there", ".udata-card", 2)
	style := browser.Value[string](f.Tab, `getComputedStyle(document.querySelector(".dataset-card .udata-title")).backgroundColor`)
	if style == "rgba(0, 0, 0, 0)" {
		t.Error("the card has no style")
	}
	for _, selector := range []string{".udata-oembed .card", ".udata-card"} {
		if border := browser.Value[string](f.Tab, fmt.Sprintf(`deep(%q).map((e) => getComputedStyle(e).borderTopWidth).join(" ")`, selector)); strings.Contains(border, "0px") {
			t.Errorf("%s has no style: %s", selector, border)
		}
	}
}

// TestPageWithItsOwnTemplates fills templates of the page, in which nothing that
// data says is run.
func TestPageWithItsOwnTemplates(t *testing.T) {
	s := served(t)
	f := elsewhere(t, browser.Look{}, map[string]string{"/": `
		<template id="mine"><section class="mine"><h2><a href="{{page}}">{{title}}</a></h2><p data-if="organization">{{organization.name}}</p>
		<div class="text">{{{description | md}}}</div><ul><li data-each="resources"><b>{{title}}</b> of {{../title | truncate:20}} <i>{{format | default:?}}</i></li></ul><time>{{last_update | date:long}}</time><p data-if="!archived">vivant</p></section></template>
		<udata-dataset template="#mine" ref="PORTAL` + s.mixed + `"></udata-dataset>
		<udata-dataset mode="light" ref="PORTAL` + s.mixed + `"><template><p class="inner">{{metrics.views | number}} {{title}} {{constructor}}</p></template><a href="PORTAL` + s.mixed + `">Voir</a></udata-dataset>
		<script>window.events = []; for (const name of ["udata:ready", "udata:select"]) addEventListener(name, (e) => { events.push(name + " " + e.detail.title); if (name === "udata:select") e.preventDefault() })</script>
		<script type="module" src="PORTAL/static/udata.mjs"></script>`})
	f.visit("/")
	f.awaits("the template is filled", ".mine li b", 7)
	f.awaits("the inner one too", ".inner", 1)
	text := browser.Value[string](f.Tab, `deep(".mine")[0].innerText`)
	for _, want := range []string{"Fichiers de toutes sortes", "communes of Fichiers de toutes", "csv", "vivant", "Un paragraphe avec du gras"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in %s", want, text)
		}
	}
	if title := browser.Value[string](f.Tab, `document.title`); title == "xss" {
		t.Error("a description ran in the page")
	}
	if n := f.count(".mine script, .mine img, .inner script"); n != 0 {
		t.Errorf("%d elements of descriptions came through", n)
	}
	if inner := browser.Value[string](f.Tab, `document.querySelector(".inner").textContent`); strings.Contains(inner, "function") {
		t.Errorf("a template reads what is no data: %s", inner)
	}
	f.Run(`deep(".mine a")[0].click()`)
	f.Until("the choice is told", `events.includes("udata:select Fichiers de toutes sortes") && events.filter((e) => e.startsWith("udata:ready")).length === 2`)
	if f.Path() != "/" {
		t.Error("the link was followed although the page took the choice over")
	}
	f.accessible()
}

// TestSearchElement searches, filters and turns pages by keyboard; the address
// of the page keeps what was chosen.
func TestSearchElement(t *testing.T) {
	f := elsewhere(t, browser.Look{}, map[string]string{"/": `<udata-search facets="all" page-size="5" sync-url></udata-search><script type="module" src="PORTAL/static/udata.mjs"></script>`})
	f.visit("/")
	f.awaits("a page of results is there", ".udata-card", 5)
	f.Until("the filters are there", `deep("select").length > 4`)
	f.accessible()
	f.Run(`deep("input[name=q]")[0].focus()`)
	f.Press("transport")
	f.Press(browser.KeyEnter)
	f.Until("the address says it", `location.search.includes("udata-q=transport")`)
	f.Until("the field keeps the focus and its words", `deep("input[name=q]")[0].value === "transport" && deep("input[name=q]")[0].matches(":focus")`)
	f.Run(`const s = deep("select[name=format]")[0]; s.selectedIndex = 1; s.dispatchEvent(new Event("change"))`)
	f.Until("the filter is in the address", `location.search.includes("udata-format=")`)
	chosen := browser.Value[string](f.Tab, `new URLSearchParams(location.search).get("udata-format")`)
	f.Until("the results are there", `deep(".udata-total").length === 1 && !document.querySelector("[aria-busy]")`)
	f.Reload()
	f.awaits("the search is there again", "select[name=format]", 1)
	if again := browser.Value[string](f.Tab, `deep("select[name=format]")[0].value + deep("input[name=q]")[0].value`); again != chosen+"transport" {
		t.Errorf("the page begins with %q", again)
	}
}

// TestElementsOfEveryKind shows an object of each kind, and lists.
func TestElementsOfEveryKind(t *testing.T) {
	s := served(t)
	f := elsewhere(t, browser.Look{Dark: true}, map[string]string{"/": `<style>:root { color-scheme: light dark } body { background: Canvas; color: CanvasText }</style>
		<udata-organization ref="PORTAL` + s.organization + `"></udata-organization><udata-reuse ref="PORTAL` + s.reuse + `"></udata-reuse>
		<udata-dataservice ref="PORTAL` + s.dataservice + `" layout="row"></udata-dataservice><udata-topic ref="PORTAL` + s.topic + `"></udata-topic>
		<udata-territory ref="fr:region:84"></udata-territory><udata-organization list with-search page-size="3" ref="PORTAL` + s.organization + `"></udata-organization>
		<udata-territory list ref="PORTAL/territories/region/84"></udata-territory>
		<udata-resource ref="` + s.files["communes"] + `"></udata-resource>
		<script type="module" src="PORTAL/static/udata.mjs"></script>`})
	f.visit("/")
	f.Until("all are ready", `document.querySelectorAll("[ready]").length === 8 || document.querySelector("[error]")`)
	f.awaits("the file is there", ".udata-file a[href]", 1)
	if failed := browser.Value[string](f.Tab, `[...document.querySelectorAll("[error]")].map((e) => e.outerHTML).join(" ")`); failed != "" {
		t.Errorf("not shown: %s", failed)
	}
	f.accessible()
	f.See(browser.Look{})
	f.accessible()
}

// TestLostNetwork says where a card would be that the site does not answer.
func TestLostNetwork(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	lost := gone.URL
	gone.Close()
	id := "000000000000000000000000"
	f := elsewhere(t, browser.Look{}, map[string]string{"/": `<div data-udata-dataset-id="` + id + `"></div><div data-udata-organization="` + id + `"></div><script id="udata" data-udata="` + lost + `" src="PORTAL/static/widgets.js" async defer onload="udataScript.loadOrganization({withSearch: true}); udataScript.loadDatasets().then((list) => window.result = list)"></script>` +
		`<udata-dataset base="` + lost + `" ref="` + id + `"><a href="https://example.org/">Les données</a></udata-dataset><script type="module" src="PORTAL/static/udata.mjs"></script>`})
	f.Lose(lost)
	f.visit("/")
	f.awaits("each says it", ".udata-error[role=status] a", 3)
	f.Until("the promise is kept", `Array.isArray(window.result) && result.length === 0`)
	f.accessible()
}

// TestSlowNetwork waits for cards that come late.
func TestSlowNetwork(t *testing.T) {
	id := served(t).ids(t, "/api/1/datasets/?page_size=1")[0]
	f := elsewhere(t, browser.Look{}, map[string]string{"/": `<div data-udata-dataset-id="` + id + `"></div><script src="PORTAL/static/widgets.js" id="udata" async defer onload="udataScript.loadDatasets()"></script><udata-dataset ref="` + id + `"><a href="PORTAL/datasets/` + id + `">Ces données</a></udata-dataset><script type="module" src="PORTAL/static/udata.mjs"></script>`})
	f.Slow()
	f.visit("/")
	f.awaits("the cards come", ".dataset-card, .udata-card", 2)
	f.accessible()
}

// scriptOf reads a served script with the headers that pages of others need.
func TestScriptsForOtherSites(t *testing.T) {
	s := served(t)
	for _, path := range []string{"/static/widgets.js", "/oembed.js", "/static/oembed.js", "/static/udata.mjs", "/static/udata.js", "/static/udata.iife.js", "/static/udata-files.mjs", "/static/udata-map.mjs", "/static/udata-compat.js"} {
		answer, err := http.Get(s.url + path)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		h := answer.Header
		if answer.StatusCode != http.StatusOK || h.Get("Access-Control-Allow-Origin") != "*" || h.Get("ETag") == "" || h.Get("Cache-Control") != "public, max-age=600" ||
			h.Get("Content-Type") != "text/javascript; charset=utf-8" || h.Get("Set-Cookie") != "" {
			headers, _ := json.Marshal(h)
			t.Errorf("%s answers %d with %s", path, answer.StatusCode, headers)
		}
	}
	answer, err := http.Get(s.url + "/static/no-such.js")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusNotFound {
		t.Errorf("an unknown script answers %d", answer.StatusCode)
	}
}

// upload adds a file to a dataset, and gives its identifier.
func (s *site) upload(t *testing.T, dataset, name, content string) string {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", name)
	if err == nil {
		_, err = part.Write([]byte(content))
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequest(http.MethodPost, s.url+"/api/1/datasets/"+dataset+"/upload/", &body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", form.FormDataContentType())
	request.Header.Set("X-API-KEY", s.client.Token)
	answer, err := s.client.HTTP.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var resource made
	if err := json.NewDecoder(answer.Body).Decode(&resource); err != nil || answer.StatusCode != http.StatusCreated {
		t.Fatalf("the upload of %s answers %d (%v)", name, answer.StatusCode, err)
	}
	return resource.ID
}

// TestFilesInPages shows a file as a table, a chart and a map, by parts of the
// library that are loaded for them.
func TestFilesInPages(t *testing.T) {
	s := served(t)
	files := map[string]string{"table.csv": "commune;habitants\nLyon;522250\nParis;2102650\n", "lieux.geojson": `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"nom":"Lyon"},"geometry":{"type":"Point","coordinates":[4.835,45.764]}}]}`}
	var dataset made
	s.client.MustDo(t, http.MethodPost, "/api/1/datasets/", map[string]any{"title": "Fichiers d’ici", "description": "Pour des pages."}, http.StatusCreated, &dataset)
	ids := map[string]string{}
	for name, content := range files {
		ids[name] = s.upload(t, dataset.ID, name, content)
	}
	f := elsewhere(t, browser.Look{}, map[string]string{"/": `<udata-resource view="table" ref="` + ids["table.csv"] + `"></udata-resource><udata-resource view="chart" columns="commune,habitants" ref="` + ids["table.csv"] + `"></udata-resource>
		<udata-resource view="map" ref="` + ids["lieux.geojson"] + `"></udata-resource><udata-map resources="` + ids["lieux.geojson"] + `"><template><p class="popup">{{nom}}</p></template></udata-map>
		<div class="uData-map" data-title="Lieux" data-resources='[{"id": "` + ids["lieux.geojson"] + `", "template": "<p class=popup>{{nom}}</p>"}]'></div><script src="PORTAL/static/udata.js"></script>
		<div data-udata-resource="` + ids["table.csv"] + `"></div><script src="PORTAL/oembed.js" async></script>`})
	f.visit("/")
	f.awaits("the link is there", ".udata-file a[href]", 1)
	f.awaits("the table is there", "caption ~ tbody tr", 2)
	f.awaits("the chart is there", "svg[role=img] rect", 2)
	f.awaits("the maps are there", ".udata-map path.leaflet-interactive", 3)
	f.accessible()
	f.Run(`for (const path of deep(".udata-map path.leaflet-interactive")) path.dispatchEvent(new MouseEvent("click", {bubbles: true, clientX: 50, clientY: 50}))`)
	f.awaits("the popups are those of the page", ".popup", 2)
	f.awaits("the other says what the file says", ".udata-map dl dd", 1)
}
