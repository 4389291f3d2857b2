package rdf

import (
	"bytes"
	"hash/maphash"
	"strconv"
)

func init() { readers[RDFXML] = readRDFXML }

// rdfWord is a name of RDF's namespace that the grammar of RDF/XML knows.
type rdfWord uint8

const (
	noWord rdfWord = iota
	wordRDF
	wordDescription
	wordID
	wordAbout
	wordNodeID
	wordResource
	wordParseType
	wordDatatype
	wordLi
	wordType
	wordOld // aboutEach, aboutEachPrefix and bagID, of an earlier RDF/XML
)

var rdfWords = map[string]rdfWord{
	"RDF": wordRDF, "Description": wordDescription, "ID": wordID, "about": wordAbout, "nodeID": wordNodeID,
	"resource": wordResource, "parseType": wordParseType, "datatype": wordDatatype, "li": wordLi, "type": wordType,
	"aboutEach": wordOld, "aboutEachPrefix": wordOld, "bagID": wordOld,
}

// unqualified are the attributes that may be written without their namespace.
var unqualified = map[string]rdfWord{
	"ID": wordID, "about": wordAbout, "resource": wordResource, "parseType": wordParseType, "type": wordType,
}

// maxIDs is how many rdf:ID of a document are known to be given once only.
const maxIDs = 1 << 20

// Terms of reified statements.
var (
	typeTerm      = NewIRI(Type)
	statementTerm = NewIRI(RDF + "Statement")
	subjectTerm   = NewIRI(RDF + "subject")
	predicateTerm = NewIRI(RDF + "predicate")
	objectTerm    = NewIRI(RDF + "object")
	firstTerm     = NewIRI(First)
	restTerm      = NewIRI(Rest)
	nilTerm       = NewIRI(Nil)
)

// xmlLiteral is the datatype of literals that hold XML.
const xmlLiteral = RDF + "XMLLiteral"

// rdfxmlReader reads RDF/XML (RDF 1.1 XML Syntax), giving each triple as soon
// as it is known. Attributes in no namespace that RDF does not know are passed
// over.
type rdfxmlReader struct {
	x      *xmlScanner
	give   func(Quad) error
	blanks int
	ids    map[uint64]struct{} // of rdf:ID, resolved
	seed   maphash.Seed
	attrs  rdfxmlAttributes
	open   []Term // the nodes whose elements have begun
}

// rdfxmlScope is what elements inherit.
type rdfxmlScope struct {
	lang string
	base *iriParts
}

// rdfxmlAttributes are the attributes of one element, nil where there are none.
type rdfxmlAttributes struct {
	id, about, nodeID, resource, parseType, datatype []byte
	properties                                       []rdfxmlProperty
}

// rdfxmlProperty is an attribute that says a property of a node.
type rdfxmlProperty struct {
	predicate Term
	value     []byte
}

func readRDFXML(s Source, fn func(Quad) error) error {
	x, err := newXMLScanner(s.Reader, s.Lenient)
	if err != nil {
		return err
	}
	base := splitIRI(s.Base)
	r := &rdfxmlReader{x: x, give: fn, ids: map[uint64]struct{}{}, seed: maphash.MakeSeed()}
	err = r.document(rdfxmlScope{base: &base})
	if fault, ok := err.(*Error); ok {
		fault.Open = r.open
	}
	return err
}

// document reads the whole document: rdf:RDF with nodes, or one node.
func (r *rdfxmlReader) document(scope rdfxmlScope) error {
	if err := r.x.next(); err != nil {
		return err
	}
	if r.x.name.word == wordRDF {
		scope, err := r.enter(scope)
		if err != nil {
			return err
		}
		if err := r.nodes(scope); err != nil {
			return err
		}
	} else if err := r.node(scope); err != nil {
		return err
	}
	return r.x.next()
}

// nodes reads the nodes that an element holds, up to its end.
func (r *rdfxmlReader) nodes(scope rdfxmlScope) error {
	for {
		started, err := r.nextElement()
		if err != nil || !started {
			return err
		}
		if err := r.node(scope); err != nil {
			return err
		}
	}
}

// nextElement moves to the start of the next element inside the current one;
// it returns false at the end. Text between elements is refused.
func (r *rdfxmlReader) nextElement() (bool, error) {
	for {
		if err := r.x.next(); err != nil {
			return false, err
		}
		switch r.x.kind {
		case xmlStart:
			return true, nil
		case xmlEnd:
			return false, nil
		case xmlText:
			if !isXMLBlank(r.x.text) {
				return false, r.x.fail("text stands where an element should")
			}
		}
	}
}

