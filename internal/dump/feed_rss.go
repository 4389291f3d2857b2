package dump

import (
	"encoding/xml"
	"time"
)

// rss is a feed as RSS 2.0 writes it, with the elements of other vocabularies
// that the profile of the RSS Advisory Board recommends: the feed's own address
// from Atom, the author without a mail address from Dublin Core, the whole text
// beside the summary from the content module.
type rss struct {
	XMLName xml.Name   `xml:"rss"`
	Version string     `xml:"version,attr"`
	Atom    string     `xml:"xmlns:atom,attr"`
	Dublin  string     `xml:"xmlns:dc,attr"`
	Content string     `xml:"xmlns:content,attr"`
	Channel rssChannel `xml:"channel"`
}

type rssChannel struct {
	Title       string   `xml:"title"`
	Link        string   `xml:"link"`
	Description string   `xml:"description"`
	Self        atomLink `xml:"atom:link"`
	Language    string   `xml:"language"`
	Changed     string   `xml:"lastBuildDate,omitempty"`
	Generator   string   `xml:"generator"`
	Docs        string   `xml:"docs"`
	TTL         int      `xml:"ttl"`
	Items       []rssItem
}

type rssItem struct {
	XMLName     xml.Name `xml:"item"`
	Title       string   `xml:"title"`
	Link        string   `xml:"link"`
	GUID        rssGUID  `xml:"guid"`
	Published   string   `xml:"pubDate,omitempty"`
	Updated     string   `xml:"atom:updated"`
	Creator     string   `xml:"dc:creator"`
	Categories  []string `xml:"category"`
	Description string   `xml:"description,omitempty"`
	Content     string   `xml:"content:encoded,omitempty"`
}

type rssGUID struct {
	Permanent bool   `xml:"isPermaLink,attr"`
	ID        string `xml:",chardata"`
}

// rssMinutes is how long a reader may wait before it asks again.
const rssMinutes = 60

// rss writes the channel as RSS 2.0.
func (c *channel) rss() *rss {
	out := &rss{
		Version: "2.0", Atom: "http://www.w3.org/2005/Atom", Dublin: "http://purl.org/dc/elements/1.1/", Content: "http://purl.org/rss/1.0/modules/content/",
		Channel: rssChannel{
			Title: c.title, Link: c.Base + c.Prefix + c.Page, Description: c.title + " – " + c.siteName(),
			Self:     atomLink{Rel: "self", Type: RSS.Type(), Href: c.Base + c.Self},
			Language: c.Lang, Changed: mailDate(c.modified), Generator: "Grenier", Docs: "https://www.rssboard.org/rss-specification", TTL: rssMinutes,
		},
	}
	for i := range c.items {
		out.Channel.Items = append(out.Channel.Items, c.rssItem(&c.items[i]))
	}
	return out
}

func (c *channel) rssItem(it *item) rssItem {
	item := rssItem{
		Title: it.name(), Link: c.page(it), GUID: rssGUID{ID: c.id(it)}, Published: mailDate(it.published.Time), Updated: timestamp(it.updated.Time),
		Categories: it.terms(), Description: rendered(it.description),
	}
	item.Creator, _ = c.publisher(it)
	if it.body != "" {
		item.Content = rendered(it.body)
	}
	return item
}

// mailDate writes a moment as mails do (RFC 822 with four digits of year), ""
// for none.
func mailDate(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")
}
