package portal

import (
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"grenier/internal/catalog"
	"grenier/internal/portal/theme"
	"grenier/internal/web"
)

// Page is what the templates draw: the frame that all pages share, and the data
// of this one. Its fields, and those of the data of each page, are a contract
// with the templates of theme packs: new ones come, present ones stay.
type Page struct {
	// Name is the page's template: dataset, search, home …
	Name string
	// Lang is the page's language, Dir its direction: ltr or rtl.
	Lang, Dir string
	Site      Site
	// Title is what the page is about; TabTitle adds the site's title.
	Title, TabTitle string
	// Description is one or two sentences of plain text.
	Description string
	// Path is the page's path in the site's own language, without arguments.
	Path string
	// Canonical is the absolute address that stands for the page.
	Canonical  string
	Alternates []Alternate
	// NoIndex asks search engines to leave the page out.
	NoIndex bool
	// Kind is the OpenGraph type: website or article.
	Kind string
	// Image is the absolute address of the picture for shared links.
	Image string
	// Linked is the page's JSON-LD, empty for none.
	Linked template.JS
	// Feeds are Atom and RSS feeds, Siblings other forms of the same content.
	Feeds    []Sibling
	Siblings []Sibling
	// Crumbs lead from the home page to this one, which is the last.
	Crumbs []Link
	Menu   Menu
	Search SearchBox
	// Account is who is signed in, or how to log in.
	Account Account
	// Notices say what has just been done.
	Notices []Notice
	// Admin is what stands around a page of the administration; nothing around
	// others.
	Admin *AdminFrame
	// Styles are the addresses of the style sheets, Script that of the script.
	Styles []string
	Script string
	// Tools is the script of pages that one writes on, empty for others.
	Tools string
	// Boot is a script that must run before anything is drawn.
	Boot template.JS
	// Words are the texts of the scripts, as a JSON object.
	Words template.JS
	// Version is the program's version.
	Version string
	// Data is the page's own content: see the type of the page's name.
	Data any
}

// Site is the portal itself.
type Site struct {
	Title, Tagline, URL   string
	Logo, LogoDark        string
	Favicon               string
	Home, Contact, Source string
	// Banner is what the administrators have every page say; empty for nothing.
	Banner template.HTML
}

// Alternate is the page in a language.
type Alternate struct {
	Lang, Name, URL string
	// Path is the same address within the site, arguments included.
	Path string
	// Offer proposes the page in that language, Accept and Refuse answer.
	Offer, Accept, Refuse string
	Current               bool
}

// Sibling is another form of a page's content.
type Sibling struct{ Type, Title, URL string }

// Link leads somewhere. Path is empty for where one is.
type Link struct{ Label, Path string }

// Menu are the links around every page, in the page's language.
type Menu struct {
	Header []Item
	Footer []Column
	Legal  []Item
	Social []Item
}

// Column is a column of the footer.
type Column struct {
	Label string
	Items []Item
}

// Item is a link of a menu.
type Item struct {
	Label, URL, Icon string
	// Current tells that the page belongs there; External that it leaves the site.
	Current, External bool
}

// SearchBox is the search field of the header.
type SearchBox struct {
	// Action is where it leads; Query what it holds.
	Action, Query string
	// Described is the address of what tells browsers how to search here.
	Described string
}

// draft is what a handler says of its page; the frame is added by show.
type draft struct {
	name        string
	title       string
	description string
	// path is in the site's own language, without a prefix.
	path string
	// canonical is the path that stands for the page when it is another one.
	canonical string
	// args stay in the links to other languages and, when lasting, in the
	// canonical address.
	args      url.Values
	lasting   bool
	noIndex   bool
	kind      string
	image     string
	linked    []byte
	feeds     []Sibling
	siblings  []Sibling
	crumbs    []Link
	query     string
	status    int
	data      any
	keys      []web.Key
	until     time.Time
	transient bool // never kept
	admin     *AdminFrame
	// tools brings the styles and the script of pages that one writes on.
	tools   bool
	notices []Notice
}

// keptFor bounds how long a page is shown again: counters and the words that
// tell how long ago something was move without a change of the catalogue.
const keptFor = 5 * time.Minute

