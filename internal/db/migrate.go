package db

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations
var migrations embed.FS

// provider gives the migrations of the dialect. Each file is applied once, in
// its own transaction, and states in the table compatibility the oldest
// program (by the number of its newest migration) that still works after it.
func (d *DB) provider() (*goose.Provider, error) {
	dialect, folder := goose.DialectSQLite3, "migrations/sqlite"
	var options []goose.ProviderOption
	if d.postgres {
		dialect, folder = goose.DialectPostgres, "migrations/postgres"
		// The default polls each five seconds, far longer than a migration.
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
		if err != nil {
			return nil, err
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	files, err := fs.Sub(migrations, folder)
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(dialect, d.write.DB, files, options...)
}

func (d *DB) migrate(ctx context.Context) error {
	provider, err := d.provider()
	if err != nil {
		return err
	}
	current, target, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("the database cannot be reached: %w", err)
	}
	if current == target {
		return nil
	}
	if current > target {
		return d.refuseNewer(ctx, current, target)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("the database schema cannot be brought up to date: %w", err)
	}
	return nil
}

// ErrNewerSchema is returned when the database was written by a newer program
// which this one would damage.
var ErrNewerSchema = errors.New("the database was made by a newer version of Grenier")

// refuseNewer lets an older program go on only when every newer migration says
// that it still works.
func (d *DB) refuseNewer(ctx context.Context, current, target int64) error {
	var oldest sql.NullInt64
	if err := d.write.NewRaw("SELECT max(oldest) FROM compatibility").Scan(ctx, &oldest); err != nil {
		return err
	}
	if oldest.Valid && oldest.Int64 <= target {
		return nil
	}
	return fmt.Errorf("%w: its schema is number %d, this program knows %d and at least %d is needed; install the newer program, or restore a backup made before it",
		ErrNewerSchema, current, target, oldest.Int64)
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
