package ods

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"grenier/internal/harvest"
	"grenier/internal/harvest/harvesttest"
)

func recorded(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func ofType(lines []harvest.Line, kind harvest.LineType) (found []harvest.Line) {
	for _, l := range lines {
		if l.T == kind {
			found = append(found, l)
		}
	}
	return found
}

func complete(lines []harvest.Line) bool {
	return len(lines) > 0 && lines[len(lines)-1].T == harvest.LineEnd && lines[len(lines)-1].Complete
}

// old is a portal of the Search API alone.
func old(t *testing.T, names ...string) (*httptest.Server, *[]string) {
	asked := new([]string)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*asked = append(*asked, r.URL.RequestURI())
		rest, ok := strings.CutPrefix(r.URL.Path, "/api/datasets/1.0/")
		switch {
		case !ok:
			http.NotFound(w, r)
		case rest == "search/":
			start, _ := strconv.Atoi(r.URL.Query().Get("start"))
			first := min(start, len(names))
			var list []string
			for _, name := range names[first:min(first+50, len(names))] {
				list = append(list, `{"datasetid": "`+name+`"}`)
			}
			fmt.Fprintf(w, `{"nhits": %d, "datasets": [%s]}`, len(names), strings.Join(list, ","))
		default:
			_, _ = w.Write(recorded(t, strings.TrimSuffix(rest, "/")+".json"))
		}
	}))
	t.Cleanup(s.Close)
	return s, asked
}

func TestSearchAPI(t *testing.T) {
	s, asked := old(t, "test-a", "test-b", "test-c", "test-shp-limit", "inspire")
	r := harvesttest.Request(s, "/")
	r.Source.Config.Filters = []harvest.Filter{{Key: "tags", Value: "x"}, {Key: "tags", Value: "y"}, {Key: "publisher", Value: "p", Type: "exclude"}}
	lines, err := harvesttest.Collect(t, New(), r)
	all := ofType(lines, harvest.LineDataset)
	if err != nil || len(all) != 3 || !complete(lines) {
		t.Fatalf("%+v, %v", lines, err)
	}
	skipped := ofType(lines, harvest.LineSkip)
	if len(skipped) != 2 || skipped[0].Reason != "Dataset test-c has no record" || skipped[1].Reason != "Dataset inspire has INSPIRE metadata" {
		t.Errorf("%+v", skipped)
	}
	if !slices.Contains(*asked, "/api/datasets/1.0/search/?exclude.publisher=p&interopmetas=true&refine.keyword=x&refine.keyword=y&rows=50&start=0") || !slices.Contains(*asked, "/api/datasets/1.0/test-a/?interopmetas=true") {
		t.Errorf("%q", *asked)
	}
	a := all[0].Dataset
	if all[0].RemoteID != "test-a" || all[0].RemoteURL != s.URL+"/explore/dataset/test-a/" || a.Harvest.ModifiedAt != "2015-04-09T10:28:45+00:00" || a.Description != "<p>test-a-description</p>" {
		t.Errorf("%+v", all[0])
	}
	tags := slices.Sorted(slices.Values(a.Tags))
	if !reflect.DeepEqual(tags, []string{"culture", "environment", "heritage", "keyword1", "keyword2"}) || a.License[0] != "fr-lo" || a.Extras["ods:references"] != "http://example.com" {
		t.Errorf("%+v", a)
	}
	if len(a.Resources) != 2 || a.Resources[0].Title != "Export au format CSV" || a.Resources[0].Description != "- *toto*: toto[text]\n- *titi*: titi[text]" ||
		a.Resources[0].URL != s.URL+"/explore/dataset/test-a/download?format=csv&timezone=Europe/Berlin&use_labels_for_header=false" || a.Resources[1].Mime != "application/json" {
		t.Errorf("%+v", a.Resources)
	}
	var got []string
	for _, r := range all[1].Dataset.Resources {
		got = append(got, r.Title+" "+r.Format+" "+r.Mime)
	}
	want := []string{
		"Export au format CSV csv text/csv", "Export au format JSON json application/json", "Export au format GeoJSON geojson application/vnd.geo+json",
		"Export au format Shapefile shp ", "gtfs.zip zip application/zip", "Documentation pdf application/pdf", "Extra file xls application/vnd.ms-excel",
	}
	if !reflect.DeepEqual(got, want) || all[1].Dataset.Resources[4].URL != s.URL+"/api/datasets/1.0/test-b/alternative_exports/gtfs_zip" ||
		all[1].Dataset.Resources[5].URL != s.URL+"/api/datasets/1.0/test-b/attachments/documentation_pdf" {
		t.Errorf("%q", got)
	}
	if len(all[2].Dataset.Resources) != 3 {
		t.Errorf("%+v", all[2].Dataset.Resources)
	}
	r = harvesttest.Request(s, "")
	r.Source.Config.Features, r.Language = map[string]bool{"inspire": true}, "en"
	lines, err = harvesttest.Collect(t, New(), r)
	if all := ofType(lines, harvest.LineDataset); err != nil || len(all) != 4 || all[0].Dataset.Resources[0].Title != "CSV format export" {
		t.Errorf("with INSPIRE: %d, %v", len(all), err)
	}
}

