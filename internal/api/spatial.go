package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"grenier/internal/fault"
	"grenier/internal/geo"
	"grenier/internal/i18n"
	"grenier/internal/web"
)

// ZoneGeometry is the shape of a zone as GeoJSON, or noGeometry.
type ZoneGeometry = json.RawMessage

// noGeometry stands for the shape of a zone of which none was imported.
var noGeometry = ZoneGeometry(`{"coordinates":null,"type":null}`)

// ZoneProperties describe a zone.
type ZoneProperties struct {
	Code  string  `json:"code"`
	Level string  `json:"level"`
	Name  string  `json:"name"`
	Slug  string  `json:"slug"`
	URI   *string `json:"uri"`
}

// ZoneFeature is a zone as GeoJSON (RFC 7946).
type ZoneFeature struct {
	Geometry   ZoneGeometry   `json:"geometry"`
	ID         string         `json:"id"`
	Properties ZoneProperties `json:"properties"`
	Type       string         `json:"type"`
}

// ZoneCollection is a list of zones as GeoJSON.
type ZoneCollection struct {
	Features []ZoneFeature `json:"features"`
	Type     string        `json:"type"`
}

// BareZone is a zone as GeoJSON; the member for its shape is there when one was
// imported.
type BareZone struct {
	Geometry   ZoneGeometry   `json:"geometry,omitempty"`
	ID         string         `json:"id"`
	Properties ZoneProperties `json:"properties"`
	Type       string         `json:"type"`
}

// CoverageProperties tell how many datasets cover a zone.
type CoverageProperties struct {
	Code     string  `json:"code"`
	Datasets int64   `json:"datasets"`
	Name     string  `json:"name"`
	URI      *string `json:"uri"`
}

// CoverageFeature is a zone with the number of its datasets.
type CoverageFeature struct {
	Geometry   ZoneGeometry       `json:"geometry"`
	ID         string             `json:"id"`
	Properties CoverageProperties `json:"properties"`
	Type       string             `json:"type"`
}

// CoverageCollection is a level of zones with the numbers of their datasets.
type CoverageCollection struct {
	Features []CoverageFeature `json:"features"`
	Type     string            `json:"type"`
}

// TerritorySuggestion is a zone offered while somebody types.
type TerritorySuggestion struct {
	Code  string  `json:"code"`
	ID    string  `json:"id"`
	Level string  `json:"level"`
	Name  string  `json:"name"`
	URI   *string `json:"uri"`
}

const (
	geoFeature    = "Feature"
	geoCollection = "FeatureCollection"
)

func zoneURI(zone geo.Zone) *string {
	if zone.URI == "" {
		return nil
	}
	return &zone.URI
}

func zoneProperties(zone geo.Zone) ZoneProperties {
	return ZoneProperties{Code: zone.Code, Level: zone.Level, Name: zone.Name, Slug: zone.Slug(), URI: zoneURI(zone)}
}

func (a *API) spatialRoutes() {
	tags := []string{"spatial"}
	web.Get[[]TerritorySuggestion](a.v1, "/spatial/zones/suggest/", web.Doc{Summary: "Suggest zones", Tags: tags}, a.suggestZones)
	web.Get[ZoneCollection](a.v1, "/spatial/zones/{ids}/", web.Doc{Summary: "Read zones", Tags: tags}, a.getZones)
	web.Get[BareZone](a.v1, "/spatial/zone/{id}/", web.Doc{Summary: "Read a zone", Tags: tags, NoMask: true}, a.getZone)
	a.territoryRoutes()
	web.Get[[]Named](a.v1, "/spatial/levels/", web.Doc{Summary: "List the levels of zones", Tags: tags, Keep: true}, a.listLevels)
	web.Get[[]Named](a.v1, "/spatial/granularities/", web.Doc{Summary: "List the granularities of coverages", Tags: tags, Keep: true}, a.listGranularities)
	web.Get[CoverageCollection](a.v1, "/spatial/coverage/{level}/", web.Doc{Summary: "Count the datasets of the zones of a level", Tags: tags, Slow: true}, a.getCoverage)
}

