package catalog

import (
	"context"
	"errors"
	"slices"
	"time"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/history"
	"grenier/internal/text"
)

// CreateDataset makes a dataset with its resources, and returns it with them. It
// belongs to the
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
	in.Deleted = Opt[time.Time]{} // nothing is born deleted
	now := db.Now()
	made := Dataset{
		ID: db.NewID(), Version: 1, AccessType: "open", AllAvailable: true,
		CreatedInternal: now, ModifiedInternal: now, CreatedAt: now, ModifiedAt: now, LastUpdate: now,
	}
	made.OrganizationID, made.OwnerID = optional(owner.Organization), optional(owner.User)
	checks := s.checking(ctx, in.Resources.Value...)
	var written *Dataset
	err = s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		d, wrong := made, checks
		written = &d
		if err := knownOwner(ctx, tx.Tx, owner); err != nil {
			return err
		}
		resources := newResources(&wrong, in.Resources.Value, d.ID, now)
		if err := s.applyTo(ctx, tx.Tx, &wrong, &d, in); err != nil {
			return err
		}
		summarise(&d, resources)
		d.Resources = resources
		return s.insertDataset(ctx, tx, v, &d, resources)
	})
	if err != nil {
		return nil, err
	}
	return written, s.completeNew(ctx, written)
}

// completeNew adds to a dataset that was just written what its readers see and
// its writer did not load: owner and contact points.
func (s *Store) completeNew(ctx context.Context, d *Dataset) error {
	from, err := loadOwners(ctx, s.db.Read(), []account.Owner{d.OwnedBy()})
	if err != nil {
		return err
	}
	d.attach(from)
	one := []Dataset{*d}
	err = attachContacts(ctx, s.db.Read(), one)
	d.ContactPoints = one[0].ContactPoints
	return err
}

// insertDataset writes a new dataset with what stands beside it, its counters,
// its event and its first version.
func (s *Store) insertDataset(ctx context.Context, tx *event.Tx, v account.Viewer, d *Dataset, resources []Resource) error {
	var err error
	if d.Slug, err = account.FreeSlug(ctx, tx.Tx, "datasets", KindDataset, text.Slug(d.Title)); err != nil {
		return err
	}
	if err := tx.Queue(ctx, tx.NewInsert().Model(d)); err != nil {
		return err
	}
	if err := writeBeside(ctx, tx.Tx, d); err != nil {
		return err
	}
	if err := insertResources(ctx, tx.Tx, resources); err != nil {
		return err
	}
	if err := writeFormats(ctx, tx.Tx, d.ID, formatsOf(resources)); err != nil {
		return err
	}
	if err := s.assign(ctx, tx.Tx, v, KindDataset, d.ID, d.OwnedBy()); err != nil {
		return err
	}
	if d.Visible {
		countOwned(tx, v, d, d.OwnedBy(), 1)
	}
	return v.Record(ctx, tx, account.Change{
		What: "created", Kind: KindDataset, ID: d.ID, Owner: d.OwnedBy().Ref(), Version: 1, After: d.Visible,
	})
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

// editable loads a dataset with its lists for a write and refuses who may not
// change it. One that was deleted is gone unless the write brings it back.
func (s *Store) editable(ctx context.Context, tx *db.Tx, v account.Viewer, id string, revive bool) (*Dataset, error) {
	d, err := s.editableHead(ctx, tx, v, id, revive)
	if err != nil {
		return nil, err
	}
	all, err := attributes(ctx, tx, []string{id})
	if err != nil {
		return nil, err
	}
	d.Attributes = attributesOf(all, id)
	return d, nil
}

// editableHead is editable without the dataset's tags, badges, zones and contact
// points, which a write of its resources leaves alone.
func (s *Store) editableHead(ctx context.Context, tx *db.Tx, v account.Viewer, id string, revive bool) (*Dataset, error) {
	if v.Anonymous() {
		return nil, fault.New(fault.Unauthorized, "Log in to change a dataset.")
	}
	if err := lock(ctx, tx, "datasets", id); err != nil {
		return nil, err
	}
	rows, err := datasetRows(ctx, tx, []string{id})
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, fault.New(fault.NotFound, missing[KindDataset])
	}
	d := &rows[0]
	return d, changeable(v, state{KindDataset, d.ID, d.OwnedBy(), d.Private, d.DeletedAt}, revive)
}

// UpdateDataset changes what the input holds and keeps the rest. Resources that
// are given replace the whole list. A dataset becomes public when the input
// leaves out whether it is private, unless the rules keep it as it was: the answer
// is then Published, and its owners are told.
func (s *Store) UpdateDataset(ctx context.Context, v account.Viewer, id string, in DatasetInput) (*Dataset, error) {
	omitted := !in.Private.Set && !s.rules.OmittedPrivateKeeps
	if omitted {
		in.Private = Some(false)
	}
	published := false
	checks := s.checking(ctx, in.Resources.Value...)
	err := s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		d, err := s.editable(ctx, tx.Tx, v, id, in.Deleted.Set && in.Deleted.Null)
		if err != nil {
			return err
		}
		before, wrong := *d, checks
		if err := changeOwner(ctx, tx.Tx, v, d, in); err != nil {
			return err
		}
		var extra history.Difference
		if in.Resources.Set {
			if extra, err = s.replaceResources(ctx, tx, &wrong, d, in.Resources.Value); err != nil {
				return err
			}
		}
		if err := s.applyTo(ctx, tx.Tx, &wrong, d, in); err != nil {
			return err
		}
		if err := s.saveDataset(ctx, tx, v, &before, d, "updated", extra); err != nil {
			return err
		}
		if published = omitted && before.Private; !published {
			return nil
		}
		return s.tellOwners(ctx, tx.Tx, d, "dataset.published")
	})
	if err != nil {
		return nil, err
	}
	d, err := s.Dataset(ctx, v, id, Parts{})
	if err != nil {
		return nil, err
	}
	d.Published = published
	return d, nil
}

