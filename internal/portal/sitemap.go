package portal

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/dump"
	"grenier/internal/fault"
	"grenier/internal/web"
)

// SitePages are the pages about no object, for sitemaps.
func SitePages() []dump.Page {
	pages := []dump.Page{
		{Path: "/", Changes: "hourly", Priority: 1},
		{Path: "/datasets/search", Changes: "hourly", Priority: 0.9}, {Path: "/dataservices/search", Changes: "daily", Priority: 0.9},
		{Path: "/reuses/search", Changes: "daily", Priority: 0.8}, {Path: "/organizations", Changes: "daily", Priority: 0.8},
		{Path: "/topics", Changes: "weekly", Priority: 0.7}, {Path: "/posts", Changes: "daily", Priority: 0.7},
		{Path: "/tags", Changes: "daily", Priority: 0.5}, {Path: "/licenses", Changes: "monthly", Priority: 0.5},
		{Path: "/territories", Changes: "weekly", Priority: 0.6},
		{Path: "/exports", Changes: "weekly", Priority: 0.6}, {Path: "/feeds", Changes: "monthly", Priority: 0.4},
		{Path: "/developers", Changes: "monthly", Priority: 0.6}, {Path: "/integrate", Changes: "monthly", Priority: 0.6}, {Path: "/dashboard", Changes: "daily", Priority: 0.5},
		{Path: "/support", Changes: "monthly", Priority: 0.5}, {Path: "/sitemap", Changes: "weekly", Priority: 0.3},
	}
	for _, level := range integrateLevels {
		pages = append(pages, dump.Page{Path: "/integrate/" + level.name, Changes: "monthly", Priority: 0.4})
	}
	for _, name := range []string{"mentions", "cgu", "vie-privee", "accessibility"} {
		pages = append(pages, dump.Page{Path: "/pages/legal/" + name, Changes: "monthly", Priority: 0.2})
	}
	return pages
}

// crawlerRoutes declare what search engines read.
func (p *Portal) crawlerRoutes(root *web.Table) {
	web.Get[web.Raw](root, "/robots.txt", web.Doc{}, p.serveRobots)
	if p.Sitemaps != nil {
		web.Get[web.Raw](root, "/sitemap.xml", web.Doc{}, p.serveSitemapIndex)
		web.Get[web.Raw](root, "/sitemaps/{file}", web.Doc{Slow: true}, p.serveSitemap)
	}
}

func (p *Portal) serveRobots(c *web.Call, _ web.None) error {
	c.W.Header()["Cache-Control"] = []string{"public, max-age=3600"}
	return c.Blob(http.StatusOK, "text/plain; charset=utf-8", []byte(dump.Robots(c.Site.Base, p.Hidden)))
}

const sitemapType = "application/xml; charset=utf-8"

func (p *Portal) serveSitemapIndex(c *web.Call, _ web.None) error {
	etag, modified, err := p.Sitemaps.Version(c.Context(), c.Site.Base)
	if err != nil || c.NotModified(etag, modified) {
		return err
	}
	var index bytes.Buffer
	if err := p.Sitemaps.Index(c.Context(), &index, c.Site.Base); err != nil {
		return err
	}
	return c.Blob(http.StatusOK, sitemapType, index.Bytes())
}

// serveSitemap answers with one file: datasets-2.xml.
func (p *Portal) serveSitemap(c *web.Call, _ web.None) error {
	name, ok := strings.CutSuffix(c.Param("file"), ".xml")
	kind, number, found := strings.Cut(name, "-")
	n, err := strconv.Atoi(number)
	if !ok || !found || err != nil || strconv.Itoa(n) != number || !slices.Contains(dump.SitemapKinds, dump.Kind(kind)) {
		return fault.New(fault.NotFound, "There is no such sitemap.")
	}
	etag, modified, err := p.Sitemaps.Version(c.Context(), c.Site.Base)
	if err != nil || c.NotModified(etag, modified) {
		return err
	}
	late := &lateStream{begin: func() io.WriteCloser { return c.Stream(http.StatusOK, sitemapType) }}
	if err := p.Sitemaps.File(c.Context(), late, c.Site.Base, dump.Kind(kind), n); err != nil {
		return err
	}
	return late.Close()
}

// lateStream begins an answer with its first byte, so that what fails before
// can still be told.
type lateStream struct {
	begin  func() io.WriteCloser
	stream io.WriteCloser
}

func (s *lateStream) Write(b []byte) (int, error) {
	if s.stream == nil {
		s.stream = s.begin()
	}
	return s.stream.Write(b)
}

// Close ends what was begun.
func (s *lateStream) Close() error {
	if s.stream == nil {
		s.stream = s.begin()
	}
	return s.stream.Close()
}

