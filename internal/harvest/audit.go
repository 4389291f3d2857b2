package harvest

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/uptrace/bun"

	"grenier/internal/blob"
	"grenier/internal/db"
)

const (
	// auditQueue and auditHeld bound what waits to be kept: answers, and their bytes,
	// of which at most inMemory of each are in memory.
	auditQueue = 16
	auditHeld  = 256 << 20
	// auditPatience is how long a job waits for its audit in all, before answers are
	// left out.
	auditPatience = 3 * time.Second
	// auditChunkSize is from which size on a chunk is written, in compressed bytes.
	auditChunkSize = 1 << 20
	// minAuditPause and maxAuditPause bound how long an answer may wait to be written;
	// between them it is a twentieth of the age of the job.
	minAuditPause = 2 * time.Second
	maxAuditPause = time.Minute
	// auditEnd is how long the end of a job waits for what is not written yet, and
	// auditStop that of one that is to stop.
	auditEnd  = 10 * time.Second
	auditStop = 500 * time.Millisecond
)

// auditChunk is a piece of what the portal gave to a job: a frame of zstd (RFC 8878)
// with entries of a tar archive, after one that is skipped. Its row is there before its bytes are.
type auditChunk struct {
	bun.BaseModel `bun:"table:harvest_audits,alias:ha"`

	JobID string `bun:"job_id,pk"`
	// Attempt tells the attempts at a job apart, Seq the chunks of one.
	Attempt int64  `bun:"attempt,pk"`
	Seq     int64  `bun:"seq,pk"`
	SHA256  string `bun:"sha256"`
	Size    int64  `bun:"size"`
	// Answers are how many answers end in it.
	Answers int64 `bun:"answers"`
	// Whole tells that it ends with the end of an answer: what follows the last such
	// chunk of an attempt was cut off.
	Whole     bool    `bun:"whole"`
	WrittenAt db.Time `bun:"written_at"`
}

// errAuditFull ends what is kept of a job.
var errAuditFull = errors.New("harvest: as much is kept of the job as the site keeps")

// audit keeps what a portal answers to an attempt at a job. It works beside the job,
// which never fails by it. A nil audit keeps nothing.
type audit struct {
	store   blob.Store
	db      *db.DB
	job     string
	attempt int64
	most    int64
	masks   [][]byte
	began   time.Time

	// queue leads to the one goroutine that writes; ending is closed before it.
	queue    chan auditPage
	ending   chan struct{}
	done     chan struct{}
	ctx      context.Context
	abort    context.CancelFunc
	held     atomic.Int64 // bytes in the queue
	deaf     atomic.Bool  // nothing more is kept
	mu       sync.Mutex
	closed   bool          // guarded by mu
	patience time.Duration // guarded by mu: what is left of it
	number   int64         // guarded by mu: of the last answer
	left     int64         // guarded by mu: answers that were left out

	// Of the goroutine, and of whom it has ended for.
	remarks []Log
	encoder *zstd.Encoder
	tar     *tar.Writer
	chunk   bytes.Buffer
	opened  bool // the encoder has a frame begun
	answers int64
	seq     int64
	// size is what all attempts have written. A large answer may be taken back: it has
	// the chunks of its own from that number on.
	size  int64
	large bool
	from  int64
	last  time.Time // of the last writing
}

// newAudit begins to keep the answers to a job; nil where the site keeps none.
func (s *Store) newAudit(ctx context.Context, job *Job, secrets [][]byte) (*audit, error) {
	if s.deps.Audit == nil || s.deps.Rules.AuditMost <= 0 {
		return nil, nil
	}
	a := &audit{
		store: s.deps.Audit, db: s.db, job: job.ID, attempt: job.Resumed, most: s.deps.Rules.AuditMost, masks: secrets, began: time.Now(),
		queue: make(chan auditPage, auditQueue), ending: make(chan struct{}), done: make(chan struct{}), patience: auditPatience, last: time.Now(),
	}
	before, err := s.auditSum(ctx, job.ID)
	if err != nil {
		return nil, err
	}
	a.size = before.Size
	a.ctx, a.abort = context.WithCancel(context.WithoutCancel(ctx))
	go a.work()
	return a, nil
}

