package i18n

import (
	"reflect"
	"testing"
	"testing/fstest"
	"time"
)

func TestPatterns(t *testing.T) {
	m, err := ReadMessages(fstest.MapFS{
		"fr.json": {Data: []byte(`{"script.a": "un {x} deux", "script.n": {"one": "{count} objet", "other": "{count} objets"}, "page.b": "non"}`)},
		"en.json": {Data: []byte(`{"script.a": "one {x} two", "script.only": "here"}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := m.Printer("fr", "en", time.UTC).Patterns("script.")
	want := map[string]any{
		"script.a": "un {x} deux", "script.n": map[string]string{"one": "{count} objet", "other": "{count} objets"}, "script.only": "here",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
