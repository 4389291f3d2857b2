package catalog

import (
	"context"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/history"
)

// ChangeOwner gives a dataset, reuse or dataservice to another owner within a
// write: a version of its own with its event and history, the counters of both
// owners, without the assignments of partial editors, the contact points of the
// former owner and the other offers of the object. The caller has checked that
// the viewer may, and writes nothing of the object's row afterwards.
func (s *Store) ChangeOwner(ctx context.Context, tx *event.Tx, v account.Viewer, kind, id string, owner account.Owner) error {
	object, err := loadMoving(ctx, tx.Tx, kind, id)
	if err != nil {
		return err
	}
	if object == nil {
		return fault.New(fault.NotFound, missing[kind])
	}
	former := object.owner()
	if former == owner {
		return nil
	}
	if err := knownOwner(ctx, tx.Tx, owner); err != nil {
		return err
	}
	now := db.Now()
	_, err = tx.NewRaw("UPDATE ? SET organization_id = ?, owner_id = ?, version = version + 1, ? = ? WHERE id = ?", bun.Ident(movable[kind].table),
		optional(owner.Organization), optional(owner.User), bun.Ident(movable[kind].modified), now, id).Exec(ctx)
	if err != nil {
		return err
	}
	difference := history.Difference{}
	if former.Organization != owner.Organization {
		difference["organization"] = [2]any{optional(former.Organization), optional(owner.Organization)}
	}
	if former.User != owner.User {
		difference["owner"] = [2]any{optional(former.User), optional(owner.User)}
	}
	if err := s.partWithFormer(ctx, tx, v, kind, id, owner, difference); err != nil {
		return err
	}
	err = v.Record(ctx, tx, account.Change{
		What: "updated", Kind: kind, ID: id, Owner: owner.Ref(), Version: object.Version + 1, Before: object.Visible, After: object.Visible,
		Difference: difference,
	})
	if err != nil || !object.Visible {
		return err
	}
	return s.recountOwners(ctx, tx, v, kind, former, owner)
}

// partWithFormer takes from an object what was its former owner's.
func (s *Store) partWithFormer(ctx context.Context, tx *event.Tx, v account.Viewer, kind, id string, owner account.Owner, difference history.Difference) error {
	if _, err := tx.NewRaw("DELETE FROM assignments WHERE object_id = ?", id).Exec(ctx); err != nil {
		return err
	}
	var offers []Transfer
	err := tx.NewSelect().Model(&offers).Where("object_id = ?", id).Where("status = ?", TransferPending).OrderExpr("id").Scan(ctx)
	if err != nil {
		return err
	}
	for i := range offers {
		offers[i].RespondedAt = db.Now()
		if err := offers[i].saveAnswer(ctx, tx, v, TransferRefused); err != nil {
			return err
		}
	}
	return detachContacts(ctx, tx, kind, id, owner, difference)
}

// detachContacts keeps of the contact points of an object those of its owner.
func detachContacts(ctx context.Context, tx *event.Tx, kind, id string, owner account.Owner, difference history.Difference) error {
	var attached []struct {
		ContactID      string
		OrganizationID *string
		OwnerID        *string
	}
	err := tx.NewRaw(`SELECT oc.contact_id, cp.organization_id, cp.owner_id FROM object_contacts oc JOIN contact_points cp ON cp.id = oc.contact_id
		WHERE oc.object_id = ? ORDER BY oc.position`, id).Scan(ctx, &attached)
	if err != nil {
		return err
	}
	before, after := make([]string, 0, len(attached)), make([]string, 0, len(attached))
	var gone []string
	for _, row := range attached {
		before = append(before, row.ContactID)
		owned := Owned{OrganizationID: row.OrganizationID, OwnerID: row.OwnerID}
		if owned.OwnedBy() == owner {
			after = append(after, row.ContactID)
		} else {
			gone = append(gone, row.ContactID)
		}
	}
	if len(gone) == 0 {
		return nil
	}
	difference["contact_points"] = [2]any{before, after}
	if _, err := tx.NewRaw("DELETE FROM object_contacts WHERE object_id = ? AND contact_id IN (?)", id, bun.List(gone)).Exec(ctx); err != nil {
		return err
	}
	return countContacts(ctx, tx, kind, id)
}

// countContacts brings the number of contact points of datasets in step.
func countContacts(ctx context.Context, tx *event.Tx, kind string, ids ...string) error {
	if kind != KindDataset || len(ids) == 0 {
		return nil
	}
	_, err := tx.NewRaw("UPDATE datasets SET contacts = (SELECT count(*) FROM object_contacts c WHERE c.object_id = datasets.id) WHERE id IN (?)",
		bun.List(ids)).Exec(ctx)
	return err
}

// recountOwners counts the objects of a kind of two owners, in the order of
// their identifiers: two writes that move objects between them take turns.
func (s *Store) recountOwners(ctx context.Context, tx *event.Tx, v account.Viewer, kind string, owners ...account.Owner) error {
	byKind := map[string][]string{}
	for _, owner := range owners {
		if ownerKind, id := kindOf(owner); id != "" {
			byKind[ownerKind] = append(byKind[ownerKind], id)
		}
	}
	for _, ownerKind := range []string{KindOrganization, KindUser} {
		ids := byKind[ownerKind]
		if len(ids) == 0 {
			continue
		}
		table, column := counterTables[ownerKind], counterTables[kind]
		if err := lock(ctx, tx.Tx, table, ids...); err != nil {
			return err
		}
		sums := ""
		if ownerKind == KindOrganization && kind == KindDataset {
			sums = organizationSums
		}
		var rows []versioned
		err := tx.NewRaw("UPDATE "+table+" AS x SET "+column+" = ("+countOf(table, column)+"), "+sums+"version = version + 1 WHERE x.id IN (?) RETURNING id, version",
			bun.List(ids)).Scan(ctx, &rows)
		if err != nil {
			return err
		}
		if err := tellCounted(ctx, tx, v, ownerKind, rows); err != nil {
			return err
		}
	}
	return nil
}

// countOf is the query that counts a relation of a table's row.
func countOf(table, column string) string {
	for _, c := range counters[table] {
		if c.column == column {
			return c.query
		}
	}
	return "SELECT 0"
}
