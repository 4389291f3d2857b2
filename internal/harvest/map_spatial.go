package harvest

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"grenier/internal/catalog"
	"grenier/internal/geo"
	"grenier/internal/text"
)

// spatial maps a coverage. Zones go before a shape; of a shape the polygons are
// kept.
func (m *mapping) spatial(s *Spatial) (in catalog.SpatialInput, ok bool) {
	if s == nil {
		return in, false
	}
	in.Zones = m.zones(s.Zones)
	if s.Granularity != "" {
		in.Granularity = granularityOf(s.Granularity)
		if in.Granularity == "" {
			m.log("warning", "The granularity %q is not known: it is left out.", s.Granularity)
		}
	}
	if s.Geometry != nil {
		polygons := m.polygons(s.Geometry)
		switch {
		case len(polygons) == 0:
		case len(in.Zones) > 0:
			m.log("info", "Both zones and a shape are told: the zones are kept.")
		default:
			in.Geometry, _ = json.Marshal(map[string]any{"type": "MultiPolygon", "coordinates": polygons}) // numbers that are finite
		}
	}
	return in, len(in.Zones) > 0 || in.Geometry != nil || in.Granularity != ""
}

func granularityOf(given string) string {
	given = strings.ToLower(strings.TrimSpace(given))
	if geo.IsGranularity(given) {
		return given
	}
	if level, _, ok := geo.ParseID(given + ":x"); ok && geo.IsGranularity(level) {
		return level
	}
	return ""
}

// zones finds the territories that are named: by an identifier or an address of an
// authority, or by a name that one alone bears.
func (m *mapping) zones(names []string) []string {
	var ids []string
	for _, name := range names {
		if len(ids) == maxMappedZones {
			m.log("warning", "Only the first %d zones are kept.", maxMappedZones)
			break
		}
		name = cleanLine(name)
		if zone, ok := m.mapper.zone(name); ok {
			ids = append(ids, zone)
		} else if name != "" {
			m.log("warning", "The zone %q is not known: it is left out.", cut(name))
		}
	}
	return ids
}

const maxMappedZones = 5000

func (m *Mapper) zone(name string) (string, bool) {
	if m.zonesKnown == nil || name == "" {
		return "", false
	}
	if zone, ok := m.zonesKnown.Resolve(name); ok {
		return zone.ID, true
	}
	zone, ambiguous, ok := m.zonesKnown.ByName(name)
	if !ok || ambiguous || text.Slug(zone.Name) != text.Slug(name) {
		return "", false
	}
	return zone.ID, true
}

// polygon is a list of rings of positions.
type polygon [][][]float64

// Bounds of shapes: how deep geometries lie within others, and how many positions
// they have in all.
const (
	maxShapeDepth = 8
	maxPositions  = 100_000
)

// polygons are those of any geometry of GeoJSON, each once.
func (m *mapping) polygons(geometry any) []polygon {
	raw, err := json.Marshal(geometry)
	if text, is := geometry.(string); is {
		raw, err = []byte(text), nil
	}
	if err != nil || len(raw) > 4<<20 {
		m.log("warning", "The shape cannot be read: it is left out.")
		return nil
	}
	var reader shapeReader
	reader.read(raw, 0)
	if reader.wrong != "" {
		m.log("warning", "%s", reader.wrong)
	}
	if reader.positions > maxPositions {
		m.log("warning", "The shape has more than %d points: it is left out.", maxPositions)
		return nil
	}
	return reader.found
}

// shapeReader collects the polygons of a geometry.
type shapeReader struct {
	found     []polygon
	seen      map[string]bool
	positions int
	wrong     string
}

func (r *shapeReader) read(raw []byte, depth int) {
	var g struct {
		Type        string            `json:"type"`
		Coordinates json.RawMessage   `json:"coordinates"`
		Geometries  []json.RawMessage `json:"geometries"`
		Geometry    json.RawMessage   `json:"geometry"`
		Features    []json.RawMessage `json:"features"`
	}
	if depth > maxShapeDepth || json.Unmarshal(raw, &g) != nil {
		r.wrong = "The shape is no GeoJSON: it is left out."
		return
	}
	switch g.Type {
	case "Polygon":
		var p polygon
		if json.Unmarshal(g.Coordinates, &p) != nil {
			r.wrong = "The coordinates of the shape cannot be read: it is left out."
			return
		}
		r.add(p)
	case "MultiPolygon":
		var all []polygon
		if json.Unmarshal(g.Coordinates, &all) != nil {
			r.wrong = "The coordinates of the shape cannot be read: it is left out."
			return
		}
		for _, p := range all {
			r.add(p)
		}
	case "GeometryCollection":
		for _, one := range g.Geometries {
			r.read(one, depth+1)
		}
	case "Feature":
		r.read(g.Geometry, depth+1)
	case "FeatureCollection":
		for _, one := range g.Features {
			r.read(one, depth+1)
		}
	default:
		r.wrong = fmt.Sprintf("A shape of the type %q has no area: it is left out.", cut(g.Type))
	}
}

// roundingError is how far beyond the edge of the world a position may lie.
const roundingError = 1e-6

// add takes a polygon whose positions are on the Earth.
func (r *shapeReader) add(p polygon) {
	if len(p) == 0 {
		return
	}
	for _, ring := range p {
		if len(ring) < 4 {
			r.wrong = "A ring of the shape has less than four points: it is left out."
			return
		}
		r.positions += len(ring)
		for i, position := range ring {
			if len(position) < 2 || !onEarth(position[0], 180) || !onEarth(position[1], 90) {
				r.wrong = "The shape is not in degrees of longitude and latitude: it is left out."
				return
			}
			ring[i] = []float64{max(-180, min(180, position[0])), max(-90, min(90, position[1]))}
		}
		if last := len(ring) - 1; ring[0][0] != ring[last][0] || ring[0][1] != ring[last][1] {
			r.wrong = "A ring of the shape is not closed: it is left out."
			return
		}
	}
	key, _ := json.Marshal(p) // finite numbers
	if r.seen == nil {
		r.seen = map[string]bool{}
	}
	if !r.seen[string(key)] {
		r.seen[string(key)] = true
		r.found = append(r.found, p)
	}
}

func onEarth(degrees, most float64) bool {
	return !math.IsNaN(degrees) && math.Abs(degrees) <= most+roundingError
}
