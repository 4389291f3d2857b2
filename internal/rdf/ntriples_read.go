package rdf

func init() {
	readers[NTriples] = func(s Source, fn func(Quad) error) error { return readLines(s, fn, false) }
	readers[NQuads] = func(s Source, fn func(Quad) error) error { return readLines(s, fn, true) }
}

// lineReader reads N-Triples and N-Quads: a statement on each line.
type lineReader struct {
	*textScanner
	graphs bool
}

func readLines(source Source, fn func(Quad) error, graphs bool) error {
	r := lineReader{newTextScanner(source), graphs}
	for {
		r.skipBlanks()
		switch r.peek() {
		case -1:
			return r.finish()
		case '\n', '\r':
			r.pos++
		case '#':
			r.skipComment()
		default:
			q, err := r.statement()
			if err != nil {
				return err
			}
			if err := fn(q); err != nil {
				return err
			}
		}
	}
}

// skipBlanks passes what may stand between the words of a line.
func (r *lineReader) skipBlanks() {
	for c := r.peek(); c == ' ' || c == '\t'; c = r.peek() {
		r.pos++
		r.begin()
	}
}

// statement reads a statement to the end of its line.
func (r *lineReader) statement() (q Quad, err error) {
	if q.Subject, err = r.node("a subject: an IRI between < and >, or _: and a label"); err != nil {
		return q, err
	}
	r.skipBlanks()
	if r.peek() != '<' {
		return q, r.unexpected("a predicate: an IRI between < and >")
	}
	if q.Predicate, err = r.node(""); err != nil {
		return q, err
	}
	r.skipBlanks()
	if q.Object, err = r.object(); err != nil {
		return q, err
	}
	r.skipBlanks()
	if r.graphs && r.peek() != '.' {
		if q.Graph, err = r.node("the name of a graph, or the dot that ends a statement,"); err != nil {
			return q, err
		}
		r.skipBlanks()
	}
	if r.peek() != '.' {
		return q, r.unexpected("the dot that ends a statement")
	}
	r.pos++
	r.skipBlanks()
	if c := r.peek(); c >= 0 && c != '\n' && c != '\r' && c != '#' {
		return q, r.unexpected("the end of the line")
	}
	return q, nil
}

// node reads an IRI or a blank node.
func (r *lineReader) node(want string) (Term, error) {
	switch r.peek() {
	case '<':
		iri, err := r.iri(iriParts{})
		return NewIRI(iri), err
	case '_':
		return r.blank()
	}
	return Term{}, r.unexpected(want)
}

// object reads an object: a node or a literal.
func (r *lineReader) object() (Term, error) {
	if r.peek() != '"' {
		return r.node("an object: an IRI between < and >, _: and a label, or a string in double quotes")
	}
	r.pos++
	value, err := r.quoted('"', false)
	if err != nil {
		return Term{}, err
	}
	switch r.peek() {
	case '@':
		tag, err := r.language()
		return NewText(value, tag), err
	case '^':
		if r.peekAt(1) != '^' || r.peekAt(2) != '<' {
			return Term{}, r.unexpected("^^ and the IRI of a datatype")
		}
		r.pos += 2
		datatype, err := r.iri(iriParts{})
		return NewTyped(value, datatype), err
	}
	return NewString(value), nil
}
