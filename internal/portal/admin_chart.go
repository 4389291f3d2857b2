package portal

import (
	"context"
	"encoding/json"
	"html/template"
	"net/url"
	"strconv"

	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/fault"
	"grenier/internal/tabular"
)

// adminChartContents are the types of Page.Data of the pages that charts are
// kept on.
var adminChartContents = map[string]any{"admin/chart": adminChart{}, "admin/chart-new": adminChartNew{}}

// adminChart is the page that a chart is drawn up on.
type adminChart struct {
	Form formView
	// Drawing is the chart over the first rows of its file; Rows says how many.
	Drawing template.HTML
	Rows    int
	// Unread tells that the columns of the file could not be read.
	Unread bool
	Danger dangerZone
}

// adminChartNew is the page that the file of a new chart is chosen on.
type adminChartNew struct {
	// Ask asks for a dataset; Action is where it is sent to.
	Ask    formView
	Action string
	// Files are the tables of the dataset; Chosen tells that there is one.
	Files  []AdminAction
	Chosen bool
}

// adminChartNewArgs say which file a new chart draws.
type adminChartNewArgs struct {
	Dataset      string `query:"dataset"`
	Resource     string `query:"resource"`
	Organization string `query:"organization"`
}

// adminChartRoutes declare the pages that charts are kept on.
func (p *Portal) adminChartRoutes(t *table) {
	p.keptRoutes(t, p.chartSort())
	adminPage(t, "/admin/charts/new", p.showNewChart)
	form(t, "/admin/charts/new", "POST /api/1/visualizations/", p.createChart)
	adminPage(t, "/admin/charts/{id}", p.showAdminChart)
	form(t, "/admin/charts/{id}", "PATCH /api/1/visualizations/{visualization}/", p.saveAdminChart)
}

// chartSort is how charts are kept.
func (p *Portal) chartSort() *keptSort {
	return &keptSort{
		kind: catalog.KindChart, base: "charts", menu: "admin.menu-charts", icon: "chart", name: "admin-chart.one", restores: true,
		update: "PATCH /api/1/visualizations/{visualization}/", remove: "DELETE /api/1/visualizations/{visualization}/", find: p.Catalog.ResolveChart,
		read: func(v *visit, id string) (*keptObject, error) {
			c, err := p.Catalog.Chart(v.Context(), v.viewer, id)
			if err != nil {
				return nil, err
			}
			return keptChart(c), nil
		},
		change: func(ctx context.Context, v *visit, id string, c keptChange) error {
			_, err := p.Catalog.UpdateChart(ctx, v.viewer, id, catalog.ChartInput{Private: c.privateOpt(), Deleted: c.deletedOpt()})
			return err
		},
		drop: func(ctx context.Context, v *visit, id string, _ bool) error {
			return p.Catalog.DeleteChart(ctx, v.viewer, id)
		},
		show:  func(v *visit, id string) error { return p.showAdminChart(v, adminObjectArgs{id}) },
		sorts: []string{"-created", "title", "last_modified"},
		columns: func(l *lister) []listColumn {
			return []listColumn{l.column("admin-kept.title", "title"), l.column("admin-kept.state", ""), l.column("admin-kept.updated", "last_modified")}
		},
		rows:  func(v *visit, ids []string) ([]listRow, error) { return v.chartRows(ids) },
		empty: "admin-chart.empty", emptyText: "admin-chart.empty-text", create: "/admin/charts/new", createLabel: "admin-chart.new",
	}
}

func keptChart(c *catalog.Chart) *keptObject {
	return &keptObject{ID: c.ID, Slug: c.Slug, Title: c.Title, Version: c.Version, Owner: c.OwnedBy(), Private: c.Private, DeletedAt: c.DeletedAt}
}

func (v *visit) chartRows(ids []string) ([]listRow, error) {
	charts, err := v.p.Catalog.ChartsByIDs(v.Context(), v.viewer, ids)
	if err != nil {
		return nil, err
	}
	rows := make([]listRow, len(charts))
	for i := range charts {
		c := &charts[i]
		title := linkCell(c.Title, v.path("/admin/charts/"+c.ID), c.OwnerName())
		title.Lang = v.contentLang()
		rows[i] = listRow{Value: c.ID, Cells: []listCell{title, badgeCell(v.keptBadges(keptChart(c))...), momentOrNot(c.ModifiedAt)}}
	}
	return rows, nil
}

