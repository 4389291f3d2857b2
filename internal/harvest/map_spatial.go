package harvest

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
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
			if len(position) < 2 || !onEarth(position[0], farthest) || !onEarth(position[1], 90) {
				r.wrong = "The shape is not in degrees of longitude and latitude: it is left out."
				return
			}
			ring[i] = []float64{ontoEdge(position[0], 180), ontoEdge(position[1], 90)}
		}
		if last := len(ring) - 1; ring[0][0] != ring[last][0] || ring[0][1] != ring[last][1] {
			r.wrong = "A ring of the shape is not closed: it is left out."
			return
		}
	}
	for _, part := range p.withinTheMap() {
		key, _ := json.Marshal(part) // finite numbers
		if r.seen == nil {
			r.seen = map[string]bool{}
		}
		if !r.seen[string(key)] {
			r.seen[string(key)] = true
			r.found = append(r.found, part)
		}
	}
}

// farthest is the most degrees of a longitude: what lies on both sides of the date
// line may go on beyond it.
const farthest = 360

func onEarth(degrees, most float64) bool {
	return !math.IsNaN(degrees) && math.Abs(degrees) <= most+roundingError
}

// ontoEdge moves what lies beyond an edge by a rounding onto it.
func ontoEdge(degrees, edge float64) float64 {
	if far := math.Abs(degrees); far > edge && far <= edge+roundingError {
		return math.Copysign(edge, degrees)
	}
	return degrees
}

// withinTheMap cuts a polygon at the date line that goes on beyond it (RFC 7946,
// section 3.1.9).
func (p polygon) withinTheMap() []polygon {
	beyond := slices.ContainsFunc(p, func(ring [][]float64) bool {
		return slices.ContainsFunc(ring, func(position []float64) bool { return math.Abs(position[0]) > 180 })
	})
	if !beyond {
		return []polygon{p}
	}
	var parts []polygon
	for _, turn := range []float64{0, -360, 360} {
		var part polygon
		for _, ring := range p {
			turned := make([][]float64, len(ring))
			for i, position := range ring {
				turned[i] = []float64{position[0] + turn, position[1]}
			}
			turned = cutRing(cutRing(turned, 180, 1), -180, -1)
			if turned == nil && part == nil {
				break // nothing of the outline is here
			}
			if turned != nil {
				part = append(part, turned)
			}
		}
		if part != nil {
			parts = append(parts, part)
		}
	}
	return parts
}

// cutRing is the part of a ring on one side of a meridian: west of it with the side
// 1, east of it with -1; nil when nothing is.
func cutRing(ring [][]float64, meridian, side float64) [][]float64 {
	within := func(position []float64) float64 { return (meridian - position[0]) * side }
	var cut [][]float64
	inside := false
	for i := 1; i < len(ring); i++ {
		from, to := ring[i-1], ring[i]
		if within(from) >= 0 {
			cut = append(cut, from)
			inside = inside || within(from) > 0
		}
		if within(from)*within(to) < 0 {
			part := (meridian - from[0]) / (to[0] - from[0])
			cut = append(cut, []float64{meridian, from[1] + part*(to[1]-from[1])})
		}
	}
	if !inside || len(cut) < 3 {
		return nil
	}
	return append(cut, cut[0])
}
