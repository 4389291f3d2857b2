package portal

import (
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/fault"
	"grenier/internal/geo"
	"grenier/internal/i18n"
	"grenier/internal/search"
	"grenier/internal/text"
	"grenier/internal/web"
)

// territoryContents are the types of Page.Data by the names of the pages here.
var territoryContents = map[string]any{"territories": territoriesPage{}, "territory": territoryPage{}}

// territoryRoutes declare the pages of territories.
func (p *Portal) territoryRoutes(t *table) {
	page(t, "/territories", p.showTerritories)
	page(t, "/territories/{level}/{code}", p.showTerritory)
	page(t, "/territories/{level}/{code}/{slug}", p.showTerritory)
	web.Get[web.Raw](t.root, "/territories/{level}/{code}/contour.geojson", web.Doc{Keep: true}, p.serveContour)
}

// territoryKeys are what a page of a territory is made from.
var territoryKeys = []web.Key{
	web.Epoch(geo.ObjectKind), web.Epoch(catalog.KindDataset), web.Epoch(catalog.KindOrganization), searchKey(search.Dataset),
}

type territoryArgs struct {
	Level string `path:"level"`
	Code  string `path:"code"`
}

// territoryPage is a territory and the data about it.
type territoryPage struct {
	ID, Name string
	// Level is what the territory is: a commune, a department.
	Level, Code string
	// Kind tells apart what is no ordinary territory of its level; empty for others.
	Kind string
	// Population counts inhabitants, 0 when unknown.
	Population int64
	// PostalCodes are those of a commune; Formerly are codes and names that are
	// no longer used.
	PostalCodes, Formerly []string
	// Parents hold the territory, the nearest first.
	Parents []territoryLink
	// Map is nil when it is not known where the territory lies.
	Map     *territoryMap
	Figures []figure
	// Shelf are the first datasets about the territory.
	Shelf cardShelf
	// Offers are data of this territory that exist for every one of its level.
	Offers []territoryOffer
	// Wider are the datasets about the territories around it.
	Wider []territoryShelf
	// Organizations are those attached to the territory, Producers those with
	// most datasets about it.
	Organizations cardShelf
	Producers     []landingItem
	// Children are the territories in it, by level.
	Children []territoryGroup
	// Publish leads to where a dataset is published.
	Publish string
	// Embed is how to show the territory in pages of other sites.
	Embed *embedOffer
	// Feed follows the datasets, Document describes the territory for programs,
	// List lists its datasets for programs.
	Feed, Document, List string
}

// territoryLink leads to the page of a territory.
type territoryLink struct{ Name, Level, URL string }

// territoryShelf are some datasets about a territory around another.
type territoryShelf struct {
	Territory territoryLink
	Shelf     cardShelf
}

// territoryOffer are data about one territory.
type territoryOffer struct {
	ID, Title        string
	Description      template.HTML
	Producer         Link
	License, Covered string
	URL              string
	// Outside tells that the data are on another site.
	Outside bool
}

// territoryGroup are territories of one level.
type territoryGroup struct {
	ID, Label string
	Items     []Link
	// Open tells that there are few enough to show at once.
	Open bool
}

// Of the page of a territory: how much of everything it shows.
const (
	territoryShown     = 9
	widerShown         = 3
	attachedShown      = 6
	producersShown     = 12
	fewChildren        = 60
	mostChildren       = 1000
	mostFormerly       = 40
	territoryFeed      = "/api/1/datasets/recent.atom?geozone="
	territoryPublishes = "/admin/datasets/new"
)

// territory finds the zone of an address; done tells that the answer led to its
// present address.
func (v *visit) territoryOf(in territoryArgs) (zone geo.Zone, done bool, err error) {
	zone, ok := v.p.Zones.Territory(in.Level, in.Code)
	if !ok {
		return zone, false, fault.New(fault.NotFound, "There is no such territory.")
	}
	if here := v.path(zone.Path()); v.R.URL.Path != here {
		return zone, true, v.Redirect(http.StatusPermanentRedirect, v.Site.Base+withQuery(here, v.R.URL.RawQuery))
	}
	return zone, false, nil
}

