package harvest

import (
	"context"
	"strings"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/fault"
	"grenier/internal/text"
)

// SourceFilter narrows a list of sources; empty members do not.
type SourceFilter struct {
	// Query are words of names and addresses, which must all be there.
	Query string
	// Owner and Organization are identifiers of whom sources belong to.
	Owner, Organization string
	Backend             string
	Validation          Validation
	// Deleted shows deleted sources too.
	Deleted bool
	// Scheduled shows only those that run by themselves, Failing only those whose
	// last job failed, Shrunk only those that wait for a confirmation.
	Scheduled, Failing, Shrunk bool
}

var sourceSorts = map[string]string{
	"created": "hs.created_at", "last_modified": "hs.modified_at", "name": "hs.name_fold", "next_run": "hs.next_run",
	"last_run": "(SELECT j.created_at FROM harvest_jobs j WHERE j.id = hs.last_job)", "failures": "hs.failures",
}

// maxQueryWords bounds the words of a search in names.
const maxQueryWords = 10

// narrow adds the conditions of a filter to a query of harvest_sources.
func (f SourceFilter) narrow(q *bun.SelectQuery) *bun.SelectQuery {
	if !f.Deleted {
		q = q.Where("hs.deleted_at IS NULL")
	}
	for column, value := range map[string]string{
		"owner_id": f.Owner, "organization_id": f.Organization, "backend": f.Backend, "validation": string(f.Validation),
	} {
		if value != "" {
			q = q.Where("? = ?", bun.Ident("hs."+column), value)
		}
	}
	if f.Scheduled {
		q = q.Where("hs.schedule IS NOT NULL")
	}
	if f.Failing {
		q = q.Where("hs.failures > 0")
	}
	if f.Shrunk {
		q = q.Where("hs.shrunk_job IS NOT NULL")
	}
	words := strings.Fields(f.Query)
	for _, word := range words[:min(len(words), maxQueryWords)] {
		q = q.Where("(hs.name_fold LIKE ? ESCAPE '!' OR lower(hs.url) LIKE ? ESCAPE '!')",
			"%"+db.LikeEscape(text.Fold(word))+"%", "%"+db.LikeEscape(strings.ToLower(word))+"%")
	}
	return q
}

// Sources returns a page of sources and how many there are, in an order of
// sourceSorts, with "-" in front for its opposite, the newest first when it is "". Everybody may read them.
func (s *Store) Sources(ctx context.Context, f SourceFilter, sort string, p catalog.Page) (sources []Source, total int, err error) {
	err = s.db.Snapshot(ctx, func(ctx context.Context, read bun.IDB) error {
		count, err := f.narrow(read.NewSelect().Model((*Source)(nil))).Count(ctx)
		if err != nil {
			return err
		}
		total = int(count)
		return f.narrow(read.NewSelect().Model(&sources)).
			OrderExpr(db.OrderBy(sort, "-created", sourceSorts)).OrderExpr("hs.id DESC").
			Limit(int64(p.Limit)).Offset(int64(p.Offset)).Scan(ctx)
	})
	return sources, total, err
}

var errNoSource = fault.New(fault.NotFound, "Harvest source not found")

// Source returns a source, also one that was deleted.
func (s *Store) Source(ctx context.Context, id string) (*Source, error) {
	return sourceOf(ctx, s.db.Read(), id)
}

func sourceOf(ctx context.Context, read bun.IDB, id string) (*Source, error) {
	var sources []Source
	if err := read.NewSelect().Model(&sources).Where("hs.id = ?", id).Scan(ctx); err != nil {
		return nil, err
	}
	if len(sources) == 0 {
		return nil, errNoSource
	}
	return &sources[0], nil
}

