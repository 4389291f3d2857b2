package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"grenier/internal/fault"
)

func TestMissingSlash(t *testing.T) {
	var seen listArgs
	h := newTestHandler(t, testOptions(), testTable(&seen))
	cases := []struct{ method, target, location string }{
		{"GET", "/api/1/houses", "https://portal.test/api/1/houses/"},
		{"HEAD", "/api/1/houses", "https://portal.test/api/1/houses/"},
		{"GET", "/api/1/houses?tag=a&tag=b%20c", "https://portal.test/api/1/houses/?tag=a&tag=b%20c"},
		{"PUT", "/api/1/houses/abc", "https://portal.test/api/1/houses/abc/"},
		{"DELETE", "/api/1/houses/abc?x=1", "https://portal.test/api/1/houses/abc/?x=1"},
		{"PATCH", "/api/1/houses/abc", "https://portal.test/api/1/houses/abc/"},
		{"GET", "/api/1/houses/d%C3%A9j%C3%A0", "https://portal.test/api/1/houses/d%C3%A9j%C3%A0/"},
		{"GET", "/api/1/houses/a%2Fb", "https://portal.test/api/1/houses/a%2Fb/"},
	}
	for _, c := range cases {
		body := ""
		if c.method == "PUT" {
			body = `{"name":"x"}`
		}
		w := ask(h, c.method, c.target, body)
		if w.Code != 308 || w.Header().Get("Location") != c.location {
			t.Errorf("%s %s: %d %q, want 308 %q", c.method, c.target, w.Code, w.Header().Get("Location"), c.location)
		}
	}
	if w := ask(h, "GET", "/api/1/houses/one/rdf.ttl/", ""); w.Code != 404 {
		t.Errorf("a slash too many: %d", w.Code)
	}
	if w := ask(h, "GET", "//evil.test/api/1/houses", ""); w.Code == 308 && !strings.HasPrefix(w.Header().Get("Location"), "https://portal.test/") {
		t.Errorf("led away: %q", w.Header().Get("Location"))
	}
}

func TestOldSlug(t *testing.T) {
	var seen listArgs
	h := newTestHandler(t, testOptions(), testTable(&seen))
	w := ask(h, "GET", "/api/1/houses/old/?lang=en", "")
	if w.Code != 308 || w.Header().Get("Location") != "/api/1/houses/new/" {
		t.Errorf("%d %q", w.Code, w.Header().Get("Location"))
	}
}

func TestHead(t *testing.T) {
	var seen listArgs
	h := newTestHandler(t, testOptions(), testTable(&seen))
	for _, target := range []string{"/api/1/houses/", "/api/1/houses/x/", "/api/1/houses/gone/", "/api/1/houses/old/", "/api/1/houses/x/rdf.ttl", "/api/1/nowhere"} {
		get, head := ask(h, "GET", target, ""), ask(h, "HEAD", target, "")
		if get.Code != head.Code || head.Body.Len() != 0 {
			t.Errorf("%s: GET %d, HEAD %d with %d bytes", target, get.Code, head.Code, head.Body.Len())
		}
		for _, name := range []string{"Content-Type", "Content-Length", "Etag", "Location"} {
			if get.Header().Get(name) != head.Header().Get(name) {
				t.Errorf("%s: %s is %q, for HEAD %q", target, name, get.Header().Get(name), head.Header().Get(name))
			}
		}
	}
}

