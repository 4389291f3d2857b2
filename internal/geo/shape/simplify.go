package shape

import (
	"math"
	"slices"
)

// Simplified drops the points of each ring that lie within so many degrees of
// the line without them (Douglas and Peucker), and what becomes too small to
// have an area. Borders that shapes share need SimplifyTogether.
func (s Shape) Simplified(degrees float64) Shape {
	if degrees <= 0 {
		return s.Oriented()
	}
	return s.mapRings(func(r Ring) Ring { return simplifyLoop(r.clean(), degrees*Unit) })
}

// SimplifyTogether simplifies shapes that share borders, so that they still do:
// each piece of border between two places where three shapes meet is simplified
// once for all. Polygons smaller than so many square degrees go, but for the
// largest of each shape, which stays as it is when it would go.
func SimplifyTogether(shapes []Shape, degrees, least float64) []Shape {
	meeting := meetings(shapes)
	out := make([]Shape, len(shapes))
	for i, s := range shapes {
		large := s.withoutSmall(least * Unit * Unit)
		out[i] = large.mapRings(func(r Ring) Ring { return simplifyBorder(r.clean(), meeting, degrees*Unit) })
		if len(out[i]) == 0 {
			out[i] = large.Oriented()
		}
	}
	return out
}

// withoutSmall drops polygons under an area in square steps, never the largest.
func (s Shape) withoutSmall(least float64) Shape {
	if len(s) == 0 {
		return nil
	}
	largest, most := 0, -1.0
	areas := make([]float64, len(s))
	for i, polygon := range s {
		if len(polygon) > 0 {
			areas[i] = math.Abs(polygon[0].area())
		}
		if areas[i] > most {
			largest, most = i, areas[i]
		}
	}
	var kept Shape
	for i, polygon := range s {
		if i == largest || areas[i] >= least {
			kept = append(kept, polygon)
		}
	}
	return kept
}

// meetings are the points from which more than two, or only one, pieces of
// border start.
func meetings(shapes []Shape) map[Point]bool {
	type pair struct{ one, other Point }
	beside := map[Point]*pair{}
	meeting := map[Point]bool{}
	note := func(at, to Point) {
		known, ok := beside[at]
		switch {
		case !ok:
			beside[at] = &pair{to, to}
		case to == known.one || to == known.other:
		case known.one == known.other:
			known.other = to
		default:
			meeting[at] = true
		}
	}
	for _, s := range shapes {
		for _, polygon := range s {
			for _, ring := range polygon {
				ring = ring.clean()
				for i, p := range ring {
					q := ring[(i+1)%len(ring)]
					note(p, q)
					note(q, p)
				}
			}
		}
	}
	return meeting
}

// simplifyBorder simplifies the pieces of a ring between meetings.
func simplifyBorder(r Ring, meeting map[Point]bool, steps float64) Ring {
	first := slices.IndexFunc(r, func(p Point) bool { return meeting[p] })
	if first < 0 {
		return simplifyLoop(r, steps)
	}
	around := append(append(Ring{}, r[first:]...), r[:first+1]...)
	var out Ring
	start := 0
	for end := 1; end < len(around); end++ {
		if !meeting[around[end]] && end < len(around)-1 {
			continue
		}
		piece := simplifyPiece(around[start:end+1], steps)
		out = append(out, piece[:len(piece)-1]...)
		start = end
	}
	return out
}

// simplifyPiece simplifies a line; the result does not depend on its direction.
func simplifyPiece(line []Point, steps float64) []Point {
	turned := before(line[len(line)-1], line[0])
	if line[0] == line[len(line)-1] && len(line) > 2 {
		turned = before(line[len(line)-2], line[1])
	}
	if turned {
		line = Ring(line).reversed()
	}
	var kept []Point
	if line[0] == line[len(line)-1] {
		kept = keepFar(line, splitOf(line), steps)
	} else {
		kept = keepFar(line, 0, steps)
	}
	if turned {
		kept = Ring(kept).reversed()
	}
	return kept
}

// simplifyLoop simplifies a ring on which nothing is fixed; the result does not
// depend on where it starts nor on its direction.
func simplifyLoop(r Ring, steps float64) Ring {
	if len(r) < 4 {
		return r
	}
	first := 0
	for i := range r {
		if before(r[i], r[first]) {
			first = i
		}
	}
	around := append(append(Ring{}, r[first:]...), r[:first+1]...)
	kept := simplifyPiece(around, steps)
	return kept[:len(kept)-1]
}

func before(a, b Point) bool { return a.X < b.X || a.X == b.X && a.Y < b.Y }

// splitOf is the index of the point of a closed line farthest from its start.
func splitOf(line []Point) int {
	split, most := 0, -1.0
	for i, p := range line {
		if d := distance(p, line[0], line[0], scaleAt(line[0])); d > most {
			split, most = i, d
		}
	}
	return split
}

// scaleAt is how much shorter a degree of longitude is than one of latitude.
func scaleAt(p Point) float64 { return math.Cos(p.Lat() * math.Pi / 180) }

// distance is how far p lies from the segment between a and b, in steps of
// latitude.
func distance(p, a, b Point, scale float64) float64 {
	dx, dy := float64(b.X-a.X)*scale, float64(b.Y-a.Y)
	px, py := float64(p.X-a.X)*scale, float64(p.Y-a.Y)
	if length := dx*dx + dy*dy; length > 0 {
		along := min(max((px*dx+py*dy)/length, 0), 1)
		px, py = px-along*dx, py-along*dy
	}
	return math.Hypot(px, py)
}

// keepFar keeps the ends of a line, the point at split, and what Douglas and
// Peucker keep between.
func keepFar(line []Point, split int, steps float64) []Point {
	keep := make([]bool, len(line))
	last := len(line) - 1
	keep[0], keep[last], keep[split] = true, true, true
	spans := [][2]int{{0, split}, {split, last}}
	scale := scaleAt(line[0])
	for len(spans) > 0 {
		from, to := spans[len(spans)-1][0], spans[len(spans)-1][1]
		spans = spans[:len(spans)-1]
		farthest, most := -1, steps
		for i := from + 1; i < to; i++ {
			if d := distance(line[i], line[from], line[to], scale); d > most {
				farthest, most = i, d
			}
		}
		if farthest >= 0 {
			keep[farthest] = true
			spans = append(spans, [2]int{from, farthest}, [2]int{farthest, to})
		}
	}
	kept := make([]Point, 0, len(line)/4+2)
	for i, p := range line {
		if keep[i] {
			kept = append(kept, p)
		}
	}
	return kept
}
