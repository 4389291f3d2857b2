package rdf

import (
	"bytes"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"strings"
	"unicode/utf8"
)

// Bounds of what text formats are read with.
const (
	scanChunk   = 64 << 10 // bytes read at once
	maxInterned = 128      // bytes of an IRI that is kept to be used again
	// Short names can stand for long IRIs: what they expand to may not exceed
	// expandFree and expandRate bytes for each byte of the document.
	expandFree = 64 << 20
	expandRate = 16
)

// textScanner reads the words that N-Triples, N-Quads, Turtle and TriG share.
// It holds a part of the document: what is read ahead, and the word that is
// being read, which begins at keep.
type textScanner struct {
	lenient
	in   io.Reader
	buf  []byte
	end  int   // buf[:end] is known to be UTF-8; a character may be cut after it
	pos  int   // what comes next
	keep int   // what is before is passed
	err  error // why no more comes: io.EOF, an *Error, or the reader's own

	line, column int   // of buf[0], from 0
	passed       int64 // bytes before buf[0]
	expanded     int64 // bytes of IRIs that were made

	scratch  []byte
	seed     maphash.Seed
	interned [2048]string
}

func newTextScanner(source Source) *textScanner {
	passed := lenient(source.Lenient)
	s := &textScanner{in: passed.clean(source.Reader, false), lenient: passed, buf: make([]byte, 0, scanChunk), seed: maphash.MakeSeed()}
	for s.end < len(byteOrderMark) && s.more() {
	}
	if bytes.HasPrefix(s.buf[:s.end], []byte(byteOrderMark)) {
		s.buf = s.buf[len(byteOrderMark):]
		s.end -= len(byteOrderMark)
	}
	return s
}

const byteOrderMark = "\uFEFF"

// more reads on; it is false when nothing more comes.
func (s *textScanner) more() bool {
	if s.err != nil {
		return false
	}
	if s.pass(); len(s.buf) == cap(s.buf) {
		if len(s.buf) > maxLiteral+scanChunk {
			s.err = s.failAt(0, "this name or string is longer than %d bytes", maxLiteral)
			return false
		}
		s.buf = append(make([]byte, 0, 2*cap(s.buf)+scanChunk), s.buf...)
	}
	before := s.end
	for range 100 {
		n, err := s.in.Read(s.buf[len(s.buf):cap(s.buf)])
		s.buf = s.buf[:len(s.buf)+n]
		s.accept(errors.Is(err, io.EOF))
		if s.err == nil {
			s.err = err
		}
		if s.end > before || s.err != nil {
			return s.end > before
		}
	}
	s.err = io.ErrNoProgress
	return false
}

// pass forgets what is before keep.
func (s *textScanner) pass() {
	if s.keep == 0 {
		return
	}
	s.line, s.column = s.place(s.keep)
	s.passed += int64(s.keep)
	s.buf = s.buf[:copy(s.buf, s.buf[s.keep:])]
	s.end -= s.keep
	s.pos -= s.keep
	s.keep = 0
}

// accept takes the characters that were read, but for one whose end is still
// to come.
func (s *textScanner) accept(last bool) {
	cut := len(s.buf)
	for i := cut - 1; i >= s.end && i >= cut-utf8.UTFMax && !last; i-- {
		if utf8.RuneStart(s.buf[i]) {
			if !utf8.FullRune(s.buf[i:]) {
				cut = i
			}
			break
		}
	}
	if utf8.Valid(s.buf[s.end:cut]) {
		s.end = cut
		return
	}
	for s.end < cut {
		r, size := utf8.DecodeRune(s.buf[s.end:cut])
		if r == utf8.RuneError && size <= 1 {
			break
		}
		s.end += size
	}
	s.err = s.failAt(s.end, "the byte 0x%02X is not UTF-8: save the document as UTF-8", s.buf[s.end])
}

