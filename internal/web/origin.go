package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"grenier/internal/fault"
)

// safe tells whether a method changes nothing (RFC 9110, section 9.2.1).
func safe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// errForeign answers a change that a page of another site asked a browser for.
var errForeign = fault.New(fault.Forbidden, "This request came from a page of another site, so nothing was changed. Open the page here and try again.")

// fromHere refuses changes that a page of another site makes a browser ask for in the name of whoever is
// signed in. Programs with a key of their own are not concerned: nothing sends it for them.
func (h *Handler) fromHere(c *Call) error {
	if safe(c.R.Method) || !c.Route.Session && !c.Route.People && c.session() == "" {
		return nil
	}
	origin := c.R.Header.Get("Origin")
	if slices.Contains(h.o.TrustedOrigins, origin) {
		return nil
	}
	switch c.R.Header.Get("Sec-Fetch-Site") { // told by browsers alone, which pages cannot change
	case "same-origin", "none":
		return nil
	case "":
		if origin == "" || sameHost(origin, c.Site.Base, c.R.Host) {
			return nil
		}
	}
	return errForeign
}

// sameHost tells whether an Origin is that of this site.
func sameHost(origin, base, host string) bool {
	from, err := url.Parse(origin)
	if err != nil || from.Host == "" {
		return false
	}
	if here, err := url.Parse(base); err == nil && here.Host != "" && strings.EqualFold(from.Host, here.Host) {
		return true
	}
	return strings.EqualFold(from.Host, host)
}
