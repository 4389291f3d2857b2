package browser_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"grenier/e2e/browser"
)

// TestEmbedAcceptance is the list of what pages of other sites, written for the
// reference over ten years, must show here with only the host changed.
func TestEmbedAcceptance(t *testing.T) {
	for _, point := range []struct {
		says  string
		holds func(*testing.T)
	}{
		{"1 snippets of each generation show cards and the event comes once", snippetsOfEachGeneration},
		{"1 a search filters after three letters", organizationsAreSearched},
		{"2 a town, a county and a region list their datasets", territoriesAreSearched},
		{"3 one unknown of twelve leaves eleven cards and one error", oneUnknownOfTwelve},
		{"4 oEmbed reads every form of an address and refuses in the open", addressesOfOEmbed},
		{"5 the example of udata-js renders without jQuery", pageWrittenForUdataJS},
	} {
		t.Run(point.says, point.holds)
	}
}

// listens notes how often the datasets were told to be there, and how many of the
// elements told hold a card.
const listens = `<script>window.told = []; addEventListener("udataset:loaded", (e) => told.push(e.detail.datasets.filter((d) => d.querySelector(".dataset-card")).length))</script>`

// reference is a snippet as people have it from the reference, its hosts changed
// and nothing else.
func reference(snippet string, names ...string) string {
	hosts := []string{"https://www.data.gouv.fr", "PORTAL", "https://static.data.gouv.fr", "PORTAL"}
	return strings.NewReplacer(append(hosts, names...)...).Replace(snippet)
}

// offered is what is offered for every commune of the tests.
const offered = `territory_datasets:
  - id: population_com
    level: commune
    order: 1
    title: {fr: Population, en: Population}
    description: {fr: "Les chiffres de la commune.", en: "Figures of the town."}
    license: fr-lo
    url_template: https://figures.example.org/{code}.csv
`

