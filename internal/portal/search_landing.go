package portal

import (
	"context"
	"net/url"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/search"
	"grenier/internal/web"
)

// searchLanding is the content of the page that opens a kind: /datasets,
// /dataservices and /reuses.
type searchLanding struct {
	Kind, Icon string
	Heading    string
	Lead       string
	// Action is where the search field leads, Among what it says.
	Action, Among string
	Total         int
	// All leads to the whole list.
	All, AllLabel string
	// Shelves are ways in by a filter: each has the values used most.
	Shelves []landingShelf
	Groups  []landingGroup
	// Blocs are what editors put on the page, in place of the groups of cards.
	Blocs []bloc
}

// landingShelf leads to what has a value of a filter.
type landingShelf struct {
	ID, Label string
	Items     []landingItem
}

type landingItem struct {
	Label, URL string
	Count      int
}

// landingGroup is a row of cards; More leads to the others.
type landingGroup struct {
	ID, Label, More, MoreLabel string
	Cards                      []card
}

// Of a landing page: how many cards a group has, and values a shelf.
const (
	landingCards = 6
	// landingCovers is how many cards with pictures a group has.
	landingCovers = 3
	landingItems  = 12
)

// landingShelves are the filters that a page opens with, in one shelf each.
var landingShelves = map[search.Kind][]string{
	search.Dataset:     {"format_family", "tag", "organization"},
	search.Dataservice: {"access_type", "tag", "organization"},
	search.Reuse:       {"topic", "type"},
}

// showLanding opens a kind; an address that asks for something leads to the
// search.
func (p *Portal) showLanding(v *visit, kind *searchKind) error {
	if v.asks(kind) {
		return v.redirectTo(kind.path)
	}
	a := &asking{kind: kind, page: 1}
	content := searchLanding{
		Kind: kind.name, Icon: kind.icon, Heading: v.say.T("search.kind-" + kind.name), Lead: v.say.T(kind.message("about")),
		Action: v.path(kind.path), All: v.path(kind.path),
	}
	q := a.query(v.now)
	for _, name := range landingShelves[kind.kind] {
		q.Facets = append(q.Facets, search.Facet{Field: kind.filter(name).column, Limit: landingItems})
	}
	keys := append(allSearchKeys(), cardKinds(catalog.KindDataset, catalog.KindReuse, catalog.KindDataservice)...)
	var err error
	if content.Blocs, err = v.composedLanding(kind.name); err != nil {
		return err
	}
	for i, sort := range []string{"-views", "-created"} {
		if i > 0 && content.Total <= landingCards {
			break // the same ones in another order
		}
		q.Sort, q.Limit = search.Sort{}, landingCards
		if kind.kind == search.Reuse {
			q.Limit = landingCovers
		}
		q.SortBy(sort)
		found, err := p.Search.Search(q)
		if err != nil {
			return err
		}
		if i == 0 {
			content.Total = found.Total
			if content.Shelves, err = v.shelves(a, found.Facets); err != nil {
				return err
			}
		}
		if len(content.Blocs) > 0 {
			break // editors chose what the page shows
		}
		group, made, err := p.landingGroup(v, kind, sort, found.Hits)
		if err != nil {
			return err
		}
		q.Facets = nil
		keys = append(keys, made...)
		if len(group.Cards) > 0 {
			content.Groups = append(content.Groups, group)
		}
	}
	content.Among = v.say.T(kind.message("among"), "count", content.Total)
	content.AllLabel = v.say.T(kind.message("all"), "count", content.Total)
	return v.show(draft{
		name: "search-landing", title: content.Heading, description: content.Lead, path: "/" + kind.name, data: content, keys: keys,
		crumbs: []Link{{v.say.T("site.home"), v.path("/")}, {content.Heading, ""}}, feeds: v.feeds(a, content.Heading),
	})
}

// shelves are the ways in that the counts give.
func (v *visit) shelves(a *asking, counts []search.FacetCounts) ([]landingShelf, error) {
	names, err := v.names(a)
	if err != nil {
		return nil, err
	}
	var shelves []landingShelf
	for i, name := range landingShelves[a.kind.kind] {
		shown := v.facet(a, a.kind.filter(name), names, counts[i], 0)
		shelf := landingShelf{ID: "by-" + name, Label: v.say.T("search.by-" + name)}
		for _, value := range append(shown.Values, shown.More...) {
			shelf.Items = append(shelf.Items, landingItem{
				value.Label, v.address(a.kind.path, url.Values{name: {value.Value}}), value.Count,
			})
		}
		if len(shelf.Items) > 0 {
			shelves = append(shelves, shelf)
		}
	}
	return shelves, nil
}

// landingGroup reads the cards of hits.
func (p *Portal) landingGroup(v *visit, kind *searchKind, sort string, hits []search.Hit) (landingGroup, []web.Key, error) {
	id := map[string]string{"-views": "popular", "-created": "recent"}[sort]
	group := landingGroup{
		ID: id, Label: v.say.T("search." + id), More: v.address(kind.path, url.Values{"sort": {sort}}), MoreLabel: v.say.T("search.more-" + id),
	}
	ids := make([]string, len(hits))
	keys := make([]web.Key, len(hits))
	for i, hit := range hits {
		ids[i], keys[i] = hit.ID, web.Object(kind.kind.String(), hit.ID)
	}
	var err error
	group.Cards, err = p.landingCards(v.Context(), v, kind.kind, ids)
	return group, append(keys, web.Epoch(catalog.KindOrganization)), err
}

func (p *Portal) landingCards(ctx context.Context, v *visit, kind search.Kind, ids []string) ([]card, error) {
	switch kind {
	case search.Dataset:
		datasets, err := p.Catalog.DatasetsByIDs(ctx, account.Nobody, ids, catalog.Parts{})
		return v.datasetCards(datasets), err
	case search.Reuse:
		reuses, err := p.Catalog.ReusesByIDs(ctx, account.Nobody, ids)
		return v.reuseCards(reuses), err
	}
	services, err := p.Catalog.DataservicesByIDs(ctx, account.Nobody, ids)
	return v.dataserviceCards(services), err
}
