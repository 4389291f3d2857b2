package rdf_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"grenier/internal/rdf"
	"grenier/internal/rdf/rdftest"
)

// quads reads a document to its end or its first error.
func quads(in io.Reader, format rdf.Format, base string) ([]rdf.Quad, error) {
	var all []rdf.Quad
	err := rdf.Read(rdf.Source{Reader: in, Format: format, Base: base}, func(q rdf.Quad) error {
		all = append(all, q)
		return nil
	})
	return all, err
}

func TestFaultsOfTextHaveAPlace(t *testing.T) {
	for _, c := range []struct {
		format         rdf.Format
		document, want string
	}{
		{rdf.NTriples, "<http://a/s> <http://a/p> \"o\"", "line 1, column 30: the document ends where the dot that ends a statement is expected"},
		{rdf.NTriples, "# é\n<http://a/é> <p> <o> .", "line 2, column 14: the IRI <p> is relative and the document has no base"},
		{rdf.NTriples, "<http://a/s>\n<http://a/p> <http://a/o> .", `line 1, column 13: '\n' stands where a predicate: an IRI between < and > is expected`},
		{rdf.NTriples, "<http://a/s> <http://a/p> \"o\nx\" .", `line 1, column 29: the line ends inside a string: close it with ", or write \n`},
		{rdf.NTriples, "<http://a/s> <http://a/p> \"o\\x\" .", `line 1, column 29: this escape is unknown: a backslash is written \\`},
		{rdf.NTriples, "<http://a/s> <http://a/p> \"\\uD83D\\uDE00\" .", `line 1, column 28: this escape is not \u with 4 or \U with 8 hexadecimal digits of a character`},
		{rdf.NTriples, "<http://a/s> <http://a/p> \"o\"@f_r .", `line 1, column 32: '_' stands where the dot that ends a statement is expected`},
		{rdf.NTriples, "<http://a/s> <http://a/p> \"o\"@9 .", `line 1, column 31: "9" is not a language tag`},
		{rdf.NTriples, "<http://a/s> <http://a/p> <http://a/o> <http://a/g> .", "line 1, column 40: '<' stands where the dot that ends a statement is expected"},
		{rdf.NTriples, "<http://a/s> <http://a/p> <http://a/o> . <http://a/s>", "line 1, column 42: '<' stands where the end of the line is expected"},
		{rdf.NQuads, "<http://a/s> <http://a/p> <http://a/o> \"g\" .", `line 1, column 40: '"' stands where the name of a graph, or the dot that ends a statement, is expected`},
		{rdf.Turtle, "@prefix dct: <http://purl.org/dc/terms/> .\n\n<http://a/s> dc:title \"x\" .", `line 3, column 14: the prefix "dc:" is not declared`},
		{rdf.Turtle, "<http://a/s> <http://a/p> <http://a b> .", "line 1, column 36: ' ' cannot stand in an IRI: write it percent-encoded"},
		{rdf.Turtle, "<http://a/s> <http://a/p> <http://a\\u0020b> .", "line 1, column 27: ' ' cannot stand in an IRI, even escaped"},
		{rdf.Turtle, "<http://a/s> <http://a/p> [ <http://a/q> 1 .", "line 1, column 44: '.' stands where the ] that closes a node is expected"},
		{rdf.Turtle, "<http://a/s> <http://a/p> \"\"\"é\n\n", "line 3, column 1: the document ends where the end of a string, \", is expected"},
		{rdf.Turtle, "@prefixe a: <http://a/> .", `line 1, column 1: "@prefixe" is no directive: @prefix and @base are`},
		{rdf.Turtle, "{ <http://a/s> a 1 }", "line 1, column 1: '{' stands where a subject, @prefix or @base is expected"},
		{rdf.Turtle, "<http://a/s> a +x .", "line 1, column 17: 'x' stands where an object is expected"},
		{rdf.Turtle, "@prefix a: <http://a/> . a:%zz a 1 .", "line 1, column 28: % in a name is followed by two hexadecimal digits"},
		{rdf.Turtle, "bonjour", "line 1, column 1: 'b' stands where a subject, @prefix or @base is expected"},
		{rdf.Turtle, "<!DOCTYPE html>\n<html>", "line 1, column 10: ' ' cannot stand in an IRI: write it percent-encoded"},
		{rdf.TriG, "<http://a/g> { <http://a/s> a 1 ", "line 1, column 33: the document ends where the dot that ends a statement, or the } that ends a graph, is expected"},
		{rdf.TriG, "<http://a/g> { @prefix a: <http://a/> . }", "line 1, column 16: '@' stands where a subject is expected"},
		{rdf.TriG, "GRAPH [ a 1 ] {}", "line 1, column 9: 'a' stands where the ] after the [ of a graph's name is expected"},
		{rdf.Turtle, "<http://a/s> a \"caf\xe9\" .", "line 1, column 20: the byte 0xE9 is not UTF-8: save the document as UTF-8"},
		{rdf.NTriples, "\xef\xbb\xbf<http://a/s> <http://a/p> \"caf\xc3", "line 1, column 31: the byte 0xC3 is not UTF-8: save the document as UTF-8"},
		{rdf.Turtle, "\xff\xfe<\x00", "line 1, column 1: the byte 0xFF is not UTF-8: save the document as UTF-8"},
	} {
		for _, in := range []io.Reader{strings.NewReader(c.document), iotest.OneByteReader(strings.NewReader(c.document))} {
			_, err := quads(in, c.format, "")
			var fault *rdf.Error
			if !errors.As(err, &fault) || err.Error() != c.want {
				t.Errorf("%q: %v, want %s", c.document, err, c.want)
			}
		}
	}
}

