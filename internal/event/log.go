package event

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"grenier/internal/db"
)

// Log writes and reads events.
type Log struct {
	db       *db.DB
	bell     *db.Bell
	onCommit []func([]Event)
}

// NewLog returns the log of a database.
func NewLog(d *db.DB) *Log { return &Log{db: d, bell: db.NewBell(d, "grenier_events")} }

// DB is the database the log lives in.
func (l *Log) DB() *db.DB { return l.db }

// OnCommit registers fn to run after each commit of this node that has events,
// before its Write returns. It must be quick and able to run beside itself;
// what may take time follows the log. Register before the first write.
func (l *Log) OnCommit(fn func([]Event)) { l.onCommit = append(l.onCommit, fn) }

// Tx is a write that collects its events; they are appended to the log as the
// last statements before the commit.
type Tx struct {
	*db.Tx
	events   []Event
	expected int64
}

// Emit adds an event to the write.
func (tx *Tx) Emit(e Event) { tx.events = append(tx.events, e) }

// Write runs fn in one transaction with its events. fn must be able to run
// twice, see db.DB.Write.
func (l *Log) Write(ctx context.Context, lane db.Lane, fn func(ctx context.Context, tx *Tx) error) error {
	var written []Event
	key := claimed(ctx)
	err := l.db.Write(ctx, lane, func(ctx context.Context, inner *db.Tx) error {
		tx := &Tx{Tx: inner, expected: expected(ctx)}
		written = nil
		if key != nil {
			if err := key.take(ctx, tx); err != nil {
				return err
			}
		}
		if err := fn(ctx, tx); err != nil {
			return err
		}
		// Registered after what fn left for the end, so that nothing works
		// under the lock of the log.
		inner.Last(func(ctx context.Context) error {
			written = tx.events
			return appendEvents(ctx, inner, tx.events)
		})
		return nil
	})
	if err == nil && key != nil {
		key.done = true
	}
	if err != nil || len(written) == 0 {
		return err
	}
	for _, fn := range l.onCommit {
		fn(written)
	}
	l.bell.Ring()
	return nil
}

// advisoryLock is the key under which PostgreSQL hands out log positions one
// commit at a time, so that a reader never passes a position that a slower
// transaction has yet to show.
const advisoryLock = 0x6772656e696572

const appendBatch = 500

// appendEvents writes events and gives them their positions and moment.
func appendEvents(ctx context.Context, tx *db.Tx, events []Event) error {
	if len(events) == 0 {
		return nil
	}
	now := db.Now()
	for batch := range slices.Chunk(events, appendBatch) {
		var values []any
		for i := range batch {
			e := &batch[i]
			if e.At.IsZero() {
				e.At = now
			}
			values = append(values, bun.List([]any{e.At, e.Kind, e.ObjectKind, e.Object, e.Owner, e.ActorKind, e.Actor,
				e.Version, e.SeenBefore, e.SeenAfter, strings.Join(e.Fields, ",")}))
		}
		rows := "VALUES " + strings.TrimSuffix(strings.Repeat("(?), ", len(batch)), ", ")
		if tx.Postgres() {
			rows = underLock(rows)
		}
		query := "INSERT INTO events (at, kind, object_kind, object, owner, actor_kind, actor, version, seen_before, seen_after, fields) " + rows + " RETURNING seq"
		var positions []int64
		if err := tx.NewRaw(query, values...).Scan(ctx, &positions); err != nil {
			return fmt.Errorf("event: append: %w", err)
		}
		slices.Sort(positions)
		for i := range batch {
			batch[i].Seq = positions[i]
		}
	}
	return nil
}

// underLock gives the rows once the lock of the log is held, so that the lock
// costs no message of its own: a position is drawn for a row that the join has
// given, and the join gives none before the lock is taken.
func underLock(rows string) string {
	return fmt.Sprintf("SELECT e.* FROM (SELECT pg_advisory_xact_lock(%d)) l, (%s) e", int64(advisoryLock), rows)
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
	return eventsOf(rows), nil
}

// pruneBatch bounds the rows that Prune looks at and removes at a time, so that
// its transactions stay short.
const pruneBatch = 2000

// Prune removes the events older than a moment, but keeps the last of every
// object, so that a mirror can still start from nothing. It returns how many it
// removed, also when it ends early by an error.
func (l *Log) Prune(ctx context.Context, before db.Time) (removed int64, err error) {
	for from := int64(0); ; {
		var page []struct {
			Seq        int64
			Superseded bool
			Seen       bool
		}
		// A later event of the object is a reason that never goes away: it
		// is removed only when there is one still later.
		err := l.db.Read().NewRaw(`SELECT e.seq, EXISTS (SELECT 1 FROM events later WHERE later.object = e.object AND later.seq > e.seq) AS superseded,
			(e.seen_before = TRUE OR e.seen_after = TRUE) AS seen FROM events e WHERE e.seq > ? AND e.at < ? ORDER BY e.seq LIMIT ?`, from, before, pruneBatch).Scan(ctx, &page)
		if err != nil {
			return removed, fmt.Errorf("event: prune: %w", err)
		}
		var superseded []int64
		var horizon int64
		for _, e := range page {
			from = e.Seq
			if !e.Superseded {
				continue
			}
			superseded = append(superseded, e.Seq)
			if e.Seen {
				horizon = e.Seq
			}
		}
		if err := l.remove(ctx, superseded, horizon); err != nil {
			return removed, err
		}
		removed += int64(len(superseded))
		if len(page) < pruneBatch {
			return removed, nil
		}
	}
}

// remove clears positions, and raises the horizon unless it is 0.
func (l *Log) remove(ctx context.Context, positions []int64, horizon int64) error {
	if len(positions) == 0 {
		return nil
	}
	return l.db.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.NewRaw("DELETE FROM events WHERE seq IN (?)", bun.List(positions)).Exec(ctx); err != nil {
			return fmt.Errorf("event: prune: %w", err)
		}
		if horizon == 0 {
			return nil
		}
		return raiseHorizon(ctx, tx, horizon)
	})
}
