package datajson

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"grenier/internal/harvest"
	"grenier/internal/harvest/harvesttest"
)

// serve gives texts by path.
func serve(t *testing.T, pages map[string]string) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, ok := pages[r.URL.RequestURI()]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, strings.ReplaceAll(text, "BASE", "http://"+r.Host))
	}))
	t.Cleanup(s.Close)
	return s
}

func collect(t *testing.T, text string, config harvest.Config) ([]harvest.Line, error) {
	t.Helper()
	r := harvesttest.Request(serve(t, map[string]string{"/data.json": text}), "/data.json")
	r.Source.Config = config
	return harvesttest.Collect(t, New(), r)
}

// told is a line in short.
func told(lines []harvest.Line) []string {
	var all []string
	for _, l := range lines {
		text := string(l.T)
		switch l.T {
		case harvest.LineDataset:
			text += fmt.Sprintf(" %s: %s (%d)", l.RemoteID, l.Dataset.Title, len(l.Dataset.Resources))
		case harvest.LineError:
			text += " " + l.RemoteID + ": " + l.Message
		case harvest.LineSkip:
			text += " " + l.RemoteID + ": " + l.Reason
		case harvest.LineEnd:
			text += fmt.Sprint(" ", l.Complete)
		}
		all = append(all, text)
	}
	return all
}

