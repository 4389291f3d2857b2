package rdf

import (
	"bytes"
	"unicode/utf8"
)

// xmlSpace and xmlnsSpace are the namespaces that XML itself binds.
const (
	xmlSpace   = "http://www.w3.org/XML/1998/namespace"
	xmlnsSpace = "http://www.w3.org/2000/xmlns/"
)

// Bounds of names.
const (
	maxXMLNames    = 8192 // that a scanner remembers
	maxXMLKey      = 1000 // bytes of a namespace and a name that is remembered
	maxXMLBindings = 1000 // prefixes that are bound at one place
)

// xmlName is the name of an element or an attribute.
type xmlName struct {
	prefix, space, local string
	// term is the name as the IRI of a property or a class.
	term Term
	// word is what RDF means by the name.
	word rdfWord
}

// written is the name as the document writes it.
func (n *xmlName) written() string {
	if n.prefix == "" {
		return n.local
	}
	return n.prefix + ":" + n.local
}

// xmlBinding says what a prefix means.
type xmlBinding struct{ prefix, space string }

// bind declares a prefix for the current element.
func (x *xmlScanner) bind(prefix, space []byte) error {
	switch {
	case string(prefix) == "xml" && string(space) == xmlSpace:
		return nil
	case string(prefix) == "xml", string(prefix) == "xmlns", string(space) == xmlSpace, string(space) == xmlnsSpace:
		return x.fail("the prefix “%s” cannot be bound to the namespace “%s”", prefix, space)
	case len(prefix) > 0 && len(space) == 0:
		return x.fail("the prefix “%s” is bound to no namespace", prefix)
	case len(prefix) > 0 && !isNCName(prefix):
		return x.fail("“%s” is no prefix", prefix)
	case len(space) > maxIRI:
		return x.fail("a namespace is longer than %d bytes", maxIRI)
	case len(x.bindings) >= maxXMLBindings:
		return x.fail("more than %d prefixes are bound", maxXMLBindings)
	}
	x.bindings = append(x.bindings, xmlBinding{string(prefix), string(space)})
	return nil
}

// space returns what a prefix means here.
func (x *xmlScanner) space(prefix []byte) (string, bool) {
	for n := len(x.bindings) - 1; n >= 0; n-- {
		if x.bindings[n].prefix == string(prefix) {
			return x.bindings[n].space, true
		}
	}
	return "", false
}

// resolve returns the name that is written at a place of data. Attributes
// without a prefix are in no namespace.
func (x *xmlScanner) resolve(written []byte, attribute bool) (*xmlName, error) {
	prefix, local, prefixed := bytes.Cut(written, []byte{':'})
	if !prefixed {
		prefix, local = nil, written
	}
	space := ""
	if prefixed || !attribute {
		var ok bool
		if space, ok = x.space(prefix); !ok {
			return nil, x.fail("the prefix “%s” is not bound to a namespace", prefix)
		}
	}
	x.key = append(append(append(x.key[:0], space...), ' '), written...)
	if name, ok := x.interned[string(x.key)]; ok {
		return name, nil
	}
	if len(written) > maxIRI || !isNCName(local) || prefixed && !isNCName(prefix) {
		return nil, x.fail("“%s” is no name of XML", bounded(written))
	}
	name := &xmlName{prefix: string(prefix), space: space, local: string(local)}
	name.term = NewIRI(space + name.local)
	if space == RDF {
		name.word = rdfWords[name.local]
	}
	if len(x.interned) < maxXMLNames && len(x.key) <= maxXMLKey {
		x.interned[string(x.key)] = name
	}
	return name, nil
}

// bounded cuts text that an error shows.
func bounded(text []byte) []byte {
	const most = 100
	if len(text) <= most {
		return text
	}
	return append(bytes.ToValidUTF8(text[:most], nil), "…"...)
}

// isNCName tells whether text is a name without a colon (Namespaces in XML).
func isNCName(text []byte) bool {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size <= 1 || !isNCNameRune(r, i == 0) {
			return false
		}
		i += size
	}
	return len(text) > 0
}

// isNCNameRune tells whether a character may stand in such a name, or begin it.
func isNCNameRune(r rune, first bool) bool {
	if first {
		return r == '_' || isNameBase(r)
	}
	return r == '.' || isNameChar(r)
}

// isXMLSpace tells whether a byte is white space of XML.
func isXMLSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// isXMLBlank tells whether text is nothing but white space.
func isXMLBlank(text []byte) bool {
	for _, c := range text {
		if !isXMLSpace(c) {
			return false
		}
	}
	return true
}

// isXMLRune tells whether XML 1.0 allows a character.
func isXMLRune(r rune) bool {
	return r >= 0x20 && r != 0xFFFE && r != 0xFFFF && (r < 0xD800 || r > 0xDFFF) && r <= utf8.MaxRune ||
		r == '\t' || r == '\n' || r == '\r'
}
