package geo

import (
	"context"
	"slices"

	"grenier/internal/geo/shape"
)

// Coverage is what a map of the territory of something shows.
type Coverage struct {
	// BBox is west, south, east, north in degrees.
	BBox [4]float64
	// Zones are those whose contours are drawn.
	Zones []string
	// Geometry is the GeoJSON to draw, when the thing has one of its own
	// which is more than a box.
	Geometry []byte
	// Box tells that BBox itself is drawn, as nothing finer is known.
	Box bool
}

// What a coverage takes into account: zones at all, contours drawn, bytes of a
// geometry.
const (
	mostCovered  = 500
	mostContours = 40
	mostGeometry = 512 << 10
)

// Coverage tells what to show of the zones and the geometry of a dataset. The
// geometry counts when there is a sound one in degrees. It is false when there
// is nothing to show on a map.
func (d *Directory) Coverage(ctx context.Context, zones []string, geometry []byte) (Coverage, bool, error) {
	if covered, ok := coverageOf(geometry); ok {
		return covered, true, nil
	}
	var ids []string
	for _, id := range zones[:min(len(zones), mostCovered)] {
		if zone, ok := d.Resolve(id); ok && !slices.Contains(ids, zone.ID) {
			ids = append(ids, zone.ID)
		}
	}
	return d.coverageOfZones(ctx, ids)
}

// coverageOf is that of a geometry alone.
func coverageOf(geometry []byte) (Coverage, bool) {
	if len(geometry) == 0 || len(geometry) > mostGeometry {
		return Coverage{}, false
	}
	box, ok := shape.BoxOf(geometry)
	if !ok || box == (shape.Box{}) { // 0° 0° is what programs write that know nothing
		return Coverage{}, false
	}
	if worldwide(box) {
		return Coverage{BBox: wholeWorld}, true
	}
	if rectangular(geometry, box) {
		return Coverage{BBox: box, Box: true}, true
	}
	return Coverage{BBox: box, Geometry: geometry}, true
}

// worldwide tells whether a box is so wide that its sides say nothing.
func worldwide(box shape.Box) bool { return box[2]-box[0] >= 350 }

// rectangular tells whether a geometry is just its box.
func rectangular(geometry []byte, box shape.Box) bool {
	area, err := shape.FromGeoJSON(geometry)
	if err != nil || len(area) != 1 || len(area[0]) != 1 || len(area[0][0]) != 4 {
		return false
	}
	low, high := shape.At(box[0], box[1]), shape.At(box[2], box[3])
	for _, p := range area[0][0] {
		if p.X != low.X && p.X != high.X || p.Y != low.Y && p.Y != high.Y {
			return false
		}
	}
	return true
}

func (d *Directory) coverageOfZones(ctx context.Context, ids []string) (Coverage, bool, error) {
	shapes, err := d.Contours(ctx, ids[:min(len(ids), mostContours)])
	if err != nil {
		return Coverage{}, false, err
	}
	var covered Coverage
	found := false
	for _, id := range ids {
		box, ok := d.Box(id)
		if contour, drawn := shapes[id]; drawn {
			covered.Zones = append(covered.Zones, id)
			if !ok {
				box, ok = contour.Box()
			}
		}
		switch {
		case ok && found:
			covered.BBox = shape.Box(covered.BBox).Join(box)
		case ok:
			covered.BBox, found = box, true
		}
	}
	covered.Box = found && len(covered.Zones) == 0 && !worldwide(covered.BBox)
	return covered, found, nil
}
