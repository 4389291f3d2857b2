package shape

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
)

// GeoJSON writes a shape as a MultiPolygon with as many decimals as it has.
func (s Shape) GeoJSON() []byte {
	out := make([]byte, 0, 64+22*s.Points())
	out = append(out, `{"type":"MultiPolygon","coordinates":[`...)
	for i, polygon := range s {
		out = append(separate(out, i), '[')
		for j, ring := range polygon {
			out = append(separate(out, j), '[')
			for k := 0; k <= len(ring) && len(ring) > 0; k++ {
				p := ring[k%len(ring)]
				out = append(separate(out, k), '[')
				out = append(appendDegrees(out, p.X), ',')
				out = append(appendDegrees(out, p.Y), ']')
			}
			out = append(out, ']')
		}
		out = append(out, ']')
	}
	return append(out, "]}"...)
}

func separate(out []byte, index int) []byte {
	if index > 0 {
		return append(out, ',')
	}
	return out
}

// appendDegrees writes a number of steps as degrees, without zeros at the end.
func appendDegrees(out []byte, steps int32) []byte {
	return strconv.AppendFloat(out, float64(steps)/Unit, 'f', -1, 64)
}

// ErrNoArea tells that a geometry is not made of polygons.
var ErrNoArea = errors.New("the geometry is not a Polygon or a MultiPolygon")

// FromGeoJSON reads a Polygon or a MultiPolygon in degrees. Heights are
// dropped, rings without area too.
func FromGeoJSON(geometry []byte) (Shape, error) {
	var head struct {
		Type        string          `json:"type"`
		Coordinates json.RawMessage `json:"coordinates"`
	}
	if err := json.Unmarshal(geometry, &head); err != nil {
		return nil, fmt.Errorf("the geometry is no GeoJSON: %w", err)
	}
	coordinates := head.Coordinates
	switch head.Type {
	case "MultiPolygon":
	case "Polygon":
		coordinates = bytes.Join([][]byte{[]byte("["), coordinates, []byte("]")}, nil)
	default:
		return nil, ErrNoArea
	}
	var given [][][][]float64
	if err := json.Unmarshal(coordinates, &given); err != nil {
		return nil, fmt.Errorf("the coordinates cannot be read: %w", err)
	}
	s := make(Shape, len(given))
	for i, polygon := range given {
		s[i] = make(Polygon, len(polygon))
		for j, ring := range polygon {
			s[i][j] = make(Ring, len(ring))
			for k, place := range ring {
				if len(place) < 2 || !onEarth(place[0], place[1]) {
					return nil, fmt.Errorf("%v is no longitude and latitude", place)
				}
				s[i][j][k] = At(place[0], place[1])
			}
		}
	}
	s = s.Oriented()
	if len(s) == 0 {
		return nil, ErrNoArea
	}
	return s, nil
}

func onEarth(lon, lat float64) bool { return math.Abs(lon) <= 180 && math.Abs(lat) <= 90 }

// maxDepth bounds how deep geometries may lie within one another.
const maxDepth = 8

// BoxOf returns the box around any GeoJSON geometry, or around the shape of a
// Feature or FeatureCollection. It is false for what is not GeoJSON, has no
// place, or has one which is not on the Earth.
func BoxOf(geometry []byte) (Box, bool) {
	box := Box{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
	ok := extend(&box, geometry, 0)
	return box, ok && box.Valid()
}

func extend(box *Box, geometry []byte, depth int) bool {
	var node struct {
		Type        string            `json:"type"`
		Coordinates any               `json:"coordinates"`
		Geometries  []json.RawMessage `json:"geometries"`
		Features    []json.RawMessage `json:"features"`
		Geometry    json.RawMessage   `json:"geometry"`
	}
	if depth > maxDepth || json.Unmarshal(geometry, &node) != nil {
		return false
	}
	inner := append(node.Geometries, node.Features...)
	if len(node.Geometry) > 0 {
		inner = append(inner, node.Geometry)
	}
	for _, one := range inner {
		if !extend(box, one, depth+1) {
			return false
		}
	}
	if node.Coordinates == nil {
		return len(inner) > 0
	}
	return extendBy(box, node.Coordinates, 0)
}

func extendBy(box *Box, coordinates any, depth int) bool {
	list, ok := coordinates.([]any)
	if !ok || depth > maxDepth {
		return false
	}
	if len(list) > 0 {
		if lon, number := list[0].(float64); number {
			if len(list) < 2 {
				return false
			}
			lat, number := list[1].(float64)
			if !number || !onEarth(lon, lat) {
				return false
			}
			*box = box.Join(Box{lon, lat, lon, lat})
			return true
		}
	}
	for _, one := range list {
		if !extendBy(box, one, depth+1) {
			return false
		}
	}
	return true
}
