package geo

import (
	"slices"
	"strings"
	"testing"

	"grenier/internal/i18n"
)

func TestParseID(t *testing.T) {
	for _, test := range []struct {
		given, level, code string
		ok                 bool
	}{
		{"fr:commune:13055", "fr:commune", "13055", true},
		{"fr:commune:13200@2020-01-01", "fr:commune", "13200", true},
		{"FR/Commune/13200@1943-01-01", "fr:commune", "13200", true},
		{"fr:departement:2A", "fr:departement", "2a", true},
		{"country:fr", "country", "fr", true},
		{"country-group:ue", "country-group", "ue", true},
		{"country-subset:fr:metro", "country-subset", "fr:metro", true},
		{"Country-Subset/fr/drom@latest", "country-subset", "fr:drom", true},
		{" fr:region:76 ", "fr:region", "76", true},
		{"fr-town-13004", "fr:commune", "13004", true},
		{"fr/town/13004", "fr:commune", "13004", true},
		{"fr:town:13004@1942-01-01", "fr:commune", "13004", true},
		{"fr-county-2A", "fr:departement", "2a", true},
		{"fr-departement-971", "fr:departement", "971", true},
		{"FR-Region-93", "fr:region", "93", true},
		{"fr-epci-243500139", "fr:epci", "243500139", true},
		{"fr/commune/13004@1942/01/01", "fr:commune", "13004", true},
		{"country-fr", "country", "fr", true},
		{"country-group-world", "country-group", "world", true},
		{"country-group/world", "country-group", "world", true},
		{"country-subset-fr-metro", "country-subset", "fr:metro", true},
		{"saint-jean", "", "", false},
		{"saint-jean-de-luz", "", "", false},
		{"france", "", "", false},
		{"fr:commune:", "fr:commune", "", false},
		{":35", "", "35", false},
		{"@2020", "", "", false},
		{"", "", "", false},
	} {
		level, code, ok := ParseID(test.given)
		if level != test.level || code != test.code || ok != test.ok {
			t.Errorf("ParseID(%q) = %q, %q, %v; want %q, %q, %v", test.given, level, code, ok, test.level, test.code, test.ok)
		}
	}
}

// What is read from an identifier makes an identifier that reads the same.
func FuzzParseID(f *testing.F) {
	f.Fuzz(func(t *testing.T, given string) {
		level, code, ok := ParseID(given)
		if !ok {
			return
		}
		if strings.ContainsAny(level+code, "@/") {
			t.Fatalf("%q keeps signs of the old form: %q %q", given, level, code)
		}
		again, codeAgain, ok := ParseID(level + ":" + code)
		if !ok || again != level || codeAgain != code {
			t.Fatalf("%q gives %q %q, which gives %q %q", given, level, code, again, codeAgain)
		}
	})
}

func TestSlugKeepsCapitals(t *testing.T) {
	for name, want := range map[string]string{
		"France": "France", "Saint-Étienne": "Saint-Etienne", "L'Haÿ-les-Roses": "LHay-les-Roses",
		"Union Européenne": "Union-Europeenne", "Cœur de Flandre": "Coeur-de-Flandre",
	} {
		if got := (Zone{Name: name}).Slug(); got != want {
			t.Errorf("the slug of %s is %s, want %s", name, got, want)
		}
	}
}

func TestNamedIsTheSameForTheSameName(t *testing.T) {
	first, ok := Named("  Pays de la  Forêt ")
	if !ok || first.ID != "other:pays-de-la-foret" || first.Name != "Pays de la Forêt" || first.Level != Other {
		t.Fatalf("got %+v, %v", first, ok)
	}
	second, _ := Named("PAYS DE LA FORET")
	if second.ID != first.ID {
		t.Errorf("%s and %s differ", second.ID, first.ID)
	}
	if _, ok := Named(" -- "); ok {
		t.Error("a name without a letter became a zone")
	}
	if level, code, ok := ParseID(first.ID); !ok || level != first.Level || code != first.Code {
		t.Errorf("%s reads as %s, %s, %v", first.ID, level, code, ok)
	}
	if first.check() != nil {
		t.Error(first.check())
	}
}

func TestLevels(t *testing.T) {
	var ids []string
	for _, level := range Levels() {
		ids = append(ids, level.ID)
		if level.Name("fr") == level.ID || level.Name("en") == level.ID {
			t.Errorf("%s has no name", level.ID)
		}
		if level.Admin < 1 || level.Admin > 110 || !IsLevel(level.ID) {
			t.Errorf("%+v is out of bounds", level)
		}
	}
	if labelled := i18n.IDs(i18n.Granularity); !slices.Equal(labelled, append(ids, PointOfInterest, Other)) {
		t.Errorf("the granularities with labels are %s", labelled)
	}
	if IsLevel("poi") || !IsGranularity("poi") || IsGranularity("fr:town") {
		t.Error("levels and granularities are mixed up")
	}
	if AdminLevel("fr:unheard-of") != 100 || AdminLevel("country") >= AdminLevel("fr:commune") {
		t.Error("levels are not ordered from wide to narrow")
	}
}
