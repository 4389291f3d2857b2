package harvest

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"grenier/internal/fault"
	"grenier/internal/fetch"
)

// slept is a clock on which nobody waits.
type slept struct {
	mu     sync.Mutex
	at     time.Time
	pauses []time.Duration
}

func (s *slept) clock() Clock {
	return Clock{&Times{
		Now: func() time.Time {
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.at
		},
		Sleep: func(ctx context.Context, d time.Duration) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.at, s.pauses = s.at.Add(d), append(s.pauses, d)
			return context.Cause(ctx)
		},
	}}
}

func remoteFor(t *testing.T, o RemoteOptions) (*Remote, *slept, *[]Log) {
	t.Helper()
	clock := &slept{at: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)}
	logs := new([]Log)
	o.Log = func(l Log) { *logs = append(*logs, l) }
	client := fetch.New(fetch.Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Version: "1.2", Site: "https://here.example"})
	pacer := NewPacer(0)
	pacer.Clock = clock.clock()
	return NewRemote(client, pacer, o), clock, logs
}

// serve answers by a function that knows how many requests came before.
func serve(t *testing.T, answer func(n int, w http.ResponseWriter, r *http.Request)) *httptest.Server {
	t.Helper()
	var n atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answer(int(n.Add(1))-1, w, r) }))
	t.Cleanup(s.Close)
	return s
}

func read(t *testing.T, a *Answer) string {
	t.Helper()
	body, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestAskTriesAgain(t *testing.T) {
	for _, c := range []struct {
		status   int
		body     string
		header   map[string]string
		requests int64
	}{
		{status: 408, requests: 5}, {status: 425, requests: 5}, {status: 429, requests: 5}, {status: 500, requests: 5},
		{status: 502, requests: 5}, {status: 503, requests: 5}, {status: 504, requests: 5},
		{status: 400, requests: 1}, {status: 401, requests: 1}, {status: 403, requests: 1}, {status: 404, requests: 1},
		{status: 405, requests: 1}, {status: 410, requests: 1}, {status: 501, requests: 1},
		{status: 403, body: `{"error": "API rate limit exceeded"}`, requests: 5},
		{status: 403, header: map[string]string{"X-RateLimit-Remaining": "0"}, requests: 5},
	} {
		for _, post := range []bool{false, true} {
			t.Run(fmt.Sprint(c.status, c.body, c.header, post), func(t *testing.T) {
				s := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
					for k, v := range c.header {
						w.Header().Set(k, v)
					}
					w.WriteHeader(c.status)
					_, _ = io.WriteString(w, c.body)
				})
				remote, _, logs := remoteFor(t, RemoteOptions{})
				want := Want{}
				if post {
					want.ContentType, want.Body = "application/xml", []byte("<ask/>")
				}
				_, err := remote.Ask(t.Context(), s.URL+"/x", want)
				if !fault.Is(err, fault.BadGateway) || !strings.HasPrefix(fault.Of(err).SafeText(), fmt.Sprint(c.status)+" ") {
					t.Fatalf("error %v", err)
				}
				if got := remote.Traffic(); got.Requests != c.requests || got.Retries != c.requests-1 || int64(len(*logs)) != c.requests-1 {
					t.Errorf("traffic %+v, logs %v", got, *logs)
				}
				answer, err := remote.Ask(t.Context(), s.URL+"/x", Want{AnyStatus: true, Body: want.Body, ContentType: want.ContentType})
				if err != nil || answer.Status != c.status || read(t, answer) != c.body {
					t.Errorf("any status: %v, %v", answer, err)
				}
			})
		}
	}
}

