package search

import (
	"slices"
	"strings"
	"testing"

	"grenier/internal/text"
)

// Words of one line are found by one another.
func TestStemUnites(t *testing.T) {
	for _, group := range [][]string{
		{"association", "associations"},
		{"école", "écoles", "ecole"},
		{"équipée", "équipées", "equipees"},
		{"régional", "régionaux", "régionale", "régionales"},
		{"journal", "journaux"},
		{"cadastre", "cadastres"},
		{"foncière", "foncières", "foncier"},
		{"vaccination", "vaccinations"},
		{"entreprise", "entreprises"},
		{"rénovation", "rénovations"},
		{"producteur", "producteurs"},
		{"chanteuse", "chanteuses"},
		{"noël", "noel"},
		{"maïs", "mais"},
		{"cœur", "coeur"},
	} {
		want := stemOf(text.Fold(group[0]))
		for _, word := range group {
			if got := stemOf(text.Fold(word)); got != want {
				t.Errorf("stem of %q is %q, that of %q is %q", word, got, group[0], want)
			}
		}
	}
}

func TestStemKeepsApart(t *testing.T) {
	for _, pair := range [][2]string{{"sirene", "siret"}, {"route", "routine"}, {"eau", "eaux-de-vie"}, {"port", "porte-avions"}, {"dvf", "dvd"}} {
		if a, b := stemOf(pair[0]), stemOf(pair[1]); a == b {
			t.Errorf("%q and %q have the same stem %q", pair[0], pair[1], a)
		}
	}
	for _, word := range []string{"", "a", "rna", "2024", "covid19", "ελλαδα"} {
		if got := stemOf(word); got != word {
			t.Errorf("stem of %q is %q, it should stay as it is", word, got)
		}
	}
}

func TestStemsKeepStopWordsThatStandAlone(t *testing.T) {
	if got := stems("Le répertoire de l'État"); !slices.Equal(got, []string{stemOf("repertoire"), stemOf("etat")}) {
		t.Errorf("stems = %q", got)
	}
	if got := stems("De la"); !slices.Equal(got, []string{"de", "la"}) {
		t.Errorf("stems of stop words alone = %q", got)
	}
}

func TestAcronyms(t *testing.T) {
	for _, c := range []struct {
		declared []string
		title    string
		want     string
	}{
		{[]string{"RNA, WALDEC"}, "Répertoire", "rna waldec rnawaldec"},
		{nil, "Base Sirene (SIREN, SIRET)", "siren siret"},
		{nil, "Base (hors Paris)", ""},
		{nil, "Demandes «DVF» et [ICPE]", "icpe dvf"},
		{[]string{"Île-de-France Mobilités"}, "x", "ile de france mobilites iledefrancemobilites"},
		{nil, "Jamais fermé (ABC", ""},
	} {
		got := acronymsOf(c.declared, c.title)
		slices.Sort(got)
		want := strings.Fields(c.want)
		slices.Sort(want)
		if got = slices.Compact(got); !slices.Equal(got, slices.Compact(want)) {
			t.Errorf("acronymsOf(%q, %q) = %q, want %q", c.declared, c.title, got, want)
		}
	}
}

func TestInitials(t *testing.T) {
	for title, want := range map[string]string{
		"Répertoire National des Associations":           "rna",
		"Demandes de valeurs foncières (DVF)":            "dvf",
		"Base":                                           "",
		"Un titre : avec autre chose derrière, bien sûr": "",
	} {
		if got := initialsOf(title); got != want {
			t.Errorf("initialsOf(%q) = %q, want %q", title, got, want)
		}
	}
	if got := nameInitials("Cour des comptes"); !slices.Equal(got, []string{"cdc"}) {
		t.Errorf("nameInitials = %q, want cdc", got)
	}
}

func TestFindExpansions(t *testing.T) {
	for _, c := range []struct{ text, acronym, words string }{
		{"Le répertoire national des associations (RNA) recense…", "rna", "répertoire national associations"},
		{"l'Institut national de l'information géographique (INIG)", "inig", "institut national information géographique"},
		{"ROME (Répertoire Opérationnel des Métiers et des Emplois)", "rome", "répertoire opérationnel métiers emplois"},
		{"Autorité de régulation des communications électroniques et des postes (ARCEP)", "arcep", "autorité régulation communications électroniques postes"},
		{"des chiffres (CSV)", "", ""},
		{"un mot (TGV) et des gares", "", ""},
		{"(((((ABC", "", ""},
		{"()", "", ""},
		{"A (" + strings.Repeat("B", 300) + ")", "", ""},
	} {
		found := findExpansions(c.text)
		if c.acronym == "" {
			if len(found) > 0 {
				t.Errorf("findExpansions(%q) = %q, want nothing", c.text, found)
			}
			continue
		}
		if len(found) != 1 || found[0].acronym != c.acronym || !slices.Equal(found[0].words, stems(c.words)) {
			t.Errorf("findExpansions(%q) = %q, want %s = %q", c.text, found, c.acronym, stems(c.words))
		}
	}
}

func TestOneEdit(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"sirene", "sirene", false}, {"sirene", "siren", true}, {"sirene", "sirne", true}, {"sirene", "sireen", true},
		{"sirene", "sirane", true}, {"sirene", "sire", false}, {"abcd", "badc", false}, {"", "a", true}, {"", "", false},
		{"ab", "ba", true}, {"cadastre", "cadaster", true},
	} {
		if got := oneEdit(c.a, c.b); got != c.want {
			t.Errorf("oneEdit(%q, %q) = %v", c.a, c.b, got)
		}
		if got := oneEdit(c.b, c.a); got != c.want {
			t.Errorf("oneEdit(%q, %q) = %v", c.b, c.a, got)
		}
	}
}
