package browser_test

import (
	"net/http"
	"strings"
	"testing"

	"grenier/e2e/browser"
)

// charted makes a dataset with files that the site keeps, and a chart of one; it
// gives the identifiers of the files and the chart.
func (s *site) charted(t *testing.T) (file, places, chart string) {
	t.Helper()
	var dataset, stored made
	s.client.MustDo(t, http.MethodPost, "/api/1/datasets/", map[string]any{"title": "Comptages de vélos", "description": "Par rue."}, http.StatusCreated, &dataset)
	file = s.upload(t, dataset.ID, "comptages.csv", "rue;année;passages\nQuai;2020;1 000\nQuai;2021;1 500,5\nPort;2020;10\nPort;2021;20\nPort;2019;99999\nPlace;2021;\n")
	places = s.upload(t, dataset.ID, "compteurs.geojson", `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"rue":"Quai"},"geometry":{"type":"Point","coordinates":[4.835,45.764]}}]}`)
	series := func(kind, how string) map[string]any {
		return map[string]any{"resource_id": file, "type": kind, "column_y": "passages", "aggregate_y": how, "filters": map[string]any{
			"_cls": "AndFilters", "filters": []any{
				map[string]any{"_cls": "Filter", "column": "année", "condition": "strictly_greater", "value": 2019},
				map[string]any{"_cls": "Filter", "column": "passages", "condition": "is_not_null"},
			},
		}}
	}
	s.client.MustDo(t, http.MethodPost, "/api/1/visualizations/", map[string]any{
		"title": "Passages par rue", "description": "Depuis 2020.", "x_axis": map[string]any{"column_x": "rue", "type": "discrete", "sort_x_by": "axis_y", "sort_x_direction": "asc"},
		"y_axis": map[string]any{"unit": "vélos", "unit_position": "suffix", "label": "Passages"}, "series": []any{series("histogram", "sum"), series("line", "max")},
	}, http.StatusCreated, &stored)
	return file, places, stored.ID
}

// TestChartsInPages draws a chart that was stored by the API as it says: rows
// kept, values made one, order, unit.
func TestChartsInPages(t *testing.T) {
	s := served(t)
	file, _, chart := s.charted(t)
	f := elsewhere(t, browser.Look{Width: 800}, map[string]string{
		"/": `<udata-chart ref="` + chart + `"><a href="PORTAL/embeds/charts/` + chart + `">Passages</a></udata-chart><script type="module" src="PORTAL/static/udata.mjs"></script>`,
		"/attributes": `<div data-udata-chart="` + chart + `"></div><div data-udata-resource="` + file + `" data-view="table"></div><div data-udata-resource="` + file + `" data-view="chart" data-columns="rue,passages"></div>` +
			`<script src="PORTAL/oembed.js" async></script>`,
		"/usual": `<udata-resource view="chart" ref="` + file + `"></udata-resource><script type="module" src="PORTAL/static/udata.mjs"></script>`,
	})
	f.policy = "default-src 'none'; script-src PORTAL; connect-src PORTAL; img-src PORTAL; frame-src PORTAL; base-uri 'none'"
	f.visit("/")
	f.awaits("the chart is there", "svg[role=img] rect", 2)
	const want = "Port – passages: 30 vélos|Quai – passages: 2 500,5 vélos|Port – passages: 20 vélos|Quai – passages: 1 500,5 vélos"
	if got := browser.Value[string](f.Tab, `deep("svg title").map((e) => e.textContent.replace(/[\u00a0\u202f]/g, " ")).join("|")`); got != want {
		t.Errorf("the chart shows %s, not %s", got, want)
	}
	if rows := browser.Value[string](f.Tab, `deep("details tbody tr").map((row) => row.textContent.replace(/[\u00a0\u202f]/g, " ")).join("|")`); rows != "Port30 vélos20 vélos|Quai2 500,5 vélos1 500,5 vélos" {
		t.Errorf("the values are told as %s", rows)
	}
	f.accessible()
	f.Run(`deep("summary")[0].click()`)
	f.accessible()
	f.visit("/attributes")
	f.awaits("the charts are there", "svg[role=img]", 2)
	f.awaits("the table is there", ".udata-scroll caption", 1)
	f.accessible()
	f.visit("/usual")
	f.awaits("the usual columns are drawn", "svg[role=img] rect", 3)
}

// TestFramedElements looks at the pages that frame charts and files: what they
// show, with and without scripts, accessible in both themes at every width.
func TestFramedElements(t *testing.T) {
	s, script := served(t), axe(t)
	file, places, chart := s.charted(t)
	for _, c := range []struct{ name, path, selector string }{
		{"chart", "/embeds/charts/" + chart, "svg[role=img] rect"}, {"chart dark", "/embeds/charts/" + chart + "?theme=dark&accent=%23ffcc00&lang=en&hide=logo", "svg[role=img] rect"},
		{"table", "/embeds/resources/" + file + "?tab=data&columns=rue,passages&filters=ann%C3%A9e%3D2020", "tbody tr"},
		{"bars", "/embeds/resources/" + file + "?tab=chart&columns=rue,passages", "svg[role=img] rect"},
		{"map", "/embeds/resources/" + places + "?tab=map", "path.leaflet-interactive"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			tab := open(t, browser.Look{})
			tab.Open(c.path, http.StatusOK)
			tab.Until("the element is there", `[...document.querySelectorAll("udata-chart, udata-resource")].some((e) => e.shadowRoot?.querySelector("`+c.selector+`"))`)
			tab.Settled()
			checkLooks(t, tab, script, []browser.Look{{Width: 1440}, {Width: 768, Height: 1024}, {Width: 320, Height: 640}})
		})
	}
	t.Run("without scripts", func(t *testing.T) {
		t.Parallel()
		tab := open(t, browser.Look{})
		tab.WithoutScripts()
		tab.Open("/embeds/charts/"+chart, http.StatusOK)
		text := browser.Value[string](tab, `document.querySelector("main").innerText`)
		for _, words := range []string{"Passages par rue", "Depuis 2020.", "Axe\u00a0: rue", "Valeurs\u00a0: passages", "comptages.csv"} {
			if !strings.Contains(text, words) {
				t.Errorf("%q is not in %s", words, text)
			}
		}
	})
	t.Run("framed elsewhere", func(t *testing.T) {
		t.Parallel()
		f := elsewhere(t, browser.Look{}, map[string]string{
			"/": `<script>window.heights = []; addEventListener("message", (e) => { if (e.origin === "PORTAL" && e.data.type === "udata:height") heights.push(e.data.height) })</script>
				<iframe title="Un graphique" src="PORTAL/embeds/charts/` + chart + `" width="600" height="300"></iframe>`,
		})
		f.visit("/")
		f.Until("the height with the chart is told", `heights.at(-1) > 350 && heights.at(-1) < 900`)
	})
}