// node reads the element of a node, at whose start the reader is.
func (r *rdfxmlReader) node(outer rdfxmlScope) error {
	scope, err := r.enter(outer)
	if err != nil {
		return err
	}
	subject, err := r.subject(scope)
	if err != nil {
		return err
	}
	return r.describe(subject, scope)
}

// enter reads the attributes of the element that begins and returns what it
// says for what is inside it.
func (r *rdfxmlReader) enter(scope rdfxmlScope) (rdfxmlScope, error) {
	a := &r.attrs
	*a = rdfxmlAttributes{properties: a.properties[:0]}
	for _, attr := range r.x.attrs {
		name := attr.name
		word := name.word
		switch name.space {
		case xmlSpace:
			if err := r.enterXML(name.local, attr.value, &scope); err != nil {
				return scope, err
			}
			continue
		case "":
			if word = unqualified[name.local]; word == noWord {
				continue
			}
		}
		value := attr.value
		if value == nil {
			value = []byte{}
		}
		switch word {
		case wordID:
			a.id = value
		case wordAbout:
			a.about = value
		case wordNodeID:
			a.nodeID = value
		case wordResource:
			a.resource = value
		case wordParseType:
			a.parseType = value
		case wordDatatype:
			a.datatype = value
		case wordType:
			a.properties = append(a.properties, rdfxmlProperty{typeTerm, value})
		case noWord:
			a.properties = append(a.properties, rdfxmlProperty{name.term, value})
		default:
			return scope, r.x.fail("%s is not allowed as an attribute", name.written())
		}
	}
	return scope, nil
}

// enterXML reads an attribute of the namespace xml.
func (r *rdfxmlReader) enterXML(name string, value []byte, scope *rdfxmlScope) error {
	switch name {
	case "lang":
		if len(value) > 0 && !isLanguage(string(value)) {
			if err := r.x.fail("“%s” is no language tag", bounded(value)); !r.x.told(err) {
				return err
			}
			value = nil
		}
		scope.lang = string(value)
	case "base":
		base, err := r.iri(value, *scope)
		if err != nil {
			return err
		}
		parts := splitIRI(base)
		scope.base = &parts
	}
	return nil
}

// subject is the node that the element which begins stands for.
func (r *rdfxmlReader) subject(scope rdfxmlScope) (Term, error) {
	a, name := &r.attrs, r.x.name
	switch name.word {
	case noWord, wordDescription, wordType:
	default:
		return Term{}, r.x.fail("%s is not allowed as the element of a node", name.written())
	}
	if a.resource != nil || a.parseType != nil || a.datatype != nil {
		return Term{}, r.x.fail("rdf:resource, rdf:parseType and rdf:datatype are not allowed on the element of a node")
	}
	if count(a.id, a.about, a.nodeID) > 1 {
		return Term{}, r.x.fail("only one of rdf:about, rdf:ID and rdf:nodeID is allowed on an element")
	}
	switch {
	case a.about != nil:
		iri, err := r.iri(a.about, scope)
		return NewIRI(iri), err
	case a.id != nil:
		return r.id(scope)
	case a.nodeID != nil:
		return r.labelled()
	}
	return r.blank(), nil
}

// count is the number of attributes that are given.
func count(values ...[]byte) int {
	n := 0
	for _, value := range values {
		if value != nil {
			n++
		}
	}
	return n
}

// describe reads what the element which begins says about its node.
func (r *rdfxmlReader) describe(subject Term, scope rdfxmlScope) error {
	r.open = append(r.open, subject)
	if r.x.name.word != wordDescription {
		if err := r.give(Quad{Subject: subject, Predicate: typeTerm, Object: r.x.name.term}); err != nil {
			return err
		}
	}
	if err := r.properties(subject, scope); err != nil {
		return err
	}
	if err := r.inside(subject, scope); err != nil {
		return err
	}
	r.open = r.open[:len(r.open)-1]
	return nil
}

// inside reads the elements of properties up to the end of the current element.
func (r *rdfxmlReader) inside(subject Term, scope rdfxmlScope) error {
	members := 0
	for {
		started, err := r.nextElement()
		if err != nil || !started {
			return err
		}
		if err := r.property(subject, scope, &members); err != nil {
			return err
		}
	}
}

