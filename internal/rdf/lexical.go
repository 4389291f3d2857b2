package rdf

import (
	"strings"
	"unicode/utf8"
)

// notInIRI are the bytes that no IRI may hold (IRIREF of Turtle).
var notInIRI = func() (table [256]bool) {
	for c := range byte(0x21) {
		table[c] = true
	}
	for _, c := range []byte("<>\"{}|^`\\") {
		table[c] = true
	}
	return table
}()

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isHex(c byte) bool    { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }

// isNameBase tells whether a character may begin the name of a prefix
// (PN_CHARS_BASE of Turtle).
func isNameBase(r rune) bool {
	switch {
	case r < utf8.RuneSelf:
		return isLetter(byte(r))
	case r < 0x300:
		return r >= 0xC0 && r != 0xD7 && r != 0xF7
	case r < 0x2000:
		return r >= 0x370 && r != 0x37E
	case r < 0x3000:
		return r == 0x200C || r == 0x200D || 0x2070 <= r && r <= 0x218F || 0x2C00 <= r && r <= 0x2FEF
	case r <= 0xFFFF:
		return 0x3001 <= r && r <= 0xD7FF || 0xF900 <= r && r <= 0xFDCF || 0xFDF0 <= r && r <= 0xFFFD
	}
	return r <= 0xEFFFF
}

// isNameChar tells whether a character may stand inside a name (PN_CHARS of
// Turtle).
func isNameChar(r rune) bool {
	if r < utf8.RuneSelf {
		return nameChars[r]
	}
	return isNameBase(r) || r == 0xB7 || 0x300 <= r && r <= 0x36F || r == 0x203F || r == 0x2040
}

// nameChars are the characters of ASCII that isNameChar accepts.
var nameChars = func() (table [utf8.RuneSelf]bool) {
	for c := range byte(utf8.RuneSelf) {
		table[c] = isLetter(c) || isDigit(c) || c == '_' || c == '-'
	}
	return table
}()

// isLanguage tells whether a language tag can be written in the formats of
// text (LANGTAG of Turtle).
func isLanguage(tag string) bool {
	for n, part := range strings.Split(tag, "-") {
		if part == "" {
			return false
		}
		for i := range len(part) {
			if !isLetter(part[i]) && (n == 0 || !isDigit(part[i])) {
				return false
			}
		}
	}
	return true
}

// appendLabel appends the label of a blank node as the formats of text hold
// it. Letters and digits stand for themselves, every other byte is told by
// its number, so that two labels are never written alike.
func appendLabel(b []byte, label string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, "_:"...)
	if label == "" {
		return append(b, '_')
	}
	for i := range len(label) {
		if c := label[i]; isLetter(c) || isDigit(c) {
			b = append(b, c)
		} else {
			b = append(b, '_', hex[c>>4], hex[c&15])
		}
	}
	return b
}

// appendQuoted appends a string between quotes. Control characters are
// escaped, as the canonical form of N-Triples has it; bytes that are not UTF-8
// become the replacement character.
func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	plain := 0 // where what is not yet appended begins
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				b = append(b, s[plain:i]...)
				b = utf8.AppendRune(b, utf8.RuneError)
				plain = i + 1
			}
			i += size
			continue
		}
		if c < 0x20 || c == '"' || c == '\\' || c == 0x7F {
			b = append(b, s[plain:i]...)
			b = appendEscape(b, c)
			plain = i + 1
		}
		i++
	}
	return append(append(b, s[plain:]...), '"')
}

// appendEscape appends a character of ASCII escaped.
func appendEscape(b []byte, c byte) []byte {
	const hex = "0123456789ABCDEF"
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\n':
		return append(b, `\n`...)
	case '\r':
		return append(b, `\r`...)
	case '\t':
		return append(b, `\t`...)
	case '\b':
		return append(b, `\b`...)
	case '\f':
		return append(b, `\f`...)
	}
	return append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}
