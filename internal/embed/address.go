package embed

import (
	"net/url"
	"slices"
	"strings"

	"grenier/internal/db"
	"grenier/internal/fault"
	"grenier/internal/geo"
	"grenier/internal/web"
)

// target is what an address of this site names.
type target struct {
	// kind is in the plural, as in addresses; key an identifier, a slug or a former slug.
	kind, key string
	// lang is the language of the address, empty for the site's own.
	lang string
	// api tells that the address was that of the object in the API.
	api bool
	// alias tells that the site was named as it was asked, not as its base is: no
	// other caller is given what this one is told.
	alias bool
	// as are the wishes about a file that is more than a card.
	as viewArgs
}

// maxAddress bounds the addresses that are read, in bytes.
const maxAddress = 2048

// cardKinds are the kinds of objects that have a card, by the first part of
// their addresses, those of earlier versions of the reference included.
var cardKinds = map[string]string{
	"datasets": "datasets", "dataset": "datasets", "reuses": "reuses", "reuse": "reuses", "organizations": "organizations",
	"organization": "organizations", "dataservices": "dataservices", "topics": "topics", "group": "topics", "groups": "topics",
	"territories": "territories", "territory": "territories", "resources": "resources", "charts": "charts", "visualizations": "charts",
}

// pagesWithoutCard are the first parts of the addresses of other pages.
var pagesWithoutCard = []string{
	"", "about", "activity", "admin", "apidoc", "contact", "dashboard", "developers", "explore", "exports", "faq", "feeds", "integrate", "licenses", "login",
	"pages", "posts", "register", "search", "sitemap", "support", "suivi", "tags", "terms", "users",
}

func invalidAddress(text string) error {
	return fault.New(fault.Invalid, "Input payload validation failed").At(text, "url")
}

func unknownAddress(address string) error {
	return fault.Newf(fault.NotFound, "Unknown URL \"%s\"", address)
}

func noCard(address string) error {
	return fault.Newf(fault.NotFound, "The URL \"%s\" does not support oembed", address)
}

// absolute reads an absolute address of the web.
func absolute(address string) (*url.URL, bool) {
	if len(address) > maxAddress {
		return nil, false
	}
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Host == "" || u.Opaque != "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return nil, false
	}
	return u, true
}

// here tells whether an address is one of this site, under the name of its base
// or the one it was asked by. The port that a scheme has anyway may be written.
func here(c *web.Call, u *url.URL) bool {
	return atBase(c, u) || hostOf(&url.URL{Scheme: c.Peer.Scheme, Host: c.Peer.Host}) == hostOf(u)
}

// atBase tells whether an address is one of this site under the name of its base.
func atBase(c *web.Call, u *url.URL) bool {
	base, err := url.Parse(c.Site.Base)
	return err == nil && hostOf(base) == hostOf(u)
}

// hostOf is the name and port of an address in one spelling, the scheme left
// out: a site behind a proxy is often named by the other one.
func hostOf(u *url.URL) string {
	host := strings.ToLower(u.Hostname())
	if port := u.Port(); port != "" && port != "80" && port != "443" {
		host += ":" + port
	}
	return host
}

// read tells what an address of this site names. Its errors are those of oEmbed.
func (e *Embed) read(c *web.Call, address string) (target, error) {
	u, ok := absolute(address)
	if !ok {
		return target{}, invalidAddress("The URL must be absolute: https://…")
	}
	if !here(c, u) {
		return target{}, unknownAddress(address)
	}
	found, known := e.readPath(u.EscapedPath())
	switch {
	case !known:
		return target{}, unknownAddress(address)
	case found.key == "":
		return target{}, noCard(address)
	}
	found.alias = !atBase(c, u)
	found.readFile(u.Query())
	return found, nil
}

// readPath tells what a path names. It is known without a key when there is a
// page without a card.
func (e *Embed) readPath(path string) (found target, known bool) {
	parts := partsOf(path)
	if len(parts) > 0 && isCode(parts[0]) {
		if slices.Contains(e.Languages, parts[0]) {
			found.lang = parts[0]
		}
		parts = parts[1:]
	}
	switch {
	case len(parts) == 0:
		return found, true
	case parts[0] == "api" && len(parts) > 2 && (parts[1] == "1" || parts[1] == "2"):
		parts, found.api = parts[2:], true
	case parts[0] == "embeds" && len(parts) > 1:
		parts = parts[1:]
	}
	kind, has := cardKinds[parts[0]]
	switch {
	case !has:
		return found, slices.Contains(pagesWithoutCard, parts[0])
	case len(parts) == 1 || parts[1] == "search":
		return found, true
	case kind == "territories":
		found.kind, found.key = kind, territoryKey(parts[1:])
		return found, found.key != ""
	}
	found.kind, found.key = kind, parts[1]
	switch { // files have addresses below those of datasets
	case kind != "datasets":
	case len(parts) > 2 && (parts[1] == "r" || parts[1] == "resources"):
		found.kind, found.key = "resources", parts[2]
	case len(parts) > 3 && parts[2] == "resources":
		found.kind, found.key = "resources", parts[3]
	}
	return found, true
}

// readFile takes what an address says about a file after its path: which one of a
// dataset, and how it is shown.
func (t *target) readFile(args url.Values) {
	if id := args.Get("resource_id"); t.kind == "datasets" && !t.api && db.IsUUID(id) {
		t.kind, t.key = "resources", id
	}
	if t.kind == "resources" {
		t.as = viewArgs{Tab: args.Get("tab"), Columns: args.Get("columns"), ColumnFilters: args.Get("filters")}
	}
}

// territoryKey is the identifier of the zone that the rest of an address names:
// commune/13055, commune/13055/Marseille, fr:commune:13055.
func territoryKey(parts []string) string {
	if len(parts) == 1 {
		if level, code, ok := geo.ParseID(parts[0]); ok {
			return level + ":" + code
		}
		return ""
	}
	level := parts[0]
	if !strings.Contains(level, ":") && level != "country" && level != "country-group" {
		level = "fr:" + level
	}
	return level + ":" + parts[1]
}

// partsOf are the parts of a path, decoded, empty ones left out.
func partsOf(path string) []string {
	var parts []string
	for part := range strings.SplitSeq(path, "/") {
		plain, err := url.PathUnescape(part)
		if err != nil {
			plain = part
		}
		if plain != "" {
			parts = append(parts, plain)
		}
	}
	return parts
}

// isCode tells whether a part of a path looks like a code of a language.
func isCode(part string) bool {
	return len(part) == 2 && part[0] >= 'a' && part[0] <= 'z' && part[1] >= 'a' && part[1] <= 'z'
}
