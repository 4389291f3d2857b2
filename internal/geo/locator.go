package geo

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"sync"

	"grenier/internal/geo/shape"
)

// The size of locator maps in units, and the bytes that the land and what is
// shown on it may weigh.
const (
	locatorWidth, locatorHeight = 320, 180
	mostLand, mostShown         = 1900, 900
)

// Locator draws where a coverage lies: a small map as SVG, at most 3 KB, without
// words. Land has the class land, what is covered the class contour.
func (d *Directory) Locator(ctx context.Context, c Coverage) (string, error) {
	if len(c.Geometry) > 0 || len(c.Zones) > 1 {
		return d.locator(ctx, c)
	}
	now, name := d.above.Load(), fmt.Sprint(c.BBox, c.Zones, c.Box)
	if drawn, ok := d.shelf.locators.get(now, name); ok {
		return drawn, nil
	}
	drawn, err := d.locator(ctx, c)
	if err == nil {
		d.shelf.locators.put(now, name, drawn)
	}
	return drawn, err
}

func (d *Directory) locator(ctx context.Context, c Coverage) (string, error) {
	shown, err := d.shown(ctx, c)
	if err != nil {
		return "", err
	}
	frame, land := d.background(c.BBox)
	svg := `<svg viewBox="0 0 ` + strconv.Itoa(locatorWidth) + ` ` + strconv.Itoa(locatorHeight) + `" aria-hidden="true">`
	if path := land(); path != "" {
		svg += `<path class="land" d="` + path + `"/>`
	}
	return svg + frame.mark(c, shown) + `</svg>`, nil
}

// shown is the area to highlight; none when only the box is known.
func (d *Directory) shown(ctx context.Context, c Coverage) (shape.Shape, error) {
	if area, err := shape.FromGeoJSON(c.Geometry); err == nil {
		return area, nil
	}
	found, err := d.Contours(ctx, c.Zones)
	if err != nil {
		return nil, err
	}
	var all shape.Shape
	for _, id := range c.Zones {
		all = append(all, found[id]...)
	}
	return all, nil
}

// frame is the part of the Earth that a map shows, flat: degrees of longitude
// are as much shorter than those of latitude as in its middle.
type frame struct {
	box    shape.Box
	px, py float64 // units a degree
}

// around returns the frame that shows a box with so much of its size around it.
func around(box shape.Box, margin float64) frame {
	middle := (box[1] + box[3]) / 2
	squeeze := max(math.Cos(middle*math.Pi/180), 0.2)
	const least = 1.5 // degrees
	height := max((box[3]-box[1])*(1+2*margin), least)
	width := max((box[2]-box[0])*(1+2*margin), least)
	unit := min(locatorHeight/height, locatorWidth/(width*squeeze))
	f := frame{px: unit * squeeze, py: unit}
	wide, high := locatorWidth/f.px/2, locatorHeight/f.py/2
	center := (box[0] + box[2]) / 2
	f.box = shape.Box{center - wide, middle - high, center + wide, middle + high}
	return f
}

// background chooses the frame for a box, and the land in it.
func (d *Directory) background(box shape.Box) (frame, func() string) {
	if countryBoxes()["fr"].Holds(box) {
		return franceFrame(), func() string { return franceLand(d) }
	}
	for zone := range d.InLevel("fr:departement") {
		contour, ok := outlineOf()[zone.ID]
		if !ok || zone.Extent == nil {
			continue
		}
		e := zone.Extent
		if near := (shape.Box{e.West - 0.2, e.South - 0.2, e.East + 0.2, e.North + 0.2}); near.Holds(box) {
			f := around(shape.Box{e.West, e.South, e.East, e.North}, 0.15)
			return f, func() string { return f.path(contour, mostLand) }
		}
	}
	margin := 0.3
	if box[2]-box[0] > 180 {
		margin = 0
	}
	f := around(box, margin)
	return f, func() string { return f.path(allLand(), mostLand) }
}

