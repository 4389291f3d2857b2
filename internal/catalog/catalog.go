// Package catalog holds what is published: datasets and their resources,
// reuses, dataservices, topics, posts, contact points, licences, the site. A
// file per object; each holds its types, its rules and its SQL.
package catalog

import (
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/geo"
)

// Kinds of objects, as events, tags, badges and searches name them.
const (
	KindDataset      = "dataset"
	KindResource     = "resource"
	KindCommunity    = "community_resource"
	KindReuse        = "reuse"
	KindDataservice  = "dataservice"
	KindTopic        = "topic"
	KindPost         = "post"
	KindOrganization = "organization"
	KindUser         = "user"
	KindContact      = "contact_point"
	KindSite         = "site"
)

// TextSearch finds the public objects of a kind by words; the search room
// gives it.
type TextSearch = account.TextSearch

// Store reads and changes the catalogue.
type Store struct {
	db     *db.DB
	log    *event.Log
	zones  *geo.Directory
	search TextSearch
	rules  Rules
	deps   Deps

	tags       fresh[[]TagCount]
	metrics    fresh[SiteMetrics]
	zoneCounts fresh[map[string]int64]
	downloaded fresh[[]string]
	settings   settingsCache
	titles     titles
	checked    CheckListener
}

// Rules are the settings that the rules of the catalogue depend on.
type Rules struct {
	// QualityDescriptionLength is how many characters a description needs
	// to count as good; 0 means 100.
	QualityDescriptionLength int
	// OmittedPrivateKeeps makes a full update without "private" keep it
	// instead of publishing the dataset.
	OmittedPrivateKeeps bool
	// BinRetention is how long what was deleted can be brought back; 0 means
	// 30 days.
	BinRetention time.Duration
	// HiddenBadges are badges that are offered to nobody any more.
	HiddenBadges []string
	// TerritoryOffers are the data that are offered for territories, by order;
	// see ReadTerritoryOffers.
	TerritoryOffers []TerritoryOffer
}

// New returns the catalogue of a database.
func New(log *event.Log, zones *geo.Directory, search TextSearch, rules Rules) *Store {
	if rules.QualityDescriptionLength == 0 {
		rules.QualityDescriptionLength = 100
	}
	return &Store{db: log.DB(), log: log, zones: zones, search: search, rules: rules}
}

// Deps are what the catalogue needs of the world around it. The zero value does
// without.
type Deps struct {
	// Mail takes the letters to people; nil writes none.
	Mail account.Poster
	// CheckURL refuses web addresses whose host this installation must not
	// lead to: private networks, the machine itself.
	CheckURL func(address string) error
	// Schemas is the catalogue of schemas that resources may name; nil when
	// there is none, which lets all names pass.
	Schemas *Schemas
}

// Provide gives the store what it needs for the work of a server, before its
// first write.
func (s *Store) Provide(deps Deps) { s.deps = deps }

// Page is where a list starts and how much it shows.
type Page struct {
	Offset, Limit int
}

// resolve finds an object by what an address says: identifier, slug, former slug.
func (s *Store) resolve(ctx context.Context, table, kind, key string) (*account.Resolved, error) {
	found, err := account.Resolve(ctx, s.db.Read(), table, kind, key)
	if err == nil && found == nil {
		err = fault.New(fault.NotFound, missing[kind])
	}
	return found, err
}

// readableRows loads the rows with some identifiers, in their order, without those
// that are hidden from the viewer.
func readableRows[T any](ctx context.Context, read bun.IDB, ids []string, id func(*T) string, hidden func(T) bool) ([]T, error) {
	var rows []T
	if err := read.NewSelect().Model(&rows).Where("id IN (?)", bun.List(ids)).Scan(ctx); err != nil {
		return nil, err
	}
	return inOrder(slices.DeleteFunc(rows, hidden), ids, id), nil
}

// only is the one row of a list that was asked for one identifier; refused says
// why there is none.
func only[T any](rows []T, err error, refused func() error) (*T, error) {
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, refused()
	}
	return &rows[0], nil
}

// condition is a part of a WHERE clause with its arguments.
type condition struct {
	sql  string
	args []any
}

// listing is a list before it is paged: conditions on one table, an order.
type listing struct {
	table, alias string
	where        []condition
	order        string
	// ranked are the matches of a text query, best first; when order is
	// empty they give the order.
	ranked []string
	text   bool
}

func (l *listing) and(sql string, args ...any) { l.where = append(l.where, condition{sql, args}) }

func (l *listing) query(read bun.IDB) *bun.SelectQuery {
	query := read.NewSelect().TableExpr(l.table + " AS " + l.alias)
	for _, c := range l.where {
		query = query.Where(c.sql, c.args...)
	}
	return query
}

// page returns the identifiers of one page and the total, from one state of
// the database.
func (l *listing) page(ctx context.Context, d *db.DB, p Page) (ids []string, total int, err error) {
	err = d.Snapshot(ctx, func(ctx context.Context, read bun.IDB) error {
		if l.text && l.order == "" {
			var kept []string
			if err := l.query(read).ColumnExpr(l.alias+".id").Scan(ctx, &kept); err != nil {
				return err
			}
			ids, total = account.PageOf(l.ranked, kept, p.Offset, p.Limit)
			return nil
		}
		count, err := l.query(read).Count(ctx)
		if err != nil {
			return err
		}
		total = int(count)
		return l.query(read).ColumnExpr(l.alias+".id").OrderExpr(l.order+", "+l.alias+".id DESC").
			Limit(int64(p.Limit)).Offset(int64(p.Offset)).Scan(ctx, &ids)
	})
	return ids, total, err
}

// matchLimit bounds the matches of a text query that a list considers.
const matchLimit = 10_000

// matching restricts a listing to the matches of a text query.
func (s *Store) matching(ctx context.Context, l *listing, kind, query string) error {
	if query == "" {
		return nil
	}
	ids, err := s.search.Match(ctx, kind, query, matchLimit)
	if err != nil {
		return err
	}
	l.text, l.ranked = true, ids
	l.and(l.alias+".id IN (?)", bun.List(ids))
	return nil
}

// inOrder puts rows in the order of their identifiers.
func inOrder[T any](rows []T, ids []string, id func(*T) string) []T {
	at := make(map[string]int, len(rows))
	for i := range rows {
		at[id(&rows[i])] = i
	}
	ordered := make([]T, 0, len(ids))
	for _, wanted := range ids {
		if i, ok := at[wanted]; ok {
			ordered = append(ordered, rows[i])
		}
	}
	return ordered
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
