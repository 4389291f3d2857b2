package i18n

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/feature/plural"
)

// categories are the plural categories of CLDR by the form that stands for them.
var categories = map[string]plural.Form{
	"zero": plural.Zero, "one": plural.One, "two": plural.Two,
	"few": plural.Few, "many": plural.Many, "other": plural.Other,
}

// message holds a text's plural forms, cut into pieces; a form that is nil is
// not given. A message without plurals has only plural.Other.
type message struct {
	forms [plural.Many + 1][]piece
}

// piece is some text as it stands, or an argument's name.
type piece struct{ text, name string }

// has tells whether the message gives a category.
func (m message) has(category string) bool { return m.forms[categories[category]] != nil }

func (m *message) set(category, text string) error {
	form, known := categories[category]
	if !known {
		return fmt.Errorf("%q is no plural category: use zero, one, two, few, many or other", category)
	}
	if m.forms[form] != nil {
		return fmt.Errorf("the plural form %q is given twice", category)
	}
	pieces, err := cutMessage(text)
	m.forms[form] = pieces
	return err
}

// form returns the pieces for a plural form, else those of "other".
func (m message) form(wanted plural.Form) []piece {
	if pieces := m.forms[wanted]; pieces != nil {
		return pieces
	}
	return m.forms[plural.Other]
}

// formFor returns the pieces for a plural form and arguments. Where "one" says
// a single thing in words and "other" says the number, "one" is for 1 alone:
// in some languages its category also holds 0.
func (m message) formFor(wanted plural.Form, args []any) []piece {
	pieces := m.form(wanted)
	if wanted != plural.One || counts(pieces) || !counts(m.forms[plural.Other]) {
		return pieces
	}
	if count, given := lookUp(args, "count"); given && digitsOf(count) != "1" {
		return m.forms[plural.Other]
	}
	return pieces
}

// counts tells whether a text shows the number.
func counts(pieces []piece) bool {
	return slices.ContainsFunc(pieces, func(p piece) bool { return p.name == "count" })
}

// argument is what braces may hold.
var argument = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// cutMessage cuts a text at its arguments in braces. The result is never nil.
func cutMessage(text string) ([]piece, error) {
	pieces := []piece{}
	for text != "" {
		before, rest, found := strings.Cut(text, "{")
		if strings.Contains(before, "}") {
			return nil, fmt.Errorf("a } has no { before it in %q", before)
		}
		if before != "" {
			pieces = append(pieces, piece{text: before})
		}
		if !found {
			break
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			return nil, fmt.Errorf("a { is not closed before %q", rest)
		}
		if !argument.MatchString(name) {
			return nil, fmt.Errorf("{%s} is no argument: a name of small letters, digits and _ goes between braces", name)
		}
		pieces = append(pieces, piece{name: name})
		text = after
	}
	return pieces, nil
}
