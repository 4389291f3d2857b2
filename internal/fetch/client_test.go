package fetch

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"grenier/internal/fault"
)

var loopback = prefixes("127.0.0.0/8")

// serve runs a server for a test and returns its address.
func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s.URL
}

// get fetches an address and reads its body.
func get(c *Client, url string, r Request) (*Response, string, error) {
	resp, err := c.Get(context.Background(), url, r)
	if err != nil {
		return nil, "", err
	}
	body, err := io.ReadAll(resp.Body)
	if closed := resp.Body.Close(); err == nil && closed != nil {
		err = closed
	}
	return resp, string(body), err
}

// wantReason checks that an error is a fault that people can read, with this reason.
func wantReason(t *testing.T, err error, want Reason) {
	t.Helper()
	why := Why(err)
	if why == nil || why.Reason != want {
		t.Fatalf("got %v, want %s", err, want)
	}
	if f := fault.Of(err); f.Code == fault.Internal || f.SafeText() == "" {
		t.Fatalf("%v is not a fault with a text", err)
	}
}

func TestGet(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s|%s|%s|%s", r.UserAgent(), r.Header.Get("Accept"), r.Header.Get("X-Key"), r.Header.Get("Accept-Encoding"))
	})
	c := New(Options{Allow: loopback, Version: "1.2\r\n", Site: "https://data.example.org"})
	resp, body, err := get(c, url+"/a b?q=é#part", Request{Accept: "text/csv", Header: http.Header{"X-Key": {"k"}}})
	if err != nil {
		t.Fatal(err)
	}
	if want := "Grenier/1.2 (+https://data.example.org)|text/csv|k|gzip"; body != want {
		t.Errorf("sent %q, want %q", body, want)
	}
	if resp.Status != 200 || resp.Size != int64(len(body)) || !strings.HasPrefix(resp.URL, url+"/a%20b?q=") || strings.Contains(resp.URL, "#") {
		t.Errorf("answer %d, %d bytes of %s", resp.Status, resp.Size, resp.URL)
	}
	if _, body, _ = get(c, url, Request{Identity: true}); !strings.HasSuffix(body, "|*/*||identity") {
		t.Errorf("identity: sent %q", body)
	}
}

func TestRefusedAddresses(t *testing.T) {
	var asked atomic.Int32
	url := serve(t, func(http.ResponseWriter, *http.Request) { asked.Add(1) })
	_, _, err := get(New(Options{}), url, Request{})
	wantReason(t, err, Refused)
	_, _, err = get(New(Options{Allow: prefixes("10.0.0.0/8")}), strings.Replace(url, "127.0.0.1", "localhost", 1), Request{})
	wantReason(t, err, Refused)
	if asked.Load() != 0 {
		t.Error("a refused server was reached")
	}
}

func TestRedirects(t *testing.T) {
	var keys sync.Map
	other := serve(t, func(w http.ResponseWriter, r *http.Request) { keys.Store("other", r.Header.Get("Authorization")) })
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		keys.Store(r.URL.Path, r.Header.Get("Authorization"))
		switch r.URL.Path {
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/relative":
			http.Redirect(w, r, "here?x=1", http.StatusPermanentRedirect)
		case "/empty":
			w.WriteHeader(http.StatusFound)
		case "/other":
			http.Redirect(w, r, other, http.StatusMovedPermanently)
		case "/private":
			http.Redirect(w, r, "http://10.11.12.13/secret", http.StatusFound)
		case "/metadata":
			http.Redirect(w, r, "http://[::ffff:169.254.169.254]/", http.StatusSeeOther)
		case "/file":
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		case "/login":
			http.Redirect(w, r, "http://a:b@127.0.0.1/", http.StatusFound)
		case "/nonsense":
			w.Header().Set("Location", "http://[:::")
			w.WriteHeader(http.StatusFound)
		}
	})
	c := New(Options{Allow: loopback})
	for path, want := range map[string]Reason{
		"/loop": Redirects, "/private": Refused, "/metadata": Refused, "/file": NotWeb, "/login": Credentials,
		"/nonsense": NotWeb, "/empty": Status,
	} {
		_, _, err := get(c, url+path, Request{})
		wantReason(t, err, want)
	}
	secret := Request{Header: http.Header{"Authorization": {"Bearer x"}}}
	resp, _, err := get(c, url+"/relative", secret)
	if err != nil || resp.URL != url+"/here?x=1" {
		t.Fatalf("relative redirect: %v, %v", resp, err)
	}
	if got, _ := keys.Load("/here"); got != "Bearer x" {
		t.Errorf("the same origin got %q", got)
	}
	if _, _, err = get(c, url+"/other", secret); err != nil {
		t.Fatal(err)
	}
	if got, _ := keys.Load("other"); got != "" {
		t.Errorf("another origin was sent %q", got)
	}
}

