package geo

import (
	"strings"
	"testing"
)

// counts are those of the division of 2026: see README.md.
func TestBuiltinHoldsTheWholeDivision(t *testing.T) {
	count := map[string]int{}
	var communes, municipal int
	for zone := range NewDirectory().All() {
		count[zone.Level]++
		if zone.check() != nil {
			t.Error(zone.check())
		}
		if !IsLevel(zone.Level) {
			t.Errorf("%s has no known level", zone.ID)
		}
		if zone.Level == "fr:commune" && zone.Kind == KindOrdinary {
			communes++
		}
		if zone.Kind == KindMunicipal {
			municipal++
		}
	}
	for level, want := range map[string]int{
		"fr:region": 18, "fr:departement": 101, "fr:arrondissement": 333, "fr:epci": 1255 + 11, "fr:collectivite": 8,
		"country-group": 2, "country-subset": 3,
	} {
		if count[level] != want {
			t.Errorf("%d zones of level %s, want %d", count[level], level, want)
		}
	}
	if communes != 34969 || municipal != 45 {
		t.Errorf("%d communes and %d municipal arrondissements, want 34969 and 45", communes, municipal)
	}
	if count["country"] < 195 || count["country"] > 250 {
		t.Errorf("%d countries", count["country"])
	}
}

func TestBuiltinZones(t *testing.T) {
	d := NewDirectory()
	rennes, ok := d.Get("fr:commune:35238")
	if !ok || rennes.Name != "Rennes" || rennes.Code != "35238" || rennes.Level != "fr:commune" || rennes.URI != "" {
		t.Fatalf("Rennes is %+v", rennes)
	}
	if rennes.Population < 200_000 || strings.Join(rennes.PostalCodes, " ") != "35000 35200 35700" {
		t.Errorf("Rennes has %d people and the postal codes %v", rennes.Population, rennes.PostalCodes)
	}
	if e := rennes.Extent; e == nil || e.Lon < -1.8 || e.Lon > -1.5 || e.West > e.Lon || e.East < e.Lon || e.South > e.Lat || e.North < e.Lat {
		t.Errorf("Rennes lies at %+v", rennes.Extent)
	}
	for id, name := range map[string]string{
		"country:fr": "France", "country-group:world": "Monde", "country-group:ue": "Union Européenne",
		"country-subset:fr:metro": "France métropolitaine", "country-subset:fr:drom": "DROM",
		"country-subset:fr:dromcom": "DROM-COM", "country:de": "Allemagne", "country:ci": "Côte d'Ivoire",
		"fr:departement:2A": "Corse-du-Sud", "fr:commune:13201": "Marseille 1er Arrondissement",
		"fr:commune:74011": "Annecy-le-Vieux", "fr:collectivite:987": "Polynésie française",
		"fr:epci:243500139": "Rennes Métropole", "fr:epci:200057867": "Plaine Commune", "fr:region:04": "La Réunion",
	} {
		if zone, ok := d.Get(id); !ok || zone.Name != name || zone.ID != id {
			t.Errorf("%s is %q (%v), want %s", id, zone.Name, ok, name)
		}
	}
}

func TestDamagedDivisionIsRefused(t *testing.T) {
	if _, err := decodeDivision(division[:len(division)/2]); err == nil {
		t.Error("half of the file was taken")
	}
	for _, line := range []string{"", "a\tb", "fr:commune\t1\t\tX\tmany\t\t\t\t\t", "fr:commune\t1\t\tX\t0\t\t1,2\t\t\t"} {
		if _, err := decodeLine(line); err == nil {
			t.Errorf("the line %q was taken", line)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	for b.Loop() {
		if _, err := decodeDivision(division); err != nil {
			b.Fatal(err)
		}
	}
}