func TestSearchAPIPages(t *testing.T) {
	names := slices.Repeat([]string{"test-a"}, 120)
	s, _ := old(t, names...)
	lines, err := harvesttest.Collect(t, New(), harvesttest.Request(s, ""))
	points := ofType(lines, harvest.LineCheckpoint)
	if err != nil || len(ofType(lines, harvest.LineDataset)) != 120 || len(points) != 3 || points[0].Cursor != "v1:50" {
		t.Fatalf("%+v, %v", points, err)
	}
	r := harvesttest.Request(s, "")
	r.Cursor = "v1:100"
	if lines, err = harvesttest.Collect(t, New(), r); err != nil || len(ofType(lines, harvest.LineDataset)) != 20 {
		t.Errorf("going on: %d, %v", len(lines), err)
	}
}

// explored is a portal of the Explore API.
type explored struct {
	datasets []string // JSON
	total    int      // told; the number of datasets when 0
	older    bool     // replies of version 2.0
	noExport bool
	asked    []string
	auth     string
}

func (e *explored) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	e.asked, e.auth = append(e.asked, r.URL.RequestURI()), r.Header.Get("Authorization")
	limit, _ := strconv.Atoi(q.Get("limit"))
	offset, _ := strconv.Atoi(q.Get("offset"))
	switch path := strings.TrimPrefix(r.URL.Path, "/api/explore/v2.1/catalog/"); {
	case path == "datasets":
		list, total := e.datasets, max(e.total, len(e.datasets))
		if strings.Contains(q.Get("where"), "modified") { // parts: all datasets are in that of today
			where := q.Get("where")
			if strings.Contains(where, "is null") || !strings.Contains(where, "'1970-01-01") {
				list, total = nil, 0
			} else if strings.Contains(where, "< date'20") && !strings.Contains(where, "< date'1998") && strings.Contains(where, "< date'2027") {
				total = window + 1
			} else {
				total = len(list)
			}
		}
		first := min(offset, len(list))
		page := list[first:min(first+limit, len(list))]
		if e.older {
			var wrapped []string
			for _, one := range page {
				wrapped = append(wrapped, `{"links": [], "dataset": `+one+`}`)
			}
			fmt.Fprintf(w, `{"total_count": %d, "links": [], "datasets": [%s]}`, total, strings.Join(wrapped, ","))
			return
		}
		fmt.Fprintf(w, `{"total_count": %d, "results": [%s]}`, total, strings.Join(page, ","))
	case path == "exports/json" && !e.noExport:
		fmt.Fprintf(w, "[%s]", strings.Join(e.datasets, ","))
	case strings.HasSuffix(path, "/exports"):
		fmt.Fprint(w, `{"links": [{"rel": "csv"}, {"rel": "parquet"}]}`)
	default:
		w.WriteHeader(403)
	}
}

func someDatasets(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(`{"dataset_id": "d%d", "has_records": true, "features": ["analyze"], "metas": {"default": {"title": "D %d"}}}`, i, i)
	}
	return all
}

