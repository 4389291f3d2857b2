package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"grenier/internal/api/apitest"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/dcat"
	"grenier/internal/geo"
	"grenier/internal/rdf"
	"grenier/internal/rdf/rdftest"
)

// rdfAsks are the requests of linked data that TestEveryRoute makes.
var rdfAsks = []ask{
	{path: "/api/1/site/catalog", status: http.StatusFound}, {path: "/api/1/site/catalog.ttl"}, {path: "/api/1/site/data.xml", status: http.StatusFound},
	{path: "/api/1/site/context.jsonld", mask: "*"}, {path: "/api/1/organizations/<town>/catalog", status: http.StatusFound},
	{path: "/api/1/organizations/<town>/catalog.xml"}, {path: "/api/1/datasets/open/rdf", status: http.StatusFound},
	{path: "/api/1/datasets/open/rdf.nt"}, {path: "/api/1/dataservices/api-compteurs/rdf", status: http.StatusFound},
	{path: "/api/1/dataservices/api-compteurs/rdf.trig"}, {path: "/exports/catalog.nt"},
}

// rdfFormats are the formats by the end of their addresses, with their media
// types.
var rdfFormats = []struct {
	extension, media string
	format           rdf.Format
}{
	{"xml", "application/rdf+xml", rdf.RDFXML}, {"rdf", "application/rdf+xml", rdf.RDFXML}, {"owl", "application/rdf+xml", rdf.RDFXML},
	{"n3", "text/n3", rdf.Turtle}, {"ttl", "application/x-turtle", rdf.Turtle}, {"nt", "application/n-triples", rdf.NTriples},
	{"trig", "application/trig", rdf.TriG}, {"json", "application/ld+json", rdf.JSONLD}, {"jsonld", "application/ld+json", rdf.JSONLD},
	{"json-ld", "application/ld+json", rdf.JSONLD},
}

// graph reads a document of linked data, by the contexts of the site alone.
func (p *portal) graph(path string, format rdf.Format, headers ...string) *rdf.Graph {
	p.t.Helper()
	answer := p.Get(path, headers...)
	if answer.Status != http.StatusOK {
		p.t.Fatalf("%s answered %d: %.300s", path, answer.Status, answer.Body)
	}
	g := rdf.NewGraph()
	err := rdf.Read(rdf.Source{Reader: bytes.NewReader(answer.Body), Format: format, Context: func(address string) *rdf.Context {
		if address == apitest.Base+dcat.ContextPath {
			return dcat.Context(apitest.Base)
		}
		return nil
	}}, g.Add)
	if err != nil {
		p.t.Fatalf("%s: %v\n%s", path, err, answer.Body)
	}
	return g
}

func TestLinkedDataInEveryFormat(t *testing.T) {
	p := newPortal(t, dbtest.SQLite(t))
	for _, path := range []string{
		"/api/1/site/catalog.", "/api/1/organizations/" + p.town + "/catalog.", "/api/1/datasets/open/rdf.", "/api/1/dataservices/api-compteurs/rdf.",
	} {
		want := p.graph(path+"nt", rdf.NTriples)
		if want.Len() < 15 {
			t.Errorf("%snt says only %d things", path, want.Len())
		}
		for _, f := range rdfFormats {
			got := p.graph(path+f.extension, f.format)
			if strings.Contains(path, "catalog") { // each page tells its own address
				got, want := withoutView(got), withoutView(want)
				rdftest.Same(t, got, want)
			} else {
				rdftest.Same(t, got, want)
			}
			answer := p.Get(path + f.extension)
			if media := answer.Header.Get("Content-Type"); media != f.media || answer.Header.Get("Etag") == "" || answer.Header.Get("Last-Modified") == "" {
				t.Errorf("%s%s: %s, %v", path, f.extension, media, answer.Header)
			}
			if again := p.Get(path+f.extension, "If-None-Match", answer.Header.Get("Etag")); again.Status != http.StatusNotModified {
				t.Errorf("%s%s answers %d to who has it", path, f.extension, again.Status)
			}
		}
	}
}

