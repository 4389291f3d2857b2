package portal

import (
	"context"
	"math"
	"net/url"
	"strings"
	"testing"

	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/tabular"
)

func TestCommunityIsKept(t *testing.T) {
	s := newKeptSite(t)
	s.page(s.ada, "/en/admin/community-resources/new?dataset="+s.data.Slug, 200, s.data.ID, "Comptages")
	s.page(s.ada, "/en/admin/community-resources/new?dataset=missing", 404)
	got := s.ask("/en/admin/community-resources/new", s.ada, url.Values{"title": {"Propre"}, "url": {"https://example.org/x.csv"}, "type": {"main"}})
	if got.Code != 400 || !strings.Contains(got.Body.String(), "#community-dataset") {
		t.Errorf("without a dataset: %d\n%s", got.Code, summaryOf(got))
	}
	led := s.posts(s.ada, "/en/admin/community-resources/new", url.Values{
		"dataset": {s.data.ID}, "title": {"Propre"}, "url": {"https://example.org/x.csv"}, "type": {"main"}, "format": {"csv"},
	})
	path, _, _ := strings.Cut(led, "?")
	s.page(s.ada, path, 200, "Propre", "https://example.org/x.csv")
	s.page(s.other, path, 403)
	s.posts(s.ada, path, url.Values{"dataset": {s.data.ID}, "title": {"Très propre"}, "url": {"https://example.org/x.csv"}, "type": {"main"}})
	s.page(s.ada, "/en/admin/me/community-resources?q=propre", 200, "Très propre", "Comptages")
	s.page(s.other, "/en/admin/me/community-resources", 200, "No community resource yet")
	if got := s.ask(path+"/delete", s.ada, url.Values{"form": {"delete"}, "typed": {"no"}}); got.Code != 400 {
		t.Errorf("without its name: %d", got.Code)
	}
	s.posts(s.ada, path+"/delete", url.Values{"form": {"delete"}, "typed": {"Très propre"}})
	s.page(s.ada, path, 404)
}

const chartFile = "0b9b3c1e-0d1c-4d0a-9d5e-2f6b7a8c9d0e"

func TestChartIsKept(t *testing.T) {
	s := newKeptSite(t)
	format := "csv"
	s.insert(&catalog.Resource{
		ID: chartFile, Version: 1, DatasetID: &s.data.ID, Title: "Passages", Filetype: "remote", Type: "main", Format: &format, URL: "https://example.org/p.csv",
		CreatedInternal: db.Now(), ModifiedInternal: db.Now(),
	})
	s.page(s.ada, "/en/admin/charts/new", 200, "Choose the dataset first.")
	s.page(s.ada, "/en/admin/charts/new?dataset="+s.data.ID, 200, "resource="+chartFile, "Passages")
	s.page(s.ada, "/en/admin/charts/new?resource="+chartFile, 200, "could not be read", `name="x_axis.column_x"`)
	form := url.Values{
		"resource": {chartFile}, "title": {"Par jour"}, "description": {"Passages par jour."}, "x_axis.column_x": {"jour"}, "x_axis.type": {"discrete"},
		"series.0.type": {"histogram"}, "series.0.column_y": {"total"}, "series.0.aggregate_y": {"sum"}, "series.1.type": {""}, "y_axis.min": {"0,5"},
		"private": {"true"},
	}
	form.Set("y_axis.max", "lots")
	if got := s.ask("/en/admin/charts/new", s.ada, form); got.Code != 400 || !strings.Contains(got.Body.String(), "#chart-y-axis-max") {
		t.Errorf("a bound that is no number: %d", got.Code)
	}
	form.Del("y_axis.max")
	led := s.posts(s.ada, "/en/admin/charts/new", form)
	path, _, _ := strings.Cut(led, "?")
	s.page(s.ada, path, 200, `value="jour"`, `value="0.5"`)
	s.page(s.other, path, 404)
	form.Set("series.0.type", "line")
	form.Del("private")
	s.posts(s.ada, path, form)
	s.page(s.ada, "/en/admin/me/charts?state=public", 200, "Par jour")
	ids, _, err := s.portal.Catalog.ChartIDs(context.Background(), s.owner, catalog.ChartFilters{}, catalog.Page{Limit: 5})
	if err != nil || len(ids) != 1 {
		t.Fatal(ids, err)
	}
	s.posts(s.ada, path+"/delete", url.Values{"form": {"delete"}, "typed": {"Par jour"}})
	s.page(s.ada, path, 200, "Bring back")
	s.posts(s.ada, path+"/restore", url.Values{})
}

func TestSeriesOverRows(t *testing.T) {
	table := &tabular.Table{
		Columns: []tabular.Column{{Name: "mois"}, {Name: "total"}},
		Rows:    [][]string{{"2", "1,5"}, {"10", "4"}, {"2", "2.5"}, {"", "9"}, {"3", "rien"}},
	}
	groups := groupsOf(table, 0)
	if len(groups) != 3 {
		t.Fatalf("%v", groups)
	}
	total, how := "total", "avg"
	for _, one := range []struct {
		aggregate *string
		column    *string
		want      []float64
	}{{nil, &total, []float64{4, 4, math.NaN()}}, {&how, &total, []float64{2, 4, math.NaN()}}, {nil, nil, []float64{2, 1, 1}}} {
		got := seriesOver(&catalog.ChartSeries{ColumnY: one.column, AggregateY: one.aggregate}, table, groups)
		for i := range got {
			if got[i] != one.want[i] && !(math.IsNaN(got[i]) && math.IsNaN(one.want[i])) {
				t.Errorf("%v, want %v", got, one.want)
			}
		}
	}
	by, down := "axis_x", "desc"
	order := (&plan{x: catalog.ChartAxis{SortXBy: &by, SortXDirection: &down}}).order(groups, []float64{1, 2, 3})
	if groups[order[0]].name != "10" || groups[order[2]].name != "2" {
		t.Errorf("numbers are not sorted as such: %v", order)
	}
}
