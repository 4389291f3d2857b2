//go:build unix

package db

import (
	"errors"
	"os"
	"syscall"
)

// tryLock takes the file's advisory lock, which ends with the process that
// holds it, however that ends.
func tryLock(file *os.File) (taken bool, err error) {
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}