// TestLinkedDataReadAsJSON reads JSON-LD as those do who know nothing of RDF: what
// is said of a thing stands in one object.
func TestLinkedDataReadAsJSON(t *testing.T) {
	p := newPortal(t, dbtest.SQLite(t))
	for path, kind := range map[string]string{
		"/api/1/site/catalog.json": "Dataset", "/api/1/datasets/open/rdf.json": "Dataset", "/api/1/dataservices/api-compteurs/rdf.json": "DataService",
	} {
		var document struct {
			Graph []map[string]any `json:"@graph"`
		}
		if err := json.Unmarshal(p.Get(path).Body, &document); err != nil {
			t.Fatal(path, err)
		}
		met, found := map[any]bool{}, false
		for _, node := range document.Graph {
			if met[node["@id"]] {
				t.Errorf("%s speaks of %v at two places", path, node["@id"])
			}
			met[node["@id"]] = true
			if types, several := node["@type"].([]any); several && len(types) != len(slices.Compact(slices.Clone(types))) {
				t.Errorf("%s says a type twice: %v", path, node)
			}
			found = found || node["@type"] == kind && node["title"] != nil && node["publisher"] != nil && (kind != "Dataset" || node["distribution"] != nil)
		}
		if !found {
			t.Errorf("%s has no whole %s: %v", path, kind, document.Graph)
		}
	}
}

const hydra = "http://www.w3.org/ns/hydra/core#"

// withoutView leaves out where a page stands.
func withoutView(g *rdf.Graph) *rdf.Graph {
	rest := rdf.NewGraph()
	for _, q := range g.Quads() {
		if !strings.HasPrefix(q.Predicate.Value, hydra) && q.Object.Value != hydra+"PartialCollectionView" {
			_ = rest.Add(q) // its error is always nil
		}
	}
	return rest
}

func TestLinkedDataNegotiation(t *testing.T) {
	p := newPortal(t, dbtest.SQLite(t))
	for accept, extension := range map[string]string{
		"": "json", "*/*": "xml", "text/turtle": "ttl", "application/x-turtle": "ttl", "application/rdf+xml": "xml", "text/xml": "xml",
		"application/json": "json", "application/ld+json": "json", "text/n3": "n3", "application/n-triples": "nt", "application/trig": "trig",
		"image/png": "json", "text/turtle;q=0.4, application/ld+json;q=0.9": "json", "text/*": "n3", "application/rdf+xml;q=0, */*;q=0.1": "n3",
		"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8": "xml", ";;,q=,/": "json", "text/turtle;q=abc": "json",
	} {
		for from, to := range map[string]string{
			"/api/1/site/catalog?page=2&tag=a%20b": "/api/1/site/catalog.%s?page=2&tag=a%%20b", "/api/1/datasets/open/rdf": "/api/1/datasets/" + p.ids["open"] + "/rdf.%s",
			"/api/1/organizations/" + p.town + "/catalog": "/api/1/organizations/" + p.town + "/catalog.%s",
			"/api/1/dataservices/api-compteurs/rdf":       "/api/1/dataservices/" + p.ids["api-compteurs"] + "/rdf.%s",
		} {
			answer := p.Get(from, "Accept", accept)
			if want := apitest.Base + fmt.Sprintf(to, extension); answer.Status != http.StatusFound || answer.Header.Get("Location") != want {
				t.Errorf("%s as %q leads to %d %s, not %s", from, accept, answer.Status, answer.Header.Get("Location"), want)
			}
			if !strings.Contains(answer.Header.Get("Vary"), "Accept,") {
				t.Errorf("%s varies by %q", from, answer.Header.Get("Vary"))
			}
		}
	}
	if answer := p.Get("/api/1/site/data.rdf?tag=x"); answer.Header.Get("Location") != apitest.Base+"/api/1/site/catalog.rdf?tag=x" {
		t.Errorf("data.rdf leads to %s", answer.Header.Get("Location"))
	}
}

