package db_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
)

// A copy holds one state, whatever is written meanwhile.
func TestCopyIsOneState(t *testing.T) {
	d := dbtest.SQLite(t)
	ctx := t.Context()
	pair := func(n int) error {
		return d.Write(ctx, db.People, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.NewRaw("INSERT INTO settings (name, value) VALUES (?, 'x'), (?, 'x')", n*2, n*2+1).Exec(ctx)
			return err
		})
	}
	for n := range 200 {
		if err := pair(n); err != nil {
			t.Fatal(err)
		}
	}
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		for n := range 200 {
			if err := pair(1000 + n); err != nil {
				t.Error(err)
			}
		}
	}()
	folder := t.TempDir()
	if err := d.CopyTo(ctx, filepath.Join(folder, db.SQLiteFile)); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	if err := d.CopyTo(ctx, filepath.Join(folder, db.SQLiteFile)); err == nil {
		t.Error("a copy replaced a file")
	}
	copied := dbtest.Open(t, db.Options{Dir: folder})
	var rows int
	if err := copied.Read().NewRaw("SELECT count(*) FROM settings WHERE value = 'x'").Scan(ctx, &rows); err != nil || rows < 400 || rows%2 != 0 {
		t.Errorf("the copy has %d rows (%v), want whole pairs", rows, err)
	}
}
