package rdf

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxPrefixes bounds how many prefixes a document declares.
const maxPrefixes = 10_000

func init() {
	readers[Turtle] = func(s Source, fn func(Quad) error) error { return readTurtle(s, fn, false) }
	readers[TriG] = func(s Source, fn func(Quad) error) error { return readTurtle(s, fn, true) }
}

// turtleReader reads Turtle and TriG. It gives a triple as soon as it is
// complete: what it holds are the prefixes and the nodes that are open.
type turtleReader struct {
	*textScanner
	fn       func(Quad) error
	graphs   bool // TriG
	base     iriParts
	prefixes map[string]string
	graph    Term // that is being read
	blanks   int  // labels made up
	depth    int  // nodes that are open
}

func readTurtle(source Source, fn func(Quad) error, graphs bool) error {
	r := &turtleReader{textScanner: newTextScanner(source), fn: fn, graphs: graphs,
		base: splitIRI(source.Base), prefixes: map[string]string{}}
	for {
		r.skipSpace()
		if r.peek() < 0 {
			return r.finish()
		}
		if err := r.statement(); err != nil {
			return err
		}
	}
}

// skipSpace passes what may stand between words, and ends the word before.
func (r *turtleReader) skipSpace() {
	for {
		for r.pos < r.end && isBlank[r.buf[r.pos]] {
			r.pos++
		}
		r.begin()
		switch c := r.peek(); {
		case c == '#':
			r.skipComment()
		case c < 0 || !isBlank[c]:
			return
		}
	}
}

// isBlank are the bytes that may stand between words (WS of Turtle).
var isBlank = [256]bool{' ': true, '\t': true, '\r': true, '\n': true}

// next passes what may stand between words and gives the byte that follows.
func (r *turtleReader) next() int {
	r.skipSpace()
	return r.peek()
}

// expect passes one character that must come next.
func (r *turtleReader) expect(c byte, want string) error {
	if r.next() != int(c) {
		return r.unexpected(want)
	}
	r.pos++
	return nil
}

// statement reads a directive, the triples of a subject, or a graph.
func (r *turtleReader) statement() error {
	switch c := r.peek(); {
	case c == '@':
		return r.directive()
	case c == '{' && r.graphs:
		return r.block(Term{})
	case c == '<' || c == '_' || c == '[' || c == '(':
		return r.triplesOrGraph()
	}
	r.begin()
	r.skipName()
	if r.peek() == ':' {
		r.pos = r.keep
		return r.triplesOrGraph()
	}
	switch word := r.word(); {
	case strings.EqualFold(string(word), "prefix"):
		return r.prefix()
	case strings.EqualFold(string(word), "base"):
		return r.newBase()
	case strings.EqualFold(string(word), "graph") && r.graphs:
		if r.next() == '[' {
			if !r.anonymous() {
				return r.unexpected("the ] after the [ of a graph's name")
			}
			return r.block(r.fresh())
		}
		name, err := r.node("the name of a graph")
		if err != nil {
			return err
		}
		return r.block(name)
	}
	r.pos = r.keep
	return r.unexpected("a subject, @prefix or @base")
}

// directive reads @prefix or @base to its dot.
func (r *turtleReader) directive() error {
	r.begin()
	r.pos++
	r.skipName()
	var err error
	switch string(r.word()) {
	case "@prefix":
		err = r.prefix()
	case "@base":
		err = r.newBase()
	default:
		err = r.fail("%.40q is no directive: @prefix and @base are", r.word())
	}
	if err != nil {
		return err
	}
	return r.expect('.', "the dot that ends a directive")
}

