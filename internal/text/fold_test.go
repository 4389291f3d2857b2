package text

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"":                      "",
		"École":                 "ecole",
		"ÎLE-DE-FRANCE":         "ile-de-france",
		"cœur, æquo":            "coeur, aequo",
		"Noël maïs Saÿ":         "noel mais say",
		"e\u0301te\u0301":       "ete",
		"m² n° ½":               "m2 n° 12", // the fraction slash is no letter
		"Straße Łódź":           "strasse lodz",
		"ﬁn Ⅳ":                  "fin iv",
		"a\xffb":                "a\ufffdb",
		"Ελλάδα":                "ελλαδα",
		"déjà vu, l'œil":        "deja vu, l'oeil",
		"plain lower case only": "plain lower case only",
	} {
		if got := Fold(in); got != want {
			t.Errorf("Fold(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestWords(t *testing.T) {
	for in, want := range map[string][]string{
		"":                                  nil,
		"L'École de l’été":                  {"l", "ecole", "de", "l", "ete"},
		"Code ROME (v3.2)":                  {"code", "rome", "v3", "2"},
		"data.bnf.fr\x00x":                  {"data", "bnf", "fr", "x"},
		"\xff\xfe":                          nil,
		"Saint-Étienne/Rhône_Alpes":         {"saint", "etienne", "rhone", "alpes"},
		strings.Repeat("é", 200) + " suite": {strings.Repeat("e", 61), "suite"},
	} {
		var got []string
		Words(in, func(word []byte, start, end int) bool {
			if start >= end || end > len(in) {
				t.Fatalf("Words(%q): bad place %d:%d", in, start, end)
			}
			got = append(got, string(word))
			return true
		})
		if !slices.Equal(got, want) {
			t.Errorf("Words(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestWordsStops(t *testing.T) {
	calls := 0
	Words("un deux trois", func([]byte, int, int) bool { calls++; return calls < 2 })
	if calls != 2 {
		t.Errorf("yield was called %d times after it said stop at 2", calls)
	}
}

func FuzzWords(f *testing.F) {
	f.Add("L'École d'été : œuvre n° 12")
	f.Add("\x00\xff\xc3")
	f.Fuzz(func(t *testing.T, s string) {
		last := 0
		Words(s, func(word []byte, start, end int) bool {
			if start < last || end <= start || end > len(s) {
				t.Fatalf("place %d:%d after %d in %q", start, end, last, s)
			}
			if len(word) == 0 || len(word) > MaxWord {
				t.Fatalf("word of %d bytes", len(word))
			}
			last = end
			return true
		})
		if !utf8.ValidString(Fold(s)) {
			t.Fatalf("Fold(%q) is not UTF-8", s)
		}
	})
}
