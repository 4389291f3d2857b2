package catalog

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"grenier/internal/account"
	"grenier/internal/blob"
	"grenier/internal/db"
	"grenier/internal/fault"
	"grenier/internal/fetch"
)

// The storages, which are the first part of the addresses of files.
const (
	StorageResources = "resources"
	StorageAvatars   = "avatars"
	StorageImages    = "images"
)

// hostedPrefix begins the addresses of hosted files as rows keep them: whatever
// the name of the site becomes, they stay right.
const hostedPrefix = "/s/"

// Hosted tells whether an address is that of a file of this site.
func Hosted(address string) bool { return strings.HasPrefix(address, hostedPrefix) }

// FileRules are the settings that hosted files depend on.
type FileRules struct {
	// Extensions are those that may be hosted besides the usual ones.
	Extensions []string
	// MaxUpload bounds a file, in bytes.
	MaxUpload int64
	// UploadRetention is how long an unfinished upload is kept, BinRetention
	// how long a file that was replaced.
	UploadRetention, BinRetention time.Duration
	// Secret signs the links to files that are not public.
	Secret []byte
}

// Files takes, keeps and hands out hosted files.
type Files struct {
	store *Store
	shelf *blob.Shelf
	rules FileRules
	ends  uploadEnds
}

// NewFiles returns the files of a catalogue.
func NewFiles(store *Store, shelf *blob.Shelf, rules FileRules) *Files {
	for i, extension := range rules.Extensions {
		rules.Extensions[i] = strings.ToLower(strings.Trim(strings.TrimSpace(extension), "."))
	}
	return &Files{store: store, shelf: shelf, rules: rules}
}

// MaxUpload is the largest file that is taken, in bytes.
func (f *Files) MaxUpload() int64 { return f.rules.MaxUpload }

// Extensions are those of files that are taken besides the usual ones.
func (f *Files) Extensions() []string { return f.rules.Extensions }

// Shelf is where the bytes are.
func (f *Files) Shelf() *blob.Shelf { return f.shelf }

// Opened is a hosted file that the viewer may read.
type Opened struct {
	*blob.File
	// Name is how the file is called.
	Name string
	// Public tells that everybody may read it; Lasting that nothing will ever
	// hide it or take its place.
	Public, Lasting bool
}

var errNoFile = fault.New(fault.NotFound, "There is no such file.")

// Open finds a hosted file: to who may read what it belongs to, and when granted
// to whoever holds a link to it. What nothing refers to any more is not there.
func (f *Files) Open(ctx context.Context, v account.Viewer, storage, path string, granted bool) (*Opened, error) {
	if !validPath(storage, path) {
		return nil, errNoFile
	}
	file, err := f.shelf.Find(ctx, storage, path)
	if err != nil {
		return nil, err
	}
	if file == nil {
		return nil, errNoFile
	}
	opened := &Opened{File: file, Name: path[strings.LastIndexByte(path, '/')+1:]}
	if storage != StorageResources {
		if !file.EndedAt.IsZero() {
			return nil, errNoFile
		}
		opened.Public, opened.Lasting = true, true
		return opened, nil
	}
	return opened, f.mayRead(ctx, v, opened, granted)
}

// mayRead judges a file of a resource.
func (f *Files) mayRead(ctx context.Context, v account.Viewer, file *Opened, granted bool) error {
	reader := v
	if granted {
		reader = anyReader
	}
	r, err := f.store.Resource(ctx, reader, file.ObjectID)
	if fault.Is(err, fault.NotFound) {
		return errNoFile
	}
	if err != nil {
		return err
	}
	if r.URL != file.Address() {
		return errNoFile
	}
	file.Public, err = f.public(ctx, r)
	return err
}

// public tells whether everybody may read a resource.
func (f *Files) public(ctx context.Context, r *Resource) (bool, error) {
	if r.DatasetID == nil {
		return true, nil
	}
	err := f.store.Readable(ctx, account.Nobody, KindDataset, *r.DatasetID)
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Gone) {
		return false, nil
	}
	return err == nil, err
}

// validPath refuses what no row can have.
func validPath(storage, path string) bool {
	switch storage {
	case StorageResources, StorageAvatars, StorageImages:
	default:
		return false
	}
	return path != "" && len(path) <= 1000 && !strings.ContainsFunc(path, func(c rune) bool { return c < ' ' || c == 0x7f || c == '\\' || c == 0xfffd })
}

// Read reads bytes of a file from an offset on; to its end when length is
// negative. NotFound tells that the store has lost it.
func (f *Files) Read(ctx context.Context, file *blob.File, offset, length int64) (io.ReadCloser, error) {
	r, err := f.shelf.Store().Open(ctx, file.SHA256, offset, length)
	return r, storeFault(err)
}

// storeFault says what a person can do about an error of the store.
func storeFault(err error) error {
	switch {
	case errors.Is(err, blob.ErrNotFound):
		return fault.Wrap(err, fault.Unavailable, "This file cannot be read at the moment.")
	case errors.Is(err, blob.ErrFull):
		return fault.Wrap(err, fault.Full, "There is no room left for files on this server. Tell its administrators, then send the file again.")
	}
	return err
}

// Local tells whether an address is that of a hosted file.
func (f *Files) Local(address string) bool { return Hosted(address) }

// OpenLocal gives a hosted file by its address on the site, as /s/resources/…,
// for the program's own reading of what the viewer was found to read.
func (f *Files) OpenLocal(ctx context.Context, address string) (fetch.LocalFile, error) {
	file, err := f.at(ctx, address)
	if err != nil {
		return fetch.LocalFile{}, err
	}
	return fetch.LocalFile{Size: file.Size, Type: file.Mime, Read: func(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
		return f.Read(ctx, file, offset, length)
	}}, nil
}

// at is the file at an address.
func (f *Files) at(ctx context.Context, address string) (*blob.File, error) {
	storage, path, ok := strings.Cut(strings.TrimPrefix(address, hostedPrefix), "/")
	if !ok || !Hosted(address) || !validPath(storage, path) {
		return nil, errNoFile
	}
	file, err := f.shelf.Find(ctx, storage, path)
	if err == nil && file == nil {
		err = errNoFile
	}
	return file, err
}

// Hosts tells whether a resource of a dataset is a hosted file.
func (f *Files) Hosts(ctx context.Context, dataset string) (bool, error) {
	var found []string
	err := f.store.db.Read().NewRaw("SELECT id FROM files WHERE dataset_id = ? AND object_kind = ? AND ended_at IS NULL LIMIT 1",
		dataset, KindResource).Scan(ctx, &found)
	return len(found) > 0, err
}

// actor names who wrote a file.
func actor(v account.Viewer) string {
	kind, id := v.Actor()
	return kind + ":" + id
}

// newFile is the row of a file that was just written.
func newFile(v account.Viewer, storage, path, media string, content blob.Content) blob.File {
	return blob.File{
		ID: db.NewID(), Storage: storage, Path: path, SHA256: content.SHA256, SHA1: content.SHA1, Size: content.Size, Mime: media,
		CreatedAt: db.Now(), CreatedBy: actor(v),
	}
}
