package rdf_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"grenier/internal/rdf"
	"grenier/internal/rdf/rdftest"
)

const ns = "http://example.org/"

var plainStyle = rdf.Style{Prefixes: []rdf.Prefix{
	{Name: "ex", IRI: ns}, {Name: "deep", IRI: ns + "deep/"}, {Name: "xsd", IRI: rdf.XSD}, {Name: "unused", IRI: "http://unused.example/"},
}}

func TestTurtleIsWrittenForPeople(t *testing.T) {
	g := rdftest.Read(t, strings.NewReader(`
		PREFIX ex: <http://example.org/>
		ex:dataset ex:title "Bœufs"@FR, "Cattle \"beef\"" ; ex:size 12, 1.50, 1e6, "012a"^^ex:code, true ; a ex:Dataset ;
			ex:contact [ ex:name "Service" ; ex:at [ a ex:Place ] ] ; ex:many _:shared ; ex:none [] ;
			ex:list (1 "two" ex:three) ; ex:nodes ([ ex:n 1 ] [ ex:n 2 ]) ; ex:empty () ;
			ex:text """First "quoted" line
second\\, "last\"""" .
		ex:deep%2Fx ex:see <http://example.org/deep/file.csv>, <http://example.org/a/b>, <http://example.org/dot.>, ex: .
		_:shared ex:name "shared" .
		ex:other ex:many _:shared .
		[] ex:name "nobody's" .
	`), rdf.Turtle, "")
	const want = `@prefix deep: <http://example.org/deep/> .
@prefix ex: <http://example.org/> .

ex:dataset a ex:Dataset ;
    ex:title "Bœufs"@fr,
        "Cattle \"beef\"" ;
    ex:size 12,
        1.50,
        1e6,
        "012a"^^ex:code,
        true ;
    ex:contact [
        ex:name "Service" ;
        ex:at [
            a ex:Place
        ]
    ] ;
    ex:many _:ushared ;
    ex:none [] ;
    ex:list (1 "two" ex:three) ;
    ex:nodes (
        [
            ex:n 1
        ]
        [
            ex:n 2
        ]
    ) ;
    ex:empty () ;
    ex:text """First "quoted" line
second\\, "last\"""" .

<http://example.org/deep%2Fx> ex:see deep:file.csv,
        <http://example.org/a/b>,
        <http://example.org/dot.>,
        ex: .

_:ushared ex:name "shared" .

ex:other ex:many _:ushared .

[] ex:name "nobody's" .
`
	if got := rdftest.Write(t, g, rdf.Turtle, plainStyle); got != want {
		t.Errorf("written:\n%s\nwant:\n%s", got, want)
	}
	again(t, g)
}

func TestTriGIsWrittenByGraph(t *testing.T) {
	g := rdftest.Read(t, strings.NewReader(`
		PREFIX ex: <http://example.org/>
		ex:s ex:p 1 .
		ex:g { ex:s ex:p [ ex:q 2 ] . ex:t ex:p _:across . }
		_:named { ex:s ex:p _:named }
		ex:h { _:across ex:p 3 }
	`), rdf.TriG, "")
	const want = `@prefix ex: <http://example.org/> .

ex:s ex:p 1 .

ex:g {
    ex:s ex:p [
            ex:q 2
        ] .

    ex:t ex:p _:uacross .
}

_:unamed {
    ex:s ex:p _:unamed .
}

ex:h {
    _:uacross ex:p 3 .
}
`
	if got := rdftest.Write(t, g, rdf.TriG, plainStyle); got != want {
		t.Errorf("written:\n%s\nwant:\n%s", got, want)
	}
	again(t, g)
	if got := rdftest.Write(t, rdf.NewGraph(), rdf.TriG, plainStyle); got != "" {
		t.Errorf("an empty graph is written %q", got)
	}
}

