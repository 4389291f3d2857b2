package harvest

import (
	"context"
	"fmt"
	"testing"
	"time"

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

// TestPurgeForgets forgets what has been gone for long, in several writes, and nothing else.
func TestPurgeForgets(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		sources := []*Source{h.source("un", h.organization, Options{}), h.source("deux", h.organization, Options{})}
		now := time.Now()
		long, lately := db.TimeOf(now.Add(-recordsKept-time.Hour)), db.TimeOf(now.Add(-pagesKept+time.Hour))
		err := d.Write(h.ctx, db.People, func(ctx context.Context, tx *db.Tx) error {
			for i := range 2*forgottenAtOnce + 10 {
				gone := long
				if i%10 == 0 {
					gone = lately
				}
				id, source := fmt.Sprintf("record-%d", i), sources[i%2].ID
				_, err := tx.NewRaw(`INSERT INTO harvest_records (source_id, kind, remote_id, hash, object_version, seen_job, seen_at, missing_since, crashes)
					VALUES (?, 'dataset', ?, '', 1, '', 1, ?, 0)`, source, id, gone).Exec(ctx)
				if err != nil {
					return err
				}
				_, err = tx.NewRaw("INSERT INTO harvest_pages (source_id, address, next, records, read_at) VALUES (?, ?, '', '[]', ?)", source, id, gone).Exec(ctx)
				if err != nil {
					return err
				}
			}
			_, err := tx.NewRaw(`INSERT INTO harvest_records (source_id, kind, remote_id, hash, object_version, seen_job, seen_at, crashes)
				VALUES (?, 'dataset', 'listed', '', 1, '', 1, 0)`, sources[0].ID).Exec(ctx)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := h.store.PurgeJobs(h.ctx, now); err != nil {
			t.Fatal(err)
		}
		const young = (2*forgottenAtOnce + 10) / 10
		if n := h.number("SELECT count(*) FROM harvest_records"); n != young+1 {
			t.Errorf("%d records are known, want %d", n, young+1)
		}
		if n := h.number("SELECT count(*) FROM harvest_pages"); n != young {
			t.Errorf("%d pages are known, want %d", n, young)
		}
	})
}
