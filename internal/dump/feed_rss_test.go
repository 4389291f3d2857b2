package dump

import (
	"bytes"
	"context"
	"encoding/xml"
	"io"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
)

// readRSS is what a strict reader finds in an RSS 2.0 feed.
type readRSS struct {
	XMLName xml.Name `xml:"rss"`
	Version string   `xml:"version,attr"`
	Channel struct {
		// Links are those of RSS and of Atom, which differ by their space.
		Links       []readRSSLink `xml:"link"`
		Title       []string      `xml:"title"`
		Description []string      `xml:"description"`
		Language    string        `xml:"language"`
		Changed     string        `xml:"lastBuildDate"`
		Items       []readRSSItem `xml:"item"`
	} `xml:"channel"`
}

type readRSSLink struct {
	XMLName xml.Name
	Rel     string `xml:"rel,attr"`
	Href    string `xml:"href,attr"`
	Text    string `xml:",chardata"`
}

type readRSSItem struct {
	Title       []string      `xml:"title"`
	Links       []readRSSLink `xml:"link"`
	Description []string      `xml:"description"`
	Content     []string      `xml:"http://purl.org/rss/1.0/modules/content/ encoded"`
	Creator     []string      `xml:"http://purl.org/dc/elements/1.1/ creator"`
	Updated     []string      `xml:"http://www.w3.org/2005/Atom updated"`
	Published   []string      `xml:"pubDate"`
	Categories  []string      `xml:"category"`
	GUID        []struct {
		Permanent string `xml:"isPermaLink,attr"`
		ID        string `xml:",chardata"`
	} `xml:"guid"`
}

// checkRSS reads a feed and tells where it departs from RSS 2.0 and from the
// profile of the RSS Advisory Board.
func checkRSS(t *testing.T, body []byte) readRSS {
	t.Helper()
	if !utf8.Valid(body) {
		t.Error("the feed is not UTF-8")
	}
	for decoder := xml.NewDecoder(bytes.NewReader(body)); ; {
		if _, err := decoder.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("the feed is not well formed: %v\n%s", err, body)
		}
	}
	var feed readRSS
	if err := xml.Unmarshal(body, &feed); err != nil {
		t.Fatalf("no RSS: %v", err)
	}
	one := func(what string, values []string) {
		if len(values) != 1 || strings.TrimSpace(values[0]) == "" {
			t.Errorf("%s: %q instead of one", what, values)
		}
	}
	address := func(what, value string) {
		if u, err := url.Parse(value); err != nil || u.Scheme != "https" || u.Host == "" {
			t.Errorf("%s is %q, not an absolute address", what, value)
		}
	}
	moment := func(what, value string) {
		if _, err := time.Parse(time.RFC1123, value); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	c := feed.Channel
	if feed.Version != "2.0" {
		t.Errorf("version %q", feed.Version)
	}
	one("title", c.Title)
	one("description", c.Description)
	if c.Changed != "" {
		moment("lastBuildDate", c.Changed)
	}
	if len(c.Links) != 2 || c.Links[0].XMLName.Space != "" || c.Links[1].XMLName.Space != "http://www.w3.org/2005/Atom" || c.Links[1].Rel != "self" {
		t.Errorf("links of the channel: %+v", c.Links)
	} else {
		address("link", c.Links[0].Text)
		address("its own address", c.Links[1].Href)
	}
	seen := map[string]bool{}
	for _, item := range c.Items {
		one("title of an item", item.Title)
		one("creator", item.Creator)
		if len(item.Links) != 1 || len(item.GUID) != 1 || item.GUID[0].Permanent != "false" || seen[item.GUID[0].ID] || len(item.Published) > 1 ||
			len(item.Description) > 1 || len(item.Content) > 1 || len(item.Updated) != 1 {
			t.Fatalf("the item is %+v", item)
		}
		address("link of an item", item.Links[0].Text)
		address("guid", item.GUID[0].ID)
		seen[item.GUID[0].ID] = true
		for _, value := range item.Published {
			moment("pubDate", value)
		}
	}
	return feed
}

func (f readRSS) titles() []string {
	all := []string{}
	for _, item := range f.Channel.Items {
		all = append(all, item.Title[0])
	}
	return all
}

