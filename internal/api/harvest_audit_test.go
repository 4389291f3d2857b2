package api_test

import (
	"archive/tar"
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
)

// Administrators of the platform read what a portal answered to a job, and nobody else.
func TestHarvestAudit(t *testing.T) {
	portal := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"a": 1}`)
	}))
	t.Cleanup(portal.Close)
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newHarvestWorld(t, d)
		id := w.source("ask:" + strings.TrimPrefix(portal.URL, "http://"))
		empty := w.source("a")
		var pages []string
		for _, one := range []string{id, empty} {
			path := "/api/1/harvest/source/" + one + "/"
			w.ask(w.admin, "POST", path+"validate/", 200, map[string]any{"state": "accepted"})
			job := dig(w.ask("", "GET", path+"jobs/", 200, nil), "data.0.id").(string)
			w.run(job)
			pages = append(pages, "/api/1/harvest/job/"+job+"/pages/")
		}
		for _, c := range []struct {
			token, path string
			status      int
		}{
			{"", pages[0], 401}, {w.eve, pages[0], 403}, {w.manager, pages[0], 403}, {w.admin, pages[1], 404}, {w.admin, "/api/1/harvest/job/" + db.NewID() + "/pages/", 404},
			{w.admin, "/api/1/harvest/job/nothing/pages/", 404},
		} {
			w.ask(c.token, "GET", c.path, c.status, nil)
		}
		head := w.Do("HEAD", pages[0], nil, "X-API-KEY", w.admin)
		a := w.Do("GET", pages[0], nil, "X-API-KEY", w.admin)
		for _, one := range []http.Header{head.Header, a.Header} {
			if one.Get("Content-Type") != "application/zstd" || !strings.HasSuffix(one.Get("Content-Disposition"), ".tar.zst") || !strings.Contains(one.Get("Cache-Control"), "private") {
				t.Errorf("the headers are %v", one)
			}
		}
		if a.Status != 200 || head.Status != 200 || len(head.Body) > 0 {
			t.Fatalf("it answers %d, and %d to HEAD", a.Status, head.Status)
		}
		raw, err := zstd.NewReader(bytes.NewReader(a.Body))
		if err != nil {
			t.Fatal(err)
		}
		defer raw.Close()
		archive := tar.NewReader(raw)
		var names []string
		for {
			entry, err := archive.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(archive)
			names = append(names, entry.Name[strings.LastIndexByte(entry.Name, '/')+1:])
			if err != nil || strings.HasSuffix(entry.Name, "1.json") && string(body) != `{"a": 1}` {
				t.Errorf("%s holds %q (%v)", entry.Name, body, err)
			}
		}
		if got := strings.Join(names, " "); got != "1-000001.about.json 1-000001.json" {
			t.Errorf("the archive holds %s", got)
		}
	})
}

// A file that its portal no longer lists says since when.
func TestArchivedFile(t *testing.T) {
	d := dbtest.SQLite(t)
	p := newPortal(t, d)
	var rows []struct{ ID, DatasetID string }
	if err := d.Read().NewRaw("SELECT id, dataset_id FROM resources WHERE dataset_id IS NOT NULL AND harvest_issued_at IS NULL AND harvest_uri IS NULL LIMIT 1").Scan(t.Context(), &rows); err != nil || len(rows) != 1 {
		t.Fatalf("%d files (%v)", len(rows), err)
	}
	p.exec("UPDATE resources SET harvest_archived_at = ? WHERE id = ?", made(3), rows[0].ID)
	a := p.Do("GET", "/api/1/datasets/"+rows[0].DatasetID+"/resources/"+rows[0].ID+"/", nil, "X-API-KEY", p.adminToken)
	if got := dig(a.JSON(t), "harvest.archived_at"); a.Status != 200 || got != "2024-01-04T08:00:00+00:00" {
		t.Errorf("it answers %d: %s", a.Status, a.Body)
	}
}
