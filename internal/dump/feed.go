package dump

import (
	"bytes"
	"cmp"
	"context"
	"encoding/xml"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/text"
)

// AtomType is the media type of feeds (RFC 4287).
const AtomType = "application/atom+xml; charset=utf-8"

// Bounds of feeds.
const (
	feedEntries = 20
	postEntries = 15
	// summaryMax bounds the source of a description, in bytes; contentMax what
	// is rendered of it, in characters.
	summaryMax = 20_000
	contentMax = 10_000
)

// Feeds makes Atom feeds of what is new.
type Feeds struct {
	dumps *Dumps
	delay time.Duration
}

// NewFeeds returns the feeds of a catalogue. What a certified organisation
// publishes appears at once, everything else after the delay: time to take away
// what should not be told to everybody.
func NewFeeds(dumps *Dumps, delay time.Duration) *Feeds { return &Feeds{dumps: dumps, delay: delay} }

// Frame is where a feed is shown.
type Frame struct {
	// Base is the address of the site, without a slash at its end.
	Base string
	// Site is the site's title, the author of what has none.
	Site string
	// Lang is the language of the feed's name; Prefix is what the paths of
	// pages in that language begin with: "/en", or nothing.
	Lang, Prefix string
	// Self is the path and query of the feed, Page those of the page that
	// shows the same in that language, without the prefix.
	Self, Page string
}

// Feed is a feed made.
type Feed struct {
	Body []byte
	// Modified is the last moment at which something in it changed or
	// appeared; zero for an empty feed.
	Modified time.Time
}

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

// item is an object on its way into a feed: its description is the summary,
// and the content too unless it has a body.
type item struct {
	id, slug, title, description, body string
	owned                              catalog.Owned
	tags                               []string
	published, updated, created        db.Time
	order                              db.Time // by which it stands in the feed
	certified                          bool
	appeared                           time.Time // worked out: since when the feed shows it
}

// itemsOf makes the items of a feed out of rows.
func itemsOf[T any](rows []T, of func(*T) item) []item {
	items := make([]item, len(rows))
	for i := range rows {
		items[i] = of(&rows[i])
	}
	return items
}

// Datasets is the feed of datasets: by creation, or by last update when the
// filter sorts by last_update.
func (s *Feeds) Datasets(ctx context.Context, f DatasetFilter, frame Frame) (*Feed, error) {
	recent := s.recent()
	recent.Updated = strings.TrimPrefix(f.Sort, "-") == "last_update"
	f.Sort = ""
	narrowed := narrowing(f) != nil
	conditions, err := s.narrow(ctx, f)
	if err != nil {
		return nil, err
	}
	recent.Where = conditions
	certified, others, err := s.dumps.catalog.RecentDatasetIDs(ctx, f.DatasetFilter, recent)
	if err != nil {
		return nil, err
	}
	rows, err := s.dumps.catalog.DatasetsByIDs(ctx, account.Nobody, append(certified, others...), catalog.Parts{})
	if err != nil {
		return nil, err
	}
	items := itemsOf(rows, func(d *catalog.Dataset) item {
		order := d.CreatedInternal
		if recent.Updated {
			order = d.LastUpdate
		}
		return item{
			id: d.ID, slug: d.Slug, title: d.Title, description: d.Description, owned: d.Owned, tags: d.Tags,
			published: d.CreatedAt, updated: later(d.ModifiedAt, d.LastUpdate), created: d.CreatedInternal, order: order,
		}
	})
	s.sort(items, recent)
	return s.write(Datasets, titleOf(Datasets, frame.Lang, f.Query, narrowed), items, feedEntries, frame)
}

// narrow are the conditions on datasets that the filter of lists does not know.
func (s *Feeds) narrow(ctx context.Context, f DatasetFilter) ([]catalog.Condition, error) {
	var where []catalog.Condition
	if f.OrganizationName != "" {
		where = append(where, catalog.Condition{SQL: "d.organization_id IN (SELECT id FROM organizations WHERE name = ?)", Args: []any{f.OrganizationName}})
		f.OrganizationName = ""
	}
	conditions, err := f.conditions(ctx, &run{Dumps: s.dumps})
	if err != nil {
		return nil, err
	}
	for _, c := range conditions[1:] { // lists are of public datasets already
		where = append(where, catalog.Condition{SQL: c.sql, Args: c.args})
	}
	return where, nil
}

