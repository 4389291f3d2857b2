package dump

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
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

var frame = Frame{Base: site, Site: "Données de Valmont", Lang: "fr", Self: "/api/1/datasets/recent.atom?tag=a&tag=b", Page: "/datasets"}

// readAtom is what a strict reader finds in a feed.
type readAtom struct {
	XMLName xml.Name  `xml:"http://www.w3.org/2005/Atom feed"`
	Lang    string    `xml:"http://www.w3.org/XML/1998/namespace lang,attr"`
	ID      []string  `xml:"id"`
	Title   []string  `xml:"title"`
	Updated []string  `xml:"updated"`
	Author  []string  `xml:"author>name"`
	Links   []readRef `xml:"link"`
	Entries []struct {
		ID         []string   `xml:"id"`
		Title      []string   `xml:"title"`
		Updated    []string   `xml:"updated"`
		Published  []string   `xml:"published"`
		Author     []string   `xml:"author>name"`
		AuthorURI  []string   `xml:"author>uri"`
		Links      []readRef  `xml:"link"`
		Summary    []atomText `xml:"summary"`
		Content    []atomText `xml:"content"`
		Categories []struct {
			Term string `xml:"term,attr"`
		} `xml:"category"`
	} `xml:"entry"`
}

type readRef struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr"`
	Href string `xml:"href,attr"`
}

// checkAtom reads a feed and tells where it departs from RFC 4287.
func checkAtom(t *testing.T, body []byte) readAtom {
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
	var feed readAtom
	if err := xml.Unmarshal(body, &feed); err != nil {
		t.Fatalf("not an Atom feed: %v", err)
	}
	one := func(what string, values []string) string {
		if len(values) != 1 || strings.TrimSpace(values[0]) == "" {
			t.Errorf("%s: %q instead of one", what, values)
			return ""
		}
		return values[0]
	}
	address := func(what, value string) {
		if u, err := url.Parse(value); err != nil || u.Scheme != "https" || u.Host == "" {
			t.Errorf("%s is %q, not an absolute address", what, value)
		}
	}
	moment := func(what string, values []string) {
		if value := one(what, values); value != "" {
			if _, err := time.Parse(time.RFC3339, value); err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
	links := func(what string, refs []readRef, rels ...string) {
		var found []string
		for _, l := range refs {
			address(what+" link", l.Href)
			found = append(found, l.Rel)
		}
		if !slices.Equal(found, rels) {
			t.Errorf("%s has links %v", what, found)
		}
	}
	address("id", one("id", feed.ID))
	one("title", feed.Title)
	one("author", feed.Author)
	moment("updated", feed.Updated)
	links("feed", feed.Links, "self", "alternate")
	seen := map[string]bool{}
	for i, e := range feed.Entries {
		what := fmt.Sprintf("entry %d ", i)
		id := one(what+"id", e.ID)
		address(what+"id", id)
		if seen[id] {
			t.Errorf("%s is there twice", id)
		}
		seen[id] = true
		one(what+"title", e.Title)
		one(what+"author", e.Author)
		moment(what+"updated", e.Updated)
		moment(what+"published", e.Published)
		links(what, e.Links, "alternate")
		for _, text := range append(slices.Clone(e.Summary), e.Content...) {
			if text.Type != "text" && text.Type != "html" || text.Text == "" {
				t.Errorf("%s: text of type %q: %q", what, text.Type, text.Text)
			}
		}
		if len(e.Summary) > 1 || len(e.Content) > 1 {
			t.Errorf("%shas %d summaries and %d contents", what, len(e.Summary), len(e.Content))
		}
	}
	return feed
}

func (f readAtom) titles() []string {
	all := []string{}
	for _, e := range f.Entries {
		all = append(all, e.Title[0])
	}
	return all
}

const waits = 10 * time.Hour

func (w *world) feeds() *Feeds { return NewFeeds(w.dumps, waits) }

func (w *world) datasetFeed(f DatasetFilter) readAtom {
	w.t.Helper()
	feed, err := w.feeds().Datasets(context.Background(), f, frame)
	if err != nil {
		w.t.Fatal(err)
	}
	return checkAtom(w.t, feed.Body)
}

func at(hoursAgo float64) db.Time {
	return db.TimeOf(now.Add(-time.Duration(hoursAgo * float64(time.Hour))))
}

// news inserts datasets of a certified organisation, another one and a person,
// created some hours ago.
func (w *world) news() {
	w.insert(
		&account.User{
			ID: id(201), Version: 1, Slug: "ada-lovelace", FirstName: "Ada", LastName: "Lovelace", NameFold: "ada lovelace", Active: true,
			CreatedAt: at(900), ModifiedAt: at(900),
		},
		organization(101, func(o *account.Organization) { o.Name, o.Certified = "Ville & \x01métropole", true }),
		organization(102, nil),
	)
	w.badge("organization", 101, "certified")
	made := func(n int, title string, ago float64, change func(*catalog.Dataset)) {
		w.insert(dataset(n, func(d *catalog.Dataset) {
			d.Title, d.CreatedInternal, d.CreatedAt, d.ModifiedAt, d.LastUpdate = title, at(ago), at(ago+1), at(ago), at(ago)
			change(d)
		}))
	}
	certified := func(d *catalog.Dataset) { d.OrganizationID = ptr(id(101)) }
	other := func(d *catalog.Dataset) { d.OrganizationID = ptr(id(102)) }
	person := func(d *catalog.Dataset) { d.OwnerID = ptr(id(201)) }
	made(1, "certified 1 h", 1, certified)
	made(2, "certified 11 h", 11, certified)
	made(3, "other 9 h", 9, other)
	made(4, "other 10 h", 10, other)
	made(5, "other 13 h", 13, other)
	made(6, "person 12 h", 12, person)
	made(7, "nobody 14 h", 14, func(*catalog.Dataset) {})
	made(8, "hidden", 1, func(d *catalog.Dataset) { certified(d); d.Private = true })
	made(9, "gone", 1, func(d *catalog.Dataset) { certified(d); d.DeletedAt = at(0.5) })
	made(10, "put away", 1, func(d *catalog.Dataset) { certified(d); d.ArchivedAt = at(0.5) })
}

func TestFeedsWaitUnlessCertified(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.news()
		feed := w.datasetFeed(DatasetFilter{})
		// What waited stands where it appeared: ten hours after its creation.
		want := []string{"other 10 h", "certified 1 h", "person 12 h", "other 13 h", "nobody 14 h", "certified 11 h"}
		if got := feed.titles(); !slices.Equal(got, want) {
			t.Errorf("the feed shows %q, want %q", got, want)
		}
		if feed.Updated[0] != timestamp(now) {
			t.Errorf("the feed changed at %s, although something appeared just now", feed.Updated[0])
		}
		if feed.Title[0] != "Derniers jeux de données" || feed.Lang != "fr" {
			t.Errorf("titled %q in %q", feed.Title[0], feed.Lang)
		}
		for i, want := range map[int]string{0: "Organisation 102", 1: "Ville & métropole", 2: "Ada Lovelace", 4: "Données de Valmont"} {
			if got := feed.Entries[i].Author[0]; got != want {
				t.Errorf("%q is by %q, want %q", feed.Entries[i].Title[0], got, want)
			}
		}
		w.clock = now.Add(time.Hour)
		if got := w.datasetFeed(DatasetFilter{}).titles(); !slices.Contains(got, "other 9 h") {
			t.Errorf("after its delay it does not appear: %q", got)
		}
	})
}

