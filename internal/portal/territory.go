package portal

import (
	"net/http"
	"net/url"

	"grenier/internal/fault"
)

// territoryRoutes declare the addresses of territories.
func (p *Portal) territoryRoutes(t *table) {
	page(t, "/territories/{level}/{code}", p.leadToTerritory)
	page(t, "/territories/{level}/{code}/{slug}", p.leadToTerritory)
}

type territoryArgs struct {
	Level string `path:"level"`
	Code  string `path:"code"`
}

// leadToTerritory leads to the datasets about a territory.
func (p *Portal) leadToTerritory(v *visit, in territoryArgs) error {
	zone, ok := p.Zones.Get("fr:" + in.Level + ":" + in.Code)
	if !ok {
		return fault.New(fault.NotFound, "There is no such territory.")
	}
	return v.Redirect(http.StatusFound, v.URL(v.path("/datasets/search?geozone="+url.QueryEscape(zone.ID))))
}
