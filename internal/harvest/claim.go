package harvest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/job"
)

const (
	// lease is how long a job stays with a process that gives no sign of life,
	// beat how often one that lives gives it, and reads whether it is to stop.
	lease = 6 * time.Second
	beat  = 700 * time.Millisecond
	// mostLapses is after how many lapses in a row a job fails: what brings the process down
	// is not one of its records then.
	mostLapses = 10
	// freshCursor is how old a job may be to go on where it was.
	freshCursor = 24 * time.Hour
)

// Why the context of a job ends, by context.Cause.
var (
	errStopped = errors.New("harvest: somebody stopped the job")
	errLost    = errors.New("harvest: another process has the job")
	errTooLong = errors.New("harvest: the job took too long")
	// errInterrupted: the process ends, or whoever asked for the run waits no more.
	errInterrupted = errors.New("harvest: the job was interrupted")
)

// enqueue adds a job of a source within a write. One run and one preview of a source
// wait at most: when one does already, that one is returned. by is the person who
// asked for it, "" for nobody.
func (s *Store) enqueue(ctx context.Context, tx *event.Tx, source *Source, reason, by string, preview bool) (*Job, error) {
	made := &Job{ID: db.NewID(), SourceID: source.ID, Preview: preview, Status: Initialized, Phase: "waiting", Reason: reason, CreatedAt: db.Now()}
	if by != "" {
		made.StartedBy = &by
	}
	result, err := tx.NewInsert().Model(made).On("CONFLICT DO NOTHING").Exec(ctx)
	if err != nil {
		return nil, fmt.Errorf("harvest: enqueue: %w", err)
	}
	if added, err := result.RowsAffected(); err != nil || added == 0 {
		var waiting []Job
		err = errors.Join(err, tx.NewSelect().Model(&waiting).Where("source_id = ?", source.ID).Where("preview = ?", preview).
			Where("status = ?", Initialized).Scan(ctx))
		if err != nil || len(waiting) == 0 {
			return nil, errors.Join(err, fault.New(fault.Unavailable, "This source is just being started. Try again.").After(time.Second))
		}
		return &waiting[0], nil
	}
	if !preview {
		if _, err := tx.NewRaw("UPDATE harvest_sources SET last_job = ? WHERE id = ?", made.ID, source.ID).Exec(ctx); err != nil {
			return nil, err
		}
		source.LastJob = &made.ID
	}
	return made, s.wake(ctx, tx.Tx, made.ID)
}

// wake has the runner look at a job, where there is one. Previews are work of their own:
// whoever may ask for them, also of portals that nobody accepted, keeps no run waiting.
func (s *Store) wake(ctx context.Context, tx *db.Tx, id string) error {
	var previews []bool
	if err := tx.NewRaw("SELECT preview FROM harvest_jobs WHERE id = ?", id).Scan(ctx, &previews); err != nil {
		return err
	}
	kind := jobRun
	if len(previews) > 0 && previews[0] {
		kind = jobPreview
	}
	if s.deps.Jobs == nil || !slices.Contains(s.deps.Jobs.Kinds(), kind) {
		return nil
	}
	_, _, err := s.deps.Jobs.Enqueue(ctx, tx, job.New{Kind: kind, Args: map[string]string{"job": id}, Unique: id})
	return err
}

// claimed is a job that this process has.
type claimed struct {
	job *Job
	// node names this very claim: what is written under it is written by nobody else.
	node string
	// lapsed tells that the process which had the job before ended without a word.
	lapsed bool
}

// claim takes a job that waits, was suspended or was left behind, unless another of its
// source is at work. The claim is nil when it cannot be had now; the job is as it stands.
func (s *Store) claim(ctx context.Context, id string) (*claimed, *Job, error) {
	c := &claimed{node: nodeName()}
	var now *Job
	err := s.db.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
		c.job, now = nil, nil
		before, err := jobByID(ctx, tx, id)
		if err != nil {
			return err
		}
		now = before
		moment := db.Now()
		var taken []Job
		err = tx.NewRaw(`UPDATE harvest_jobs SET status = 'processing', node = ?0, lease_until = ?1, resume_at = NULL,
			resumed = resumed + CASE WHEN started_at IS NULL THEN 0 ELSE 1 END, started_at = COALESCE(started_at, ?2),
			lapses = lapses + CASE WHEN status = 'processing' THEN 1 ELSE 0 END
			WHERE id = ?3 AND (status IN ('initialized', 'suspended') OR status = 'processing' AND lease_until < ?2)
			AND NOT EXISTS (SELECT 1 FROM harvest_jobs o WHERE o.source_id = harvest_jobs.source_id AND o.id <> ?3
				AND o.status IN ('processing', 'suspended')) RETURNING *`,
			c.node, db.TimeOf(moment.Add(lease)), moment, id).Scan(ctx, &taken)
		if err != nil || len(taken) == 0 {
			return err
		}
		c.job, c.lapsed = &taken[0], before.Status == Processing
		return nil
	})
	switch {
	case db.IsUnique(err): // another job of the source was faster
		return nil, now, nil
	case err != nil || c.job == nil:
		return nil, now, err
	}
	return c, c.job, nil
}

