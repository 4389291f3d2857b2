package catalog

import (
	"context"
	"slices"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
)

// TouchHarvested notes that objects were seen at their origin. It is no change:
// there is neither version nor event.
func (s *Store) TouchHarvested(ctx context.Context, tx *event.Tx, ids []string, at db.Time) error {
	if len(ids) == 0 {
		return nil
	}
	return tx.Queue(ctx, tx.NewRaw("UPDATE harvests SET last_update = ? WHERE object_id IN (?)", at, bun.List(ids)))
}

// Ways in which objects vanish.
const (
	VanishArchive = "archive"
	VanishDelete  = "delete"
)

// VanishHarvested archives or deletes objects of a kind whose records are gone,
// with the reason that their harvest shows (not-on-remote, harvester-deleted).
// Objects that are archived or deleted already stay as they are and are left out of
// the results.
func (s *Store) VanishHarvested(ctx context.Context, tx *event.Tx, v account.Viewer, kind string, ids []string, how, reason string) ([]HarvestResult, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	if kind == KindDataservice {
		return s.vanishServices(ctx, tx, v, ids, how, reason)
	}
	if err := lock(ctx, tx.Tx, "datasets", ids...); err != nil {
		return nil, err
	}
	rows, err := loadDatasets(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	h := &harvestBatch{store: s, now: db.Now()}
	for i := range inOrder(rows, ids, func(d *Dataset) string { return d.ID }) {
		c := &harvestChange{before: rows[i], d: rows[i]}
		if !c.vanish(h.now, how, reason) {
			continue
		}
		c.d.Version++
		c.d.ModifiedInternal = h.now
		c.d.computeVisible()
		c.merge.rows = c.d.Resources
		difference := datasetDifference(&c.before, &c.d)
		harvestDifference(difference, c.before.Harvest, originOf(c.d.Harvest))
		c.result = HarvestResult{ID: c.d.ID, Slug: c.d.Slug, Title: c.d.Title, Version: c.d.Version, Changed: true, Difference: difference}
		h.changes = append(h.changes, c)
	}
	return h.results(), h.saveVanished(ctx, tx, v)
}

// vanish changes the states of a dataset whose record is gone; it is false when it
// has them already.
func (c *harvestChange) vanish(now db.Time, how, reason string) bool {
	d := &c.d
	state := &d.ArchivedAt
	if how == VanishDelete {
		state = &d.DeletedAt
	}
	if !state.IsZero() || !d.DeletedAt.IsZero() {
		return false
	}
	*state = now
	if how != VanishDelete {
		d.Harvest = archivedHarvest(d.Harvest, now, reason)
	}
	return true
}

// archivedHarvest is what a harvest says of an object that is gone at its origin.
func archivedHarvest(h *Harvest, now db.Time, reason string) *Harvest {
	if h == nil {
		return nil
	}
	gone := *h
	gone.ArchivedAt, gone.Archived = now, &reason
	return &gone
}

func (h *harvestBatch) saveVanished(ctx context.Context, tx *event.Tx, v account.Viewer) error {
	var harvests harvestRows
	for _, c := range h.changes {
		if err := db.UpdateChanged(ctx, tx.Tx, &c.before, &c.d); err != nil {
			return err
		}
		if c.d.Harvest != nil {
			harvests.add(false, KindDataset, c.d.ID, c.d.Harvest)
		}
	}
	if err := harvests.write(ctx, tx); err != nil {
		return err
	}
	h.count(tx, v, h.changes)
	if err := h.record(ctx, tx, v, h.changes); err != nil {
		return err
	}
	for _, c := range h.changes {
		if err := h.store.turned(ctx, tx, v, c); err != nil {
			return err
		}
		if c.before.DeletedAt.IsZero() && !c.d.DeletedAt.IsZero() {
			if _, err := unschedule(ctx, tx.Tx, c.d.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// sweepDatasets is how many datasets one write of a sweep changes.
const sweepDatasets = 20

// SweepHarvestedResources marks or removes the resources that came from a source
// and have been missing for longer than the days of grace, a batch of datasets in
// a write. It returns how many resources it marked or removed.
func (s *Store) SweepHarvestedResources(ctx context.Context, v account.Viewer, source string, missing MissingResources) (int, error) {
	if missing.Before.IsZero() {
		return 0, nil
	}
	condition := "harvest_source = ? AND harvest_missing_since IS NOT NULL AND harvest_missing_since <= ? AND dataset_id > ?"
	if !missing.Delete {
		condition += " AND harvest_archived_at IS NULL"
	}
	swept, after := 0, ""
	for {
		var ids []string
		err := s.db.Read().NewRaw("SELECT DISTINCT dataset_id FROM resources WHERE "+condition+" ORDER BY dataset_id LIMIT ?",
			source, missing.Before, after, sweepDatasets).Scan(ctx, &ids)
		if err != nil || len(ids) == 0 {
			return swept, err
		}
		after = ids[len(ids)-1]
		count := 0
		err = s.log.Write(ctx, db.Background, func(ctx context.Context, tx *event.Tx) error {
			count, err = s.sweepResources(ctx, tx, v, source, ids, missing)
			return err
		})
		if err != nil {
			return swept, err
		}
		swept += count
	}
}

func (s *Store) sweepResources(ctx context.Context, tx *event.Tx, v account.Viewer, source string, ids []string, missing MissingResources) (int, error) {
	if err := lock(ctx, tx.Tx, "datasets", ids...); err != nil {
		return 0, err
	}
	rows, err := loadDatasets(ctx, tx, ids)
	if err != nil {
		return 0, err
	}
	h := &harvestBatch{store: s, now: db.Now()}
	swept := 0
	for i := range rows {
		c := &harvestChange{before: rows[i], d: rows[i]}
		count := c.sweep(source, missing, h.now)
		if count == 0 {
			continue
		}
		swept += count
		c.d.Version++
		c.date(h.now)
		c.result = HarvestResult{ID: c.d.ID, Changed: true, Difference: c.merge.difference}
		h.changes = append(h.changes, c)
	}
	return swept, h.save(ctx, tx, v)
}

// sweep works out which resources of a dataset are marked or removed, and how
// many.
func (c *harvestChange) sweep(source string, missing MissingResources, now db.Time) int {
	m := &c.merge
	m.difference = map[string][2]any{}
	swept := 0
	present := c.before.Resources
	m.rows = make([]Resource, 0, len(present))
	for i := range present {
		row := present[i]
		due := shown(row.HarvestSource, "") == source && !row.HarvestMissingSince.IsZero() && !row.HarvestMissingSince.After(missing.Before.Time)
		switch {
		case due && missing.Delete:
			m.remove(&present[i])
			swept++
			continue
		case due && row.HarvestArchivedAt.IsZero():
			row.HarvestArchivedAt = now
			swept++
		}
		m.rows = append(m.rows, row)
		last := &m.rows[len(m.rows)-1]
		m.compare(&present[i], last, now)
	}
	if swept > 0 {
		c.d.resourcesWritten = true
		summarise(&c.d, m.rows)
		m.reformatted = !slices.Equal(formatsOf(present), formatsOf(m.rows))
	}
	return swept
}

// harvestedKinds are the tables of the kinds that are harvested.
var harvestedKinds = map[string]string{KindDataset: "datasets", KindDataservice: "dataservices"}

// DetachHarvest makes objects of a kind forget where they come from, their
// resources too. They stay as they are and are harvested no more. The caller judges
// who may.
func (s *Store) DetachHarvest(ctx context.Context, v account.Viewer, kind string, ids ...string) error {
	for part := range slices.Chunk(ids, MaxHarvested) {
		err := s.log.Write(ctx, db.Background, func(ctx context.Context, tx *event.Tx) error {
			return s.detach(ctx, tx, v, kind, part)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) detach(ctx context.Context, tx *event.Tx, v account.Viewer, kind string, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	rows, err := reharvested(ctx, tx, kind, ids)
	if err != nil || len(rows) == 0 {
		return err
	}
	if err := forget(ctx, tx.Tx, "harvests", "object_id", ids...); err != nil {
		return err
	}
	if kind == KindDataset {
		_, err := tx.NewRaw(`UPDATE resources SET harvest_source = NULL, harvest_remote_id = NULL, harvest_missing_since = NULL, harvest_archived_at = NULL,
			harvest_issued_at = NULL, harvest_modified_at = NULL, harvest_last_update = NULL, harvest_uri = NULL WHERE dataset_id IN (?) AND community = FALSE`,
			bun.List(ids)).Exec(ctx)
		if err != nil {
			return err
		}
	}
	return tellReharvested(ctx, tx, v, kind, rows, func(r *reharvestedRow) *Harvest { return &Harvest{} })
}

// reharvestedRow is an object whose origin is written by hand.
type reharvestedRow struct {
	ID             string
	Version        int64
	OrganizationID *string
	OwnerID        *string
	Visible        bool
	before         *Harvest
}

func (r *reharvestedRow) owner() string {
	owned := Owned{OrganizationID: r.OrganizationID, OwnerID: r.OwnerID}
	return owned.OwnedBy().Ref()
}

// reharvested raises the versions of objects whose origin changes.
func reharvested(ctx context.Context, tx *event.Tx, kind string, ids []string) ([]reharvestedRow, error) {
	table := harvestedKinds[kind]
	if table == "" {
		return nil, fault.Newf(fault.Invalid, "Objects of the kind %q are not harvested.", kind)
	}
	if err := lock(ctx, tx.Tx, table, ids...); err != nil {
		return nil, err
	}
	harvests, err := harvestsOf(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	var rows []reharvestedRow
	err = tx.NewRaw("UPDATE "+table+" SET version = version + 1 WHERE id IN (?) RETURNING id, version, organization_id, owner_id, visible", bun.List(ids)).
		Scan(ctx, &rows)
	for i := range rows {
		rows[i].before = harvests[rows[i].ID]
	}
	return rows, err
}

func tellReharvested(ctx context.Context, tx *event.Tx, v account.Viewer, kind string, rows []reharvestedRow, after func(*reharvestedRow) *Harvest) error {
	var told harvestRecord
	for i := range rows {
		r := &rows[i]
		difference := map[string][2]any{}
		harvestDifference(difference, r.before, after(r))
		told.add(v, account.Change{
			What: "updated", Kind: kind, ID: r.ID, Owner: r.owner(), Version: r.Version, Before: r.Visible, After: r.Visible, Difference: difference,
		})
	}
	return told.write(ctx, tx)
}

// Attachment ties a dataset of the catalogue to a record of a portal.
type Attachment struct {
	// ID is the dataset's.
	ID string
	// Domain is the host of the portal, RemoteID its name for the record.
	Domain, RemoteID string
}

// AttachHarvest ties datasets to records of portals, so that the next harvest
// updates them. Whoever was tied to the same record is detached. The caller judges
// who may.
func (s *Store) AttachHarvest(ctx context.Context, v account.Viewer, attachments ...Attachment) error {
	for part := range slices.Chunk(attachments, MaxHarvested) {
		err := s.log.Write(ctx, db.Background, func(ctx context.Context, tx *event.Tx) error {
			return s.attach(ctx, tx, v, part)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) attach(ctx context.Context, tx *event.Tx, v account.Viewer, part []Attachment) error {
	ids := make([]string, len(part))
	wanted := make(map[string]Attachment, len(part))
	for i, a := range part {
		ids[i], wanted[a.ID] = a.ID, a
	}
	others, err := tiedTo(ctx, tx, part)
	if err != nil {
		return err
	}
	if err := s.detach(ctx, tx, v, KindDataset, others); err != nil {
		return err
	}
	rows, err := reharvested(ctx, tx, KindDataset, ids)
	if err != nil {
		return err
	}
	if len(rows) != len(wanted) {
		return fault.New(fault.NotFound, missing[KindDataset])
	}
	after := make(map[string]*Harvest, len(rows))
	var harvests harvestRows
	for i := range rows {
		tied := Harvest{}
		if rows[i].before != nil {
			tied = *rows[i].before
		}
		a := wanted[rows[i].ID]
		tied.Domain, tied.RemoteID = &a.Domain, &a.RemoteID
		after[rows[i].ID] = &tied
		harvests.add(false, KindDataset, rows[i].ID, &tied)
	}
	if err := harvests.write(ctx, tx); err != nil {
		return err
	}
	return tellReharvested(ctx, tx, v, KindDataset, rows, func(r *reharvestedRow) *Harvest { return after[r.ID] })
}

// tiedTo are the datasets that are tied to the records of attachments, other than
// those that are to be.
func tiedTo(ctx context.Context, tx *event.Tx, attachments []Attachment) ([]string, error) {
	type record struct{ domain, remoteID string }
	to := make(map[record]string, len(attachments))
	remoteIDs := make([]string, len(attachments))
	for i, a := range attachments {
		to[record{a.Domain, a.RemoteID}], remoteIDs[i] = a.ID, a.RemoteID
	}
	var rows []struct{ ObjectID, Domain, RemoteID string }
	err := tx.NewRaw("SELECT object_id, domain, remote_id FROM harvests WHERE kind = ? AND remote_id IN (?) AND domain IS NOT NULL", KindDataset, bun.List(remoteIDs)).
		Scan(ctx, &rows)
	var others []string
	for _, row := range rows {
		if id, wanted := to[record{row.Domain, row.RemoteID}]; wanted && id != row.ObjectID {
			others = append(others, row.ObjectID)
		}
	}
	return others, err
}
