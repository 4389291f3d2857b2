package dump

import (
	"context"
	"reflect"
	"strings"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/text"
)

// DatasetFilter narrows the datasets of a dump; empty members do not. Beside
// the filters of lists it has those of the search, several values of which mean
// any of them. The order of a dump is its own: Sort has no effect.
type DatasetFilter struct {
	catalog.DatasetFilter
	// OrganizationName is the exact name of the organisation.
	OrganizationName                string
	Granularities, Formats, Schemas []string
	// FormatFamily and ProducerType are as package catalog sorts them.
	FormatFamily, ProducerType string
	// CoveredFrom and CoveredTo are days that the temporal coverage holds.
	CoveredFrom, CoveredTo string
	// UpdatedSince is the earliest last update.
	UpdatedSince db.Time
	// Visible leaves archived datasets out.
	Visible bool
}

// ReuseFilter narrows the reuses of a dump, as in lists.
type ReuseFilter = catalog.ReuseFilter

// DataserviceFilter narrows the APIs of a dump; empty members do not.
type DataserviceFilter struct {
	catalog.DataserviceFilter
	// Visible leaves archived APIs out.
	Visible bool
}

// OrganizationFilter narrows the organisations of a dump; empty members do not.
type OrganizationFilter struct {
	Query, Badge, Name, BusinessNumberID string
}

// narrowing is the filter, nil when it narrows nothing.
func narrowing(filter any) any {
	if reflect.ValueOf(filter).IsZero() {
		return nil
	}
	return filter
}

// reader is the viewer for whom the catalogue lists identifiers: the conditions
// of each kind then keep what everybody may read.
var reader = account.System("dump")

// among walks the parts of what a filter of the catalogue keeps, a batch of
// identifiers at a time.
func among(column string, where []condition, walk func([]condition) error) func([]string) error {
	return func(ids []string) error {
		return walk(append(where[:len(where):len(where)], condition{column + " IN (?)", []any{bun.List(ids)}}))
	}
}

// eachScope walks the datasets that a filter keeps: all at once when its
// conditions say everything, else by batches of identifiers from the catalogue.
// column is where the walk finds the dataset's identifier.
func (r *run) eachScope(ctx context.Context, f DatasetFilter, column string, walk func([]condition) error) error {
	where, err := f.conditions(ctx, r)
	if err != nil {
		return err
	}
	if narrowing(f.DatasetFilter) == nil {
		return walk(where)
	}
	return r.catalog.EachDatasetID(ctx, reader, f.DatasetFilter, scopeRows, among(column, where, walk))
}

// conditions are those that the catalogue's own filter does not know, on
// datasets as d and their organisations as o. They are tested row by row along
// the key: written so that no other index answers them, since SQLite would read
// and sort all it finds there for every batch.
func (f *DatasetFilter) conditions(ctx context.Context, r *run) ([]condition, error) {
	where := []condition{{"d.private = FALSE AND d.deleted_at IS NULL", nil}}
	and := func(applies bool, sql string, args ...any) {
		if applies {
			where = append(where, condition{sql, args})
		}
	}
	and(f.Visible, "NOT (d.visible = FALSE)")
	and(f.OrganizationName != "", "o.name = ?", f.OrganizationName)
	and(len(f.Granularities) > 0, "d.granularity IN (?)", bun.List(f.Granularities))
	and(len(f.Formats) > 0, hasFormat, bun.List(f.Formats))
	and(len(f.Schemas) > 0, "EXISTS (SELECT 1 FROM resources s WHERE s.dataset_id = d.id AND s.schema_name IN (?) AND s.community = FALSE)", bun.List(f.Schemas))
	and(f.CoveredFrom != "", "d.temporal_start <= ?", f.CoveredFrom)
	and(f.CoveredTo != "", "d.temporal_end >= ?", f.CoveredTo)
	and(!f.UpdatedSince.IsZero(), "d.last_update >= ?", f.UpdatedSince)
	and(f.ProducerType != "", producedBy("d.organization_id", f.ProducerType), f.ProducerType)
	if f.FormatFamily == "" {
		return where, nil
	}
	family, err := r.family(ctx, f.FormatFamily)
	return append(where, family), err
}

// hasFormat is the condition of having one of some formats.
const hasFormat = "EXISTS (SELECT 1 FROM formats f WHERE f.dataset_id = d.id AND f.format IN (?))"

// producedBy is the condition on the sort of a publisher, whose identifier is in
// a column, with the sort as its argument.
func producedBy(column, sort string) string {
	const badges = "(SELECT b.object_id FROM badges b WHERE b.kind = 'organization' AND b.badge "
	switch sort {
	case "user":
		return "(" + column + " IS NULL AND ? = 'user')"
	case "not-specified":
		return "(" + column + " IS NOT NULL AND COALESCE(" + column + ", '') NOT IN " + badges + "NOT IN ('certified', ?)))"
	}
	return "COALESCE(" + column + ", '') IN " + badges + "= ?)"
}

// family is the condition of having a format of a family. Without any format a
// dataset belongs to the others.
func (r *run) family(ctx context.Context, family string) (condition, error) {
	var all, formats []string
	if err := r.db.Read().NewRaw("SELECT DISTINCT format FROM formats").Scan(ctx, &all); err != nil {
		return condition{}, err
	}
	for _, format := range all {
		if catalog.FormatFamily(format) == family {
			formats = append(formats, format)
		}
	}
	if family == catalog.FormatFamily("") {
		return condition{"(" + hasFormat + " OR NOT EXISTS (SELECT 1 FROM formats f WHERE f.dataset_id = d.id))", []any{bun.List(formats)}}, nil
	}
	return condition{hasFormat, []any{bun.List(formats)}}, nil
}

// matchLimit bounds the matches of a text query that a dump considers.
const matchLimit = 10_000

// conditions are on organisations as o.
func (f *OrganizationFilter) conditions(ctx context.Context, r *run) ([]condition, error) {
	where := []condition{{"o.deleted_at IS NULL", nil}}
	and := func(applies bool, sql string, args ...any) {
		if applies {
			where = append(where, condition{sql, args})
		}
	}
	and(f.Badge != "", "o.id IN (SELECT b.object_id FROM badges b WHERE b.badge = ? AND b.kind = 'organization')", f.Badge)
	and(f.Name != "", "o.name_fold = ?", text.Fold(strings.TrimSpace(f.Name)))
	and(f.BusinessNumberID != "", "o.business_number_id = ?", f.BusinessNumberID)
	if f.Query == "" {
		return where, nil
	}
	ids, err := r.search.Match(ctx, catalog.KindOrganization, f.Query, matchLimit)
	return append(where, condition{"o.id IN (?)", []any{bun.List(ids)}}), err
}
