package tabular

import (
	"strings"
	"time"
)

// Kind is what the values of a column are, as far as the rows that were read tell.
type Kind string

// The kinds.
const (
	Text    Kind = "text"
	Integer Kind = "integer"
	Decimal Kind = "decimal"
	Date    Kind = "date"
	Boolean Kind = "boolean"
)

// columnKinds gives the kind of each of so many columns. A column is of a kind when every value is.
func columnKinds(table [][]string, width int) []Kind {
	kinds := make([]Kind, width)
	for _, row := range table {
		for i, cell := range row[:min(len(row), width)] {
			if kinds[i] == Text || null(cell) {
				continue
			}
			kinds[i] = both(kinds[i], kindOf(cell))
		}
	}
	for i, kind := range kinds {
		if kind == "" {
			kinds[i] = Text
		}
	}
	return kinds
}

// both is the kind that holds values of two.
func both(a, b Kind) Kind {
	switch {
	case a == "" || a == b:
		return b
	case a == Integer && b == Decimal, a == Decimal && b == Integer:
		return Decimal
	}
	return Text
}

// null tells a cell that says there is no value.
func null(cell string) bool {
	switch strings.ToLower(strings.TrimSpace(cell)) {
	case "", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "-":
		return true
	}
	return false
}

// kindOf is the kind of one value. Numbers with leading zeros are codes, hence text.
func kindOf(cell string) Kind {
	cell = strings.TrimSpace(cell)
	switch {
	case number(cell, false):
		return Integer
	case number(cell, true):
		return Decimal
	case date(cell):
		return Date
	}
	switch strings.ToLower(cell) {
	case "true", "false", "vrai", "faux", "oui", "non", "yes", "no":
		return Boolean
	}
	return Text
}

// number reads digits with a minus sign; with decimal also a point or comma and an exponent. A plus sign
// makes a telephone number.
func number(s string, decimal bool) bool {
	if len(s) > 40 {
		return false
	}
	s = strings.TrimPrefix(s, "-")
	whole, rest := digits(s)
	if whole == 0 || whole > 18 && !decimal || whole > 1 && s[0] == '0' {
		return false
	}
	if !decimal || rest == "" {
		return rest == ""
	}
	if rest[0] == '.' || rest[0] == ',' {
		n, after := digits(rest[1:])
		if n == 0 {
			return false
		}
		rest = after
	}
	if rest != "" && (rest[0] == 'e' || rest[0] == 'E') {
		n, after := digits(strings.TrimLeft(rest[1:], "+-"))
		return n > 0 && n <= 3 && after == ""
	}
	return rest == ""
}

func digits(s string) (n int, rest string) {
	for n < len(s) && digit(s[n]) {
		n++
	}
	return n, s[n:]
}

// dates are the ways of writing a day; day first where both are possible, as in the field.
var dates = []string{"2006-01-02", "2006/01/02", "02/01/2006", "02-01-2006", "02.01.2006", "2/1/2006"}

// moments follow a day.
var moments = []string{"", "15:04", "15:04:05", "15:04:05.999999999", "15:04:05Z07:00", "15:04Z07:00"}

func date(s string) bool {
	if len(s) < 8 || len(s) > 40 || !digit(s[0]) {
		return false
	}
	cut := strings.IndexAny(s, "T ")
	day, moment := s, ""
	if cut > 0 {
		day, moment = s[:cut], strings.TrimSpace(s[cut+1:])
	}
	return reads(day, dates) && reads(moment, moments)
}

func reads(s string, layouts []string) bool {
	for _, layout := range layouts {
		if _, err := time.Parse(layout, s); err == nil {
			return true
		}
	}
	return false
}
