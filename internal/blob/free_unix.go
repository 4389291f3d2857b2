//go:build linux || darwin || freebsd

package blob

import "golang.org/x/sys/unix"

// freeBytes is how much may still be written where a path is.
func freeBytes(path string) (uint64, error) {
	var volume unix.Statfs_t
	if err := unix.Statfs(path, &volume); err != nil {
		return 0, err
	}
	return uint64(max(0, int64(volume.Bavail))) * uint64(volume.Bsize), nil
}
