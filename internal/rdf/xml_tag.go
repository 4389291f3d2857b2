package rdf

import (
	"bytes"
	"unicode/utf8"
)

// scanStart scans the tag that begins an element.
func (x *xmlScanner) scanStart() error {
	if len(x.open) == 0 && x.rooted {
		return x.fail("a second root element begins")
	}
	end, err := x.tagEnd()
	if err != nil {
		return err
	}
	tag := x.data[x.at+1 : end]
	x.pos = end + 1
	x.closing = len(tag) > 0 && tag[len(tag)-1] == '/'
	if x.closing {
		tag = tag[:len(tag)-1]
	}
	size := nameSize(tag)
	if size == 0 {
		return x.fail("“<” does not begin a tag; in text it is written &lt;")
	}
	if len(x.open) == maxDepth {
		return x.fail("elements are nested more than %d deep", maxDepth)
	}
	opened := xmlOpen{names: len(x.names), bindings: len(x.bindings)}
	x.names = append(x.names, tag[:size]...)
	if err := x.scanAttributes(tag, size); err != nil {
		return err
	}
	if x.name, err = x.resolve(x.names[opened.names:], false); err != nil {
		return err
	}
	opened.name = x.name
	x.open = append(x.open, opened)
	x.kind, x.rooted = xmlStart, true
	return nil
}

// tagEnd returns where in data the ">" of the current tag is.
func (x *xmlScanner) tagEnd() (int, error) {
	quote := byte(0)
	for i := 1; ; {
		tag := x.data[x.at:]
		for i < len(tag) {
			if quote != 0 {
				n := bytes.IndexByte(tag[i:], quote)
				if n < 0 {
					i = len(tag)
					break
				}
				i, quote = i+n+1, 0
				continue
			}
			switch tag[i] {
			case '>':
				return x.at + i, nil
			case '"', '\'':
				quote = tag[i]
			case '<':
				return 0, x.failAt(x.at+i, "a tag holds “<”")
			}
			i++
		}
		if i > maxLiteral {
			return 0, x.fail("a tag is longer than %d bytes", maxLiteral)
		}
		if !x.fill() {
			return 0, x.ended("inside a tag")
		}
	}
}

// nameSize is the length of the name that a tag begins with.
func nameSize(tag []byte) int {
	for i, c := range tag {
		if isXMLSpace(c) || c == '=' || c == '/' || c == '"' || c == '\'' {
			return i
		}
	}
	return len(tag)
}

// scanAttributes scans the attributes of a tag from a place on, binds the
// prefixes that it declares and resolves the names.
func (x *xmlScanner) scanAttributes(tag []byte, from int) error {
	x.attrs = x.attrs[:0]
	var names [32][]byte
	written := names[:0]
	for i := from; ; {
		start := i
		for i < len(tag) && isXMLSpace(tag[i]) {
			i++
		}
		if i == len(tag) {
			break
		}
		size := nameSize(tag[i:])
		if i == start || size == 0 {
			return x.failAt(x.at+1+i, "the attributes of a tag are not set apart as they should be")
		}
		name := tag[i : i+size]
		value, next, err := x.scanValue(tag, i+size)
		if err != nil {
			return err
		}
		i = next
		switch {
		case string(name) == "xmlns":
			err = x.bind(nil, value)
		case bytes.HasPrefix(name, []byte("xmlns:")):
			err = x.bind(name[len("xmlns:"):], value)
		case len(x.attrs) == maxXMLAttributes:
			err = x.fail("an element has more than %d attributes", maxXMLAttributes)
		default:
			x.attrs = append(x.attrs, xmlAttr{value: value})
			written = append(written, name)
		}
		if err != nil {
			return err
		}
	}
	return x.resolveAttributes(written)
}

// resolveAttributes gives the attributes their names, each of which may come
// once.
func (x *xmlScanner) resolveAttributes(written [][]byte) error {
	for n, text := range written {
		name, err := x.resolve(text, true)
		if err != nil {
			return err
		}
		for _, other := range x.attrs[:n] {
			if other.name.local == name.local && other.name.space == name.space {
				return x.fail("the attribute %s comes twice", name.written())
			}
		}
		x.attrs[n].name = name
	}
	return nil
}

// scanValue scans the "=" and the value of an attribute. It returns the value
// as it is meant and where in the tag what follows it begins.
func (x *xmlScanner) scanValue(tag []byte, i int) ([]byte, int, error) {
	for i < len(tag) && isXMLSpace(tag[i]) {
		i++
	}
	if i == len(tag) || tag[i] != '=' {
		return nil, 0, x.failAt(x.at+1+i, "an attribute has no value")
	}
	for i++; i < len(tag) && isXMLSpace(tag[i]); {
		i++
	}
	if i == len(tag) || tag[i] != '"' && tag[i] != '\'' {
		return nil, 0, x.failAt(x.at+1+i, "the value of an attribute stands between no quotes")
	}
	size := bytes.IndexByte(tag[i+1:], tag[i])
	if size < 0 {
		return nil, 0, x.failAt(x.at+1+i, "the value of an attribute has no end")
	}
	raw := tag[i+1 : i+1+size]
	place := x.at + 2 + i
	if value, plain := raw, isPlainValue(raw); plain {
		return value, i + size + 2, nil
	}
	start := len(x.scratch)
	if bytes.IndexByte(raw, '<') >= 0 {
		return nil, 0, x.failAt(place, "the value of an attribute holds “<”")
	}
	var err error
	if x.scratch, err = x.appendMeant(x.scratch, raw, place, true); err != nil {
		return nil, 0, err
	}
	// Where scratch moved as it grew, earlier values keep what it was.
	return x.scratch[start:len(x.scratch):len(x.scratch)], i + size + 2, nil
}

// isPlainValue tells whether a value means itself: it holds only printable
// ASCII and neither a reference nor "<".
func isPlainValue(raw []byte) bool {
	for _, c := range raw {
		if c < 0x20 || c >= utf8.RuneSelf || c == '&' || c == '<' {
			return false
		}
	}
	return true
}

// scanEnd scans the tag that ends an element.
func (x *xmlScanner) scanEnd() error {
	end, err := x.until(">", x.at+2, maxIRI, "a tag")
	if err != nil {
		return err
	}
	name := bytes.TrimRight(x.data[x.at+2:end], " \t\r\n")
	if len(x.open) == 0 {
		return x.fail("</%s> ends no element", bounded(name))
	}
	if last := x.open[len(x.open)-1]; !bytes.Equal(name, x.names[last.names:]) {
		return x.fail("</%s> stands where the element %s should end", bounded(name), last.name.written())
	}
	x.pos = end + 1
	x.end()
	return nil
}

// end ends the innermost element.
func (x *xmlScanner) end() {
	last := x.open[len(x.open)-1]
	x.open = x.open[:len(x.open)-1]
	x.names = x.names[:last.names]
	x.kind, x.name = xmlEnd, last.name
	x.attrs = x.attrs[:0]
	x.bindings = x.bindings[:last.bindings]
}
