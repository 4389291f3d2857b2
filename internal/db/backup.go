package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"modernc.org/sqlite"
)

// ErrUsePgDump is returned by what works on the embedded database alone.
var ErrUsePgDump = errors.New("this works on the embedded database; back PostgreSQL up with pg_dump --format=custom, restore it with pg_restore --clean --if-exists")

// Progress is told how far long work is, in bytes of one stage.
type Progress func(stage string, done, total int64)

func (p Progress) of(stage string, total int64) func(done int64) {
	return func(done int64) {
		if p != nil {
			p(stage, done, total)
		}
	}
}

// BackupOptions say how to make an archive.
type BackupOptions struct {
	// Program is the version of this program, kept in the manifest.
	Program string
	// Progress may be nil.
	Progress Progress
}

// Backup saves the state of the running database to a new file: one consistent
// moment, checked, complete under its name or absent. Writers go on meanwhile.
// The archive is compressed unless the name ends in .tar.
func (d *DB) Backup(ctx context.Context, path string, options BackupOptions) (Manifest, error) {
	if d.postgres {
		return Manifest{}, ErrUsePgDump
	}
	if _, err := os.Lstat(path); err == nil {
		return Manifest{}, fmt.Errorf("%s exists already: give another name, or remove it first", path)
	}
	partial, copied := path+".partial", path+".partial.db"
	defer os.Remove(partial)
	defer removeSQLite(copied)
	if err := d.copyTo(ctx, copied, options.Progress); err != nil {
		return Manifest{}, fmt.Errorf("the database cannot be copied: %w", err)
	}
	schema, err := inspect(ctx, copied)
	if err != nil {
		return Manifest{}, fmt.Errorf("the copy of the database is not sound, so that it was not kept: %w", err)
	}
	part, err := partOf(SQLiteFile, copied)
	if err != nil {
		return Manifest{}, err
	}
	manifest := Manifest{
		Format: archiveFormat, FormatVersion: archiveVersion, Program: options.Program, Schema: schema.current,
		CreatedAt: time.Now().UTC().Truncate(time.Second), Parts: []Part{part},
	}
	compressed := !strings.HasSuffix(path, ".tar")
	if err := writeArchive(ctx, partial, compressed, manifest, copied, options.Progress.of("writing", part.Size)); err != nil {
		return Manifest{}, fmt.Errorf("the backup cannot be written: %w", err)
	}
	if err := os.Rename(partial, path); err != nil {
		return Manifest{}, err
	}
	return manifest, syncDir(filepath.Dir(path))
}

// backupStep is how many pages are copied between two looks at the context.
const backupStep = 2000

// copyTo copies the database as it is at one moment: the transaction holds it
// still for this connection, and for nobody else.
func (d *DB) copyTo(ctx context.Context, path string, progress Progress) error {
	conn, err := d.read.DB.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	tx, err := conn.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var pageSize int64
	if err := tx.QueryRowContext(ctx, "SELECT page_size FROM pragma_page_size() WHERE EXISTS (SELECT 1 FROM compatibility)").Scan(&pageSize); err != nil {
		return err
	}
	return conn.Raw(func(driver any) error {
		source, ok := driver.(interface {
			NewBackup(destination string) (*sqlite.Backup, error)
		})
		if !ok {
			return errors.New("the driver has no backups")
		}
		// The copy is worth nothing until it is whole: it needs no journal.
		backup, err := source.NewBackup("file:" + uriPath.Replace(path) + "?_pragma=journal_mode(OFF)&_pragma=synchronous(OFF)")
		if err != nil {
			return err
		}
		for more := true; more; {
			if err := ctx.Err(); err != nil {
				return errors.Join(err, backup.Finish())
			}
			if more, err = backup.Step(backupStep); err != nil {
				return errors.Join(err, backup.Finish())
			}
			total := int64(backup.PageCount())
			progress.of("copying", total*pageSize)((total - int64(backup.Remaining())) * pageSize)
		}
		return backup.Finish()
	})
}

// schemaState is how far the schema of a database is.
type schemaState struct{ current, oldest int64 }

// inspect opens a database file for reading alone, and fails unless it is sound
// and ours.
func inspect(ctx context.Context, path string) (schemaState, error) {
	var schema schemaState
	pool, err := sql.Open("sqlite", "file:"+uriPath.Replace(path)+"?_pragma=query_only(1)&_pragma=trusted_schema(0)")
	if err != nil {
		return schema, err
	}
	defer pool.Close()
	pool.SetMaxOpenConns(1)
	err = pool.QueryRowContext(ctx, `SELECT (SELECT max(version_id) FROM goose_db_version WHERE is_applied), max(oldest)
		FROM compatibility WHERE EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'events')`).Scan(&schema.current, &schema.oldest)
	if err != nil {
		return schema, badArchive("it is not a database of Grenier: %v", err)
	}
	var verdict string
	if err := pool.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&verdict); err != nil {
		return schema, err
	}
	if verdict != "ok" {
		return schema, badArchive("the database is damaged: %s", verdict)
	}
	return schema, nil
}

// removeSQLite removes a database file and what SQLite keeps beside it.
func removeSQLite(path string) {
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		os.Remove(path + suffix)
	}
}

// syncDir makes a renaming in a folder survive a loss of power.
func syncDir(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer folder.Close()
	// Some systems cannot flush a folder; the file itself is flushed.
	_ = folder.Sync()
	return nil
}
