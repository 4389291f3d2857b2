package event

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/uptrace/bun"

	"grenier/internal/db"
)

// Log writes and reads events.
type Log struct {
	db       *db.DB
	mu       sync.Mutex
	news     chan struct{}
	onCommit []func([]Event)
	tell     chan struct{}
}

// NewLog returns the log of a database.
func NewLog(d *db.DB) *Log {
	return &Log{db: d, news: make(chan struct{}), tell: make(chan struct{}, 1)}
}

// DB is the database the log lives in.
func (l *Log) DB() *db.DB { return l.db }

// OnCommit registers fn to run after each commit of this node and before its
// Write returns. It must be quick; what may take time follows the log.
func (l *Log) OnCommit(fn func([]Event)) { l.onCommit = append(l.onCommit, fn) }

// Tx is a write that collects its events; they are appended to the log as the
// last statements before the commit.
type Tx struct {
	*db.Tx
	events []Event
}

// Emit adds an event to the write.
func (tx *Tx) Emit(e Event) { tx.events = append(tx.events, e) }

// Write runs fn in one transaction with its events.
func (l *Log) Write(ctx context.Context, lane db.Lane, fn func(ctx context.Context, tx *Tx) error) error {
	var written []Event
	err := l.db.Write(ctx, lane, func(ctx context.Context, inner *db.Tx) error {
		tx := &Tx{Tx: inner}
		written = nil
		if err := fn(ctx, tx); err != nil {
			return err
		}
		if len(tx.events) == 0 {
			return nil
		}
		written = tx.events
		return appendEvents(ctx, inner, tx.events)
	})
	if err != nil {
		return err
	}
	if len(written) > 0 {
		for _, fn := range l.onCommit {
			fn(written)
		}
		l.Wake()
		select {
		case l.tell <- struct{}{}:
		default:
		}
	}
	return nil
}

// advisoryLock is the key under which PostgreSQL hands out log positions one
// commit at a time, so that a reader never passes a position that a slower
// transaction has yet to show.
const advisoryLock = 0x6772656e696572

const appendBatch = 500

func appendEvents(ctx context.Context, tx *db.Tx, events []Event) error {
	if tx.Postgres() {
		if _, err := tx.NewRaw("SELECT pg_advisory_xact_lock(?)", int64(advisoryLock)).Exec(ctx); err != nil {
			return fmt.Errorf("event: lock of the log: %w", err)
		}
	}
	now := db.Now()
	for len(events) > 0 {
		batch := events[:min(appendBatch, len(events))]
		events = events[len(batch):]
		var values []any
		for i := range batch {
			e := &batch[i]
			if e.At.IsZero() {
				e.At = now
			}
			values = append(values, bun.In([]any{e.At, e.Kind, e.ObjectKind, e.Object, e.Owner, e.ActorKind, e.Actor,
				e.Version, e.SeenBefore, e.SeenAfter, strings.Join(e.Fields, ",")}))
		}
		query := "INSERT INTO events (at, kind, object_kind, object, owner, actor_kind, actor, version, seen_before, seen_after, fields) VALUES " +
			strings.TrimSuffix(strings.Repeat("(?), ", len(batch)), ", ")
		if _, err := tx.NewRaw(query, values...).Exec(ctx); err != nil {
			return fmt.Errorf("event: append: %w", err)
		}
	}
	return nil
}

// Head returns the position of the newest event, 0 when there is none.
func (l *Log) Head(ctx context.Context, read bun.IDB) (int64, error) {
	var head sql.NullInt64
	err := read.NewRaw("SELECT max(seq) FROM events").Scan(ctx, &head)
	return head.Int64, err
}

// Since returns up to limit events after a position, in order.
func (l *Log) Since(ctx context.Context, after int64, limit int) ([]Event, error) {
	var rows []row
	err := l.db.Read().NewRaw(`SELECT seq, at, kind, object_kind, object, owner, actor_kind, actor, version, seen_before, seen_after, fields
		FROM events WHERE seq > ? ORDER BY seq LIMIT ?`, after, limit).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("event: read after %d: %w", after, err)
	}
	events := make([]Event, len(rows))
	for i, r := range rows {
		events[i] = r.event()
	}
	return events, nil
}

// Prune removes events older than a moment, but keeps the last of every
// object, so that a mirror can still start from nothing. It removes at most
// limit rows and returns how many.
func (l *Log) Prune(ctx context.Context, before db.Time, limit int) (int64, error) {
	var removed int64
	err := l.db.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
		result, err := tx.NewRaw(`DELETE FROM events WHERE seq IN (
			SELECT e.seq FROM events e WHERE e.at < ?
			AND EXISTS (SELECT 1 FROM events later WHERE later.object = e.object AND later.seq > e.seq)
			ORDER BY e.seq LIMIT ?)`, before, limit).Exec(ctx)
		if err != nil {
			return err
		}
		removed, err = result.RowsAffected()
		return err
	})
	return removed, err
}

// Wake tells the followers of this node that there may be news.
func (l *Log) Wake() {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.news)
	l.news = make(chan struct{})
}

func (l *Log) newsChannel() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.news
}

// Follower reacts to the log on this node and keeps its own position.
type Follower interface {
	// Name is shown in metrics and logs.
	Name() string
	// Position is the last event the follower has dealt with.
	Position() int64
	// Apply deals with events in order and moves the position. An error
	// is tried again with the same events.
	Apply(ctx context.Context, events []Event) error
}

const followBatch = 1000

// Follow runs a follower until the context ends. A notification is a hint, the
// poll each second is the truth. failed is told of errors; the follower goes on
// after a pause that grows to half a minute.
func (l *Log) Follow(ctx context.Context, f Follower, failed func(error)) {
	pause := time.Second
	for ctx.Err() == nil {
		news := l.newsChannel()
		more, err := l.step(ctx, f)
		switch {
		case err != nil && ctx.Err() == nil:
			failed(fmt.Errorf("follower %s: %w", f.Name(), err))
			wait(ctx, nil, pause)
			pause = min(pause*2, 30*time.Second)
		case !more:
			pause = time.Second
			wait(ctx, news, time.Second)
		}
	}
}

// CatchUp applies everything that is in the log now.
func (l *Log) CatchUp(ctx context.Context, f Follower) error {
	for {
		more, err := l.step(ctx, f)
		if err != nil || !more {
			return err
		}
	}
}

func (l *Log) step(ctx context.Context, f Follower) (more bool, err error) {
	events, err := l.Since(ctx, f.Position(), followBatch)
	if err != nil || len(events) == 0 {
		return false, err
	}
	return true, f.Apply(ctx, events)
}

func wait(ctx context.Context, news <-chan struct{}, at time.Duration) {
	timer := time.NewTimer(at)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-news:
	case <-timer.C:
	}
}

