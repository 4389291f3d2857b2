package geo

import (
	"fmt"
	"strconv"
	"strings"
)

// FileMark opens the file of built-in zones; the number is that of the format.
const FileMark = "grenier-zones-1"

// lineFields is the number of tab-separated fields of a line: level, code,
// kind, name, population, parents, extent, aliases, postal codes, former ids.
const lineFields = 10

// EncodeLine writes a zone as a line of the file of built-in zones.
func EncodeLine(zone Zone) string {
	fields := [lineFields]string{
		zone.Level, zone.Code, string(zone.Kind), zone.Name, strconv.FormatInt(zone.Population, 10),
		strings.Join(zone.Parents, ","), zone.Extent.text(3), strings.Join(zone.Aliases, "|"),
		strings.Join(zone.PostalCodes, ","), strings.Join(zone.Former, ","),
	}
	return strings.Join(fields[:], "\t") + "\n"
}

// text writes centre and box as six numbers with so many decimals, or as many
// as they have when negative; three are about a hundred metres. Nil is the
// empty text.
func (e *Extent) text(decimals int) string {
	if e == nil {
		return ""
	}
	numbers := make([]string, 0, 6)
	for _, number := range []float64{e.Lon, e.Lat, e.West, e.South, e.East, e.North} {
		numbers = append(numbers, strconv.FormatFloat(number, 'f', decimals, 64))
	}
	return strings.Join(numbers, ",")
}

// parseExtent reads what text writes, with any number of decimals.
func parseExtent(text string) (*Extent, error) {
	if text == "" {
		return nil, nil
	}
	var numbers [6]float64
	for i := range numbers {
		part, rest, more := strings.Cut(text, ",")
		if more != (i < len(numbers)-1) {
			return nil, fmt.Errorf("the extent %q does not have six numbers", text)
		}
		number, err := strconv.ParseFloat(part, 64)
		if err != nil {
			return nil, fmt.Errorf("the extent holds %q, which is no number", part)
		}
		numbers[i], text = number, rest
	}
	return &Extent{numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5]}, nil
}

// splitList is strings.Split which makes nothing of nothing.
func splitList(text, separator string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, separator)
}
