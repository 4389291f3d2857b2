package embed

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"grenier/internal/db/dbtest"
	"grenier/internal/i18n"
)

// TestTextsAreWhole holds that every language says everything, with the same
// blanks, and that the program says everything that is written.
func TestTextsAreWhole(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), 0)
	messages := s.embed.messages
	if !slices.Equal(messages.Languages(), slices.Sorted(slices.Values(i18n.Languages))) {
		t.Fatalf("the languages are %v", messages.Languages())
	}
	keys := messages.Keys("fr")
	for _, lang := range i18n.Languages {
		if other := messages.Keys(lang); !slices.Equal(keys, other) {
			t.Errorf("%s has other messages than French", lang)
		}
		for _, key := range keys {
			if !slices.Equal(messages.Arguments("fr", key), messages.Arguments(lang, key)) {
				t.Errorf("%s: %s has other blanks than in French", lang, key)
			}
		}
	}
	var source strings.Builder
	for _, name := range []string{"templates/card.html", "templates/page.html"} {
		content, err := files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		source.Write(content)
	}
	for _, found := range regexp.MustCompile(`"(embed\.[a-z_-]+)"`).FindAllStringSubmatch(source.String(), -1) {
		if !slices.Contains(keys, found[1]) {
			t.Errorf("a template says %s, which no language has", found[1])
		}
	}
}
