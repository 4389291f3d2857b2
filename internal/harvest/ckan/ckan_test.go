package ckan

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
	"time"

	"grenier/internal/fault"
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

// made is a portal of a few packages. What is asked of it is kept.
type made struct {
	packages []string // JSON
	noSearch bool
	noPages  bool // package_list gives all at once, whatever it is asked
	rowsMax  int
	asked    []string
	auth     []string
	around   func(w http.ResponseWriter, r *http.Request) bool // answers instead
}

func (m *made) serve(t testing.TB) *httptest.Server {
	s := httptest.NewServer(m)
	t.Cleanup(s.Close)
	return s
}

func (m *made) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	m.asked, m.auth = append(m.asked, r.URL.RequestURI()), append(m.auth, r.Header.Get("Authorization"))
	if m.around != nil && m.around(w, r) {
		return
	}
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	start, _ := strconv.Atoi(q.Get("start"))
	offset, _ := strconv.Atoi(q.Get("offset"))
	rows, _ := strconv.Atoi(q.Get("rows"))
	limit, err := strconv.Atoi(q.Get("limit"))
	if m.rowsMax > 0 {
		rows = min(rows, m.rowsMax)
	}
	_, action, _ := strings.Cut(r.URL.Path, "/api/3/action/")
	switch {
	case action == "package_search" && !m.noSearch:
		found := m.packages
		if strings.Contains(q.Get("fq"), "metadata_modified:") {
			found = found[:1]
		}
		first := min(start, len(found))
		fmt.Fprintf(w, `{"help": "x", "success": true, "result": {"count": %d, "sort": "id asc", "results": [%s], "facets": {}}}`,
			len(found), strings.Join(found[first:min(first+rows, len(found))], ","))
	case action == "package_list":
		if err != nil || m.noPages {
			offset, limit = 0, len(m.packages)
		}
		first := min(offset, len(m.packages))
		var names []string
		for _, p := range m.packages[first:min(first+limit, len(m.packages))] {
			names = append(names, nameOf(p))
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"success": true, "result": names})
	case action == "package_show":
		for _, p := range m.packages {
			if nameOf(p) == q.Get("id") || idOf(p) == q.Get("id") {
				fmt.Fprintf(w, `{"success": true, "result": %s}`, p)
				return
			}
		}
		http.NotFound(w, r)
	default:
		w.WriteHeader(400)
		fmt.Fprint(w, `"Bad request - Action name not known"`)
	}
}

func nameOf(p string) string { return fieldOf(p, "name") }
func idOf(p string) string   { return fieldOf(p, "id") }

func fieldOf(p, key string) string {
	var all map[string]any
	_ = json.Unmarshal([]byte(p), &all)
	text, _ := all[key].(string)
	return text
}

func somePackages(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(`{"id": "id-%03d", "name": "name-%03d", "title": "Title %d", "resources": [{"id": "r%d", "url": "https://files.example/%d.csv"}]}`, i, i, i, i, i)
	}
	return all
}

func run(t testing.TB, m *made, change func(*harvest.Request)) ([]harvest.Line, error) {
	return runOf(t, New(), m, change)
}

