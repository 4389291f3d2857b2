package portal

import (
	"net/url"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/dump"
	"grenier/internal/web"
)

// helpContents are the types of Page.Data by the names of the pages here.
var helpContents = map[string]any{
	"exports": exports{}, "feeds": feeds{}, "developers": developers{}, "dashboard": dashboard{}, "support": support{}, "sitemap": siteMap{},
}

// helpRoutes declare the pages that help: dumps, feeds, developers, support, figures, site map.
func (p *Portal) helpRoutes(t *table) {
	page(t, "/exports", p.showExports)
	page(t, "/feeds", p.showFeeds)
	page(t, "/developers", p.showDevelopers)
	page(t, "/dashboard", p.showDashboard)
	page(t, "/support", p.showSupport)
	page(t, "/sitemap", p.showSiteMap)
	web.Get[web.Raw](t.root, "/dashboard.csv", web.Doc{Keep: true, NoMask: true}, p.serveDashboard)
}

// helpTrail leads from the first page to one that helps.
func (v *visit) helpTrail(message string) []Link {
	return []Link{{v.say.T("site.home"), v.path("/")}, {Label: v.say.T(message)}}
}

// sample is an address or a piece of program to copy.
type sample struct {
	// Label says what it does.
	Label string
	Text  string
	// Link leads to the address; empty for a piece of program.
	Link string
}

// exports is the content of the page about the files of the whole catalogue.
type exports struct {
	Files []exportFile
	// Organization holds addresses of the files of one organisation.
	Organization []sample
	// Changed shows how to ask only for what changed.
	Changed sample
}

// exportFile is one file of the whole catalogue.
type exportFile struct {
	// ID is unique in the page: datasets, resources …
	ID, Title string
	// Row says what a row is.
	Row string
	// Name is the file's name, URL its address.
	Name, URL string
	// Rows is about how many rows there are.
	Rows    int64
	Columns []string
	// Samples are addresses of parts of it.
	Samples []sample
}

// examples are objects of this catalogue that show filters at work.
type examples struct {
	tag, organization, name string
}

// examples finds them: the most used keyword and the organisation of most
// datasets.
func (p *Portal) examples(v *visit) (found examples, tags int, err error) {
	counts, tags, err := p.Catalog.FrequentTags(v.Context(), 1)
	if err != nil {
		return found, 0, err
	}
	if len(counts) > 0 {
		found.tag = counts[0].Tag
	}
	organizations, _, err := p.Organizations.List(v.Context(), account.OrganizationFilter{Sort: "-datasets", Limit: 1})
	if len(organizations) > 0 {
		found.organization, found.name = organizations[0].ID, organizations[0].Name
	}
	return found, tags, err
}

func (p *Portal) showExports(v *visit, _ web.None) error {
	metrics, err := p.Catalog.SiteMetrics(v.Context())
	if err != nil {
		return err
	}
	shown, tags, err := p.examples(v)
	if err != nil {
		return err
	}
	rows := map[dump.Kind]int64{
		dump.Datasets: metrics.Datasets, dump.Resources: metrics.Resources, dump.Organizations: metrics.Organizations,
		dump.Reuses: metrics.Reuses, dump.Dataservices: metrics.Dataservices, dump.Tags: int64(tags), dump.Harvests: metrics.Harvesters,
	}
	content := exports{Changed: sample{v.say.T("help.exports-changed"), "curl -fsS --compressed -o datasets.csv \\\n" +
		"  --etag-save datasets.etag --etag-compare datasets.etag \\\n  \"" + v.Site.Base + "/datasets.csv\"", ""}}
	for _, kind := range dump.Kinds {
		name := string(kind)
		content.Files = append(content.Files, exportFile{
			ID: name, Title: v.say.T("help.exports-" + name), Row: v.say.T("help.exports-" + name + "-row"), Name: name + ".csv",
			URL: "/" + name + ".csv", Rows: rows[kind], Columns: dump.Columns(kind), Samples: v.exportSamples(kind, shown),
		})
	}
	if shown.organization != "" {
		for _, name := range []string{"datasets", "datasets-resources", "dataservices"} {
			content.Organization = append(content.Organization, v.fullAddress(v.say.T("help.exports-of-"+name, "name", shown.name),
				"/api/1/organizations/"+shown.organization+"/"+name+".csv", nil))
		}
	}
	return v.show(draft{
		name: "exports", title: v.say.T("nav.exports"), description: v.say.T("help.exports-lead"), path: "/exports",
		crumbs: v.helpTrail("nav.exports"), data: content, keys: homeKeys, until: v.now.Add(countsHold),
	})
}

// fullAddress is a whole address to copy.
func (v *visit) fullAddress(label, path string, args url.Values) sample {
	if len(args) > 0 {
		path += "?" + args.Encode()
	}
	return sample{label, v.Site.Base + path, path}
}

