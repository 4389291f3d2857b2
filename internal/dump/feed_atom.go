package dump

import (
	"cmp"
	"encoding/xml"
	"time"
)

// atom is a feed as RFC 4287 writes it.
type atom struct {
	XMLName   xml.Name   `xml:"http://www.w3.org/2005/Atom feed"`
	Lang      string     `xml:"xml:lang,attr"`
	ID        string     `xml:"id"`
	Title     string     `xml:"title"`
	Updated   string     `xml:"updated"`
	Author    atomPerson `xml:"author"`
	Links     []atomLink `xml:"link"`
	Icon      string     `xml:"icon"`
	Generator string     `xml:"generator"`
	Entries   []atomEntry
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr"`
	Href string `xml:"href,attr"`
}

type atomPerson struct {
	Name string `xml:"name"`
	URI  string `xml:"uri,omitempty"`
}

type atomText struct {
	Type string `xml:"type,attr"`
	Text string `xml:",chardata"`
}

type atomCategory struct {
	Term string `xml:"term,attr"`
}

type atomEntry struct {
	XMLName    xml.Name       `xml:"entry"`
	ID         string         `xml:"id"`
	Title      string         `xml:"title"`
	Link       atomLink       `xml:"link"`
	Author     atomPerson     `xml:"author"`
	Published  string         `xml:"published"`
	Updated    string         `xml:"updated"`
	Categories []atomCategory `xml:"category"`
	Summary    *atomText      `xml:"summary"`
	Content    *atomText      `xml:"content"`
}

// atom writes the channel as RFC 4287 says.
func (c *channel) atom() *atom {
	out := &atom{
		Lang: c.Lang, ID: c.Base + c.Self, Title: c.title, Updated: timestamp(c.modified), Generator: "Grenier",
		Author: atomPerson{Name: c.siteName(), URI: c.Base + "/"},
		Links: []atomLink{
			{Rel: "self", Type: Atom.Type(), Href: c.Base + c.Self},
			{Rel: "alternate", Type: "text/html", Href: c.Base + c.Prefix + c.Page},
		},
		Icon: c.Base + "/favicon.svg",
	}
	for i := range c.items {
		out.Entries = append(out.Entries, c.atomEntry(&c.items[i]))
	}
	return out
}

func (c *channel) atomEntry(it *item) atomEntry {
	e := atomEntry{
		ID: c.id(it), Title: it.name(), Link: atomLink{Rel: "alternate", Type: "text/html", Href: c.page(it)},
		Published: timestamp(it.published.Time), Updated: timestamp(it.updated.Time),
	}
	e.Author.Name, e.Author.URI = c.publisher(it)
	for _, term := range it.terms() {
		e.Categories = append(e.Categories, atomCategory{term})
	}
	if it.description != "" {
		e.Summary = &atomText{"text", cut(it.description, summaryMax)}
	}
	if body := rendered(cmp.Or(it.body, it.description)); body != "" {
		e.Content = &atomText{"html", body}
	}
	return e
}

// timestamp writes a moment as RFC 3339 does.
func timestamp(t time.Time) string {
	if t.IsZero() {
		t = time.Unix(0, 0)
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}
