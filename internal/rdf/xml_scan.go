package rdf

import (
	"bytes"
	"fmt"
	"io"
	"unicode/utf8"
)

// xmlKind is what a scanner stands at.
type xmlKind uint8

const (
	xmlEnd xmlKind = iota // of an element
	xmlStart
	xmlText
	xmlComment
	xmlInstruction
	xmlEOF
)

// Bounds of XML beyond those of Error's neighbours.
const (
	maxXMLDoctype    = 256 << 10 // bytes of a document type declaration
	maxXMLAttributes = 500       // attributes of one element
)

// xmlScanner cuts a document of XML 1.0 with namespaces into its markup, and
// refuses what is not well-formed. Internal entities are expanded, within
// bounds; external ones are never fetched and mean nothing, and the rest of a
// document type declaration is passed over.
//
// It holds one piece of markup at a time: what its fields hold is valid until
// the next call of next.
type xmlScanner struct {
	in io.Reader
	lenient
	inErr  error  // of in, io.EOF included, once it came
	data   []byte // what is read and not yet passed
	pos    int    // where in data the next piece begins
	at     int    // where in data the current piece begins
	line   int    // of data[0], from 0
	column int    // of data[0], in characters, from 0
	read   int    // bytes that in gave

	kind  xmlKind
	name  *xmlName  // of a start or an end
	attrs []xmlAttr // of a start, without the declarations of namespaces
	text  []byte    // of a text, a comment or an instruction, as it is meant

	closing bool   // the element that has just begun is empty
	begun   bool   // some piece was met
	rooted  bool   // the root element was met
	scratch []byte // backs text and the values of attrs
	cdata   bool   // text comes from a CDATA section

	open     []xmlOpen
	names    []byte // the names of open elements, one after the other
	bindings []xmlBinding
	interned map[string]*xmlName
	key      []byte

	entities map[string]xmlEntity
	expanded int // bytes that entities stood for
}

// xmlOpen is an element that has begun: what names and bindings held before.
type xmlOpen struct {
	names, bindings int
	name            *xmlName
}

// xmlAttr is an attribute; its value is as it is meant.
type xmlAttr struct {
	name  *xmlName
	value []byte
}

func newXMLScanner(in io.Reader, passed lenient) (*xmlScanner, error) {
	in, err := decodeXML(in)
	return &xmlScanner{
		in:       passed.clean(in, true),
		lenient:  passed,
		bindings: []xmlBinding{{prefix: "xml", space: xmlSpace}, {}},
		interned: map[string]*xmlName{},
	}, err
}

// depth is the number of elements that are open.
func (x *xmlScanner) depth() int { return len(x.open) }

// fail returns an error at the current piece.
func (x *xmlScanner) fail(format string, args ...any) error { return x.failAt(x.at, format, args...) }

// failAt returns an error at a place of data.
func (x *xmlScanner) failAt(pos int, format string, args ...any) error {
	line, column := advance(x.line, x.column, x.data[:min(pos, len(x.data))])
	return &Error{Line: line + 1, Column: column + 1, Text: fmt.Sprintf(format, args...)}
}

// advance moves a place over text.
func advance(line, column int, text []byte) (int, int) {
	if last := bytes.LastIndexByte(text, '\n'); last >= 0 {
		return line + bytes.Count(text, []byte{'\n'}), utf8.RuneCount(text[last+1:])
	}
	return line, column + utf8.RuneCount(text)
}

// fill reads more into data, letting go of what lies before the current piece.
// It returns false when there is no more.
func (x *xmlScanner) fill() bool {
	if x.inErr != nil {
		return false
	}
	if x.at > 0 {
		x.line, x.column = advance(x.line, x.column, x.data[:x.at])
		x.data = x.data[:copy(x.data, x.data[x.at:])]
		x.pos -= x.at
		x.at = 0
	}
	if len(x.data) == cap(x.data) {
		grown := make([]byte, len(x.data), max(64<<10, 2*cap(x.data)))
		copy(grown, x.data)
		x.data = grown
	}
	for range 100 {
		n, err := x.in.Read(x.data[len(x.data):cap(x.data)])
		x.data = x.data[:len(x.data)+n]
		x.read += n
		x.inErr = err
		if n > 0 || err != nil {
			return n > 0
		}
	}
	x.inErr = io.ErrNoProgress
	return false
}

// more tells whether data holds n bytes from pos, reading them if need be.
func (x *xmlScanner) more(n int) bool {
	for len(x.data)-x.pos < n {
		if !x.fill() {
			return false
		}
	}
	return true
}

