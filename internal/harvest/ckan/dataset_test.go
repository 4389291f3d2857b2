package ckan

import (
	"encoding/json"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"grenier/internal/harvest"
)

// of reads a package with the least that one has, changed by some fields.
func of(t *testing.T, b Backend, fields string) harvest.Line {
	t.Helper()
	all := map[string]json.RawMessage{
		"id": json.RawMessage(`"the-id"`), "name": json.RawMessage(`"the-name"`), "title": json.RawMessage(`"The title"`),
		"resources": json.RawMessage(`[{"id": "r1", "name": "One", "url": "https://files.example/one.csv"}]`),
	}
	var changed map[string]json.RawMessage
	if err := json.Unmarshal([]byte("{"+fields+"}"), &changed); err != nil {
		t.Fatal(err)
	}
	for k, v := range changed {
		all[k] = v
		if string(v) == `"-"` {
			delete(all, k)
		}
	}
	raw, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return show(t, b, raw)
}

func TestValidation(t *testing.T) {
	for _, c := range []struct {
		fields  string
		kind    harvest.LineType
		message string // or reason
		logs    int
	}{
		{fields: ``, kind: harvest.LineDataset},
		{fields: `"title": "-"`, kind: harvest.LineError, message: "Validation error:\n- [title] required key not provided: None"},
		{fields: `"title": null`, kind: harvest.LineError, message: "Validation error:\n- [title] expected str: None"},
		{fields: `"title": ["a"]`, kind: harvest.LineError, message: "Validation error:\n- [title] expected str: [\"a\"]"},
		{fields: `"title": 12`, kind: harvest.LineDataset},
		{fields: `"id": "-"`, kind: harvest.LineDataset},
		{fields: `"name": "-"`, kind: harvest.LineDataset},
		{fields: `"id": "-", "name": "-"`, kind: harvest.LineError, message: "Validation error:\n- [id] required key not provided: None"},
		{fields: `"resources": "-"`, kind: harvest.LineError, message: "Validation error:\n- [resources] required key not provided: None"},
		{fields: `"resources": {"a": 1}`, kind: harvest.LineError, message: "Validation error:\n- [resources] expected list: {\"a\":1}"},
		{fields: `"resources": []`, kind: harvest.LineSkip, message: "Dataset the-name has no record"},
		{fields: `"resources": [], "name": "-"`, kind: harvest.LineSkip, message: "Dataset the-id has no record"},
		{fields: `"type": "harvest"`, kind: harvest.LineSkip, message: "The package is a source of harvesting, not a dataset."},
		{fields: `"type": "geodata"`, kind: harvest.LineDataset, logs: 1},
		{fields: `"type": "Dataset"`, kind: harvest.LineDataset},
		{fields: `"notes": {"en": "x"}`, kind: harvest.LineDataset, logs: 1},
		{fields: `"tags": "a"`, kind: harvest.LineDataset, logs: 1},
		{fields: `"tags": ["a", {"name": "b"}]`, kind: harvest.LineDataset, logs: 1},
		{fields: `"author_email": "nonsense", "private": "maybe", "organization": {"type": "x"}, "metadata_modified": 5`, kind: harvest.LineDataset},
		{fields: `"resources": [1, {"url": "https://a.example/x"}]`, kind: harvest.LineDataset, logs: 1},
		{fields: `"resources": [{"id": "x"}]`, kind: harvest.LineDataset, logs: 1},
		{fields: `"extras": {"a": 1}`, kind: harvest.LineDataset, logs: 1},
		{fields: `"notes": ` + strings.Repeat("[", 300) + strings.Repeat("]", 300), kind: harvest.LineError, message: "The package is nested more than 256 deep."},
	} {
		l := of(t, New(), c.fields)
		if l.T != c.kind || l.Message+l.Reason != c.message || len(l.Logs) != c.logs {
			t.Errorf("%.80s: %s %q %v", c.fields, l.T, l.Message+l.Reason, l.Logs)
		}
		if l.T == harvest.LineDataset && l.RemoteID == "" {
			t.Errorf("%s: no identifier", c.fields)
		}
	}
}

