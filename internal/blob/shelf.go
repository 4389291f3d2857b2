package blob

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"sync"
	"time"

	"github.com/uptrace/bun"

	"grenier/internal/db"
)

// File is a hosted file: a public path, and the bytes behind it.
type File struct {
	bun.BaseModel `bun:"table:files"`

	ID string `bun:"id,pk"`
	// Storage and Path make the address: /s/<storage>/<path>.
	Storage string `bun:"storage"`
	Path    string `bun:"path"`
	SHA256  string `bun:"sha256"`
	SHA1    string `bun:"sha1"`
	Size    int64  `bun:"size"`
	// Mime is the media type it is served as, which cannot harm.
	Mime string `bun:"mime"`
	// ObjectKind and ObjectID name whose file it is, DatasetID the dataset whose
	// readers may read it; pictures have none.
	ObjectKind string  `bun:"object_kind"`
	ObjectID   string  `bun:"object_id"`
	DatasetID  *string `bun:"dataset_id"`
	CreatedAt  db.Time `bun:"created_at"`
	CreatedBy  string  `bun:"created_by"`
	// EndedAt is since when nothing refers to it.
	EndedAt db.Time `bun:"ended_at"`
}

// Address is the address of the file on its site.
func (f *File) Address() string { return "/s/" + f.Storage + "/" + f.Path }

// Content is what was written.
type Content struct {
	SHA256, SHA1 string
	Size         int64
	// Head is its beginning, at most 512 bytes.
	Head []byte
}

// Shelf is a store with its rows. What is written has a row first, so that what
// nothing comes to refer to is found and swept.
type Shelf struct {
	db    *db.DB
	store Store
}

// NewShelf returns the shelf of a database and a store.
func NewShelf(d *db.DB, store Store) *Shelf { return &Shelf{db: d, store: store} }

// Store is the store of the bytes.
func (s *Shelf) Store() Store { return s.store }

// headSize is how much of a file its type is guessed from.
const headSize = 512

// Spooled is what was read, before anybody decided what it is.
type Spooled struct {
	Content
	stage string
}

// parts are the one part of what was spooled.
func (s Spooled) parts() []Part { return []Part{{Size: s.Size}} }

// Spool reads all of r and tells what it was; then it is kept or dropped. Nothing
// of it stays after an error. The reader's errors are returned as they are.
func (s *Shelf) Spool(ctx context.Context, r io.Reader) (Spooled, error) {
	stage := db.NewUUID()
	sums := newSums()
	size, err := s.store.Stage(ctx, stage, Part{}, io.TeeReader(r, sums))
	if err != nil {
		return Spooled{}, errors.Join(err, s.store.Drop(context.WithoutCancel(ctx), stage))
	}
	return Spooled{sums.content(size), stage}, nil
}

// KeepSpooled keeps what was spooled under its sum.
func (s *Shelf) KeepSpooled(ctx context.Context, spooled Spooled) error {
	return s.Keep(ctx, spooled.stage, spooled.parts(), spooled.Content)
}

// OpenSpooled reads what was spooled.
func (s *Shelf) OpenSpooled(ctx context.Context, spooled Spooled) (io.ReadCloser, error) {
	return s.store.OpenStage(ctx, spooled.stage, spooled.parts())
}

// DropSpooled forgets what was spooled.
func (s *Shelf) DropSpooled(ctx context.Context, spooled Spooled) error {
	return s.store.Drop(context.WithoutCancel(ctx), spooled.stage)
}

// WriteBytes keeps a small file.
func (s *Shelf) WriteBytes(ctx context.Context, body []byte) (Content, error) {
	sums := newSums()
	if _, err := sums.Write(body); err != nil {
		return Content{}, err
	}
	content := sums.content(int64(len(body)))
	if err := s.pend(ctx, content); err != nil {
		return Content{}, err
	}
	return content, s.store.Put(ctx, content.SHA256, bytes.NewReader(body), content.Size)
}

// Gather reads the parts of a sealed upload, in order, and tells what the whole
// is. Each part is also given to check, which refuses one that is not what came.
func (s *Shelf) Gather(ctx context.Context, stage string, parts []Part, check func(number int, sum uint32) error) (Content, error) {
	if err := s.store.Seal(ctx, stage); err != nil {
		return Content{}, err
	}
	whole, err := s.store.OpenStage(ctx, stage, parts)
	if err != nil {
		return Content{}, err
	}
	content, err := gather(ctx, whole, parts, check)
	return content, errors.Join(err, whole.Close())
}

// Head is the beginning of what is kept.
func (s *Shelf) Head(ctx context.Context, key string) ([]byte, error) {
	r, err := s.store.Open(ctx, key, 0, headSize)
	if err != nil {
		return nil, err
	}
	head, err := io.ReadAll(r)
	return head, errors.Join(err, r.Close())
}

// Keep makes the parts of an upload the bytes of their content.
func (s *Shelf) Keep(ctx context.Context, stage string, parts []Part, content Content) error {
	if err := s.pend(ctx, content); err != nil {
		return err
	}
	err := s.store.Keep(ctx, stage, parts, content.SHA256)
	if errors.Is(err, ErrNotFound) { // kept before, by a call whose end nobody heard
		if _, found := s.store.Stat(ctx, content.SHA256); found == nil {
			return nil
		}
	}
	return err
}

