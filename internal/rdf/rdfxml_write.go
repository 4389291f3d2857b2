package rdf

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

func init() {
	writers[RDFXML] = func(w io.Writer, s Style) Writer { return newRDFXMLWriter(w, s) }
}

// rdfxmlWriter writes RDF/XML. It keeps the quads until Close, to write each
// subject once, in an element named after its class, and the blank nodes that
// are referenced once where they are referenced. The names of graphs are not
// written, and characters that XML forbids become "?".
type rdfxmlWriter struct {
	out   io.Writer
	quads *Graph

	spaces   []Prefix          // longest first
	taken    map[string]bool   // names of prefixes
	used     map[string]string // prefixes that the body uses
	names    map[string]string // of elements, by their IRIs; empty where there is none
	labels   map[Term]string
	written  map[Term]bool // subjects that are written or begun
	body     []byte
	scratch  []byte
	depth    int // of nested nodes
	invented int
}

func newRDFXMLWriter(out io.Writer, style Style) *rdfxmlWriter {
	w := &rdfxmlWriter{out: out, quads: NewGraph(), taken: map[string]bool{"rdf": true},
		used: map[string]string{"rdf": RDF}, names: map[string]string{}, labels: map[Term]string{}, written: map[Term]bool{}}
	for _, p := range append([]Prefix{{"rdf", RDF}}, style.Prefixes...) {
		reserved := strings.HasPrefix(strings.ToLower(p.Name), "xml") || p.IRI == xmlSpace || p.IRI == xmlnsSpace
		if reserved || !isNCName([]byte(p.Name)) || p.IRI == "" || w.taken[p.Name] && p.IRI != RDF {
			continue
		}
		w.taken[p.Name] = true
		w.spaces = append(w.spaces, p)
	}
	slices.SortStableFunc(w.spaces, func(a, b Prefix) int { return len(b.IRI) - len(a.IRI) })
	return w
}

// Write keeps a quad. It refuses a predicate that no element can be named
// after.
func (w *rdfxmlWriter) Write(q Quad) error {
	if q.Predicate != typeTerm && w.name(q.Predicate.Value) == "" {
		return fmt.Errorf("rdf: RDF/XML has no way to write the predicate <%s>", q.Predicate.Value)
	}
	q.Graph = Term{}
	return w.quads.Add(q)
}

// Close writes the document: first the subjects that nothing holds, then those
// that only each other hold, or that are nested too deep.
func (w *rdfxmlWriter) Close() error {
	const usual = 100 // bytes of a property
	w.body = make([]byte, 0, usual*w.quads.Len())
	var subjects []Term
	for n, q := range w.quads.quads {
		follows := n > 0 && w.quads.quads[n-1].Subject == q.Subject
		if !follows && w.quads.bySubject[q.Subject][0] == n {
			subjects = append(subjects, q.Subject)
		}
	}
	w.used = map[string]string{"rdf": RDF}
	for _, subject := range subjects {
		if !w.written[subject] && !w.nests(subject) {
			w.node(subject, 1)
		}
	}
	for _, subject := range subjects {
		if !w.written[subject] {
			w.node(subject, 1)
		}
	}
	w.body = append(w.body, "</rdf:RDF>\n"...)
	if _, err := w.out.Write(w.head()); err != nil {
		return err
	}
	_, err := w.out.Write(w.body)
	return err
}

// head begins the document and declares the prefixes that the body uses.
func (w *rdfxmlWriter) head() []byte {
	head := []byte("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rdf:RDF")
	prefixes := make([]string, 0, len(w.used))
	for prefix := range w.used {
		prefixes = append(prefixes, prefix)
	}
	slices.Sort(prefixes)
	for _, prefix := range prefixes {
		head = append(append(append(head, "\n  xmlns:"...), prefix...), `="`...)
		head = append(appendXMLLegal(head, w.used[prefix], true), '"')
	}
	return append(head, ">\n"...)
}

// nests tells whether a node is written where it is referenced: a blank node,
// the object of one triple, and not yet written.
func (w *rdfxmlWriter) nests(t Term) bool {
	return t.Kind == Blank && len(w.quads.byObject[t]) == 1 && !w.written[t]
}