// nodeName is another one for each claim.
func nodeName() string {
	host, _ := os.Hostname()
	return fmt.Sprintf("%s/%d/%s", host, os.Getpid(), db.NewID())
}

func jobByID(ctx context.Context, read bun.IDB, id string) (*Job, error) {
	var rows []Job
	if err := read.NewSelect().Model(&rows).Where("id = ?", id).Scan(ctx); err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, errNoJob
	}
	return &rows[0], nil
}

// beatWhile gives signs of life for a job until the context ends, and ends it when the
// job was lost or is to stop.
func (r *run) beatWhile(ctx context.Context, stop context.CancelCauseFunc) {
	last := time.Now()
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		began := time.Now()
		asked, err := r.giveSign(ctx)
		switch {
		case errors.Is(err, errLost), err != nil && time.Since(last) > lease-beat:
			stop(errLost)
			return
		case err == nil && asked:
			stop(errStopped)
			return
		case err == nil:
			last = began
		}
	}
}

// giveSign extends the lease, writes down what was asked of the network, and tells
// whether the job is to stop.
func (r *run) giveSign(ctx context.Context) (asked bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, lease/2)
	defer cancel()
	traffic := r.traffic()
	var stop []bool
	err = r.s.db.Write(ctx, db.People, func(ctx context.Context, tx *db.Tx) error {
		stop = nil
		return tx.NewRaw(`UPDATE harvest_jobs SET lease_until = ?, requests = ?, retries = ?, bytes = ?, phase = ?
			WHERE id = ? AND node = ? AND status = 'processing'
			RETURNING stop_asked OR EXISTS (SELECT 1 FROM harvest_sources s WHERE s.id = harvest_jobs.source_id AND (s.deleted_at IS NOT NULL
				OR harvest_jobs.preview = FALSE AND (s.active = FALSE OR s.validation <> 'accepted'))) AS stop`,
			db.TimeOf(time.Now().Add(lease)), traffic.Requests, traffic.Retries, traffic.Bytes, r.phase.Load(), r.id, r.node).Scan(ctx, &stop)
	})
	if err == nil && len(stop) == 0 {
		err = errLost
	}
	return err == nil && stop[0], err
}

// endWaiting ends the jobs of a source that wait or are suspended, within the write that
// deletes it, refuses it or makes it inactive; those at work see it themselves, see
// giveSign. Previews go on as long as the source is there.
func endWaiting(ctx context.Context, tx *db.Tx, src *Source) error {
	gone := !src.DeletedAt.IsZero()
	if !gone && src.Active && src.Validation == Accepted {
		return nil
	}
	_, err := tx.NewRaw(`UPDATE harvest_jobs SET stop_asked = TRUE, status = 'cancelled', ended_at = ?, node = NULL, resume_at = NULL
		WHERE source_id = ? AND status IN ('initialized', 'suspended') AND (preview = FALSE OR ?)`, db.Now(), src.ID, gone).Exec(ctx)
	return err
}

// askStop stops a job: one that waits, or that nobody has, ends at once; one that is
// at work within two seconds. A job that is over is left as it is.
func (s *Store) askStop(ctx context.Context, id string) error {
	return s.db.Write(ctx, db.People, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewRaw(`UPDATE harvest_jobs SET stop_asked = TRUE,
			status = CASE WHEN status = 'processing' AND lease_until >= ?0 THEN status ELSE 'cancelled' END,
			ended_at = CASE WHEN status = 'processing' AND lease_until >= ?0 THEN ended_at ELSE ?0 END,
			node = CASE WHEN status = 'processing' AND lease_until >= ?0 THEN node END,
			resume_at = NULL
			WHERE id = ?1 AND status IN ('initialized', 'suspended', 'processing')`, db.Now(), id).Exec(ctx)
		return err
	})
}
