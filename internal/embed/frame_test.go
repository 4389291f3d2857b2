package embed

import (
	"net/http"
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