// properties gives what the attributes of the current element say.
func (r *rdfxmlReader) properties(subject Term, scope rdfxmlScope) error {
	for _, p := range r.attrs.properties {
		object := Term{}
		if p.predicate == typeTerm {
			iri, err := r.iri(p.value, scope)
			if err != nil {
				return err
			}
			object = NewIRI(iri)
		} else {
			object = NewText(string(p.value), scope.lang)
		}
		if err := r.give(Quad{Subject: subject, Predicate: p.predicate, Object: object}); err != nil {
			return err
		}
	}
	return nil
}

// property reads the element of a property, at whose start the reader is.
// Members counts the rdf:li of the subject.
func (r *rdfxmlReader) property(subject Term, outer rdfxmlScope, members *int) error {
	scope, err := r.enter(outer)
	if err != nil {
		return err
	}
	name, a := r.x.name, &r.attrs
	predicate := name.term
	switch name.word {
	case noWord, wordType:
	case wordLi:
		*members++
		predicate = NewIRI(RDF + "_" + strconv.Itoa(*members))
	default:
		return r.x.fail("%s is not allowed as the element of a property", name.written())
	}
	if a.about != nil {
		return r.x.fail("rdf:about is not allowed on the element of a property")
	}
	s := rdfxmlStatement{subject: subject, predicate: predicate}
	if a.id != nil {
		if s.reified, err = r.id(scope); err != nil {
			return err
		}
	}
	switch {
	case a.parseType != nil:
		return r.parsed(s, scope)
	case a.resource != nil || a.nodeID != nil || len(a.properties) > 0:
		return r.empty(s, scope)
	}
	return r.content(s, scope)
}

// rdfxmlStatement is a triple that waits for its object; reified names it
// where it is spoken of itself.
type rdfxmlStatement struct{ subject, predicate, reified Term }

// state gives a triple and what is said of it.
func (r *rdfxmlReader) state(s rdfxmlStatement, object Term) error {
	if err := r.give(Quad{Subject: s.subject, Predicate: s.predicate, Object: object}); err != nil || s.reified.Kind == None {
		return err
	}
	for _, q := range [...]Quad{
		{Subject: s.reified, Predicate: typeTerm, Object: statementTerm},
		{Subject: s.reified, Predicate: subjectTerm, Object: s.subject},
		{Subject: s.reified, Predicate: predicateTerm, Object: s.predicate},
		{Subject: s.reified, Predicate: objectTerm, Object: object},
	} {
		if err := r.give(q); err != nil {
			return err
		}
	}
	return nil
}

// empty reads a property whose object the attributes tell.
func (r *rdfxmlReader) empty(s rdfxmlStatement, scope rdfxmlScope) error {
	a := &r.attrs
	if a.datatype != nil || count(a.resource, a.nodeID) > 1 {
		return r.x.fail("only one of rdf:resource, rdf:nodeID and rdf:datatype is allowed on an element")
	}
	object, err := Term{}, error(nil)
	switch {
	case a.resource != nil:
		object.Kind = IRI
		object.Value, err = r.iri(a.resource, scope)
	case a.nodeID != nil:
		object, err = r.labelled()
	default:
		object = r.blank()
	}
	if err != nil {
		return err
	}
	if err := r.state(s, object); err != nil {
		return err
	}
	if err := r.properties(object, scope); err != nil {
		return err
	}
	return r.nothing()
}

// nothing reads on to the end of an element whose attributes have told all.
func (r *rdfxmlReader) nothing() error {
	inside := r.x.depth()
	started, err := r.nextElement()
	if started && err == nil {
		err = r.x.fail("an element whose attributes tell its object holds another one")
	}
	if err == nil || !r.x.told(err) {
		return err
	}
	for r.x.depth() >= inside {
		if err := r.x.next(); err != nil {
			return err
		}
	}
	return nil
}

// parsed reads a property whose content rdf:parseType explains.
func (r *rdfxmlReader) parsed(s rdfxmlStatement, scope rdfxmlScope) error {
	a := &r.attrs
	if count(a.resource, a.nodeID, a.datatype) > 0 || len(a.properties) > 0 {
		return r.x.fail("beside rdf:parseType only rdf:ID is allowed on an element")
	}
	switch string(a.parseType) {
	case "Resource":
		object := r.blank()
		if err := r.state(s, object); err != nil {
			return err
		}
		return r.inside(object, scope)
	case "Collection":
		return r.collection(s, scope)
	}
	text, err := r.literalXML()
	if err != nil {
		return err
	}
	return r.state(s, NewTyped(text, xmlLiteral))
}

