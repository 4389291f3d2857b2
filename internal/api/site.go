package api

import (
	"net/http"
	"slices"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/web"
)

// Site is the portal itself.
type Site struct {
	DataservicesBlocs []Bloc      `json:"dataservices_blocs" mask:"hidden"`
	DatasetsBlocs     []Bloc      `json:"datasets_blocs" mask:"hidden"`
	FeedSize          int64       `json:"feed_size"`
	ID                string      `json:"id"`
	Keywords          []string    `json:"keywords"`
	Metrics           SiteMetrics `json:"metrics"`
	ReusesBlocs       []Bloc      `json:"reuses_blocs" mask:"hidden"`
	Title             string      `json:"title"`
	Version           string      `json:"version"`
}

// SiteMetrics are the counters of the whole catalogue; those by month map
// YYYY-MM to a count, for the last 13 months.
type SiteMetrics struct {
	Dataservices               int64               `json:"dataservices"`
	Datasets                   int64               `json:"datasets"`
	DatasetsByMonths           catalog.MonthCounts `json:"datasets_by_months"`
	DatasetsVisitsByMonths     catalog.MonthCounts `json:"datasets_visits_by_months"`
	Discussions                int64               `json:"discussions"`
	DiscussionsByMonths        catalog.MonthCounts `json:"discussions_by_months"`
	Followers                  int64               `json:"followers"`
	Harvesters                 int64               `json:"harvesters"`
	HarvestersByMonths         catalog.MonthCounts `json:"harvesters_by_months"`
	MaxDatasetFollowers        int64               `json:"max_dataset_followers"`
	MaxDatasetReuses           int64               `json:"max_dataset_reuses"`
	MaxOrgDatasets             int64               `json:"max_org_datasets"`
	MaxOrgFollowers            int64               `json:"max_org_followers"`
	MaxOrgReuses               int64               `json:"max_org_reuses"`
	MaxReuseDatasets           int64               `json:"max_reuse_datasets"`
	MaxReuseFollowers          int64               `json:"max_reuse_followers"`
	Organizations              int64               `json:"organizations"`
	OrganizationsByMonths      catalog.MonthCounts `json:"organizations_by_months"`
	PublicServices             int64               `json:"public-service"`
	Resources                  int64               `json:"resources"`
	ResourcesDownloadsByMonths catalog.MonthCounts `json:"resources_downloads_by_months"`
	Reuses                     int64               `json:"reuses"`
	ReusesByMonths             catalog.MonthCounts `json:"reuses_by_months"`
	Users                      int64               `json:"users"`
	UsersByMonths              catalog.MonthCounts `json:"users_by_months"`
}

// siteMetrics joins what is counted in the catalogue with what the site was
// given: visits, downloads and discussions by month.
func siteMetrics(site *catalog.Site, m catalog.SiteMetrics, at time.Time) (SiteMetrics, error) {
	answer := SiteMetrics{
		Dataservices: m.Dataservices, Datasets: m.Datasets, DatasetsByMonths: m.DatasetsByMonths, Followers: m.Followers,
		MaxDatasetFollowers: m.MaxDatasetFollowers, MaxDatasetReuses: m.MaxDatasetReuses, MaxOrgDatasets: m.MaxOrgDatasets,
		MaxOrgFollowers: m.MaxOrgFollowers, MaxOrgReuses: m.MaxOrgReuses, MaxReuseDatasets: m.MaxReuseDatasets,
		MaxReuseFollowers: m.MaxReuseFollowers, Organizations: m.Organizations, OrganizationsByMonths: m.OrganizationsByMonths,
		PublicServices: m.PublicServices, Resources: m.Resources, Reuses: m.Reuses, ReusesByMonths: m.ReusesByMonths, Users: m.Users,
		UsersByMonths: m.UsersByMonths, Harvesters: m.Harvesters, HarvestersByMonths: m.HarvestersByMonths,
	}
	for metric, counts := range map[string]*catalog.MonthCounts{
		"datasets_visits_by_months": &answer.DatasetsVisitsByMonths, "resources_downloads_by_months": &answer.ResourcesDownloadsByMonths,
		"discussions_by_months": &answer.DiscussionsByMonths,
	} {
		var err error
		if *counts, err = site.Counted(metric, at); err != nil {
			return answer, err
		}
	}
	return answer, nil
}

