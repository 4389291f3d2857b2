package account

import (
	"context"
	"strings"

	"github.com/uptrace/bun"
	"golang.org/x/text/unicode/norm"

	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/history"
	"grenier/internal/mail"
	"grenier/internal/text"
)

// NewOrganization is what an operator makes an organisation from.
type NewOrganization struct {
	Name, Acronym, Description string
	// Members are the people it starts with. A person who creates it is its
	// first administrator without being named.
	Members []NewMember
}

// NewMember is a person with a role.
type NewMember struct {
	UserID string
	Role   Role
}

// CreateOrganization makes an organisation with members, as operators and
// imports do: a description may be missing. Everybody with an account may.
func (w *Writer) CreateOrganization(ctx context.Context, v Viewer, given NewOrganization) (*Organization, error) {
	in := OrganizationInput{Name: Some(given.Name), Acronym: Some(given.Acronym)}
	if given.Description != "" {
		in.Description = Some(given.Description)
	}
	return w.createOrganization(ctx, v, in, given.Members)
}

// FoundOrganization makes an organisation whose first administrator is the
// viewer. Everybody with an account may. Name and description are required.
func (w *Writer) FoundOrganization(ctx context.Context, v Viewer, in OrganizationInput) (*Organization, error) {
	in.Name.Set, in.Description.Set = true, true
	return w.createOrganization(ctx, v, in, nil)
}

func (w *Writer) createOrganization(ctx context.Context, v Viewer, in OrganizationInput, members []NewMember) (*Organization, error) {
	if v.Anonymous() {
		return nil, fault.New(fault.Unauthorized, "Log in to create an organization.")
	}
	if !v.May(CreateOrganization, Owner{}, "") {
		return nil, errForbidden
	}
	var wrong fieldErrors
	if v.User != nil {
		members = append([]NewMember{{UserID: v.User.ID, Role: RoleAdmin}}, members...)
	}
	members = checkMembers(members, &wrong)
	now := db.Now()
	made := Organization{ID: db.NewID(), Version: 1, CreatedAt: now, ModifiedAt: now, MemberCount: int64(len(members))}
	wrong = append(wrong, w.applyOrganization(ctx, v, &made, in))
	if err := wrong.collect(); err != nil {
		return nil, err
	}
	var organization *Organization
	err := w.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		fresh := made
		organization = &fresh
		return insertOrganization(ctx, tx, v, organization, members)
	})
	return organization, err
}

var errForbidden = fault.New(fault.Forbidden, "You do not have the permission to modify that object.")

// oneLine makes one space of every run of white space, in the usual form of
// Unicode.
func oneLine(value string) string { return norm.NFC.String(strings.Join(strings.Fields(value), " ")) }

// known tells whether a role is one of the three.
func (r Role) known() bool { return r == RoleAdmin || r == RoleEditor || r == RolePartialEditor }

const unknownRole = "Unknown role: expected admin, editor or partial_editor."

// checkMembers refuses unknown roles and drops who is named twice.
func checkMembers(members []NewMember, wrong *fieldErrors) []NewMember {
	seen := make(map[string]bool, len(members))
	kept := make([]NewMember, 0, len(members))
	for i, member := range members {
		if !member.Role.known() {
			wrong.add(unknownRole, "members", i, "role")
		}
		if !seen[member.UserID] {
			kept = append(kept, member)
		}
		seen[member.UserID] = true
	}
	return kept
}

func insertOrganization(ctx context.Context, tx *event.Tx, v Viewer, organization *Organization, members []NewMember) error {
	var err error
	organization.Slug, err = FreeSlug(ctx, tx.Tx, "organizations", "organization", text.Slug(organization.Name))
	if err != nil {
		return err
	}
	if err := checkPeople(ctx, tx, members); err != nil {
		return err
	}
	if _, err := tx.NewInsert().Model(organization).Exec(ctx); err != nil {
		return err
	}
	rows := make([]Member, len(members))
	for i, member := range members {
		rows[i] = Member{
			OrganizationID: organization.ID, UserID: member.UserID, Role: member.Role, Since: organization.CreatedAt, Position: int64(i),
		}
	}
	if len(rows) > 0 {
		if _, err := tx.NewInsert().Model(&rows).Exec(ctx); err != nil {
			return err
		}
	}
	organization.Members = rows
	return v.Record(ctx, tx, Change{
		What: "created", Kind: "organization", ID: organization.ID, Owner: organization.ID, Version: organization.Version, After: true,
	})
}

// checkPeople refuses members who do not exist or whose account is deleted.
func checkPeople(ctx context.Context, tx *event.Tx, members []NewMember) error {
	ids := make([]string, len(members))
	for i, member := range members {
		ids[i] = member.UserID
	}
	var known []string
	if err := tx.NewRaw("SELECT id FROM users WHERE id IN (?) AND deleted_at IS NULL", bun.List(ids)).Scan(ctx, &known); err != nil {
		return err
	}
	exists := make(map[string]bool, len(known))
	for _, id := range known {
		exists[id] = true
	}
	var wrong fieldErrors
	for i, member := range members {
		if !exists[member.UserID] {
			wrong.add("Unknown user.", "members", i, "user")
		}
	}
	return wrong.collect()
}

