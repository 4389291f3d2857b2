package db

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// LockFile is the file in the data folder that a server locks while it runs.
const LockFile = "grenier.lock"

// ErrInUse is returned when another process holds the data folder.
var ErrInUse = errors.New("the data folder is in use")

// DirLock is a data folder held by this process alone.
type DirLock struct{ file *os.File }

// LockDir holds a data folder for one process: the server while it serves, a
// restore while it replaces the database. Other commands work beside a server
// and do not take it. The system gives the lock back when the process ends,
// also by a kill. ErrInUse, with the number of the process, when another one
// holds it.
func LockDir(dir string) (*DirLock, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, folderFault(fmt.Errorf("the data folder cannot be made: %w", err), dir)
	}
	file, err := os.OpenFile(filepath.Join(dir, LockFile), os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return nil, folderFault(fmt.Errorf("the data folder cannot be written: %w", err), dir)
	}
	taken, err := tryLock(file)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the data folder %s cannot be locked: %w", dir, err), file.Close())
	}
	if !taken {
		defer file.Close()
		return nil, fmt.Errorf("%w: a server runs on %s%s; stop it first, or use another --data", ErrInUse, dir, holder(file))
	}
	if err := tellHolder(file); err != nil {
		return nil, errors.Join(folderFault(fmt.Errorf("the data folder %s cannot be written: %w", dir, err), dir), file.Close())
	}
	return &DirLock{file}, nil
}

// tellHolder writes the number of this process into a lock file.
func tellHolder(file *os.File) error {
	if err := file.Truncate(0); err != nil {
		return err
	}
	_, err := file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

// holder says which process wrote its number into a lock file.
func holder(file *os.File) string {
	text := make([]byte, 20)
	count, _ := file.ReadAt(text, 0)
	if number, err := strconv.Atoi(strings.TrimSpace(string(text[:count]))); err == nil {
		return fmt.Sprintf(" (process %d)", number)
	}
	return ""
}

// Release gives the folder back.
func (l *DirLock) Release() error { return l.file.Close() }