func runOf(t testing.TB, b harvest.Backend, m *made, change func(*harvest.Request)) ([]harvest.Line, error) {
	t.Helper()
	r := harvesttest.Request(m.serve(t), "")
	if change != nil {
		change(&r)
	}
	return harvesttest.Collect(t.(*testing.T), b, r)
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

func TestSearchReadsAllPages(t *testing.T) {
	m := &made{packages: somePackages(25), rowsMax: 10}
	lines, err := run(t, m, func(r *harvest.Request) { r.Source.Secrets = map[string]string{"apikey": "the key"} })
	if err != nil || len(ofType(lines, harvest.LineDataset)) != 25 || !complete(lines) {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	if lines[0].T != harvest.LineStart || *lines[0].Total != 25 {
		t.Errorf("begins with %+v", lines[0])
	}
	want := []string{
		"/api/3/action/package_search?rows=500&sort=id+asc&start=0", "/api/3/action/package_search?rows=500&sort=id+asc&start=10",
		"/api/3/action/package_search?rows=500&sort=id+asc&start=20",
	}
	if !slices.Equal(m.asked, want) || m.auth[0] != "the key" {
		t.Errorf("asked %q with %q", m.asked, m.auth)
	}
	if points := ofType(lines, harvest.LineCheckpoint); len(points) != 3 || points[1].Cursor != "start:20" || points[1].Done != 20 {
		t.Errorf("checkpoints %+v", points)
	}
	lines, err = run(t, m, func(r *harvest.Request) { r.Cursor = "start:20" })
	if err != nil || len(ofType(lines, harvest.LineDataset)) != 5 || !complete(lines) {
		t.Errorf("going on: %d lines, %v", len(lines), err)
	}
}

func TestSourceIsAFolder(t *testing.T) {
	for _, path := range []string{"/data", "/data/", "/data?x=1"} {
		m := &made{packages: somePackages(1)}
		s := m.serve(t)
		if _, err := harvesttest.Collect(t, New(), harvesttest.Request(s, path)); err != nil || !strings.HasPrefix(m.asked[0], "/data/api/3/action/package_search?") {
			t.Errorf("%s: %q, %v", path, m.asked, err)
		}
	}
}

func TestFilters(t *testing.T) {
	for _, c := range []struct {
		filters []harvest.Filter
		want    string
	}{
		{[]harvest.Filter{{Key: "organization", Value: "my-org"}}, "organization:my-org"},
		{[]harvest.Filter{{Key: "tags", Value: `"open data"`, Type: "exclude"}}, `-tags:"open data"`},
		{[]harvest.Filter{{Key: "organization", Value: "a", Type: "include"}, {Key: "tags", Value: "b"}, {Key: "tags", Value: "c", Type: "exclude"}}, "organization:a AND tags:b AND -tags:c"},
	} {
		p := portal{Request: harvest.Request{Source: harvest.Target{Config: harvest.Config{Filters: c.filters}}}}
		if got := p.filterQuery(false); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
	p := portal{Request: harvest.Request{Since: time.Date(2026, 5, 1, 10, 0, 0, 0, time.UTC)}}
	if got := p.filterQuery(true); got != "metadata_modified:[2026-05-01T09:00:00Z TO *]" {
		t.Error(got)
	}
}

func TestFiltersWithoutSearch(t *testing.T) {
	with := func(i int, more string) string {
		return fmt.Sprintf(`{"id": "%d", "name": "n%d", "title": "T", "resources": [{"url": "https://a.example/x"}], %s}`, i, i, more)
	}
	m := &made{noSearch: true, packages: []string{
		with(0, `"organization": {"name": "org", "id": "o1"}, "tags": [{"name": "Water"}]`),
		with(1, `"organization": {"name": "org", "id": "o1"}, "tags": []`),
		with(2, `"organization": null, "tags": [{"name": "water"}]`),
	}}
	for _, c := range []struct {
		filter harvest.Filter
		want   []string
	}{
		{harvest.Filter{Key: "organization", Value: "org"}, []string{"0", "1"}},
		{harvest.Filter{Key: "organization", Value: `"o1"`, Type: "exclude"}, []string{"2"}},
		{harvest.Filter{Key: "tags", Value: "water"}, []string{"0", "2"}},
	} {
		lines, err := run(t, m, func(r *harvest.Request) { r.Source.Config.Filters = []harvest.Filter{c.filter} })
		var got []string
		for _, l := range ofType(lines, harvest.LineDataset) {
			got = append(got, l.RemoteID)
		}
		if err != nil || !slices.Equal(got, c.want) || !complete(lines) {
			t.Errorf("%+v: %v, %v", c.filter, got, err)
		}
	}
}

func TestListWithoutSearch(t *testing.T) {
	for _, noPages := range []bool{false, true} {
		m := &made{packages: somePackages(120), noSearch: true, noPages: noPages}
		lines, err := run(t, m, nil)
		if err != nil || len(ofType(lines, harvest.LineDataset)) != 120 || !complete(lines) {
			t.Fatalf("%d lines, %v", len(lines), err)
		}
		points := ofType(lines, harvest.LineCheckpoint)
		if len(points) != 2 || points[0].Cursor != "name:name-049" || points[0].Done != 50 {
			t.Fatalf("%+v", points)
		}
		lines, err = run(t, m, func(r *harvest.Request) { r.Cursor = points[1].Cursor })
		if got := ofType(lines, harvest.LineDataset); err != nil || len(got) != 20 || got[0].RemoteID != "id-100" {
			t.Errorf("going on: %d, %v", len(got), err)
		}
	}
}

func TestOnePackageFailsAlone(t *testing.T) {
	m := &made{packages: somePackages(4), noSearch: true}
	m.around = func(w http.ResponseWriter, r *http.Request) bool {
		switch r.URL.Query().Get("id") {
		case "name-000":
			w.WriteHeader(403)
		case "name-001":
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<html>")
		case "name-002":
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(recorded(t, "ckan-nan.json"))
		default:
			return false
		}
		return true
	}
	lines, err := run(t, m, nil)
	failed := ofType(lines, harvest.LineError)
	if err != nil || len(failed) != 3 || len(ofType(lines, harvest.LineDataset)) != 1 || !complete(lines) {
		t.Fatalf("%+v, %v", lines, err)
	}
	for i, want := range []string{"403 Client Error: Forbidden for url: ", "Unknown Error: ", "Validation error:\n- [title] expected str: None\n- [resources] required key not provided: None"} {
		if !strings.HasPrefix(failed[i].Message, want) {
			t.Errorf("%q, want %q", failed[i].Message, want)
		}
	}
}

func TestPackagesWithoutResourcesAreAsked(t *testing.T) {
	whole := somePackages(2)
	m := &made{packages: whole}
	m.around = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "package_search") {
			return false
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"success": true, "result": {"results": [{"id": "id-000", "name": "name-000", "title": "T"}], "count": 1}}`)
		return true
	}
	lines, err := run(t, m, nil)
	if got := ofType(lines, harvest.LineDataset); err != nil || len(got) != 1 || len(got[0].Dataset.Resources) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestListingsThatMove(t *testing.T) {
	// A record is on two pages; a record without identifier is none of it.
	pages := [][]string{{somePackages(3)[0], somePackages(3)[1]}, {somePackages(3)[1], somePackages(3)[2]}}
	m := &made{}
	m.around = func(w http.ResponseWriter, r *http.Request) bool {
		start, _ := strconv.Atoi(r.URL.Query().Get("start"))
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"success": true, "result": {"count": 4, "results": [%s]}}`, strings.Join(pages[start/2], ","))
		return true
	}
	lines, err := run(t, m, nil)
	if got := ofType(lines, harvest.LineDataset); err != nil || len(got) != 3 || !complete(lines) {
		t.Errorf("%d, %v", len(got), err)
	}
}

