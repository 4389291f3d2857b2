package catalog

import (
	"context"
	"slices"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/event"
)

// counts are the objects in whose counters an object counts, by kind: its owner,
// and what it is made with or gives.
type counts map[string][]string

// countedKinds is the order in which counters move, so that two writes take the
// same rows in the same order.
var countedKinds = []string{KindDataset, KindDataservice, KindOrganization, KindUser}

// countsOf are those of an object of an owner.
func countsOf(owner account.Owner, datasets, dataservices []string) counts {
	c := counts{KindDataset: datasets, KindDataservice: dataservices}
	if owner.Organization != "" {
		c[KindOrganization] = []string{owner.Organization}
	} else if owner.User != "" {
		c[KindUser] = []string{owner.User}
	}
	return c
}

// move brings a counter in step with an object that counted in some objects
// before a write and counts in others after it: by the difference, whatever the
// number of what is counted.
func (s *Store) moveCounts(ctx context.Context, tx *event.Tx, v account.Viewer, column string, before, after counts) error {
	for _, kind := range countedKinds {
		if err := s.shift(ctx, tx, v, kind, column, without(after[kind], before[kind]), 1); err != nil {
			return err
		}
		if err := s.shift(ctx, tx, v, kind, column, without(before[kind], after[kind]), -1); err != nil {
			return err
		}
	}
	return nil
}

// without are the first list's members that the second has not, in order of
// their identifiers.
func without(some, others []string) []string {
	has := make(map[string]bool, len(others))
	for _, id := range others {
		has[id] = true
	}
	var left []string
	for _, id := range some {
		if !has[id] {
			left = append(left, id)
		}
	}
	slices.Sort(left)
	return left
}

// shift adds to a counter of objects and tells the log of them.
func (s *Store) shift(ctx context.Context, tx *event.Tx, v account.Viewer, kind, column string, ids []string, by int) error {
	for batch := range slices.Chunk(ids, 500) {
		table := counterTables[kind]
		if err := lock(ctx, tx.Tx, table, batch...); err != nil {
			return err
		}
		var rows []versioned
		err := tx.NewRaw("UPDATE "+table+" AS x SET "+column+" = CASE WHEN "+column+" + ?0 < 0 THEN 0 ELSE "+column+" + ?0 END, version = version + 1 WHERE x.id IN (?1) RETURNING id, version",
			by, bun.List(batch)).Scan(ctx, &rows)
		if err != nil {
			return err
		}
		if err := tellCounted(ctx, tx, v, kind, rows); err != nil {
			return err
		}
		if kind == KindDataset && column == "reuses" {
			if err := sumReuses(ctx, tx, v, batch, by); err != nil {
				return err
			}
		}
	}
	return nil
}

// versioned is an object with the version that a write gave it.
type versioned struct {
	ID      string
	Version int64
}

// tellCounted tells the log that counters of objects moved.
func tellCounted(ctx context.Context, tx *event.Tx, v account.Viewer, kind string, rows []versioned) error {
	return tellOf(ctx, tx, v, kind, "counted", rows)
}

// tellOf tells the log that what is shown of objects changed, though nobody
// wrote them: it is no version that history keeps.
func tellOf(ctx context.Context, tx *event.Tx, v account.Viewer, kind, what string, rows []versioned) error {
	if len(rows) == 0 {
		return nil
	}
	ids := make([]string, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
	}
	public, err := publicOf(ctx, tx, checkedCounter{kind: kind}, ids)
	if err != nil {
		return err
	}
	actorKind, actor := v.Actor()
	for _, row := range rows {
		tx.Emit(event.Event{
			Kind: kind + "." + what, ObjectKind: kind, Object: row.ID, Owner: public[row.ID].owner, ActorKind: actorKind, Actor: actor,
			Version: row.Version, SeenBefore: public[row.ID].public, SeenAfter: public[row.ID].public,
		})
	}
	return nil
}

// sumReuses brings in step the organisations that add up the reuses of their
// public datasets.
func sumReuses(ctx context.Context, tx *event.Tx, v account.Viewer, datasets []string, by int) error {
	organizations, err := idsOf(ctx, tx, `SELECT DISTINCT organization_id FROM datasets
		WHERE organization_id IS NOT NULL AND visible IS TRUE AND id IN (?) ORDER BY organization_id`, bun.List(datasets))
	if err != nil || len(organizations) == 0 {
		return err
	}
	if err := lock(ctx, tx.Tx, "organizations", organizations...); err != nil {
		return err
	}
	var rows []versioned
	err = tx.NewRaw(`UPDATE organizations AS x SET version = version + 1, dataset_reuses = dataset_reuses + ? *
		(SELECT count(*) FROM datasets d WHERE d.id IN (?) AND d.organization_id = x.id AND d.visible IS TRUE) WHERE x.id IN (?) RETURNING id, version`,
		by, bun.List(datasets), bun.List(organizations)).Scan(ctx, &rows)
	if err != nil {
		return err
	}
	return tellCounted(ctx, tx, v, KindOrganization, rows)
}

// publicDatasets counts those of some datasets that everybody may read. They
// are locked, so that none is hidden before this write ends.
func publicDatasets(ctx context.Context, tx *event.Tx, ids []string) (int64, error) {
	var total int64
	for batch := range slices.Chunk(slices.Sorted(slices.Values(ids)), 500) {
		if err := lock(ctx, tx.Tx, "datasets", batch...); err != nil {
			return 0, err
		}
		var count int64
		if err := tx.NewRaw("SELECT count(*) FROM datasets d WHERE d.id IN (?) AND "+publicDataset, bun.List(batch)).Scan(ctx, &count); err != nil {
			return 0, err
		}
		total += count
	}
	return total, nil
}
