package geo_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/geo"
	"grenier/internal/geo/shape"
)

func contours(t *testing.T, d *geo.Directory, ids ...string) map[string]shape.Shape {
	t.Helper()
	found, err := d.Contours(context.Background(), ids)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestBuiltInContours(t *testing.T) {
	d := geo.NewDirectory()
	for zone := range d.InLevel("fr:departement") {
		contour := contours(t, d, zone.ID)[zone.ID]
		box, ok := contour.Box()
		if !ok || !box.Holds(shape.Box{zone.Extent.Lon, zone.Extent.Lat, zone.Extent.Lon, zone.Extent.Lat}) {
			t.Errorf("%s lies at %v, its contour in %v", zone.ID, zone.Extent, box)
		}
	}
	for zone := range d.InLevel("fr:region") {
		// Nouvelle-Aquitaine has two enclaves of Occitanie, Provence-Alpes-Côte d'Azur has land within Auvergne-Rhône-Alpes.
		if contour := contours(t, d, zone.ID)[zone.ID]; len(contour) == 0 || len(contour[0]) > 3 {
			t.Errorf("%s has %d polygons, the first of %d rings", zone.ID, len(contour), len(contour[0]))
		}
	}
	for id, most := range map[string]int{"country:fr": 60, "country-subset:fr:metro": 50, "country-subset:fr:drom": 40, "country:de": 12, "country-group:ue": 400} {
		if contour := contours(t, d, id)[id]; len(contour) == 0 || len(contour) > most {
			t.Errorf("the contour of %s has %d polygons", id, len(contour))
		}
	}
	// France is told more finely by its départements than in the contour of the union.
	ue, _ := contours(t, d, "country-group:ue")["country-group:ue"].Box()
	ue = shape.Box{ue[0] - 0.1, ue[1] - 0.1, ue[2] + 0.1, ue[3] + 0.1}
	for zone := range d.InLevel("country") {
		if box, ok := contours(t, d, zone.ID)[zone.ID].Box(); ok && slices.Contains(zone.Parents, "country-group:ue") && !ue.Holds(box) {
			t.Errorf("%s is at %v, the union at %v", zone.ID, box, ue)
		}
	}
	if found := contours(t, d, "country-group:world", "fr:commune:35238", "fr:epci:243500139", "other:nowhere", "nothing"); len(found) != 0 {
		t.Errorf("contours were made up: %v", found)
	}
	if geojson, ok, err := d.Contour(context.Background(), "FR/region/84@2016-01-01"); !ok || err != nil || !json.Valid(geojson) {
		t.Errorf("the contour of a region is %.80s (%v)", geojson, err)
	}
}

func TestBackgroundIsAFeatureCollection(t *testing.T) {
	var collection struct {
		Type     string
		Features []struct {
			Type, ID string
			Geometry struct{ Type string }
		}
	}
	if err := json.Unmarshal(geo.BackgroundGeoJSON(), &collection); err != nil || len(collection.Features) != 101 {
		t.Fatalf("%d features (%v)", len(collection.Features), err)
	}
	if f := collection.Features[0]; collection.Type != "FeatureCollection" || f.Type != "Feature" || f.ID != "fr:departement:01" || f.Geometry.Type != "MultiPolygon" {
		t.Errorf("it begins with %+v", f)
	}
}

func square(west, south, side float64) shape.Shape {
	return shape.Shape{{shape.Ring{
		shape.At(west, south), shape.At(west+side, south), shape.At(west+side, south+side), shape.At(west, south+side),
	}}}
}

func saveContours(t *testing.T, d *db.DB, rows ...geo.ContourRow) {
	t.Helper()
	err := d.Write(context.Background(), db.Background, func(ctx context.Context, tx *db.Tx) error {
		return geo.SaveContours(ctx, tx, rows...)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestSavedContoursReplaceAndMakeUpOthers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		save(t, d,
			geo.Zone{ID: "fr:epci:1", Level: "fr:epci", Code: "1", Name: "Groupement"},
			geo.Zone{ID: "fr:commune:99001", Level: "fr:commune", Code: "99001", Name: "Un", Parents: []string{"fr:epci:1"}},
			geo.Zone{ID: "fr:commune:99002", Level: "fr:commune", Code: "99002", Name: "Deux", Parents: []string{"fr:epci:1"}},
		)
		saveContours(t, d, geo.ContourRow{Zone: "fr:commune:99001", Shape: shape.Encode(square(2, 48, 1), 1)})
		directory := load(t, d)
		if found := contours(t, directory, "fr:epci:1", "fr:commune:99001"); len(found) != 1 {
			t.Errorf("with a commune missing there are %v", found)
		}
		saveContours(t, d,
			geo.ContourRow{Zone: "fr:commune:99001", Shape: shape.Encode(square(2, 48, 1), 1)},
			geo.ContourRow{Zone: "fr:commune:99002", Shape: shape.Encode(square(3, 48, 1), 1)},
			geo.ContourRow{Zone: "fr:departement:38", Shape: shape.Encode(square(5, 45, 1), 1)})
		if err := directory.Refresh(context.Background(), d.Read()); err != nil {
			t.Fatal(err)
		}
		found := contours(t, directory, "fr:epci:1", "fr:departement:38")
		want := `{"type":"MultiPolygon","coordinates":[[[[2,48],[3,48],[4,48],[4,49],[3,49],[2,49],[2,48]]]]}`
		if got := string(found["fr:epci:1"].GeoJSON()); got != want {
			t.Errorf("the contour made up is %s, want %s", got, want)
		}
		if len(found["fr:departement:38"]) != 1 || len(found["fr:departement:38"][0][0]) != 4 {
			t.Errorf("the contour of the département is %v", found["fr:departement:38"])
		}
	})
}

func TestDamagedContoursAreTold(t *testing.T) {
	d := dbtest.SQLite(t)
	saveContours(t, d, geo.ContourRow{Zone: "fr:commune:35238", Shape: []byte{1, 2, 3}})
	_, err := load(t, d).Contours(context.Background(), []string{"fr:commune:35238"})
	if err == nil || !strings.Contains(err.Error(), "fr:commune:35238") {
		t.Errorf("%v", err)
	}
}

func TestBoxes(t *testing.T) {
	d := geo.NewDirectory()
	for id, within := range map[string]shape.Box{
		"country:fr": {-6, 41, 10, 52}, "country-subset:fr:metro": {-6, 41, 10, 52}, "country:us": {-180, 18, -60, 72},
		"country-group:ue": {-32, 27, 35, 71}, "country-group:world": {-180, -90, 180, 90}, "country-subset:fr:drom": {-63, -22, 56, 19},
		"fr:collectivite:988": {160, -25, 173, -17}, "fr:commune:35238": {-2, 47, -1, 49}, "country:mc": {7, 43, 8, 44},
	} {
		if box, ok := d.Box(id); !ok || !within.Holds(box) {
			t.Errorf("the box of %s is %v (%t)", id, box, ok)
		}
	}
	for zone := range d.InLevel("country") {
		if box, ok := d.Box(zone.ID); !ok || !box.Valid() {
			t.Logf("%s has no box", zone.ID)
		}
	}
	if box, ok := d.Box("other:nowhere"); ok {
		t.Errorf("nowhere is %v", box)
	}
}
