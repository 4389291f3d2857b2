package catalog

import (
	"context"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
)

// Reuse is something made with data.
type Reuse struct {
	bun.BaseModel `bun:"table:reuses,alias:ru"`

	ID      string `bun:"id,pk"`
	Version int64  `bun:"version"`
	Slug    string `bun:"slug"`
	Owned
	Title     string `bun:"title"`
	TitleFold string `bun:"title_fold"`
	Type      string `bun:"type"`
	Topic     string `bun:"topic"`
	URL       string `bun:"url"`
	// URLHash is the SHA-1 of the address, by which another reuse of the
	// same address is found.
	URLHash        string  `bun:"url_hash"`
	Image          *string `bun:"image"`
	ImageThumbnail *string `bun:"image_thumbnail"`
	Private        bool    `bun:"private"`
	Featured       *bool   `bun:"featured"`
	// Visible is whether feeds, counters and searches show it: neither
	// private nor deleted, and made with at least one dataset. Lists also
	// show those without dataset.
	Visible    bool    `bun:"visible"`
	CreatedAt  db.Time `bun:"created_at"`
	ModifiedAt db.Time `bun:"modified_at"`
	ArchivedAt db.Time `bun:"archived_at"`
	DeletedAt  db.Time `bun:"deleted_at"`
	// DatasetCount counts the datasets it is made with that are neither
	// private nor deleted.
	DatasetCount      int64   `bun:"datasets"`
	Discussions       int64   `bun:"discussions"`
	DiscussionsOpen   int64   `bun:"discussions_open"`
	Followers         int64   `bun:"followers"`
	Views             int64   `bun:"views"`
	FollowersByMonths db.JSON `bun:"followers_by_months"`
	Description       string  `bun:"description"`

	// Loaded besides the row; the links as far as the viewer may read them.
	Attributes   `bun:"-"`
	Extras       db.JSON          `bun:"-"`
	DatasetIDs   []string         `bun:"-"`
	Dataservices []DataserviceRef `bun:"-"`
}

// ReuseRef is what other objects show of a reuse.
type ReuseRef struct {
	ID             string
	Title          string
	Slug           string
	Image          *string
	ImageThumbnail *string
}

// computeVisible keeps Visible in step with the states it derives from.
func (r *Reuse) computeVisible() {
	r.Visible = !r.Private && r.DeletedAt.IsZero() && r.DatasetCount > 0
}

// ResolveReuse finds a reuse by what an address says: identifier, slug, former
// slug.
func (s *Store) ResolveReuse(ctx context.Context, key string) (*account.Resolved, error) {
	return s.resolve(ctx, "reuses", KindReuse, key)
}

// Reuse returns one reuse as the viewer may see it: not found when it is
// private, gone when it was deleted.
func (s *Store) Reuse(ctx context.Context, v account.Viewer, id string) (*Reuse, error) {
	reuses, err := s.ReusesByIDs(ctx, v, []string{id})
	return only(reuses, err, func() error { return s.refusal(ctx, v, KindReuse, id) })
}

// ReusesByIDs returns reuses in the order of their identifiers, in a constant
// number of queries. Those that the viewer may not read are left out, and so are
// links to what they may not read.
func (s *Store) ReusesByIDs(ctx context.Context, v account.Viewer, ids []string) ([]Reuse, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	read := s.db.Read()
	reuses, err := readableRows(ctx, read, ids, func(r *Reuse) string { return r.ID }, func(r Reuse) bool { return hidden(v, r.Private, r.DeletedAt, r.OwnedBy(), r.ID) })
	if err != nil {
		return nil, err
	}
	if err := completeReuses(ctx, read, reuses); err != nil {
		return nil, err
	}
	return reuses, linkReuses(ctx, read, v, reuses)
}

// completeReuses adds owners, tags, badges and extras.
func completeReuses(ctx context.Context, read bun.IDB, reuses []Reuse) error {
	ids := make([]string, len(reuses))
	owned := make([]account.Owner, len(reuses))
	for i := range reuses {
		ids[i], owned[i] = reuses[i].ID, reuses[i].OwnedBy()
	}
	lists, err := attributes(ctx, read, ids)
	if err != nil {
		return err
	}
	extras, err := extrasOf(ctx, read, ids)
	if err != nil {
		return err
	}
	from, err := loadOwners(ctx, read, owned)
	if err != nil {
		return err
	}
	for i := range reuses {
		reuses[i].attach(from)
		reuses[i].Attributes, reuses[i].Extras = attributesOf(lists, reuses[i].ID), extras[reuses[i].ID]
	}
	return nil
}

