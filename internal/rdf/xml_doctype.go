package rdf

import (
	"bytes"
	"strings"
)

// scanDoctype scans a document type declaration. Of its internal subset the
// general entities are kept, and nothing else; of entities declared twice the
// first counts.
func (x *xmlScanner) scanDoctype() error {
	x.entities = map[string]xmlEntity{}
	size, err := x.doctypeSize()
	if err != nil {
		return err
	}
	declaration := x.data[x.at : x.at+size]
	x.pos = x.at + size
	if n := badXML(declaration); n >= 0 {
		return x.badCharacter(declaration, n, x.at)
	}
	open := indexOutside(declaration, "[>")
	if declaration[open] == '>' {
		return nil
	}
	subset := declaration[open+1:]
	for n := 0; n < len(subset); {
		rest := subset[n:]
		if rest[0] != '<' {
			n++
			continue
		}
		length := markupSize(rest)
		if length == 0 {
			return x.failAt(x.at+open+1+n, "a declaration has no end")
		}
		if bytes.HasPrefix(rest, []byte("<!ENTITY")) {
			if err := x.declare(rest[len("<!ENTITY"):length-1], x.at+open+1+n); err != nil {
				return err
			}
		}
		n += length
	}
	return nil
}

// doctypeSize is the length of the current document type declaration, which
// it reads wholly.
func (x *xmlScanner) doctypeSize() (int, error) {
	for {
		if n := doctypeEnd(x.data[x.at:]); n > 0 {
			return n, nil
		}
		if len(x.data)-x.at > maxXMLDoctype {
			return 0, x.fail("a document type declaration is longer than %d bytes", maxXMLDoctype)
		}
		if !x.fill() {
			return 0, x.ended("inside a document type declaration")
		}
	}
}

// doctypeEnd is where the document type declaration that text begins with has
// ended; 0 when it does not end there.
func doctypeEnd(text []byte) int {
	inside := false // between [ and ]
	for i := len("<!DOCTYPE"); i < len(text); i++ {
		switch c := text[i]; {
		case c == '"' || c == '\'':
			n := bytes.IndexByte(text[i+1:], c)
			if n < 0 {
				return 0
			}
			i += n + 1
		case c == '[':
			inside = true
		case c == ']':
			inside = false
		case c == '<':
			n := markupSize(text[i:])
			if n == 0 {
				return 0
			}
			i += n - 1
		case c == '>' && !inside:
			return i + 1
		}
	}
	return 0
}

// markupSize is the length of the comment, instruction or declaration that
// text begins with; 0 when it has no end.
func markupSize(text []byte) int {
	for _, pair := range [][2]string{{"<!--", "-->"}, {"<?", "?>"}} {
		if bytes.HasPrefix(text, []byte(pair[0])) {
			n := bytes.Index(text[len(pair[0]):], []byte(pair[1]))
			if n < 0 {
				return 0
			}
			return len(pair[0]) + n + len(pair[1])
		}
	}
	return indexOutside(text, ">") + 1
}

// indexOutside is where the first of some characters stands outside of quotes,
// or -1.
func indexOutside(text []byte, characters string) int {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"' || c == '\'':
			n := bytes.IndexByte(text[i+1:], c)
			if n < 0 {
				return -1
			}
			i += n + 1
		case strings.IndexByte(characters, c) >= 0:
			return i
		}
	}
	return -1
}

// declare keeps the general entity that a declaration makes, given without its
// marks.
func (x *xmlScanner) declare(declaration []byte, place int) error {
	text := strings.TrimLeft(string(declaration), " \t\r\n")
	if strings.HasPrefix(text, "%") {
		return nil
	}
	name, value, _ := strings.Cut(text, " ")
	if n := strings.IndexAny(text, "\t\r\n"); n >= 0 && n < len(name) {
		name, value = text[:n], text[n+1:]
	}
	value = strings.TrimSpace(value)
	if _, known := x.entities[name]; known {
		return nil
	}
	if !isNCName([]byte(name)) {
		return x.failAt(place, "an entity is declared without a name")
	}
	if strings.HasPrefix(value, "SYSTEM") || strings.HasPrefix(value, "PUBLIC") {
		x.entities[name] = xmlEntity{external: true}
		return nil
	}
	if len(value) < 2 || value[0] != '"' && value[0] != '\'' || value[len(value)-1] != value[0] {
		return x.failAt(place, "the entity %s is declared without a text between quotes", name)
	}
	meaning, ok := entityText(value[1 : len(value)-1])
	if !ok {
		return x.failAt(place, "the entity %s refers to no character of XML", name)
	}
	x.entities[name] = xmlEntity{text: meaning}
	return nil
}

// entityText is the replacement text of an entity: its references to
// characters are resolved, those to entities wait until it is used.
func entityText(value string) (string, bool) {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(value, "&#")
		b.WriteString(before)
		if !found {
			return b.String(), true
		}
		number, rest, ended := strings.Cut(after, ";")
		r, ok := characterReference([]byte(number))
		if !ended || !ok {
			return "", false
		}
		b.WriteRune(r)
		value = rest
	}
}
