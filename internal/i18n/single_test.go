package i18n

import (
	"testing"
	"testing/fstest"
	"time"
)

// TestSingleThingInWords holds that a form which says a single thing in words is
// not said of none, although French counts none as one.
func TestSingleThingInWords(t *testing.T) {
	m, err := ReadMessages(fstest.MapFS{"fr.json": {Data: []byte(
		`{"words": {"one": "Un fichier", "other": "{count} fichiers"}, "label": {"one": "fichier", "other": "fichiers"}}`)}})
	if err != nil {
		t.Fatal(err)
	}
	p := m.Printer("fr", "fr", time.UTC)
	for _, c := range []struct {
		id    string
		count int
		want  string
	}{
		{"words", 0, "0 fichiers"}, {"words", 1, "Un fichier"}, {"words", 2, "2 fichiers"}, {"label", 0, "fichier"}, {"label", 1, "fichier"}, {"label", 2, "fichiers"},
	} {
		if got := p.T(c.id, "count", c.count); got != c.want {
			t.Errorf("%s %d: %q, want %q", c.id, c.count, got, c.want)
		}
	}
}