func TestStatuses(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var status int
		fmt.Sscanf(r.URL.Path, "/%d", &status)
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(status)
		io.WriteString(w, "why")
	})
	c := New(Options{Allow: loopback})
	for _, status := range []int{400, 401, 403, 404, 410, 418, 429, 500, 503} {
		_, _, err := get(c, fmt.Sprintf("%s/%d", url, status), Request{})
		wantReason(t, err, Status)
		if why := Why(err); why.Status != status || why.RetryAfter != 7*time.Second || !strings.Contains(fault.Of(err).Text, fmt.Sprint(status)) {
			t.Errorf("%d: %+v, %q", status, why, fault.Of(err).Text)
		}
	}
	resp, body, err := get(c, url+"/404", Request{AnyStatus: true})
	if err != nil || resp.Status != 404 || body != "why" {
		t.Errorf("any status: %v, %q, %v", resp, body, err)
	}
}

func TestRange(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "x.bin", time.Time{}, strings.NewReader("0123456789"))
	})
	c := New(Options{Allow: loopback})
	for _, test := range []struct {
		part Range
		want string
	}{{Range{2, 4}, "234"}, {Range{-1, 3}, "789"}} {
		resp, body, err := get(c, url, Request{Range: &test.part})
		if err != nil || resp.Status != 206 || body != test.want || resp.Total() != 10 {
			t.Errorf("%+v: %q of %d, %v", test.part, body, resp.Total(), err)
		}
	}
	if resp, _, err := get(c, url, Request{}); err != nil || resp.Total() != 10 {
		t.Errorf("whole: %v", err)
	}
}

func TestLimitsOfSize(t *testing.T) {
	zeros := make([]byte, 64<<10)
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/endless":
			for {
				if _, err := w.Write(zeros); err != nil {
					return
				}
			}
		case "/exact":
			w.(http.Flusher).Flush() // no Content-Length
			w.Write(zeros[:1000])
		case "/announced":
			w.Write(zeros[:2000])
		}
	})
	c := New(Options{Allow: loopback})
	_, body, err := get(c, url+"/endless", Request{MaxBytes: 100_000})
	wantReason(t, err, TooBig)
	if len(body) != 100_000 || Why(err).Limit != 100_000 {
		t.Errorf("read %d bytes", len(body))
	}
	if _, body, err = get(c, url+"/endless", Request{MaxBytes: 100_000, Cut: true}); err != nil || len(body) != 100_000 {
		t.Errorf("cut: %d bytes, %v", len(body), err)
	}
	if _, body, err = get(c, url+"/exact", Request{MaxBytes: 1000}); err != nil || len(body) != 1000 {
		t.Errorf("a body of the limit: %d bytes, %v", len(body), err)
	}
	_, err = c.Get(t.Context(), url+"/announced", Request{MaxBytes: 1000})
	wantReason(t, err, TooBig)
	resp, body, err := get(c, url+"/announced", Request{MaxBytes: 1000, Cut: true})
	if err != nil || len(body) != 1000 || resp.Size != 2000 {
		t.Errorf("cut of an announced body: %d bytes, %v", len(body), err)
	}
}

func TestGzip(t *testing.T) {
	bomb := zipped(bytes.Repeat([]byte{0}, 8<<20))
	member := zipped(nil)
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		switch r.URL.Path {
		case "/good":
			w.Write(zipped([]byte("bonjour")))
		case "/bomb":
			w.Write(bomb)
		case "/members": // without end and without contents
			for {
				if _, err := w.Write(member); err != nil {
					return
				}
			}
		case "/lie":
			io.WriteString(w, "not compressed")
		case "/cut":
			w.Write(bomb[:len(bomb)/2])
		case "/br":
			w.Header().Set("Content-Encoding", "br")
			io.WriteString(w, "x")
		}
	})
	c := New(Options{Allow: loopback})
	resp, body, err := get(c, url+"/good", Request{})
	if err != nil || body != "bonjour" || resp.Size != -1 {
		t.Errorf("gzip: %q, %v", body, err)
	}
	if _, body, err = get(c, url+"/empty", Request{}); err != nil || body != "" {
		t.Errorf("empty: %q, %v", body, err)
	}
	_, body, err = get(c, url+"/bomb", Request{MaxBytes: 1 << 20})
	wantReason(t, err, TooBig)
	if len(body) != 1<<20 {
		t.Errorf("a bomb gave %d bytes", len(body))
	}
	_, _, err = get(c, url+"/members", Request{MaxBytes: 1 << 20})
	wantReason(t, err, TooBig)
	for _, path := range []string{"/lie", "/cut", "/br"} {
		_, _, err = get(c, url+path, Request{})
		wantReason(t, err, Broken)
	}
}

