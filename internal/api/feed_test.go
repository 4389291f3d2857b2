package api

import (
	"encoding/xml"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/dump"
	"grenier/internal/event"
	"grenier/internal/geo"
	"grenier/internal/web"
)

// newFeedServer serves feeds alone, below the API and beside the pages.
func newFeedServer(t *testing.T, d *db.DB) (*dumpServer, *web.Versions) {
	t.Helper()
	log, zones := event.NewLog(d), geo.NewDirectory()
	store := catalog.New(log, zones, noWords{}, catalog.Rules{})
	versions := web.NewVersions()
	dumps := dump.New(log, store, zones, noWords{}, dump.Options{QualityDescriptionLength: 100})
	a := &API{
		Deps: Deps{Catalog: store, Organizations: account.NewOrganizations(d, noWords{}), Feeds: dump.NewFeeds(dumps, 10*time.Hour), Versions: versions},
		v1:   web.NewTable("/api/1", web.Info{}),
	}
	a.feedRoutes()
	root := web.NewTable("", web.Info{})
	a.RootFeeds(root, "")
	a.RootFeeds(root, "/en")
	handler, err := web.NewHandler(web.Options{
		Sites:    web.OneSite(web.Site{Base: "https://donnees.example.org", Title: "Valmont", Language: "fr", Languages: []string{"fr", "en"}}),
		Versions: versions, Kept: web.NewKept(versions, 1<<20), Log: slog.New(slog.DiscardHandler),
	}, root, a.v1)
	if err != nil {
		t.Fatal(err)
	}
	s := &dumpServer{t: t, db: d, log: log}
	s.Server = httptest.NewServer(handler)
	t.Cleanup(s.Close)
	s.fill()
	return s, versions
}

type readFeed struct {
	Title string `xml:"title"`
	Links []struct {
		Rel  string `xml:"rel,attr"`
		Href string `xml:"href,attr"`
	} `xml:"link"`
	Entries []struct {
		Title string `xml:"title"`
	} `xml:"entry"`
}

func (s *dumpServer) feed(path string, header ...string) (readFeed, *http.Response) {
	s.t.Helper()
	r, err := http.NewRequest(http.MethodGet, s.URL+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	var feed readFeed
	if answer.StatusCode == http.StatusOK {
		if err := xml.Unmarshal(body, &feed); err != nil {
			s.t.Fatalf("%s: %v\n%s", path, err, body)
		}
	}
	return feed, answer
}

func TestFeedsByAddress(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _ := newFeedServer(t, d)
		const host = "https://donnees.example.org"
		for _, c := range []struct{ path, title, self, page string }{
			{"/api/1/datasets/recent.atom", "Derniers jeux de données", "/api/1/datasets/recent.atom", "/datasets"},
			{"/api/1/datasets/recent.atom?lang=en", "Latest datasets", "/api/1/datasets/recent.atom?lang=en", "/en/datasets"},
			{"/datasets/recent.atom?utm_x=1&tag=b&tag=a", "Jeux de données filtrés", "/datasets/recent.atom?tag=b&tag=a", "/datasets/search?tag=b&tag=a"},
			{"/en/datasets/recent.atom?sort=last_update", "Latest datasets", "/en/datasets/recent.atom?sort=last_update", "/en/datasets"},
			{"/datasets/recent.atom?q=l%27eau+%26+l%27air", "Recherche de jeux de données : l'eau & l'air",
				"/datasets/recent.atom?q=l%27eau+%26+l%27air", "/datasets/search?q=l%27eau+%26+l%27air"},
			{"/en/reuses/recent.atom?type=idea&page=3", "Filtered reuses", "/en/reuses/recent.atom?type=idea", "/en/reuses/search?type=idea"},
			{"/dataservices/recent.atom", "Dernières API", "/dataservices/recent.atom", "/dataservices"},
			{"/api/1/posts/recent.atom", "Dernières actualités", "/api/1/posts/recent.atom", "/posts"},
		} {
			feed, answer := s.feed(c.path)
			if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "application/atom+xml; charset=utf-8" {
				t.Fatalf("%s: %s, %s", c.path, answer.Status, answer.Header.Get("Content-Type"))
			}
			if feed.Title != c.title || feed.Links[0].Href != host+c.self || feed.Links[1].Href != host+c.page {
				t.Errorf("%s: %q, %+v", c.path, feed.Title, feed.Links)
			}
		}
		if _, answer := s.feed("/datasets/recent.atom?organization=nobody"); answer.StatusCode != http.StatusBadRequest {
			t.Errorf("an organisation that is no identifier: %s", answer.Status)
		}
	})
}

func TestFeedsAreKeptAndRevalidated(t *testing.T) {
	s, versions := newFeedServer(t, dbtest.SQLite(t))
	first, answer := s.feed("/datasets/recent.atom")
	if len(first.Entries) == 0 || answer.Header.Get("Etag") == "" || answer.Header.Get("Last-Modified") == "" {
		t.Fatalf("%d entries, %v", len(first.Entries), answer.Header)
	}
	for _, c := range []struct{ path, name, value string }{
		{"/datasets/recent.atom", "If-None-Match", answer.Header.Get("Etag")},
		{"/datasets/recent.atom?sort=created", "If-Modified-Since", answer.Header.Get("Last-Modified")},
	} {
		if _, again := s.feed(c.path, c.name, c.value); again.StatusCode != http.StatusNotModified {
			t.Errorf("%s: %s", c.name, again.Status)
		}
	}
	s.insert(&catalog.Dataset{
		ID: dumpID(900), Version: 1, Slug: "nouveau", Title: "Nouveau", TitleFold: "nouveau", AccessType: "open", Visible: true,
		CreatedInternal: db.TimeOf(now().Add(-11 * time.Hour)), ModifiedInternal: db.Now(), CreatedAt: db.Now(), ModifiedAt: db.Now(), LastUpdate: db.Now(),
	})
	shows := func() bool {
		feed, _ := s.feed("/datasets/recent.atom")
		return slices.ContainsFunc(feed.Entries, func(e struct {
			Title string `xml:"title"`
		}) bool {
			return e.Title == "Nouveau"
		})
	}
	if shows() {
		t.Error("the feed was made again although nothing was told")
	}
	versions.Raise(web.Epoch(catalog.KindDataset))
	for deadline := time.Now().Add(5 * time.Second); !shows(); {
		if time.Now().After(deadline) {
			t.Fatal("a change of a dataset does not reach the feed")
		}
		time.Sleep(20 * time.Millisecond)
	}
}
