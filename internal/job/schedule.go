package job

import (
	"context"
	"fmt"
	"time"

	"github.com/robfig/cron/v3"
	"github.com/uptrace/bun"

	"grenier/internal/db"
)

var cronParser = cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor)

func parseSchedule(text string, location *time.Location) (cron.Schedule, error) {
	schedule, err := cronParser.Parse(text)
	if err != nil {
		return nil, err
	}
	if spec, ok := schedule.(*cron.SpecSchedule); ok {
		spec.Location = location
	}
	return schedule, nil
}

// scheduled is the unique key of jobs that a schedule enqueued: while one waits
// or runs, the next is dropped.
const scheduled = "schedule"

// planSchedules writes down when each scheduled kind runs next. A kind whose
// expression is unchanged keeps its moment, also a past one: a run that was
// missed is made up for.
func (r *Runner) planSchedules(ctx context.Context) error {
	return r.db.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
		for name, kind := range r.kinds {
			if kind.Schedule == "" {
				continue
			}
			next, err := r.next(kind, time.Now())
			if err != nil {
				return err
			}
			_, err = tx.NewRaw(`INSERT INTO job_schedules (kind, cron, next_run) VALUES (?0, ?1, ?2)
				ON CONFLICT (kind) DO UPDATE SET cron = ?1, next_run = CASE WHEN job_schedules.cron = ?1 THEN job_schedules.next_run ELSE ?2 END`,
				name, r.expression(kind), next).Exec(ctx)
			if err != nil {
				return fmt.Errorf("job: schedule of %s: %w", name, err)
			}
		}
		return nil
	})
}

// expression is the schedule with its zone, so that a change of either plans
// anew.
func (r *Runner) expression(kind *Kind) string {
	return kind.Schedule + " " + r.options.Location.String()
}

func (r *Runner) next(kind *Kind, after time.Time) (db.Time, error) {
	schedule, err := parseSchedule(kind.Schedule, r.options.Location)
	if err != nil {
		return db.Time{}, err
	}
	next := schedule.Next(after.In(r.options.Location))
	if next.IsZero() {
		return db.Time{}, fmt.Errorf("job: the schedule %q of %s never comes", kind.Schedule, kind.Name)
	}
	return db.TimeOf(next), nil
}

// runSchedules enqueues what is due. The moment is moved in the transaction
// that enqueues, and only by who still finds it, so that one node does it.
func (r *Runner) runSchedules(ctx context.Context) error {
	var names []string
	for name, kind := range r.kinds {
		if kind.Schedule != "" {
			names = append(names, name)
		}
	}
	var due []struct {
		Kind    string
		NextRun db.Time
	}
	err := r.db.Read().NewRaw("SELECT kind, next_run FROM job_schedules WHERE next_run <= ? AND kind IN (?)", db.Now(), bun.List(names)).Scan(ctx, &due)
	if err != nil {
		return err
	}
	for _, d := range due {
		next, err := r.next(r.kinds[d.Kind], time.Now())
		if err != nil {
			return err
		}
		err = r.db.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
			result, err := tx.NewRaw("UPDATE job_schedules SET next_run = ? WHERE kind = ? AND next_run = ?", next, d.Kind, d.NextRun).Exec(ctx)
			if err != nil {
				return err
			}
			if moved, err := result.RowsAffected(); err != nil || moved == 0 {
				return err
			}
			_, _, err = r.Enqueue(ctx, tx, New{Kind: d.Kind, Unique: scheduled})
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

const (
	keepDone   = 24 * time.Hour
	keepFailed = 30 * 24 * time.Hour
)

// cleanup is the runner's own work: it forgets jobs that ended long ago.
func (r *Runner) cleanup() Kind {
	return Kind{Name: "jobs.cleanup", Schedule: "23 * * * *", Work: func(ctx context.Context, _ *Run) error {
		return r.forget(ctx, time.Now())
	}}
}

// forget removes ended jobs a batch at a time.
func (r *Runner) forget(ctx context.Context, now time.Time) error {
	for {
		var removed int64
		err := r.db.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
			result, err := tx.NewRaw(`DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE finished_at IS NOT NULL AND finished_at < ?
				AND (state <> 'failed' OR finished_at < ?) ORDER BY finished_at LIMIT 1000)`,
				db.TimeOf(now.Add(-keepDone)), db.TimeOf(now.Add(-keepFailed))).Exec(ctx)
			if err != nil {
				return err
			}
			removed, err = result.RowsAffected()
			return err
		})
		if err != nil || removed < 1000 {
			return err
		}
	}
}
