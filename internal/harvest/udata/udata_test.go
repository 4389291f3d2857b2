package udata

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"grenier/internal/harvest"
	"grenier/internal/harvest/harvesttest"
)

// portal answers as udata does.
type portal struct {
	*httptest.Server
	datasets, services []map[string]any
	noServices         bool
	endless            bool // names a next page for ever

	mu    sync.Mutex
	asked []string
}

func newPortal(t *testing.T) *portal {
	p := &portal{}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

func (p *portal) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.asked = append(p.asked, r.URL.RequestURI())
	p.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	query := r.URL.Query()
	switch r.URL.Path {
	case "/api/1/organizations/ville/":
		fmt.Fprint(w, `{"id": "5f0c1a2b3c4d5e6f7a8b9c0d"}`)
	case "/api/1/datasets/":
		p.page(w, r, p.datasets)
	case "/api/1/dataservices/":
		if p.noServices {
			http.NotFound(w, r)
			return
		}
		if query.Get("organization") != "" {
			p.page(w, r, nil)
			return
		}
		p.page(w, r, p.services)
	default:
		http.NotFound(w, r)
	}
}

func (p *portal) page(w http.ResponseWriter, r *http.Request, all []map[string]any) {
	query := r.URL.Query()
	number, _ := strconv.Atoi(query.Get("page"))
	size, _ := strconv.Atoi(query.Get("page_size"))
	if size > 1 {
		size = 2 // a portal may give less than is asked for
	}
	if all == nil {
		all = []map[string]any{}
	}
	if query.Get("dataservice") != "" {
		all = all[:1]
	}
	start := min((number-1)*size, len(all))
	if p.endless {
		start = 0
	}
	rest := all[start:]
	var next any
	if len(rest) > size || p.endless {
		next = "http://inside.example/api/1/x/?page=" + strconv.Itoa(number+1)
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"data": rest[:min(size, len(rest))], "next_page": next, "total": len(all), "page": number})
}