func TestListingsThatNeverEnd(t *testing.T) {
	for name, result := range map[string]string{
		"the same page for ever": `{"count": 1000000, "results": [` + somePackages(1)[0] + `]}`,
		"nothing for ever":       `{"count": 1000000, "results": []}`,
	} {
		m := &made{}
		m.around = func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"success": true, "result": %s}`, result)
			return true
		}
		lines, err := run(t, m, nil)
		if err != nil || len(ofType(lines, harvest.LineError)) != 1 || complete(lines) || len(m.asked) > 2 {
			t.Errorf("%s: %+v, %v", name, lines, err)
		}
	}
}

func TestIncremental(t *testing.T) {
	m := &made{packages: somePackages(5)}
	lines, err := run(t, m, func(r *harvest.Request) { r.Since = harvesttest.Now.Add(-24 * time.Hour) })
	changed, unchanged := ofType(lines, harvest.LineDataset), ofType(lines, harvest.LineUnchanged)
	if err != nil || len(changed) != 1 || len(unchanged) != 4 || !complete(lines) || lines[0].Total != nil {
		t.Fatalf("%+v, %v", lines, err)
	}
	if unchanged[0].RemoteID != "id-001" || !strings.Contains(m.asked[len(m.asked)-1], "fl=id") {
		t.Errorf("%+v, %q", unchanged[0], m.asked)
	}
}

func TestMaxItemsAsksForLess(t *testing.T) {
	m := &made{packages: somePackages(3)}
	if _, err := run(t, m, func(r *harvest.Request) { r.MaxItems = 20 }); err != nil || !strings.Contains(m.asked[0], "rows=20&") {
		t.Errorf("%q, %v", m.asked, err)
	}
}

func TestReplies(t *testing.T) {
	for _, c := range []struct {
		name, contentType, body string
		status                  int
		want                    string // in the error
	}{
		{"refused", "application/json", string(recorded(t, "ckan-success-false.json")), 200, "Authorization Error: Access denied"},
		{"an error that is a text", "application/json", `{"success": false, "error": "broken"}`, 200, "broken"},
		{"an error without a type", "application/json; charset=utf-8", `{"success": false, "error": {"message": "broken"}}`, 200, "broken"},
		{"an error of fields", "application/json", `{"success": false, "error": {"__type": "Validation Error", "id": ["missing"]}}`, 200, `Validation Error: {"__type"`},
		{"no word", "application/json", `{"success": false}`, 200, "not why"},
		{"a page", "text/html; charset=utf-8", "<html>", 200, "Unknown Error: http://127.0.0.1"},
		{"a text", "text/plain", `"Bad request - Action name not known"`, 200, "Bad request - Action name not known"},
		{"a status", "application/json", `{}`, 404, "404 Client Error: Not Found for url: http://127.0.0.1"},
		{"a server's status", "application/json", `{}`, 501, "501 Server Error: Not Implemented for url: http://127.0.0.1"},
		{"no result", "application/json", `{"success": true}`, 200, "no result"},
		{"another result", "application/json", `{"success": true, "result": {"a": 1}}`, 200, "something else"},
		{"cut", "application/json", `{"success": true, "result": ["a", "b`, 200, "ends in its middle"},
		{"no JSON", "application/json", `{"success": true, "result": [a]}`, 200, "is not JSON"},
		{"empty", "application/json", "", 200, "ends in its middle"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &made{}
			m.around = func(w http.ResponseWriter, r *http.Request) bool {
				w.Header().Set("Content-Type", c.contentType)
				w.WriteHeader(c.status)
				fmt.Fprint(w, c.body)
				return true
			}
			lines, err := run(t, m, nil)
			if !fault.Is(err, fault.BadGateway) || !strings.Contains(fault.Of(err).SafeText(), c.want) || len(ofType(lines, harvest.LineEnd)) > 0 {
				t.Errorf("%v, %+v", err, lines)
			}
		})
	}
}

func TestPortalThatIsLost(t *testing.T) {
	m := &made{packages: somePackages(10), noSearch: true}
	m.around = func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "package_show") {
			panic(http.ErrAbortHandler)
		}
		return false
	}
	lines, err := run(t, m, nil)
	if err == nil || len(ofType(lines, harvest.LineError)) != maxUnreached-1 {
		t.Errorf("%+v, %v", lines, err)
	}
}