// siteKey names the settings of the site, which every page shows.
var siteKey = web.Object(catalog.KindSite, catalog.SiteID)

// show draws a page and answers with it.
func (v *visit) show(d draft) error {
	body, err := v.p.draw(v.theme, v.frame(d))
	if err != nil {
		return err
	}
	if !d.transient {
		until := v.now.Add(keptFor)
		if !d.until.IsZero() && d.until.Before(until) {
			until = d.until
		}
		v.Keep(until, append(append(d.keys, siteKey), *v.made...)...)
	}
	v.p.head(v.W.Header(), v.lang)
	v.W.Header()["Content-Security-Policy"] = v.p.policy(v.leaves)
	status := d.status
	if status == 0 {
		status = v.status()
	}
	return v.Blob(status, "text/html; charset=utf-8", body)
}

// head sets the headers of a page.
func (p *Portal) head(h http.Header, lang string) {
	h["Content-Security-Policy"] = p.policy("")
	h["Content-Language"] = []string{lang}
	h["Referrer-Policy"] = []string{"strict-origin-when-cross-origin"}
}

// policy lets a page load what comes from the site alone, and run no script
// within it but the one that is named by its hash. Its forms may lead to the
// origins named, and to the provider that ends sessions.
func (p *Portal) policy(leaves string) []string {
	if p.ProviderOrigin != "" {
		leaves += " " + p.ProviderOrigin
	}
	tiles := ""
	if u, err := url.Parse(strings.NewReplacer("{", "", "}", "").Replace(p.MapTiles)); err == nil && u.Host != "" {
		tiles = " " + u.Scheme + "://" + u.Host
	}
	return []string{"default-src 'none'; script-src 'self' '" + p.boot.hash + "'; style-src 'self'; img-src 'self' data:" + tiles +
		"; font-src 'self'; object-src 'self'; frame-src 'self'; connect-src 'self'; form-action 'self'" + leaves + "; base-uri 'none'; frame-ancestors 'self'; manifest-src 'self'"}
}

// draw draws a page in a theme; when the templates of a pack fail, in the
// program's own look.
func (p *Portal) draw(look *theme.Theme, page *Page) ([]byte, error) {
	body, err := look.Execute(page.Lang, page.Name, page)
	if err == nil || look == p.look.base {
		return body, err
	}
	p.Log.Error("the theme pack cannot draw a page; it is shown in the program's own look", "page", page.Name, "cause", err)
	return p.look.base.Execute(page.Lang, page.Name, page)
}

// part draws a block of a page alone, as draw draws the whole.
func (v *visit) part(page, block string, data any) ([]byte, error) {
	body, err := v.theme.Part(v.lang, page, block, data)
	if err == nil || v.theme == v.p.look.base {
		return body, err
	}
	v.p.Log.Error("the theme pack cannot draw a part of a page; it is shown in the program's own look", "page", page, "block", block, "cause", err)
	return v.p.look.base.Part(v.lang, page, block, data)
}

// frame makes the page of a draft.
func (v *visit) frame(d draft) *Page {
	p, base, chosen := v.p, v.Site.Base, v.siteSettings()
	title := v.siteTitle()
	page := &Page{
		Name: d.name, Lang: v.lang, Dir: direction(v.lang), Title: d.title, TabTitle: title, Description: d.description,
		Path: d.path, NoIndex: d.noIndex || p.Hidden, Kind: d.kind, Image: d.image, Linked: template.JS(d.linked), Feeds: d.feeds,
		Siblings: d.siblings, Crumbs: d.crumbs, Boot: template.JS(p.boot.text), Version: p.Version, Data: d.data,
		Site: Site{
			Title: title, Tagline: v.tagline(chosen), URL: base + v.path("/"), Home: v.path("/"), Contact: v.contact(), Banner: v.banner(chosen),
			Logo: p.assetPath(v.theme, "logo.svg"), LogoDark: p.assetPath(v.theme, "logo-dark.svg"), Favicon: "/favicon.svg",
		},
		Search: SearchBox{Action: v.path("/search"), Query: d.query, Described: v.path(openSearchPath)},
		Styles: p.styles(v.theme), Script: p.front.path("main.js"), Words: v.scriptWords(d.tools || d.admin != nil),
	}
	page.Account, page.Notices, page.Admin = v.accountMenu(), append(d.notices, v.heard()...), d.admin
	if d.tools || d.admin != nil {
		page.Styles, page.Tools = p.toolStyles(v.theme), p.front.path("tools.js")
	}
	if d.title != "" && d.title != title {
		page.TabTitle = d.title + " – " + title
	}
	if page.Kind == "" {
		page.Kind = "website"
	}
	if page.Image == "" {
		page.Image = base + "/share/site.png"
	}
	v.addresses(page, d)
	page.Menu = v.menu(d.path)
	page.Feeds = append(page.Feeds, v.siteFeeds()...)
	return page
}

