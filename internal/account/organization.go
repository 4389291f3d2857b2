package account

import (
	"context"
	"strings"

	"github.com/uptrace/bun"

	"grenier/internal/db"
	"grenier/internal/fault"
	"grenier/internal/text"
)

// Organization publishes data; people are its members.
type Organization struct {
	bun.BaseModel `bun:"table:organizations,alias:o"`

	ID                           string  `bun:"id,pk"`
	Version                      int64   `bun:"version"`
	Slug                         string  `bun:"slug"`
	Name                         string  `bun:"name"`
	NameFold                     string  `bun:"name_fold"`
	Acronym                      *string `bun:"acronym"`
	URL                          *string `bun:"url"`
	ImageURL                     *string `bun:"image_url"`
	Logo                         *string `bun:"logo"`
	LogoThumbnail                *string `bun:"logo_thumbnail"`
	BusinessNumberID             *string `bun:"business_number_id"`
	Zone                         *string `bun:"zone"`
	PublicService                bool    `bun:"public_service"`
	Certified                    bool    `bun:"certified"`
	CreatedAt                    db.Time `bun:"created_at"`
	ModifiedAt                   db.Time `bun:"modified_at"`
	GivenModifiedAt              db.Time `bun:"given_modified_at"`
	DeletedAt                    db.Time `bun:"deleted_at"`
	PresentationBlocs            db.JSON `bun:"presentation_blocs"`
	PresentationBlocsPublishedAt db.Time `bun:"presentation_blocs_published_at"`
	Datasets                     int64   `bun:"datasets"`
	Reuses                       int64   `bun:"reuses"`
	Dataservices                 int64   `bun:"dataservices"`
	MemberCount                  int64   `bun:"members"`
	Followers                    int64   `bun:"followers"`
	Views                        int64   `bun:"views"`
	DatasetFollowers             int64   `bun:"dataset_followers"`
	DatasetReuses                int64   `bun:"dataset_reuses"`
	// ByMonths holds the counters by month as an object: the metric's name
	// (datasets_by_months …) to an object of YYYY-MM and count.
	ByMonths    db.JSON `bun:"by_months"`
	Extras      db.JSON `bun:"extras"`
	Description string  `bun:"description"`

	// Loaded besides the row.
	Badges  []string `bun:"-"`
	Members []Member `bun:"-"`
}

// Member is a person in an organisation.
type Member struct {
	bun.BaseModel `bun:"table:members,alias:m"`

	OrganizationID string  `bun:"organization_id,pk"`
	UserID         string  `bun:"user_id,pk"`
	Role           Role    `bun:"role"`
	Since          db.Time `bun:"since"`
	Label          *string `bun:"label"`
	Position       int64   `bun:"position"`

	User *User `bun:"-"`
}

// OrganizationRef is what other objects show of an organisation.
type OrganizationRef struct {
	bun.BaseModel `bun:"table:organizations,alias:o"`

	ID            string   `bun:"id"`
	Name          string   `bun:"name"`
	Acronym       *string  `bun:"acronym"`
	Slug          string   `bun:"slug"`
	Logo          *string  `bun:"logo"`
	LogoThumbnail *string  `bun:"logo_thumbnail"`
	PublicService bool     `bun:"public_service"`
	Certified     bool     `bun:"certified"`
	Badges        []string `bun:"-"`
}

const organizationRefColumns = "id, name, acronym, slug, logo, logo_thumbnail, public_service, certified"

// OrganizationRefs returns the references of organisations by identifier, with
// their badges; unknown ones are absent. One query whatever the number.
func OrganizationRefs(ctx context.Context, read bun.IDB, ids []string) (map[string]*OrganizationRef, error) {
	refs := make(map[string]*OrganizationRef, len(ids))
	ids = distinct(ids)
	if len(ids) == 0 {
		return refs, nil
	}
	var rows []struct {
		OrganizationRef `bun:",extend"`
		BadgeList       string
	}
	err := db.ScanByIDs(ctx, read, &rows, "SELECT "+organizationRefColumns+`,
		coalesce((SELECT string_agg(b.badge, ',' ORDER BY b.position) FROM badges b WHERE b.object_id = organizations.id), '') AS badge_list
		FROM organizations WHERE id IN (?0)`, ids)
	for i := range rows {
		ref := &rows[i].OrganizationRef
		if rows[i].BadgeList != "" {
			ref.Badges = strings.Split(rows[i].BadgeList, ",")
		}
		refs[ref.ID] = ref
	}
	return refs, err
}

