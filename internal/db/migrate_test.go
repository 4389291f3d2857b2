package db_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
)

// eachEmpty runs a test on both engines with a database that has no schema yet.
func eachEmpty(t *testing.T, test func(t *testing.T, options db.Options)) {
	t.Run("sqlite", func(t *testing.T) { test(t, db.Options{Dir: t.TempDir()}) })
	t.Run("postgres", func(t *testing.T) { test(t, db.Options{URL: dbtest.EmptyPostgresURL(t)}) })
}

func TestMigrateFromNothingAndAgain(t *testing.T) {
	eachEmpty(t, func(t *testing.T, options db.Options) {
		ctx := context.Background()
		for round := range 2 {
			d, err := db.Open(ctx, options)
			if err != nil {
				t.Fatalf("opening %d: %v", round, err)
			}
			current, target, err := d.SchemaVersions(ctx)
			if err != nil || current != target || target < 1 {
				t.Errorf("opening %d leaves schema %d of %d (%v)", round, current, target, err)
			}
			round := fmt.Sprint(round)
			err = d.Write(ctx, db.People, func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.NewRaw("INSERT INTO settings (name, value) VALUES (?, 'kept')", round).Exec(ctx)
				return err
			})
			if err != nil {
				t.Error(err)
			}
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		}
		d := dbtest.Open(t, options)
		var rows int
		if err := d.Read().NewRaw("SELECT count(*) FROM settings").Scan(ctx, &rows); err != nil || rows != 2 {
			t.Errorf("%d rows after a second start, want 2 (%v)", rows, err)
		}
	})
}

func TestNewerSchema(t *testing.T) {
	for _, test := range []struct {
		name    string
		oldest  int64
		refused bool
	}{
		{"needs the newer program", 99, true},
		{"still works with this one", 1, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			eachEmpty(t, func(t *testing.T, options db.Options) {
				ctx := context.Background()
				d := dbtest.Open(t, options)
				_, target, err := d.SchemaVersions(ctx)
				if err != nil {
					t.Fatal(err)
				}
				raiseSchema(t, d, 99, test.oldest)
				d.Close()
				newer, err := db.Open(ctx, options)
				if !test.refused {
					if err != nil {
						t.Fatalf("a schema that still works with this program is refused: %v", err)
					}
					newer.Close()
					return
				}
				if !errors.Is(err, db.ErrNewerSchema) {
					t.Fatalf("a newer schema is answered with %v", err)
				}
				for _, part := range []string{"number 99", fmt.Sprintf("knows %d", target), "install the newer program"} {
					if !strings.Contains(err.Error(), part) {
						t.Errorf("%q does not say %q", err, part)
					}
				}
			})
		})
	}
}

// raiseSchema makes a database look as if a newer program had migrated it.
func raiseSchema(t *testing.T, d *db.DB, number, oldest int64) {
	t.Helper()
	err := d.Write(context.Background(), db.People, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.NewRaw("INSERT INTO goose_db_version (version_id, is_applied) VALUES (?, TRUE)", number).Exec(ctx); err != nil {
			return err
		}
		_, err := tx.NewRaw("INSERT INTO compatibility (migration, oldest) VALUES (?, ?)", number, oldest).Exec(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestSeveralStartAtOnce(t *testing.T) {
	eachEmpty(t, func(t *testing.T, options db.Options) {
		var starting sync.WaitGroup
		for range 5 {
			starting.Go(func() {
				d, err := db.Open(context.Background(), options)
				if err != nil {
					t.Errorf("one of several that start at once: %v", err)
					return
				}
				if err := d.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		starting.Wait()
		d := dbtest.Open(t, options)
		var applied int
		if err := d.Read().NewRaw("SELECT count(*) FROM goose_db_version WHERE version_id = 1").Scan(context.Background(), &applied); err != nil || applied != 1 {
			t.Errorf("the first migration was applied %d times (%v)", applied, err)
		}
	})
}

// column is a column as both engines tell it.
type column struct {
	TableName, ColumnName, Kind string
	Required                    bool
}

// TestDialectsDefineTheSame compares what the migrations of both dialects made.
func TestDialectsDefineTheSame(t *testing.T) {
	ctx := context.Background()
	lite, postgres := dbtest.SQLite(t), dbtest.Postgres(t)
	// A primary key of one column is NOT NULL on PostgreSQL, and not said to
	// be so by SQLite.
	var ofLite, ofPostgres []column
	err := lite.Read().NewRaw(`SELECT m.name AS table_name, c.name AS column_name, c.type AS kind, (c."notnull" = 1 OR c.pk > 0) AS required
		FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE 'goose_%'
		ORDER BY 1, c.cid`).Scan(ctx, &ofLite)
	if err != nil {
		t.Fatal(err)
	}
	err = postgres.Read().NewRaw(`SELECT table_name, column_name, data_type AS kind, is_nullable = 'NO' AS required
		FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE 'goose_%'
		ORDER BY table_name COLLATE "C", ordinal_position`).Scan(ctx, &ofPostgres)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]string{"bigint": "INTEGER", "boolean": "INTEGER", "text": "TEXT", "double precision": "REAL", "bytea": "BLOB"}
	for i := range ofPostgres {
		ofPostgres[i].Kind = kinds[ofPostgres[i].Kind]
	}
	if len(ofLite) < 300 {
		t.Fatalf("only %d columns were found", len(ofLite))
	}
	for _, c := range ofLite {
		if !slices.Contains(ofPostgres, c) {
			t.Errorf("only SQLite has %+v", c)
		}
	}
	for _, c := range ofPostgres {
		if !slices.Contains(ofLite, c) {
			t.Errorf("only PostgreSQL has %+v", c)
		}
	}
	var indexesLite, indexesPostgres []string
	if err := lite.Read().NewRaw("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name").Scan(ctx, &indexesLite); err != nil {
		t.Fatal(err)
	}
	err = postgres.Read().NewRaw(`SELECT indexname FROM pg_indexes WHERE schemaname = 'public' AND tablename NOT LIKE 'goose_%'
		AND indexname NOT LIKE '%\_pkey' AND indexname NOT LIKE '%\_key' ORDER BY indexname COLLATE "C"`).Scan(ctx, &indexesPostgres)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(indexesLite, indexesPostgres) {
		t.Errorf("indexes differ:\nSQLite     %v\nPostgreSQL %v", indexesLite, indexesPostgres)
	}
}
