package text

import (
	"bytes"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// policy is what HTML from others may hold.
var policy = sync.OnceValue(func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements(
		"p", "br", "hr", "div", "h1", "h2", "h3", "h4", "h5", "h6",
		"ul", "ol", "li", "dl", "dt", "dd", "blockquote", "pre", "details", "summary", "figure", "figcaption",
		"code", "em", "strong", "b", "i", "u", "s", "del", "ins", "sub", "sup", "small", "mark", "kbd", "samp", "var",
		"q", "cite", "abbr",
		"table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td",
	)
	p.AllowAttrs("href", "title").OnElements("a")
	p.AllowAttrs("src", "alt", "title").OnElements("img")
	p.AllowAttrs("title").OnElements("abbr")
	p.AllowAttrs(embedAttributes()...).Matching(embedKey).OnElements("div")
	p.AllowAttrs("start").Matching(regexp.MustCompile(`^[0-9]{1,9}$`)).OnElements("ol")
	p.AllowAttrs("align").Matching(regexp.MustCompile(`^(left|right|center)$`)).OnElements("th", "td")
	p.AllowAttrs("colspan", "rowspan").Matching(regexp.MustCompile(`^[1-9][0-9]?$`)).OnElements("th", "td")
	p.AllowURLSchemes("http", "https", "mailto", "tel", "ftp")
	p.AllowRelativeURLs(true)
	p.RequireParseableURLs(true)
	p.SkipElementsContent("svg", "math", "template", "title", "select", "textarea", "object", "audio", "video", "canvas")
	return p
})

// cleanHTML makes HTML from others fit for a page. It is false for HTML that
// nests too deep, or does not stay what it is when it is read again.
func cleanHTML(raw []byte, o Rendering) (string, bool) {
	safe := policy().SanitizeBytes(raw)
	if nestsTooDeep(safe) {
		return "", false
	}
	root, ok := parseFragment(safe)
	if !ok {
		return "", false
	}
	w := writer{Rendering: o}
	w.children(root, place{})
	written := renderFragment(root)
	if len(written) > maxGrowth*len(safe)+1000 {
		return "", false
	}
	return settle(written)
}

// Bounds of nesting: of elements that end only by a tag of their own, and of
// those among them that format text.
const (
	maxNesting = 64
	maxFormats = 12
)

// nestsTooDeep tells whether HTML out of the policy nests beyond sense. Where
// every < begins a tag, tags need no reading.
func nestsTooDeep(safe []byte) bool {
	nesting, formats := 0, 0
	for rest := safe; nesting <= maxNesting && formats <= maxFormats; {
		_, tag, found := bytes.Cut(rest, []byte("<"))
		if !found {
			return false
		}
		rest = tag
		step := 1
		if after, closes := bytes.CutPrefix(tag, []byte("/")); closes {
			tag, step = after, -1
		}
		name := tag[:max(0, bytes.IndexAny(tag, " />"))]
		switch string(name) {
		case "p", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "tfoot", "br", "hr", "img":
		case "a", "b", "i", "u", "s", "em", "strong", "code", "small":
			formats = max(0, formats+step)
		default:
			nesting = max(0, nesting+step)
		}
	}
	return true
}

// settle reads and writes HTML until it stays the same, so that browsers read
// what was meant; three times do for anything but attempts to break it.
func settle(written string) (string, bool) {
	for range 3 {
		root, ok := parseFragment([]byte(written))
		if !ok {
			return "", false
		}
		again := renderFragment(root)
		if again == written {
			return written, true
		}
		written = again
	}
	return "", false
}

// parseFragment reads HTML as the content of a div, which it returns.
func parseFragment(source []byte) (*html.Node, bool) {
	root := &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div}
	nodes, err := html.ParseFragment(bytes.NewReader(source), root)
	if err != nil {
		return nil, false
	}
	for _, node := range nodes {
		root.AppendChild(node)
	}
	return root, true
}

func renderFragment(root *html.Node) string {
	var b strings.Builder
	for child := range root.ChildNodes() {
		if html.Render(&b, child) != nil {
			return ""
		}
	}
	return b.String()
}

// writer fits a tree of HTML into a page.
type writer struct {
	Rendering
	outline []int // levels in the source of the headings above, highest first
}

// place is what a node is within.
type place struct{ link, table bool }

func (w *writer) children(parent *html.Node, in place) {
	for child := parent.FirstChild; child != nil; {
		next := child.NextSibling
		if child.Type == html.ElementNode {
			w.element(child, in)
		}
		child = next
	}
}

