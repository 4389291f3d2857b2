package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/fetch"
	"grenier/internal/harvest"
	"grenier/internal/harvest/ckan"
	"grenier/internal/harvest/csw"
	"grenier/internal/harvest/dcat"
	"grenier/internal/harvest/maaf"
	"grenier/internal/harvest/ods"
)

// backendFiles are the files of real portals, below the backends.
const backendFiles = "../harvest/"

// realPortals serves files of real portals, which are harvested into a catalogue.
type realPortals struct {
	*harvestWorld
	server *httptest.Server
	// answer says what the portal gives for a request.
	answer func(w http.ResponseWriter, r *http.Request)
	deps   harvest.Deps
	viewer account.Viewer
}

func newRealPortals(t *testing.T, d *db.DB) *realPortals {
	p := &realPortals{harvestWorld: newHarvestWorld(t, d)}
	p.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			http.NotFound(w, r)
			return
		}
		p.answer(w, r)
	}))
	t.Cleanup(p.server.Close)
	client := fetch.New(fetch.Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	schemas := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, knownSchemas) }))
	t.Cleanup(schemas.Close)
	p.deps = harvest.Deps{
		Catalog: p.Catalog, Zones: p.Zones, Client: client, Insecure: client, Jobs: p.Jobs, Secret: []byte("secret"), Schemas: catalog.NewSchemas(client, schemas.URL),
		Backends: []harvest.Backend{ckan.New(), ckan.NewDKAN(), ods.New(), maaf.New(), dcat.New(), csw.NewDCAT(), csw.NewISO()},
		Rules:    harvest.Rules{Language: "fr", Pace: time.Microsecond},
	}
	p.viewer = account.System("test")
	return p
}

// knownSchemas is a catalogue of schemas with one of them.
const knownSchemas = `{"schemas": [{"name": "etalab/schema-irve-statique", "title": "IRVE", "schema_url": "https://schema.data.gouv.fr/schemas/etalab/schema-irve-statique/latest/schema-statique.json",
	"schema_type": "tableschema", "versions": [
	{"version_name": "2.2.0", "schema_url": "https://schema.data.gouv.fr/schemas/etalab/schema-irve-statique/2.2.0/schema-statique.json"},
	{"version_name": "2.2.1", "schema_url": "https://schema.data.gouv.fr/schemas/etalab/schema-irve-statique/2.2.1/schema-statique.json"}]}]}`

// accepted makes an accepted source for what the portal has at a path.
func (p *realPortals) accepted(backend, address string, config harvest.Config) *harvest.Source {
	p.t.Helper()
	raw, err := json.Marshal(config)
	if err != nil {
		p.t.Fatal(err)
	}
	now, id := db.Now(), db.NewID()
	src := &harvest.Source{
		ID: id, Version: 1, Slug: id, Name: backend, NameFold: backend, URL: p.server.URL + address, Domain: id + ".example.org", Backend: backend, Config: raw, OptionsJSON: db.JSON("{}"),
		OrganizationID: &p.org, Frequency: "manual", Active: true, Autoarchive: true, Validation: harvest.Accepted, CreatedAt: now, ModifiedAt: now,
	}
	dbtest.Insert(p.t, p.DB, src)
	return src
}

// harvested is what became of a run, as the API tells it.
type harvested struct {
	*realPortals
	job      any
	items    []any
	datasets map[string]any // by remote identifier
	services map[string]any
}

// runs runs a source and asks the API for all of it.
func (p *realPortals) runs(src *harvest.Source, maxItems int) *harvested {
	p.t.Helper()
	ctx, stop := context.WithTimeout(p.t.Context(), time.Minute)
	defer stop()
	deps := p.deps
	deps.Rules.MaxItems = maxItems
	store := harvest.New(p.Log, deps)
	job, err := store.RunSource(ctx, p.viewer, src.ID)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := store.Run(ctx, job.ID, nil); err != nil {
		p.t.Fatal(err)
	}
	h := &harvested{realPortals: p, datasets: map[string]any{}, services: map[string]any{}}
	h.job = p.ask(p.admin, "GET", "/api/1/harvest/job/"+job.ID+"/", 200, nil)
	h.items = dig(p.ask(p.admin, "GET", "/api/1/harvest/job/"+job.ID+"/items/?page_size=200", 200, nil), "data").([]any)
	for _, item := range h.items {
		remote, _ := dig(item, "remote_id").(string)
		if id, ok := dig(item, "dataset.id").(string); ok {
			h.datasets[remote] = p.ask(p.admin, "GET", "/api/1/datasets/"+id+"/", 200, nil)
		}
		if id, ok := dig(item, "dataservice.id").(string); ok {
			h.services[remote] = p.ask(p.admin, "GET", "/api/1/dataservices/"+id+"/", 200, nil)
		}
	}
	return h
}

