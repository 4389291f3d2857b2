// Package i18n gives the labels of values in the languages of readers, and
// chooses the language of an answer.
package i18n

import (
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
)

// Option is a value with its label.
type Option struct {
	ID    string
	Label string
}

// Languages are those with labels. Each has all of them.
var Languages = []string{"fr", "en", "es", "pt", "de", "it"}

// lastResort stands in for a language without labels.
const lastResort = "en"

//go:embed labels/*.json
var files embed.FS

// labels are by language, kind and identifier.
var labels = sync.OnceValue(func() map[string]map[Kind]map[string]string {
	all := make(map[string]map[Kind]map[string]string, len(Languages))
	for _, lang := range Languages {
		table, err := readLabels(lang)
		if err != nil {
			panic("i18n: " + err.Error())
		}
		all[lang] = table
	}
	return all
})

func readLabels(lang string) (map[Kind]map[string]string, error) {
	text, err := files.ReadFile(path.Join("labels", lang+".json"))
	if err != nil {
		return nil, err
	}
	var table map[Kind]map[string]string
	if err := json.Unmarshal(text, &table); err != nil {
		return nil, fmt.Errorf("%s.json: %w", lang, err)
	}
	return table, nil
}

// Label returns the label of a value in a language; English stands in for the
// languages without labels. A value that is not of the kind is its own label.
func Label(kind Kind, id, lang string) string {
	table, known := labels()[base(lang)]
	if !known {
		table = labels()[lastResort]
	}
	if label, ok := table[kind][id]; ok {
		return label
	}
	return id
}

// base cuts a region off a language: pt-BR → pt.
func base(lang string) string {
	cut := strings.IndexAny(lang, "-_")
	if cut < 0 {
		return lang
	}
	return strings.ToLower(lang[:cut])
}

// List returns the values of a kind in the order of the API, labelled in a
// language.
func List(kind Kind, lang string) []Option {
	options := make([]Option, 0, len(kinds[kind]))
	for _, id := range kinds[kind] {
		options = append(options, Option{id, Label(kind, id, lang)})
	}
	return options
}

// IDs returns the values of a kind in the order of the API.
func IDs(kind Kind) []string { return slices.Clone(kinds[kind]) }

// Has tells whether a value is of a kind.
func Has(kind Kind, id string) bool { return slices.Contains(kinds[kind], id) }
