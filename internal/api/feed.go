package api

import (
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/dump"
	"grenier/internal/search"
	"grenier/internal/web"
)

// feedRoutes declares the feeds of what is new.
func (a *API) feedRoutes() { a.feeds(a.v1, "/api/1", "") }

// RootFeeds declares the feeds in a table of the root, beside the pages: in the
// site's language for an empty prefix, else in the language that it names, as
// "/en".
func (a *API) RootFeeds(root *web.Table, prefix string) {
	a.feeds(root, "", strings.TrimPrefix(prefix, "/"))
}

// feeds declares the feeds below a base, each in every form; lang is the
// language of their names, the caller's choice when empty.
func (a *API) feeds(t *web.Table, base, lang string) {
	for _, form := range dump.Forms {
		f := &feedFace{API: a, table: t, at: feedAddress{base: base, lang: lang, form: form}}
		if lang != "" {
			f.prefix = "/" + lang
		}
		f.declare()
	}
}

// feedFace declares the feeds of one form below a base.
type feedFace struct {
	*API
	table  *web.Table
	at     feedAddress
	prefix string
}

func (f *feedFace) declare() {
	declareFeed(f, "datasets", []string{catalog.KindDataset}, func(c *web.Call, q datasetFeedArgs, make feedMaker) error {
		filter, err := q.filter(c, f.API)
		return make(err, filter.Query, func(frame dump.Frame) (*dump.Feed, error) { return f.Feeds.Datasets(c.Context(), filter, frame) })
	})
	declareFeed(f, "reuses", []string{catalog.KindReuse}, func(c *web.Call, q reuseFeedArgs, make feedMaker) error {
		filter, err := q.reuseArgs.filter(c, f.API, account.Nobody)
		news := dump.ReuseNews{ReuseFilter: filter, News: q.news(q.Badge)}
		return make(err, filter.Query, func(frame dump.Frame) (*dump.Feed, error) { return f.Feeds.Reuses(c.Context(), news, frame) })
	})
	declareFeed(f, "dataservices", []string{catalog.KindDataservice}, func(c *web.Call, q dataserviceFeedArgs, make feedMaker) error {
		filter, err := q.dataserviceArgs.filter(c, f.API, account.Nobody)
		news := dump.DataserviceNews{DataserviceFilter: filter, News: q.news("")}
		news.Restricted = q.Restricted
		return make(err, filter.Query, func(frame dump.Frame) (*dump.Feed, error) { return f.Feeds.Dataservices(c.Context(), news, frame) })
	})
	declareFeed(f, "organizations", nil, func(c *web.Call, q organizationFeedArgs, make feedMaker) error {
		news := dump.OrganizationNews{News: q.news(""), OrganizationFilter: dump.OrganizationFilter{
			Query: q.Query, Badge: q.Badge, Name: q.Name, BusinessNumberID: q.BusinessNumberID,
		}}
		return make(nil, q.Query, func(frame dump.Frame) (*dump.Feed, error) { return f.Feeds.Organizations(c.Context(), news, frame) })
	})
	declareFeed(f, "topics", []string{catalog.KindTopic}, func(c *web.Call, q topicFeedArgs, make feedMaker) error {
		filter, err := q.filter(c, f.API)
		news := dump.TopicNews{TopicFilter: filter, News: q.news("")}
		return make(err, q.Query, func(frame dump.Frame) (*dump.Feed, error) { return f.Feeds.Topics(c.Context(), news, frame) })
	})
	declareFeed(f, "posts", []string{catalog.KindPost}, func(c *web.Call, _ web.None, make feedMaker) error {
		return make(nil, "", func(frame dump.Frame) (*dump.Feed, error) { return f.Feeds.Posts(c.Context(), frame) })
	})
}

// feedMaker answers with a feed unless the arguments were refused with err;
// query is what was searched.
type feedMaker func(err error, query string, make func(dump.Frame) (*dump.Feed, error)) error

// declareFeed declares the feed of one kind, whose answer falls with the objects of
// some kinds.
func declareFeed[Q any](f *feedFace, kind string, falls []string, answer func(*web.Call, Q, feedMaker) error) {
	at := f.at
	at.kind = kind
	name := map[dump.Form]string{dump.Atom: "An Atom feed (RFC 4287).", dump.RSS: "An RSS 2.0 feed."}[at.form]
	doc := web.Doc{
		Summary: "Follow the latest " + kind + " (" + string(at.form) + ")", Tags: []string{kind}, NoMask: true, Keep: true, Produces: []string{at.form.Type()},
		Description: name + " What no certified organization publishes appears some hours after its creation.",
	}
	web.Get[web.Raw](f.table, f.prefix+at.file(), doc, func(c *web.Call, q Q) error {
		keepFor(c, falls...)
		return answer(c, q, func(err error, query string, make func(dump.Frame) (*dump.Feed, error)) error {
			if err != nil {
				return err
			}
			return f.sendFeed(c, at, q, query, make)
		})
	})
}

