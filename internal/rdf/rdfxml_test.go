package rdf_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/iotest"

	"grenier/internal/rdf"
	"grenier/internal/rdf/rdftest"
)

func TestW3CSuiteOfRDFXML(t *testing.T) {
	s := suite{"rdf-xml", rdf.RDFXML, 166}
	files := s.open(t)
	tests := s.list(t, files)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s.run(t, files, test)
			s.runSlowly(t, files, test)
		})
	}
	if len(tests) != s.tests {
		t.Errorf("%d tests were run, want %d", len(tests), s.tests)
	}
}

// runSlowly reads the document of a test byte by byte: it means the same, or is
// refused the same.
func (s suite) runSlowly(t *testing.T, files fs.FS, test w3cTest) {
	read := func(in io.Reader) (*rdf.Graph, error) {
		g := rdf.NewGraph()
		return g, rdf.Read(rdf.Source{Reader: in, Format: s.format, Base: s.base(test.action)}, g.Add)
	}
	document := bytes.NewReader(contents(t, files, test.action))
	want, wantErr := read(document)
	_, _ = document.Seek(0, io.SeekStart)
	got, err := read(iotest.OneByteReader(document))
	if fmt.Sprint(err) != fmt.Sprint(wantErr) {
		t.Errorf("byte by byte: %v, want %v", err, wantErr)
	}
	rdftest.Same(t, got, want)
}

// rdfxml puts nodes into a document of RDF/XML.
func rdfxml(nodes string) string {
	return `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e.example/">` + nodes + `</rdf:RDF>`
}

// said puts the content of a property into a document of RDF/XML.
func said(content string) string {
	return rdfxml(`<rdf:Description rdf:about="http://e.example/s"><e:p>` + content + `</e:p></rdf:Description>`)
}

// readXML reads a document of RDF/XML without a base.
func readXML(document string) (*rdf.Graph, error) {
	g := rdf.NewGraph()
	return g, rdf.Read(rdf.Source{Reader: strings.NewReader(document), Format: rdf.RDFXML}, g.Add)
}

