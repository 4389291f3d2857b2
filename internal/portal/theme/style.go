package theme

import (
	"regexp"
	"strings"
)

// declaration gives a custom property a value, for the root of the page.
type declaration struct {
	name, value string
	file        string
	line        int
	// selector is one compound selector; dark tells that it counts only where
	// the system is dark, light only where it is light.
	selector    string
	dark, light bool
}

// readTokens finds the tokens that a style sheet gives to the root of the page.
// Rules for other elements, and those within conditions other than the colours
// of the system, are left out.
func readTokens(file, sheet string) []declaration {
	r := styleReader{file: file, text: withoutComments(sheet)}
	r.block(0, "", condition{})
	return r.found
}

// condition is where a rule counts.
type condition struct{ dark, light, other bool }

type styleReader struct {
	file, text string
	found      []declaration
}

var (
	comment = regexp.MustCompile(`(?s)/\*.*?\*/`)
	scheme  = regexp.MustCompile(`prefers-color-scheme\s*:\s*(dark|light)`)
)

// withoutComments blanks comments, lines kept.
func withoutComments(sheet string) string {
	return comment.ReplaceAllStringFunc(sheet, func(c string) string {
		return strings.Map(func(r rune) rune {
			if r == '\n' {
				return r
			}
			return ' '
		}, c)
	})
}

// maxNesting bounds rules within rules.
const maxNesting = 8

// block reads declarations and rules until the closing brace, and returns where
// it ended.
func (r *styleReader) block(at int, selector string, c condition) int {
	return r.nested(at, selector, c, 0)
}

func (r *styleReader) nested(at int, selector string, c condition, level int) int {
	start := at
	quote := byte(0)
	depth := 0
	for ; at < len(r.text); at++ {
		b := r.text[at]
		switch {
		case quote != 0:
			if b == '\\' {
				at++
			} else if b == quote {
				quote = 0
			}
		case b == '"' || b == '\'':
			quote = b
		case b == '(':
			depth++
		case b == ')':
			depth--
		case depth > 0:
		case b == ';':
			r.declare(start, at, selector, c)
			start = at + 1
		case b == '{':
			inner, within := r.rule(strings.TrimSpace(r.text[start:at]), selector, c)
			if level == maxNesting {
				return len(r.text)
			}
			at = r.nested(at+1, inner, within, level+1)
			start = at + 1
		case b == '}':
			r.declare(start, at, selector, c)
			return at
		}
	}
	return at
}

// rule reads what stands before a brace.
func (r *styleReader) rule(head, selector string, c condition) (string, condition) {
	if !strings.HasPrefix(head, "@") {
		if selector != "" {
			c.other = true // a rule within a rule is for something inside the page
		}
		return head, c
	}
	switch found := scheme.FindStringSubmatch(head); {
	case strings.HasPrefix(head, "@layer"):
	case found != nil && !strings.Contains(head, " and ") && !strings.Contains(head, ","):
		c.dark = c.dark || found[1] == "dark"
		c.light = c.light || found[1] == "light"
	default:
		c.other = true
	}
	return selector, c
}

func (r *styleReader) declare(start, end int, selector string, c condition) {
	name, value, ok := strings.Cut(r.text[start:end], ":")
	name = strings.TrimSpace(name)
	if !ok || c.other || !strings.HasPrefix(name, tokenPrefix) {
		return
	}
	at := start + strings.Index(r.text[start:end], name)
	line := 1 + strings.Count(r.text[:at], "\n")
	value = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "!important"))
	for _, one := range strings.Split(selector, ",") {
		r.found = append(r.found, declaration{name, value, r.file, line, strings.TrimSpace(one), c.dark, c.light})
	}
}

// tokenPrefix begins the names of all tokens.
const tokenPrefix = "--gr-"

// mode is a state in which a page is seen.
type mode struct {
	// name is for people; chosen is the appearance that the reader chose, dark
	// that the system is.
	name   string
	chosen string
	dark   bool
}

var modes = []mode{
	{"light", "", false}, {"dark", "", true}, {"dark, chosen by the reader", "dark", false}, {"light, chosen by the reader", "light", true},
}

// piece of a compound selector for the root.
var selectorPiece = regexp.MustCompile(`^(?::root|html|\*|:not\(\s*\[data-theme=["']?(\w+)["']?\]\s*\)|\[data-theme=["']?(\w+)["']?\]|:where\(:root\))`)

// counts tells whether a declaration holds for the root in a mode, and with
// which weight.
func (d declaration) counts(m mode) (weight int, ok bool) {
	if d.dark && !m.dark || d.light && m.dark || d.selector == "" {
		return 0, false
	}
	for rest := d.selector; rest != ""; {
		found := selectorPiece.FindStringSubmatch(rest)
		if found == nil {
			return 0, false
		}
		not, is := found[1], found[2]
		switch {
		case not != "" && not == m.chosen, is != "" && is != m.chosen:
			return 0, false
		case found[0] == "html":
			weight++
		case found[0] != "*" && !strings.HasPrefix(found[0], ":where"):
			weight += 10
		}
		rest = rest[len(found[0]):]
	}
	return weight, true
}

// cascade gives each token its value in a mode: the heaviest declaration wins,
// the later one among equals.
func cascade(declarations []declaration, m mode) map[string]declaration {
	values, weights := map[string]declaration{}, map[string]int{}
	for _, d := range declarations {
		if weight, ok := d.counts(m); ok && weight >= weights[d.name] {
			values[d.name], weights[d.name] = d, weight
		}
	}
	return values
}