// prefix reads the name of a prefix and what it stands for.
func (r *turtleReader) prefix() error {
	r.skipSpace()
	if first := r.peekRune(); first != ':' && !isNameBase(first) {
		return r.unexpected("the name of a prefix")
	}
	r.skipName()
	if r.peek() != ':' {
		return r.unexpected("the colon after the name of a prefix")
	}
	name := string(r.word())
	r.pos++
	if r.next() != '<' {
		return r.unexpected("the IRI that a prefix stands for")
	}
	iri, err := r.iri(r.base)
	if err != nil {
		return err
	}
	if len(name) > maxIRI || len(r.prefixes) >= maxPrefixes {
		return r.fail("this document declares more than %d prefixes, or one of a name too long", maxPrefixes)
	}
	r.prefixes[name] = iri
	return nil
}

// newBase reads the IRI that relative IRIs are resolved against from now on.
func (r *turtleReader) newBase() error {
	if r.next() != '<' {
		return r.unexpected("the IRI of the base")
	}
	iri, err := r.iri(r.base)
	r.base = splitIRI(iri)
	return err
}

// triplesOrGraph reads the triples of a subject to their dot, or a graph whose
// name the subject turns out to be.
func (r *turtleReader) triplesOrGraph() error {
	subject, alone, named, err := r.subject()
	if err != nil {
		return err
	}
	if named && r.graphs && r.next() == '{' {
		return r.block(subject)
	}
	if !alone || r.next() != '.' {
		if err := r.properties(subject); err != nil {
			return err
		}
	}
	return r.expect('.', "the dot that ends a statement")
}

// block reads a graph between { and }.
func (r *turtleReader) block(graph Term) error {
	if err := r.expect('{', "the { of a graph"); err != nil {
		return err
	}
	r.graph = graph
	defer func() { r.graph = Term{} }()
	for r.next() != '}' {
		subject, alone, _, err := r.subject()
		if err != nil {
			return err
		}
		if c := r.next(); !alone || c != '.' && c != '}' {
			if err := r.properties(subject); err != nil {
				return err
			}
		}
		if c := r.next(); c == '}' {
			break
		} else if c != '.' {
			return r.unexpected("the dot that ends a statement, or the } that ends a graph,")
		}
		r.pos++
	}
	r.pos++
	return nil
}

// subject reads a subject; alone tells that it needs no properties after it,
// having some inside, and named that it may name a graph.
func (r *turtleReader) subject() (subject Term, alone, named bool, err error) {
	switch r.next() {
	case '[':
		empty := r.anonymous()
		if subject = r.fresh(); !empty {
			err = r.inside(subject)
		}
		return subject, !empty, empty, err
	case '(':
		r.pos++
		subject, err = r.listHead()
		if err == nil {
			err = r.items(subject)
		}
		return subject, false, false, err
	}
	subject, err = r.node("a subject")
	return subject, false, true, err
}

// anonymous passes [ and, when nothing is inside, the ] after it.
func (r *turtleReader) anonymous() (empty bool) {
	r.pos++
	if empty = r.next() == ']'; empty {
		r.pos++
	}
	return empty
}

// fresh is a blank node of a label made up.
func (r *turtleReader) fresh() Term {
	r.blanks++
	return NewBlank("b" + strconv.Itoa(r.blanks))
}

// properties reads the predicates and objects of a subject.
func (r *turtleReader) properties(subject Term) error {
	for {
		predicate, err := r.predicate()
		if err != nil {
			return err
		}
		for {
			if err := r.object(subject, predicate); err != nil {
				return err
			}
			if r.next() != ',' {
				break
			}
			r.pos++
		}
		if r.peek() != ';' {
			return nil
		}
		for r.next() == ';' {
			r.pos++
		}
		if c := r.peek(); c == '.' || c == ']' || c == '}' && r.graphs {
			return nil
		}
	}
}

func (r *turtleReader) predicate() (Term, error) {
	const want = `a predicate: an IRI, a prefixed name or "a"`
	switch r.next() {
	case 'a':
		if c := r.peekAt(1); c < 0 || c < utf8.RuneSelf && !isLocalByte[c] {
			r.pos++
			return NewIRI(Type), nil
		}
	case '_':
		return Term{}, r.unexpected(want)
	}
	return r.node(want)
}

