package db

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"grenier/internal/fault"
)

// TestStartWithoutRoom: what a start on a full disk says tells what to do; other
// errors stay as they are.
func TestStartWithoutRoom(t *testing.T) {
	here, there := &DB{options: Options{Dir: "/srv/data"}}, &DB{postgres: true}
	system := fmt.Errorf("written: %w", &fs.PathError{Op: "write", Path: "grenier.lock", Err: syscall.ENOSPC})
	server := fmt.Errorf("reached: %w", &pgconn.PgError{Code: "53100"})
	for want, err := range map[string]error{
		"no room left on the disk of the data folder /srv/data: free some":     here.startFault(system),
		"no room left on the disk of the database server: free some there":     there.startFault(server),
		"There is no room left on the disk of the data folder /srv/lock: free": folderFault(system, "/srv/lock"),
	} {
		if !fault.Is(err, fault.Full) || !strings.Contains(fault.Of(err).SafeText(), want) {
			t.Errorf("%v lacks %q", err, want)
		}
	}
	other := errors.New("other")
	if here.startFault(other) != other || folderFault(other, "/srv/data") != other {
		t.Error("another error is taken for a full disk")
	}
	for code, full := range map[int]bool{13: true, 13 | 1<<8: true, 4874: true, 10: false, 778: false, 5: false} {
		if fullCode(code) != full {
			t.Errorf("the code %d is taken wrongly", code)
		}
	}
}
