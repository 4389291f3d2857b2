package rdf_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"grenier/internal/rdf"
	"grenier/internal/rdf/rdftest"
)

// readJSON reads a document of JSON-LD.
func readJSON(document string, context func(string) *rdf.Context) (*rdf.Graph, error) {
	g := rdf.NewGraph()
	return g, rdf.Read(rdf.Source{Reader: strings.NewReader(document), Format: rdf.JSONLD, Base: ns, Context: context}, g.Add)
}

func TestJSONLDThatIsRefused(t *testing.T) {
	for name, c := range map[string]struct{ document, want string }{
		"nothing":         {"", "line 1, column 1: the document ends before its JSON does"},
		"cut":             {"{\n\"a\": [", "line 2, column 7: the document ends before its JSON does"},
		"no JSON":         {"{\n  é: 1}", "line 2, column 3: this is no JSON"},
		"NaN":             {`{"a": NaN}`, "line 1, column 7: this is no JSON"},
		"control":         {"{\"a\": \"b\x01\"}", "line 1, column 9: this is no JSON"},
		"a text":          {`"http://127.0.0.1:1/"`, "an object or an array"},
		"a number":        {`1`, "an object or an array"},
		"two documents":   {"{}\n {}", "line 2, column 2: something follows the end"},
		"broken UTF-8":    {"{\"é\": \"\xFF\"}", "line 1, column 8: the byte 0xFF is no UTF-8"},
		"deep":            {strings.Repeat("[", 501), "line 1, column 501: objects and arrays are nested more than 500 deep"},
		"unknown context": {"{\n \"@context\": \"http://127.0.0.1:1/c.jsonld\"}", "line 2, column 14: the context “http://127.0.0.1:1/c.jsonld” is not known here, and no context is fetched"},
		"a file":          {`{"@context": "file:///etc/passwd"}`, "the context “file:///etc/passwd” is not known"},
		"import":          {`{"@context": {"@version": 1.1, "@import": "http://127.0.0.1:1/c"}}`, "the context “http://127.0.0.1:1/c” is not known"},
		"scoped context":  {`{"@context": {"p": {"@id": "http://e.example/p", "@context": "http://127.0.0.1:1/c"}}, "p": {"p": "x"}}`, "is not known"},
		"no context":      {`{"@context": 12}`, "this is no JSON-LD: invalid local context"},
		"id of a list":    {`{"@id": ["a"]}`, "this is no JSON-LD"},
		"many contexts": {`{"@context": {` + manyTerms(800) + `}, "txx": [` + strings.Repeat(`{"@context": {"a": null}},`, 50_000) + "1]}",
			"the contexts of this document define too many terms"},
		"scoped contexts": {`{"@context": {"a": {"@id": "b:c", "@context": {` + manyTerms(800) + `}}}, "a": [` + strings.Repeat(`{},`, 600) + "1]}",
			"the contexts of this document define too many terms"},
		"cyclic terms":     {`{"@context": {"a": "b:c", "b": "a:d"}, "a": "x"}`, "cyclic IRI mapping"},
		"unfinished value": {`{"http://e.example/p": {"@value": {"a": 1}}}`, "this is no JSON-LD"},
	} {
		_, err := readJSON(c.document, nil)
		var fault *rdf.Error
		if !errors.As(err, &fault) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error: %q", name, err, c.want)
		}
	}
}

func manyTerms(n int) string {
	terms := make([]string, n)
	for i := range terms {
		terms[i] = `"t` + strings.Repeat("x", i) + `": "http://e.example/"`
	}
	return strings.Join(terms, ",")
}

func TestJSONLDOfBoundedSize(t *testing.T) {
	document := `{"@id": "http://e.example/s"` + strings.Repeat(" ", 32<<20) + "}"
	if _, err := readJSON(document, nil); err == nil || !strings.Contains(err.Error(), "longer than 33554432 bytes") {
		t.Errorf("%v", err)
	}
}

func TestNoContextIsFetched(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer server.Close()
	for _, document := range []string{
		`{"@context": "` + server.URL + `/c.jsonld", "name": "x"}`,
		`"` + server.URL + `/document.jsonld"`,
		`{"@context": {"@version": 1.1, "@import": "` + server.URL + `/c"}}`,
		`{"@context": {"@base": "` + server.URL + `/"}, "a": {"@context": "c.jsonld"}}`,
	} {
		_, err := readJSON(document, nil)
		if err == nil && asked > 0 {
			t.Errorf("%s was read", document)
		}
	}
	if asked > 0 {
		t.Errorf("%d requests were made", asked)
	}
}

