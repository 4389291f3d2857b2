package portal

import (
	"net/http"
	"strings"
	"testing"

	"grenier/internal/db/dbtest"
	"grenier/internal/dump"
)

func TestCrawlers(t *testing.T) {
	d := dbtest.SQLite(t)
	s := newSite(t, d, func(deps *Deps) {
		deps.Sitemaps = dump.NewSitemaps(d, dump.SitemapOptions{Pages: SitePages(), Language: "fr", Languages: []string{"fr", "en"}})
	})
	s.dataset(1, "Les arbres", nil)
	for path, want := range map[string]string{
		"/robots.txt":              "Sitemap: https://data.example.org/sitemap.xml",
		"/sitemap.xml":             "<loc>https://data.example.org/sitemaps/datasets-1.xml</loc>",
		"/sitemaps/datasets-1.xml": "<loc>https://data.example.org/datasets/dataset-1</loc>",
		"/sitemaps/pages-1.xml":    "<loc>https://data.example.org/developers</loc>",
		"/sitemap":                 `href="/datasets/search"`,
		"/en/sitemap":              `href="/en/datasets/search"`,
	} {
		if answer := s.get(path); answer.Code != http.StatusOK || !strings.Contains(answer.Body.String(), want) {
			t.Errorf("%s: %d, without %q", path, answer.Code, want)
		}
	}
	for _, path := range []string{"/sitemaps/datasets-2.xml", "/sitemaps/datasets-01.xml", "/sitemaps/datasets-1", "/sitemaps/users-1.xml", "/sitemaps/datasets-.xml"} {
		if answer := s.get(path); answer.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, answer.Code)
		}
	}
	if strings.Contains(s.get("/robots.txt").Body.String(), "Disallow: /\n") {
		t.Error("an open site asks crawlers to leave")
	}
	hidden := newSite(t, dbtest.SQLite(t), func(deps *Deps) { deps.Hidden = true })
	if !strings.Contains(hidden.get("/robots.txt").Body.String(), "Disallow: /\n") {
		t.Error("a hidden site does not ask crawlers to leave")
	}
}

// TestSitePages shows every page that sitemaps name, as far as it is one of the
// pages that help.
func TestSitePages(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), nil)
	for _, page := range SitePages() {
		if answer := s.get(page.Path); answer.Code != http.StatusOK {
			t.Errorf("%s: %d", page.Path, answer.Code)
		}
	}
}
