package shape

import (
	"encoding/binary"
	"errors"
)

// ErrDamaged tells that bytes are not those of a shape.
var ErrDamaged = errors.New("the bytes are not those of a shape")

// Encode writes a shape in a compact form: numbers of variable length, each
// point as the way from the one before. grid is what all coordinates are
// multiples of (1 keeps any); see Rounded.
func Encode(s Shape, grid int32) []byte {
	grid = max(grid, 1)
	out := binary.AppendUvarint(nil, uint64(grid))
	out = binary.AppendUvarint(out, uint64(len(s)))
	var last Point
	for _, polygon := range s {
		out = binary.AppendUvarint(out, uint64(len(polygon)))
		for _, ring := range polygon {
			out = binary.AppendUvarint(out, uint64(len(ring)))
			for _, p := range ring {
				p = Point{p.X / grid, p.Y / grid}
				out = binary.AppendVarint(out, int64(p.X)-int64(last.X))
				out = binary.AppendVarint(out, int64(p.Y)-int64(last.Y))
				last = p
			}
		}
	}
	return out
}

// decoder reads numbers; after the first failure it yields zeros.
type decoder struct {
	rest []byte
	bad  bool
}

func (d *decoder) count(least int) int {
	n, size := binary.Uvarint(d.rest)
	if size <= 0 || n > uint64(len(d.rest)-size)/uint64(least) {
		d.bad = true
		return 0
	}
	d.rest = d.rest[size:]
	return int(n)
}

func (d *decoder) step() int64 {
	n, size := binary.Varint(d.rest)
	if size <= 0 {
		d.bad = true
		return 0
	}
	d.rest = d.rest[size:]
	return n
}

// Decode reads what Encode wrote.
func Decode(from []byte) (Shape, error) {
	grid, size := binary.Uvarint(from)
	if size <= 0 || grid == 0 || grid > 180*Unit {
		return nil, ErrDamaged
	}
	d := &decoder{rest: from[size:]}
	var x, y int64
	s := make(Shape, d.count(1))
	for i := range s {
		s[i] = make(Polygon, d.count(1))
		for j := range s[i] {
			ring := make(Ring, d.count(2))
			for k := range ring {
				x, y = x+d.step(), y+d.step()
				lon, lat := x*int64(grid), y*int64(grid)
				if d.bad || lon < -180*Unit || lon > 180*Unit || lat < -90*Unit || lat > 90*Unit {
					return nil, ErrDamaged
				}
				ring[k] = Point{int32(lon), int32(lat)}
			}
			s[i][j] = ring
		}
	}
	if d.bad || len(d.rest) > 0 {
		return nil, ErrDamaged
	}
	return s, nil
}
