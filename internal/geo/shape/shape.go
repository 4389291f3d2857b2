// Package shape holds areas of the Earth as polygons: their compact form, their
// GeoJSON (RFC 7946), and the few operations that maps of territories need.
package shape

import "math"

// Unit is how many steps of a Point make a degree: a step is about a metre.
const Unit = 100_000

// Point is a place in steps of longitude and latitude (WGS 84).
type Point struct{ X, Y int32 }

// At returns the point nearest to a place in degrees.
func At(lon, lat float64) Point {
	return Point{int32(math.Round(lon * Unit)), int32(math.Round(lat * Unit))}
}

// Lon is the longitude in degrees.
func (p Point) Lon() float64 { return float64(p.X) / Unit }

// Lat is the latitude in degrees.
func (p Point) Lat() float64 { return float64(p.Y) / Unit }

// Ring is a closed line; its first point is not repeated at its end.
type Ring []Point

// Polygon is an outer ring, and the rings of its holes.
type Polygon []Ring

// Shape is an area made of polygons. Operations return new shapes and never
// write into those they are given.
type Shape []Polygon

// Box is west, south, east, north in degrees.
type Box [4]float64

// Valid tells whether a box lies on the Earth and has its sides in order; a
// single place is a box.
func (b Box) Valid() bool {
	for _, side := range b {
		if math.IsNaN(side) {
			return false
		}
	}
	return b[0] >= -180 && b[2] <= 180 && b[0] <= b[2] && b[1] >= -90 && b[3] <= 90 && b[1] <= b[3]
}

// Join returns the smallest box around both.
func (b Box) Join(other Box) Box {
	return Box{min(b[0], other[0]), min(b[1], other[1]), max(b[2], other[2]), max(b[3], other[3])}
}

// Holds tells whether other lies within the box.
func (b Box) Holds(other Box) bool {
	return b[0] <= other[0] && b[1] <= other[1] && b[2] >= other[2] && b[3] >= other[3]
}

// Meets tells whether the boxes have a place in common.
func (b Box) Meets(other Box) bool {
	return b[0] <= other[2] && other[0] <= b[2] && b[1] <= other[3] && other[1] <= b[3]
}

// Box returns the box around a ring; that of no point is not valid.
func (r Ring) Box() Box {
	west, south, east, north := int32(math.MaxInt32), int32(math.MaxInt32), int32(math.MinInt32), int32(math.MinInt32)
	for _, p := range r {
		west, east = min(west, p.X), max(east, p.X)
		south, north = min(south, p.Y), max(north, p.Y)
	}
	return Box{float64(west) / Unit, float64(south) / Unit, float64(east) / Unit, float64(north) / Unit}
}

// Box returns the box around a shape; false when it has no point.
func (s Shape) Box() (Box, bool) {
	var box Box
	found := false
	for _, polygon := range s {
		if len(polygon) == 0 || len(polygon[0]) == 0 {
			continue
		}
		if one := polygon[0].Box(); found {
			box = box.Join(one)
		} else {
			box, found = one, true
		}
	}
	return box, found
}

// Points counts the points of all rings.
func (s Shape) Points() int {
	count := 0
	for _, polygon := range s {
		for _, ring := range polygon {
			count += len(ring)
		}
	}
	return count
}

// area is the signed area of a ring in square steps: positive when it turns
// left, as outer rings do.
func (r Ring) area() float64 {
	sum := 0.0
	for i, p := range r {
		q := r[(i+1)%len(r)]
		sum += float64(p.X)*float64(q.Y) - float64(q.X)*float64(p.Y)
	}
	return sum / 2
}

// length is the way around a ring in steps.
func (r Ring) length() float64 {
	sum := 0.0
	for i, p := range r {
		q := r[(i+1)%len(r)]
		sum += math.Hypot(float64(p.X)-float64(q.X), float64(p.Y)-float64(q.Y))
	}
	return sum
}

// reversed returns the ring the other way round.
func (r Ring) reversed() Ring {
	turned := make(Ring, len(r))
	for i, p := range r {
		turned[len(r)-1-i] = p
	}
	return turned
}

// holds tells whether a point lies within a ring, by the parity of the edges to
// its right.
func (r Ring) holds(x, y float64) bool {
	inside := false
	for i, p := range r {
		q := r[(i+1)%len(r)]
		py, qy := float64(p.Y), float64(q.Y)
		if (py > y) != (qy > y) && x < float64(p.X)+(y-py)/(qy-py)*(float64(q.X)-float64(p.X)) {
			inside = !inside
		}
	}
	return inside
}

// clean drops points that repeat the one before them.
func (r Ring) clean() Ring {
	kept := make(Ring, 0, len(r))
	for _, p := range r {
		if len(kept) == 0 || kept[len(kept)-1] != p {
			kept = append(kept, p)
		}
	}
	for len(kept) > 1 && kept[0] == kept[len(kept)-1] {
		kept = kept[:len(kept)-1]
	}
	return kept
}

// Oriented drops repeated points and rings without area, and turns outer rings
// left and holes right, as RFC 7946 asks.
func (s Shape) Oriented() Shape { return s.mapRings(Ring.clean) }

// mapRings changes every ring; a polygon goes with its outer ring.
func (s Shape) mapRings(change func(Ring) Ring) Shape {
	out := make(Shape, 0, len(s))
	for _, polygon := range s {
		var made Polygon
		for i, ring := range polygon {
			ring = change(ring)
			area := 0.0
			if len(ring) >= 3 {
				area = ring.area()
			}
			if area == 0 {
				if i == 0 {
					break
				}
				continue
			}
			if (area > 0) != (i == 0) {
				ring = ring.reversed()
			}
			made = append(made, ring)
		}
		if len(made) > 0 {
			out = append(out, made)
		}
	}
	return out
}

// Rounded moves every point to the nearest multiple of grid steps. Shapes that
// share borders still do.
func (s Shape) Rounded(grid int32) Shape {
	if grid <= 1 {
		return s.Oriented()
	}
	return s.mapRings(func(r Ring) Ring {
		moved := make(Ring, len(r))
		for i, p := range r {
			moved[i] = Point{nearest(p.X, grid), nearest(p.Y, grid)}
		}
		return moved.clean()
	})
}

func nearest(value, grid int32) int32 {
	return int32(math.Round(float64(value)/float64(grid))) * grid
}
