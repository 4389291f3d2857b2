package api

import (
	"grenier/internal/search"
	"grenier/internal/web"
)

// The searches of everything but datasets.

type organizationSearchArgs struct {
	asked
	Sort         string `query:"sort" sort:"reuses,datasets,followers,views,created" help:"The field (and direction) on which sorting apply"`
	Badge        string `query:"badge" enum:"public-service,certified,association,company,local-authority" help:"A badge of the organization"`
	ProducerType string `query:"producer_type" enum:"public-service,association,company,local-authority,not-specified" help:"A sort of publisher"`
}

var organizationFacets = []facet{{"producer_type", "producer_type", ""}}

func (a *API) searchOrganizations(c *web.Call, q organizationSearchArgs) error {
	s := &searcher{query: search.Query{Kind: search.Organization, Text: q.Query}}
	s.is("badge", q.Badge)
	s.is("producer_type", q.ProducerType)
	s.query.SortBy(q.Sort)
	ids, total, extra, err := a.run(c, s, &q.asked, organizationFacets)
	if err != nil {
		return err
	}
	rows, err := a.Organizations.ByIDs(c.Context(), ids)
	if err != nil {
		return err
	}
	return a.sendOrganizations(c, q.Paging, rows, total, extra)
}

type reuseSearchArgs struct {
	asked
	Sort              string   `query:"sort" sort:"created,datasets,followers,views" help:"The field (and direction) on which sorting apply"`
	Tags              []string `query:"tag" help:"The tags that must all be there"`
	Organization      string   `query:"organization" help:"An organization identifier"`
	OrganizationBadge string   `query:"organization_badge" enum:"public-service,certified,association,company,local-authority" help:"A badge of the organization"`
	Owner             string   `query:"owner" help:"A user identifier"`
	Type              string   `query:"type" enum:"api,application,idea,news_article,paper,post,visualization,hardware" help:"The type of the reuse"`
	Badge             string   `query:"badge" help:"A badge of the reuse"`
	Featured          *bool    `query:"featured" help:"Featured reuses only, or none"`
	Topic             string   `query:"topic" help:"The subject of the reuse"`
	Archived          *bool    `query:"archived" help:"Archived reuses only, or none"`
	ProducerType      string   `query:"producer_type" enum:"public-service,association,company,local-authority,user,not-specified" help:"A sort of publisher"`
	LastUpdateRange   string   `query:"last_update_range" enum:"last_30_days,last_12_months,last_3_years" help:"How recent the last update is"`
}

var reuseFacets = []facet{
	{"producer_type", "producer_type", ""}, {"organization_id_with_name", "organization_id_with_name", "organization"},
	{"topic", "topic", ""}, {"type", "type", ""}, {"tag", "tag", ""}, {"badge", "badge", ""}, {updatedFacet, "last_update", ""},
}

func (a *API) searchReuses(c *web.Call, q reuseSearchArgs) error {
	s := &searcher{query: search.Query{Kind: search.Reuse, Text: q.Query, Featured: q.Featured, Archived: q.Archived}}
	s.query.Narrow("tag", q.Tags...)
	s.is("organization", q.Organization)
	s.is("organization_badge", q.OrganizationBadge)
	s.is("owner", q.Owner)
	s.is("type", q.Type)
	s.is("badge", q.Badge)
	s.is("topic", q.Topic)
	s.is("producer_type", q.ProducerType)
	s.query.NarrowUpdated(q.LastUpdateRange, now())
	s.query.SortBy(q.Sort)
	ids, total, extra, err := a.run(c, s, &q.asked, reuseFacets)
	if err != nil {
		return err
	}
	return a.sendReuses(c, q.Paging, ids, total, v2, extra)
}

