package catalog

import (
	"context"
	"slices"
	"testing"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
)

func TestFormatsOf(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, ctx := newShelf(t, d), context.Background()
		first, second := s.dataset("first", nil).ID, s.dataset("second", nil).ID
		s.exec("INSERT INTO formats (dataset_id, format, position) VALUES (?, 'shp', 1), (?, 'csv', 0), (?, 'pdf', 0)", first, first, second)
		got, err := s.store.FormatsOf(ctx, []string{first, "unknown"})
		if err != nil || len(got) != 1 || !slices.Equal(got[first], []string{"csv", "shp"}) {
			t.Errorf("%v %v", got, err)
		}
		if got, err := s.store.FormatsOf(ctx, nil); err != nil || len(got) != 0 {
			t.Errorf("of none: %v %v", got, err)
		}
	})
}