func TestFeedsByLastUpdate(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.news()
		w.exec("UPDATE datasets SET last_update = ? WHERE id = ?", at(0.1), id(7))
		w.exec("UPDATE datasets SET last_update = ? WHERE id = ?", at(0.05), id(3))
		for _, sort := range []string{"last_update", "-last_update"} {
			f := DatasetFilter{}
			f.Sort = sort
			got := w.datasetFeed(f)
			want := []string{"nobody 14 h", "certified 1 h", "other 10 h", "certified 11 h", "person 12 h", "other 13 h"}
			if !slices.Equal(got.titles(), want) {
				t.Errorf("sorted by %s it shows %q", sort, got.titles())
			}
			if got.Title[0] != "Derniers jeux de données" {
				t.Errorf("an order is no filter: %q", got.Title[0])
			}
		}
	})
}

func TestFeedsFilter(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.fill()
		with := func(change func(*DatasetFilter)) DatasetFilter {
			var f DatasetFilter
			change(&f)
			return f
		}
		for _, c := range []struct {
			name, title string
			f           DatasetFilter
			want        []string
		}{
			{"tag", "Jeux de données filtrés", with(func(f *DatasetFilter) { f.Tags = []string{"bati"} }), []string{"Jeu 6", "Bâtiments"}},
			{"words", "Recherche de jeux de données : arbres", with(func(f *DatasetFilter) { f.Query = "arbres" }), []string{`Les "arbres"; remarquables`}},
			{"organisation", "Jeux de données filtrés", with(func(f *DatasetFilter) { f.OrganizationName = "Métropole de Lyon" }), []string{"Bâtiments"}},
			{"formats", "Jeux de données filtrés", with(func(f *DatasetFilter) { f.Formats = []string{"csv", "pdf"} }), []string{"Jeu 6", `Les "arbres"; remarquables`}},
			{"family", "Jeux de données filtrés", with(func(f *DatasetFilter) { f.FormatFamily = "documents" }), []string{"Jeu 6"}},
			{"nothing", "Jeux de données filtrés", with(func(f *DatasetFilter) { f.License = "none" }), []string{}},
		} {
			feed := w.datasetFeed(c.f)
			if got := feed.titles(); !slices.Equal(got, c.want) {
				t.Errorf("%s: %q, want %q", c.name, got, c.want)
			}
			if feed.Title[0] != c.title {
				t.Errorf("%s: titled %q", c.name, feed.Title[0])
			}
		}
		f := DatasetFilter{}
		f.Tags = []string{"arbre"}
		e := w.datasetFeed(f).Entries[1]
		if e.ID[0] != site+"/datasets/"+id(1) || e.Links[0].Href != site+"/datasets/les-arbres" || e.AuthorURI[0] != site+"/organizations/ville-de-test" ||
			e.Published[0] != "2021-05-06T07:08:09Z" || e.Updated[0] != "2026-01-02T00:00:00Z" || len(e.Categories) != 2 || e.Categories[0].Term != "arbre" {
			t.Errorf("the entry is %+v", e)
		}
	})
}