// offer puts an answer in the queue if there is room. The caller holds mu.
func (a *audit) offer(p auditPage) bool {
	size := p.size()
	if held := a.held.Load(); held > 0 && held+size > auditHeld {
		return false
	}
	select {
	case a.queue <- p:
		a.held.Add(size)
		return true
	default:
		return false
	}
}

// put has an answer kept, or leaves it out when the patience has come to its end.
func (a *audit) put(p auditPage) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.number++
	p.number = a.number
	const step = 10 * time.Millisecond
	for ; !a.closed && !a.deaf.Load(); a.patience -= step {
		if a.offer(p) {
			return
		}
		if a.patience <= 0 {
			a.left++
			break
		}
		select {
		case <-a.ending:
			a.patience = 0
		case <-time.After(step):
		}
	}
	p.release()
}

// close writes what is left, within a time, and gives the remarks that there are.
func (a *audit) close(within time.Duration) []Log {
	close(a.ending)
	a.mu.Lock()
	a.closed = true
	close(a.queue)
	a.mu.Unlock()
	select {
	case <-a.done:
	case <-time.After(within):
		a.abort()
		select {
		case <-a.done:
		case <-time.After(auditStop): // a disk that does not answer
			return []Log{{Level: "warning", Message: "The last raw answers of the portal are not kept: their store did not answer in time."}}
		}
	}
	a.abort()
	if a.left > 0 {
		a.remark(fmt.Sprintf("%d raw answers of the portal are not kept: their store was too slow.", a.left))
	}
	return a.remarks
}

// giveUp ends the work of an audit, whatever it is at.
func (a *audit) giveUp() {
	if a != nil {
		a.abort()
	}
}

func (a *audit) remark(message string) {
	a.remarks = append(a.remarks, Log{Level: "warning", Message: message})
}

// work writes what comes until there is no more, or the job has gone.
func (a *audit) work() {
	defer close(a.done)
	defer func() {
		if cause := recover(); cause != nil {
			a.stop(panicked(cause))
		}
		for p := range a.queue { // ends with the job
			p.release()
		}
	}()
	timer := time.NewTimer(minAuditPause)
	defer timer.Stop()
	for {
		select {
		case <-a.ctx.Done():
			a.stop(context.Cause(a.ctx))
			return
		case p, more := <-a.queue:
			if !more {
				a.settle(a.write(true))
				return
			}
			a.settle(a.add(p))
		case <-timer.C:
			if time.Since(a.last) >= a.pause() {
				a.settle(a.write(true))
			}
			timer.Reset(minAuditPause)
		}
		if a.deaf.Load() {
			return
		}
	}
}

// pause is how long answers may wait to be written: the longer a job takes the
// longer, so that the chunks of one that takes hours are not too many.
func (a *audit) pause() time.Duration {
	return min(max(time.Since(a.began)/20, minAuditPause), maxAuditPause)
}

func (a *audit) settle(err error) {
	if err != nil {
		a.stop(err)
	}
}

// stop keeps nothing more, and says why.
func (a *audit) stop(err error) {
	if a.deaf.Swap(true) {
		return
	}
	switch {
	case errors.Is(err, errAuditFull):
		a.remark(fmt.Sprintf("The raw answers of the portal are kept up to %d bytes of a job: the later ones of this job are not.", a.most))
	case errors.Is(err, context.Canceled):
		a.remark("The last raw answers of the portal are not kept: the job ended before they were written.")
	case errors.Is(err, blob.ErrFull):
		a.remark("The raw answers of the portal are not kept from here on: their store has no room left.")
	default:
		a.remark("The raw answers of the portal are not kept from here on: their store failed.")
	}
	if !errors.Is(err, errAuditFull) {
		slog.Warn("harvest: the raw answers of a portal are not kept any more", "job", a.job, "error", err)
	}
}

// add writes an answer to the chunk, or to several.
func (a *audit) add(p auditPage) (err error) {
	defer func() {
		a.held.Add(-p.size())
		p.release()
	}()
	if a.size+int64(a.chunk.Len()) >= a.most {
		return errors.Join(a.write(true), errAuditFull)
	}
	if a.large = p.size() > auditChunkSize; a.large { // what may be taken back has chunks of its own
		if err := a.write(true); err != nil {
			return err
		}
	}
	a.from = a.seq
	if err := a.entries(p); err != nil {
		a.takeBack()
		return err
	}
	a.answers++
	if a.large || a.chunk.Len() >= auditChunkSize {
		return a.write(true)
	}
	return nil
}

