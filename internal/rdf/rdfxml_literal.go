package rdf

import (
	"slices"
	"strings"
)

// literalXML reads the content of the current element, up to its end, as an
// XML literal: the exclusive canonical form with comments (Exclusive XML
// Canonicalization 1.0).
func (r *rdfxmlReader) literalXML() (string, error) {
	c := canonicalXML{}
	for inside := r.x.depth(); ; {
		if err := r.x.next(); err != nil {
			return "", err
		}
		switch r.x.kind {
		case xmlStart:
			c.start(r.x)
		case xmlEnd:
			if r.x.depth() < inside {
				return string(c.out), nil
			}
			c.end(r.x.name)
		case xmlText:
			c.out = appendXMLLegal(c.out, string(r.x.text), false)
		case xmlComment:
			c.out = append(append(append(c.out, "<!--"...), r.x.text...), "-->"...)
		case xmlInstruction:
			c.instruction(string(r.x.text))
		}
		if len(c.out) > maxLiteral {
			return "", r.x.fail("an XML literal is longer than %d bytes", maxLiteral)
		}
	}
}

// canonicalXML writes canonical XML.
type canonicalXML struct {
	out   []byte
	bound []xmlBinding // what the output declares here
	open  []int        // how much of bound each open element found
}

// start writes the start of an element with the namespaces that it uses and
// that are not yet declared.
func (c *canonicalXML) start(x *xmlScanner) {
	c.open = append(c.open, len(c.bound))
	found := len(c.bound)
	c.declare(x.name, true)
	for _, attr := range x.attrs {
		c.declare(attr.name, false)
	}
	c.out = append(append(c.out, '<'), x.name.written()...)
	declared := slices.Clone(c.bound[found:])
	slices.SortFunc(declared, func(a, b xmlBinding) int { return strings.Compare(a.prefix, b.prefix) })
	for _, b := range declared {
		c.out = append(c.out, " xmlns"...)
		if b.prefix != "" {
			c.out = append(append(c.out, ':'), b.prefix...)
		}
		c.attribute([]byte(b.space))
	}
	slices.SortFunc(x.attrs, func(a, b xmlAttr) int {
		if n := strings.Compare(a.name.space, b.name.space); n != 0 {
			return n
		}
		return strings.Compare(a.name.local, b.name.local)
	})
	for _, attr := range x.attrs {
		c.out = append(append(c.out, ' '), attr.name.written()...)
		c.attribute(attr.value)
	}
	c.out = append(c.out, '>')
}

// declare binds the prefix of a name that is used, unless it is so bound.
func (c *canonicalXML) declare(name *xmlName, element bool) {
	if name.prefix == "xml" || name.prefix == "" && !element {
		return
	}
	for n := len(c.bound) - 1; n >= 0; n-- {
		if c.bound[n].prefix == name.prefix {
			if c.bound[n].space == name.space {
				return
			}
			c.bound = append(c.bound, xmlBinding{name.prefix, name.space})
			return
		}
	}
	if name.prefix != "" || name.space != "" {
		c.bound = append(c.bound, xmlBinding{name.prefix, name.space})
	}
}

func (c *canonicalXML) attribute(value []byte) {
	c.out = append(c.out, `="`...)
	c.out = appendXMLLegal(c.out, string(value), true)
	c.out = append(c.out, '"')
}

func (c *canonicalXML) end(name *xmlName) {
	last := len(c.open) - 1
	c.bound, c.open = c.bound[:c.open[last]], c.open[:last]
	c.out = append(append(append(c.out, "</"...), name.written()...), '>')
}

// instruction writes a processing instruction, one space after its target.
func (c *canonicalXML) instruction(text string) {
	target, data := text, ""
	if n := strings.IndexAny(text, " \t\r\n"); n >= 0 {
		target, data = text[:n], strings.TrimLeft(text[n:], " \t\r\n")
	}
	c.out = append(append(c.out, "<?"...), target...)
	if data != "" {
		c.out = append(append(c.out, ' '), data...)
	}
	c.out = append(c.out, "?>"...)
}
