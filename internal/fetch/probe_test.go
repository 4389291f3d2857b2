package fetch

import (
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestProbe(t *testing.T) {
	asked := map[string]http.Header{}
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked[r.Method+" "+r.URL.Path] = r.Header
		switch r.URL.Path {
		case "/file":
			w.Header().Set("Content-Length", "12345")
			w.Header().Set("Last-Modified", "Fri, 29 Mar 2019 10:48:26 GMT")
			if r.Method == http.MethodGet {
				_, _ = io.WriteString(w, strings.Repeat("x", 12345))
			}
		case "/moved":
			http.Redirect(w, r, "/file", http.StatusFound)
		case "/round":
			http.Redirect(w, r, "/round", http.StatusFound)
		case "/inside":
			http.Redirect(w, r, "http://10.0.0.1/", http.StatusFound)
		case "/busy":
			w.Header().Set("Retry-After", "60")
			w.WriteHeader(http.StatusTooManyRequests)
		case "/slow":
			select {
			case <-r.Context().Done():
			case <-time.After(5 * time.Second):
			}
		}
	})
	c := New(Options{Allow: loopback, Version: "1", Site: "https://data.example.org"})
	for _, row := range []struct {
		method, path string
		stay         bool
		status       int
		reason       Reason
		length       int64
	}{
		{"HEAD", "/file", false, 200, "", 12345},
		{"GET", "/file", false, 200, "", 12345},
		{"HEAD", "/moved", false, 200, "", 12345},
		{"OPTIONS", "/moved", true, 302, "", 0},
		{"HEAD", "/busy", false, 429, "", -1},
		{"HEAD", "/round", false, 0, Redirects, 0},
		{"HEAD", "/inside", false, 0, Refused, 0},
		{"HEAD", "/slow", false, 0, Timeout, 0},
	} {
		got, err := c.Probe(t.Context(), base+row.path, Probe{Method: row.method, Stay: row.stay, Timeout: 300 * time.Millisecond, Agent: "Checker/1"})
		switch why := Why(err); {
		case row.reason != "":
			if why == nil || why.Reason != row.reason {
				t.Errorf("%s %s: %v, want %s", row.method, row.path, err, row.reason)
			}
		case err != nil:
			t.Errorf("%s %s: %v", row.method, row.path, err)
		case got.Status != row.status || row.method != "OPTIONS" && got.Length != row.length:
			t.Errorf("%s %s: %d with length %d", row.method, row.path, got.Status, got.Length)
		case row.path == "/busy" && got.RetryAfter != time.Minute:
			t.Errorf("the pause asked for is %s", got.RetryAfter)
		}
	}
	if agent := asked["HEAD /file"].Get("User-Agent"); agent != "Checker/1" {
		t.Errorf("asked as %q", agent)
	}
	if _, err := New(Options{Allow: []netip.Prefix{}}).Probe(t.Context(), base+"/file", Probe{Method: "HEAD"}); Why(err) == nil || Why(err).Reason != Refused {
		t.Errorf("loopback was asked: %v", err)
	}
}