// samples are answers of data.gouv.fr.
func samples(t *testing.T) []map[string]any {
	file, err := os.Open("testdata/datasets.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var all []map[string]any
	scanner := bufio.NewScanner(file)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		var one map[string]any
		if err := json.Unmarshal(scanner.Bytes(), &one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	return all
}

func (p *portal) collect(t *testing.T, config harvest.Config) ([]harvest.Line, error) {
	t.Helper()
	r := harvesttest.Request(p.Server, "/")
	r.Source.Config = config
	return harvesttest.Collect(t, New(), r)
}

// titles are those of the records, and what else was told by its type.
func titles(lines []harvest.Line) []string {
	var all []string
	for _, l := range lines {
		switch l.T {
		case harvest.LineDataset:
			all = append(all, l.Dataset.Title)
		case harvest.LineDataservice:
			all = append(all, "API "+l.Dataservice.Title)
		case harvest.LineError:
			all = append(all, "error "+l.RemoteID+": "+l.Message)
		}
	}
	return all
}

func simple(id string, more ...any) map[string]any {
	o := map[string]any{"id": id, "slug": "s-" + id, "title": "T" + id}
	for i := 0; i+1 < len(more); i += 2 {
		o[more[i].(string)] = more[i+1]
	}
	return o
}

func TestWholePortal(t *testing.T) {
	p := newPortal(t)
	p.datasets = samples(t)
	p.services = []map[string]any{simple("a1", "base_api_url", "https://api.example/v1", "datasets", map[string]any{"href": p.URL, "total": 1})}
	lines, err := p.collect(t, harvest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if first := lines[0]; first.T != harvest.LineStart || first.Total == nil || *first.Total != 6 {
		t.Errorf("first line %+v", first)
	}
	if last := lines[len(lines)-1]; last.T != harvest.LineEnd || !last.Complete {
		t.Errorf("last line %+v", last)
	}
	got := titles(lines)
	if len(got) != 6 || got[5] != "API Ta1" {
		t.Errorf("told %q", got)
	}
	var cursors []string
	for _, l := range lines {
		if l.T == harvest.LineCheckpoint {
			cursors = append(cursors, l.Cursor)
		}
		if l.T == harvest.LineDataservice {
			want := []string{p.URL + "/api/1/datasets/" + p.datasets[0]["id"].(string) + "/"}
			if !slices.Equal(l.Dataservice.Datasets, want) {
				t.Errorf("datasets of the service %q, want %q", l.Dataservice.Datasets, want)
			}
		}
	}
	if want := []string{`{"list":0,"page":2}`, `{"list":0,"page":3}`, `{"list":1,"page":1}`, `{"list":2,"page":1}`}; !slices.Equal(cursors, want) {
		t.Errorf("cursors %q", cursors)
	}
	r := harvesttest.Request(p.Server, "/")
	r.Cursor = `{"list":0,"page":3}`
	if lines, err = harvesttest.Collect(t, New(), r); err != nil || len(titles(lines)) != 2 {
		t.Errorf("after the second page: %q, %v", titles(lines), err)
	}
}

func TestMappingOfSamples(t *testing.T) {
	p := newPortal(t)
	p.datasets = samples(t)
	lines, err := p.collect(t, harvest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	byID := make(map[string]harvest.Line)
	for _, l := range lines {
		byID[l.RemoteID] = l
	}
	at := func(id string) harvest.Line { return byID[p.URL+"/api/1/datasets/"+id+"/"] }

	harvested := at("638008787a2207667c2908f2")
	if harvested.RemoteURL != "https://www.data.gouv.fr/fr/datasets/fr-200052264-a0134-0000-2/" {
		t.Errorf("page %q", harvested.RemoteURL)
	}
	d := harvested.Dataset
	want := harvest.Origin{URI: harvested.RemoteID, CreatedAt: "2022-11-23T00:00:00", IssuedAt: "2022-11-25T01:12:40.205000", ModifiedAt: "2022-11-23T00:00:00"}
	if d.Harvest != want {
		t.Errorf("origin %+v", d.Harvest)
	}
	there, _ := json.Marshal(d.Extras["udata"])
	for _, part := range []string{`"remote_id":"78d8a84f-f004-42fa-9f44-a55248ea8322"`, `"backend":"CKAN"`, `"slug":"fr-200052264-a0134-0000-2"`, `"name":"Région GRAND EST"`} {
		if !strings.Contains(string(there), part) {
			t.Errorf("extras %s without %s", there, part)
		}
	}
	if strings.Contains(string(there), "last_update") || strings.Contains(string(there), "logo") {
		t.Errorf("extras hold what changes by itself: %s", there)
	}
	if d.Spatial == nil || d.Spatial.Geometry == nil || d.Spatial.Granularity != "other" || d.License != nil || d.Extras["guid"] != "FR-200052264-A0134-0000" {
		t.Errorf("spatial %+v, license %q", d.Spatial, d.License)
	}

	zones := at("536997eaa3a729239d204dfd").Dataset
	if zones.Spatial == nil || len(zones.Spatial.Zones) == 0 || zones.Temporal == nil || zones.Temporal.Start == "" || zones.Frequency != "annual" || !slices.Equal(zones.License, []string{"fr-lo"}) {
		t.Errorf("got %+v, spatial %+v", zones, zones.Spatial)
	}
	if r := zones.Resources[0]; r.Type != "api" || r.Extras != nil || r.RemoteID != "7765cb5a-de2e-4f77-aceb-67c8ac05c3ca" || !strings.HasSuffix(r.Harvest.URI, "/datasets/r/"+r.RemoteID) {
		t.Errorf("resource %+v", r)
	}
	schemed := at("637f70e7a6467e550fbd3390").Dataset.Resources[0]
	if schemed.Schema == nil || schemed.Schema.Name != "scdl/subventions" || schemed.Filesize == nil || *schemed.Filesize != 7315 || schemed.Checksum == nil || schemed.Checksum.Type != "sha1" {
		t.Errorf("resource %+v", schemed)
	}
	if badges, _ := json.Marshal(at("58d8d8a0c751df17537c66be").Dataset.Extras["udata"]); !strings.Contains(string(badges), `"badges":["spd"]`) {
		t.Errorf("badges %s", badges)
	}
}

func TestFilters(t *testing.T) {
	p := newPortal(t)
	p.datasets = []map[string]any{
		simple("1", "tags", []string{"eau"}, "organization", map[string]any{"id": "o1", "slug": "ville"}),
		simple("2", "license", "lov2", "harvest", map[string]any{"backend": "CKAN", "domain": "a.example"}),
		simple("3", "resources", []any{map[string]any{"format": "csv", "url": "https://a.example/x"}}, "badges", []any{map[string]any{"kind": "hvd"}}),
		simple("4", "archived", "2024-01-01"), simple("5", "private", true), simple("6", "deleted", "2024-01-01"),
		simple("7", "spatial", map[string]any{"zones": []any{map[string]any{"id": "fr:commune:05061"}}}),
	}
	p.services = []map[string]any{simple("8", "license", "lov2"), simple("9", "harvest", map[string]any{"backend": nil, "domain": nil})}
	out := func(key, value string) []harvest.Filter {
		return []harvest.Filter{{Key: key, Value: value, Type: "exclude"}}
	}
	for _, c := range []struct {
		name   string
		config harvest.Config
		want   string
	}{
		{"none", harvest.Config{}, "T1 T2 T3 T7 API T8 API T9"},
		{"own", harvest.Config{Features: map[string]bool{"harvested": false}}, "T1 T3 T7 API T8 API T9"},
		{"no services", harvest.Config{Features: map[string]bool{"dataservices": false}}, "T1 T2 T3 T7"},
		{"tag out", harvest.Config{Filters: out("tag", "Eau")}, "T2 T3 T7 API T8 API T9"},
		{"organization out", harvest.Config{Filters: out("organization", "ville")}, "T2 T3 T7 API T8 API T9"},
		{"license out", harvest.Config{Filters: out("license", "lov2")}, "T1 T3 T7 API T9"},
		{"format out", harvest.Config{Filters: out("format", "csv")}, "T1 T2 T7 API T8 API T9"},
		{"badge out", harvest.Config{Filters: out("badge", "hvd")}, "T1 T2 T7 API T8 API T9"},
		{"zone out", harvest.Config{Filters: out("geozone", "fr:commune:05061")}, "T1 T2 T3 API T8 API T9"},
		{"domain out", harvest.Config{Filters: out("domain", "a.example")}, "T1 T3 T7 API T8 API T9"},
		{"domain", harvest.Config{Filters: []harvest.Filter{{Key: "domain", Value: "b.example"}, {Key: "domain", Value: "a.example"}}}, "T2"},
		{"license", harvest.Config{Filters: []harvest.Filter{{Key: "license", Value: "lov2"}}}, "T1 T2 T3 T7 API T8"},
		{"format", harvest.Config{Filters: []harvest.Filter{{Key: "format", Value: "csv"}}}, "T1 T2 T3 T7"},
	} {
		t.Run(c.name, func(t *testing.T) {
			lines, err := p.collect(t, c.config)
			if got := strings.Join(titles(lines), " "); err != nil || got != c.want {
				t.Errorf("got %s, want %s (%v)", got, c.want, err)
			}
		})
	}
}

func TestQueries(t *testing.T) {
	p := newPortal(t)
	p.datasets = []map[string]any{simple("1")}
	r := harvesttest.Request(p.Server, "/api/1/datasets/?topic=x&page=4&page_size=7")
	r.Source.Config.Filters = []harvest.Filter{{Key: "tag", Value: "a"}, {Key: "tag", Value: "b"}, {Key: "organization", Value: "ville"}}
	if _, err := harvesttest.Collect(t, New(), r); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"/api/1/organizations/ville/",
		"/api/1/datasets/?organization=5f0c1a2b3c4d5e6f7a8b9c0d&page=1&page_size=1&sort=created&tag=a&tag=b&topic=x",
		"/api/1/dataservices/?organization=5f0c1a2b3c4d5e6f7a8b9c0d&page=1&page_size=1&sort=created&tag=a&tag=b&topic=x",
		"/api/1/datasets/?organization=5f0c1a2b3c4d5e6f7a8b9c0d&page=1&page_size=100&sort=created&tag=a&tag=b&topic=x",
		"/api/1/dataservices/?organization=5f0c1a2b3c4d5e6f7a8b9c0d&page=1&page_size=100&sort=created&tag=a&tag=b&topic=x",
	}
	if !slices.Equal(p.asked, want) {
		t.Errorf("asked\n%s", strings.Join(p.asked, "\n"))
	}
}

func TestTroubles(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*portal)
		config harvest.Config
		want   []string
		wrong  string
	}{
		{"older portal", func(p *portal) { p.noServices = true }, harvest.Config{}, []string{"T1", "T2", "T3"}, ""},
		{"endless", func(p *portal) { p.endless = true }, harvest.Config{}, []string{"T1", "T2"}, "its paging does not end"},
		{"no title", func(p *portal) { p.datasets[1]["title"] = "" }, harvest.Config{}, []string{"T1", "error BASE/api/1/datasets/2/: The record has no title.", "T3"}, ""},
		{"mistyped", func(p *portal) { p.datasets[1]["tags"] = 5 }, harvest.Config{}, []string{"T1", "T2", "T3"}, ""},
		{"unknown organization", func(*portal) {}, harvest.Config{Filters: []harvest.Filter{{Key: "organization", Value: "nobody"}}}, nil, `The organization "nobody" of the filter`},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPortal(t)
			p.datasets = []map[string]any{simple("1"), simple("2"), simple("3")}
			c.change(p)
			lines, err := p.collect(t, c.config)
			if c.wrong == "" && err != nil || c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong)) {
				t.Errorf("error %v, want %q", err, c.wrong)
			}
			got := titles(lines)
			for i := range got {
				got[i] = strings.ReplaceAll(got[i], p.URL, "BASE")
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("told %q, want %q", got, c.want)
			}
		})
	}
}