func TestTextIsBounded(t *testing.T) {
	deep := func(n int) string {
		return "<http://a/s> <http://a/p> " + strings.Repeat("[ <http://a/p> ( ", n) + strings.Repeat(") ]", n) + " ."
	}
	var prefixes, expansion strings.Builder
	for n := range 10_001 {
		fmt.Fprintf(&prefixes, "@prefix p%d: <http://a/> .\n", n)
	}
	expansion.WriteString("@prefix p: <http://a/" + strings.Repeat("x", 60_000) + "> .\n")
	for n := range 4000 {
		fmt.Fprintf(&expansion, "p:%d a p:x .\n", n)
	}
	for name, c := range map[string]struct{ document, want string }{
		"deep nodes":     {deep(501), "more than 1000 nodes or lists are inside one another"},
		"long string":    {`<http://a/s> a """` + strings.Repeat("x", 16<<20) + `y""" .`, "longer than 16777216 bytes"},
		"escaped string": {`<http://a/s> a "` + strings.Repeat(`\t`, 16<<20) + `y" .`, "longer than 16777216 bytes"},
		"open string":    {`<http://a/s> a """` + strings.Repeat("x", 17<<20), "longer than 16777216 bytes"},
		"long IRI":       {"<http://a/" + strings.Repeat("x", 64<<10) + "> a 1 .", "longer than 65536 bytes"},
		"long name":      {"@prefix p: <http://a/> . p:" + strings.Repeat("x", 64<<10) + " a 1 .", "longer than 65536 bytes"},
		"long label":     {"_:" + strings.Repeat("x", 64<<10) + " a 1 .", "longer than 65536 bytes"},
		"prefixes":       {prefixes.String(), "declares more than 10000 prefixes"},
		"expansion":      {expansion.String(), "expand to too much text"},
	} {
		err := rdf.Read(rdf.Source{Reader: strings.NewReader(c.document), Format: rdf.Turtle}, func(rdf.Quad) error { return nil })
		var fault *rdf.Error
		if !errors.As(err, &fault) || !strings.Contains(fault.Text, c.want) || fault.Line == 0 {
			t.Errorf("%s: %.200v, want %q", name, err, c.want)
		}
	}
	for name, document := range map[string]string{
		"deep nodes":  deep(500),
		"long string": `<http://a/s> a """` + strings.Repeat("x", 16<<20) + `""" .`,
		"long list":   "<http://a/s> a (" + strings.Repeat("1 ", 50_000) + ") .",
	} {
		if err := rdf.Read(rdf.Source{Reader: strings.NewReader(document), Format: rdf.Turtle}, func(rdf.Quad) error { return nil }); err != nil {
			t.Errorf("%s within the bounds: %v", name, err)
		}
	}
}