// entries writes the entries of an answer.
func (a *audit) entries(p auditPage) error {
	if a.tar == nil {
		a.tar = tar.NewWriter(auditIn{a})
	}
	folder := fmt.Sprintf("harvest-%s/%d-%06d", a.job, a.attempt+1, p.number)
	about := p.about(a.masks, folder)
	header := tar.Header{Typeflag: tar.TypeReg, Name: folder + ".about.json", Mode: 0o640, Size: int64(len(about)), ModTime: p.at, Format: tar.FormatUSTAR}
	if err := a.tar.WriteHeader(&header); err != nil {
		return err
	}
	if _, err := a.tar.Write(about); err != nil {
		return err
	}
	if p.body != nil {
		header.Name, header.Size = folder+p.extension(), p.body.size
		if err := a.tar.WriteHeader(&header); err != nil {
			return err
		}
		if _, err := io.CopyN(a.tar, newMasked(p.body.whole(), a.masks), p.body.size); err != nil {
			return err
		}
	}
	return a.tar.Flush()
}

// auditIn is where the archive is compressed.
type auditIn struct{ *audit }

func (a auditIn) Write(p []byte) (int, error) {
	if !a.opened {
		if a.encoder == nil {
			encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
				zstd.WithWindowSize(1<<20), zstd.WithLowerEncoderMem(true))
			if err != nil {
				return 0, err
			}
			a.encoder = encoder
		}
		a.chunk.Reset()
		a.chunk.Write(a.label())
		a.encoder.Reset(&a.chunk)
		a.opened = true
	}
	n, err := a.encoder.Write(p)
	if err != nil || !a.large {
		return n, err
	}
	if a.size+int64(a.chunk.Len()) > a.most {
		return n, errAuditFull
	}
	if a.chunk.Len() >= auditChunkSize {
		err = a.write(false)
	}
	return n, err
}

// label is a skippable frame that names the chunk: no two of them have the same bytes,
// by which the store would take them for one.
func (a *audit) label() []byte {
	name := fmt.Sprintf("%s/%d/%d", a.job, a.attempt+1, a.seq)
	frame := binary.LittleEndian.AppendUint32(nil, 0x184D2A50)
	return append(binary.LittleEndian.AppendUint32(frame, uint32(len(name))), name...)
}

// write ends the chunk and stores it; whole tells that no answer goes on in the next.
func (a *audit) write(whole bool) error {
	a.last = time.Now()
	if !a.opened {
		return nil
	}
	if err := a.ctx.Err(); err != nil {
		return err
	}
	if err := a.encoder.Close(); err != nil {
		return err
	}
	a.opened = false
	sum := sha256.Sum256(a.chunk.Bytes())
	row := auditChunk{
		JobID: a.job, Attempt: a.attempt, Seq: a.seq, SHA256: hex.EncodeToString(sum[:]), Size: int64(a.chunk.Len()), Answers: a.answers, Whole: whole, WrittenAt: db.Now(),
	}
	a.seq++
	ctx, cancel := context.WithTimeout(a.ctx, time.Minute)
	defer cancel()
	err := a.db.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewInsert().Model(&row).Exec(ctx)
		return err
	})
	if err == nil {
		err = a.store.Put(ctx, row.SHA256, bytes.NewReader(a.chunk.Bytes()), row.Size)
	}
	a.size, a.answers = a.size+row.Size, 0
	a.chunk.Reset()
	return err
}

// takeBack removes the chunks of an answer that was not written whole. Where that fails
// they are removed with the job, and not read until then.
func (a *audit) takeBack() {
	if !a.large {
		return
	}
	a.opened = false
	a.chunk.Reset()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(a.ctx), auditStop)
	defer cancel()
	err := removeAudit(ctx, a.db, a.store, "job_id = ? AND attempt = ? AND seq >= ?", a.job, a.attempt, a.from)
	if err != nil {
		slog.Warn("harvest: a part of a raw answer is left behind until its job is removed", "job", a.job, "error", err)
	}
}
