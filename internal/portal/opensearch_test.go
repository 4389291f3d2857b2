package portal

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
)

// TestOpenSearchDescription reads the description of the search as browsers do:
// what OpenSearch 1.1 bounds is bounded, and every address leads somewhere.
func TestOpenSearchDescription(t *testing.T) {
	long := "Portail des données ouvertes de la métropole de Valmont & alentours"
	s := newSite(t, dbtest.SQLite(t), func(d *Deps) { d.Contact = "equipe@valmont.example" })
	none := db.JSON("[]")
	s.insert(&catalog.Site{
		ID: catalog.SiteID, Version: 1, Title: long, Keywords: none, Metrics: db.JSON("{}"), DatasetsBlocs: none, ReusesBlocs: none, DataservicesBlocs: none,
	})
	for _, lang := range []string{"", "/en"} {
		s.shows(lang+"/feeds", `<link rel="search" type="application/opensearchdescription+xml"`, `href="`+lang+`/opensearch.xml"`)
		answer := s.get(lang + "/opensearch.xml")
		if answer.Code != http.StatusOK || answer.Header().Get("Content-Type") != "application/opensearchdescription+xml; charset=utf-8" {
			t.Fatalf("%d %v", answer.Code, answer.Header())
		}
		var d openSearch
		if err := xml.Unmarshal(answer.Body.Bytes(), &d); err != nil {
			t.Fatal(err)
		}
		if n := utf8.RuneCountInString(d.ShortName); n == 0 || n > openSearchShort {
			t.Errorf("the short name %q", d.ShortName)
		}
		if n := utf8.RuneCountInString(d.LongName); n == 0 || n > openSearchLong || d.Description == "" || d.Contact != "equipe@valmont.example" {
			t.Errorf("%+v", d)
		}
		rels := map[string]bool{}
		for _, one := range d.URLs {
			rels[one.Rel+" "+one.Type] = true
			u, err := url.Parse(strings.ReplaceAll(one.Template, "{searchTerms}", "arbre"))
			if err != nil || u.Scheme != "https" || strings.ContainsAny(u.String(), "{}") {
				t.Errorf("%q leads nowhere", one.Template)
			}
			if strings.HasPrefix(u.Path, "/api/") || strings.HasSuffix(u.Path, ".atom") || strings.HasSuffix(u.Path, ".rss") {
				continue // not of the pages
			}
			if got := s.get(u.RequestURI()); got.Code != http.StatusOK || !strings.HasPrefix(got.Header().Get("Content-Type"), one.Type) {
				t.Errorf("%s: %d %s", u, got.Code, got.Header().Get("Content-Type"))
			}
		}
		for _, want := range []string{"results text/html", "suggestions application/x-suggestions+json", "results application/atom+xml", "results application/rss+xml", "self " + openSearchType} {
			if !rels[want] {
				t.Errorf("no address for %s among %v", want, rels)
			}
		}
	}
}

func TestOpenSearchSuggestions(t *testing.T) {
	s := searchStock(t)
	read := func(target string) (typed string, titles, details, addresses []string) {
		t.Helper()
		answer := s.get(target)
		var parts []json.RawMessage
		if err := json.Unmarshal(answer.Body.Bytes(), &parts); err != nil || len(parts) != 4 || answer.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", target, answer.Code, answer.Body)
		}
		for i, into := range []any{&typed, &titles, &details, &addresses} {
			if err := json.Unmarshal(parts[i], into); err != nil {
				t.Fatal(err)
			}
		}
		return typed, titles, details, addresses
	}
	typed, titles, details, addresses := read("/en/suggest/opensearch?q=eau")
	if typed != "eau" || len(titles) == 0 || len(titles) != len(details) || len(titles) != len(addresses) || !slices.Contains(details, "Dataset") {
		t.Errorf("%q %q %q %q", typed, titles, details, addresses)
	}
	for _, address := range addresses {
		if !strings.HasPrefix(address, "https://data.example.org/en/") {
			t.Errorf("%q is not of the site in the language", address)
		}
	}
	for _, hostile := range []string{"", "?q=", "?q=" + strings.Repeat("%3Cqqq%3E", 400), "?q=zzzz"} {
		if _, titles, _, _ := read("/suggest/opensearch" + hostile); len(titles) != 0 {
			t.Errorf("%.40q suggests %q", hostile, titles)
		}
	}
}
