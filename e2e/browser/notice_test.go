package browser_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"grenier/e2e/browser"
)

// listener is a test that notes what it is told instead of failing.
type listener struct {
	testing.TB
	told []string
	ends []func()
}

func (l *listener) Helper()                   {}
func (l *listener) Cleanup(end func())        { l.ends = append(l.ends, end) }
func (l *listener) Error(args ...any)         { l.told = append(l.told, fmt.Sprint(args...)) }
func (l *listener) Errorf(f string, a ...any) { l.told = append(l.told, fmt.Sprintf(f, a...)) }

func (l *listener) close() {
	for i := len(l.ends) - 1; i >= 0; i-- {
		l.ends[i]()
	}
}

// TestTabsNotice shows bad pages to a tab: what must never happen is noticed.
func TestTabsNotice(t *testing.T) {
	bad := map[string]struct{ page, notice string }{
		"/error":     {`<script>console.error("broken")</script>`, "broken"},
		"/warning":   {`<script>console.warn("careful")</script>`, "careful"},
		"/exception": {`<script>setTimeout(() => { null.x })</script>`, "TypeError"},
		"/promise":   {`<script>Promise.reject(new Error("refused"))</script>`, "refused"},
		"/missing":   {`<img src="/nothing.png" alt="">`, "404"},
		"/foreign":   {`<img src="http://other.invalid/pixel.png" alt="">`, "another host: http://other.invalid/pixel.png"},
		"/policy":    {`<p style="color: red">x</p>`, "style-src"},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page, ok := bad[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if r.URL.Path == "/policy" {
			w.Header().Set("Content-Security-Policy", "style-src 'self'")
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><html lang="fr"><title>t</title><link rel="icon" href="data:,"><main><h1>h</h1>%s</main>`, page.page)
	}))
	defer server.Close()
	for path, c := range bad {
		l := &listener{TB: t}
		tab := chromium(t).Tab(l, server.URL, browser.Look{})
		tab.Open(path, http.StatusOK)
		tab.Settled()
		browser.Value[bool](tab, `new Promise((done) => setTimeout(() => done(true), 100))`)
		l.close()
		if !strings.Contains(strings.Join(l.told, "\n"), c.notice) {
			t.Errorf("%s: noticed %q, want something with %q", path, l.told, c.notice)
		}
	}
}

// TestChecksFind gives a bad page to the checks of this package.
func TestChecksFind(t *testing.T) {
	script := axe(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, `<!doctype html><html lang="en"><title>t</title><link rel="icon" href="data:,"><main><h1>h</h1><h1>h</h1>
<div id="wide" style="width: 700px">wide</div><p id="pale" style="color: #ccc; background: #fff">pale</p><input id="nameless">
<div id="cut" style="overflow: hidden; width: 90px; height: 20px; white-space: nowrap">much more than what fits into it</div></main>`)
	}))
	defer server.Close()
	l := &listener{TB: t}
	tab := chromium(t).Tab(l, server.URL, browser.Look{Width: 320})
	tab.Open("/", http.StatusOK)
	checkForm(l, tab, "fr")
	checkWidth(l, tab, "320 px", 320)
	for _, v := range tab.Violations(script) {
		l.Error(v)
	}
	l.Error(browser.Value[[]string](tab, cutTexts))
	l.close()
	told := strings.Join(l.told, "\n")
	for _, wanted := range []string{`lang="en"`, "2 h1", "sideways", "div#wide", "color-contrast", "#pale", "#nameless", "div. "} {
		if !strings.Contains(told, wanted) {
			t.Errorf("the checks do not tell %q:\n%s", wanted, told)
		}
	}
}
