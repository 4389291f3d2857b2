package harvest

import (
	"net/url"
	"slices"
	"strings"
)

// hostOf is the host of an address in lower case with its port; the address
// itself when it has none.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return address
	}
	return strings.ToLower(u.Host)
}

// shown is an address for logs and messages: without what looks like a secret.
func shown(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	u.User = nil
	query := u.Query()
	for key := range query {
		if namesSecret(key) {
			query.Set(key, "…")
			u.RawQuery = query.Encode()
		}
	}
	return u.String()
}

// namesSecret tells whether what goes by a name is likely a secret.
func namesSecret(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc([]string{"key", "token", "secret", "password", "signature", "authorization"}, func(word string) bool { return strings.Contains(name, word) })
}

// Below is an address below that of a portal, which is always a folder: its own
// path is kept, whether or not it ends with a slash; its query is not.
func Below(portal, path string) string {
	u, err := url.Parse(strings.TrimSpace(portal))
	if err != nil {
		return strings.TrimSuffix(portal, "/") + "/" + path
	}
	u.RawQuery, u.Fragment = "", ""
	return strings.TrimSuffix(u.String(), "/") + "/" + path
}

// moved is where a source has gone when an address at or below it has gone for
// good from asked to given; "" when that does not say.
func moved(source, asked, given string) string {
	if asked == given {
		return ""
	}
	if asked == source {
		return given
	}
	rest, ok := strings.CutPrefix(asked, strings.TrimSuffix(source, "/"))
	if !ok {
		return ""
	}
	base, ok := strings.CutSuffix(given, rest)
	if !ok || base == "" {
		return ""
	}
	if strings.HasSuffix(source, "/") {
		base += "/"
	}
	return base
}

// noteMove remembers that the source has gone for good.
func (r *Remote) noteMove(asked string, a *Answer) {
	if !a.moved || r.o.Source == "" {
		return
	}
	to := moved(r.o.Source, asked, a.URL)
	if to == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.moved == "" {
		r.moved = to
		r.Log("warning", "The source has moved for good to "+shown(to)+". Change its address.")
	}
}

// Moved is where the address of the source leads for good; "" when it does not.
func (r *Remote) Moved() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.moved
}
