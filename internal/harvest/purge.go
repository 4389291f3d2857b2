package harvest

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/event"
)

// scheduler is who acts when nobody does.
var scheduler = account.System("harvest")

// pagesKept is how long a page is remembered that no job has read anew, and recordsKept a
// record that is no longer listed.
const (
	pagesKept   = 90 * 24 * time.Hour
	recordsKept = 365 * 24 * time.Hour
)

// PurgeJobs removes the jobs that are older than the site keeps them, with their items,
// remarks and raw answers, and what is known of pages and records that have been gone for long.
func (s *Store) PurgeJobs(ctx context.Context, now time.Time) error {
	for {
		var jobs []string
		err := s.db.Read().NewRaw(`SELECT id FROM harvest_jobs WHERE created_at < ? AND status IN ('done', 'done-errors', 'failed', 'cancelled')
			ORDER BY created_at LIMIT 100`, db.TimeOf(now.Add(-s.deps.Rules.JobRetention))).Scan(ctx, &jobs)
		if err != nil {
			return err
		}
		for _, id := range jobs {
			if err := s.removeJob(ctx, id); err != nil {
				return err
			}
		}
		if len(jobs) < 100 {
			break
		}
	}
	if err := s.purgeAudits(ctx, now); err != nil {
		return err
	}
	if err := s.forgetPages(ctx, now.Add(-pagesKept)); err != nil {
		return err
	}
	return s.forgetRecords(ctx, now.Add(-recordsKept))
}

// forgottenAtOnce bounds the rows that one write forgets, so that nobody waits for long.
const forgottenAtOnce = 500

// forgetPages forgets the pages that were last read before a moment.
func (s *Store) forgetPages(ctx context.Context, before time.Time) error {
	for source, address := "", ""; ; {
		var rows []struct{ SourceID, Address string }
		err := s.db.Read().NewRaw(`SELECT source_id, address FROM harvest_pages WHERE read_at < ? AND (source_id, address) > (?, ?)
			ORDER BY source_id, address LIMIT ?`, db.TimeOf(before), source, address, forgottenAtOnce).Scan(ctx, &rows)
		if err != nil || len(rows) == 0 {
			return err
		}
		err = s.db.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
			for _, r := range rows {
				_, err := tx.NewRaw("DELETE FROM harvest_pages WHERE source_id = ? AND address = ? AND read_at < ?", r.SourceID, r.Address, db.TimeOf(before)).Exec(ctx)
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		source, address = rows[len(rows)-1].SourceID, rows[len(rows)-1].Address
	}
}

// forgetRecords forgets the records that have been missing since before a moment.
func (s *Store) forgetRecords(ctx context.Context, before time.Time) error {
	for source, kind, remote := "", "", ""; ; {
		var rows []struct{ SourceID, Kind, RemoteID string }
		err := s.db.Read().NewRaw(`SELECT source_id, kind, remote_id FROM harvest_records WHERE missing_since < ? AND (source_id, kind, remote_id) > (?, ?, ?)
			ORDER BY source_id, kind, remote_id LIMIT ?`, db.TimeOf(before), source, kind, remote, forgottenAtOnce).Scan(ctx, &rows)
		if err != nil || len(rows) == 0 {
			return err
		}
		err = s.db.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
			for _, r := range rows {
				_, err := tx.NewRaw("DELETE FROM harvest_records WHERE source_id = ? AND kind = ? AND remote_id = ? AND missing_since < ?",
					r.SourceID, r.Kind, r.RemoteID, db.TimeOf(before)).Exec(ctx)
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		last := rows[len(rows)-1]
		source, kind, remote = last.SourceID, last.Kind, last.RemoteID
	}
}

// removeJob removes a job and lets its source forget it.
func (s *Store) removeJob(ctx context.Context, id string) error {
	if err := s.deleteItems(ctx, id); err != nil {
		return err
	}
	if err := s.removeAuditOf(ctx, id); err != nil {
		return err
	}
	return s.db.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewRaw(`UPDATE harvest_sources SET last_job = CASE WHEN last_job <> ?0 THEN last_job END,
			last_good_job = CASE WHEN last_good_job <> ?0 THEN last_good_job END, shrunk_job = CASE WHEN shrunk_job <> ?0 THEN shrunk_job END
			WHERE id = (SELECT source_id FROM harvest_jobs WHERE id = ?0)`, id).Exec(ctx)
		if err != nil {
			return err
		}
		_, err = tx.NewRaw("DELETE FROM harvest_jobs WHERE id = ?", id).Exec(ctx)
		return err
	})
}

