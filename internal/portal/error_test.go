package portal

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"grenier/internal/db/dbtest"
	"grenier/internal/fault"
	"grenier/internal/web"
)

// failing serves a page that fails with the code that its address names.
func failing(t *testing.T, s *site) http.Handler {
	t.Helper()
	root := web.NewTable("", web.Info{})
	for _, prefix := range []string{"", "/en"} {
		web.Get[web.Raw](root, prefix+"/fail/{code}", web.Doc{People: true}, func(c *web.Call, _ web.None) error {
			return fault.New(fault.Code(c.Param("code")), "What the program says.")
		})
	}
	handler, err := web.NewHandler(web.Options{
		Sites:     web.OneSite(web.Site{Base: "https://data.example.org", Title: "Valmont", Language: "fr"}),
		Versions:  web.NewVersions(),
		ErrorPage: s.portal.ErrorPage,
		Log:       slog.New(slog.DiscardHandler),
	}, root)
	if err != nil {
		t.Fatal(err)
	}
	return handler
}

func TestErrorPages(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), nil)
	handler := failing(t, s)
	for code, status := range map[fault.Code]int{
		fault.Invalid: 400, fault.Unauthorized: 401, fault.Forbidden: 403, fault.NotFound: 404, fault.Gone: 410, fault.ReadOnly: 423,
		fault.TooMany: 429, fault.Internal: 500, fault.Unavailable: 503, fault.TooLarge: 413,
	} {
		for prefix, lang := range map[string]string{"": "fr", "/en": "en"} {
			r := httptest.NewRequest(http.MethodGet, prefix+"/fail/"+string(code), nil)
			r.Header.Set("Accept", "text/html")
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			checkErrorPage(t, s, w, status, lang)
		}
		r := httptest.NewRequest(http.MethodGet, "/fail/"+string(code), nil)
		r.Header.Set("Accept", "application/json")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		var body struct{ Message string }
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || w.Code != status || body.Message == "" {
			t.Errorf("%s as JSON: %d %s", code, w.Code, w.Body)
		}
	}
	for prefix, lang := range map[string]string{"": "fr", "/en": "en"} {
		w := httptest.NewRecorder()
		s.portal.ErrorPage(w, httptest.NewRequest(http.MethodGet, prefix+"/x", nil), web.Problem{
			Status: http.StatusGatewayTimeout, RequestID: "abc", Site: &web.Site{Base: "https://data.example.org", Title: "Valmont", Language: "fr"},
		})
		checkErrorPage(t, s, w, http.StatusGatewayTimeout, lang)
	}
}

// checkErrorPage checks what every page of an error shows.
func checkErrorPage(t *testing.T, s *site, w *httptest.ResponseRecorder, status int, lang string) {
	t.Helper()
	body, say := w.Body.String(), s.portal.look.theme().Printer(lang)
	title := say.T("error." + strconv.Itoa(status))
	if strings.HasPrefix(title, "error.") {
		title = say.T("error.other")
	}
	for _, want := range []string{`<html lang="` + lang + `"`, title + "</h1>", `content="noindex"`, "/support?page=", `class="empty"`} {
		if !strings.Contains(body, want) {
			t.Errorf("%d in %s: the page lacks %q", status, lang, want)
		}
	}
	if w.Code != status || strings.Contains(body, "What the program says") || strings.Count(body, "<h1") != 1 {
		t.Errorf("%d in %s: status %d", status, lang, w.Code)
	}
	if searches := status == http.StatusNotFound || status == http.StatusGone; strings.Contains(body, `id="q"`) != searches {
		t.Errorf("%d in %s: a search is offered where it does not help, or not where it does", status, lang)
	}
}
