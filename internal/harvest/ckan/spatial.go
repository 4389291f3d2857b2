package ckan

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// geometryOf makes a MultiPolygon of what the extra "spatial" holds: GeoJSON as an
// object or as a text, or a box of four numbers, west, south, east and north. What has no surface
// is left out; why says so.
func geometryOf(value any) (shape map[string]any, why string) {
	if text, ok := value.(string); ok {
		if box := numbersOf(strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '[' || r == ']' })); len(box) == 4 {
			return boxOf(box)
		}
		value = nil
		if json.Unmarshal([]byte(text), &value) != nil {
			return nil, "it is neither GeoJSON nor a box."
		}
	}
	if list, ok := value.([]any); ok && len(list) == 4 {
		texts := make([]string, len(list))
		for i, one := range list {
			texts[i] = fmt.Sprint(one)
		}
		if box := numbersOf(texts); box != nil {
			return boxOf(box)
		}
	}
	polygons, why := polygonsOf(value, 0)
	if len(polygons) == 0 {
		if why == "" {
			why = "it has no surface."
		}
		return nil, why
	}
	return map[string]any{"type": "MultiPolygon", "coordinates": polygons}, why
}

// polygonsOf are the polygons of a GeoJSON object.
func polygonsOf(value any, depth int) (polygons []any, why string) {
	object, ok := value.(map[string]any)
	if !ok || depth > 8 {
		return nil, "it is no GeoJSON object."
	}
	kind, _ := object["type"].(string)
	coordinates, _ := object["coordinates"].([]any)
	switch kind {
	case "Polygon":
		return validPolygons([]any{coordinates})
	case "MultiPolygon":
		return validPolygons(coordinates)
	case "Feature":
		return polygonsOf(object["geometry"], depth+1)
	case "GeometryCollection", "FeatureCollection":
		parts, _ := object["geometries"].([]any)
		if kind == "FeatureCollection" {
			parts, _ = object["features"].([]any)
		}
		for _, part := range parts {
			more, told := polygonsOf(part, depth+1)
			polygons = append(polygons, more...)
			if told != "" {
				why = "a part of it has no surface."
			}
		}
		return polygons, why
	case "":
		return nil, "it has no type."
	}
	return nil, "a " + kind + " has no surface."
}

// validPolygons checks that polygons are lists of rings of positions.
func validPolygons(polygons []any) ([]any, string) {
	for _, polygon := range polygons {
		rings, ok := polygon.([]any)
		if !ok || len(rings) == 0 {
			return nil, "its coordinates are not those of polygons."
		}
		for _, ring := range rings {
			positions, ok := ring.([]any)
			if !ok || len(positions) < 4 {
				return nil, "a ring of it has fewer than four positions."
			}
			for _, position := range positions {
				numbers, ok := position.([]any)
				if !ok || len(numbers) < 2 {
					return nil, "its coordinates are not those of polygons."
				}
				for _, number := range numbers {
					if _, ok := number.(float64); !ok {
						return nil, "its coordinates are not numbers."
					}
				}
			}
		}
	}
	return polygons, ""
}

func numbersOf(texts []string) []float64 {
	numbers := make([]float64, 0, len(texts))
	for _, text := range texts {
		n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if err != nil || n != n {
			return nil
		}
		numbers = append(numbers, n)
	}
	return numbers
}

func boxOf(b []float64) (map[string]any, string) {
	west, south, east, north := b[0], b[1], b[2], b[3]
	if west < -180 || east > 180 || south < -90 || north > 90 || west >= east || south >= north {
		return nil, "its box is not one of degrees."
	}
	ring := []any{[]any{west, south}, []any{east, south}, []any{east, north}, []any{west, north}, []any{west, south}}
	return map[string]any{"type": "MultiPolygon", "coordinates": []any{[]any{ring}}}, ""
}