func TestWrongMethod(t *testing.T) {
	var seen listArgs
	h := newTestHandler(t, testOptions(), testTable(&seen))
	w := ask(h, "PATCH", "/api/1/houses/x/", `{}`)
	if w.Code != 405 || w.Header().Get("Allow") != "GET, HEAD, PUT, DELETE, OPTIONS" {
		t.Errorf("%d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
	sameJSON(t, w.Body.String(), `{"message":"The method is not allowed for the requested URL."}`)
	if w := ask(h, "BREW", "/api/1/houses/", ""); w.Code != 405 {
		t.Errorf("an invented method: %d", w.Code)
	}
	if w := ask(h, "OPTIONS", "/api/1/houses/", ""); w.Code != 204 || w.Header().Get("Allow") != "GET, HEAD, POST, OPTIONS" {
		t.Errorf("OPTIONS: %d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
}

func TestNotFound(t *testing.T) {
	var seen listArgs
	h := newTestHandler(t, testOptions(), testTable(&seen))
	w := ask(h, "GET", "/api/1/housse/", "")
	if w.Code != 404 || !strings.Contains(w.Body.String(), "You have requested this URI [/api/1/housse/] but did you mean /api/1/houses/") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if !strings.Contains(w.Body.String(), `"status":404`) || !strings.Contains(w.Body.String(), `"error":"`) {
		t.Errorf("an unknown route: %s", w.Body)
	}
	w = ask(h, "GET", "/entirely/elsewhere/xyz", "")
	sameJSON(t, w.Body.String(), `{"error":"`+textNotFound+`","message":"`+textNotFound+`","status":404}`)
	w = ask(h, "GET", "/api/1/houses/?page=9", "")
	if w.Code != 404 {
		t.Errorf("past the end: %d", w.Code)
	}
	sameJSON(t, w.Body.String(), `{"message":"`+textNotFound+`"}`)
}

func TestNotFoundForPeople(t *testing.T) {
	var seen listArgs
	o := testOptions()
	h := newTestHandler(t, o, testTable(&seen))
	browser := "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
	for _, target := range []string{"/api/1/nowhere/", "/api/1/houses/?page=9"} {
		w := ask(h, "GET", target, "", "Accept", browser)
		if w.Code != 404 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") || !strings.Contains(w.Body.String(), w.Header().Get("X-Request-Id")) {
			t.Errorf("%s: %d %q", target, w.Code, w.Header().Get("Content-Type"))
		}
		for _, accept := range []string{"application/json", "*/*", "", "text/html;q=0.5,application/json", "application/json, text/html"} {
			if w := ask(h, "GET", target, "", "Accept", accept); w.Header().Get("Content-Type") != "application/json" {
				t.Errorf("%s with Accept %q: %s", target, accept, w.Header().Get("Content-Type"))
			}
		}
	}
	if w := ask(h, "GET", "/api/1/houses/gone/", "", "Accept", browser); w.Code != 410 || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("only a 404 becomes a page: %d %s", w.Code, w.Header().Get("Content-Type"))
	}
	o.ErrorPage = func(w http.ResponseWriter, r *http.Request, p Problem) {
		w.WriteHeader(p.Status)
		_, _ = io.WriteString(w, "own page "+p.RequestID)
	}
	h = newTestHandler(t, o, testTable(&seen))
	if w := ask(h, "GET", "/nowhere", "", "Accept", browser, "X-Request-Id", "abc"); w.Code != 404 || w.Body.String() != "own page abc" {
		t.Errorf("the face's own page: %d %s", w.Code, w.Body)
	}
}

func TestCallers(t *testing.T) {
	var seen listArgs
	o := testOptions()
	closed := false
	o.ReadOnly = func() bool { return closed }
	h := newTestHandler(t, o, testTable(&seen))
	cases := []struct {
		method, target, key string
		closed              bool
		status              int
		text                string
	}{
		{"GET", "/api/1/houses/", "", false, 200, ""},
		{"GET", "/api/1/houses/", "bad", false, 401, "Invalid API token"},
		{"PUT", "/api/1/houses/x/", "", false, 401, textUnauthorized},
		{"PUT", "/api/1/houses/x/", "user", false, 200, ""},
		{"DELETE", "/api/1/houses/x/", "", false, 401, textUnauthorized},
		{"DELETE", "/api/1/houses/x/", "user", false, 403, textForbidden},
		{"DELETE", "/api/1/houses/x/", "admin", false, 204, ""},
		{"POST", "/api/1/houses/", "user", true, 423, "Due to unusual activities, the creation of new content is currently disabled."},
		{"POST", "/api/1/houses/", "", true, 401, textUnauthorized},
		{"POST", "/api/1/houses/", "admin", true, 201, ""},
		{"PUT", "/api/1/houses/x/", "user", true, 200, ""},
	}
	for _, c := range cases {
		closed = c.closed
		headers := []string{}
		if c.key != "" {
			headers = append(headers, "X-API-KEY", c.key)
		}
		w := ask(h, c.method, c.target, `{"name":"x"}`, headers...)
		if w.Code != c.status {
			t.Errorf("%s %s as %q: %d, want %d: %s", c.method, c.target, c.key, w.Code, c.status, w.Body)
		}
		if c.text != "" {
			sameJSON(t, w.Body.String(), string(mustJSON(map[string]string{"message": c.text})))
		}
		if got := w.Header().Get("Www-Authenticate"); (c.status == 401) != (got == `Bearer realm="uData"`) {
			t.Errorf("%d with WWW-Authenticate %q", c.status, got)
		}
	}
}

func TestErrorForms(t *testing.T) {
	form := fault.At("This field is required.", "title").At("Unknown.", "resources", 1, "schema", "name").Bare("too long", "extras", "check:date").At("Too short.", "title")
	cases := []struct {
		name   string
		err    error
		family Family
		status int
		body   string
	}{
		{"form", form, Form, 400, `{"errors":{"title":["This field is required.","Too short."],"resources":[{},{"schema":{"name":["Unknown."]}}],"extras":{"check:date":"too long"}}}`},
		{"rules", fault.At("This URL is already registered", "url"), Rules, 400, `{"errors":{"url":"This URL is already registered"},"message":"This URL is already registered"}`},
		{"text", fault.New(fault.Invalid, "No."), Form, 400, `{"message":"No."}`},
		{"gone", fault.New(fault.Gone, "Dataset has been deleted"), Rules, 410, `{"message":"Dataset has been deleted"}`},
		{"conflict", fault.New(fault.Conflict, "Taken."), Rules, 409, `{"message":"Taken."}`},
		{"not implemented", fault.New(fault.NotImplemented, "Search endpoint not enabled"), Rules, 501, `{"message":"Search endpoint not enabled"}`},
		{"unknown", errors.New("pq: password of db is hunter2"), Rules, 500, `{"message":"` + textInternal + `"}`},
		{"wrapped", errors.Join(errors.New("context"), fault.New(fault.NotFound, "Resource not found")), Rules, 404, `{"message":"Resource not found"}`},
		{"out of time", context.DeadlineExceeded, Rules, 503, `{"message":"` + textTimeout + `"}`},
		{"too large", &http.MaxBytesError{Limit: 5}, Rules, 413, `{"message":"The body is larger than 5 bytes."}`},
		{"unknown code", fault.New("strange", ""), Rules, 500, `{"message":"` + textInternal + `"}`},
		{"absurd position", fault.At("No.", "list", -7), Form, 400, `{"errors":{"list":[["No."]]}}`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			table := NewTable("", Info{})
			Get[Raw](table, "/x", Doc{Family: c.family}, func(*Call, None) error { return c.err })
			w := ask(newTestHandler(t, testOptions(), table), "GET", "/x", "")
			if w.Code != c.status {
				t.Errorf("status %d, want %d", w.Code, c.status)
			}
			sameJSON(t, w.Body.String(), c.body)
			id := w.Header().Get("X-Request-Id")
			if sentry := w.Header().Get("X-Sentry-Id"); id == "" || (w.Code >= 500) != (sentry == id) {
				t.Errorf("ids: %q, %q", id, sentry)
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	table := NewTable("", Info{})
	Get[Raw](table, "/x", Doc{}, func(*Call, None) error {
		return fault.New(fault.TooMany, "Wait.").After(1500 * time.Millisecond)
	})
	w := ask(newTestHandler(t, testOptions(), table), "GET", "/x", "")
	if w.Code != 429 || w.Header().Get("Retry-After") != "2" {
		t.Errorf("%d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
}

func TestPanics(t *testing.T) {
	var seen listArgs
	h := newTestHandler(t, testOptions(), testTable(&seen))
	w := ask(h, "GET", "/api/1/houses/panic/", "")
	if w.Code != 500 || w.Header().Get("X-Sentry-Id") == "" || strings.Contains(w.Body.String(), "mistake") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if h.InFlight() != 0 {
		t.Errorf("in flight after a panic: %d", h.InFlight())
	}
}

// TestCutAnswers: what fails after its begin is cut, so that nobody takes a part for the whole.
func TestCutAnswers(t *testing.T) {
	table := NewTable("", Info{})
	Get[Raw](table, "/error", Doc{}, func(c *Call, _ None) error {
		s := c.Stream(200, "text/csv")
		_, _ = s.Write([]byte(strings.Repeat("x", 2*streamBuffer)))
		return io.ErrUnexpectedEOF
	})
	Get[Raw](table, "/panic", Doc{}, func(c *Call, _ None) error {
		s := c.Stream(200, "text/csv")
		_, _ = s.Write([]byte(strings.Repeat("x", 2*streamBuffer)))
		panic("late")
	})
	h := newTestHandler(t, testOptions(), table)
	for _, target := range []string{"/error", "/panic"} {
		func() {
			defer func() {
				if p := recover(); p != http.ErrAbortHandler {
					t.Errorf("%s: recovered %v, want the connection cut", target, p)
				}
			}()
			ask(h, "GET", target, "")
		}()
	}
}

func TestRequestIDs(t *testing.T) {
	var seen listArgs
	h := newTestHandler(t, testOptions(), testTable(&seen))
	for given, kept := range map[string]bool{
		"4bf92f3577b34da6": true, "a.b-c_d:e": true, "": false, "with space": false, "<script>": false,
		strings.Repeat("a", 65): false, "é": false,
	} {
		w := ask(h, "GET", "/api/1/houses/", "", "X-Request-Id", given)
		got := w.Header().Get("X-Request-Id")
		if kept != (got == given) || len(got) == 0 {
			t.Errorf("given %q, answered %q", given, got)
		}
	}
	a, b := ask(h, "GET", "/", "").Header().Get("X-Request-Id"), ask(h, "GET", "/", "").Header().Get("X-Request-Id")
	if a == b || len(a) != 16 {
		t.Errorf("made ids: %q, %q", a, b)
	}
}

func TestPageLinks(t *testing.T) {
	var seen listArgs
	h := newTestHandler(t, testOptions(), testTable(&seen))
	cases := []struct{ query, next, previous string }{
		{"", `"https://portal.test/api/1/houses/?page=2"`, `null`},
		{"page=3", `null`, `"https://portal.test/api/1/houses/?page=2"`},
		{"tag=v%C3%A9lo&tag=b&page=2&page_size=1&lang=en&unknown=%22", `"https://portal.test/api/1/houses/?tag=v%C3%A9lo&tag=b&page=3&page_size=1&lang=en&unknown=%22"`,
			`"https://portal.test/api/1/houses/?tag=v%C3%A9lo&tag=b&page=1&page_size=1&lang=en&unknown=%22"`},
		{"page=2&page=7", `"https://portal.test/api/1/houses/?page=3"`, `"https://portal.test/api/1/houses/?page=1"`},
	}
	for _, c := range cases {
		w := ask(h, "GET", "/api/1/houses/?"+c.query, "", "X-Fields", "next_page,previous_page")
		sameJSON(t, w.Body.String(), `{"next_page":`+c.next+`,"previous_page":`+c.previous+`}`)
	}
}

func TestPageOf(t *testing.T) {
	table := NewTable("", Info{})
	Get[Page[int]](table, "/n/", Doc{}, func(c *Call, p Paging) error { return c.JSON(200, PageOf[int](c, p, nil, 0)) })
	w := ask(newTestHandler(t, testOptions(), table), "GET", "/n/", "")
	if got, want := w.Body.String(), `{"data":[],"next_page":null,"page":1,"page_size":20,"previous_page":null,"total":0}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestLanguageAndSite(t *testing.T) {
	table := NewTable("", Info{})
	Get[Raw](table, "/x/{name}", Doc{}, func(c *Call, _ None) error {
		return c.Send(200, []byte("{\"lang\":\""+c.Lang+"\",\"uri\":\"\x00"+c.PathWith("name", "a b/c")+"\"}"))
	})
	o := testOptions()
	o.Sites = SitesByHost(Site{Base: "http://fallback.test", Language: "fr", Languages: []string{"fr", "en"}})
	h := newTestHandler(t, o, table)
	w := ask(h, "GET", "http://one.test:7000/x/n?lang=en", "")
	sameJSON(t, w.Body.String(), `{"lang":"en","uri":"http://one.test:7000/x/a%20b%2Fc"}`)
	w = ask(h, "GET", "http://two.test/x/n?lang=tlh", "")
	sameJSON(t, w.Body.String(), `{"lang":"fr","uri":"http://two.test/x/a%20b%2Fc"}`)
}

func TestTimeout(t *testing.T) {
	table := NewTable("", Info{})
	Get[Raw](table, "/x", Doc{Timeout: 5 * time.Millisecond}, func(c *Call, _ None) error {
		<-c.Context().Done()
		return c.Context().Err()
	})
	if w := ask(newTestHandler(t, testOptions(), table), "GET", "/x", ""); w.Code != 503 {
		t.Errorf("status %d", w.Code)
	}
}

func TestPlainHandlers(t *testing.T) {
	table := NewTable("", Info{})
	Handle(table, "GET", "/files/*", Doc{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "<p>"+strings.Repeat(r.URL.Path, 200))
	}))
	w := ask(newTestHandler(t, testOptions(), table), "GET", "/files/a/b", "", "Accept-Encoding", "gzip")
	if w.Code != 200 || w.Header().Get("Content-Encoding") != "gzip" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

func TestViewerOf(t *testing.T) {
	c := &Call{Caller: Caller{Viewer: "ann"}}
	if ViewerOf[string](c) != "ann" || ViewerOf[int](c) != 0 {
		t.Error("the viewer got lost")
	}
}
