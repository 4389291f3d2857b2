package db_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
)

// put is a statement that writes a setting.
func put(tx *db.Tx, name, value string) db.Statement {
	return tx.NewRaw("INSERT INTO settings (name, value) VALUES (?, ?)", name, value)
}

func settingRows(t *testing.T, d *db.DB) (found []string) {
	t.Helper()
	if err := d.Read().NewRaw("SELECT name || '=' || value FROM settings ORDER BY name").Scan(context.Background(), &found); err != nil {
		t.Fatal(err)
	}
	return found
}

func TestQueuedStatementsKeepTheirOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		err := d.Write(context.Background(), db.People, func(ctx context.Context, tx *db.Tx) error {
			if err := errors.Join(tx.Queue(ctx, put(tx, "a", "it's; -- 1")), tx.Queue(ctx, put(tx, "b", "\\';\n2"))); err != nil {
				return err
			}
			var seen int
			if err := tx.NewRaw("SELECT count(*) FROM settings").Scan(ctx, &seen); err != nil || seen != 2 {
				return fmt.Errorf("a query saw %d of the 2 rows queued before it (%w)", seen, err)
			}
			if err := tx.Queue(ctx, put(tx, "c", "3")); err != nil {
				return err
			}
			result, err := tx.NewRaw("UPDATE settings SET value = value || '!' WHERE name IN ('a', 'c')").Exec(ctx)
			if err != nil {
				return err
			}
			if changed, err := result.RowsAffected(); err != nil || changed != 2 {
				return fmt.Errorf("a statement after queued ones changed %d rows, want 2 (%w)", changed, err)
			}
			tx.Last(func(ctx context.Context) error { return tx.Queue(ctx, put(tx, "d", "4")) })
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := settingRows(t, d), []string{"a=it's; -- 1!", "b=\\';\n2", "c=3!", "d=4"}; !slices.Equal(got, want) {
			t.Errorf("the write left %q, want %q", got, want)
		}
	})
}

func TestQueuedErrorsUndoTheWrite(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for name, after := range map[string]func(ctx context.Context, tx *db.Tx) error{
			"at the end": func(context.Context, *db.Tx) error { return nil },
			"by the next statement": func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.NewRaw("DELETE FROM settings WHERE name = 'a'").Exec(ctx)
				return err
			},
			"by the next query": func(ctx context.Context, tx *db.Tx) error {
				var n int
				return tx.NewRaw("SELECT count(*) FROM settings").Scan(ctx, &n)
			},
		} {
			err := d.Write(context.Background(), db.People, func(ctx context.Context, tx *db.Tx) error {
				if err := errors.Join(tx.Queue(ctx, put(tx, "a", "1")), tx.Queue(ctx, put(tx, "a", "2"))); err != nil {
					return err
				}
				return after(ctx, tx)
			})
			if !db.IsUnique(err) {
				t.Errorf("%s: the error of a queued statement is told as %v", name, err)
			}
		}
		if got := settingRows(t, d); len(got) != 0 {
			t.Errorf("failed writes left %q", got)
		}
	})
}

func TestTheQueueIsBounded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		const rows = 3000 // of 200 bytes: beyond what waits in memory
		err := d.Write(context.Background(), db.People, func(ctx context.Context, tx *db.Tx) error {
			for n := range rows {
				if err := tx.Queue(ctx, put(tx, fmt.Sprint(n), fmt.Sprintf("%0200d", n))); err != nil {
					return err
				}
			}
			return nil
		})
		if got := settingRows(t, d); err != nil || len(got) != rows {
			t.Errorf("%d of %d queued rows were written (%v)", len(got), rows, err)
		}
	})
}
