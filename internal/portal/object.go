package portal

import (
	"context"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/search"
	"grenier/internal/text"
	"grenier/internal/web"
)

// objectArgs is the key of an object in an address: its identifier, its slug or
// a former one, with .json behind it for its form for programs.
type objectArgs struct {
	Key string `path:"id"`
}

// objectKind is a kind of objects that have pages.
type objectKind struct {
	kind string // as catalog names it
	base string // first part of the paths: reuses
	find func(context.Context, string) (*account.Resolved, error)
	// document tells that .json behind the key leads to the object in the API.
	document bool
}

// object finds the object that an address names. done tells that the answer
// was given: the way to another address. tail is what follows the object in the
// address, with its slash.
func (v *visit) object(k objectKind, key, tail string) (id string, done bool, err error) {
	return v.p.resolve(v.Call, v.path, k, key, tail)
}

// resolve is object for any call; path gives the form of a path in the language
// of the call.
func (p *Portal) resolve(c *web.Call, path func(string) string, k objectKind, key, tail string) (id string, done bool, err error) {
	if name, ok := strings.CutSuffix(key, ".json"); ok && tail == "" && k.document {
		return "", true, c.Redirect(http.StatusFound, documentPath(k.base, name))
	}
	found, err := k.find(c.Context(), key)
	if err != nil {
		return "", false, err
	}
	if found.Moved == "" {
		return found.ID, false, nil
	}
	if err := p.Catalog.Readable(c.Context(), web.ViewerOf[account.Viewer](c), k.kind, found.ID); err != nil {
		return "", false, err
	}
	present := path("/" + k.base + "/" + url.PathEscape(found.Slug) + tail)
	return "", true, c.Redirect(http.StatusPermanentRedirect, withQuery(present, c.R.URL.RawQuery))
}

// same is the path of what has one form for all languages.
func same(path string) string { return path }

func withQuery(path, query string) string {
	if query == "" {
		return path
	}
	return path + "?" + query
}

// to leads to another page in the same language, with the same arguments.
func (v *visit) to(status int, path string) error {
	return v.Redirect(status, withQuery(v.path(path), v.R.URL.RawQuery))
}

// document is the sibling of a page for programs.
func (v *visit) document(base, id string) Sibling {
	return Sibling{"application/json", v.say.T("common.as-json"), documentPath(base, id)}
}

// documentPath is the address of an object in the API. Topics are in its second
// version alone.
func documentPath(base, id string) string {
	version := "1"
	if base == "topics" {
		version = "2"
	}
	return "/api/" + version + "/" + base + "/" + url.PathEscape(id) + "/"
}

// sharePicture is the address of the picture that stands for an object.
func (v *visit) sharePicture(base, id string) string {
	return v.Site.Base + "/share/" + base + "/" + url.PathEscape(id) + ".png"
}

// trail are the links to a page: the first page, the list of the kind, and the
// parts that are given.
func (v *visit) trail(list, path string, parts ...Link) []Link {
	return append([]Link{{v.say.T("site.home"), v.path("/")}, {v.say.T(list), v.path(path)}}, parts...)
}

// cardShelf is a section with some of many objects.
type cardShelf struct {
	// ID is unique in the page.
	ID, Title string
	// Cards are the first ones.
	Cards []card
	// More leads to all of them; its path is empty when all are shown.
	More Link
}

// prose is a description, rendered.
type prose struct {
	// HTML is the whole, or as much of it as a page shows.
	HTML template.HTML
	// Excerpt is its beginning as plain text, when it is long.
	Excerpt string
	// Cut tells that the page does not show all of it.
	Cut bool
}

// longProse is the length from which a description is folded, in characters.
const longProse = 700

// prose renders a description.
func (v *visit) prose(source string) prose {
	rendered, cut := text.HTML(source, text.Rendering{Heading: 3, Breaks: true, TableLabel: v.say.T("common.table")})
	shown := prose{HTML: template.HTML(rendered), Cut: cut}
	if utf8.RuneCountInString(source) > longProse {
		shown.Excerpt = text.Excerpt(source, 400)
	}
	return shown
}

// isLong tells whether a title takes many lines.
func isLong(title string) bool { return utf8.RuneCountInString(title) > longTitle }