func TestMapping(t *testing.T) {
	for _, c := range []struct {
		fields string
		get    func(harvest.Line) any
		want   any
	}{
		{``, func(l harvest.Line) any { return []string{l.RemoteID, l.RemoteURL, l.Dataset.Name} }, []string{"the-id", "https://portal.example/dataset/the-name", "the-name"}},
		{`"url": "https://a.example/page"`, func(l harvest.Line) any { return l.RemoteURL }, "https://a.example/page"},
		{`"url": "see our site"`, func(l harvest.Line) any { return l.RemoteURL }, "https://portal.example/dataset/the-name"},
		{`"url": "http://localhost/x"`, func(l harvest.Line) any { return l.RemoteURL }, "https://portal.example/dataset/the-name"},
		{`"notes": " a\r\nb "`, func(l harvest.Line) any { return l.Dataset.Description + l.Dataset.DescriptionFormat }, "a\nbmarkdown"},
		{`"notes": "<p>a</p>"`, func(l harvest.Line) any { return l.Dataset.DescriptionFormat }, "html"},
		{`"notes": "see <https://a.example>"`, func(l harvest.Line) any { return l.Dataset.DescriptionFormat }, "markdown"},
		{`"license_id": "cc-by", "license_title": "CC BY"`, func(l harvest.Line) any { return l.Dataset.License }, []string{"cc-by", "CC BY"}},
		{`"license_id": null`, func(l harvest.Line) any { return l.Dataset.License }, []string(nil)},
		{`"tags": [{"name": "Déchets"}, {"name": "Water"}]`, func(l harvest.Line) any { return l.Dataset.Tags }, []string{"Déchets", "Water"}},
		{`"metadata_created": "2020-01-02T03:04:05", "metadata_modified": "2021-01-02"`, func(l harvest.Line) any { return l.Dataset.Harvest }, harvest.Origin{CreatedAt: "2020-01-02T03:04:05"}},
		{`"private": true, "author": "a"`, func(l harvest.Line) any { return []any{l.Dataset.Private, l.Dataset.Contacts} }, []any{(*bool)(nil), []harvest.Contact(nil)}},
	} {
		if got := c.get(of(t, New(), c.fields)); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %#v, want %#v", c.fields, got, c.want)
		}
	}
}

func TestExtras(t *testing.T) {
	for _, c := range []struct {
		extras string
		want   harvest.Dataset
	}{
		{`[{"key": "a", "value": "b"}, {"key": "n", "value": 2}, {"key": "o", "value": {"x": [1]}}]`, harvest.Dataset{Extras: map[string]any{"a": "b", "n": 2.0, "o": map[string]any{"x": []any{1.0}}}}},
		{`[{"key": "a", "value": ""}, {"key": "b", "value": "  "}, {"key": "c", "value": null}, {"key": "", "value": "x"}]`, harvest.Dataset{}},
		{`[{"key": "spatial-uri", "value": "http://a.example"}]`, harvest.Dataset{Extras: map[string]any{"ckan:spatial-uri": "http://a.example"}}},
		{`[{"key": "spatial-text", "value": "Gap"}]`, harvest.Dataset{Extras: map[string]any{"ckan:spatial-text": "Gap"}, Spatial: &harvest.Spatial{Zones: []string{"Gap"}}}},
		{`[{"key": "frequency", "value": "monthly"}]`, harvest.Dataset{Frequency: "monthly"}},
		{`[{"key": "frequency", "value": "http://purl.org/cld/freq/daily"}]`, harvest.Dataset{Frequency: "daily"}},
		{`[{"key": "frequency", "value": "http://publications.europa.eu/resource/authority/frequency/WEEKLY"}]`, harvest.Dataset{Frequency: "weekly"}},
		{`[{"key": "frequency", "value": "when I like"}]`, harvest.Dataset{Extras: map[string]any{"ckan:frequency": "when I like"}}},
		{`[{"key": "temporal_start", "value": "2020"}, {"key": "temporal_end", "value": "2021"}]`, harvest.Dataset{Temporal: &harvest.Period{Start: "2020", End: "2021"}}},
		{`[{"key": "temporal_start", "value": "2020"}]`, harvest.Dataset{}},
	} {
		d := of(t, New(), `"extras": `+c.extras).Dataset
		got := harvest.Dataset{Extras: d.Extras, Frequency: d.Frequency, Temporal: d.Temporal, Spatial: d.Spatial}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v", c.extras, got)
		}
	}
}

