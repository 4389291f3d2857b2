package api

import (
	"strings"
	"time"

	"grenier/internal/catalog"
	"grenier/internal/fault"
	"grenier/internal/search"
	"grenier/internal/web"
)

// The search routes of version 2: one engine, a page of objects with facets.

// FacetBucket is one value of a facet and how many objects have it.
type FacetBucket struct {
	Count int    `json:"count"`
	Name  string `json:"name"`
}

// SearchPage is the envelope of a search: a page with facets. DidYouMean is
// there when other words find clearly more, Highlights when they were asked
// for.
type SearchPage[T any] struct {
	Data         []T                      `json:"data"`
	DidYouMean   string                   `json:"did_you_mean,omitempty"`
	Facets       map[string][]FacetBucket `json:"facets"`
	Highlights   map[string]Highlight     `json:"highlights,omitempty"`
	NextPage     *string                  `json:"next_page" format:"uri"`
	PageNumber   int                      `json:"page"`
	PageSize     int                      `json:"page_size"`
	PreviousPage *string                  `json:"previous_page" format:"uri"`
	Total        int                      `json:"total"`
}

// Highlight shows where an object holds the words of the query: safe HTML with
// the words in mark elements.
type Highlight struct {
	Description string `json:"description"`
	Title       string `json:"title"`
}

// asked is what every search is asked.
type asked struct {
	web.Paging
	Query     string `query:"q" help:"The search query"`
	Highlight bool   `query:"highlight" help:"Whether to show the words of the query in titles and descriptions"`
}

// facet is one facet of a search route: the name it has in answers and the
// column it counts, with the filter it leaves out.
type facet struct {
	name, field, own string
}

// updatedFacet counts by how recent the last update is.
const updatedFacet = "last_update"

func searchFacets(facets []facet, at time.Time) []search.Facet {
	wanted := make([]search.Facet, len(facets))
	for i, f := range facets {
		wanted[i] = search.Facet{Field: f.field, Own: f.own, Limit: search.MaxBuckets}
		if f.name == updatedFacet {
			wanted[i].Ranges = search.UpdateRanges(at)
		}
	}
	return wanted
}

// searcher collects the conditions of a search.
type searcher struct {
	query search.Query
	err   error
}

// is narrows by one value, unless it is empty.
func (s *searcher) is(argument, value string) {
	if value != "" {
		s.query.Narrow(argument, value)
	}
}

// covers keeps the datasets whose coverage contains two days.
func (s *searcher) covers(days string) {
	if days == "" {
		return
	}
	first, last, ok := catalog.DayRange(days)
	if !ok {
		s.err = argumentError("temporal_coverage", "The temporal coverage must be two days: YYYY-MM-DD-YYYY-MM-DD")
		return
	}
	s.query.Coverage = search.CoverageOf(first, last)
}

// argumentError is the form in which arguments are refused.
func argumentError(name, text string) error {
	return (&fault.Error{Code: fault.Invalid, Text: "Input payload validation failed"}).At(text, name)
}

// run searches and gives the identifiers of the page with the rendered facets.
// A search that finds nothing is its own first page.
func (a *API) run(c *web.Call, s *searcher, p *asked, facets []facet) (ids []string, total int, extra string, err error) {
	if s.err != nil {
		return nil, 0, "", s.err
	}
	if p.Page > search.MaxWindow/p.PageSize {
		most := search.MaxWindow / p.PageSize
		return nil, 0, "", fault.Newf(fault.Invalid,
			"Result window is too large: page %d with page_size %d exceeds the maximum of %d results. Maximum page for this page_size is %d.",
			p.Page, p.PageSize, search.MaxWindow, most)
	}
	s.query.Offset, s.query.Limit, s.query.Highlight = p.Offset(), p.PageSize, p.Highlight
	s.query.Facets = searchFacets(facets, now())
	result, err := a.Search.Search(s.query)
	if err != nil {
		return nil, 0, "", err
	}
	ids = make([]string, len(result.Hits))
	for i, hit := range result.Hits {
		ids[i] = hit.ID
	}
	rendered, err := render(namedFacets(facets, result.Facets))
	if err != nil {
		return nil, 0, "", err
	}
	extra = `"facets":` + string(rendered)
	if result.DidYouMean != "" {
		extra = `"did_you_mean":` + string(encoded(result.DidYouMean)) + "," + extra
	}
	if p.Highlight {
		extra += `,"highlights":` + string(encoded(highlights(result.Hits)))
	}
	if result.Total == 0 {
		p.Page = 1
	}
	c.Keep(nextMidnight(now()), searchEpoch(s.query.Kind))
	return ids, result.Total, extra, nil
}

func highlights(hits []search.Hit) map[string]Highlight {
	all := make(map[string]Highlight, len(hits))
	for _, hit := range hits {
		all[hit.ID] = Highlight{Title: hit.Title.HTML(), Description: hit.Snippet.HTML()}
	}
	return all
}

// searchEpoch is the key of what is made from the index.
func searchEpoch(kind search.Kind) web.Key { return web.Epoch("search/" + kind.String()) }

func nextMidnight(at time.Time) time.Time {
	return at.UTC().Truncate(24*time.Hour).AddDate(0, 0, 1)
}

