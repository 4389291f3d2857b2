package dcat

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"testing"

	"grenier/internal/fetch"
	"grenier/internal/harvest"
	"grenier/internal/harvest/harvesttest"
)

// shelf remembers pages in memory.
type shelf map[string]harvest.KeptPage

func (s shelf) Kept(_ context.Context, address string) (*harvest.KeptPage, error) {
	page, ok := s[address]
	if !ok {
		return nil, nil
	}
	return &page, nil
}

func (s shelf) Keep(_ context.Context, p harvest.KeptPage) error {
	s[p.Address] = p
	return nil
}

// Pages that did not change are not read again: their records are unchanged, and the
// next page follows.
func TestUnchangedPages(t *testing.T) {
	read := 0
	page := func(link, id string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("If-None-Match") == `"`+id+`"` {
				w.WriteHeader(http.StatusNotModified)
				return
			}
			read++
			w.Header().Set("ETag", `"`+id+`"`)
			w.Header().Set("Link", link)
			says("text/turtle", `<http://d/`+id+`> a <http://www.w3.org/ns/dcat#Dataset> ; <http://purl.org/dc/terms/identifier> "`+id+`" ; <http://purl.org/dc/terms/title> "T" .`)(w, r)
		}
	}
	s := serve(t, map[string]func(http.ResponseWriter, *http.Request){"/1": page("</2>; rel=next", "a"), "/2": page("", "b")})
	pages := shelf{}
	request := harvesttest.Request(s, "/1")
	client := fetch.New(fetch.Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	request.Remote = harvest.NewRemote(client, harvest.NewPacer(0), harvest.RemoteOptions{Pages: pages})
	for run, want := range []string{"dataset a|dataset b|2", "unchanged a|unchanged b|2", "dataset a|dataset b|4"} {
		request.Dry = run == 2 // looks at everything
		lines, err := harvesttest.Collect(t, New(), request)
		said := ""
		for _, l := range lines {
			if l.RemoteID != "" {
				said += string(l.T) + " " + l.RemoteID + "|"
			}
		}
		if got := said + fmt.Sprint(read); err != nil || got != want || !lines[len(lines)-1].Complete {
			t.Errorf("run %d: %s, %v; want %s", run, got, err, want)
		}
	}
	if page := pages[request.Source.URL]; page.Next != s.URL+"/2" || len(page.Records) != 1 {
		t.Errorf("%+v is remembered", page)
	}
}

// Contexts are fetched only where the source lets it.
func TestRemoteContexts(t *testing.T) {
	asked := 0
	s := serve(t, map[string]func(http.ResponseWriter, *http.Request){
		"/ctx": func(w http.ResponseWriter, r *http.Request) {
			asked++
			says("application/ld+json", `{"@context":{"D":"http://www.w3.org/ns/dcat#Dataset","i":"http://purl.org/dc/terms/identifier","t":"http://purl.org/dc/terms/title"}}`)(w, r)
		},
		"/c": func(w http.ResponseWriter, r *http.Request) {
			says("application/ld+json", `{"@context":"http://`+r.Host+`/ctx","@type":"D","i":"1","t":"T"}`)(w, r)
		},
	})
	request := harvesttest.Request(s, "/c")
	if _, err := harvesttest.Collect(t, New(), request); err == nil || asked != 0 {
		t.Errorf("the context was asked for %d times, %v", asked, err)
	}
	request.Source.RemoteContexts = true
	if got := toldBy(harvesttest.Collect(t, New(), request)); got.err != nil || len(got.datasets) != 1 || asked != 1 {
		t.Errorf("the context was asked for %d times, %d datasets, %v", asked, len(got.datasets), got.err)
	}
}
