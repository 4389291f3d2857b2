package rdf

import (
	"io"
	"unicode/utf8"

	"golang.org/x/text/transform"
)

// lenient is how faults are passed over that concern one value alone; nil for a
// strict reader.
type lenient func(*Error)

// told tells of a fault that is passed over. It returns false when none is: the
// fault is then the error of the document.
func (l lenient) told(err error) bool {
	fault, ok := err.(*Error)
	if l == nil || !ok {
		return false
	}
	l(fault)
	return true
}

// clean takes out of a document, which is UTF-8 by now, what its format could not
// hold: bytes that are no UTF-8 become U+FFFD, and where the document is XML the
// characters that it forbids are left out.
func (l lenient) clean(in io.Reader, xml bool) io.Reader {
	if l == nil {
		return in
	}
	return transform.NewReader(in, &cleaner{xml: xml, tell: l})
}

// cleaner is a Transformer that tells of the first character of each kind that it
// replaces.
type cleaner struct {
	transform.NopResetter
	xml             bool
	tell            lenient
	broken, illegal bool
}

const replacement = "\uFFFD"

// Transform copies text, cleaned.
func (c *cleaner) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	for nSrc < len(src) {
		if b := src[nSrc]; b >= 0x20 && b < utf8.RuneSelf {
			if nDst == len(dst) {
				return nDst, nSrc, transform.ErrShortDst
			}
			dst[nDst] = b
			nDst++
			nSrc++
			continue
		}
		if !atEOF && !utf8.FullRune(src[nSrc:]) {
			return nDst, nSrc, transform.ErrShortSrc
		}
		r, size := utf8.DecodeRune(src[nSrc:])
		text := src[nSrc : nSrc+size]
		switch {
		case r == utf8.RuneError && size == 1:
			if !c.broken {
				c.broken = true
				c.tell(&Error{Text: "bytes that are no UTF-8 were replaced"})
			}
			text = []byte(replacement)
		case c.xml && !isXMLRune(r):
			if !c.illegal {
				c.illegal = true
				c.tell(&Error{Text: "characters that XML does not allow were left out"})
			}
			text = nil
		}
		if len(dst)-nDst < len(text) {
			return nDst, nSrc, transform.ErrShortDst
		}
		nDst += copy(dst[nDst:], text)
		nSrc += size
	}
	return nDst, nSrc, nil
}
