package catalog

import (
	"context"
	"reflect"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/history"
)

// What the writes of reuses, dataservices, topics and charts share: whom an
// object belongs to, who may change it, what stands beside its row, the
// difference that history keeps.

// state is what decides whether a viewer may change an object.
type state struct {
	kind, id  string
	owner     account.Owner
	private   bool
	deletedAt db.Time
}

// named refuses a viewer who is nobody in particular, or whose token only reads.
func named(v account.Viewer, doing string) error {
	switch {
	case v.Anonymous():
		return fault.New(fault.Unauthorized, "Log in to "+doing+".")
	case !v.Writes():
		return fault.New(fault.Forbidden, "This token only reads: take one that may write to "+doing+".")
	}
	return nil
}

// maker says whom a new object belongs to, of a viewer who may make one; doing
// tells what needs a login.
func maker(v account.Viewer, doing string, organization, owner Opt[string]) (account.Owner, error) {
	if err := named(v, doing); err != nil {
		return account.Owner{}, err
	}
	return newOwner(v, organization, owner)
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
	if err := db.ScanFixed(ctx, tx, &found, "SELECT id FROM "+table+" WHERE id = ?1 AND deleted_at IS NULL", id); err != nil {
		return err
	}
	if len(found) == 0 {
		return fault.At("Unknown identifier: name one that exists, or leave it out to publish as yourself.", member)
	}
	return nil
}

// ownerRefusal are the words that refuse another owner to who is no administrator.
type ownerRefusal struct{ organization, owner string }

// The refusals of datasets with what lies on them, and of all others.
var (
	datasetOwner = ownerRefusal{"Cannot change owner after creation. Please use transfer feature.", "Cannot change owner after creation. Please use transfer feature."}
	objectOwner  = ownerRefusal{"Cannot modify organization after creation", "Cannot modify owner after creation"}
)

// keptOwner says whom an object belongs to after a write that names an owner: only an
// administrator changes it so, everybody else has to ask for a transfer. To name
// nobody changes nothing; the organisation counts when both are named.
func (words ownerRefusal) keptOwner(v account.Viewer, current account.Owner, organization, owner Opt[string]) (account.Owner, error) {
	given, member, refusal := account.Owner{Organization: organization.Value}, "organization", words.organization
	if given.Organization == "" {
		given, member, refusal = account.Owner{User: owner.Value}, "owner", words.owner
	}
	switch {
	case given == current || given == account.Owner{}:
		return current, nil
	case !v.Admin():
		return current, fault.At(refusal, member)
	}
	return given, nil
}

// changeable refuses who may not change an object: it is not found when it is
// hidden from the viewer, gone when it was deleted, unless the write brings it
// back.
func changeable(v account.Viewer, o state, revive bool) error {
	switch {
	case v.Anonymous():
		return fault.New(fault.Unauthorized, "Log in to change this.")
	case o.private && !v.MayRead(o.owner, o.id):
		return fault.New(fault.NotFound, missing[o.kind])
	case !o.deletedAt.IsZero() && !revive:
		return fault.New(fault.Gone, deleted[o.kind])
	case !v.MayEdit(o.owner, o.id):
		return fault.New(fault.Forbidden, "You do not have the permission to modify that object.")
	}
	return nil
}

// lock keeps other writes from rows until the end of this one; on SQLite there
// is one writer anyway.
func lock(ctx context.Context, tx *db.Tx, table string, ids ...string) error {
	if !tx.Postgres() || len(ids) == 0 {
		return nil
	}
	var locked []string
	return tx.NewRaw("SELECT id FROM ? WHERE id IN (?) ORDER BY id FOR NO KEY UPDATE", bun.Ident(table), bun.List(ids)).Scan(ctx, &locked)
}

// locked loads one object for a write and keeps other writes from it.
func locked[T any](ctx context.Context, tx *event.Tx, table, kind, id string, load func(context.Context, bun.IDB, []string) ([]T, error)) (*T, error) {
	if err := lock(ctx, tx.Tx, table, id); err != nil {
		return nil, err
	}
	rows, err := load(ctx, tx, []string{id})
	return only(rows, err, func() error { return fault.New(fault.NotFound, missing[kind]) })
}

// belongTo gives an object its owner, who must exist.
func (o *Owned) belongTo(ctx context.Context, tx *db.Tx, owner account.Owner) error {
	o.OrganizationID, o.OwnerID = optional(owner.Organization), optional(owner.User)
	return knownOwner(ctx, tx, owner)
}

// giveTo changes the owner of an object within a write: who edited it for its
// former organisation does so no longer.
func (o *Owned) giveTo(ctx context.Context, tx *db.Tx, id string, owner account.Owner) error {
	if owner == o.OwnedBy() {
		return nil
	}
	if err := o.belongTo(ctx, tx, owner); err != nil {
		return err
	}
	if _, err := tx.NewRaw("DELETE FROM assignments WHERE object_id = ?", id).Exec(ctx); err != nil {
		return err
	}
	// What the former owner offered to others is not theirs any more.
	_, err := tx.NewRaw("UPDATE transfers SET status = ?, responded_at = ? WHERE object_id = ? AND status = ?",
		TransferRefused, db.Now(), id, TransferPending).Exec(ctx)
	return err
}

