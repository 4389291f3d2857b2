package catalog

import (
	"context"

	"grenier/internal/account"
	"grenier/internal/db"
)

// Recent says which of the objects of a list are wanted as news.
type Recent struct {
	// Before is the moment until which an object must have been created to
	// show, unless a certified organisation publishes it.
	Before db.Time
	// Limit bounds each of the two lists.
	Limit int
	// Updated orders datasets by their last update instead of their creation
	// here.
	Updated bool
	// Where narrows further, in terms of the table's alias: d for datasets,
	// ru for reuses, ds for dataservices, t for topics.
	Where []Condition
}

// Condition is a part of a WHERE clause with its arguments.
type Condition struct {
	SQL  string
	Args []any
}

// RecentDatasetIDs returns the identifiers of the latest datasets of a list,
// as everybody is shown it, the latest first: those of certified organisations,
// and those of others. The filter's own order has no effect.
func (s *Store) RecentDatasetIDs(ctx context.Context, f DatasetFilter, r Recent) (certified, others []string, err error) {
	l, err := s.datasetListing(ctx, account.Nobody, f)
	if err != nil {
		return nil, nil, err
	}
	if r.Updated {
		return l.recent(ctx, s.db, "d.last_update", "d.created_internal", r)
	}
	return l.recent(ctx, s.db, "d.created_internal", "d.created_internal", r)
}

// RecentReuseIDs does the same for reuses, of which those made with no dataset
// are no news.
func (s *Store) RecentReuseIDs(ctx context.Context, f ReuseFilter, r Recent) (certified, others []string, err error) {
	l, err := s.reuseListing(ctx, account.Nobody, f)
	if err != nil {
		return nil, nil, err
	}
	l.and("ru.visible = TRUE")
	return l.recent(ctx, s.db, "ru.created_at", "ru.created_at", r)
}

// RecentDataserviceIDs does the same for dataservices.
func (s *Store) RecentDataserviceIDs(ctx context.Context, f DataserviceFilter, r Recent) (certified, others []string, err error) {
	l, err := s.dataserviceListing(ctx, account.Nobody, f)
	if err != nil {
		return nil, nil, err
	}
	return l.recent(ctx, s.db, "ds.created_at", "ds.created_at", r)
}

// RecentTopicIDs does the same for topics.
func (s *Store) RecentTopicIDs(ctx context.Context, f TopicFilter, r Recent) (certified, others []string, err error) {
	l, err := s.topicListing(ctx, account.Nobody, f)
	if err != nil {
		return nil, nil, err
	}
	return l.recent(ctx, s.db, "t.created_at", "t.created_at", r)
}

// recent reads both lists along the index of the order. COALESCE and the sum keep
// SQLite from other indexes, where it would have all they hold to sort.
func (l *listing) recent(ctx context.Context, d *db.DB, order, created string, r Recent) (certified, others []string, err error) {
	for _, c := range r.Where {
		l.and(c.SQL, c.Args...)
	}
	owner := "COALESCE(" + l.alias + ".organization_id, '')"
	const trusted = "(SELECT id FROM organizations WHERE certified = TRUE)"
	read := func(into *[]string, condition string, args ...any) error {
		return l.query(d.Read()).Where(condition, args...).ColumnExpr(l.alias+".id").
			OrderExpr(order+" DESC, "+l.alias+".id DESC").Limit(int64(r.Limit)).Scan(ctx, into)
	}
	if err := read(&certified, owner+" IN "+trusted); err != nil {
		return nil, nil, err
	}
	err = read(&others, owner+" NOT IN "+trusted+" AND "+created+" + 0 <= ?", r.Before)
	return certified, others, err
}
