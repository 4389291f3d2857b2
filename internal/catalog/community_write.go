package catalog

import (
	"context"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/history"
)

// CommunityInput is what is written of a community resource.
type CommunityInput struct {
	ResourceInput
	// Dataset is the one it is added to.
	Dataset Opt[string]
	// Organization and Owner say whom a new one belongs to; later only
	// administrators change them so.
	Organization Opt[string]
	Owner        Opt[string]
}

// AddCommunity adds a remote resource to a dataset that the viewer may read,
// whoever it belongs to.
func (s *Store) AddCommunity(ctx context.Context, v account.Viewer, in CommunityInput) (*Resource, error) {
	if v.Anonymous() {
		return nil, fault.New(fault.Unauthorized, "Log in to add a community resource.")
	}
	if in.Filetype.Value != "remote" {
		return nil, fault.New(fault.Invalid, "This endpoint only supports remote resources")
	}
	if in.Dataset.Value == "" {
		return nil, (&fault.Error{Code: fault.Invalid}).Bare("A dataset identifier is required", "dataset")
	}
	owner, err := newOwner(v, in.Organization, in.Owner)
	if err != nil {
		return nil, err
	}
	checks := s.checking(ctx, in.ResourceInput)
	var added Resource
	err = s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		if err := knownOwner(ctx, tx.Tx, owner); err != nil {
			return err
		}
		if err := mayAddTo(ctx, tx.Tx, v, in.Dataset.Value); err != nil {
			return err
		}
		wrong := checks
		added = newResource(&wrong, in.ResourceInput, in.Dataset.Value, 0, db.Now())
		if err := wrong.collect(); err != nil {
			return err
		}
		added.Community = true
		added.OrganizationID, added.OwnerID = optional(owner.Organization), optional(owner.User)
		if _, err := tx.NewInsert().Model(&added).Exec(ctx); err != nil {
			return err
		}
		return recordCommunity(ctx, tx, v, &added, "created", nil)
	})
	if err != nil {
		return nil, err
	}
	return s.community(ctx, v, &added)
}

// community completes a community resource for its answer.
func (s *Store) community(ctx context.Context, v account.Viewer, r *Resource) (*Resource, error) {
	rows := []Resource{*r}
	err := completeCommunity(ctx, s.db.Read(), v, rows)
	return &rows[0], err
}

// mayAddTo refuses a dataset that the viewer cannot read, or that was deleted.
func mayAddTo(ctx context.Context, tx *db.Tx, v account.Viewer, dataset string) error {
	var rows []struct {
		OrganizationID, OwnerID *string
		Private                 bool
		DeletedAt               db.Time
	}
	if err := tx.NewRaw(hiding[KindDataset], dataset).Scan(ctx, &rows); err != nil {
		return err
	}
	if len(rows) == 1 && rows[0].DeletedAt.IsZero() {
		owned := Owned{OrganizationID: rows[0].OrganizationID, OwnerID: rows[0].OwnerID}
		if !hidden(v, rows[0].Private, rows[0].DeletedAt, owned.OwnedBy(), dataset) {
			return nil
		}
	}
	return fault.At("Unknown dataset: name one that you can read by its identifier.", "dataset")
}

// editableCommunity loads a community resource for a write and refuses who may
// not change it.
func editableCommunity(ctx context.Context, tx *db.Tx, v account.Viewer, id string) (*Resource, error) {
	if v.Anonymous() {
		return nil, fault.New(fault.Unauthorized, "Log in to change a community resource.")
	}
	if err := lock(ctx, tx, "resources", id); err != nil {
		return nil, err
	}
	var rows []Resource
	if err := tx.NewSelect().Model(&rows).Where("id = ? AND community = TRUE", id).Scan(ctx); err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, errNoCommunity
	}
	r := &rows[0]
	if v.May(account.EditCommunity, r.OwnedBy(), r.ID) {
		return r, nil
	}
	if r.DatasetID != nil && mayAddTo(ctx, tx, v, *r.DatasetID) != nil {
		return nil, errNoCommunity // one on a hidden dataset is hidden too
	}
	return nil, fault.New(fault.Forbidden, "You do not have the permission to modify that object.")
}

var errNoCommunity = fault.New(fault.NotFound, "Community resource does not exist")

// UpdateCommunity changes what the input holds of a community resource.
func (s *Store) UpdateCommunity(ctx context.Context, v account.Viewer, id string, in CommunityInput) (*Resource, error) {
	checks := s.checking(ctx, in.ResourceInput)
	var changed *Resource
	err := s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		r, err := editableCommunity(ctx, tx.Tx, v, id)
		if err != nil {
			return err
		}
		before, wrong := *r, checks
		if err := moveCommunity(ctx, tx.Tx, v, r, in); err != nil {
			return err
		}
		applyResource(&wrong, r, in.ResourceInput)
		if err := wrong.collect(); err != nil {
			return err
		}
		r.Version++
		r.ModifiedInternal = db.Now()
		if err := db.UpdateChanged(ctx, tx.Tx, &before, r); err != nil {
			return err
		}
		changed = r
		difference := resourceDifference(&before, r)
		if !equalText(before.DatasetID, r.DatasetID) {
			difference["dataset"] = [2]any{before.DatasetID, r.DatasetID}
			if err := tellDataset(ctx, tx, v, before.DatasetID); err != nil {
				return err
			}
		}
		return recordCommunity(ctx, tx, v, r, "updated", difference)
	})
	if err != nil {
		return nil, err
	}
	return s.community(ctx, v, changed)
}

