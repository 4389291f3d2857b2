package i18n

import (
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// folder makes a file system of names and contents.
func folder(pairs ...string) fs.FS {
	files := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		files[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return files
}

// mustMessages reads messages that have no fault.
func mustMessages(t *testing.T, files ...fs.FS) *Messages {
	t.Helper()
	m, err := ReadMessages(files...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMessagesAreMergedAndOverridden(t *testing.T) {
	own := folder(
		"fr.json", `{"site.title": "Grenier", "site.by": "par {name}"}`,
		"fr/dataset.json", `{"dataset.count": {"one": "{count} jeu", "other": "{count} jeux de {owner}"}}`,
		"en/dataset.json", "\xEF\xBB\xBF"+`{"dataset.count": {"one": "{count} dataset", "other": "{count} datasets"}}`,
		"fr/notes.txt", "not read", ".hidden/x.json", "not read", "fr/deep/x.json", "not read",
	)
	pack := folder("fr.json", `{"site.title": "Données d’ici"}`)
	m := mustMessages(t, own, pack)
	if got := m.Languages(); !slices.Equal(got, []string{"en", "fr"}) {
		t.Errorf("languages %v", got)
	}
	if got := m.Keys("fr"); !slices.Equal(got, []string{"dataset.count", "site.by", "site.title"}) {
		t.Errorf("keys %v", got)
	}
	if got := m.Arguments("fr", "dataset.count"); !slices.Equal(got, []string{"count", "owner"}) {
		t.Errorf("arguments %v", got)
	}
	if got := m.Arguments("de", "dataset.count"); len(got) != 0 {
		t.Errorf("arguments %v of a language without messages", got)
	}
	p := m.Printer("fr", "en", nil)
	if got := p.T("site.title"); got != "Données d’ici" {
		t.Errorf("the pack does not override: %s", got)
	}
	if got := p.T("site.by", "name", "Ada"); got != "par Ada" {
		t.Errorf("the pack hides what it does not name: %s", got)
	}
}

func TestFaultsOfMessagesNameFileAndLine(t *testing.T) {
	for name, test := range map[string]struct {
		files fs.FS
		want  []string
	}{
		"twice in a file":   {folder("fr.json", "{\n\"a\": \"1\",\n\"a\": \"2\"\n}"), []string{"fr.json:3:", `"a" is already in fr.json`}},
		"twice in two":      {folder("fr.json", `{"a":"1"}`, "fr/x.json", "{\n\"a\":\"2\"}"), []string{"fr.json:1:", "already in fr/x.json"}},
		"bad JSON":          {folder("fr.json", "{\n\"a\": \"1\",\n\"b\" \"2\"}"), []string{"fr.json:3:"}},
		"cut short":         {folder("fr.json", "{\n\"a\": \"1\""), []string{"fr.json:2:"}},
		"empty":             {folder("fr.json", ""), []string{"fr.json:1:", "too early"}},
		"something after":   {folder("fr.json", "{}\n{}"), []string{"fr.json:2:", "follows"}},
		"no object":         {folder("fr.json", `["a"]`), []string{"fr.json:1:", "object"}},
		"unknown category":  {folder("fr.json", `{"a":{"single":"x","other":"y"}}`), []string{"fr.json:1:", `"single"`, "few"}},
		"category twice":    {folder("fr.json", `{"a":{"one":"x","one":"z","other":"y"}}`), []string{`"one" is given twice`}},
		"no other":          {folder("fr.json", `{"a":{"one":"x"}}`), []string{`"other" is missing`}},
		"number":            {folder("fr.json", `{"a":1}`), []string{"fr.json:1:", "not 1"}},
		"null":              {folder("fr.json", `{"a":null}`), []string{"fr.json:1:"}},
		"list":              {folder("fr.json", `{"a":["x"]}`), []string{"not a list"}},
		"form no text":      {folder("fr.json", `{"a":{"other":2}}`), []string{"not a text"}},
		"open brace":        {folder("fr.json", `{"a":"x {name"}`), []string{"not closed"}},
		"closing brace":     {folder("fr.json", `{"a":"x} {name}"}`), []string{"no { before"}},
		"double brace":      {folder("fr.json", `{"a":"{{name}}"}`), []string{"no argument"}},
		"blank in braces":   {folder("fr.json", `{"a":"{the name}"}`), []string{"{the name} is no argument"}},
		"empty name":        {folder("fr.json", `{"":"x"}`), []string{"a name is empty"}},
		"no language":       {folder("x!.json", `{}`), []string{"x!.json", "not the code"}},
		"no language above": {folder("interface/a.json", `{}`), []string{"interface/a.json", "not the code"}},
		"too long":          {folder("fr.json", `{"a":"`+strings.Repeat("x", maxFile)+`"}`), []string{"fr.json is longer"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ReadMessages(test.files)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
		})
	}
}

func TestT(t *testing.T) {
	m := mustMessages(t, folder(
		"fr.json", `{"n": {"one": "{count} jeu", "other": "{count} jeux"}, "hello": "Bonjour {name}, {name} !", "on": "le {day}", "only.fr": "seulement"}`,
		"en.json", `{"n": {"one": "{count} dataset", "other": "{count} datasets"}, "only.en": "only", "n.en": {"one": "{count} one", "other": "{count} other"}}`,
		"pl.json", `{"n": {"one": "{count} zbiór", "few": "{count} zbiory", "many": "{count} zbiorów", "other": "{count} zbioru"}}`,
		"ar.json", `{"n": {"zero": "z", "one": "1", "two": "2", "few": "f", "many": "m", "other": "o"}}`,
		"de.json", `{"only.de": "nur"}`,
	))
	type views int32
	eleven := uint8(11)
	for _, test := range []struct {
		lang, id string
		args     []any
		want     string
	}{
		// CLDR: French counts 0 in the singular, English does not.
		{"fr", "n", []any{"count", 0}, "0 jeu"},
		{"fr", "n", []any{"count", 1}, "1 jeu"},
		{"fr", "n", []any{"count", 1.5}, "1,5 jeu"},
		{"fr", "n", []any{"count", 2}, "2 jeux"},
		{"fr", "n", []any{"count", int64(120858)}, "120" + nnbsp + "858 jeux"},
		{"fr-CA", "n", []any{"count", 2}, "2 jeux"},
		{"en", "n", []any{"count", 0}, "0 datasets"},
		{"en", "n", []any{"count", views(1)}, "1 dataset"},
		{"en", "n", []any{"count", uint64(18446744073709551615)}, "18,446,744,073,709,551,615 datasets"},
		{"en", "n", []any{"count", -1}, "-1 dataset"},
		{"en", "n", []any{"count", 10_000_001}, "10,000,001 datasets"},
		{"en", "n", []any{"count", int64(1_000_000_000_000_000_001)}, "1,000,000,000,000,000,001 datasets"},
		{"en", "n", nil, "{count} datasets"},
		{"pl", "n", []any{"count", 1}, "1 zbiór"},
		{"pl", "n", []any{"count", 22}, "22 zbiory"},
		{"pl", "n", []any{"count", 5}, "5 zbiorów"},
		{"pl", "n", []any{"count", 1.5}, "1,5 zbioru"},
		{"ar", "n", []any{"count", 0}, "z"},
		{"ar", "n", []any{"count", 2}, "2"},
		{"ar", "n", []any{"count", &eleven}, "m"},
		// The plural is that of the language that has the message.
		{"fr", "n.en", []any{"count", 0}, "0 other"},
		{"fr", "hello", []any{"name", "Ada"}, "Bonjour Ada, Ada !"},
		{"fr", "hello", nil, "Bonjour {name}, {name} !"},
		{"fr", "hello", []any{"name"}, "Bonjour {name}, {name} !"},
		{"fr", "hello", []any{"name", "{name}"}, "Bonjour {name}, {name} !"},
		{"fr", "hello", []any{"name", 2026}, "Bonjour 2026, 2026 !"},
		{"fr", "on", []any{"day", time.Date(2026, 1, 16, 0, 0, 0, 0, time.UTC)}, "le 16 janvier 2026"},
		// Fallbacks: the language asked for, the other one, any, the identifier.
		{"fr", "only.en", nil, "only"},
		{"fr", "only.de", nil, "nur"},
		{"ja", "only.fr", nil, "seulement"},
		{"fr", "nowhere", []any{"count", 1}, "nowhere"},
	} {
		if got := m.Printer(test.lang, "en", nil).T(test.id, test.args...); got != test.want {
			t.Errorf("%s %s %v: %q, want %q", test.lang, test.id, test.args, got, test.want)
		}
	}
	if got := m.Printer("fr-CA", "en", nil).Lang(); got != "fr-CA" {
		t.Errorf("the printer speaks %s", got)
	}
}

func FuzzReadMessages(f *testing.F) {
	f.Fuzz(func(t *testing.T, text string) {
		m, err := ReadMessages(folder("fr.json", text))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "messages: fr.json") {
				t.Fatalf("the error names no file: %v", err)
			}
			return
		}
		p := m.Printer("fr", "en", nil)
		for _, id := range m.Keys("fr") {
			args := []any{"count", 2}
			for _, name := range m.Arguments("fr", id) {
				args = append(args, name, "x")
			}
			if got := p.T(id, args...); strings.ContainsAny(got, "{}") {
				t.Fatalf("%s is written %q", id, got)
			}
		}
	})
}
