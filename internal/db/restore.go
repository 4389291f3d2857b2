package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"modernc.org/sqlite"
)

// RestoreOptions say what else to do.
type RestoreOptions struct {
	// Derived names what is built from the database and kept in the data
	// folder, such as the search snapshot: it is removed, and built again
	// at the next start.
	Derived []string
	// Progress may be nil.
	Progress Progress
}

// Restored says what a restore did.
type Restored struct {
	Manifest Manifest
	// Aside is the folder that holds the database that was replaced, empty
	// when there was none.
	Aside string
}

// Restore replaces the database of a data folder by the one of an archive. It
// refuses when a server or a command uses the folder, when the archive is
// damaged or foreign, and when it comes from a newer program; the folder is
// unchanged then. The replaced database is kept aside.
func Restore(ctx context.Context, path, dir string, options RestoreOptions) (Restored, error) {
	lock, err := LockDir(dir)
	if err != nil {
		return Restored{}, err
	}
	defer lock.Release()
	incoming := filepath.Join(dir, SQLiteFile+".incoming")
	defer removeSQLite(incoming)
	manifest, err := unpack(ctx, path, incoming, options.Progress)
	if err != nil {
		return Restored{}, err
	}
	aside, err := setAside(ctx, dir)
	if err != nil {
		return Restored{}, err
	}
	// Before the database changes, so that nothing derived survives it.
	for _, name := range options.Derived {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			return Restored{}, err
		}
	}
	if err := os.Rename(incoming, filepath.Join(dir, SQLiteFile)); err != nil {
		return Restored{}, err
	}
	return Restored{Manifest: manifest, Aside: aside}, syncDir(dir)
}

// unpack extracts the database of an archive and examines it.
func unpack(ctx context.Context, path, into string, progress Progress) (Manifest, error) {
	archive, err := openArchive(path)
	if err != nil {
		return Manifest{}, err
	}
	defer archive.Close()
	removeSQLite(into)
	if err := archive.extract(ctx, into, progress.of("reading", archive.Manifest.Parts[0].Size)); err != nil {
		return Manifest{}, err
	}
	schema, err := inspect(ctx, into)
	if err != nil {
		return Manifest{}, err
	}
	newest, err := newestMigration()
	if err != nil {
		return Manifest{}, err
	}
	if schema.current > newest && schema.oldest > newest {
		return Manifest{}, fmt.Errorf("%w: the backup has schema number %d, this program knows %d; install version %s or newer",
			ErrNewerSchema, schema.current, newest, archive.Manifest.Program)
	}
	return archive.Manifest, nil
}

// setAside keeps the present database of a folder in a folder of its own, and
// leaves it in place until the new one takes its name.
func setAside(ctx context.Context, dir string) (string, error) {
	present := filepath.Join(dir, SQLiteFile)
	if _, err := os.Lstat(present); errors.Is(err, os.ErrNotExist) {
		return "", nil
	} else if err != nil {
		return "", err
	}
	if err := foldLog(ctx, present); err != nil {
		return "", err
	}
	aside := filepath.Join(dir, "replaced-"+time.Now().UTC().Format("20060102T150405.000Z"))
	if err := os.Mkdir(aside, 0o750); err != nil {
		return "", err
	}
	// What SQLite keeps beside a database belongs to it alone.
	for _, suffix := range []string{"-wal", "-shm", "-journal"} {
		err := os.Rename(present+suffix, filepath.Join(aside, SQLiteFile+suffix))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
	}
	kept := filepath.Join(aside, SQLiteFile)
	if err := os.Link(present, kept); err != nil {
		return aside, os.Rename(present, kept)
	}
	return aside, nil
}

// foldLog brings a database into one file. SQLite lets only the last process do
// that, which tells whether another one uses it. A damaged database is left as
// it is: it may be why it is replaced.
func foldLog(ctx context.Context, path string) error {
	pool, err := sql.Open("sqlite", "file:"+uriPath.Replace(path)+"?_pragma=busy_timeout(2000)")
	if err != nil {
		return err
	}
	defer pool.Close()
	pool.SetMaxOpenConns(1)
	var mode string
	err = pool.QueryRowContext(ctx, "PRAGMA journal_mode = DELETE").Scan(&mode)
	var failure *sqlite.Error
	if errors.As(err, &failure) && failure.Code()&0xff == sqliteBusy {
		return fmt.Errorf("%w: another command of Grenier is at work in %s; wait for its end", ErrInUse, filepath.Dir(path))
	}
	return ctx.Err()
}

// sqliteBusy is the primary result code of a database that others use.
const sqliteBusy = 5
