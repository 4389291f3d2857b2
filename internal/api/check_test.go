package api_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"grenier/internal/account"
	"grenier/internal/api/apitest"
	"grenier/internal/catalog"
	"grenier/internal/db/dbtest"
)

// fileServer answers for remote files: /missing.csv is not there.
func fileServer(t *testing.T) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/missing.csv" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/csv")
		w.Header().Set("Content-Length", "4")
		if r.Method == http.MethodGet {
			_, _ = w.Write([]byte("a;b\n"))
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestChecksByTheAPI(t *testing.T) {
	s := apitest.New(t, dbtest.SQLite(t))
	files := fileServer(t)
	_, admin := s.User("admin@example.org", true)
	_, stranger := s.User("stranger@example.org", false)
	made, err := s.Catalog.CreateDataset(context.Background(), account.System("test"), catalog.DatasetInput{
		Title: catalog.Some("Fichiers"), Description: catalog.Some("d"), Resources: catalog.Some([]catalog.ResourceInput{
			{Title: catalog.Some("a"), URL: catalog.Some(files + "/a.csv"), Filetype: catalog.Some("remote")},
			{Title: catalog.Some("b"), URL: catalog.Some(files + "/missing.csv"), Filetype: catalog.Some("remote")},
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	full, err := s.Catalog.DatasetsByIDs(context.Background(), account.System("test"), []string{made.ID}, catalog.Parts{Resources: true})
	if err != nil {
		t.Fatal(err)
	}
	path := func(i int) string {
		return "/api/1/datasets/" + made.ID + "/resources/" + full[0].Resources[i].ID + "/checks/"
	}
	for _, row := range []struct {
		name, method, path, key string
		status                  int
		holds                   string
	}{
		{"nobody", "POST", path(0), "", 401, ""},
		{"a stranger", "POST", path(0), stranger, 403, "You do not have the permission to modify that object."},
		{"no such resource", "POST", "/api/1/datasets/" + made.ID + "/resources/00000000-0000-4000-8000-000000000000/checks/", admin, 404, ""},
		{"not checked yet", "GET", "/api/checks/latest?resource_id=" + full[0].Resources[0].ID, "", 404, ""},
		{"nothing named", "GET", "/api/checks/latest", "", 400, "resource_id"},
		{"no identifier", "GET", "/api/checks/latest?resource_id=x", "", 400, "UUID"},
		{"unknown column", "GET", "/api/checks/aggregate?group_by=url", "", 400, "group_by"},
		{"no day", "GET", "/api/checks/aggregate?group_by=status&created_at=yesterday", "", 400, "created_at"},
		{"there", "POST", path(0), admin, 200, `"status":200`},
		{"missing", "POST", path(1), admin, 200, `"available":false`},
		{"by resource", "GET", "/api/checks/latest/?resource_id=" + full[0].Resources[0].ID, "", 200, `"content-length":4`},
		{"by address", "GET", "/api/checks/all?url=" + files + "/missing.csv", "", 200, `"error":"Not Found"`},
		{"counts", "GET", "/api/checks/stats", "", 200, `{"code":404,"count":1,"percentage":50}`},
		{"by status", "GET", "/api/checks/aggregate?group_by=status&created_at=today", "", 200, `{"count":1,"value":200}`},
		{"browsers", "GET", "/api/resources/stats/cors", "", 200, `"allowed":0`},
		{"state", "GET", "/api/status/crawler", "", 200, `"total":2`},
		{"the extras", "GET", "/api/1/datasets/" + made.ID + "/", "", 200, `"check:status":404`},
		{"the quality", "GET", "/api/1/datasets/" + made.ID + "/", "", 200, `"all_resources_available":false`},
	} {
		var headers []string
		if row.key != "" {
			headers = []string{"X-API-KEY", row.key}
		}
		got := s.Do(row.method, row.path, nil, headers...)
		if got.Status != row.status || !strings.Contains(strings.ReplaceAll(string(got.Body), `": `, `":`), row.holds) {
			t.Errorf("%s: %d %s", row.name, got.Status, got.Body)
		}
	}
}
