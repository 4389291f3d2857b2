package dump

import (
	"context"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
)

// News are the filters of searches that lists do not have; empty members narrow
// nothing.
type News struct {
	// ProducerType is a sort of publisher.
	ProducerType string
	// UpdatedSince is the earliest last change.
	UpdatedSince db.Time
	// Badge is one of the object itself.
	Badge string
	// Restricted keeps the APIs that are restricted, or the others.
	Restricted *bool
}

// conditions are on the rows of an alias, whose publisher is in a column.
func (n News) conditions(alias, publisher string) []catalog.Condition {
	var where []catalog.Condition
	and := func(applies bool, sql string, args ...any) {
		if applies {
			where = append(where, catalog.Condition{SQL: sql, Args: args})
		}
	}
	and(n.ProducerType != "", producedBy(publisher, n.ProducerType), n.ProducerType)
	and(!n.UpdatedSince.IsZero(), alias+".modified_at >= ?", n.UpdatedSince)
	and(n.Badge != "", alias+".id IN (SELECT b.object_id FROM badges b WHERE b.badge = ?)", n.Badge)
	if n.Restricted != nil {
		and(*n.Restricted, alias+".access_type = 'restricted'")
		and(!*n.Restricted, alias+".access_type <> 'restricted'")
	}
	return where
}

// recentRows reads what a feed may show: the recent objects of certified
// organisations, then those of others.
func recentRows[F, T any](
	ctx context.Context, filter F, recent catalog.Recent,
	find func(context.Context, F, catalog.Recent) (certified, others []string, err error),
	read func(context.Context, account.Viewer, []string) ([]T, error),
) ([]T, error) {
	certified, others, err := find(ctx, filter, recent)
	if err != nil {
		return nil, err
	}
	return read(ctx, account.Nobody, append(certified, others...))
}

// ReuseNews narrows the feed of reuses.
type ReuseNews struct {
	catalog.ReuseFilter
	News
}

// Reuses is the feed of reuses, by creation.
func (s *Feeds) Reuses(ctx context.Context, f ReuseNews, frame Frame) (*Feed, error) {
	recent := s.recent()
	f.Sort, recent.Where = "", f.News.conditions("ru", "ru.organization_id")
	rows, err := recentRows(ctx, f.ReuseFilter, recent, s.dumps.catalog.RecentReuseIDs, s.dumps.catalog.ReusesByIDs)
	if err != nil {
		return nil, err
	}
	items := itemsOf(rows, func(r *catalog.Reuse) item {
		return item{
			kind: Reuses, id: r.ID, slug: r.Slug, title: r.Title, description: r.Description, owned: r.Owned, tags: r.Tags,
			published: r.CreatedAt, updated: r.ModifiedAt, created: r.CreatedAt, order: r.CreatedAt,
		}
	})
	s.sort(items, recent)
	return s.write(titleOf(Reuses, frame.Lang, f.Query, narrowing(f) != nil), items, feedEntries, frame)
}

// DataserviceNews narrows the feed of APIs.
type DataserviceNews struct {
	catalog.DataserviceFilter
	News
}

// Dataservices is the feed of APIs, by creation.
func (s *Feeds) Dataservices(ctx context.Context, f DataserviceNews, frame Frame) (*Feed, error) {
	recent := s.recent()
	f.Sort, recent.Where = "", f.News.conditions("ds", "ds.organization_id")
	rows, err := recentRows(ctx, f.DataserviceFilter, recent, s.dumps.catalog.RecentDataserviceIDs, s.dumps.catalog.DataservicesByIDs)
	if err != nil {
		return nil, err
	}
	items := itemsOf(rows, func(d *catalog.Dataservice) item {
		return item{
			kind: Dataservices, id: d.ID, slug: d.Slug, title: d.Title, description: d.Description, owned: d.Owned, tags: d.Tags,
			published: d.CreatedAt, updated: d.ModifiedAt, created: d.CreatedAt, order: d.CreatedAt,
		}
	})
	s.sort(items, recent)
	return s.write(titleOf(Dataservices, frame.Lang, f.Query, narrowing(f) != nil), items, feedEntries, frame)
}

// TopicNews narrows the feed of topics.
type TopicNews struct {
	catalog.TopicFilter
	News
}

// Topics is the feed of topics, by creation.
func (s *Feeds) Topics(ctx context.Context, f TopicNews, frame Frame) (*Feed, error) {
	recent := s.recent()
	f.Sort, recent.Where = "", f.News.conditions("t", "t.organization_id")
	rows, err := recentRows(ctx, f.TopicFilter, recent, s.dumps.catalog.RecentTopicIDs, s.dumps.catalog.TopicsByIDs)
	if err != nil {
		return nil, err
	}
	items := itemsOf(rows, func(t *catalog.Topic) item {
		it := item{
			kind: Topics, id: t.ID, slug: t.Slug, title: t.Name, owned: t.Owned, tags: t.Tags,
			published: t.CreatedAt, updated: t.ModifiedAt, created: t.CreatedAt, order: t.CreatedAt,
		}
		if t.Description != nil {
			it.description = *t.Description
		}
		return it
	})
	s.sort(items, recent)
	return s.write(titleOf(Topics, frame.Lang, f.Query, narrowing(f) != nil), items, feedEntries, frame)
}

// OrganizationNews narrows the feed of organisations.
type OrganizationNews struct {
	OrganizationFilter
	News
}

// Organizations is the feed of organisations, by creation.
func (s *Feeds) Organizations(ctx context.Context, f OrganizationNews, frame Frame) (*Feed, error) {
	where, err := f.OrganizationFilter.conditions(ctx, &run{Dumps: s.dumps})
	if err != nil {
		return nil, err
	}
	for _, c := range f.News.conditions("o", "o.id") {
		where = append(where, condition{c.SQL, c.Args})
	}
	var rows []account.Organization
	for _, appears := range []condition{{"o.certified = TRUE", nil}, {"o.certified = FALSE AND o.created_at <= ?", []any{s.recent().Before}}} {
		var some []account.Organization
		query := s.dumps.db.Read().NewSelect().Model(&some)
		for _, c := range append(where, appears) {
			query = query.Where(c.sql, c.args...)
		}
		if err := query.OrderExpr("o.created_at DESC, o.id DESC").Limit(feedEntries).Scan(ctx); err != nil {
			return nil, err
		}
		rows = append(rows, some...)
	}
	items := itemsOf(rows, func(o *account.Organization) item {
		return item{
			kind: Organizations, id: o.ID, slug: o.Slug, title: o.Name, description: o.Description,
			owned:     catalog.Owned{Organization: &account.OrganizationRef{Name: o.Name, Slug: o.Slug, Certified: o.Certified}},
			published: o.CreatedAt, updated: o.ModifiedAt, created: o.CreatedAt, order: o.CreatedAt,
		}
	})
	s.sort(items, s.recent())
	return s.write(titleOf(Organizations, frame.Lang, f.Query, narrowing(f) != nil), items, feedEntries, frame)
}
