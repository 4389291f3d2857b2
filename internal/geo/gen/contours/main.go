// Command contours writes the light contours and the boxes of countries that
// the program carries:
//
//	go run ./internal/geo/gen/contours -out internal/geo DEPARTEMENTS.geojson.gz COUNTRIES-50M.json COUNTRIES-10M.json
//
// The first file holds the French départements as GeoJSON whose features have a
// code; the others are the countries of Natural Earth as TopoJSON, as the npm
// package world-atlas has them: the coarser for contours, the finer for boxes.
package main

import (
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"grenier/internal/geo"
	"grenier/internal/geo/shape"
)

// How far light contours may lie from the real border, in degrees; the islands
// which they leave out, in square degrees; what their coordinates are multiples
// of, in hundred-thousandths of a degree.
const (
	departementTolerance, departementIsland, departementGrid = 0.006, 0.0004, 100
	countryTolerance, countryIsland, countryGrid             = 0.08, 0.03, 1000
)

func main() {
	out := flag.String("out", "internal/geo", "folder to write to")
	flag.Parse()
	if flag.NArg() != 3 {
		fmt.Fprintln(os.Stderr, "usage: contours [-out FOLDER] DEPARTEMENTS.geojson.gz COUNTRIES-50M.json COUNTRIES-10M.json")
		os.Exit(2)
	}
	if err := run(*out, flag.Arg(0), flag.Arg(1), flag.Arg(2)); err != nil {
		fmt.Fprintln(os.Stderr, "contours:", err)
		os.Exit(1)
	}
}

func run(out, departements, coarse, fine string) error {
	french, err := readDepartements(departements)
	if err != nil {
		return err
	}
	if err := write(filepath.Join(out, "departements.shapes.zst"), french, departementTolerance, departementIsland, departementGrid); err != nil {
		return err
	}
	world, err := readCountries(coarse)
	if err != nil {
		return err
	}
	if err := write(filepath.Join(out, "countries.shapes.zst"), world, countryTolerance, countryIsland, countryGrid); err != nil {
		return err
	}
	precise, err := readCountries(fine)
	if err != nil {
		return err
	}
	return writeBoxes(filepath.Join(out, "countries.tsv"), precise)
}

func write(path string, outlines []geo.Outline, tolerance, island float64, grid int32) error {
	slices.SortFunc(outlines, func(a, b geo.Outline) int { return strings.Compare(a.Zone, b.Zone) })
	shapes := make([]shape.Shape, len(outlines))
	for i, one := range outlines {
		shapes[i] = one.Shape
	}
	points := 0
	for i, light := range shape.SimplifyTogether(shapes, tolerance, island) {
		outlines[i].Shape = light.Rounded(grid) // nothing is left of what is smaller than the grid
		points += outlines[i].Shape.Points()
	}
	outlines = slices.DeleteFunc(outlines, func(one geo.Outline) bool { return len(one.Shape) == 0 })
	packed, err := geo.EncodeOutlines(outlines, grid)
	if err != nil {
		return err
	}
	fmt.Printf("%s: %d zones, %d points, %d bytes\n", path, len(outlines), points, len(packed))
	return os.WriteFile(path, packed, 0o644)
}

func readDepartements(path string) ([]geo.Outline, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	unpacked, err := gzip.NewReader(file)
	if err != nil {
		return nil, err
	}
	var collection struct {
		Features []struct {
			Geometry   json.RawMessage
			Properties struct{ Code string }
		}
	}
	if err := json.NewDecoder(unpacked).Decode(&collection); err != nil {
		return nil, err
	}
	var all []geo.Outline
	for _, feature := range collection.Features {
		contour, err := shape.FromGeoJSON(feature.Geometry)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", feature.Properties.Code, err)
		}
		all = append(all, geo.Outline{Zone: "fr:departement:" + feature.Properties.Code, Shape: contour})
	}
	return all, nil
}

// near is how many degrees of sea may lie between a country's main territory
// and an island that its box holds.
const near = 9

// mainBox is the box around the largest polygon of a country and, step by step,
// those near it: France without its overseas territories, Spain with the Canary
// Islands.
func mainBox(s shape.Shape) (shape.Box, bool) {
	boxes := make([]shape.Box, len(s))
	largest, most := -1, -1.0
	for i, polygon := range s {
		boxes[i], _ = shape.Shape{polygon}.Box()
		if area := (boxes[i][2] - boxes[i][0]) * (boxes[i][3] - boxes[i][1]); area > most {
			largest, most = i, area
		}
	}
	if largest < 0 {
		return shape.Box{}, false
	}
	box := boxes[largest]
	for grown := true; grown; {
		grown = false
		wide := shape.Box{box[0] - near, box[1] - near, box[2] + near, box[3] + near}
		for _, one := range boxes {
			if wide.Meets(one) && !box.Holds(one) {
				box, grown = box.Join(one), true
			}
		}
	}
	return box, true
}

func writeBoxes(path string, countries []geo.Outline) error {
	var lines []string
	for _, one := range countries {
		if box, ok := mainBox(one.Shape); ok {
			code := strings.TrimPrefix(one.Zone, "country:")
			lines = append(lines, fmt.Sprintf("%s\t%.2f\t%.2f\t%.2f\t%.2f\n", code,
				math.Floor(box[0]*100)/100, math.Floor(box[1]*100)/100, math.Ceil(box[2]*100)/100, math.Ceil(box[3]*100)/100))
		}
	}
	slices.Sort(lines)
	head := "# Boxes of countries (main territory): code of ISO 3166, west, south, east, north.\n" +
		"# Made with Natural Earth, public domain, 1:10m, through world-atlas 2.0.2; see README.md.\n"
	fmt.Printf("%s: %d boxes\n", path, len(lines))
	return os.WriteFile(path, []byte(head+strings.Join(lines, "")), 0o644)
}