func TestContract(t *testing.T) {
	p := newPortal(t)
	p.datasets = []map[string]any{simple("1"), simple("2"), simple("3")}
	p.services = []map[string]any{simple("4"), simple("5"), simple("6")}
	harvesttest.Conform(t, New(), harvesttest.Request(p.Server, "/"))
}

func TestNotUdata(t *testing.T) {
	for _, text := range []string{"<html>", `{"a": 1}`, `[]`} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) }))
		_, err := harvesttest.Collect(t, New(), harvesttest.Request(s, "/"))
		s.Close()
		if err == nil || !strings.Contains(err.Error(), "does not answer as udata does") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestRootOf(t *testing.T) {
	for address, want := range map[string]string{
		"https://www.data.gouv.fr":                                  "https://www.data.gouv.fr ",
		"https://www.data.gouv.fr/":                                 "https://www.data.gouv.fr ",
		"https://a.example/data/api/1/":                             "https://a.example/data ",
		"https://a.example/api/2/datasets/?organization=x&page=2#f": "https://a.example organization=x",
	} {
		base, query, err := rootOf(address)
		if err != nil || base+" "+query.Encode() != want {
			t.Errorf("%s: %s %s, %v", address, base, query.Encode(), err)
		}
	}
	if _, _, err := rootOf("no address"); err == nil {
		t.Error("took no address")
	}
}

