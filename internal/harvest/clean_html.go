package harvest

import (
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// holdsHTML tells whether a text holds a tag of HTML.
func holdsHTML(s string) bool {
	if !strings.Contains(s, "<") {
		return false
	}
	for z := html.NewTokenizer(strings.NewReader(s)); ; {
		switch z.Next() {
		case html.ErrorToken:
			return false
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			name, _ := z.TagName()
			if atom.Lookup(name) != 0 {
				return true
			}
		}
	}
}

// maxHTMLDepth bounds how deep elements are followed; what is deeper gives its
// text alone.
const maxHTMLDepth = 100

// markdownOf makes Markdown of HTML. A text without any tag keeps its lines.
func markdownOf(s string) string {
	if !holdsHTML(s) {
		return escapeMarkup(html.UnescapeString(s))
	}
	root := &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div}
	nodes, err := html.ParseFragment(strings.NewReader(s), root)
	if err != nil {
		return escapeMarkup(html.UnescapeString(s))
	}
	for _, node := range nodes {
		root.AppendChild(node)
	}
	var w markdownWriter
	w.children(root, 0)
	return strings.TrimSpace(w.String())
}

// markdownWriter writes Markdown: lines begin with the marks of the blocks that
// they are within.
type markdownWriter struct {
	strings.Builder
	// prefix begins each line.
	prefix string
	// blank counts the line ends that came last; space tells that a space is due.
	blank int
	space bool
	// item is the mark of a list's item whose text has not begun.
	item string
	// raw keeps white space, as code does.
	raw bool
}

// block ends a line and leaves so many empty ones.
func (w *markdownWriter) block(lines int) {
	w.space = false
	if w.Len() == 0 || w.item != "" {
		return
	}
	for w.blank < lines {
		if w.blank > 0 { // a line between two within a quotation belongs to it
			w.WriteString(strings.TrimRight(w.prefix, " "))
		}
		w.WriteByte('\n')
		w.blank++
	}
}

// begin writes what stands before the first text of a line.
func (w *markdownWriter) begin() {
	if w.Len() == 0 || w.blank > 0 {
		w.WriteString(w.prefix)
	}
	if w.item != "" {
		w.WriteString(w.item)
		w.prefix += strings.Repeat(" ", len(w.item))
		w.item = ""
	}
	w.blank = 0
}

// text writes words; white space between them is one space, an empty line a new
// paragraph.
func (w *markdownWriter) text(s string) {
	if w.raw {
		for i, line := range strings.Split(s, "\n") {
			if i > 0 {
				w.WriteByte('\n')
				w.WriteString(w.prefix)
			}
			w.WriteString(line)
		}
		return
	}
	for i, paragraph := range strings.Split(s, "\n\n") {
		words := strings.Fields(paragraph)
		if i > 0 && len(words) > 0 {
			w.block(2)
		}
		if len(words) == 0 {
			w.space = w.space || paragraph != "" && w.blank == 0
			continue
		}
		lead := paragraph[0] == ' ' || paragraph[0] == '\n' || paragraph[0] == '\t'
		starts := w.Len() == 0 || w.blank > 0 || w.item != ""
		if (lead || w.space) && !starts {
			w.WriteByte(' ')
		}
		w.begin()
		line := escapeMarkup(strings.Join(words, " "))
		if starts {
			line = escapeStart(line)
		}
		w.WriteString(line)
		last := paragraph[len(paragraph)-1]
		w.space = last == ' ' || last == '\n' || last == '\t'
	}
}

