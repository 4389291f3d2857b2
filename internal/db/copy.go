package db

import (
	"context"
	"database/sql"
	"errors"
)

// CopyTo writes one state of the SQLite database into a new file, compact and
// without the log of writes, while others read and write on.
func (d *DB) CopyTo(ctx context.Context, path string) error {
	if d.postgres {
		return errors.New("db: only an SQLite database is copied as a file")
	}
	// The readers refuse to write anything, and the writer has others waiting.
	handle, err := sql.Open("sqlite", sqliteDSN(d.Path(), true, d.options.Sync))
	if err != nil {
		return err
	}
	_, err = handle.ExecContext(ctx, "VACUUM INTO ?", path)
	return errors.Join(err, handle.Close())
}