// linkReuses adds the datasets and dataservices that reuses are made with.
func linkReuses(ctx context.Context, read bun.IDB, v account.Viewer, reuses []Reuse) error {
	ids := make([]string, len(reuses))
	for i := range reuses {
		ids[i] = reuses[i].ID
	}
	datasets, err := reuseDatasets.linked(ctx, read, v, ids)
	if err != nil {
		return err
	}
	dataservices, err := reuseDataservices.linked(ctx, read, v, ids)
	if err != nil {
		return err
	}
	var used []string
	for _, linked := range dataservices {
		used = append(used, linked...)
	}
	refs, err := dataserviceRefs(ctx, read, used)
	if err != nil {
		return err
	}
	for i := range reuses {
		reuses[i].DatasetIDs = datasets[reuses[i].ID]
		for _, id := range dataservices[reuses[i].ID] {
			reuses[i].Dataservices = append(reuses[i].Dataservices, *refs[id])
		}
	}
	return nil
}

// reuseRefs returns references of reuses by identifier.
func reuseRefs(ctx context.Context, read bun.IDB, ids []string) (map[string]*ReuseRef, error) {
	refs := make(map[string]*ReuseRef, len(ids))
	if len(ids) == 0 {
		return refs, nil
	}
	var rows []ReuseRef
	err := read.NewRaw("SELECT id, title, slug, image, image_thumbnail FROM reuses WHERE id IN (?)", bun.List(ids)).Scan(ctx, &rows)
	for i := range rows {
		refs[rows[i].ID] = &rows[i]
	}
	return refs, err
}

// ReuseFilter narrows a list of reuses; empty members do not.
type ReuseFilter struct {
	Query string
	// Sort is datasets, followers, views, title, created or last_modified,
	// with "-" for descending. Empty: by relevance when there is a query,
	// else -created.
	Sort              string
	Type              string
	Topic             string
	Dataset           string
	Dataservice       string
	Tags              []string
	Private           *bool
	Featured          *bool
	Owner             string
	Organization      string
	OrganizationBadge string
}

var reuseSorts = map[string]string{
	"datasets": "ru.datasets", "followers": "ru.followers", "views": "ru.views", "title": "ru.title_fold",
	"created": "ru.created_at", "last_modified": "ru.modified_at",
}

// publicReuse is what lists show to everybody.
const publicReuse = "(ru.private = FALSE AND ru.deleted_at IS NULL)"

// ReuseIDs returns the identifiers of a page of the reuses that a list shows to
// the viewer, and their number.
func (s *Store) ReuseIDs(ctx context.Context, v account.Viewer, f ReuseFilter, p Page) ([]string, int, error) {
	l, err := s.reuseListing(ctx, v, f)
	if err != nil {
		return nil, 0, err
	}
	return l.page(ctx, s.db, p)
}

// EachReuseID calls fn with the identifiers of all the reuses of a list, a
// batch at a time, in the order of their creation; for dumps.
func (s *Store) EachReuseID(ctx context.Context, v account.Viewer, f ReuseFilter, batch int, fn func([]string) error) error {
	l, err := s.reuseListing(ctx, v, f)
	if err != nil {
		return err
	}
	return l.each(ctx, s.db, batch, fn)
}

func (s *Store) reuseListing(ctx context.Context, v account.Viewer, f ReuseFilter) (*listing, error) {
	l := &listing{table: "reuses", alias: "ru"}
	if f.Query == "" || f.Sort != "" {
		l.order = db.OrderBy(f.Sort, "-created", reuseSorts)
	}
	listed, args := v.Listed("ru", publicReuse)
	l.and(listed, args...)
	l.equal("type", f.Type)
	l.equal("topic", f.Topic)
	l.equal("owner_id", f.Owner)
	l.equal("organization_id", f.Organization)
	l.taggedWith(f.Tags, KindReuse)
	l.among("SELECT reuse_id FROM reuse_datasets WHERE dataset_id = ?", f.Dataset)
	l.among("SELECT reuse_id FROM reuse_dataservices WHERE dataservice_id = ?", f.Dataservice)
	l.badgedOwner(f.OrganizationBadge)
	if f.Private != nil {
		l.and("ru.private = ?", *f.Private)
	}
	if f.Featured != nil {
		l.and("COALESCE(ru.featured, FALSE) = ?", *f.Featured)
	}
	return l, s.matching(ctx, l, KindReuse, f.Query)
}

// ReuseRefs returns references of those of the reuses that anybody may read and
// that are not archived, in the order of their identifiers; for suggestions.
func (s *Store) ReuseRefs(ctx context.Context, ids []string) ([]ReuseRef, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var rows []ReuseRef
	err := s.db.Read().NewRaw("SELECT ru.id, ru.title, ru.slug, ru.image, ru.image_thumbnail FROM reuses ru WHERE "+publicReuse+
		" AND ru.archived_at IS NULL AND ru.id IN (?)", bun.List(ids)).Scan(ctx, &rows)
	return inOrder(rows, ids, func(r *ReuseRef) string { return r.ID }), err
}