// PurgeSources removes the sources that were deleted: what they brought is archived, their
// jobs go with them. It returns how many there were.
func (s *Store) PurgeSources(ctx context.Context) (purged int, err error) {
	var ids []string
	err = s.db.Read().NewRaw("SELECT id FROM harvest_sources WHERE deleted_at IS NOT NULL ORDER BY deleted_at").Scan(ctx, &ids)
	for _, id := range ids {
		gone, err := s.purgeSource(ctx, id)
		if err != nil {
			return purged, err
		}
		if gone {
			purged++
		}
	}
	return purged, err
}

// quietTime is how long the jobs of a source that is purged are waited for.
const quietTime = 5 * time.Second

// quieten stops the jobs of a source; it is false when one did not end in time.
func (s *Store) quieten(ctx context.Context, source string) (bool, error) {
	for until := time.Now().Add(quietTime); ; {
		var running []string
		err := s.db.Read().NewRaw("SELECT id FROM harvest_jobs WHERE source_id = ? AND status IN ('initialized', 'suspended', 'processing')", source).Scan(ctx, &running)
		if err != nil || len(running) == 0 || time.Now().After(until) {
			return len(running) == 0, err
		}
		for _, one := range running {
			if err := s.askStop(ctx, one); err != nil {
				return false, err
			}
		}
		select {
		case <-ctx.Done():
			return false, context.Cause(ctx)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// purgeSource removes a source; it is left for the next time when a job of it does not
// end.
func (s *Store) purgeSource(ctx context.Context, id string) (purged bool, err error) {
	if quiet, err := s.quieten(ctx, id); err != nil || !quiet {
		return false, err
	}
	if src, err := s.Source(ctx, id); err != nil || src.DeletedAt.IsZero() {
		return false, err
	}
	for _, kind := range kinds {
		if err := s.archiveAll(ctx, id, kind); err != nil {
			return false, err
		}
	}
	for {
		var jobs []string
		if err := s.db.Read().NewRaw("SELECT id FROM harvest_jobs WHERE source_id = ? LIMIT 100", id).Scan(ctx, &jobs); err != nil {
			return false, err
		}
		for _, one := range jobs {
			if err := s.removeJob(ctx, one); err != nil {
				return false, err
			}
		}
		if len(jobs) == 0 {
			break
		}
	}
	err = s.db.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
		var gone []string
		err := tx.NewRaw("DELETE FROM harvest_sources WHERE id = ? AND deleted_at IS NOT NULL RETURNING id", id).Scan(ctx, &gone)
		if purged = len(gone) > 0; err != nil || !purged {
			return err // it was brought back meanwhile
		}
		for _, table := range []string{"harvest_pages", "harvest_conflicts", "harvest_records"} {
			if _, err := tx.NewRaw("DELETE FROM ? WHERE source_id = ?", bun.Ident(table), id).Exec(ctx); err != nil {
				return err
			}
		}
		_, err = tx.NewRaw("DELETE FROM slugs WHERE kind = ? AND object_id = ?", KindSource, id).Exec(ctx)
		return err
	})
	return purged && err == nil, err
}

// archiveAll archives what a source brought.
func (s *Store) archiveAll(ctx context.Context, source, kind string) error {
	for after := ""; ; {
		var ids []string
		err := s.db.Read().NewRaw("SELECT object_id FROM harvests WHERE source_id = ? AND kind = ? AND object_id > ? ORDER BY object_id LIMIT ?",
			source, kind, after, catalog.MaxHarvested).Scan(ctx, &ids)
		if err != nil || len(ids) == 0 {
			return err
		}
		after = ids[len(ids)-1]
		err = s.log.Write(ctx, db.Background, func(ctx context.Context, tx *event.Tx) error {
			_, err := s.deps.Catalog.VanishHarvested(ctx, tx, scheduler, kind, ids, catalog.VanishArchive, harvesterDeleted)
			return err
		})
		if err != nil {
			return err
		}
	}
}