// node writes the element of a subject.
func (w *rdfxmlWriter) node(subject Term, depth int) {
	w.written[subject] = true
	about := w.quads.bySubject[subject]
	class, named := "rdf:Description", -1
	for _, n := range about {
		q := w.quads.quads[n]
		if q.Predicate == typeTerm && q.Object.Kind == IRI {
			// Readers disagree on names beyond ASCII, which editions of XML 1.0 told
			// apart differently; rdf:type says the same.
			if name := w.name(q.Object.Value); name != "" && isASCII(name) {
				class, named = w.use(name), n
				break
			}
		}
	}
	w.indent(depth)
	w.body = append(append(w.body, '<'), class...)
	w.identify(subject)
	if len(about) == 0 || len(about) == 1 && named >= 0 {
		w.body = append(w.body, "/>\n"...)
		return
	}
	w.body = append(w.body, ">\n"...)
	for _, n := range about {
		if n != named {
			w.property(w.quads.quads[n], depth+1)
		}
	}
	w.indent(depth)
	w.closeTag(class)
}

// isASCII tells whether a text holds only characters of ASCII.
func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf })
}

// identify writes the attribute that says which node an element stands for.
func (w *rdfxmlWriter) identify(subject Term) {
	switch {
	case subject.Kind == IRI:
		w.iri("rdf:about", subject.Value)
	case len(w.quads.byObject[subject]) > 1, len(w.quads.byObject[subject]) == 1 && w.depth == 0:
		w.label(subject)
	}
}

// property writes the element of a property.
func (w *rdfxmlWriter) property(q Quad, depth int) {
	name := w.use(w.name(q.Predicate.Value))
	w.indent(depth)
	w.body = append(append(w.body, '<'), name...)
	switch object := q.Object; {
	case object.Kind == IRI:
		w.iri("rdf:resource", object.Value)
		w.body = append(w.body, "/>\n"...)
	case object.Kind == Literal:
		w.literal(object)
		w.closeTag(name)
	case w.depth >= maxNested || !w.nests(object):
		w.label(object)
		w.body = append(w.body, "/>\n"...)
	default:
		w.nested(object, name, depth)
	}
}

// nested writes a blank node, or the list that begins with it, inside the
// element of a property.
func (w *rdfxmlWriter) nested(object Term, name string, depth int) {
	w.depth++
	if items, ok := w.list(object); ok {
		w.body = append(w.body, " rdf:parseType=\"Collection\">\n"...)
		for _, item := range items {
			w.item(item, depth+1)
		}
	} else {
		w.body = append(w.body, ">\n"...)
		w.node(object, depth+1)
	}
	w.depth--
	w.indent(depth)
	w.closeTag(name)
}

// item writes a member of a list.
func (w *rdfxmlWriter) item(item Term, depth int) {
	if w.depth < maxNested && w.nests(item) {
		w.node(item, depth)
		return
	}
	w.indent(depth)
	w.body = append(w.body, "<rdf:Description"...)
	if item.Kind == IRI {
		w.iri("rdf:about", item.Value)
	} else {
		w.label(item)
	}
	w.body = append(w.body, "/>\n"...)
}

// list gives the members of the list that begins at a node, when its cells are
// a list of nodes and nothing else; then they are written.
func (w *rdfxmlWriter) list(cell Term) ([]Term, bool) {
	var items, cells []Term
	met := map[Term]bool{}
	for cell != nilTerm {
		about := w.quads.bySubject[cell]
		if len(about) != 2 || !w.nests(cell) || met[cell] {
			return nil, false
		}
		first, rest := w.quads.quads[about[0]], w.quads.quads[about[1]]
		if first.Predicate == restTerm {
			first, rest = rest, first
		}
		if first.Predicate != firstTerm || rest.Predicate != restTerm || first.Object.Kind == Literal {
			return nil, false
		}
		met[cell] = true
		items, cells = append(items, first.Object), append(cells, cell)
		cell = rest.Object
	}
	for _, item := range items {
		if met[item] {
			return nil, false
		}
	}
	for _, cell := range cells {
		w.written[cell] = true
	}
	return items, true
}

// literal writes the attributes of a literal, the end of its tag and its text.
func (w *rdfxmlWriter) literal(t Term) {
	switch {
	case t.Lang != "" && isLanguage(t.Lang):
		w.body = append(append(append(w.body, ` xml:lang="`...), t.Lang...), '"')
	case t.Lang == "" && t.Datatype != "" && t.Datatype != String:
		w.iri("rdf:datatype", t.Datatype)
	}
	w.body = append(w.body, '>')
	w.body = appendXMLLegal(w.body, t.Value, false)
}

// iri writes an attribute that holds an IRI.
func (w *rdfxmlWriter) iri(name, iri string) {
	w.body = append(append(append(w.body, ' '), name...), `="`...)
	w.scratch = appendIRI(w.scratch[:0], iri)
	for rest := w.scratch; ; {
		n := bytes.IndexByte(rest, '&')
		if n < 0 {
			w.body = append(append(w.body, rest...), '"')
			return
		}
		w.body = append(append(w.body, rest[:n]...), "&amp;"...)
		rest = rest[n+1:]
	}
}