func zipped(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(data)
	w.Close()
	return b.Bytes()
}

func TestSlowServers(t *testing.T) {
	quit := make(chan struct{})
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/headers" {
			io.WriteString(w, "begin")
			w.(http.Flusher).Flush()
		}
		if r.URL.Path == "/drip" {
			for range 1000 {
				if _, err := io.WriteString(w, "."); err != nil {
					return
				}
				w.(http.Flusher).Flush()
				select {
				case <-time.After(20 * time.Millisecond):
				case <-quit:
					return
				}
			}
		}
		select {
		case <-quit:
		case <-r.Context().Done():
		}
	})
	t.Cleanup(func() { close(quit) })
	c := New(Options{Allow: loopback, FirstByte: 100 * time.Millisecond, Stall: 150 * time.Millisecond})
	for path, want := range map[string]string{"/headers": "", "/stalls": "begin", "/drip": "begin."} {
		started := time.Now()
		_, body, err := get(c, url+path, Request{Timeout: 500 * time.Millisecond})
		wantReason(t, err, Timeout)
		if !strings.HasPrefix(body, want) {
			t.Errorf("%s: got %q before it stopped", path, body)
		}
		if took := time.Since(started); took > 3*time.Second {
			t.Errorf("%s took %v", path, took)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(30*time.Millisecond, cancel)
	_, err := c.Get(ctx, url+"/headers", Request{})
	wantReason(t, err, Cancelled)
}

func TestBrokenAnswers(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		switch r.URL.Path {
		case "/short": // announces more than it sends
			io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this")
		case "/long": // sends more than it announces
			io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nonly this")
		case "/nonsense":
			io.WriteString(conn, "220 mail.example.org ESMTP\r\n")
		}
	})
	c := New(Options{Allow: loopback})
	_, body, err := get(c, url+"/short", Request{})
	wantReason(t, err, Broken)
	if body != "only this" {
		t.Errorf("got %q", body)
	}
	if _, body, err = get(c, url+"/long", Request{}); err != nil || body != "only" {
		t.Errorf("long: %q, %v", body, err)
	}
	for _, path := range []string{"/nonsense", "/nothing"} {
		_, _, err = get(c, url+path, Request{})
		wantReason(t, err, Broken)
	}
}

func TestUnreachable(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + listener.Addr().String()
	listener.Close()
	_, _, err = get(New(Options{Allow: loopback}), url, Request{})
	wantReason(t, err, Unreachable)

	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	_, _, err = get(New(Options{Allow: loopback}), secure.URL, Request{})
	wantReason(t, err, Insecure)
}

func TestRetries(t *testing.T) {
	var asked atomic.Int32
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		n := asked.Add(1)
		switch {
		case r.URL.Path == "/404":
			w.WriteHeader(404)
		case r.URL.Path == "/later":
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(503)
		case n < 3 && r.URL.Path == "/503":
			w.WriteHeader(503)
		case n < 2 && r.URL.Path == "/broken":
			panic(http.ErrAbortHandler)
		default:
			io.WriteString(w, "ok")
		}
	})
	c := New(Options{Allow: loopback})
	for _, test := range []struct {
		path    string
		retries int
		asked   int32
		want    Reason
	}{
		{"/503", 0, 1, Status}, {"/503", 1, 2, Status}, {"/503", 9, 3, ""}, {"/404", 2, 1, Status},
		{"/later", 2, 1, Status}, // to wait an hour is not worth it
		{"/broken", 1, 2, ""},
	} {
		asked.Store(0)
		_, body, err := get(c, url+test.path, Request{Retries: test.retries, Timeout: 5 * time.Second})
		if test.want != "" {
			wantReason(t, err, test.want)
		} else if err != nil || body != "ok" {
			t.Errorf("%+v: %q, %v", test, body, err)
		}
		if got := asked.Load(); got != test.asked {
			t.Errorf("%+v: asked %d times", test, got)
		}
	}
}