// collection reads the members of a list.
func (r *rdfxmlReader) collection(s rdfxmlStatement, scope rdfxmlScope) error {
	for {
		started, err := r.nextElement()
		if err != nil {
			return err
		}
		if !started {
			return r.state(s, nilTerm)
		}
		cell := r.blank()
		if err := r.state(s, cell); err != nil {
			return err
		}
		s = rdfxmlStatement{subject: cell, predicate: restTerm}
		if err := r.object(rdfxmlStatement{subject: cell, predicate: firstTerm}, scope); err != nil {
			return err
		}
	}
}

// object reads the element of a node that is a statement's object.
func (r *rdfxmlReader) object(s rdfxmlStatement, outer rdfxmlScope) error {
	scope, err := r.enter(outer)
	if err != nil {
		return err
	}
	object, err := r.subject(scope)
	if err != nil {
		return err
	}
	if err := r.state(s, object); err != nil {
		return err
	}
	return r.describe(object, scope)
}

// content reads a property whose object is what its element holds: a node, or
// the text of a literal.
func (r *rdfxmlReader) content(s rdfxmlStatement, scope rdfxmlScope) error {
	datatype, typed := "", r.attrs.datatype != nil
	if typed {
		var err error
		if datatype, err = r.iri(r.attrs.datatype, scope); err != nil {
			return err
		}
	}
	text, node := []byte(nil), false
	literal, whole := "", true // the text, if it came in one piece
	for pieces := 0; ; {
		if err := r.x.next(); err != nil {
			return err
		}
		switch r.x.kind {
		case xmlText:
			if pieces++; pieces == 1 {
				literal = string(r.x.text)
				break
			}
			if whole {
				text, whole = append(text, literal...), false
			}
			if text = append(text, r.x.text...); len(text) > maxLiteral {
				return r.x.fail("a text is longer than %d bytes", maxLiteral)
			}
		case xmlStart:
			if typed || node || !isXMLBlank(text) || whole && !isXMLBlank([]byte(literal)) {
				return r.x.fail("the element of a property holds more than one node or text")
			}
			node = true
			if err := r.object(s, scope); err != nil {
				return err
			}
		case xmlEnd:
			if !whole {
				literal = string(text)
			}
			switch {
			case node && !isXMLBlank([]byte(literal)):
				return r.x.fail("the element of a property holds a node and text")
			case node:
				return nil
			case typed:
				return r.state(s, NewTyped(literal, datatype))
			}
			return r.state(s, NewText(literal, scope.lang))
		}
	}
}

// blank makes a blank node.
func (r *rdfxmlReader) blank() Term {
	r.blanks++
	return NewBlank("b" + strconv.Itoa(r.blanks))
}

// labelled is the blank node that rdf:nodeID names.
func (r *rdfxmlReader) labelled() (Term, error) {
	if !isNCName(r.attrs.nodeID) {
		return Term{}, r.x.fail("“%s” is no name for rdf:nodeID", bounded(r.attrs.nodeID))
	}
	return NewBlank("n" + string(r.attrs.nodeID)), nil
}

// id is the node that rdf:ID names.
func (r *rdfxmlReader) id(scope rdfxmlScope) (Term, error) {
	id := r.attrs.id
	if !isNCName(id) {
		return Term{}, r.x.fail("“%s” is no name for rdf:ID", bounded(id))
	}
	iri, err := r.iri(append([]byte{'#'}, id...), scope)
	if err != nil {
		return Term{}, err
	}
	hash := maphash.String(r.seed, iri)
	if _, known := r.ids[hash]; known {
		if err := r.x.fail("the rdf:ID “%s” is given twice", bounded(id)); !r.x.told(err) {
			return Term{}, err
		}
	}
	if len(r.ids) < maxIDs {
		r.ids[hash] = struct{}{}
	}
	return NewIRI(iri), nil
}

// iri is the IRI that a reference means. White space around it is left out.
func (r *rdfxmlReader) iri(reference []byte, scope rdfxmlScope) (string, error) {
	reference = bytes.Trim(reference, " \t\r\n")
	if len(reference) > maxIRI {
		return "", r.x.fail("an IRI is longer than %d bytes", maxIRI)
	}
	iri := string(reference)
	if Absolute(iri) {
		return iri, nil
	}
	if scope.base.scheme == "" {
		if err := r.x.fail("“%s” is a relative IRI, and the document has no base", bounded(reference)); !r.x.told(err) {
			return "", err
		}
		return iri, nil
	}
	if iri = scope.base.resolve(iri); len(iri) > maxIRI {
		return "", r.x.fail("an IRI is longer than %d bytes", maxIRI)
	}
	return iri, nil
}
