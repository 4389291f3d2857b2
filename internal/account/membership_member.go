package account

import (
	"context"

	"github.com/uptrace/bun"

	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/history"
)

// memberOf loads a member of an organisation with the person.
func memberOf(ctx context.Context, read bun.IDB, organization, user string) (*Member, error) {
	var rows []Member
	err := read.NewSelect().Model(&rows).Where("organization_id = ?", organization).Where("user_id = ?", user).Scan(ctx)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, fault.New(fault.NotFound, "This person is not a member of the organization.")
	}
	users, err := usersByID(ctx, read, []string{user})
	rows[0].User = users[user]
	return &rows[0], err
}

// addMember makes a person the last member of an organisation.
func addMember(ctx context.Context, tx *event.Tx, v Viewer, o *Organization, user string, role Role) (*Member, error) {
	var position int64
	err := tx.NewRaw("SELECT COALESCE(max(position) + 1, 0) FROM members WHERE organization_id = ?", o.ID).Scan(ctx, &position)
	if err != nil {
		return nil, err
	}
	member := &Member{OrganizationID: o.ID, UserID: user, Role: role, Since: db.Now(), Position: position}
	if _, err := tx.NewInsert().Model(member).Exec(ctx); err != nil {
		return nil, err
	}
	if err := saveMembers(ctx, tx, v, o, nil, roleOf(member)); err != nil {
		return nil, err
	}
	users, err := usersByID(ctx, tx, []string{user})
	member.User = users[user]
	return member, err
}

// roleOf is a member as history keeps them.
func roleOf(m *Member) map[string]any { return map[string]any{"user": m.UserID, "role": m.Role} }

// saveMembers counts the members of an organisation and records how they
// changed: a member before and after, nil where there was or is none.
func saveMembers(ctx context.Context, tx *event.Tx, v Viewer, o *Organization, before, after any) error {
	_, err := tx.NewRaw("UPDATE organizations SET members = (SELECT count(*) FROM members m WHERE m.organization_id = organizations.id) WHERE id = ?", o.ID).Exec(ctx)
	if err != nil {
		return err
	}
	return saveOrganization(ctx, tx, v, o, o, history.Difference{"members": {before, after}})
}

// SetRole gives a member of an organisation another role. Who is no partial
// editor any more has no assignments. Its administrators may; the last one keeps
// theirs unless an administrator of the platform takes it.
func (w *Writer) SetRole(ctx context.Context, v Viewer, organization, user string, role Role) (*Member, error) {
	var member *Member
	err := w.manage(ctx, v, organization, func(ctx context.Context, tx *event.Tx, o *Organization) error {
		var err error
		if member, err = memberOf(ctx, tx, organization, user); err != nil {
			return err
		}
		if !role.known() {
			return fault.At(unknownRole, "role")
		}
		before := roleOf(member)
		if member.Role == role {
			return nil
		}
		if err := keepsAdmin(ctx, tx, v, member); err != nil {
			return err
		}
		member.Role = role
		if _, err := tx.NewUpdate().Model(member).WherePK().Column("role").Exec(ctx); err != nil {
			return err
		}
		if role != RolePartialEditor {
			if err := unassignAll(ctx, tx.Tx, organization, user); err != nil {
				return err
			}
		}
		return saveMembers(ctx, tx, v, o, before, roleOf(member))
	})
	return member, err
}

// keepsAdmin refuses to take the role of the last administrator of an
// organisation who can log in.
func keepsAdmin(ctx context.Context, tx *event.Tx, v Viewer, member *Member) error {
	if member.Role != RoleAdmin || v.Admin() {
		return nil
	}
	last, err := isLastAdmin(ctx, tx, member)
	if err == nil && last {
		err = fault.New(fault.Invalid, "An organization needs an administrator: make somebody else one first.")
	}
	return err
}

// LastAdmin tells whether an organisation has no other administrator who can log
// in than this member.
func (s *Organizations) LastAdmin(ctx context.Context, member *Member) (bool, error) {
	return isLastAdmin(ctx, s.db.Read(), member)
}

func isLastAdmin(ctx context.Context, read bun.IDB, member *Member) (bool, error) {
	if member.Role != RoleAdmin {
		return false, nil
	}
	var others int
	err := read.NewRaw(`SELECT count(*) FROM members m JOIN users u ON u.id = m.user_id
		WHERE m.organization_id = ? AND m.role = ? AND m.user_id <> ? AND u.active = TRUE AND u.deleted_at IS NULL`,
		member.OrganizationID, RoleAdmin, member.UserID).Scan(ctx, &others)
	return others == 0, err
}

// RemoveMember takes a member out of an organisation, with their assignments.
// Its administrators may, and members for themselves; the last administrator
// stays unless an administrator of the platform removes them.
func (w *Writer) RemoveMember(ctx context.Context, v Viewer, organization, user string) error {
	return w.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		o, err := lockOrganization(ctx, tx.Tx, v, organization, false)
		if err != nil {
			return err
		}
		leaves := user == v.UserID() && v.May(Join, Owner{Organization: organization}, "")
		if !leaves && !v.MayManage(organization) {
			return errForbidden
		}
		member, err := memberOf(ctx, tx, organization, user)
		if err != nil {
			return err
		}
		if err := keepsAdmin(ctx, tx, v, member); err != nil {
			return err
		}
		if _, err := tx.NewDelete().Model(member).WherePK().Exec(ctx); err != nil {
			return err
		}
		if err := unassignAll(ctx, tx.Tx, organization, user); err != nil {
			return err
		}
		return saveMembers(ctx, tx, v, o, roleOf(member), nil)
	})
}