// plan is a chart as its form holds it.
type plan struct {
	title, description string
	private            bool
	x                  catalog.ChartAxis
	y                  catalog.ChartScale
	series             []catalog.ChartSeries
}

// planOf reads a stored chart.
func planOf(c *catalog.Chart) (plan, error) {
	read := plan{title: c.Title, description: c.Description, private: c.Private}
	for _, part := range []struct {
		stored db.JSON
		into   any
	}{{c.XAxis, &read.x}, {c.YAxis, &read.y}, {c.Series, &read.series}} {
		if len(part.stored) == 0 {
			continue
		}
		if err := json.Unmarshal(part.stored, part.into); err != nil {
			return read, fault.Wrap(err, fault.Internal, "This chart cannot be read.")
		}
	}
	return read, nil
}

// file is the resource that the first series of a chart draws.
func (c *plan) file() string {
	if len(c.series) == 0 {
		return ""
	}
	return c.series[0].ResourceID
}

func (p *Portal) showNewChart(v *visit, in adminChartNewArgs) error {
	if v.posted != nil {
		in.Resource = v.posted.text("resource")
	}
	if in.Resource == "" {
		return p.chooseChartFile(v, in)
	}
	columns, err := v.columnsOf(in.Resource)
	if err != nil {
		return err
	}
	f := v.form("chart", "/admin/charts/new").submit("admin-chart.create", "check").cancel("/admin/me/charts")
	f.hidden("resource", in.Resource)
	s, err := v.publisherField(f, in.Organization)
	if err != nil {
		return err
	}
	v.chartFields(f, columns, &plan{x: catalog.ChartAxis{Type: "discrete"}, private: true})
	content := adminChart{Form: f.view(), Unread: columns == nil}
	return v.showAdmin(adminDraft{
		name: "chart", title: v.say.T("admin-chart.new"), path: "/admin/charts/new", scope: s, icon: "chart", data: content,
	})
}

// mostChartFiles bounds the files of a dataset to choose among.
const mostChartFiles = 100

// chooseChartFile asks which file a new chart draws.
func (p *Portal) chooseChartFile(v *visit, in adminChartNewArgs) error {
	content := adminChartNew{Action: v.path("/admin/charts/new")}
	var ids []string
	if key := keyOf(in.Dataset); key != "" {
		found, err := p.Catalog.ResolveDataset(v.Context(), key)
		if err != nil {
			return err
		}
		ids = []string{found.ID}
		resources, _, err := p.Catalog.ResourcesOf(v.Context(), v.viewer, found.ID, catalog.ResourceFilter{Page: catalog.Page{Limit: mostChartFiles}})
		if err != nil {
			return err
		}
		content.Chosen = true
		for i := range resources {
			if r := &resources[i]; lookOf(r) == lookTable {
				query := url.Values{"resource": {r.ID}}
				if in.Organization != "" {
					query.Set("organization", in.Organization)
				}
				content.Files = append(content.Files, AdminAction{Label: r.Title, URL: content.Action + queryOf(query), Icon: "file-csv"})
			}
		}
	}
	chosen, err := v.chosenObjects(catalog.KindDataset, "dataset", ids)
	if err != nil {
		return err
	}
	f := v.form("choose", "/admin/charts/new").submit("admin-chart.choose", "arrow-right").light()
	f.pick("dataset", "admin-community.dataset", "datasets", chosen...).require()
	content.Ask = f.view()
	return v.showAdmin(adminDraft{
		name: "chart-new", title: v.say.T("admin-chart.new"), path: "/admin/charts/new", scope: scopeMe, icon: "chart", lead: v.say.T("admin-chart.new-lead"), data: content,
	})
}

func (p *Portal) createChart(v *visit, in adminChartNewArgs, sent *posted) error {
	input, err := chartInput(sent, nil)
	var made *catalog.Chart
	if err == nil {
		input.Organization = publisherOf(sent)
		made, err = p.Catalog.CreateChart(sent.Context(), v.viewer, input)
	}
	if err != nil {
		in.Organization = sent.text("organization")
		return sent.again(err, func() error { return p.showNewChart(v, in) })
	}
	return sent.done("/admin/charts/"+made.ID, "admin-chart.done-created")
}