// errJudged ends a transaction that was to look alone.
var errJudged = errors.New("the input was judged, nothing is written")

// JudgeDataset tells what UpdateDataset would find wrong with an input, all at
// once; it writes nothing. A dataset that is no longer the version that the caller
// expects is no fault here.
func (s *Store) JudgeDataset(ctx context.Context, v account.Viewer, id string, in DatasetInput) error {
	wrong := s.checking(ctx)
	err := s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		d, err := s.editable(ctx, tx.Tx, v, id, false)
		if err != nil {
			return err
		}
		if err := s.applyTo(ctx, tx.Tx, &wrong, d, in); err != nil {
			return err
		}
		return errJudged
	})
	if errors.Is(err, errJudged) {
		return nil
	}
	return err
}

// changeOwner gives a dataset to the owner that an input names.
func changeOwner(ctx context.Context, tx *db.Tx, v account.Viewer, d *Dataset, in DatasetInput) error {
	to, err := datasetOwner.keptOwner(v, d.OwnedBy(), in.Organization, in.Owner)
	if err != nil {
		return err
	}
	return d.giveTo(ctx, tx, d.ID, to)
}

// DeleteDataset marks a dataset as deleted; it can be brought back. With notice,
// an administrator of the platform has its owner told why and how to appeal.
func (s *Store) DeleteDataset(ctx context.Context, v account.Viewer, id string, notice bool) error {
	return s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		d, err := s.editable(ctx, tx.Tx, v, id, false)
		if err != nil {
			return err
		}
		before := *d
		d.DeletedAt = db.Now()
		d.computeVisible()
		if err := s.saveDataset(ctx, tx, v, &before, d, "deleted", nil); err != nil {
			return err
		}
		return s.notice(ctx, tx, v, notice, d.OwnedBy(), d.Title)
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
	if err := db.UpdateChanged(ctx, tx.Tx, before, d); err != nil {
		return err
	}
	if err := s.saveBeside(ctx, tx.Tx, before, d); err != nil {
		return err
	}
	if before.Private && !d.Private || before.DeletedAt.IsZero() && !d.DeletedAt.IsZero() {
		if _, err := unschedule(ctx, tx.Tx, d.ID); err != nil {
			return err
		}
	}
	if before.Visible && (!d.Visible || before.OwnedBy() != d.OwnedBy()) {
		countOwned(tx, v, d, before.OwnedBy(), -1)
	}
	if d.Visible && (!before.Visible || before.OwnedBy() != d.OwnedBy()) {
		countOwned(tx, v, d, d.OwnedBy(), 1)
	}
	difference := datasetDifference(before, d)
	for name, values := range extra {
		difference[name] = values
	}
	err := v.Record(ctx, tx, account.Change{
		What: what, Kind: KindDataset, ID: d.ID, Owner: d.OwnedBy().Ref(), Version: d.Version, Before: before.Visible, After: d.Visible,
		Difference: difference,
	})
	if err != nil || before.public() == d.public() {
		return err
	}
	if err := tellCommunity(ctx, tx, v, d.public(), d.ID); err != nil {
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

// besides are the lists and documents of a dataset.
func (d *Dataset) besides() besides {
	return besides{tags: d.Tags, zones: d.Zones, contacts: d.Contacts, extras: d.Extras, geometry: d.Geometry}
}

// saveBeside writes the lists and documents beside the row that changed, and
// forgets what the import gave in their place.
func (s *Store) saveBeside(ctx context.Context, tx *db.Tx, before, d *Dataset) error {
	if err := d.besides().save(ctx, tx, KindDataset, d.ID, before.besides()); err != nil || d.Given == nil {
		return err
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

// writeBeside inserts tags, zones, contact points, extras and shape of a new
// dataset, a list in one statement.
func writeBeside(ctx context.Context, tx *db.Tx, d *Dataset) error {
	for _, list := range d.besides().lists() {
		if err := list.insert(ctx, tx, KindDataset, d.ID); err != nil {
			return err
		}
	}
	if d.Extras != nil {
		if err := tx.Queue(ctx, tx.NewRaw("INSERT INTO extras (object_id, kind, extras) VALUES (?, ?, ?)", d.ID, KindDataset, d.Extras)); err != nil {
			return err
		}
	}
	if d.Geometry == nil {
		return nil
	}
	return tx.Queue(ctx, tx.NewRaw("INSERT INTO coverages (object_id, kind, geometry) VALUES (?, ?, ?)", d.ID, KindDataset, d.Geometry))
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
	compare("contact_points", before.Contacts, after.Contacts, slices.Equal(before.Contacts, after.Contacts))
	compare("access_audiences", before.AccessAudiences, after.AccessAudiences, string(before.AccessAudiences) == string(after.AccessAudiences))
	texts("organization", before.OrganizationID, after.OrganizationID)
	texts("owner", before.OwnerID, after.OwnerID)
	texts("authorization_request_url", before.AuthorizationRequestURL, after.AuthorizationRequestURL)
	texts("access_type_reason_category", before.AccessTypeReasonCategory, after.AccessTypeReasonCategory)
	texts("access_type_reason", before.AccessTypeReason, after.AccessTypeReason)
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
