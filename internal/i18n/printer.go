package i18n

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

// Printer writes messages, numbers and moments for readers of one language. It
// may be used by several goroutines at once.
type Printer struct {
	lang  string
	chain []spoken
	locale
	zone *time.Location
	// patterns are the answers of Patterns, by prefixes.
	patterns sync.Map
}

// spoken is a language's messages.
type spoken struct {
	tag   language.Tag
	texts map[string]message
}

// Printer returns one for a language. A message that the language lacks is
// taken from the language without its region, from fallback, or from any other
// language that has it. Moments are shown in zone, UTC when nil.
func (m *Messages) Printer(lang, fallback string, zone *time.Location) *Printer {
	if zone == nil {
		zone = time.UTC
	}
	p := &Printer{lang: lang, locale: localeOf(lang, fallback), zone: zone}
	seen := map[string]bool{}
	for _, name := range append([]string{lang, base(lang), fallback, base(fallback)}, m.Languages()...) {
		if texts := m.byLang[name]; texts != nil && !seen[name] {
			seen[name] = true
			p.chain = append(p.chain, spoken{language.Make(name), texts})
		}
	}
	return p
}

// Lang returns the printer's language.
func (p *Printer) Lang() string { return p.lang }

// T returns a message, or its identifier when no language has it. args are
// pairs of a name and a value; {name} in the message gives way to the value,
// moments being written by Date. The argument named count chooses the plural
// form and is written by Number. An argument that is not given stays in its
// braces.
func (p *Printer) T(id string, args ...any) string {
	for _, lang := range p.chain {
		if m, ok := lang.texts[id]; ok {
			return p.fill(m.formFor(formOf(lang.tag, args), args), args)
		}
	}
	return id
}

func (p *Printer) fill(pieces []piece, args []any) string {
	if len(pieces) == 1 && pieces[0].name == "" {
		return pieces[0].text
	}
	var b strings.Builder
	for _, piece := range pieces {
		switch value, given := lookUp(args, piece.name); {
		case piece.name == "":
			b.WriteString(piece.text)
		case given:
			b.WriteString(p.value(piece.name, value))
		default:
			b.WriteString("{" + piece.name + "}")
		}
	}
	return b.String()
}

func (p *Printer) value(name string, value any) string {
	if text, ok := value.(string); ok {
		return text
	}
	if name == "count" {
		return p.Number(value)
	}
	if _, ok := value.(moment); ok {
		return p.Date(value)
	}
	return fmt.Sprint(value)
}

// lookUp finds a value in pairs of a name and a value.
func lookUp(args []any, name string) (any, bool) {
	for i := 0; i+1 < len(args); i += 2 {
		if args[i] == name {
			return args[i+1], true
		}
	}
	return nil, false
}

// formOf returns the plural form for the argument named count.
func formOf(tag language.Tag, args []any) plural.Form {
	count, given := lookUp(args, "count")
	if !given {
		return plural.Other
	}
	digits := strings.TrimPrefix(digitsOf(count), "-")
	whole, fraction, _ := strings.Cut(digits, ".")
	i, v := operand(whole), len(fraction)
	trimmed := strings.TrimRight(fraction, "0")
	return plural.Cardinal.MatchPlural(tag, i, v, len(trimmed), operand(fraction), operand(trimmed))
}

// operand reads digits for the plural rules, which look at the size of a number
// and its last digits: the middle of a very long one is left out.
func operand(digits string) int {
	if len(digits) > 17 {
		digits = "1" + digits[len(digits)-16:]
	}
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return n
}

// digitsOf writes a number of any type in plain digits: 1234.5; what is no
// number gives "".
func digitsOf(n any) string {
	value := reflect.ValueOf(n)
	for value.Kind() == reflect.Pointer {
		value = value.Elem()
	}
	switch {
	case !value.IsValid():
		return ""
	case value.CanInt():
		return strconv.FormatInt(value.Int(), 10)
	case value.CanUint():
		return strconv.FormatUint(value.Uint(), 10)
	case value.CanFloat():
		return strconv.FormatFloat(value.Float(), 'f', -1, value.Type().Bits())
	}
	return ""
}

// Number writes a number of any type, or a pointer to one, with the language's
// separators: 1 234. What is no number is written as it is, nil as nothing.
func (p *Printer) Number(n any) string {
	digits := digitsOf(n)
	if digits == "" {
		return other(n)
	}
	return p.separate(digits)
}

// other writes what is no number.
func other(n any) string {
	value := reflect.ValueOf(n)
	if !value.IsValid() || value.Kind() == reflect.Pointer && value.IsNil() {
		return ""
	}
	return fmt.Sprint(n)
}

// Decimal writes a number with so many digits after the decimal sign.
func (p *Printer) Decimal(f float64, digits int) string {
	return p.separate(strconv.FormatFloat(f, 'f', max(digits, 0), 64))
}

// separate puts the language's separators into plain digits. What is no number
// (NaN, Inf) stays.
func (p *Printer) separate(digits string) string {
	whole, fraction, decimals := strings.Cut(digits, ".")
	whole, negative := strings.CutPrefix(whole, "-")
	if whole == "" || whole[0] < '0' || whole[0] > '9' {
		return digits
	}
	var b strings.Builder
	if negative && strings.Trim(digits, "-0.") != "" {
		b.WriteByte('-')
	}
	grouped := len(whole) >= 3+p.minGrouped
	for i := range len(whole) {
		if grouped && i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteString(p.group)
		}
		b.WriteByte(whole[i])
	}
	if decimals {
		b.WriteString(p.decimal + fraction)
	}
	return b.String()
}

// Percent writes a share in hundredths, without decimals: 0.63 is 63 %.
func (p *Printer) Percent(share float64) string { return p.Decimal(100*share, 0) + p.percent }

// Compact writes a number of any type shortly: 1,2 k, 34 M. Numbers below a
// thousand are written in full; others with one decimal up to a hundred units.
func (p *Printer) Compact(n any) string {
	f, err := strconv.ParseFloat(digitsOf(n), 64)
	if err != nil {
		return other(n)
	}
	size := max(f, -f)
	for i, unit := range p.compact {
		if size < unit.size && !roundsUp(size, unit.size, p.compact[i+1:]) {
			continue
		}
		return p.short(f/unit.size) + unit.word
	}
	return p.Number(n)
}

// roundsUp tells that a size just below a unit would be written as a thousand
// of the next.
func roundsUp(size, unit float64, lower []unit) bool {
	return len(lower) > 0 && unit/lower[0].size == 1000 && size >= unit-lower[0].size/2
}

// short writes a number with one decimal, unless that is 0 or the number has
// three digits before it.
func (p *Printer) short(f float64) string {
	if max(f, -f) >= 99.95 {
		return p.Decimal(f, 0)
	}
	digits := strings.TrimSuffix(strconv.FormatFloat(f, 'f', 1, 64), ".0")
	return p.separate(digits)
}

// Size writes a number of bytes with decimal units: 3,2 Mo in French, 3.2 MB
// in English.
func (p *Printer) Size(bytes int64) string {
	f, unit := float64(bytes), 0
	for max(f, -f) >= 999.5 && unit < len(p.byteUnits)-1 {
		f /= 1000
		unit++
	}
	return p.short(f) + nbsp + p.byteUnits[unit]
}
