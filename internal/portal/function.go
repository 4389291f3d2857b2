package portal

import (
	"errors"
	"fmt"
	"html/template"
	"net/url"
	"strings"
	"time"

	"grenier/internal/i18n"
	"grenier/internal/portal/theme"
)

// functions are what the templates can call, in the language of their page.
// They are part of the contract with theme packs; see docs/theming.md.
func (p *Portal) functions(look *theme.Theme, say *i18n.Printer) template.FuncMap {
	return template.FuncMap{
		"t":        say.T,
		"number":   say.Number,
		"compact":  say.Compact,
		"decimal":  say.Decimal,
		"percent":  say.Percent,
		"size":     say.Size,
		"date":     say.Date,
		"datetime": say.DateTime,
		"month":    say.Month,
		"ago":      func(t any) string { return say.Ago(t, time.Now()) },
		"path":     func(path string) string { return prefixed(p.Language, say.Lang(), path) },
		"asset":    func(name string) (string, error) { return p.asset(look, name) },
		"icon":     p.icon,
		"host":     host,
		"dict":     dict,
		"list":     func(values ...any) []any { return values },
		"join":     func(values []string, between string) string { return strings.Join(values, between) },
		"add":      func(a, b int) int { return a + b },
	}
}

// icon draws a picture of the sprite, for the eye alone; classes may follow
// its name: large, flip.
func (p *Portal) icon(name string, classes ...string) (template.HTML, error) {
	drawn := "icon"
	for _, word := range append(classes, name) {
		if !plainWord(word) {
			return "", fmt.Errorf("no icon and no class is called %q", word)
		}
	}
	for _, class := range classes {
		drawn += " " + class
	}
	return template.HTML(`<svg class="` + drawn + `" aria-hidden="true" focusable="false"><use href="` + p.front.path("icons.svg") + `#` + name + `"></use></svg>`), nil
}

// plainWord tells whether a text may stand in an attribute as it is: letters,
// digits and dashes.
func plainWord(word string) bool {
	for i := range len(word) {
		if c := word[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// host is the name of the server of an address, for people.
func host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(u.Hostname(), "www.")
}

// dict makes a map out of names and values, to hand several to a part.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, errors.New("dict needs a value for each name")
	}
	values := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict: %v is not a name", pairs[i])
		}
		values[name] = pairs[i+1]
	}
	return values, nil
}
