package api

import (
	"encoding/json"
	"net/http"
	"time"

	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/fault"
	"grenier/internal/web"
)

// Chart draws columns of resources against each other; its routes call it a
// visualization.
type Chart struct {
	CreatedAt      Moment                 `json:"created_at"`
	DeletedAt      Moment                 `json:"deleted_at"`
	Description    string                 `json:"description"`
	Extras         json.RawMessage        `json:"extras"`
	ID             string                 `json:"id"`
	Image          *string                `json:"image"`
	ImageThumbnail *string                `json:"image_thumbnail"`
	LastModified   Moment                 `json:"last_modified"`
	Metrics        ChartMetrics           `json:"metrics"`
	Organization   *OrganizationReference `json:"organization"`
	Owner          *UserReference         `json:"owner"`
	Permissions    Permissions            `json:"permissions"`
	Private        bool                   `json:"private"`
	Series         []catalog.ChartSeries  `json:"series"`
	Slug           string                 `json:"slug"`
	Title          string                 `json:"title"`
	XAxis          catalog.ChartAxis      `json:"x_axis"`
	YAxis          catalog.ChartScale     `json:"y_axis"`
}

// ChartMetrics are the counters of a chart.
type ChartMetrics struct {
	Views int64 `json:"views"`
}

func chart(c *catalog.Chart, f form) (Chart, error) {
	answer := Chart{
		CreatedAt: moment(c.CreatedAt), DeletedAt: moment(c.DeletedAt), Description: c.Description, Extras: object(c.Extras), ID: c.ID,
		Image: picture(c.Image), ImageThumbnail: picture(c.ImageThumbnail), LastModified: moment(c.ModifiedAt), Metrics: ChartMetrics{Views: c.Views},
		Organization: organizationReference(f.viewer, c.Organization), Owner: userReference(c.Owner),
		Permissions: permissions(f.viewer, c.OwnedBy(), c.ID), Private: c.Private, Slug: c.Slug, Title: c.Title,
	}
	for stored, into := range map[*db.JSON]any{&c.XAxis: &answer.XAxis, &c.YAxis: &answer.YAxis, &c.Series: &answer.Series} {
		if err := json.Unmarshal(*stored, into); err != nil {
			return answer, err
		}
	}
	answer.Series = list(answer.Series)
	return answer, nil
}

// ChartWrite is what may be written of a chart; members that are left out stay as
// they are, unknown ones are ignored.
type ChartWrite struct {
	DeletedAt    web.Opt[Day]                `json:"deleted_at"`
	Description  web.Opt[string]             `json:"description"`
	Extras       web.Opt[json.RawMessage]    `json:"extras"`
	Organization web.Opt[Reference]          `json:"organization"`
	Owner        web.Opt[Reference]          `json:"owner"`
	Private      web.Opt[bool]               `json:"private"`
	Series       web.Opt[[]ChartSeriesWrite] `json:"series"`
	Title        web.Opt[string]             `json:"title"`
	XAxis        web.Opt[catalog.ChartAxis]  `json:"x_axis"`
	YAxis        web.Opt[catalog.ChartScale] `json:"y_axis"`
}

// ChartSeriesWrite is one series as it is written: its filters are told apart by
// "_cls", or by "class" as readers get them.
type ChartSeriesWrite struct {
	AggregateY          *string           `json:"aggregate_y"`
	ColumnXNameOverride *string           `json:"column_x_name_override"`
	ColumnY             *string           `json:"column_y"`
	Filters             *ChartFilterWrite `json:"filters"`
	ResourceID          string            `json:"resource_id"`
	Type                *string           `json:"type"`
}

// ChartFilterWrite is a condition as it is written, or several.
type ChartFilterWrite struct {
	Class     string             `json:"class"`
	Cls       string             `json:"_cls"`
	Column    *string            `json:"column"`
	Condition *string            `json:"condition"`
	Filters   []ChartFilterWrite `json:"filters"`
	Value     any                `json:"value"`
}

func (b *ChartFilterWrite) filter() *catalog.ChartFilter {
	if b == nil {
		return nil
	}
	f := &catalog.ChartFilter{Class: b.Cls, Column: b.Column, Condition: b.Condition, Value: b.Value}
	if f.Class == "" {
		f.Class = b.Class
	}
	for i := range b.Filters {
		f.Filters = append(f.Filters, *b.Filters[i].filter())
	}
	return f
}