func TestAskGoesOnAfterFailures(t *testing.T) {
	s := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
		switch n {
		case 0:
			panic(http.ErrAbortHandler) // the connection breaks
		case 1: // cut short
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "beginning")
		case 2:
			w.WriteHeader(503)
		default:
			_, _ = io.WriteString(w, "whole")
		}
	})
	remote, clock, _ := remoteFor(t, RemoteOptions{})
	answer, err := remote.Ask(t.Context(), s.URL, Want{})
	if err != nil || read(t, answer) != "whole" {
		t.Fatal(err)
	}
	for i, pause := range clock.pauses {
		if whole := firstPause << i; pause < whole/2 || pause > whole*3/2 {
			t.Errorf("pause %d was %s", i, pause)
		}
	}
	if got := remote.Traffic(); got.Retries != 3 || got.Bytes != int64(len("beginning")+len("whole")) {
		t.Errorf("traffic %+v", got)
	}
}

func TestAskGivesWhatCame(t *testing.T) {
	s := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "beginning")
	})
	remote, _, _ := remoteFor(t, RemoteOptions{})
	answer, err := remote.Ask(t.Context(), s.URL, Want{})
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	if string(body) != "beginning" || !fault.Is(err, fault.BadGateway) {
		t.Errorf("%q, %v", body, err)
	}
	if remote.Traffic().Requests != 5 {
		t.Errorf("%+v", remote.Traffic())
	}
}

func TestAskWaitsAsAsked(t *testing.T) {
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name, header, value, body string
		pause                     time.Duration // at least; suspended beyond a quarter of an hour
	}{
		{name: "seconds", header: "Retry-After", value: "120", pause: 2 * time.Minute},
		{name: "a date", header: "Retry-After", value: now.Add(5 * time.Minute).Format(http.TimeFormat), pause: 5 * time.Minute},
		{name: "reset in seconds", header: "X-RateLimit-Reset", value: "300", pause: 5 * time.Minute},
		{name: "reset at a moment", header: "X-RateLimit-Reset", value: fmt.Sprint(now.Add(10 * time.Minute).Unix()), pause: 10 * time.Minute},
		{name: "reset at a moment in milliseconds", header: "X-RateLimit-Reset", value: fmt.Sprint(now.Add(10 * time.Minute).UnixMilli()), pause: 10 * time.Minute},
		{name: "just a quarter", header: "Retry-After", value: "900", pause: 15 * time.Minute},
		{name: "too long", header: "Retry-After", value: "901", pause: 901 * time.Second},
		{name: "too long by a date", header: "X-RateLimit-Reset", value: now.Add(11 * time.Hour).Format(time.RFC3339), pause: 11 * time.Hour},
		{name: "in the body", body: `{"errorcode": 10002, "reset_time": "2026-06-02T00:00:00Z"}`, pause: 12 * time.Hour},
		{name: "bounded", header: "Retry-After", value: "99999999999", pause: maxSuspension},
		{name: "over already", header: "Retry-After", value: now.Add(-time.Hour).Format(http.TimeFormat)},
		{name: "nonsense", header: "Retry-After", value: "soon"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
				if n == 0 {
					if c.header != "" {
						w.Header().Set(c.header, c.value)
					}
					w.WriteHeader(429)
					_, _ = io.WriteString(w, c.body)
				}
			})
			remote, clock, _ := remoteFor(t, RemoteOptions{})
			_, err := remote.Ask(t.Context(), s.URL, Want{})
			var wait *Wait
			if c.pause > maxAsked {
				if !errors.As(err, &wait) || !wait.Until.Equal(now.Add(c.pause)) || !fault.Is(err, fault.Unavailable) {
					t.Fatalf("%v", err)
				}
				return
			}
			if err != nil || clock.at.Sub(now) < c.pause || clock.at.Sub(now) > c.pause+2*time.Second {
				t.Errorf("waited %s, %v", clock.at.Sub(now), err)
			}
		})
	}
}

func TestPausesStayBounded(t *testing.T) {
	for try := range 70 {
		for _, chance := range []float64{0, 0.5, 1} {
			whole := min(float64(time.Second)*float64(int64(1)<<min(try, 40)), float64(2*time.Minute))
			if p := pauseBefore(try, chance); p < min(time.Duration(whole/2), maxPause) || p > maxPause {
				t.Errorf("pause %d with %g: %s", try, chance, p)
			}
		}
	}
}