// until returns the place in data, from the given one on, where mark begins.
func (x *xmlScanner) until(mark string, from, most int, what string) (int, error) {
	skip := from - x.at // of the current piece, which fill may move
	for {
		if n := bytes.Index(x.data[x.at+skip:], []byte(mark)); n >= 0 {
			return x.at + skip + n, nil
		}
		skip = max(skip, len(x.data)-x.at-len(mark)+1)
		if skip > most {
			return 0, x.fail("%s is longer than %d bytes", what, most)
		}
		if !x.fill() {
			return 0, x.ended("inside " + what)
		}
	}
}

// ended is the error of a document that ends where it may not: that of the
// reader if there is one.
func (x *xmlScanner) ended(where string) error {
	if x.inErr != nil && x.inErr != io.EOF {
		return x.inErr
	}
	return x.fail("the document ends %s", where)
}

// next moves to the next piece of the document.
func (x *xmlScanner) next() error {
	if x.closing {
		x.closing = false
		x.end()
		return nil
	}
	x.cdata = false
	for {
		x.at = x.pos
		x.text = x.text[:0]
		x.scratch = x.scratch[:0]
		if !x.more(1) {
			return x.finish()
		}
		if x.data[x.pos] != '<' {
			if err := x.scanText(); err != nil {
				return err
			}
			if len(x.open) > 0 {
				return nil
			}
			if !isXMLBlank(x.text) {
				return x.fail("text stands outside the root element")
			}
			continue
		}
		met, err := x.markup()
		if err != nil || met {
			return err
		}
	}
}

// finish ends the document, if it may end here.
func (x *xmlScanner) finish() error {
	switch {
	case len(x.open) > 0:
		return x.ended(fmt.Sprintf("inside the element %s", x.open[len(x.open)-1].name.written()))
	case x.inErr != io.EOF || !x.rooted:
		return x.ended("before any element")
	}
	x.kind = xmlEOF
	return nil
}

// markup scans what begins with "<". It returns false for what is of no
// interest.
func (x *xmlScanner) markup() (bool, error) {
	first := !x.begun
	x.begun = true
	if !x.more(2) {
		return false, x.ended("inside a tag")
	}
	switch x.data[x.pos+1] {
	case '/':
		return true, x.scanEnd()
	case '?':
		return x.scanInstruction(first)
	case '!':
		return x.scanDeclaration()
	}
	return true, x.scanStart()
}

// scanDeclaration scans a comment, a CDATA section or a document type
// declaration.
func (x *xmlScanner) scanDeclaration() (bool, error) {
	switch {
	case x.starts("<!--"):
		end, err := x.until("-->", x.at+4, maxLiteral, "a comment")
		if err != nil {
			return false, err
		}
		if n := bytes.Index(x.data[x.at+4:end+2], []byte("--")); n < end-x.at-4 {
			return false, x.failAt(x.at+4+n, "a comment holds “--”")
		}
		x.kind, x.pos = xmlComment, end+3
		x.text, err = x.appendPlain(x.text, x.at+4, end)
		return len(x.open) > 0, err
	case x.starts("<![CDATA["):
		if len(x.open) == 0 {
			return false, x.fail("text stands outside the root element")
		}
		end, err := x.until("]]>", x.at+9, maxLiteral, "a CDATA section")
		if err != nil {
			return false, err
		}
		x.kind, x.pos, x.cdata = xmlText, end+3, true
		x.text, err = x.appendPlain(x.text, x.at+9, end)
		return true, err
	case x.starts("<!DOCTYPE"):
		if x.rooted || x.entities != nil {
			return false, x.fail("a document type declaration stands only once, before the root element")
		}
		return false, x.scanDoctype()
	}
	return false, x.fail("“<!” begins no markup that is allowed here")
}

// starts tells whether what follows begins with the given text.
func (x *xmlScanner) starts(text string) bool {
	return x.more(len(text)) && string(x.data[x.pos:x.pos+len(text)]) == text
}

// scanInstruction scans a processing instruction, or the declaration of XML
// where it is the first piece of a document.
func (x *xmlScanner) scanInstruction(first bool) (bool, error) {
	end, err := x.until("?>", x.at+2, maxLiteral, "a processing instruction")
	if err != nil {
		return false, err
	}
	x.kind, x.pos = xmlInstruction, end+2
	x.text, err = x.appendPlain(x.text, x.at+2, end)
	if err != nil {
		return false, err
	}
	target := x.text
	if n := bytes.IndexAny(target, " \t\r\n"); n >= 0 {
		target = target[:n]
	}
	switch {
	case bytes.EqualFold(target, []byte("xml")):
		if !first {
			return false, x.fail("an XML declaration stands only at the start of a document")
		}
		return false, nil
	case !isNCName(target):
		return false, x.fail("a processing instruction has no name")
	}
	return len(x.open) > 0, nil
}
