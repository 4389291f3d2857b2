package catalog

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/text"
)

// organizationFields are what inputs say of an organisation. The place of a
// field is stored: add at the end.
var organizationFields = bulkFields[account.Organization]{
	plain("name", func(o *account.Organization) []any { return []any{&o.Name} }),
	plain("slug", func(o *account.Organization) []any { return []any{&o.Slug} }),
	plain("acronym", func(o *account.Organization) []any { return []any{&o.Acronym} }),
	plain("description", func(o *account.Organization) []any { return []any{&o.Description} }),
	plain("url", func(o *account.Organization) []any { return []any{&o.URL} }),
	plain("image_url", func(o *account.Organization) []any { return []any{&o.ImageURL} }),
	plain("logo", func(o *account.Organization) []any { return []any{&o.Logo, &o.LogoThumbnail} }),
	plain("business_number_id", func(o *account.Organization) []any { return []any{&o.BusinessNumberID} }),
	plain("zone", func(o *account.Organization) []any { return []any{&o.Zone} }),
	plain("badges", func(o *account.Organization) []any { return []any{&o.Badges} }),
	plain("created_at", func(o *account.Organization) []any { return []any{&o.CreatedAt} }),
	plain("last_modified", func(o *account.Organization) []any { return []any{&o.ModifiedAt} }),
	plain("deleted", func(o *account.Organization) []any { return []any{&o.DeletedAt} }),
	plain("presentation_blocs", func(o *account.Organization) []any {
		return []any{&o.PresentationBlocs, &o.PresentationBlocsPublishedAt}
	}),
	{name: "members", parts: func(o *account.Organization) []any { return []any{&o.Members} }, same: sameMembers, shown: memberIDs},
	plain("followers", func(o *account.Organization) []any { return []any{&o.Followers} }),
	plain("views", func(o *account.Organization) []any { return []any{&o.Views} }),
	plain("by_months", func(o *account.Organization) []any { return []any{&o.ByMonths} }),
	plain("extras", func(o *account.Organization) []any { return []any{&o.Extras} }),
}

// OrganizationFields returns the set of the fields of organisations with these
// names.
func OrganizationFields(names ...string) FieldSet { return organizationFields.set(names...) }

func sameMembers(a, b *account.Organization) bool {
	return slices.EqualFunc(a.Members, b.Members, func(a, b account.Member) bool {
		sameLabel := (a.Label == nil) == (b.Label == nil) && (a.Label == nil || *a.Label == *b.Label)
		return a.UserID == b.UserID && a.Role == b.Role && a.Since.Equal(b.Since.Time) && sameLabel
	})
}

func memberIDs(o *account.Organization) any {
	ids := make([]string, len(o.Members))
	for i := range o.Members {
		ids[i] = o.Members[i].UserID
	}
	return ids
}

var bulkOrganizations = &bulkKind[account.Organization]{
	kind: KindOrganization, table: "organizations", modified: "modified_at", fields: organizationFields,
	ready: func(*account.Organization) {},
	common: func(o *account.Organization) bulkCommon {
		return bulkCommon{
			id: &o.ID, slug: &o.Slug, version: &o.Version, modified: &o.ModifiedAt, named: o.Name,
			owner: account.Owner{Organization: o.ID}, public: o.DeletedAt.IsZero(),
		}
	},
	load: loadOrganizations,
	complete: func(o *account.Organization, from *provenance, _ FieldSet) {
		o.NameFold = text.Fold(o.Name)
		if !from.has(OrganizationFields("created_at")) {
			o.CreatedAt = db.IDTime(o.ID)
		}
		if !from.has(OrganizationFields("last_modified")) {
			o.ModifiedAt = o.CreatedAt
		} else {
			o.GivenModifiedAt = o.ModifiedAt
		}
		o.Certified = slices.Contains(o.Badges, "certified")
		o.PublicService = o.Certified && slices.Contains(o.Badges, "public-service")
	},
	cells:  func(_ *account.Organization, sources string) (db.JSON, error) { return sourceCells(sources) },
	beside: writeBesideOrganizations,
}

// sourceCells are the cells of objects about which nothing is kept but the
// provenance.
func sourceCells(sources string) (db.JSON, error) {
	cells, err := json.Marshal(map[string]string{"sources": sources})
	return cells, err
}

