package division

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/event"
	"grenier/internal/geo"
)

// published is a small division in the form in which it is published.
func published() map[string]any {
	type object = map[string]any
	return map[string]any{
		"regions":         []object{{"code": "84", "nom": "Auvergne-Rhône-Alpes", "zone": "metro"}, {"code": "975", "nom": "Saint-Pierre-et-Miquelon", "zone": "com"}},
		"departements":    []object{{"code": "38", "nom": "Isère", "region": "84", "zone": "metro"}},
		"arrondissements": []object{{"code": "381", "nom": "Grenoble", "departement": "38", "region": "84"}},
		"ept":             []object{},
		"epci": []object{{"code": "990000001", "nom": "CC du Val d'Essai", "type": "CC", "membres": []object{
			{"code": "38990", "populationMunicipale": 100}, {"code": "38991", "populationMunicipale": 20},
		}}},
		"communes": []object{
			{"code": "38990", "nom": "Essai-le-Haut", "type": "commune-actuelle", "zone": "metro", "arrondissement": "381", "departement": "38", "region": "84",
				"codesPostaux": []string{"38999"}, "anciensCodes": []string{"38992"}, "population": 100},
			{"code": "38991", "nom": "Essai-le-Bas", "type": "commune-actuelle", "zone": "metro", "arrondissement": "381", "departement": "38", "region": "84", "population": 20},
			{"code": "38993", "nom": "Le Vieil-Essai", "type": "commune-deleguee", "zone": "metro", "departement": "38", "region": "84", "chefLieu": "38990"},
		},
		"communes-centre-bbox": object{"38990": object{"center": []float64{5.5, 45.5}, "bbox": []float64{5, 45, 6, 46}}},
	}
}

func folder(t *testing.T, files map[string]any) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		file, err := os.Create(filepath.Join(dir, name+".json.gz"))
		if err != nil {
			t.Fatal(err)
		}
		packed := gzip.NewWriter(file)
		if err := json.NewEncoder(packed).Encode(content); err != nil {
			t.Fatal(err)
		}
		if err := packed.Close(); err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestReadDerivesTheDivision(t *testing.T) {
	zones, err := Read(folder(t, published()))
	if err != nil {
		t.Fatal(err)
	}
	byID := make(map[string]geo.Zone)
	for _, zone := range zones {
		byID[zone.ID] = zone
	}
	if len(byID) != 8 {
		t.Errorf("%d zones were read: %v", len(byID), byID)
	}
	high := byID["fr:commune:38990"]
	if high.Extent == nil || high.Extent.Lon != 5.5 || strings.Join(high.Former, ",") != "fr:commune:38992" ||
		strings.Join(high.Parents, ",") != "fr:epci:990000001,fr:arrondissement:381,fr:departement:38" {
		t.Errorf("the commune is %+v", high)
	}
	if grouping := byID["fr:epci:990000001"]; grouping.Name != "Le Val d'Essai" || grouping.Population != 120 || grouping.Parents[0] != "fr:departement:38" {
		t.Errorf("the grouping is %+v", grouping)
	}
	if old := byID["fr:commune:38993"]; old.Kind != geo.KindDelegated || old.Parents[0] != "fr:commune:38990" {
		t.Errorf("the delegated commune is %+v", old)
	}
	if byID["fr:collectivite:975"].ID == "" || byID["fr:region:84"].Population != 120 {
		t.Errorf("above the communes there are %+v", byID)
	}
}

