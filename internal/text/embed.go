package text

import (
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// Embed is an object whose card a text asks for, by a snippet that pages of
// other sites use: <div data-udata-dataset="its slug"></div>.
type Embed struct {
	// Kind is dataset, reuse, organization, dataservice or topic; Key an
	// identifier or a slug.
	Kind, Key string
}

// embedKinds are the kinds that a snippet may name.
var embedKinds = []string{"dataset", "reuse", "organization", "dataservice", "topic"}

const embedAttribute = "data-udata-"

// embedAttributes are the attributes of snippets.
func embedAttributes() []string {
	names := make([]string, len(embedKinds))
	for i, kind := range embedKinds {
		names[i] = embedAttribute + kind
	}
	return names
}

var embedKey = regexp.MustCompile(`^[A-Za-z0-9_-]{1,300}$`)

// takeEmbed takes the attributes of a snippet off an element, and tells which
// object it names.
func takeEmbed(n *html.Node) (named Embed, ok bool) {
	n.Attr = slices.DeleteFunc(n.Attr, func(a html.Attribute) bool {
		kind, is := strings.CutPrefix(a.Key, embedAttribute)
		if is && !ok {
			named, ok = Embed{kind, a.Val}, true
		}
		return is
	})
	return named, ok
}

// The comment that stands for a card; what others write holds no comments.
const (
	embedBegin = "<!--embed "
	embedEnd   = "-->"
)

func embedComment(e Embed) *html.Node {
	return &html.Node{Type: html.CommentNode, Data: "embed " + e.Kind + " " + e.Key}
}

// CutEmbeds cuts rendered HTML at the places of cards: there is one part more
// than there are cards. Rendering.Embeds leaves the places.
func CutEmbeds(rendered string) (parts []string, embeds []Embed) {
	for {
		before, rest, found := strings.Cut(rendered, embedBegin)
		said, after, closed := strings.Cut(rest, embedEnd)
		kind, key, whole := strings.Cut(said, " ")
		if !found || !closed || !whole {
			return append(parts, rendered), embeds
		}
		parts, embeds, rendered = append(parts, before), append(embeds, Embed{kind, key}), after
	}
}
