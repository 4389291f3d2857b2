// Package embed is the face for pages of other sites: cards of the catalogue's
// objects by oEmbed and by the routes that older snippets call, and small pages
// to be framed. It shows what everybody may read, asks nobody who they are and
// keeps no cookie.
package embed

import (
	"embed"
	"html/template"
	"io/fs"
	"log/slog"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/geo"
	"grenier/internal/i18n"
	"grenier/internal/search"
	"grenier/internal/web"
)

//go:embed templates styles texts
var files embed.FS

// Searcher finds public objects.
type Searcher interface {
	Search(search.Query) (search.Result, error)
}

// Deps are the subjects behind the cards and what the operator chose.
type Deps struct {
	Catalog       *catalog.Store
	Organizations *account.Organizations
	Zones         *geo.Directory
	Search        Searcher
	Log           *slog.Logger
	// Language is the site's own; Languages are all offered ones.
	Language  string
	Languages []string
	// Zone is that of the days that are shown.
	Zone *time.Location
	// Style gives the style sheet that the theme of the site brings for cards and
	// frames, empty for none; nil never has one.
	Style func() string
}

// Embed holds the cards and the framed pages.
type Embed struct {
	Deps
	messages  *i18n.Messages
	printers  map[string]*i18n.Printer
	templates *template.Template
	styles    styles
}

// New reads the texts, the templates and the styles.
func New(deps Deps) (*Embed, error) {
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	if deps.Zone == nil {
		deps.Zone = time.UTC
	}
	e := &Embed{Deps: deps, printers: map[string]*i18n.Printer{}}
	texts, err := fs.Sub(files, "texts")
	if err != nil {
		return nil, err
	}
	if e.messages, err = i18n.ReadMessages(texts); err != nil {
		return nil, err
	}
	for _, lang := range append([]string{deps.Language}, deps.Languages...) {
		e.printers[lang] = e.messages.Printer(lang, deps.Language, deps.Zone)
	}
	if e.styles, err = readStyles(); err != nil {
		return nil, err
	}
	e.templates, err = template.ParseFS(files, "templates/*.html")
	return e, err
}

// Routes declares what lies at the root of the site, and what is part of the
// first version of the API.
func (e *Embed) Routes(root, first *web.Table) {
	e.oembedRoutes(first)
	e.referenceRoutes(first)
	e.frameRoutes(root)
	e.pageRoutes(root)
}

// printer writes in a language that the site offers, in its own for others.
func (e *Embed) printer(lang string) *i18n.Printer {
	if p, ok := e.printers[lang]; ok {
		return p
	}
	return e.printers[e.Language]
}

// keptFor bounds how long an answer is given again: counters move without a
// change of the catalogue.
const keptFor = 5 * time.Minute

// shared is how long browsers and caches on the way may give an answer again
// (RFC 9111, section 5.2.2).
var shared = []string{"public, max-age=600"}