// place is the line and column of a byte, from 0.
func (s *textScanner) place(at int) (line, column int) {
	before := s.buf[:at]
	lines := bytes.Count(before, []byte{'\n'})
	if lines == 0 {
		return s.line, s.column + utf8.RuneCount(before)
	}
	return s.line + lines, utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
}

// failAt is an error at a place of buf.
func (s *textScanner) failAt(at int, format string, args ...any) error {
	line, column := s.place(at)
	return &Error{Line: line + 1, Column: column + 1, Text: fmt.Sprintf(format, args...)}
}

// fail is an error at the word that is being read.
func (s *textScanner) fail(format string, args ...any) error {
	return s.failAt(s.keep, format, args...)
}

// unexpected is the error of what comes next not being what is wanted.
func (s *textScanner) unexpected(want string) error {
	if s.peek() >= 0 {
		r, _ := utf8.DecodeRune(s.buf[s.pos:s.end])
		return s.failAt(s.pos, "%q stands where %s is expected", r, want)
	}
	if err := s.finish(); err != nil {
		return err
	}
	return s.failAt(s.pos, "the document ends where %s is expected", want)
}

// finish is nil when the whole document was read.
func (s *textScanner) finish() error {
	if errors.Is(s.err, io.EOF) {
		return nil
	}
	return s.err
}

// peek is the next byte; -1 at the end.
func (s *textScanner) peek() int {
	if s.pos < s.end || s.more() {
		return int(s.buf[s.pos])
	}
	return -1
}

// peekAt is the byte n bytes ahead; -1 beyond the end.
func (s *textScanner) peekAt(n int) int {
	for s.pos+n >= s.end {
		if !s.more() {
			return -1
		}
	}
	return int(s.buf[s.pos+n])
}

// begin begins a word at what comes next.
func (s *textScanner) begin() { s.keep = s.pos }

// word is what was read since begin; valid until what follows is read.
func (s *textScanner) word() []byte { return s.buf[s.keep:s.pos] }

// skipComment passes the rest of the line.
func (s *textScanner) skipComment() {
	for s.peek() >= 0 {
		if n := bytes.IndexAny(s.buf[s.pos:s.end], "\r\n"); n >= 0 {
			s.pos += n
			return
		}
		s.pos = s.end
		s.begin()
	}
}

// intern makes a string; the same one for short words that come again and
// again.
func (s *textScanner) intern(word []byte) (string, error) {
	if len(word) > maxInterned {
		return s.make(word)
	}
	at := &s.interned[maphash.Bytes(s.seed, word)%uint64(len(s.interned))]
	if *at == string(word) {
		return *at, nil
	}
	made, err := s.make(word)
	*at = made
	return made, err
}

func (s *textScanner) make(word []byte) (string, error) {
	if len(word) > maxIRI {
		return "", s.fail("this IRI is longer than %d bytes", maxIRI)
	}
	if s.expanded += int64(len(word)); s.expanded > expandFree+expandRate*(s.passed+int64(s.end)) {
		return "", s.fail("the short names of this document expand to too much text")
	}
	return string(word), nil
}

// iri reads an IRI between < and >. A relative one is resolved against the
// base; without a base it is an error.
func (s *textScanner) iri(base iriParts) (string, error) {
	raw, err := s.rawIRI()
	if err != nil {
		return "", err
	}
	if schemeLength(raw) > 0 && !hasDots(raw) {
		return s.intern(raw)
	}
	if base.scheme == "" {
		if schemeLength(raw) > 0 {
			return s.intern(raw)
		}
		return "", s.fail("the IRI <%.200s> is relative and the document has no base", raw)
	}
	return s.intern([]byte(base.resolve(string(raw))))
}

// hasDots tells whether an IRI may have segments to remove.
func hasDots(iri []byte) bool {
	for at := bytes.IndexByte(iri, '.'); at > 0; {
		if iri[at-1] == '/' || iri[at-1] == ':' {
			return true
		}
		next := bytes.IndexByte(iri[at+1:], '.')
		if next < 0 {
			break
		}
		at += 1 + next
	}
	return false
}

