package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/text"
)

// Bounds of charts: series, conditions of one series, characters of names.
const (
	maxSeries, maxConditions = 50, 100
	chartNameMax             = 255
)

// The values that members of charts take.
var (
	chartAxisTypes   = []string{"discrete", "continuous"}
	chartSortBy      = []string{"axis_x", "axis_y"}
	chartDirections  = []string{"asc", "desc"}
	chartPositions   = []string{"prefix", "suffix"}
	chartSeriesTypes = []string{"line", "histogram"}
	chartAggregates  = []string{"avg", "sum", "count", "min", "max"}
	chartConditions  = []string{"exact", "differs", "is_null", "is_not_null", "greater", "less", "strictly_greater", "strictly_less"}
)

// ChartInput is what a person or a program writes of a chart. What is left out
// stays as it is.
type ChartInput struct {
	Title, Description Opt[string]
	Private            Opt[bool]
	Extras             Opt[json.RawMessage]
	// Deleted brings a chart back when it is sent as null.
	Deleted             Opt[time.Time]
	XAxis               Opt[ChartAxis]
	YAxis               Opt[ChartScale]
	Series              Opt[[]ChartSeries]
	Organization, Owner Opt[string]
}

// apply changes a chart as the input says.
func (c *Chart) apply(s *Store, in ChartInput) error {
	wrong := s.checks()
	wrong.text(in.Title, TitleMax, &c.Title, "title")
	wrong.text(in.Description, DescriptionMax, &c.Description, "description")
	wrong.extras(in.Extras, &c.Extras, "extras")
	switched(in.Private, &c.Private)
	if in.Deleted.Set && in.Deleted.Null {
		c.DeletedAt = db.Time{}
	}
	errs := []error{c.horizontal(&wrong, in.XAxis), c.vertical(&wrong, in.YAxis), c.draw(&wrong, in.Series)}
	c.TitleFold, c.Visible = text.Fold(c.Title), !c.Private && c.DeletedAt.IsZero()
	return fault.Collect(append(errs, wrong.collect())...)
}

// horizontal reads the axis along which a chart is drawn.
func (c *Chart) horizontal(wrong *checks, in Opt[ChartAxis]) error {
	if !in.Set {
		return nil
	}
	if in.Null {
		return fault.At(textRequired, "x_axis")
	}
	axis := in.Value
	axis.ColumnX, axis.Type = "", ""
	wrong.text(Some(in.Value.ColumnX), chartNameMax, &axis.ColumnX, "x_axis", "column_x")
	wrong.choice(Some(in.Value.Type), chartAxisTypes, &axis.Type, "x_axis", "type")
	wrong.among(in.Value.SortXBy, chartSortBy, "x_axis", "sort_x_by")
	wrong.among(in.Value.SortXDirection, chartDirections, "x_axis", "sort_x_direction")
	var err error
	c.XAxis, err = db.JSONOf(axis)
	return err
}

// vertical reads the scale of a chart.
func (c *Chart) vertical(wrong *checks, in Opt[ChartScale]) error {
	if !in.Set {
		return nil
	}
	scale := in.Value
	wrong.short(scale.Label, "y_axis", "label")
	wrong.short(scale.Unit, "y_axis", "unit")
	wrong.among(scale.UnitPosition, chartPositions, "y_axis", "unit_position")
	if scale.Min != nil && scale.Max != nil && *scale.Min > *scale.Max {
		wrong.at("The least value must not be larger than the largest.", "y_axis", "min")
	}
	var err error
	c.YAxis, err = db.JSONOf(scale)
	return err
}

// draw reads what a chart draws.
func (c *Chart) draw(wrong *checks, in Opt[[]ChartSeries]) error {
	switch {
	case !in.Set:
		return nil
	case len(in.Value) == 0:
		return fault.At(textRequired, "series")
	case len(in.Value) > maxSeries:
		return fault.At(fmt.Sprintf("At most %d series.", maxSeries), "series")
	}
	for i, series := range in.Value {
		at := func(member string) []any { return []any{"series", i, member} }
		if series.ResourceID == "" {
			wrong.at(textRequired, at("resource_id")...)
		} else if !db.IsUUID(series.ResourceID) {
			wrong.at("This must be the identifier of a resource.", at("resource_id")...)
		}
		wrong.among(series.Type, chartSeriesTypes, at("type")...)
		wrong.among(series.AggregateY, chartAggregates, at("aggregate_y")...)
		wrong.short(series.ColumnY, at("column_y")...)
		wrong.short(series.ColumnXNameOverride, at("column_x_name_override")...)
		if series.Filters != nil {
			left := maxConditions
			wrong.filter(series.Filters, &left, 0, at("filters"))
		}
	}
	var err error
	c.Series, err = db.JSONOf(in.Value)
	return err
}

// filterDepth is how deep conditions stand inside each other.
const filterDepth = 5

// filter checks a condition, or several.
func (c *checks) filter(f *ChartFilter, left *int, depth int, path []any) {
	at := func(steps ...any) []any { return append(slices.Clone(path), steps...) }
	if *left--; *left < 0 || depth > filterDepth {
		c.at(fmt.Sprintf("At most %d conditions, %d inside each other.", maxConditions, filterDepth), path...)
		return
	}
	switch f.Class {
	case "Filter":
		var column, condition string
		c.text(given(f.Column), chartNameMax, &column, at("column")...)
		c.choice(given(f.Condition), chartConditions, &condition, at("condition")...)
		switch value := f.Value.(type) {
		case nil, bool, float64:
		case string:
			c.short(&value, at("value")...)
		default:
			c.at("This must be a text, a number, or true or false.", at("value")...)
		}
	case "AndFilters":
		for i := range f.Filters {
			if *left < 0 {
				return
			}
			c.filter(&f.Filters[i], left, depth+1, at("filters", i))
		}
	default:
		c.at("Unknown class: expected Filter or AndFilters.", at("_cls")...)
	}
}

