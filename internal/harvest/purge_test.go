package harvest

import (
	"testing"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
)

// TestPurgeSource leaves a source alone that was brought back, and forgets the former
// addresses of one that is purged.
func TestPurgeSource(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		src := h.source("portail", h.organization, Options{})
		h.told.lists(datasets(0, 3)...)
		h.run(src)
		if purged, err := h.store.purgeSource(h.ctx, src.ID); purged || err != nil {
			t.Errorf("a source that was brought back is purged: %v", err)
		}
		const archived = "SELECT count(*) FROM datasets WHERE archived_at IS NOT NULL"
		if n, known := h.number(archived), h.number("SELECT count(*) FROM harvest_records"); n != 0 || known != 3 {
			t.Errorf("of a source that was brought back %d datasets are archived, %d records known", n, known)
		}
		h.exec("INSERT INTO slugs (kind, slug, object_id, at) VALUES (?, 'former', ?, 1)", KindSource, src.ID)
		h.exec("UPDATE harvest_sources SET deleted_at = ? WHERE id = ?", db.Now(), src.ID)
		if purged, err := h.store.purgeSource(h.ctx, src.ID); !purged || err != nil {
			t.Errorf("a deleted source is not purged: %v", err)
		}
		if n := h.number(archived); n != 3 {
			t.Errorf("%d datasets of the purged source are archived, want 3", n)
		}
		for what, query := range map[string]string{
			"slugs": "SELECT count(*) FROM slugs WHERE slug = 'former'", "records": "SELECT count(*) FROM harvest_records",
			"jobs": "SELECT count(*) FROM harvest_jobs", "sources": "SELECT count(*) FROM harvest_sources",
		} {
			if n := h.number(query); n != 0 {
				t.Errorf("%d %s are left", n, what)
			}
		}
	})
}
