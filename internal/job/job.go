// Package job runs work in the background: rows in the database, claimed under a
// lease by any node, tried again after errors, run on a schedule. A job may run
// more than once (its node may vanish after the effect and before the row says
// so), so handlers must bear repetition.
package job

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/uptrace/bun"

	"grenier/internal/db"
)

// State is where a job stands.
type State string

// The states of a job.
const (
	Ready     State = "ready"
	Running   State = "running"
	Done      State = "done"
	Failed    State = "failed"
	Cancelled State = "cancelled"
)

// Why the context of a handler ends, by context.Cause.
var (
	// ErrStopping: the node stops; the job is handed back and goes on later.
	ErrStopping = errors.New("job: the node stops")
	// ErrCancelled: somebody cancelled the job.
	ErrCancelled = errors.New("job: cancelled")
	// ErrLost: the lease was lost, another node may have the job.
	ErrLost = errors.New("job: the lease was lost")
	// ErrTooLong: the handler outlived the kind's time.
	ErrTooLong = errors.New("job: took too long")
)

// Kind is a sort of work.
type Kind struct {
	// Name is unique: "events.prune".
	Name string
	// Work does one job. It must end soon after its context does.
	Work func(ctx context.Context, run *Run) error
	// Attempts is how often a job is tried in all; 0 means 10.
	Attempts int
	// Limit is how many run at once on one node; 0 means as many as there
	// are workers.
	Limit int
	// Priority orders what waits, smallest first; 0 means 100.
	Priority int
	// Timeout ends the context of one attempt; 0 means 30 minutes.
	Timeout time.Duration
	// Schedule is a cron expression of five fields, or @daily and the like,
	// in the runner's time zone; empty for what is only enqueued. A run that
	// was missed while no node was up is made up for once.
	Schedule string
}

func (k *Kind) complete() {
	if k.Attempts <= 0 {
		k.Attempts = 10
	}
	if k.Priority == 0 {
		k.Priority = 100
	}
	if k.Timeout <= 0 {
		k.Timeout = 30 * time.Minute
	}
}

// Job is one piece of work.
type Job struct {
	bun.BaseModel `bun:"table:jobs"`

	ID   int64  `bun:"id,pk,autoincrement"`
	Kind string `bun:"kind"`
	// UniqueKey lets only one job of its kind and key wait or run; nil for
	// any number.
	UniqueKey   *string `bun:"unique_key"`
	Args        db.JSON `bun:"args"`
	State       State   `bun:"state"`
	Priority    int64   `bun:"priority"`
	Attempt     int64   `bun:"attempt"`
	MaxAttempts int64   `bun:"max_attempts"`
	RunAt       db.Time `bun:"run_at"`
	Node        *string `bun:"node"`
	LeaseUntil  db.Time `bun:"lease_until"`
	Cancel      bool    `bun:"cancel"`
	// Percent and Progress are what the handler last told.
	Percent    *int64  `bun:"percent"`
	Progress   *string `bun:"progress"`
	LastError  *string `bun:"last_error"`
	CreatedAt  db.Time `bun:"created_at"`
	FinishedAt db.Time `bun:"finished_at"`
}

// New is what to do.
type New struct {
	// Kind must be registered.
	Kind string
	// Args is encoded as JSON; nil is {}.
	Args any
	// Unique, when not empty, drops the job if one of the same kind and key
	// waits or runs.
	Unique string
	// Delay puts the start off.
	Delay time.Duration
	// Priority overrides the kind's when not 0.
	Priority int
}

// Run is one attempt at a job, as its handler sees it.
type Run struct {
	ID      int64
	Kind    string
	Attempt int
	args    db.JSON

	mu      sync.Mutex
	percent int
	text    string
	told    bool
}

// Decode reads the arguments into v.
func (r *Run) Decode(v any) error {
	if err := json.Unmarshal(r.args, v); err != nil {
		return Permanent(fmt.Errorf("job: arguments: %w", err))
	}
	return nil
}

// Progress tells how far the work is: a percentage and a line for people. It is
// cheap: the newest is written down once a second.
func (r *Run) Progress(percent int, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.percent, r.text, r.told = min(max(percent, 0), 100), text, true
}

// takeProgress returns what was told since the last call.
func (r *Run) takeProgress() (percent int, text string, told bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	told, r.told = r.told, false
	return r.percent, r.text, told
}

type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// Permanent marks an error that trying again cannot mend.
func Permanent(err error) error { return permanent{err} }

// backoff is the pause before the next attempt: 2 s, 4 s, 8 s … at most an hour.
func backoff(attempt int64) time.Duration {
	return min(time.Hour, time.Second<<min(attempt, 12))
}
