package portal

import (
	"net/http"
	"testing"

	"grenier/internal/db/dbtest"
)

func TestOldAddresses(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), nil)
	for _, c := range []struct {
		target, location string
		status           int
	}{
		{"/fr/", "/", 308},
		{"/fr", "/", 308},
		{"/de/datasets/search", "/datasets/search", 308},
		{"/fr/datasets/some-slug/?resource_id=1", "/datasets/some-slug?resource_id=1", 308},
		{"/en/", "/en", 308},
		{"/es/datasets.csv", "/datasets.csv", 308},
		{"/en/datasets/recent.atom", "/datasets/recent.atom", 308},
		{"/dataset/x/", "/datasets/x", 301},
		{"/dataset/x", "/datasets/x", 301},
		{"/fr/dataset/x/?a=1&a=2", "/datasets/x?a=1&a=2", 301},
		{"/en/dataset/x/", "/en/datasets/x", 301},
		{"/organization/", "/organizations", 301},
		{"/organization/insee/", "/organizations/insee", 301},
		{"/group/eau/", "/topics/eau", 301},
		{"/faq/developer/", "/developers", 301},
		{"/faq/citoyen/", "/pages/faq/citoyen", 301},
		{"/town/13004/", "/territories/commune/13004", 301},
		{"/territory/county/2A/", "/territories/departement/2A", 301},
		{"/fr/territories/region/93@latest/provence", "/territories/region/93", 301},
		{"/terms/", "/pages/legal/cgu", 301},
		{"/suivi/", "/pages/suivi", 301},
		{"/admin/dataset/5b7ffc618b4c4169d30727e0/", "/admin/datasets/5b7ffc618b4c4169d30727e0", 301},
		{"/beta/admin/organization/x/members", "/admin/organizations/x/members", 301},
	} {
		w := s.get(c.target)
		if w.Code != c.status || w.Header().Get("Location") != "https://data.example.org"+c.location {
			t.Errorf("%s: %d %q, want %d %q", c.target, w.Code, w.Header().Get("Location"), c.status, c.location)
		}
	}
	for _, target := range []string{"/xx/", "/nothing", "/zz/datasets", "/FR/", "//evil.example/fr/"} {
		if w := s.get(target); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", target, w.Code)
		}
	}
}