// What no document can hold is written as what it can.
func TestTermsThatNoDocumentHolds(t *testing.T) {
	subject := rdf.NewIRI(ns + "s")
	for _, c := range []struct{ term, want rdf.Term }{
		{rdf.NewIRI("http://a/b c<d>\"é\"|{\\}^`\n\xff%20"), rdf.NewIRI("http://a/b%20c%3Cd%3E%22é%22%7C%7B%5C%7D%5E%60%0A%FF%20")},
		{rdf.NewText("x", "fr_FR"), rdf.NewString("x")},
		{rdf.NewText("x", "fr-FR"), rdf.NewText("x", "fr-fr")},
		{rdf.Term{Kind: rdf.Literal, Value: "x"}, rdf.NewString("x")},
		{rdf.NewString("caf\xe9\x00\x07\x7f\r\n\t\b\f\"\\"), rdf.NewString("caf\uFFFD\x00\x07\x7f\r\n\t\b\f\"\\")},
		{rdf.NewString("caf\xe9"), rdf.NewString("caf\uFFFD")},
		{rdf.NewTyped("x", "http://a/ b"), rdf.NewTyped("x", "http://a/%20b")},
		{rdf.NewTyped("+-1", rdf.Integer), rdf.NewTyped("+-1", rdf.Integer)},
		{rdf.NewTyped("1.", rdf.Decimal), rdf.NewTyped("1.", rdf.Decimal)},
		{rdf.NewTyped("e5", rdf.Double), rdf.NewTyped("e5", rdf.Double)},
		{rdf.NewTyped("1E-5", rdf.Double), rdf.NewTyped("1E-5", rdf.Double)},
		{rdf.NewTyped("TRUE", rdf.Boolean), rdf.NewTyped("TRUE", rdf.Boolean)},
	} {
		for _, format := range []rdf.Format{rdf.NTriples, rdf.NQuads, rdf.Turtle, rdf.TriG} {
			g := rdf.NewGraph()
			_ = g.Add(rdf.Triple(subject, ns+"p", c.term))
			document := rdftest.Write(t, g, format, plainStyle)
			back := rdftest.Read(t, strings.NewReader(document), format, "")
			if got, _ := back.Object(subject, ns+"p"); got != c.want {
				t.Errorf("%s: %#v comes back as %#v from %s", format, c.term, got, document)
			}
		}
	}
}

func TestLabelsStayDifferent(t *testing.T) {
	labels := []string{"", "a", "a b", "a_20b", "_", "é", "\xc3", "a.", "-", "5f", "_5f"}
	for _, format := range []rdf.Format{rdf.NTriples, rdf.Turtle} {
		g := rdf.NewGraph()
		for n, label := range labels {
			_ = g.Add(rdf.Triple(rdf.NewBlank(label), ns+"p", rdf.NewString(fmt.Sprint(n))))
			_ = g.Add(rdf.Triple(rdf.NewIRI(ns), ns+"q", rdf.NewBlank(label)))
			_ = g.Add(rdf.Triple(rdf.NewIRI(ns), ns+"r", rdf.NewBlank(label)))
		}
		document := rdftest.Write(t, g, format, rdf.Style{})
		rdftest.Same(t, rdftest.Read(t, strings.NewReader(document), format, ""), g)
	}
}

// Graphs that nest badly: chains beyond any depth, cycles, lists that are none.
func TestGraphsThatNestBadly(t *testing.T) {
	blank := func(n int) rdf.Term { return rdf.NewBlank(fmt.Sprint("n", n)) }
	chain, ring, knot := rdf.NewGraph(), rdf.NewGraph(), rdf.NewGraph()
	_ = chain.Add(rdf.Triple(rdf.NewIRI(ns), ns+"p", blank(0)))
	for n := range 200 {
		_ = chain.Add(rdf.Triple(blank(n), ns+"p", blank(n+1)))
	}
	for n := range 5 {
		_ = ring.Add(rdf.Triple(blank(n), ns+"p", blank((n+1)%5)))
	}
	for n := range 5 { // a list that bites its tail
		_ = knot.Add(rdf.Triple(blank(n), rdf.First, rdf.NewString("x")))
		_ = knot.Add(rdf.Triple(blank(n), rdf.Rest, blank((n+1)%5)))
	}
	for name, document := range map[string]string{
		"two firsts":      `<http://a/s> <http://a/p> [ rdf:first 1, 2 ; rdf:rest () ] .`,
		"no end":          `<http://a/s> <http://a/p> [ rdf:first 1 ; rdf:rest <http://a/o> ] .`,
		"more than cells": `<http://a/s> <http://a/p> [ rdf:first 1 ; rdf:rest [ rdf:first 2 ; rdf:rest () ; a 3 ] ] .`,
		"no first":        `<http://a/s> <http://a/p> [ rdf:rest () ; a 3 ] .`,
		"shared tail":     `<http://a/s> <http://a/p> [ rdf:first 1 ; rdf:rest _:t ], _:t . _:t rdf:first 2 ; rdf:rest () .`,
		"a subject":       `(1 2) a <http://a/List> .`,
		"itself":          `_:x a _:x .`,
		"nested lists":    `<http://a/s> a ((1) (() [ a (2) ])) .`,
	} {
		t.Run(name, func(t *testing.T) {
			again(t, rdftest.Read(t, strings.NewReader("PREFIX rdf: <"+rdf.RDF+"> "+document), rdf.Turtle, ""))
		})
	}
	for name, g := range map[string]*rdf.Graph{"chain": chain, "ring": ring, "knot": knot} {
		t.Run(name, func(t *testing.T) { again(t, g) })
	}
}

