package tabular

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
)

func TestPeekGeoJSON(t *testing.T) {
	get, url := files(t)
	f, err := PeekGeoJSON(t.Context(), get, url+"/valid.geojson")
	if err != nil {
		t.Fatal(err)
	}
	if f.Count == 0 || !json.Valid(f.JSON) || f.Size == 0 || f.URL != url+"/valid.geojson" || f.Box[0] > f.Box[2] {
		t.Errorf("got %+v", f)
	}
	_, err = PeekGeoJSON(t.Context(), get, url+"/invalid.geojson")
	wantWhy(t, err, "not_geojson")
	get, url = remote(t, func(w http.ResponseWriter, r *http.Request) { w.Write(make([]byte, 6<<20)) })
	_, err = PeekGeoJSON(t.Context(), get, url)
	wantWhy(t, err, "too_big")
}

func TestFeatures(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{`{"type":"Point","coordinates":[2.35, 48.123456789, 120]}`,
			`{"type":"Feature","geometry":{"type":"Point","coordinates":[2.35,48.123457]},"properties":{}}`},
		{`{"type":"Feature","geometry":{"type":"LineString","coordinates":[[0,-0.0000001],[ 1e1 , 2 ]]},"properties":{"nom":"A","n":1.50,"b":true,"o":{"x": [1]},"z":null}}`,
			`{"type":"Feature","geometry":{"type":"LineString","coordinates":[[0,0],[10,2]]},"properties":{"nom":"A","n":1.50,"b":true,"o":"{\"x\":[1]}"}}`},
		{"\ufeff" + `{"type":"FeatureCollection","features":[{"type":"Feature","geometry":null},{"type":"Feature","geometry":{"type":"GeometryCollection","geometries":[{"type":"MultiPoint","coordinates":[[1,2]]},{"type":"MultiPolygon","coordinates":[[[[1,2],[3,4],[5,6],[1,2]]]]}]},"properties":null}]}`,
			`{"type":"Feature","geometry":{"type":"GeometryCollection","geometries":[{"type":"MultiPoint","coordinates":[[1,2]]},{"type":"MultiPolygon","coordinates":[[[[1,2],[3,4],[5,6],[1,2]]]]}]},"properties":{}}`},
		{`{"type":"Polygon","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:OGC:1.3:CRS84"}},"coordinates":[[[1,2],[3,4],[5,6],[1,2]]]}`,
			`{"type":"Feature","geometry":{"type":"Polygon","coordinates":[[[1,2],[3,4],[5,6],[1,2]]]},"properties":{}}`},
	} {
		f, err := features([]byte(test.text))
		if err != nil {
			t.Errorf("%s: %v", test.text, err)
			continue
		}
		if got, want := string(f.JSON), `{"type":"FeatureCollection","features":[`+test.want+`]}`; got != want || f.Count != 1 {
			t.Errorf("%s:\n%s, want\n%s", test.text, got, want)
		}
	}
}

func TestFeaturesRefused(t *testing.T) {
	nested := strings.Repeat(`{"type":"GeometryCollection","geometries":[`, 50) + `{"type":"Point","coordinates":[1,2]}` + strings.Repeat(`]}`, 50)
	for text, want := range map[string]Reason{
		"": Empty, "<!doctype html>": HTML, "null": NotGeoJSON, "[]": NotGeoJSON, "{}": NotGeoJSON, `{"type":"Topology"}`: NotGeoJSON,
		`{"type":"Point"}`: NotGeoJSON, `{"type":"Point","coordinates":[1]}`: NotGeoJSON, `{"type":"Point","coordinates":["1","2"]}`: NotGeoJSON,
		`{"type":"Point","coordinates":[[1,2]]}`: NotGeoJSON, `{"type":"LineString","coordinates":[1,2]}`: NotGeoJSON,
		`{"type":"Point","coordinates":{"x":1}}`: NotGeoJSON, `{"type":"Point","coordinates":[1,null]}`: NotGeoJSON,
		`{"type":"FeatureCollection","features":[{"type":"Point","coordinates":[1,2]}]}`: NotGeoJSON,
		`{"type":"FeatureCollection","features":[null]}`:                                 NotGeoJSON,
		`{"type":"GeometryCollection","geometries":[null]}`:                              NotGeoJSON,
		nested: NotGeoJSON,
		`{"type":"FeatureCollection","features":[]}`:                                                      NoShapes,
		`{"type":"Feature","geometry":null}`:                                                              NoShapes,
		`{"type":"MultiPoint","coordinates":[ ]}`:                                                         NoShapes,
		`{"type":"Point","coordinates":[652469.02,6862035.3]}`:                                            NotWGS84,
		`{"type":"Point","coordinates":[2,91]}`:                                                           NotWGS84,
		`{"type":"Point","coordinates":[1,2],"crs":{"properties":{"name":"urn:ogc:def:crs:EPSG::2154"}}}`: NotWGS84,
	} {
		_, err := features([]byte(text))
		wantWhy(t, err, string(want))
	}
}

func TestPropertiesAreFewAndShort(t *testing.T) {
	var members []string
	for i := range 40 {
		members = append(members, fmt.Sprintf(`"p%02d":"%s"`, i, strings.Repeat("é", 1000)))
	}
	f, err := features([]byte(`{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]},"properties":{` + strings.Join(members, ",") + `}}`))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Features []struct{ Properties map[string]string }
	}
	if err := json.Unmarshal(f.JSON, &got); err != nil {
		t.Fatal(err)
	}
	p := got.Features[0].Properties
	if len(p) != 20 || p["p19"] != strings.Repeat("é", 299)+"…" {
		t.Errorf("%d properties: %q", len(p), p["p19"])
	}
}

func FuzzFeatures(f *testing.F) {
	sample, err := os.ReadFile("testdata/valid.geojson")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sample)
	f.Add([]byte(`{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1e0,-2.5,3]}]}`))
	f.Add([]byte(`{"type":"Feature","geometry":{"type":"MultiPolygon","coordinates":[[[[1,2]]]]},"properties":{"a":[{}],"a":1e999,"b":null}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := features(data)
		if err != nil {
			if Why(err) == "" {
				t.Fatalf("an error without a reason: %v", err)
			}
			return
		}
		again, err := features(got.JSON)
		if err != nil || string(again.JSON) != string(got.JSON) || again.Count != got.Count {
			t.Fatalf("%s is not stable: %v", got.JSON, err)
		}
	})
}