func (w *writer) element(n *html.Node, in place) {
	switch n.DataAtom {
	case atom.Img:
		w.image(n, in)
		return
	case atom.A:
		w.link(n, in)
		return
	case atom.Table:
		w.children(n, place{in.link, true})
		if !in.table {
			w.wrap(n)
		}
		return
	}
	if named, ok := takeEmbed(n); ok && w.Embeds {
		n.Parent.InsertBefore(embedComment(named), n)
		n.Parent.RemoveChild(n)
		return
	}
	w.children(n, in)
	switch n.DataAtom {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		w.level(n)
	case atom.P, atom.Div:
		dropBlank(n)
	case atom.Pre:
		reachable(n)
	}
}

// reachable lets keyboards scroll what may be wider than the page.
func reachable(n *html.Node) {
	if attribute(n, "tabindex") == "" {
		n.Attr = append(n.Attr, html.Attribute{Key: "tabindex", Val: "0"})
	}
}

// level gives a heading the level that its place in the outline asks for: one
// below the last heading that is higher in the source.
func (w *writer) level(n *html.Node) {
	if dropBlank(n) {
		return
	}
	level := int(n.Data[1] - '0')
	for len(w.outline) > 0 && w.outline[len(w.outline)-1] >= level {
		w.outline = w.outline[:len(w.outline)-1]
	}
	n.Data = "h" + strconv.Itoa(min(6, w.heading()+len(w.outline)))
	n.DataAtom = atom.Lookup([]byte(n.Data))
	w.outline = append(w.outline, level)
}

// dropBlank removes an element that shows nothing.
func dropBlank(n *html.Node) bool {
	for child := range n.ChildNodes() {
		if child.Type != html.TextNode || strings.TrimSpace(child.Data) != "" {
			return false
		}
	}
	n.Parent.RemoveChild(n)
	return true
}

// link marks a link as none of ours; a link within another is only its content.
func (w *writer) link(n *html.Node, in place) {
	address := attribute(n, "href")
	w.children(n, place{true, in.table})
	switch {
	case dropBlank(n):
	case in.link || address == "":
		unwrap(n)
	default:
		n.Attr = slices.DeleteFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "rel" || a.Key == "target" })
		n.Attr = append(n.Attr, foreign)
	}
}

// foreign tells search engines and browsers that a link was put by a reader.
var foreign = html.Attribute{Key: "rel", Val: "nofollow ugc noopener"}

// unwrap puts a node's children in its place.
func unwrap(n *html.Node) {
	for child := n.FirstChild; child != nil; child = n.FirstChild {
		n.RemoveChild(child)
		n.Parent.InsertBefore(child, n)
	}
	n.Parent.RemoveChild(n)
}

// image keeps an image, or puts a link to it in its place; within a link, its
// name alone.
func (w *writer) image(n *html.Node, in place) {
	address := attribute(n, "src")
	if w.Images && address != "" {
		n.Attr = slices.DeleteFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "loading" })
		n.Attr = append(n.Attr, html.Attribute{Key: "loading", Val: "lazy"})
		return
	}
	replacement := &html.Node{Type: html.TextNode, Data: imageName(n)}
	if replacement.Data == "" {
		n.Parent.RemoveChild(n)
		return
	}
	if address != "" && !in.link {
		link := &html.Node{Type: html.ElementNode, Data: "a", DataAtom: atom.A, Attr: []html.Attribute{{Key: "href", Val: address}, foreign}}
		link.AppendChild(replacement)
		replacement = link
	}
	n.Parent.InsertBefore(replacement, n)
	n.Parent.RemoveChild(n)
}

// imageName is the text that stands for an image: what its author wrote, else
// the name of its file.
func imageName(n *html.Node) string {
	for _, key := range []string{"alt", "title"} {
		if name := strings.TrimSpace(attribute(n, key)); name != "" {
			return name
		}
	}
	address, err := url.Parse(attribute(n, "src"))
	if err != nil {
		return ""
	}
	if name := path.Base(address.Path); name != "." && name != "/" {
		return name
	}
	return address.Host
}

// wrap puts a table in a box that scrolls, which keyboards can reach.
func (w *writer) wrap(table *html.Node) {
	box := &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div, Attr: []html.Attribute{
		{Key: "class", Val: "table-wrap"}, {Key: "tabindex", Val: "0"},
	}}
	if w.TableLabel != "" {
		box.Attr = append(box.Attr, html.Attribute{Key: "role", Val: "group"}, html.Attribute{Key: "aria-label", Val: w.TableLabel})
	}
	table.Parent.InsertBefore(box, table)
	table.Parent.RemoveChild(table)
	box.AppendChild(table)
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}
