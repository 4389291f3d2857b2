package catalog

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/history"
	"grenier/internal/mail"
)

// farthestSchedule bounds how far ahead a publication may be planned.
const farthestSchedule = 5 * 365 * day

type planned struct{ PublishAt db.Time }

// scheduleOf is when a dataset is to be published, zero for never.
func scheduleOf(ctx context.Context, read bun.IDB, id string) (db.Time, error) {
	var rows []planned
	err := read.NewRaw("SELECT publish_at FROM datasets WHERE id = ?", id).Scan(ctx, &rows)
	if err != nil || len(rows) == 0 {
		return db.Time{}, err
	}
	return rows[0].PublishAt, nil
}

// unschedule ends the plan to publish a dataset; it tells whether there was one.
func unschedule(ctx context.Context, tx *db.Tx, id string) (bool, error) {
	result, err := tx.NewRaw("UPDATE datasets SET publish_at = NULL WHERE id = ? AND publish_at IS NOT NULL", id).Exec(ctx)
	if err != nil {
		return false, err
	}
	count, err := result.RowsAffected()
	return count > 0, err
}

// Schedule returns when a private dataset is to be published, zero when no moment
// is set, to who may change it.
func (s *Store) Schedule(ctx context.Context, v account.Viewer, id string) (db.Time, error) {
	read := s.db.Read()
	rows, err := datasetRows(ctx, read, []string{id})
	if err != nil {
		return db.Time{}, err
	}
	if len(rows) == 0 {
		return db.Time{}, fault.New(fault.NotFound, missing[KindDataset])
	}
	d := &rows[0]
	if err := changeable(v, state{KindDataset, d.ID, d.OwnedBy(), d.Private, d.DeletedAt}, false); err != nil {
		return db.Time{}, err
	}
	return scheduleOf(ctx, read, id)
}

// ScheduleDataset plans the publication of a private dataset; the zero moment
// ends the plan. A moment that is past is refused.
func (s *Store) ScheduleDataset(ctx context.Context, v account.Viewer, id string, at time.Time) error {
	if ahead := time.Until(at); !at.IsZero() && (ahead <= 0 || ahead > farthestSchedule) {
		return fault.At("Choose a moment that is to come, within five years.", "at")
	}
	return s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		d, err := s.editable(ctx, tx.Tx, v, id, false)
		if err != nil {
			return err
		}
		if !d.Private && !at.IsZero() {
			return fault.At("This dataset is public already.", "at")
		}
		before, err := scheduleOf(ctx, tx.Tx, id)
		if err != nil {
			return err
		}
		after := db.TimeOf(at)
		if _, err := tx.NewRaw("UPDATE datasets SET publish_at = ? WHERE id = ?", after, id).Exec(ctx); err != nil {
			return err
		}
		same := *d
		return s.saveDataset(ctx, tx, v, &same, d, "scheduled", history.Difference{"publish_at": {before.Ptr(), after.Ptr()}})
	})
}

// publisher is who publishes datasets at the moment that was set.
var publisher = account.System("schedule")

// PublishDue publishes the private datasets whose moment has come, at most limit,
// each in a write of its own, and tells their owners. It returns how many it
// published; fewer than limit means that none is left.
func (s *Store) PublishDue(ctx context.Context, now time.Time, limit int) (published int, err error) {
	var ids []string
	err = s.db.Read().NewRaw("SELECT id FROM datasets WHERE publish_at IS NOT NULL AND publish_at <= ? ORDER BY publish_at, id LIMIT ?",
		db.TimeOf(now), limit).Scan(ctx, &ids)
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		done, err := s.publishDue(ctx, id, now)
		if err != nil {
			return published, err
		}
		if done {
			published++
		}
	}
	return published, nil
}

// publishDue publishes one dataset, unless its plan changed meanwhile.
func (s *Store) publishDue(ctx context.Context, id string, now time.Time) (done bool, err error) {
	err = s.log.Write(ctx, db.Background, func(ctx context.Context, tx *event.Tx) error {
		done = false
		d, err := s.editable(ctx, tx.Tx, publisher, id, true)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		at, err := scheduleOf(ctx, tx.Tx, id)
		if err != nil || at.IsZero() || at.After(now) {
			return err
		}
		if !d.Private || !d.DeletedAt.IsZero() {
			_, err := unschedule(ctx, tx.Tx, id)
			return err
		}
		before := *d
		d.Private = false
		d.computeVisible()
		if err := s.saveDataset(ctx, tx, publisher, &before, d, "updated", history.Difference{"publish_at": {at.Ptr(), nil}}); err != nil {
			return err
		}
		done = true
		return s.tellOwners(ctx, tx.Tx, d, "dataset.due")
	})
	return done && err == nil, err
}

// maxTold bounds the administrators of an organisation who get a letter about one
// of its datasets.
const maxTold = 50

// tellOwners writes to the owner of a dataset, or to the administrators of its
// organisation.
func (s *Store) tellOwners(ctx context.Context, tx *db.Tx, d *Dataset, kind string) error {
	if s.deps.Mail == nil {
		return nil
	}
	query, id := `SELECT u.id, u.email, u.first_name, u.last_name, u.language FROM users u JOIN members m ON m.user_id = u.id
		WHERE m.organization_id = ? AND m.role = 'admin' AND u.active = TRUE AND u.deleted_at IS NULL AND u.email IS NOT NULL ORDER BY u.id LIMIT ?`, d.OwnedBy().Organization
	if id == "" {
		query, id = `SELECT u.id, u.email, u.first_name, u.last_name, u.language FROM users u
			WHERE u.id = ? AND u.active = TRUE AND u.deleted_at IS NULL AND u.email IS NOT NULL LIMIT ?`, d.OwnedBy().User
	}
	var people []account.User
	if err := tx.NewRaw(query, id, maxTold).Scan(ctx, &people); err != nil {
		return err
	}
	letters := make([]mail.Letter, len(people))
	for i := range people {
		letters[i] = mail.Letter{
			Kind: kind, To: *people[i].Email, Name: people[i].FullName(), UserID: people[i].ID, Language: shown(people[i].Language, ""),
			Args: []any{"dataset", d.Title}, Button: "/datasets/" + d.Slug,
		}
	}
	return s.deps.Mail.Post(ctx, tx, letters...)
}