func TestExploreAPI(t *testing.T) {
	for _, older := range []bool{false, true} {
		e := &explored{datasets: someDatasets(250), older: older}
		s := httptest.NewServer(e)
		defer s.Close()
		for _, path := range []string{"", "/explore/", "/api/explore/v2.1"} {
			r := harvesttest.Request(s, path)
			r.Source.Secrets = map[string]string{"apikey": "k"}
			r.Source.Config.Filters = []harvest.Filter{{Key: "tags", Value: `sea "b"`}, {Key: "publisher", Value: "p", Type: "exclude"}}
			e.asked = nil
			lines, err := harvesttest.Collect(t, New(), r)
			all := ofType(lines, harvest.LineDataset)
			if err != nil || len(all) != 250 || !complete(lines) || *lines[0].Total != 250 || e.auth != "Apikey k" {
				t.Fatalf("%s: %d, %v", path, len(all), err)
			}
			if want := `/api/explore/v2.1/catalog/datasets?limit=100&offset=0&order_by=dataset_id&where=keyword%3D%22sea+%5C%22b%22+AND+NOT+publisher%3D%22p%22`; e.asked[0] != want {
				t.Errorf("%s", e.asked[0])
			}
			if points := ofType(lines, harvest.LineCheckpoint); len(points) != 3 || points[1].Cursor != "v2:200" {
				t.Errorf("%+v", points)
			}
		}
		r := harvesttest.Request(s, "")
		r.Cursor = "v2:200"
		if lines, err := harvesttest.Collect(t, New(), r); err != nil || len(ofType(lines, harvest.LineDataset)) != 50 || !complete(lines) {
			t.Errorf("going on: %d, %v", len(lines), err)
		}
	}
}

func TestExploreBeyondTheWindow(t *testing.T) {
	for _, noExport := range []bool{false, true} {
		e := &explored{datasets: someDatasets(30), total: window + 1, noExport: noExport}
		s := httptest.NewServer(e)
		defer s.Close()
		lines, err := harvesttest.Collect(t, New(), harvesttest.Request(s, ""))
		if err != nil || len(ofType(lines, harvest.LineDataset)) != 30 || !complete(lines) {
			t.Errorf("%v: %+v, %v, %q", noExport, len(lines), err, e.asked)
		}
		r := harvesttest.Request(s, "")
		r.MaxItems = 20
		if lines, err := harvesttest.Collect(t, New(), r); err != nil || len(ofType(lines, harvest.LineDataset)) < 20 {
			t.Errorf("a few: %d, %v", len(lines), err)
		}
	}
}

func TestExploreMapping(t *testing.T) {
	raw := `{"dataset_id": "trees", "has_records": true, "features": ["geo"],
		"attachments": [{"id": "doc", "title": "Notes", "mimetype": "application/pdf", "url": "odsfile://notes.pdf"}, 5],
		"alternative_exports": [{"id": "z", "title": "", "mimetype": "", "url": "https://files.example/z.zip"}],
		"fields": [{"name": "h", "label": "Height", "type": "double", "description": "in m"}],
		"metas": {"default": {"title": "Trees", "description": "<p>x</p>", "license": "Licence Ouverte v2.0 (Etalab)", "license_url": "https://l.example",
			"theme": ["Nature, Parks"], "keyword": ["tree", 3], "modified": "2024-02-01", "data_processed": "2024-01-01T00:00:00Z", "records_count": 12, "references": "https://r.example"},
		"dcat": {"created": "2020-01-01", "issued": "2020-02-01", "accrualperiodicity": "mensuelle", "contact_name": "Parks", "contact_email": "p@a.example", "temporal": "2019/2020"},
		"inspire": {"theme": null}}}`
	yes := true
	p := portal{base: "https://portal.example", parquet: &yes, Request: harvest.Request{Language: "fr"}}
	l := p.exploreLine(json.RawMessage(raw))
	d := l.Dataset
	if l.RemoteID != "https://portal.example/explore/dataset/trees/" || l.RemoteURL != l.RemoteID || d == nil {
		t.Fatalf("%+v", l)
	}
	want := harvest.Dataset{
		Title: "Trees", Name: "trees", Description: "<p>x</p>", DescriptionFormat: "html", Tags: []string{"tree", "3", "nature", "parks"},
		License: []string{"https://l.example", "lov2", "Licence Ouverte v2.0 (Etalab)"}, Frequency: "mensuelle",
		Temporal: &harvest.Period{Start: "2019", End: "2020"}, Contacts: []harvest.Contact{{Name: "Parks", Email: "p@a.example", Role: "contact"}},
		Harvest: harvest.Origin{URI: l.RemoteID, CreatedAt: "2020-01-01", IssuedAt: "2020-02-01", ModifiedAt: "2024-01-01T00:00:00Z"},
		Extras:  map[string]any{"ods:references": "https://r.example"}, Resources: d.Resources,
	}
	if !reflect.DeepEqual(*d, want) {
		t.Errorf("%+v", *d)
	}
	var got []string
	for _, r := range d.Resources {
		got = append(got, r.Format+" "+r.URL)
	}
	const below = "https://portal.example/api/explore/v2.1/catalog/datasets/trees/"
	if !slices.Equal(got, []string{
		"csv " + below + "exports/csv?use_labels=true", "json " + below + "exports/json", "geojson " + below + "exports/geojson", "shp " + below + "exports/shp",
		"parquet " + below + "exports/parquet", "zip https://files.example/z.zip", "pdf " + below + "attachments/doc",
	}) || d.Resources[0].Description != "- *Height*: h[double] in m" || d.Resources[5].Title != "No title" {
		t.Errorf("%q", got)
	}
}

