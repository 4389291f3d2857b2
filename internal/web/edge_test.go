package web

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

func TestRedirectsAreAskedAgain(t *testing.T) {
	h := newTestHandler(t, testOptions(), testTable(new(listArgs)))
	for key, want := range map[string]string{"": "no-cache", "user": "private, no-cache"} {
		w := ask(h, http.MethodGet, "/api/1/houses/old/", "", "X-Api-Key", key)
		if w.Code != http.StatusPermanentRedirect || w.Header().Get("Cache-Control") != want {
			t.Errorf("for %q: %d may be kept: %q", key, w.Code, w.Header().Get("Cache-Control"))
		}
	}
}

func TestPeer(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	cases := []struct {
		name, remote string
		headers      map[string]string
		tls          bool
		want         Peer
	}{
		{"direct", "192.0.2.1:1234", nil, false, Peer{netip.MustParseAddr("192.0.2.1"), "http", "asked.test"}},
		{"direct TLS", "192.0.2.1:1234", nil, true, Peer{netip.MustParseAddr("192.0.2.1"), "https", "asked.test"}},
		{"headers of a stranger", "192.0.2.1:1", map[string]string{"X-Forwarded-For": "1.1.1.1", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.test"}, false,
			Peer{netip.MustParseAddr("192.0.2.1"), "http", "asked.test"}},
		{"proxy", "10.0.0.1:1", map[string]string{"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "HTTPS", "X-Forwarded-Host": "www.test"}, false,
			Peer{netip.MustParseAddr("198.51.100.7"), "https", "www.test"}},
		{"invented head of the chain", "10.0.0.1:1", map[string]string{"X-Forwarded-For": "1.1.1.1, 198.51.100.7, 10.0.0.9"}, false,
			Peer{netip.MustParseAddr("198.51.100.7"), "http", "asked.test"}},
		{"all trusted", "10.0.0.1:1", map[string]string{"X-Forwarded-For": "10.0.0.3,10.0.0.2"}, false, Peer{netip.MustParseAddr("10.0.0.3"), "http", "asked.test"}},
		{"nonsense", "10.0.0.1:1", map[string]string{"X-Forwarded-For": "unknown", "X-Forwarded-Proto": "gopher", "X-Forwarded-Host": "a b"}, false,
			Peer{netip.MustParseAddr("10.0.0.1"), "http", "asked.test"}},
		{"IPv6 with port", "[::1]:1", map[string]string{"X-Forwarded-For": "[2001:db8::1]:443"}, false, Peer{netip.MustParseAddr("2001:db8::1"), "http", "asked.test"}},
		{"mapped", "[::ffff:10.1.1.1]:1", map[string]string{"X-Forwarded-For": "::ffff:192.0.2.5"}, false, Peer{netip.MustParseAddr("192.0.2.5"), "http", "asked.test"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "http://asked.test/", nil)
			r.RemoteAddr = c.remote
			for k, v := range c.headers {
				r.Header.Set(k, v)
			}
			if c.tls {
				r.TLS = &tls.ConnectionState{}
			}
			if got := peerOf(r, trusted); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestSitesByHost(t *testing.T) {
	sites := SitesByHost(Site{Base: "http://first.test", Language: "fr"})
	if got := sites(Peer{Scheme: "http", Host: "bad host<"}).Base; got != "http://first.test" {
		t.Errorf("a bad name: %q", got)
	}
	a := sites(Peer{Scheme: "https", Host: "a.test"})
	if a.Base != "https://a.test" || a.Language != "fr" || sites(Peer{Scheme: "https", Host: "a.test"}) != a {
		t.Errorf("%+v", a)
	}
	for i := range 200 {
		sites(Peer{Scheme: "http", Host: strings.Repeat("x", i+1)})
	}
	if got := sites(Peer{Scheme: "http", Host: "late.test"}); got != a {
		t.Errorf("the names remembered are not bounded: %+v", got)
	}
}

func TestCrossOrigin(t *testing.T) {
	var seen listArgs
	o := testOptions()
	o.TrustedOrigins = []string{"https://front.test"}
	h := newTestHandler(t, o, testTable(&seen))
	w := ask(h, "OPTIONS", "/api/1/houses/", "", "Origin", "https://x.test", "Access-Control-Request-Method", "PUT", "Access-Control-Request-Headers", "x-api-key,content-type")
	if w.Code != 204 || w.Header().Get("Access-Control-Allow-Methods") != "PUT" || w.Header().Get("Access-Control-Allow-Headers") != "x-api-key,content-type" {
		t.Errorf("preflight: %d %v", w.Code, w.Header())
	}
	if vary := w.Header().Get("Vary"); !strings.Contains(vary, "Origin") || !strings.Contains(vary, "Access-Control-Request-Headers") {
		t.Errorf("Vary of a preflight: %q", vary)
	}
	if w := ask(h, "OPTIONS", "/closed", "", "Origin", "https://x.test", "Access-Control-Request-Method", "PUT"); w.Code != 404 {
		t.Errorf("preflight elsewhere: %d", w.Code)
	}
	cases := []struct{ origin, allow, credentials string }{
		{"https://front.test", "https://front.test", "true"},
		{"https://other.test", "*", ""},
		{"", "", ""},
	}
	for _, c := range cases {
		for _, target := range []string{"/api/1/houses/", "/api/1/houses/gone/", "/nowhere"} {
			headers := []string{}
			if c.origin != "" {
				headers = []string{"Origin", c.origin}
			}
			hdr := ask(h, "GET", target, "", headers...).Header()
			if hdr.Get("Access-Control-Allow-Origin") != c.allow || hdr.Get("Access-Control-Allow-Credentials") != c.credentials || !strings.Contains(hdr.Get("Vary"), "Origin") {
				t.Errorf("%s from %q: %v", target, c.origin, hdr)
			}
		}
	}
}

func TestNegotiate(t *testing.T) {
	for accept, want := range map[string]coding{
		"":                            identity,
		"gzip":                        gzipped,
		"zstd":                        zstded,
		"gzip, deflate, br, zstd":     zstded,
		"GZIP":                        gzipped,
		"gzip;q=1.0, zstd;q=0.5":      gzipped,
		"gzip;q=0":                    identity,
		"zstd;q=0, gzip;q=0.1":        gzipped,
		"br, deflate":                 identity,
		"gzip;q=x":                    identity,
		"identity;q=1, *;q=0":         identity,
		"deflate;q=0.9 , gzip; q=0.8": gzipped,
	} {
		if got := negotiate([]string{accept}); got != want {
			t.Errorf("%q: %d, want %d", accept, got, want)
		}
	}
}

// decode undoes an answer's encoding.
func decode(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var r io.Reader = w.Body
	var err error
	switch w.Header().Get("Content-Encoding") {
	case "gzip":
		r, err = gzip.NewReader(w.Body)
	case "zstd":
		var d *zstd.Decoder
		d, err = zstd.NewReader(w.Body)
		r = d
	}
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestCompression(t *testing.T) {
	long := strings.Repeat(`{"some":"text"},`, 1000)
	table := NewTable("", Info{})
	get := func(path string, h func(*Call, None) error) { Get[Raw](table, path, Doc{}, h) }
	get("/whole", func(c *Call, _ None) error { return c.Blob(200, "application/json", []byte(long)) })
	get("/short", func(c *Call, _ None) error { return c.Blob(200, "application/json", []byte(`{}`)) })
	get("/image", func(c *Call, _ None) error { return c.Blob(200, "image/png", []byte(long)) })
	get("/failed", func(c *Call, _ None) error { return c.Blob(404, "text/plain", []byte(long)) })
	get("/stream", func(c *Call, _ None) error {
		s := c.Stream(200, "text/csv; charset=utf-8")
		for range 100 {
			if _, err := s.Write([]byte(long)); err != nil {
				return err
			}
		}
		return s.Close()
	})
	h := newTestHandler(t, testOptions(), table)
	cases := []struct {
		path string
		want string
		enc  bool
	}{
		{"/whole", long, true}, {"/short", "{}", false}, {"/image", long, false},
		{"/failed", long, true}, {"/stream", strings.Repeat(long, 100), true},
	}
	for _, c := range cases {
		for _, accept := range []string{"", "gzip", "zstd"} {
			w := ask(h, "GET", c.path, "", "Accept-Encoding", accept)
			enc := w.Header().Get("Content-Encoding")
			size := w.Body.Len()
			if (enc != "") != (c.enc && accept != "") || enc != "" && enc != accept {
				t.Errorf("%s, %q: encoded as %q", c.path, accept, enc)
			}
			if enc != "" && size > len(c.want)/5 {
				t.Errorf("%s, %q: %d bytes of %d", c.path, accept, size, len(c.want))
			}
			if got := decode(t, w); got != c.want {
				t.Errorf("%s, %q: other bytes came out (%d of %d)", c.path, accept, len(got), len(c.want))
			}
			if !strings.Contains(w.Header().Get("Vary"), "Accept-Encoding") {
				t.Errorf("%s: Vary %q", c.path, w.Header().Get("Vary"))
			}
			if head := ask(h, "HEAD", c.path, "", "Accept-Encoding", accept); head.Body.Len() != 0 || head.Header().Get("Content-Encoding") != enc {
				t.Errorf("HEAD %s: %v", c.path, head.Header())
			}
		}
	}
}

func TestStreamMasked(t *testing.T) {
	table := NewTable("", Info{})
	Get[house](table, "/x", Doc{Slow: true}, func(c *Call, _ None) error {
		if c.Wants("rooms") {
			t.Error("rooms are wanted although the mask leaves them out")
		}
		s := c.Stream(200, "application/json")
		for part := range strings.SplitSeq(sampleHouse, ",") {
			if part != `{"id":"h1"` {
				part = "," + part
			}
			if _, err := io.WriteString(s, part); err != nil {
				return err
			}
		}
		return s.Close()
	})
	w := ask(newTestHandler(t, testOptions(), table), "GET", "/x", "", "X-Fields", "id,owner{name}")
	sameJSON(t, w.Body.String(), `{"id":"h1","owner":{"name":"Ann"}}`)
}

func TestValidators(t *testing.T) {
	modified := time.Date(2024, 5, 2, 9, 30, 15, 123, time.UTC)
	table := NewTable("", Info{})
	Get[Raw](table, "/etag", Doc{}, func(c *Call, _ None) error { return c.Send(200, []byte(`{"a":1}`)) })
	Get[Raw](table, "/own", Doc{}, func(c *Call, _ None) error {
		if c.NotModified(`"v1"`, modified) {
			return nil
		}
		return c.Blob(200, "text/csv", []byte("a;b"))
	})
	h := newTestHandler(t, testOptions(), table)
	etag := ask(h, "GET", "/etag", "").Header().Get("Etag")
	if !strings.HasPrefix(etag, `W/"`) {
		t.Fatalf("ETag %q", etag)
	}
	cases := []struct {
		path, name, value string
		status            int
	}{
		{"/etag", "If-None-Match", etag, 304},
		{"/etag", "If-None-Match", strings.TrimPrefix(etag, "W/"), 304},
		{"/etag", "If-None-Match", `"x", ` + etag, 304},
		{"/etag", "If-None-Match", "*", 304},
		{"/etag", "If-None-Match", `"x"`, 200},
		{"/own", "If-None-Match", `W/"v1"`, 304},
		{"/own", "If-None-Match", `"v2"`, 200},
		{"/own", "If-Modified-Since", "Thu, 02 May 2024 09:30:15 GMT", 304},
		{"/own", "If-Modified-Since", "Thu, 02 May 2024 09:30:14 GMT", 200},
		{"/own", "If-Modified-Since", "yesterday", 200},
	}
	for _, c := range cases {
		w := ask(h, "GET", c.path, "", c.name, c.value, "Accept-Encoding", "gzip")
		if w.Code != c.status || (c.status == 304) != (w.Body.Len() == 0) || w.Header().Get("Etag") == "" {
			t.Errorf("%s %s %s: %d, want %d; ETag %q", c.path, c.name, c.value, w.Code, c.status, w.Header().Get("Etag"))
		}
	}
}

func TestPrivateAnswersAreNotShared(t *testing.T) {
	var seen listArgs
	h := newTestHandler(t, testOptions(), testTable(&seen))
	if got := ask(h, "GET", "/api/1/houses/x/", "", "X-API-KEY", "user").Header().Get("Cache-Control"); got != "private, no-cache" {
		t.Errorf("for a known caller: %q", got)
	}
	if got := ask(h, "GET", "/api/1/houses/x/", "").Header().Get("Cache-Control"); got != "no-cache" {
		t.Errorf("for anyone: %q", got)
	}
	if got := ask(h, "GET", "/api/1/houses/gone/", "").Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("for an error: %q", got)
	}
}

func TestComplete(t *testing.T) {
	for in, want := range map[string]string{
		"":                    "",
		"none":                "none",
		"\x00":                "B",
		"\x00/a \x00/b\x00":   "B/a B/bB",
		"x\x00\x00y":          "xBBy",
		`{"u":"` + "\x00/\"}": `{"u":"B/"}`,
	} {
		if got := Complete([]byte(">"), []byte(in), "B"); !bytes.Equal(got, []byte(">"+want)) {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestGuesses(t *testing.T) {
	g := newGuesser([]string{"/api/1/datasets/", "/api/1/datasets/{dataset}/", "/api/1/datasets/{dataset}/", "/api/1/reuses/"})
	if near := g.near("/api/1/dataset/"); len(near) == 0 || near[0] != "/api/1/datasets/" {
		t.Errorf("%v", near)
	}
	if near := g.near("/zzz"); len(near) != 0 {
		t.Errorf("far away: %v", near)
	}
	start := time.Now()
	g.near("/" + strings.Repeat("datasets/", 10_000))
	if took := time.Since(start); took > 50*time.Millisecond {
		t.Errorf("a long path took %v", took)
	}
}

var _ http.Handler = (*Handler)(nil)
