package rdf

import (
	"io"
	"strings"
)

func init() {
	writers[JSONLD] = func(w io.Writer, s Style) Writer { return newJSONLDWriter(w, s) }
}

// jsonldWriter writes JSON-LD, compacted by a context: an object with @context
// and, in @graph, one object for each run of quads of one subject, written as
// soon as another subject comes. Quads of a named graph stand in an object of
// their own with its @id and @graph. Blank nodes are not nested.
type jsonldWriter struct {
	out     io.Writer
	context *Context
	keys    jsonldKeys

	text    jsonText
	begun   bool
	graph   Term // that is open
	depth   int  // of the nodes
	subject Term // of the node that is gathered, if any
	node    []jsonldEntry
	err     error
}

// jsonldEntry is a key of a node and its values.
type jsonldEntry struct {
	key    string
	term   *ContextTerm
	values []Term
}

// flushSize is how much text is gathered before it is written.
const flushSize = 32 << 10

func newJSONLDWriter(out io.Writer, style Style) *jsonldWriter {
	w := &jsonldWriter{out: out, context: style.Context, depth: 2}
	w.keys.use(style.Context)
	return w
}

// Write adds a quad to the node that is gathered, or begins another.
func (w *jsonldWriter) Write(q Quad) error {
	if w.err != nil {
		return w.err
	}
	if q.Subject != w.subject || q.Graph != w.graph {
		w.endNode()
		w.enterGraph(q.Graph)
		w.subject = q.Subject
	}
	key, term := w.keys.property(q.Predicate.Value, q.Object)
	for n := range w.node {
		if entry := &w.node[n]; entry.key == key {
			entry.values = append(entry.values, q.Object)
			return w.err
		}
	}
	// What an entry of an earlier node holds is used again.
	if n := len(w.node); n < cap(w.node) {
		w.node = w.node[:n+1]
		w.node[n].key, w.node[n].term = key, term
		w.node[n].values = append(w.node[n].values[:0], q.Object)
	} else {
		w.node = append(w.node, jsonldEntry{key: key, term: term, values: []Term{q.Object}})
	}
	return w.err
}

// Close writes the last node and the end of the document.
func (w *jsonldWriter) Close() error {
	w.endNode()
	w.enterGraph(Term{})
	w.begin()
	w.text.close(']', 1)
	w.text.close('}', 0)
	w.text.out = append(w.text.out, '\n')
	w.flush(0)
	return w.err
}

// begin writes what comes before the first node.
func (w *jsonldWriter) begin() {
	if w.begun {
		return
	}
	w.begun = true
	w.text.open('{')
	if w.context != nil {
		w.text.member("@context", 1)
		if w.context.URL != "" {
			w.text.string(w.context.URL)
		} else {
			w.text.definitions(w.context, 1)
		}
	}
	w.text.member("@graph", 1)
	w.text.open('[')
}

// enterGraph ends the named graph that is open and begins another.
func (w *jsonldWriter) enterGraph(graph Term) {
	if graph == w.graph {
		return
	}
	w.begin()
	if w.graph.Kind != None {
		w.text.close(']', 3)
		w.text.close('}', 2)
	}
	w.graph, w.depth = graph, 2
	if graph.Kind != None {
		w.text.next(2)
		w.text.open('{')
		w.text.member("@id", 3)
		w.name(graph)
		w.text.member("@graph", 3)
		w.text.open('[')
		w.depth = 4
	}
}

// endNode writes the node that was gathered.
func (w *jsonldWriter) endNode() {
	if w.subject.Kind == None {
		return
	}
	w.begin()
	w.text.next(w.depth)
	w.text.open('{')
	w.text.member("@id", w.depth+1)
	w.name(w.subject)
	for n := range w.node {
		entry := &w.node[n]
		w.text.member(entry.key, w.depth+1)
		switch {
		case entry.key == "@type":
			w.classes(entry.values)
		case entry.term != nil && entry.term.Container == "@language":
			w.languages(entry.values)
		default:
			w.values(entry)
		}
	}
	w.text.close('}', w.depth)
	w.subject, w.node = Term{}, w.node[:0]
	w.flush(flushSize)
}

