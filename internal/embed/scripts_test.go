package embed

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"grenier/internal/web"
)

// scriptServer serves scripts as the site does, with the style of a theme.
func scriptServer(t *testing.T, style string) http.Handler {
	t.Helper()
	built := fstest.MapFS{
		"widgets.js":    {Data: []byte(`say("__GRENIER_LANGUAGE__", '__GRENIER_STYLE__')`)},
		"oembed.js":     {Data: []byte("oembed")},
		"udata.iife.js": {Data: []byte("classic")},
	}
	scripts, err := NewScripts(built, "pt", func() string { return style })
	if err != nil {
		t.Fatal(err)
	}
	root := web.NewTable("", web.Info{})
	scripts.Routes(root)
	versions := web.NewVersions()
	handler, err := web.NewHandler(web.Options{
		Sites: web.OneSite(web.Site{Base: base, Title: "Test", Language: "pt"}), Kept: web.NewKept(versions, 1<<20), Versions: versions,
		Authenticate: func(*http.Request, string) (web.Caller, error) { return web.Caller{}, nil },
	}, root)
	if err != nil {
		t.Fatal(err)
	}
	return handler
}

func fetched(handler http.Handler, path string, headers ...string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, request)
	return answer
}

func TestScriptsHaveAddressesThatStay(t *testing.T) {
	handler := scriptServer(t, "")
	for path, want := range map[string]string{
		"/static/widgets.js": `say("pt", '')`, "/oembed.js": "oembed", "/static/oembed.js": "oembed", "/static/udata.js": "classic", "/static/udata.iife.js": "classic",
	} {
		for range 2 { // the second is kept
			answer := fetched(handler, path)
			h := answer.Header()
			if answer.Code != http.StatusOK || answer.Body.String() != want {
				t.Errorf("%s answers %d: %s", path, answer.Code, answer.Body)
			}
			if h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Cache-Control") != "public, max-age=600" || h.Get("Content-Type") != "text/javascript; charset=utf-8" {
				t.Errorf("%s has the headers %v", path, h)
			}
			if again := fetched(handler, path, "If-None-Match", h.Get("ETag")); again.Code != http.StatusNotModified {
				t.Errorf("%s answers %d to who has it", path, again.Code)
			}
		}
	}
	for _, path := range []string{"/static/", "/static/none.js", "/static/..%2fwidgets.js", "/static/%00"} {
		if answer := fetched(handler, path); answer.Code != http.StatusNotFound {
			t.Errorf("%s answers %d", path, answer.Code)
		}
	}
}

// TestStyleOfTheThemeStaysInItsQuotes puts a style sheet into scripts that would
// break out of their quotes.
func TestStyleOfTheThemeStaysInItsQuotes(t *testing.T) {
	got := fetched(scriptServer(t, ".card::before { content: '\"`${alert(1)}\\\\</script>' }\n"), "/static/widgets.js").Body.String()
	inside, begins := strings.CutPrefix(got, `say("pt", '`)
	inside, ends := strings.CutSuffix(inside, `')`)
	if !begins || !ends {
		t.Fatalf("the script is %s", got)
	}
	if strings.ContainsAny(inside, "'\"`$<>\n") {
		t.Errorf("the style leaves its quotes: %s", inside)
	}
	if !strings.HasPrefix(inside, `@layer udata{.card::before { content: \u0027\u0022\u0060\u0024{alert(1)}\u005c\u005c\u003c/script\u003e\u0027 }}`) {
		t.Errorf("the style is %s", inside)
	}
}

func TestWithoutScripts(t *testing.T) {
	scripts, err := NewScripts(fstest.MapFS{}, "fr", nil)
	if err != nil || len(scripts.files) != 0 {
		t.Errorf("a program without a front end has %d scripts (%v)", len(scripts.files), err)
	}
}
