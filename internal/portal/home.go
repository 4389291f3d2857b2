package portal

import (
	"context"
	"html/template"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/portal/theme"
	"grenier/internal/search"
	"grenier/internal/text"
	"grenier/internal/web"
)

// home is the content of the first page.
type home struct {
	// Empty tells that the catalogue holds nothing yet.
	Empty  bool
	Blocks []homeBlock
}

// homeBlock is a part of the first page, as home.yaml orders them.
type homeBlock struct {
	// Kind is hero, figures, cards, links or markdown.
	Kind string
	// ID is unique in the page.
	ID              string
	Title, Subtitle string
	// More leads to all of what is shown a part of.
	More, MoreLabel string
	Content         template.HTML
	Figures         []figure
	Cards           []card
	Links           []Item
	// Count is how many datasets there are, Tags what is often looked for.
	Count int64
	Tags  []Link
}

// figure is a number that says something of the whole.
type figure struct {
	// Label is in the plural that the number asks for.
	Label string
	Count int64
	URL   string
}

// homeKeys are the kinds whose changes the page shows.
var homeKeys = []web.Key{
	web.Epoch(catalog.KindDataset), web.Epoch(catalog.KindOrganization), web.Epoch(catalog.KindReuse), web.Epoch(catalog.KindDataservice),
	web.Epoch(catalog.KindTopic), web.Epoch(catalog.KindPost),
	searchKey(search.Dataset), searchKey(search.Organization), // the index follows the rows a moment later
}

func (p *Portal) homeRoutes(t *table) { page(t, "/", p.showHome) }

func (p *Portal) showHome(v *visit, _ web.None) error {
	metrics, err := p.Catalog.SiteMetrics(v.Context())
	if err != nil {
		return err
	}
	content := home{Empty: metrics.Datasets == 0}
	seen := map[string]int{}
	for _, declared := range v.homeBlocks() {
		block, err := p.homeBlock(v, declared, metrics)
		if err != nil {
			return err
		}
		if seen[block.ID]++; seen[block.ID] > 1 {
			block.ID += "-" + strconv.Itoa(seen[block.ID])
		}
		if block.shows() {
			content.Blocks = append(content.Blocks, block)
		}
	}
	return v.show(draft{
		name: "home", path: "/", description: v.say.T("home.lead"), linked: homeJSONLD(v.linkedSite(), v.say.T("home.lead"), p.Languages), data: content, keys: homeKeys, until: v.now.Add(countsHold),
	})
}

// shows tells whether a block has something to show.
func (b homeBlock) shows() bool {
	switch b.Kind {
	case "cards":
		return len(b.Cards) > 0
	case "links":
		return len(b.Links) > 0
	case "markdown":
		return b.Content != ""
	}
	return true
}

// homeBlock reads what a declared block shows.
func (p *Portal) homeBlock(v *visit, declared theme.Block, metrics catalog.SiteMetrics) (homeBlock, error) {
	block := homeBlock{
		Kind: declared.Kind, ID: "block-" + declared.Kind, Title: v.words(declared.Title, ""), Subtitle: v.words(declared.Subtitle, ""),
	}
	count := declared.Count
	if count == 0 {
		count = 6
	}
	var err error
	switch declared.Kind {
	case "hero":
		block.Count = metrics.Datasets
		block.Tags, err = p.frequentTags(v)
	case "figures":
		block.Figures = v.figures(metrics)
	case "links":
		block.Links = v.items(declared.Links, "/")
	case "markdown":
		rendered, _ := text.HTML(v.words(declared.Content, ""), text.Rendering{Heading: 3, TableLabel: v.say.T("common.table")})
		block.Content = template.HTML(rendered)
	default:
		block.Kind = "cards"
		block.More, block.MoreLabel = v.path(homeLists[declared.Kind]), v.say.T("home.all-"+declared.Kind)
		block.Cards, err = p.homeCards(v, declared.Kind, count)
		if block.Title == "" {
			block.Title = v.say.T("home." + declared.Kind)
		}
	}
	return block, err
}

// homeLists are the lists that blocks of cards show a part of.
var homeLists = map[string]string{
	"featured": "/datasets/search?featured=true", "recent": "/datasets/search?sort=-created", "popular": "/datasets/search?sort=-views", "reuses": "/reuses/search",
	"organizations": "/organizations", "topics": "/topics", "posts": "/posts",
}

// homeCards reads the objects of a block.
func (p *Portal) homeCards(v *visit, kind string, count int) ([]card, error) {
	ctx, first := v.Context(), catalog.Page{Limit: count}
	switch kind {
	case "featured":
		yes := true
		cards, _, err := v.datasetShelf(catalog.DatasetFilter{Featured: &yes, Sort: "-last_update"}, count)
		return cards, err
	case "popular", "recent":
		ids, err := p.topDatasets(ctx, map[string]string{"popular": "views", "recent": "created"}[kind], count)
		if err != nil {
			return nil, err
		}
		datasets, err := p.Catalog.DatasetsByIDs(ctx, account.Nobody, ids, catalog.Parts{})
		return v.datasetCards(datasets), err
	case "reuses":
		cards, _, err := v.reuseShelf(catalog.ReuseFilter{Sort: "-created"}, count)
		return cards, err
	case "organizations":
		organizations, err := p.topOrganizations(ctx, count)
		return v.organizationCards(organizations), err
	case "topics":
		ids, _, err := p.Catalog.TopicIDs(ctx, account.Nobody, catalog.TopicFilter{Sort: "-created"}, first)
		if err != nil {
			return nil, err
		}
		topics, err := p.Catalog.TopicsByIDs(ctx, account.Nobody, ids)
		return v.topicCards(topics), err
	case "posts":
		ids, _, err := p.Catalog.PostIDs(ctx, account.Nobody, catalog.PostFilter{}, first)
		if err != nil {
			return nil, err
		}
		posts, err := p.Catalog.PostsByIDs(ctx, account.Nobody, ids)
		return v.postCards(posts), err
	}
	return nil, nil
}

