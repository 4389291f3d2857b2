package dcat

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"time"

	"grenier/internal/rdf"
)

// Document writes descriptions as quads, one after the other. What several of
// them name, a licence or an organisation, is described once.
type Document struct {
	emit   func(rdf.Quad) error
	blanks int
	// said are what need not be described again; taken are the URIs of
	// datasets and services so far.
	said, taken map[string]bool

	// The description being made, written only once it is whole.
	quads   []rdf.Quad
	heard   []string
	started int
	passing passing
	failed  error
}

// NewDocument returns a document whose quads go to emit.
func NewDocument(emit func(rdf.Quad) error) *Document {
	return &Document{emit: emit, said: map[string]bool{}, taken: map[string]bool{}}
}

// ErrRecord tells that a description could not be made. Nothing of it was
// written and the document goes on.
var ErrRecord = errors.New("the description cannot be made")

// passing is what becomes of the quads of a description.
type passing int

const (
	kept   passing = iota // held until the description is whole
	tried                 // dropped: to see whether it can be made
	passed                // written at once
)

// longRecord is how many distributions make a dataset long: its description is
// tried first and made again while it is written, instead of being held.
const longRecord = 500

// describe makes a description and writes it when it is whole.
func (d *Document) describe(what string, long bool, make func()) error {
	d.quads, d.heard, d.started, d.passing, d.failed = d.quads[:0], d.heard[:0], d.blanks, kept, nil
	if long {
		d.passing = tried
	}
	err := d.attempt(what, make)
	if err != nil || long {
		for _, key := range d.heard {
			delete(d.said, key)
		}
		d.blanks = d.started
	}
	switch {
	case err != nil:
		return err
	case long:
		d.passing = passed
		make()
		return d.failed
	}
	for _, q := range d.quads {
		if err := d.emit(q); err != nil {
			return err
		}
	}
	return nil
}

func (d *Document) attempt(what string, make func()) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%w: %s: %v\n%s", ErrRecord, what, cause, debug.Stack())
		}
	}()
	make()
	return nil
}

// name is the node of a dataset or service: its URI unless another one in the
// document has it, else the address of its page, else a blank node.
func (d *Document) name(uri, page string) rdf.Term {
	for _, address := range []string{uri, page} {
		if iri, ok := absolute(address); ok && !d.taken[iri] {
			return rdf.NewIRI(iri)
		}
	}
	return d.blank()
}

// take notes that a node is described, unless it is known by its own page, a
// name that no other has.
func (d *Document) take(node rdf.Term, page string) {
	if node.Kind == rdf.IRI && node.Value != page {
		d.taken[node.Value] = true
	}
}

// once tells whether something has yet to be described.
func (d *Document) once(key string) bool {
	if d.said[key] {
		return false
	}
	d.said[key] = true
	d.heard = append(d.heard, key)
	return true
}

func (d *Document) blank() rdf.Term {
	d.blanks++
	return rdf.NewBlank("b" + strconv.Itoa(d.blanks))
}

func (d *Document) add(s rdf.Term, predicate string, o rdf.Term) {
	switch {
	case d.passing == kept:
		d.quads = append(d.quads, rdf.Triple(s, predicate, o))
	case d.passing == passed && d.failed == nil:
		d.failed = d.emit(rdf.Triple(s, predicate, o))
	}
}

func (d *Document) isA(s rdf.Term, class string) { d.add(s, rdf.Type, rdf.NewIRI(class)) }

// text says a text unless it is empty.
func (d *Document) text(s rdf.Term, predicate, value string) {
	if value != "" {
		d.add(s, predicate, rdf.NewString(plain(value)))
	}
}

// typed says a value of a datatype unless it is empty.
func (d *Document) typed(s rdf.Term, predicate, value, datatype string) {
	if value != "" {
		d.add(s, predicate, rdf.NewTyped(plain(value), datatype))
	}
}

// moment says a date and time in UTC unless it is zero.
func (d *Document) moment(s rdf.Term, predicate string, at time.Time) {
	if !at.IsZero() {
		d.typed(s, predicate, at.UTC().Format("2006-01-02T15:04:05.999999Z07:00"), rdf.XSD+"dateTime")
	}
}

// link says an address; what is none is left out.
func (d *Document) link(s rdf.Term, predicate, address string) (rdf.Term, bool) {
	iri, ok := absolute(address)
	if !ok {
		return rdf.Term{}, false
	}
	o := rdf.NewIRI(iri)
	d.add(s, predicate, o)
	return o, true
}

// member says the member of a code list or another thing known by its IRI, and
// what it is.
func (d *Document) member(s rdf.Term, predicate, iri, class string) {
	o, ok := d.link(s, predicate, iri)
	if ok && d.once(class+" "+o.Value) {
		d.isA(o, class)
	}
}

// page says the address of a document for people.
func (d *Document) page(s rdf.Term, predicate, address string) {
	if o, ok := d.link(s, predicate, address); ok {
		d.isA(o, nsFOAF+"Document")
	}
}

// statement says an IRI, or a text by a node that bears it as its label.
func (d *Document) statement(s rdf.Term, predicate, value, class string) {
	if iri, ok := absolute(value); ok && iri == value {
		d.member(s, predicate, value, class)
		return
	}
	if value == "" {
		return
	}
	o := d.blank()
	d.add(s, predicate, o)
	d.isA(o, class)
	d.text(o, nsRDFS+"label", value)
}

func (d *Document) statements(s rdf.Term, predicate string, values []string, class string) {
	for _, value := range values {
		d.statement(s, predicate, value, class)
	}
}