func TestGeometry(t *testing.T) {
	const ring = `[[0,0],[0,1],[1,1],[0,0]]`
	for _, c := range []struct{ given, want string }{
		{`{"type": "Polygon", "coordinates": [` + ring + `]}`, `[[` + ring + `]]`},
		{`{"type": "MultiPolygon", "coordinates": [[` + ring + `]]}`, `[[` + ring + `]]`},
		{`"{\"type\": \"Polygon\", \"coordinates\": [` + ring + `]}"`, `[[` + ring + `]]`},
		{`{"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [` + ring + `]}}`, `[[` + ring + `]]`},
		{`{"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": [0,0]}, {"type": "Polygon", "coordinates": [` + ring + `]}]}`, `[[` + ring + `]]`},
		{`"0,1,2,3"`, `[[[[0,1],[2,1],[2,3],[0,3],[0,1]]]]`},
		{`[0, "1", 2, 3]`, `[[[[0,1],[2,1],[2,3],[0,3],[0,1]]]]`},
		{`"2,1,0,3"`, ``},
		{`"0,1,2,300"`, ``},
		{`{"type": "Point", "coordinates": [0, 0]}`, ``},
		{`{"coordinates": [0, 0]}`, ``},
		{`{"type": "Polygon", "coordinates": [[[0,0]]]}`, ``},
		{`{"type": "Polygon", "coordinates": [[["a",0],[0,1],[1,1],[0,0]]]}`, ``},
		{`{"type": "Polygon"}`, ``},
		{`"Gap"`, ``},
		{`true`, ``},
	} {
		l := of(t, New(), `"extras": [{"key": "spatial", "value": `+c.given+`}]`)
		if l.T != harvest.LineDataset {
			t.Fatalf("%s: %+v", c.given, l)
		}
		if c.want == "" {
			if l.Dataset.Spatial != nil || len(l.Logs) != 1 {
				t.Errorf("%s: %+v, %v", c.given, l.Dataset.Spatial, l.Logs)
			}
			continue
		}
		if l.Dataset.Spatial == nil {
			t.Errorf("%s: nothing, %v", c.given, l.Logs)
			continue
		}
		shape := l.Dataset.Spatial.Geometry.(map[string]any)
		got, _ := json.Marshal(shape["coordinates"])
		if shape["type"] != "MultiPolygon" || string(got) != c.want {
			t.Errorf("%s: %s", c.given, got)
		}
	}
}

func TestResources(t *testing.T) {
	size := func(n int64) *int64 { return &n }
	for _, c := range []struct {
		given string
		want  []harvest.Resource
	}{
		{`{"id": "1", "name": "N", "url": "www.a.example/x", "format": "CSV", "mimetype": "Text/CSV", "size": "12", "hash": "D41D8CD98F00B204E9800998ECF8427E"}`,
			[]harvest.Resource{{RemoteID: "1", Title: "N", URL: "http://www.a.example/x", Format: "csv", Mime: "text/csv", Filesize: size(12), Checksum: &harvest.Checksum{Type: "md5", Value: "d41d8cd98f00b204e9800998ecf8427e"}}}},
		{`{"id": "1", "name": "", "url": "https://a.example/d/file.csv?x=1", "size": 5}`, []harvest.Resource{{RemoteID: "1", URL: "https://a.example/d/file.csv?x=1", Filesize: size(5)}}},
		{`{"id": "1", "url": "https://a.example/", "format": "WMS", "resource_type": "api"}`, []harvest.Resource{{RemoteID: "1", URL: "https://a.example/", Format: "wms", Type: "api"}}},
		{`{"id": "1", "name": "N", "url": "https://a.example/", "resource_type": "documentation"}`, []harvest.Resource{{RemoteID: "1", Title: "N", URL: "https://a.example/", Type: "documentation"}}},
		{`{"id": "1", "name": "N", "url": "https://a.example/", "resource_type": "null", "hash": "nonsense", "size": "big"}`, []harvest.Resource{{RemoteID: "1", Title: "N", URL: "https://a.example/"}}},
		{`{"id": "1", "name": "N", "url": "https://a.example/", "resource_type": "image"}`, []harvest.Resource{}},
		{`{"id": "1", "name": "N", "url": "https://a.example/", "resource_type": "visualization"}`, []harvest.Resource{}},
		{`{"id": "1", "name": "N", "url": "https://a.example/", "resource_type": "other"}`, []harvest.Resource{{RemoteID: "1", Title: "N", URL: "https://a.example/"}}},
		{`{"id": 7, "name": "A", "url": "https://a.example/wms"}, {"id": 7, "name": "B", "url": "https://a.example/wfs"}, {"id": 7, "name": "C", "url": "https://a.example/wfs"}`,
			[]harvest.Resource{{RemoteID: "7 https://a.example/wms", Title: "A", URL: "https://a.example/wms"}, {RemoteID: "7 https://a.example/wfs", Title: "B", URL: "https://a.example/wfs"}}},
		{`{"id": "1", "name": "N", "url": "https://a.example/", "created": "2020-01-01T00:00:00.1", "last_modified": "2021-01-01"}`,
			[]harvest.Resource{{RemoteID: "1", Title: "N", URL: "https://a.example/", Harvest: harvest.Origin{IssuedAt: "2020-01-01T00:00:00.1", ModifiedAt: "2021-01-01"}}}},
	} {
		if got := of(t, New(), `"resources": [`+c.given+`]`).Dataset.Resources; !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s:\n%+v", c.given, got)
		}
	}
}