// Any graph survives every format of text.
func TestRandomGraphsSurvive(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		again(t, randomGraph(r))
	}
}

func randomGraph(r *rand.Rand) *rdf.Graph {
	pick := func(terms []rdf.Term) rdf.Term { return terms[r.IntN(len(terms))] }
	nodes := []rdf.Term{rdf.NewIRI(ns + "a"), rdf.NewIRI(ns), rdf.NewIRI("urn:x:" + string(rune(0xA0+r.IntN(0x3000))))}
	for n := range 5 {
		nodes = append(nodes, rdf.NewBlank(fmt.Sprint(n)))
	}
	objects := append([]rdf.Term{rdf.NewIRI(rdf.Nil), rdf.NewText("é\n\"", "fr"), rdf.NewTyped("1", rdf.Integer),
		rdf.NewString(strings.Repeat(`"`, r.IntN(5)) + "\n" + strings.Repeat(`"\`, r.IntN(3)))}, nodes...)
	predicates := []rdf.Term{rdf.NewIRI(rdf.Type), rdf.NewIRI(rdf.First), rdf.NewIRI(rdf.Rest), rdf.NewIRI(ns + "p")}
	graphs := []rdf.Term{{}, {}, {}}
	if r.IntN(2) == 0 {
		graphs = append(graphs, rdf.NewIRI(ns+"g"), nodes[3])
	}
	g := rdf.NewGraph()
	for range r.IntN(14) {
		_ = g.Add(rdf.Quad{Subject: pick(nodes), Predicate: pick(predicates), Object: pick(objects), Graph: pick(graphs)})
	}
	return g
}

type brokenPipe struct{ left int }

var errPipe = errors.New("nobody reads")

func (w *brokenPipe) Write(b []byte) (int, error) {
	if w.left -= len(b); w.left < 0 {
		return 0, errPipe
	}
	return len(b), nil
}

func TestWritersTellThatNobodyReads(t *testing.T) {
	for _, format := range []rdf.Format{rdf.NTriples, rdf.NQuads, rdf.Turtle, rdf.TriG} {
		for _, left := range []int{0, 40} {
			w, err := rdf.NewWriter(&brokenPipe{left}, format, plainStyle)
			if err != nil {
				t.Fatal(err)
			}
			for n := range 3 {
				err = errors.Join(err, w.Write(rdf.Triple(rdf.NewIRI(ns+"s"), ns+"p", rdf.NewString(fmt.Sprint(n)))))
			}
			if err = errors.Join(err, w.Close()); !errors.Is(err, errPipe) {
				t.Errorf("%s with %d bytes: %v", format, left, err)
			}
		}
	}
}

func TestFormatsWithoutGraphsWriteTheirTriples(t *testing.T) {
	g := rdftest.Read(t, strings.NewReader("<http://a/s> <http://a/p> 1 . <http://a/g> { <http://a/s> <http://a/p> 1, 2 }"), rdf.TriG, "")
	want := rdftest.Read(t, strings.NewReader("<http://a/s> <http://a/p> 1, 2"+" ."), rdf.Turtle, "")
	for _, format := range []rdf.Format{rdf.NTriples, rdf.Turtle} {
		document := rdftest.Write(t, g, format, rdf.Style{})
		rdftest.Same(t, rdftest.Read(t, strings.NewReader(document), format, ""), want)
	}
}

func TestAbsolute(t *testing.T) {
	for iri, want := range map[string]bool{
		"http://a/": true, "urn:x": true, "a+b-c.1:": true,
		"": false, "a": false, "//a/b": false, "/a:b": false, "1a:b": false, ":a": false, "é:a": false, "#a:b": false,
	} {
		if rdf.Absolute(iri) != want {
			t.Errorf("Absolute(%q) is %t", iri, !want)
		}
	}
}