// among refuses a value that is none of those allowed; missing is fine.
func (c *checks) among(value *string, allowed []string, path ...any) {
	if value != nil && !slices.Contains(allowed, *value) {
		c.at("Value must be one of ("+strings.Join(allowed, ", ")+")", path...)
	}
}

// short refuses a name that is too long; missing is fine.
func (c *checks) short(value *string, path ...any) {
	if value != nil && wrongText(*value, chartNameMax) != "" {
		c.at(wrongText(*value, chartNameMax), path...)
	}
}

func (c *Chart) state() state {
	return state{kind: KindChart, id: c.ID, owner: c.OwnedBy(), private: c.Private, deletedAt: c.DeletedAt}
}

// written are the members that people write, by their names in the API.
func (c *Chart) written() []field {
	return []field{
		{"title", c.Title}, {"slug", c.Slug}, {"description", c.Description}, {"private", c.Private}, {"extras", json.RawMessage(c.Extras)},
		{"deleted_at", c.DeletedAt.Ptr()}, {"x_axis", json.RawMessage(c.XAxis)}, {"y_axis", json.RawMessage(c.YAxis)},
		{"series", json.RawMessage(c.Series)}, {"organization", c.OrganizationID}, {"owner", c.OwnerID}, {"image", c.Image},
	}
}

// CreateChart makes a chart. It belongs to the organisation that is named, of
// which the viewer must be a member, else to the viewer.
func (s *Store) CreateChart(ctx context.Context, v account.Viewer, in ChartInput) (*Chart, error) {
	owner, err := maker(v, "create a visualization", in.Organization, in.Owner)
	if err != nil {
		return nil, err
	}
	need(&in.Title, &in.Description)
	if !in.XAxis.Set {
		in.XAxis = Opt[ChartAxis]{Set: true, Null: true}
	}
	in.Series.Set = true
	now := db.Now()
	id := db.NewID()
	err = s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		c := &Chart{ID: id, Version: 1, CreatedAt: now, ModifiedAt: now, YAxis: db.JSON("{}")}
		if err := c.belongTo(ctx, tx.Tx, owner); err != nil {
			return err
		}
		if err := c.apply(s, in); err != nil {
			return err
		}
		var err error
		if c.Slug, err = account.FreeSlug(ctx, tx.Tx, "charts", KindChart, text.Slug(c.Title)); err != nil {
			return err
		}
		if _, err := tx.NewInsert().Model(c).Exec(ctx); err != nil {
			return err
		}
		return c.state().change(ctx, tx, v, "created", c.Version, false, c.Visible, nil)
	})
	if err != nil {
		return nil, err
	}
	return s.Chart(ctx, v, id)
}

// UpdateChart changes what the input holds and keeps the rest.
func (s *Store) UpdateChart(ctx context.Context, v account.Viewer, id string, in ChartInput) (*Chart, error) {
	err := s.writeChart(ctx, v, id, "updated", in.Deleted.Set && in.Deleted.Null, func(ctx context.Context, tx *event.Tx, c *Chart) error {
		owner, err := objectOwner.keptOwner(v, c.OwnedBy(), in.Organization, in.Owner)
		if err != nil {
			return err
		}
		if err := c.giveTo(ctx, tx.Tx, c.ID, owner); err != nil {
			return err
		}
		return c.apply(s, in)
	})
	if err != nil {
		return nil, err
	}
	return s.Chart(ctx, v, id)
}

// DeleteChart marks a chart as deleted; it can be brought back.
func (s *Store) DeleteChart(ctx context.Context, v account.Viewer, id string) error {
	return s.writeChart(ctx, v, id, "deleted", false, func(_ context.Context, _ *event.Tx, c *Chart) error {
		c.DeletedAt, c.Visible = db.Now(), false
		return nil
	})
}

// writeChart changes one chart within a write of its own.
func (s *Store) writeChart(ctx context.Context, v account.Viewer, id, what string, revive bool, change func(context.Context, *event.Tx, *Chart) error) error {
	return s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		if err := lock(ctx, tx.Tx, "charts", id); err != nil {
			return err
		}
		var rows []Chart
		if err := tx.NewSelect().Model(&rows).Where("id = ?", id).Scan(ctx); err != nil {
			return err
		}
		if len(rows) == 0 {
			return fault.New(fault.NotFound, missing[KindChart])
		}
		c := &rows[0]
		if err := changeable(v, c.state(), revive); err != nil {
			return err
		}
		before := *c
		if err := change(ctx, tx, c); err != nil {
			return err
		}
		c.Version++
		c.ModifiedAt = db.Now()
		if c.Title != before.Title {
			var err error
			if c.Slug, err = account.MoveSlug(ctx, tx.Tx, "charts", KindChart, c.ID, before.Slug, text.Slug(c.Title)); err != nil {
				return err
			}
		}
		if _, err := tx.NewUpdate().Model(c).WherePK().Exec(ctx); err != nil {
			return err
		}
		return c.state().change(ctx, tx, v, what, c.Version, before.Visible, c.Visible, differenceOf(before.written(), c.written()))
	})
}
