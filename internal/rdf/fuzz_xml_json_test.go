package rdf_test

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"grenier/internal/rdf"
	"grenier/internal/rdf/rdftest"
)

// FuzzReadRDFXML reads any bytes as RDF/XML. A fault has a place; what is read
// well survives being written and read again.
func FuzzReadRDFXML(f *testing.F) {
	files := suite{name: "rdf-xml"}.open(f)
	names, err := fs.Glob(files, "*/*.rdf")
	if err != nil || len(names) == 0 {
		f.Fatal(names, err)
	}
	for _, name := range names {
		f.Add(contents(f, files, name))
	}
	f.Add([]byte("<!DOCTYPE r [<!ENTITY a 'b'><!ENTITY c SYSTEM 'd'> %e; ]>" + said("&a;&c;<![CDATA[x]]>&#65;")))
	f.Add([]byte("\xFF\xFE<\x00a\x00/\x00>\x00"))
	f.Add([]byte("<?xml version='1.0' encoding='iso-8859-15'?>" + said("\xA4")))
	f.Fuzz(func(t *testing.T, document []byte) {
		g, blanks := rdf.NewGraph(), 0
		err := rdf.Read(rdf.Source{Reader: strings.NewReader(string(document)), Format: rdf.RDFXML, Base: ns}, countBlanks(g, &blanks))
		var fault *rdf.Error
		if err != nil {
			if !errors.As(err, &fault) || fault.Line < 1 || fault.Column < 1 {
				t.Fatalf("an error without a place: %v", err)
			}
			return
		}
		survives(t, g, blanks, rdf.RDFXML)
	})
}

// FuzzReadJSONLD reads any bytes as JSON-LD.
func FuzzReadJSONLD(f *testing.F) {
	document, err := os.ReadFile("testdata/catalogues/high-value.jsonld")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(document)
	for _, text := range []string{
		`{"@context": {"@vocab": "http://e.example/", "@language": "fr", "l": {"@container": "@list"}, "@version": 1.1}, "l": [1, true, "x"]}`,
		`{"@context": {"t": {"@id": "http://e.example/t", "@type": "@id", "@context": {"u": "http://e.example/u"}}}, "t": {"u": {"@value": {}, "@type": "@json"}}}`,
		`[{"@id": "_:a", "@graph": [{"@reverse": {"http://e.example/p": {"@id": "b"}}, "@included": []}]}]`,
		`{"@context": {"m": {"@id": "http://e.example/m", "@container": ["@graph", "@id"]}, "n": "@nest"}, "m": {"x": {"n": {"m": null}}}}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		g, blanks := rdf.NewGraph(), 0
		err := rdf.Read(rdf.Source{Reader: strings.NewReader(string(document)), Format: rdf.JSONLD, Base: ns}, countBlanks(g, &blanks))
		var fault *rdf.Error
		if err != nil {
			if !errors.As(err, &fault) {
				t.Fatalf("not an error of the document: %v", err)
			}
			return
		}
		survives(t, g, blanks, rdf.NQuads)
	})
}

// countBlanks adds quads to a graph and counts their mentions of blank nodes.
func countBlanks(g *rdf.Graph, blanks *int) func(rdf.Quad) error {
	return func(q rdf.Quad) error {
		for _, term := range []rdf.Term{q.Subject, q.Object, q.Graph} {
			if term.Kind == rdf.Blank {
				*blanks++
			}
		}
		return g.Add(q)
	}
}

// survives writes a graph and reads it again, unless its blank nodes are too
// many to be told apart or the format does not hold it.
func survives(t *testing.T, g *rdf.Graph, blanks int, format rdf.Format) {
	if blanks > 12 || format == rdf.RDFXML && !inXML(g) || !plainIRIs(g) {
		return
	}
	text := rdftest.Write(t, g, format, rdf.Style{})
	if rdftest.Same(t, rdftest.Read(t, strings.NewReader(text), format, ""), g); t.Failed() {
		t.Fatalf("written as %s:\n%s", format, text)
	}
}

// plainIRIs tells whether the IRIs of a graph hold only what IRIs may hold, so
// that they are written as they are.
func plainIRIs(g *rdf.Graph) bool {
	for _, q := range g.Quads() {
		for _, term := range []rdf.Term{q.Subject, q.Predicate, q.Object, q.Graph} {
			iri := term.Datatype
			if term.Kind == rdf.IRI {
				iri = term.Value
			}
			if strings.ContainsAny(iri, "<>\"{}|^`\\\x7f") || strings.ContainsFunc(iri, func(r rune) bool { return r <= ' ' }) ||
				iri != "" && !rdf.Absolute(iri) || term.Datatype == rdf.LangString && term.Lang == "" {
				return false
			}
		}
	}
	return true
}
