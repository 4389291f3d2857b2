package text

import (
	"strconv"
	"strings"

	"golang.org/x/net/html"
)

func itoa(n int) string { return strconv.Itoa(n) }

// Plain returns what a reader sees of Markdown or HTML, for indexing and short
// texts: tags, link targets and marks dropped, white space folded. It reads at
// most limit bytes of the source (0 means all).
func Plain(source string, limit int) string {
	if limit > 0 && len(source) > limit {
		source = strings.ToValidUTF8(source[:limit], "")
	}
	if strings.ContainsAny(source, "<&") {
		source = stripTags(source)
	}
	var b strings.Builder
	b.Grow(len(source))
	space, mark := false, false // what was left out since the last letter: blanks, marks
	for i := 0; i < len(source); i++ {
		c := source[i]
		switch {
		case c == ']' && i+1 < len(source) && source[i+1] == '(':
			end := strings.IndexByte(source[i:], ')')
			if end < 0 {
				mark = true
				continue
			}
			i += end
			mark = true
		case c == ' ' || c == '\n' || c == '\r' || c == '\t':
			space = true
		case strings.IndexByte("*_`#>|~[]!", c) >= 0:
			mark = true
		default:
			if b.Len() > 0 && (space || mark && strings.IndexByte(".,;:?)", c) < 0) {
				b.WriteByte(' ')
			}
			space, mark = false, false
			b.WriteByte(c)
		}
	}
	return b.String()
}

func stripTags(source string) string {
	var b strings.Builder
	b.Grow(len(source))
	tokens := html.NewTokenizer(strings.NewReader(source))
	hidden := 0
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			return b.String()
		case html.TextToken:
			if hidden == 0 {
				b.Write(tokens.Text())
			}
		case html.StartTagToken:
			if name, _ := tokens.TagName(); string(name) == "script" || string(name) == "style" {
				hidden++
			}
			b.WriteByte(' ')
		case html.EndTagToken:
			if name, _ := tokens.TagName(); hidden > 0 && (string(name) == "script" || string(name) == "style") {
				hidden--
			}
			b.WriteByte(' ')
		case html.SelfClosingTagToken:
			b.WriteByte(' ')
		}
	}
}
