package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestSessionCookie gives, reads and takes a session where the site is reached by https and where it is not: over TLS
// the cookie is of this very host, and what a neighbour may have planted counts for nothing.
func TestSessionCookie(t *testing.T) {
	for _, c := range []struct{ base, name, planted string }{
		{"https://data.example.org", "__Host-session", "session"}, {"http://127.0.0.1:7000", "session", "__Host-session"},
	} {
		open := func(cookie string) (*Call, *httptest.ResponseRecorder) {
			r, w := httptest.NewRequest(http.MethodGet, c.base+"/", nil), httptest.NewRecorder()
			if cookie != "" {
				r.Header.Set("Cookie", cookie)
			}
			return &Call{W: w, R: r, Site: &Site{Base: c.base}, h: &Handler{o: Options{SessionCookie: "session"}}}, w
		}
		set := func(w *httptest.ResponseRecorder) *http.Cookie {
			t.Helper()
			if all := w.Result().Cookies(); len(all) == 1 {
				return all[0]
			}
			t.Fatalf("%s: %v", c.base, w.Header())
			return nil
		}
		call, w := open("")
		call.SetSession("text", false)
		given := set(w)
		if given.Name != c.name || given.Value != "text" || given.Secure != strings.HasPrefix(c.base, "https:") || given.Path != "/" || given.Domain != "" || !given.HttpOnly {
			t.Errorf("%s: the session is %v", c.base, given)
		}
		if call, _ := open(c.planted + "=evil; " + c.name + "=text"); call.session() != "text" {
			t.Errorf("%s: the session read is %q", c.base, call.session())
		}
		if call, _ := open(c.planted + "=evil"); call.session() != "" {
			t.Errorf("%s: a cookie under another name is read as %q", c.base, call.session())
		}
		call, w = open(c.name + "=text")
		call.ClearSession()
		if gone := set(w); gone.Name != c.name || gone.MaxAge >= 0 || gone.Secure != given.Secure {
			t.Errorf("%s: the session is taken by %v", c.base, gone)
		}
	}
}
