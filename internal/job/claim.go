package job

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"grenier/internal/db"
)

// window bounds the jobs among which a claim chooses.
const window = 200

// claim takes the most urgent jobs that there is room for. Looking is a read;
// only taking writes.
func (r *Runner) claim(ctx context.Context) ([]Job, error) {
	free, kinds := r.room()
	if free <= 0 || len(kinds) == 0 {
		return nil, nil
	}
	var waiting []struct {
		ID   int64
		Kind string
	}
	err := r.db.Read().NewRaw("SELECT id, kind FROM jobs WHERE state = 'ready' AND run_at <= ? AND kind IN (?) ORDER BY priority, run_at, id LIMIT ?",
		db.Now(), bun.List(slices.Collect(maps.Keys(kinds))), window).Scan(ctx, &waiting)
	if err != nil {
		return nil, err
	}
	var chosen []int64
	for _, job := range waiting {
		if kinds[job.Kind] > 0 && len(chosen) < free {
			kinds[job.Kind]--
			chosen = append(chosen, job.ID)
		}
	}
	// A stop must not leave in doubt whether the jobs were taken.
	taking, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return r.take(taking, chosen)
}

// take makes ready jobs run here, as far as no other node was faster.
func (r *Runner) take(ctx context.Context, ids []int64) ([]Job, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	// Whoever wants the same rows takes others instead of waiting.
	skip := ""
	if r.db.Postgres() {
		skip = " FOR UPDATE SKIP LOCKED"
	}
	var taken []Job
	err := r.db.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
		taken = nil
		return tx.NewRaw(`UPDATE jobs SET state = 'running', attempt = attempt + 1, node = ?, lease_until = ?, percent = NULL, progress = NULL
			WHERE id IN (SELECT id FROM jobs WHERE id IN (?) AND state = 'ready'`+skip+`) RETURNING *`,
			r.node, r.leaseEnd(), bun.List(ids)).Scan(ctx, &taken)
	})
	slices.SortFunc(taken, func(a, b Job) int {
		return int(slices.Index(ids, a.ID) - slices.Index(ids, b.ID))
	})
	return taken, err
}

func (r *Runner) leaseEnd() db.Time { return db.TimeOf(time.Now().Add(r.options.Lease)) }

// leftBehind is the error of a job whose last attempt ended with its node.
const leftBehind = "the node that ran it stopped without a word during the last attempt"

// takeBack makes jobs ready again whose node gave no sign of life in time, or
// all that run when no other process may run any. An attempt that ended with
// its node counts, so that work which brings nodes down comes to an end.
func (r *Runner) takeBack(ctx context.Context, all bool) error {
	limit := db.Now()
	if all {
		limit = db.TimeOf(time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC))
	}
	var lapsed []int64
	err := r.db.Read().NewRaw("SELECT id FROM jobs WHERE state = 'running' AND lease_until < ? LIMIT ?", limit, 1000).Scan(ctx, &lapsed)
	if err != nil || len(lapsed) == 0 {
		return err
	}
	err = r.db.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewRaw(`UPDATE jobs SET node = NULL, lease_until = NULL,
			state = CASE WHEN cancel THEN 'cancelled' WHEN attempt < max_attempts THEN 'ready' ELSE 'failed' END,
			last_error = CASE WHEN cancel OR attempt < max_attempts THEN last_error ELSE ? END,
			finished_at = CASE WHEN cancel OR attempt >= max_attempts THEN ? ELSE finished_at END
			WHERE id IN (?) AND state = 'running' AND lease_until < ?`, leftBehind, db.Now(), bun.List(lapsed), limit).Exec(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("job: take back: %w", err)
	}
	r.bell.Ring()
	if all && len(lapsed) == 1000 {
		return r.takeBack(ctx, true)
	}
	return nil
}

// readyUnlessCancelled ends an attempt that is to be followed by another; ?0 is
// the present moment.
const readyUnlessCancelled = `state = CASE WHEN cancel THEN 'cancelled' ELSE 'ready' END, finished_at = CASE WHEN cancel THEN ?0 ELSE NULL END`