// node reads an IRI, a prefixed name or a labelled blank node.
func (r *turtleReader) node(want string) (Term, error) {
	switch c := r.next(); {
	case c == '<':
		iri, err := r.iri(r.base)
		return NewIRI(iri), err
	case c == '_':
		return r.blank()
	case c == ':' || isNameBase(r.peekRune()):
		iri, err := r.prefixed(want)
		return NewIRI(iri), err
	}
	return Term{}, r.unexpected(want)
}

// prefixed reads a prefixed name.
func (r *turtleReader) prefixed(want string) (string, error) {
	r.begin()
	r.skipName()
	if r.peek() != ':' {
		r.pos = r.keep
		return "", r.unexpected(want)
	}
	namespace, ok := r.prefixes[string(r.word())]
	if !ok {
		return "", r.fail("the prefix %.100q is not declared", append(r.word(), ':'))
	}
	r.pos++
	return r.local(namespace)
}

// local reads what follows a prefix.
func (r *turtleReader) local(namespace string) (string, error) {
	r.begin()
	r.scratch = append(r.scratch[:0], namespace...)
	if first := r.peekRune(); first != '_' && (first < '0' || first > '9') && !isNameBase(first) &&
		first != ':' && first != '%' && first != '\\' {
		return r.intern(r.scratch)
	}
	for {
		for r.pos < r.end && isLocalByte[r.buf[r.pos]] {
			r.pos++
		}
		c := r.peekRune()
		switch {
		case c == '%':
			if second, third := r.peekAt(1), r.peekAt(2); third < 0 || !isHex(byte(second)) || !isHex(byte(third)) {
				return "", r.failAt(r.pos, "%% in a name is followed by two hexadecimal digits")
			}
			r.pos += 3
		case c == '\\':
			escaped := r.peekAt(1)
			if escaped < 0 || strings.IndexByte("_~.-!$&'()*+,;=/?#@%", byte(escaped)) < 0 {
				return "", r.failAt(r.pos, `this escape is unknown in a name: write the IRI between < and >`)
			}
			r.scratch = append(append(r.scratch, r.word()...), byte(escaped))
			r.pos += 2
			r.begin()
		case c >= 0 && (c == '.' || c == ':' || isNameChar(c)):
			r.pos += utf8.RuneLen(c)
		default:
			r.unreadDots()
			return r.intern(append(r.scratch, r.word()...))
		}
		if r.pos-r.keep > maxIRI || len(r.scratch) > 2*maxIRI {
			return "", r.fail("this name is longer than %d bytes", maxIRI)
		}
	}
}

// isLocalByte are the bytes that need no look after a prefix.
var isLocalByte = func() (table [256]bool) {
	copy(table[:], nameChars[:])
	table[':'], table['.'] = true, true
	return table
}()

// object reads an object and gives its triple, then those inside it.
func (r *turtleReader) object(subject, predicate Term) error {
	give := func(object Term) error {
		return r.fn(Quad{Subject: subject, Predicate: predicate, Object: object, Graph: r.graph})
	}
	switch r.next() {
	case '[':
		empty := r.anonymous()
		node := r.fresh()
		if err := give(node); err != nil || empty {
			return err
		}
		return r.inside(node)
	case '(':
		r.pos++
		head, err := r.listHead()
		if err != nil {
			return err
		}
		if err := give(head); err != nil {
			return err
		}
		return r.items(head)
	}
	object, err := r.term()
	if err != nil {
		return err
	}
	return give(object)
}

// open counts a node that is open; the caller closes it.
func (r *turtleReader) open() error {
	if r.depth++; r.depth > maxDepth {
		return r.fail("more than %d nodes or lists are inside one another", maxDepth)
	}
	return nil
}