func TestRDFXMLThatIsRefused(t *testing.T) {
	deep := strings.Repeat("<e:A><e:p>", 600)
	for name, c := range map[string]struct{ document, want string }{
		"nothing":             {"", "the document ends before any element"},
		"no XML":              {"title,url\n1,2\n", "line 1, column 1: text stands outside the root element"},
		"HTML":                {"<!DOCTYPE html><html><head><meta charset=utf-8></head></html>", "stands between no quotes"},
		"cut in a tag":        {"<rdf:RDF xmlns:rdf=", "the document ends inside a tag"},
		"cut in text":         {strings.TrimSuffix(rdfxml("<e:A><e:p>cu"), "</rdf:RDF>"), "the document ends inside the element e:p"},
		"cut in a comment":    {"<!-- cu", "the document ends inside a comment"},
		"wrong end":           {rdfxml("<e:A></e:B>"), "</e:B> stands where the element e:A should end"},
		"end of nothing":      {"</a>", "</a> ends no element"},
		"two roots":           {rdfxml("") + "\n<e/>", "line 2, column 1: a second root element begins"},
		"text after":          {rdfxml("") + "x", "text stands outside the root element"},
		"no prefix":           {rdfxml("<f:A/>"), "the prefix “f” is not bound"},
		"empty prefix":        {`<a xmlns:b=""/>`, "the prefix “b” is bound to no namespace"},
		"xmlns bound":         {`<a xmlns:xmlns="http://e.example/"/>`, "cannot be bound"},
		"twice":               {rdfxml(`<e:A e:b="1" e:b="2"/>`), "the attribute e:b comes twice"},
		"twice by namespace":  {rdfxml(`<e:A xmlns:f="http://e.example/" e:b="1" f:b="2"/>`), "the attribute f:b comes twice"},
		"no value":            {rdfxml(`<e:A e:b/>`), "an attribute has no value"},
		"attributes together": {rdfxml(`<e:A e:b="1"e:c="2"/>`), "not set apart"},
		"tag in a value":      {rdfxml(`<e:A e:b="<"/>`), "holds “<”"},
		"tag in a tag":        {rdfxml(`<e:A <e:B/>`), "a tag holds “<”"},
		"bare ampersand":      {said("a & b"), "“&” begins no reference"},
		"bad reference":       {said("&#0;"), "“&#0;” is no character of XML"},
		"signed reference":    {said("&#+65;"), "is no character"},
		"unknown entity":      {said("&eacute;"), "“&eacute;” is no entity that this document declares"},
		"section end":         {said("]]>"), "text holds “]]>”"},
		"control character":   {said("bad\x01char"), "line 1, column 150: the character U+0001 is not allowed in XML"},
		"noncharacter":        {said("\uFFFE"), "the character U+FFFE is not allowed in XML"},
		"broken UTF-8":        {said("é\n\n  \xC3("), "line 3, column 3: the byte 0xC3 is no UTF-8"},
		"broken UTF-8 in a value": {
			rdfxml("<e:A rdf:about=\"http://e.example/\xFF\"/>"), "the byte 0xFF is no UTF-8"},
		"late declaration":  {"<!-- --><?xml version='1.0'?>" + rdfxml(""), "only at the start"},
		"unknown encoding":  {"<?xml version='1.0' encoding='klingon'?>" + rdfxml(""), "the encoding “klingon” is not known"},
		"double hyphen":     {"<!-- a -- b -->" + rdfxml(""), "line 1, column 8: a comment holds “--”"},
		"triple hyphen":     {"<!-- a --->" + rdfxml(""), "a comment holds “--”"},
		"deep":              {rdfxml(deep), "nested more than 1000 deep"},
		"relative":          {rdfxml(`<e:A rdf:about="x"/>`), "“x” is a relative IRI, and the document has no base"},
		"long IRI":          {rdfxml(`<e:A rdf:about="http://e.example/` + strings.Repeat("x", 70_000) + `"/>`), "an IRI is longer than 65536 bytes"},
		"language":          {rdfxml(`<e:A><e:p xml:lang="***">x</e:p></e:A>`), "“***” is no language tag"},
		"text among nodes":  {rdfxml("x"), "text stands where an element should"},
		"text and node":     {said("x<e:A/>"), "more than one node or text"},
		"node and text":     {said("<e:A/>x"), "a node and text"},
		"two nodes":         {said("<e:A/><e:A/>"), "more than one node or text"},
		"typed node":        {rdfxml(`<e:A><e:p rdf:datatype="http://e.example/t"><e:A/></e:p></e:A>`), "more than one node or text"},
		"content of an IRI": {rdfxml(`<e:A><e:p rdf:resource="http://e.example/t">x</e:p></e:A>`), "text stands where"},
		"about a property":  {rdfxml(`<e:A><e:p rdf:about="http://e.example/t"/></e:A>`), "rdf:about is not allowed"},
		"parse type of a node": {
			rdfxml(`<e:A rdf:parseType="Resource"/>`), "are not allowed on the element of a node"},
		"marked-up entity": {`<!DOCTYPE r [<!ENTITY e "<b/>">]>` + said("&e;"), "an entity holds markup"},
		"entity in itself": {`<!DOCTYPE r [<!ENTITY e "&f;"><!ENTITY f "&e;">]>` + said("&e;"), "more than 16 deep"},
		"external entity in a value": {`<!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/passwd">]>` +
			rdfxml(`<e:A e:b="&e;"/>`), "holds the external entity e"},
		"two types":       {"<!DOCTYPE a><!DOCTYPE b>" + rdfxml(""), "stands only once"},
		"endless type":    {"<!DOCTYPE a [" + strings.Repeat(" ", 300_000), "a document type declaration is longer than 262144 bytes"},
		"many bindings":   {"<a " + strings.ReplaceAll(strings.ReplaceAll(manyAttributes(1001), "e:", "xmlns:"), `""`, `"u:"`) + "/>", "more than 1000 prefixes are bound"},
		"long name":       {"<" + strings.Repeat("a", 70_000) + "/>", "is no name of XML"},
		"many attributes": {rdfxml("<e:A " + manyAttributes(600) + "/>"), "more than 500 attributes"},
	} {
		_, err := readXML(c.document)
		var fault *rdf.Error
		if !errors.As(err, &fault) || !strings.Contains(err.Error(), c.want) || fault.Line == 0 || fault.Column == 0 {
			t.Errorf("%s: %v, want an error with its place: %q", name, err, c.want)
		}
	}
}