// escapeStart keeps the beginning of a line from being a mark of Markdown.
func escapeStart(line string) string {
	if line == "" {
		return line
	}
	rest := line[1:]
	switch c := line[0]; {
	case (c == '-' || c == '+' || c == '*') && (rest == "" || rest[0] == ' '), c == '#', c == '>':
		return `\` + line
	case c >= '0' && c <= '9':
		digits := len(line) - len(strings.TrimLeft(line, "0123456789"))
		if after := line[digits:]; digits < 10 && len(after) > 1 && (after[0] == '.' || after[0] == ')') && after[1] == ' ' {
			return line[:digits] + `\` + after
		}
	}
	return line
}

// mark writes a mark that belongs to the text beside it.
func (w *markdownWriter) mark(s string) {
	if w.space && w.Len() > 0 && w.blank == 0 && w.item == "" {
		w.WriteByte(' ')
	}
	w.space = false
	w.begin()
	w.WriteString(s)
}

func (w *markdownWriter) children(n *html.Node, depth int) {
	for child := range n.ChildNodes() {
		w.node(child, depth)
	}
}

func (w *markdownWriter) node(n *html.Node, depth int) {
	switch {
	case n.Type == html.TextNode:
		w.text(n.Data)
		return
	case n.Type != html.ElementNode:
		return
	case depth > maxHTMLDepth:
		w.text(contentOf(n))
		return
	}
	depth++
	switch n.DataAtom {
	case atom.Script, atom.Style, atom.Head, atom.Title, atom.Template, atom.Noscript, atom.Iframe, atom.Object, atom.Svg, atom.Math:
	case atom.Br:
		w.space = false
		if w.Len() > 0 && w.blank == 0 {
			w.WriteString("  \n")
			w.blank = 1
		}
	case atom.Hr:
		w.block(2)
		w.mark("---")
		w.block(2)
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		w.block(2)
		if strings.TrimSpace(contentOf(n)) != "" {
			w.mark(strings.Repeat("#", int(n.Data[1]-'0')) + " ")
			w.inline(n, depth)
		}
		w.block(2)
	case atom.Strong, atom.B:
		w.around("**", n, depth)
	case atom.Em, atom.I:
		w.around("_", n, depth)
	case atom.Code, atom.Kbd, atom.Samp:
		w.around("`", n, depth)
	case atom.A:
		w.link(n, depth)
	case atom.Img:
		if address := attributeOf(n, "src"); linkable(address) {
			w.mark("![" + strings.Join(strings.Fields(attributeOf(n, "alt")), " ") + "](" + linkTarget(address) + ")")
		}
	case atom.Ul, atom.Ol:
		w.list(n, depth)
	case atom.Pre:
		w.code(n)
	case atom.Blockquote:
		w.block(2)
		w.within("> ", func() { w.children(n, depth) })
		w.block(2)
	case atom.Table:
		w.table(n, depth)
	case atom.P, atom.Div, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Figure, atom.Dl, atom.Dd, atom.Dt, atom.Form, atom.Fieldset, atom.Address, atom.Main, atom.Aside, atom.Nav, atom.Center:
		w.block(2)
		w.children(n, depth)
		w.block(2)
	case atom.Li:
		w.block(1)
		w.children(n, depth)
		w.block(1)
	default:
		w.children(n, depth)
	}
}

// inline writes what is within a line.
func (w *markdownWriter) inline(n *html.Node, depth int) {
	inner := markdownWriter{}
	inner.children(n, depth)
	w.WriteString(strings.Join(strings.Fields(inner.String()), " "))
}

// around puts marks around a text, if there is one; white space stays outside, and
// blocks have no marks around them.
func (w *markdownWriter) around(mark string, n *html.Node, depth int) {
	if holdsBlock(n) {
		w.children(n, depth)
		return
	}
	inner := markdownWriter{}
	inner.children(n, depth)
	content, whole := strings.TrimSpace(inner.String()), contentOf(n)
	if content == "" {
		w.space = w.space || whole != ""
		return
	}
	if strings.Contains(content, "\n\n") {
		mark = ""
	}
	if strings.HasPrefix(whole, " ") || strings.HasPrefix(whole, "\n") {
		w.space = true
	}
	w.mark(strings.ReplaceAll(mark+content+mark, "\n", "\n"+w.prefix))
	w.space = strings.HasSuffix(whole, " ") || strings.HasSuffix(whole, "\n")
}

// holdsBlock tells whether an element holds one that stands on lines of its own.
func holdsBlock(n *html.Node) bool {
	for one := range n.Descendants() {
		switch one.DataAtom {
		case atom.P, atom.Div, atom.Ul, atom.Ol, atom.Li, atom.Table, atom.Pre, atom.Blockquote, atom.Hr, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6,
			atom.Section, atom.Article, atom.Dl, atom.Dd, atom.Dt, atom.Figure, atom.Center:
			return true
		}
	}
	return false
}