// pend writes the row of bytes that are about to be kept. It waits for a sweep
// of the same ones, so that they are never taken for what stays.
func (s *Shelf) pend(ctx context.Context, content Content) error {
	return s.db.Write(ctx, db.People, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewRaw(`INSERT INTO blobs (sha256, size, written_at) VALUES (?, ?, ?)
			ON CONFLICT (sha256) DO UPDATE SET written_at = EXCLUDED.written_at`, content.SHA256, content.Size, db.Now()).Exec(ctx)
		return err
	})
}

// Insert gives files their rows, within the write that refers to them.
func Insert(ctx context.Context, tx *db.Tx, files ...File) error {
	for i := range files {
		if _, err := tx.NewInsert().Model(&files[i]).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Find returns the file at a path; nil when there is none.
func (s *Shelf) Find(ctx context.Context, storage, path string) (*File, error) {
	var rows []File
	err := s.db.Read().NewSelect().Model(&rows).Where("storage = ? AND path = ?", storage, path).Scan(ctx)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

// pendingFor is how long bytes may be without a file.
const pendingFor = 48 * time.Hour

// sweepBatch bounds what is looked at at a time.
const sweepBatch = 500

// Sweep removes the bytes that no file has had for 48 hours, and returns how
// many there were. The rows of files that have ended are the subjects' to remove
// before.
func (s *Shelf) Sweep(ctx context.Context, now time.Time) (removed int, err error) {
	limit := db.TimeOf(now.Add(-pendingFor))
	after := ""
	for {
		var keys []string
		err := s.db.Read().NewRaw(`SELECT sha256 FROM blobs b WHERE sha256 > ? AND written_at < ?
			AND NOT EXISTS (SELECT 1 FROM files f WHERE f.sha256 = b.sha256) ORDER BY sha256 LIMIT ?`, after, limit, sweepBatch).Scan(ctx, &keys)
		if err != nil || len(keys) == 0 {
			return removed, err
		}
		for _, key := range keys {
			gone, err := s.sweepOne(ctx, key, limit)
			if err != nil {
				return removed, err
			}
			if gone {
				removed++
			}
		}
		after = keys[len(keys)-1]
	}
}

// sweepOne removes bytes and their row under the lock of the row, which whoever
// is about to keep the same bytes waits for.
func (s *Shelf) sweepOne(ctx context.Context, key string, limit db.Time) (gone bool, err error) {
	err = s.db.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
		gone = false
		lock := ""
		if tx.Postgres() {
			lock = " FOR UPDATE"
		}
		var still []string
		err := tx.NewRaw(`SELECT sha256 FROM blobs b WHERE sha256 = ? AND written_at < ?
			AND NOT EXISTS (SELECT 1 FROM files f WHERE f.sha256 = b.sha256)`+lock, key, limit).Scan(ctx, &still)
		if err != nil || len(still) == 0 {
			return err
		}
		if err := s.store.Delete(ctx, key); err != nil {
			return err
		}
		gone = true
		_, err = tx.NewRaw("DELETE FROM blobs WHERE sha256 = ?", key).Exec(ctx)
		return err
	})
	return gone, err
}

// sums computes what is told of a content while it is written.
type sums struct {
	sha1, sha256 hash.Hash
	head         []byte
}

func newSums() *sums { return &sums{sha1: sha1.New(), sha256: sha256.New()} }

func (s *sums) Write(p []byte) (int, error) {
	s.note(p)
	s.sha1.Write(p)
	s.sha256.Write(p)
	return len(p), nil
}

// note keeps the beginning.
func (s *sums) note(p []byte) {
	if room := headSize - len(s.head); room > 0 {
		s.head = append(s.head, p[:min(room, len(p))]...)
	}
}

func (s *sums) content(size int64) Content {
	return Content{SHA256: hex.EncodeToString(s.sha256.Sum(nil)), SHA1: hex.EncodeToString(s.sha1.Sum(nil)), Size: size, Head: s.head}
}

const gatherBuffer = 1 << 20

// gather sums up what is read, both ways at once.
func gather(ctx context.Context, whole io.Reader, parts []Part, check func(int, uint32) error) (Content, error) {
	sums := newSums()
	checks := newPartSums(parts, check)
	var size int64
	var work sync.WaitGroup
	buffers := [2][]byte{make([]byte, gatherBuffer), make([]byte, gatherBuffer)}
	for turn := 0; ; turn ^= 1 {
		n, err := io.ReadFull(whole, buffers[turn])
		work.Wait() // for the other buffer, which is read into next
		if ctx.Err() != nil {
			return Content{}, ctx.Err()
		}
		if n > 0 {
			chunk := buffers[turn][:n]
			size += int64(n)
			sums.note(chunk)
			work.Add(2)
			go func() { defer work.Done(); sums.sha1.Write(chunk) }()
			go func() { defer work.Done(); sums.sha256.Write(chunk) }()
			if err := checks.add(chunk); err != nil {
				work.Wait()
				return Content{}, err
			}
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			break
		}
		if err != nil {
			work.Wait()
			return Content{}, err
		}
	}
	work.Wait()
	if wanted, err := total(parts); err != nil || size != wanted {
		return Content{}, errors.Join(ErrChanged, err)
	}
	return sums.content(size), nil
}
