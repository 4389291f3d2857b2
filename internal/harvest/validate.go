package harvest

import (
	"context"
	"strings"
	"time"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/history"
	"grenier/internal/limit"
)

// maxComment bounds the comment of a validation, in characters.
const maxComment = 5000

// ValidateSource accepts a source or refuses it, which needs a comment, and tells
// those to whom it belongs. One that is accepted runs at once, and then by the
// schedule of the site unless it has one. For administrators of the platform.
func (s *Store) ValidateSource(ctx context.Context, v account.Viewer, id string, state Validation, comment string) (*Source, error) {
	return s.change(ctx, v, id, account.Schedule, "updated", false, func(ctx context.Context, tx *event.Tx, src *Source) error {
		comment = strings.TrimSpace(comment)
		w := &wrongs{}
		switch {
		case state != Accepted && state != Refused:
			w.at("Value must be one of (accepted, refused)", "state")
		case state == Refused && comment == "":
			w.at("Field is required", "comment")
		}
		var kept string
		w.text(comment, maxComment, &kept, "comment")
		if err := w.collect(); err != nil {
			return err
		}
		src.Validation, src.ValidatedAt, src.ValidatedBy, src.ValidationComment = state, db.Now(), nil, nil
		if by := v.UserID(); by != "" {
			src.ValidatedBy = &by
		}
		if kept != "" {
			src.ValidationComment = &kept
		}
		if state == Refused {
			return s.tellRefused(ctx, tx, src)
		}
		if src.Schedule == nil {
			schedule := s.deps.Rules.DefaultSchedule
			src.Schedule = &schedule
		}
		src.NextRun = db.Time{}
		if src.Active {
			if _, err := s.enqueue(ctx, tx, src, ByValidation, v.UserID(), false); err != nil {
				return err
			}
		}
		return s.tellAccepted(ctx, tx, src)
	})
}

// The refusals of runs.
var (
	errNoManualRun  = fault.New(fault.Invalid, "Cannot run source manually. Please contact the platform if you need to reschedule the harvester.")
	errNotAccepted  = fault.New(fault.Invalid, "Source is not validated. Please validate the source before running.")
	errInactive     = fault.New(fault.Invalid, "Source is not active. Please activate the source before running.")
	errNothingShort = fault.New(fault.Invalid, "Nothing of this source waits for a confirmation.")
)

// RunSource lets a source run now: the job waits for its turn. The job that waits
// already is returned when there is one. For those who may change the source,
// where the site lets owners run theirs, and for administrators of the platform.
func (s *Store) RunSource(ctx context.Context, v account.Viewer, id string) (*Job, error) {
	reason := ByHand
	if v.Origin == "system" {
		reason = ByCommand
	}
	return s.queue(ctx, v, id, account.Harvest, func(src *Source) error {
		switch {
		case !s.deps.Rules.ManualRun && !v.Admin():
			return errNoManualRun
		case src.Validation != Accepted:
			return errNotAccepted
		case !src.Active:
			return errInactive
		}
		return nil
	}, reason, false)
}

// StartPreview lets the whole of a source be compared with the catalogue, and
// nothing written but the report; also before it is accepted. For those who may
// preview it, as often as PreviewNow.
func (s *Store) StartPreview(ctx context.Context, v account.Viewer, id string) (*Job, error) {
	src, err := s.Source(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := changeable(v, src, account.PreviewHarvest, false); err != nil {
		return nil, err
	}
	if err := s.take(ctx, v, previewRule); err != nil {
		return nil, err
	}
	return s.queue(ctx, v, id, account.PreviewHarvest, func(*Source) error { return nil }, ByHand, true)
}

// queue makes a job of a source for who may and when it may run.
func (s *Store) queue(ctx context.Context, v account.Viewer, id string, a account.Action, may func(*Source) error, reason string, preview bool) (*Job, error) {
	var job *Job
	err := s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		src, err := lockSource(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := changeable(v, src, a, false); err != nil {
			return err
		}
		if err := may(src); err != nil {
			return err
		}
		job, err = s.enqueue(ctx, tx, src, reason, v.UserID(), preview)
		return err
	})
	return job, err
}

// StopJob lets a job end before its time: what it wrote stays, nothing is
// archived. For those who may change its source, and a preview for those who may
// preview it.
func (s *Store) StopJob(ctx context.Context, v account.Viewer, id string) (*Job, error) {
	job, err := s.Job(ctx, v, id)
	if err != nil {
		return nil, err
	}
	src, err := s.Source(ctx, job.SourceID)
	if err != nil {
		return nil, err
	}
	action := account.Harvest
	if job.Preview {
		action = account.PreviewHarvest
	}
	if err := changeable(v, src, action, true); err != nil {
		return nil, err
	}
	if job.Status.Over() {
		return nil, fault.New(fault.Invalid, "This job has ended already.")
	}
	if err := s.askStop(ctx, id); err != nil {
		return nil, err
	}
	return s.Job(ctx, v, id)
}

// ConfirmShrunk says that what a source no longer lists is truly gone: the run
// that waits for it becomes the one that later ones are compared with, and a new
// run archives or deletes what vanished. For those who may change the source.
func (s *Store) ConfirmShrunk(ctx context.Context, v account.Viewer, id string) (*Job, error) {
	var job *Job
	err := s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		src, err := lockSource(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := changeable(v, src, account.Harvest, false); err != nil {
			return err
		}
		switch {
		case src.ShrunkJob == nil:
			return errNothingShort
		case src.Validation != Accepted:
			return errNotAccepted
		case !src.Active:
			return errInactive
		}
		shrunk := *src.ShrunkJob
		if _, err := s.confirmShrunk(ctx, tx, src); err != nil {
			return err
		}
		src.Version++
		if _, err := tx.NewUpdate().Model(src).Column("version").WherePK().Exec(ctx); err != nil {
			return err
		}
		if err := src.record(ctx, tx, v, "updated", history.Difference{"shrunk_job": {shrunk, nil}}); err != nil {
			return err
		}
		job, err = s.enqueue(ctx, tx, src, ByHand, v.UserID(), false)
		return err
	})
	return job, err
}

// previewRule bounds the previews of one person.
var previewRule = limit.Rule{Name: "harvest.preview", Most: 30, Within: 10 * time.Minute, Text: "Too many previews were asked for. Wait some minutes, then try again."}

// Preview is what the first records of a source would come to.
type Preview struct {
	Job   *Job
	Items []PreviewItem
}

// PreviewNow harvests the first records of a source, which is stored or a Draft,
// and tells what they would come to, within the time that the site gives; nothing
// is stored. For those who may preview it.
func (s *Store) PreviewNow(ctx context.Context, v account.Viewer, src *Source) (*Preview, error) {
	if err := changeable(v, src, account.PreviewHarvest, false); err != nil {
		return nil, err
	}
	if err := s.take(ctx, v, previewRule); err != nil {
		return nil, err
	}
	job, items, err := s.previewNow(ctx, src)
	if err != nil {
		return nil, err
	}
	return &Preview{job, items}, nil
}

// take counts what a person does by a rule; administrators of the platform may as
// often as they want.
func (s *Store) take(ctx context.Context, v account.Viewer, rule limit.Rule) error {
	if v.Admin() {
		return nil
	}
	return s.deps.Rates.Take(ctx, rule, v.UserID())
}