// flush writes the text that is gathered, if it is at least so long.
func (w *jsonldWriter) flush(least int) {
	if len(w.text.out) >= least && w.err == nil {
		_, w.err = w.out.Write(w.text.out)
		w.text.out = w.text.out[:0]
	}
}

// classes writes the values of @type.
func (w *jsonldWriter) classes(values []Term) {
	w.array(values, false, func(value Term) {
		if value.Kind == Blank {
			w.name(value)
		} else {
			w.text.string(w.keys.vocabulary(value.Value))
		}
	})
}

// languages writes texts by their languages.
func (w *jsonldWriter) languages(values []Term) {
	w.text.open('{')
	for n, value := range values {
		if sameLanguage(values[:n], value.Lang) {
			continue
		}
		w.text.member(value.Lang, w.depth+2)
		var same []Term
		for _, other := range values[n:] {
			if other.Lang == value.Lang {
				same = append(same, other)
			}
		}
		w.depth++
		w.array(same, false, func(value Term) { w.text.string(value.Value) })
		w.depth--
	}
	w.text.close('}', w.depth+1)
}

func sameLanguage(values []Term, lang string) bool {
	for _, value := range values {
		if value.Lang == lang {
			return true
		}
	}
	return false
}

// values writes the values of a property.
func (w *jsonldWriter) values(entry *jsonldEntry) {
	set := entry.term != nil && entry.term.Container == "@set"
	w.array(entry.values, set, func(value Term) { w.value(value, entry.term) })
}

// array writes one value as it is, several as an array.
func (w *jsonldWriter) array(values []Term, always bool, write func(Term)) {
	if len(values) == 1 && !always {
		write(values[0])
		return
	}
	w.text.open('[')
	for _, value := range values {
		w.text.next(w.depth + 2)
		write(value)
	}
	w.text.close(']', w.depth+1)
}

// value writes one value as shortly as the term of its key allows.
func (w *jsonldWriter) value(value Term, term *ContextTerm) {
	coerced := ""
	if term != nil {
		coerced = term.Type
	}
	switch {
	case value.Kind != Literal:
		if coerced == "@id" {
			w.name(value)
			return
		}
		w.inline("@id", func() { w.name(value) })
	case coerced != "" && coerced == value.Datatype, coerced == "" && value.Datatype == String:
		w.text.string(value.Value)
	case coerced == "" && isNative(value):
		w.text.out = append(w.text.out, value.Value...)
	default:
		w.literal(value)
	}
}

// inline begins and ends an object of one line.
func (w *jsonldWriter) inline(key string, write func()) {
	w.text.out = append(w.text.out, `{"`...)
	w.text.out = append(append(w.text.out, key...), `": `...)
	write()
	w.text.out = append(w.text.out, '}')
	w.text.empty = false
}

// literal writes a literal as an object.
func (w *jsonldWriter) literal(value Term) {
	w.inline("@value", func() {
		w.text.string(value.Value)
		switch {
		case value.Lang != "" && isLanguage(value.Lang):
			w.text.out = append(w.text.out, `, "@language": `...)
			w.text.string(value.Lang)
		case value.Lang == "" && value.Datatype != "" && value.Datatype != String:
			w.text.out = append(w.text.out, `, "@type": `...)
			w.text.string(w.keys.vocabulary(value.Datatype))
		}
	})
}

// name writes the name of a node.
func (w *jsonldWriter) name(node Term) {
	if node.Kind == Blank {
		w.text.out = append(w.text.out, '"')
		w.text.out = append(appendLabel(w.text.out, node.Value), '"')
		return
	}
	w.text.out = append(w.text.out, '"')
	w.text.out = append(appendIRI(w.text.out, node.Value), '"')
}

// isNative tells whether JSON has a value for a literal.
func isNative(t Term) bool {
	switch t.Datatype {
	case Boolean:
		return t.Value == "true" || t.Value == "false"
	case Integer:
		digits := strings.TrimPrefix(t.Value, "-")
		return digits != "" && len(digits) <= 15 && allDigits(digits) && (digits[0] != '0' || t.Value == "0")
	}
	return false
}