func manyAttributes(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, ` e:a%d=""`, i)
	}
	return b.String()
}

// growing is a document whose entities stand for ten times as much at each
// level.
func growing(levels int) string {
	var b strings.Builder
	b.WriteString(`<!DOCTYPE r [<!ENTITY e0 "aaaaaaaaaa">`)
	for n := range levels {
		fmt.Fprintf(&b, `<!ENTITY e%d "%s">`, n+1, strings.Repeat(fmt.Sprintf("&e%d;", n), 10))
	}
	return b.String() + "]>" + said(fmt.Sprintf("&e%d;", levels))
}

func TestEntitiesOfRDFXMLAreBounded(t *testing.T) {
	g, err := readXML(growing(3))
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := g.Object(rdf.NewIRI("http://e.example/s"), "http://e.example/p"); got.Value != strings.Repeat("a", 10_000) {
		t.Errorf("%d characters, want 10000", len(got.Value))
	}
	if _, err := readXML(growing(8)); err == nil || !strings.Contains(err.Error(), "the entities of this document stand for more than") {
		t.Errorf("a document that grows a hundred million times: %v", err)
	}
}

func TestWhatRDFXMLMeans(t *testing.T) {
	const doctype = `<?xml version="1.0"?><!DOCTYPE rdf:RDF PUBLIC "-//X//EN" "http://127.0.0.1:1/x.dtd" [
		<!-- > ' --><?pi ]> ?><!ELEMENT a (b)><!ATTLIST a b CDATA "]>">
		<!ENTITY dct 'http://purl.org/dc/terms/'><!ENTITY e "&#38;lt;&#65;"><!ENTITY dct "http://late.example/">
		<!ENTITY ext SYSTEM "file:///etc/passwd"> %unread; ]>`
	for name, c := range map[string]struct{ document, want string }{
		"text":                {said("a &lt;b&gt; &amp; &quot;&apos; &#233;&#xE9;"), `"a <b> & \"' éé"`},
		"line ends":           {said("a\r\nb\rc&#13;"), `"a\nb\nc\r"`},
		"sections":            {said("a<![CDATA[<b>&amp;]]><!-- no -->c<?pi no?>d"), `"a<b>&amp;cd"`},
		"empty":               {rdfxml(`<rdf:Description rdf:about="http://e.example/s"><e:p/></rdf:Description>`), `""`},
		"white space":         {said(" \n "), `" \n "`},
		"node in white space": {said("\n<!-- a -->\n<rdf:Description rdf:about='http://e.example/o'/>\n"), `<http://e.example/o>`},
		"entities":            {doctype + said("&dct;&e;&ext;"), `"http://purl.org/dc/terms/<A"`},
		"entity in a value": {doctype + rdfxml(`<rdf:Description rdf:about="http://e.example/s"><e:p rdf:resource="&dct;title"/></rdf:Description>`),
			`<http://purl.org/dc/terms/title>`},
		"value": {rdfxml("<rdf:Description rdf:about=' http://e.example/s\n' e:p='a\tb\nc&#10;\"é'/>"), `"a b c\n\"é"`},
		"language": {rdfxml(`<rdf:Description xml:lang="fr-FR" rdf:about="http://e.example/s"><e:p>x</e:p></rdf:Description>`),
			`"x"@fr-fr`},
		"datatype": {rdfxml(`<rdf:Description rdf:about="http://e.example/s"><e:p xml:lang="fr" rdf:datatype="http://e.example/t">x</e:p></rdf:Description>`),
			`"x"^^<http://e.example/t>`},
		"names without a namespace": {rdfxml(`<rdf:Description about="http://e.example/s" other="x"><e:p resource="http://e.example/o"/></rdf:Description>`),
			`<http://e.example/o>`},
		"canonical XML": {rdfxml(`<rdf:Description rdf:about="http://e.example/s"><e:p rdf:parseType="Literal"><e:a xmlns="http://d.example/" z="&lt;&#9;" e:y="1" xml:lang="fr"><b/><c xmlns=""/>&gt;&#13;</e:a><!-- c --><?p  d?></e:p></rdf:Description>`),
			`"<e:a xmlns:e=\"http://e.example/\" z=\"&lt;&#x9;\" e:y=\"1\" xml:lang=\"fr\"><b xmlns=\"http://d.example/\"></b><c></c>&gt;&#xD;</e:a><!-- c --><?p d?>"^^<http://www.w3.org/1999/02/22-rdf-syntax-ns#XMLLiteral>`},
	} {
		g, err := readXML(c.document)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := "<http://e.example/s> <http://e.example/p> " + c.want + " ."
		rdftest.Same(t, g, rdftest.Read(t, strings.NewReader(want), rdf.NTriples, ""))
		if t.Failed() {
			t.Fatal(name)
		}
	}
}

