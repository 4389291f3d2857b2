package geo

import (
	"slices"
	"testing"
)

func idsOf(zones []Zone) []string {
	ids := make([]string, len(zones))
	for i, zone := range zones {
		ids[i] = zone.ID
	}
	return ids
}

func TestTerritoriesAreFoundAsPeopleNameThem(t *testing.T) {
	d := NewDirectory()
	for q, want := range map[string][]string{
		"13":               {"fr:departement:13"},
		"2A":               {"fr:departement:2A"},
		"2b":               {"fr:departement:2B"},
		"971":              {"fr:departement:971"},
		"987":              {"fr:collectivite:987"},
		"35238":            {"fr:commune:35238"},
		"200054807":        {"fr:epci:200054807"},
		"arles":            {"fr:commune:13004"},
		"pau":              {"fr:commune:64445"},
		"ÎLE-DE-FRA":       {"fr:region:11"},
		"Bouches-du-Rh":    {"fr:departement:13"},
		"par":              {},
		"zzzz":             {},
		"":                 {},
		"fr:commune:13004": {},
	} {
		got := idsOf(d.SearchTerritories(q, 5))
		if len(want) == 0 && len(got) > 0 || len(want) > 0 && (len(got) == 0 || got[0] != want[0]) {
			t.Errorf("%q finds %v, want %v first", q, got, want)
		}
	}
	// 13004 is the code of Arles, and a postal code of Marseille.
	if got := idsOf(d.SearchTerritories("13004", 5)); len(got) < 2 || got[0] != "fr:commune:13004" || !slices.Contains(got, "fr:commune:13055") {
		t.Errorf("13004 finds %v", got)
	}
	lyon := d.SearchTerritories("Saint-Denis", 3)
	if len(lyon) != 3 || lyon[0].Population < lyon[1].Population || lyon[1].Population < lyon[2].Population {
		t.Errorf("Saint-Denis finds %v, want the most populated first", idsOf(lyon))
	}
	for _, zone := range d.SearchTerritories("Arles", 10) {
		if zone.Level == "fr:arrondissement" {
			t.Errorf("%s is found", zone.ID)
		}
	}
}

func TestTerritoriesHavePages(t *testing.T) {
	d := NewDirectory()
	for id, want := range map[string]string{
		"fr:commune:13004": "/territories/commune/13004/Arles", "fr:departement:2A": "/territories/departement/2A/Corse-du-Sud",
		"country:fr": "/territories/country/fr/France", "country-group:world": "/territories/country-group/world/Monde",
		"country-subset:fr:metro": "/territories/country-subset/fr:metro/France-metropolitaine",
	} {
		zone, ok := d.Get(id)
		if !ok || zone.Path() != want {
			t.Errorf("the page of %s is %q, want %q", id, zone.Path(), want)
		}
	}
	for _, c := range [][3]string{
		{"commune", "13004", "fr:commune:13004"}, {"town", "13004", "fr:commune:13004"}, {"county", "2a", "fr:departement:2A"},
		{"country", "fr", "country:fr"}, {"country-subset", "fr:metro", "country-subset:fr:metro"}, {"commune", "13004@latest", "fr:commune:13004"},
		{"moon", "1", ""}, {"commune", "", ""}, {"", "13004", ""},
	} {
		if zone, _ := d.Territory(c[0], c[1]); zone.ID != c[2] {
			t.Errorf("the page %s/%s shows %q, want %q", c[0], c[1], zone.ID, c[2])
		}
	}
}