func TestWhatIsCompleteBeforeAFaultIsGiven(t *testing.T) {
	got, err := quads(strings.NewReader("<http://a/1> a 1 .\n<http://a/2> a 2 ;\n  a <"), rdf.Turtle, "")
	if err == nil || len(got) != 2 {
		t.Errorf("%d quads and %v, want the 2 before the fault and an error", len(got), err)
	}
}

func TestReadStopsAtErrorsThatAreNotTheDocuments(t *testing.T) {
	broken := errors.New("the wire broke")
	for _, format := range []rdf.Format{rdf.Turtle, rdf.TriG, rdf.NTriples, rdf.NQuads} {
		in := io.MultiReader(strings.NewReader("<http://a/s> <http://a/p> <http://a/o> .\n"), iotest.ErrReader(broken))
		if got, err := quads(in, format, ""); !errors.Is(err, broken) || len(got) != 1 {
			t.Errorf("%s: %d quads and %v, want 1 and the reader's error", format, len(got), err)
		}
		calls := 0
		err := rdf.Read(rdf.Source{Reader: strings.NewReader(strings.Repeat("<http://a/s> <http://a/p> <http://a/o> .\n", 3)),
			Format: format}, func(rdf.Quad) error { calls++; return broken })
		if !errors.Is(err, broken) || calls != 1 {
			t.Errorf("%s: %d calls and %v, want 1 and its error", format, calls, err)
		}
	}
	if err := rdf.Read(rdf.Source{Reader: strings.NewReader(""), Format: "n4"}, nil); err == nil {
		t.Error("an unknown format is read")
	}
}

func TestReadMeansTheSameHoweverBytesArrive(t *testing.T) {
	page := catalogPage(300) // some chunks long
	want, err := quads(bytes.NewReader(page), rdf.Turtle, "")
	if err != nil || len(want) != 300*16 {
		t.Fatalf("%d quads, %v", len(want), err)
	}
	for name, in := range map[string]io.Reader{
		"bytes":         iotest.OneByteReader(bytes.NewReader(page)),
		"halves":        iotest.HalfReader(bytes.NewReader(page)),
		"last with EOF": iotest.DataErrReader(bytes.NewReader(page)),
		"mark first":    io.MultiReader(strings.NewReader("\uFEFF"), bytes.NewReader(page)),
	} {
		if got, err := quads(in, rdf.Turtle, ""); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %d quads, %v, want the same %d", name, len(got), err, len(want))
		}
	}
}

func TestLabelsAreUniqueInADocument(t *testing.T) {
	got, err := quads(strings.NewReader("_:b1 a [], [], _:b2, _:ub1, (1) ."), rdf.Turtle, "")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[rdf.Term]bool{}
	for _, q := range got {
		for _, term := range []rdf.Term{q.Subject, q.Object} {
			if term.Kind == rdf.Blank {
				seen[term] = true
			}
		}
	}
	if len(seen) != 6 {
		t.Errorf("%d blank nodes, want 6: %v", len(seen), got)
	}
}

func TestPublishedCatalogues(t *testing.T) {
	open := func(name string) io.Reader {
		data, err := os.ReadFile("testdata/catalogues/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return bytes.NewReader(data)
	}
	rdftest.Same(t, rdftest.Read(t, open("high-value.ttl"), rdf.Turtle, ""), rdftest.Read(t, open("high-value.nt"), rdf.NTriples, ""))
	shapes := rdftest.Read(t, open("vocabularies.ttl"), rdf.Turtle, "http://data.europa.eu/")
	if shapes.Len() != 390 {
		t.Errorf("%d triples in the shapes, want 390", shapes.Len())
	}
	again(t, shapes)
	const fault = `line 32, column 31: '/' stands where a predicate: an IRI, a prefixed name or "a" is expected`
	if got, err := quads(open("slash.ttl"), rdf.Turtle, ""); err == nil || err.Error() != fault || len(got) != 20 {
		t.Errorf("%d triples and %v, want 20 and %s", len(got), err, fault)
	}
}
