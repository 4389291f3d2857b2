package web

import (
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// lastingCookie is how long a browser keeps a cookie that outlives its session: the most that browsers
// take. The server knows when what the cookie stands for ends.
const lastingCookie = 400 * 24 * time.Hour

// PeerOf finds who asks and for which address, as Call.Peer holds it.
func PeerOf(r *http.Request, trusted []netip.Prefix) Peer { return peerOf(r, trusted) }

// SetSession gives the browser a session, under the name of the handler's session cookie; lasting for
// longer than the browser runs.
func (c *Call) SetSession(value string, lasting bool) {
	var age time.Duration
	if lasting {
		age = lastingCookie
	}
	c.SetCookie(c.h.o.SessionCookie, value, age)
}

// session is what the browser holds of a session, "" for none.
func (c *Call) session() string {
	if c.h.o.SessionCookie == "" {
		return ""
	}
	return c.Cookie(c.h.o.SessionCookie)
}

// ClearSession takes the session from the browser.
func (c *Call) ClearSession() { c.SetCookie(c.h.o.SessionCookie, "", -1) }

// overTLS tells whether browsers reach the site by https.
func (c *Call) overTLS() bool { return strings.HasPrefix(c.Site.Base, "https://") }

// hostOnly begins the names of cookies that browsers take over TLS alone and from this very host, so that
// no neighbour below the same domain plants one (RFC 6265bis, section 4.1.3.2).
const hostOnly = "__Host-"

// cookieName is the name under which the browser keeps a cookie. Where the site is reached by https a
// cookie without the prefix counts for nothing.
func (c *Call) cookieName(name string) string {
	if c.overTLS() {
		return hostOnly + name
	}
	return name
}

// SetCookie gives the browser a cookie that scripts cannot read and that other sites do not make it send
// with changes: for so long, until the browser ends when 0; a negative age removes it.
func (c *Call) SetCookie(name, value string, age time.Duration) {
	cookie := http.Cookie{
		Name: c.cookieName(name), Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: c.overTLS(), MaxAge: int(age / time.Second),
	}
	if age < 0 {
		cookie.MaxAge = -1
	}
	c.W.Header().Add("Set-Cookie", cookie.String())
}

// Cookie is the value of a cookie that SetCookie gave, "" without one.
func (c *Call) Cookie(name string) string {
	cookie, err := c.R.Cookie(c.cookieName(name))
	if err != nil {
		return ""
	}
	return cookie.Value
}
