package i18n

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
)

func TestEveryLanguageIsComplete(t *testing.T) {
	if len(Languages) != 6 {
		t.Errorf("the languages are %v", Languages)
	}
	for _, lang := range Languages {
		for kind, ids := range kinds {
			if len(ids) == 0 {
				t.Errorf("%s has no values", kind)
			}
			for _, id := range ids {
				if strings.TrimSpace(labels()[lang][kind][id]) == "" {
					t.Errorf("%s lacks the label of %s %s", lang, kind, id)
				}
			}
		}
	}
}

// No file labels a value that does not exist, twice, or with blanks around.
func TestFilesHoldNothingElse(t *testing.T) {
	for _, lang := range Languages {
		for kind, table := range labels()[lang] {
			ids, known := kinds[kind]
			if !known {
				t.Errorf("%s labels the unknown kind %s", lang, kind)
			}
			for id, label := range table {
				if known && !slices.Contains(ids, id) {
					t.Errorf("%s labels the unknown %s %s", lang, kind, id)
				}
				if label == "" || label != strings.TrimSpace(label) {
					t.Errorf("%s: the label of %s %s is %q", lang, kind, id, label)
				}
			}
		}
		text, err := files.ReadFile("labels/" + lang + ".json")
		if err != nil {
			t.Fatal(err)
		}
		if key := repeatedKey(text); key != "" {
			t.Errorf("%s.json holds %s twice", lang, key)
		}
	}
}

// repeatedKey returns a key that one object of the document holds twice.
func repeatedKey(text []byte) string {
	decoder := json.NewDecoder(bytes.NewReader(text))
	var stack []map[string]bool
	isKey := false
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			return ""
		}
		switch value := token.(type) {
		case json.Delim:
			if value == '{' {
				stack = append(stack, map[string]bool{})
			} else if value == '}' {
				stack = stack[:len(stack)-1]
			}
			isKey = true
		case string:
			if isKey {
				if stack[len(stack)-1][value] {
					return value
				}
				stack[len(stack)-1][value] = true
			}
			isKey = !isKey
		}
	}
}

func TestRepeatedKeyIsSeen(t *testing.T) {
	if got := repeatedKey([]byte(`{"a":{"x":"1","y":"x","x":"2"}}`)); got != "x" {
		t.Errorf("got %q", got)
	}
	if got := repeatedKey([]byte(`{"a":{"x":"x"},"b":{"x":"a"}}`)); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestLabel(t *testing.T) {
	for _, test := range []struct {
		kind           Kind
		id, lang, want string
	}{
		{Frequency, "annual", "fr", "Annuelle"},
		{Frequency, "punctual", "fr", "Ponctuelle"},
		{Frequency, "daily", "en", "Daily"},
		{Frequency, "daily", "fr-CA", "Quotidienne"},
		{Frequency, "daily", "pt_BR", "Diária"},
		{OrganizationBadge, "certified", "fr", "Certifié"},
		{OrganizationBadge, "public-service", "fr", "Service public"},
		{DatasetBadge, "spd", "fr", "Données de référence"},
		{Granularity, "fr:epci", "fr", "Intercommunalité française (EPCI)"},
		{Granularity, "poi", "en", "POI"},
		{OrganizationRole, "admin", "en", "Administrator"},
		{ReasonCategory, "intellectual_property_rights", "de", "Rechte des geistigen Eigentums"},
		{FormatFamily, "geographical", "es", "Geográfico"},
		{Granularity, "fr:epci", "it", "Unione francese di comuni (EPCI)"},
		// Languages without labels are answered in English.
		{Frequency, "daily", "ja", "Daily"},
		{Frequency, "daily", "", "Daily"},
		// What nobody knows stays itself.
		{Frequency, "fortnightly", "fr", "fortnightly"},
		{Kind("mood"), "blue", "fr", "blue"},
	} {
		if got := Label(test.kind, test.id, test.lang); got != test.want {
			t.Errorf("Label(%s, %s, %q) = %q, want %q", test.kind, test.id, test.lang, got, test.want)
		}
	}
}

func TestListKeepsTheOrderOfTheAPI(t *testing.T) {
	frequencies := List(Frequency, "fr")
	if len(frequencies) != 40 || frequencies[0] != (Option{"continuous", "Temps réel"}) || frequencies[39] != (Option{"unknown", "Inconnue"}) {
		t.Errorf("the frequencies are %v", frequencies)
	}
	if got := List(OrganizationRole, "en"); !slices.Equal(got, []Option{{"admin", "Administrator"}, {"editor", "Editor"}, {"partial_editor", "Partial editor"}}) {
		t.Errorf("the roles are %v", got)
	}
	if got := List(Kind("mood"), "fr"); got == nil || len(got) != 0 {
		t.Errorf("an unknown kind lists %v", got)
	}
	if !Has(ReuseTopic, "health") || Has(ReuseTopic, "main") {
		t.Error("values are in the wrong kind")
	}
	ids := IDs(FileType)
	ids[0] = "changed"
	if IDs(FileType)[0] != "file" {
		t.Error("the values can be changed from outside")
	}
}