func TestImportBringsWhatIsNew(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		log, known := event.NewLog(d), geo.NewDirectory()
		dir := folder(t, published())
		steps := 0
		first, err := Import(t.Context(), log, known, dir, func(int, int) { steps++ })
		if err != nil {
			t.Fatal(err)
		}
		if first.Read != 8 || first.Added != 4 || first.Changed < 1 || first.Added+first.Changed > 8 || steps == 0 {
			t.Errorf("the first import did %+v", first)
		}
		if zone, ok := known.Get("fr:commune:38991"); !ok || zone.Name != "Essai-le-Bas" {
			t.Errorf("the directory has %+v", zone)
		}
		second, err := Import(t.Context(), log, known, dir, nil)
		if err != nil || second.Added+second.Changed != 0 {
			t.Errorf("the second import did %+v (%v)", second, err)
		}
		again, err := geo.Load(t.Context(), d.Read())
		if err != nil {
			t.Fatal(err)
		}
		if third, err := Import(t.Context(), log, again, dir, nil); err != nil || third.Added+third.Changed != 0 {
			t.Errorf("an import after a new start did %+v (%v)", third, err)
		}
		events, err := log.Since(t.Context(), 0, 100)
		if err != nil || len(events) != 1 || events[0].Kind != ZonesChanged {
			t.Errorf("the events are %+v (%v)", events, err)
		}
	})
}

// TestANewerEditionKeepsTheHistory follows a commune that changes its name and
// takes in another one, in an edition without places.
func TestANewerEditionKeepsTheHistory(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		log, known := event.NewLog(d), geo.NewDirectory()
		arles, _ := known.Get("fr:commune:13004")
		before := known.Len()
		edition := published()
		delete(edition, "communes-centre-bbox")
		edition["communes"] = []map[string]any{{
			"code": "13004", "nom": "Arles-sur-Rhône", "type": "commune-actuelle", "zone": "metro", "departement": "38", "region": "84",
			"anciensCodes": []string{"13005", "13900"}, "population": 60000,
		}}
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, "data"), 0o700); err != nil {
			t.Fatal(err)
		}
		for name, content := range edition { // as npm unpacks it
			text, err := json.Marshal(content)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "data", name+".json"), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := Import(t.Context(), log, known, dir, nil); err != nil {
			t.Fatal(err)
		}
		again, err := geo.Load(t.Context(), d.Read())
		if err != nil {
			t.Fatal(err)
		}
		for what, directory := range map[string]*geo.Directory{"at once": known, "after a new start": again} {
			now, _ := directory.Get("fr:commune:13004")
			if now.Name != "Arles-sur-Rhône" || now.Population != 60000 || !slices.Contains(now.Aliases, "Arles") || now.Extent == nil || *now.Extent != *arles.Extent {
				t.Errorf("%s the commune is %+v", what, now)
			}
			for _, id := range append(slices.Clone(arles.Former), "fr:commune:13005", "fr-town-13900", "fr:commune:13005@2016-01-01") {
				if zone, ok := directory.Resolve(id); !ok || zone.ID != now.ID {
					t.Errorf("%s %s leads to %q", what, id, zone.ID)
				}
			}
			if _, shown := directory.Get("fr:commune:13005"); shown {
				t.Errorf("%s the commune that joined is still one of its own", what)
			}
			for zone := range directory.InLevel("fr:commune") {
				if zone.Name == "Aubagne" {
					t.Errorf("%s %s is listed", what, zone.ID)
				}
			}
			if zones := directory.SearchTerritories("Arles", 1); len(zones) != 1 || zones[0].ID != now.ID {
				t.Errorf("%s the former name finds %v", what, zones)
			}
			if directory.Len() >= before+8 {
				t.Errorf("%s there are %d zones, %d before", what, directory.Len(), before)
			}
		}
		if second, err := Import(t.Context(), log, known, dir, nil); err != nil || second.Added+second.Changed != 0 {
			t.Errorf("the second import did %+v (%v)", second, err)
		}
	})
}