// allLand are the countries put together: coasts alone leave room for detail.
var allLand = sync.OnceValue(func() shape.Shape {
	var countries []shape.Shape
	for _, one := range countryOutlines() {
		countries = append(countries, one.Shape)
	}
	return shape.Dissolve(countries...)
})

func franceFrame() frame { return around(countryBoxes()["fr"], 0.03) }

var (
	franceOnce sync.Once
	francePath string
)

// franceLand is the land of most maps, drawn once.
func franceLand(d *Directory) string {
	franceOnce.Do(func() { francePath = franceFrame().path(d.lightContour("country-subset:fr:metro"), mostLand) })
	return francePath
}

// place is where a point lies on the map.
func (f frame) place(lon, lat float64) (x, y int) {
	return int(math.Round((lon - f.box[0]) * f.px)), int(math.Round((f.box[3] - lat) * f.py))
}

// path draws what the frame shows of an area, as finely as the bytes allow.
func (f frame) path(area shape.Shape, most int) string {
	seen := area.Clip(f.box)
	for pixels := 0.6; pixels < locatorHeight; pixels *= 1.5 {
		if path := f.draw(seen, pixels); len(path) <= most {
			return path
		}
	}
	return ""
}

// draw writes the polygons of an area that are not smaller than some units,
// without the points that lie within as many of the line.
func (f frame) draw(area shape.Shape, pixels float64) string {
	var out []byte
	for _, polygon := range area.Simplified(pixels / f.py) {
		for _, ring := range polygon {
			box := ring.Box()
			if (box[2]-box[0])*f.px < 2*pixels && (box[3]-box[1])*f.py < 2*pixels {
				continue
			}
			out = f.appendRing(out, ring)
		}
	}
	return string(out)
}

func (f frame) appendRing(out []byte, ring shape.Ring) []byte {
	lastX, lastY, steps := 0, 0, 0
	start := len(out)
	for i, p := range ring {
		x, y := f.place(p.Lon(), p.Lat())
		switch {
		case i == 0:
			out = append(out, 'M')
			out = appendPair(out, x, y)
			out = append(out, 'l')
		case x == lastX && y == lastY:
			continue
		default:
			if steps > 0 && x >= lastX {
				out = append(out, ' ')
			}
			out = appendPair(out, x-lastX, y-lastY)
			steps++
		}
		lastX, lastY = x, y
	}
	if steps < 2 {
		return out[:start]
	}
	return append(out, 'z')
}

// appendPair writes two numbers; a minus parts them as well as a space.
func appendPair(out []byte, x, y int) []byte {
	out = strconv.AppendInt(out, int64(x), 10)
	if y >= 0 {
		out = append(out, ' ')
	}
	return strconv.AppendInt(out, int64(y), 10)
}

// small is the size in units under which a dot stands for what is shown.
const small = 8

// mark draws what is covered: its contour, its box, or a dot where it lies.
func (f frame) mark(c Coverage, shown shape.Shape) string {
	if len(shown) == 0 && !c.Box && len(c.Geometry) == 0 {
		return ""
	}
	left, top := f.place(max(c.BBox[0], f.box[0]), min(c.BBox[3], f.box[3]))
	right, bottom := f.place(min(c.BBox[2], f.box[2]), max(c.BBox[1], f.box[1]))
	if right-left < small && bottom-top < small {
		return `<circle class="contour" cx="` + strconv.Itoa((left+right)/2) + `" cy="` + strconv.Itoa((top+bottom)/2) + `" r="` + strconv.Itoa(small/2) + `"/>`
	}
	path := f.path(shown, mostShown)
	if path == "" {
		path = "M" + strconv.Itoa(left) + " " + strconv.Itoa(top) + "H" + strconv.Itoa(right) + "V" + strconv.Itoa(bottom) + "H" + strconv.Itoa(left) + "z"
	}
	return `<path class="contour" d="` + path + `"/>`
}
