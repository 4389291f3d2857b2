package dbtest

import (
	"context"
	"fmt"
	"testing"

	"grenier/internal/db"
)

// Insert writes rows of one table each, as they are, in one transaction and
// without an event.
func Insert(t testing.TB, d *db.DB, rows ...any) {
	t.Helper()
	err := d.Write(context.Background(), db.People, func(ctx context.Context, tx *db.Tx) error {
		for _, row := range rows {
			if _, err := tx.NewInsert().Model(row).Exec(ctx); err != nil {
				return fmt.Errorf("%T: %w", row, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