func TestWhatJSONLDMeans(t *testing.T) {
	const s = "<http://e.example/s> <http://e.example/p> "
	for name, c := range map[string]struct{ value, want string }{
		"text":            {`"a\"é"`, s + `"a\"é" .`},
		"language":        {`{"@value": "x", "@language": "fr-FR"}`, s + `"x"@fr-fr .`},
		"no language":     {`{"@value": "x", "@language": "***"}`, ``},
		"datatype":        {`{"@value": "x", "@type": "http://e.example/t"}`, s + `"x"^^<http://e.example/t> .`},
		"truth":           {`[true, false]`, s + `true . ` + s + `false .`},
		"whole numbers":   {`[1, -2, 3.0, 12345678901234567890, 1e2]`, s + `1, -2, 3, 12345678901234567890, 100 .`},
		"numbers":         {`[1.5, 5e-7, 1e30, 1e999]`, s + `"1.5E0"^^xsd:double, "5.0E-7"^^xsd:double, "1.0E30"^^xsd:double, "INF"^^xsd:double .`},
		"decimals":        {`{"@value": 1.50, "@type": "http://www.w3.org/2001/XMLSchema#decimal"}`, s + `1.50 .`},
		"doubles":         {`{"@value": 2, "@type": "http://www.w3.org/2001/XMLSchema#double"}`, s + `"2.0E0"^^xsd:double .`},
		"nothing":         {`null`, ``},
		"node":            {`{"@id": "o"}`, s + `<http://example.org/o> .`},
		"nested node":     {`{"http://e.example/q": "x"}`, s + `[ <http://e.example/q> "x" ] .`},
		"labels":          {`[{"@id": "_:a"}, {"@id": "_:a"}, {"@id": "_:b"}]`, s + `_:a, _:b .`},
		"list":            {`{"@list": ["a", {"@list": []}, {"@id": "o"}]}`, s + `("a" () <http://example.org/o>) .`},
		"JSON":            {`{"@value": {"b": [1.0, "<é>"], "a": null}, "@type": "@json"}`, s + `"{\"a\":null,\"b\":[1,\"<é>\"]}"^^<http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON> .`},
		"IRI with spaces": {`{"@id": "http://e.example/a b"}`, s + `<http://e.example/a\u0020b> .`},
	} {
		g, err := readJSON(`{"@id": "http://e.example/s", "http://e.example/p": `+c.value+`}`, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := rdf.NewGraph()
		if name == "IRI with spaces" {
			_ = want.Add(rdf.Triple(rdf.NewIRI("http://e.example/s"), "http://e.example/p", rdf.NewIRI("http://e.example/a b")))
		} else {
			want = rdftest.Read(t, strings.NewReader("@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . "+c.want), rdf.Turtle, "")
		}
		if rdftest.Same(t, g, want); t.Failed() {
			t.Fatal(name)
		}
	}
}

func TestJSONLDOfSeveralGraphs(t *testing.T) {
	g, err := readJSON(`{"@context": {"e": "http://e.example/", "of": {"@reverse": "e:part"}},
		"@id": "e:g", "e:p": "outside", "@graph": [{"@id": "e:a", "e:p": {"@id": "e:b"}, "of": {"@id": "e:whole"}}],
		"@included": [{"@id": "e:i", "@type": ["e:T", "_:t"]}], "e:dropped": {"@context": {"@base": null}, "@id": "relative", "e:p": "lost"}, "_:p": "x"}`, nil)
	if err != nil {
		t.Fatal(err)
	}
	rdftest.Same(t, g, rdftest.Read(t, strings.NewReader(`@prefix e: <http://e.example/> .
		e:g e:p "outside" . e:i a e:T, _:t . e:g { e:a e:p e:b . e:whole e:part e:a }`), rdf.TriG, ""))
}

// context shortens what the tests write.
var context = &rdf.Context{Vocab: ns, Terms: []rdf.ContextTerm{
	{Name: "e", IRI: "http://e.example/"},
	{Name: "xsd", IRI: rdf.XSD},
	{Name: "title", IRI: "http://e.example/title"},
	{Name: "label", IRI: "http://e.example/label", Container: "@language"},
	{Name: "page", IRI: "http://e.example/page", Type: "@id"},
	{Name: "part", IRI: "http://e.example/part", Type: "@id", Container: "@set"},
	{Name: "issued", IRI: "http://e.example/issued", Type: rdf.XSD + "dateTime"},
	{Name: "Thing", IRI: "http://e.example/Thing"},
	{Name: "steps", IRI: "http://e.example/steps", Container: "@list"},
}}

func TestJSONLDAsItIsWritten(t *testing.T) {
	g := rdftest.Read(t, strings.NewReader(`@prefix e: <http://e.example/> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix ex: <http://example.org/> .
e:s a e:Thing, ex:Dataset, <http://other.example/C> ; e:title "a \"b\"\n", "é"@fr, 3, true ;
  e:label "un"@fr, "one"@en, "uno"@es, "ein"@en, "none" ;
  e:page <http://p.example/é?a=1&b=2>, _:b ; e:part e:t ; e:issued "2024-01-02T03:04:05Z"^^xsd:dateTime, "2024"^^xsd:gYear, "soon" ;
  ex:keyword "k" ; ex:title "vocabulary" ; e:steps e:one ; <http://far.example/p> 1.5, 012, "x"^^e:t .
_:b e:title "blank" .
e:g { e:u e:title "inside" . } e:h { e:v e:title "inside" . }`), rdf.TriG, "")
	const want = `{
  "@context": "http://e.example/context.jsonld",
  "@graph": [
    {
      "@id": "http://e.example/s",
      "@type": [
        "Thing",
        "Dataset",
        "http://other.example/C"
      ],
      "title": [
        "a \"b\"\n",
        {"@value": "é", "@language": "fr"},
        3,
        true
      ],
      "label": {
        "fr": "un",
        "en": [
          "one",
          "ein"
        ],
        "es": "uno"
      },
      "e:label": "none",
      "page": [
        "http://p.example/é?a=1&b=2",
        "_:ub"
      ],
      "part": [
        "http://e.example/t"
      ],
      "issued": [
        "2024-01-02T03:04:05Z",
        {"@value": "2024", "@type": "xsd:gYear"},
        {"@value": "soon"}
      ],
      "keyword": "k",
      "http://example.org/title": "vocabulary",
      "e:steps": {"@id": "http://e.example/one"},
      "http://far.example/p": [
        {"@value": "1.5", "@type": "xsd:decimal"},
        {"@value": "012", "@type": "xsd:integer"},
        {"@value": "x", "@type": "e:t"}
      ]
    },
    {
      "@id": "_:ub",
      "title": "blank"
    },
    {
      "@id": "http://e.example/g",
      "@graph": [
        {
          "@id": "http://e.example/u",
          "title": "inside"
        }
      ]
    },
    {
      "@id": "http://e.example/h",
      "@graph": [
        {
          "@id": "http://e.example/v",
          "title": "inside"
        }
      ]
    }
  ]
}
`
	named := *context
	named.URL = "http://e.example/context.jsonld"
	got := rdftest.Write(t, g, rdf.JSONLD, rdf.Style{Context: &named})
	if got != want {
		t.Errorf("%s", got)
	}
	back, err := readJSON(got, func(address string) *rdf.Context {
		if address != named.URL {
			t.Errorf("the context %s was asked for", address)
		}
		return &named
	})
	if err != nil {
		t.Fatal(err)
	}
	rdftest.Same(t, back, g)
}

func TestJSONLDOfNothing(t *testing.T) {
	const want = "{\n  \"@graph\": []\n}\n"
	if got := rdftest.Write(t, rdf.NewGraph(), rdf.JSONLD, rdf.Style{}); got != want {
		t.Errorf("%q", got)
	}
}

func TestContextAsADocument(t *testing.T) {
	text, err := json.Marshal(&rdf.Context{Vocab: ns, Terms: []rdf.ContextTerm{
		{Name: "e", IRI: "http://e.example/"}, {Name: "part", IRI: "http://e.example/part", Type: "@id", Container: "@set"}}})
	const want = `{"@context":{"@vocab":"http://example.org/","e":"http://e.example/","part":{"@id":"http://e.example/part","@type":"@id","@container":"@set"}}}`
	if err != nil || string(text) != want {
		t.Errorf("%s, %v", text, err)
	}
}

func TestCatalogueOfProjectOpenDataIsRead(t *testing.T) {
	g, err := readJSON(`{"@context": "https://project-open-data.cio.gov/v1.1/schema/catalog.jsonld", "@type": "dcat:Catalog",
		"dataset": [{"@type": "dcat:Dataset", "title": "Stationnement", "keyword": ["vélo"], "issued": "2022-07-29",
		"distribution": [{"@type": "dcat:Distribution", "downloadURL": "https://d.example/a.csv"}]}]}`, nil)
	if err != nil {
		t.Fatal(err)
	}
	rdftest.Same(t, g, rdftest.Read(t, strings.NewReader(`@prefix dcat: <http://www.w3.org/ns/dcat#> .
		@prefix dct: <http://purl.org/dc/terms/> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
		[] a dcat:Catalog ; dcat:dataset [ a dcat:Dataset ; dct:title "Stationnement" ; dcat:keyword "vélo" ;
		dct:issued "2022-07-29"^^xsd:date ; dcat:distribution [ a dcat:Distribution ; dcat:downloadURL <https://d.example/a.csv> ] ] .`),
		rdf.Turtle, ""))
}

// Catalogues that name the contexts of DCAT-AP or schema.org are read without asking
// anybody, wherever and in which release the context is published.
func TestKnownContexts(t *testing.T) {
	const terms = `"@id": "http://e.example/1", "@type": "Dataset", "title": {"@value": "Abeilles", "@language": "fr"}, "identifier": "1", "keyword": ["ruche"],
		"releaseDate": "2022-07-29", "frequency": "http://publications.europa.eu/resource/authority/frequency/ANNUAL", "theme": {"@id": "http://e.example/t", "preferredLabel": "Faune"},
		"contactPoint": {"@type": "Kind", "email": "mailto:a@e.example"}, "applicableLegislation": "http://data.europa.eu/eli/reg_impl/2023/138/oj",
		"datasetDistribution": {"@type": "Distribution", "downloadUrl": "https://d.example/a.csv", "byteSize": "12", "licence": "https://l.example/"}`
	const catalogue = `@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
		<http://e.example/1> a dcat:Dataset ; dct:title "Abeilles"@fr ; dct:identifier "1" ; dcat:keyword "ruche" ; dct:issued "2022-07-29" ;
		dct:accrualPeriodicity <http://publications.europa.eu/resource/authority/frequency/ANNUAL> ; dcat:theme <http://e.example/t> ;
		dcat:contactPoint [ a <http://www.w3.org/2006/vcard/ns#Kind> ; <http://www.w3.org/2006/vcard/ns#hasEmail> <mailto:a@e.example> ] ;
		<http://data.europa.eu/r5r/applicableLegislation> <http://data.europa.eu/eli/reg_impl/2023/138/oj> ;
		dcat:distribution [ a dcat:Distribution ; dcat:downloadURL <https://d.example/a.csv> ; dcat:byteSize "12"^^xsd:nonNegativeInteger ; dct:license <https://l.example/> ] .
		<http://e.example/t> <http://www.w3.org/2004/02/skos/core#prefLabel> "Faune" .`
	for _, address := range []string{
		"https://semiceu.github.io/DCAT-AP/releases/3.0.0/context/dcat-ap.jsonld", "https://semiceu.github.io/DCAT-AP/releases/2.2.0-hvd/context/hvd.jsonld",
		"https://raw.githubusercontent.com/SEMICeu/DCAT-AP/master/releases/3.0.1/context/dcat-ap.jsonld", "https://github.com/SEMICeu/DCAT-AP/raw/refs/heads/master/releases/3.0.1/context/dcat-ap.jsonld",
	} {
		g, err := readJSON(`{"@context": "`+address+`", `+terms+`}`, nil)
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		rdftest.Same(t, g, rdftest.Read(t, strings.NewReader(catalogue), rdf.Turtle, ""))
	}
	for _, address := range []string{"https://schema.org", "http://schema.org/", "https://schema.org/docs/jsonldcontext.jsonld"} {
		g, err := readJSON(`{"@context": ["`+address+`", {"dcat": "http://www.w3.org/ns/dcat#"}], "@id": "http://e.example/1", "type": ["Dataset", "dcat:Dataset"], "name": "Abeilles",
			"license": "https://l.example/", "dateModified": "2022-07-29"}`, nil)
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		rdftest.Same(t, g, rdftest.Read(t, strings.NewReader(`@prefix s: <http://schema.org/> . <http://e.example/1> a s:Dataset, <http://www.w3.org/ns/dcat#Dataset> ; s:name "Abeilles" ;
			s:license <https://l.example/> ; s:dateModified "2022-07-29"^^s:Date .`), rdf.Turtle, ""))
	}
	for _, address := range []string{"https://schema.org.example/", "https://semiceu.github.io/DCAT-AP/context/other.jsonld", "https://semiceu.github.io.example/DCAT-AP/context/hvd.jsonld"} {
		if _, err := readJSON(`{"@context": "`+address+`"}`, nil); err == nil {
			t.Errorf("the context %s is known", address)
		}
	}
}

func TestPublishedCatalogueOfJSONLD(t *testing.T) {
	read := func(name string, format rdf.Format) *rdf.Graph {
		file, err := os.Open("testdata/catalogues/" + name)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		return rdftest.Read(t, file, format, "")
	}
	want := read("high-value.nt", rdf.NTriples)
	if want.Len() != 46 {
		t.Fatalf("%d triples", want.Len())
	}
	rdftest.Same(t, read("high-value.jsonld", rdf.JSONLD), want)
}

// TestGraphsOfTheW3CInOtherFormats writes the graphs that the W3C's tests
// expect as RDF/XML and JSON-LD and reads them again.
func TestGraphsOfTheW3CInOtherFormats(t *testing.T) {
	written := 0
	for _, s := range []suite{{name: "rdf-turtle"}, {name: "rdf-trig"}, {name: "rdf-xml"}} {
		files := s.open(t)
		for _, test := range s.list(t, files) {
			if test.result == "" {
				continue
			}
			g := rdftest.Read(t, bytes.NewReader(contents(t, files, test.result)), rdf.NQuads, "")
			if otherFormats(t, g) {
				written++
			}
		}
	}
	if written < 200 {
		t.Errorf("only %d graphs were written as RDF/XML", written)
	}
}

func TestRandomGraphsSurviveOtherFormats(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		otherFormats(t, randomGraph(r))
	}
}