func TestAskPosts(t *testing.T) {
	s := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch r.URL.Path {
		case "/301", "/302", "/307", "/308", "/303":
			status := 0
			_, _ = fmt.Sscan(r.URL.Path[1:], &status)
			http.Redirect(w, r, "/end", status)
		case "/out":
			http.Redirect(w, r, "http://169.254.169.254/", http.StatusPermanentRedirect)
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusPermanentRedirect)
		default:
			fmt.Fprintf(w, "%s %s %s %s", r.Method, r.Header.Get("Content-Type"), body, r.Header.Get("User-Agent"))
		}
	})
	remote, _, _ := remoteFor(t, RemoteOptions{Backend: "csw-dcat"})
	const agent = "grenier/1.2 (+https://here.example; harvest csw-dcat)"
	for path, want := range map[string]string{
		"/end": "POST application/xml <a/> " + agent, "/301": "POST application/xml <a/> " + agent, "/302": "POST application/xml <a/> " + agent,
		"/307": "POST application/xml <a/> " + agent, "/308": "POST application/xml <a/> " + agent, "/303": "GET   " + agent,
	} {
		answer, err := remote.Ask(t.Context(), s.URL+path, Want{ContentType: "application/xml", Body: []byte("<a/>")})
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if got := read(t, answer); got != want || answer.URL != s.URL+"/end" {
			t.Errorf("%s: %q from %s", path, got, answer.URL)
		}
	}
	for path, reason := range map[string]fetch.Reason{"/out": fetch.Refused, "/loop": fetch.Redirects} {
		_, err := remote.Ask(t.Context(), s.URL+path, Want{ContentType: "application/xml", Body: []byte("<a/>")})
		if why := fetch.Why(err); why == nil || why.Reason != reason {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestAskKeepsSecretsFromOthers(t *testing.T) {
	heard := make(chan string, 1)
	other := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) { heard <- r.Header.Get("Authorization") })
	s := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("Authorization") != "secret":
			w.WriteHeader(401)
		case r.URL.Path == "/away":
			http.Redirect(w, r, other.URL, http.StatusFound)
		case r.URL.Path == "/here":
			http.Redirect(w, r, "/end", http.StatusFound)
		}
	})
	remote, _, _ := remoteFor(t, RemoteOptions{})
	header := http.Header{"Authorization": {"secret"}}
	if _, err := remote.Ask(t.Context(), s.URL+"/here", Want{Header: header}); err != nil {
		t.Error(err)
	}
	if _, err := remote.Ask(t.Context(), s.URL+"/away", Want{Header: header}); err != nil {
		t.Error(err)
	}
	if got := <-heard; got != "" {
		t.Errorf("the other host heard %q", got)
	}
}

func TestAskConditionally(t *testing.T) {
	s := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-None-Match") == `"a"` && r.Header.Get("If-Modified-Since") == "yesterday" {
			w.WriteHeader(http.StatusNotModified)
		}
	})
	remote, _, _ := remoteFor(t, RemoteOptions{})
	page := &KeptPage{ETag: `"a"`, LastModified: "yesterday"}
	answer, err := remote.Ask(t.Context(), s.URL, Want{Kept: page})
	if err != nil || !answer.NotModified || read(t, answer) != "" {
		t.Errorf("%+v, %v", answer, err)
	}
	page.ETag = `"b"`
	if answer, err = remote.Ask(t.Context(), s.URL, Want{Kept: page}); err != nil || answer.NotModified || answer.Status != 200 {
		t.Errorf("%+v, %v", answer, err)
	}
}

