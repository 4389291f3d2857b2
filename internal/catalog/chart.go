package catalog

import (
	"context"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
)

// KindChart is the kind of charts, which the API calls visualizations.
const KindChart = kindChart

// Chart draws columns of resources against each other.
type Chart struct {
	bun.BaseModel `bun:"table:charts,alias:ch"`

	ID      string `bun:"id,pk"`
	Version int64  `bun:"version"`
	Slug    string `bun:"slug"`
	Owned
	Title       string `bun:"title"`
	TitleFold   string `bun:"title_fold"`
	Description string `bun:"description"`
	Private     bool   `bun:"private"`
	// Visible is whether everybody may read it: neither private nor deleted.
	Visible bool `bun:"visible"`
	// XAxis, YAxis and Series are JSON as ChartAxis, ChartScale and lists of
	// ChartSeries say.
	XAxis          db.JSON `bun:"x_axis"`
	YAxis          db.JSON `bun:"y_axis"`
	Series         db.JSON `bun:"series"`
	Extras         db.JSON `bun:"extras"`
	Image          *string `bun:"image"`
	ImageThumbnail *string `bun:"image_thumbnail"`
	Views          int64   `bun:"views"`
	CreatedAt      db.Time `bun:"created_at"`
	ModifiedAt     db.Time `bun:"modified_at"`
	DeletedAt      db.Time `bun:"deleted_at"`
}

// ChartAxis is the horizontal axis of a chart.
type ChartAxis struct {
	ColumnX        string  `json:"column_x"`
	SortXBy        *string `json:"sort_x_by"`
	SortXDirection *string `json:"sort_x_direction"`
	Type           string  `json:"type"`
}

// ChartScale is the vertical axis of a chart; all its members may be missing.
type ChartScale struct {
	Label        *string  `json:"label"`
	Max          *float64 `json:"max"`
	Min          *float64 `json:"min"`
	Unit         *string  `json:"unit"`
	UnitPosition *string  `json:"unit_position"`
}

// ChartSeries is one line or one row of bars of a chart.
type ChartSeries struct {
	AggregateY          *string      `json:"aggregate_y"`
	ColumnXNameOverride *string      `json:"column_x_name_override"`
	ColumnY             *string      `json:"column_y"`
	Filters             *ChartFilter `json:"filters"`
	ResourceID          string       `json:"resource_id"`
	Type                *string      `json:"type"`
}

// ChartFilter keeps rows of a resource: one condition on a column (class
// Filter), or several that all hold (class AndFilters).
type ChartFilter struct {
	Class     string        `json:"class"`
	Column    *string       `json:"column,omitempty"`
	Condition *string       `json:"condition,omitempty"`
	Value     any           `json:"value,omitempty"`
	Filters   []ChartFilter `json:"filters,omitempty"`
}

// ResolveChart finds a chart by what an address says: identifier, slug, former
// slug.
func (s *Store) ResolveChart(ctx context.Context, key string) (*account.Resolved, error) {
	return s.resolve(ctx, "charts", KindChart, key)
}

// Chart returns one chart as the viewer may see it: not found when it is
// private, gone when it was deleted.
func (s *Store) Chart(ctx context.Context, v account.Viewer, id string) (*Chart, error) {
	charts, err := s.ChartsByIDs(ctx, v, []string{id})
	return only(charts, err, func() error { return s.refusal(ctx, v, KindChart, id) })
}

// ChartsByIDs returns charts in the order of their identifiers, in a constant
// number of queries. Those that the viewer may not read are left out.
func (s *Store) ChartsByIDs(ctx context.Context, v account.Viewer, ids []string) ([]Chart, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	read := s.db.Read()
	charts, err := readableRows(ctx, read, ids, func(c *Chart) string { return c.ID }, func(c Chart) bool { return hidden(v, c.Private, c.DeletedAt, c.OwnedBy(), c.ID) })
	if err != nil {
		return nil, err
	}
	owned := make([]account.Owner, len(charts))
	for i := range charts {
		owned[i] = charts[i].OwnedBy()
	}
	from, err := loadOwners(ctx, read, owned)
	for i := range charts {
		charts[i].attach(from)
	}
	return charts, err
}

// ChartFilters narrows a list of charts; empty members do not.
type ChartFilters struct {
	// Sort is title, created or last_modified, with "-" for descending;
	// empty is -created.
	Sort                string
	Private             *bool
	Owner, Organization string
}

var chartSorts = map[string]string{"title": "ch.title_fold", "created": "ch.created_at", "last_modified": "ch.modified_at"}

// ChartIDs returns the identifiers of a page of the charts that a list shows to
// the viewer, and their number.
func (s *Store) ChartIDs(ctx context.Context, v account.Viewer, f ChartFilters, p Page) ([]string, int, error) {
	l := listing{table: "charts", alias: "ch", order: db.OrderBy(f.Sort, "-created", chartSorts)}
	listed, args := v.Listed("ch", "ch.visible = TRUE")
	l.and(listed, args...)
	l.equal("owner_id", f.Owner)
	l.equal("organization_id", f.Organization)
	if f.Private != nil {
		l.and("ch.private = ?", *f.Private)
	}
	return l.page(ctx, s.db, p)
}
