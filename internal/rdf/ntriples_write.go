package rdf

import (
	"bufio"
	"io"
)

func init() {
	writers[NTriples] = func(w io.Writer, _ Style) Writer { return &lineWriter{out: bufio.NewWriter(w)} }
	writers[NQuads] = func(w io.Writer, _ Style) Writer { return &lineWriter{out: bufio.NewWriter(w), graphs: true} }
}

// lineWriter writes N-Triples and N-Quads: a line for each quad, at once. In
// N-Triples the name of the graph is not written.
type lineWriter struct {
	out    *bufio.Writer
	graphs bool
	line   []byte
}

func (w *lineWriter) Write(q Quad) error {
	b := appendTerm(w.line[:0], q.Subject)
	b = appendTerm(append(b, ' '), q.Predicate)
	b = appendTerm(append(b, ' '), q.Object)
	if w.graphs && q.Graph.Kind != None {
		b = appendTerm(append(b, ' '), q.Graph)
	}
	w.line = append(b, " .\n"...)
	_, err := w.out.Write(w.line)
	return err
}

func (w *lineWriter) Close() error { return w.out.Flush() }

// appendTerm appends a term in full, as N-Triples has it.
func appendTerm(b []byte, t Term) []byte {
	switch t.Kind {
	case IRI:
		return append(appendIRI(append(b, '<'), t.Value), '>')
	case Blank:
		return appendLabel(b, t.Value)
	}
	b = appendQuoted(b, t.Value)
	switch {
	case t.Lang != "" && isLanguage(t.Lang):
		return append(append(b, '@'), t.Lang...)
	case t.Lang != "" || t.Datatype == "" || t.Datatype == String:
		return b
	}
	return append(appendIRI(append(b, "^^<"...), t.Datatype), '>')
}
