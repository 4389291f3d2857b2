package harvest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"mime"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// sniffed is how much of a document is looked at for its encoding.
const sniffed = 1024

var (
	byteOrderMarks = []struct {
		mark []byte
		name string
	}{
		{[]byte{0xef, 0xbb, 0xbf}, "utf-8"},
		{[]byte{0xff, 0xfe}, "utf-16le"},
		{[]byte{0xfe, 0xff}, "utf-16be"},
	}
	declared = regexp.MustCompile(`^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._:-]+)["']`)
	metaTag  = regexp.MustCompile(`(?i)<meta[^>]*?charset\s*=\s*["']?\s*([A-Za-z0-9._:-]+)`)
)

// UTF8 gives the text of a document in UTF-8, without a byte order mark. Its encoding is that of
// its byte order mark, else of its Content-Type, else of its XML declaration, else
// of a <meta>, else UTF-8. Bytes that are not valid become U+FFFD, control characters that XML 1.0 has not
// are left out; at the end log, which may be nil, is told of both. An XML
// declaration stays as it is: parsers must not decode again.
func UTF8(body io.Reader, contentType string, log func(level, message string)) io.Reader {
	if log == nil {
		log = func(string, string) {}
	}
	in := bufio.NewReaderSize(body, 64<<10)
	start, _ := in.Peek(sniffed) // what is wrong with it is told by the reads
	name, mark := encodingOf(start, contentType)
	_, _ = in.Discard(mark)
	cleaned := &cleaner{in: in, log: log}
	decoder, err := decoderOf(name)
	switch {
	case err != nil:
		log("warning", fmt.Sprintf("The encoding %q is not known: the document is read as UTF-8.", name))
	case decoder != nil:
		cleaned.in = bufio.NewReaderSize(transform.NewReader(in, decoder), 64<<10)
	}
	return cleaned
}

// encodingOf names the encoding of a document, and tells how long its byte order
// mark is.
func encodingOf(start []byte, contentType string) (name string, mark int) {
	for _, bom := range byteOrderMarks {
		if bytes.HasPrefix(start, bom.mark) {
			return bom.name, len(bom.mark)
		}
	}
	if len(start) >= 4 {
		switch string(start[:4]) { // "<?" in 16 bits
		case "<\x00?\x00":
			return "utf-16le", 0
		case "\x00<\x00?":
			return "utf-16be", 0
		}
	}
	if _, params, err := mime.ParseMediaType(contentType); err == nil && params["charset"] != "" {
		return params["charset"], 0
	}
	for _, told := range []*regexp.Regexp{declared, metaTag} {
		if found := told.FindSubmatch(start); found != nil {
			return string(found[1]), 0
		}
	}
	return "utf-8", 0
}

// decoderOf finds an encoding by its name; nil for UTF-8, and for names of 16 bits in a document that
// can only have been read because it is not.
func decoderOf(name string) (*encoding.Decoder, error) {
	name = strings.ToLower(strings.TrimSpace(name))
	switch name {
	case "utf-16le":
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewDecoder(), nil
	case "utf-16be":
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewDecoder(), nil
	case "utf-8", "utf8", "utf-16", "us-ascii", "ascii":
		return nil, nil
	}
	found, err := htmlindex.Get(name)
	if err != nil {
		return nil, err
	}
	return found.NewDecoder(), nil
}

// cleaner makes a text valid UTF-8 that XML 1.0 may hold.
type cleaner struct {
	in      *bufio.Reader
	log     func(level, message string)
	invalid int
	control int
	over    bool
	rest    []byte // what a short read left
}

// Read gives what is valid as it is.
func (c *cleaner) Read(p []byte) (int, error) {
	if len(c.rest) > 0 {
		n := copy(p, c.rest)
		c.rest = c.rest[n:]
		return n, nil
	}
	if len(p) < utf8.UTFMax {
		return c.short(p)
	}
	n := 0
	for n+utf8.UTFMax <= len(p) {
		n += c.plain(p[n:])
		if n+utf8.UTFMax > len(p) || n > 0 && c.in.Buffered() < utf8.UTFMax {
			return n, nil
		}
		r, size, err := c.in.ReadRune()
		if err != nil {
			c.end()
			if n > 0 {
				return n, nil // the error comes again
			}
			return 0, err
		}
		switch {
		case r == utf8.RuneError && size == 1:
			c.invalid++
			n += utf8.EncodeRune(p[n:], r)
		case r < ' ' && r != '\t' && r != '\n' && r != '\r', r == 0xfffe, r == 0xffff:
			c.control++
		default:
			n += utf8.EncodeRune(p[n:], r)
		}
	}
	return n, nil
}

// plain copies the letters of ASCII that come next, as far as they are there.
func (c *cleaner) plain(p []byte) int {
	next, _ := c.in.Peek(min(c.in.Buffered(), len(p)))
	n := 0
	for n < len(next) && next[n] >= ' ' && next[n] < utf8.RuneSelf {
		n++
	}
	copy(p, next[:n])
	_, _ = c.in.Discard(n)
	return n
}

// short reads into a slice in which no character may fit.
func (c *cleaner) short(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	var one [utf8.UTFMax]byte
	n, err := c.Read(one[:])
	c.rest = bytes.Clone(one[:n])
	n = copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, err
}

func (c *cleaner) end() {
	if c.over {
		return
	}
	c.over = true
	if c.invalid > 0 {
		c.log("warning", fmt.Sprintf("%d bytes of the document are not valid text: each became �.", c.invalid))
	}
	if c.control > 0 {
		c.log("warning", fmt.Sprintf("%d control characters of the document were left out.", c.control))
	}
}
