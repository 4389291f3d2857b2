package rdf

import (
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

func init() {
	writers[Turtle] = func(w io.Writer, s Style) Writer { return newTurtleWriter(w, s, false) }
	writers[TriG] = func(w io.Writer, s Style) Writer { return newTurtleWriter(w, s, true) }
}

// maxNested is how many blank nodes are written inside one another; beyond it
// they are written by their labels.
const maxNested = 50

// turtleWriter writes Turtle and TriG. It keeps the quads until Close, to
// write each subject once, and what is referenced once where it is referenced.
// In Turtle the names of graphs are not written.
type turtleWriter struct {
	out    io.Writer
	graphs bool
	quads  *Graph

	prefixes []Prefix // longest first
	used     map[string]bool
	body     []byte
	graph    Term          // the graph being written
	names    map[Term]bool // names of graphs
	written  map[Term]bool // subjects of graph that are written or begun
}

func newTurtleWriter(out io.Writer, style Style, graphs bool) *turtleWriter {
	prefixes := slices.Clone(style.Prefixes)
	slices.SortStableFunc(prefixes, func(a, b Prefix) int { return len(b.IRI) - len(a.IRI) })
	return &turtleWriter{out: out, graphs: graphs, quads: NewGraph(), prefixes: prefixes,
		used: map[string]bool{}, names: map[Term]bool{}}
}

func (w *turtleWriter) Write(q Quad) error {
	if !w.graphs {
		q.Graph = Term{}
	}
	return w.quads.Add(q)
}

func (w *turtleWriter) Close() error {
	graphs := []Term{{}}
	subjects := map[Term][]Term{}
	for n, q := range w.quads.Quads() {
		if q.Graph.Kind != None && !w.names[q.Graph] {
			w.names[q.Graph] = true
			graphs = append(graphs, q.Graph)
		}
		if w.isFirst(n, q) {
			subjects[q.Graph] = append(subjects[q.Graph], q.Subject)
		}
	}
	for _, graph := range graphs {
		w.writeGraph(graph, subjects[graph])
	}
	head := w.head()
	if len(head) == 0 && len(w.body) > 0 {
		w.body = w.body[1:] // the empty line that would follow it
	}
	if _, err := w.out.Write(head); err != nil {
		return err
	}
	_, err := w.out.Write(w.body)
	return err
}

// isFirst tells whether the quad of a number is the first of its subject in its
// graph.
func (w *turtleWriter) isFirst(number int, q Quad) bool {
	for _, n := range w.quads.bySubject[q.Subject] {
		if w.quads.quads[n].Graph == q.Graph {
			return n == number
		}
	}
	return false
}

// head declares the prefixes that the body uses, by name.
func (w *turtleWriter) head() []byte {
	prefixes := slices.Clone(w.prefixes)
	slices.SortFunc(prefixes, func(a, b Prefix) int { return strings.Compare(a.Name, b.Name) })
	var head []byte
	for _, p := range prefixes {
		if w.used[p.Name] {
			head = append(append(append(head, "@prefix "...), p.Name...), ": <"...)
			head = append(appendIRI(head, p.IRI), "> .\n"...)
		}
	}
	return head
}

// writeGraph writes the subjects of a graph: first those that nothing holds,
// then those that only each other hold, or that are nested too deep.
func (w *turtleWriter) writeGraph(graph Term, subjects []Term) {
	w.graph, w.written = graph, map[Term]bool{}
	depth := 0
	if graph.Kind != None {
		w.separate()
		w.body = append(w.term(graph), " {\n"...)
		depth = 1
	}
	for _, subject := range subjects {
		if !w.written[subject] && !w.nests(subject) {
			w.statement(subject, depth)
		}
	}
	for _, subject := range subjects {
		if !w.written[subject] {
			w.statement(subject, depth)
		}
	}
	if depth > 0 {
		w.body = append(w.body, "}\n"...)
	}
}

// separate leaves an empty line before what follows.
func (w *turtleWriter) separate() {
	if !strings.HasSuffix(string(w.body[max(0, len(w.body)-2):]), "{\n") {
		w.body = append(w.body, '\n')
	}
}

// nests tells whether a node is written where it is referenced: a blank node
// of this graph alone, the object of one triple, and not yet written.
func (w *turtleWriter) nests(t Term) bool {
	if t.Kind != Blank || len(w.quads.byObject[t]) != 1 || w.names[t] || w.written[t] ||
		w.quads.quads[w.quads.byObject[t][0]].Graph != w.graph {
		return false
	}
	for _, n := range w.quads.bySubject[t] {
		if w.quads.quads[n].Graph != w.graph {
			return false
		}
	}
	return true
}

// statement writes what the graph says of a subject.
func (w *turtleWriter) statement(subject Term, depth int) {
	w.separate()
	w.indent(depth)
	w.written[subject] = true
	if subject.Kind == Blank && len(w.quads.byObject[subject]) == 0 && !w.names[subject] && w.onlyHere(subject) {
		w.body = append(w.body, "[]"...)
	} else {
		w.body = w.term(subject)
	}
	w.body = append(w.body, ' ')
	w.properties(subject, depth+1)
	w.body = append(w.body, " .\n"...)
}

// onlyHere tells whether this graph alone speaks of a subject.
func (w *turtleWriter) onlyHere(subject Term) bool {
	for _, n := range w.quads.bySubject[subject] {
		if w.quads.quads[n].Graph != w.graph {
			return false
		}
	}
	return true
}

// property is a predicate and its objects.
type property struct {
	predicate Term
	objects   []Term
}

// about gathers what the graph says of a subject: its types first, the rest in
// the order in which it came.
func (w *turtleWriter) about(subject Term) []property {
	var properties []property
	place := map[Term]int{}
	for _, n := range w.quads.bySubject[subject] {
		q := w.quads.quads[n]
		if q.Graph != w.graph {
			continue
		}
		at, ok := place[q.Predicate]
		if !ok {
			at = len(properties)
			place[q.Predicate] = at
			properties = append(properties, property{predicate: q.Predicate})
		}
		properties[at].objects = append(properties[at].objects, q.Object)
	}
	if at, ok := place[NewIRI(Type)]; ok {
		types := properties[at]
		properties = slices.Insert(slices.Delete(properties, at, at+1), 0, types)
	}
	return properties
}

// properties writes the predicates and objects of a subject, the first at the
// end of the line that stands.
func (w *turtleWriter) properties(subject Term, depth int) {
	for i, p := range w.about(subject) {
		if i > 0 {
			w.body = append(w.body, " ;\n"...)
			w.indent(depth)
		}
		if p.predicate.Value == Type {
			w.body = append(w.body, 'a')
		} else {
			w.body = w.term(p.predicate)
		}
		w.body = append(w.body, ' ')
		for n, object := range p.objects {
			if n > 0 {
				w.body = append(w.body, ",\n"...)
				w.indent(depth + 1)
			}
			w.object(object, depth)
		}
	}
}

func (w *turtleWriter) object(object Term, depth int) {
	if object.Kind == IRI && object.Value == Nil {
		w.body = append(w.body, "()"...)
		return
	}
	if depth > maxNested || !w.nests(object) {
		w.body = w.term(object)
		return
	}
	if items, ok := w.list(object); ok {
		w.items(items, depth)
		return
	}
	w.written[object] = true
	if len(w.quads.bySubject[object]) == 0 {
		w.body = append(w.body, "[]"...)
		return
	}
	w.body = append(w.body, "[\n"...)
	w.indent(depth + 1)
	w.properties(object, depth+1)
	w.body = append(w.body, '\n')
	w.indent(depth)
	w.body = append(w.body, ']')
}

// list gives the items of the list that begins at a node, when its cells are a
// list and nothing else; then they are written.
func (w *turtleWriter) list(cell Term) ([]Term, bool) {
	var items, cells []Term
	for cell.Kind != IRI || cell.Value != Nil {
		about := w.quads.bySubject[cell]
		if !w.nests(cell) || len(about) != 2 {
			return nil, false
		}
		first, rest := w.quads.quads[about[0]], w.quads.quads[about[1]]
		if first.Predicate.Value == Rest {
			first, rest = rest, first
		}
		if first.Predicate.Value != First || rest.Predicate.Value != Rest {
			return nil, false
		}
		items, cells = append(items, first.Object), append(cells, cell)
		cell = rest.Object
	}
	for _, cell := range cells {
		w.written[cell] = true
	}
	return items, true
}

// items writes a list: what is short on one line, nodes one below the other.
func (w *turtleWriter) items(items []Term, depth int) {
	nodes := slices.ContainsFunc(items, w.nests)
	w.body = append(w.body, '(')
	for i, item := range items {
		switch {
		case nodes:
			w.body = append(w.body, '\n')
			w.indent(depth + 1)
		case i > 0:
			w.body = append(w.body, ' ')
		}
		w.object(item, depth+1)
	}
	if nodes {
		w.body = append(w.body, '\n')
		w.indent(depth)
	}
	w.body = append(w.body, ')')
}

func (w *turtleWriter) indent(depth int) {
	for range depth {
		w.body = append(w.body, "    "...)
	}
}

// term appends a term to the body, as short as can be.
func (w *turtleWriter) term(t Term) []byte {
	switch {
	case t.Kind == IRI:
		return w.iri(t.Value)
	case t.Kind == Blank:
		return appendLabel(w.body, t.Value)
	case t.Lang != "" || t.Datatype == String || t.Datatype == "":
		if strings.Contains(t.Value, "\n") {
			w.body = appendLong(w.body, t.Value)
		} else {
			w.body = appendQuoted(w.body, t.Value)
		}
		if isLanguage(t.Lang) {
			return append(append(w.body, '@'), t.Lang...)
		}
		return w.body
	case isBare(t.Value, t.Datatype):
		return append(w.body, t.Value...)
	}
	w.body = append(appendQuoted(w.body, t.Value), "^^"...)
	return w.iri(t.Datatype)
}

func (w *turtleWriter) iri(iri string) []byte {
	for _, p := range w.prefixes {
		if local, ok := strings.CutPrefix(iri, p.IRI); ok && isLocal(local) {
			w.used[p.Name] = true
			return append(append(append(w.body, p.Name...), ':'), local...)
		}
	}
	return append(appendIRI(append(w.body, '<'), iri), '>')
}

// isLocal tells whether the end of an IRI can follow a prefix without escapes
// (PN_LOCAL of Turtle).
func isLocal(local string) bool {
	for i, r := range local {
		switch {
		case r == utf8.RuneError, !isNameChar(r) && r != ':' && r != '.':
			return false
		case r == '.' && (i == 0 || i == len(local)-1):
			return false
		case i == 0 && !isNameBase(r) && r != '_' && r != ':' && (r > '9' || r < '0'):
			return false
		}
	}
	return true
}

// isBare tells whether a literal can be written without quotes: true, 12, 1.5
// or 1e6 of their own datatypes.
func isBare(value, datatype string) bool {
	digits := strings.TrimLeft(value, "+-")
	if len(value)-len(digits) > 1 {
		return false
	}
	whole, fraction, point := strings.Cut(digits, ".")
	switch datatype {
	case Boolean:
		return value == "true" || value == "false"
	case Integer:
		return !point && allDigits(whole) && whole != ""
	case Decimal:
		return point && allDigits(whole) && allDigits(fraction) && fraction != ""
	case Double:
		mantissa, exponent, ok := strings.Cut(strings.ToLower(digits), "e")
		whole, fraction, _ = strings.Cut(mantissa, ".")
		power := strings.TrimLeft(exponent, "+-")
		return ok && power != "" && len(exponent)-len(power) <= 1 && allDigits(power) &&
			whole+fraction != "" && allDigits(whole) && allDigits(fraction)
	}
	return false
}

func allDigits(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return true
}

// appendLong appends a string of several lines between triple quotes.
func appendLong(b []byte, s string) []byte {
	b = append(b, `"""`...)
	for i, r := range s {
		switch {
		case r == '"':
			// One quote is itself; two in a row, or the last, could end the string.
			if i+1 < len(s) && s[i+1] != '"' {
				b = append(b, '"')
			} else {
				b = append(b, '\\', '"')
			}
		case r == '\n', r == '\t':
			b = append(b, byte(r))
		case r == '\\' || r < 0x20 || r == 0x7F:
			b = appendEscape(b, byte(r))
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, `"""`...)
}