// handBack makes ready what still runs here when the node cannot wait for it.
func (r *Runner) handBack(ctx context.Context) error {
	ids := r.runningIDs()
	if len(ids) == 0 {
		return nil
	}
	return r.db.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewRaw(`UPDATE jobs SET `+readyUnlessCancelled+`, attempt = attempt - 1, node = NULL, lease_until = NULL, run_at = ?0
			WHERE id IN (?1) AND node = ?2 AND state = 'running'`, db.Now(), bun.List(ids), r.node).Exec(ctx)
		return err
	})
}

// beatLoop gives signs of life for what runs here.
func (r *Runner) beatLoop(ctx context.Context) {
	every := r.options.Lease / 3
	last := time.Now()
	for {
		wait(ctx, nil, every)
		if ctx.Err() != nil {
			return
		}
		began := time.Now()
		beating, cancel := context.WithTimeout(ctx, every)
		err := r.beat(beating)
		cancel()
		switch {
		case err == nil:
			last = began
		case time.Since(last) >= r.options.Lease-every/2:
			// Others may take the jobs from now on.
			r.interrupt(ErrLost, func(*attempt) bool { return true })
			fallthrough
		default:
			r.options.Logger.Error("heartbeat of jobs", "error", err)
		}
	}
}

// beat extends the leases of what runs here, interrupts what was lost, and
// takes back what other nodes left.
func (r *Runner) beat(ctx context.Context) error {
	if ids := r.runningIDs(); len(ids) > 0 {
		var kept []int64
		err := r.db.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
			kept = nil
			return tx.NewRaw("UPDATE jobs SET lease_until = ? WHERE id IN (?) AND node = ? AND state = 'running' RETURNING id",
				r.leaseEnd(), bun.List(ids), r.node).Scan(ctx, &kept)
		})
		if err != nil {
			return err
		}
		r.interrupt(ErrLost, func(a *attempt) bool { return slices.Contains(ids, a.job.ID) && !slices.Contains(kept, a.job.ID) })
	}
	return r.takeBack(ctx, false)
}

// tickLoop does each second what needs no hurry: progress, cancellations,
// schedules.
func (r *Runner) tickLoop(ctx context.Context) {
	for ctx.Err() == nil {
		for _, step := range []func(context.Context) error{r.writeProgress, r.obeyCancels, r.runSchedules} {
			if err := step(ctx); err != nil && ctx.Err() == nil {
				r.options.Logger.Error("jobs", "error", err)
			}
		}
		wait(ctx, nil, r.options.Poll)
	}
}

// writeProgress writes down what the handlers told since the last time.
func (r *Runner) writeProgress(ctx context.Context) error {
	type told struct {
		id      int64
		percent int
		text    string
	}
	var news []told
	r.mu.Lock()
	for id, a := range r.running {
		if percent, text, any := a.run.takeProgress(); any {
			news = append(news, told{id, percent, text})
		}
	}
	r.mu.Unlock()
	if len(news) == 0 {
		return nil
	}
	return r.db.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
		for _, n := range news {
			_, err := tx.NewRaw("UPDATE jobs SET percent = ?, progress = ? WHERE id = ? AND node = ? AND state = 'running'",
				n.percent, n.text, n.id, r.node).Exec(ctx)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// obeyCancels interrupts what somebody cancelled, here or on another node.
func (r *Runner) obeyCancels(ctx context.Context) error {
	ids := r.runningIDs()
	if len(ids) == 0 {
		return nil
	}
	var cancelled []int64
	err := r.db.Read().NewRaw("SELECT id FROM jobs WHERE id IN (?) AND cancel = TRUE", bun.List(ids)).Scan(ctx, &cancelled)
	if err != nil {
		return err
	}
	r.interrupt(ErrCancelled, func(a *attempt) bool { return slices.Contains(cancelled, a.job.ID) })
	return nil
}