func (a *API) suggestZones(c *web.Call, q suggestArgs) error {
	zones := a.Zones.Suggest(q.Query, q.Size)
	all := make([]TerritorySuggestion, len(zones))
	for i, zone := range zones {
		all[i] = TerritorySuggestion{Code: zone.Code, ID: zone.ID, Level: zone.Level, Name: zone.Name, URI: zoneURI(zone)}
	}
	return send(c, http.StatusOK, all)
}

func unknownZone() error { return fault.New(fault.NotFound, "Zone not found") }

// mostShapes is how many zones one answer shows the shapes of; those of longer
// lists are left out.
const mostShapes = 100

func (a *API) getZones(c *web.Call, _ web.None) error {
	var zones []geo.Zone
	var ids []string
	for id := range strings.SplitSeq(c.Param("ids"), ",") {
		zone, ok := a.Zones.Resolve(id)
		if !ok {
			return unknownZone()
		}
		zones, ids = append(zones, zone), append(ids, zone.ID)
	}
	if len(ids) > mostShapes {
		ids = nil
	}
	shapes, err := a.Zones.ImportedContours(c.Context(), ids)
	if err != nil {
		return err
	}
	answer := ZoneCollection{Features: make([]ZoneFeature, len(zones)), Type: geoCollection}
	for i, zone := range zones {
		geometry := noGeometry
		if contour, ok := shapes[zone.ID]; ok {
			geometry = contour.GeoJSON()
		}
		answer.Features[i] = ZoneFeature{Geometry: geometry, ID: zone.ID, Properties: zoneProperties(zone), Type: geoFeature}
	}
	return send(c, http.StatusOK, answer)
}

func (a *API) getZone(c *web.Call, _ web.None) error {
	zone, ok := a.Zones.Resolve(c.Param("id"))
	if !ok {
		return unknownZone()
	}
	shapes, err := a.Zones.ImportedContours(c.Context(), []string{zone.ID})
	if err != nil {
		return err
	}
	answer := BareZone{ID: zone.ID, Properties: zoneProperties(zone), Type: geoFeature}
	if contour, ok := shapes[zone.ID]; ok {
		answer.Geometry = contour.GeoJSON()
	}
	return send(c, http.StatusOK, answer)
}

func (a *API) listLevels(c *web.Call, _ web.None) error {
	var all []Named
	for _, level := range geo.Levels() {
		all = append(all, Named{ID: level.ID, Name: level.Name(c.Lang)})
	}
	c.Keep(time.Time{})
	return send(c, http.StatusOK, all)
}

func (a *API) listGranularities(c *web.Call, _ web.None) error {
	var all []Named
	for _, option := range i18n.List(i18n.Granularity, c.Lang) {
		all = append(all, Named{ID: option.ID, Name: option.Label})
	}
	c.Keep(time.Time{})
	return send(c, http.StatusOK, all)
}

// getCoverage streams the zones of a level: there are tens of thousands of
// communes.
func (a *API) getCoverage(c *web.Call, _ web.None) error {
	level := c.Param("level")
	if !geo.IsLevel(level) {
		return fault.New(fault.NotFound, "Level not found")
	}
	counts, err := a.Catalog.CountByZone(c.Context())
	if err != nil {
		return err
	}
	stream := c.Stream(http.StatusOK, "application/json")
	between := `{"features":[`
	for zone := range a.Zones.InLevel(level) {
		feature, err := render(CoverageFeature{Geometry: noGeometry, ID: zone.ID, Type: geoFeature, Properties: CoverageProperties{
			Code: zone.Code, Datasets: counts[zone.ID], Name: zone.Name, URI: zoneURI(zone),
		}})
		if err != nil {
			return err
		}
		if _, err := stream.Write(append([]byte(between), feature...)); err != nil {
			return err
		}
		between = ","
	}
	end := `],"type":"` + geoCollection + `"}`
	if between != "," {
		end = between + end
	}
	if _, err := stream.Write([]byte(end)); err != nil {
		return err
	}
	return stream.Close()
}