// Reuses is the feed of reuses, by creation.
func (s *Feeds) Reuses(ctx context.Context, f ReuseFilter, frame Frame) (*Feed, error) {
	f.Sort = ""
	certified, others, err := s.dumps.catalog.RecentReuseIDs(ctx, f, s.recent())
	if err != nil {
		return nil, err
	}
	rows, err := s.dumps.catalog.ReusesByIDs(ctx, account.Nobody, append(certified, others...))
	if err != nil {
		return nil, err
	}
	items := itemsOf(rows, func(r *catalog.Reuse) item {
		return item{
			id: r.ID, slug: r.Slug, title: r.Title, description: r.Description, owned: r.Owned, tags: r.Tags,
			published: r.CreatedAt, updated: r.ModifiedAt, created: r.CreatedAt, order: r.CreatedAt,
		}
	})
	s.sort(items, s.recent())
	return s.write(Reuses, titleOf(Reuses, frame.Lang, f.Query, narrowing(f) != nil), items, feedEntries, frame)
}

// Dataservices is the feed of APIs, by creation.
func (s *Feeds) Dataservices(ctx context.Context, f catalog.DataserviceFilter, frame Frame) (*Feed, error) {
	f.Sort = ""
	certified, others, err := s.dumps.catalog.RecentDataserviceIDs(ctx, f, s.recent())
	if err != nil {
		return nil, err
	}
	rows, err := s.dumps.catalog.DataservicesByIDs(ctx, account.Nobody, append(certified, others...))
	if err != nil {
		return nil, err
	}
	items := itemsOf(rows, func(d *catalog.Dataservice) item {
		return item{
			id: d.ID, slug: d.Slug, title: d.Title, description: d.Description, owned: d.Owned, tags: d.Tags,
			published: d.CreatedAt, updated: d.ModifiedAt, created: d.CreatedAt, order: d.CreatedAt,
		}
	})
	s.sort(items, s.recent())
	return s.write(Dataservices, titleOf(Dataservices, frame.Lang, f.Query, narrowing(f) != nil), items, feedEntries, frame)
}

// Posts is the feed of the published news of the site.
func (s *Feeds) Posts(ctx context.Context, frame Frame) (*Feed, error) {
	ids, _, err := s.dumps.catalog.PostIDs(ctx, account.Nobody, catalog.PostFilter{Kind: "news", Sort: "-published"}, catalog.Page{Limit: postEntries})
	if err != nil {
		return nil, err
	}
	rows, err := s.dumps.catalog.PostsByIDs(ctx, account.Nobody, ids)
	if err != nil {
		return nil, err
	}
	items := make([]item, len(rows))
	for i := range rows {
		p := &rows[i]
		items[i] = item{
			id: p.ID, slug: p.Slug, title: p.Name, tags: p.Tags, published: p.PublishedAt,
			updated: later(p.ModifiedAt, p.PublishedAt), appeared: p.PublishedAt.Time,
		}
		if p.Headline != nil {
			items[i].description = *p.Headline
		}
		if p.Content != nil && (p.BodyType == "markdown" || p.BodyType == "html") {
			items[i].body = *p.Content
		}
	}
	return s.write(Posts, titleOf(Posts, frame.Lang, "", false), items, postEntries, frame)
}

// recent asks for what may be shown now.
func (s *Feeds) recent() catalog.Recent {
	return catalog.Recent{Before: db.TimeOf(s.dumps.options.Clock().Add(-s.delay)), Limit: feedEntries}
}

