package embed

import (
	"html/template"
	"net/url"
	"strings"

	"grenier/internal/catalog"
	"grenier/internal/fault"
	"grenier/internal/geo"
	"grenier/internal/i18n"
	"grenier/internal/text"
	"grenier/internal/web"
)

// territory is the card of a zone: how many datasets there are about it.
func (m *maker) territory(id string) (*card, error) {
	zone, ok := m.e.Zones.Resolve(id)
	if !ok {
		return nil, fault.New(fault.NotFound, "There is no such territory.")
	}
	_, total, err := m.e.Catalog.TerritoryDatasetIDs(m.ctx, zone.ID, catalog.Page{Limit: 1})
	if err != nil {
		return nil, err
	}
	made := &card{
		Kind: "territory", ID: zone.ID, Title: zone.Name, Short: cut(zone.Name, shortTitle), Kicker: i18n.Label(i18n.Granularity, zone.Level, m.say.Lang()),
		URL: m.page(zone.Path()), Share: m.site.Base + "/share/site.png",
		keys: []web.Key{web.Epoch(catalog.KindDataset), web.Epoch(catalog.KindOrganization), web.Epoch(geo.ObjectKind)},
	}
	made.count("datasets", int64(total), m)
	made.count("inhabitants", zone.Population, m)
	return made, nil
}

// territoryData makes the card of data that are offered for a territory.
func (m *maker) territoryData(w *wanted) error {
	zone, item, err := m.e.Catalog.TerritoryOffer(m.ctx, w.key)
	if fault.Is(err, fault.Invalid) {
		w.err = err
		return nil
	}
	if err != nil {
		return err
	}
	w.card, err = m.offered(zone, item)
	return err
}

// offered is the card of data that are offered for a zone.
func (m *maker) offered(zone geo.Zone, item catalog.TerritoryItem) (*card, error) {
	lang, offer := m.say.Lang(), item.Offer
	title := m.say.T("embed.offer", "title", offer.Title.In(lang), "zone", zone.Name)
	made := &card{
		Kind: "territory", ID: zone.ID + ":" + offer.ID, Title: title, Short: cut(title, shortTitle), URL: item.Address,
		Share: m.site.Base + "/share/site.png", Picture: m.site.Base + "/favicon.svg", Period: offer.TemporalCoverage, Place: zone.Name,
		keys: []web.Key{web.Epoch(catalog.KindOrganization), web.Epoch(geo.ObjectKind)},
	}
	if strings.HasPrefix(made.URL, "/") {
		made.URL = m.site.Base + made.URL
	}
	described, _ := text.HTML(offer.Description.In(lang), text.Rendering{Heading: 5})
	made.Described = template.HTML(described)
	producers, err := m.e.Catalog.TerritoryProducers(m.ctx, []catalog.TerritoryItem{item})
	if err != nil {
		return nil, err
	}
	if o := producers[offer.Organization]; o != nil {
		made.Author = &author{o.Name, m.page("/organizations/" + url.PathEscape(o.Slug)), m.picture("organizations", o.ID, "100")}
	}
	if made.License = offer.License; made.License != "" {
		made.LicenseTitle, err = m.license(offer.License)
	}
	return made, err
}
