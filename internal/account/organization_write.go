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
	"grenier/internal/text"
)

// NewOrganization is what an organisation is made from.
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

// maxAcronym bounds acronyms, in characters.
const maxAcronym = 128

// CreateOrganization makes an organisation. Everybody with an account may.
func (w *Writer) CreateOrganization(ctx context.Context, v Viewer, given NewOrganization) (*Organization, error) {
	if v.Anonymous() {
		return nil, fault.New(fault.Unauthorized, "Log in to create an organization.")
	}
	name, acronym := oneLine(given.Name), oneLine(given.Acronym)
	var wrong fieldErrors
	wrong.add(wrongText(name, true, maxName), "name")
	wrong.add(wrongText(acronym, false, maxAcronym), "acronym")
	wrong.add(wrongText(given.Description, false, 0), "description")
	members := given.Members
	if v.User != nil {
		members = append([]NewMember{{UserID: v.User.ID, Role: RoleAdmin}}, members...)
	}
	members = checkMembers(members, &wrong)
	if err := wrong.collect(); err != nil {
		return nil, err
	}
	var organization *Organization
	err := w.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		now := db.Now()
		organization = &Organization{
			ID: db.NewID(), Version: 1, Name: name, NameFold: text.Fold(name), Description: norm.NFC.String(given.Description),
			CreatedAt: now, ModifiedAt: now, MemberCount: int64(len(members)),
		}
		if acronym != "" {
			organization.Acronym = &acronym
		}
		return insertOrganization(ctx, tx, v, organization, members)
	})
	return organization, err
}

// oneLine makes one space of every run of white space, in the usual form of
// Unicode.
func oneLine(value string) string { return norm.NFC.String(strings.Join(strings.Fields(value), " ")) }

// checkMembers refuses unknown roles and drops who is named twice.
func checkMembers(members []NewMember, wrong *fieldErrors) []NewMember {
	seen := make(map[string]bool, len(members))
	kept := make([]NewMember, 0, len(members))
	for i, member := range members {
		if member.Role != RoleAdmin && member.Role != RoleEditor && member.Role != RolePartialEditor {
			wrong.add("Unknown role: expected admin, editor or partial_editor.", "members", i, "role")
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

// RenameOrganization gives an organisation another name. Its former name stays
// known, and its former slug leads to it. Its administrators may.
func (w *Writer) RenameOrganization(ctx context.Context, v Viewer, id, name string) (*Organization, error) {
	name = oneLine(name)
	if wrong := wrongText(name, true, maxName); wrong != "" {
		return nil, fault.At(wrong, "name")
	}
	return w.updateOrganization(ctx, v, id, func(ctx context.Context, tx *event.Tx, o *Organization) (history.Difference, error) {
		if o.Name == name {
			return nil, nil
		}
		slug, err := MoveSlug(ctx, tx.Tx, "organizations", "organization", id, o.Slug, text.Slug(name))
		if err != nil {
			return nil, err
		}
		_, err = tx.NewRaw(`INSERT INTO former_names (object_id, name, at) VALUES (?, ?, ?)
			ON CONFLICT (object_id, name) DO UPDATE SET at = EXCLUDED.at`, id, o.Name, db.Now()).Exec(ctx)
		if err != nil {
			return nil, err
		}
		difference := history.Difference{"name": {o.Name, name}}
		if slug != o.Slug {
			difference["slug"] = [2]any{o.Slug, slug}
		}
		o.Name, o.NameFold, o.Slug = name, text.Fold(name), slug
		return difference, nil
	})
}

// AttachZone says of which zone an organisation is the authority; "" of none.
// The caller knows that the zone exists. Its administrators may.
func (w *Writer) AttachZone(ctx context.Context, v Viewer, id, zone string) (*Organization, error) {
	return w.updateOrganization(ctx, v, id, func(_ context.Context, _ *event.Tx, o *Organization) (history.Difference, error) {
		before := ""
		if o.Zone != nil {
			before = *o.Zone
		}
		if before == zone {
			return nil, nil
		}
		difference := history.Difference{"zone": {o.Zone, zone}}
		o.Zone = nil
		if zone != "" {
			o.Zone = &zone
		}
		return difference, nil
	})
}

// updateOrganization changes one organisation; an empty difference writes
// nothing.
func (w *Writer) updateOrganization(ctx context.Context, v Viewer, id string,
	apply func(context.Context, *event.Tx, *Organization) (history.Difference, error)) (*Organization, error) {
	if !v.MayManage(id) {
		return nil, fault.New(fault.Forbidden, "You do not have the permission to modify that object.")
	}
	var organization *Organization
	err := w.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		var rows []Organization
		query := tx.NewSelect().Model(&rows).Where("id = ?", id)
		if tx.Postgres() {
			query = query.For("UPDATE")
		}
		if err := query.Scan(ctx); err != nil {
			return err
		}
		if len(rows) == 0 {
			return fault.New(fault.NotFound, "Organization not found")
		}
		organization = &rows[0]
		if !organization.DeletedAt.IsZero() {
			return fault.New(fault.Gone, "Organization has been deleted")
		}
		difference, err := apply(ctx, tx, organization)
		if err != nil || len(difference) == 0 {
			return err
		}
		organization.Version++
		organization.ModifiedAt = db.Now()
		_, err = tx.NewUpdate().Model(organization).WherePK().
			Column("version", "modified_at", "name", "name_fold", "slug", "zone").Exec(ctx)
		if err != nil {
			return err
		}
		return v.Record(ctx, tx, Change{
			What: "updated", Kind: "organization", ID: id, Owner: id, Version: organization.Version, Before: true, After: true,
			Difference: difference,
		})
	})
	return organization, err
}
