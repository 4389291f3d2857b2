package rdf

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// Bounds of what entities may stand for, in bytes: within one document a fixed
// sum and a share of what was read, so that no short document becomes long.
const (
	maxExpansion   = 1 << 20
	expansionShare = 16
	maxEntityDepth = 16
)

// xmlEntity is an entity that a document declares.
type xmlEntity struct {
	text     string
	external bool
}

// scanText scans text up to the next markup.
func (x *xmlScanner) scanText() error {
	size := 0
	for {
		n := bytes.IndexByte(x.data[x.at+size:], '<')
		if n >= 0 {
			size += n
			break
		}
		size = len(x.data) - x.at
		if size > maxLiteral {
			return x.fail("a text is longer than %d bytes", maxLiteral)
		}
		if !x.fill() {
			break
		}
	}
	if size > maxLiteral {
		return x.fail("a text is longer than %d bytes", maxLiteral)
	}
	raw := x.data[x.at : x.at+size]
	x.kind, x.pos = xmlText, x.at+size
	if n := bytes.Index(raw, []byte("]]>")); n >= 0 {
		return x.failAt(x.at+n, "text holds “]]>”; it is written ]]&gt;")
	}
	var err error
	x.text, err = x.appendMeant(x.text, raw, x.at, false)
	return err
}

// appendPlain appends what stands in data between two places and holds no
// references.
func (x *xmlScanner) appendPlain(b []byte, from, to int) ([]byte, error) {
	raw := x.data[from:to]
	if n := badXML(raw); n >= 0 {
		return b, x.badCharacter(raw, n, from)
	}
	return appendLines(b, raw), nil
}

// appendMeant appends text with its references resolved and its line ends made
// one; in the value of an attribute white space becomes spaces. Place is where
// in data the text begins.
func (x *xmlScanner) appendMeant(b, raw []byte, place int, attribute bool) ([]byte, error) {
	if n := badXML(raw); n >= 0 {
		return b, x.badCharacter(raw, n, place)
	}
	for {
		n := bytes.IndexByte(raw, '&')
		plain := raw
		if n >= 0 {
			plain = raw[:n]
		}
		start := len(b)
		b = appendLines(b, plain)
		if attribute {
			spaces(b[start:])
		}
		if n < 0 {
			return b, nil
		}
		place += n
		end := bytes.IndexByte(raw[n:], ';')
		if end < 0 {
			return b, x.failAt(place, "“&” begins no reference; in text it is written &amp;")
		}
		var err error
		if b, err = x.appendReference(b, raw[n+1:n+end], place, attribute, 0); err != nil {
			return b, err
		}
		place += end + 1
		raw = raw[n+end+1:]
	}
}

// appendLines appends text, its ends of lines each one line feed.
func appendLines(b, text []byte) []byte {
	for {
		n := bytes.IndexByte(text, '\r')
		if n < 0 {
			return append(b, text...)
		}
		b = append(append(b, text[:n]...), '\n')
		text = text[n+1:]
		if len(text) > 0 && text[0] == '\n' {
			text = text[1:]
		}
	}
}

// spaces makes white space of a value spaces.
func spaces(value []byte) {
	for i, c := range value {
		if c < 0x20 {
			value[i] = ' '
		}
	}
}

// badXML is where in text something stands that XML does not allow, or -1.
func badXML(text []byte) int {
	ascii := true
	for _, c := range text {
		if c < 0x20 && !isXMLSpace(c) || c == 0xEF { // U+FFFE and U+FFFF begin with 0xEF
			return badRune(text)
		}
		ascii = ascii && c < utf8.RuneSelf
	}
	if ascii || utf8.Valid(text) {
		return -1
	}
	return badRune(text)
}

// badRune is badXML, character by character.
func badRune(text []byte) int {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 || !isXMLRune(r) {
			return i
		}
		i += size
	}
	return -1
}

// badCharacter is the error of what badXML found.
func (x *xmlScanner) badCharacter(raw []byte, n, place int) error {
	r, size := utf8.DecodeRune(raw[n:])
	if r == utf8.RuneError && size == 1 {
		return x.failAt(place+n, "the byte 0x%02X is no UTF-8", raw[n])
	}
	return x.failAt(place+n, "the character U+%04X is not allowed in XML", r)
}

// appendReference appends what the reference with the given name, without "&"
// and ";", means.
func (x *xmlScanner) appendReference(b, name []byte, place int, attribute bool, depth int) ([]byte, error) {
	switch string(name) {
	case "amp":
		return append(b, '&'), nil
	case "lt":
		return append(b, '<'), nil
	case "gt":
		return append(b, '>'), nil
	case "quot":
		return append(b, '"'), nil
	case "apos":
		return append(b, '\''), nil
	}
	if len(name) > 0 && name[0] == '#' {
		r, ok := characterReference(name[1:])
		if !ok {
			if err := x.failAt(place, "“&%s;” is no character of XML", bounded(name)); !x.told(err) {
				return b, err
			}
			return b, nil
		}
		return utf8.AppendRune(b, r), nil
	}
	entity, ok := x.entities[string(name)]
	switch {
	case !ok:
		return b, x.failAt(place, "“&%s;” is no entity that this document declares", bounded(name))
	case entity.external && attribute:
		return b, x.failAt(place, "the value of an attribute holds the external entity %s", bounded(name))
	case entity.external:
		return b, nil
	case depth == maxEntityDepth:
		return b, x.failAt(place, "the entity %s holds entities more than %d deep", bounded(name), maxEntityDepth)
	}
	return x.appendEntity(b, entity.text, place, attribute, depth+1)
}

// appendEntity appends what an internal entity stands for.
func (x *xmlScanner) appendEntity(b []byte, text string, place int, attribute bool, depth int) ([]byte, error) {
	if x.expanded += len(text); x.expanded > maxExpansion+expansionShare*x.read {
		return b, x.failAt(place, "the entities of this document stand for more than %d bytes", maxExpansion)
	}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '<':
			return b, x.failAt(place, "an entity holds markup, which is not read")
		case c == '&':
			end := i
			for end < len(text) && text[end] != ';' {
				end++
			}
			if end == len(text) {
				return b, x.failAt(place, "an entity holds “&” that begins no reference")
			}
			var err error
			if b, err = x.appendReference(b, []byte(text[i+1:end]), place, attribute, depth); err != nil {
				return b, err
			}
			i = end
		case attribute && c < 0x20:
			b = append(b, ' ')
		default:
			b = append(b, c)
		}
	}
	return b, nil
}

// characterReference is the character that a number means: decimal, or
// hexadecimal after "x".
func characterReference(number []byte) (rune, bool) {
	base := 10
	if len(number) > 0 && number[0] == 'x' {
		base, number = 16, number[1:]
	}
	if len(number) == 0 || number[0] == '+' || number[0] == '-' || number[0] == '_' {
		return 0, false
	}
	value, err := strconv.ParseUint(string(number), base, 31)
	return rune(value), err == nil && isXMLRune(rune(value))
}
