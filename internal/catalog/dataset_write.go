package catalog

import (
	"context"
	"slices"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/history"
	"grenier/internal/text"
)

// CreateDataset makes a dataset with its resources. It belongs to the
// organisation that is named, of which the viewer must be a member, else to the
// viewer.
func (s *Store) CreateDataset(ctx context.Context, v account.Viewer, in DatasetInput) (*Dataset, error) {
	if v.Anonymous() {
		return nil, fault.New(fault.Unauthorized, "Log in to create a dataset.")
	}
	owner, err := newOwner(v, in.Organization, in.Owner)
	if err != nil {
		return nil, err
	}
	for _, required := range []*Opt[string]{&in.Title, &in.Description} {
		required.Set = true
	}
	now := db.Now()
	d := Dataset{
		ID: db.NewID(), Version: 1, AccessType: "open", AllAvailable: true,
		CreatedInternal: now, ModifiedInternal: now, CreatedAt: now, ModifiedAt: now, LastUpdate: now,
	}
	d.OrganizationID, d.OwnerID = optional(owner.Organization), optional(owner.User)
	err = s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		d := d
		if err := knownOwner(ctx, tx.Tx, owner); err != nil {
			return err
		}
		if err := s.apply(ctx, tx.Tx, &d, in); err != nil {
			return err
		}
		resources, err := newResources(in.Resources.Value, d.ID, now)
		if err != nil {
			return err
		}
		summarise(&d, resources)
		if d.Slug, err = account.FreeSlug(ctx, tx.Tx, "datasets", KindDataset, text.Slug(d.Title)); err != nil {
			return err
		}
		if _, err := tx.NewInsert().Model(&d).Exec(ctx); err != nil {
			return err
		}
		if err := writeBeside(ctx, tx.Tx, &d); err != nil {
			return err
		}
		if err := insertResources(ctx, tx.Tx, resources); err != nil {
			return err
		}
		if err := writeFormats(ctx, tx.Tx, d.ID, formatsOf(resources)); err != nil {
			return err
		}
		if err := s.assign(ctx, tx.Tx, v, KindDataset, d.ID, owner); err != nil {
			return err
		}
		if err := countOwned(ctx, tx, v, owner); err != nil {
			return err
		}
		return v.Record(ctx, tx, account.Change{
			What: "created", Kind: KindDataset, ID: d.ID, Owner: owner.Ref(), Version: 1, After: d.Visible,
		})
	})
	if err != nil {
		return nil, err
	}
	return s.Dataset(ctx, v, d.ID, Parts{Resources: true})
}

// newOwner says whom a new object belongs to.
func newOwner(v account.Viewer, organization, owner Opt[string]) (account.Owner, error) {
	given := account.Owner{Organization: organization.Value}
	if given.Organization == "" {
		given.User = owner.Value
	}
	if given == (account.Owner{}) {
		given.User = v.UserID()
	}
	if v.MayPublishAs(given) {
		return given, nil
	}
	if given.Organization != "" {
		return given, fault.At("Permission denied for this organization", "organization")
	}
	return given, fault.At("You can only set yourself as owner", "owner")
}

// knownOwner refuses an owner that does not exist or was deleted, whom only an
// administrator can name.
func knownOwner(ctx context.Context, tx *db.Tx, owner account.Owner) error {
	table, member, id := "organizations", "organization", owner.Organization
	if id == "" {
		table, member, id = "users", "owner", owner.User
	}
	if id == "" {
		return nil
	}
	var found []string
	if err := tx.NewRaw("SELECT id FROM "+table+" WHERE id = ? AND deleted_at IS NULL", id).Scan(ctx, &found); err != nil {
		return err
	}
	if len(found) == 0 {
		return fault.At("Unknown identifier: name one that exists, or leave it out to publish as yourself.", member)
	}
	return nil
}

// assign gives a partial editor the object it has just made.
func (s *Store) assign(ctx context.Context, tx *db.Tx, v account.Viewer, kind, id string, owner account.Owner) error {
	if v.Memberships[owner.Organization] != account.RolePartialEditor {
		return nil
	}
	_, err := tx.NewRaw(`INSERT INTO assignments (id, user_id, organization_id, object_kind, object_id, created_at)
		VALUES (?, ?, ?, ?, ?, ?)`, db.NewID(), v.UserID(), owner.Organization, kind, id, db.Now()).Exec(ctx)
	return err
}