func TestFeedsOfOtherKinds(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.fill()
		headline, body := "En bref", "Du **gras** <script>alert(1)</script>"
		post := func(n int, kind string, published db.Time) *catalog.Post {
			return &catalog.Post{
				ID: id(n), Version: 1, Slug: fmt.Sprintf("article-%d", n), Name: fmt.Sprintf("Article %d", n), Headline: &headline, Content: &body, Kind: kind,
				BodyType: "markdown", PublishedAt: published, CreatedAt: at(90), ModifiedAt: at(80), Blocs: db.JSON("[]"),
			}
		}
		w.insert(post(601, "news", at(5)), post(602, "news", at(4)), post(603, "page", at(3)), post(604, "news", db.Time{}))
		w.exec("UPDATE reuses SET datasets = 1, visible = TRUE WHERE id = ?", id(302))
		feeds := w.feeds()
		for _, c := range []struct {
			name string
			make func() (*Feed, error)
			want []string
		}{
			{"reuses", func() (*Feed, error) { return feeds.Reuses(context.Background(), ReuseNews{}, frame) }, []string{"Usage 302", "La carte"}},
			{"dataservices", func() (*Feed, error) {
				return feeds.Dataservices(context.Background(), DataserviceNews{}, frame)
			}, []string{"API Arbres"}},
			{"posts", func() (*Feed, error) { return feeds.Posts(context.Background(), frame) }, []string{"Article 602", "Article 601"}},
		} {
			feed, err := c.make()
			if err != nil {
				t.Fatal(err)
			}
			read := checkAtom(t, feed.Body)
			if got := read.titles(); !slices.Equal(got, c.want) {
				t.Errorf("%s: %q, want %q", c.name, got, c.want)
			}
			if c.name == "posts" {
				if e := read.Entries[0]; e.Summary[0].Text != headline || !strings.Contains(e.Content[0].Text, "<strong>gras</strong>") || strings.Contains(e.Content[0].Text, "alert") {
					t.Errorf("the post says %+v", e)
				}
			}
		}
	})
}

func TestFeedsHoldAgainstNastyTexts(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.news()
		w.exec("UPDATE datasets SET title = ?, description = ? WHERE id = ?", "a\x01\x1b]]><b>&\ufffe", "x\x02</summary>\n\n# titre "+strings.Repeat("é", summaryMax), id(1))
		w.exec("UPDATE datasets SET title = ? WHERE id = ?", "\x01\n", id(4))
		w.tag("dataset", 1, "l'\"eau\x03", "\x01")
		feed := w.datasetFeed(DatasetFilter{})
		e := feed.Entries[1]
		if e.Title[0] != "a ]]><b>&" || feed.Entries[0].Title[0] != "jeu-4" {
			t.Errorf("titled %q and %q", e.Title[0], feed.Entries[0].Title[0])
		}
		if s := e.Summary[0].Text; len(s) > summaryMax+8 || !strings.HasSuffix(s, "é…") {
			t.Errorf("the summary has %d bytes", len(s))
		}
		if c := e.Content[0]; c.Type != "html" || !strings.Contains(c.Text, "titre") || strings.Contains(c.Text, "</summary") || len(c.Text) > 4*contentMax {
			t.Errorf("the content is of type %s: %.200s", c.Type, c.Text)
		}
		if len(e.Categories) != 1 || e.Categories[0].Term != `l'"eau` {
			t.Errorf("categories %q", e.Categories)
		}
	})
}

func TestFeedsAreBounded(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.insert(organization(101, func(o *account.Organization) { o.Certified = true }))
		for n := range 60 {
			w.insert(dataset(n+1, func(d *catalog.Dataset) {
				d.CreatedInternal = at(float64(200 + n))
				if n%3 == 0 {
					d.OrganizationID = ptr(id(101))
				}
			}))
		}
		if n := len(w.datasetFeed(DatasetFilter{}).Entries); n != feedEntries {
			t.Errorf("the feed has %d entries", n)
		}
	})
}

func TestEveryLanguageNamesEveryFeed(t *testing.T) {
	for lang, names := range titles {
		for _, kind := range []Kind{Datasets, Reuses, Dataservices, Organizations, Topics} {
			if names.latest[kind] == "" || names.filtered[kind] == "" || !strings.HasSuffix(names.search[kind], " ") {
				t.Errorf("%s lacks names for %s", lang, kind)
			}
		}
		if names.latest[Posts] == "" {
			t.Errorf("%s lacks a name for posts", lang)
		}
	}
	if got := titleOf(Datasets, "xx", "", false); got != "Latest datasets" {
		t.Errorf("an unknown language is %q", got)
	}
}
