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
		chosen, err := r.chosen(ctx, tx)
		if err != nil {
			return err
		}
		for name, kind := range r.kinds {
			if kind.Schedule == "" {
				continue
			}
			if err := r.planOne(ctx, tx, kind, chosen[name]); err != nil {
				return fmt.Errorf("job: schedule of %s: %w", name, err)
			}
		}
		return nil
	})
}

// planOne writes down when a kind runs next. chosen is the expression that an
// administrator set instead of the program's, "" for none.
func (r *Runner) planOne(ctx context.Context, tx *db.Tx, kind *Kind, chosen string) error {
	text := kind.Schedule
	if chosen != "" {
		text = chosen
	}
	next, err := r.next(text, time.Now())
	if err != nil {
		return err
	}
	_, err = tx.NewRaw(`INSERT INTO job_schedules (kind, cron, next_run, chosen) VALUES (?0, ?1, ?2, ?3)
		ON CONFLICT (kind) DO UPDATE SET cron = ?1, chosen = ?3, next_run = CASE WHEN job_schedules.cron = ?1 THEN job_schedules.next_run ELSE ?2 END`,
		kind.Name, r.expression(text), next, chosen).Exec(ctx)
	return err
}

// chosen are the expressions that administrators set, by kind.
func (r *Runner) chosen(ctx context.Context, read bun.IDB) (map[string]string, error) {
	var rows []struct{ Kind, Chosen string }
	err := read.NewRaw("SELECT kind, chosen FROM job_schedules WHERE chosen <> ''").Scan(ctx, &rows)
	texts := make(map[string]string, len(rows))
	for _, row := range rows {
		texts[row.Kind] = row.Chosen
	}
	return texts, err
}

// expression is the schedule with its zone, so that a change of either plans
// anew.
func (r *Runner) expression(schedule string) string {
	return schedule + " " + r.options.Location.String()
}

func (r *Runner) next(text string, after time.Time) (db.Time, error) {
	schedule, err := parseSchedule(text, r.options.Location)
	if err != nil {
		return db.Time{}, err
	}
	next := schedule.Next(after.In(r.options.Location))
	if next.IsZero() {
		return db.Time{}, fmt.Errorf("job: the schedule %q never comes", text)
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
		Kind, Chosen string
		NextRun      db.Time
	}
	err := r.db.Read().NewRaw("SELECT kind, chosen, next_run FROM job_schedules WHERE next_run <= ? AND disabled = FALSE AND kind IN (?)", db.Now(), bun.List(names)).Scan(ctx, &due)
	if err != nil {
		return err
	}
	for _, d := range due {
		text := r.kinds[d.Kind].Schedule
		if d.Chosen != "" {
			text = d.Chosen
		}
		next, err := r.next(text, time.Now())
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