func TestLinkedDataRefusals(t *testing.T) {
	p := newPortal(t, dbtest.SQLite(t))
	for _, c := range []struct {
		path, as string
		status   int
		text     string
	}{
		{"/api/1/site/catalog.html", "", http.StatusNotFound, "no such format"},
		{"/api/1/site/catalog.nq", "", http.StatusNotFound, "no such format"},
		{"/api/1/site/data.html", "", http.StatusNotFound, "no such format"},
		{"/api/1/site/catalog.ttl/", "", http.StatusNotFound, ""},
		{"/api/1/site/catalog.ttl?page=0", "", http.StatusBadRequest, "positive integer"},
		{"/api/1/site/catalog.ttl?page=x", "", http.StatusBadRequest, "not a valid integer"},
		{"/api/1/site/catalog.ttl?page_size=1001", "", http.StatusBadRequest, "1 - 1000"},
		{"/api/1/site/catalog.ttl?page=99", "", http.StatusNotFound, "no page of this number"},
		{"/api/1/site/catalog.ttl?page=99999999999999999999", "", http.StatusNotFound, "no page of this number"},
		{"/api/1/site/catalog.ttl?organization=nobody", "", http.StatusBadRequest, "must be an identifier"},
		{"/api/1/site/catalog.ttl?badge=x", "", http.StatusBadRequest, "not a valid choice"},
		{"/api/1/site/catalog.ttl?temporal_coverage=x", "", http.StatusBadRequest, "temporal coverage"},
		{"/api/1/organizations/unknown/catalog.ttl", "", http.StatusNotFound, "not found"},
		{"/api/1/organizations/" + p.ids["gone"] + "/catalog.ttl", "", http.StatusGone, "deleted"},
		{"/api/1/organizations/" + p.ids["gone"] + "/catalog", "", http.StatusGone, "deleted"},
		{"/api/1/organizations/former-town/catalog.ttl", "", http.StatusPermanentRedirect, ""},
		{"/api/1/datasets/secret/rdf.ttl", "", http.StatusNotFound, "Dataset not found"},
		{"/api/1/datasets/secret/rdf", "", http.StatusNotFound, "Dataset not found"},
		{"/api/1/datasets/secret/rdf.ttl", "ada", http.StatusOK, "Jeu secret"},
		{"/api/1/datasets/deleted/rdf.ttl", "", http.StatusGone, "deleted"},
		{"/api/1/datasets/" + p.ids["deleted"] + "/rdf.ttl", "", http.StatusGone, "deleted"},
		{"/api/1/datasets/archived/rdf.ttl", "", http.StatusOK, "Jeu archived"},
		{"/api/1/datasets/open/rdf.csv", "", http.StatusNotFound, "no such format"},
		{"/api/1/dataservices/" + p.ids["api-secrete"] + "/rdf.ttl", "", http.StatusNotFound, "not found"},
		{"/api/1/dataservices/" + p.ids["api-morte"] + "/rdf", "", http.StatusGone, "deleted"},
		{"/api/1/dataservices/unknown/rdf.ttl", "", http.StatusNotFound, "not found"},
	} {
		var headers []string
		if c.as != "" {
			headers = []string{"X-API-KEY", p.token(c.as)}
		}
		answer := p.Get(c.path, headers...)
		if answer.Status != c.status || !strings.Contains(strings.ToLower(string(answer.Body)), strings.ToLower(c.text)) {
			t.Errorf("%s answers %d %.300s, not %d with %q", c.path, answer.Status, answer.Body, c.status, c.text)
		}
	}
}

// many fills a catalogue with datasets and services that give some of them.
func (p *portal) many(n int) {
	p.dataservice(40, "api-libre", func(d *catalog.Dataservice) { d.OrganizationID = &p.town })
	p.dataservice(41, "api-de-tous", func(d *catalog.Dataservice) { d.DatasetCount = int64(n) })
	for i := range n {
		id := p.dataset(100+i, fmt.Sprintf("jeu-%d", i), func(d *catalog.Dataset) { d.OwnerID = &p.eve })
		p.exec("INSERT INTO dataservice_datasets (dataservice_id, dataset_id, position) VALUES (?, ?, ?)", p.ids["api-de-tous"], id, i)
	}
}

// TestCatalogueByPages walks the catalogue by its links: every dataset is on one
// page, and each page has the services that give one of its datasets.
func TestCatalogueByPages(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPortal(t, d)
		p.many(7)
		read := dcat.Reading{Language: "fr"}
		next, pages := apitest.Base+"/api/1/site/catalog.xml?page_size=4", 0
		var identifiers []string
		services := map[int][]string{}
		for next != "" {
			pages++
			found := dcat.Read(p.graph(strings.TrimPrefix(next, apitest.Base), rdf.RDFXML), read)
			for _, record := range found.Records {
				identifiers = append(identifiers, record.Identifier)
			}
			for _, service := range found.Services {
				services[pages] = append(services[pages], service.Title)
			}
			slices.Sort(services[pages])
			next = found.Next
		}
		if pages != 3 || len(identifiers) != 9 || len(slices.Compact(slices.Sorted(slices.Values(identifiers)))) != 9 {
			t.Errorf("%d pages have %v", pages, identifiers)
		}
		if got := fmt.Sprint(services); got != "map[1:[api-de-tous api-libre] 2:[api-de-tous] 3:[api-compteurs]]" {
			t.Errorf("services by page: %s", got)
		}
		page := p.graph("/api/1/site/catalog.nt?page_size=4&tag=mobilite", rdf.NTriples)
		view, _ := page.Object(rdf.NewIRI(apitest.Base+"/api/1/site/catalog"), hydra+"view")
		if _, more := page.Object(view, hydra+"next"); more || !strings.Contains(view.Value, "tag=mobilite") {
			t.Errorf("a narrowed page of one dataset stands at %v", view)
		}
	})
}

