package portal

import (
	"slices"
	"strings"

	"grenier/internal/geo"
	"grenier/internal/text"
)

// territoriesPage opens the territories: a search, the regions, a map.
type territoriesPage struct {
	// Query is what was searched; Found are the territories that it means, Missing
	// tells that there are none.
	Query   string
	Found   []territoryRow
	Missing bool
	// Regions and Overseas are those of the country, by name.
	Regions, Overseas []territoryRow
	// Map shows where the mainland lies.
	Map *territoryMap
}

// territoryRow is a territory in a list.
type territoryRow struct {
	Territory territoryLink
	// Code is the official one; In is the territory around, empty for none.
	Code, In   string
	Population int64
	// Datasets counts those that cover exactly this territory.
	Datasets int64
}

// territoriesFound bounds the territories that a search shows.
const territoriesFound = 30

type territoriesArgs struct {
	Query []string `query:"q"`
}

// showTerritories shows the regions, or the territories that a text means.
func (p *Portal) showTerritories(v *visit, in territoriesArgs) error {
	counts, err := p.Catalog.CountByZone(v.Context())
	if err != nil {
		return err
	}
	content := territoriesPage{Query: wordsOf(firstArg(in.Query))}
	for _, zone := range p.Zones.SearchTerritories(content.Query, territoriesFound) {
		content.Found = append(content.Found, v.territoryRow(zone, counts))
	}
	content.Missing = content.Query != "" && len(content.Found) == 0
	for zone := range p.Zones.InLevel("fr:region") {
		row := v.territoryRow(zone, counts)
		if slices.Contains(zone.Parents, mainland) {
			content.Regions = append(content.Regions, row)
			continue
		}
		content.Overseas = append(content.Overseas, row)
	}
	for zone := range p.Zones.InLevel("fr:collectivite") {
		content.Overseas = append(content.Overseas, v.territoryRow(zone, counts))
	}
	for _, rows := range [][]territoryRow{content.Regions, content.Overseas} {
		slices.SortStableFunc(rows, func(a, b territoryRow) int {
			return strings.Compare(text.Fold(a.Territory.Name), text.Fold(b.Territory.Name))
		})
	}
	if zone, ok := p.Zones.Get(mainland); ok {
		if content.Map, err = v.zoneMap(zone); err != nil {
			return err
		}
	}
	return v.show(draft{
		name: "territories", title: v.say.T("territory.all"), description: v.say.T("territory.lead"), path: "/territories",
		args: wordsArg(content.Query), noIndex: content.Query != "", data: content, keys: territoryKeys, until: v.now.Add(countsHold),
		crumbs: []Link{{v.say.T("site.home"), v.path("/")}, {Label: v.say.T("territory.all")}},
	})
}

// mainland is the part of France in Europe.
const mainland = "country-subset:fr:metro"

func (v *visit) territoryRow(zone geo.Zone, counts map[string]int64) territoryRow {
	row := territoryRow{Territory: v.territoryLink(zone), Code: zone.Code, Population: zone.Population, Datasets: counts[zone.ID]}
	if around := v.p.Zones.Surrounding(zone); around != nil {
		row.In = around.Name
	}
	return row
}