// topOrganizations are those of most datasets.
func (p *Portal) topOrganizations(ctx context.Context, count int) ([]account.Organization, error) {
	result, err := p.Search.Search(search.Query{
		Kind: search.Organization, Sort: search.Sort{Field: "datasets", Descending: true}, Limit: count,
	})
	if err == nil {
		return p.Organizations.ByIDs(ctx, hitIDs(result))
	}
	organizations, _, err := p.Organizations.List(ctx, account.OrganizationFilter{Sort: "-datasets", Limit: count})
	return organizations, err
}

// topDatasets are the public datasets with the highest values in a column, as
// the index has them, or as the rows have them while it is being built.
func (p *Portal) topDatasets(ctx context.Context, column string, count int) ([]string, error) {
	result, err := p.Search.Search(search.Query{Kind: search.Dataset, Sort: search.Sort{Field: column, Descending: true}, Limit: count})
	if err == nil {
		return hitIDs(result), nil
	}
	ids, _, err := p.Catalog.DatasetIDs(ctx, account.Nobody, catalog.DatasetFilter{Sort: "-" + column}, catalog.Page{Limit: count})
	return ids, err
}

// trends are the keywords that the first page proposes, for a while.
type trends struct {
	tags  []string
	until time.Time
	// asOf and keys tell whether the datasets that they come from are as they were.
	asOf uint64
	keys []web.Key
}

const (
	// frequent is how many keywords the first page proposes.
	frequent = 7
	// shortestFrequent and longestFrequent bound a proposed keyword, in bytes.
	shortestFrequent, longestFrequent = 4, 18
	// trendsHold is how long proposed keywords hold: they change by the month.
	trendsHold = 10 * time.Minute
	// trendsFrom is how many datasets, the most viewed ones, they are taken from.
	trendsFrom = 100
)

// frequentTags are the keywords that come back most among the datasets that
// people look at most. Those of the whole catalogue would be the ones that
// programs write on everything.
func (p *Portal) frequentTags(v *visit) ([]Link, error) {
	now := p.trends.Load()
	if now == nil || v.now.After(now.until) || !p.Versions.Holds(now.asOf, now.keys) {
		asOf := p.Versions.Now()
		tags, keys, err := p.readTrends(v.Context())
		if err != nil {
			return nil, err
		}
		now = &trends{tags, v.now.Add(trendsHold), asOf, keys}
		p.trends.Store(now)
	}
	var links []Link
	for _, tag := range now.tags {
		links = append(links, Link{strings.ReplaceAll(tag, "-", " "), v.path("/datasets/search?tag=" + url.QueryEscape(tag))})
	}
	return links, nil
}

func (p *Portal) readTrends(ctx context.Context) ([]string, []web.Key, error) {
	ids, err := p.topDatasets(ctx, "views", trendsFrom)
	if err != nil {
		return nil, nil, err
	}
	datasets, err := p.Catalog.DatasetsByIDs(ctx, account.Nobody, ids, catalog.Parts{})
	if err != nil {
		return nil, nil, err
	}
	counts := map[string]int{}
	var order []string
	keys := make([]web.Key, 0, len(datasets))
	for i := range datasets {
		keys = append(keys, web.Object(catalog.KindDataset, datasets[i].ID))
		for _, tag := range datasets[i].Tags {
			if len(tag) < shortestFrequent || len(tag) > longestFrequent {
				continue
			}
			word := strings.TrimSuffix(tag, "s") // the plural of a word is the same proposal
			if counts[word]++; counts[word] == 1 {
				order = append(order, tag)
			}
		}
	}
	slices.SortStableFunc(order, func(a, b string) int { return counts[strings.TrimSuffix(b, "s")] - counts[strings.TrimSuffix(a, "s")] })
	return order[:min(len(order), frequent)], keys, nil
}

func (v *visit) figures(m catalog.SiteMetrics) []figure {
	var figures []figure
	for _, one := range []struct {
		name  string
		count int64
		path  string
	}{
		{"datasets", m.Datasets, "/datasets/search"}, {"resources", m.Resources, "/datasets/search"},
		{"organizations", m.Organizations, "/organizations"}, {"reuses", m.Reuses, "/reuses/search"},
		{"dataservices", m.Dataservices, "/dataservices/search"},
	} {
		if one.count == 0 {
			continue
		}
		figures = append(figures, figure{v.say.T("home.figure-"+one.name, "count", one.count), one.count, v.path(one.path)})
	}
	return figures
}

// excerptLength is how much of a description a card shows, in characters.
const excerptLength = 150