func namedFacets(facets []facet, counts []search.FacetCounts) map[string][]FacetBucket {
	named := make(map[string][]FacetBucket, len(facets))
	for i, f := range facets {
		buckets := make([]FacetBucket, 0, len(counts[i].Buckets)+1)
		buckets = append(buckets, FacetBucket{Name: "all", Count: counts[i].All})
		for _, bucket := range counts[i].Buckets {
			buckets = append(buckets, FacetBucket{Name: bucket.Value, Count: bucket.Count})
		}
		named[f.name] = buckets
	}
	return named
}

type datasetSearchArgs struct {
	asked
	Sort              string   `query:"sort" sort:"created,last_update,reuses,followers,views" help:"The field (and direction) on which sorting apply"`
	Tags              []string `query:"tag" help:"The tags that must all be there"`
	Badge             string   `query:"badge" enum:"pivotal-data,spd,inspire,hvd,sl,sr" help:"A badge of the dataset"`
	Organization      string   `query:"organization" help:"An organization identifier, or several with commas between them"`
	OrganizationBadge string   `query:"organization_badge" enum:"public-service,certified,association,company,local-authority" help:"A badge of the organization"`
	OrganizationName  string   `query:"organization_name" help:"The name of the organization"`
	Owner             string   `query:"owner" help:"A user identifier"`
	License           string   `query:"license" help:"A license identifier"`
	Geozone           string   `query:"geozone" help:"A zone identifier"`
	Granularity       []string `query:"granularity" help:"Spatial granularities, one of which must be there"`
	Format            []string `query:"format" help:"Formats, one of which must be there"`
	Schema            []string `query:"schema" help:"Names of schemas, one of which must be there"`
	TemporalCoverage  string   `query:"temporal_coverage" help:"Two days: YYYY-MM-DD-YYYY-MM-DD"`
	Featured          *bool    `query:"featured" help:"Featured datasets only, or none"`
	Topic             string   `query:"topic" help:"A topic identifier"`
	AccessType        string   `query:"access_type" enum:"open,open_with_account,restricted" help:"The access type"`
	FormatFamily      string   `query:"format_family" enum:"tabular,machine_readable,geographical,documents,other" help:"A family of formats"`
	ProducerType      string   `query:"producer_type" enum:"public-service,association,company,local-authority,user,not-specified" help:"A sort of publisher"`
	LastUpdateRange   string   `query:"last_update_range" enum:"last_30_days,last_12_months,last_3_years" help:"How recent the last update is"`
}

var datasetFacets = []facet{
	{"format_family", "format_family", ""}, {"access_type", "access_type", ""}, {"producer_type", "producer_type", ""},
	{"organization_id_with_name", "organization_id_with_name", "organization"}, {updatedFacet, "last_update", ""},
	{"tag", "tag", ""}, {"license", "license", ""}, {"format", "format", ""}, {"schema", "schema", ""},
	{"geozone", "geozone", ""}, {"granularity", "granularity", ""}, {"badge", "badge", ""}, {"topics", "topics", ""},
}

// datasetSearch turns arguments into a search of datasets.
func datasetSearch(q datasetSearchArgs) *searcher {
	s := &searcher{query: search.Query{Kind: search.Dataset, Text: q.Query, Featured: q.Featured}}
	s.query.Narrow("tag", q.Tags...)
	s.is("badge", q.Badge)
	if q.Organization != "" {
		s.query.Narrow("organization", strings.Split(q.Organization, ",")...)
	}
	s.is("organization_badge", q.OrganizationBadge)
	s.is("organization_name", q.OrganizationName)
	s.is("owner", q.Owner)
	s.is("license", q.License)
	s.is("geozone", q.Geozone)
	s.query.Narrow("granularity", q.Granularity...)
	s.query.Narrow("format", q.Format...)
	s.query.Narrow("schema", q.Schema...)
	s.is("topic", q.Topic)
	s.is("access_type", q.AccessType)
	s.is("format_family", q.FormatFamily)
	s.is("producer_type", q.ProducerType)
	s.covers(q.TemporalCoverage)
	s.query.NarrowUpdated(q.LastUpdateRange, now())
	s.query.SortBy(q.Sort)
	return s
}

func (a *API) searchDatasets(c *web.Call, q datasetSearchArgs) error {
	ids, total, extra, err := a.run(c, datasetSearch(q), &q.asked, datasetFacets)
	if err != nil {
		return err
	}
	return a.sendDatasets(c, q.Paging, ids, total, v2, extra)
}

func (a *API) searchRoutes() {
	doc := func(what string) web.Doc {
		return web.Doc{Summary: "Search " + what, Tags: []string{what}, Keep: true}
	}
	web.Get[SearchPage[DatasetV2]](a.v2, "/datasets/search/", doc("datasets"), a.searchDatasets)
	web.Get[SearchPage[Organization]](a.v2, "/organizations/search/", doc("organizations"), a.searchOrganizations)
	web.Get[SearchPage[ReuseV2]](a.v2, "/reuses/search/", doc("reuses"), a.searchReuses)
	web.Get[SearchPage[Dataservice]](a.v2, "/dataservices/search/", doc("dataservices"), a.searchDataservices)
	web.Get[SearchPage[Topic]](a.v2, "/topics/search/", doc("topics"), a.searchTopics)
	web.Get[SearchPage[Post]](a.v2, "/posts/search/", doc("posts"), a.searchPosts)
}
