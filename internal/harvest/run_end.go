package harvest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
)

// maxResumed is how often a job may go on after interruptions before it fails.
const maxResumed = 200

// complete does what follows the last record.
func (r *run) complete(ctx context.Context) error {
	whole := r.state.complete && !r.state.capped && !r.state.partial && (r.job.Since.IsZero() || r.state.unchanged)
	if whole {
		if err := r.judgeSize(ctx); err != nil {
			return err
		}
		if !r.state.shrunk || r.job.Preview {
			r.phase.Store("vanished")
			if err := r.vanish(ctx); err != nil {
				return err
			}
		}
	}
	r.phase.Store("ending")
	if r.job.Conflicts > 0 {
		r.logLine("warning", fmt.Sprintf("%d records are objects that somebody else keeps: see the conflicts of the source.", r.job.Conflicts))
	}
	if err := r.flush(ctx); err != nil { // remarks
		return err
	}
	if r.job.Preview {
		r.job.Complete = whole
		return nil
	}
	if whole && !r.state.shrunk {
		if err := r.noteMissing(ctx); err != nil {
			return err
		}
	}
	if whole {
		missing := catalog.MissingResources{Before: r.graceEnd(), Delete: r.options.DeleteMissingResources}
		if _, err := r.s.deps.Catalog.SweepHarvestedResources(ctx, r.viewer, r.source.ID, missing); err != nil {
			return err
		}
	}
	if err := r.forgetUnchanged(ctx); err != nil {
		return err
	}
	r.job.Complete = whole
	return nil
}

// verdict is how a job ends for a reason; nil is its own end.
func (r *run) verdict(reason error) Status {
	var wait *Wait
	switch {
	case reason == nil:
		if r.job.ItemsFailed > 0 || r.state.shrunk || r.state.troubled {
			return DoneErrors
		}
		return Done
	case errors.Is(reason, errStopped):
		return Cancelled
	case errors.Is(reason, errTooLong):
		r.trouble("The job took longer than its source allows. The next one starts over; let it take longer, or harvest less.", "")
		return Failed
	case r.job.Resumed >= maxResumed:
		r.trouble("The job was interrupted too often.", reason.Error())
		return Failed
	case errors.As(reason, &wait):
		r.job.ResumeAt = db.TimeOf(wait.Until)
		return Suspended
	case errors.Is(reason, errInterrupted):
		r.job.ResumeAt = db.Now()
		return Suspended
	}
	r.noteFailure(reason)
	return Failed
}

// noteFailure says in the job why it failed.
func (r *run) noteFailure(reason error) {
	text := fault.Of(reason).SafeText()
	if fault.Is(reason, fault.Internal) {
		text = "The job failed by a mistake of the platform. Those who run it find more in the details."
		slog.Error("harvest: a job failed", "source", r.source.ID, "job", r.job.ID, "error", reason)
	}
	r.trouble(text, reason.Error())
}

// settle writes down what became of the job, and what that means for its source.
func (r *run) settle(ctx context.Context, reason error) error {
	status := r.verdict(reason)
	var after Job
	err := r.s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		after = *r.job
		after.Status, after.Node, after.LeaseUntil = status, nil, db.Time{}
		if status.Over() {
			after.EndedAt, after.ResumeAt = db.Now(), db.Time{}
		}
		if err := r.saveJob(ctx, tx.Tx, &after, "status", "node", "ended_at", "resume_at"); err != nil {
			return err
		}
		if !status.Over() {
			return nil
		}
		if err := r.s.wakeNext(ctx, tx.Tx, after.SourceID); err != nil || after.Preview || status == Cancelled {
			return err
		}
		return r.closeSource(ctx, tx, &after)
	})
	switch {
	case errors.Is(err, errLost):
		return nil // whoever has it now settles it
	case err == nil:
		*r.job = after
	}
	return err
}

// wakeNext has the runner look at the jobs of a source that wait for another one to end.
func (s *Store) wakeNext(ctx context.Context, tx *db.Tx, source string) error {
	var waiting []string
	if err := tx.NewRaw("SELECT id FROM harvest_jobs WHERE source_id = ? AND status = 'initialized'", source).Scan(ctx, &waiting); err != nil {
		return err
	}
	for _, id := range waiting {
		if err := s.wake(ctx, tx, id); err != nil {
			return err
		}
	}
	return nil
}

// closeSource tells the source how its job ended, and those to whom it belongs.
func (r *run) closeSource(ctx context.Context, tx *event.Tx, job *Job) error {
	src, err := lockSource(ctx, tx, r.source.ID)
	if err != nil {
		return err
	}
	if moved := r.moved(); moved != "" {
		src.Advice = &moved
	} else if job.Complete {
		src.Advice = nil
	}
	var tell func() error
	switch {
	case job.Status == Failed:
		src.Failures++
		if src.FailingSince.IsZero() {
			src.FailingSince = job.EndedAt
		}
		tell = func() error { return r.s.tellFailed(ctx, tx, src, job) }
	case r.state.shrunk:
		first := src.ShrunkJob == nil
		src.ShrunkJob = &job.ID
		tell = func() error {
			if !first {
				return nil
			}
			before, err := r.listedBefore(ctx)
			if err != nil {
				return err
			}
			return r.s.tellShrunk(ctx, tx, src, job, int64(r.seen.size()), before)
		}
	default:
		failed := src.Failures > 0
		before, known, err := failedBefore(ctx, tx, src)
		if err != nil {
			return err
		}
		src.Failures, src.FailingSince = 0, db.Time{}
		if job.Complete {
			src.LastGoodJob, src.LastGoodTotal, src.ShrunkJob = &job.ID, int64(r.seen.size()), nil
		}
		tell = func() error {
			switch {
			case known && faulty(job, before):
				return r.s.tellFaulty(ctx, tx, src, job, before)
			case failed:
				return r.s.tellRecovered(ctx, tx, src, job)
			}
			return nil
		}
	}
	_, err = tx.NewUpdate().Model(src).Column("failures", "failing_since", "shrunk_job", "last_good_job", "last_good_total", "advice").WherePK().Exec(ctx)
	if err != nil || !src.DeletedAt.IsZero() {
		return err
	}
	return tell()
}

