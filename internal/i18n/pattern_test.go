package i18n

import (
	"testing"
	"testing/fstest"
	"time"
)

func TestPatterns(t *testing.T) {
	m, err := ReadMessages(fstest.MapFS{
		"fr.json": {Data: []byte(`{"script.a": "un {x} deux", "script.n": {"one": "{count} objet", "other": "{count} objets"}, "page.b": "non", "tool.c": "<b>"}`)},
		"en.json": {Data: []byte(`{"script.a": "one {x} two", "script.only": "here"}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	say := m.Printer("fr", "en", time.UTC)
	scripts := `"script.a":"un {x} deux","script.n":{"one":"{count} objet","other":"{count} objets"},"script.only":"here"`
	for range 2 {
		if got, want := say.Patterns("script."), "{"+scripts+"}"; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		if got, want := say.Patterns("script.", "tool."), "{"+scripts+`,"tool.c":"\u003cb\u003e"}`; got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
