package catalog

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
)

// save writes the datasets of a batch that are new or changed, and notes that the
// others were seen.
func (h *harvestBatch) save(ctx context.Context, tx *event.Tx, v account.Viewer) error {
	var created, changed []*harvestChange
	var seen []string
	for _, c := range h.changes {
		switch {
		case c.result.Err != nil:
		case c.created:
			created = append(created, c)
		case c.result.Changed:
			changed = append(changed, c)
		default:
			seen = append(seen, c.d.ID)
		}
	}
	rows := make([]*Dataset, len(created))
	for i, c := range created {
		rows[i] = &c.d
	}
	if err := insertAll(ctx, tx, rows); err != nil {
		return err
	}
	for _, c := range changed {
		if err := db.UpdateChanged(ctx, tx.Tx, &c.before, &c.d); err != nil {
			return err
		}
	}
	written := slices.Concat(created, changed)
	if err := h.saveBeside(ctx, tx, written); err != nil {
		return err
	}
	if err := h.saveResources(ctx, tx, written, changed); err != nil {
		return err
	}
	h.count(tx, v, written)
	if err := h.record(ctx, tx, v, written); err != nil {
		return err
	}
	for _, c := range changed {
		if err := h.store.turned(ctx, tx, v, c); err != nil {
			return err
		}
	}
	return h.store.TouchHarvested(ctx, tx, seen, h.seenAt(seen))
}

// seenAt is when the batch was harvested.
func (h *harvestBatch) seenAt(seen []string) db.Time {
	for _, c := range h.changes {
		if c.result.Err == nil && len(seen) > 0 {
			return c.d.Harvest.LastUpdate
		}
	}
	return h.now
}

// saveBeside writes what stands beside the rows, in few statements for all.
func (h *harvestBatch) saveBeside(ctx context.Context, tx *event.Tx, written []*harvestChange) error {
	var rows besideRows
	for _, c := range written {
		was, is := c.before.besides(), c.d.besides()
		rows.lists.add(c.created, KindDataset, c.d.ID, &c.d.Attributes, attributeSet{
			tags: !slices.Equal(was.tags, is.tags), zones: !slices.Equal(was.zones, is.zones), contacts: !slices.Equal(was.contacts, is.contacts),
		})
		if string(was.extras) != string(is.extras) {
			rows.extras.add(c.created, KindDataset, c.d.ID, is.extras)
		}
		if string(was.geometry) != string(is.geometry) {
			rows.shapes.add(c.created, KindDataset, c.d.ID, is.geometry)
		}
		if c.d.Harvest != nil {
			rows.harvests.add(c.before.Harvest == nil, KindDataset, c.d.ID, c.d.Harvest)
		}
		if c.d.Given == nil {
			continue
		}
		if err := h.outdate(ctx, tx, c); err != nil {
			return err
		}
	}
	return rows.write(ctx, tx)
}

// outdate forgets what an import gave in place of what is written now.
func (h *harvestBatch) outdate(ctx context.Context, tx *event.Tx, c *harvestChange) error {
	given := *c.d.Given
	given.outdate(&c.before, &c.d)
	cells, err := db.JSONOf(given)
	if err != nil {
		return err
	}
	return tx.Queue(ctx, tx.NewRaw("UPDATE given SET cells = ? WHERE object_id = ?", cells, c.d.ID))
}

// saveResources writes the resources that are new or changed, and the formats that
// follow from them.
func (h *harvestBatch) saveResources(ctx context.Context, tx *event.Tx, written, changed []*harvestChange) error {
	var added, altered []*Resource
	var moved []placed
	var removed []string
	var formats formatRows
	for _, c := range written {
		m := &c.merge
		added, altered = append(added, m.added...), append(altered, m.altered...)
		moved, removed = append(moved, m.moved...), append(removed, m.removed...)
		if !m.reformatted {
			continue
		}
		if !c.created {
			formats.stale = append(formats.stale, c.d.ID)
		}
		for i, format := range formatsOf(m.rows) {
			formats.rows = append(formats.rows, &formatRow{DatasetID: c.d.ID, Format: format, Position: int64(i)})
		}
	}
	if err := h.store.deleteResources(ctx, tx, removed); err != nil {
		return err
	}
	if err := insertAll(ctx, tx, added); err != nil {
		return err
	}
	if err := replaceAll(ctx, tx, altered); err != nil {
		return err
	}
	if err := writeRanks(ctx, tx.Tx, moved); err != nil {
		return err
	}
	if err := formats.write(ctx, tx); err != nil {
		return err
	}
	return h.touchResources(ctx, tx, changed)
}

// touchResources notes that the resources of changed datasets which are still
// listed were seen. It is no change of theirs.
func (h *harvestBatch) touchResources(ctx context.Context, tx *event.Tx, changed []*harvestChange) error {
	var ids []string
	var at db.Time
	for _, c := range changed {
		if len(c.merge.rows) > 0 && c.d.Harvest != nil {
			ids, at = append(ids, c.d.ID), c.d.Harvest.LastUpdate
		}
	}
	if len(ids) == 0 {
		return nil
	}
	_, err := tx.NewRaw(`UPDATE resources SET harvest_last_update = ? WHERE dataset_id IN (?) AND community = FALSE AND harvest_source IS NOT NULL
		AND harvest_missing_since IS NULL AND (harvest_last_update IS NULL OR harvest_last_update <> ?)`, at, bun.List(ids), at).Exec(ctx)
	return err
}

// count brings the counters of owners in step, each once.
func (h *harvestBatch) count(tx *event.Tx, v account.Viewer, written []*harvestChange) {
	by := map[account.Owner]int64{}
	summed := map[account.Owner]*Dataset{}
	for _, c := range written {
		owner := c.d.OwnedBy()
		by[owner] += one(c.d.Visible) - one(c.before.Visible)
		if summed[owner] == nil || c.d.Followers != 0 || c.d.Reuses != 0 {
			summed[owner] = &c.d
		}
	}
	owners := slices.SortedFunc(maps.Keys(by), func(a, b account.Owner) int { return cmp.Compare(a.Ref(), b.Ref()) })
	for _, owner := range owners {
		if by[owner] != 0 {
			countOwned(tx, v, summed[owner], owner, by[owner])
		}
	}
}

// record adds the versions and events of a batch.
func (h *harvestBatch) record(ctx context.Context, tx *event.Tx, v account.Viewer, written []*harvestChange) error {
	var told harvestRecord
	for _, c := range written {
		change := account.Change{
			What: "updated", Kind: KindDataset, ID: c.d.ID, Owner: c.d.OwnedBy().Ref(), Version: c.d.Version,
			Before: c.before.Visible, After: c.d.Visible, Difference: c.result.Difference,
		}
		switch {
		case c.created:
			change.What, change.Before = "created", false
		case c.before.DeletedAt.IsZero() && !c.d.DeletedAt.IsZero():
			change.What = "deleted"
		}
		told.add(v, change)
	}
	return told.write(ctx, tx)
}

// turned brings in step what depends on whether everybody may read a dataset.
func (s *Store) turned(ctx context.Context, tx *event.Tx, v account.Viewer, c *harvestChange) error {
	if c.before.Private && !c.d.Private {
		if _, err := unschedule(ctx, tx.Tx, c.d.ID); err != nil {
			return err
		}
	}
	if c.before.public() == c.d.public() {
		return nil
	}
	if err := tellCommunity(ctx, tx, v, c.d.public(), c.d.ID); err != nil {
		return err
	}
	return countUses(ctx, tx, v, c.d.ID)
}
