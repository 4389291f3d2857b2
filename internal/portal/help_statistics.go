package portal

import (
	"bytes"
	"context"
	"encoding/csv"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/web"
)

// dashboard is the content of the page of figures.
type dashboard struct {
	Figures []figure
	// Charts are drawn with the tables of their numbers.
	Charts []template.HTML
	// Rankings are the datasets that lead by some count.
	Rankings []ranking
	// Table is the address of the figures by month as CSV, Document that of all
	// as JSON.
	Table, Document string
}

// ranking is a list of datasets in the order of a count.
type ranking struct {
	// ID is unique in the page.
	ID, Title string
	// Counted says what is counted.
	Counted string
	Rows    []rankedDataset
	// More leads to all datasets in that order; empty for none.
	More string
}

// rankedDataset is a dataset of a ranking.
type rankedDataset struct {
	Title, URL string
	// Lang is the language of title and producer when it is not the page's.
	Lang     string
	Producer string
	Count    int64
}

// rankedShown is how many datasets a ranking shows.
const rankedShown = 10

// monthlyCount is a number of each of the last months.
type monthlyCount struct {
	name   string // last part of the messages that name it
	form   ChartForm
	counts catalog.MonthCounts
}

func (p *Portal) showDashboard(v *visit, _ web.None) error {
	metrics, err := p.Catalog.SiteMetrics(v.Context())
	if err != nil {
		return err
	}
	monthly, err := p.monthlyCounts(v.Context(), metrics)
	if err != nil {
		return err
	}
	content := dashboard{Table: "/dashboard.csv", Document: "/api/1/site/", Figures: v.figures(metrics)}
	if metrics.Users > 0 {
		content.Figures = append(content.Figures, figure{Label: v.say.T("stats.figure-users", "count", metrics.Users), Count: metrics.Users})
	}
	for _, one := range monthly {
		if total := sum(one.counts); total > 0 {
			content.Charts = append(content.Charts, v.siteChart(one))
			if one.form == ChartLine {
				content.Figures = append(content.Figures, figure{Label: v.say.T("stats.figure-"+one.name, "count", total), Count: total})
			}
		}
	}
	if content.Rankings, err = p.rankings(v); err != nil {
		return err
	}
	return v.show(draft{
		name: "dashboard", title: v.say.T("nav.statistics"), description: v.say.T("stats.lead"), path: "/dashboard",
		crumbs: v.helpTrail("nav.statistics"), data: content, keys: append(slices.Clone(homeKeys), web.Epoch(catalog.KindSite)), until: v.now.Add(countsHold),
		siblings: []Sibling{
			{"text/csv", v.say.T("stats.as-csv"), content.Table}, {"application/json", v.say.T("common.as-json"), content.Document},
		},
	})
}

// monthlyCounts are what was created in each month, as the catalogue counts it,
// and what the site was told of its audience.
func (p *Portal) monthlyCounts(ctx context.Context, metrics catalog.SiteMetrics) ([]monthlyCount, error) {
	site, err := p.Catalog.SiteCounters(ctx)
	if err != nil {
		return nil, err
	}
	monthly := make([]monthlyCount, 0, 7)
	for _, given := range []struct{ name, metric string }{
		{"visits", "datasets_visits_by_months"}, {"downloads", "resources_downloads_by_months"}, {"discussions", "discussions_by_months"},
	} {
		counts, err := site.Counted(given.metric, time.Now())
		if err != nil {
			return nil, err
		}
		monthly = append(monthly, monthlyCount{given.name, ChartLine, counts})
	}
	return append(monthly,
		monthlyCount{"datasets", ChartColumns, metrics.DatasetsByMonths}, monthlyCount{"reuses", ChartColumns, metrics.ReusesByMonths},
		monthlyCount{"organizations", ChartColumns, metrics.OrganizationsByMonths}, monthlyCount{"users", ChartColumns, metrics.UsersByMonths},
	), nil
}

func sum(counts catalog.MonthCounts) int64 {
	total := int64(0)
	for _, count := range counts {
		total += count
	}
	return total
}

