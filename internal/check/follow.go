package check

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/event"
)

// Follower keeps the rows of checks in step with the resources of the catalogue:
// a new file is due at once, one whose address changed as well, one that went is
// forgotten.
func (s *Store) Follower() event.Single {
	return event.Single{Name: "checks", Prepare: s.prepare}
}

// prepare aligns the datasets that events are about. It may be repeated without
// harm, so it writes by itself, some rows at a time.
func (s *Store) prepare(ctx context.Context, events []event.Event) (func(context.Context, *db.Tx) error, error) {
	var ids []string
	for _, e := range events {
		if e.ObjectKind == catalog.KindDataset && !strings.HasSuffix(e.Kind, ".counted") {
			ids = append(ids, e.Object)
		}
	}
	slices.Sort(ids)
	for part := range slices.Chunk(slices.Compact(ids), alignDatasets) {
		if err := s.align(ctx, part); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

const (
	// alignDatasets is how many datasets are compared at a time.
	alignDatasets = 200
	// alignRows is how many rows are written in one transaction.
	alignRows = 2000
)

// checked are the resources whose files are checked: remote ones of datasets that
// the public finds.
const checked = `resources r JOIN datasets d ON d.id = r.dataset_id WHERE r.community = FALSE AND r.filetype = 'remote' AND d.visible = TRUE`

// candidate is a resource whose row is missing or has another address.
type candidate struct {
	ID, DatasetID, URL string
	Known              bool
}

// align brings the rows of some datasets in step.
func (s *Store) align(ctx context.Context, datasets []string) error {
	from := ""
	for {
		var missing []candidate
		err := s.db.Read().NewRaw(`SELECT r.id, r.dataset_id, r.url, r.available IS NOT NULL AND c.resource_id IS NULL AS known
			FROM resources r JOIN datasets d ON d.id = r.dataset_id LEFT JOIN resource_checks c ON c.resource_id = r.id
			WHERE r.dataset_id IN (?) AND r.community = FALSE AND r.filetype = 'remote' AND d.visible = TRUE
			AND (c.resource_id IS NULL OR c.url <> r.url) AND r.id > ? ORDER BY r.id LIMIT ?`,
			bun.List(datasets), from, alignRows).Scan(ctx, &missing)
		if err != nil {
			return err
		}
		if err := s.add(ctx, missing, false); err != nil {
			return err
		}
		if len(missing) < alignRows {
			break
		}
		from = missing[len(missing)-1].ID
	}
	return s.forget(ctx, "c.dataset_id IN (?)", bun.List(datasets))
}

// forget removes the rows of resources that are checked no longer.
func (s *Store) forget(ctx context.Context, where string, args ...any) error {
	for {
		var gone []string
		err := s.db.Read().NewRaw("SELECT c.resource_id FROM resource_checks c WHERE "+where+
			" AND NOT EXISTS (SELECT 1 FROM "+checked+" AND r.id = c.resource_id) LIMIT ?", append(args, alignRows)...).Scan(ctx, &gone)
		if err != nil || len(gone) == 0 {
			return err
		}
		err = s.db.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.NewRaw("DELETE FROM resource_checks WHERE resource_id IN (?)", bun.List(gone)).Exec(ctx)
			return err
		})
		if err != nil || len(gone) < alignRows {
			return err
		}
	}
}

// Align compares all resources with the rows of checks: those of a catalogue that
// was there before the checks, and what the log never told of. progress may be nil.
func (s *Store) Align(ctx context.Context, progress func(added int)) error {
	from, added := "", 0
	for {
		var page []struct {
			ID, DatasetID, URL string
			Known, Wanted      bool
		}
		err := s.db.Read().NewRaw(`SELECT r.id, r.dataset_id, r.url, r.available IS NOT NULL AS known,
			(r.community = FALSE AND r.filetype = 'remote' AND d.visible = TRUE AND (c.resource_id IS NULL OR c.url <> r.url)) AS wanted
			FROM resources r JOIN datasets d ON d.id = r.dataset_id LEFT JOIN resource_checks c ON c.resource_id = r.id
			WHERE r.id > ? ORDER BY r.id LIMIT ?`, from, alignRows).Scan(ctx, &page)
		if err != nil {
			return err
		}
		var missing []candidate
		for _, row := range page {
			if row.Wanted {
				missing = append(missing, candidate{row.ID, row.DatasetID, row.URL, row.Known})
			}
		}
		if err := s.add(ctx, missing, true); err != nil {
			return err
		}
		if added += len(missing); progress != nil {
			progress(added)
		}
		if len(page) < alignRows {
			return s.forget(ctx, "TRUE")
		}
		from = page[len(page)-1].ID
	}
}

