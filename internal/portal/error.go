package portal

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"grenier/internal/web"
)

// problem is the content of an error page.
type problem struct {
	Status int
	// Icon is the name of a picture.
	Icon      string
	Text      string
	RequestID string
	// Search tells whether a search may help; Query is what the address seems
	// to ask for.
	Search bool
	Query  string
	// Support leads to the page for help, with the request filled in.
	Support string
	// Back leads to the form whose answers were too large; empty for other
	// errors.
	Back string
}

// ErrorPage shows an error to people, in the language of the address that was
// asked.
func (p *Portal) ErrorPage(w http.ResponseWriter, r *http.Request, pr web.Problem) {
	lang, path := p.split(r.URL.Path)
	look := p.look.theme()
	v := &visit{
		Call: &web.Call{W: w, R: r, Site: pr.Site, Lang: lang, ID: pr.RequestID}, p: p, theme: look, lang: lang,
		say: look.Printer(lang), now: time.Now(), made: new([]web.Key),
	}
	id := "error." + strconv.Itoa(pr.Status)
	title, text := v.say.T(id), v.say.T(id+"-text")
	if title == id {
		title, text = v.say.T("error.other"), v.say.T("error.other-text")
	}
	content := problem{
		Status: pr.Status, Icon: problemIcon(pr.Status), Text: text, RequestID: pr.RequestID, Search: pr.Status == http.StatusNotFound || pr.Status == http.StatusGone,
		Query: askedFor(path), Support: v.path("/support") + "?" + url.Values{
			"request": {pr.RequestID}, "time": {v.now.UTC().Format(time.RFC3339)}, "page": {shortened(r.URL.RequestURI())},
		}.Encode(),
	}
	if pr.Status == http.StatusRequestEntityTooLarge && r.Method == http.MethodPost {
		content.Back = v.cameFrom()
	}
	page := v.frame(draft{name: "error", title: title, path: path, noIndex: true, data: content})
	page.Canonical = ""
	body, err := p.draw(look, page)
	if err != nil {
		p.Log.Error("the error page cannot be drawn", "cause", err)
		body = []byte("<!doctype html><title>" + strconv.Itoa(pr.Status) + "</title>")
	}
	p.head(w.Header(), lang)
	w.Header()["Content-Type"] = []string{"text/html; charset=utf-8"}
	w.WriteHeader(pr.Status)
	_, _ = w.Write(body) // a client that went away is seen in the log
}

// problemIcon is the picture of a status.
func problemIcon(status int) string {
	switch {
	case status == http.StatusNotFound:
		return "search"
	case status == http.StatusGone:
		return "trash"
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return "lock"
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable, status == http.StatusGatewayTimeout:
		return "clock"
	}
	return "warning"
}

// shortened bounds an address that travels in another.
func shortened(address string) string { return address[:min(len(address), 300)] }

// askedFor makes words to search for out of an address that leads nowhere.
func askedFor(path string) string {
	last := path[strings.LastIndexByte(strings.TrimRight(path, "/"), '/')+1:]
	return wordsOf(strings.Join(strings.FieldsFunc(last, func(r rune) bool { return r == '-' || r == '_' || r == '/' || r == '.' }), " "))
}

// split tells the language of a path, and the path without its prefix.
func (p *Portal) split(path string) (lang, rest string) {
	first, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	for _, lang := range p.Languages {
		if first == lang && lang != p.Language {
			return lang, "/" + rest
		}
	}
	return p.Language, path
}