// otherFormats writes a graph as JSON-LD, and as RDF/XML if that holds it, and
// reads it again. It tells whether RDF/XML holds it.
func otherFormats(t *testing.T, g *rdf.Graph) bool {
	t.Helper()
	formats := []rdf.Format{rdf.JSONLD}
	if !named(g) && inXML(g) {
		formats = append(formats, rdf.RDFXML)
	}
	for _, format := range formats {
		for _, style := range []rdf.Style{{}, {Context: context, Prefixes: plainStyle.Prefixes}} {
			document := rdftest.Write(t, g, format, style)
			if rdftest.Same(t, rdftest.Read(t, strings.NewReader(document), format, ""), g); t.Failed() {
				t.Fatalf("written as %s:\n%s", format, document)
			}
		}
	}
	return len(formats) > 1
}

func TestWritersOfOtherFormatsTellThatNobodyReads(t *testing.T) {
	for _, format := range []rdf.Format{rdf.RDFXML, rdf.JSONLD} {
		w, err := rdf.NewWriter(&brokenPipe{100_000}, format, rdf.Style{})
		if err != nil {
			t.Fatal(err)
		}
		for n := range 3000 {
			err = errors.Join(err, w.Write(rdf.Triple(rdf.NewIRI(fmt.Sprint(ns, n)), ns+"p", rdf.NewString("a text of some length"))))
		}
		if err = errors.Join(err, w.Close()); !errors.Is(err, errPipe) {
			t.Errorf("%s: %v", format, err)
		}
	}
}

// inXML tells whether RDF/XML holds a graph: names that elements can have, and
// texts without the characters that XML forbids.
func inXML(g *rdf.Graph) bool {
	w, _ := rdf.NewWriter(&strings.Builder{}, rdf.RDFXML, rdf.Style{})
	for _, q := range g.Quads() {
		if w.Write(q) != nil || strings.ContainsFunc(q.Object.Value, func(r rune) bool {
			return r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF
		}) {
			return false
		}
	}
	return true
}
