package shape

import (
	"cmp"
	"math"
	"slices"
)

// segment is a piece of border from one point to the next.
type segment struct{ from, to Point }

// thin is the width in steps (50 m) under which a gap between shapes whose
// borders do not quite agree is closed.
const thin = 50

// Dissolve joins shapes into one: borders that two of them share go. They must
// share them point for point; where they do not, both borders stay.
func Dissolve(shapes ...Shape) Shape {
	next := outerSegments(shapes)
	var outer, holes []Ring
	for _, ring := range stitch(next) {
		switch area := ring.area(); {
		case area > 0:
			outer = append(outer, ring)
		case 2*-area/ring.length() > thin:
			holes = append(holes, ring)
		}
	}
	return nest(outer, holes)
}

// outerSegments are the segments that no second shape shares, by where they
// start.
func outerSegments(shapes []Shape) map[Point][]Point {
	seen := map[segment]int{}
	for _, s := range shapes {
		for _, polygon := range s.Oriented() {
			for _, ring := range polygon {
				for i, p := range ring {
					q := ring[(i+1)%len(ring)]
					if seen[segment{q, p}] > 0 {
						seen[segment{q, p}]--
					} else {
						seen[segment{p, q}]++
					}
				}
			}
		}
	}
	next := make(map[Point][]Point, len(seen)/4)
	for one, count := range seen {
		for range count { // all of them: as many arrive in each point as leave it
			next[one.from] = append(next[one.from], one.to)
		}
	}
	for _, to := range next {
		slices.SortFunc(to, comparePoints)
	}
	return next
}

func comparePoints(a, b Point) int { return cmp.Or(cmp.Compare(a.X, b.X), cmp.Compare(a.Y, b.Y)) }

// stitch walks along segments and cuts off a ring each time it comes back to
// where it was.
func stitch(next map[Point][]Point) []Ring {
	starts := make([]Point, 0, len(next))
	for p := range next {
		starts = append(starts, p)
	}
	slices.SortFunc(starts, comparePoints)
	var rings []Ring
	for _, start := range starts {
		for len(next[start]) > 0 {
			rings = append(rings, walk(next, start)...)
		}
	}
	return rings
}

func walk(next map[Point][]Point, start Point) []Ring {
	var rings []Ring
	path := Ring{start}
	place := map[Point]int{start: 0}
	for {
		here := path[len(path)-1]
		ways := next[here]
		if len(ways) == 0 {
			return rings
		}
		to := ways[0]
		next[here] = ways[1:]
		if at, been := place[to]; been {
			if ring := slices.Clone(path[at:]); len(ring) >= 3 && ring.area() != 0 {
				rings = append(rings, ring)
			}
			for _, p := range path[at+1:] {
				delete(place, p)
			}
			path = path[:at+1]
			if at == 0 && len(next[start]) == 0 {
				return rings
			}
			continue
		}
		place[to] = len(path)
		path = append(path, to)
	}
}

// nest gives each hole to the smallest ring around it; holes that nothing
// surrounds go.
func nest(outer, holes []Ring) Shape {
	slices.SortStableFunc(outer, func(a, b Ring) int { return cmp.Compare(b.area(), a.area()) })
	s := make(Shape, len(outer))
	boxes := make([]Box, len(outer))
	for i, ring := range outer {
		s[i], boxes[i] = Polygon{ring}, ring.Box()
	}
	for _, hole := range holes {
		box := hole.Box()
		for i := len(outer) - 1; i >= 0; i-- {
			if boxes[i].Holds(box) && mostlyWithin(outer[i], hole) {
				s[i] = append(s[i], hole)
				break
			}
		}
	}
	return s
}

// mostlyWithin tells whether a ring holds another, by the middles of a few of
// its edges: corners may lie on the border.
func mostlyWithin(outer, inner Ring) bool {
	const most = 9
	every := max(len(inner)/most, 1)
	votes, asked := 0, 0
	for i := 0; i < len(inner); i += every {
		p, q := inner[i], inner[(i+1)%len(inner)]
		if outer.holds((float64(p.X)+float64(q.X))/2, (float64(p.Y)+float64(q.Y))/2) {
			votes++
		}
		asked++
	}
	return 2*votes > asked
}

// Clip cuts a shape at the sides of a box (Sutherland and Hodgman). Parts that
// the box cuts apart stay joined along its sides, which fills show rightly.
func (s Shape) Clip(box Box) Shape {
	low, high := At(box[0], box[1]), At(box[2], box[3])
	var near Shape
	for _, polygon := range s {
		if len(polygon) > 0 && len(polygon[0]) > 0 && polygon[0].Box().Meets(box) {
			near = append(near, polygon)
		}
	}
	return near.mapRings(func(r Ring) Ring {
		r = clipSide(r, func(p Point) float64 { return float64(p.X) - float64(low.X) })
		r = clipSide(r, func(p Point) float64 { return float64(high.X) - float64(p.X) })
		r = clipSide(r, func(p Point) float64 { return float64(p.Y) - float64(low.Y) })
		return clipSide(r, func(p Point) float64 { return float64(high.Y) - float64(p.Y) }).clean()
	})
}

// clipSide keeps what lies where inside is not negative.
func clipSide(r Ring, inside func(Point) float64) Ring {
	out := make(Ring, 0, len(r)+4)
	for i, p := range r {
		q := r[(i+1)%len(r)]
		dp, dq := inside(p), inside(q)
		if dp >= 0 {
			out = append(out, p)
		}
		if (dp >= 0) != (dq >= 0) {
			t := dp / (dp - dq)
			out = append(out, Point{
				int32(math.Round(float64(p.X) + t*(float64(q.X)-float64(p.X)))),
				int32(math.Round(float64(p.Y) + t*(float64(q.Y)-float64(p.Y)))),
			})
		}
	}
	return out
}