// exportSamples are parts of a file that its filters give.
func (v *visit) exportSamples(kind dump.Kind, shown examples) []sample {
	path := "/" + string(kind) + ".csv"
	var samples []sample
	add := func(label string, args url.Values) { samples = append(samples, v.fullAddress(label, path, args)) }
	byOwner := func() {
		if shown.organization != "" {
			add(v.say.T("help.filter-organization", "name", shown.name), url.Values{"organization": {shown.organization}})
		}
	}
	byTag := func() {
		if shown.tag != "" {
			add(v.say.T("help.filter-tag", "tag", shown.tag), url.Values{"tag": {shown.tag}})
		}
	}
	switch kind {
	case dump.Datasets, dump.Resources:
		byOwner()
		byTag()
		add(v.say.T("help.filter-format", "format", "GeoJSON"), url.Values{"format": {"geojson"}})
		add(v.say.T("help.filter-recent"), url.Values{"last_update_range": {"last_30_days"}})
		add(v.say.T("help.filter-words", "words", v.say.T("help.words-example")), url.Values{"q": {v.say.T("help.words-example")}})
	case dump.Organizations:
		add(v.say.T("help.filter-certified"), url.Values{"badge": {"certified"}})
		add(v.say.T("help.filter-public-service"), url.Values{"badge": {"public-service"}})
	case dump.Reuses:
		byTag()
		add(v.say.T("help.filter-visualizations"), url.Values{"type": {"visualization"}})
	case dump.Dataservices:
		byOwner()
		add(v.say.T("help.filter-open"), url.Values{"access_type": {"open"}})
	}
	return samples
}

// feeds is the content of the page about Atom feeds.
type feeds struct {
	Feeds []feedEntry
	// Action is where the form that makes a feed of datasets leads, RSSAction
	// where it makes one of the other format.
	Action, RSSAction string
	Licences          []Link // Path is the identifier of the licence
	// Samples are addresses of narrowed feeds.
	Samples []sample
	// Arguments are the filters of the feed of datasets.
	Arguments []feedArgument
}

// feedEntry is one feed.
type feedEntry struct {
	Title, Text string
	// URL and Address are the path and the whole address of the Atom feed, RSSURL
	// and RSSAddress those of the same as RSS.
	URL, Address, RSSURL, RSSAddress string
}

// feedArgument is a filter with what it does and an example of its value.
type feedArgument struct{ Name, Text, Value string }

func (p *Portal) showFeeds(v *visit, _ web.None) error {
	shown, _, err := p.examples(v)
	if err != nil {
		return err
	}
	content := feeds{Action: v.feedPath("datasets", dump.Atom, nil), RSSAction: v.feedPath("datasets", dump.RSS, nil)}
	for _, kind := range feedKinds {
		path, rss := v.feedPath(kind, dump.Atom, nil), v.feedPath(kind, dump.RSS, nil)
		content.Feeds = append(content.Feeds, feedEntry{
			v.say.T("help.feed-" + kind), v.say.T("help.feed-" + kind + "-text"), path, v.Site.Base + path, rss, v.Site.Base + rss,
		})
	}
	licences, err := p.Catalog.Licenses(v.Context())
	if err != nil {
		return err
	}
	for i := range licences {
		content.Licences = append(content.Licences, Link{v.licenseTitle(&licences[i]), licences[i].ID})
	}
	content.Samples, content.Arguments = v.feedSamples(shown), v.feedArguments(shown)
	return v.show(draft{
		name: "feeds", title: v.say.T("nav.feeds"), description: v.say.T("help.feeds-lead"), path: "/feeds", crumbs: v.helpTrail("nav.feeds"),
		data: content, keys: []web.Key{web.Epoch(catalog.KindDataset), web.Epoch(catalog.KindOrganization), web.Epoch("license")},
		feeds: v.allFeeds(),
	})
}

// feedKinds are the kinds that have feeds of all that is new, as the page of feeds
// names them.
var feedKinds = []string{"datasets", "reuses", "dataservices", "organizations", "topics", "posts"}

// allFeeds are the links to every feed but those that each page names.
func (v *visit) allFeeds() []Sibling {
	var all []Sibling
	for _, kind := range feedKinds {
		links := v.feedLinks(v.say.T("help.feed-"+kind), kind, nil)
		if kind == "datasets" || kind == "reuses" {
			links = links[1:]
		}
		all = append(all, links...)
	}
	return all
}

func (v *visit) feedSamples(shown examples) []sample {
	path := v.feedPath("datasets", dump.Atom, nil)
	samples := []sample{
		v.fullAddress(v.say.T("help.filter-words", "words", v.say.T("help.words-example")), path, url.Values{"q": {v.say.T("help.words-example")}}),
		v.fullAddress(v.say.T("help.filter-updated"), path, url.Values{"sort": {"-last_update"}}),
	}
	if shown.tag != "" {
		samples = append(samples, v.fullAddress(v.say.T("help.filter-tag", "tag", shown.tag), path, url.Values{"tag": {shown.tag}}))
	}
	if shown.organization != "" {
		samples = append(samples, v.fullAddress(v.say.T("help.filter-organization", "name", shown.name), path, url.Values{"organization": {shown.organization}}))
	}
	return append(samples, v.fullAddress(v.say.T("help.filter-visualizations"), v.feedPath("reuses", dump.Atom, nil), url.Values{"type": {"visualization"}}))
}

func (v *visit) feedArguments(shown examples) []feedArgument {
	var arguments []feedArgument
	for _, one := range []struct{ name, value string }{
		{"q", v.say.T("help.words-example")}, {"tag", shown.tag}, {"organization", shown.organization}, {"format", "csv"}, {"format_family", "geographical"},
		{"license", "lov2"}, {"geozone", "fr:departement:44"}, {"granularity", "fr:commune"}, {"producer_type", "local-authority"}, {"badge", "hvd"},
		{"access_type", "open"}, {"last_update_range", "last_12_months"}, {"schema", "etalab/schema-irve-statique"}, {"sort", "-last_update"},
	} {
		arguments = append(arguments, feedArgument{one.name, v.say.T("help.argument-" + one.name), one.value})
	}
	return arguments
}
