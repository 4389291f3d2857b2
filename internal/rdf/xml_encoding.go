package rdf

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strings"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding/unicode"
)

// declaredEncoding finds the encoding that a declaration of XML names.
var declaredEncoding = regexp.MustCompile(
	`^[ \t\r\n]*<\?xml[^>]*?[ \t\r\n]encoding[ \t\r\n]*=[ \t\r\n]*["']([A-Za-z0-9._:-]+)["']`)

// decodeXML makes a document of XML UTF-8 and takes its byte order mark away.
// The mark decides on the encoding, else how the first character is written,
// else what the declaration says (XML 1.0, appendix F).
func decodeXML(in io.Reader) (io.Reader, error) {
	buffered := bufio.NewReader(in)
	head, _ := buffered.Peek(1024) // an error comes again when it is read
	starts := func(mark string) bool { return bytes.HasPrefix(head, []byte(mark)) }
	switch {
	case starts("\xEF\xBB\xBF"):
		_, err := buffered.Discard(3)
		return buffered, err
	case starts("\xFE\xFF"), starts("\xFF\xFE"), starts("\x00<"):
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewDecoder().Reader(buffered), nil
	case starts("<\x00"):
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Reader(buffered), nil
	}
	label := declaredEncoding.FindSubmatch(head)
	if label == nil {
		return buffered, nil
	}
	name := strings.ToLower(string(label[1]))
	if name == "utf-8" || name == "us-ascii" || strings.HasPrefix(name, "utf-16") {
		return buffered, nil // what was read so far is not written in UTF-16
	}
	encoding, _ := charset.Lookup(name)
	if encoding == nil {
		return nil, &Error{Line: 1, Column: 1, Text: fmt.Sprintf("the encoding “%s” is not known", name)}
	}
	return encoding.NewDecoder().Reader(buffered), nil
}