// newsArgs are the filters of searches that lists of reuses, dataservices,
// organisations and topics do not have.
type newsArgs struct {
	ProducerType    string `query:"producer_type" enum:"public-service,association,company,local-authority,user,not-specified" help:"A sort of publisher"`
	LastUpdateRange string `query:"last_update_range" enum:"last_30_days,last_12_months,last_3_years" help:"How recent the last change is"`
}

func (q newsArgs) news(badge string) dump.News {
	return dump.News{ProducerType: q.ProducerType, UpdatedSince: rangeStart(q.LastUpdateRange), Badge: badge}
}

// rangeStart is the moment at which a period of last_update_range begins, zero
// for none.
func rangeStart(name string) db.Time {
	for _, r := range search.UpdateRanges(now()) {
		if r.Name == name {
			return db.TimeOf(time.UnixMicro(*r.Min))
		}
	}
	return db.Time{}
}

type reuseFeedArgs struct {
	reuseArgs
	newsArgs
	Badge string `query:"badge" help:"A badge of the reuse"`
}

type dataserviceFeedArgs struct {
	dataserviceArgs
	newsArgs
	Restricted *bool `query:"is_restricted" help:"Restricted dataservices only, or the others"`
}

type organizationFeedArgs struct {
	organizationArgs
	newsArgs
}

type topicFeedArgs struct {
	topicArgs
	newsArgs
}

func (q topicFeedArgs) filter(c *web.Call, a *API) (catalog.TopicFilter, error) {
	f := catalog.TopicFilter{
		Query: q.Query, Tags: q.Tags, Featured: q.Featured, Geozone: q.Geozone, Granularity: q.Granularity, Organization: q.Organization,
		Owner: q.Owner, Dataset: q.Dataset, Reuse: q.Reuse, Dataservice: q.Dataservice,
	}
	return f, a.askable(c, account.Nobody, map[string]*string{
		catalog.KindDataset: &f.Dataset, catalog.KindReuse: &f.Reuse, catalog.KindDataservice: &f.Dataservice,
	})
}

// datasetFeedArgs are the filters of lists and of the search, since a feed
// follows either.
type datasetFeedArgs struct {
	Query             string   `query:"q" help:"The search query"`
	Sort              string   `query:"sort" sort:"title,created,last_update,reuses,followers,views" help:"last_update: by last update instead of creation"`
	Tags              []string `query:"tag" help:"The tags that must all be there"`
	License           string   `query:"license" help:"A license identifier"`
	Featured          *bool    `query:"featured" help:"If set to true, it will filter on featured datasets only"`
	Geozone           string   `query:"geozone" help:"A zone identifier"`
	Granularity       []string `query:"granularity" help:"Spatial granularities, one of which must be there"`
	TemporalCoverage  string   `query:"temporal_coverage" help:"Two days: YYYY-MM-DD-YYYY-MM-DD"`
	AccessType        string   `query:"access_type" enum:"open,open_with_account,restricted" help:"The access type"`
	Organization      string   `query:"organization" oid:"Organization arg must be an identifier" help:"An organization identifier"`
	OrganizationName  string   `query:"organization_name" help:"The name of the organization"`
	OrganizationBadge string   `query:"organization_badge" enum:"public-service,certified,association,company,local-authority" help:"A badge of the organization"`
	Badge             string   `query:"badge" enum:"pivotal-data,spd,inspire,hvd,sl,sr" help:"A badge of the dataset"`
	Owner             string   `query:"owner" oid:"Owner arg must be an identifier" help:"A user identifier"`
	FollowedBy        string   `query:"followed_by" oid:"Followed_by arg must be an identifier" help:"The identifier of a user who follows the dataset"`
	Format            []string `query:"format" help:"Formats of resources, one of which must be there"`
	FormatFamily      string   `query:"format_family" enum:"tabular,machine_readable,geographical,documents,other" help:"A family of formats"`
	ProducerType      string   `query:"producer_type" enum:"public-service,association,company,local-authority,user,not-specified" help:"A sort of publisher"`
	LastUpdateRange   string   `query:"last_update_range" enum:"last_30_days,last_12_months,last_3_years" help:"How recent the last update is"`
	Schema            []string `query:"schema" help:"Names of schemas of resources, one of which must be there"`
	SchemaVersion     string   `query:"schema_version" help:"The version of a schema of a resource"`
	Topic             string   `query:"topic" oid:"Topic arg must be an identifier" help:"A topic identifier"`
	Dataservice       string   `query:"dataservice" oid:"Dataservice arg must be an identifier" help:"A dataservice identifier"`
	Reuse             string   `query:"reuse" oid:"Reuse arg must be an identifier" help:"A reuse identifier"`
}