func (w *markdownWriter) link(n *html.Node, depth int) {
	address := strings.TrimSpace(attributeOf(n, "href"))
	if !linkable(address) {
		w.children(n, depth)
		return
	}
	inner := markdownWriter{}
	inner.children(n, depth)
	if label := strings.Join(strings.Fields(inner.String()), " "); label == "" || label == address {
		w.mark("<" + linkTarget(address) + ">")
	} else {
		w.mark("[" + label + "](" + linkTarget(address) + ")")
	}
}

// linkable tells whether an address may stand in a text.
func linkable(address string) bool {
	lower := strings.ToLower(strings.TrimSpace(address))
	for _, scheme := range []string{"http://", "https://", "ftp://", "mailto:"} {
		if strings.HasPrefix(lower, scheme) {
			return true
		}
	}
	return false
}

func linkTarget(address string) string {
	return strings.NewReplacer(" ", "%20", "(", "%28", ")", "%29", "<", "%3C", ">", "%3E", "\n", "", "\t", "").Replace(strings.TrimSpace(address))
}

// within writes blocks whose lines begin with a mark.
func (w *markdownWriter) within(prefix string, write func()) {
	outer := w.prefix
	w.prefix += prefix
	write()
	w.prefix = outer
}

func (w *markdownWriter) list(n *html.Node, depth int) {
	if w.prefix == "" {
		w.block(2)
	} else {
		w.block(1)
	}
	number := 1
	for child := range n.ChildNodes() {
		if child.Type != html.ElementNode {
			continue
		}
		outer := w.prefix
		mark := "- "
		if n.DataAtom == atom.Ol {
			mark = strconv.Itoa(number) + ". "
			number++
		}
		w.block(1)
		w.item = mark
		if child.DataAtom == atom.Li {
			w.children(child, depth)
		} else {
			w.node(child, depth)
		}
		w.item = ""
		w.prefix = outer
		w.block(1)
	}
	if w.prefix == "" {
		w.block(2)
	}
}

func (w *markdownWriter) code(n *html.Node) {
	content := strings.Trim(contentOf(n), "\n")
	if strings.TrimSpace(content) == "" {
		return
	}
	fence := "```"
	for strings.Contains(content, fence) {
		fence += "`"
	}
	w.block(2)
	w.begin()
	w.raw = true
	w.text(fence + "\n" + content + "\n" + fence)
	w.raw = false
	w.block(2)
}

// table writes a table whose first row is its head.
func (w *markdownWriter) table(n *html.Node, depth int) {
	var rows [][]string
	columns := 0
	var collect func(n *html.Node, level int)
	collect = func(n *html.Node, level int) {
		for child := range n.ChildNodes() {
			switch {
			case child.Type != html.ElementNode || level > 5:
			case child.DataAtom == atom.Tr:
				var row []string
				for cell := range child.ChildNodes() {
					if cell.DataAtom == atom.Td || cell.DataAtom == atom.Th {
						inner := markdownWriter{}
						inner.children(cell, depth)
						row = append(row, strings.ReplaceAll(strings.Join(strings.Fields(inner.String()), " "), "|", `\|`))
					}
				}
				if len(row) > 0 {
					rows = append(rows, row)
					columns = max(columns, len(row))
				}
			default:
				collect(child, level+1)
			}
		}
	}
	collect(n, 0)
	if len(rows) == 0 {
		return
	}
	w.block(2)
	for i, row := range rows {
		for len(row) < columns {
			row = append(row, "")
		}
		w.block(1)
		w.begin()
		w.WriteString("| " + strings.Join(row, " | ") + " |")
		if i == 0 {
			w.block(1)
			w.begin()
			w.WriteString("|" + strings.Repeat(" --- |", columns))
		}
	}
	w.block(2)
}

// contentOf is the text within an element.
func contentOf(n *html.Node) string {
	var b strings.Builder
	for one := range n.Descendants() {
		if one.Type == html.TextNode {
			b.WriteString(one.Data)
		}
	}
	return b.String()
}

func attributeOf(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}