// ended compares how the job ended: its status and its items by status.
func (h *harvested) ended(wanted string) {
	h.t.Helper()
	counts := map[string]int{}
	for _, item := range h.items {
		counts[dig(item, "status").(string)]++
	}
	got := fmt.Sprint(dig(h.job, "status"), " ", strings.Trim(fmt.Sprint(counts), "map[]"))
	if strings.TrimSpace(got) != wanted {
		h.t.Errorf("the job is %s, want %s", got, wanted)
		for _, item := range h.items {
			h.t.Log(dig(item, "remote_id"), dig(item, "status"), dig(item, "errors"), dig(item, "logs"))
		}
		h.t.Log(dig(h.job, "errors"))
	}
}

// says compares members of a dataset, or of a service, with what is wanted.
func (h *harvested) says(remote string, wanted want) {
	h.t.Helper()
	object := h.datasets[remote]
	if object == nil {
		object = h.services[remote]
	}
	if object == nil {
		h.t.Errorf("%s was not harvested", remote)
		return
	}
	for path, value := range wanted {
		got, _ := reach(object, path)
		if text, err := json.Marshal(value); err == nil {
			_ = json.Unmarshal(text, &value)
		}
		if path == "tags+" { // among others
			got, _ = reach(object, "tags")
			for _, tag := range value.([]any) {
				if !slices.Contains(got.([]any), tag) {
					h.t.Errorf("%s: %v is not among the tags %v", remote, tag, got)
				}
			}
			continue
		}
		if !reflect.DeepEqual(got, value) {
			h.t.Errorf("%s: %s is %v, want %v", remote, path, got, value)
		}
	}
}

// resource is the resource of a title.
func (h *harvested) resource(remote, title string, wanted want) {
	h.t.Helper()
	list, _ := dig(h.datasets[remote], "resources").([]any)
	for i, r := range list {
		if dig(r, "title") == title {
			full := want{}
			for path, value := range wanted {
				full[fmt.Sprintf("resources.%d.%s", i, path)] = value
			}
			h.says(remote, full)
			return
		}
	}
	h.t.Errorf("%s has no resource %q among %d", remote, title, len(list))
}

// mediaTypes are what portals say of their files.
var mediaTypes = map[string]string{".xml": "application/rdf+xml", ".rdf": "application/rdf+xml", ".ttl": "text/turtle", ".jsonld": "application/ld+json", ".json": "application/json"}

// file gives a file of testdata; the address of the test catalogue is the portal's own.
func (p *realPortals) file(w http.ResponseWriter, name string) {
	text, err := os.ReadFile(backendFiles + name)
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	here := p.server.URL + "/" + name
	text = []byte(strings.ReplaceAll(string(text), "http://data.test.org/catalog.jsonld", here))
	w.Header().Set("Content-Type", mediaTypes[path.Ext(name)])
	_, _ = w.Write(text)
}

// dcat harvests a catalogue in RDF.
func (p *realPortals) dcat(name string, maxItems int) (*harvested, *harvest.Source) {
	p.answer = func(w http.ResponseWriter, r *http.Request) {
		if page := r.URL.Query().Get("page"); page != "" {
			p.file(w, strings.Replace(name, "-1.", "-"+page+".", 1))
			return
		}
		p.file(w, name)
	}
	src := p.accepted("dcat", "/"+name, harvest.Config{})
	return p.runs(src, maxItems), src
}

// TestRealCatalogues harvests catalogues in RDF into both databases and reads them
// from the API.
func TestRealCatalogues(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newRealPortals(t, d)
		flat, src := p.dcat("dcat/testdata/udata/flat.jsonld", 0)
		flat.ended("done done:3")
		for id, n := range map[string]int{"1": 2, "2": 2, "3": 1} {
			page := "http://data.test.org/datasets/" + id
			flat.says(id, want{"harvest.remote_url": page, "harvest.uri": page, "harvest.backend": "DCAT", "harvest.source_id": src.ID, "resources.#": n})
		}
		flat.says("1", want{"tags": []any{"tag-1", "tag-2", "tag-3", "tag-4", "theme-1", "theme-2"}})
		flat.says("2", want{"tags": []any{"tag-1", "tag-2", "tag-3"}})
		flat.says("3", want{"tags": []any{"tag-1", "tag-2"}, "organization.id": p.org})
		again := p.runs(src, 0)
		again.ended("done done:3")
		if n := dig(again.job, "report.unchanged"); n != 3.0 {
			t.Errorf("%v records are as they were: %v", n, dig(again.job, "report"))
		}
		blank, _ := p.dcat("dcat/testdata/udata/bnodes.xml", 0)
		checkBlankNodes(blank)
		capped, _ := p.dcat("dcat/testdata/udata/bnodes.xml", 2)
		if len(capped.datasets)+len(capped.services) > 2 || dig(capped.job, "status") != "done" || !strings.Contains(fmt.Sprint(dig(capped.job, "errors")), "2 max items reached, not all datasets/dataservices were retrieved") {
			t.Errorf("the capped run is %v", capped.job)
		}
		catalogue, _ := p.dcat("dcat/testdata/udata/catalog.xml", 0)
		checkCatalogue(catalogue)
	})
}

