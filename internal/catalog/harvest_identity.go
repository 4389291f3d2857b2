package catalog

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
)

// Identity is an object that may be what a record tells of.
type Identity struct {
	ID, Slug, Title string
	Owner           account.Owner
	Version         int64
	Deleted         bool
	Archived        bool
	// Source, Domain, RemoteID and URI are what its harvest says; "" for what it
	// does not.
	Source, Domain, RemoteID, URI string
	// ByURI tells that it was found by its URI alone.
	ByURI bool
	// LastUpdate is when its source last saw it.
	LastUpdate db.Time
}

// identityRow is an Identity as the database gives it.
type identityRow struct {
	ID             string
	Slug           string
	Title          string
	Version        int64
	OrganizationID *string
	OwnerID        *string
	ArchivedAt     db.Time
	DeletedAt      db.Time
	SourceID       *string
	Domain         *string
	RemoteID       *string
	URI            *string `bun:"uri"`
	LastUpdate     db.Time
}

// HarvestIdentities finds the objects of a kind that records may tell of, in one
// query: those with one of the remote identifiers, in the same domain or of the
// same source (for datasets in any when the identifier is a web address), and those
// of the same source or domain with one of the URIs. Several may have one
// identifier; those of the source come first, then those of the domain, the oldest
// first.
func HarvestIdentities(ctx context.Context, read bun.IDB, kind, domain, source string, remoteIDs, uris []string) ([]Identity, error) {
	table := harvestedKinds[kind]
	if table == "" {
		return nil, fmt.Errorf("catalog: objects of the kind %q are not harvested", kind)
	}
	if len(remoteIDs)+len(uris) == 0 {
		return nil, nil
	}
	var parts string
	var args []any
	for _, by := range []struct {
		column string
		values []string
	}{{"remote_id", remoteIDs}, {"uri", uris}} {
		if len(by.values) == 0 {
			continue
		}
		if parts != "" {
			parts += " UNION "
		}
		parts += "SELECT object_id FROM harvests WHERE " + by.column + " IN (?)"
		args = append(args, bun.List(by.values))
	}
	var rows []identityRow
	err := read.NewRaw("SELECT x.id, x.slug, x.title, x.version, x.organization_id, x.owner_id, x.archived_at, x.deleted_at, h.source_id, h.domain, "+
		"h.remote_id, h.uri, h.last_update FROM harvests h JOIN "+table+" x ON x.id = h.object_id WHERE h.kind = ? AND h.object_id IN ("+parts+")",
		append([]any{kind}, args...)...).Scan(ctx, &rows)
	if err != nil {
		return nil, err
	}
	asked := make(map[string]bool, len(remoteIDs))
	for _, id := range remoteIDs {
		asked[id] = true
	}
	var found []Identity
	for i := range rows {
		identity := rows[i].identity()
		near := identity.Source == source && source != "" || identity.Domain == domain && domain != ""
		named := asked[identity.RemoteID]
		identity.ByURI = !named
		if near || named && kind == KindDataset && IsWebAddress(identity.RemoteID) {
			found = append(found, identity)
		}
	}
	distance := func(i Identity) int {
		switch {
		case i.Source == source && source != "":
			return 0
		case i.Domain == domain && domain != "":
			return 1
		}
		return 2
	}
	slices.SortFunc(found, func(a, b Identity) int {
		return cmp.Or(cmp.Compare(distance(a), distance(b)), cmp.Compare(a.ID, b.ID))
	})
	return found, nil
}

func (r *identityRow) identity() Identity {
	owned := Owned{OrganizationID: r.OrganizationID, OwnerID: r.OwnerID}
	return Identity{
		ID: r.ID, Slug: r.Slug, Title: r.Title, Owner: owned.OwnedBy(), Version: r.Version, Deleted: !r.DeletedAt.IsZero(), Archived: !r.ArchivedAt.IsZero(),
		Source: shown(r.SourceID, ""), Domain: shown(r.Domain, ""), RemoteID: shown(r.RemoteID, ""), URI: shown(r.URI, ""), LastUpdate: r.LastUpdate,
	}
}
