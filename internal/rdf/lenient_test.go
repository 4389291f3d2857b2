package rdf

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// readLenient reads a document, with the faults that were passed over.
func readLenient(s Source) (quads []Quad, passed []string, err error) {
	s.Lenient = func(e *Error) { passed = append(passed, e.Text) }
	err = Read(s, func(q Quad) error { quads = append(quads, q); return nil })
	return quads, passed, err
}

const rdfxmlHead = `<rdf:RDF xmlns:rdf="` + RDF + `" xmlns:d="http://d/">`

// What concerns one value alone is passed over by a lenient reader, and told;
// a strict one refuses the same document, or leaves the value out.
func TestLenient(t *testing.T) {
	for _, c := range []struct {
		name   string
		format Format
		text   string
		want   Term   // the object of the first triple
		told   string // part of what is told
	}{
		{"a bad language tag in RDF/XML", RDFXML, rdfxmlHead + `<d:A rdf:about="http://a"/><d:B rdf:about="http://b"><d:t xml:lang="***">x</d:t></d:B></rdf:RDF>`, NewIRI("http://d/A"), "no language tag"},
		{"a relative IRI without base", RDFXML, rdfxmlHead + `<rdf:Description rdf:about="a b"><d:t>x</d:t></rdf:Description></rdf:RDF>`, NewString("x"), "relative IRI"},
		{"a control character", RDFXML, rdfxmlHead + "<rdf:Description rdf:about='http://a'><d:t>bad\x02char</d:t></rdf:Description></rdf:RDF>", NewString("badchar"), "left out"},
		{"a reference to a control character", RDFXML, rdfxmlHead + "<rdf:Description rdf:about='http://a'><d:t>bad&#x2;char</d:t></rdf:Description></rdf:RDF>", NewString("badchar"), "no character of XML"},
		{"bytes that are no UTF-8", RDFXML, rdfxmlHead + "<rdf:Description rdf:about='http://a'><d:t>\xE9t\xE9</d:t></rdf:Description></rdf:RDF>", NewString("\uFFFDt\uFFFD"), "replaced"},
		{"an IRI and text", RDFXML, rdfxmlHead + "<rdf:Description rdf:about='http://a'><d:t rdf:resource='http://o'>text <d:x/></d:t><d:u>y</d:u></rdf:Description></rdf:RDF>", NewIRI("http://o"), "text stands"},
		{"an rdf:ID twice", RDFXML, strings.Replace(rdfxmlHead, ">", ` xml:base="http://b/">`, 1) + "<rdf:Description rdf:ID='a'><d:t>1</d:t></rdf:Description><rdf:Description rdf:ID='a'><d:t>2</d:t></rdf:Description></rdf:RDF>", NewString("1"), "given twice"},
		{"a space in an IRI of Turtle", Turtle, `<http://a b> <http://p> "x" .`, NewString("x"), "cannot stand in an IRI"},
		{"a brace in an IRI of N-Triples", NTriples, "<http://a> <http://p> <http://o/{z}> .\n", NewIRI("http://o/{z}"), "cannot stand in an IRI"},
		{"a bad language tag of Turtle", Turtle, `<http://a> <http://p> "x"@1 .`, NewString("x"), "not a language tag"},
		{"bytes of Turtle that are no UTF-8", Turtle, "<http://a> <http://p> \"\xE9\" .", NewString("\uFFFD"), "replaced"},
		{"a bad language tag of JSON-LD", JSONLD, `{"@id":"http://a","http://p":{"@value":"x","@language":"*"}}`, NewString("x"), "no language tag"},
		{"bytes of JSON-LD that are no UTF-8", JSONLD, "{\"@id\":\"http://a\",\"http://p\":\"\xE9\"}", NewString("\uFFFD"), "replaced"},
	} {
		t.Run(c.name, func(t *testing.T) {
			quads, passed, err := readLenient(Source{Reader: strings.NewReader(c.text), Format: c.format})
			if err != nil || len(quads) == 0 || quads[0].Object != c.want {
				t.Fatalf("read %v, %v; want the object %v", quads, err, c.want)
			}
			if len(passed) == 0 || !strings.Contains(passed[0], c.told) {
				t.Errorf("told %q, want %q first", passed, c.told)
			}
			strict := 0
			if err := Read(Source{Reader: strings.NewReader(c.text), Format: c.format}, func(Quad) error { strict++; return nil }); err == nil && strict == len(quads) {
				t.Error("the strict reader took it too")
			}
		})
	}
}