// UpdateOrganization changes what the input holds and keeps the rest. A former
// name stays known, and a former slug leads to the organisation. Its
// administrators may; one that was deleted comes back when the input says so.
func (w *Writer) UpdateOrganization(ctx context.Context, v Viewer, id string, in OrganizationInput) (*Organization, error) {
	revive := in.Deleted.Set && in.Deleted.Null
	return w.changeOrganization(ctx, v, id, revive, func(ctx context.Context, _ *event.Tx, o *Organization) error {
		return w.applyOrganization(ctx, v, o, in)
	})
}

// RenameOrganization gives an organisation another name. Its administrators
// may.
func (w *Writer) RenameOrganization(ctx context.Context, v Viewer, id, name string) (*Organization, error) {
	return w.UpdateOrganization(ctx, v, id, OrganizationInput{Name: Some(name)})
}

// AttachZone says of which zone an organisation is the authority; "" of none.
// The caller knows that the zone exists. Its administrators may.
func (w *Writer) AttachZone(ctx context.Context, v Viewer, id, zone string) (*Organization, error) {
	return w.updateOrganization(ctx, v, id, func(_ context.Context, _ *event.Tx, o *Organization) error {
		o.Zone = nonEmpty(zone)
		return nil
	})
}

// DeleteOrganization marks an organisation as deleted: it is gone for everybody
// but its members, what it published stays. Its administrators may. notice, of
// an administrator of the platform, tells them by a letter why such things
// happen and how to appeal.
func (w *Writer) DeleteOrganization(ctx context.Context, v Viewer, id string, notice bool) error {
	_, err := w.updateOrganization(ctx, v, id, func(ctx context.Context, tx *event.Tx, o *Organization) error {
		o.DeletedAt = db.Now()
		if !notice || !v.Admin() {
			return nil
		}
		return w.writeToManagers(ctx, tx, o, mail.Letter{Kind: "organization.notice", Args: []any{"organization", o.Name}, Button: "/pages/legal/cgu"})
	})
	return err
}

// updateOrganization changes one organisation that is not deleted; nothing
// changed writes nothing. Its administrators may.
func (w *Writer) updateOrganization(ctx context.Context, v Viewer, id string,
	apply func(context.Context, *event.Tx, *Organization) error) (*Organization, error) {
	return w.changeOrganization(ctx, v, id, false, apply)
}

func (w *Writer) changeOrganization(ctx context.Context, v Viewer, id string, revive bool,
	apply func(context.Context, *event.Tx, *Organization) error) (*Organization, error) {
	var organization *Organization
	err := w.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		var err error
		if organization, err = lockOrganization(ctx, tx.Tx, v, id, revive); err != nil {
			return err
		}
		if !v.MayManage(id) {
			return errForbidden
		}
		before := *organization
		if err := apply(ctx, tx, organization); err != nil {
			return err
		}
		return saveOrganization(ctx, tx, v, &before, organization, nil)
	})
	return organization, err
}

// lockOrganization loads an organisation for a write, before which others wait
// on PostgreSQL. One that was deleted is gone unless the write brings it back.
func lockOrganization(ctx context.Context, tx *db.Tx, v Viewer, id string, revive bool) (*Organization, error) {
	if v.Anonymous() {
		return nil, fault.New(fault.Unauthorized, "Log in to change an organization.")
	}
	var rows []Organization
	query := tx.NewSelect().Model(&rows).Where("id = ?", id)
	if tx.Postgres() {
		query = query.For("NO KEY UPDATE")
	}
	if err := query.Scan(ctx); err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, fault.New(fault.NotFound, "Organization not found")
	}
	if !rows[0].DeletedAt.IsZero() && !revive {
		return nil, fault.New(fault.Gone, "Organization has been deleted")
	}
	return &rows[0], nil
}

// saveOrganization writes a changed organisation with its event and history.
// extra are differences of what stands beside the row. Nothing changed writes
// nothing.
func saveOrganization(ctx context.Context, tx *event.Tx, v Viewer, before, o *Organization, extra history.Difference) error {
	if o.Name != before.Name {
		if err := renamed(ctx, tx.Tx, before, o); err != nil {
			return err
		}
	}
	difference := organizationDifference(before, o)
	for name, values := range extra {
		difference[name] = values
	}
	if len(difference) == 0 {
		return nil
	}
	o.Version++
	o.ModifiedAt = db.Now()
	if _, err := tx.NewUpdate().Model(o).WherePK().Column(organizationColumns...).Exec(ctx); err != nil {
		return err
	}
	what := "updated"
	if before.DeletedAt.IsZero() && !o.DeletedAt.IsZero() {
		what = "deleted"
	}
	return v.Record(ctx, tx, Change{
		What: what, Kind: "organization", ID: o.ID, Owner: o.ID, Version: o.Version,
		Before: before.DeletedAt.IsZero(), After: o.DeletedAt.IsZero(), Difference: difference,
	})
}

// renamed gives an organisation the slug of its new name and remembers the
// former one.
func renamed(ctx context.Context, tx *db.Tx, before, o *Organization) error {
	var err error
	if o.Slug, err = MoveSlug(ctx, tx, "organizations", "organization", o.ID, before.Slug, text.Slug(o.Name)); err != nil {
		return err
	}
	_, err = tx.NewRaw(`INSERT INTO former_names (object_id, name, at) VALUES (?, ?, ?)
		ON CONFLICT (object_id, name) DO UPDATE SET at = EXCLUDED.at`, o.ID, before.Name, db.Now()).Exec(ctx)
	return err
}