// moveCommunity takes a community resource to another dataset, and for
// administrators to another owner.
func moveCommunity(ctx context.Context, tx *db.Tx, v account.Viewer, r *Resource, in CommunityInput) error {
	if in.Dataset.Set && (r.DatasetID == nil || in.Dataset.Value != *r.DatasetID) {
		if in.Dataset.Value == "" {
			return (&fault.Error{Code: fault.Invalid}).Bare("A dataset identifier is required", "dataset")
		}
		if err := mayAddTo(ctx, tx, v, in.Dataset.Value); err != nil {
			return err
		}
		r.DatasetID = &in.Dataset.Value
	}
	to, err := datasetOwner.keptOwner(v, r.OwnedBy(), in.Organization, in.Owner)
	if err != nil {
		return err
	}
	return r.giveTo(ctx, tx, r.ID, to)
}

// RemoveCommunity puts a community resource into the bin, with its file; it can be
// brought back.
func (s *Store) RemoveCommunity(ctx context.Context, v account.Viewer, id string) error {
	return s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		r, err := editableCommunity(ctx, tx.Tx, v, id)
		if err != nil {
			return err
		}
		public, err := communitySeen(ctx, tx, r)
		if err != nil {
			return err
		}
		if err := forget(ctx, tx.Tx, "resources", "id", id); err != nil {
			return err
		}
		r.Version++
		row := &binRow{
			ID: r.ID, Kind: KindCommunity, Version: r.Version, Title: r.Title, Slug: r.ID, OrganizationID: r.OrganizationID, OwnerID: r.OwnerID,
			DatasetID: r.DatasetID, Private: !public, DeletedAt: db.Now(),
		}
		if err := s.keepWhole(ctx, tx, row, r); err != nil {
			return err
		}
		return recordCommunity(ctx, tx, v, r, "deleted", row.dead())
	})
}

// recordCommunity tells of a change of a community resource, and of the dataset
// that shows it.
func recordCommunity(ctx context.Context, tx *event.Tx, v account.Viewer, r *Resource, what string, difference history.Difference) error {
	public, err := communitySeen(ctx, tx, r)
	if err != nil {
		return err
	}
	err = v.Record(ctx, tx, account.Change{
		What: what, Kind: KindCommunity, ID: r.ID, Owner: r.OwnedBy().Ref(), Version: r.Version, Difference: difference,
		Before: public && what != "created" && what != "restored", After: public && what != "deleted",
	})
	if err != nil {
		return err
	}
	return tellDataset(ctx, tx, v, r.DatasetID)
}

// communitySeen tells whether everybody may read a community resource: who may
// read its dataset.
func communitySeen(ctx context.Context, tx *event.Tx, r *Resource) (bool, error) {
	if r.DatasetID == nil {
		return true, nil
	}
	var rows []bool
	err := tx.NewRaw("SELECT "+publicDataset+" FROM datasets d WHERE d.id = ?", *r.DatasetID).Scan(ctx, &rows)
	return len(rows) > 0 && rows[0], err
}

// tellDataset tells the log that a dataset shows something else beside its own
// resources; that is no version which history keeps.
func tellDataset(ctx context.Context, tx *event.Tx, v account.Viewer, id *string) error {
	if id == nil {
		return nil
	}
	var rows []struct {
		Version                 int64
		Visible                 bool
		OrganizationID, OwnerID *string
	}
	err := tx.NewRaw("UPDATE datasets SET version = version + 1 WHERE id = ? RETURNING version, visible, organization_id, owner_id", *id).Scan(ctx, &rows)
	if err != nil || len(rows) == 0 {
		return err
	}
	owned := Owned{OrganizationID: rows[0].OrganizationID, OwnerID: rows[0].OwnerID}
	emitCounted(tx, v, *id, owned.OwnedBy(), rows[0].Version, rows[0].Visible)
	return nil
}

// emitCounted tells the log of a change of a dataset that history does not keep.
func emitCounted(tx *event.Tx, v account.Viewer, id string, owner account.Owner, version int64, visible bool) {
	actorKind, actor := v.Actor()
	tx.Emit(event.Event{
		Kind: KindDataset + ".counted", ObjectKind: KindDataset, Object: id, Owner: owner.Ref(), ActorKind: actorKind, Actor: actor,
		Version: version, SeenBefore: visible, SeenAfter: visible,
	})
}

// tellCommunity tells the log that the community resources of a dataset are seen from now on, or no more, as it is.
func tellCommunity(ctx context.Context, tx *event.Tx, v account.Viewer, public bool, dataset string) error {
	var rows []struct {
		ID, Owner string
		Version   int64
	}
	err := tx.NewRaw("SELECT id, coalesce(organization_id, owner_id, '') AS owner, version FROM resources WHERE dataset_id = ? AND community = TRUE ORDER BY id",
		dataset).Scan(ctx, &rows)
	if err != nil {
		return err
	}
	actorKind, actor := v.Actor()
	for _, row := range rows {
		tx.Emit(event.Event{
			Kind: KindCommunity + ".updated", ObjectKind: KindCommunity, Object: row.ID, Owner: row.Owner, ActorKind: actorKind, Actor: actor,
			Version: row.Version, SeenBefore: !public, SeenAfter: public,
		})
	}
	return nil
}