// TestEveryFeedHasBothForms makes every feed in both forms, which name the same
// things in the same order.
func TestEveryFeedHasBothForms(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.fill()
		headline, body, about := "En bref", "Du **gras** <script>alert(1)</script>", "Des *choses*"
		w.insert(&catalog.Post{
			ID: id(601), Version: 1, Slug: "article", Name: "Article", Headline: &headline, Content: &body, Kind: "news",
			BodyType: "markdown", PublishedAt: at(5), CreatedAt: at(90), ModifiedAt: at(80), Blocs: db.JSON("[]"),
		}, &catalog.Topic{
			ID: id(701), Version: 1, Slug: "eau", Name: "L'eau & l'air", NameFold: "l'eau & l'air", Description: &about, CreatedAt: at(90), ModifiedAt: at(80),
		}, &catalog.Topic{
			ID: id(702), Version: 1, Slug: "cache", Name: "Caché", NameFold: "cache", Private: ptr(true), CreatedAt: at(90), ModifiedAt: at(80),
		})
		feeds, ctx := w.feeds(), context.Background()
		for _, c := range []struct {
			kind  Kind
			least int
			make  func(Frame) (*Feed, error)
		}{
			{Datasets, 3, func(f Frame) (*Feed, error) { return feeds.Datasets(ctx, DatasetFilter{}, f) }},
			{Reuses, 1, func(f Frame) (*Feed, error) { return feeds.Reuses(ctx, ReuseNews{}, f) }},
			{Dataservices, 1, func(f Frame) (*Feed, error) { return feeds.Dataservices(ctx, DataserviceNews{}, f) }},
			{Organizations, 2, func(f Frame) (*Feed, error) { return feeds.Organizations(ctx, OrganizationNews{}, f) }},
			{Topics, 1, func(f Frame) (*Feed, error) { return feeds.Topics(ctx, TopicNews{}, f) }},
			{Posts, 1, func(f Frame) (*Feed, error) { return feeds.Posts(ctx, f) }},
		} {
			frame := frame
			asAtom, err := c.make(frame)
			if err != nil {
				t.Fatal(err)
			}
			frame.Form = RSS
			asRSS, err := c.make(frame)
			if err != nil {
				t.Fatal(err)
			}
			inAtom, inRSS := checkAtom(t, asAtom.Body), checkRSS(t, asRSS.Body)
			if !slices.Equal(inAtom.titles(), inRSS.titles()) || len(inRSS.titles()) < c.least || !asAtom.Modified.Equal(asRSS.Modified) {
				t.Errorf("%s: %q as Atom, %q as RSS", c.kind, inAtom.titles(), inRSS.titles())
			}
			for i, e := range inAtom.Entries {
				item := inRSS.Channel.Items[i]
				if item.GUID[0].ID != e.ID[0] || item.Links[0].Text != e.Links[0].Href || item.Creator[0] != e.Author[0] || len(item.Categories) != len(e.Categories) ||
					item.Updated[0] != e.Updated[0] || !strings.HasPrefix(e.ID[0], site+"/"+string(c.kind)+"/") {
					t.Errorf("%s: %+v as Atom, %+v as RSS", c.kind, e, item)
				}
			}
			if c.kind == Posts {
				item := inRSS.Channel.Items[0]
				if len(item.Content) != 1 || !strings.Contains(item.Content[0], "<strong>gras</strong>") || strings.Contains(item.Content[0], "alert") || !strings.Contains(item.Description[0], headline) {
					t.Errorf("the post says %+v", item)
				}
			}
			if c.kind == Topics && !strings.Contains(inRSS.Channel.Items[0].Description[0], "<em>choses</em>") {
				t.Errorf("the topic says %+v", inRSS.Channel.Items[0])
			}
		}
	})
}

// TestOrganizationsWaitUnlessCertified holds the delay for organisations
// themselves.
func TestOrganizationsWaitUnlessCertified(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		made := func(n int, ago float64, certified bool) *account.Organization {
			return organization(n, func(o *account.Organization) { o.CreatedAt, o.Certified = at(ago), certified })
		}
		w.insert(made(101, 1, true), made(102, 2, false), made(103, 11.5, false), made(104, 14, false), made(105, 12, true))
		w.badge("organization", 103, "company")
		read := func(f OrganizationNews) []string {
			feed, err := w.feeds().Organizations(context.Background(), f, frame)
			if err != nil {
				t.Fatal(err)
			}
			return checkAtom(t, feed.Body).titles()
		}
		if got, want := read(OrganizationNews{}), []string{"Organisation 101", "Organisation 103", "Organisation 104", "Organisation 105"}; !slices.Equal(got, want) {
			t.Errorf("the feed shows %q, want %q", got, want)
		}
		if got := read(OrganizationNews{News: News{ProducerType: "company"}}); !slices.Equal(got, []string{"Organisation 103"}) {
			t.Errorf("companies are %q", got)
		}
		if got := read(OrganizationNews{News: News{UpdatedSince: at(-1)}}); len(got) != 0 {
			t.Errorf("nothing changed later, yet %q", got)
		}
	})
}

// TestNewsNarrowLikeSearches holds the filters that the feeds of reuses, APIs
// and topics have besides those of lists.
func TestNewsNarrowLikeSearches(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.fill()
		yes, no := true, false
		feeds, ctx := w.feeds(), context.Background()
		count := func(make func() (*Feed, error)) int {
			feed, err := make()
			if err != nil {
				t.Fatal(err)
			}
			return len(checkAtom(t, feed.Body).Entries)
		}
		reuses := func(n News) int {
			return count(func() (*Feed, error) { return feeds.Reuses(ctx, ReuseNews{News: n}, frame) })
		}
		services := func(n News) int {
			return count(func() (*Feed, error) { return feeds.Dataservices(ctx, DataserviceNews{News: n}, frame) })
		}
		types := 0
		for _, sort := range []string{"user", "not-specified", "public-service", "local-authority", "company", "association"} {
			types += reuses(News{ProducerType: sort})
		}
		if all := reuses(News{}); all == 0 || types < all {
			t.Errorf("%d reuses, %d by the sorts of their publishers", all, types)
		}
		if open, restricted, all := services(News{Restricted: &no}), services(News{Restricted: &yes}), services(News{}); open+restricted != all || all == 0 {
			t.Errorf("%d open and %d restricted APIs of %d", open, restricted, all)
		}
		if n := services(News{UpdatedSince: at(-1)}); n != 0 {
			t.Errorf("%d APIs changed in the future", n)
		}
		if n := reuses(News{Badge: "no-such-badge"}); n != 0 {
			t.Errorf("%d reuses have a badge that nobody gave", n)
		}
	})
}
