package embed

import (
	"net/http"
	"strconv"
	"time"

	"grenier/internal/fault"
	"grenier/internal/web"
)

// OEmbed is an answer of oEmbed 1.0 (https://oembed.com), of the type rich.
type OEmbed struct {
	Type    string `json:"type"`
	Version string `json:"version"`
	HTML    string `json:"html"`
	// Width and Height are in pixels, no more than what was asked for.
	Width     int `json:"width"`
	Height    int `json:"height"`
	MaxWidth  int `json:"maxwidth"`
	MaxHeight int `json:"maxheight"`

	Title           string `json:"title,omitempty"`
	AuthorName      string `json:"author_name,omitempty"`
	AuthorURL       string `json:"author_url,omitempty"`
	ProviderName    string `json:"provider_name,omitempty"`
	ProviderURL     string `json:"provider_url,omitempty"`
	CacheAge        int    `json:"cache_age,omitempty"`
	ThumbnailURL    string `json:"thumbnail_url,omitempty"`
	ThumbnailWidth  int    `json:"thumbnail_width,omitempty"`
	ThumbnailHeight int    `json:"thumbnail_height,omitempty"`
	// Error says why there is no card, in a list that was asked for in part.
	Error string `json:"error,omitempty"`
}

// The room that a card takes at most, and how long it may be shown again.
const (
	cardWidth  = 1000
	cardHeight = 200
	cacheAge   = 3600 // seconds
)

// The size of the picture that stands for a page.
const shareWidth, shareHeight = 1200, 630

type oembedArgs struct {
	URL       string `query:"url" required:"true" help:"The absolute URL of a page of this site"`
	MaxWidth  pixels `query:"maxwidth" help:"The most room that the card may take, in pixels"`
	MaxHeight pixels `query:"maxheight" help:"The most room that the card may take, in pixels"`
	Format    string `query:"format" help:"json, the only format"`
	Lang      string `query:"lang" help:"The language of the card, before that of the URL"`
}

// pixels is a length, 0 when none is given.
type pixels int

// mostPixels bounds the lengths that are taken.
const mostPixels = 99_999

// ParseArg implements web.ArgParser.
func (p *pixels) ParseArg(given string) error {
	if given == "" {
		return nil
	}
	n, err := strconv.Atoi(given)
	if err != nil || n < 1 || n > mostPixels {
		return fault.New(fault.Invalid, "a whole number of pixels is needed")
	}
	*p = pixels(n)
	return nil
}

// within clamps a length to what was asked for.
func (p pixels) within(length int) int {
	if p > 0 {
		return min(int(p), length)
	}
	return length
}

func (e *Embed) oembedRoutes(first *web.Table) {
	doc := web.Doc{Public: true, Keep: true, NoMask: true, Tags: []string{"oembed"}}
	web.Get[OEmbed](first, "/oembed", doc, e.oembed)
	doc.Summary, doc.ID = "Embed a page of the site", "oembed"
	doc.Description = "oEmbed 1.0 of datasets, reuses, organizations, APIs, topics, territories, files and charts."
	doc.Statuses = map[int]string{
		http.StatusBadRequest: "The URL is missing or is not absolute.", http.StatusNotFound: "The URL names nothing that can be embedded.",
		http.StatusGone: "What the URL names was deleted.", http.StatusNotImplemented: "The format is another one than JSON.",
	}
	web.Get[OEmbed](first, "/oembed/", doc, e.oembed)
}

func (e *Embed) oembed(c *web.Call, q oembedArgs) error {
	if q.Format != "" && q.Format != "json" {
		return fault.New(fault.NotImplemented, "Only JSON format is supported")
	}
	named, err := e.read(c, q.URL)
	if err != nil {
		return err
	}
	lang := named.lang
	if q.Lang != "" {
		lang = q.Lang
	}
	made, err := e.maker(c, lang).card(named)
	if err != nil {
		return err
	}
	if !named.alias {
		c.W.Header()["Cache-Control"] = shared
		c.Keep(time.Now().Add(keptFor), append(made.keys, siteKey)...)
	}
	if shown := viewOf(made, named.as); shown != nil {
		return c.JSON(http.StatusOK, e.framed(c.Site, shown, lang, q.MaxWidth, q.MaxHeight))
	}
	form := cardForm
	if named.api && made.Kind == "dataset" { // as the first snippets ask
		form = legacyForm
	}
	html, err := e.draw(form, e.printer(lang), made)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, e.rich(c.Site, made, html, q.MaxWidth, q.MaxHeight))
}

// rich is the answer of oEmbed for a card.
func (e *Embed) rich(site *web.Site, made *card, html string, width, height pixels) OEmbed {
	answer := OEmbed{
		Type: "rich", Version: "1.0", HTML: html, Width: width.within(cardWidth), Height: height.within(cardHeight),
		MaxWidth: cardWidth, MaxHeight: cardHeight, Title: made.Title, ProviderName: site.Title, ProviderURL: site.Base + "/", CacheAge: cacheAge,
	}
	if made.Author != nil {
		answer.AuthorName, answer.AuthorURL = made.Author.Name, made.Author.URL
	}
	if width.within(shareWidth) == shareWidth && height.within(shareHeight) == shareHeight {
		answer.ThumbnailURL, answer.ThumbnailWidth, answer.ThumbnailHeight = made.Share, shareWidth, shareHeight
	}
	return answer
}
