package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/text/language"

	"grenier/internal/geo"
	"grenier/internal/geo/shape"
)

// topology is what is read of a TopoJSON file.
type topology struct {
	Transform struct{ Scale, Translate [2]float64 }
	Arcs      [][][2]float64
	Objects   struct {
		Countries struct {
			Geometries []struct {
				Type       string
				ID         string
				Arcs       json.RawMessage
				Properties struct{ Name string }
			}
		}
	}
}

// unnumbered are the codes of countries which Natural Earth shows without the
// number that ISO 3166 would give them.
var unnumbered = map[string]string{"Kosovo": "xk"}

// readCountries reads the countries of a topology; polygons of one code are
// put together.
func readCountries(path string) ([]geo.Outline, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var t topology
	if err := json.Unmarshal(text, &t); err != nil {
		return nil, err
	}
	place := map[string]int{}
	var all []geo.Outline
	for _, country := range t.Objects.Countries.Geometries {
		code := unnumbered[country.Properties.Name]
		if number, err := strconv.Atoi(country.ID); err == nil {
			region, err := language.EncodeM49(number)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", country.Properties.Name, err)
			}
			code = strings.ToLower(region.String())
		}
		if code == "" || code == "aq" { // Antarctica has the pole inside, which a flat ring cannot show
			continue
		}
		contour, err := t.shape(country.Type, country.Arcs)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", country.Properties.Name, err)
		}
		zone := "country:" + code
		if at, known := place[zone]; known {
			all[at].Shape = append(all[at].Shape, contour...)
			continue
		}
		place[zone] = len(all)
		all = append(all, geo.Outline{Zone: zone, Shape: contour})
	}
	return all, nil
}

func (t *topology) shape(kind string, arcs json.RawMessage) (shape.Shape, error) {
	var polygons [][][]int
	switch kind {
	case "MultiPolygon":
		if err := json.Unmarshal(arcs, &polygons); err != nil {
			return nil, err
		}
	case "Polygon":
		polygons = make([][][]int, 1)
		if err := json.Unmarshal(arcs, &polygons[0]); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("%s is no area", kind)
	}
	var s shape.Shape
	for _, rings := range polygons {
		var polygon shape.Polygon
		for _, ring := range rings {
			var line shape.Ring
			for _, arc := range ring {
				line = append(line, t.arc(arc)...)
			}
			polygon = append(polygon, line)
		}
		s = append(s, polygon)
	}
	return cutAtDateLine(s), nil
}

// cutAtDateLine cuts polygons which go on from 180° east to 180° west in two, as
// RFC 7946 asks.
func cutAtDateLine(s shape.Shape) shape.Shape {
	const turn = 360 * shape.Unit
	var out shape.Shape
	for _, polygon := range s {
		var whole shape.Polygon
		for _, ring := range polygon {
			whole = append(whole, unwrap(ring, turn))
		}
		for shift := int32(-1); shift <= 1; shift++ {
			moved := shape.Shape{nil}
			for _, ring := range whole {
				line := make(shape.Ring, len(ring))
				for i, p := range ring {
					line[i] = shape.Point{X: p.X + shift*turn, Y: p.Y}
				}
				moved[0] = append(moved[0], line)
			}
			out = append(out, moved.Clip(shape.Box{-180, -90, 180, 90})...)
		}
	}
	return out
}

// unwrap lets longitudes run on beyond 180° instead of jumping to the other side.
func unwrap(ring shape.Ring, turn int32) shape.Ring {
	line := make(shape.Ring, len(ring))
	shift := int32(0)
	for i, p := range ring {
		if i > 0 {
			switch step := p.X - ring[i-1].X; {
			case step > turn/2:
				shift -= turn
			case step < -turn/2:
				shift += turn
			}
		}
		line[i] = shape.Point{X: p.X + shift, Y: p.Y}
	}
	return line
}

// arc gives the points of an arc; those of a negative number are turned.
func (t *topology) arc(number int) []shape.Point {
	turned := number < 0
	if turned {
		number = ^number
	}
	var x, y float64
	line := make([]shape.Point, len(t.Arcs[number]))
	for i, step := range t.Arcs[number] {
		x, y = x+step[0], y+step[1]
		p := shape.At(x*t.Transform.Scale[0]+t.Transform.Translate[0], y*t.Transform.Scale[1]+t.Transform.Translate[1])
		at := i
		if turned {
			at = len(line) - 1 - i
		}
		line[at] = p
	}
	return line
}