func (p *Portal) showAdminChart(v *visit, in adminObjectArgs) error {
	k := p.chartSort()
	id, done, err := v.keptObject(k, in.ID, "")
	if done || err != nil {
		return err
	}
	c, err := p.Catalog.Chart(v.Context(), v.viewer, id)
	if err != nil {
		return err
	}
	o := keptChart(c)
	if err := v.editable(o); err != nil {
		return err
	}
	content := adminChart{Danger: v.keptDanger(k, o)}
	if o.DeletedAt.IsZero() {
		read, err := planOf(c)
		if err != nil {
			return err
		}
		columns, err := v.columnsOf(read.file())
		if err != nil && !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Gone) {
			return err
		}
		f := v.form("chart", k.path(id)).version(c.Version)
		v.chartFields(f, columns, &read)
		content.Form, content.Unread = f.view(), columns == nil
		content.Drawing, content.Rows = v.drawPlan(&read, columns)
	}
	return v.showAdmin(v.keptDraft(k, o, "chart", content))
}

func (p *Portal) saveAdminChart(v *visit, in adminObjectArgs, sent *posted) error {
	c, err := p.Catalog.Chart(v.Context(), v.viewer, in.ID)
	if err != nil {
		return err
	}
	read, err := planOf(c)
	if err != nil {
		return err
	}
	input, err := chartInput(sent, read.series)
	if err == nil {
		_, err = p.Catalog.UpdateChart(sent.Context(), v.viewer, c.ID, input)
	}
	if err != nil {
		return sent.again(err, func() error { return p.showAdminChart(v, in) })
	}
	return sent.done("/admin/charts/"+c.ID, "admin-kept.done-saved")
}

// moreSeries are the empty rows for new series in a form.
const moreSeries = 2

// chartFields ask how a chart is drawn; columns are those of its file, nil when
// they could not be read: then their names are typed.
func (v *visit) chartFields(f *formDraft, columns *tabular.Table, c *plan) {
	f.group("admin-chart.describe", "")
	f.text("title", "admin-kept.title", c.title).most(catalog.TitleMax).require()
	f.markdown("description", "admin-topic.description", c.description).most(catalog.DescriptionMax).rows(4).require()
	f.group("admin-chart.axis", "")
	v.columnField(f, columns, "x_axis.column_x", "admin-chart.column-x", c.x.ColumnX, "admin-kept.choose").require()
	f.radio("x_axis.type", "admin-chart.axis-type", c.x.Type, v.answers("discrete", "admin-chart.type-discrete", "continuous", "admin-chart.type-continuous"))
	f.choose("x_axis.sort_x_by", "admin-chart.sort-by", deref(c.x.SortXBy), v.answersOrNone("axis_x", "admin-chart.sort-axis-x", "axis_y", "admin-chart.sort-axis-y"))
	f.choose("x_axis.sort_x_direction", "admin-chart.direction", deref(c.x.SortXDirection), v.answersOrNone("asc", "admin-chart.direction-asc", "desc", "admin-chart.direction-desc"))
	for i := range len(c.series) + moreSeries {
		var one catalog.ChartSeries
		if i < len(c.series) {
			one = c.series[i]
		} else if i == 0 {
			one.Type = new("histogram")
		}
		name := "series." + strconv.Itoa(i)
		f.group(" "+v.say.T("admin-chart.series", "number", i+1), "")
		f.choose(name+".type", "admin-chart.drawn", deref(one.Type), v.answersOrNone("histogram", "admin-chart.drawn-histogram", "line", "admin-chart.drawn-line"))
		v.columnField(f, columns, name+".column_y", "admin-chart.column-y", deref(one.ColumnY), "admin-chart.count-rows")
		f.choose(name+".aggregate_y", "admin-chart.aggregate", deref(one.AggregateY), v.answersOrNone("sum", "admin-chart.aggregate-sum", "avg", "admin-chart.aggregate-avg", "count", "admin-chart.aggregate-count", "min", "admin-chart.aggregate-min", "max", "admin-chart.aggregate-max"))
	}
	f.group("admin-chart.scale", "")
	f.text("y_axis.label", "admin-chart.label", deref(c.y.Label)).most(255)
	f.text("y_axis.unit", "admin-chart.unit", deref(c.y.Unit)).most(255).example("€")
	f.choose("y_axis.unit_position", "admin-chart.unit-position", deref(c.y.UnitPosition), v.answersOrNone("suffix", "admin-chart.unit-suffix", "prefix", "admin-chart.unit-prefix"))
	f.number("y_axis.min", "admin-chart.min", numberText(c.y.Min)).Mode = "decimal"
	f.number("y_axis.max", "admin-chart.max", numberText(c.y.Max)).Mode = "decimal"
	f.check("private", "admin-kept.private", c.private).help("admin-kept.private-help")
}