// showTerritory shows a territory with the data about it and about the
// territories around it.
func (p *Portal) showTerritory(v *visit, in territoryArgs) error {
	zone, done, err := v.territoryOf(in)
	if done || err != nil {
		return err
	}
	around := territoriesAround(p.Zones, zone)
	content := territoryPage{
		ID: zone.ID, Name: zone.Name, Level: v.levelName(zone), Code: zone.Code, Kind: v.zoneKind(zone), Population: zone.Population,
		PostalCodes: zone.PostalCodes, Formerly: formerly(zone), Children: v.territoryChildren(zone),
		Publish: v.path(territoryPublishes), Embed: v.territoryEmbed(zone),
		Feed: territoryFeed + url.QueryEscape(zone.ID), Document: "/api/1/spatial/zone/" + zone.ID + "/", List: "/api/1/spatial/zone/" + zone.ID + "/datasets/?dynamic=1",
	}
	for _, one := range around {
		content.Parents = append(content.Parents, v.territoryLink(one))
	}
	if content.Map, err = v.zoneMap(zone); err != nil {
		return err
	}
	if err := v.fillTerritory(&content, zone, around); err != nil {
		return err
	}
	title := v.say.T("territory.page-title", "name", zone.Name, "level", content.Level)
	feed := Sibling{"application/atom+xml", v.say.T("territory.feed", "name", zone.Name), content.Feed}
	return v.show(draft{
		name: "territory", title: title, description: v.say.T("territory.summary", "name", zone.Name), path: zone.Path(),
		crumbs: v.trail("territory.all", "/territories", v.territoryCrumbs(zone, around)...), data: content, keys: territoryKeys,
		feeds: append([]Sibling{feed}, v.feedLinks(feed.Title, "datasets", url.Values{"geozone": {zone.ID}})[1:]...), siblings: append(v.oembedSibling(zone.Path(), title, true), Sibling{"application/geo+json", v.say.T("common.as-json"), content.Document}),
		until: v.now.Add(countsHold),
	})
}

// territoriesAround are the zones that hold another, without groups of
// countries.
func territoriesAround(zones *geo.Directory, zone geo.Zone) []geo.Zone {
	around := zones.Ancestors(zone.ID)
	around = slices.DeleteFunc(around, func(one geo.Zone) bool { return strings.HasPrefix(one.Level, "country-") })
	slices.SortStableFunc(around, func(a, b geo.Zone) int { return geo.AdminLevel(b.Level) - geo.AdminLevel(a.Level) })
	return around
}

// crumbLevels are those of the territories that lead to another.
var crumbLevels = []string{"fr:departement", "fr:collectivite", "fr:region"}

func (v *visit) territoryCrumbs(zone geo.Zone, around []geo.Zone) []Link {
	crumbs := []Link{{Label: shortTitle(zone.Name)}}
	for _, one := range around {
		if slices.Contains(crumbLevels, one.Level) {
			crumbs = slices.Insert(crumbs, 0, Link{one.Name, v.path(one.Path())})
		}
	}
	return crumbs
}

func (v *visit) levelName(zone geo.Zone) string {
	return i18n.Label(i18n.Granularity, zone.Level, v.lang)
}

func (v *visit) territoryLink(zone geo.Zone) territoryLink {
	return territoryLink{zone.Name, v.levelName(zone), v.path(zone.Path())}
}

// zoneKinds name what is no ordinary territory of its level, by message.
var zoneKinds = map[geo.Kind]string{
	geo.KindMunicipal: "territory.kind-municipal", geo.KindDelegated: "territory.kind-delegated",
	geo.KindAssociated: "territory.kind-associated", geo.KindEPT: "territory.kind-ept",
}

// zoneKind says what sort of territory of its level a zone is; nothing of an
// ordinary one.
func (v *visit) zoneKind(zone geo.Zone) string {
	if name, ok := zoneKinds[zone.Kind]; ok {
		return v.say.T(name)
	}
	return ""
}

