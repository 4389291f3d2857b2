package job

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"grenier/internal/db"
	"grenier/internal/fault"
)

// Enqueue adds a job within a write; it starts after the commit. added is false
// when a job of the same kind and unique key waits or runs already.
func (r *Runner) Enqueue(ctx context.Context, tx *db.Tx, what New) (id int64, added bool, err error) {
	kind := r.kinds[what.Kind]
	if kind == nil {
		return 0, false, fmt.Errorf("job: nobody registered the kind %q", what.Kind)
	}
	now := db.Now()
	job := Job{
		Kind: what.Kind, Args: db.JSON("{}"), State: Ready, Priority: int64(kind.Priority), MaxAttempts: int64(kind.Attempts),
		RunAt: db.TimeOf(now.Add(what.Delay)), CreatedAt: now,
	}
	if what.Args != nil {
		if job.Args, err = json.Marshal(what.Args); err != nil {
			return 0, false, fmt.Errorf("job: arguments of %s: %w", what.Kind, err)
		}
	}
	if what.Priority != 0 {
		job.Priority = int64(what.Priority)
	}
	if what.Unique != "" {
		job.UniqueKey = &what.Unique
	}
	var ids []int64
	err = tx.NewRaw(`INSERT INTO jobs (kind, unique_key, args, state, priority, attempt, max_attempts, run_at, cancel, created_at)
		VALUES (?, ?, ?, ?, ?, 0, ?, ?, FALSE, ?)
		ON CONFLICT (kind, unique_key) WHERE state IN ('ready', 'running') AND unique_key IS NOT NULL DO NOTHING RETURNING id`,
		job.Kind, job.UniqueKey, job.Args, job.State, job.Priority, job.MaxAttempts, job.RunAt, job.CreatedAt).Scan(ctx, &ids)
	if err != nil {
		return 0, false, fmt.Errorf("job: enqueue %s: %w", what.Kind, err)
	}
	if len(ids) == 0 {
		return 0, false, nil
	}
	tx.After(r.bell.Ring)
	return ids[0], true, nil
}

// Cancel ends a job: one that waits never starts, one that runs has its context
// ended, here at once and on another node within a second.
func (r *Runner) Cancel(ctx context.Context, id int64) error {
	var states []State
	err := r.db.Write(ctx, db.People, func(ctx context.Context, tx *db.Tx) error {
		states = nil
		return tx.NewRaw(`UPDATE jobs SET cancel = TRUE, state = CASE WHEN state = 'ready' THEN 'cancelled' ELSE state END,
			finished_at = CASE WHEN state = 'ready' THEN ? ELSE finished_at END
			WHERE id = ? AND state IN ('ready', 'running') RETURNING state`, db.Now(), id).Scan(ctx, &states)
	})
	switch {
	case err != nil:
		return err
	case len(states) == 0:
		return fault.New(fault.NotFound, "No such job waits or runs.")
	}
	r.interrupt(ErrCancelled, func(a *attempt) bool { return a.job.ID == id })
	return nil
}

// Retry makes a failed or cancelled job ready again, with all its attempts.
func (r *Runner) Retry(ctx context.Context, id int64) error {
	var ids []int64
	err := r.db.Write(ctx, db.People, func(ctx context.Context, tx *db.Tx) error {
		ids = nil
		err := tx.NewRaw(`UPDATE jobs SET state = 'ready', attempt = 0, cancel = FALSE, run_at = ?, finished_at = NULL
			WHERE id = ? AND state IN ('failed', 'cancelled') RETURNING id`, db.Now(), id).Scan(ctx, &ids)
		if len(ids) > 0 {
			tx.After(r.bell.Ring)
		}
		return err
	})
	switch {
	case db.IsUnique(err):
		return fault.New(fault.Conflict, "The same work waits or runs already.")
	case err == nil && len(ids) == 0:
		return fault.New(fault.NotFound, "No such job has failed.")
	}
	return err
}

// Filter narrows a list of jobs; empty members do not.
type Filter struct {
	Kind          string
	State         State
	Offset, Limit int
}

// List returns a page of jobs, the newest first, and their number.
func (r *Runner) List(ctx context.Context, f Filter) (jobs []Job, total int, err error) {
	err = r.db.Snapshot(ctx, func(ctx context.Context, read bun.IDB) error {
		query := read.NewSelect().Model(&jobs)
		if f.Kind != "" {
			query = query.Where("kind = ?", f.Kind)
		}
		if f.State != "" {
			query = query.Where("state = ?", f.State)
		}
		count, err := query.Clone().Count(ctx)
		if err != nil {
			return err
		}
		total = int(count)
		return query.OrderExpr("id DESC").Limit(int64(f.Limit)).Offset(int64(f.Offset)).Scan(ctx)
	})
	return jobs, total, err
}

// Kinds are the names of the registered kinds, in no order.
func (r *Runner) Kinds() []string {
	names := make([]string, 0, len(r.kinds))
	for name := range r.kinds {
		names = append(names, name)
	}
	return names
}

// OldestReady returns for how long the job that waits longest could have run; 0
// when none waits.
func (r *Runner) OldestReady(ctx context.Context) (time.Duration, error) {
	var oldest db.Time
	now := db.Now()
	err := r.db.Read().NewRaw("SELECT min(run_at) FROM jobs WHERE state = 'ready' AND run_at <= ?", now).Scan(ctx, &oldest)
	if err != nil || oldest.IsZero() {
		return 0, err
	}
	return now.Sub(oldest.Time), nil
}