func TestAskTellsOfMoves(t *testing.T) {
	s := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/old/"):
			http.Redirect(w, r, "/new"+r.URL.Path[4:], http.StatusMovedPermanently)
		case strings.HasPrefix(r.URL.Path, "/once/"):
			http.Redirect(w, r, "/new"+r.URL.Path[5:], http.StatusFound)
		case strings.HasPrefix(r.URL.Path, "/both/"):
			http.Redirect(w, r, "/once"+r.URL.Path[5:], http.StatusMovedPermanently)
		}
	})
	for source, c := range map[string]struct{ asked, to string }{
		"/old/":        {"/old/api/3/action/x", "/new/"},
		"/old":         {"/old/api/3/action/x", "/new"},
		"/old/cat.rdf": {"/old/cat.rdf", "/new/cat.rdf"},
		"/once/":       {"/once/api", ""},
		"/both/":       {"/both/api", ""},
		"/elsewhere/":  {"/old/api", ""},
		"/new/":        {"/new/api", ""},
	} {
		remote, _, logs := remoteFor(t, RemoteOptions{Source: s.URL + source})
		if _, err := remote.Ask(t.Context(), s.URL+c.asked, Want{}); err != nil {
			t.Fatal(err)
		}
		want := ""
		if c.to != "" {
			want = s.URL + c.to
		}
		if remote.Moved() != want || (len(*logs) == 1) != (want != "") {
			t.Errorf("%s: moved to %q, want %q; %v", source, remote.Moved(), want, *logs)
		}
	}
}

func TestAskUndoesCodings(t *testing.T) {
	text := strings.Repeat("some text of a portal, ", 1000)
	coded := func(make func(io.Writer) io.WriteCloser) []byte {
		var b bytes.Buffer
		w := make(&b)
		_, _ = io.WriteString(w, text)
		_ = w.Close()
		return b.Bytes()
	}
	bodies := map[string][]byte{
		"gzip":    coded(func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }),
		"deflate": coded(func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }),
		"bare":    coded(func(w io.Writer) io.WriteCloser { f, _ := flate.NewWriter(w, 6); return f }),
	}
	s := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		name := r.URL.Path[1:]
		w.Header().Set("Content-Encoding", strings.Replace(name, "bare", "deflate", 1))
		_, _ = w.Write(bodies[name])
	})
	for name := range bodies {
		remote, _, _ := remoteFor(t, RemoteOptions{})
		answer, err := remote.Ask(t.Context(), s.URL+"/"+name, Want{})
		if err != nil || read(t, answer) != text {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAskIsBounded(t *testing.T) {
	var bomb bytes.Buffer
	zip := gzip.NewWriter(&bomb)
	zeros := make([]byte, 1<<20)
	for range 24 {
		_, _ = zip.Write(zeros)
	}
	_ = zip.Close()
	s := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/bomb" {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(bomb.Bytes())
			return
		}
		_, _ = w.Write(zeros)
		_, _ = w.Write(zeros)
	})
	remote, _, _ := remoteFor(t, RemoteOptions{})
	for path, most := range map[string]int64{"/bomb": 0, "/": 1<<21 - 1} {
		_, err := remote.Ask(t.Context(), s.URL+path, Want{MaxBytes: most})
		if why := fetch.Why(err); why == nil || why.Reason != fetch.TooBig {
			t.Errorf("%s: %v", path, err)
		}
	}
	// What fits in no memory is read from its file, twice.
	answer, err := remote.Ask(t.Context(), s.URL, Want{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if n, err := io.Copy(io.Discard, answer.Body); n != 2<<20 || err != nil {
			t.Errorf("%d bytes, %v", n, err)
		}
		if _, err := answer.Body.(io.Seeker).Seek(0, io.SeekStart); err != nil {
			t.Fatal(err)
		}
	}
	if err := answer.Body.Close(); err != nil {
		t.Error(err)
	}
	if got := remote.Traffic().Retries; got != 0 {
		t.Errorf("%d retries", got)
	}
}

