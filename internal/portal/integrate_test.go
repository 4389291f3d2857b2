package portal

import (
	"testing"

	"grenier/internal/catalog"
	"grenier/internal/db/dbtest"
)

// TestCodeInTexts marks what programs read in texts for people, and nothing else.
func TestCodeInTexts(t *testing.T) {
	for text, want := range map[string]string{
		"Nothing here.":              "Nothing here.",
		"With `list` and `a-b`.":     "With <code>list</code> and <code>a-b</code>.",
		"`<b>` & one ` alone":        "<code>&lt;b&gt;</code> &amp; one ` alone",
		"<script>`x`</script>":       "&lt;script&gt;<code>x</code>&lt;/script&gt;",
		"``, a pair around nothing.": "``, a pair around nothing.",
	} {
		if got := string(codeMarked(text)); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

// TestPlacesOfExamples names territories that have data here, and those of the
// snippets on the web where none has, or none has more.
func TestPlacesOfExamples(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), nil)
	s.shows("/en/integrate/organization", `data-udata-territory=&#34;fr-town-13004&#34;`, "(Bouches-du-Rhône)")
	covers := func(n int, zone string) {
		d := s.dataset(n, "Les arbres", nil)
		s.exec("INSERT INTO object_zones (object_id, zone, kind, position) VALUES (?, ?, ?, 0)", d.ID, zone, catalog.KindDataset)
	}
	for n, zone := range []string{"fr:commune:44109", "fr:departement:13", "fr:departement:01", "fr:region:11", "fr:region:11", "fr:region:93"} {
		covers(n+1, zone)
	}
	filled := newSite(t, s.d, nil)
	filled.shows("/en/integrate/organization", `data-udata-territory=&#34;fr-town-44109&#34;`, "(Nantes)", "fr-county-13", "fr-region-11", "(Île-de-France)")
}
