package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"grenier/internal/fault"
)

func TestVersionsHold(t *testing.T) {
	v := NewVersions()
	a, b := Object("dataset", "a"), Object("dataset", "b")
	asOf := v.Now()
	if !v.Holds(asOf, []Key{a, b}) || !v.Holds(asOf, nil) {
		t.Error("nothing was raised")
	}
	v.Raise(b)
	if v.Holds(asOf, []Key{a, b}) || !v.Holds(asOf, []Key{a}) || !v.Holds(v.Now(), []Key{a, b}) {
		t.Error("raising b must make fall what was made of b before, and nothing else")
	}
	if Object("a", "bc") == Object("ab", "c") && Object("x", "yz") == Object("xy", "z") {
		t.Error("kind and id run together")
	}
}

func TestEpochsMoveOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := NewVersions()
		lists := []Key{Epoch("dataset")}
		before := v.Now()
		v.Raise(Epoch("dataset"))
		if v.Holds(before, lists) {
			t.Error("the first move is at once")
		}
		made := v.Now()
		time.Sleep(300 * time.Millisecond)
		v.Raise(Epoch("dataset"))
		v.Raise(Epoch("dataset"))
		if !v.Holds(made, lists) {
			t.Error("a second move within the second must wait")
		}
		sawAll := v.Now()
		time.Sleep(699 * time.Millisecond)
		if !v.Holds(made, lists) {
			t.Error("moved too early")
		}
		time.Sleep(2 * time.Millisecond)
		if v.Holds(made, lists) {
			t.Error("not moved at the end of the second")
		}
		if !v.Holds(sawAll, lists) {
			t.Error("a list made after the last change fell with the older ones")
		}
		time.Sleep(2 * time.Second)
		made = v.Now()
		v.Raise(Epoch("dataset"))
		if v.Holds(made, lists) {
			t.Error("after a pause the move is at once again")
		}
	})
}

// TestNoStaleAnswer: whoever starts to read after a write was acknowledged sees it, whatever is being
// made meanwhile by slow readers.
func TestNoStaleAnswer(t *testing.T) {
	versions := NewVersions()
	var value atomic.Int64
	o := testOptions()
	o.Kept = NewKept(versions, 1<<20)
	table := NewTable("", Info{})
	Get[Raw](table, "/v", Doc{Keep: true}, func(c *Call, _ None) error {
		n := value.Load()
		time.Sleep(50 * time.Microsecond)
		c.Keep(time.Time{}, Object("v", "1"))
		return c.Blob(200, "text/plain", fmt.Appendf(nil, "%d", n))
	})
	h := newTestHandler(t, o, table)
	var wg sync.WaitGroup
	done := make(chan struct{})
	for range 3 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				floor := value.Load()
				var got int64
				if _, err := fmt.Sscan(ask(h, "GET", "/v", "").Body.String(), &got); err != nil {
					t.Error(err)
					return
				}
				// value is stored before the keys are raised: only what was acknowledged counts.
				if got < floor-1 {
					t.Errorf("read %d after %d was acknowledged", got, floor-1)
					return
				}
			}
		})
	}
	for i := range int64(400) {
		value.Store(i)
		versions.Raise(Object("v", "1"))
		if got := ask(h, "GET", "/v", "").Body.String(); got != fmt.Sprint(i) {
			t.Errorf("wrote %d, then read %s", i, got)
			break
		}
	}
	close(done)
	wg.Wait()
}

// keptFace counts how often its routes had to make an answer.
type keptFace struct {
	h     *Handler
	o     Options
	made  atomic.Int64
	block chan struct{}
}