func TestEncodingsOfRDFXML(t *testing.T) {
	wide := func(text string, big bool) string {
		var b strings.Builder
		for _, r := range text {
			if big {
				b.Write([]byte{byte(r >> 8), byte(r)})
			} else {
				b.Write([]byte{byte(r), byte(r >> 8)})
			}
		}
		return b.String()
	}
	document := said("Été à Nîmes")
	for name, written := range map[string]string{
		"UTF-8 with a mark":              "\uFEFF" + document,
		"UTF-8 declared":                 "<?xml version='1.0' encoding='utf-8'?>" + document,
		"UTF-16 with a mark, big end":    wide("\uFEFF"+document, true),
		"UTF-16 with a mark, little end": wide("\uFEFF"+document, false),
		"UTF-16 without one, big end":    wide("<?xml version='1.0' encoding='UTF-16'?>"+document, true),
		"UTF-16 without one, little end": wide("<?xml version='1.0' encoding='UTF-16'?>"+document, false),
		"Latin 1":                        "<?xml version=\"1.0\" encoding=\"ISO-8859-1\" ?>" + strings.NewReplacer("É", "\xC9", "é", "\xE9", "à", "\xE0", "î", "\xEE").Replace(document),
	} {
		g, err := readXML(written)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got, _ := g.Object(rdf.NewIRI("http://e.example/s"), "http://e.example/p"); got != rdf.NewString("Été à Nîmes") {
			t.Errorf("%s: %q", name, got.Value)
		}
	}
}

// slow gives a document a few bytes at a time.
type slow struct{ rest []byte }

func (s *slow) Read(p []byte) (int, error) {
	n := copy(p[:min(len(p), 3)], s.rest)
	s.rest = s.rest[n:]
	if n == 0 {
		return 0, errors.New("the line is cut")
	}
	return n, nil
}

func TestRDFXMLReadsPiecesAndTellsTheReadersError(t *testing.T) {
	document := "<?xml version='1.0'?><!DOCTYPE r [<!ENTITY a 'b'>]><!-- c -->" + said("x &a; <![CDATA[y]]>")
	n := 0
	err := rdf.Read(rdf.Source{Reader: &slow{[]byte(document)}, Format: rdf.RDFXML}, func(q rdf.Quad) error {
		n++
		if q.Object.Value != "x b y" {
			t.Errorf("%q", q.Object.Value)
		}
		return nil
	})
	if n != 1 || err == nil || err.Error() != "the line is cut" {
		t.Errorf("%d triples, %v", n, err)
	}
	stop := errors.New("enough")
	err = rdf.Read(rdf.Source{Reader: strings.NewReader(document), Format: rdf.RDFXML}, func(rdf.Quad) error { return stop })
	if err != stop {
		t.Errorf("%v, want the error of the one who reads", err)
	}
}