func TestDKANDates(t *testing.T) {
	p := portal{Backend: NewDKAN()}
	for given, want := range map[string]string{
		"mar, 10/12/2019 - 09:23": "2019-12-10T09:23:00", "Date changed  jeu, 19/12/2019 - 03:00": "2019-12-19T03:00:00",
		"31/01/2020": "2020-01-31", "31/13/2020": "31/13/2020", "31/02/2020": "31/02/2020",
		"2019-09-30 22:00:00": "2019-09-30 22:00:00", "": "",
	} {
		if got := p.date(given); got != want {
			t.Errorf("%s: %s", given, got)
		}
	}
}

func TestSizes(t *testing.T) {
	for given, want := range map[string]int64{"42": 42, "42 octets": 42, "1.5 KB": 1500, "1,5 Mo": 1_500_000, "2 GiB": 2 << 30, "1\u00a0ko": 1000} {
		if got := sizeOf(given); got == nil || *got != want {
			t.Errorf("%s: %v", given, got)
		}
	}
	for _, given := range []string{"", "big", "-1", "1 parsec", "NaN", "1e300"} {
		if got := sizeOf(given); got != nil {
			t.Errorf("%s: %d", given, *got)
		}
	}
}

func TestNumbersOfPython(t *testing.T) {
	for given, want := range map[string]string{
		`{"a": NaN, "b": [Infinity, -Infinity, -1]}`: `{"a": null, "b": [null, null, -1]}`,
		`{"NaN": "NaN \" Infinity"}`:                 `{"NaN": "NaN \" Infinity"}`,
		`Na`:                                         `Na`,
	} {
		for _, in := range []io.Reader{strings.NewReader(given), iotest.OneByteReader(strings.NewReader(given))} {
			for _, out := range []io.Reader{newNumbers(in), iotest.OneByteReader(newNumbers(strings.NewReader(given)))} {
				if got, err := io.ReadAll(out); err != nil || string(got) != want {
					t.Errorf("%s: %s, %v", given, got, err)
				}
			}
		}
	}
}

func FuzzPackage(f *testing.F) {
	for _, name := range []string{"ckan-dataset-1.json", "dkan-french-w-license.json", "ckan-nan.json"} {
		f.Add(recorded(f, name))
	}
	f.Add([]byte(`{"success": true, "result": {"id": 1, "title": 2, "resources": [{"url": ":", "size": "1e999 o"}], "extras": [{"key": "spatial", "value": "1,2,3,4"}]}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		p := portal{Backend: NewDKAN(), Request: harvest.Request{Source: harvest.Target{URL: "https://portal.example"}}}
		var result json.RawMessage
		if readReply(strings.NewReader(string(raw)), func(d *decoder) error { return d.value(&result) }) != nil {
			return
		}
		one, err := first(result)
		if err != nil {
			return
		}
		if l := p.read(one, "asked"); l.T == harvest.LineDataset && (l.RemoteID == "" || l.Dataset.Title == "") {
			t.Errorf("%+v", l)
		}
	})
}
