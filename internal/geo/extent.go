package geo

import (
	"strings"

	"grenier/internal/geo/shape"
)

// world is the zone of everything.
const world = "country-group:world"

// wholeWorld is what maps of the world show: the inhabited latitudes.
var wholeWorld = shape.Box{-180, -60, 180, 84}

// Box returns the box that a map of a zone shows: west, south, east, north in
// degrees. Those of countries hold their main territory. It is false when
// nothing is known of where the zone lies, but perhaps its contour.
func (d *Directory) Box(id string) (shape.Box, bool) {
	if id == world {
		return wholeWorld, true
	}
	found, ok := d.find(id)
	if !ok {
		return shape.Box{}, false
	}
	zone := found.zone()
	if e := zone.Extent; e != nil {
		box := shape.Box{e.West, e.South, e.East, e.North}
		return box, box.Valid()
	}
	if zone.ID == "country-subset:fr:metro" {
		return countryBoxes()["fr"], true
	}
	if box, ok := countryBox(zone); ok {
		return box, true
	}
	if contour, ok := outlineOf()[zone.ID]; ok {
		return contour.Box()
	}
	return d.boxOfParts(zone.ID, 0)
}

// countryBox finds a zone in the table of countries, also by a code of ISO 3166
// that stands for it.
func countryBox(zone Zone) (shape.Box, bool) {
	for _, id := range append([]string{zone.ID}, zone.Former...) {
		if code, ok := strings.CutPrefix(id, "country:"); ok {
			if box, ok := countryBoxes()[code]; ok {
				return box, true
			}
		}
	}
	return shape.Box{}, false
}

// boxOfParts is the box around the zones directly below one that is wider than
// regions.
func (d *Directory) boxOfParts(id string, depth int) (shape.Box, bool) {
	var box shape.Box
	found := false
	if !strings.HasPrefix(id, "country") || depth > 2 {
		return box, false
	}
	for _, part := range d.Children(id, "") {
		one, ok := shape.Box{}, false
		switch {
		case part.Extent != nil:
			one, ok = shape.Box{part.Extent.West, part.Extent.South, part.Extent.East, part.Extent.North}, true
		default:
			if one, ok = countryBox(part); !ok {
				one, ok = d.boxOfParts(part.ID, depth+1)
			}
		}
		switch {
		case ok && one.Valid() && found:
			box = box.Join(one)
		case ok && one.Valid():
			box, found = one, true
		}
	}
	return box, found
}