func TestRDFXMLAsItIsWritten(t *testing.T) {
	const turtle = `@prefix e: <http://e.example/> . @prefix dct: <http://purl.org/dc/terms/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
<http://e.example/s> a e:Été, e:B, <http://other.example/C> ; dct:title "a < b & \"c\""@fr, "\u0001\uFFFE" ; e:n 3 ;
  e:list ( <http://e.example/i> [ e:p "x" ] ) ; e:texts ( "a" ) ; e:none () ;
  e:contact [ a e:Kind ; e:mail <mailto:a@b.example?x=1&y=2> ] ; e:empty [] ; e:shared _:s ; e:other _:s ;
  <http://x.example/deep/q> "r\r" .
_:s e:p "shared" . _:c1 e:next _:c2 . _:c2 e:next _:c1 .`
	const want = `<?xml version="1.0" encoding="UTF-8"?>
<rdf:RDF
  xmlns:dct="http://purl.org/dc/terms/"
  xmlns:e="http://e.example/"
  xmlns:ns1="http://x.example/deep/"
  xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <e:B rdf:about="http://e.example/s">
    <rdf:type rdf:resource="http://e.example/Été"/>
    <rdf:type rdf:resource="http://other.example/C"/>
    <dct:title xml:lang="fr">a &lt; b &amp; "c"</dct:title>
    <dct:title>??</dct:title>
    <e:n rdf:datatype="http://www.w3.org/2001/XMLSchema#integer">3</e:n>
    <e:list rdf:parseType="Collection">
      <rdf:Description rdf:about="http://e.example/i"/>
      <rdf:Description>
        <e:p>x</e:p>
      </rdf:Description>
    </e:list>
    <e:texts>
      <rdf:Description>
        <rdf:first>a</rdf:first>
        <rdf:rest rdf:resource="http://www.w3.org/1999/02/22-rdf-syntax-ns#nil"/>
      </rdf:Description>
    </e:texts>
    <e:none rdf:resource="http://www.w3.org/1999/02/22-rdf-syntax-ns#nil"/>
    <e:contact>
      <e:Kind>
        <e:mail rdf:resource="mailto:a@b.example?x=1&amp;y=2"/>
      </e:Kind>
    </e:contact>
    <e:empty>
      <rdf:Description/>
    </e:empty>
    <e:shared rdf:nodeID="b1"/>
    <e:other rdf:nodeID="b1"/>
    <ns1:q>r&#xD;</ns1:q>
  </e:B>
  <rdf:Description rdf:nodeID="b1">
    <e:p>shared</e:p>
  </rdf:Description>
  <rdf:Description>
    <e:p rdf:resource="http://e.example/s%20p"/>
  </rdf:Description>
  <rdf:Description rdf:nodeID="b2">
    <e:next>
      <rdf:Description>
        <e:next rdf:nodeID="b2"/>
      </rdf:Description>
    </e:next>
  </rdf:Description>
</rdf:RDF>
`
	g := rdftest.Read(t, strings.NewReader(turtle), rdf.Turtle, "")
	_ = g.Add(rdf.Triple(rdf.NewBlank("x"), "http://e.example/p", rdf.NewIRI("http://e.example/s p")))
	got := rdftest.Write(t, g, rdf.RDFXML, rdf.Style{Prefixes: []rdf.Prefix{
		{Name: "e", IRI: "http://e.example/"}, {Name: "dct", IRI: "http://purl.org/dc/terms/"}, {Name: "unused", IRI: "http://u.example/"},
		{Name: "", IRI: "http://x.example/deep/"}, {Name: "xml", IRI: "http://x.example/deep/"},
	}})
	if got != want {
		t.Errorf("%s", got)
	}
}

func TestRDFXMLRefusesPredicatesItCannotWrite(t *testing.T) {
	for _, predicate := range []string{"http://e.example/", "http://e.example/1", "urn", rdf.RDF + "li", rdf.RDF + "Description",
		"http://www.w3.org/2000/xmlns/a"} {
		w, err := rdf.NewWriter(&bytes.Buffer{}, rdf.RDFXML, rdf.Style{})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(rdf.Triple(rdf.NewBlank("a"), predicate, rdf.NewString("x"))); err == nil {
			t.Errorf("the predicate <%s> was written", predicate)
		}
	}
}

func TestChainsOfNodesAreWrittenAsRDFXMLAndReadAgain(t *testing.T) {
	g := rdf.NewGraph()
	for n := range 3000 {
		_ = g.Add(rdf.Triple(rdf.NewBlank(fmt.Sprint("n", n)), "http://e.example/next", rdf.NewBlank(fmt.Sprint("n", n+1))))
	}
	document := rdftest.Write(t, g, rdf.RDFXML, rdf.Style{})
	back := rdftest.Read(t, strings.NewReader(document), rdf.RDFXML, "")
	if back.Len() != g.Len() {
		t.Errorf("%d triples, want %d", back.Len(), g.Len())
	}
}
