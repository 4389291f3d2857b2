package portal

import (
	"net/http"
	"net/url"

	"grenier/internal/search"
	"grenier/internal/web"
)

// searchContents are the types of Page.Data by the names of the pages here.
var searchContents = map[string]any{"search": searchPage{}, "search-all": searchAll{}, "search-landing": searchLanding{}}

// searchRoutes declare the searches, the lists of each kind and the suggestions.
func (p *Portal) searchRoutes(t *table) {
	for _, kind := range searchKinds {
		page(t, kind.path, func(v *visit, _ searchArgs) error { return p.showSearch(v, kind) })
		if landing := "/" + kind.name; landing != kind.path {
			page(t, landing, func(v *visit, _ searchArgs) error { return p.showLanding(v, kind) })
		} else {
			page(t, landing+"/search", func(v *visit, _ searchArgs) error { return v.redirectTo(kind.path) })
		}
		p.formRoutes(t, kind)
	}
	page(t, "/search", p.showAll)
	page(t, "/suggest", p.suggest)
	page(t, "/suggest/zones", p.suggestZones)
}

// redirectTo leads to another page, arguments kept.
func (v *visit) redirectTo(path string) error {
	if query := v.R.URL.RawQuery; query != "" {
		path += "?" + query
	}
	return v.Redirect(http.StatusFound, v.path(path))
}

// searchKey is the key of what was found in the index of a kind.
func searchKey(kind search.Kind) web.Key { return web.Epoch("search/" + kind.String()) }

// allSearchKeys are the keys of what was found among everything.
func allSearchKeys() []web.Key {
	keys := []web.Key{searchKey(search.Post)}
	for _, kind := range searchKinds {
		keys = append(keys, searchKey(kind.kind))
	}
	return keys
}

// asks tells whether an address asks for something, beyond being visited.
func (v *visit) asks(kind *searchKind) bool {
	args := v.R.URL.Query()
	for _, name := range []string{"q", "sort", "page", "place", "coverage_start", "coverage_end"} {
		if firstArg(args[name]) != "" {
			return true
		}
	}
	for i := range kind.filters {
		if firstArg(args[kind.filters[i].name]) != "" {
			return true
		}
	}
	return false
}

// wordsArg are the arguments of a search for words alone.
func wordsArg(words string) url.Values {
	if words == "" {
		return nil
	}
	return url.Values{"q": {words}}
}
