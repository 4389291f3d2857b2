package dump

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"testing"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/fault"
)

type readSitemap struct {
	XMLName xml.Name
	Maps    []string `xml:"sitemap>loc"`
	URLs    []struct {
		Loc      string  `xml:"loc"`
		Lastmod  string  `xml:"lastmod"`
		Priority float64 `xml:"priority"`
		Links    []struct {
			Lang string `xml:"hreflang,attr"`
			Href string `xml:"href,attr"`
		} `xml:"http://www.w3.org/1999/xhtml link"`
	} `xml:"url"`
}

func (w *world) sitemap(s *Sitemaps, kind Kind, n int) readSitemap {
	w.t.Helper()
	var b bytes.Buffer
	var err error
	if kind == "" {
		err = s.Index(context.Background(), &b, site)
	} else {
		err = s.File(context.Background(), &b, site, kind, n)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	var read readSitemap
	if err := xml.Unmarshal(b.Bytes(), &read); err != nil {
		w.t.Fatalf("%v\n%s", err, b.Bytes())
	}
	if read.XMLName.Space != sitemapSpace {
		w.t.Errorf("the name space is %q", read.XMLName.Space)
	}
	return read
}

func (s readSitemap) paths() []string {
	var all []string
	for _, u := range s.URLs {
		all = append(all, strings.TrimPrefix(u.Loc, site))
	}
	return all
}

func (w *world) sitemaps() *Sitemaps {
	return NewSitemaps(w.db, SitemapOptions{
		Pages:    []Page{{"/", "daily", 1}, {"/datasets", "weekly", 0.8}},
		Language: "fr", Languages: []string{"en", "fr"},
	})
}

func TestSitemapsShowWhatIsPublic(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.fill()
		w.exec("UPDATE reuses SET datasets = 1, visible = TRUE WHERE id IN (?, ?)", id(301), id(302))
		w.exec("UPDATE datasets SET slug = ? WHERE id = ?", "l'été & co", id(6))
		yes, no := true, false
		topic := func(n int, private *bool) *catalog.Topic {
			return &catalog.Topic{ID: id(n), Version: 1, Slug: fmt.Sprintf("theme-%d", n), Name: "Thème", Private: private, CreatedAt: at(9), ModifiedAt: at(8)}
		}
		w.insert(topic(501, nil), topic(502, &no), topic(503, &yes))
		post := func(n int, kind string, published db.Time) *catalog.Post {
			return &catalog.Post{
				ID: id(n), Version: 1, Slug: fmt.Sprintf("article-%d", n), Name: "Article", Kind: kind, BodyType: "markdown", Blocs: db.JSON("[]"),
				PublishedAt: published, CreatedAt: at(9), ModifiedAt: at(8),
			}
		}
		w.insert(post(601, "news", at(5)), post(602, "page", at(5)), post(603, "news", db.Time{}))
		s := w.sitemaps()
		for kind, want := range map[Kind][]string{
			Datasets:      {"/datasets/les-arbres", "/datasets/jeu-5", "/datasets/l%27%C3%A9t%C3%A9%20&%20co"},
			Organizations: {"/organizations/ville-de-test", "/organizations/organisation-102"},
			Reuses:        {"/reuses/usage-301"},
			Dataservices:  {"/dataservices/api-401"},
			Topics:        {"/topics/theme-501", "/topics/theme-502"},
			Posts:         {"/posts/article-601"},
			Pages:         {"/", "/en", "/datasets", "/en/datasets"},
		} {
			if got := w.sitemap(s, kind, 1).paths(); !slices.Equal(got, want) {
				t.Errorf("%s: %q, want %q", kind, got, want)
			}
		}
		first := w.sitemap(s, Datasets, 1).URLs[0]
		if first.Lastmod != "2026-01-02T00:00:00Z" || first.Priority != 0.8 || len(first.Links) != 0 {
			t.Errorf("the entry is %+v", first)
		}
		for _, u := range w.sitemap(s, Pages, 1).URLs {
			var langs []string
			for _, l := range u.Links {
				langs = append(langs, l.Lang)
			}
			if !slices.Equal(langs, []string{"fr", "en", "x-default"}) {
				t.Errorf("%s has the languages %v", u.Loc, langs)
			}
		}
		var maps []string
		for _, kind := range SitemapKinds {
			maps = append(maps, site+"/sitemaps/"+string(kind)+"-1.xml")
		}
		if got := w.sitemap(s, "", 0).Maps; !slices.Equal(got, maps) {
			t.Errorf("the index lists %q", got)
		}
	})
}

func TestSitemapsThatAreNot(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.fill()
		s := NewSitemaps(w.db, SitemapOptions{Language: "fr"})
		for _, c := range []struct {
			kind Kind
			n    int
		}{{Datasets, 0}, {Datasets, -1}, {Datasets, 2}, {Datasets, 1 << 40}, {Topics, 1}, {Pages, 1}, {Resources, 1}, {"x", 1}} {
			var b bytes.Buffer
			if err := s.File(context.Background(), &b, site, c.kind, c.n); !fault.Is(err, fault.NotFound) || b.Len() > 0 {
				t.Errorf("%s-%d: %v and %d bytes", c.kind, c.n, err, b.Len())
			}
		}
		if got := w.sitemap(s, "", 0).Maps; len(got) != 4 {
			t.Errorf("the index lists %q", got)
		}
	})
}

// Many objects are cut into files of 50,000, without one lost or twice.
func TestSitemapsAreCut(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		const many = sitemapURLs + 1500
		var rows []*account.Organization
		for n := range many {
			rows = append(rows, organization(n+1, nil))
			if len(rows) == 1000 || n == many-1 {
				w.insert(&rows)
				rows = nil
			}
		}
		s := w.sitemaps()
		first, second := w.sitemap(s, Organizations, 1).paths(), w.sitemap(s, Organizations, 2).paths()
		if len(first) != sitemapURLs || len(second) != 1500 {
			t.Errorf("%d and %d addresses", len(first), len(second))
		}
		seen := map[string]bool{}
		for _, path := range append(first, second...) {
			seen[path] = true
		}
		if len(seen) != many {
			t.Errorf("%d addresses of %d", len(seen), many)
		}
	})
}

func TestSitemapVersionFollowsTheLog(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		s := w.sitemaps()
		w.happen(now)
		first, modified, err := s.Version(context.Background(), site)
		if err != nil || first == "" || !modified.Equal(now) {
			t.Fatalf("%q, %v, %v", first, modified, err)
		}
		w.happen(now)
		if second, _, err := s.Version(context.Background(), site); err != nil || second == first {
			t.Errorf("%q after another event, %v", second, err)
		}
	})
}

func TestRobots(t *testing.T) {
	if got := Robots(site, false); !strings.Contains(got, "\nSitemap: "+site+"/sitemap.xml\n") || strings.Contains(got, "Disallow: /\n") {
		t.Errorf("robots may read:\n%s", got)
	}
	if got := Robots(site, true); !strings.Contains(got, "Disallow: /\n") || strings.Contains(got, "Sitemap") {
		t.Errorf("a hidden site says:\n%s", got)
	}
}