// keywords are links to what bears the same tags, at most so many.
func (v *visit) keywords(tags []string) []Link {
	const most = 40
	links := make([]Link, 0, min(len(tags), most))
	for _, tag := range tags[:min(len(tags), most)] {
		links = append(links, Link{tag, v.path("/tags/" + url.PathEscape(tag))})
	}
	return links
}

// ownerKeys name whom an object belongs to.
func ownerKeys(owner account.Owner) []web.Key {
	var keys []web.Key
	if owner.Organization != "" {
		keys = append(keys, web.Object(catalog.KindOrganization, owner.Organization))
	}
	if owner.User != "" {
		keys = append(keys, web.Object(catalog.KindUser, owner.User))
	}
	return keys
}

// cardKinds are the kinds whose changes show on cards.
func cardKinds(kinds ...string) []web.Key {
	keys := make([]web.Key, 0, len(kinds))
	for _, kind := range kinds {
		keys = append(keys, web.Epoch(kind))
	}
	return keys
}

// hitIDs are the identifiers of what was found, the best first.
func hitIDs(found search.Result) []string {
	ids := make([]string, 0, len(found.Hits))
	for i := range found.Hits {
		ids = append(ids, found.Hits[i].ID)
	}
	return ids
}

// datasetShelf shows a page of the datasets of a list, and counts them.
func (v *visit) datasetShelf(f catalog.DatasetFilter, limit int) ([]card, int, error) {
	ids, total, err := v.p.Catalog.DatasetIDs(v.Context(), account.Nobody, f, catalog.Page{Limit: limit})
	if err != nil || len(ids) == 0 {
		return nil, total, err
	}
	rows, err := v.p.Catalog.DatasetsByIDs(v.Context(), account.Nobody, ids, catalog.Parts{})
	return v.datasetCards(rows), total, err
}

// reuseShelf shows a page of the reuses of a list, and counts them.
func (v *visit) reuseShelf(f catalog.ReuseFilter, limit int) ([]card, int, error) {
	ids, total, err := v.p.Catalog.ReuseIDs(v.Context(), account.Nobody, f, catalog.Page{Limit: limit})
	if err != nil || len(ids) == 0 {
		return nil, total, err
	}
	rows, err := v.p.Catalog.ReusesByIDs(v.Context(), account.Nobody, ids)
	return v.reuseCards(rows), total, err
}

// dataserviceShelf shows a page of the APIs of a list, and counts them.
func (v *visit) dataserviceShelf(f catalog.DataserviceFilter, limit int) ([]card, int, error) {
	ids, total, err := v.p.Catalog.DataserviceIDs(v.Context(), account.Nobody, f, catalog.Page{Limit: limit})
	if err != nil || len(ids) == 0 {
		return nil, total, err
	}
	rows, err := v.p.Catalog.DataservicesByIDs(v.Context(), account.Nobody, ids)
	return v.dataserviceCards(rows), total, err
}

// stateWords are the messages of what sets objects apart: some languages say it
// of a dataset in another form than of a reuse.
type stateWords struct{ deleted, private, archived string }

var (
	commonStates  = stateWords{"common.deleted", "common.private", "common.archived"}
	datasetStates = stateWords{"dataset.deleted", "dataset.private", "dataset.archived"}
)

// states are what sets an object apart from those that all may find.
func (v *visit) states(words stateWords, private bool, archived, deleted time.Time) []badge {
	var states []badge
	if !deleted.IsZero() {
		states = append(states, badge{v.say.T(words.deleted), "danger", "trash"})
	}
	if private {
		states = append(states, badge{v.say.T(words.private), "warning", "lock"})
	}
	if !archived.IsZero() {
		states = append(states, badge{v.say.T(words.archived), "warning", "archive"})
	}
	return states
}

// counted is a number with the name of what it counts.
type counted struct {
	name  string
	count int64
}

// countFigures are the numbers that say something, under the common names of
// what they count.
func (v *visit) countFigures(numbers ...counted) []figure {
	var figures []figure
	for _, n := range numbers {
		if n.count > 0 {
			figures = append(figures, figure{Label: v.say.T("common."+n.name+"-figure", "count", n.count), Count: n.count})
		}
	}
	return figures
}