func TestBrokenFoldersAreRefused(t *testing.T) {
	missing := published()
	delete(missing, "epci")
	wrong := published()
	wrong["communes"] = map[string]int{"x": 1}
	twice := published()
	twice["departements"] = []map[string]any{{"code": "38", "nom": "A", "region": "84", "zone": "metro"}, {"code": "38", "nom": "B", "region": "84", "zone": "metro"}}
	d := dbtest.SQLite(t)
	for want, files := range map[string]map[string]any{"epci.json.gz": missing, "communes.json.gz cannot be read": wrong, "fr:departement:38 is there twice": twice} {
		_, err := Import(t.Context(), event.NewLog(d), geo.NewDirectory(), folder(t, files), nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// contourFolder is a folder with one file of contours.
func contourFolder(t *testing.T, name, text string) string {
	t.Helper()
	dir := t.TempDir()
	file, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	packed := gzip.NewWriter(file)
	if _, err := packed.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(packed.Close(), file.Close()); err != nil {
		t.Fatal(err)
	}
	return dir
}

// twoSquares are a commune, and a delegated one that has joined it since.
const twoSquares = `{"type":"FeatureCollection","features":[
	{"type":"Feature","properties":{"code":"01015"},"geometry":{"type":"Polygon","coordinates":[[[5,45],[6,45],[6,46],[5,46],[5,45]]]}},
	{"type":"Feature","properties":{"code":"01340"},"geometry":{"type":"Polygon","coordinates":[[[6,45],[7,45],[7,46],[6,46],[6,45]]]}},
	{"type":"Feature","properties":{"code":"99999"},"geometry":{"type":"Polygon","coordinates":[[[6,45],[7,45],[7,46],[6,46],[6,45]]]}},
	{"type":"Feature","properties":{"code":"01001"},"geometry":null}]}`

func TestContoursAreBroughtIn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		log := event.NewLog(d)
		known, err := geo.Load(t.Context(), d.Read())
		if err != nil {
			t.Fatal(err)
		}
		dir := contourFolder(t, "communes-contours-2018.geojson.gz", twoSquares)
		told := int64(0)
		first, err := ImportContours(t.Context(), log, known, dir, func(_ string, done, _ int64) { told = done })
		if err != nil || first != (ContourSummary{Read: 3, Added: 2, Unknown: 1}) || told == 0 {
			t.Fatalf("the first import did %+v (%v)", first, err)
		}
		contour, ok, err := known.Contour(t.Context(), "fr:commune:01015")
		want := `{"type":"MultiPolygon","coordinates":[[[[5,45],[6,45],[7,45],[7,46],[6,46],[5,46],[5,45]]]]}`
		if err != nil || !ok || string(contour) != want {
			t.Errorf("the contour is %s (%v), want %s", contour, err, want)
		}
		second, err := ImportContours(t.Context(), log, known, dir, nil)
		if err != nil || second.Added+second.Changed != 0 {
			t.Errorf("the second import did %+v (%v)", second, err)
		}
		moved := contourFolder(t, "communes-contours-2026.geojson.gz", strings.ReplaceAll(twoSquares, "45", "44"))
		third, err := ImportContours(t.Context(), log, known, moved, nil)
		if err != nil || third.Changed != 2 || third.Added != 0 {
			t.Errorf("the third import did %+v (%v)", third, err)
		}
		events, err := log.Since(t.Context(), 0, 100)
		if err != nil || len(events) != 2 || events[1].Kind != ZonesChanged {
			t.Errorf("the events are %+v (%v)", events, err)
		}
	})
}

func TestBrokenContoursAreRefused(t *testing.T) {
	d := dbtest.SQLite(t)
	for text, why := range map[string]string{
		`[]`: "no FeatureCollection", `{"type":"x"}`: "no features", `{"features":3}`: "no list", twoSquares[:len(twoSquares)-2]: "EOF",
		`{"features":[{"properties":{},"geometry":null}]}`:                                                                         `no property "code"`,
		`{"features":[{"properties":{"code":"1"},"geometry":{"type":"Polygon","coordinates":[[[1000,0],[0,1],[1,1],[1000,0]]]}}]}`: "no longitude",
	} {
		_, err := ImportContours(t.Context(), event.NewLog(d), geo.NewDirectory(), contourFolder(t, "regions-contours-1.geojson.gz", text), nil)
		if err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v, want %q", text, err, why)
		}
	}
	_, err := ImportContours(t.Context(), event.NewLog(d), geo.NewDirectory(), contourFolder(t, "lakes-contours-1.geojson.gz", twoSquares), nil)
	if err == nil || !strings.Contains(err.Error(), `"lakes"`) {
		t.Errorf("%v", err)
	}
}
