package api

import (
	"net/http"
	"strings"

	"grenier/internal/catalog"
	"grenier/internal/geo"
	"grenier/internal/web"
)

// TerritorySearchResult is a territory offered while somebody types its name
// or one of its codes.
type TerritorySearchResult struct {
	ID       string  `json:"id"`
	ImageURL *string `json:"image_url"`
	Page     string  `json:"page"`
	Parent   *string `json:"parent"`
	Title    string  `json:"title"`
}

// classOffer tells what is offered for a territory from the datasets of the
// catalogue.
const classOffer = "TerritoryDataset"

func (a *API) territoryRoutes() {
	tags := []string{"spatial"}
	list := web.Doc{
		Summary: "List datasets of a zone", Tags: tags, Keep: true,
		Description: "The datasets of the organizations attached to the zone, then the other datasets that cover exactly it. " +
			"The zone is named by its identifier, or as in earlier versions: fr-town-13004, fr/commune/13004, fr:commune:13004@2016-01-01.",
	}
	web.Get[[]DatasetReference](a.v1, "/spatial/zone/{id}/datasets/", list, a.listZoneDatasets)
	list.Summary = "" // other spellings of the same
	for _, spelled := range []string{"{id}", "{level}/{code}", "{country}/{level}/{code}", "{country}/{level}/{code}/{month}/{day}"} {
		if spelled != "{id}" {
			web.Get[[]DatasetReference](a.v1, "/spatial/zone/"+spelled+"/datasets/", list, a.listZoneDatasets)
		}
		web.Get[[]DatasetReference](a.v1, "/spatial/zone/"+spelled+"/datasets", list, a.listZoneDatasets)
	}
	a.sliceRoutes()
	web.Get[[]TerritorySearchResult](a.v1, "/territory/suggest/", web.Doc{
		Summary: "Suggest territories", Tags: tags, Keep: true,
		Description: "Two digits, 2A and 2B name a department, three a department overseas, five an official code or a postal code, " +
			"four letters the beginning of a name. The most populated come first.",
	}, a.suggestTerritories)
}

// spelledZone resolves the zone that the variables of a path spell, whose parts
// may be parted by slashes.
func (a *API) spelledZone(c *web.Call) (geo.Zone, bool) {
	for _, name := range []string{"id", "country", "level"} {
		first := c.Param(name)
		if first == "" {
			continue
		}
		parts := []string{first}
		for _, next := range []string{"level", "code"} {
			if part := c.Param(next); part != "" && next != name {
				parts = append(parts, part)
			}
		}
		return a.Zones.Resolve(strings.Join(parts, "/"))
	}
	return geo.Zone{}, false
}

type zoneDatasetArgs struct {
	Size    int    `query:"size" default:"25" min:"1" max:"1000" help:"The amount of datasets to fetch"`
	Dynamic string `query:"dynamic" help:"Whether to begin with the data that are offered for every territory of the level: 1 or true"`
}

// truths are the spellings of yes in old addresses.
var truths = map[string]bool{"1": true, "true": true, "yes": true, "on": true, "t": true}

func (a *API) listZoneDatasets(c *web.Call, q zoneDatasetArgs) error {
	zone, ok := a.spelledZone(c)
	if !ok {
		return unknownZone()
	}
	keepFor(c, geo.ObjectKind, catalog.KindDataset, catalog.KindOrganization)
	items, err := a.Catalog.TerritoryItems(c.Context(), zone, catalog.TerritoryListing{
		OffersFirst: truths[strings.ToLower(q.Dynamic)], Size: q.Size,
	})
	if err != nil {
		return err
	}
	all := make([]*DatasetReference, len(items))
	for i, item := range items {
		if item.Offer == nil {
			all[i] = datasetReference(item.Dataset)
			continue
		}
		all[i] = offerReference(zone, item, c.Lang)
	}
	return send(c, http.StatusOK, all)
}

// offerReference shows what is offered for a territory like a dataset.
func offerReference(zone geo.Zone, item catalog.TerritoryItem, lang string) *DatasetReference {
	address := item.Address
	if strings.HasPrefix(address, "/") {
		address = link(address)
	}
	return &DatasetReference{
		Class: classOffer, ID: item.Offer.ID, Page: linkTo(zone.Path() + "#" + item.Offer.ID), Title: item.Offer.Title.In(lang), URI: address,
	}
}

type territorySuggestArgs struct {
	Query string `query:"q" required:"true" help:"The name of a territory or its beginning, its official code, or a postal code"`
	Size  int    `query:"size" default:"10" min:"1" max:"20" help:"The amount of suggestions to fetch"`
}

func (a *API) suggestTerritories(c *web.Call, q territorySuggestArgs) error {
	keepFor(c, geo.ObjectKind)
	all := []TerritorySearchResult{}
	for _, zone := range a.Zones.SearchTerritories(q.Query, q.Size) {
		one := TerritorySearchResult{ID: zone.ID, Page: link(zone.Path()), Title: zone.Name}
		if around := a.Zones.Surrounding(zone); around != nil {
			one.Parent = &around.Name
		}
		all = append(all, one)
	}
	return send(c, http.StatusOK, all)
}