// sort puts items in order, the latest first. By creation, what had to wait
// stands where it appeared, so that a reader who comes regularly misses nothing.
func (s *Feeds) sort(items []item, r catalog.Recent) {
	for i := range items {
		it := &items[i]
		it.certified = it.owned.Organization != nil && it.owned.Organization.Certified
		it.appeared = it.created.Time
		if !it.certified {
			it.appeared = it.appeared.Add(s.delay)
			if !r.Updated {
				it.order = db.TimeOf(it.order.Add(s.delay))
			}
		}
	}
	slices.SortStableFunc(items, func(a, b item) int {
		return cmp.Or(b.order.Compare(a.order.Time), strings.Compare(b.id, a.id))
	})
}

// write makes the feed of the first items.
func (s *Feeds) write(kind Kind, title string, items []item, limit int, frame Frame) (*Feed, error) {
	items = items[:min(len(items), limit)]
	feed := &Feed{}
	out := atom{
		Lang: frame.Lang, ID: frame.Base + frame.Self, Title: clean(title), Generator: "Grenier",
		Author: atomPerson{Name: cmp.Or(clean(frame.Site), "Grenier"), URI: frame.Base + "/"},
		Links: []atomLink{
			{Rel: "self", Type: "application/atom+xml", Href: frame.Base + frame.Self},
			{Rel: "alternate", Type: "text/html", Href: frame.Base + frame.Prefix + frame.Page},
		},
		Icon: frame.Base + "/favicon.svg",
	}
	for i := range items {
		it := &items[i]
		out.Entries = append(out.Entries, it.entry(kind, frame, out.Author))
		for _, at := range []time.Time{it.appeared, it.updated.Time} {
			if at.After(feed.Modified) {
				feed.Modified = at
			}
		}
	}
	out.Updated = timestamp(feed.Modified)
	var b bytes.Buffer
	b.WriteString(xml.Header)
	if err := xml.NewEncoder(&b).Encode(out); err != nil {
		return nil, err
	}
	feed.Body = b.Bytes()
	return feed, nil
}

// entry is the item as a feed shows it; its id never changes, whatever becomes
// of its title and slug.
func (it *item) entry(kind Kind, frame Frame, site atomPerson) atomEntry {
	e := atomEntry{
		ID: frame.Base + "/" + string(kind) + "/" + it.id, Title: cmp.Or(clean(it.title), it.slug),
		Link:   atomLink{Rel: "alternate", Type: "text/html", Href: frame.Base + frame.Prefix + "/" + string(kind) + "/" + it.slug},
		Author: site, Published: timestamp(it.published.Time), Updated: timestamp(it.updated.Time),
	}
	switch owned := it.owned; {
	case owned.Organization != nil:
		e.Author = atomPerson{Name: cmp.Or(clean(owned.Organization.Name), owned.Organization.Slug), URI: frame.Base + frame.Prefix + "/organizations/" + owned.Organization.Slug}
	case owned.Owner != nil:
		e.Author = atomPerson{Name: cmp.Or(clean(owned.Owner.FullName()), owned.Owner.Slug), URI: frame.Base + frame.Prefix + "/users/" + owned.Owner.Slug}
	}
	for _, tag := range it.tags {
		if term := clean(tag); term != "" {
			e.Categories = append(e.Categories, atomCategory{term})
		}
	}
	if it.description != "" {
		e.Summary = &atomText{"text", cut(it.description, summaryMax)}
	}
	if rendered, _ := text.HTML(cmp.Or(it.body, it.description), text.Rendering{Limit: contentMax}); rendered != "" {
		e.Content = &atomText{"html", rendered}
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

func later(a, b db.Time) db.Time {
	if b.After(a.Time) {
		return b
	}
	return a
}

// clean is a text on one line, without what XML cannot say.
func clean(title string) string {
	return strings.Join(strings.FieldsFunc(title, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || r == utf8.RuneError || r == 0xFFFE || r == 0xFFFF
	}), " ")
}

// cut is the beginning of a text, of at most so many bytes.
func cut(source string, most int) string {
	if len(source) <= most {
		return source
	}
	for !utf8.RuneStart(source[most]) {
		most--
	}
	return strings.TrimRight(source[:most], " \n") + "…"
}