func TestAskEndsWithItsContext(t *testing.T) {
	s := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) { w.WriteHeader(503) })
	client := fetch.New(fetch.Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	remote := NewRemote(client, NewPacer(0), RemoteOptions{})
	stop := errors.New("stopped")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(50*time.Millisecond, func() { cancel(stop) })
	begin := time.Now()
	_, err := remote.Ask(ctx, s.URL, Want{})
	if err == nil || time.Since(begin) > 2*time.Second {
		t.Errorf("%v after %s", err, time.Since(begin))
	}
}

func TestRobots(t *testing.T) {
	for _, c := range []struct {
		text string
		want time.Duration
	}{
		{"", 0},
		{"User-agent: *\nDisallow: /private\nCrawl-delay: 2\n", 2 * time.Second},
		{"User-agent: *\nCrawl-delay: 0.5 # half\n", 500 * time.Millisecond},
		{"User-agent: *\nCrawl-delay: 9999\n", time.Minute},
		{"User-agent: *\nCrawl-delay: -1\n", 0},
		{"User-agent: *\nCrawl-delay: NaN\n", 0},
		{"User-agent: bad\nCrawl-delay: 10\n", 0},
		{"User-agent: bad\nUser-agent: Grenier\nCrawl-delay: 3\n\nUser-agent: *\nCrawl-delay: 20", 3 * time.Second},
		{"User-agent: *\nCrawl-delay: 20\nUser-agent: grenier\nDisallow:\n", 0},
		{"<html>\n<p>Not found: *</p>", 0},
	} {
		asked := 0
		s := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/robots.txt" {
				asked++
				_, _ = io.WriteString(w, c.text)
			}
		})
		for _, own := range []time.Duration{0, time.Millisecond} {
			remote, clock, _ := remoteFor(t, RemoteOptions{Robots: true, Interval: own})
			begin := clock.at
			for range 3 {
				if _, err := remote.Ask(t.Context(), s.URL+"/x", Want{}); err != nil {
					t.Fatal(err)
				}
			}
			want := 2 * c.want
			if own > 0 {
				want = 2 * own
			}
			if got := clock.at.Sub(begin); got != want {
				t.Errorf("%q with %s: waited %s, want %s", c.text, own, got, want)
			}
		}
		if asked != 1 {
			t.Errorf("%q: robots.txt was read %d times", c.text, asked)
		}
	}
}

func TestDirectBodiesHoldTheirHost(t *testing.T) {
	s := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "abc") })
	for _, end := range []func(*Answer){
		func(a *Answer) { _, _ = io.ReadAll(a.Body) },
		func(a *Answer) { _ = a.Body.Close() },
	} {
		remote, _, _ := remoteFor(t, RemoteOptions{})
		answer, err := remote.Ask(t.Context(), s.URL, Want{Direct: true})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		if _, err := remote.Ask(ctx, s.URL, Want{}); err == nil {
			t.Error("asked beside a body that was not read")
		}
		cancel()
		end(answer)
		if _, err := remote.Ask(t.Context(), s.URL, Want{}); err != nil {
			t.Error(err)
		}
	}
}

func TestShownHidesSecrets(t *testing.T) {
	for given, want := range map[string]string{
		"https://a.example/x?start=10":            "https://a.example/x?start=10",
		"https://a.example/x?apikey=abc&start=10": "https://a.example/x?apikey=%E2%80%A6&start=10",
		"https://me:pw@a.example/":                "https://a.example/",
		"::":                                      "::",
	} {
		if got := shown(given); got != want {
			t.Errorf("%s: %s", given, got)
		}
	}
}

func TestBelow(t *testing.T) {
	for given, want := range map[string]string{
		"https://a.example":           "https://a.example/api/x",
		"https://a.example/":          "https://a.example/api/x",
		"https://a.example/data":      "https://a.example/data/api/x",
		"https://a.example/data/":     "https://a.example/data/api/x",
		"https://a.example/data?x=1#": "https://a.example/data/api/x",
	} {
		if got := Below(given, "api/x"); got != want {
			t.Errorf("%s: %s", given, got)
		}
	}
}