func loadOrganizations(ctx context.Context, tx bun.IDB, ids []string) ([]account.Organization, error) {
	var rows []account.Organization
	if err := tx.NewSelect().Model(&rows).Where("id IN (?)", bun.List(ids)).Scan(ctx); err != nil {
		return nil, err
	}
	badges, err := account.Badges(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	var members []account.Member
	err = tx.NewSelect().Model(&members).Where("organization_id IN (?)", bun.List(ids)).OrderExpr("organization_id, position").Scan(ctx)
	if err != nil {
		return nil, err
	}
	of := make(map[string][]account.Member)
	for _, member := range members {
		of[member.OrganizationID] = append(of[member.OrganizationID], member)
	}
	for i := range rows {
		rows[i].Badges, rows[i].Members = badges[rows[i].ID], of[rows[i].ID]
	}
	return rows, nil
}

func writeBesideOrganizations(ctx context.Context, tx *event.Tx, changes []*bulkChange[account.Organization]) error {
	badgesChanged, membersChanged := OrganizationFields("badges"), OrganizationFields("members")
	var lists attributeRows
	var members []*account.Member
	var stale []string
	for _, change := range changes {
		o := &change.object
		lists.add(change.created, KindOrganization, o.ID, &Attributes{Badges: o.Badges}, attributeSet{badges: change.changed&badgesChanged != 0})
		if change.changed&membersChanged == 0 {
			continue
		}
		if !change.created {
			stale = append(stale, o.ID)
		}
		for i := range o.Members {
			o.Members[i].OrganizationID, o.Members[i].Position = o.ID, int64(i)
			members = append(members, &o.Members[i])
		}
	}
	if err := lists.write(ctx, tx); err != nil {
		return err
	}
	if err := deleteOf(ctx, tx, "members", "organization_id", stale); err != nil {
		return err
	}
	return insertAll(ctx, tx, members)
}

// BulkOrganizations writes what inputs say of organisations. The people that
// they name as members must be there.
func BulkOrganizations(ctx context.Context, tx *event.Tx, inputs []Input[account.Organization]) ([]Outcome, error) {
	return bulkOrganizations.put(ctx, tx, inputs)
}

// JudgeOrganizations tells what BulkOrganizations would do.
func JudgeOrganizations(ctx context.Context, read bun.IDB, inputs []Input[account.Organization]) ([]Outcome, error) {
	return bulkOrganizations.judge(ctx, read, inputs)
}

// userFields are what inputs say of a person. The place of a field is stored:
// add at the end.
var userFields = bulkFields[account.User]{
	plain("slug", func(u *account.User) []any { return []any{&u.Slug} }),
	plain("first_name", func(u *account.User) []any { return []any{&u.FirstName} }),
	plain("last_name", func(u *account.User) []any { return []any{&u.LastName} }),
	plain("avatar", func(u *account.User) []any { return []any{&u.Avatar, &u.AvatarThumbnail} }),
	plain("active", func(u *account.User) []any { return []any{&u.Active} }),
}

// UserFields returns the set of the fields of people with these names.
func UserFields(names ...string) FieldSet { return userFields.set(names...) }

var bulkUsers = &bulkKind[account.User]{
	kind: KindUser, table: "users", modified: "modified_at", fields: userFields,
	ready: func(*account.User) {},
	common: func(u *account.User) bulkCommon {
		return bulkCommon{
			id: &u.ID, slug: &u.Slug, version: &u.Version, modified: &u.ModifiedAt, named: u.FullName(),
			owner: account.Owner{User: u.ID}, public: u.Active && u.DeletedAt.IsZero(),
		}
	},
	load: func(ctx context.Context, tx bun.IDB, ids []string) ([]account.User, error) {
		var rows []account.User
		err := tx.NewSelect().Model(&rows).Where("id IN (?)", bun.List(ids)).Scan(ctx)
		return rows, err
	},
	complete: func(u *account.User, _ *provenance, _ FieldSet) {
		u.NameFold = text.Fold(u.FullName())
		if u.CreatedAt.IsZero() {
			u.CreatedAt = db.IDTime(u.ID)
			u.ModifiedAt = u.CreatedAt
		}
	},
	cells:  func(_ *account.User, sources string) (db.JSON, error) { return sourceCells(sources) },
	beside: func(context.Context, *event.Tx, []*bulkChange[account.User]) error { return nil },
}

// BulkUsers writes what inputs say of people. They cannot log in.
func BulkUsers(ctx context.Context, tx *event.Tx, inputs []Input[account.User]) ([]Outcome, error) {
	return bulkUsers.put(ctx, tx, inputs)
}

// JudgeUsers tells what BulkUsers would do.
func JudgeUsers(ctx context.Context, read bun.IDB, inputs []Input[account.User]) ([]Outcome, error) {
	return bulkUsers.judge(ctx, read, inputs)
}
