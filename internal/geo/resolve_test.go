package geo

import (
	"encoding/csv"
	"os"
	"strings"
	"testing"
)

func TestRealCells(t *testing.T) {
	file, err := os.Open("testdata/cells.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	reader := csv.NewReader(file)
	reader.Comment = '#'
	rows, err := reader.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) < 150 {
		t.Fatalf("only %d cells", len(rows))
	}
	d := NewDirectory()
	for _, row := range rows {
		var got []string
		for _, match := range d.ResolveCell(row[0], Hint{Granularity: row[1], Organization: row[2], Title: row[3]}) {
			got = append(got, match.Zone.ID)
		}
		if strings.Join(got, " ") != row[4] {
			t.Errorf("%s (%s, %s, %s) leads to %s, want %s", row[0], row[1], row[2], row[3], strings.Join(got, " "), row[4])
		}
	}
}

func TestHomonyms(t *testing.T) {
	d := NewDirectory()
	for _, test := range []struct {
		name, cell string
		hint       Hint
		want       string
	}{
		{"capitals tell", "Drom", Hint{}, "fr:commune:01150"},
		{"capitals tell", "DROM", Hint{}, "country-subset:fr:drom"},
		{"the granularity tells", "Paris", Hint{Granularity: "fr:commune"}, "fr:commune:75056"},
		{"the granularity tells", "Paris", Hint{Granularity: "fr:departement"}, "fr:departement:75"},
		{"the region before its villages", "Bretagne", Hint{}, "fr:region:53"},
		{"the organisation tells", "Mayenne", Hint{Organization: "Ville de Mayenne"}, "fr:commune:53147"},
		{"the neighbours tell", "Beaupuy,Blagnac,Colomiers", Hint{}, "fr:commune:31053 fr:commune:31069 fr:commune:31149"},
		{"the neighbours tell", "Beaupuy,Montech,Grisolles", Hint{}, "fr:commune:82014 fr:commune:82125 fr:commune:82075"},
		{"a code in the title tells", "Prades", Hint{Title: "Commune de Prades (81212)"}, "fr:commune:81212"},
		{"twice means two", "Martinique,Martinique", Hint{}, "fr:region:02 fr:departement:972"},
		{"spaces and empty names are nothing", " France , ,Monde,", Hint{}, "country:fr country-group:world"},
		{"names may hold commas", "Granville, Terre et Mer,Granville", Hint{}, "fr:epci:200042604 fr:commune:50218"},
		{"accents are forgiven", "ETATS UNIS", Hint{}, "country:us"},
	} {
		var got []string
		for _, match := range d.ResolveCell(test.cell, test.hint) {
			got = append(got, match.Zone.ID)
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s: %s leads to %s, want %s", test.name, test.cell, strings.Join(got, " "), test.want)
		}
	}
}

func TestByName(t *testing.T) {
	d := NewDirectory()
	if zone, ambiguous, ok := d.ByName("France"); zone.ID != "country:fr" || ambiguous || !ok {
		t.Errorf("France is %s, %v, %v", zone.ID, ambiguous, ok)
	}
	if zone, ambiguous, ok := d.ByName("Sainte-Colombe"); zone.Level != "fr:commune" || !ambiguous || !ok {
		t.Errorf("Sainte-Colombe is %s, %v, %v", zone.ID, ambiguous, ok)
	}
	for _, name := range []string{"", " ", ",", "Brigadoon"} {
		if zone, _, ok := d.ByName(name); ok {
			t.Errorf("%q is %s", name, zone.ID)
		}
	}
	matches := d.ResolveCell("France,Brigadoon", Hint{})
	if len(matches) != 2 || matches[1].Known || matches[1].Name != "Brigadoon" {
		t.Errorf("the unknown name is not told: %+v", matches)
	}
}

// Every ordinary zone is found by its own name in its own level.
func TestEveryNameIsKnown(t *testing.T) {
	d := NewDirectory()
	for zone := range NewDirectory().All() {
		found := false
		for _, one := range d.candidates(zone.Name) {
			found = found || one.zone.ID == zone.ID
		}
		if !found {
			t.Errorf("%s is not found by its name %s", zone.ID, zone.Name)
		}
	}
}

func TestHugeCellIsBounded(t *testing.T) {
	d := NewDirectory()
	if got := len(d.ResolveCell(strings.Repeat("Lyon,", maxCell*3), Hint{})); got != maxCell {
		t.Errorf("%d names", got)
	}
}