// field is a member of an object as people write it, for the difference that
// history keeps.
type field struct {
	name  string
	value any
}

// differenceOf compares the members of an object before and after a write.
func differenceOf(before, after []field) history.Difference {
	difference := history.Difference{}
	for i := range before {
		if !reflect.DeepEqual(before[i].value, after[i].value) {
			difference[before[i].name] = [2]any{before[i].value, after[i].value}
		}
	}
	return difference
}

// nothing makes an empty list and none equal to each other.
func nothing(words []string) []string {
	if len(words) == 0 {
		return []string{}
	}
	return words
}

// besides are what stands beside the row of an object.
type besides struct {
	tags, zones, contacts []string
	extras, geometry      db.JSON
}

// besideList is a list beside the row of an object, in its order.
type besideList struct {
	table string
	// row has the columns of a row of the table: the object, the position, the
	// value, and with kinded the kind of the object.
	row    string
	kinded bool
	values []string
}

func (b besides) lists() []besideList {
	return []besideList{
		{"tags", "object_id, position, tag, kind", true, b.tags}, {"object_zones", "object_id, position, zone, kind", true, b.zones},
		{"object_contacts", "object_id, position, contact_id", false, b.contacts},
	}
}

// insert writes a list of which no row is there, many values in one statement.
func (l besideList) insert(ctx context.Context, tx *db.Tx, kind, id string) error {
	position := 0
	for part := range slices.Chunk(l.values, resourceBatch) {
		rows := make([]any, len(part))
		for i, value := range part {
			row := []any{id, position, value}
			if position++; l.kinded {
				row = append(row, kind)
			}
			rows[i] = bun.List(row)
		}
		query := "INSERT INTO " + l.table + " (" + l.row + ") VALUES " + strings.TrimSuffix(strings.Repeat("(?), ", len(rows)), ", ")
		if err := tx.Queue(ctx, tx.NewRaw(query, rows...)); err != nil {
			return err
		}
	}
	return nil
}

// save writes what differs from before.
func (b besides) save(ctx context.Context, tx *db.Tx, kind, id string, before besides) error {
	was := before.lists()
	for i, list := range b.lists() {
		if slices.Equal(was[i].values, list.values) {
			continue
		}
		if err := forget(ctx, tx, list.table, "object_id", id); err != nil {
			return err
		}
		if err := list.insert(ctx, tx, kind, id); err != nil {
			return err
		}
	}
	for _, document := range []struct {
		table, column string
		old, new      db.JSON
	}{{"extras", "extras", before.extras, b.extras}, {"coverages", "geometry", before.geometry, b.geometry}} {
		if string(document.old) == string(document.new) {
			continue
		}
		if err := forget(ctx, tx, document.table, "object_id", id); err != nil {
			return err
		}
		if len(document.new) == 0 {
			continue
		}
		_, err := tx.NewRaw("INSERT INTO ? (object_id, kind, ?) VALUES (?, ?, ?)", bun.Ident(document.table), bun.Ident(document.column), id, kind, document.new).Exec(ctx)
		if err != nil {
			return err
		}
	}
	return nil
}

// forget removes the rows of objects from a table.
func forget(ctx context.Context, tx *db.Tx, table, column string, ids ...string) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := tx.NewRaw("DELETE FROM ? WHERE ? IN (?)", bun.Ident(table), bun.Ident(column), bun.List(ids)).Exec(ctx)
	return err
}

// forgetBesides removes all that stands beside the rows of objects that go for
// good, whatever their kind.
func forgetBesides(ctx context.Context, tx *db.Tx, ids ...string) error {
	if err := forgetShown(ctx, tx, ids...); err != nil {
		return err
	}
	for _, table := range []string{"slugs", "follows", "assignments"} {
		if err := forget(ctx, tx, table, "object_id", ids...); err != nil {
			return err
		}
	}
	return nil
}

// forgetShown removes what stands beside the rows of objects and is part of them.
func forgetShown(ctx context.Context, tx *db.Tx, ids ...string) error {
	for _, table := range []string{"tags", "badges", "object_zones", "object_contacts", "extras", "coverages", "harvests", "given"} {
		if err := forget(ctx, tx, table, "object_id", ids...); err != nil {
			return err
		}
	}
	return nil
}

// change records what a write did to an owned object.
func (o state) change(ctx context.Context, tx *event.Tx, v account.Viewer, what string, version int64, before, after bool, difference history.Difference) error {
	return v.Record(ctx, tx, account.Change{
		What: what, Kind: o.kind, ID: o.id, Owner: o.owner.Ref(), Version: version, Before: before, After: after, Difference: difference,
	})
}