// siteTitle is the name of the site: as administrators chose, as the theme says,
// or as the program was started.
func (v *visit) siteTitle() string {
	if title := v.siteSettings().Title; title != "" {
		return title
	}
	if title := v.words(v.theme.About.Title, ""); title != "" {
		return title
	}
	return v.Site.Title
}

// addresses fills in where the page is, and where it is in other languages.
func (v *visit) addresses(page *Page, d draft) {
	lasting := d.path
	if d.canonical != "" {
		lasting = d.canonical
	}
	query := ""
	if len(d.args) > 0 {
		query = "?" + d.args.Encode()
	}
	kept := ""
	if d.lasting {
		kept = query
	}
	page.Canonical = v.Site.Base + v.path(lasting) + kept
	for _, lang := range v.p.Languages {
		say := v.theme.Printer(lang)
		page.Alternates = append(page.Alternates, Alternate{
			Lang: lang, Name: say.T("site.language"), Current: lang == v.lang,
			Offer: say.T("site.language-offer"), Accept: say.T("site.language-accept"), Refuse: say.T("site.language-refuse"),
			URL:  v.Site.Base + prefixed(v.p.Language, lang, lasting) + kept,
			Path: prefixed(v.p.Language, lang, d.path) + query,
		})
	}
}

// direction is the direction that a language is written in.
func direction(lang string) string {
	switch lang {
	case "ar", "fa", "he", "ur":
		return "rtl"
	}
	return "ltr"
}

// menu gives the links around a page in its language.
func (v *visit) menu(path string) Menu {
	m := v.theme.Menus
	menu := Menu{Header: v.items(m.Header, path), Legal: v.items(m.Legal, path), Social: v.items(m.Social, path)}
	for _, column := range m.Footer {
		menu.Footer = append(menu.Footer, Column{Label: v.words(column.Label, column.Text), Items: v.items(column.Entries, path)})
	}
	return menu
}

func (v *visit) items(entries []theme.Entry, path string) []Item {
	items := make([]Item, 0, len(entries))
	for _, e := range entries {
		item := Item{Label: v.words(e.Label, e.Text), Icon: e.Icon, URL: e.URL, External: e.URL != ""}
		if e.Path != "" {
			item.URL, item.External = v.path(e.Path), false
			item.Current = path == e.Path || e.Path != "/" && strings.HasPrefix(path, e.Path+"/")
		}
		if served(e.Path) {
			item.URL = e.Path
		}
		items = append(items, item)
	}
	return items
}

// served tells whether an address has no form in other languages: what
// programs read.
func served(path string) bool {
	return strings.HasPrefix(path, "/api/") || strings.HasPrefix(path, "/apidoc") || strings.HasPrefix(path, "/health") ||
		strings.HasSuffix(path, ".atom") || strings.HasSuffix(path, ".rss") || strings.HasSuffix(path, ".csv") || strings.HasSuffix(path, ".xml")
}

// words gives the words of a menu or block in the page's language.
func (v *visit) words(label map[string]string, message string) string {
	if words := label[v.lang]; words != "" {
		return words
	}
	if message != "" {
		return v.say.T(message)
	}
	if words := label[v.p.Language]; words != "" {
		return words
	}
	return label["en"]
}

// scriptWords are the messages that scripts show, which they fill in by
// themselves.
func (v *visit) scriptWords(tools bool) template.JS {
	if tools {
		return template.JS(v.say.Patterns("script.", "tool."))
	}
	return template.JS(v.say.Patterns("script."))
}
