package harvest

import (
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/event"
)

// The reasons that vanished objects show.
const (
	notOnRemote      = "not-on-remote"
	harvesterDeleted = "harvester-deleted"
)

// vanishBatch is how many objects vanish in one write.
const vanishBatch = 100

// policy is what becomes of objects whose record is no longer listed.
func (r *run) policy() Vanish {
	switch {
	case r.options.OnVanish != "":
		return r.options.OnVanish
	case r.source.Autoarchive:
		return ArchiveVanished
	}
	return KeepVanished
}

// graceEnd is the moment before which something must have been seen last to vanish.
func (r *run) graceEnd() db.Time {
	days := r.s.deps.Rules.GraceDays
	if r.options.GraceDays != nil {
		days = *r.options.GraceDays
	}
	return db.TimeOf(r.now.Add(-time.Duration(days) * 24 * time.Hour))
}

// absent is an object of the source whose record was not listed.
type absent struct {
	ObjectID, Kind, RemoteID string
	RemoteURL                *string
	LastUpdate               db.Time
}

// absentees are the objects of the source, neither archived nor deleted yet, whose record
// this job did not list. A run looks at those alone that were seen before the days of grace.
func (r *run) absentees(ctx context.Context) ([]absent, error) {
	query := `SELECT h.object_id, h.kind, h.remote_id, h.remote_url, h.last_update FROM harvests h
		LEFT JOIN datasets d ON d.id = h.object_id LEFT JOIN dataservices s ON s.id = h.object_id
		WHERE h.source_id = ? AND h.remote_id IS NOT NULL AND h.archived_at IS NULL AND coalesce(d.deleted_at, s.deleted_at) IS NULL`
	args := []any{r.source.ID}
	if r.policy() == ArchiveVanished {
		query += " AND coalesce(d.archived_at, s.archived_at) IS NULL"
	}
	if !r.job.Preview {
		query += " AND (h.last_update IS NULL OR h.last_update < ?)"
		args = append(args, r.graceEnd())
	}
	var all []absent
	if err := r.s.db.Read().NewRaw(query+" ORDER BY h.object_id", args...).Scan(ctx, &all); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(a absent) bool { return r.seen.has(a.RemoteID) }), nil
}

// vanish archives or deletes what is no longer listed, as the source wants it. A
// preview lists it.
func (r *run) vanish(ctx context.Context) error {
	how := r.policy()
	if how == KeepVanished && !r.job.Preview {
		return nil
	}
	gone, err := r.absentees(ctx)
	if err != nil {
		return err
	}
	for _, kind := range kinds {
		var some []absent
		for _, a := range gone {
			if a.Kind == kind {
				some = append(some, a)
			}
		}
		for chunk := range slices.Chunk(some, vanishBatch) {
			if err := r.vanishSome(ctx, kind, chunk, how); err != nil {
				return err
			}
		}
	}
	return nil
}

// vanishSome lets some objects vanish, with an item for each that was not archived or
// deleted before.
func (r *run) vanishSome(ctx context.Context, kind string, some []absent, how Vanish) error {
	var after Job
	err := r.s.log.Write(ctx, db.Background, func(ctx context.Context, tx *event.Tx) error {
		results, err := r.letVanish(ctx, tx, kind, some, how)
		if err != nil {
			return err
		}
		byID := make(map[string]*absent, len(some))
		for i := range some {
			byID[some[i].ObjectID] = &some[i]
		}
		items := make([]Item, 0, len(results))
		for i := range results {
			a := byID[results[i].ID]
			if a == nil {
				continue
			}
			item := Item{JobID: r.job.ID, Kind: kind, RemoteID: textOrNil(a.RemoteID), RemoteURL: a.RemoteURL, CreatedAt: db.Now()}
			item.StartedAt, item.EndedAt = item.CreatedAt, item.CreatedAt
			r.vanished(&item, &results[i], how)
			items = append(items, item)
		}
		after = *r.job
		after.count(items)
		if err := insertItems(ctx, tx.Tx, items); err != nil {
			return err
		}
		return r.saveJob(ctx, tx.Tx, &after)
	})
	if err == nil {
		*r.job = after
		r.tell(progressOf(r.job))
	}
	return err
}

// vanished fills in the item of an object that vanished.
func (r *run) vanished(item *Item, result *catalog.HarvestResult, how Vanish) {
	id := result.ID
	item.ObjectID, item.Title, item.Status, item.Outcome = &id, textOrNil(result.Title), ItemArchived, OutcomeVanished
	text := "It is no longer listed: it was archived."
	switch {
	case r.job.Preview && how == KeepVanished:
		text = "It is no longer listed. The source keeps such objects as they are."
	case r.job.Preview:
		text = "It is no longer listed. A run archives or deletes it after the days of grace."
	case how == DeleteVanished:
		text = "It is no longer listed: it was deleted."
	}
	raw, _ := db.JSONOf([]Log{{Level: "info", Message: text}}) // texts
	item.Logs = raw
}

