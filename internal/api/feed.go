package api

import (
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/dump"
	"grenier/internal/search"
	"grenier/internal/web"
)

// feedRoutes declares the Atom feeds of what is new.
func (a *API) feedRoutes() { a.feeds(a.v1, "/api/1", "") }

// RootFeeds declares the feeds in a table of the root, beside the pages: in the
// site's language for an empty prefix, else in the language that it names, as
// "/en".
func (a *API) RootFeeds(root *web.Table, prefix string) {
	a.feeds(root, "", strings.TrimPrefix(prefix, "/"))
}

// feeds declares the feeds below a base; lang is the language of their names,
// the caller's choice when empty.
func (a *API) feeds(t *web.Table, base, lang string) {
	prefix := ""
	if lang != "" {
		prefix = "/" + lang
	}
	doc := func(what string) web.Doc {
		return web.Doc{
			Summary: "Follow the latest " + what, Tags: []string{what}, NoMask: true, Keep: true, Produces: []string{"application/atom+xml"},
			Description: "An Atom feed (RFC 4287). What no certified organization publishes appears some hours after its creation.",
		}
	}
	web.Get[web.Raw](t, prefix+"/datasets/recent.atom", doc("datasets"), func(c *web.Call, q datasetFeedArgs) error {
		f, err := q.filter(c, a)
		if err != nil {
			return err
		}
		keepFor(c, catalog.KindDataset)
		return a.sendFeed(c, feedAddress{base, lang, "datasets"}, q, f.Query, func(frame dump.Frame) (*dump.Feed, error) {
			return a.Feeds.Datasets(c.Context(), f, frame)
		})
	})
	web.Get[web.Raw](t, prefix+"/reuses/recent.atom", doc("reuses"), func(c *web.Call, q reuseArgs) error {
		f, err := q.filter(c, a, account.Nobody)
		if err != nil {
			return err
		}
		keepFor(c, catalog.KindReuse)
		return a.sendFeed(c, feedAddress{base, lang, "reuses"}, q, f.Query, func(frame dump.Frame) (*dump.Feed, error) {
			return a.Feeds.Reuses(c.Context(), f, frame)
		})
	})
	web.Get[web.Raw](t, prefix+"/dataservices/recent.atom", doc("dataservices"), func(c *web.Call, q dataserviceArgs) error {
		f, err := q.filter(c, a, account.Nobody)
		if err != nil {
			return err
		}
		keepFor(c, catalog.KindDataservice)
		return a.sendFeed(c, feedAddress{base, lang, "dataservices"}, q, f.Query, func(frame dump.Frame) (*dump.Feed, error) {
			return a.Feeds.Dataservices(c.Context(), f, frame)
		})
	})
	web.Get[web.Raw](t, prefix+"/posts/recent.atom", doc("posts"), func(c *web.Call, q web.None) error {
		keepFor(c, catalog.KindPost)
		return a.sendFeed(c, feedAddress{base, lang, "posts"}, q, "", func(frame dump.Frame) (*dump.Feed, error) {
			return a.Feeds.Posts(c.Context(), frame)
		})
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
	for _, r := range search.UpdateRanges(now()) {
		if r.Name == q.LastUpdateRange {
			f.UpdatedSince = db.TimeOf(time.UnixMicro(*r.Min))
		}
	}
	return f, a.askable(c, account.Nobody, map[string]*string{
		catalog.KindTopic: &f.Topic, catalog.KindDataservice: &f.Dataservice, catalog.KindReuse: &f.Reuse,
	})
}

// feedAddress is where a feed stands: below a base, in a language given by its
// prefix if any, about a kind.
type feedAddress struct{ base, lang, kind string }

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
	frame := dump.Frame{Base: c.Site.Base, Site: c.Site.Title, Lang: lang, Self: at.self(asked), Page: at.page(asked)}
	if lang != c.Site.Language {
		frame.Prefix = "/" + lang
	}
	keepFor(c, catalog.KindOrganization, catalog.KindUser)
	if query != "" {
		for _, kind := range []search.Kind{search.Dataset, search.Reuse, search.Dataservice} {
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
	return c.Blob(http.StatusOK, dump.AtomType, feed.Body)
}

// self is the path and query of the feed, in one spelling.
func (at feedAddress) self(asked url.Values) string {
	path := at.base
	if at.lang != "" {
		path += "/" + at.lang
	}
	return withQuery(path+"/"+at.kind+"/recent.atom", asked)
}

// page is the path and query of the page that shows the same.
func (at feedAddress) page(asked url.Values) string {
	page := url.Values{}
	for name, values := range asked {
		if name != "lang" && name != "sort" {
			page[name] = values
		}
	}
	if len(page) == 0 {
		return "/" + at.kind
	}
	return withQuery("/"+at.kind+"/search", page)
}

func withQuery(path string, query url.Values) string {
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

// given are the arguments of the request that a struct of arguments declares,
// paging aside.
func given(c *web.Call, args any) url.Values {
	values := url.Values{}
	for _, field := range reflect.VisibleFields(reflect.TypeOf(args)) {
		name := field.Tag.Get("query")
		if name == "" || len(field.Index) > 1 {
			continue
		}
		if all := c.Args(name); len(all) > 0 {
			values[name] = all
		}
	}
	return values
}