func TestSamples(t *testing.T) {
	for file, want := range map[string][]string{
		"collection-1-parent-2-children": {"dataset OPM-ERround-0001-AWOL: Addressing AWOL (2)", "dataset OPM-ERround-0001: Employee Relations Roundtables (0)", "dataset OPM-ERround-0001-Retire: Linking Employee Relations and Retirement (2)"},
		"geospatial":                     {"dataset tl_2013_us_county.shp.xml: ConformsTo ISO Example: TIGER/Line Shapefile, 2013, nation, U.S., Current County and Equivalent National Shapefile (2)", "dataset USGS:5ec70f9d82ce476925eddc9e: ConformsTo CSDGM Example: Comprehensive Global Database of Earthquake-Induced Landslide Events (2)"},
		"missing-catalog":                {"dataset :  (0)", "dataset IDF6-OPM-0001: Employee Relations Roundtables (0)"},
		"missing-dataset-fields":         {"dataset :  (0)", "dataset IDF6-OPM-0001: Employee Relations Roundtables (0)"},
		"missing-identifier-title":       {"dataset : simple test title (0)", "dataset Test-0001: simple test title2 (1)", "error Test-0002: The record has no title."},
		"null-spatial":                   {"dataset null-spatial: Sample Title NUll Spatial (1)"},
		"numerical-title":                {"dataset null-spatial: 707 (1)"},
		"usda.gov":                       {"dataset USDA-DM-002: Department of Agriculture Congressional Logs for Fiscal Year 2014 (1)", "dataset http://enterprisecontent-usfs.opendata.arcgis.com/datasets/429428633a5e486289f6111d9cbe7065: Percent change in annual precipitation (CONUS) (Image Service) (2)", "dataset http://enterprisecontent-usfs.opendata.arcgis.com/datasets/f1879e9f6798461f8fd54719ea2231f8: Percent change in snow residence time (CONUS) (Image Service) (3)"},
	} {
		t.Run(file, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("testdata", file+".data.json"))
			if err != nil {
				t.Fatal(err)
			}
			lines, err := collect(t, string(text), harvest.Config{})
			if err != nil {
				t.Fatal(err)
			}
			want = slices.Concat([]string{"start"}, want, []string{"end true"})
			if got := told(lines); !slices.Equal(got, want) {
				t.Errorf("told\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

func TestSampleInFull(t *testing.T) {
	text, err := os.ReadFile("testdata/usda.gov.data.json")
	if err != nil {
		t.Fatal(err)
	}
	lines, err := collect(t, string(text), harvest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	hub := lines[2]
	if hub.RemoteURL == "" || hub.Dataset.Harvest.URI != hub.RemoteID || hub.Dataset.Harvest.ModifiedAt != "2019-03-22" {
		t.Errorf("page %q, origin %+v", hub.RemoteURL, hub.Dataset.Harvest)
	}
	geometry, _ := json.Marshal(hub.Dataset.Spatial)
	if want := `{"geom":{"coordinates":[[[-134.91336517510808,21.082969302706488],[-56.90070213154654,21.082969302706488],[-56.90070213154654,52`; !strings.HasPrefix(string(geometry), want) {
		t.Errorf("spatial %s", geometry)
	}
	agency := lines[1].Dataset
	if want := []harvest.Contact{{Name: "Alexi Graves", Email: "Alexis.Graves@ocio.usda.gov", Role: "contact"}, {Name: "Department of Agriculture", Role: "publisher"}}; !reflect.DeepEqual(agency.Contacts, want) {
		t.Errorf("contacts %+v", agency.Contacts)
	}
	if !slices.Equal(agency.License, []string{"https://creativecommons.org/publicdomain/zero/1.0/"}) {
		t.Errorf("license %q", agency.License)
	}
	if r := agency.Resources[0]; r.Mime != "application/vnd.ms-excel" || r.Title != "Congressional Logs for Fiscal Year 2014" || !strings.HasSuffix(r.URL, ".xls") {
		t.Errorf("resource %+v", r)
	}
}

func TestMapping(t *testing.T) {
	for _, c := range []struct{ name, record, want string }{
		{"numbers and lists", `{"identifier": 12, "title": 7, "keyword": "a, b", "theme": ["c"], "accrualPeriodicity": "R/P3M", "temporal": "2019-01-01/2019-12-31", "modified": "R/P1Y", "issued": "2018"}`,
			`{"title":"7","tags":["a","b","c"],"frequency":"R/P3M","temporal_coverage":{"start":"2019-01-01","end":"2019-12-31"},"harvest":{"dct_identifier":"12","issued_at":"2018"}}`},
		{"length of time, unknown frequency", `{"identifier": "x", "title": "t", "accrualPeriodicity": "irregular", "temporal": "2019-01-01/P1W"}`,
			`{"title":"t","frequency":"irregular","temporal_coverage":{"start":"2019-01-01"},"harvest":{"dct_identifier":"x"}}`},
		{"place", `{"identifier": "x", "title": "t", "spatial": "Lincoln, Nebraska"}`,
			`{"title":"t","extras":{"datajson:spatial":"Lincoln, Nebraska"},"harvest":{"dct_identifier":"x"}}`},
		{"GeoJSON in a text", `{"identifier": "x", "title": "t", "spatial": "{\"type\":\"Point\",\"coordinates\":[1,2]}"}`,
			`{"title":"t","spatial":{"geom":{"coordinates":[1,2],"type":"Point"}},"harvest":{"dct_identifier":"x"}}`},
		{"envelope", `{"identifier": "x", "title": "t", "spatial": {"type":"envelope","coordinates":[[1,4],[3,2]]}}`,
			`{"title":"t","spatial":{"geom":{"coordinates":[[[1,2],[3,2],[3,4],[1,4],[1,2]]],"type":"Polygon"}},"harvest":{"dct_identifier":"x"}}`},
		{"corners by latitude", `{"identifier": "x", "title": "t", "spatial": [[-14, -179], [71, 180]]}`,
			`{"title":"t","spatial":{"geom":{"coordinates":[[[-179,-14],[180,-14],[180,71],[-179,71],[-179,-14]]],"type":"Polygon"}},"harvest":{"dct_identifier":"x"}}`},
		{"publisher in publishers, form", `{"identifier": "x", "title": "t", "publisher": {"name": "B", "subOrganizationOf": {"name": "A"}}, "contactPoint": [{"fn": "C", "hasEmail": "https://a.example/ask"}]}`,
			`{"title":"t","contact_points":[{"name":"C","contact_form":"https://a.example/ask","role":"contact"},{"name":"B","role":"publisher"}],"extras":{"publisher_hierarchy":"A \u003e B"},"harvest":{"dct_identifier":"x"}}`},
		{"distributions", `{"identifier": "x", "title": "t", "distribution": [{"accessURL": "https://a.example/api/v1", "format": "API", "title": "A"}, {"title": "none"}, {"downloadURL": "https://a.example/f/data.csv", "mediaType": "text/csv"}]}`,
			`{"title":"t","harvest":{"dct_identifier":"x"},"resources":[{"title":"A","url":"https://a.example/api/v1","type":"api","format":"API"},{"url":"https://a.example/f/data.csv","mime":"text/csv"}]}`},
		{"version 1.0", `{"identifier": "x", "title": "t", "accessURL": "https://a.example/d.csv", "format": "csv", "contactPoint": "Jo", "mbox": "jo@a.example"}`,
			`{"title":"t","contact_points":[{"name":"Jo","email":"jo@a.example","role":"contact"}],"harvest":{"dct_identifier":"x"},"resources":[{"url":"https://a.example/d.csv","format":"csv"}]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			lines, err := collect(t, "["+c.record+"]", harvest.Config{})
			if err != nil {
				t.Fatal(err)
			}
			got, err := json.Marshal(lines[1].Dataset)
			if err != nil || string(got) != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestAccessLevels(t *testing.T) {
	text := `{"dataset": [{"identifier": "1", "title": "a", "accessLevel": "non-public"}, {"identifier": "2", "title": "b", "accessLevel": "Public"}, 5, {"identifier": ["3"], "title": "c"}]}`
	lines, err := collect(t, text, harvest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"start", `skip 1: The access level is "non-public", not public`, "dataset 2: b (0)", "error dataset 3: The record is not an object.", `error ["3"]: The identifier must be a text, not a list or an object.`, "end true"}
	if got := told(lines); !slices.Equal(got, want) {
		t.Errorf("told %q", got)
	}
	lines, err = collect(t, text, harvest.Config{Features: map[string]bool{"non_public": true}})
	if err != nil || told(lines)[1] != "dataset 1: a (0)" {
		t.Errorf("with the feature: %q, %v", told(lines), err)
	}
}

func TestPages(t *testing.T) {
	record := func(id string) string { return `{"identifier": "` + id + `", "title": "t"}` }
	for _, c := range []struct {
		name  string
		pages map[string]string
		want  []string
		wrong string
	}{
		{"next", map[string]string{
			"/data.json":        `{"dataset": [` + record("1") + `], "next": "?page=2"}`,
			"/data.json?page=2": `{"next": {"@id": "BASE/data.json?page=3"}, "dataset": [` + record("2") + `]}`,
			"/data.json?page=3": `{"dataset": [], "links": {"next": "?page=4"}}`,
		}, []string{"start", "dataset 1: t (0)", "checkpoint", "dataset 2: t (0)", "checkpoint", "end true"}, ""},
		{"circle", map[string]string{"/data.json": `{"dataset": [` + record("1") + `], "next": "BASE/data.json"}`},
			[]string{"start", "dataset 1: t (0)", "checkpoint"}, "which was read already"},
		{"missing page", map[string]string{"/data.json": `{"dataset": [` + record("1") + `], "next": "/gone"}`},
			[]string{"start", "dataset 1: t (0)", "checkpoint"}, "404"},
		{"no catalogue", map[string]string{"/data.json": `{"success": false}`}, []string{"start"}, "no data.json catalogue"},
		{"page for people", map[string]string{"/data.json": `<html>`}, []string{"start"}, "HTML"},
		{"cut", map[string]string{"/data.json": `[` + record("1") + `, {"identif`}, []string{"start", "dataset 1: t (0)"}, "ends in its middle"},
	} {
		t.Run(c.name, func(t *testing.T) {
			lines, err := harvesttest.Collect(t, New(), harvesttest.Request(serve(t, c.pages), "/data.json"))
			if c.wrong == "" && err != nil || c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong)) {
				t.Errorf("error %v, want %q", err, c.wrong)
			}
			if got := told(lines); !slices.Equal(got, c.want) {
				t.Errorf("told %q, want %q", got, c.want)
			}
		})
	}
}

func TestResume(t *testing.T) {
	s := serve(t, map[string]string{"/data.json?page=2": `[{"identifier": "2", "title": "t"}]`})
	r := harvesttest.Request(s, "/data.json")
	r.Cursor = s.URL + "/data.json?page=2"
	lines, err := harvesttest.Collect(t, New(), r)
	if err != nil || !slices.Equal(told(lines), []string{"start", "dataset 2: t (0)", "end true"}) {
		t.Errorf("told %q, %v", told(lines), err)
	}
}

func TestContract(t *testing.T) {
	record := func(id string) string { return `{"identifier": "` + id + `", "title": "t"}` }
	s := serve(t, map[string]string{
		"/data.json":        `{"dataset": [` + record("1") + `, ` + record("2") + `], "next": "?page=2"}`,
		"/data.json?page=2": `{"dataset": [` + record("3") + `]}`,
	})
	harvesttest.Conform(t, New(), harvesttest.Request(s, "/data.json"))
}

func TestNextPageOfAHeader(t *testing.T) {
	got := nextPage("https://a.example/d/data.json", []string{`<https://a.example/x>; rel="prev", <data.json?page=2>; rel="next"`}, nil)
	if got != "https://a.example/d/data.json?page=2" {
		t.Errorf("got %q", got)
	}
}

func FuzzDataset(f *testing.F) {
	f.Add(`{"identifier":"a","title":"b","spatial":"1,2,3,4","temporal":"a/b","distribution":[{"downloadURL":"x"}]}`)
	f.Add(`{"identifier":1,"title":[{}],"publisher":{"subOrganizationOf":{"name":"x"}},"spatial":[[1,2],[3,4]]}`)
	f.Add(`{"identifier":"a","title":"b","spatial":{"type":"Feature","geometry":{"type":"Point","coordinates":[]}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		w := &walk{private: true}
		line := w.record(json.RawMessage(text), 1)
		if line.T != harvest.LineDataset && line.T != harvest.LineError {
			t.Errorf("told %q", line.T)
		}
		if line.Dataset != nil {
			if _, err := json.Marshal(line.Dataset); err != nil {
				t.Error(err)
			}
		}
	})
}
