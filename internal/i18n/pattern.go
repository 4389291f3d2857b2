package i18n

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// Patterns returns the messages whose identifiers begin with one of some
// prefixes, with their arguments in braces, for programs that fill them in by
// themselves: a JSON object of texts, or objects of texts by plural category.
// It may stand in a script: <, > and & are escaped. What is returned for a set of
// prefixes is kept, so they must not come from outside.
func (p *Printer) Patterns(prefixes ...string) string {
	key := strings.Join(prefixes, " ")
	if kept, ok := p.patterns.Load(key); ok {
		return kept.(string)
	}
	all := map[string]any{}
	for _, lang := range slices.Backward(p.chain) {
		for id, m := range lang.texts {
			if slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(id, prefix) }) {
				all[id] = m.pattern()
			}
		}
	}
	encoded, err := json.Marshal(all)
	if err != nil {
		panic("i18n: " + err.Error()) // texts and maps of texts
	}
	p.patterns.Store(key, string(encoded))
	return string(encoded)
}

// pattern writes a message as its file does.
func (m message) pattern() any {
	forms := map[string]string{}
	for category := range categories {
		if m.has(category) {
			forms[category] = patternOf(m.forms[categories[category]])
		}
	}
	if len(forms) == 1 {
		return forms[slices.Collect(maps.Keys(forms))[0]]
	}
	return forms
}

func patternOf(pieces []piece) string {
	var b strings.Builder
	for _, piece := range pieces {
		if piece.name != "" {
			b.WriteString("{" + piece.name + "}")
			continue
		}
		b.WriteString(piece.text)
	}
	return b.String()
}
