package catalog

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/fault"
)

// binTables are the kinds of objects that are kept for a while after they were
// deleted: their table and what their title is called there. Datasets are purged
// first, with the community resources on them.
var binTables = []binTable{
	{KindDataset, "datasets", "title"}, {KindReuse, "reuses", "title"}, {KindDataservice, "dataservices", "title"}, {KindTopic, "bin", "title"},
	{KindPost, "bin", "title"}, {KindCommunity, "bin", "title"}, {kindChart, "charts", "title"}, {KindOrganization, "organizations", "name"},
}

type binTable struct{ kind, table, title string }

// deleted is the condition of the rows of the kind that were deleted.
func (t binTable) deleted() string {
	if t.table == "bin" {
		return "kind = '" + t.kind + "'"
	}
	return "deleted_at IS NOT NULL"
}

// BinFilter narrows the bin; empty members do not.
type BinFilter struct {
	// Organization and Person are whose objects are wanted, Kind of which kind.
	Organization, Person, Kind string
}

// Binned is a deleted object that can be brought back.
type Binned struct {
	ID, Kind, Title string
	DeletedAt       db.Time
	// PurgedAt is when it goes for good, at the earliest.
	PurgedAt db.Time
	// By is who deleted it, nil when unknown.
	By           *account.UserRef
	Organization *account.OrganizationRef
}

// Bin returns a page of the deleted objects that the viewer may bring back: their
// own, those of organisations that they edit, and organisations that they
// administer; the latest deleted first. Administrators of the platform see all.
func (s *Store) Bin(ctx context.Context, v account.Viewer, f BinFilter, p Page) ([]Binned, int, error) {
	if v.Anonymous() {
		return nil, 0, fault.New(fault.Unauthorized, "Log in to see what you deleted.")
	}
	var parts []string
	var args []any
	for _, t := range binTables {
		if f.Kind != "" && f.Kind != t.kind {
			continue
		}
		condition, given := binCondition(v, f, t.kind)
		if condition == "" {
			continue
		}
		organization := "organization_id"
		if t.kind == KindOrganization {
			organization = "NULL"
		}
		parts = append(parts, "SELECT id, '"+t.kind+"' AS kind, "+t.title+" AS title, deleted_at, version, "+organization+
			" AS organization_id FROM "+t.table+" WHERE "+t.deleted()+" AND ("+condition+")")
		args = append(args, given...)
	}
	if len(parts) == 0 {
		return nil, 0, nil
	}
	return s.binPage(ctx, strings.Join(parts, " UNION ALL "), args, p)
}

// binCondition keeps what the viewer may bring back of a kind; "" is nothing.
func binCondition(v account.Viewer, f BinFilter, kind string) (condition string, args []any) {
	column := "organization_id"
	if kind == KindOrganization {
		column = "id"
	}
	if v.Admin() {
		switch {
		case f.Organization != "":
			return column + " = ?", []any{f.Organization}
		case f.Person != "" && kind == KindOrganization:
			return "", nil
		case f.Person != "":
			return "owner_id = ?", []any{f.Person}
		}
		return "TRUE", nil
	}
	if f.Person != "" {
		if kind == KindOrganization || f.Person != v.UserID() || !v.MayEdit(account.Owner{User: f.Person}, "") {
			return "", nil
		}
		return "owner_id = ?", []any{f.Person}
	}
	var whole []string
	for _, id := range v.Organizations() {
		right := account.Edit
		if kind == KindOrganization {
			right = account.Manage
		}
		if v.May(right, account.Owner{Organization: id}, "") && (f.Organization == "" || f.Organization == id) {
			whole = append(whole, id)
		}
	}
	var conditions []string
	if len(whole) > 0 {
		conditions, args = append(conditions, column+" IN (?)"), append(args, bun.List(whole))
	}
	if kind == KindOrganization {
		return strings.Join(conditions, " OR "), args
	}
	if mine := (account.Owner{User: v.UserID()}); f.Organization == "" && v.MayEdit(mine, "") {
		conditions, args = append(conditions, "owner_id = ?"), append(args, v.UserID())
	}
	if assigned := binAssigned(v, f); len(assigned) > 0 && kind != KindCommunity {
		conditions, args = append(conditions, "id IN (SELECT object_id FROM assignments WHERE user_id = ? AND organization_id IN (?))"),
			append(args, v.UserID(), bun.List(assigned))
	}
	return strings.Join(conditions, " OR "), args
}

