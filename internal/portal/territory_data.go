package portal

import (
	"context"
	"encoding/json"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"

	"grenier/internal/fault"
	"grenier/internal/geo"
	"grenier/internal/geo/shape"
	"grenier/internal/web"
)

// territoryOffers are the data of a territory that exist for every one of its
// level.
func (v *visit) territoryOffers(zone geo.Zone) ([]territoryOffer, error) {
	items, err := v.p.Catalog.TerritoryOffers(v.Context(), zone)
	if err != nil || len(items) == 0 {
		return nil, err
	}
	producers, err := v.p.Catalog.TerritoryProducers(v.Context(), items)
	if err != nil {
		return nil, err
	}
	offers := make([]territoryOffer, len(items))
	for i, item := range items {
		offers[i] = territoryOffer{
			ID: item.Offer.ID, Title: item.Offer.Title.In(v.lang), Description: v.prose(item.Offer.Description.In(v.lang)).HTML,
			Covered: item.Offer.TemporalCoverage, License: item.Offer.License, URL: item.Address, Outside: !strings.HasPrefix(item.Address, "/"),
		}
		known, err := v.licenseNamed(item.Offer.License)
		if err != nil {
			return nil, err
		}
		if known != nil {
			offers[i].License = v.licenseTitle(known)
		}
		if o := producers[item.Offer.Organization]; o != nil {
			offers[i].Producer = Link{o.Name, v.path("/organizations/" + o.Slug)}
		}
	}
	return offers, nil
}

// zoneMap draws where a zone lies, nil when that is not known.
func (v *visit) zoneMap(zone geo.Zone) (*territoryMap, error) {
	covered, found, err := v.p.Zones.Coverage(v.Context(), []string{zone.ID}, nil)
	if err != nil || !found {
		return nil, err
	}
	contour := ""
	if len(covered.Zones) > 0 || covered.Box {
		contour = strings.TrimSuffix(zone.Path(), "/"+zone.Slug()) + "/contour.geojson"
	}
	return v.mapOf(covered, contour)
}

// mapOf draws a coverage; contour is the path of its GeoJSON, empty for none.
func (v *visit) mapOf(covered geo.Coverage, contour string) (*territoryMap, error) {
	picture, err := v.p.Zones.Locator(v.Context(), covered)
	if err != nil {
		return nil, err
	}
	m := &territoryMap{Picture: template.HTML(picture), Tiles: v.p.MapTiles, Attribution: v.p.MapAttribution, Contour: contour}
	for i, side := range covered.BBox {
		if i > 0 {
			m.BBox += ","
		}
		m.BBox += strconv.FormatFloat(side, 'f', -1, 64)
	}
	return m, nil
}

// serveContour answers with the contour of a territory as GeoJSON, for maps: its
// box when no contour is known.
func (p *Portal) serveContour(c *web.Call, in territoryArgs) error {
	zone, ok := p.Zones.Territory(in.Level, in.Code)
	if !ok {
		return fault.New(fault.NotFound, "There is no such territory.")
	}
	covered, _, err := p.Zones.Coverage(c.Context(), []string{zone.ID}, nil)
	if err != nil {
		return err
	}
	body, err := p.drawnCoverage(c.Context(), covered)
	if err != nil {
		return err
	}
	c.Keep(time.Time{}, web.Epoch(geo.ObjectKind))
	return c.Blob(http.StatusOK, "application/geo+json", body)
}

// drawnCoverage is what a map of a coverage draws, as GeoJSON.
func (p *Portal) drawnCoverage(ctx context.Context, covered geo.Coverage) ([]byte, error) {
	contours, err := p.Zones.Contours(ctx, covered.Zones)
	if err != nil {
		return nil, err
	}
	body := []byte(`{"type":"FeatureCollection","features":[`)
	add := func(geometry []byte) {
		if body[len(body)-1] == '}' {
			body = append(body, ',')
		}
		body = append(append(append(body, `{"type":"Feature","properties":{},"geometry":`...), geometry...), '}')
	}
	for _, id := range covered.Zones {
		if contour, ok := contours[id]; ok {
			add(contour.GeoJSON())
		}
	}
	if json.Valid(covered.Geometry) {
		add(covered.Geometry)
	}
	if covered.Box {
		add(boxShape(covered.BBox).GeoJSON())
	}
	return append(body, "]}"...), nil
}

// boxShape is a box as an area.
func boxShape(box [4]float64) shape.Shape {
	west, south, east, north := box[0], box[1], box[2], box[3]
	return shape.Shape{{{shape.At(west, south), shape.At(east, south), shape.At(east, north), shape.At(west, north)}}}
}
