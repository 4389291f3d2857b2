package portal

import (
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/text/language"

	"grenier/internal/web"
)

// Moved tells where the page of an old address is now: those of earlier
// versions of the reference platform and of its front ends, with or without the
// prefix of a language. The query is kept.
func (p *Portal) Moved(site *web.Site, u *url.URL) (location string, status int, ok bool) {
	lang, path, stripped := p.oldLanguage(u.EscapedPath())
	path = strings.TrimRight(path, "/")
	present, moved := movedPath(path)
	if !moved {
		if !stripped {
			return "", 0, false
		}
		present = path
	}
	query := u.Query()
	status = http.StatusMovedPermanently
	if !moved {
		status = http.StatusPermanentRedirect
	}
	if path == "/search" { // the old search found datasets alone; its keywords and filters are those of datasets
		present = "/datasets/search"
	}
	if present == "" {
		present = "/"
	}
	if !served(present) {
		present = prefixed(p.Language, lang, present)
	}
	if len(query) > 0 {
		present += "?" + u.RawQuery
	}
	return site.Base + present, status, true
}

// oldLanguage tells the language of an old address and takes its prefix away.
// stripped says that the address without the prefix is the present one: the
// prefix was that of the site's own language, or of one that is not offered.
func (p *Portal) oldLanguage(path string) (lang, rest string, stripped bool) {
	first, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	rest = "/" + rest
	if !isLanguage(first) {
		return p.Language, path, false
	}
	for _, lang := range p.Languages {
		if first == lang && lang != p.Language {
			return lang, rest, served(rest)
		}
	}
	return p.Language, rest, true
}

// isLanguage tells whether a part of a path is a known two-letter language
// (ISO 639-1).
func isLanguage(code string) bool {
	if len(code) != 2 || strings.ToLower(code) != code {
		return false
	}
	base, err := language.ParseBase(code)
	return err == nil && base.String() == code
}

// movedObjects are the first parts of paths that changed; what follows them
// stayed.
var movedObjects = map[string]string{
	"dataset": "/datasets", "organization": "/organizations", "group": "/topics", "groups": "/topics", "reuse": "/reuses",
}

// movedPages are pages that have another address now.
var movedPages = map[string]string{
	"/api": "/apidoc/", "/apidoc": "/apidoc/", "/doc": "/apidoc/", "/terms": "/pages/legal/cgu", "/suivi": "/pages/suivi", "/dashboard": "/dashboard",
	"/faq/developer": "/developers", "/faq/developers": "/developers", "/fr/faq": "/support", "/faq": "/support", "/search": "/search",
	"/organizations/search": "/organizations", "/topics/search": "/topics", "/contact": "/support", "/map": "/territories", "/licences": "/licenses",
}

// movedPath leads an old path, without language or slash at its end, to the
// present one.
func movedPath(path string) (string, bool) {
	if present, ok := movedPages[path]; ok {
		return present, present != path || path == "/search"
	}
	first, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if present, ok := movedObjects[first]; ok {
		if rest != "" {
			present += "/" + rest
		}
		return present, true
	}
	if present, ok := movedTerritory(path); ok {
		return present, true
	}
	if first == "faq" && rest != "" {
		return "/pages/faq/" + rest, true
	}
	if rest, ok := strings.CutPrefix(path, "/beta/admin/"); ok {
		return movedAdmin(rest)
	}
	if rest, ok := strings.CutPrefix(path, "/admin/"); ok {
		return movedAdmin(rest)
	}
	return "", false
}

// oldLevels are the levels of territories in old addresses.
var oldLevels = map[string]string{
	"town": "commune", "county": "departement", "region": "region", "commune": "commune", "departement": "departement", "epci": "epci",
}

// movedTerritory leads the old pages of territories to the present ones, and
// drops the date of validity that some addresses carry.
func movedTerritory(path string) (string, bool) {
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	switch {
	case len(parts) == 2 && parts[0] == "town":
		return territoryPath("town", parts[1])
	case len(parts) == 3 && parts[0] == "territory":
		return territoryPath(parts[1], parts[2])
	case len(parts) >= 3 && parts[0] == "territories" && (oldLevels[parts[1]] != parts[1] || strings.Contains(parts[2], "@")):
		return territoryPath(parts[1], parts[2])
	}
	return "", false
}

func territoryPath(level, code string) (string, bool) {
	present, ok := oldLevels[level]
	code, _, _ = strings.Cut(code, "@")
	if !ok || code == "" {
		return "", false
	}
	return "/territories/" + present + "/" + code, true
}

// movedAdmin leads the old pages of the administration, named in the singular.
func movedAdmin(rest string) (string, bool) {
	kind, rest, _ := strings.Cut(rest, "/")
	switch kind {
	case "dataset", "organization", "reuse", "dataservice", "harvester", "user", "topic", "post":
		present := "/admin/" + kind + "s"
		if rest != "" {
			present += "/" + rest
		}
		return present, true
	}
	return "", false
}