func checkBlankNodes(h *harvested) {
	h.t.Helper()
	const service = "https://data.paris2024.org/api/explore/v2.1/"
	h.says("1", want{"spatial": nil, "tags+": []any{"repartition-des-especes", "inspire"}, "resources.#": 2})
	h.says("2", want{
		"tags+": []any{"hydrographie", "inspire"}, "spatial.geom.type": "MultiPolygon", "spatial.geom.coordinates": []any{
			[]any{[]any{[]any{-6, 51}, []any{10, 51}, []any{10, 40}, []any{-6, 40}, []any{-6, 51}}},
			[]any{[]any{[]any{159, -25}, []any{159, -11}, []any{180, -11}, []any{180, -25}, []any{159, -25}}}, // to 212, cut at the date line
			[]any{[]any{[]any{-180, -11}, []any{-148, -11}, []any{-148, -25}, []any{-180, -25}, []any{-180, -11}}},
			[]any{[]any{[]any{4, 45}, []any{4, 46}, []any{4, 46}, []any{4, 45}, []any{4, 45}}},
		},
	})
	h.says("3", want{"spatial": nil})
	h.resource("1", "Resource 1-2", want{"schema.url": "https://schema.data.gouv.fr/schemas/etalab/schema-irve-statique/1337.42.0/schema-statique.json", "schema.name": nil})
	h.resource("2", "Resource 2-1", want{"schema.name": "Example Schema", "schema.url": "https://example.org/schema.json"})
	h.resource("2", "Resource 2-2", want{"schema": nil})
	h.resource("3", "Resource 3-1", want{"schema.name": "etalab/schema-irve-statique", "schema.version": "2.2.0", "schema.url": nil})
	h.says(service, want{
		"title": "Explore API v2", "base_api_url": service, "machine_documentation_url": service + "swagger.json", "harvest.remote_url": service + "console",
	})
	if text := fmt.Sprint(h.ask(h.admin, "GET", "/api/1/datasets/?dataservice="+fmt.Sprint(dig(h.services[service], "id")), 200, nil)); !strings.Contains(text, fmt.Sprint(dig(h.datasets["2"], "id"))) ||
		!strings.Contains(text, fmt.Sprint(dig(h.datasets["3"], "id"))) || strings.Contains(text, fmt.Sprint(dig(h.datasets["1"], "id"))) {
		h.t.Errorf("the service gives %.300s", text)
	}
}

func checkCatalogue(h *harvested) {
	h.t.Helper()
	h.ended("done done:4")
	h.says("3", want{
		"license": "notspecified", "access_type": "restricted", "access_type_reason_category": "intellectual_property_rights", "frequency": "daily",
		"temporal_coverage.start": "2016-01-01", "temporal_coverage.end": "2016-12-05", "harvest.issued_at": "2016-12-14T18:59:02.737480+00:00", "harvest.created_at": "2016-12-12T18:59:02.737480+00:00",
		"harvest.modified_at": "2016-12-14T19:01:24.184120+00:00", "tags+": []any{"hvd", "observation-de-la-terre-et-environnement"},
		"extras.dcat.accessRights": []any{"http://inspire.ec.europa.eu/metadata-codelist/LimitationsOnPublicAccess/INSPIRE_Directive_Article13_1e"},
		"extras.dcat.provenance":   []any{"Description de la provenance des données du dataset 3"},
	})
	h.says("1", want{
		"description": "# h1 title\n\n## h2 title\n\n**and bold text**", "frequency": "unknown", "license": "fr-lo", "resources.#": 4, "contact_points.0.name": "Organization contact",
		"contact_points.0.email": "hello@its.me", "contact_points.0.contact_form": "https://data.support.com", "contact_points.0.role": "contact",
	})
	h.resource("1", "Resource 1-1", want{
		"format": "json", "mime": "application/json", "filesize": 12323, "harvest.issued_at": "2018-03-12T18:59:02.737480+00:00", "harvest.modified_at": "2018-03-14T18:59:02.737480+00:00", "type": "main", "filetype": "remote",
	})
	h.resource("1", "Resource 1-2", want{"format": "json"})
	h.resource("1", "Resource 1-3", want{"type": "other"})
	h.resource("1", "Resource 1-4", want{"type": "api", "format": nil})
	h.says("2", want{"license": "lov2"})
	h.resource("2", "Resource 2-2", want{"extras.dcat.rights": []any{"Rights on nested resource"}})
}