// formerly are the codes and names that a zone had, or has elsewhere.
func formerly(zone geo.Zone) []string {
	var all []string
	for _, id := range zone.Former {
		if _, code, ok := geo.ParseID(id); ok {
			all = append(all, strings.ToUpper(code))
		}
	}
	all = append(all, zone.Aliases...)
	return all[:min(len(all), mostFormerly)]
}

// territoryEmbed says how to show a territory elsewhere: as a card, or as the
// list of its data.
func (v *visit) territoryEmbed(zone geo.Zone) *embedOffer {
	offer := v.embedOf(embedded{kind: "territory", base: "territories", id: zone.ID, title: zone.Name, path: zone.Path()}, true)
	id := strings.ReplaceAll(zone.ID, ":", "-")
	offer.Codes = append(offer.Codes, embedCode{"embed-list", v.say.T("embedding.code-list"), v.say.T("embedding.text-list"),
		`<div data-udata-territory="` + id + `"></div>` + "\n" + `<script src="` + v.Site.Base +
			`/static/widgets.js" id="udata" async defer onload="udataScript.loadTerritory({withSearch: true})"></script>`})
	return offer
}

// fillTerritory adds the data: those of the place, those around, and who makes
// them, in a number of queries that does not depend on how many there are.
func (v *visit) fillTerritory(content *territoryPage, zone geo.Zone, around []geo.Zone) error {
	own, total, err := v.p.Catalog.TerritoryDatasetIDs(v.Context(), zone.ID, catalog.Page{Limit: territoryShown})
	if err != nil {
		return err
	}
	wider, ids, err := v.widerDatasets(around, own)
	if err != nil {
		return err
	}
	datasets, err := v.p.Catalog.DatasetsByIDs(v.Context(), account.Nobody, append(slices.Clone(own), ids...), catalog.Parts{})
	if err != nil {
		return err
	}
	cards := v.datasetCards(datasets)
	byID := make(map[string]card, len(cards))
	for i, one := range datasets {
		byID[one.ID] = cards[i]
	}
	all := v.address("/datasets/search", url.Values{"geozone": {zone.ID}})
	content.Shelf = cardShelf{ID: "datasets", Title: v.say.T("territory.datasets", "count", total), Cards: cardsOf(own, byID)}
	if total == 0 {
		content.Shelf.Title = v.say.T("territory.datasets-here")
	}
	if total > len(own) {
		content.Shelf.More = Link{v.say.T("common.see-all"), all}
	}
	for _, one := range wider {
		one.shelf.Shelf.Cards = cardsOf(one.ids, byID)
		content.Wider = append(content.Wider, one.shelf)
	}
	if err := v.territoryProducers(content, zone, all); err != nil {
		return err
	}
	content.Figures = v.territoryFigures(content, zone, total, all)
	content.Offers, err = v.territoryOffers(zone)
	return err
}

// cardsOf are the cards of some identifiers, as far as they were found.
func cardsOf(ids []string, byID map[string]card) []card {
	var cards []card
	for _, id := range ids {
		if one, ok := byID[id]; ok {
			cards = append(cards, one)
		}
	}
	return cards
}

// widerFound are the datasets found about a territory around.
type widerFound struct {
	shelf territoryShelf
	ids   []string
}

// widerDatasets finds the most seen datasets about the territories around, each
// shown once.
func (v *visit) widerDatasets(around []geo.Zone, own []string) (found []widerFound, ids []string, err error) {
	shown := slices.Clone(own)
	for _, zone := range around {
		q := search.Query{Kind: search.Dataset, Filters: []search.Filter{{Field: "geozone", Values: []string{zone.ID}}}, Limit: 2 * widerShown}
		q.SortBy("-views")
		result, err := v.p.Search.Search(q)
		if err != nil {
			return nil, nil, err
		}
		one := widerFound{shelf: territoryShelf{Territory: v.territoryLink(zone)}}
		for _, id := range hitIDs(result) {
			if len(one.ids) < widerShown && !slices.Contains(shown, id) {
				one.ids, shown = append(one.ids, id), append(shown, id)
			}
		}
		if len(one.ids) == 0 {
			continue
		}
		one.shelf.Shelf = v.widerShelf(zone, result.Total, len(one.ids))
		found, ids = append(found, one), append(ids, one.ids...)
	}
	return found, ids, nil
}

