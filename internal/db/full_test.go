package db_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/fault"
)

// TestFullDisk: a write without room says so and changes nothing, and writing goes on once there is room.
func TestFullDisk(t *testing.T) {
	d := dbtest.SQLite(t)
	run := func(queries ...string) error {
		return d.Write(t.Context(), db.People, func(ctx context.Context, tx *db.Tx) error {
			for _, query := range queries {
				if _, err := tx.ExecContext(ctx, query); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := run("CREATE TABLE lines (text TEXT)", "INSERT INTO lines VALUES ('first')", "PRAGMA max_page_count = 1"); err != nil { // as small as it is
		t.Fatal(err)
	}
	for range 2 {
		err := run("INSERT INTO lines VALUES ('second')", "INSERT INTO lines VALUES ('"+strings.Repeat("x", 1<<20)+"')")
		if !fault.Is(err, fault.Full) || !strings.Contains(fault.Of(err).SafeText(), "no room left") {
			t.Fatalf("a write without room: %v", err)
		}
	}
	if err := run("PRAGMA max_page_count = 1000000", "INSERT INTO lines VALUES ('third')"); err != nil {
		t.Fatal(err)
	}
	var lines []string
	if err := d.Read().NewRaw("SELECT text FROM lines ORDER BY text").Scan(t.Context(), &lines); err != nil || fmt.Sprint(lines) != "[first third]" {
		t.Errorf("%v, %v", lines, err)
	}
	full := &pgconn.PgError{Code: "53100"}
	err := d.Write(t.Context(), db.People, func(context.Context, *db.Tx) error { return fmt.Errorf("commit: %w", full) })
	if !fault.Is(err, fault.Full) || !errors.Is(err, full) {
		t.Errorf("what PostgreSQL says: %v", err)
	}
}