// editable loads a dataset for a write and refuses who may not change it. One
// that was deleted is gone unless the write brings it back.
func (s *Store) editable(ctx context.Context, tx *db.Tx, v account.Viewer, id string, revive bool) (*Dataset, error) {
	if v.Anonymous() {
		return nil, fault.New(fault.Unauthorized, "Log in to change a dataset.")
	}
	lock := ""
	if tx.Postgres() {
		lock = " FOR NO KEY UPDATE"
	}
	var locked []string
	if err := tx.NewRaw("SELECT id FROM datasets WHERE id = ?"+lock, id).Scan(ctx, &locked); err != nil {
		return nil, err
	}
	rows, err := datasetRows(ctx, tx, []string{id})
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 || readable(v, &rows[0]) != nil && rows[0].Private {
		return nil, fault.New(fault.NotFound, "Dataset not found")
	}
	d := &rows[0]
	if !d.DeletedAt.IsZero() && !revive {
		return nil, fault.New(fault.Gone, "Dataset has been deleted")
	}
	if !v.MayEdit(d.OwnedBy(), d.ID) {
		return nil, fault.New(fault.Forbidden, "You do not have the permission to modify that object.")
	}
	lists, err := attributes(ctx, tx, []string{id})
	if err != nil {
		return nil, err
	}
	d.Attributes = attributesOf(lists, id)
	return d, nil
}

// UpdateDataset changes what the input holds and keeps the rest. Resources that
// are given replace the whole list.
func (s *Store) UpdateDataset(ctx context.Context, v account.Viewer, id string, in DatasetInput) (*Dataset, error) {
	if !in.Private.Set && !s.rules.OmittedPrivateKeeps {
		in.Private = Some(false)
	}
	err := s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		d, err := s.editable(ctx, tx.Tx, v, id, in.Deleted.Set && in.Deleted.Null)
		if err != nil {
			return err
		}
		if err := keepsOwner(v, d, in); err != nil {
			return err
		}
		before := *d
		if err := s.apply(ctx, tx.Tx, d, in); err != nil {
			return err
		}
		var resources history.Difference
		if in.Resources.Set {
			if resources, err = replaceResources(ctx, tx.Tx, d, in.Resources.Value); err != nil {
				return err
			}
		}
		return s.saveDataset(ctx, tx, v, &before, d, "updated", resources)
	})
	if err != nil {
		return nil, err
	}
	return s.Dataset(ctx, v, id, Parts{Resources: true})
}

// keepsOwner refuses a change of owner, which has its own procedure.
func keepsOwner(v account.Viewer, d *Dataset, in DatasetInput) error {
	owner := d.OwnedBy()
	if in.Organization.Set && !in.Organization.Null && in.Organization.Value != owner.Organization && !v.Admin() {
		return fault.At("Cannot change owner after creation. Please use transfer feature.", "organization")
	}
	if in.Owner.Set && !in.Owner.Null && in.Owner.Value != owner.User && owner.Organization == "" && !v.Admin() {
		return fault.At("Cannot change owner after creation. Please use transfer feature.", "owner")
	}
	return nil
}

// DeleteDataset marks a dataset as deleted; it can be brought back.
func (s *Store) DeleteDataset(ctx context.Context, v account.Viewer, id string) error {
	return s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		d, err := s.editable(ctx, tx.Tx, v, id, false)
		if err != nil {
			return err
		}
		before := *d
		d.DeletedAt = db.Now()
		d.computeVisible()
		return s.saveDataset(ctx, tx, v, &before, d, "deleted", nil)
	})
}

