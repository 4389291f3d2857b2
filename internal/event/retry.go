package event

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"grenier/internal/db"
	"grenier/internal/fault"
)

// RetryKey names a request that its sender may repeat: whoever sends it, the key
// that they gave it, and a digest of what was asked.
type RetryKey struct{ Caller, Key, Request string }

// Retries remembers such requests in the database, so that a repeated one does
// nothing. The key is written in the transaction of the request's first write: a
// crash leaves both or neither.
type Retries struct {
	db      *db.DB
	mu      sync.Mutex
	running map[[2]string]bool
}

// NewRetries returns the memory of a log's database.
func NewRetries(l *Log) *Retries { return &Retries{db: l.db, running: map[[2]string]bool{}} }

// Kept is what is known of a request that was made before.
type Kept struct {
	// Status and Body are its answer; 0 when it did its work and the answer
	// was lost.
	Status int
	Body   string
	// Kind and Object name what it changed, when the answer was lost.
	Kind, Object string
}

// claim is a key on its way through the writes of one request.
type claim struct {
	RetryKey
	done bool
}

type claimKey struct{}

// retryWait is how long a request that has no answer yet may still run on
// another node; runsStill asks to come back meanwhile.
const retryWait = 45 * time.Second

var (
	errRunsStill = fault.New(fault.Conflict, "A request with this Idempotency-Key runs at this moment: send it again shortly to get its answer.").After(time.Second)
	errOtherUse  = fault.New(fault.Conflict, "This Idempotency-Key was used for another request: give each request a key of its own.")
)

// Begin looks for a request that was made before. When there is none, it returns
// a context for the writes of this one, and end, which must be called once it is
// over: with the answer, or with status 0 when there is none to keep. Conflict
// while the first still runs, and when the key stands for another request.
func (r *Retries) Begin(ctx context.Context, key RetryKey) (inner context.Context, kept *Kept, end func(ctx context.Context, status int, body string) error, err error) {
	name := [2]string{key.Caller, key.Key}
	r.mu.Lock()
	running := r.running[name]
	r.running[name] = true
	r.mu.Unlock()
	if running {
		return nil, nil, nil, errRunsStill
	}
	leave := func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.running, name)
	}
	kept, err = r.find(ctx, key)
	if err != nil || kept != nil {
		leave()
		return nil, kept, nil, err
	}
	c := &claim{RetryKey: key}
	end = func(ctx context.Context, status int, body string) error {
		defer leave()
		return r.keep(ctx, c, status, body)
	}
	return context.WithValue(ctx, claimKey{}, c), nil, end, nil
}

func (r *Retries) find(ctx context.Context, key RetryKey) (*Kept, error) {
	var rows []struct {
		Request, ObjectKind, Object string
		Status                      *int
		Body                        *string
		At                          db.Time
	}
	err := r.db.Read().NewRaw("SELECT request, object_kind, object, status, body, at FROM retries WHERE caller = ? AND key = ? AND at > ?",
		key.Caller, key.Key, db.TimeOf(time.Now().Add(-RetryTime))).Scan(ctx, &rows)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	row := rows[0]
	kept := &Kept{Kind: row.ObjectKind, Object: row.Object}
	switch {
	case row.Request != key.Request:
		return nil, errOtherUse
	case row.Status != nil:
		kept.Status = *row.Status
		if row.Body != nil {
			kept.Body = *row.Body
		}
	case time.Since(row.At.Time) < retryWait && r.db.Postgres():
		return nil, errRunsStill
	}
	return kept, nil
}

// keep writes the answer of a request down. One that wrote nothing by the log
// gets its row here.
func (r *Retries) keep(ctx context.Context, c *claim, status int, body string) error {
	if status == 0 {
		return nil
	}
	return r.db.Write(ctx, db.People, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewRaw(`INSERT INTO retries (caller, key, request, object_kind, object, status, body, at) VALUES (?, ?, ?, '', '', ?, ?, ?)
			ON CONFLICT (caller, key) DO UPDATE SET status = EXCLUDED.status, body = EXCLUDED.body WHERE retries.request = EXCLUDED.request`,
			c.Caller, c.Key, c.Request, status, body, db.Now()).Exec(ctx)
		return err
	})
}

// RetryTime is for how long a key is remembered.
const RetryTime = 24 * time.Hour

// Prune forgets keys older than RetryTime, some at a time.
func (r *Retries) Prune(ctx context.Context) error {
	for {
		var removed int64
		err := r.db.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
			result, err := tx.NewRaw(`DELETE FROM retries WHERE (caller, key) IN (SELECT caller, key FROM retries WHERE at <= ? ORDER BY at LIMIT ?)`,
				db.TimeOf(time.Now().Add(-RetryTime)), pruneBatch).Exec(ctx)
			if err != nil {
				return err
			}
			removed, err = result.RowsAffected()
			return err
		})
		if err != nil || removed < pruneBatch {
			return err
		}
	}
}

// claimed returns the key that this write claims, if its request has one that no
// earlier write of the same request took.
func claimed(ctx context.Context) *claim {
	c, _ := ctx.Value(claimKey{}).(*claim)
	if c == nil || c.done {
		return nil
	}
	return c
}

// take writes the key as the first statement of a write. On PostgreSQL it waits
// for another transaction that has the same key.
func (c *claim) take(ctx context.Context, tx *Tx) error {
	if err := c.insert(ctx, tx.Tx); err != nil {
		return err
	}
	tx.Last(func(ctx context.Context) error {
		e := main(tx.events)
		return c.about(ctx, tx.Tx, e.ObjectKind, e.Object)
	})
	return nil
}

// Claim takes the key of the request, if it has one, within its only write when
// the log is told nothing of it; kind and object name what is made.
func Claim(ctx context.Context, tx *db.Tx, kind, object string) error {
	c := claimed(ctx)
	if c == nil {
		return nil
	}
	if err := c.insert(ctx, tx); err != nil {
		return err
	}
	return c.about(ctx, tx, kind, object)
}

func (c *claim) insert(ctx context.Context, tx *db.Tx) error {
	now := db.Now()
	result, err := tx.NewRaw(`INSERT INTO retries (caller, key, request, object_kind, object, at) VALUES (?, ?, ?, '', '', ?)
		ON CONFLICT (caller, key) DO UPDATE SET request = EXCLUDED.request, object_kind = '', object = '', status = NULL, body = NULL, at = EXCLUDED.at
		WHERE retries.at <= ?`, c.Caller, c.Key, c.Request, now, db.TimeOf(now.Add(-RetryTime))).Exec(ctx)
	if err != nil {
		return fmt.Errorf("event: key of the request: %w", err)
	}
	if taken, err := result.RowsAffected(); err != nil || taken == 0 {
		if err == nil {
			err = errRunsStill
		}
		return err
	}
	return nil
}

// about notes what the write changed.
func (c *claim) about(ctx context.Context, tx *db.Tx, kind, object string) error {
	_, err := tx.NewRaw("UPDATE retries SET object_kind = ?, object = ? WHERE caller = ? AND key = ?", kind, object, c.Caller, c.Key).Exec(ctx)
	return err
}

// main is the event of what a write was about: counters that moved beside come
// second.
func main(events []Event) Event {
	for _, e := range events {
		if !strings.HasSuffix(e.Kind, ".counted") {
			return e
		}
	}
	return Event{}
}
