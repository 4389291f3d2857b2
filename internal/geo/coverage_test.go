package geo_test

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"grenier/internal/geo"
	"grenier/internal/geo/shape"
)

func coverage(t *testing.T, zones []string, geometry string) (geo.Coverage, bool) {
	t.Helper()
	covered, ok, err := geo.NewDirectory().Coverage(context.Background(), zones, []byte(geometry))
	if err != nil {
		t.Fatal(err)
	}
	return covered, ok
}

const (
	boxGeometry   = `{"type":"Polygon","coordinates":[[[2,48],[3,48],[3,49],[2,49],[2,48]]]}`
	pointGeometry = `{"type":"MultiPoint","coordinates":[[2,48],[3,49]]}`
	worldGeometry = `{"type":"Polygon","coordinates":[[[-180,-90],[180,-90],[180,90],[-180,90],[-180,-90]]]}`
)

func TestCoverageTellsWhatToShow(t *testing.T) {
	for name, c := range map[string]struct {
		zones    []string
		geometry string
		within   shape.Box
		drawn    int
		box, own bool
	}{
		"a département":         {[]string{"fr:departement:38"}, "", shape.Box{4.7, 44.6, 6.4, 46}, 1, false, false},
		"a commune":             {[]string{"fr:commune:35238"}, "", shape.Box{-2, 47, -1, 49}, 0, true, false},
		"an old identifier":     {[]string{"fr/commune/35238@2016-01-01"}, "", shape.Box{-2, 47, -1, 49}, 0, true, false},
		"France":                {[]string{"country:fr"}, "", shape.Box{-6, 41, 10, 52}, 1, false, false},
		"Europe":                {[]string{"country-group:ue"}, "", shape.Box{-32, 27, 35, 71}, 1, false, false},
		"the world":             {[]string{"country-group:world"}, "", shape.Box{-180, -90, 180, 90}, 0, false, false},
		"two zones":             {[]string{"fr:departement:38", "fr:region:93", "fr:region:93", "other:nowhere"}, "", shape.Box{4, 42, 8, 46}, 2, false, false},
		"a box":                 {nil, boxGeometry, shape.Box{2, 48, 3, 49}, 0, true, false},
		"points":                {nil, pointGeometry, shape.Box{2, 48, 3, 49}, 0, false, true},
		"the world as a box":    {nil, worldGeometry, shape.Box{-180, -90, 180, 90}, 0, false, false},
		"zones behind nonsense": {[]string{"fr:departement:38"}, `{"type":"Point","coordinates":[652000,6860000]}`, shape.Box{4.7, 44.6, 6.4, 46}, 1, false, false},
	} {
		got, ok := coverage(t, c.zones, c.geometry)
		if !ok || !c.within.Holds(got.BBox) || len(got.Zones) != c.drawn || got.Box != c.box || (got.Geometry != nil) != c.own {
			t.Errorf("%s: %+v (%t)", name, got, ok)
		}
	}
	for _, nothing := range []string{"", "null", `{"type":"Point","coordinates":[0,0]}`, `{"type":"Polygon","coordinates":[]}`,
		`{"type":"Point","coordinates":[500,500]}`, `{"a":"` + strings.Repeat("x", 600<<10) + `","type":"Point","coordinates":[1,1]}`} {
		if got, ok := coverage(t, []string{"other:nowhere", "x"}, nothing); ok {
			t.Errorf("%.60s: %+v", nothing, got)
		}
	}
}

var numbers = regexp.MustCompile(`-?[0-9]+`)

// draws checks that a map is small, sound XML, and that the paths on it begin
// within it.
func draws(t *testing.T, svg string) {
	t.Helper()
	if len(svg) > 3<<10 {
		t.Errorf("%d bytes", len(svg))
	}
	decoder := xml.NewDecoder(strings.NewReader(svg))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%v in %s", err, svg)
		}
		element, _ := token.(xml.StartElement)
		for _, a := range element.Attr {
			if a.Name.Local != "d" {
				continue
			}
			for _, ring := range strings.Split(strings.Trim(a.Value, "M"), "M") {
				x, _ := strconv.Atoi(numbers.FindAllString(ring, 2)[0])
				y, _ := strconv.Atoi(numbers.FindAllString(ring, 2)[1])
				if x < -1 || x > 321 || y < -1 || y > 181 {
					t.Errorf("a path begins at %d %d in %s", x, y, svg)
				}
			}
		}
	}
}

func TestLocatorsAreSmallMaps(t *testing.T) {
	d := geo.NewDirectory()
	ids := []string{"country:fr", "country-group:ue", "country-group:world", "country-subset:fr:drom", "fr:collectivite:988", "fr:commune:97411", "country:ru", "country:mc", "country:fj"}
	for _, level := range []string{"fr:departement", "fr:region"} {
		for zone := range d.InLevel(level) {
			ids = append(ids, zone.ID)
		}
	}
	for _, id := range ids {
		covered, ok := coverage(t, []string{id}, "")
		if !ok {
			t.Fatalf("%s is nowhere", id)
		}
		svg, err := d.Locator(context.Background(), covered)
		if err != nil {
			t.Fatal(err)
		}
		draws(t, svg)
		if !strings.Contains(svg, `class="land"`) || strings.Contains(svg, `class="contour"`) == (id == "country-group:world") {
			t.Errorf("%s is drawn as %s", id, svg)
		}
	}
	for _, geometry := range []string{boxGeometry, pointGeometry, worldGeometry, `{"type":"Point","coordinates":[-30,10]}`, `{"type":"Point","coordinates":[180,-90]}`} {
		covered, ok := coverage(t, nil, geometry)
		if !ok {
			t.Fatalf("%s is nowhere", geometry)
		}
		svg, err := d.Locator(context.Background(), covered)
		if err != nil {
			t.Fatal(err)
		}
		draws(t, svg)
	}
}

func TestAWholeCommuneIsADotOnTheCountry(t *testing.T) {
	covered, _ := coverage(t, []string{"fr:commune:35238"}, "")
	svg, err := geo.NewDirectory().Locator(context.Background(), covered)
	if err != nil || !strings.Contains(svg, `<circle class="contour" cx="1`) {
		t.Errorf("%s (%v)", svg, err)
	}
}

func BenchmarkLocator(b *testing.B) {
	d := geo.NewDirectory()
	for _, id := range []string{"fr:departement:38", "fr:region:84", "country:fr", "country-group:ue"} {
		b.Run(fmt.Sprint(id), func(b *testing.B) {
			covered, _, err := d.Coverage(context.Background(), []string{id}, nil)
			for b.Loop() {
				if _, err2 := d.Locator(context.Background(), covered); err != nil || err2 != nil {
					b.Fatal(err, err2)
				}
			}
		})
	}
}
