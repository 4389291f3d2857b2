package rdf

import (
	"fmt"
	"io"
)

// Format is a way of writing graphs down.
type Format string

// The formats, by the names that this program's addresses end with.
const (
	Turtle   Format = "ttl"
	TriG     Format = "trig"
	NTriples Format = "nt"
	NQuads   Format = "nq"
	RDFXML   Format = "xml"
	JSONLD   Format = "jsonld"
)

// Error is a fault of what is read, with its place.
type Error struct {
	// Line and Column begin at 1; Column counts characters. Zero when the
	// place is not known.
	Line, Column int
	// Text says what is wrong, for people.
	Text string
	// Open are the nodes that were being described when a document of RDF/XML
	// failed, the innermost last: what was read of them is not all.
	Open []Term
}

// Error tells the place and what is wrong.
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Text
	}
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Text)
}

// Bounds of what is read, beyond which a source is refused with an Error.
const (
	maxLiteral = 16 << 20 // bytes of one literal
	maxIRI     = 64 << 10 // bytes of one IRI
	maxDepth   = 1000     // nodes inside nodes
)

// Source is a document to read.
type Source struct {
	io.Reader
	Format Format
	// Base is the absolute IRI that relative ones are resolved against; empty
	// when there is none, then a relative IRI is an error. (In JSON-LD what is
	// said with it is left out, as its specification has it.)
	Base string
	// Context gives the context of JSON-LD that a document names by its
	// address, or nil when it is not known; contexts are never fetched. It may
	// be nil itself: then only the contexts built into the reader are known.
	Context func(address string) *Context
	// Document gives the text of a context by its address where Context does not
	// know it; nil text when nobody does. It may be nil itself.
	Document func(address string) []byte
	// Lenient, where it is not nil, is told of faults that concern one value
	// alone, and reading goes on: a bad language tag is left out, an IRI is kept
	// as it is written, text is cleaned of what its format does not allow.
	// Without it any fault is an error.
	Lenient func(*Error)
}

// Read reads a document and gives each of its quads to fn, in the order of the
// document, as they are read where the format allows it; it stops at the first
// error of the document (an *Error), of the reader or of fn. Blank nodes are
// labelled anew: labels are unique within one call.
func Read(s Source, fn func(Quad) error) error {
	read, ok := readers[s.Format]
	if !ok {
		return fmt.Errorf("rdf: no reader of format %q", s.Format)
	}
	return read(s, fn)
}

// readers are the readers of the formats; each file of a format adds its own.
var readers = map[Format]func(Source, func(Quad) error) error{}

// writers make the writers of the formats; each file of a format adds its own.
var writers = map[Format]func(io.Writer, Style) Writer{}

// Prefix is a short name for the beginning of IRIs.
type Prefix struct{ Name, IRI string }

// Style is how a document is written where its format leaves a choice. The
// zero Style is valid: IRIs in full, JSON-LD without a context.
type Style struct {
	// Prefixes shorten IRIs in Turtle, TriG and RDF/XML (which makes up names
	// for the namespaces of predicates that it lacks).
	Prefixes []Prefix
	// Context shortens JSON-LD.
	Context *Context
}

// NewWriter returns a writer of a format. Writers of N-Triples and N-Quads
// write at once; the others, whose documents nest, may keep what they are given
// until Close.
func NewWriter(w io.Writer, f Format, style Style) (Writer, error) {
	write, ok := writers[f]
	if !ok {
		return nil, fmt.Errorf("rdf: no writer of format %q", f)
	}
	return write(w, style), nil
}

// Writer writes the quads of a document one after the other.
type Writer interface {
	// Write adds a quad. Quads of one subject should come together.
	Write(Quad) error
	// Close writes what remains and the document's end; it does not close
	// what is written to.
	Close() error
}