// saveDataset writes a changed dataset with its lists, counters, event and
// history. extra are differences of what stands beside the row.
func (s *Store) saveDataset(ctx context.Context, tx *event.Tx, v account.Viewer, before, d *Dataset, what string, extra history.Difference) error {
	now := db.Now()
	d.Version++
	d.ModifiedInternal = now
	if d.Harvest == nil || d.Harvest.ModifiedAt.IsZero() {
		d.ModifiedAt = now
		d.LastUpdate = laterOf(d.LastUpdate, now, d.ResourceCount == 0)
	}
	if d.Title != before.Title {
		var err error
		if d.Slug, err = account.MoveSlug(ctx, tx.Tx, "datasets", KindDataset, d.ID, before.Slug, text.Slug(d.Title)); err != nil {
			return err
		}
	}
	if _, err := tx.NewUpdate().Model(d).WherePK().Exec(ctx); err != nil {
		return err
	}
	difference := datasetDifference(before, d)
	for name, values := range extra {
		difference[name] = values
	}
	if err := s.saveBeside(ctx, tx.Tx, before, d); err != nil {
		return err
	}
	if before.Visible != d.Visible {
		if err := countOwned(ctx, tx, v, d.OwnedBy()); err != nil {
			return err
		}
	}
	err := v.Record(ctx, tx, account.Change{
		What: what, Kind: KindDataset, ID: d.ID, Owner: d.OwnedBy().Ref(), Version: d.Version, Before: before.Visible, After: d.Visible,
		Difference: difference,
	})
	if err != nil || before.public() == d.public() {
		return err
	}
	return countUses(ctx, tx, v, d.ID)
}

// laterOf is the last update of a dataset: the present when nothing else dates
// it, otherwise what its resources say.
func laterOf(last, now db.Time, undated bool) db.Time {
	if undated {
		return now
	}
	return last
}

// saveBeside writes the lists and documents beside the row that changed, and
// forgets what the import gave in their place.
func (s *Store) saveBeside(ctx context.Context, tx *db.Tx, before, d *Dataset) error {
	if !slices.Equal(before.Tags, d.Tags) || !slices.Equal(before.Zones, d.Zones) ||
		string(before.Extras) != string(d.Extras) || string(before.Geometry) != string(d.Geometry) {
		for _, table := range []string{"tags", "object_zones", "extras", "coverages"} {
			if _, err := tx.NewRaw("DELETE FROM "+table+" WHERE object_id = ?", d.ID).Exec(ctx); err != nil {
				return err
			}
		}
		if err := writeBeside(ctx, tx, d); err != nil {
			return err
		}
	}
	if d.Given == nil {
		return nil
	}
	d.Given.outdate(before, d)
	cells, err := db.JSONOf(d.Given)
	if err != nil {
		return err
	}
	_, err = tx.NewRaw("UPDATE given SET cells = ? WHERE object_id = ?", cells, d.ID).Exec(ctx)
	return err
}

// outdate forgets what an import gave and a write has since decided otherwise.
func (g *GivenDataset) outdate(before, after *Dataset) {
	g.QualityScore = ""
	if !slices.Equal(before.Tags, after.Tags) {
		g.Tags = nil
	}
	if !slices.Equal(before.Zones, after.Zones) {
		g.Zones = ""
	}
	if !equalText(before.License, after.License) {
		g.License = nil
	}
	if !equalText(before.Frequency, after.Frequency) {
		g.Frequency = nil
	}
	if after.resourcesWritten {
		g.Resources, g.MainResources, g.Formats = nil, nil, nil
	}
}

// writeBeside inserts tags, zones, extras and shape of a dataset.
func writeBeside(ctx context.Context, tx *db.Tx, d *Dataset) error {
	for position, tag := range d.Tags {
		if _, err := tx.NewRaw("INSERT INTO tags (object_id, tag, kind, position) VALUES (?, ?, ?, ?)", d.ID, tag, KindDataset, position).Exec(ctx); err != nil {
			return err
		}
	}
	for position, zone := range d.Zones {
		if _, err := tx.NewRaw("INSERT INTO object_zones (object_id, zone, kind, position) VALUES (?, ?, ?, ?)", d.ID, zone, KindDataset, position).Exec(ctx); err != nil {
			return err
		}
	}
	if d.Extras != nil {
		if _, err := tx.NewRaw("INSERT INTO extras (object_id, kind, extras) VALUES (?, ?, ?)", d.ID, KindDataset, d.Extras).Exec(ctx); err != nil {
			return err
		}
	}
	if d.Geometry == nil {
		return nil
	}
	_, err := tx.NewRaw("INSERT INTO coverages (object_id, kind, geometry) VALUES (?, ?, ?)", d.ID, KindDataset, d.Geometry).Exec(ctx)
	return err
}