func TestExploreLeavesOut(t *testing.T) {
	for _, c := range []struct {
		raw, feature string
		kind         harvest.LineType
	}{
		{`{"dataset_id": "a", "has_records": false}`, "", harvest.LineSkip},
		{`{"dataset_id": "a", "has_records": false, "attachments": [{"id": "x"}]}`, "", harvest.LineDataset},
		{`{"dataset_id": "a", "has_records": true, "metas": {"inspire": {"theme": "x"}}}`, "", harvest.LineSkip},
		{`{"dataset_id": "a", "has_records": true, "metas": {"inspire": {"theme": "x"}}}`, "inspire", harvest.LineDataset},
		{`{"dataset_id": "a@b", "has_records": true}`, "", harvest.LineSkip},
		{`{"dataset_id": "a@b", "has_records": true}`, "federated", harvest.LineDataset},
		{`{"dataset_id": "a", "has_records": true, "metas": {"default": {"source_domain": "b"}}}`, "", harvest.LineSkip},
		{`{"has_records": true}`, "", harvest.LineError},
		{`5`, "", harvest.LineError},
	} {
		p := portal{base: "https://portal.example"}
		p.Source.Config.Features = map[string]bool{c.feature: true}
		if l := p.exploreLine(json.RawMessage(c.raw)); l.T != c.kind {
			t.Errorf("%s: %+v", c.raw, l)
		}
	}
}

func TestWords(t *testing.T) {
	for given, want := range map[string]string{
		"Open Database License (ODbL)": "odc-odbl", "Licence Ouverte (Etalab)": "fr-lo", "Licence ouverte / Open Licence": "fr-lo", "CC BY-SA": "cc-by-sa", "Public Domain": "other-pd",
	} {
		if got := licenseOf(given); got[0] != want || got[1] != given {
			t.Errorf("%s: %v", given, got)
		}
	}
	for given, want := range map[string]string{
		"minute": "continuous", "quotidienne": "daily", "Hebdomadaire": "weekly", "mensuelle": "monthly", "trimestrielle": "quarterly", "annuelle": "annual", "irrégulière": "irregular",
		"http://purl.org/cld/freq/daily": "daily", "now and then": "", "": "",
	} {
		if got, _ := harvest.FrequencyOf(given); got != want { // as the engine reads it
			t.Errorf("%s: %s", given, got)
		}
	}
}

func TestNotAPortal(t *testing.T) {
	for _, body := range []string{"<html>", "{}", ""} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, body) }))
		lines, err := harvesttest.Collect(t, New(), harvesttest.Request(s, ""))
		s.Close()
		if err == nil || len(ofType(lines, harvest.LineEnd)) > 0 {
			t.Errorf("%q: %+v, %v", body, lines, err)
		}
	}
}

func FuzzLines(f *testing.F) {
	for _, name := range []string{"test-a.json", "test-b.json", "inspire.json"} {
		f.Add(recorded(f, name))
	}
	f.Add([]byte(`{"dataset_id": "x", "has_records": true, "metas": {"default": {"title": 5, "theme": [[1]], "records_count": "x"}, "dcat": []}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		p := portal{base: "https://portal.example"}
		for _, l := range []harvest.Line{p.searchLine(raw), p.exploreLine(raw)} {
			if l.T == harvest.LineDataset && (l.RemoteID == "" || l.Dataset == nil) {
				t.Errorf("%+v", l)
			}
		}
	})
}
