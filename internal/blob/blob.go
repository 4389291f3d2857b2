// Package blob keeps the bytes of hosted files: in a folder or in a bucket of an
// S3 service, behind one interface. Bytes are named by their SHA-256, so that
// equal files are kept once and what is there is never written over. Besides the
// bytes stand the rows that say which file has which, so that nothing is kept
// that no row knows.
package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"path/filepath"
	"time"
)

// Errors of stores, to be told apart with errors.Is.
var (
	// ErrNotFound: nothing is kept under this key.
	ErrNotFound = errors.New("blob: nothing is kept under this key")
	// ErrFull: the disk, or the quota, has no room left.
	ErrFull = errors.New("blob: no room is left to keep files")
	// ErrSealed: the upload is being put together and takes no more parts.
	ErrSealed = errors.New("blob: the upload is being put together")
	// ErrChanged: what was staged is not what it was when it was read.
	ErrChanged = errors.New("blob: the staged bytes have changed")
)

// Info is what is known of kept bytes.
type Info struct {
	// Key is the SHA-256 in 64 hex digits, or the name of a stage.
	Key      string
	Size     int64
	Modified time.Time
}

// Part is a piece of an upload: its number, and where its bytes stand in the
// whole.
type Part struct {
	Number       int
	Offset, Size int64
}

// Store keeps bytes. It is safe for concurrent use. What a call has acknowledged
// survives the end of the program and of power.
type Store interface {
	// Put keeps size bytes under a key, unless it has them already.
	Put(ctx context.Context, key string, r io.Reader, size int64) error
	// Open reads length bytes from an offset on; all that follow when length is
	// negative. The caller closes it.
	Open(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error)
	// Stat tells what is kept under a key.
	Stat(ctx context.Context, key string) (Info, error)
	// Delete removes what is kept under a key; nothing there is no error.
	Delete(ctx context.Context, key string) error
	// List gives up to limit entries after a key, in order of their keys, of
	// those that begin with a prefix.
	List(ctx context.Context, prefix, after string, limit int) ([]Info, error)

	// Stage writes a part of an upload, again when it was written before, and
	// returns its bytes. An error leaves no part that was there unusable.
	Stage(ctx context.Context, stage string, part Part, r io.Reader) (int64, error)
	// Seal ends the writing of parts: those in flight fail with ErrSealed.
	Seal(ctx context.Context, stage string) error
	// Reopen takes parts again after Seal.
	Reopen(ctx context.Context, stage string) error
	// OpenStage reads the parts one after the other.
	OpenStage(ctx context.Context, stage string, parts []Part) (io.ReadCloser, error)
	// Keep makes the parts the bytes of a key. Once they are kept, to repeat it
	// does nothing.
	Keep(ctx context.Context, stage string, parts []Part, key string) error
	// Drop forgets an upload and its parts; nothing there is no error.
	Drop(ctx context.Context, stage string) error
	// Stages gives up to limit uploads that have parts, after a name, in order;
	// their size may be unknown (0).
	Stages(ctx context.Context, after string, limit int) ([]Info, error)
}

// Open returns the store at an address: file:///folder, or
// s3://key:secret@host/bucket with the optional arguments region and prefix;
// s3+http:// is S3 without TLS, for tests on this machine. An empty address is
// the given folder. A folder leaves reserve bytes of its volume free. The error
// never shows the secret.
func Open(address, folder string, reserve int64) (Store, error) {
	if address == "" {
		return OpenFolder(folder, reserve)
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("blob: the address of the store cannot be read")
	}
	switch u.Scheme {
	case "file":
		return OpenFolder(u.Path, reserve)
	case "s3", "s3+http":
		return openS3(u)
	}
	return nil, fmt.Errorf("blob: unknown kind of store %q", u.Scheme)
}

// OpenBeside opens another store at the same place as the hosted files, for what is
// none of them: a folder of that name below the data folder or below that of the
// address, a prefix of the bucket.
func OpenBeside(address, data, name string, reserve int64) (Store, error) {
	if u, err := url.Parse(address); address != "" && err == nil {
		if u.Scheme == "file" {
			u.Path = path.Join(u.Path, name)
		} else {
			query := u.Query()
			query.Set("prefix", path.Join(query.Get("prefix"), name))
			u.RawQuery = query.Encode()
		}
		address = u.String()
	}
	return Open(address, filepath.Join(data, name), reserve)
}

// Try asks a store that lies elsewhere whether it can be used as it is set up,
// within a bounded time. A folder was made when it was opened.
func Try(ctx context.Context, store Store) error {
	if remote, ok := store.(interface{ try(context.Context) error }); ok {
		return remote.try(ctx)
	}
	return nil
}

// total is the number of bytes of parts, which must follow each other without a
// gap.
func total(parts []Part) (int64, error) {
	var at int64
	for _, part := range parts {
		if part.Offset != at {
			return 0, fmt.Errorf("blob: part %d begins at %d instead of %d", part.Number, part.Offset, at)
		}
		at += part.Size
	}
	return at, nil
}