func (b ChartWrite) input() catalog.ChartInput {
	return catalog.ChartInput{
		Title: opt(b.Title, same), Description: opt(b.Description, same), Private: opt(b.Private, same), Extras: opt(b.Extras, same),
		Deleted: opt(b.DeletedAt, dayTime), XAxis: opt(b.XAxis, same), YAxis: opt(b.YAxis, same), Organization: opt(b.Organization, referenced),
		Owner: opt(b.Owner, referenced),
		Series: opt(b.Series, func(given []ChartSeriesWrite) []catalog.ChartSeries {
			all := make([]catalog.ChartSeries, len(given))
			for i, s := range given {
				all[i] = catalog.ChartSeries{
					AggregateY: s.AggregateY, ColumnXNameOverride: s.ColumnXNameOverride, ColumnY: s.ColumnY, Filters: s.Filters.filter(),
					ResourceID: s.ResourceID, Type: s.Type,
				}
			}
			return all
		}),
	}
}

func (a *API) chartRoutes() {
	tags := []string{"visualizations"}
	web.Get[web.Page[Chart]](a.v1, "/visualizations/", web.Doc{Summary: "List visualizations", Tags: tags, Keep: true}, a.listCharts)
	web.Get[Chart](a.v1, "/visualizations/{visualization}/", web.Doc{Summary: "Read a visualization", Tags: tags, Keep: true}, a.getChart)
	doc := func(summary string) web.Doc { return web.Doc{Summary: summary, Tags: tags, Auth: web.User} }
	create := doc("Create a visualization")
	create.Creates, create.Status = true, http.StatusCreated
	web.Post[Chart](a.v1, "/visualizations/", create, a.createChart)
	web.Patch[Chart](a.v1, "/visualizations/{visualization}/", doc("Update a visualization"), a.updateChart)
	web.Delete[web.None](a.v1, "/visualizations/{visualization}/", doc("Delete a visualization"), a.deleteChart)
}

type chartArgs struct {
	web.Paging
	Sort         string `query:"sort" sort:"title,created,last_modified" help:"The field (and direction) on which sorting apply"`
	Private      *bool  `query:"private" help:"Private visualizations only, or none"`
	Owner        string `query:"owner" oid:"\x60owner\x60 must be an identifier" help:"A user identifier"`
	Organization string `query:"organization" oid:"\x60organization\x60 must be an identifier" help:"An organization identifier"`
}

func (a *API) listCharts(c *web.Call, q chartArgs) error {
	f, err := a.form(c)
	if err != nil {
		return err
	}
	ids, total, err := a.Catalog.ChartIDs(c.Context(), f.viewer, catalog.ChartFilters{
		Sort: q.Sort, Private: q.Private, Owner: q.Owner, Organization: q.Organization,
	}, window(q.Paging))
	if err != nil {
		return err
	}
	if err := web.PastEnd(q.Paging, len(ids)); err != nil {
		return err
	}
	rows, err := a.Catalog.ChartsByIDs(c.Context(), f.viewer, ids)
	if err != nil {
		return err
	}
	all := make([]Chart, len(rows))
	for i := range rows {
		if all[i], err = chart(&rows[i], f); err != nil {
			return err
		}
	}
	keepFor(c, catalog.KindChart, catalog.KindOrganization, catalog.KindUser)
	return sendPage(c, q.Paging, all, total, "")
}

func (a *API) chartID(c *web.Call) (id string, done bool, err error) {
	return a.resolved(c, "visualization", catalog.KindChart, a.Catalog.ResolveChart)
}

func (a *API) getChart(c *web.Call, _ web.None) error {
	id, done, err := a.chartID(c)
	if done || err != nil {
		return err
	}
	found, err := a.Catalog.Chart(c.Context(), viewer(c), id)
	if err != nil {
		return err
	}
	c.Keep(time.Time{}, web.Object(catalog.KindChart, id))
	keepFor(c, catalog.KindOrganization, catalog.KindUser)
	return a.sendChart(c, http.StatusOK, found)
}

func (a *API) sendChart(c *web.Call, status int, found *catalog.Chart) error {
	f, err := a.form(c)
	if err != nil {
		return err
	}
	answer, err := chart(found, f)
	if err != nil {
		return fault.Wrap(err, fault.Internal, "")
	}
	c.Versioned(found.Version)
	return send(c, status, answer)
}

func (a *API) createChart(c *web.Call, _ web.None, body ChartWrite) error {
	made, err := a.Catalog.CreateChart(c.Context(), viewer(c), body.input())
	if err != nil {
		return err
	}
	return a.sendChart(c, http.StatusCreated, made)
}

func (a *API) updateChart(c *web.Call, _ web.None, body ChartWrite) error {
	id, done, err := a.chartID(c)
	if done || err != nil {
		return err
	}
	updated, err := a.Catalog.UpdateChart(c.Context(), viewer(c), id, body.input())
	if err != nil {
		return err
	}
	return a.sendChart(c, http.StatusOK, updated)
}

func (a *API) deleteChart(c *web.Call, _ web.None) error {
	id, done, err := a.chartID(c)
	if done || err != nil {
		return err
	}
	if err := a.Catalog.DeleteChart(c.Context(), viewer(c), id); err != nil {
		return err
	}
	return c.Empty(http.StatusNoContent)
}