// offers writes the file of what is offered for territories.
func offers(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "territories.yaml")
	if err := os.WriteFile(path, []byte(offered), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func snippetsOfEachGeneration(t *testing.T) {
	s := served(t)
	datasets := s.ids(t, "/api/1/datasets/?page_size=3")
	reuse, service := s.ids(t, "/api/1/reuses/?page_size=1")[0], s.ids(t, "/api/1/dataservices/?page_size=1")[0]
	organization := s.ids(t, "/api/1/organizations/?sort=-datasets&page_size=1")[0]
	town := s.about(t, "fr:commune:13004") + 1 // what is offered
	names := []string{
		"DATASET1", datasets[0], "DATASET2", datasets[1], "DATASET3", datasets[2], "SLUG", strings.TrimPrefix(s.dataset, "/datasets/"),
		"REUSE", reuse, "SERVICE", service, "ORGANIZATION", organization,
	}
	for name, each := range map[string]struct {
		body, selector string
		count          int
		told           string
	}{
		"0 at once": {
			`<script>window.udataURL = "https://www.data.gouv.fr"</script><div data-udata-dataset-id="DATASET1"></div><script src="https://www.data.gouv.fr/static/widgets.js"></script>`,
			".dataset-card .udata-title a[title]", 1, "[1]",
		},
		"1a without onload": {
			`<div data-udata-dataset-id="DATASET1"></div><div data-udata-dataset-id="DATASET2"></div><script id="udata" src="https://www.data.gouv.fr/static/widgets.js"></script>`,
			".dataset-card", 2, "[2]",
		},
		"1a data of a territory": {
			`<div data-udata-territory-id="fr-town-13004-population_com"></div><div data-udata-town-id="fr-town-13004-population_com"></div><script id="udata" src="https://www.data.gouv.fr/static/widgets.js"></script>`,
			".dataset-card", 2, "[2]",
		},
		"1a territory": {
			`<div data-udata-territory="fr-town-13004"></div><script id="udata" src="https://www.data.gouv.fr/static/widgets.js"></script>`,
			".dataset-card", town, fmt.Sprintf("[%d]", town),
		},
		"1b datasets": {
			`<div data-udata-dataset-id="DATASET1"></div><div data-udata-dataset-id="DATASET2"></div><script src="https://www.data.gouv.fr/static/widgets.js" id="udata" async defer onload="udataScript.loadDatasets()"></script>`,
			".dataset-card", 2, "[2]",
		},
		"1b pasted twice": {
			`<div data-udata-dataset-id="DATASET1"></div><script src="https://www.data.gouv.fr/static/widgets.js" id="udata" async defer onload="udataScript.loadDatasets()"></script>` +
				`<div data-udata-dataset-id="DATASET2"></div><script src="https://www.data.gouv.fr/static/widgets.js" id="udata" async defer onload="udataScript.loadDatasets()"></script>`,
			".dataset-card", 2, "[2]",
		},
		"2 cards": {
			`<div data-udata-dataset="SLUG"></div><div data-udata-reuse="REUSE"></div><div data-udata-organization="ORGANIZATION"></div><script data-udata="https://www.data.gouv.fr/" src="https://static.data.gouv.fr/static/oembed.js" async defer></script>`,
			".udata-oembed .card", 3, "[]",
		},
		"3 cards": {
			`<div data-udata-dataservice="SERVICE"></div><div data-udata-dataset="DATASET3"></div><script data-udata="https://www.data.gouv.fr/" src="https://www.data.gouv.fr/oembed.js" async defer></script>`,
			".udata-oembed .card", 2, "[]",
		},
		"3 frames": {
			`<div data-udata-search-dataset="ORGANIZATION"></div><div data-udata-search-dataservice="ORGANIZATION" data-height="700" data-width="500"></div><div data-udata-list-reuse="ORGANIZATION"></div>` +
				`<div data-udata-dataset="DATASET3" data-mode="iframe"></div><script src="https://www.data.gouv.fr/oembed.js" async defer></script>`,
			"iframe[title][loading=lazy]", 4, "[]",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := elsewhere(t, browser.Look{}, map[string]string{"/": listens + reference(each.body, names...)})
			f.visit("/")
			f.awaits("the cards are there", each.selector, each.count)
			f.Until("the page is told", `JSON.stringify(told) === '`+each.told+`'`)
			f.accessible()
			if told := browser.Value[string](f.Tab, `JSON.stringify(told)`); told != each.told {
				t.Errorf("the page was told %s, not %s", told, each.told)
			}
			if errors := f.count(".udata-error"); errors != 0 {
				t.Errorf("%d cards are missing", errors)
			}
		})
	}
}

// loaded counts the scripts and pictures that came from the portal.
func (f *foreign) loaded() (scripts, pictures int) {
	for _, request := range f.Requests() {
		switch {
		case !strings.HasPrefix(request.URL, f.portal.url):
		case request.Kind == "Script":
			scripts++
		case request.Kind == "Image":
			pictures++
		}
	}
	return scripts, pictures
}

// about makes three datasets about a territory, once, and counts those that
// there are.
func (s *site) about(t *testing.T, zone string) int {
	t.Helper()
	shared.zones.Lock()
	defer shared.zones.Unlock()
	titles := func() (all []string) {
		var known []struct{ Title string }
		s.client.MustDo(t, http.MethodGet, "/api/1/spatial/zone/"+zone+"/datasets/?size=50", nil, http.StatusOK, &known)
		for _, one := range known {
			all = append(all, one.Title)
		}
		return all
	}
	for _, title := range []string{"Arbres remarquables", "Budget primitif", "Équipements sportifs"} {
		if title += ", " + zone; !slices.Contains(titles(), title) {
			s.client.MustDo(t, http.MethodPost, "/api/1/datasets/", map[string]any{
				"title": title, "description": "Pour un territoire.", "spatial": map[string]any{"zones": []string{zone}},
			}, http.StatusCreated, nil)
		}
	}
	return len(titles())
}

func organizationsAreSearched(t *testing.T) {
	s := served(t)
	organization := s.ids(t, "/api/1/organizations/?sort=-datasets&page_size=1")[0]
	var list struct{ Data []struct{ Title string } }
	s.client.MustDo(t, http.MethodGet, "/api/1/organizations/"+organization+"/datasets/?page_size=50", nil, http.StatusOK, &list)
	f := elsewhere(t, browser.Look{}, map[string]string{"/": listens + reference(`<div data-udata-organization="ORGANIZATION"></div><script src="https://www.data.gouv.fr/static/widgets.js" id="udata" async defer onload="udataScript.loadOrganization({withSearch: true})"></script>`, "ORGANIZATION", organization)})
	f.searched(len(list.Data), strings.Fields(list.Data[0].Title)[0])
}