func numberText(n *float64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatFloat(*n, 'f', -1, 64)
}

// answers are those of a question: values and the messages that name them in turn.
func (v *visit) answers(pairs ...string) []option {
	var options []option
	for i := 0; i+1 < len(pairs); i += 2 {
		options = append(options, option{Value: pairs[i], Label: v.say.T(pairs[i+1])})
	}
	return options
}

// answersOrNone are answers behind the one of those who leave it open.
func (v *visit) answersOrNone(pairs ...string) []option {
	return append([]option{{Label: v.say.T("admin-kept.choose")}}, v.answers(pairs...)...)
}

// columnField asks for a column of a file; none is what an empty answer means.
func (v *visit) columnField(f *formDraft, columns *tabular.Table, name, label, value, none string) *fieldDraft {
	if columns == nil {
		return f.text(name, label, value).most(255)
	}
	options := []option{{Label: v.say.T(none)}}
	known := value == ""
	for _, column := range columns.Columns {
		if column.Name == "" {
			continue
		}
		known = known || column.Name == value
		options = append(options, option{Value: column.Name, Label: column.Name})
	}
	if !known {
		options = append(options, option{Value: value, Label: value})
	}
	return f.choose(name, label, value, options)
}

// chartInput reads what chartFields asked. What the form has no field for stays
// as it was in the series: conditions, other files, other names of the column.
func chartInput(sent *posted, before []catalog.ChartSeries) (catalog.ChartInput, error) {
	in := catalog.ChartInput{
		Title: catalog.Some(sent.text("title")), Description: catalog.Some(sent.text("description")), Private: catalog.Some(sent.checked("private")),
		XAxis: catalog.Some(catalog.ChartAxis{
			ColumnX: sent.text("x_axis.column_x"), Type: sent.text("x_axis.type"), SortXBy: textOr(sent, "x_axis.sort_x_by"),
			SortXDirection: textOr(sent, "x_axis.sort_x_direction"),
		}),
	}
	scale := catalog.ChartScale{Label: textOr(sent, "y_axis.label"), Unit: textOr(sent, "y_axis.unit"), UnitPosition: textOr(sent, "y_axis.unit_position")}
	for name, into := range map[string]**float64{"min": &scale.Min, "max": &scale.Max} {
		number, err := percentOf(sent.text("y_axis."+name), "y_axis."+name)
		if err != nil {
			return in, err
		}
		if value, ok := number.Get(); ok {
			*into = &value
		}
	}
	in.YAxis = catalog.Some(scale)
	var series []catalog.ChartSeries
	for i := range maxRows {
		name := "series." + strconv.Itoa(i)
		if !sent.has(name + ".type") {
			break
		}
		one := catalog.ChartSeries{ResourceID: sent.text("resource")}
		if i < len(before) {
			one = before[i]
		} else if len(before) > 0 {
			one.ResourceID = before[0].ResourceID
		}
		one.Type, one.ColumnY, one.AggregateY = textOr(sent, name+".type"), textOr(sent, name+".column_y"), textOr(sent, name+".aggregate_y")
		if one.Type == nil && one.ColumnY == nil && one.AggregateY == nil {
			continue
		}
		series = append(series, one)
	}
	in.Series = catalog.Some(series)
	return in, nil
}
