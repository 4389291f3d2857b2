package dcat

import (
	"encoding/json"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// maxArea is the longest geometry that is written, in bytes.
const maxArea = 1 << 20

// polygons are those of a MultiPolygon: rings of positions in degrees.
type polygons [][][][]float64

// area is a geometry of the catalogue as a MultiPolygon in one spelling; nil
// for what is no sound area.
func area(geometry []byte) json.RawMessage {
	if len(geometry) == 0 || len(geometry) > maxArea {
		return nil
	}
	return areaOf(polygonsOf(geometry))
}

// areaOf writes polygons; nil for none.
func areaOf(all polygons) json.RawMessage {
	if len(all) == 0 {
		return nil
	}
	text, err := json.Marshal(struct {
		Type        string   `json:"type"`
		Coordinates polygons `json:"coordinates"`
	}{"MultiPolygon", all})
	if err != nil {
		return nil
	}
	return text
}

// polygonsOf reads a Polygon or MultiPolygon of GeoJSON; others give none.
func polygonsOf(geometry []byte) polygons {
	var shape struct {
		Type        string
		Coordinates json.RawMessage
	}
	if json.Unmarshal(geometry, &shape) != nil {
		return nil
	}
	var all polygons
	switch shape.Type {
	case "Polygon":
		var one [][][]float64
		if json.Unmarshal(shape.Coordinates, &one) != nil {
			return nil
		}
		all = polygons{one}
	case "MultiPolygon":
		if json.Unmarshal(shape.Coordinates, &all) != nil {
			return nil
		}
	}
	if !all.sound() {
		return nil
	}
	return all
}

// sound tells whether polygons are closed rings of places on the Earth. What
// lies beyond the edge of the map by a rounding is moved onto it; longitudes may
// go on beyond it, for what lies on both sides of the date line.
func (p polygons) sound() bool {
	for _, polygon := range p {
		if len(polygon) == 0 {
			return false
		}
		for _, ring := range polygon {
			if len(ring) < 4 || !slices.Equal(ring[0], ring[len(ring)-1]) {
				return false
			}
			for _, place := range ring {
				if len(place) < 2 || !onMap(&place[0], 180, 360) || !onMap(&place[1], 90, 90) {
					return false
				}
			}
		}
	}
	return true
}

// edge is how far a place may lie beyond the edge of the map, in degrees.
const edge = 1e-6

// onMap brings a coordinate that lies beyond the side of the map by a rounding
// onto it; false for one beyond the most.
func onMap(degrees *float64, side, most float64) bool {
	if far := math.Abs(*degrees); far > side && far <= side+edge {
		*degrees = math.Copysign(side, *degrees)
	}
	return math.Abs(*degrees) <= most
}

// boxRing reads "west,south,east,north" in degrees.
func boxRing(text string) polygons {
	parts := strings.Split(text, ",")
	if len(parts) != 4 {
		return nil
	}
	var side [4]float64
	for i, part := range parts {
		number, err := strconv.ParseFloat(strings.TrimSpace(part), 64)
		if err != nil {
			return nil
		}
		side[i] = number
	}
	w, s, e, n := side[0], side[1], side[2], side[3]
	box := polygons{{{{w, s}, {e, s}, {e, n}, {w, n}, {w, s}}}}
	if !box.sound() {
		return nil
	}
	return box
}

// gmlEnvelope finds the corners of an envelope, and the system of coordinates
// that they are in.
var gmlEnvelope = regexp.MustCompile(`(?s)^\s*<(?:\w+:)?Envelope\b([^>]*)>.*?<(?:\w+:)?lowerCorner\b[^>]*>\s*(\S+)\s+(\S+)\s*<.*?<(?:\w+:)?upperCorner\b[^>]*>\s*(\S+)\s+(\S+)\s*<`)

// envelope reads the box of a GML Envelope. Systems of coordinates that are named
// by a URN or an IRI of OGC have the latitude first, unless it is CRS84.
func envelope(text string) polygons {
	found := gmlEnvelope.FindStringSubmatch(text)
	if found == nil {
		return nil
	}
	system, w, s, e, n := found[1], found[2], found[3], found[4], found[5]
	switch {
	case !strings.Contains(system, "srsName"), strings.Contains(system, "CRS84"), strings.Contains(system, "\"EPSG:4326"):
	case strings.Contains(system, "4326"), strings.Contains(system, "4258"):
		w, s, e, n = s, w, n, e
	default:
		return nil
	}
	return boxRing(w + "," + s + "," + e + "," + n)
}

// wktPolygons reads a POLYGON or MULTIPOLYGON of well-known text, after the IRI
// of its system of coordinates or without one; others give none. Systems in
// which the latitude comes first are turned.
func wktPolygons(text string) polygons {
	text = strings.TrimSpace(text)
	turned := false
	if strings.HasPrefix(text, "<") {
		system, rest, found := strings.Cut(text[1:], ">")
		if !found {
			return nil
		}
		switch lastPart(strings.TrimRight(system, "/")) {
		case "CRS84", "OGC:1.3:CRS84":
		case "4326", "4258":
			turned = true
		default:
			return nil
		}
		text = rest
	}
	text = strings.ToUpper(strings.TrimSpace(text))
	body, multi := strings.CutPrefix(text, "MULTIPOLYGON")
	if !multi {
		var single bool
		if body, single = strings.CutPrefix(text, "POLYGON"); !single {
			return nil
		}
	}
	body = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(body), "Z"))
	r := wktReader{rest: body}
	var all polygons
	if multi {
		all = list(&r, func() [][][]float64 { return list(&r, r.ring) })
	} else {
		all = polygons{list(&r, r.ring)}
	}
	if r.bad || strings.TrimSpace(r.rest) != "" {
		return nil
	}
	if turned {
		for _, polygon := range all {
			for _, ring := range polygon {
				for _, place := range ring {
					place[0], place[1] = place[1], place[0]
				}
			}
		}
	}
	if !all.sound() {
		return nil
	}
	return all
}

// wktReader reads nested lists of positions; after the first fault it is bad.
type wktReader struct {
	rest string
	bad  bool
}

func (r *wktReader) take(c byte) bool {
	r.rest = strings.TrimLeft(r.rest, " \t\r\n")
	if r.rest == "" || r.rest[0] != c {
		return false
	}
	r.rest = r.rest[1:]
	return true
}

func list[T any](r *wktReader, item func() T) []T {
	var items []T
	if !r.take('(') {
		r.bad = true
		return nil
	}
	for !r.bad {
		items = append(items, item())
		if r.take(')') {
			return items
		}
		r.bad = r.bad || !r.take(',')
	}
	return nil
}

func (r *wktReader) ring() [][]float64 { return list(r, r.place) }

func (r *wktReader) place() []float64 {
	end := strings.IndexAny(r.rest, ",)")
	if end < 0 {
		r.bad = true
		return nil
	}
	words := strings.Fields(r.rest[:end])
	r.rest = r.rest[end:]
	if len(words) < 2 || len(words) > 4 {
		r.bad = true
		return nil
	}
	place := make([]float64, 2)
	for i := range place {
		number, err := strconv.ParseFloat(words[i], 64)
		if err != nil {
			r.bad = true
			return nil
		}
		place[i] = number
	}
	return place
}