// Badges returns the badges of objects of any kind, in the order given.
func Badges(ctx context.Context, read bun.IDB, ids []string) (map[string][]string, error) {
	badges := make(map[string][]string)
	if len(ids) == 0 {
		return badges, nil
	}
	var rows []struct {
		ObjectID string
		Badge    string
	}
	err := db.ScanByIDs(ctx, read, &rows, "SELECT object_id, badge FROM badges WHERE object_id IN (?0) ORDER BY object_id, position", ids)
	for _, row := range rows {
		badges[row.ObjectID] = append(badges[row.ObjectID], row.Badge)
	}
	return badges, err
}

// Organizations reads and changes organisations.
type Organizations struct {
	db     *db.DB
	search TextSearch
}

// TextSearch finds objects of a kind by words; the search room gives it.
type TextSearch interface {
	// Match returns the identifiers of the public objects in which every
	// word is found, best first, at most limit.
	Match(ctx context.Context, kind, query string, limit int) ([]string, error)
}

// NewOrganizations returns the organisations of a database.
func NewOrganizations(d *db.DB, search TextSearch) *Organizations {
	return &Organizations{db: d, search: search}
}

// Resolved is what a text in an address led to.
type Resolved struct {
	ID string
	// Slug is the present slug; Moved is set when the text was another form
	// of it, so that the face redirects.
	Slug string
	// Moved is "" when the text was the identifier or the slug itself,
	// "form" when slugifying it led there, "former" when it is a former slug.
	Moved string
}

// Resolve finds an object of a table by identifier, slug, slugified text, or
// former slug, in that order. It returns nil when there is none.
func Resolve(ctx context.Context, read bun.IDB, table, kind, key string) (*Resolved, error) {
	slugged := text.Slug(key)
	var rows []struct{ ID, Slug string }
	err := db.ScanFixed(ctx, read, &rows, "SELECT id, slug FROM "+table+" WHERE id = ?1 OR slug = ?1 OR slug = ?2", key, slugged)
	if err != nil {
		return nil, err
	}
	var form *Resolved
	for _, row := range rows {
		if row.ID == key || row.Slug == key {
			return &Resolved{ID: row.ID, Slug: row.Slug}, nil
		}
		form = &Resolved{ID: row.ID, Slug: row.Slug, Moved: "form"}
	}
	if form != nil {
		return form, nil
	}
	err = read.NewRaw("SELECT t.id, t.slug FROM slugs s JOIN ? t ON t.id = s.object_id WHERE s.kind = ? AND s.slug IN (?) LIMIT 1",
		bun.Ident(table), kind, bun.List([]string{key, slugged})).Scan(ctx, &rows)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &Resolved{ID: rows[0].ID, Slug: rows[0].Slug, Moved: "former"}, nil
}

// Resolve finds an organisation by what an address says.
func (s *Organizations) Resolve(ctx context.Context, key string) (*Resolved, error) {
	found, err := Resolve(ctx, s.db.Read(), "organizations", "organization", key)
	if err == nil && found == nil {
		err = fault.New(fault.NotFound, "Organization not found")
	}
	return found, err
}

// Get returns an organisation with its badges and members; gone when it was
// deleted and the viewer is no member of it.
func (s *Organizations) Get(ctx context.Context, v Viewer, id string) (*Organization, error) {
	organizations, err := s.byIDs(ctx, []string{id})
	if err != nil {
		return nil, err
	}
	if len(organizations) == 0 {
		return nil, fault.New(fault.NotFound, "Organization not found")
	}
	organization := &organizations[0]
	if !organization.DeletedAt.IsZero() && !v.Admin() && !v.Member(id) {
		return nil, fault.New(fault.Gone, "Organization has been deleted")
	}
	return organization, nil
}

// byIDs loads organisations in the order of their identifiers, with badges and
// members, in four queries.
func (s *Organizations) byIDs(ctx context.Context, ids []string) ([]Organization, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	read := s.db.Read()
	var rows []Organization
	if err := read.NewSelect().Model(&rows).Where("id IN (?)", bun.List(ids)).Scan(ctx); err != nil {
		return nil, err
	}
	badges, err := Badges(ctx, read, ids)
	if err != nil {
		return nil, err
	}
	members, err := membersOf(ctx, read, ids)
	if err != nil {
		return nil, err
	}
	byID := make(map[string]*Organization, len(rows))
	for i := range rows {
		rows[i].Badges, rows[i].Members = badges[rows[i].ID], members[rows[i].ID]
		byID[rows[i].ID] = &rows[i]
	}
	ordered := make([]Organization, 0, len(rows))
	for _, id := range ids {
		if organization := byID[id]; organization != nil {
			ordered = append(ordered, *organization)
		}
	}
	return ordered, nil
}

