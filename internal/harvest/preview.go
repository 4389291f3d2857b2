package harvest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"grenier/internal/catalog"
	"grenier/internal/db"
)

// PreviewItem is a record of a preview with the object as it would be; that is nil
// for a record that would not be taken.
type PreviewItem struct {
	Item
	Dataset     *catalog.Dataset
	Dataservice *catalog.Dataservice
}

// collector keeps the items of a preview that is not stored.
type collector struct{ items []PreviewItem }

// look harvests the first records of a source, which need not be stored, and tells
// what they would come to, within the time that the site gives. Nothing is written. What
// goes wrong with the portal is told by the job; the error is of the machine, or a source
// of an unknown backend. once tells that the portal is asked nothing a second time, for
// people who wait.
func (s *Store) look(ctx context.Context, source *Source, once bool) (*Job, []PreviewItem, error) {
	now := db.Now()
	job := &Job{ID: db.NewID(), SourceID: source.ID, Preview: true, Status: Processing, Phase: "listing", CreatedAt: now, StartedAt: now}
	r := &run{
		s: s, job: job, source: source, tell: func(Progress) {}, now: now, batch: batch{size: s.mostAtOnce}, seen: newSeenSet(), collect: &collector{}, once: once,
	}
	r.phase.Store("listing")
	limited, cancel := context.WithTimeout(ctx, s.deps.Rules.PreviewTime)
	defer cancel()
	if err := r.equip(limited); err != nil {
		return nil, nil, err
	}
	r.limit = int64(s.deps.Rules.PreviewItems)
	err := r.readGuarded(limited)
	switch {
	case ctx.Err() != nil:
		return nil, nil, context.Cause(ctx)
	case limited.Err() != nil:
		r.trouble(fmt.Sprintf("The portal did not answer in full within %s. This is what came until then.", s.deps.Rules.PreviewTime.Round(time.Second)), "")
		late, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		if err := r.flush(late); err != nil {
			return nil, nil, err
		}
		job.Status = DoneErrors
	default:
		var wait *Wait
		if errors.As(err, &wait) {
			r.noteFailure(err)
			job.Status = Failed
		} else {
			job.Status = r.verdict(err)
		}
	}
	job.EndedAt, job.Phase = db.Now(), ""
	traffic := r.traffic()
	job.Requests, job.Retries, job.Bytes, job.Complete = traffic.Requests, traffic.Retries, traffic.Bytes, r.state.complete && !r.state.capped
	return job, r.collect.items, nil
}

// previewNow is look that asks the portal again where that may help.
func (s *Store) previewNow(ctx context.Context, source *Source) (*Job, []PreviewItem, error) {
	return s.look(ctx, source, false)
}

// readGuarded turns a panic of the engine into an error.
func (r *run) readGuarded(ctx context.Context) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = panicked(cause)
		}
	}()
	return r.read(ctx)
}

// collectPart compares records and keeps what they would come to.
func (r *run) collectPart(ctx context.Context, part []*pending) error {
	done, err := r.applyGuarded(ctx, nil, part)
	if err != nil {
		return err
	}
	r.job.count(done.items)
	for i := range done.items {
		done.shown[i].Item = done.items[i]
	}
	r.collect.items = append(r.collect.items, done.shown...)
	return nil
}