type dataserviceSearchArgs struct {
	asked
	Sort            string   `query:"sort" sort:"created,views,followers" help:"The field (and direction) on which sorting apply"`
	Tags            []string `query:"tag" help:"The tags that must all be there"`
	Topic           string   `query:"topic" help:"A topic identifier"`
	Organization    string   `query:"organization" help:"An organization identifier"`
	Archived        *bool    `query:"archived" help:"Archived dataservices only, or none"`
	Featured        *bool    `query:"featured" help:"Featured dataservices only, or none"`
	AccessType      string   `query:"access_type" enum:"open,open_with_account,restricted" help:"The access type"`
	ProducerType    string   `query:"producer_type" enum:"public-service,association,company,local-authority,user,not-specified" help:"A sort of publisher"`
	LastUpdateRange string   `query:"last_update_range" enum:"last_30_days,last_12_months,last_3_years" help:"How recent the last update is"`
	// Restricted is what access_type was called before.
	Restricted *bool `query:"is_restricted" help:"Deprecated: use access_type"`
}

var dataserviceFacets = []facet{
	{"access_type", "access_type", ""}, {"producer_type", "producer_type", ""},
	{"organization_id_with_name", "organization_id_with_name", "organization"}, {"tag", "tag", ""}, {"badge", "badge", ""},
	{updatedFacet, "last_update", ""},
}

func (a *API) searchDataservices(c *web.Call, q dataserviceSearchArgs) error {
	s := &searcher{query: search.Query{Kind: search.Dataservice, Text: q.Query, Featured: q.Featured, Archived: q.Archived}}
	s.query.Narrow("tag", q.Tags...)
	s.is("topic", q.Topic)
	s.is("organization", q.Organization)
	s.is("access_type", q.AccessType)
	s.is("producer_type", q.ProducerType)
	s.query.NarrowUpdated(q.LastUpdateRange, now())
	s.query.SortBy(q.Sort)
	if q.Restricted != nil && q.AccessType == "" {
		s.query.NarrowRestricted(*q.Restricted)
	}
	ids, total, extra, err := a.run(c, s, &q.asked, dataserviceFacets)
	if err != nil {
		return err
	}
	return a.sendDataservices(c, q.Paging, ids, total, extra)
}

type topicSearchArgs struct {
	asked
	Sort            string   `query:"sort" sort:"name,created,last_modified" help:"The field (and direction) on which sorting apply"`
	Tags            []string `query:"tag" help:"The tags that must all be there"`
	Featured        *bool    `query:"featured" help:"Featured topics only, or none"`
	LastUpdateRange string   `query:"last_update_range" enum:"last_30_days,last_12_months,last_3_years" help:"How recent the last update is"`
	Organization    string   `query:"organization" help:"An organization identifier"`
	ProducerType    string   `query:"producer_type" enum:"public-service,association,company,local-authority,user,not-specified" help:"A sort of publisher"`
}

var topicFacets = []facet{
	{"tag", "tag", ""}, {"organization_id_with_name", "organization_id_with_name", "organization"},
	{"producer_type", "producer_type", ""}, {updatedFacet, "last_update", ""},
}

func (a *API) searchTopics(c *web.Call, q topicSearchArgs) error {
	s := &searcher{query: search.Query{Kind: search.Topic, Text: q.Query, Featured: q.Featured}}
	s.query.Narrow("tag", q.Tags...)
	s.is("organization", q.Organization)
	s.is("producer_type", q.ProducerType)
	s.query.NarrowUpdated(q.LastUpdateRange, now())
	s.query.SortBy(q.Sort)
	ids, total, extra, err := a.run(c, s, &q.asked, topicFacets)
	if err != nil {
		return err
	}
	return a.sendTopics(c, q.Paging, ids, total, extra)
}

type postSearchArgs struct {
	asked
	Sort            string   `query:"sort" sort:"created,last_modified,published" help:"The field (and direction) on which sorting apply"`
	Tags            []string `query:"tag" help:"The tags that must all be there"`
	LastUpdateRange string   `query:"last_update_range" enum:"last_30_days,last_12_months,last_3_years" help:"How recent the last update is"`
}

var postFacets = []facet{{updatedFacet, "last_update", ""}}

func (a *API) searchPosts(c *web.Call, q postSearchArgs) error {
	s := &searcher{query: search.Query{Kind: search.Post, Text: q.Query}}
	s.query.Narrow("tag", q.Tags...)
	s.query.NarrowUpdated(q.LastUpdateRange, now())
	s.query.SortBy(q.Sort)
	ids, total, extra, err := a.run(c, s, &q.asked, postFacets)
	if err != nil {
		return err
	}
	return a.sendPosts(c, q.Paging, ids, total, extra)
}