func territoriesAreSearched(t *testing.T) {
	s := served(t)
	for territory, each := range map[string]struct {
		zone    string
		offered int
	}{
		"fr-town-13004": {"fr:commune:13004", 1}, "fr/town/13004": {"fr:commune:13004", 1}, "fr-commune-13004": {"fr:commune:13004", 1},
		"fr:commune:13004": {"fr:commune:13004", 1}, "fr-county-13": {"fr:departement:13", 0}, "fr-region-93": {"fr:region:93", 0},
	} {
		t.Run(territory, func(t *testing.T) {
			t.Parallel()
			count := s.about(t, each.zone) + each.offered
			f := elsewhere(t, browser.Look{}, map[string]string{"/": listens + reference(`<div data-udata-territory="TERRITORY"></div><script src="https://www.data.gouv.fr/static/widgets.js" id="udata" async defer onload="udataScript.loadTerritory({withSearch: true})"></script>`, "TERRITORY", territory)})
			f.searched(count, "arbres")
		})
	}
}

// searched types in the field above a list of so many cards: two letters find
// all, three the right ones.
func (f *foreign) searched(count int, word string) {
	f.t.Helper()
	visible := `[...document.querySelectorAll(".dataset-card")].filter((c) => c.checkVisibility())`
	f.visit("/")
	f.Until("the field is there", `document.querySelector("input[type=search]")`)
	f.Until("all cards are there", fmt.Sprintf(`%s.length === %d && JSON.stringify(told) === "[%d]"`, visible, count, count))
	f.Press(browser.KeyTab)
	f.Press(word[:2])
	f.Settled()
	if shown := browser.Value[int](f.Tab, visible+".length"); shown != count {
		f.t.Errorf("two letters leave %d cards of %d", shown, count)
	}
	f.Press(word[2:])
	f.Until("the list is filtered", visible+`.length > 0 && document.querySelector(".udata-found").textContent !== ""`)
	first := browser.Value[string](f.Tab, visible+`[0].querySelector(".udata-title a").title`)
	if !strings.Contains(strings.ToLower(first), strings.ToLower(word)) {
		f.t.Errorf("the best for %q is %q", word, first)
	}
	f.accessible()
	f.Focus("input[type=search]")
	f.Press(browser.KeyAll)
	f.Press("zqxjwv")
	f.Until("nothing is said to be found", visible+`.length === 0 && document.querySelector(".udata-found").textContent === "Aucun résultat"`)
	f.Press(browser.KeyAll)
	f.Press("zq")
	f.Until("short words find all", fmt.Sprintf(`%s.length === %d`, visible, count))
	if told := browser.Value[int](f.Tab, "told.length"); told != 1 {
		f.t.Errorf("the page was told %d times", told)
	}
}