// documentation is where people read about the API.
const documentation = "/apidoc/"

func (a *API) siteRoutes() {
	for _, table := range []*web.Table{a.v1, a.v2} {
		web.Get[web.Raw](table, "/", web.Doc{}, func(c *web.Call, _ web.None) error {
			return c.Redirect(http.StatusFound, c.URL(documentation))
		})
	}
	tags := []string{"site"}
	web.Get[Site](a.v1, "/site/", web.Doc{Summary: "Read the site", Tags: tags}, a.getSite)
	web.Get[[]Dataset](a.v1, "/site/home/datasets/", web.Doc{Summary: "List the datasets of the home page", Tags: tags}, a.listHomeDatasets)
	web.Get[[]Reuse](a.v1, "/site/home/reuses/", web.Doc{Summary: "List the reuses of the home page", Tags: tags}, a.listHomeReuses)
}

func (a *API) site(c *web.Call) (*catalog.Site, error) {
	return a.Catalog.Site(c.Context(), catalog.SiteDefaults{Title: c.Site.Title, Keywords: a.SiteKeywords})
}

func (a *API) getSite(c *web.Call, _ web.None) error {
	site, err := a.site(c)
	if err != nil {
		return err
	}
	c.Versioned(site.Version)
	answer := Site{FeedSize: site.FeedSize, ID: site.ID, Title: site.Title, Version: a.Version}
	if answer.Keywords, err = site.Words(); err != nil {
		return err
	}
	counted, err := a.Catalog.SiteMetrics(c.Context())
	if err != nil {
		return err
	}
	if answer.Metrics, err = siteMetrics(site, counted, now()); err != nil {
		return err
	}
	if c.Wants("datasets_blocs") || c.Wants("reuses_blocs") || c.Wants("dataservices_blocs") {
		pages, err := a.blocs(c, site.DatasetsBlocs, site.ReusesBlocs, site.DataservicesBlocs)
		if err != nil {
			return err
		}
		answer.DatasetsBlocs, answer.ReusesBlocs, answer.DataservicesBlocs = pages[0], pages[1], pages[2]
	}
	return send(c, http.StatusOK, answer)
}

// homeIDs are the objects that the home page shows: those that the blocs list
// and the public may see, or else the featured ones, the latest first.
func homeIDs(site *catalog.Site, stored db.JSON, ids func(*catalog.Bloc) []string,
	find func(catalog.Page) ([]string, int, error)) ([]string, error) {
	blocs, err := catalog.Blocs(stored)
	if err != nil {
		return nil, err
	}
	var listed []string
	catalog.EachBloc(blocs, func(b *catalog.Bloc) {
		for _, id := range ids(b) {
			if !slices.Contains(listed, id) {
				listed = append(listed, id)
			}
		}
	})
	if len(listed) > 0 {
		return listed, nil
	}
	featured, _, err := find(catalog.Page{Limit: int(site.FeedSize)})
	return featured, err
}

// listHomeDatasets keeps older clients going, which read the home page here.
func (a *API) listHomeDatasets(c *web.Call, _ web.None) error {
	site, err := a.site(c)
	if err != nil {
		return err
	}
	featured := true
	ids, err := homeIDs(site, site.DatasetsBlocs, func(b *catalog.Bloc) []string { return b.Datasets },
		func(p catalog.Page) ([]string, int, error) {
			return a.Catalog.DatasetIDs(c.Context(), account.Nobody, catalog.DatasetFilter{Featured: &featured}, p)
		})
	if err != nil {
		return err
	}
	return a.streamDatasets(c, ids)
}

// listHomeReuses keeps older clients going, which read the home page here.
func (a *API) listHomeReuses(c *web.Call, _ web.None) error {
	site, err := a.site(c)
	if err != nil {
		return err
	}
	featured := true
	ids, err := homeIDs(site, site.ReusesBlocs, func(b *catalog.Bloc) []string { return b.Reuses },
		func(p catalog.Page) ([]string, int, error) {
			return a.Catalog.ReuseIDs(c.Context(), account.Nobody, catalog.ReuseFilter{Featured: &featured}, p)
		})
	if err != nil {
		return err
	}
	return a.streamReuses(c, ids)
}