// SourcesByIDs returns sources by their identifiers, deleted ones too.
func (s *Store) SourcesByIDs(ctx context.Context, ids []string) (map[string]*Source, error) {
	found := make(map[string]*Source, len(ids))
	if len(ids) == 0 {
		return found, nil
	}
	var sources []Source
	err := s.db.Read().NewSelect().Model(&sources).Where("hs.id IN (?)", bun.List(ids)).Scan(ctx)
	for i := range sources {
		found[sources[i].ID] = &sources[i]
	}
	return found, err
}

// ResolveSource finds a source by what an address says: identifier, slug, former
// slug.
func (s *Store) ResolveSource(ctx context.Context, key string) (*account.Resolved, error) {
	found, err := account.Resolve(ctx, s.db.Read(), "harvest_sources", KindSource, key)
	if err == nil && found == nil {
		err = errNoSource
	}
	return found, err
}

// ValidationContact is the address of a form for those who ask for validation, ""
// for none.
func (s *Store) ValidationContact() string { return s.deps.Rules.ValidationContact }

// Rights are what a viewer may do with a source.
type Rights struct {
	Edit, Delete, Run, Preview, Validate, Schedule bool
}

// Rights tells what the viewer may do with a source.
func (s *Store) Rights(v account.Viewer, src *Source) Rights {
	owner := src.OwnedBy()
	edit := v.May(account.Harvest, owner, src.ID)
	admin := v.May(account.Schedule, owner, src.ID)
	return Rights{
		Edit: edit, Delete: edit, Run: edit && (admin || s.deps.Rules.ManualRun),
		Preview: v.May(account.PreviewHarvest, owner, src.ID), Validate: admin, Schedule: admin,
	}
}

// Waiting is what waits for somebody among the sources.
type Waiting struct {
	// Pending wait for validation, Failing have a last job that failed, Shrunk wait
	// for a confirmation that records are gone.
	Pending, Failing, Shrunk int
}

// Waiting counts what waits for the viewer: administrators of the platform see
// all sources, others those that they may change; pending ones wait for
// administrators of the platform alone. One query.
func (s *Store) Waiting(ctx context.Context, v account.Viewer) (Waiting, error) {
	if v.Anonymous() {
		return Waiting{}, nil
	}
	query := s.db.Read().NewSelect().Model((*Source)(nil)).
		ColumnExpr("count(CASE WHEN hs.validation = ? THEN 1 END) AS pending", Pending).
		ColumnExpr("count(CASE WHEN hs.failures > 0 THEN 1 END) AS failing").
		ColumnExpr("count(CASE WHEN hs.shrunk_job IS NOT NULL THEN 1 END) AS shrunk").
		Where("hs.deleted_at IS NULL")
	if !v.Admin() {
		managed := []string{""}
		for _, id := range v.Organizations() {
			if v.May(account.Harvest, account.Owner{Organization: id}, "") {
				managed = append(managed, id)
			}
		}
		query = query.Where("(hs.owner_id = ? OR hs.organization_id IN (?))", v.UserID(), bun.List(managed))
	}
	var waiting Waiting
	err := query.Scan(ctx, &waiting)
	if !v.Admin() {
		waiting.Pending = 0
	}
	return waiting, err
}

// Owners are those whom sources belong to, in two queries.
type Owners struct {
	Organizations map[string]*account.OrganizationRef
	People        map[string]*account.UserRef
}

// Owners names whom some sources belong to, and who validated them.
func (s *Store) Owners(ctx context.Context, sources []Source) (Owners, error) {
	var organizations, people []string
	for i := range sources {
		if id := sources[i].OrganizationID; id != nil {
			organizations = append(organizations, *id)
		}
		for _, id := range []*string{sources[i].OwnerID, sources[i].ValidatedBy} {
			if id != nil {
				people = append(people, *id)
			}
		}
	}
	var owners Owners
	var err error
	if owners.Organizations, err = account.OrganizationRefs(ctx, s.db.Read(), organizations); err != nil {
		return owners, err
	}
	owners.People, err = account.UserRefs(ctx, s.db.Read(), people)
	return owners, err
}