// oneUnknownOfTwelve shows as many cards as there are datasets, says which is
// missing, and asks the portal twice at most; it tells how many requests there
// are with logos.
func oneUnknownOfTwelve(t *testing.T) {
	s := served(t)
	ids := append(s.ids(t, "/api/1/datasets/?page_size=11"), "000000000000000000000000")
	var old, today, elements strings.Builder
	for _, id := range ids {
		fmt.Fprintf(&old, `<div data-udata-dataset-id="%s"></div>`, id)
		fmt.Fprintf(&today, `<div data-udata-dataset="%s"></div>`, id)
		fmt.Fprintf(&elements, `<udata-dataset ref="%s"><a href="PORTAL/datasets/%s">Ces données</a></udata-dataset>`, id, id)
	}
	for name, each := range map[string]struct{ body, card string }{
		"widgets.js": {old.String() + `<script src="PORTAL/static/widgets.js" id="udata" async defer onload="udataScript.loadDatasets()"></script>`, ".dataset-card"},
		"oembed.js":  {today.String() + `<script src="PORTAL/oembed.js" async defer></script>`, ".udata-oembed .card"},
		"udata.mjs":  {elements.String() + `<script type="module" src="PORTAL/static/udata.mjs"></script>`, ".udata-card"},
		"udata.js":   {elements.String() + `<script src="PORTAL/static/udata.js" async></script>`, ".udata-card"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := elsewhere(t, browser.Look{Width: 800}, map[string]string{"/": each.body})
			f.visit("/")
			f.awaits("eleven cards are there", each.card, 11)
			f.awaits("one is said to be missing", ".udata-error[role=status] a[href]", 1)
			if asked := f.asked(); len(asked) > 2 {
				t.Errorf("the portal was asked %d times: %q", len(asked), asked)
			}
			f.Settled()
			scripts, pictures := f.loaded()
			t.Logf("12 cards: %d requests to the portal besides %d scripts and %d pictures", len(f.asked()), scripts, pictures)
			f.accessible()
			if wide := browser.Value[int](f.Tab, `document.documentElement.scrollWidth`); wide > 800 {
				t.Errorf("the page is %d pixels wide", wide)
			}
		})
	}
}

// addressesOfOEmbed reads cards by every form of an address, and each refusal
// from a page of another site.
func addressesOfOEmbed(t *testing.T) {
	s := served(t)
	id := s.ids(t, "/api/1/datasets/?page_size=1")[0]
	var dataset made
	s.client.MustDo(t, http.MethodGet, "/api/1/datasets/"+id+"/", nil, http.StatusOK, &dataset)
	host, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args   string // of the request; PAGE and API are the site's
		status int
		words  string
	}{
		{"url=PAGE/datasets/" + dataset.Slug, 200, `"type":"rich"`},
		{"url=PAGE/datasets/" + dataset.Slug + "/", 200, `"type":"rich"`},
		{"url=PAGE/fr/datasets/" + dataset.Slug + "/", 200, `"version":"1.0"`},
		{"url=PAGE/en/datasets/" + id + "/", 200, `"width":1000`},
		{"url=PAGE/datasets/" + id, 200, `"height":200`},
		{"url=PAGE/api/1/datasets/" + id + "/", 200, `dataset-card`},
		{"url=https://" + host.Hostname() + ":443/datasets/" + id + "/", 200, `"type":"rich"`},
		{"", 400, `"errors":{"url":`},
		{"url=datasets", 400, `"errors":{"url":`},
		{"url=https://elsewhere.example/datasets/" + id, 404, `"message":"Unknown URL`},
		{"url=PAGE/nothing", 404, `"message":"Unknown URL`},
		{"url=PAGE/", 404, "does not support oembed"},
		{"url=PAGE/datasets/none", 404, `"message":`},
		{"url=PAGE" + s.deleted, 410, `"message":`},
		{"url=PAGE" + s.hidden, 404, `"message":`},
		{"url=PAGE/datasets/" + id + "&format=xml", 501, `"message":"Only JSON format is supported"`},
	} {
		for _, path := range []string{"/api/1/oembed", "/api/1/oembed/"} {
			request, err := http.NewRequest(http.MethodGet, s.url+path+"?"+strings.ReplaceAll(c.args, "PAGE", s.url), nil)
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Origin", "https://page.example")
			if strings.Contains(c.args, ":443") {
				request.Host = host.Hostname() // as where the site has the usual port
			}
			answer, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(answer.Body)
			answer.Body.Close()
			if err != nil || answer.StatusCode != c.status || !strings.Contains(string(body), c.words) || answer.Header.Get("Access-Control-Allow-Origin") != "*" {
				t.Errorf("%s?%s answers %d %s with %q (%v)", path, c.args, answer.StatusCode, body, answer.Header.Get("Access-Control-Allow-Origin"), err)
			}
		}
	}
	f := elsewhere(t, browser.Look{}, map[string]string{"/": "<p>Une page</p>"})
	f.visit("/")
	f.Run(`window.read = []; Promise.all(["/datasets/` + id + `", "/fr/datasets/` + dataset.Slug + `/"].map(async (path) => read.push((await (await fetch("` + s.url + `/api/1/oembed?url=" + encodeURIComponent("` + s.url + `" + path))).json()).type)))`)
	f.Until("a page of another site reads them", `read.join() === "rich,rich"`)
}

