package embed

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"grenier/internal/db/dbtest"
)

// TestFramesStayBelowTheirFolder asks for frames of addresses that lead out of
// the folder of framed pages.
func TestFramesStayBelowTheirFolder(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), 0)
	for _, path := range []string{"/../admin", "/%2e%2e/admin", "/x/..", "/./login", "/datasets/%2E%2E", "/../../x/y"} {
		w := s.get("/nuxt-api/oembed?url=" + url.QueryEscape(base+path))
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "URL invalide ou manquante") {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

// TestNamesOfOthersAreNotKept asks by the name of another host for an address at
// that host: who asks by the name of the site later is not given the answer.
func TestNamesOfOthersAreNotKept(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), 1<<20)
	address := oembedOf("https://elsewhere.example/datasets/trees")
	r := httptest.NewRequest(http.MethodGet, address, nil)
	r.Host = "elsewhere.example"
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	if strings.Contains(w.Header().Get("Cache-Control"), "public") {
		t.Errorf("answered %d %v", w.Code, w.Header())
	}
	if w := s.get(address); w.Code != http.StatusNotFound {
		t.Errorf("the answer was kept: %d %s", w.Code, w.Body)
	}
}
