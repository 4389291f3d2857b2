package catalog

import (
	"context"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/fault"
)

// hiding says, for each kind of object that not everybody may read, which of its
// columns hide it and whom it belongs to.
var hiding = map[string]string{
	KindDataset:      "SELECT organization_id, owner_id, private, deleted_at FROM datasets WHERE id = ?",
	KindReuse:        "SELECT organization_id, owner_id, private, deleted_at FROM reuses WHERE id = ?",
	KindDataservice:  "SELECT organization_id, owner_id, private, deleted_at FROM dataservices WHERE id = ?",
	KindTopic:        "SELECT organization_id, owner_id, COALESCE(private, FALSE) AS private, NULL AS deleted_at FROM topics WHERE id = ?",
	KindPost:         "SELECT NULL AS organization_id, NULL AS owner_id, (published_at IS NULL) AS private, NULL AS deleted_at FROM posts WHERE id = ?",
	KindChart:        "SELECT organization_id, owner_id, private, deleted_at FROM charts WHERE id = ?",
	KindOrganization: "SELECT id AS organization_id, NULL AS owner_id, FALSE AS private, deleted_at FROM organizations WHERE id = ?",
}

// The texts with which an object is refused.
var (
	missing = map[string]string{
		KindDataset: "Dataset not found", KindReuse: "Reuse not found", KindDataservice: "Dataservice not found", KindTopic: "Topic not found",
		KindPost: "Post not found", KindOrganization: "Organization not found", KindChart: "Visualization not found",
		KindContact: "Contact point not found", KindCommunity: "Community resource does not exist", KindResource: "Resource does not exist",
		KindElement: "Topic element not found", KindUser: "User not found",
	}
	deleted = map[string]string{
		KindDataset: "Dataset has been deleted", KindReuse: "This reuse has been deleted", KindDataservice: "Dataservice has been deleted",
		KindOrganization: "Organization has been deleted", KindChart: "Visualization has been deleted",
		KindTopic: "Topic has been deleted", KindPost: "Post has been deleted", KindCommunity: "Community resource has been deleted",
	}
)

// hidden tells whether the viewer may not read an object: one that is private or
// deleted is for its owner, its organisation and administrators.
func hidden(v account.Viewer, private bool, deletedAt db.Time, owner account.Owner, object string) bool {
	return (private || !deletedAt.IsZero()) && !v.MayRead(owner, object)
}

// Readable refuses an object that the viewer may not read, as one that nobody
// knows: not found. Only one that everybody could read until it was deleted is
// gone.
func (s *Store) Readable(ctx context.Context, v account.Viewer, kind, id string) error {
	var rows []struct {
		OrganizationID, OwnerID *string
		Private                 bool
		DeletedAt               db.Time
	}
	if err := s.db.Read().NewRaw(hiding[kind], id).Scan(ctx, &rows); err != nil {
		return err
	}
	if len(rows) == 0 {
		return fault.New(fault.NotFound, missing[kind])
	}
	row := rows[0]
	owned := Owned{OrganizationID: row.OrganizationID, OwnerID: row.OwnerID}
	switch {
	case !hidden(v, row.Private, row.DeletedAt, owned.OwnedBy(), id):
		return nil
	case row.Private:
		return fault.New(fault.NotFound, missing[kind])
	}
	return fault.New(fault.Gone, deleted[kind])
}

// refusal is why an object that was not found cannot be read.
func (s *Store) refusal(ctx context.Context, v account.Viewer, kind, id string) error {
	if err := s.Readable(ctx, v, kind, id); err != nil {
		return err
	}
	return fault.New(fault.NotFound, missing[kind])
}

// Known tells whether an object exists for the viewer: one that they may not
// read does not.
func (s *Store) Known(ctx context.Context, v account.Viewer, kind, id string) (bool, error) {
	err := s.Readable(ctx, v, kind, id)
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Gone) {
		return false, nil
	}
	return err == nil, err
}

// nobodys is an identifier that no object has.
const nobodys = "000000000000000000000000"

// Askable is the identifier by which a list may be narrowed to what goes with an
// object: its own, or for an object that the viewer may not read one that no
// object has.
func (s *Store) Askable(ctx context.Context, v account.Viewer, kind, id string) (string, error) {
	if id == "" {
		return "", nil
	}
	known, err := s.Known(ctx, v, kind, id)
	if err == nil && !known {
		id = nobodys
	}
	return id, err
}
