package i18n

import (
	"maps"
	"slices"
	"strings"
)

// Patterns returns the messages whose identifiers begin with a prefix, with
// their arguments in braces, for programs that fill them in by themselves: a
// text, or a map of texts by plural category.
func (p *Printer) Patterns(prefix string) map[string]any {
	all := map[string]any{}
	for _, lang := range slices.Backward(p.chain) {
		for id, m := range lang.texts {
			if strings.HasPrefix(id, prefix) {
				all[id] = m.pattern()
			}
		}
	}
	return all
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
