package catalog

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"math/bits"
	"reflect"
	"strconv"
	"strings"
	"time"

	"grenier/internal/db"
)

// Form is the form in which an input speaks of an object. Of two inputs about
// one moment the one of the later form here is believed.
type Form int

// The forms.
const (
	// FormMention is an object named by another: an organisation by its
	// dataset.
	FormMention Form = iota
	// FormFacts is a list of facts, kept by hand.
	FormFacts
	// FormFormerAPI is an API answer from before internal dates were shown.
	FormFormerAPI
	// FormDump is a row of a CSV dump.
	FormDump
	// FormAPI is an API answer.
	FormAPI
	// formHere is what was written in this catalogue.
	formHere
)

// FieldSet is a set of the fields of one kind of object. Its bits are stored:
// the tables of fields only grow at their end.
type FieldSet uint64

// Has tells whether the set holds all of the others.
func (s FieldSet) Has(other FieldSet) bool { return s&other == other }

// Source is one input about one object: when what it says was true, and which
// fields it speaks of.
type Source struct {
	// At is when the object was last modified as the input knows it, in
	// microseconds since 1970; Unknown comes before all else.
	At   int64
	Form Form
	// Weight is a number that only grows, such as views: of two inputs of
	// one form and moment the greater is the younger.
	Weight int64
	// Hash is of the input as it was read. It makes the order total, so
	// that the result never depends on which input came first.
	Hash uint64
	// Fields are the fields that the input carries, empty ones included;
	// in what is stored, those that were taken from it.
	Fields FieldSet
}

// UnknownAt is the At of an input that says nothing of time.
const UnknownAt = math.MinInt64

// compare orders sources by how much they are believed.
func (s Source) compare(other Source) int {
	return cmp.Or(cmp.Compare(s.At, other.At), cmp.Compare(s.Form, other.Form), cmp.Compare(s.Weight, other.Weight),
		cmp.Compare(s.Hash, other.Hash))
}

// provenance says which input each field of an object was taken from.
type provenance struct {
	// written is the moment of modification that the import wrote into the
	// row; another one there tells of a change made here since.
	written int64
	sources []Source
}

// take returns the fields that an input gives: those that no input believed
// more has given.
func (p *provenance) take(in Source) FieldSet {
	take := in.Fields
	for _, source := range p.sources {
		if in.compare(source) <= 0 {
			take &^= source.Fields
		}
	}
	return take
}

// give notes that fields were taken from an input. Inputs from which nothing is
// left are forgotten.
func (p *provenance) give(in Source, take FieldSet) {
	kept := p.sources[:0:0]
	for _, source := range p.sources {
		same := source.compare(in) == 0
		if source.Fields &^= take; source.Fields != 0 && !same {
			kept = append(kept, source)
		} else if same {
			take |= source.Fields
		}
	}
	in.Fields = take
	p.sources = append(kept, in)
}

// goOn is the source of a list that goes on: as new as any part of it, and
// believed more than each.
func (p *provenance) goOn(in Source) Source {
	if began, ok := p.of(in.Fields); ok {
		in.At, in.Form, in.Weight = max(in.At, began.At), max(in.Form, began.Form), max(in.Weight, began.Weight)
	}
	in.Hash = math.MaxUint64
	return in
}

// has tells whether any input gave a field.
func (p *provenance) has(field FieldSet) bool {
	for _, source := range p.sources {
		if source.Fields&field != 0 {
			return true
		}
	}
	return false
}

// of returns the input that gave a field.
func (p *provenance) of(field FieldSet) (Source, bool) {
	for _, source := range p.sources {
		if source.Fields&field != 0 {
			return source, true
		}
	}
	return Source{}, false
}

// newest is the moment of the newest input.
func (p *provenance) newest() db.Time {
	newest := int64(UnknownAt)
	for _, source := range p.sources {
		newest = max(newest, source.At)
	}
	if newest == UnknownAt {
		return db.Time{}
	}
	return db.Time{Time: time.UnixMicro(newest).UTC()}
}

// changedHere takes over what was given before a change made in this catalogue.
func (p *provenance) changedHere(modified db.Time, all FieldSet) {
	at := microOf(modified)
	if p.sources != nil && at == p.written {
		return
	}
	here := Source{At: at, Form: formHere, Fields: all}
	kept := p.sources[:0:0]
	for _, source := range p.sources {
		if source.compare(here) > 0 {
			kept = append(kept, source)
			here.Fields &^= source.Fields
		}
	}
	p.sources = append(kept, here)
}

// text is the form in which provenance is kept.
func (p *provenance) text() string {
	var b strings.Builder
	b.WriteString(strconv.FormatInt(p.written, 36))
	for _, s := range p.sources {
		fmt.Fprintf(&b, " %s.%d.%s.%x.%x", strconv.FormatInt(s.At, 36), s.Form, strconv.FormatInt(s.Weight, 36), s.Hash, uint64(s.Fields))
	}
	return b.String()
}