// add writes the rows of resources that have none or another address. Those that
// came long ago, and of which an earlier check is known, wait for a moment within
// the next half day, so that they are not all asked at once.
func (s *Store) add(ctx context.Context, resources []candidate, spread bool) error {
	now := db.Now()
	rows := make([]Check, 0, len(resources))
	turns := map[string]db.Time{}
	for _, r := range resources {
		host := s.deps.Rules.hostOf(r.URL)
		if host == "" {
			continue
		}
		due := atOnce
		if spread && r.Known {
			due = db.TimeOf(now.Add(rand.N(intervals[0])))
		}
		rows = append(rows, Check{ResourceID: r.ID, DatasetID: r.DatasetID, URL: r.URL, Host: host, DueAt: due})
		turn := db.TimeOf(now.Add(s.deps.Rules.Pace))
		if due.After(turn.Time) {
			turn = due
		}
		if known, ok := turns[host]; !ok || turn.Before(known.Time) {
			turns[host] = turn
		}
	}
	if len(rows) == 0 {
		return nil
	}
	err := s.db.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
		for part := range slices.Chunk(rows, 500) {
			if err := addRows(ctx, tx, part); err != nil {
				return err
			}
		}
		return addTurns(ctx, tx, turns, now)
	})
	s.wake()
	return err
}

func addRows(ctx context.Context, tx *db.Tx, rows []Check) error {
	_, err := tx.NewInsert().Model(&rows).On("CONFLICT (resource_id) DO UPDATE").
		Set("dataset_id = EXCLUDED.dataset_id, url = EXCLUDED.url, host = EXCLUDED.host, due_at = EXCLUDED.due_at").
		Set("checked_at = NULL, status = NULL, available = NULL, timeout = FALSE, failures = 0, content_length = NULL, content_type = NULL").
		Set("etag = NULL, last_modified = NULL, cors = NULL, error = NULL, modified_at = NULL, changed_at = NULL").Exec(ctx)
	return err
}

// addTurns gives hosts their turn where they have none, or a later one. A host
// that rests goes on resting.
func addTurns(ctx context.Context, tx *db.Tx, turns map[string]db.Time, now db.Time) error {
	hosts := make([]string, 0, len(turns))
	for host := range turns {
		hosts = append(hosts, host)
	}
	slices.Sort(hosts) // the same order in all transactions
	for part := range slices.Chunk(hosts, 500) {
		values := make([]any, len(part))
		for i, host := range part {
			values[i] = bun.List([]any{host, turns[host], ""})
		}
		query := "INSERT INTO check_hosts (host, turn_at, reason) VALUES " + strings.TrimSuffix(strings.Repeat("(?), ", len(part)), ", ") + `
			ON CONFLICT (host) DO UPDATE SET turn_at = CASE WHEN check_hosts.rest_until > ? THEN check_hosts.rest_until
			WHEN check_hosts.turn_at IS NULL OR check_hosts.turn_at > EXCLUDED.turn_at THEN EXCLUDED.turn_at ELSE check_hosts.turn_at END`
		if _, err := tx.NewRaw(query, append(values, now)...).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Empty tells whether nothing is checked although there are files to be checked:
// the checks are new to this catalogue.
func (s *Store) Empty(ctx context.Context) (bool, error) {
	var some []string
	err := s.db.Read().NewRaw("SELECT resource_id FROM resource_checks LIMIT 1").Scan(ctx, &some)
	if err != nil || len(some) > 0 {
		return false, err
	}
	err = s.db.Read().NewRaw("SELECT r.id FROM "+checked+" LIMIT 1").Scan(ctx, &some)
	return len(some) > 0, err
}
