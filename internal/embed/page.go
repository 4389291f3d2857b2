package embed

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"grenier/internal/fault"
	"grenier/internal/i18n"
	"grenier/internal/web"
)

// heightScript tells the page around the frame how high the content is, when it
// is shown and whenever that changes.
const heightScript = `(()=>{if(parent===window)return;let last=0;const root=document.documentElement,` +
	`say=()=>{const height=Math.ceil(root.getBoundingClientRect().height);` +
	`if(height!==last){last=height;parent.postMessage({type:"udata:height",height},"*")}};` +
	`new ResizeObserver(say).observe(root);addEventListener("load",say);` +
	`addEventListener("message",e=>{if(e.source===parent&&e.data&&e.data.type==="udata:height?"){last=0;say()}})})()`

// pageArgs are the wishes about a framed page, and those of its search.
type pageArgs struct {
	optionArgs
	searchArgs
	viewArgs
	Kind string `path:"kind"`
	Key  string `path:"key"`
}

// wideArgs are those of the search in the whole catalogue.
type wideArgs struct {
	optionArgs
	searchArgs
}

// framed is what the templates of framed pages draw.
type framed struct {
	Lang, Title string
	Options     options
	// Styles are the sheets of the page, Script what it runs.
	Styles template.CSS
	Accent template.CSS
	Script template.JS
	// Site is the name of the site, Home its address.
	Site, Home string
	// Card is shown alone, List is a list of cards, View an element of the library, Problem what went wrong; one of them is there.
	Card *drawn
	List *list
	View *view
	// OEmbed is where programs learn how to frame View.
	OEmbed  string
	Problem string
	say     *i18n.Printer
}

// T writes a message in the language of the page.
func (f framed) T(id string, args ...any) string { return f.say.T(id, args...) }

func (e *Embed) pageRoutes(root *web.Table) {
	doc := web.Doc{Public: true, Keep: true, NoMask: true, People: true}
	web.Get[web.Raw](root, "/embeds/{kind}/{key}", doc, e.page)
	web.Get[web.Raw](root, "/embeds/search", doc, func(c *web.Call, q wideArgs) error {
		return e.page(c, pageArgs{optionArgs: q.optionArgs, searchArgs: q.searchArgs})
	})
}

// page answers with a page to be framed, also where there is nothing to show.
func (e *Embed) page(c *web.Call, q pageArgs) error {
	say := e.printer(q.Lang)
	f := framed{
		Lang: say.Lang(), Options: q.optionArgs.read(), Script: heightScript, Site: c.Site.Title, Home: e.maker(c, q.Lang).page("/"), say: say,
		Styles: e.styles.card + e.styles.page + e.added(),
	}
	f.Accent = f.Options.style()
	keys, err := e.content(c, q, &f)
	status := http.StatusOK
	if err != nil {
		if c.Context().Err() != nil {
			return err
		}
		status = e.problem(c, err, &f)
	}
	var b bytes.Buffer
	if err := e.templates.ExecuteTemplate(&b, "page", f); err != nil {
		return err
	}
	h := c.W.Header()
	h["Content-Security-Policy"] = f.policy()
	h["Content-Language"] = []string{f.Lang}
	h["X-Robots-Tag"] = []string{"noindex"}
	h["Cache-Control"] = shared
	if status != http.StatusOK {
		h["Cache-Control"] = []string{"no-store"}
	} else {
		c.Keep(time.Now().Add(keptFor), append(keys, siteKey)...)
	}
	return c.Blob(status, "text/html; charset=utf-8", b.Bytes())
}

// content finds what the page shows, and what it is made of.
func (e *Embed) content(c *web.Call, q pageArgs, f *framed) ([]web.Key, error) {
	m := e.maker(c, q.Lang)
	if q.Kind == "" {
		return m.search(q, f)
	}
	if kind, ok := listKinds[q.Kind]; ok {
		return m.list(kind, q, f)
	}
	kind, ok := cardKinds[q.Kind]
	if !ok {
		return nil, fault.New(fault.NotFound, "There is no such page.")
	}
	made, err := m.card(target{kind: kind, key: q.Key})
	if err != nil {
		return nil, err
	}
	f.Title = made.Title
	if f.View = viewOf(made, q.viewArgs); f.View == nil {
		f.Card = &drawn{card: made, say: m.say, Level: 1}
	} else {
		f.OEmbed = m.site.Base + "/api/1/oembed?url=" + url.QueryEscape(f.View.address(m.site, m.say.Lang(), e.Language))
	}
	return made.keys, nil
}

// problem says on the page why there is nothing, and gives the status.
func (e *Embed) problem(c *web.Call, err error, f *framed) int {
	status := web.StatusOf(fault.Of(err).Code)
	var known *fault.Error
	if !errors.As(err, &known) || status >= http.StatusInternalServerError {
		e.Log.LogAttrs(c.Context(), slog.LevelError, "a framed page failed", slog.String("request", c.ID), slog.String("error", err.Error()))
	}
	message := "embed.failed"
	switch status {
	case http.StatusNotFound:
		message = "embed.missing"
	case http.StatusGone:
		message = "embed.gone"
	}
	f.Card, f.List, f.View, f.Problem, f.Title = nil, nil, nil, f.say.T(message), f.say.T("embed.not-shown")
	return status
}

// policy lets the page be framed everywhere, and load its own styles and script
// and the pictures of the site alone; an element of the library its scripts and
// the files that it shows besides.
func (f *framed) policy() []string {
	sources := func(texts ...string) string {
		var b strings.Builder
		for _, text := range texts {
			if text != "" {
				sum := sha256.Sum256([]byte(text))
				b.WriteString(" 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'")
			}
		}
		return b.String()
	}
	library := ""
	if f.View != nil {
		library = " 'self'; connect-src 'self'" + f.View.hosts()
	}
	return []string{"default-src 'none'; script-src" + sources(string(f.Script)) + library + "; style-src" + sources(string(f.Styles), string(f.Accent)) +
		"; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors *"}
}