func (q datasetFeedArgs) filter(c *web.Call, a *API) (dump.DatasetFilter, error) {
	f := dump.DatasetFilter{
		DatasetFilter: catalog.DatasetFilter{
			Query: q.Query, Sort: q.Sort, Tags: q.Tags, License: q.License, Featured: q.Featured, Geozone: q.Geozone,
			TemporalCoverage: q.TemporalCoverage, AccessType: q.AccessType, Organization: q.Organization,
			OrganizationBadge: q.OrganizationBadge, Badge: q.Badge, Owner: q.Owner, FollowedBy: q.FollowedBy,
			SchemaVersion: q.SchemaVersion, Topic: q.Topic, Dataservice: q.Dataservice, Reuse: q.Reuse,
		},
		OrganizationName: q.OrganizationName, Granularities: q.Granularity, Formats: q.Format, Schemas: q.Schema,
		FormatFamily: q.FormatFamily, ProducerType: q.ProducerType,
	}
	f.UpdatedSince = rangeStart(q.LastUpdateRange)
	return f, a.askable(c, account.Nobody, map[string]*string{
		catalog.KindTopic: &f.Topic, catalog.KindDataservice: &f.Dataservice, catalog.KindReuse: &f.Reuse,
	})
}

// feedAddress is where a feed stands: below a base, in a language given by its
// prefix if any, about a kind, in a form.
type feedAddress struct {
	base, lang, kind string
	form             dump.Form
}

// file is the path of the feed below its base and language.
func (at feedAddress) file() string { return "/" + at.kind + "/recent." + string(at.form) }

// feedHolds bounds how long a feed is kept: what had to wait appears in it by
// time alone.
const feedHolds = time.Minute

// sendFeed answers with a feed. The answer falls with the objects shown and
// their producers; a search also with the index.
func (a *API) sendFeed(c *web.Call, at feedAddress, args any, query string, make func(dump.Frame) (*dump.Feed, error)) error {
	lang := c.Lang
	asked := given(c, args)
	if at.lang != "" {
		lang = c.Site.Speak(at.lang)
	} else if wish := c.Args("lang"); len(wish) > 0 {
		asked.Set("lang", lang)
	}
	frame := dump.Frame{Base: c.Site.Base, Site: c.Site.Title, Lang: lang, Form: at.form, Self: at.self(asked), Page: at.page(asked)}
	if lang != c.Site.Language {
		frame.Prefix = "/" + lang
	}
	keepFor(c, catalog.KindOrganization, catalog.KindUser)
	if query != "" {
		for _, kind := range []search.Kind{search.Dataset, search.Reuse, search.Dataservice, search.Organization, search.Topic} {
			c.Keep(time.Time{}, searchEpoch(kind))
		}
	}
	c.Keep(now().Add(feedHolds))
	feed, err := make(frame)
	if err != nil {
		return err
	}
	if c.NotModified("", feed.Modified) {
		return nil
	}
	return c.Blob(http.StatusOK, at.form.Type()+"; charset=utf-8", feed.Body)
}

// self is the path and query of the feed, in one spelling.
func (at feedAddress) self(asked url.Values) string {
	path := at.base
	if at.lang != "" {
		path += "/" + at.lang
	}
	return withQuery(path+at.file(), asked)
}

// page is the path and query of the page that shows the same.
func (at feedAddress) page(asked url.Values) string {
	page := url.Values{}
	for name, values := range asked {
		if name != "lang" && name != "sort" {
			page[name] = values
		}
	}
	if len(page) == 0 || at.kind == "organizations" || at.kind == "topics" {
		return withQuery("/"+at.kind, page)
	}
	return withQuery("/"+at.kind+"/search", page)
}

func withQuery(path string, query url.Values) string {
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

// paging are the arguments that move through a list; a feed has its beginning
// alone.
var paging = []string{"page", "page_size"}

// given are the arguments of the request that a struct of arguments declares,
// paging aside.
func given(c *web.Call, args any) url.Values {
	values := url.Values{}
	for _, field := range reflect.VisibleFields(reflect.TypeOf(args)) {
		name := field.Tag.Get("query")
		if name == "" || slices.Contains(paging, name) {
			continue
		}
		if all := c.Args(name); len(all) > 0 {
			values[name] = all
		}
	}
	return values
}
