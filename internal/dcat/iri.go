package dcat

import (
	"strings"
	"unicode/utf8"
)

// maxIRI is the longest IRI that is written, in bytes.
const maxIRI = 8 << 10

// absolute turns what somebody wrote as an address into an IRI that every
// format can hold: trimmed, what an IRI must not hold percent-encoded (RFC
// 3987). ok is false for what has no scheme, which no reader could resolve as
// it was meant, and for what runs something instead of leading somewhere.
func absolute(address string) (iri string, ok bool) {
	address = strings.TrimSpace(address)
	colon := strings.IndexByte(address, ':')
	if colon < 1 || colon == len(address)-1 || len(address) > maxIRI || !isScheme(address[:colon]) {
		return "", false
	}
	switch strings.ToLower(address[:colon]) {
	case "http", "https":
		host, found := strings.CutPrefix(address[colon+1:], "//")
		if !found || host == "" || strings.HasPrefix(host, "/") {
			return "", false
		}
	case "javascript", "vbscript", "data":
		return "", false
	}
	return encoded(address), true
}

func isScheme(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || !('0' <= c && c <= '9' || c == '+' || c == '-' || c == '.')) {
			return false
		}
	}
	return true
}

// encoded percent-encodes the bytes that no IRI holds.
func encoded(address string) string {
	clean := true
	for i := 0; i < len(address) && clean; i++ {
		clean = iriByte(address[i])
	}
	if clean {
		return address
	}
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(address); {
		r, size := utf8.DecodeRuneInString(address[i:])
		if size == 1 && iriByte(address[i]) || size > 1 && iriRune(r) {
			b.WriteString(address[i : i+size])
		} else {
			for _, c := range []byte(address[i : i+size]) {
				b.WriteByte('%')
				b.WriteByte(hex[c>>4])
				b.WriteByte(hex[c&15])
			}
		}
		i += size
	}
	return b.String()
}

// iriByte tells whether an IRI may hold an ASCII character; a # stays where it
// is, since addresses with several are read all the same.
func iriByte(c byte) bool {
	return c > ' ' && c < 0x7f && !strings.ContainsRune("<>\"{}|\\^`", rune(c))
}

// iriRune tells whether an IRI may hold a character beyond ASCII (ucschar and
// iprivate of RFC 3987).
func iriRune(r rune) bool {
	switch {
	case r == utf8.RuneError, r < 0xa0, 0xfff0 <= r && r <= 0xffff, 0xfdd0 <= r && r <= 0xfdef, 0xe000 <= r && r <= 0xf8ff:
		return false
	case r > 0xffff:
		return r&0xfffe != 0xfffe && r < 0xf0000
	}
	return true
}

// plain is a text that every format can hold: broken UTF-8 and the characters
// that XML 1.0 forbids become question marks.
func plain(s string) string {
	for _, r := range s {
		if !xmlRune(r) {
			return strings.Map(func(r rune) rune {
				if !xmlRune(r) {
					return '?'
				}
				return r
			}, s)
		}
	}
	return s
}

func xmlRune(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || ' ' <= r && r <= 0xd7ff || 0xe000 <= r && r <= 0xfffd && r != utf8.RuneError || r > 0xffff
}