// label writes the attribute that names a blank node.
func (w *rdfxmlWriter) label(t Term) {
	label, ok := w.labels[t]
	if !ok {
		label = "b" + strconv.Itoa(len(w.labels)+1)
		w.labels[t] = label
	}
	w.body = append(append(append(w.body, ` rdf:nodeID="`...), label...), '"')
}

func (w *rdfxmlWriter) closeTag(name string) {
	w.body = append(append(append(w.body, "</"...), name...), ">\n"...)
}

func (w *rdfxmlWriter) indent(depth int) {
	for range depth {
		w.body = append(w.body, "  "...)
	}
}

// use notes that the body uses the prefix of a name, and returns the name.
func (w *rdfxmlWriter) use(name string) string {
	prefix, _, _ := strings.Cut(name, ":")
	if _, known := w.used[prefix]; !known {
		for _, p := range w.spaces {
			if p.Name == prefix {
				w.used[prefix] = p.IRI
			}
		}
	}
	return name
}

// name is the name of an element that means an IRI; empty when there is none.
func (w *rdfxmlWriter) name(iri string) string {
	name, known := w.names[iri]
	if !known {
		name = w.split(iri)
		w.names[iri] = name
	}
	return name
}

// split finds a prefix for an IRI, or makes one up, and gives the name.
func (w *rdfxmlWriter) split(iri string) string {
	if word := rdfWords[strings.TrimPrefix(iri, RDF)]; strings.HasPrefix(iri, RDF) && word != noWord && word != wordType {
		return ""
	}
	for _, p := range w.spaces {
		if local, ok := strings.CutPrefix(iri, p.IRI); ok && isNCName([]byte(local)) {
			return p.Name + ":" + local
		}
	}
	start := localStart(iri)
	space := iri[:start]
	if start == 0 || start == len(iri) || space == xmlSpace || space == xmlnsSpace || badXML([]byte(space)) >= 0 {
		return ""
	}
	prefix := ""
	for prefix == "" || w.taken[prefix] {
		w.invented++
		prefix = "ns" + strconv.Itoa(w.invented)
	}
	w.taken[prefix] = true
	// Kept before shorter ones, so that the longest is met first.
	at := slices.IndexFunc(w.spaces, func(p Prefix) bool { return len(p.IRI) < len(space) })
	if at < 0 {
		at = len(w.spaces)
	}
	w.spaces = slices.Insert(w.spaces, at, Prefix{prefix, space})
	return prefix + ":" + iri[start:]
}

// localStart is where the longest name at the end of an IRI begins.
func localStart(iri string) int {
	start := len(iri)
	for i := len(iri); i > 0; {
		r, size := utf8.DecodeLastRuneInString(iri[:i])
		if r == utf8.RuneError && size == 1 || !isNCNameRune(r, false) {
			break
		}
		i -= size
		if isNCNameRune(r, true) {
			start = i
		}
	}
	return start
}

// appendXMLLegal appends text as XML has it, in the value of an attribute or
// outside, what XML cannot hold as "?".
func appendXMLLegal(b []byte, text string, attribute bool) []byte {
	plain := 0 // where what is not yet appended begins
	for i := 0; i < len(text); {
		size, written := 1, ""
		if c := text[i]; c >= utf8.RuneSelf {
			var r rune
			if r, size = utf8.DecodeRuneInString(text[i:]); r == utf8.RuneError && size == 1 || !isXMLRune(r) {
				written = "?"
			}
		} else if written = xmlEscape(c, attribute); written == "" && !isXMLRune(rune(c)) {
			written = "?"
		}
		if written != "" {
			b = append(append(b, text[plain:i]...), written...)
			plain = i + size
		}
		i += size
	}
	return append(b, text[plain:]...)
}

// xmlEscape is how a character of ASCII is written where it does not stand for
// itself, else nothing.
func xmlEscape(c byte, attribute bool) string {
	switch {
	case c > '>':
	case c == '&':
		return "&amp;"
	case c == '<':
		return "&lt;"
	case c == '>' && !attribute:
		return "&gt;"
	case c == '"' && attribute:
		return "&quot;"
	case c == '\t' && attribute:
		return "&#x9;"
	case c == '\n' && attribute:
		return "&#xA;"
	case c == '\r':
		return "&#xD;"
	}
	return ""
}