// TestWholeCatalogueIsThatOfItsPages compares the stream with one long page.
func TestWholeCatalogueIsThatOfItsPages(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPortal(t, d)
		p.many(7)
		whole, page := p.graph("/exports/catalog.nt", rdf.NTriples), p.graph("/api/1/site/catalog.nt?page_size=1000", rdf.NTriples)
		collection := rdf.Triple(rdf.NewIRI(apitest.Base+"/api/1/site/catalog"), rdf.Type, rdf.NewIRI(hydra+"Collection"))
		rest := rdf.NewGraph()
		for _, q := range withoutView(page).Quads() {
			if q != collection {
				_ = rest.Add(q) // its error is always nil
			}
		}
		rdftest.Same(t, whole, rest)
	})
}

// TestABrokenDatasetIsLeftOut breaks what stands beside a dataset: pages and the
// whole go on without it.
func TestABrokenDatasetIsLeftOut(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPortal(t, d)
		p.many(3)
		p.exec("INSERT INTO given (object_id, kind, cells) VALUES (?, 'dataset', '[\"no object\"]')", p.ids["jeu-1"])
		for _, path := range []string{"/api/1/site/catalog.nt", "/exports/catalog.nt"} {
			found := dcat.Read(p.graph(path, rdf.NTriples), dcat.Reading{})
			var identifiers []string
			for _, record := range found.Records {
				identifiers = append(identifiers, record.Identifier)
			}
			if len(identifiers) != 4 || slices.Contains(identifiers, p.ids["jeu-1"]) {
				t.Errorf("%s has %v", path, identifiers)
			}
		}
	})
}

// TestLinkedDataFallsWithWhatItNames changes what a kept document names: its
// owner, and the zones that it covers.
func TestLinkedDataFallsWithWhatItNames(t *testing.T) {
	p := newPortalOn(t, apitest.NewKeeping(t, dbtest.SQLite(t), 1<<20))
	zone := geo.Zone{ID: "fr:commune:99999", Level: "fr:commune", Code: "99999", Name: "Valmont"}
	p.Zones.Add(zone)
	p.exec("INSERT INTO object_zones (object_id, zone, kind, position) VALUES (?, ?, 'dataset', 1)", p.ids["open"], zone.ID)
	for _, path := range []string{"/api/1/datasets/open/rdf.nt", "/api/1/site/catalog.nt", "/api/1/organizations/" + p.town + "/catalog.nt"} {
		for kind, change := range map[string]func(name string){
			"zones":                  func(name string) { zone.Name = name; p.Zones.Add(zone) },
			catalog.KindOrganization: func(name string) { p.exec("UPDATE organizations SET name = ? WHERE id = ?", name, p.town) },
		} {
			name := "Nouveau nom pour " + kind + path
			if p.Get(path); strings.Contains(string(p.Get(path).Body), name) {
				t.Fatalf("%s tells %q too soon", path, name)
			}
			change(name)
			p.put(kind, kind, p.town, true)
			p.within(10*time.Second, path+" tells the former name", func() bool { return strings.Contains(string(p.Get(path).Body), name) })
		}
	}
}

// within waits until something comes true, and fails when it does not.
func (p *portal) within(most time.Duration, failure string, holds func() bool) {
	p.t.Helper()
	for until := time.Now().Add(most); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(until) {
			p.t.Fatal(failure)
		}
	}
}

// TestSearchedCatalogueFollowsTheIndex asks for what was just published before
// and after the index knows of it.
func TestSearchedCatalogueFollowsTheIndex(t *testing.T) {
	p := newPortalOn(t, apitest.NewKeeping(t, dbtest.SQLite(t), 1<<20))
	p.dataset(200, "horaires-du-funiculaire", nil)
	const path = "/api/1/site/catalog.nt?q=funiculaire"
	shown := func() bool { return strings.Contains(string(p.Get(path).Body), p.ids["horaires-du-funiculaire"]) }
	time.Sleep(1100 * time.Millisecond) // lists fall at most once a second
	if shown() {
		t.Fatal("the index knows a dataset that it was not told of")
	}
	p.Index()
	p.within(10*time.Second, "the page that was kept before the index changed is still shown", shown)
}