// datasetDifference compares the fields that people write.
func datasetDifference(before, after *Dataset) history.Difference {
	difference := history.Difference{}
	compare := func(name string, old, new any, same bool) {
		if !same {
			difference[name] = [2]any{old, new}
		}
	}
	texts := func(name string, old, new *string) { compare(name, old, new, equalText(old, new)) }
	compare("title", before.Title, after.Title, before.Title == after.Title)
	compare("slug", before.Slug, after.Slug, before.Slug == after.Slug)
	compare("description", before.Description, after.Description, before.Description == after.Description)
	compare("private", before.Private, after.Private, before.Private == after.Private)
	compare("access_type", before.AccessType, after.AccessType, before.AccessType == after.AccessType)
	compare("archived", before.ArchivedAt.Ptr(), after.ArchivedAt.Ptr(), before.ArchivedAt.Equal(after.ArchivedAt.Time))
	compare("deleted", before.DeletedAt.Ptr(), after.DeletedAt.Ptr(), before.DeletedAt.Equal(after.DeletedAt.Time))
	compare("frequency_date", before.FrequencyDate.Ptr(), after.FrequencyDate.Ptr(), before.FrequencyDate.Equal(after.FrequencyDate.Time))
	compare("tags", before.Tags, after.Tags, slices.Equal(before.Tags, after.Tags))
	compare("zones", before.Zones, after.Zones, slices.Equal(before.Zones, after.Zones))
	compare("extras", before.Extras, after.Extras, string(before.Extras) == string(after.Extras))
	compare("geom", before.Geometry, after.Geometry, string(before.Geometry) == string(after.Geometry))
	texts("acronym", before.Acronym, after.Acronym)
	texts("description_short", before.DescriptionShort, after.DescriptionShort)
	texts("frequency", before.Frequency, after.Frequency)
	texts("license", before.License, after.License)
	texts("granularity", before.Granularity, after.Granularity)
	texts("temporal_start", before.TemporalStart, after.TemporalStart)
	texts("temporal_end", before.TemporalEnd, after.TemporalEnd)
	return difference
}

func equalText(a, b *string) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// countOwned brings the counters of an owner in step with its public datasets
// and tells that the owner changed. On PostgreSQL the owner is locked first, so
// that of two writes at once the later one counts what the earlier one did; the
// lock is the one that references of rows leave room for, or they would wait for
// each other.
func countOwned(ctx context.Context, tx *event.Tx, v account.Viewer, owner account.Owner) error {
	kind, table, column, id, sums := KindOrganization, "organizations", "organization_id", owner.Organization, organizationSums
	if id == "" {
		kind, table, column, id, sums = KindUser, "users", "owner_id", owner.User, ""
	}
	if id == "" {
		return nil
	}
	if tx.Postgres() {
		var locked []string
		if err := tx.NewRaw("SELECT id FROM "+table+" WHERE id = ? FOR NO KEY UPDATE", id).Scan(ctx, &locked); err != nil {
			return err
		}
	}
	_, err := tx.NewRaw("UPDATE "+table+" AS x SET datasets = (SELECT count(*) FROM datasets d WHERE d."+column+
		" = x.id AND d.visible IS TRUE), "+sums+"version = version + 1 WHERE x.id = ?", id).Exec(ctx)
	if err != nil {
		return err
	}
	return counted(ctx, tx, v, kind, table, id)
}

// organizationSums are the sums over public datasets that organisations keep
// besides.
const organizationSums = `
	dataset_followers = (SELECT coalesce(sum(d.followers), 0) FROM datasets d WHERE d.organization_id = x.id AND d.visible IS TRUE),
	dataset_reuses = (SELECT coalesce(sum(d.reuses), 0) FROM datasets d WHERE d.organization_id = x.id AND d.visible IS TRUE), `

// counted tells the log that an object's counters moved; they are no version
// that history keeps.
func counted(ctx context.Context, tx *event.Tx, v account.Viewer, kind, table, id string) error {
	var version int64
	if err := tx.NewRaw("SELECT version FROM "+table+" WHERE id = ?", id).Scan(ctx, &version); err != nil {
		return err
	}
	actorKind, actor := v.Actor()
	tx.Emit(event.Event{
		Kind: kind + ".counted", ObjectKind: kind, Object: id, Owner: id, ActorKind: actorKind, Actor: actor, Version: version,
		SeenBefore: true, SeenAfter: true,
	})
	return nil
}
