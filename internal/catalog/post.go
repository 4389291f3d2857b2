package catalog

import (
	"context"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/fault"
)

// PostKinds are what posts are: news, or pages of the site.
var PostKinds = []string{"news", "page"}

// Post is an article or a page of the site.
type Post struct {
	bun.BaseModel `bun:"table:posts,alias:p"`

	ID       string  `bun:"id,pk"`
	Version  int64   `bun:"version"`
	Slug     string  `bun:"slug"`
	Name     string  `bun:"name"`
	NameFold string  `bun:"name_fold"`
	Headline *string `bun:"headline"`
	OwnerID  *string `bun:"owner_id"`
	// ImageURL is an address given by hand, Image an uploaded file.
	ImageURL       *string `bun:"image_url"`
	Image          *string `bun:"image"`
	ImageThumbnail *string `bun:"image_thumbnail"`
	CreditTo       *string `bun:"credit_to"`
	CreditURL      *string `bun:"credit_url"`
	Kind           string  `bun:"kind"`
	// BodyType is markdown, html or blocs.
	BodyType string `bun:"body_type"`
	// PublishedAt is zero for a draft.
	PublishedAt db.Time `bun:"published_at"`
	CreatedAt   db.Time `bun:"created_at"`
	ModifiedAt  db.Time `bun:"modified_at"`
	Content     *string `bun:"content"`
	Blocs       db.JSON `bun:"blocs"`

	// Loaded besides the row; the links as far as the viewer may read them.
	Owner      *account.UserRef `bun:"-"`
	Tags       []string         `bun:"-"`
	DatasetIDs []string         `bun:"-"`
	Reuses     []ReuseRef       `bun:"-"`
}

// ResolvePost finds a post by what an address says: identifier, slug, former
// slug.
func (s *Store) ResolvePost(ctx context.Context, key string) (*account.Resolved, error) {
	return s.resolve(ctx, "posts", KindPost, key)
}

// Post returns one post; a draft is found by administrators only.
func (s *Store) Post(ctx context.Context, v account.Viewer, id string) (*Post, error) {
	posts, err := s.PostsByIDs(ctx, v, []string{id})
	return only(posts, err, func() error { return fault.New(fault.NotFound, "Post not found") })
}

// PostsByIDs returns posts in the order of their identifiers, in a constant
// number of queries, drafts for administrators only. Links to what the viewer
// may not read are left out.
func (s *Store) PostsByIDs(ctx context.Context, v account.Viewer, ids []string) ([]Post, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	read := s.db.Read()
	posts, err := readableRows(ctx, read, ids, func(p *Post) string { return p.ID }, func(p Post) bool { return p.PublishedAt.IsZero() && !v.Admin() })
	if err != nil {
		return nil, err
	}
	if err := completePosts(ctx, read, posts, ids); err != nil {
		return nil, err
	}
	return posts, linkPosts(ctx, read, v, posts, ids)
}

// completePosts adds owners and tags.
func completePosts(ctx context.Context, read bun.IDB, posts []Post, ids []string) error {
	lists, err := attributes(ctx, read, ids)
	if err != nil {
		return err
	}
	var owners []string
	for i := range posts {
		if posts[i].OwnerID != nil {
			owners = append(owners, *posts[i].OwnerID)
		}
	}
	users, err := account.UserRefs(ctx, read, owners)
	if err != nil {
		return err
	}
	for i := range posts {
		posts[i].Tags = attributesOf(lists, posts[i].ID).Tags
		if posts[i].OwnerID != nil {
			posts[i].Owner = users[*posts[i].OwnerID]
		}
	}
	return nil
}

// linkPosts adds the datasets and reuses that posts are about.
func linkPosts(ctx context.Context, read bun.IDB, v account.Viewer, posts []Post, ids []string) error {
	datasets, err := postDatasets.linked(ctx, read, v, ids)
	if err != nil {
		return err
	}
	reuses, err := postReuses.linked(ctx, read, v, ids)
	if err != nil {
		return err
	}
	var named []string
	for _, linked := range reuses {
		named = append(named, linked...)
	}
	refs, err := reuseRefs(ctx, read, named)
	if err != nil {
		return err
	}
	for i := range posts {
		posts[i].DatasetIDs = datasets[posts[i].ID]
		for _, id := range reuses[posts[i].ID] {
			posts[i].Reuses = append(posts[i].Reuses, *refs[id])
		}
	}
	return nil
}

// PostFilter narrows a list of posts; empty members do not.
type PostFilter struct {
	Query string
	// Sort is created_at, modified, name, headline, published, created or
	// last_modified, with "-" for descending. Empty: by relevance when there
	// is a query, else -published.
	Sort string
	Kind string
	// Drafts shows the posts that are not published too, to administrators.
	Drafts bool
}

var postSorts = map[string]string{
	"created_at": "p.created_at", "created": "p.created_at", "modified": "p.modified_at", "last_modified": "p.modified_at",
	"name": "p.name_fold", "headline": "p.headline", "published": "p.published_at",
}

// PostIDs returns the identifiers of a page of the posts that a list shows to
// the viewer, and their number.
func (s *Store) PostIDs(ctx context.Context, v account.Viewer, f PostFilter, p Page) ([]string, int, error) {
	l := listing{table: "posts", alias: "p"}
	if f.Query == "" || f.Sort != "" {
		l.order = db.OrderBy(f.Sort, "-published", postSorts)
	}
	if !f.Drafts || !v.Admin() {
		l.and("p.published_at IS NOT NULL")
	}
	l.equal("kind", f.Kind)
	if err := s.matching(ctx, &l, KindPost, f.Query); err != nil {
		return nil, 0, err
	}
	return l.page(ctx, s.db, p)
}