// siteChart draws a count of the last thirteen months.
func (v *visit) siteChart(one monthlyCount) template.HTML {
	title := v.say.T("stats.chart-" + one.name)
	chart := Chart{
		ID: "chart-" + one.name, Title: title, Form: one.form, Series: []ChartSeries{{Name: title}},
		Number: func(f float64) string { return v.say.Number(int64(f)) },
		Short:  func(f float64) string { return v.say.Compact(int64(f)) },
		Words:  ChartWords{Marks: v.say.T("common.month"), Numbers: v.say.T("common.see-numbers"), Empty: v.say.T("common.no-number"), Gap: "–"},
	}
	for _, month := range catalog.Months(v.now) {
		chart.Marks = append(chart.Marks, ChartMark{v.say.Month(month), month[5:] + "/" + month[2:4]})
		chart.Series[0].Values = append(chart.Series[0].Values, float64(one.counts[month]))
	}
	return chart.Figure()
}

// rankings are the datasets most seen, most downloaded and most reused.
func (p *Portal) rankings(v *visit) ([]ranking, error) {
	sorted := func(sort string) func(context.Context) ([]string, error) {
		return func(ctx context.Context) ([]string, error) {
			ids, _, err := p.Catalog.DatasetIDs(ctx, account.Nobody, catalog.DatasetFilter{Sort: sort}, catalog.Page{Limit: rankedShown})
			return ids, err
		}
	}
	var rankings []ranking
	for _, declared := range []struct {
		name, more string
		ids        func(context.Context) ([]string, error)
		count      func(*catalog.Dataset) int64
	}{
		{"views", "/datasets/search?sort=-views", sorted("-views"), func(d *catalog.Dataset) int64 { return d.Views }},
		{"downloads", "", func(ctx context.Context) ([]string, error) { return p.Catalog.MostDownloaded(ctx, rankedShown) }, downloadsOf},
		{"reuses", "/datasets/search?sort=-reuses", sorted("-reuses"), func(d *catalog.Dataset) int64 { return d.Reuses }},
	} {
		ids, err := declared.ids(v.Context())
		if err != nil {
			return nil, err
		}
		rows, err := p.Catalog.DatasetsByIDs(v.Context(), account.Nobody, ids, catalog.Parts{})
		if err != nil {
			return nil, err
		}
		list := ranking{ID: declared.name, Title: v.say.T("stats.top-" + declared.name), Counted: v.say.T("stats.column-" + declared.name)}
		if declared.more != "" {
			list.More = v.path(declared.more)
		}
		for i := range rows {
			if count := declared.count(&rows[i]); count > 0 {
				list.Rows = append(list.Rows, rankedDataset{
					rows[i].Title, v.path("/datasets/" + url.PathEscape(rows[i].Slug)), v.contentLang(), rows[i].OwnerName(), count,
				})
			}
		}
		if len(list.Rows) > 0 {
			rankings = append(rankings, list)
		}
	}
	return rankings, nil
}

func downloadsOf(d *catalog.Dataset) int64 {
	if d.Downloads == nil {
		return 0
	}
	return *d.Downloads
}

// serveDashboard answers with the figures by month as CSV.
func (p *Portal) serveDashboard(c *web.Call, _ web.None) error {
	metrics, err := p.Catalog.SiteMetrics(c.Context())
	if err != nil {
		return err
	}
	monthly, err := p.monthlyCounts(c.Context(), metrics)
	if err != nil {
		return err
	}
	var file bytes.Buffer
	rows := csv.NewWriter(&file)
	rows.Comma = ';'
	head := []string{"month"}
	for _, one := range monthly {
		head = append(head, one.name)
	}
	err = rows.Write(head)
	for _, month := range catalog.Months(time.Now()) {
		row := []string{month}
		for _, one := range monthly {
			row = append(row, strconv.FormatInt(one.counts[month], 10))
		}
		if err == nil {
			err = rows.Write(row)
		}
	}
	rows.Flush()
	if err != nil {
		return err
	}
	h := c.W.Header()
	h["Cache-Control"] = []string{"public, max-age=300"}
	h["Content-Disposition"] = []string{`attachment; filename="dashboard-` + time.Now().UTC().Format("2006-01-02") + `.csv"`}
	c.Keep(time.Now().Add(keptFor), append(slices.Clone(homeKeys), web.Epoch(catalog.KindSite))...)
	return c.Blob(http.StatusOK, "text/csv; charset=utf-8", file.Bytes())
}
