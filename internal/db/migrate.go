package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/uptrace/bun"

	"grenier/internal/db/migrations"
)

// migrationLock is the key under which nodes of one PostgreSQL database take
// turns in bringing its schema up to date.
const migrationLock = 0x6772656e69657230

// provider gives the migrations of the dialect. Each file is applied once, in
// its own transaction, and states in the table compatibility the oldest
// program (by the number of its newest migration) that still works after it.
func (d *DB) provider() (*goose.Provider, error) {
	dialect, folder := goose.DialectSQLite3, "sqlite"
	if d.postgres {
		dialect, folder = goose.DialectPostgres, "postgres"
	}
	files, err := fs.Sub(migrations.Files, folder)
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(dialect, d.write.DB, files)
}

// migrate brings the schema up to date, or refuses one that is too new.
func (d *DB) migrate(ctx context.Context) error {
	if d.postgres {
		unlock, err := d.lockMigrations(ctx)
		if err != nil {
			return err
		}
		defer unlock()
	}
	provider, err := d.provider()
	if err != nil {
		return err
	}
	reached := int64(-1)
	for {
		current, target, err := provider.GetVersions(ctx)
		if err != nil {
			return fmt.Errorf("the database cannot be reached: %w", err)
		}
		if current == target {
			return nil
		}
		if current > target {
			return compatible(ctx, d.write, current, target)
		}
		_, failure := provider.Up(ctx)
		if failure == nil {
			return nil
		}
		// On SQLite another process may have applied the same migration in
		// between: going on is right as long as the schema moves.
		if now, _, err := provider.GetVersions(ctx); err != nil || now <= max(current, reached) {
			return fmt.Errorf("the database schema cannot be brought up to date: %w", failure)
		}
		reached = current
	}
}

// lockMigrations makes the other nodes that start on a PostgreSQL database wait
// until this one has looked at the schema.
func (d *DB) lockMigrations(ctx context.Context) (unlock func(), err error) {
	conn, err := d.write.DB.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("the database cannot be reached: %w", err)
	}
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", int64(migrationLock)); err != nil {
		return nil, errors.Join(fmt.Errorf("the lock of the schema cannot be taken: %w", err), conn.Close())
	}
	return func() {
		// A failure closes the session, which gives the lock back as well.
		if _, err := conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", int64(migrationLock)); err != nil {
			_ = conn.Raw(func(any) error { return driver.ErrBadConn })
		}
		conn.Close()
	}, nil
}

// ErrNewerSchema is returned when the database was written by a newer program
// which this one would damage.
var ErrNewerSchema = errors.New("the database was made by a newer version of Grenier")

// compatible lets an older program go on only when every newer migration says
// that it still works.
func compatible(ctx context.Context, read bun.IDB, current, target int64) error {
	var oldest sql.NullInt64
	if err := read.NewRaw("SELECT max(oldest) FROM compatibility").Scan(ctx, &oldest); err != nil {
		return err
	}
	if oldest.Valid && oldest.Int64 <= target {
		return nil
	}
	return fmt.Errorf("%w: its schema is number %d, this program knows %d and at least %d is needed; install the newer program, or restore a backup made before it",
		ErrNewerSchema, current, target, oldest.Int64)
}

// newestMigration is the number of the newest migration that this program
// knows; both dialects have the same.
func newestMigration() (int64, error) {
	files, err := fs.Glob(migrations.Files, "sqlite/*.sql")
	if err != nil {
		return 0, err
	}
	var newest int64
	for _, file := range files {
		number, err := goose.NumericComponent(file)
		if err != nil {
			return 0, err
		}
		newest = max(newest, number)
	}
	return newest, nil
}

// SchemaVersions returns the schema number of the database and the newest that
// this program knows.
func (d *DB) SchemaVersions(ctx context.Context) (current, target int64, err error) {
	provider, err := d.provider()
	if err != nil {
		return 0, 0, err
	}
	return provider.GetVersions(ctx)
}
