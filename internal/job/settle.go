package job

import (
	"context"
	"time"

	"grenier/internal/db"
)

// settlement is what became of an attempt, to be written down.
type settlement struct {
	id, attempt int64
	kind        string
	state       State
	failure     string
	runAt       db.Time
	// givenBack: the attempt does not count.
	givenBack bool
	// lost: the row belongs to somebody else by now.
	lost    bool
	written chan struct{}
}

const (
	settleBatch = 100
	// settleTries bounds the attempts to write an outcome down; afterwards
	// the lease runs out and the job is done again.
	settleTries = 5
)

// settleLoop writes outcomes down, several that came meanwhile at once.
func (r *Runner) settleLoop() {
	for first := range r.settled {
		batch := []settlement{first}
	more:
		for len(batch) < settleBatch {
			select {
			case next, open := <-r.settled:
				if !open {
					break more
				}
				batch = append(batch, next)
			default:
				break more
			}
		}
		r.settle(batch)
		for _, s := range batch {
			close(s.written)
		}
	}
}

func (r *Runner) settle(batch []settlement) {
	for _, s := range batch {
		switch {
		case s.lost:
			r.options.Logger.Warn("the lease of a job was lost", "kind", s.kind, "job", s.id)
		case s.failure != "":
			r.options.Logger.Warn("a job failed", "kind", s.kind, "job", s.id, "attempt", s.attempt, "final", s.state == Failed, "error", s.failure)
		}
	}
	for try := 1; ; try++ {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		err := r.write(ctx, batch)
		cancel()
		if err == nil {
			return
		}
		r.options.Logger.Error("the outcome of jobs cannot be written down", "jobs", len(batch), "error", err)
		if try == settleTries {
			return
		}
		time.Sleep(time.Duration(try) * 200 * time.Millisecond)
	}
}

// write writes outcomes down, each only if the attempt is still ours.
func (r *Runner) write(ctx context.Context, batch []settlement) error {
	return r.db.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
		for _, s := range batch {
			if s.lost {
				continue
			}
			query := tx.NewUpdate().Table("jobs").Set("node = NULL").Set("lease_until = NULL").
				Where("id = ? AND node = ? AND attempt = ? AND state = 'running'", s.id, r.node, s.attempt)
			if s.state == Ready {
				query = query.Set(readyUnlessCancelled, db.Now()).Set("run_at = ?", s.runAt)
			} else {
				query = query.Set("state = ?", s.state).Set("finished_at = ?", db.Now())
			}
			if s.givenBack {
				query = query.Set("attempt = attempt - 1")
			}
			if s.failure != "" {
				query = query.Set("last_error = ?", s.failure)
			}
			if _, err := query.Exec(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}