// rawIRI reads what is between < and >, its escapes replaced.
func (s *textScanner) rawIRI() ([]byte, error) {
	s.begin()
	s.pos++
	escaped := false
	for {
		for s.pos < s.end && !notInIRI[s.buf[s.pos]] {
			s.pos++
		}
		switch c := s.peek(); {
		case c == '>':
			raw := s.buf[s.keep+1 : s.pos]
			s.pos++
			if escaped {
				return s.unescapedIRI(raw)
			}
			return raw, nil
		case c == '\\':
			escaped = true
			if next := s.peekAt(1); next != 'u' && next != 'U' {
				return nil, s.failAt(s.pos, `only \u and \U escape characters of an IRI`)
			}
			s.pos += 2
		case c >= 0 && notInIRI[c]:
			err := s.failAt(s.pos, "%q cannot stand in an IRI: write it percent-encoded", rune(c))
			if c == '<' || c == '\n' || c == '\r' || !s.told(err) {
				return nil, err
			}
			s.pos++
		case c < 0:
			return nil, s.unexpected("the end of an IRI, >,")
		}
		if s.pos-s.keep > maxIRI {
			return nil, s.fail("this IRI is longer than %d bytes", maxIRI)
		}
	}
}

// unescapedIRI replaces the escapes of an IRI.
func (s *textScanner) unescapedIRI(raw []byte) ([]byte, error) {
	s.scratch = s.scratch[:0]
	for {
		plain, escape, found := bytes.Cut(raw, []byte{'\\'})
		s.scratch = append(s.scratch, plain...)
		if !found {
			return s.scratch, nil
		}
		r, size := codePoint(escape)
		if size == 0 {
			return nil, s.fail(`an escape of this IRI is not \u with 4 or \U with 8 hexadecimal digits of a character`)
		}
		if r < utf8.RuneSelf && notInIRI[r] {
			return nil, s.fail("%q cannot stand in an IRI, even escaped", r)
		}
		s.scratch = utf8.AppendRune(s.scratch, r)
		raw = escape[size:]
	}
}

// codePoint reads u and 4 or U and 8 hexadecimal digits at the beginning of
// text; size is 0 when they are not there or mean no character.
func codePoint(text []byte) (r rune, size int) {
	if len(text) == 0 {
		return 0, 0
	}
	size = 5
	if text[0] == 'U' {
		size = 9
	}
	if len(text) < size {
		return 0, 0
	}
	var code uint32
	for _, c := range text[1:size] {
		switch {
		case isDigit(c):
			code = code<<4 | uint32(c-'0')
		case isHex(c):
			code = code<<4 | uint32(c|0x20-'a'+10)
		default:
			return 0, 0
		}
	}
	if code > utf8.MaxRune || !utf8.ValidRune(rune(code)) {
		return 0, 0
	}
	return rune(code), size
}

// blank reads the label of a blank node, _: included.
func (s *textScanner) blank() (Term, error) {
	s.begin()
	if s.peekAt(1) != ':' {
		return Term{}, s.fail("a blank node is written _: and a label")
	}
	s.pos += 2
	r := s.peekRune()
	if !isNameBase(r) && r != '_' && (r < '0' || r > '9') {
		return Term{}, s.unexpected("the label of a blank node")
	}
	s.skipName()
	if s.pos-s.keep > maxIRI {
		return Term{}, s.fail("this label is longer than %d bytes", maxIRI)
	}
	// Labels of the document begin with u, those made up for it do not.
	s.scratch = append(append(s.scratch[:0], 'u'), s.word()[2:]...)
	label, err := s.intern(s.scratch)
	return NewBlank(label), err
}

