package csw

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"grenier/internal/dcat"
	"grenier/internal/rdf"
)

// extents are the extents of the resource.
func (m *iso) extents() []*rdf.Element { return all(m.id, "extent/EX_Extent") }

// geometry joins the bounding boxes, each once.
func (m *iso) geometry() json.RawMessage {
	var shapes [][][][2]float64
	seen := map[[4]float64]bool{}
	for _, extent := range m.extents() {
		for _, box := range all(extent, "geographicElement/EX_GeographicBoundingBox") {
			side, ok := sides(box)
			if !ok || seen[side] {
				continue
			}
			seen[side] = true
			w, e, s, n := side[0], side[1], side[2], side[3]
			shapes = append(shapes, [][][2]float64{{{w, n}, {e, n}, {e, s}, {w, s}, {w, n}}})
		}
	}
	if shapes == nil {
		return nil
	}
	text, err := json.Marshal(map[string]any{"type": "MultiPolygon", "coordinates": shapes})
	if err != nil {
		return nil
	}
	return text
}

// sides are west, east, south and north of a box in degrees.
func sides(box *rdf.Element) (side [4]float64, ok bool) {
	for i, name := range []string{"westBoundLongitude", "eastBoundLongitude", "southBoundLatitude", "northBoundLatitude"} {
		number, err := strconv.ParseFloat(plain(first(box, name)), 64)
		most := 90.0
		if i < 2 {
			most = 360
		}
		if err != nil || math.IsNaN(number) || math.Abs(number) > most {
			return side, false
		}
		side[i] = number
	}
	return side, true
}

// period is the time that the resource covers: the first extent that says one.
func (m *iso) period() *dcat.Period {
	for _, extent := range m.extents() {
		for _, time := range all(extent, "temporalElement/*/extent/*") {
			if time.Local == "TimeInstant" {
				at := position(first(time, "timePosition"))
				if p := dcat.PeriodOf(at, at); p != nil {
					return p
				}
				continue
			}
			begin := first(time, "beginPosition", "begin/TimeInstant/timePosition")
			end := first(time, "endPosition", "end/TimeInstant/timePosition")
			if begin == none || end == none {
				continue
			}
			if p := dcat.PeriodOf(position(begin), position(end)); p != nil {
				return p
			}
		}
	}
	return nil
}

func position(e *rdf.Element) string { return strings.TrimSpace(e.Text) }

// units are metres by the names of units.
var units = map[string]float64{"m": 1, "metre": 1, "meter": 1, "9001": 1, "km": 1000, "kilometre": 1000, "9036": 1000, "ft": 0.3048, "foot": 0.3048, "[ft_i]": 0.3048, "9002": 0.3048}

// resolution is the coarsest distance on the ground, in metres, else the coarsest
// scale.
func (m *iso) resolution() string {
	metres, scale := 0.0, 0
	for _, each := range all(m.id, "spatialResolution/MD_Resolution") {
		for _, distance := range all(each, "distance/*") {
			value, err := strconv.ParseFloat(strings.TrimSpace(distance.Text), 64)
			unit := distance.Attr("uom")
			if unit = strings.ToLower(unit[strings.LastIndexAny(unit, "#:/")+1:]); err == nil && value > 0 {
				metres = max(metres, value*units[unit])
			}
		}
		denominator := first(each, "equivalentScale/MD_RepresentativeFraction/denominator/*")
		if value, err := strconv.Atoi(strings.TrimSpace(denominator.Text)); err == nil {
			scale = max(scale, value)
		}
	}
	switch {
	case metres > 0:
		return strconv.FormatFloat(math.Round(metres*1e6)/1e6, 'f', -1, 64) + " m"
	case scale > 0:
		return "1/" + strconv.Itoa(scale)
	}
	return ""
}

// languages are the codes of ISO 639-1 by those of ISO 639-2.
var languages = map[string]string{
	"bul": "bg", "cze": "cs", "ces": "cs", "dan": "da", "ger": "de", "deu": "de", "gre": "el", "ell": "el", "eng": "en", "spa": "es", "est": "et",
	"fin": "fi", "fre": "fr", "fra": "fr", "gle": "ga", "hrv": "hr", "ita": "it", "lav": "lv", "lit": "lt", "hun": "hu", "mlt": "mt", "dut": "nl",
	"nld": "nl", "pol": "pl", "por": "pt", "rum": "ro", "ron": "ro", "slo": "sk", "slk": "sk", "slv": "sl", "swe": "sv",
}

// alpha2 is a language by its code of two letters where it has one.
func alpha2(code string) string {
	code = strings.ToLower(strings.TrimSpace(code))
	code = code[strings.LastIndexByte(code, '/')+1:]
	if short, ok := languages[code]; ok {
		return short
	}
	return code
}