func TestRecordedSearch(t *testing.T) {
	m := &made{}
	m.around = func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Content-Type", "application/json;charset=utf-8")
		if r.URL.Query().Get("start") == "0" {
			_, _ = w.Write(recorded(t, "birmingham-search.json"))
		} else {
			fmt.Fprint(w, `{"success": true, "result": {"count": 10, "results": []}}`)
		}
		return true
	}
	lines, err := run(t, m, nil)
	all := ofType(lines, harvest.LineDataset)
	if err != nil || len(all) != 10 || len(ofType(lines, harvest.LineError)) != 0 {
		t.Fatalf("%d, %v", len(all), err)
	}
	if d := all[0]; d.RemoteID != "cf552d08-cee9-43bf-8c0f-3196a9311799" || d.Dataset.Resources[0].Checksum.Type != "md5" || d.Dataset.Resources[0].Format != "xls" {
		t.Errorf("%+v", d.Dataset)
	}
}

func show(t *testing.T, b Backend, raw []byte) harvest.Line {
	t.Helper()
	var reply struct{ Result json.RawMessage }
	if err := json.Unmarshal(raw, &reply); err != nil {
		t.Fatal(err)
	}
	if reply.Result == nil {
		reply.Result = raw
	}
	one, err := first(reply.Result)
	if err != nil {
		t.Fatal(err)
	}
	p := portal{Backend: b, Request: harvest.Request{Source: harvest.Target{URL: "https://portal.example"}}}
	return p.read(one, "asked")
}