// failedBefore is how many records failed in the last whole job of a source, which is
// known unless there was none.
func failedBefore(ctx context.Context, tx *event.Tx, src *Source) (failed int64, known bool, err error) {
	if src.LastGoodJob == nil {
		return 0, false, nil
	}
	var rows []int64
	err = tx.NewRaw("SELECT failed FROM harvest_jobs WHERE id = ?", *src.LastGoodJob).Scan(ctx, &rows)
	if err != nil || len(rows) == 0 {
		return 0, false, err
	}
	return rows[0], true, nil
}

// moved tells that the portal answers elsewhere for good; "" when it does not.
func (r *run) moved() string {
	if r.remote == nil {
		return ""
	}
	return r.remote.Moved()
}

// formerJobs bounds how many jobs before the present one are looked at for items that are of no use any more.
const formerJobs = 5

// forgetUnchanged drops the items of records that were as they were from former jobs:
// the newest job has them all. Their counters stay, and those that are still needed to
// know a shrunk portal.
func (r *run) forgetUnchanged(ctx context.Context) error {
	var jobs []string
	err := r.s.db.Read().NewRaw(`SELECT id FROM harvest_jobs WHERE source_id = ? AND id <> ? AND created_at <= ? AND unchanged > 0
		AND id NOT IN (SELECT shrunk_job FROM harvest_sources WHERE id = ? AND shrunk_job IS NOT NULL) ORDER BY created_at DESC LIMIT ?`,
		r.source.ID, r.job.ID, r.job.CreatedAt, r.source.ID, formerJobs).Scan(ctx, &jobs)
	if err != nil {
		return err
	}
	for _, id := range jobs {
		for removed := int64(1); removed > 0; {
			err := r.s.db.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
				// A bound, and not a list: PostgreSQL looks a list up anew for each row.
				result, err := tx.NewRaw(`DELETE FROM harvest_items WHERE job_id = ?0 AND outcome = 'unchanged' AND seq <= (
					SELECT max(seq) FROM (SELECT seq FROM harvest_items WHERE job_id = ?0 AND outcome = 'unchanged' ORDER BY seq LIMIT 2000) AS next)`, id).Exec(ctx)
				if err != nil {
					return err
				}
				removed, err = result.RowsAffected()
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// Due starts the sources whose time has come, and has jobs looked at that wait, were
// suspended or were left behind. It runs each minute.
func (s *Store) Due(ctx context.Context, now time.Time) error {
	var due []string
	moment := db.TimeOf(now)
	err := s.db.Read().NewRaw("SELECT id FROM harvest_sources WHERE next_run <= ? AND deleted_at IS NULL ORDER BY next_run LIMIT 500", moment).Scan(ctx, &due)
	if err != nil {
		return err
	}
	var failed error // of one source, which keeps no other from its turn
	for _, id := range due {
		if err := s.startDue(ctx, id, now); err != nil && ctx.Err() == nil {
			failed = errors.Join(failed, fmt.Errorf("harvest: source %s: %w", id, err))
		}
	}
	var waiting []string
	err = s.db.Read().NewRaw(`SELECT id FROM harvest_jobs WHERE status = 'initialized' OR status = 'suspended' AND (resume_at IS NULL OR resume_at <= ?0)
		OR status = 'processing' AND lease_until < ?0 ORDER BY created_at LIMIT 500`, moment).Scan(ctx, &waiting)
	if err != nil || len(waiting) == 0 {
		return errors.Join(failed, err)
	}
	return errors.Join(failed, s.db.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
		for _, id := range waiting {
			if err := s.wake(ctx, tx, id); err != nil {
				return err
			}
		}
		return nil
	}))
}

// startDue makes the job of a source that is due, on one node alone, and sets when it
// is due again.
func (s *Store) startDue(ctx context.Context, id string, now time.Time) error {
	return s.log.Write(ctx, db.Background, func(ctx context.Context, tx *event.Tx) error {
		src, err := lockSource(ctx, tx, id)
		if err != nil || src.NextRun.IsZero() || src.NextRun.After(now) {
			return err
		}
		src.NextRun = db.Time{}
		if s.plan(src, now); !src.NextRun.IsZero() {
			if _, err := s.enqueue(ctx, tx, src, BySchedule, "", false); err != nil {
				return err
			}
		}
		_, err = tx.NewUpdate().Model(src).Column("next_run").WherePK().Exec(ctx)
		return err
	})
}