func membersOf(ctx context.Context, read bun.IDB, organizations []string) (map[string][]Member, error) {
	var rows []Member
	err := read.NewSelect().Model(&rows).Where("organization_id IN (?)", bun.List(organizations)).
		OrderExpr("organization_id, position").Scan(ctx)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = row.UserID
	}
	var users []User
	if err := read.NewSelect().Model(&users).Where("id IN (?)", bun.List(distinct(ids))).Scan(ctx); err != nil {
		return nil, err
	}
	byID := make(map[string]*User, len(users))
	for i := range users {
		byID[users[i].ID] = &users[i]
	}
	members := make(map[string][]Member)
	for _, row := range rows {
		row.User = byID[row.UserID]
		members[row.OrganizationID] = append(members[row.OrganizationID], row)
	}
	return members, nil
}

// OrganizationFilter narrows a list of organisations.
type OrganizationFilter struct {
	Query, Badge, Name, BusinessNumberID string
	// Sort is name, reuses, datasets, followers, views, created or
	// last_modified, with "-" for descending. Empty: by relevance when there
	// is a query, else -created.
	Sort          string
	Limit, Offset int
}

var organizationSorts = map[string]string{
	"name": "o.name_fold", "reuses": "o.reuses", "datasets": "o.datasets", "followers": "o.followers",
	"views": "o.views", "created": "o.created_at", "last_modified": "o.modified_at",
}

// matchLimit bounds the answers of the text search that a list considers.
const matchLimit = 10_000

// where adds the conditions of a filter; ids are the matches of its query.
func (f OrganizationFilter) where(query *bun.SelectQuery, ids []string) *bun.SelectQuery {
	query = query.Where("o.deleted_at IS NULL")
	if f.Query != "" {
		query = query.Where("o.id IN (?)", bun.List(ids))
	}
	if f.Badge != "" {
		query = query.Where("EXISTS (SELECT 1 FROM badges b WHERE b.object_id = o.id AND b.badge = ?)", f.Badge)
	}
	if f.Name != "" {
		query = query.Where("o.name_fold = ?", text.Fold(strings.TrimSpace(f.Name)))
	}
	if f.BusinessNumberID != "" {
		query = query.Where("o.business_number_id = ?", f.BusinessNumberID)
	}
	return query
}

// List returns a page of organisations that are not deleted, and their number.
func (s *Organizations) List(ctx context.Context, f OrganizationFilter) ([]Organization, int, error) {
	var ids []string
	if f.Query != "" {
		var err error
		if ids, err = s.search.Match(ctx, "organization", f.Query, matchLimit); err != nil {
			return nil, 0, err
		}
	}
	if f.Query != "" && f.Sort == "" {
		return s.relevant(ctx, f, ids)
	}
	query := f.where(s.db.Read().NewSelect().TableExpr("organizations AS o"), ids)
	total, err := query.Clone().Count(ctx)
	if err != nil {
		return nil, 0, err
	}
	var page []string
	err = query.ColumnExpr("o.id").OrderExpr(db.OrderBy(f.Sort, "-created", organizationSorts)+", o.id DESC").
		Limit(int64(f.Limit)).Offset(int64(f.Offset)).Scan(ctx, &page)
	if err != nil {
		return nil, 0, err
	}
	organizations, err := s.byIDs(ctx, page)
	return organizations, int(total), err
}

// relevant pages through the matches in the order of the text search.
func (s *Organizations) relevant(ctx context.Context, f OrganizationFilter, ids []string) ([]Organization, int, error) {
	var kept []string
	err := f.where(s.db.Read().NewSelect().TableExpr("organizations AS o"), ids).ColumnExpr("o.id").Scan(ctx, &kept)
	if err != nil {
		return nil, 0, err
	}
	page, total := PageOf(ids, kept, f.Offset, f.Limit)
	organizations, err := s.byIDs(ctx, page)
	return organizations, total, err
}

// PageOf takes a page out of ranked identifiers, of which only the kept ones
// count.
func PageOf(ranked, kept []string, offset, limit int) (page []string, total int) {
	keep := make(map[string]bool, len(kept))
	for _, id := range kept {
		keep[id] = true
	}
	for _, id := range ranked {
		if !keep[id] {
			continue
		}
		if total >= offset && len(page) < limit {
			page = append(page, id)
		}
		total++
	}
	return page, total
}

// ByIDs returns organisations that are not deleted, in the order of their
// identifiers.
func (s *Organizations) ByIDs(ctx context.Context, ids []string) ([]Organization, error) {
	organizations, err := s.byIDs(ctx, ids)
	kept := organizations[:0]
	for _, organization := range organizations {
		if organization.DeletedAt.IsZero() {
			kept = append(kept, organization)
		}
	}
	return kept, err
}