func TestConcurrencyPerHostAndInAll(t *testing.T) {
	var now, most atomic.Int32
	handler := func(w http.ResponseWriter, r *http.Request) {
		n := now.Add(1)
		defer now.Add(-1)
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
		}
		time.Sleep(20 * time.Millisecond)
	}
	url := serve(t, handler)
	run := func(c *Client, urls ...string) int32 {
		most.Store(0)
		var all sync.WaitGroup
		for i := range 12 {
			all.Go(func() {
				if _, _, err := get(c, urls[i%len(urls)], Request{}); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if len(c.slots.hosts) != 0 || len(c.slots.total) != 0 {
			t.Errorf("turns are still held: %v", c.slots.hosts)
		}
		return most.Load()
	}
	if got := run(New(Options{Allow: loopback}), url); got != DefaultPerHost {
		t.Errorf("%d requests at once at one host", got)
	}
	second := strings.Replace(url, "127.0.0.1", "localhost", 1)
	if got := run(New(Options{Allow: append(prefixes("::1/128"), loopback...), PerHost: 8, Total: 3}), url, second); got != 3 {
		t.Errorf("%d requests at once in all", got)
	}
}

func TestTurnsEndWithTheTimeOfTheRequest(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) { w.Write(make([]byte, 1<<20)) })
	c := New(Options{Allow: loopback, PerHost: 1})
	held, err := c.Get(t.Context(), url, Request{Timeout: 300 * time.Millisecond}) // never closed
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Get(t.Context(), url, Request{Timeout: 30 * time.Millisecond})
	wantReason(t, err, Busy)
	if _, _, err = get(c, url, Request{Timeout: 5 * time.Second}); err != nil {
		t.Errorf("after the first request's time: %v", err)
	}
	_, err = io.Copy(io.Discard, held.Body)
	wantReason(t, err, Timeout)
	held.Body.Close()
}

func TestReadAfterClose(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "x") })
	resp, err := New(Options{Allow: loopback}).Get(t.Context(), url, Request{})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if _, err := resp.Body.Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("read after close: %v", err)
	}
}

// TestRebinding has a name server that names a public address first and the local host after, as an
// attacker's would between a check and its use.
func TestRebinding(t *testing.T) {
	var reached atomic.Int32
	url := serve(t, func(w http.ResponseWriter, r *http.Request) { reached.Add(1) })
	port := netip.MustParseAddrPort(strings.TrimPrefix(url, "http://")).Port()
	names := &nameServer{answers: map[string][]string{
		"rebind.example.": {"127.0.0.1"},
		"mixed.example.":  {"10.0.0.1", "169.254.169.254"},
		"mapped.example.": {"::ffff:127.0.0.1"},
	}}
	resolver := names.start(t)
	c := New(Options{Resolver: resolver})
	for _, host := range []string{"rebind.example", "mixed.example", "mapped.example"} {
		target := fmt.Sprintf("http://%s:%d/", host, port)
		if err := c.CheckURL(target); err != nil {
			t.Fatalf("%s: %v", target, err)
		}
		_, _, err := get(c, target, Request{})
		wantReason(t, err, Refused)
	}
	if reached.Load() != 0 {
		t.Error("a name led inside")
	}
	_, _, err := get(c, "http://nowhere.example/", Request{})
	wantReason(t, err, Unreachable)

	// One address refused, another allowed: the allowed one serves.
	names.set("both.example.", "10.0.0.1", "127.0.0.1")
	c = New(Options{Resolver: resolver, Allow: loopback})
	if _, _, err := get(c, fmt.Sprintf("http://both.example:%d/", port), Request{}); err != nil || reached.Load() != 1 {
		t.Errorf("a name with an allowed address: %v", err)
	}
	// The same name after it moved to a private address, without the kept connection.
	names.set("both.example.", "10.0.0.1")
	c.transport.CloseIdleConnections()
	_, _, err = get(c, fmt.Sprintf("http://both.example:%d/", port), Request{})
	wantReason(t, err, Refused)
}

// nameServer answers A and AAAA questions over UDP.
type nameServer struct {
	mu      sync.Mutex
	answers map[string][]string
}

func (s *nameServer) set(name string, addrs ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[name] = addrs
}

func (s *nameServer) start(t *testing.T) *net.Resolver {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			if answer, err := s.answer(buf[:n]); err == nil {
				conn.WriteTo(answer, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func (s *nameServer) answer(question []byte) ([]byte, error) {
	var m dnsmessage.Message
	if err := m.Unpack(question); err != nil || len(m.Questions) != 1 {
		return nil, fmt.Errorf("bad question: %w", err)
	}
	q := m.Questions[0]
	m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
	s.mu.Lock()
	defer s.mu.Unlock()
	addrs, known := s.answers[q.Name.String()]
	if !known {
		m.RCode = dnsmessage.RCodeNameError
	}
	for _, text := range addrs {
		addr := netip.MustParseAddr(text)
		head := dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, Type: q.Type}
		switch {
		case addr.Is4() && q.Type == dnsmessage.TypeA:
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.AResource{A: addr.As4()}})
		case addr.Is6() && q.Type == dnsmessage.TypeAAAA:
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.AAAAResource{AAAA: addr.As16()}})
		}
	}
	return m.Pack()
}
