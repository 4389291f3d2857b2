package tabular

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"unicode"
)

// Bounds of a look at a text.
const (
	textBytes   = 100_000
	prettyBytes = 400_000
	prettyDepth = 32
)

// Excerpt is the beginning of a text.
type Excerpt struct {
	// Text is UTF-8 without control characters but line ends and tabs.
	Text string
	// Kind is "json", "xml", "html" or "text", by how the text begins.
	Kind string
	// Whole says that this is all of it; Pretty that JSON was laid out on lines.
	Whole, Pretty bool
	// Encoding is the IANA name; Gzip says that the file is compressed.
	Encoding string
	Gzip     bool
	// Size is that of the remote file in bytes, -1 when unknown; URL is the address that answered.
	Size int64
	URL  string
}

// PeekText reads the beginning of a remote text, at most 100 KB. JSON is laid out on lines when it is
// complete. Its errors are faults; Why tells the reason.
func PeekText(ctx context.Context, get Getter, url string) (*Excerpt, error) {
	p, err := begin(ctx, get, url, textBytes)
	if err != nil {
		return nil, err
	}
	e, err := excerpt(p.data, p.whole)
	if err != nil {
		return nil, err
	}
	e.Gzip, e.Size, e.URL = p.gzip, p.size, p.url
	return e, nil
}

func excerpt(data []byte, whole bool) (*Excerpt, error) {
	if reason := notText(data); reason != "" {
		return nil, trouble(reason, nil)
	}
	text, encoding := decode(data, whole)
	text = strings.Map(visible, strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n"))
	begin := strings.TrimSpace(text)
	if begin == "" {
		return nil, trouble(Empty, nil)
	}
	e := &Excerpt{Text: text, Kind: kindOfText(begin), Whole: whole, Encoding: encoding}
	if e.Kind == "json" && whole {
		if laid, ok := pretty(text); ok {
			e.Text, e.Pretty = laid, true
		}
	}
	return e, nil
}

// visible drops control characters, and those that turn the direction of the text around them.
func visible(r rune) rune {
	switch {
	case r == '\n' || r == '\t':
		return r
	case unicode.IsControl(r), '\u202a' <= r && r <= '\u202e', '\u2066' <= r && r <= '\u2069':
		return -1
	}
	return r
}

// pretty lays JSON out on lines, unless it is broken, too deep, or gets too long by it.
func pretty(text string) (string, bool) {
	if depth(text) > prettyDepth || !json.Valid([]byte(text)) {
		return "", false
	}
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(strings.TrimSpace(text)), "", "  "); err != nil || b.Len() > prettyBytes {
		return "", false
	}
	return b.String(), true
}

// depth is how deep the brackets of a JSON text go.
func depth(text string) int {
	deep, most, quoted := 0, 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			deep++
			most = max(most, deep)
		case c == '}' || c == ']':
			deep--
		}
	}
	return most
}
