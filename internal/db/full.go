package db

import (
	"errors"

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

// isFull tells the errors of a full disk: SQLITE_FULL, and disk_full of
// PostgreSQL.
func isFull(err error) bool {
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return lite.Code()&0xff == 13
	}
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "53100"
}