// peekRune is the next character; -1 at the end.
func (s *textScanner) peekRune() rune {
	if s.peek() < 0 {
		return -1
	}
	r, _ := utf8.DecodeRune(s.buf[s.pos:s.end])
	return r
}

// skipName passes characters of a name and the dots between them.
func (s *textScanner) skipName() {
	for {
		r := s.peekRune()
		if r < 0 || r != '.' && !isNameChar(r) {
			break
		}
		s.pos += utf8.RuneLen(r)
	}
	s.unreadDots()
}

// unreadDots gives back the dots at the end of a name, which belong to what
// follows.
func (s *textScanner) unreadDots() {
	for s.pos > s.keep && s.buf[s.pos-1] == '.' {
		s.pos--
	}
}

// language reads a language tag, @ included.
func (s *textScanner) language() (string, error) {
	s.pos++
	s.begin()
	for {
		c := s.peek()
		if c < 0 || c != '-' && (c >= utf8.RuneSelf || !isLetter(byte(c)) && !isDigit(byte(c))) {
			break
		}
		s.pos++
	}
	tag := s.word()
	if len(tag) > maxInterned || !isLanguage(string(tag)) {
		if err := s.fail("%.100q is not a language tag", tag); !s.told(err) {
			return "", err
		}
		return "", nil
	}
	return s.intern([]byte(strings.ToLower(string(tag))))
}

// quoted reads a string whose opening quotes, one or three, are passed.
func (s *textScanner) quoted(quote byte, long bool) (string, error) {
	s.begin()
	s.scratch = s.scratch[:0]
	for {
		s.skipPlain(quote)
		if len(s.scratch)+s.pos-s.keep > maxLiteral {
			return "", s.fail("this string is longer than %d bytes", maxLiteral)
		}
		switch c := s.peek(); {
		case c < 0:
			return "", s.unexpected("the end of a string, " + string(quote) + ",")
		case c == int(quote) && (!long || s.peekAt(1) == c && s.peekAt(2) == c):
			value := s.taken()
			s.pos++
			if long {
				s.pos += 2
			}
			return value, nil
		case c == '\\':
			s.scratch = append(s.scratch, s.word()...)
			if err := s.escape(); err != nil {
				return "", err
			}
			s.begin()
		case (c == '\n' || c == '\r') && !long:
			return "", s.failAt(s.pos, `the line ends inside a string: close it with %c, or write \n`, quote)
		default:
			s.pos++
		}
	}
}

// skipPlain passes what needs no look inside a string.
func (s *textScanner) skipPlain(quote byte) {
	for s.pos < s.end {
		if c := s.buf[s.pos]; c == quote || c == '\\' || c == '\n' || c == '\r' {
			return
		}
		s.pos++
	}
}

// taken is the string of scratch and the word after it.
func (s *textScanner) taken() string {
	if len(s.scratch) == 0 {
		return string(s.word())
	}
	s.scratch = append(s.scratch, s.word()...)
	return string(s.scratch)
}

// escape reads an escape of a string and appends its character to scratch.
func (s *textScanner) escape() error {
	s.begin()
	at := strings.IndexByte(`tbnrf"'\`, byte(max(0, s.peekAt(1))))
	if at >= 0 {
		s.scratch = append(s.scratch, "\t\b\n\r\f\"'\\"[at])
		s.pos += 2
		return nil
	}
	switch s.peekAt(1) {
	case 'u':
		s.peekAt(5)
	case 'U':
		s.peekAt(9)
	case -1:
		s.pos++
		return s.unexpected("the rest of an escape")
	default:
		return s.fail(`this escape is unknown: a backslash is written \\`)
	}
	r, size := codePoint(s.buf[s.pos+1 : min(s.end, s.pos+10)])
	if size == 0 {
		return s.fail(`this escape is not \u with 4 or \U with 8 hexadecimal digits of a character`)
	}
	s.scratch = utf8.AppendRune(s.scratch, r)
	s.pos += 1 + size
	return nil
}