func TestRecordedPackages(t *testing.T) {
	one := show(t, New(), recorded(t, "ckan-dataset-1.json"))
	d := one.Dataset
	if one.RemoteID != "7e4d4ef3-f452-4c35-963d-9c6e582374b3" || one.RemoteURL != "http://www.spotlightonspend.org.uk/Downloads/1038" || d.Name != "dataset-1" || len(d.Resources) != 3 {
		t.Fatalf("%+v", one)
	}
	if r := d.Resources[0]; r.Title != "Resource 1" || r.Format != "csv" || r.Mime != "text/csv" || r.Description != "Resource description 1" || r.Checksum.Value != "b19731f6a08c98079adfaeffadb719f5" || r.Harvest.IssuedAt != "2015-07-22T14:29:55.618840" || r.RemoteID != "281dffa6-ea9b-4446-be41-05dced06591f" {
		t.Errorf("%+v", r)
	}
	if d.Resources[2].Title != "" || d.Harvest.CreatedAt != "2015-07-22T14:29:55.490069" || d.Harvest.ModifiedAt != "" {
		t.Errorf("%+v", d)
	}
	if !reflect.DeepEqual(d.License, []string{"notspecified", "License not specified"}) || !reflect.DeepEqual(d.Tags, []string{"country-uk", "date-2009", "openspending", "regional"}) {
		t.Errorf("%v, %v", d.License, d.Tags)
	}
	if d.Extras["ckan:spatial-text"] != "Adur, West Sussex, South East England, England, United Kingdom" || d.Spatial.Geometry.(map[string]any)["type"] != "MultiPolygon" {
		t.Errorf("%+v, %+v", d.Extras, d.Spatial)
	}
	two := show(t, New(), recorded(t, "ckan-dataset-2.json"))
	if len(two.Dataset.Resources) != 1 || two.Dataset.Spatial.Geometry == nil || two.Dataset.Resources[0].Harvest.ModifiedAt != "2011-11-24T11:20:43" || *two.Dataset.Resources[0].Filesize != 637379 {
		t.Errorf("%+v", two.Dataset)
	}
	if !strings.Contains(two.Dataset.Description, "\n\n### Data\n\n") || two.Dataset.DescriptionFormat != "markdown" {
		t.Errorf("%q", two.Dataset.Description)
	}
	for _, name := range []string{"magda.json", "magda-extras.json", "package-ckan_dataset.json", "package-full_ckan_dataset_legacy.json", "package-ckan_full_dataset_dcat_ap.json", "package-ckan_full_dataset_dcat_ap_legacy.json"} {
		if l := show(t, New(), recorded(t, name)); l.T != harvest.LineDataset || len(l.Dataset.Resources) == 0 {
			t.Errorf("%s: %+v", name, l)
		}
	}
}

func TestRecordedDKAN(t *testing.T) {
	m := &made{}
	m.around = func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		if strings.HasSuffix(r.URL.Path, "package_list") {
			fmt.Fprint(w, `{"success": true, "result": ["04be6288-696d-4331-850d-a144871a7e3a"]}`)
		} else {
			_, _ = w.Write(recorded(t, "dkan-french-w-license.json"))
		}
		return true
	}
	lines, err := runOf(t, NewDKAN(), m, nil)
	all := ofType(lines, harvest.LineDataset)
	if err != nil || len(all) != 1 || !complete(lines) || !slices.Equal(m.asked, []string{"/api/3/action/package_list", "/api/3/action/package_show?id=04be6288-696d-4331-850d-a144871a7e3a"}) {
		t.Fatalf("%+v, %v, %q", lines, err, m.asked)
	}
	d := all[0].Dataset
	if all[0].RemoteID != "04be6288-696d-4331-850d-a144871a7e3a" || d.Harvest.CreatedAt != "2019-12-10T09:23:00" || d.Harvest.ModifiedAt != "" || len(d.Resources) != 2 {
		t.Errorf("%+v", d)
	}
	r := d.Resources[0]
	if r.Format != "xlsx" || r.Mime != "" || *r.Filesize != 42 || r.Harvest.ModifiedAt != "2019-12-19T03:00:00" || r.DescriptionFormat != "html" {
		t.Errorf("%+v", r)
	}
	if d.License[0] != "http://www.etalab.gouv.fr/pages/Licence_ouverte_Open_licence-5899923.html" || d.Private != nil {
		t.Errorf("%+v", d)
	}
}