// letVanish writes that objects vanish; a preview only finds their titles.
func (r *run) letVanish(ctx context.Context, tx *event.Tx, kind string, some []absent, how Vanish) ([]catalog.HarvestResult, error) {
	ids := make([]string, len(some))
	for i := range some {
		ids[i] = some[i].ObjectID
	}
	if !r.job.Preview {
		return r.s.deps.Catalog.VanishHarvested(ctx, tx, r.viewer, kind, ids, string(how), notOnRemote)
	}
	table := "datasets"
	if kind == catalog.KindDataservice {
		table = "dataservices"
	}
	var rows []struct{ ID, Title string }
	err := r.reader(tx).NewRaw("SELECT id, title FROM "+table+" WHERE id IN (?) AND deleted_at IS NULL", bun.List(ids)).Scan(ctx, &rows)
	results := make([]catalog.HarvestResult, len(rows))
	for i, row := range rows {
		results[i].ID, results[i].Title = row.ID, row.Title
	}
	return results, err
}

// applyGone lets objects vanish at once whose portal says that it removed them.
func (r *run) applyGone(ctx context.Context, tx *event.Tx, local []pending) error {
	how := r.policy()
	for _, kind := range kinds {
		byRemote := make(map[string]*pending)
		var ids []string
		for i := range local {
			if p := &local[i]; p.what == toVanish && p.item.Kind == kind && p.line.RemoteID != "" {
				byRemote[p.line.RemoteID] = p
				ids = append(ids, p.line.RemoteID)
			}
		}
		if len(ids) == 0 || how == KeepVanished && !r.job.Preview {
			continue
		}
		var gone []absent
		err := r.reader(tx).NewRaw(`SELECT object_id, kind, remote_id FROM harvests WHERE source_id = ? AND kind = ? AND remote_id IN (?) AND archived_at IS NULL`,
			r.source.ID, kind, bun.List(ids)).Scan(ctx, &gone)
		if err != nil {
			return err
		}
		if len(gone) == 0 {
			continue
		}
		results, err := r.letVanish(ctx, tx, kind, gone, how)
		if err != nil {
			return err
		}
		for i := range results {
			for _, a := range gone {
				if a.ObjectID == results[i].ID {
					r.vanished(&byRemote[a.RemoteID].item, &results[i], how)
				}
			}
		}
	}
	return nil
}

// applyTouches settles the records that are as they were.
func (r *run) applyTouches(ctx context.Context, tx *event.Tx, done *applied, local []pending) error {
	for _, kind := range kinds {
		unknown, err := r.unknownObjects(ctx, tx, kind, local)
		if err != nil {
			return err
		}
		for i := range local {
			p := &local[i]
			if p.what != toTouch || p.item.Kind != kind {
				continue
			}
			p.item.Status, p.item.Outcome = ItemDone, OutcomeUnchanged
			if p.record != nil && p.record.ObjectID != nil {
				p.item.ObjectID = p.record.ObjectID
			} else if id, ok := unknown[p.line.RemoteID]; ok {
				p.item.ObjectID = &id
			}
			switch {
			case p.line.Dataset != nil:
				p.item.Title = textOrNil(p.line.Dataset.Title)
			case p.line.Dataservice != nil:
				p.item.Title = textOrNil(p.line.Dataservice.Title)
			}
			if p.item.ObjectID != nil {
				done.touched[kind] = append(done.touched[kind], *p.item.ObjectID)
			}
		}
	}
	return nil
}

// unknownObjects finds the objects of records that are told to be unchanged and were
// never written by a job: their source was taken over.
func (r *run) unknownObjects(ctx context.Context, tx *event.Tx, kind string, local []pending) (map[string]string, error) {
	var ids []string
	for i := range local {
		if p := &local[i]; p.what == toTouch && p.item.Kind == kind && (p.record == nil || p.record.ObjectID == nil) {
			ids = append(ids, p.line.RemoteID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	var rows []struct{ ObjectID, RemoteID string }
	err := r.reader(tx).NewRaw("SELECT object_id, remote_id FROM harvests WHERE source_id = ? AND kind = ? AND remote_id IN (?)",
		r.source.ID, kind, bun.List(ids)).Scan(ctx, &rows)
	found := make(map[string]string, len(rows))
	for _, row := range rows {
		found[row.RemoteID] = row.ObjectID
	}
	return found, err
}

// noteMissing notes which records a whole run did not list, and forgets the conflicts of
// those that it did not meet.
func (r *run) noteMissing(ctx context.Context) error {
	return r.write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.NewRaw("DELETE FROM harvest_conflicts WHERE source_id = ? AND job_id <> ?", r.source.ID, r.job.ID).Exec(ctx); err != nil {
			return err
		}
		_, err := tx.NewRaw("UPDATE harvest_records SET missing_since = ? WHERE source_id = ? AND seen_job <> ? AND missing_since IS NULL",
			r.now, r.source.ID, r.job.ID).Exec(ctx)
		return err
	})
}
