package api_test

import (
	"context"
	"net/http"
	"testing"

	"grenier/internal/account"
	"grenier/internal/api/apitest"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
)

// slugsAt are the slugs, or the identifiers of offers, that a list shows.
func referencesAt(t *testing.T, s *apitest.Server, path string) []string {
	t.Helper()
	answer := s.Get(path)
	if answer.Status != http.StatusOK {
		t.Fatalf("%s answers %d: %s", path, answer.Status, answer.Body)
	}
	ids := []string{}
	for _, one := range answer.JSON(t).([]any) {
		ids = append(ids, one.(map[string]any)["id"].(string))
	}
	return ids
}

func equal(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func TestDatasetsOfAZone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		own := create(w.Server, w.editor, written("Sans couverture", map[string]any{"organization": w.organization, "spatial": nil}))
		elsewhere := create(w.Server, w.stranger, written("Marseille vue d'ailleurs", nil))
		const zone = "/api/1/spatial/zone/fr:commune:13055/datasets/"
		if got, want := referencesAt(t, w.Server, zone), []string{elsewhere, w.public}; !equal(got, want) {
			t.Errorf("the zone shows %v, want the public datasets that cover it: %v", got, want)
		}
		if _, err := w.Accounts.AttachZone(context.Background(), account.System("test"), w.organization, "fr:commune:13055"); err != nil {
			t.Fatal(err)
		}
		ordered := []string{own, w.public, elsewhere}
		offers := []string{"population_com", "ecoles_com"}
		for path, want := range map[string][]string{
			zone:                           ordered,
			zone + "?dynamic=0":            ordered,
			zone + "?dynamic=false&size=2": ordered[:2],
			zone + "?dynamic=1":            append(offers[:2:2], ordered...),
			zone + "?dynamic=True&size=3":  append(offers[:2:2], own),
			"/api/1/spatial/zone/fr:commune:13055@2016-01-01/datasets/":       ordered,
			"/api/1/spatial/zone/fr:commune:13055@1942/01/01/datasets/":       ordered,
			"/api/1/spatial/zone/fr-town-13055/datasets/":                     ordered,
			"/api/1/spatial/zone/fr/town/13055/datasets/?dynamic=true&size=3": append(offers[:2:2], own),
			"/api/1/spatial/zone/fr/commune/13055/datasets?size=50":           ordered,
			"/api/1/spatial/zone/fr/commune/13055@1942/01/01/datasets/":       ordered,
			"/api/1/spatial/zone/FR/County/13/datasets/?dynamic=true":         {},
			"/api/1/spatial/zone/country/fr/datasets/":                        {},
			"/api/1/spatial/zone/country-group/world/datasets/":               {},
		} {
			if got := referencesAt(t, w.Server, path); !equal(got, want) {
				t.Errorf("%s shows %v, want %v", path, got, want)
			}
		}
		first := w.Get(zone + "?dynamic=1&lang=en").JSON(t).([]any)[0].(map[string]any)
		for member, want := range map[string]any{
			"class": "TerritoryDataset", "title": "People", "uri": "https://stats.example.org/13055.csv", "acronym": nil,
			"page": apitest.Base + "/territories/commune/13055/Marseille#population_com",
		} {
			if first[member] != want {
				t.Errorf("the %s of what is offered is %v, want %v", member, first[member], want)
			}
		}
	})
}

func TestTerritoriesAreSuggested(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := apitest.New(t, d)
		for path, want := range map[string][]string{
			"?q=13&size=1":     {"fr:departement:13"},
			"?q=2a":            {"fr:departement:2A"},
			"?q=974":           {"fr:departement:974"},
			"?q=bouches-du":    {"fr:departement:13"},
			"?q=%C3%A9vry-cou": {"fr:commune:91228"},
			"?q=rien+de+tel":   {},
		} {
			if got := referencesAt(t, s, "/api/1/territory/suggest/"+path); !equal(got, want) {
				t.Errorf("%s suggests %v, want %v", path, got, want)
			}
		}
		one := s.Get("/api/1/territory/suggest/?q=aubagne").JSON(t).([]any)[0].(map[string]any)
		for member, want := range map[string]any{
			"title": "Aubagne", "parent": "Bouches-du-Rhône", "image_url": nil, "page": apitest.Base + "/territories/commune/13005/Aubagne",
		} {
			if one[member] != want {
				t.Errorf("the %s suggested is %v, want %v", member, one[member], want)
			}
		}
	})
}

func TestTerritoryRefusals(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := apitest.New(t, d)
		for path, want := range map[string]struct {
			status  int
			message string
		}{
			"/api/1/spatial/zone/fr:commune:00000/datasets/":    {404, "Zone not found"},
			"/api/1/spatial/zone/fr/town/00000/datasets/":       {404, "Zone not found"},
			"/api/1/spatial/zone/moon/datasets/":                {404, "Zone not found"},
			"/api/1/spatial/zone/%00/datasets/":                 {404, ""},
			"/api/1/spatial/zone/country:fr/datasets/?size=0":   {400, ""},
			"/api/1/spatial/zone/country:fr/datasets/?size=a":   {400, ""},
			"/api/1/spatial/zone/country:fr/datasets/?size=1e9": {400, ""},
			"/api/1/territory/suggest/":                         {400, ""},
			"/api/1/territory/suggest/?q=a&size=0":              {400, ""},
		} {
			answer := s.Get(path)
			if answer.Status != want.status {
				t.Errorf("%s answers %d: %s, want %d", path, answer.Status, answer.Body, want.status)
			}
			if body, _ := answer.JSON(t).(map[string]any); want.message != "" && body["message"] != want.message {
				t.Errorf("%s answers %s, want %q", path, answer.Body, want.message)
			}
		}
	})
}
