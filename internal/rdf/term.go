// Package rdf holds graphs of RDF 1.1: their terms, readers and writers of the
// formats that catalogues speak. It knows no vocabulary beyond RDF's own and XML
// Schema's.
package rdf

import "strings"

// Namespaces that the formats themselves need.
const (
	RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
	XSD = "http://www.w3.org/2001/XMLSchema#"
)

// Terms that the formats themselves need.
const (
	Type       = RDF + "type"
	First      = RDF + "first"
	Rest       = RDF + "rest"
	Nil        = RDF + "nil"
	LangString = RDF + "langString"
	String     = XSD + "string"
	Boolean    = XSD + "boolean"
	Integer    = XSD + "integer"
	Decimal    = XSD + "decimal"
	Double     = XSD + "double"
)

// Kind tells what a term is.
type Kind uint8

// The kinds of terms; the zero Term is none, as the graph of a triple that is
// in the default graph.
const (
	None Kind = iota
	IRI
	Blank
	Literal
)

// Term is a node of a graph. Two terms are the same term exactly when they are
// equal by ==.
type Term struct {
	Kind Kind
	// Value is the IRI, the label of the blank node without "_:", or the
	// lexical form of the literal.
	Value string
	// Datatype is the IRI of a literal's datatype, never empty for a literal;
	// Lang its language tag in lower case, only with LangString.
	Datatype, Lang string
}

// NewIRI returns the term of an IRI, which is not judged.
func NewIRI(value string) Term { return Term{Kind: IRI, Value: value} }

// NewBlank returns the blank node of a label.
func NewBlank(label string) Term { return Term{Kind: Blank, Value: label} }

// NewString returns a plain literal.
func NewString(value string) Term { return Term{Kind: Literal, Value: value, Datatype: String} }

// NewText returns a literal in a language, or a plain one without a language.
func NewText(value, lang string) Term {
	if lang == "" {
		return NewString(value)
	}
	return Term{Kind: Literal, Value: value, Datatype: LangString, Lang: strings.ToLower(lang)}
}

// NewTyped returns a literal of a datatype.
func NewTyped(value, datatype string) Term {
	return Term{Kind: Literal, Value: value, Datatype: datatype}
}

// Quad is a triple and the graph that it is in; Graph is the zero Term for the
// default graph.
type Quad struct {
	Subject, Predicate, Object, Graph Term
}

// Triple returns the quad of a triple in the default graph, its predicate
// given as an IRI.
func Triple(subject Term, predicate string, object Term) Quad {
	return Quad{Subject: subject, Predicate: NewIRI(predicate), Object: object}
}
