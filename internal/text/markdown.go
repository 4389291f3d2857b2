package text

import (
	"bytes"
	"html"
	"strings"
	"sync"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer"
	markup "github.com/yuin/goldmark/renderer/html"
)

// Bounds of the source that HTML reads, in characters.
const (
	DefaultLimit = 20_000
	MaxLimit     = 100_000
)

// Rendering tells how Markdown becomes HTML. The zero value is that of an
// object's description in a page.
type Rendering struct {
	Limit      int    // characters read: 0 means DefaultLimit; at most MaxLimit
	Heading    int    // level of the highest headings: 0 means 2
	Breaks     bool   // the end of a line is a line break, as in a letter
	Images     bool   // keep images, which browsers then fetch from their hosts
	Embeds     bool   // leave the places of cards that snippets ask for, for CutEmbeds
	TableLabel string // accessible name of the boxes in which wide tables scroll
}

func (o Rendering) limit() int {
	if o.Limit <= 0 {
		return DefaultLimit
	}
	return min(o.Limit, MaxLimit)
}

func (o Rendering) heading() int {
	if o.Heading <= 0 {
		return 2
	}
	return min(o.Heading, 6)
}

// HTML renders GitHub-flavoured Markdown, and the HTML in it, as HTML that is
// safe in a page of ours: only elements and attributes that show text, links
// that give us no part in them, headings below those of the page without gaps,
// tables in boxes that scroll, images as links unless kept. A source beyond the
// limit is cut between paragraphs or lines; cut tells so.
//
// The time is bounded by the limit: some tens of milliseconds for the worst
// source of DefaultLimit. What would take longer, or nests beyond sense, is
// shown as plain text.
func HTML(markdown string, o Rendering) (rendered string, cut bool) {
	source, cut := cutSource(markdown, o.limit())
	source = strings.ToValidUTF8(source, "\uFFFD")
	if rendered, ok := render(tame(source), o); ok {
		return rendered, cut
	}
	return asTyped(source), cut
}

// render is false when the source's structure is beyond sense.
func render(source string, o Rendering) (string, bool) {
	var raw bytes.Buffer
	if err := converter(o.Breaks).Convert([]byte(source), &raw); err != nil || raw.Len() > maxGrowth*len(source)+1000 {
		return "", false
	}
	return cleanHTML(raw.Bytes(), o)
}

// maxGrowth is how many times longer than its source HTML may be.
const maxGrowth = 24

func converter(breaks bool) goldmark.Markdown {
	if breaks {
		return withBreaks()
	}
	return withoutBreaks()
}

var (
	withBreaks    = sync.OnceValue(func() goldmark.Markdown { return newConverter(markup.WithUnsafe(), markup.WithHardWraps()) })
	withoutBreaks = sync.OnceValue(func() goldmark.Markdown { return newConverter(markup.WithUnsafe()) })
)

// newConverter reads GitHub's extensions but its lists of tasks, which need
// form fields: a [x] stays as typed.
func newConverter(options ...renderer.Option) goldmark.Markdown {
	return goldmark.New(
		goldmark.WithExtensions(
			extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute)),
			extension.Strikethrough,
			extension.Linkify,
		),
		goldmark.WithRendererOptions(options...),
	)
}

// asTyped shows a source as plain text, in paragraphs and lines.
func asTyped(source string) string {
	var b strings.Builder
	for paragraph := range strings.SplitSeq(strings.ReplaceAll(source, "\r\n", "\n"), "\n\n") {
		paragraph = strings.TrimSpace(strings.ReplaceAll(paragraph, "\x00", "\uFFFD"))
		if paragraph == "" {
			continue
		}
		b.WriteString("<p>")
		b.WriteString(strings.ReplaceAll(html.EscapeString(paragraph), "\n", "<br/>"))
		b.WriteString("</p>\n")
	}
	return b.String()
}

// cutSource cuts a source longer than limit characters after its last whole
// paragraph, line or word, in this order, that does not give up more than a
// quarter.
func cutSource(source string, limit int) (string, bool) {
	if len(source) <= limit {
		return source, false
	}
	end, characters := len(source), 0
	for i := range source {
		if characters == limit {
			end = i
			break
		}
		characters++
	}
	if end == len(source) {
		return source, false
	}
	head := source[:end]
	for _, border := range []string{"\n\n", "\r\n\r\n", "\n", " "} {
		if at := strings.LastIndex(head, border); at > end-end/4 {
			return head[:at], true
		}
	}
	return head, true
}
