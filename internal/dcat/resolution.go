package dcat

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"grenier/internal/rdf"
)

// lengthUnits are the units of distances by the end of their names, in metres.
var lengthUnits = map[string]struct {
	name   string
	metres float64
}{"FT": {"ft", 0.3048}, "KiloM": {"km", 1000}, "M": {"m", 1}}

// resolution reads how fine spatial data is: "10 m", "1/25000", empty when not
// said. Of several distances it is the largest, of several scales the smallest.
func (r *reader) resolution(s rdf.Term) string {
	text, most := "", -1.0
	for _, value := range r.texts(s, nsDCAT+"spatialResolutionInMeters") {
		if v, ok := measure(value); ok && v > most {
			text, most = format(v)+" m", v
		}
	}
	if text != "" {
		return text
	}
	scale := math.Inf(1)
	for _, o := range r.Objects(s, nsDQV+"hasQualityMeasurement") {
		of, _ := r.Object(o, nsDQV+"isMeasurementOf")
		v, ok := measure(r.text(o, nsDQV+"value"))
		if !ok {
			continue
		}
		switch of.Value {
		case nsGeoDCAT + "spatialResolutionAsDistance":
			unit, known := lengthUnits[lastPart(r.address(o, nsSDMX+"unitMeasure"))]
			if known && v*unit.metres > most {
				text, most = format(v)+" "+unit.name, v*unit.metres
			}
		case nsGeoDCAT + "spatialResolutionAsScale":
			scale = min(scale, v)
		}
	}
	if denominator := math.Round(1 / scale); text == "" && scale > 0 && denominator >= 1 && denominator <= 1e8 {
		return fmt.Sprintf("1/%.0f", denominator)
	}
	return text
}

func measure(text string) (float64, bool) {
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	return v, err == nil && v > 0 && !math.IsInf(v, 0)
}

func format(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
