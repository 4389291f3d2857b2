package portal

import (
	"cmp"
	"context"
	"html/template"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/tabular"
)

// Bounds of the look into the file of a chart.
const (
	chartLook   = 8 * time.Second
	chartRows   = 2000
	chartMarks  = 40
	chartWidthX = 60 // letters of a value on the axis
)

// columnsOf looks into the file that a chart draws; nil when it cannot be read.
func (v *visit) columnsOf(resource string) (*tabular.Table, error) {
	if !db.IsUUID(resource) {
		return nil, nil
	}
	r, err := v.p.Catalog.Resource(v.Context(), v.viewer, resource)
	if err != nil {
		return nil, err
	}
	address := fetchable(r.URL)
	if v.p.Fetch == nil || address == "" {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(v.Context(), chartLook)
	defer cancel()
	table, err := tabular.Peek(ctx, v.p.Fetch, address, tabular.Limits{Rows: chartRows})
	if err != nil && tabular.Why(err) == "" && ctx.Err() == nil {
		return nil, err
	}
	if err != nil {
		return nil, nil //nolint:nilerr // the names of columns are typed then
	}
	return table, nil
}

// drawPlan draws a chart over the first rows of its file, as a proof; rows says
// over how many. Nothing is drawn of what the rows do not hold.
func (v *visit) drawPlan(c *plan, table *tabular.Table) (drawing template.HTML, rows int) {
	if table == nil || len(c.series) == 0 {
		return "", 0
	}
	x := columnNamed(table, c.x.ColumnX)
	if x < 0 {
		return "", 0
	}
	groups := groupsOf(table, x)
	sums := make([][]float64, len(c.series))
	for i := range c.series {
		sums[i] = seriesOver(&c.series[i], table, groups)
	}
	order := c.order(groups, sums[0])
	chart := Chart{
		ID: "chart-drawing", Title: c.title, Number: v.chartNumber(c), Short: func(f float64) string { return v.say.Compact(int64(math.Round(f))) },
		Words: ChartWords{Marks: c.x.ColumnX, Numbers: v.say.T("common.see-numbers"), Empty: v.say.T("common.no-number"), Gap: "–"},
	}
	if deref(c.series[0].Type) == "line" {
		chart.Form = ChartLine
	}
	for _, at := range order {
		chart.Marks = append(chart.Marks, ChartMark{groups[at].name, groups[at].name})
	}
	for i := range c.series {
		one := ChartSeries{Name: v.seriesName(&c.series[i])}
		for _, at := range order {
			one.Values = append(one.Values, sums[i][at])
		}
		chart.Series = append(chart.Series, one)
	}
	return chart.Figure(), len(table.Rows)
}

// chartNumber writes the values of a chart with their unit.
func (v *visit) chartNumber(c *plan) func(float64) string {
	return func(f float64) string {
		number := v.say.Number(int64(f))
		if f != math.Trunc(f) {
			number = strconv.FormatFloat(math.Round(f*100)/100, 'f', -1, 64)
		}
		switch unit := deref(c.y.Unit); {
		case unit == "":
			return number
		case deref(c.y.UnitPosition) == "prefix":
			return unit + " " + number
		default:
			return number + " " + unit
		}
	}
}

// seriesName names a series by its column.
func (v *visit) seriesName(s *catalog.ChartSeries) string {
	if name := deref(s.ColumnY); name != "" {
		return name
	}
	return v.say.T("admin-chart.count-rows")
}

// columnNamed is the place of a column, -1 when the table has none of the name.
func columnNamed(table *tabular.Table, name string) int {
	return slices.IndexFunc(table.Columns, func(c tabular.Column) bool { return name != "" && c.Name == name })
}

// chartGroup are the rows that have one value on the axis.
type chartGroup struct {
	name string
	rows []int
}

func groupsOf(table *tabular.Table, x int) []chartGroup {
	var groups []chartGroup
	at := map[string]int{}
	for i, row := range table.Rows {
		if x >= len(row) || strings.TrimSpace(row[x]) == "" {
			continue
		}
		name := row[x]
		if letters := []rune(name); len(letters) > chartWidthX {
			name = string(letters[:chartWidthX]) + "…"
		}
		place, known := at[name]
		if !known {
			place = len(groups)
			at[name] = place
			groups = append(groups, chartGroup{name: name})
		}
		groups[place].rows = append(groups[place].rows, i)
	}
	return groups
}

// seriesOver are the values of a series, one for each group; NaN where the rows
// hold no number.
func seriesOver(s *catalog.ChartSeries, table *tabular.Table, groups []chartGroup) []float64 {
	y := columnNamed(table, deref(s.ColumnY))
	values := make([]float64, len(groups))
	for i, group := range groups {
		if y < 0 {
			values[i] = float64(len(group.rows))
			continue
		}
		var numbers []float64
		for _, row := range group.rows {
			if y < len(table.Rows[row]) {
				if number, ok := cellNumber(table.Rows[row][y]); ok {
					numbers = append(numbers, number)
				}
			}
		}
		values[i] = aggregate(deref(s.AggregateY), numbers)
	}
	return values
}

// cellNumber reads a number as files write it: with a point or a comma, and
// spaces between thousands.
func cellNumber(cell string) (float64, bool) {
	cell = strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "").Replace(cell)
	if strings.Count(cell, ",") == 1 && !strings.Contains(cell, ".") {
		cell = strings.Replace(cell, ",", ".", 1)
	}
	number, err := strconv.ParseFloat(cell, 64)
	return number, err == nil && !math.IsNaN(number) && !math.IsInf(number, 0)
}

// aggregate makes one value of several: their sum when nothing is said.
func aggregate(how string, numbers []float64) float64 {
	if how == "count" {
		return float64(len(numbers))
	}
	if len(numbers) == 0 {
		return math.NaN()
	}
	switch how {
	case "min":
		return slices.Min(numbers)
	case "max":
		return slices.Max(numbers)
	}
	sum := 0.0
	for _, number := range numbers {
		sum += number
	}
	if how == "avg" {
		return sum / float64(len(numbers))
	}
	return sum
}

// order is the order of the groups on the axis, at most as many as can be told
// apart.
func (c *plan) order(groups []chartGroup, values []float64) []int {
	order := make([]int, len(groups))
	for i := range order {
		order[i] = i
	}
	sign := 1
	if deref(c.x.SortXDirection) == "desc" {
		sign = -1
	}
	switch deref(c.x.SortXBy) {
	case "axis_y":
		slices.SortStableFunc(order, func(a, b int) int { return sign * cmp.Compare(values[a], values[b]) })
	case "axis_x":
		slices.SortStableFunc(order, func(a, b int) int { return sign * compareMarks(groups[a].name, groups[b].name) })
	}
	return order[:min(len(order), chartMarks)]
}

// compareMarks compares numbers as such, other values as texts.
func compareMarks(a, b string) int {
	x, xIs := cellNumber(a)
	y, yIs := cellNumber(b)
	if xIs && yIs {
		return cmp.Compare(x, y)
	}
	return strings.Compare(a, b)
}
