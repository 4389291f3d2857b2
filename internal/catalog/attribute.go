package catalog

import (
	"context"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
)

// Attributes are the small lists that any object may have, each in its order.
type Attributes struct {
	Tags     []string
	Badges   []string
	Zones    []string
	Contacts []string
}

const attributeQuery = `SELECT 1 AS what, object_id, tag AS value, position FROM tags WHERE object_id IN (?0)
	UNION ALL SELECT 2, object_id, badge, position FROM badges WHERE object_id IN (?0)
	UNION ALL SELECT 3, object_id, zone, position FROM object_zones WHERE object_id IN (?0)
	UNION ALL SELECT 4, object_id, contact_id, position FROM object_contacts WHERE object_id IN (?0)
	ORDER BY position`

// attributes loads the lists of objects of any kind in one query. Badges of
// organisations come by the same query when their identifiers are given.
func attributes(ctx context.Context, read bun.IDB, ids []string) (map[string]*Attributes, error) {
	lists := make(map[string]*Attributes, len(ids))
	if len(ids) == 0 {
		return lists, nil
	}
	var rows []struct {
		What     int
		ObjectID string
		Value    string
		Position int64
	}
	err := db.ScanByIDs(ctx, read, &rows, attributeQuery, ids)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		list := lists[row.ObjectID]
		if list == nil {
			list = &Attributes{}
			lists[row.ObjectID] = list
		}
		switch row.What {
		case 1:
			list.Tags = append(list.Tags, row.Value)
		case 2:
			list.Badges = append(list.Badges, row.Value)
		case 3:
			list.Zones = append(list.Zones, row.Value)
		case 4:
			list.Contacts = append(list.Contacts, row.Value)
		}
	}
	return lists, nil
}

// attributesOf returns the lists of an object, empty ones when it has none.
func attributesOf(lists map[string]*Attributes, id string) Attributes {
	if list := lists[id]; list != nil {
		return *list
	}
	return Attributes{}
}

// owners are the organisations and people that objects belong to.
type owners struct {
	organizations map[string]*account.OrganizationRef
	users         map[string]*account.UserRef
}

// loadOwners loads the owners of objects in at most three queries.
func loadOwners(ctx context.Context, read bun.IDB, owned []account.Owner) (owners, error) {
	var organizations, users []string
	for _, owner := range owned {
		if owner.Organization != "" {
			organizations = append(organizations, owner.Organization)
		}
		if owner.User != "" {
			users = append(users, owner.User)
		}
	}
	var loaded owners
	var err error
	if loaded.organizations, err = account.OrganizationRefs(ctx, read, organizations); err != nil {
		return loaded, err
	}
	loaded.users, err = account.UserRefs(ctx, read, users)
	return loaded, err
}

// Owned is embedded by what belongs to an organisation or a person.
type Owned struct {
	OrganizationID *string `bun:"organization_id"`
	OwnerID        *string `bun:"owner_id"`

	Organization *account.OrganizationRef `bun:"-"`
	Owner        *account.UserRef         `bun:"-"`
}

// OwnedBy names the owner.
func (o *Owned) OwnedBy() account.Owner {
	var owner account.Owner
	if o.OrganizationID != nil {
		owner.Organization = *o.OrganizationID
	}
	if o.OwnerID != nil {
		owner.User = *o.OwnerID
	}
	return owner
}

// OwnerName is the name of the organisation or person, empty when unknown.
func (o *Owned) OwnerName() string {
	switch {
	case o.Organization != nil:
		return o.Organization.Name
	case o.Owner != nil:
		return o.Owner.FullName()
	}
	return ""
}

func (o *Owned) attach(from owners) {
	owner := o.OwnedBy()
	o.Organization, o.Owner = from.organizations[owner.Organization], from.users[owner.User]
}
