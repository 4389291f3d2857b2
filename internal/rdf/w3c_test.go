package rdf_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"grenier/internal/rdf"
	"grenier/internal/rdf/rdftest"
)

const (
	manifestNS = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
	rdftNS     = "http://www.w3.org/ns/rdftest#"
)

// suite is one of the W3C's suites of tests for RDF 1.1.
type suite struct {
	name   string
	format rdf.Format
	tests  int // that its manifest lists
}

// open opens the archive of a suite.
func (s suite) open(t testing.TB) fs.FS {
	t.Helper()
	archive, err := zip.OpenReader("testdata/w3c/" + s.name + ".zip")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { archive.Close() })
	return archive
}

// base is the address that a file of the suite is read as.
func (s suite) base(file string) string {
	return "https://w3c.github.io/rdf-tests/rdf/rdf11/" + s.name + "/" + file
}

var textSuites = []suite{
	{"rdf-n-triples", rdf.NTriples, 70},
	{"rdf-n-quads", rdf.NQuads, 87},
	{"rdf-turtle", rdf.Turtle, 313},
	{"rdf-trig", rdf.TriG, 356},
}

// w3cTest is one entry of a manifest.
type w3cTest struct {
	name, kind, action, result string
}

// list reads the manifest of a suite.
func (s suite) list(t *testing.T, files fs.FS) []w3cTest {
	t.Helper()
	manifest := rdftest.Read(t, bytes.NewReader(contents(t, files, "manifest.ttl")), rdf.Turtle, s.base("manifest.ttl"))
	file := func(test rdf.Term, predicate string) string {
		object, _ := manifest.Object(test, manifestNS+predicate)
		return strings.TrimPrefix(object.Value, s.base(""))
	}
	var tests []w3cTest
	heads := manifest.Objects(rdf.NewIRI(s.base("manifest.ttl")), manifestNS+"entries")
	if len(heads) != 1 {
		t.Fatalf("the manifest has %d lists of entries", len(heads))
	}
	for cell := heads[0]; cell.Value != rdf.Nil; {
		test, _ := manifest.Object(cell, rdf.First)
		kind, _ := manifest.Object(test, rdf.Type)
		_, name, _ := strings.Cut(test.Value, "#")
		tests = append(tests, w3cTest{name: name, kind: strings.TrimPrefix(kind.Value, rdftNS),
			action: file(test, "action"), result: file(test, "result")})
		cell, _ = manifest.Object(cell, rdf.Rest)
	}
	return tests
}

func contents(t testing.TB, files fs.FS, name string) []byte {
	t.Helper()
	data, err := fs.ReadFile(files, name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestW3CSuitesOfTheTextFormats(t *testing.T) {
	for _, s := range textSuites {
		t.Run(s.name, func(t *testing.T) {
			files := s.open(t)
			tests := s.list(t, files)
			for _, test := range tests {
				t.Run(test.name, func(t *testing.T) { s.run(t, files, test) })
			}
			if len(tests) != s.tests {
				t.Errorf("%d tests were run, want %d", len(tests), s.tests)
			}
		})
	}
}

// run runs a test; the bytes of the document come all at once and one by one.
// What is read well is also written in every format of text and read again.
func (s suite) run(t *testing.T, files fs.FS, test w3cTest) {
	document := contents(t, files, test.action)
	got, slow := rdf.NewGraph(), rdf.NewGraph()
	err := rdf.Read(rdf.Source{Reader: bytes.NewReader(document), Format: s.format, Base: s.base(test.action)}, got.Add)
	slowErr := rdf.Read(rdf.Source{Reader: iotest.OneByteReader(bytes.NewReader(document)), Format: s.format,
		Base: s.base(test.action)}, slow.Add)
	if !slices.Equal(got.Quads(), slow.Quads()) || fmt.Sprint(err) != fmt.Sprint(slowErr) {
		t.Errorf("byte by byte %d quads and %v, at once %d and %v", slow.Len(), slowErr, got.Len(), err)
	}
	if strings.Contains(test.kind, "Negative") {
		fault, ok := err.(*rdf.Error)
		if !ok {
			t.Fatalf("a document that is wrong was read: %v\n%s", err, document)
		}
		if fault.Line < 1 || fault.Column < 1 || fault.Text == "" {
			t.Errorf("the error has no place or no text: %#v", fault)
		}
		return
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, document)
	}
	switch {
	case strings.HasSuffix(test.kind, "PositiveSyntax"):
	case strings.HasSuffix(test.kind, "Eval"):
		format := rdf.Format(strings.TrimPrefix(path.Ext(test.result), "."))
		rdftest.Same(t, got, rdftest.Read(t, bytes.NewReader(contents(t, files, test.result)), format, ""))
	default:
		t.Fatalf("a test of kind %q", test.kind)
	}
	again(t, got)
}

// again writes a graph in the formats of text that hold it and reads it again.
func again(t *testing.T, g *rdf.Graph) {
	t.Helper()
	style := rdf.Style{Prefixes: []rdf.Prefix{
		{Name: "", IRI: "http://a.example/"}, {Name: "xsd", IRI: rdf.XSD}, {Name: "e", IRI: "http://example.org/"},
		{Name: "ex", IRI: "http://www.w3.org/2001/sw/DataAccess/df1/tests/"}, {Name: "rdf", IRI: rdf.RDF},
	}}
	formats := []rdf.Format{rdf.TriG, rdf.NQuads}
	if !named(g) {
		formats = append(formats, rdf.Turtle, rdf.NTriples)
	}
	for _, f := range formats {
		document := rdftest.Write(t, g, f, style)
		back := rdf.NewGraph()
		if err := rdf.Read(rdf.Source{Reader: strings.NewReader(document), Format: f}, back.Add); err != nil {
			t.Fatalf("what was written as %s cannot be read: %v\n%s", f, err, document)
		}
		if rdftest.Same(t, back, g); t.Failed() {
			t.Fatalf("written as %s:\n%s", f, document)
		}
	}
}

// named tells whether a graph has quads outside the default graph.
func named(g *rdf.Graph) bool {
	for _, q := range g.Quads() {
		if q.Graph.Kind != rdf.None {
			return true
		}
	}
	return false
}
