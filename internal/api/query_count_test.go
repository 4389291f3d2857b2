package api_test

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
)

// TestQueryCounts holds that answers take a constant number of queries: a
// detail at most six, a page the same for one object as for twenty.
func TestQueryCounts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var count atomic.Int64
		d.Watch(func(context.Context, string, time.Duration) { count.Add(1) })
		w := newWorld(t, d)
		for i := range 20 {
			create(w.Server, w.editor, written(fmt.Sprintf("Jeu %d", i), map[string]any{"organization": w.organization}))
		}
		w.Index()
		queries := func(path string) int64 {
			before := count.Load()
			if answer := w.Get(path); answer.Status != http.StatusOK {
				t.Fatalf("%s answered %d: %s", path, answer.Status, answer.Body)
			}
			return count.Load() - before
		}
		if got := queries("/api/1/datasets/" + w.public + "/"); got > 6 {
			t.Errorf("a dataset takes %d queries, at most 6 wanted", got)
		}
		for _, path := range []string{
			"/api/1/datasets/?page_size=", "/api/2/datasets/?page_size=", "/api/2/datasets/search/?page_size=", "/api/1/organizations/" + w.organization + "/datasets/?page_size=",
			"/api/1/site/catalog.ttl?page_size=", "/api/1/organizations/" + w.organization + "/catalog.ttl?page_size=",
		} {
			one, twenty := queries(path+"1"), queries(path+"20")
			if one != twenty {
				t.Errorf("%s takes %d queries for one object and %d for twenty", path, one, twenty)
			}
		}
	})
}
