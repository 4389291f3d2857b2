package portal

import (
	"time"

	"grenier/internal/account"
	"grenier/internal/i18n"
	"grenier/internal/portal/theme"
	"grenier/internal/web"
)

// table takes the declarations of pages.
type table struct {
	p    *Portal
	root *web.Table
}

// visit is one request for a page.
type visit struct {
	*web.Call
	p     *Portal
	theme *theme.Theme
	// lang is the page's language; say writes in it.
	lang   string
	say    *i18n.Printer
	viewer account.Viewer
	now    time.Time
	// made names what the parts of the page were made from, as they were read.
	made *[]web.Key
	// posted is the form that was sent, nil when the page was asked for.
	posted *posted
	// leaves are further origins that the page's forms may lead to.
	leaves string
}

// madeFrom notes that the page shows an object, and whose it is: when one of
// them changes, the page is made anew.
func (v *visit) madeFrom(kind, id string, owner account.Owner) {
	*v.made = append(append(*v.made, web.Object(kind, id)), ownerKeys(owner)...)
}

// page declares a page in every language: in the site's own at the path, in the
// others below their codes. Arguments are read leniently: declare them as text
// (query:"q"), or as lists of texts, and make sense of them by argument.go.
func page[Q any](t *table, path string, h func(*visit, Q) error) {
	add(t, path, web.Doc{People: true, Keep: !t.p.Dev, NoMask: true}, h)
}

// slowPage declares a page that asks other servers: it is not kept by address
// and may take its time.
func slowPage[Q any](t *table, path string, timeout time.Duration, h func(*visit, Q) error) {
	add(t, path, web.Doc{People: true, NoMask: true, Timeout: timeout}, h)
}

func add[Q any](t *table, path string, doc web.Doc, h func(*visit, Q) error) {
	for _, lang := range t.p.Languages {
		full := prefixed(t.p.Language, lang, path)
		web.Get[web.Raw](t.root, full, doc, func(c *web.Call, q Q) error { return h(t.p.visit(c, lang), q) })
	}
}

// visit begins the answer to a request in a language.
func (p *Portal) visit(c *web.Call, lang string) *visit {
	c.Lang = lang
	look := p.look.theme()
	return &visit{
		Call: c, p: p, theme: look, lang: lang, say: look.Printer(lang), viewer: web.ViewerOf[account.Viewer](c), now: time.Now(),
		made: new([]web.Key),
	}
}

// prefixed is a path of the site in a language.
func prefixed(own, lang, path string) string {
	switch {
	case lang == own || lang == "":
		return path
	case path == "/":
		return "/" + lang
	}
	return "/" + lang + path
}

// path is a path of the site in the page's language.
func (v *visit) path(path string) string { return prefixed(v.p.Language, v.lang, path) }
