package job

import (
	"context"
	"slices"
	"strings"
	"time"

	"grenier/internal/db"
	"grenier/internal/fault"
)

// Plan is when a kind of work runs by itself.
type Plan struct {
	Kind string
	// Schedule is the cron expression that holds, Default that of the program.
	Schedule, Default string
	Enabled           bool
	NextRun           db.Time
	// LastRun and LastJob are those of its latest job that is still known, by
	// the schedule or by hand; 0 when none is.
	LastRun db.Time
	LastJob int64
}

// Plans are the kinds of work that have a schedule, by name.
func (r *Runner) Plans(ctx context.Context) ([]Plan, error) {
	var rows []struct {
		Kind, Chosen string
		Disabled     bool
		NextRun      db.Time
	}
	read := r.db.Read()
	if err := read.NewRaw("SELECT kind, chosen, disabled, next_run FROM job_schedules").Scan(ctx, &rows); err != nil {
		return nil, err
	}
	var latest []struct {
		Kind  string
		ID    int64
		RunAt db.Time
	}
	if err := read.NewRaw("SELECT kind, id, run_at FROM jobs WHERE id IN (SELECT max(id) FROM jobs GROUP BY kind)").Scan(ctx, &latest); err != nil {
		return nil, err
	}
	plans := make([]Plan, 0, len(r.kinds))
	for name, kind := range r.kinds {
		if kind.Schedule == "" {
			continue
		}
		plan := Plan{Kind: name, Schedule: kind.Schedule, Default: kind.Schedule, Enabled: true}
		for _, row := range rows {
			if row.Kind != name {
				continue
			}
			plan.Enabled, plan.NextRun = !row.Disabled, row.NextRun
			if row.Chosen != "" {
				plan.Schedule = row.Chosen
			}
		}
		for _, job := range latest {
			if job.Kind == name {
				plan.LastRun, plan.LastJob = job.RunAt, job.ID
			}
		}
		plans = append(plans, plan)
	}
	slices.SortFunc(plans, func(a, b Plan) int { return strings.Compare(a.Kind, b.Kind) })
	return plans, nil
}

// Plan returns that of one kind; NotFound when it has none.
func (r *Runner) Plan(ctx context.Context, kind string) (*Plan, error) {
	plans, err := r.Plans(ctx)
	if err != nil {
		return nil, err
	}
	for i := range plans {
		if plans[i].Kind == kind {
			return &plans[i], nil
		}
	}
	return nil, errNoPlan
}

var errNoPlan = fault.New(fault.NotFound, "No work of this name has a schedule.")

// shortest is the least time between two runs that a schedule may ask for.
const shortest = time.Minute

// SetPlan changes when a kind of work runs by itself: schedule is a cron
// expression of five fields, @daily and the like, or @every 10m; "" is the
// program's own. A nil leaves it as it is. Invalid for a schedule that cannot be
// read, never comes, or comes more often than each minute.
func (r *Runner) SetPlan(ctx context.Context, name string, schedule *string, enabled *bool) error {
	kind := r.kinds[name]
	if kind == nil || kind.Schedule == "" {
		return errNoPlan
	}
	if schedule != nil && *schedule != "" {
		if err := r.checkSchedule(*schedule); err != nil {
			return err
		}
	}
	return r.db.Write(ctx, db.People, func(ctx context.Context, tx *db.Tx) error {
		chosen, err := r.chosen(ctx, tx)
		if err != nil {
			return err
		}
		text := chosen[name]
		if schedule != nil {
			text = *schedule
		}
		if err := r.planOne(ctx, tx, kind, text); err != nil {
			return err
		}
		if enabled != nil {
			_, err = tx.NewRaw("UPDATE job_schedules SET disabled = ? WHERE kind = ?", !*enabled, name).Exec(ctx)
		}
		return err
	})
}

func (r *Runner) checkSchedule(text string) error {
	if strings.HasPrefix(text, "TZ=") || strings.HasPrefix(text, "CRON_TZ=") {
		return fault.At("A schedule follows the time zone of the site.", "crontab")
	}
	schedule, err := parseSchedule(text, r.options.Location)
	if err != nil {
		return fault.At("This is no schedule: five fields such as 0 3 * * *, @daily, or @every 10m.", "crontab").Because(err)
	}
	first := schedule.Next(time.Now().In(r.options.Location))
	if first.IsZero() {
		return fault.At("This schedule never comes.", "crontab")
	}
	if second := schedule.Next(first); !second.IsZero() && second.Sub(first) < shortest {
		return fault.At("Work runs once a minute at most.", "crontab")
	}
	return nil
}

// Get returns one job; NotFound when it does not exist or was forgotten.
func (r *Runner) Get(ctx context.Context, id int64) (*Job, error) {
	var jobs []Job
	if err := r.db.Read().NewSelect().Model(&jobs).Where("id = ?", id).Scan(ctx); err != nil {
		return nil, err
	}
	if len(jobs) == 0 {
		return nil, fault.New(fault.NotFound, "No such job is known: those that ended are forgotten after a while.")
	}
	return &jobs[0], nil
}

// RunNow starts work that has a schedule at once, besides it. It returns the job
// that waits or runs already, if there is one.
func (r *Runner) RunNow(ctx context.Context, name string) (*Job, error) {
	kind := r.kinds[name]
	if kind == nil || kind.Schedule == "" {
		return nil, errNoPlan
	}
	var id int64
	err := r.db.Write(ctx, db.People, func(ctx context.Context, tx *db.Tx) error {
		added, _, err := r.Enqueue(ctx, tx, New{Kind: name, Unique: scheduled})
		if id = added; err != nil || id != 0 {
			return err
		}
		return tx.NewRaw("SELECT id FROM jobs WHERE kind = ? AND unique_key = ? AND state IN ('ready', 'running')", name, scheduled).Scan(ctx, &id)
	})
	if err != nil {
		return nil, err
	}
	return r.Get(ctx, id)
}
