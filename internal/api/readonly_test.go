package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"grenier/internal/api/apitest"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
)

// closedRoutes are those that read-only mode closes to all but administrators,
// closedMore those that it closes besides when it is set to refuse more: the
// reference's documented list.
var (
	closedRoutes = []string{
		"POST /api/1/datasets/", "POST /api/1/datasets/community_resources/", "POST /api/1/datasets/{dataset}/upload/community/", "POST /api/1/organizations/",
		"POST /api/1/reuses/", "POST /api/1/dataservices/", "POST /api/1/visualizations/", "POST /api/2/topics/", "POST /api/1/users/", "POST /register/",
		"POST /api/1/harvest/sources/", "POST /api/1/harvest/source/preview/",
	}
	closedMore = []string{
		"POST /api/1/datasets/{dataset}/resources/", "POST /api/1/datasets/{dataset}/upload/", "POST /api/1/datasets/{dataset}/resources/{uuid}/upload/",
		"POST /api/1/datasets/community_resources/{uuid}/upload/", "POST /api/1/organizations/{org}/membership/", "POST /api/1/organizations/{org}/member/",
		"POST /api/1/transfer/", "POST /api/1/contacts/",
	}
)

// TestReadOnlyMode compares what each route declares with the list, and asks the
// closed ones.
func TestReadOnlyMode(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := apitest.New(t, d)
		_, person := s.User("person@example.org", false)
		_, admin := s.User("admin@example.org", true)
		var closed, more []string
		for _, table := range s.Tables {
			for _, route := range table.Routes() {
				name := route.Method + " " + route.Path
				if route.Creates {
					closed = append(closed, name)
				}
				if route.CreatesMore {
					more = append(more, name)
				}
			}
		}
		for what, lists := range map[string][2][]string{"closed": {closed, closedRoutes}, "closed when set to refuse more": {more, closedMore}} {
			for _, name := range lists[0] {
				if !slices.Contains(lists[1], name) {
					t.Errorf("%s is %s and not in the list", name, what)
				}
			}
			for _, name := range lists[1] {
				if !slices.Contains(lists[0], name) {
					t.Errorf("%s is not %s", name, what)
				}
			}
		}
		s.ReadOnly.Store(true)
		const text = "Due to unusual activities, the creation of new content is currently disabled."
		for _, name := range closed {
			method, path, _ := strings.Cut(name, " ")
			path = strings.ReplaceAll(path, "{dataset}", db.NewID())
			key := []string{"X-API-KEY", person}
			if strings.HasPrefix(path, "/api/1/users/") {
				continue // for administrators alone, who are exempt
			}
			if path == "/register/" {
				key = nil
			}
			if a := s.Do(method, path, map[string]any{}, key...); a.Status != http.StatusLocked || !strings.Contains(string(a.Body), text) {
				t.Errorf("%s answers %d %.200s in read-only mode", name, a.Status, a.Body)
			}
			if a := s.Do(method, path, map[string]any{}, "X-API-KEY", admin); a.Status == http.StatusLocked {
				t.Errorf("%s is closed to administrators", name)
			}
		}
		for _, name := range more {
			method, path, _ := strings.Cut(name, " ")
			for _, variable := range []string{"{dataset}", "{uuid}", "{org}"} {
				path = strings.ReplaceAll(path, variable, db.NewID())
			}
			if a := s.Do(method, path, map[string]any{}, "X-API-KEY", person); a.Status == http.StatusLocked {
				t.Errorf("%s is closed although read-only mode is not set to refuse more", name)
			}
		}
	})
}
