package web

import (
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"
)

var allMethods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// unmatched answers what no route takes: the missing slash, the wrong method, the unknown path.
func (h *Handler) unmatched(w http.ResponseWriter, r *http.Request) {
	x := w.(*exchange)
	path := r.URL.RawPath
	if path == "" {
		path = r.URL.Path
	}
	if badPath(r.URL) {
		h.unknown(x, "")
		return
	}
	allowed := h.methodsFor(path)
	if location, status, ok := h.moved(x, r); ok {
		x.Header()["Location"] = []string{location}
		x.WriteHeader(status)
		return
	}
	switch {
	case len(allowed) > 0 && r.Method == http.MethodOptions:
		x.Header()["Allow"] = []string{strings.Join(append(allowed, http.MethodOptions), ", ")}
		x.WriteHeader(http.StatusNoContent)
	case len(allowed) > 0:
		x.Header()["Allow"] = []string{strings.Join(append(allowed, http.MethodOptions), ", ")}
		x.setStatusHeaders(http.StatusMethodNotAllowed, 0)
		x.sendJSON(http.StatusMethodNotAllowed, mustJSON(map[string]string{"message": textMethod}))
	case !strings.HasSuffix(path, "/") && len(h.methodsFor(path+"/")) > 0:
		h.leadTo(x, func(path string) string { return path + "/" })
	case h.slashTooMany(path) && len(h.methodsFor(strings.TrimRight(path, "/"))) > 0:
		h.leadTo(x, func(path string) string { return strings.TrimRight(path, "/") })
	default:
		h.unknown(x, r.URL.Path)
	}
}

// methodsFor are the methods that some route takes at a path.
func (h *Handler) methodsFor(path string) []string {
	var allowed []string
	for _, m := range allMethods {
		if h.mux.Match(chi.NewRouteContext(), m, path) {
			allowed = append(allowed, m)
		}
	}
	return allowed
}

// slashTooMany tells whether a path would be a page's without the slash at its end. The paths of an API
// are taken to the letter.
func (h *Handler) slashTooMany(path string) bool {
	return len(path) > 1 && strings.HasSuffix(path, "/") &&
		!slices.ContainsFunc(h.apis, func(base string) bool { return strings.HasPrefix(path, base) })
}

// moved asks whether a page that is not here has another address now.
func (h *Handler) moved(x *exchange, r *http.Request) (location string, status int, ok bool) {
	if h.o.Moved == nil || r.Method != http.MethodGet && r.Method != http.MethodHead {
		return "", 0, false
	}
	return h.o.Moved(x.site, r.URL)
}

// leadTo answers 308 to the same address with another path, query kept, for any method.
func (h *Handler) leadTo(x *exchange, other func(path string) string) {
	u := url.URL{Path: other(x.r.URL.Path), RawQuery: x.r.URL.RawQuery}
	if x.r.URL.RawPath != "" {
		u.RawPath = other(x.r.URL.RawPath)
	}
	location := x.site.Base + u.EscapedPath()
	if u.RawQuery != "" {
		location += "?" + u.RawQuery
	}
	x.Header()["Location"] = []string{location}
	x.WriteHeader(http.StatusPermanentRedirect)
}

// unknown answers 404 to a path that no route has, with what it may have meant.
func (h *Handler) unknown(x *exchange, path string) {
	x.setStatusHeaders(http.StatusNotFound, 0)
	text := textNotFound
	api := slices.ContainsFunc(h.apis, func(base string) bool { return strings.HasPrefix(path, base) })
	if api {
		if near := h.guess.near(path); len(near) > 0 {
			text += " You have requested this URI [" + shorten(path) + "] but did you mean " + strings.Join(near, " or ") + " ?"
		}
	}
	if x.wantsPage(http.StatusNotFound) {
		h.page(x, http.StatusNotFound, textNotFound)
		return
	}
	x.sendJSON(http.StatusNotFound, mustJSON(map[string]any{"error": textNotFound, "message": text, "status": http.StatusNotFound}))
}

// Problem is what an error page shows.
type Problem struct {
	Status    int
	Title     string
	Text      string
	RequestID string
	Site      *Site
}

// page shows an error to people, by the face's own page when it has one.
func (h *Handler) page(x *exchange, status int, text string) {
	p := Problem{Status: status, Title: http.StatusText(status), Text: text, RequestID: x.id, Site: x.site}
	if h.o.ErrorPage != nil {
		h.o.ErrorPage(x, x.r, p)
		return
	}
	hdr := x.Header()
	hdr["Content-Type"] = []string{"text/html; charset=utf-8"}
	hdr["Content-Security-Policy"] = []string{"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"}
	x.WriteHeader(status)
	_ = plainPage.Execute(x, p) // a client that went away is seen in the log
}

var plainPage = template.Must(template.New("problem").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{.Status}} {{.Title}}</title>
<style>body{font:1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem}</style>
<h1>{{.Status}} {{.Title}}</h1><p>{{.Text}}</p><p><a href="{{.Site.Base}}/">{{or .Site.Title .Site.Base}}</a></p>
<p><small>{{.RequestID}}</small></p></html>
`))

// guesser finds the routes whose paths look most like a wrong one, by their pairs of letters.
type guesser struct {
	paths []string
	pairs []map[string]int
	sizes []int
}

const (
	guesses   = 3
	likeness  = 0.6 // of Dice's coefficient over pairs of letters
	guessSize = 200 // bytes of a path that are looked at
)

func newGuesser(paths []string) *guesser {
	g := &guesser{}
	for _, p := range paths {
		if slices.Contains(g.paths, p) {
			continue
		}
		pairs, n := letterPairs(withoutVariables(p))
		g.paths, g.pairs, g.sizes = append(g.paths, p), append(g.pairs, pairs), append(g.sizes, n)
	}
	return g
}

func (g *guesser) near(path string) []string {
	asked, n := letterPairs(path[:min(len(path), guessSize)])
	type scored struct {
		path  string
		score float64
	}
	var best []scored
	for i, pairs := range g.pairs {
		common := 0
		for pair, count := range asked {
			common += min(count, pairs[pair])
		}
		if score := 2 * float64(common) / float64(n+g.sizes[i]+1); score >= likeness {
			best = append(best, scored{g.paths[i], score})
		}
	}
	slices.SortStableFunc(best, func(a, b scored) int {
		switch {
		case a.score > b.score:
			return -1
		case a.score < b.score:
			return 1
		}
		return strings.Compare(a.path, b.path)
	})
	var near []string
	for _, s := range best[:min(len(best), guesses)] {
		near = append(near, s.path)
	}
	return near
}

func letterPairs(s string) (map[string]int, int) {
	pairs := make(map[string]int, len(s))
	for i := 0; i+2 <= len(s); i++ {
		pairs[s[i:i+2]]++
	}
	return pairs, max(len(s)-1, 0)
}

func withoutVariables(path string) string {
	for _, n := range pathNames(path) {
		path = replaceVariable(path, n, "")
	}
	return path
}
