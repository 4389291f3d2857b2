package harvest

import (
	"context"
	"maps"
	"strings"
	"testing"
	"time"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
)

// TestPreviews previews a whole source, stored, and its first records, not stored: neither
// writes anything to the catalogue.
func TestPreviews(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		src := h.source("portail", h.organization, Options{})
		h.told.lists(datasets(0, 8)...)
		h.run(src)
		lines := datasets(1, 10)
		lines[3].Dataset.Title = "Change"
		h.told.lists(lines...)
		before := h.catalogue()
		job := h.queue(src, true)
		if err := h.store.Run(h.ctx, job.ID, nil); err != nil {
			t.Fatal(err)
		}
		h.wants(h.job(job.ID), Done, "new 2 changed 1 unchanged 6 failed 0 skipped 0 archived 1 conflicts 0")
		h.store.deps.Rules.PreviewItems = 5
		now, items, err := h.store.previewNow(h.ctx, src)
		if err != nil || len(items) != 5 || now.Status != Done || !strings.Contains(string(now.Errors), "5 max items") {
			t.Fatalf("a preview gives %d items, %+v, %v", len(items), now, err)
		}
		for _, item := range items {
			if item.Dataset == nil || item.Dataset.Title == "" || len(item.Dataset.Resources) != 2 {
				t.Errorf("%s has no whole dataset", *item.RemoteID)
			}
		}
		h.told.says(func(ctx context.Context, _ Request, emit func(Line) error) error {
			if err := emit(dataset(1, "Jeu 1")); err != nil {
				return err
			}
			<-ctx.Done()
			return ctx.Err()
		})
		h.store.deps.Rules.PreviewTime = 200 * time.Millisecond
		if late, items, err := h.store.previewNow(h.ctx, src); err != nil || len(items) != 1 || len(late.Troubles()) != 1 {
			t.Errorf("a slow portal gives %d items, %v", len(items), err)
		}
		if after := h.catalogue(); !maps.Equal(before, after) {
			t.Error("a preview changed the catalogue")
		}
	})
}