func newKeptFace(t *testing.T) *keptFace {
	t.Helper()
	f := &keptFace{o: testOptions()}
	f.o.Kept = NewKept(NewVersions(), 8<<20)
	f.o.SessionCookie = "session"
	f.o.Sites = func(p Peer) *Site {
		if p.Host == "other.test" {
			return &otherSite
		}
		return &mainSite
	}
	table := NewTable("", Info{})
	Get[house](table, "/one/{id}/", Doc{Keep: true}, func(c *Call, _ None) error {
		f.made.Add(1)
		if f.block != nil {
			<-f.block
		}
		switch id := c.Param("id"); id {
		case "missing":
			c.Keep(time.Time{}, Object("house", id))
			return fault.New(fault.NotFound, "None.")
		case "silent":
		case "cookie":
			c.Keep(time.Time{})
			http.SetCookie(c.W, &http.Cookie{Name: "x", Value: "y"})
		case "brief":
			c.Keep(time.Now().Add(30*time.Second), Object("house", id))
			c.Keep(time.Now().Add(time.Hour))
		case "huge":
			c.Keep(time.Time{}, Object("house", id))
			return c.Send(200, []byte(`{"id":"`+strings.Repeat("x", maxKeptAnswer)+`"}`))
		case "streamed":
			c.Keep(time.Time{}, Object("house", id))
			s := c.Stream(200, "application/json")
			_, _ = s.Write([]byte(`{"id":"s"}`))
			return s.Close()
		default:
			c.Keep(time.Time{}, Object("house", id))
		}
		c.W.Header().Set("Link", `</x>; rel="self"`)
		return c.Send(200, []byte("{\"id\":\"\x00/one\",\"name\":\""+c.Lang+"\",\"note\":\""+strings.Repeat("z", 2000)+"\"}"))
	})
	Get[Page[house]](table, "/list/", Doc{Keep: true}, func(c *Call, q listArgs) error {
		f.made.Add(1)
		c.Keep(time.Time{}, Epoch("house"))
		return c.Send(200, AppendPage(nil, c, q.Paging, [][]byte{[]byte(`{"id":"a"}`)}, 100, ""))
	})
	Post[None, None, None](table, "/list/", Doc{Auth: User}, func(c *Call, _, _ None) error {
		f.o.Kept.versions.Raise(Object("house", "a"), Epoch("house"))
		return c.Empty(204)
	})
	f.h = newTestHandler(t, f.o, table)
	return f
}

var (
	mainSite  = Site{Base: "https://main.test", Language: "fr", Languages: []string{"fr", "en"}}
	otherSite = Site{Base: "https://other.test", Language: "en", Languages: []string{"fr", "en"}}
)

// asks sends the request twice and tells whether the second answer was made anew.
func (f *keptFace) again(t *testing.T, first, second func() *httptest.ResponseRecorder) (kept bool) {
	t.Helper()
	a := first()
	before := f.made.Load()
	b := second()
	if f.made.Load() != before {
		return false
	}
	if a.Code != b.Code || decode(t, a) != decode(t, b) || a.Header().Get("Etag") != b.Header().Get("Etag") ||
		a.Header().Get("Link") != b.Header().Get("Link") || a.Header().Get("Cache-Control") != b.Header().Get("Cache-Control") ||
		a.Header().Get("Content-Type") != b.Header().Get("Content-Type") || a.Header().Get("Referrer-Policy") != b.Header().Get("Referrer-Policy") {
		t.Errorf("the kept answer differs: %d %v / %d %v", a.Code, a.Header(), b.Code, b.Header())
	}
	return true
}

func TestWhatIsKept(t *testing.T) {
	get := func(target string, headers ...string) []string { return append([]string{"GET", target}, headers...) }
	cases := []struct {
		name   string
		first  []string
		second []string
		kept   bool
	}{
		{"the same", get("/one/a/"), get("/one/a/"), true},
		{"HEAD then GET", []string{"HEAD", "/one/b/"}, get("/one/b/"), true},
		{"another encoding", get("/one/c/", "Accept-Encoding", "gzip"), get("/one/c/", "Accept-Encoding", "zstd"), true},
		{"another object", get("/one/d/"), get("/one/e/"), false},
		{"another language", get("/one/f/"), get("/one/f/?lang=en"), false},
		{"an argument that nobody reads", get("/one/g/"), get("/one/g/?utm_source=x"), true},
		{"a mask", get("/one/h/"), get("/one/h/", "X-Fields", "id"), false},
		{"the same mask", get("/one/h2/", "X-Fields", "id"), get("/one/h2/", "x-fields", "id"), true},
		{"full objects", get("/one/i/"), get("/one/i/", "X-Get-Datasets-Full-Objects", "True"), false},
		{"another site", get("https://main.test/one/j/"), get("https://other.test/one/j/"), false},
		{"arguments in another order", get("/list/?page=2&sort=title"), get("/list/?sort=title&page=2"), true},
		{"order of repeated arguments", get("/list/?tag=a&tag=b"), get("/list/?tag=b&tag=a"), false},
		{"an argument that paging links show", get("/list/"), get("/list/?x=1"), false},
		{"with a key", get("/one/k/", "X-API-KEY", "user"), get("/one/k/", "X-API-KEY", "user"), false},
		{"with a bearer", get("/one/l/", "Authorization", "Bearer x"), get("/one/l/", "Authorization", "Bearer x"), false},
		{"made for a key, asked without", get("/one/m/", "X-API-KEY", "user"), get("/one/m/"), false},
		{"made without, asked with a key", get("/one/n/"), get("/one/n/", "X-API-KEY", "user"), false},
		{"session", get("/one/o/", "Cookie", "session=1"), get("/one/o/", "Cookie", "a=b; session=1"), false},
		{"another cookie", get("/one/p/"), get("/one/p/", "Cookie", "theme=dark"), true},
		{"from another origin", get("/one/q/"), get("/one/q/", "Origin", "https://x.test"), true},
		{"not found", get("/one/missing/"), get("/one/missing/"), false},
		{"nothing said", get("/one/silent/"), get("/one/silent/"), false},
		{"sets a cookie", get("/one/cookie/"), get("/one/cookie/"), false},
		{"too long", get("/one/huge/"), get("/one/huge/"), false},
		{"streamed", get("/one/streamed/"), get("/one/streamed/"), false},
		{"long address", get("/one/r/?lang=" + strings.Repeat("x", maxKeptAddress)), get("/one/r/?lang=" + strings.Repeat("x", maxKeptAddress)), false},
	}
	f := newKeptFace(t)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			req := func(r []string) func() *httptest.ResponseRecorder {
				return func() *httptest.ResponseRecorder { return ask(f.h, r[0], r[1], "", r[2:]...) }
			}
			if c.first[0] == "HEAD" {
				req(c.first)()
				c.first = c.second
			}
			if kept := f.again(t, req(c.first), req(c.second)); kept != c.kept {
				t.Errorf("kept: %v, want %v", kept, c.kept)
			}
		})
	}
	w := ask(f.h, "GET", "/one/q/", "", "Origin", "https://x.test")
	if w.Header().Get("Access-Control-Allow-Origin") != "*" || w.Header().Get("X-Request-Id") == "" {
		t.Errorf("headers of a kept answer: %v", w.Header())
	}
	if !strings.Contains(w.Body.String(), "https://main.test/one") {
		t.Errorf("the site's address is missing: %.80s", w.Body)
	}
	if w := ask(f.h, "GET", "/one/q/", "", "If-None-Match", w.Header().Get("Etag")); w.Code != 304 || w.Body.Len() != 0 {
		t.Errorf("a kept answer that the caller has: %d", w.Code)
	}
	f.o.Kept.Clear()
	before := f.made.Load()
	ask(f.h, "GET", "/one/q/", "")
	if f.made.Load() == before {
		t.Error("kept after Clear")
	}
}

func TestKeptFalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newKeptFace(t)
		made := func(target string) int64 {
			before := f.made.Load()
			ask(f.h, "GET", target, "")
			return f.made.Load() - before
		}
		made("/one/a/")
		f.o.Kept.versions.Raise(Object("house", "a"))
		if made("/one/a/") != 1 || made("/one/a/") != 0 {
			t.Error("a raised object must be made once more")
		}
		made("/one/brief/")
		time.Sleep(29 * time.Second)
		if made("/one/brief/") != 0 {
			t.Error("fell before its time")
		}
		time.Sleep(2 * time.Second)
		if made("/one/brief/") != 1 {
			t.Error("held beyond its time")
		}
		f.o.Kept.cache.StopAllGoroutines()
	})
}

func TestWritersSeeTheirWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newKeptFace(t)
		from := func(method, addr string) int64 {
			before := f.made.Load()
			r := httptest.NewRequest(method, "/list/", nil)
			r.RemoteAddr = addr + ":1"
			if method == "POST" {
				r.Header.Set("X-Api-Key", "user")
			}
			w := httptest.NewRecorder()
			f.h.ServeHTTP(w, r)
			if w.Code >= 400 {
				t.Fatalf("%s: %d %s", method, w.Code, w.Body)
			}
			return f.made.Load() - before
		}
		from("POST", "192.0.2.1") // the epoch moves at once, then rests a second
		from("GET", "192.0.2.9")
		from("POST", "192.0.2.1")
		if from("GET", "192.0.2.9") != 0 {
			t.Error("others go on with the kept list within the second")
		}
		if from("GET", "192.0.2.1") != 1 {
			t.Error("who has written was shown an older list")
		}
		if from("GET", "192.0.2.1") != 0 || from("GET", "192.0.2.9") != 0 {
			t.Error("the fresh list serves everyone")
		}
		from("POST", "192.0.2.2")
		time.Sleep(1001 * time.Millisecond)
		if from("GET", "192.0.2.9") != 1 {
			t.Error("after a second everyone sees it")
		}
		f.o.Kept.cache.StopAllGoroutines()
	})
}

func TestOneMakesForAll(t *testing.T) {
	f := newKeptFace(t)
	f.block = make(chan struct{})
	var wg sync.WaitGroup
	answers := make(chan int, 20)
	for range 20 {
		wg.Go(func() { answers <- ask(f.h, "GET", "/one/a/", "").Code })
	}
	for f.made.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(20 * time.Millisecond)
	close(f.block)
	wg.Wait()
	if n := f.made.Load(); n != 1 {
		t.Errorf("made %d times", n)
	}
	for range 20 {
		if code := <-answers; code != 200 {
			t.Errorf("status %d", code)
		}
	}
	if len(f.o.Kept.flights) != 0 {
		t.Errorf("flights left: %d", len(f.o.Kept.flights))
	}
}