func TestDataservice(t *testing.T) {
	p := newPortal(t)
	p.services = []map[string]any{simple("a", "description", "d", "license", "lov2", "access_type", "restricted", "access_type_reason_category", "course_of_justice_or_fair_trial",
		"machine_documentation_url", "https://a.example/openapi.json", "rate_limiting", "10/s", "owner", map[string]any{"id": "u", "avatar": "x"},
		"datasets", []any{map[string]any{"id": "d1"}}, "contact_points", []any{map[string]any{"name": "N", "email": "n@a.example", "role": "contact"}}, "metadata_modified_at", "2024-05-01T00:00:00")}
	lines, err := p.collect(t, harvest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	got, _ := json.Marshal(lines[2].Dataservice)
	want := `{"title":"Ta","description":"d","description_format":"markdown","machine_documentation_url":"https://a.example/openapi.json","license":["lov2"],` +
		`"access_rights":["http://inspire.ec.europa.eu/metadata-codelist/LimitationsOnPublicAccess/INSPIRE_Directive_Article13_1c"],"access_type":"restricted","rate_limiting":"10/s",` +
		`"contact_points":[{"name":"N","email":"n@a.example","role":"contact"}],"datasets":["BASE/api/1/datasets/d1/"],` +
		`"extras":{"udata":{"id":"a","owner":{"id":"u"},"slug":"s-a"}},` +
		`"harvest":{"uri":"BASE/api/1/dataservices/a/","modified_at":"2024-05-01T00:00:00"}}`
	if text := strings.ReplaceAll(string(got), p.URL, "BASE"); text != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
}

func FuzzRecord(f *testing.F) {
	f.Add(`{"id":"a","title":"b","spatial":{"zones":[1,{"id":"x"}]},"resources":[{"filesize":1e300}]}`)
	f.Add(`{"id":1,"harvest":{"backend":5},"organization":[]}`)
	f.Add(`[]`)
	f.Fuzz(func(t *testing.T, text string) {
		w := &walk{seen: make(map[string]bool), harvested: true, emit: func(l harvest.Line) error {
			if l.T != harvest.LineDataset && l.T != harvest.LineError {
				t.Errorf("told %q", l.T)
			}
			_, err := json.Marshal(l.Dataset)
			return err
		}}
		if _, err := w.record(t.Context(), "dataset", json.RawMessage(text), 1); err != nil {
			t.Error(err)
		}
	})
}