// siteMap is the content of the page that leads to all others.
type siteMap struct {
	// Sections hold the links, the most general first.
	Sections []siteMapSection
}

// siteMapSection is a list of links under a title.
type siteMapSection struct {
	// ID is unique in the page.
	ID, Title string
	// Lang is the language of the links when it is not the page's.
	Lang  string
	Links []Link
	// Tags draws the links as keywords.
	Tags bool
}

const (
	siteMapTopics = 60 // topics, and
	siteMapTags   = 60 // keywords on the page that leads to all others
)

func (p *Portal) showSiteMap(v *visit, _ web.None) error {
	content := siteMap{Sections: v.menuSections()}
	topics, err := p.topicLinks(v)
	if err != nil {
		return err
	}
	licences, err := p.Catalog.Licenses(v.Context())
	if err != nil {
		return err
	}
	counts, _, err := p.Catalog.FrequentTags(v.Context(), siteMapTags)
	if err != nil {
		return err
	}
	var licenceLinks, tags []Link
	for i := range licences {
		licenceLinks = append(licenceLinks, Link{v.licenseTitle(&licences[i]), v.path("/datasets/search?license=" + url.QueryEscape(licences[i].ID))})
	}
	for _, count := range counts {
		tags = append(tags, Link{count.Tag, v.path("/tags/" + url.PathEscape(count.Tag))})
	}
	for _, section := range []siteMapSection{
		{ID: "topics", Title: v.say.T("nav.topics"), Lang: v.contentLang(), Links: topics},
		{ID: "licences", Title: v.say.T("nav.licenses"), Links: licenceLinks},
		{ID: "tags", Title: v.say.T("nav.tags"), Lang: v.contentLang(), Links: tags, Tags: true},
		{ID: "words", Title: v.say.T("help.site-map-words"), Links: v.wordLinks()},
		{ID: "programs", Title: v.say.T("help.site-map-programs"), Links: v.programLinks()},
	} {
		if len(section.Links) > 0 {
			content.Sections = append(content.Sections, section)
		}
	}
	return v.show(draft{
		name: "sitemap", title: v.say.T("nav.site-map"), description: v.say.T("help.site-map-lead"), path: "/sitemap", data: content,
		crumbs: v.helpTrail("nav.site-map"), keys: cardKinds(catalog.KindTopic, catalog.KindDataset, catalog.KindReuse, "license"), until: v.now.Add(countsHold),
		siblings: []Sibling{{"application/xml", v.say.T("help.site-map-xml"), "/sitemap.xml"}},
	})
}

// menuSections are the links of header and footer.
func (v *visit) menuSections() []siteMapSection {
	menu := v.menu("/sitemap")
	sections := []siteMapSection{{
		ID: "main", Title: v.say.T("site.menu-main"), Links: append([]Link{{v.say.T("site.home"), v.path("/")}}, itemLinks(menu.Header)...),
	}}
	seen := map[string]bool{}
	for _, link := range sections[0].Links {
		seen[link.Path] = true
	}
	for i, column := range menu.Footer {
		var links []Link
		for _, link := range itemLinks(column.Items) {
			if !seen[link.Path] {
				seen[link.Path] = true
				links = append(links, link)
			}
		}
		if len(links) > 0 {
			sections = append(sections, siteMapSection{ID: "menu-" + strconv.Itoa(i+1), Title: column.Label, Links: links})
		}
	}
	return sections
}

func itemLinks(items []Item) []Link {
	links := make([]Link, 0, len(items))
	for _, item := range items {
		links = append(links, Link{item.Label, item.URL})
	}
	return links
}

// topicLinks are links to the latest topics.
func (p *Portal) topicLinks(v *visit) ([]Link, error) {
	ids, _, err := p.Catalog.TopicIDs(v.Context(), account.Nobody, catalog.TopicFilter{Sort: "-created"}, catalog.Page{Limit: siteMapTopics})
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	topics, err := p.Catalog.TopicsByIDs(v.Context(), account.Nobody, ids)
	links := make([]Link, 0, len(topics))
	for i := range topics {
		links = append(links, Link{topics[i].Name, v.path("/topics/" + url.PathEscape(topics[i].Slug))})
	}
	return links, err
}

// programLinks are links to what programs read.
func (v *visit) programLinks() []Link {
	return []Link{
		{v.say.T("nav.api"), "/apidoc/"}, {v.say.T("help.openapi"), "/api/openapi.json"},
		{v.say.T("site.feed-datasets"), v.feedPath("datasets", dump.Atom, nil)}, {v.say.T("site.feed-reuses"), v.feedPath("reuses", dump.Atom, nil)},
		{v.say.T("help.site-map-xml"), "/sitemap.xml"},
	}
}