func TestKeptIsBounded(t *testing.T) {
	v := NewVersions()
	k := NewKept(v, 100_000)
	for i := range 1000 {
		a := newAnswer(jsonType, []byte(strings.Repeat("x", 1000)), http.Header{})
		k.put(keptKey{uri: fmt.Sprintf("/%d", i)}, a)
		k.alias(keptKey{uri: fmt.Sprintf("/%d?", i)}, keptKey{uri: fmt.Sprintf("/%d", i)})
	}
	k.cache.CleanUp()
	if w := k.Weight(); w > 100_000 || w == 0 {
		t.Errorf("weight %d", w)
	}
	off := NewKept(v, 0)
	if off.Weight() != 0 {
		t.Error("a store of no size keeps something")
	}
	off.Clear()
	o := testOptions()
	o.Kept = off
	var seen listArgs
	if w := ask(newTestHandler(t, o, testTable(&seen)), "GET", "/api/1/houses/x/", ""); w.Code != 200 {
		t.Errorf("without a store: %d", w.Code)
	}
}

func TestPieces(t *testing.T) {
	v := NewVersions()
	p := NewPieces(v, 1<<20)
	now := time.Now()
	p.now = func() time.Time { return now }
	key := Object("dataset", "a")
	asOf := v.Now()
	p.Put("dataset:a", asOf, []Key{key}, now.Add(time.Minute), []byte("x"))
	if b, ok := p.Get("dataset:a"); !ok || string(b) != "x" {
		t.Errorf("%q, %v", b, ok)
	}
	now = now.Add(time.Minute)
	if _, ok := p.Get("dataset:a"); ok {
		t.Error("held beyond its time")
	}
	p.Put("dataset:a", asOf, []Key{key}, time.Time{}, []byte("x"))
	v.Raise(key)
	if _, ok := p.Get("dataset:a"); ok {
		t.Error("held although its object changed")
	}
	p.Put("dataset:a", asOf, []Key{key}, time.Time{}, []byte("old"))
	if _, ok := p.Get("dataset:a"); ok {
		t.Error("what fell while it was made was kept")
	}
	for i := range 10_000 {
		p.Put(fmt.Sprint(i), v.Now(), nil, time.Time{}, make([]byte, 1000))
	}
	p.cache.CleanUp()
	if w := p.Weight(); w > 1<<20 || w == 0 {
		t.Errorf("weight %d", w)
	}
	if off := NewPieces(v, 0); off.Weight() != 0 {
		t.Error("a store of no size weighs something")
	} else if off.Put("a", 0, nil, time.Time{}, nil); off != nil {
		if _, ok := off.Get("a"); ok {
			t.Error("a store of no size keeps something")
		}
	}
}

func TestMetrics(t *testing.T) {
	reg := prometheus.NewRegistry()
	o := testOptions()
	o.Metrics = reg
	o.Kept = NewKept(NewVersions(), 1<<20)
	table := NewTable("", Info{})
	Get[Raw](table, "/x/{id}", Doc{Keep: true}, func(c *Call, _ None) error {
		c.Keep(time.Time{})
		return c.Send(200, []byte(`{}`))
	})
	h := newTestHandler(t, o, table)
	ask(h, "GET", "/x/1", "")
	ask(h, "GET", "/x/1", "")
	ask(h, "GET", "/x/2", "", "If-None-Match", "*")
	ask(h, "GET", "/nowhere", "")
	ask(h, "BREW", "/x/1", "")
	for labels, want := range map[[3]string]float64{
		{"/x/{id}", "GET", "200"}: 2, {"/x/{id}", "GET", "304"}: 1, {"none", "GET", "404"}: 1, {"none", "other", "405"}: 1,
	} {
		if got := testutil.ToFloat64(h.metrics.requests.WithLabelValues(labels[0], labels[1], labels[2])); got != want {
			t.Errorf("%v: %v, want %v", labels, got, want)
		}
	}
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, f := range families {
		names[f.GetName()] = true
	}
	for _, name := range []string{"grenier_http_requests_total", "grenier_http_request_seconds", "grenier_http_in_flight", "grenier_kept_bytes", "grenier_kept_hits_total", "grenier_kept_misses_total"} {
		if !names[name] {
			t.Errorf("%s is missing", name)
		}
	}
}

func TestWriterSlots(t *testing.T) {
	k := NewKept(NewVersions(), 1000)
	for i := range 100_000 {
		k.Wrote(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}))
	}
	if len(k.writers) != writerSlots {
		t.Error("the writers remembered are not bounded")
	}
}
