package dump

import (
	"bufio"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"grenier/internal/db"
	"grenier/internal/fault"
)

// Kinds of sitemaps that are no dumps.
const (
	Topics Kind = "topics"
	Pages  Kind = "pages"
)

// SitemapKinds are what sitemaps are about.
var SitemapKinds = []Kind{Pages, Datasets, Organizations, Reuses, Dataservices, Topics, Posts}

// sitemapURLs bounds the addresses in one file, as the sitemap protocol does.
const sitemapURLs = 50_000

// Page is a page of the site that is about no object.
type Page struct {
	// Path is that in the site's language: "/" or "/datasets".
	Path string
	// Changes is how often it changes (always, hourly, daily, weekly, monthly,
	// yearly, never); Priority is from 0 to 1, relative to other pages here.
	Changes  string
	Priority float64
}

// Sitemaps writes sitemaps (sitemaps.org, 0.9) of what everybody may read.
type Sitemaps struct {
	db      *db.DB
	options SitemapOptions
}

// SitemapOptions say what sitemaps tell besides the objects.
type SitemapOptions struct {
	// Pages are the pages of the site about no object.
	Pages []Page
	// Language is the site's, Languages are all that pages are offered in.
	Language  string
	Languages []string
}

// NewSitemaps returns the sitemaps of a database.
func NewSitemaps(d *db.DB, o SitemapOptions) *Sitemaps {
	o.Languages = slices.Compact(append([]string{o.Language}, slices.DeleteFunc(slices.Clone(o.Languages), func(lang string) bool {
		return lang == o.Language
	})...))
	return &Sitemaps{db: d, options: o}
}

// listed says which rows of a kind are in its sitemap and how their pages
// are weighed.
type listed struct {
	table, where string
	// updated is a second column of a moment of change, beside modified_at.
	updated  string
	priority string
}

var sitemaps = map[Kind]listed{
	Datasets:      {"datasets", "visible = TRUE", "last_update", "0.8"},
	Organizations: {"organizations", "deleted_at IS NULL", "modified_at", "0.7"},
	Reuses:        {"reuses", "visible = TRUE AND archived_at IS NULL", "modified_at", "0.7"},
	Dataservices:  {"dataservices", "visible = TRUE", "modified_at", "0.8"},
	Topics:        {"topics", "COALESCE(private, FALSE) = FALSE", "modified_at", "0.6"},
	Posts:         {"posts", "published_at IS NOT NULL AND kind = 'news'", "published_at", "0.6"},
}

// Version tells the state that sitemaps show, in an ETag, and since when.
func (s *Sitemaps) Version(ctx context.Context, base string) (etag string, modified time.Time, err error) {
	var last []struct {
		Seq int64
		At  db.Time
	}
	if err := s.db.Read().NewRaw("SELECT seq, at FROM events ORDER BY seq DESC LIMIT 1").Scan(ctx, &last); err != nil || len(last) == 0 {
		return "", time.Time{}, err
	}
	return fmt.Sprintf(`W/"sitemap-%d-%d-%x"`, last[0].Seq, last[0].At.UnixMicro(), base), last[0].At.Time, nil
}

const sitemapSpace = "http://www.sitemaps.org/schemas/sitemap/0.9"

// Index writes the list of the sitemaps of a site at base, its address without
// a slash at its end.
func (s *Sitemaps) Index(ctx context.Context, w io.Writer, base string) error {
	counts := make(map[Kind]int, len(sitemaps))
	for kind, from := range sitemaps {
		var count int
		if err := s.db.Read().NewRaw("SELECT count(*) FROM "+from.table+" WHERE "+from.where).Scan(ctx, &count); err != nil {
			return err
		}
		counts[kind] = count
	}
	counts[Pages] = len(s.options.Pages)
	b := bufio.NewWriter(w)
	fmt.Fprint(b, xml.Header, `<sitemapindex xmlns="`, sitemapSpace, "\">\n")
	for _, kind := range SitemapKinds {
		for n := 1; (n-1)*sitemapURLs < counts[kind]; n++ {
			fmt.Fprint(b, "<sitemap><loc>", escaped(base), "/sitemaps/", kind, "-", n, ".xml</loc></sitemap>\n")
		}
	}
	fmt.Fprint(b, "</sitemapindex>\n")
	return b.Flush()
}

