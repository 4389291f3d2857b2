package catalog

import (
	"context"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
)

// OrganizationDatasetIDs returns a page of the datasets of an organisation,
// archived ones included, private and deleted ones for its members only, and
// their number. Sort is as for all datasets; empty is -created.
func (s *Store) OrganizationDatasetIDs(ctx context.Context, v account.Viewer, organization, sort string, p Page) ([]string, int, error) {
	l := listing{table: "datasets", alias: "d", order: db.OrderBy(sort, "-created", datasetSorts)}
	l.ofOrganization(v, organization)
	return l.page(ctx, s.db, p)
}

// OrganizationReuseIDs returns the reuses of an organisation, archived ones
// included, private and deleted ones for its members only, the latest first.
func (s *Store) OrganizationReuseIDs(ctx context.Context, v account.Viewer, organization string) ([]string, error) {
	l := listing{table: "reuses", alias: "ru"}
	l.ofOrganization(v, organization)
	var ids []string
	err := l.query(s.db.Read()).ColumnExpr("ru.id").OrderExpr("ru.created_at DESC, ru.id DESC").Scan(ctx, &ids)
	return ids, err
}

func (l *listing) ofOrganization(v account.Viewer, organization string) {
	l.and(l.alias+".organization_id = ?", organization)
	if !v.Admin() && !v.Member(organization) {
		l.and(l.alias + ".private = FALSE AND " + l.alias + ".deleted_at IS NULL")
	}
}

// Assignment lets a partial editor of an organisation edit one object.
type Assignment struct {
	bun.BaseModel `bun:"table:assignments,alias:a"`

	ID             string  `bun:"id,pk"`
	UserID         string  `bun:"user_id"`
	OrganizationID string  `bun:"organization_id"`
	ObjectKind     string  `bun:"object_kind"`
	ObjectID       string  `bun:"object_id"`
	CreatedAt      db.Time `bun:"created_at"`

	User         *account.UserRef         `bun:"-"`
	Organization *account.OrganizationRef `bun:"-"`
	// One of these is set, unless the object is gone or is a dataset, which
	// the API shows by its identifier alone.
	Reuse       *ReuseRef       `bun:"-"`
	Dataservice *DataserviceRef `bun:"-"`
}

// Assignments returns what the partial editors of an organisation may edit,
// oldest first. The caller has checked that the viewer may know.
func (s *Store) Assignments(ctx context.Context, organization string) ([]Assignment, error) {
	read := s.db.Read()
	var rows []Assignment
	err := read.NewSelect().Model(&rows).Where("organization_id = ?", organization).OrderExpr("created_at, id").Scan(ctx)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	var people []string
	objects := make(map[string][]string)
	for _, row := range rows {
		people = append(people, row.UserID)
		objects[row.ObjectKind] = append(objects[row.ObjectKind], row.ObjectID)
	}
	users, err := account.UserRefs(ctx, read, people)
	if err != nil {
		return nil, err
	}
	organizations, err := account.OrganizationRefs(ctx, read, []string{organization})
	if err != nil {
		return nil, err
	}
	reuses, err := reuseRefs(ctx, read, objects[KindReuse])
	if err != nil {
		return nil, err
	}
	dataservices, err := dataserviceRefs(ctx, read, objects[KindDataservice])
	for i := range rows {
		row := &rows[i]
		row.User, row.Organization = users[row.UserID], organizations[row.OrganizationID]
		row.Reuse, row.Dataservice = reuses[row.ObjectID], dataservices[row.ObjectID]
	}
	return rows, err
}