// binAssigned are the organisations of which the viewer edits what is assigned to
// them alone.
func binAssigned(v account.Viewer, f BinFilter) []string {
	var ids []string
	for id, role := range v.Memberships {
		if role == account.RolePartialEditor && (f.Organization == "" || f.Organization == id) && v.May(account.CreateFor, account.Owner{Organization: id}, "") {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func (s *Store) binPage(ctx context.Context, query string, args []any, p Page) (page []Binned, total int, err error) {
	err = s.db.Snapshot(ctx, func(ctx context.Context, read bun.IDB) error {
		if err := read.NewRaw("SELECT count(*) FROM ("+query+") AS b", args...).Scan(ctx, &total); err != nil || total == 0 {
			return err
		}
		var rows []struct {
			ID, Kind, Title string
			DeletedAt       db.Time
			OrganizationID  *string
			Person          *string
		}
		err := read.NewRaw("SELECT b.*, (SELECT h.person FROM history h WHERE h.object = b.id AND h.what = 'deleted' ORDER BY h.version DESC LIMIT 1) AS person FROM ("+
			query+") AS b ORDER BY b.deleted_at DESC, b.id DESC LIMIT ? OFFSET ?", append(slices.Clone(args), p.Limit, p.Offset)...).Scan(ctx, &rows)
		if err != nil {
			return err
		}
		var people, organizations []string
		for _, row := range rows {
			people, organizations = append(people, textOf(row.Person)), append(organizations, textOf(row.OrganizationID))
		}
		users, err := account.UserRefs(ctx, read, people)
		if err != nil {
			return err
		}
		owners, err := account.OrganizationRefs(ctx, read, organizations)
		for _, row := range rows {
			page = append(page, Binned{
				ID: row.ID, Kind: row.Kind, Title: row.Title, DeletedAt: row.DeletedAt, PurgedAt: db.TimeOf(row.DeletedAt.Add(s.rules.binRetention())),
				By: users[textOf(row.Person)], Organization: owners[textOf(row.OrganizationID)],
			})
		}
		return err
	})
	return page, total, err
}

// BinRetention is how long what was deleted can be brought back.
func (s *Store) BinRetention() time.Duration { return s.rules.binRetention() }

// binRetention is how long what was deleted can be brought back.
func (r Rules) binRetention() time.Duration {
	if r.BinRetention > 0 {
		return r.BinRetention
	}
	return 30 * 24 * time.Hour
}

// BringBack ends the deletion of an object, as a write that history calls
// restored. Who may change it may; Invalid when it was not deleted.
func (r Restorer) BringBack(ctx context.Context, v account.Viewer, kind, id string) (*Subject, error) {
	s := r.Store
	if !slices.ContainsFunc(binTables, func(t binTable) bool { return t.kind == kind }) {
		return nil, fault.New(fault.NotFound, "Nothing of this kind is kept after it was deleted.")
	}
	subject, err := historied(ctx, s.db.Read(), v, kind, id)
	if err != nil {
		return nil, err
	}
	if subject.DeletedAt.IsZero() {
		return nil, fault.New(fault.Invalid, "This object is not deleted.")
	}
	alive := Opt[time.Time]{Set: true, Null: true}
	ctx = account.Restoring(ctx)
	switch kind {
	case KindDataset:
		_, err = s.UpdateDataset(ctx, v, id, DatasetInput{Deleted: alive, Private: Some(subject.Private)})
	case KindReuse:
		_, err = s.UpdateReuse(ctx, v, id, ReuseInput{Deleted: alive})
	case KindDataservice:
		_, err = s.UpdateDataservice(ctx, v, id, DataserviceInput{Deleted: alive})
	case KindChart:
		_, err = s.UpdateChart(ctx, v, id, ChartInput{Deleted: alive})
	case KindOrganization:
		_, err = r.Accounts.UpdateOrganization(ctx, v, id, account.OrganizationInput{Deleted: alive})
	default:
		err = s.bringWhole(ctx, v, subject)
	}
	if err != nil {
		return nil, err
	}
	found, err := subjects(ctx, s.db.Read(), map[string][]string{kind: {id}})
	if err == nil && found[id] == nil {
		err = fault.New(fault.NotFound, "Object not found")
	}
	return found[id], err
}