// File writes the sitemap number n, from 1, of a kind. Nothing is written when
// there is none: the error is fault.NotFound.
func (s *Sitemaps) File(ctx context.Context, w io.Writer, base string, kind Kind, n int) error {
	if kind == Pages && n == 1 && len(s.options.Pages) > 0 {
		return s.pages(w, base)
	}
	from, ok := sitemaps[kind]
	if !ok || n < 1 || n > 1_000_000 {
		return noSitemap()
	}
	after, err := s.before(ctx, from, n)
	if err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	for written := 0; written < sitemapURLs; {
		rows, err := s.rows(ctx, from, after, min(batchRows, sitemapURLs-written))
		if err != nil {
			return err
		}
		if written == 0 {
			if len(rows) == 0 {
				return noSitemap()
			}
			fmt.Fprint(b, xml.Header, `<urlset xmlns="`, sitemapSpace, "\">\n")
		}
		for _, r := range rows {
			fmt.Fprint(b, "<url><loc>", escaped(base), "/", kind, "/", escaped(url.PathEscape(r.Slug)), "</loc><lastmod>",
				timestamp(later(r.Modified, r.Updated).Time), "</lastmod><changefreq>weekly</changefreq><priority>", from.priority, "</priority></url>\n")
		}
		written += len(rows)
		if len(rows) < batchRows {
			break
		}
		after = rows[len(rows)-1].ID
	}
	fmt.Fprint(b, "</urlset>\n")
	return b.Flush()
}

func noSitemap() error { return fault.New(fault.NotFound, "There is no such sitemap") }

// before is the identifier after which the sitemap number n begins.
func (s *Sitemaps) before(ctx context.Context, from listed, n int) (string, error) {
	if n == 1 {
		return "", nil
	}
	var ids []string
	err := s.db.Read().NewRaw("SELECT id FROM "+from.table+" WHERE "+from.where+" ORDER BY id LIMIT 1 OFFSET ?", (n-1)*sitemapURLs-1).Scan(ctx, &ids)
	if err == nil && len(ids) == 0 {
		err = noSitemap()
	}
	if err != nil {
		return "", err
	}
	return ids[0], nil
}

// sitemapRow is what a sitemap tells of an object.
type sitemapRow struct {
	ID, Slug          string
	Modified, Updated db.Time
}

// rows reads the next rows by identifier: constant memory, and no connection
// held while the client reads.
func (s *Sitemaps) rows(ctx context.Context, from listed, after string, limit int) ([]sitemapRow, error) {
	rows := make([]sitemapRow, 0, limit)
	err := s.db.Read().NewRaw("SELECT id, slug, modified_at AS modified, "+from.updated+" AS updated FROM "+from.table+
		" WHERE "+from.where+" AND id > ? ORDER BY id LIMIT ?", after, limit).Scan(ctx, &rows)
	return rows, err
}

// pages writes the sitemap of the pages, each with its address in every
// language.
func (s *Sitemaps) pages(w io.Writer, base string) error {
	b := bufio.NewWriter(w)
	fmt.Fprint(b, xml.Header, `<urlset xmlns="`, sitemapSpace, `" xmlns:xhtml="http://www.w3.org/1999/xhtml">`, "\n")
	for _, page := range s.options.Pages {
		others := s.alternates(base, page.Path)
		for _, lang := range s.options.Languages {
			fmt.Fprintf(b, "<url><loc>%s</loc><changefreq>%s</changefreq><priority>%.1f</priority>%s</url>\n",
				escaped(s.address(base, lang, page.Path)), page.Changes, page.Priority, others)
		}
	}
	fmt.Fprint(b, "</urlset>\n")
	return b.Flush()
}

// alternates are the addresses of a page in all languages, in XML; nothing
// when there is one.
func (s *Sitemaps) alternates(base, path string) string {
	if len(s.options.Languages) < 2 {
		return ""
	}
	var b strings.Builder
	for _, lang := range s.options.Languages {
		fmt.Fprintf(&b, `<xhtml:link rel="alternate" hreflang="%s" href="%s"/>`, escaped(lang), escaped(s.address(base, lang, path)))
	}
	fmt.Fprintf(&b, `<xhtml:link rel="alternate" hreflang="x-default" href="%s"/>`, escaped(s.address(base, s.options.Language, path)))
	return b.String()
}

// address is that of a page in a language.
func (s *Sitemaps) address(base, lang, path string) string {
	switch {
	case lang == s.options.Language:
		return base + path
	case path == "/":
		return base + "/" + lang
	}
	return base + "/" + lang + path
}

// escaped is a text in XML.
func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder takes all
	return b.String()
}

// Robots is the text of /robots.txt: what crawlers are asked to leave alone,
// and where the sitemaps are. hidden asks them to leave all alone. Searches are
// without end; what they find is in the sitemaps.
func Robots(base string, hidden bool) string {
	if hidden {
		return "User-agent: *\nDisallow: /\n"
	}
	return "User-agent: *\nDisallow: /admin/\nDisallow: /login\nDisallow: /suggest\nDisallow: /*/search?\nDisallow: /search?\n" +
		"\nSitemap: " + base + "/sitemap.xml\n"
}
