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

// Form is the format that a feed is written in.
type Form string

// The forms of feeds: Atom as RFC 4287 has it, and RSS 2.0.
const (
	Atom Form = "atom"
	RSS  Form = "rss"
)

// Forms are all forms, the first of which is the default.
var Forms = []Form{Atom, RSS}

// Type is the media type of a form.
func (f Form) Type() string { return "application/" + string(f) + "+xml" }

// Bounds of feeds.
const (
	feedEntries = 20
	postEntries = 15
	// summaryMax bounds the source of a description, in bytes; contentMax what
	// is rendered of it, in characters.
	summaryMax = 20_000
	contentMax = 10_000
)

// Feeds makes feeds of what is new.
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
	// Form is the format, Atom when empty.
	Form Form
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

// item is an object on its way into a feed: its description is the summary,
// and the content too unless it has a body.
type item struct {
	kind                               Kind
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
			kind: Datasets, id: d.ID, slug: d.Slug, title: d.Title, description: d.Description, owned: d.Owned, tags: d.Tags,
			published: d.CreatedAt, updated: later(d.ModifiedAt, d.LastUpdate), created: d.CreatedInternal, order: order,
		}
	})
	s.sort(items, recent)
	return s.write(titleOf(Datasets, frame.Lang, f.Query, narrowed), items, feedEntries, frame)
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
			kind: Posts, id: p.ID, slug: p.Slug, title: p.Name, tags: p.Tags, published: p.PublishedAt,
			updated: later(p.ModifiedAt, p.PublishedAt), appeared: p.PublishedAt.Time,
		}
		if p.Headline != nil {
			items[i].description = *p.Headline
		}
		if p.Content != nil && (p.BodyType == "markdown" || p.BodyType == "html") {
			items[i].body = *p.Content
		}
	}
	return s.write(titleOf(Posts, frame.Lang, "", false), items, postEntries, frame)
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
func (s *Feeds) write(title string, items []item, limit int, frame Frame) (*Feed, error) {
	c := channel{title: clean(title), items: items[:min(len(items), limit)], Frame: frame}
	for i := range c.items {
		for _, at := range []time.Time{c.items[i].appeared, c.items[i].updated.Time} {
			if at.After(c.modified) {
				c.modified = at
			}
		}
	}
	var document any = c.atom()
	if frame.Form == RSS {
		document = c.rss()
	}
	var b bytes.Buffer
	b.WriteString(xml.Header)
	if err := xml.NewEncoder(&b).Encode(document); err != nil {
		return nil, err
	}
	return &Feed{Body: b.Bytes(), Modified: c.modified}, nil
}

// channel is a feed before it is written in a form.
type channel struct {
	Frame
	title string
	items []item
	// modified is that of the Feed.
	modified time.Time
}

// id is the address that names an item for good, whatever becomes of its title
// and slug.
func (c *channel) id(it *item) string { return c.Base + "/" + string(it.kind) + "/" + it.id }

// page is the address of the item's page.
func (c *channel) page(it *item) string {
	return c.Base + c.Prefix + "/" + string(it.kind) + "/" + it.slug
}

// publisher is the name of who publishes an item and the address of their page;
// the site's own without anybody.
func (c *channel) publisher(it *item) (name, page string) {
	switch owned := it.owned; {
	case owned.Organization != nil:
		return cmp.Or(clean(owned.Organization.Name), owned.Organization.Slug), c.Base + c.Prefix + "/organizations/" + owned.Organization.Slug
	case owned.Owner != nil:
		return cmp.Or(clean(owned.Owner.FullName()), owned.Owner.Slug), c.Base + c.Prefix + "/users/" + owned.Owner.Slug
	}
	return c.siteName(), c.Base + "/"
}

func (c *channel) siteName() string { return cmp.Or(clean(c.Site), "Grenier") }

// name is the item's title on one line.
func (it *item) name() string { return cmp.Or(clean(it.title), it.slug) }

// terms are the item's keywords that XML can say.
func (it *item) terms() []string {
	var terms []string
	for _, tag := range it.tags {
		if term := clean(tag); term != "" {
			terms = append(terms, term)
		}
	}
	return terms
}

// rendered is a source as HTML, of at most contentMax characters.
func rendered(source string) string {
	body, _ := text.HTML(source, text.Rendering{Limit: contentMax})
	return body
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