// widerShelf is the section about a territory around: it leads to all of its
// datasets unless it shows them.
func (v *visit) widerShelf(zone geo.Zone, total, shown int) cardShelf {
	shelf := cardShelf{ID: "in-" + text.Slug(zone.ID)}
	if total == shown {
		shelf.Title = v.say.T("territory.wider-few", "name", zone.Name, "level", v.levelName(zone), "count", total)
		return shelf
	}
	shelf.Title = v.say.T("territory.wider", "name", zone.Name, "level", v.levelName(zone), "count", total)
	shelf.More = Link{v.say.T("territory.wider-all", "count", total), v.address("/datasets/search", url.Values{"geozone": {zone.ID}})}
	return shelf
}

// territoryProducers adds the organizations attached to a territory and those
// with most datasets about it.
func (v *visit) territoryProducers(content *territoryPage, zone geo.Zone, all string) error {
	ids, total, err := v.p.Catalog.TerritoryOrganizations(v.Context(), zone.ID, catalog.Page{Limit: attachedShown})
	if err != nil {
		return err
	}
	if len(ids) > 0 {
		attached, err := v.p.Organizations.ByIDs(v.Context(), ids)
		if err != nil {
			return err
		}
		content.Organizations = cardShelf{
			ID: "organizations", Title: v.say.T("territory.organizations", "count", total), Cards: v.organizationCards(attached),
		}
	}
	result, err := v.p.Search.Search(search.Query{
		Kind: search.Dataset, Filters: []search.Filter{{Field: "geozone", Values: []string{zone.ID}}},
		Facets: []search.Facet{{Field: "organization_id_with_name", Limit: producersShown}},
	})
	if err != nil || len(result.Facets) == 0 {
		return err
	}
	for _, one := range result.Facets[0].Buckets {
		id, name, _ := strings.Cut(one.Value, "|")
		content.Producers = append(content.Producers, landingItem{name, all + "&organization=" + url.QueryEscape(id), one.Count})
	}
	return nil
}

// territoryFigures count what the page leads to.
func (v *visit) territoryFigures(content *territoryPage, zone geo.Zone, datasets int, all string) []figure {
	var figures []figure
	add := func(name string, count int64, url string) {
		if count > 0 {
			figures = append(figures, figure{Label: v.say.T("territory.figure-"+name, "count", count), Count: count, URL: url})
		}
	}
	add("population", zone.Population, "")
	add("datasets", int64(datasets), all)
	for _, group := range content.Children {
		if group.ID == "in-commune" {
			add("communes", int64(len(group.Items)), "#"+group.ID)
		}
	}
	return figures
}

// territoryChildren are the territories directly in another, those of one level
// together, by name.
func (v *visit) territoryChildren(zone geo.Zone) []territoryGroup {
	var groups []territoryGroup
	for _, level := range geo.Levels() {
		children := v.p.Zones.Children(zone.ID, level.ID)
		if len(children) == 0 {
			continue
		}
		slices.SortStableFunc(children, func(a, b geo.Zone) int { return strings.Compare(text.Fold(a.Name), text.Fold(b.Name)) })
		name := strings.TrimPrefix(level.ID, "fr:")
		group := territoryGroup{ID: "in-" + name, Label: level.Name(v.lang), Open: len(children) <= fewChildren}
		for _, child := range children[:min(len(children), mostChildren)] {
			group.Items = append(group.Items, Link{child.Name, v.path(child.Path())})
		}
		groups = append(groups, group)
	}
	return groups
}
