package geo

import (
	_ "embed"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"

	"grenier/internal/geo/shape"
)

// The light contours that the program carries, and the boxes of countries; see
// README.md for where they come from.
var (
	//go:embed departements.shapes.zst
	departementFile []byte
	//go:embed countries.shapes.zst
	countryFile []byte
	//go:embed countries.tsv
	countryBoxFile string
)

// Outline is the light contour of a zone.
type Outline struct {
	Zone  string
	Shape shape.Shape
}

// departementOutlines and countryOutlines unpack the light contours once, in
// the order of their zones' identifiers.
var (
	departementOutlines = sync.OnceValue(func() []Outline { return mustOutlines(departementFile) })
	countryOutlines     = sync.OnceValue(func() []Outline { return mustOutlines(countryFile) })
)

// outlineOf finds the light contour of a zone.
var outlineOf = sync.OnceValue(func() map[string]shape.Shape {
	byZone := map[string]shape.Shape{}
	for _, all := range [][]Outline{departementOutlines(), countryOutlines()} {
		for _, one := range all {
			byZone[one.Zone] = one.Shape
		}
	}
	return byZone
})

// countryBoxes are the boxes of countries by their code of ISO 3166 in lower
// case: the main territory, with what lies near it.
var countryBoxes = sync.OnceValue(func() map[string]shape.Box {
	boxes, err := parseBoxes(countryBoxFile)
	if err != nil {
		panic("geo: the boxes of countries are damaged: " + err.Error())
	}
	return boxes
})

func mustOutlines(file []byte) []Outline {
	outlines, err := decodeOutlines(file)
	if err != nil {
		panic("geo: the embedded contours are damaged: " + err.Error())
	}
	return outlines
}

// EncodeOutlines writes a file of light contours whose coordinates are
// multiples of grid steps.
func EncodeOutlines(outlines []Outline, grid int32) ([]byte, error) {
	var text []byte
	for _, one := range outlines {
		packed := shape.Encode(one.Shape, grid)
		text = append(binary.AppendUvarint(text, uint64(len(one.Zone))), one.Zone...)
		text = append(binary.AppendUvarint(text, uint64(len(packed))), packed...)
	}
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	return encoder.EncodeAll(text, nil), nil
}

func decodeOutlines(file []byte) ([]Outline, error) {
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(16<<20))
	if err != nil {
		return nil, err
	}
	defer decoder.Close()
	rest, err := decoder.DecodeAll(file, nil)
	if err != nil {
		return nil, err
	}
	var outlines []Outline
	for len(rest) > 0 {
		var zone, packed []byte
		if zone, rest, err = cutField(rest); err != nil {
			return nil, err
		}
		if packed, rest, err = cutField(rest); err != nil {
			return nil, err
		}
		contour, err := shape.Decode(packed)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", zone, err)
		}
		outlines = append(outlines, Outline{string(zone), contour})
	}
	return outlines, nil
}

// cutField takes a field off, which begins with its length.
func cutField(rest []byte) (field, after []byte, err error) {
	length, size := binary.Uvarint(rest)
	if size <= 0 || length > uint64(len(rest)-size) {
		return nil, nil, shape.ErrDamaged
	}
	end := size + int(length)
	return rest[size:end], rest[end:], nil
}

// parseBoxes reads lines of a code and four numbers between tabs.
func parseBoxes(text string) (map[string]shape.Box, error) {
	boxes := map[string]shape.Box{}
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(line, "#") {
			continue
		}
		if len(fields) != 5 {
			return nil, fmt.Errorf("the line %q does not have five fields", line)
		}
		var box shape.Box
		for i := range box {
			side, err := strconv.ParseFloat(fields[i+1], 64)
			if err != nil {
				return nil, err
			}
			box[i] = side
		}
		if !box.Valid() {
			return nil, fmt.Errorf("the box of %s is not on the Earth", fields[0])
		}
		boxes[fields[0]] = box
	}
	return boxes, nil
}