// parseProvenance reads what text wrote.
func parseProvenance(text string) (provenance, error) {
	var p provenance
	if text == "" {
		return p, nil
	}
	head, rest, _ := strings.Cut(text, " ")
	written, err := strconv.ParseInt(head, 36, 64)
	if err != nil {
		return p, fmt.Errorf("catalog: provenance %q: %w", text, err)
	}
	p.written = written
	for _, word := range strings.Fields(rest) {
		parts := strings.Split(word, ".")
		if len(parts) != 5 {
			return p, fmt.Errorf("catalog: provenance %q has a part with %d numbers", text, len(parts))
		}
		var s Source
		var numbers [3]int64
		for i, base := range []int{36, 10, 36} {
			if numbers[i], err = strconv.ParseInt(parts[i], base, 64); err != nil {
				return p, fmt.Errorf("catalog: provenance %q: %w", text, err)
			}
		}
		s.At, s.Form, s.Weight = numbers[0], Form(numbers[1]), numbers[2]
		if s.Hash, err = strconv.ParseUint(parts[3], 16, 64); err != nil {
			return p, fmt.Errorf("catalog: provenance %q: %w", text, err)
		}
		fields, err := strconv.ParseUint(parts[4], 16, 64)
		if err != nil {
			return p, fmt.Errorf("catalog: provenance %q: %w", text, err)
		}
		s.Fields = FieldSet(fields)
		p.sources = append(p.sources, s)
	}
	return p, nil
}

// provenanceIn reads the provenance out of the cells of a row of given.
func provenanceIn(cells db.JSON) (provenance, error) {
	if len(cells) == 0 {
		return provenance{}, nil
	}
	var holder struct {
		Sources string `json:"sources"`
	}
	if err := json.Unmarshal(cells, &holder); err != nil {
		return provenance{}, err
	}
	return parseProvenance(holder.Sources)
}

func microOf(t db.Time) int64 {
	if t.IsZero() {
		return UnknownAt
	}
	return t.UnixMicro()
}

// bulkField is one field of a kind of object, as inputs carry it: a name and
// the parts of the object that make it.
type bulkField[T any] struct {
	name string
	// parts returns pointers into the object.
	parts func(*T) []any
	// same compares the field in two objects; nil compares the parts.
	same func(a, b *T) bool
	// shown is the field as history keeps it; nil shows the parts.
	shown func(*T) any
}

func (f *bulkField[T]) equal(a, b *T) bool {
	if f.same != nil {
		return f.same(a, b)
	}
	to, with := f.parts(a), f.parts(b)
	for i := range to {
		if !sameValue(reflect.ValueOf(to[i]).Elem().Interface(), reflect.ValueOf(with[i]).Elem().Interface()) {
			return false
		}
	}
	return true
}

// value is the field as history keeps it.
func (f *bulkField[T]) value(t *T) any {
	if f.shown != nil {
		return f.shown(t)
	}
	parts := f.parts(t)
	values := make([]any, len(parts))
	for i, part := range parts {
		value := reflect.ValueOf(part).Elem().Interface()
		if moment, ok := value.(db.Time); ok {
			value = moment.Ptr()
		}
		values[i] = value
	}
	if len(values) == 1 {
		return values[0]
	}
	return values
}

func (f *bulkField[T]) copy(to, from *T) {
	target, origin := f.parts(to), f.parts(from)
	for i := range target {
		reflect.ValueOf(target[i]).Elem().Set(reflect.ValueOf(origin[i]).Elem())
	}
}

func sameValue(a, b any) bool { return reflect.DeepEqual(a, b) }

// plain is a field that is no more than its parts.
func plain[T any](name string, parts func(*T) []any) bulkField[T] {
	return bulkField[T]{name: name, parts: parts}
}

// bulkFields are the fields of a kind, at the place of their bit.
type bulkFields[T any] []bulkField[T]

// set returns the set of the fields with these names. A name that is not there
// is a mistake of the program.
func (f bulkFields[T]) set(names ...string) FieldSet {
	var set FieldSet
next:
	for _, name := range names {
		for i := range f {
			if f[i].name == name {
				set |= 1 << i
				continue next
			}
		}
		panic("catalog: no field is named " + name)
	}
	return set
}

func (f bulkFields[T]) all() FieldSet { return 1<<len(f) - 1 }

// each calls fn with the fields of a set.
func (f bulkFields[T]) each(set FieldSet, fn func(*bulkField[T], FieldSet)) {
	for set != 0 {
		bit := bits.TrailingZeros64(uint64(set))
		set &= set - 1
		if bit < len(f) {
			fn(&f[bit], 1<<bit)
		}
	}
}