// inside reads the properties of a node between [ and ].
func (r *turtleReader) inside(node Term) error {
	if err := r.open(); err != nil {
		return err
	}
	if err := r.properties(node); err != nil {
		return err
	}
	r.depth--
	return r.expect(']', "the ] that closes a node")
}

// listHead is the node of a list whose ( is passed: rdf:nil when it is empty.
func (r *turtleReader) listHead() (Term, error) {
	if r.next() == ')' {
		r.pos++
		return NewIRI(Nil), nil
	}
	return r.fresh(), nil
}

// items reads the items of a list to its ), which rdf:nil has behind it.
func (r *turtleReader) items(cell Term) error {
	if cell.Kind == IRI {
		return nil
	}
	if err := r.open(); err != nil {
		return err
	}
	for {
		if err := r.object(cell, NewIRI(First)); err != nil {
			return err
		}
		rest := NewIRI(Nil)
		last := r.next() == ')'
		if !last {
			rest = r.fresh()
		}
		if err := r.fn(Quad{Subject: cell, Predicate: NewIRI(Rest), Object: rest, Graph: r.graph}); err != nil {
			return err
		}
		if last {
			r.pos++
			r.depth--
			return nil
		}
		cell = rest
	}
}

// term reads an object that has nothing inside.
func (r *turtleReader) term() (Term, error) {
	const want = "an object"
	switch c := r.peek(); {
	case c == '"' || c == '\'':
		return r.literal(byte(c))
	case c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.':
		return r.number()
	case c == 't' || c == 'f':
		r.begin()
		r.skipName()
		word := r.word()
		if r.peek() != ':' && (string(word) == "true" || string(word) == "false") {
			return NewTyped(strconv.FormatBool(c == 't'), Boolean), nil
		}
		r.pos = r.keep
	}
	return r.node(want)
}

// literal reads a string and its language or datatype.
func (r *turtleReader) literal(quote byte) (Term, error) {
	r.pos++
	long := r.peek() == int(quote) && r.peekAt(1) == int(quote)
	if long {
		r.pos += 2
	}
	value, err := r.quoted(quote, long)
	if err != nil {
		return Term{}, err
	}
	switch c := r.next(); {
	case c == '@':
		tag, err := r.language()
		return NewText(value, tag), err
	case c == '^' && r.peekAt(1) == '^':
		r.pos += 2
		if c := r.next(); c == '_' {
			return Term{}, r.unexpected("the IRI of a datatype")
		}
		datatype, err := r.node("the IRI of a datatype")
		return NewTyped(value, datatype.Value), err
	}
	return NewString(value), nil
}

// number reads a number without quotes.
func (r *turtleReader) number() (Term, error) {
	r.begin()
	if c := r.peek(); c == '+' || c == '-' {
		r.pos++
	}
	digits, datatype := r.skipDigits(), Integer
	if r.peek() == '.' && (r.digitAt(1) || digits > 0 && r.exponentAt(1)) {
		r.pos++
		digits += r.skipDigits()
		datatype = Decimal
	}
	if digits == 0 {
		return Term{}, r.unexpected("an object")
	}
	if r.exponentAt(0) {
		r.pos += 2
		r.skipDigits()
		datatype = Double
	}
	return NewTyped(string(r.word()), datatype), nil
}

func (r *turtleReader) digitAt(n int) bool {
	c := r.peekAt(n)
	return c >= '0' && c <= '9'
}

// exponentAt tells whether e, maybe a sign, and a digit are n bytes ahead.
func (r *turtleReader) exponentAt(n int) bool {
	if c := r.peekAt(n); c != 'e' && c != 'E' {
		return false
	}
	if c := r.peekAt(n + 1); c == '+' || c == '-' {
		n++
	}
	return r.digitAt(n + 1)
}

// skipDigits passes digits and counts them.
func (r *turtleReader) skipDigits() int {
	n := 0
	for r.digitAt(0) {
		r.pos++
		n++
	}
	return n
}
