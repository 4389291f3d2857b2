package catalog

import (
	"context"
	"math"

	"github.com/uptrace/bun"

	"grenier/internal/account"
)

// mine keeps what belongs to the viewer or to their organisations, in any
// state.
func (l *listing) mine(v account.Viewer) {
	if len(v.Memberships) == 0 {
		l.and(l.alias+".owner_id = ?", v.UserID())
		return
	}
	l.and("("+l.alias+".owner_id = ? OR "+l.alias+".organization_id IN (?))", v.UserID(), bun.List(v.Organizations()))
}

// Belongings says which of somebody's objects are wanted.
type Belongings struct {
	// WithOrganizations adds what belongs to their organisations.
	WithOrganizations bool
	// Title is a text that the title holds, whatever its capitals and
	// accents; empty keeps all.
	Title string
}

// MyDatasetIDs returns the identifiers of the viewer's datasets in any state,
// the latest changed first.
func (s *Store) MyDatasetIDs(ctx context.Context, v account.Viewer, b Belongings) ([]string, error) {
	return s.belongings(ctx, v, b, listing{table: "datasets", alias: "d", order: "d.modified_at DESC"})
}

// MyReuseIDs returns the identifiers of the viewer's reuses in any state, the
// latest changed first.
func (s *Store) MyReuseIDs(ctx context.Context, v account.Viewer, b Belongings) ([]string, error) {
	return s.belongings(ctx, v, b, listing{table: "reuses", alias: "ru", order: "ru.modified_at DESC"})
}

// MyCommunityResources returns the community resources of the viewer and of
// their organisations, the latest changed first.
func (s *Store) MyCommunityResources(ctx context.Context, v account.Viewer, b Belongings) ([]Resource, error) {
	l := listing{table: "resources", alias: "r", order: "r.modified_internal DESC"}
	l.and("r.community = TRUE")
	ids, err := s.belongings(ctx, v, b, l)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	var rows []Resource
	if err := s.db.Read().NewSelect().Model(&rows).Where("id IN (?)", bun.List(ids)).Scan(ctx); err != nil {
		return nil, err
	}
	rows = inOrder(rows, ids, func(r *Resource) string { return r.ID })
	return rows, completeCommunity(ctx, s.db.Read(), v, rows)
}

func (s *Store) belongings(ctx context.Context, v account.Viewer, b Belongings, l listing) ([]string, error) {
	if b.WithOrganizations {
		l.mine(v)
	} else {
		l.and(l.alias+".owner_id = ?", v.UserID())
	}
	if b.Title != "" {
		l.and(l.alias+".title_fold LIKE ? ESCAPE '!'", contains(b.Title))
	}
	var ids []string
	err := l.query(s.db.Read()).ColumnExpr(l.alias+".id").OrderExpr(l.order+", "+l.alias+".id DESC").Scan(ctx, &ids)
	return ids, err
}

// Standing sums up how somebody's publications do.
type Standing struct {
	// ResourcesAvailability is the percentage of available ones among the
	// checked resources of their organisations' public datasets; 100 when
	// none was checked.
	ResourcesAvailability float64
	// OrganizationDatasets and OrganizationFollowers add up the counters of
	// their organisations.
	OrganizationDatasets, OrganizationFollowers int64
}

// Standing computes the standing of the viewer.
func (s *Store) Standing(ctx context.Context, v account.Viewer) (Standing, error) {
	standing := Standing{ResourcesAvailability: 100}
	organizations := v.Organizations()
	if len(organizations) == 0 {
		return standing, nil
	}
	read := s.db.Read()
	err := read.NewRaw("SELECT COALESCE(sum(datasets), 0), COALESCE(sum(followers), 0) FROM organizations WHERE deleted_at IS NULL AND id IN (?)",
		bun.List(organizations)).Scan(ctx, &standing.OrganizationDatasets, &standing.OrganizationFollowers)
	if err != nil {
		return standing, err
	}
	var checked, available int64
	err = read.NewRaw(`SELECT count(*), COALESCE(sum(CASE WHEN r.available THEN 1 ELSE 0 END), 0) FROM datasets d JOIN resources r ON r.dataset_id = d.id
		WHERE d.visible = TRUE AND d.organization_id IN (?) AND r.community = FALSE AND r.available IS NOT NULL`,
		bun.List(organizations)).Scan(ctx, &checked, &available)
	if checked > 0 {
		standing.ResourcesAvailability = math.Round(10_000*float64(available)/float64(checked)) / 100
	}
	return standing, err
}

// MembershipsOf returns the organisations, not deleted, that people belong to,
// in the order of their names.
func (s *Store) MembershipsOf(ctx context.Context, users []string) (map[string][]account.OrganizationRef, error) {
	memberships := make(map[string][]account.OrganizationRef, len(users))
	if len(users) == 0 {
		return memberships, nil
	}
	read := s.db.Read()
	var rows []struct{ UserID, OrganizationID string }
	err := read.NewRaw(`SELECT m.user_id, m.organization_id FROM members m JOIN organizations o ON o.id = m.organization_id
		WHERE m.user_id IN (?) AND o.deleted_at IS NULL ORDER BY o.name_fold, o.id`, bun.List(users)).Scan(ctx, &rows)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = row.OrganizationID
	}
	refs, err := account.OrganizationRefs(ctx, read, ids)
	for _, row := range rows {
		if ref := refs[row.OrganizationID]; ref != nil {
			memberships[row.UserID] = append(memberships[row.UserID], *ref)
		}
	}
	return memberships, err
}