// pageWrittenForUdataJS shows the example of udata-js's documentation, with
// three templates of the page, without jQuery.
func pageWrittenForUdataJS(t *testing.T) {
	s := served(t)
	organization := s.ids(t, "/api/1/organizations/?sort=-datasets&page_size=2")
	const templates = `<script type="text/x-handlebars-template" id="udata_template_datasets">
		<p class="how-many">{{total}} jeux</p>{{#ifCount data ">" 0}}<ol class="search-results">{{#each data}}<li class="search-result dataset-result" data-dataset="{{id}}"><h4><a href="#" data-dataset="{{id}}">{{title}}</a></h4>{{mdshort description 80}}
		{{#if organization}}<em>{{uppercase organization.name}}</em>{{/if}} {{dt last_modified format="DD/MM/YYYY"}} {{../total}}</li>{{else}}<li>rien</li>{{/each}}</ol>{{/ifCount}}{{paginate page total page_size}}</script>
		<script type="text/x-handlebars-template" id="udata_template_dataset"><div class="dataset mine">{{#each resources}}<b>{{title}}</b>{{{li}}}{{/each}} {{taglist tags}} {{default acronym "sans sigle"}}</div></script>
		<script type="text/x-handlebars-template" id="udata_template_shareLink"><p class="share">{{jsonencode url}}</p></script>`
	for name, each := range map[string]struct{ script, attributes, templates string }{
		"udata.js, own templates": {"udata.js", `data-organizations="` + organization[0] + `" data-page_size="5" data-sharelink="true"`, templates},
		"udata-compat.js":         {"udata-compat.js", `data-organizations="` + organization[0] + `" data-sort="-created" data-page_size="5" data-facets="all" data-sharelink="true"`, ""},
		"several organizations":   {"udata.js", `data-organizations="` + strings.Join(organization, ",") + `" data-page_size="5" data-facets="all"`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := elsewhere(t, browser.Look{}, map[string]string{"/": each.templates + `<div class="uData-data" ` + each.attributes + `></div><script src="PORTAL/static/` + each.script + `"></script>`})
			f.visit("/")
			if browser.Value[bool](f.Tab, `"jQuery" in window || "$" in window`) {
				t.Error("the page has jQuery")
			}
			f.awaits("a page of datasets is there", ".search-results .dataset-result", 5)
			f.accessible()
			first := browser.Value[string](f.Tab, `document.querySelector(".dataset-result a[data-dataset]").textContent`)
			f.Run(`document.querySelector(".dataset-result a[data-dataset]").click()`)
			f.awaits("the dataset is opened", ".dataset-result .dataset", 1)
			if each.templates != "" {
				f.awaits("by the template of the page", ".dataset.mine b, .how-many, .share", browser.Value[int](f.Tab, `document.querySelectorAll(".dataset.mine b").length + 2`))
				f.awaits("dates are written as told", ".search-results em", 5)
			} else {
				f.Until("the facets are there", `document.querySelectorAll(".facet-panel a[data-addTag], .facet-panel a[data-addFormat]").length > 0`)
				f.Run(`document.querySelector(".facet-panel a[data-addFormat]").click()`)
				f.awaits("the filter is told", ".selected_facets [data-removeParam]", 1)
				f.Run(`document.querySelector(".selected_facets [data-removeParam]").click()`)
				f.awaits("the filter is gone", ".selected_facets [data-removeParam]", 0)
				f.Focus(".datasetsForm input[name=q]")
				f.Press("données")
				f.Press(browser.KeyEnter)
				f.Until("the words are searched", `document.querySelector(".datasetsForm input[name=q]").value === "données" && !document.querySelector("[aria-busy]")`)
			}
			f.Run(`document.querySelector(".udata-pagination a[data-page='2']")?.click()`)
			f.Until("another page is there", `document.querySelector(".dataset-result a[data-dataset]") && document.querySelector(".dataset-result a[data-dataset]").textContent !== `+fmt.Sprintf("%q", first))
			f.accessible()
		})
	}
}