// What no reader can make sense of stays an error of a lenient one.
func TestLenientFails(t *testing.T) {
	for _, c := range []struct {
		format Format
		text   string
	}{
		{RDFXML, rdfxmlHead + `<d:A rdf:about="http://a">`},
		{RDFXML, rdfxmlHead + `<d:A></d:B></rdf:RDF>`},
		{Turtle, `ex:a <http://p> "x" .`},
		{Turtle, "<http://a\n> <http://p> 1 ."},
		{JSONLD, `{"@id":`},
		{JSONLD, `{"@context":"http://127.0.0.1:1/context.jsonld","t":"x"}`},
	} {
		if _, _, err := readLenient(Source{Reader: strings.NewReader(c.text), Format: c.format}); err == nil {
			t.Errorf("%s was read: %s", c.format, c.text)
		}
	}
}

// A document that breaks off tells which nodes it was describing.
func TestOpenNodes(t *testing.T) {
	_, _, err := readLenient(Source{Format: RDFXML, Reader: strings.NewReader(rdfxmlHead +
		`<d:A rdf:about="http://a"/><d:B rdf:about="http://b"><d:has><d:C rdf:about="http://c"/></d:has><d:has><d:D rdf:about="http://d"><d:t>cu`)})
	fault := (*Error)(nil)
	if !errors.As(err, &fault) || fmt.Sprint(fault.Open) != fmt.Sprint([]Term{NewIRI("http://b"), NewIRI("http://d")}) {
		t.Fatalf("got %v, open %v", err, fault.Open)
	}
}

// A context that the reader is given as a text is used; others are refused.
func TestContextDocument(t *testing.T) {
	s := Source{Format: JSONLD, Reader: strings.NewReader(`{"@context":"http://c/","@id":"http://a","t":"x"}`),
		Document: func(address string) []byte { return []byte(`{"@context":{"t":"http://p/` + address[7:] + `"}}`) }}
	var got []Quad
	if err := Read(s, func(q Quad) error { got = append(got, q); return nil }); err != nil || len(got) != 1 || got[0].Predicate.Value != "http://p/c/" {
		t.Fatalf("got %v, %v", got, err)
	}
}

const xmlSample = `<?xml version="1.0"?><!DOCTYPE r [ <!ENTITY e "in"> <!ENTITY x SYSTEM "data:,EXTERNAL"> ]>
<r xmlns="http://r/" xmlns:p="http://p/"><head a="1"/><list><!-- c --><p:i p:k="&lt;v" xml:lang="fr">t&e;&x;<b>bold</b> tail<![CDATA[ <&> ]]></p:i><i/></list></r>`

func elementsOf(t testing.TB, text string) (pieces []*Element, err error) {
	inside := false
	err = ReadElements(strings.NewReader(text), func(*Error) {}, func(e *Element) bool { return inside }, func(e *Element) error {
		inside = inside || e.Local == "list"
		pieces = append(pieces, e)
		return nil
	})
	return pieces, err
}

// Pieces of XML hold what the document says, and written they say it again.
func TestReadElements(t *testing.T) {
	pieces, err := elementsOf(t, xmlSample)
	if err != nil || len(pieces) != 5 {
		t.Fatalf("got %d pieces, %v", len(pieces), err)
	}
	i := pieces[3]
	if i.Space != "http://p/" || i.Local != "i" || i.Attr("k") != "<v" || i.Text != "tin" || len(i.Children) != 1 || i.Children[0].Space != "http://r/" || i.Children[0].Text != "bold" || i.Children[0].Tail != " tail <&> " {
		t.Errorf("got %+v with %+v", i, i.Children)
	}
	again, err := elementsOf(t, "<list>"+i.XML()+"</list>")
	if err != nil || len(again) != 2 || again[1].XML() != i.XML() || !strings.Contains(i.XML(), `xml:lang="fr"`) {
		t.Errorf("%s was read as %v, %v", i.XML(), again, err)
	}
	if _, err := elementsOf(t, "<list><a>"); err == nil {
		t.Error("a document that breaks off was read")
	}
}

// Whatever is read as an element is written as XML that says the same.
func FuzzReadElements(f *testing.F) {
	f.Add(xmlSample)
	f.Add(`<list><a xmlns="u"><a xmlns=""/>&#13;]]&gt;</a></list>`)
	f.Fuzz(func(t *testing.T, text string) {
		pieces, err := elementsOf(t, text)
		if err != nil || len(pieces) < 2 {
			return
		}
		for _, e := range pieces[1:] {
			written := e.XML()
			again, err := elementsOf(t, "<list>"+written+"</list>")
			if err != nil || len(again) != 2 || again[1].XML() != written {
				t.Fatalf("%q: %v", written, err)
			}
		}
	})
}
