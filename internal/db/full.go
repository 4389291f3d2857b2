package db

import (
	"errors"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"

	"grenier/internal/fault"
)

// roomFault says what is to be done about a disk without room, on which nothing
// was changed; every other error stays as it is.
func roomFault(err error) error {
	if !isFull(err) {
		return err
	}
	return fault.Wrap(err, fault.Full, "There is no room left on this server, so nothing was changed. Tell its administrators, then try again.")
}

// startFault says why a database without room does not open, and what to do.
func (d *DB) startFault(err error) error {
	switch {
	case !isFull(err):
		return err
	case d.postgres:
		return fault.Wrap(err, fault.Full, "There is no room left on the disk of the database server: free some there, then start again.")
	}
	return folderFault(err, d.options.Dir)
}

// folderFault says what to do about a data folder whose disk has no room; every
// other error stays as it is.
func folderFault(err error, dir string) error {
	if !isFull(err) {
		return err
	}
	return fault.Wrap(err, fault.Full, "There is no room left on the disk of the data folder "+dir+
		": free some, or move the folder to another disk and name it by --data, then start again. What it holds is intact.")
}

// The errors of SQLite that a full disk causes: SQLITE_FULL, and
// SQLITE_IOERR_SHMSIZE when the index of the log finds no room on opening.
const (
	sqliteFull    = 13
	sqliteShmSize = 4874
)

// fullCode tells the codes of a full disk, extended or not.
func fullCode(code int) bool { return code&0xff == sqliteFull || code == sqliteShmSize }

// isFull tells the errors of a full disk, disk_full of PostgreSQL and those of the
// system among them.
func isFull(err error) bool {
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return fullCode(lite.Code())
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return true
	}
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "53100"
}
