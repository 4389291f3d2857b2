// Command gen writes the zones that the program carries, from the published
// description of the French administrative division:
//
//	go run ./internal/geo/gen -out internal/geo/division.tsv.zst DIR
//
// DIR holds communes, epci, ept, departements, regions, arrondissements
// (npm package @etalab/decoupage-administratif) and communes-centre-bbox, each
// as NAME.json.gz. Countries and their names come from the Unicode CLDR.
// names.csv beside this file gives the names that the national catalogue shows
// where no rule yields them.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"

	"grenier/internal/geo"
)

// edition names the state of the division and goes into the file's first line.
const edition = "2026-01-01"

func main() {
	out := flag.String("out", "internal/geo/division.tsv.zst", "file to write")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: gen [-out FILE] DIR")
		os.Exit(2)
	}
	if err := run(flag.Arg(0), *out); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(dir, out string) error {
	source, err := readSource(dir)
	if err != nil {
		return err
	}
	names, err := readNames()
	if err != nil {
		return err
	}
	zones := append(worldZones(), source.zones()...)
	if err := names.apply(zones); err != nil {
		return err
	}
	text := encode(zones)
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	packed := encoder.EncodeAll(text, nil)
	fmt.Printf("%d zones, %d bytes, %d packed\n", len(zones), len(text), len(packed))
	return os.WriteFile(out, packed, 0o644)
}

// encode writes one line a zone, levels in their order, codes sorted.
func encode(zones []geo.Zone) []byte {
	slices.SortStableFunc(zones, func(a, b geo.Zone) int {
		if a.Level != b.Level {
			return geo.LevelRank(a.Level) - geo.LevelRank(b.Level)
		}
		return strings.Compare(a.Code, b.Code)
	})
	var text bytes.Buffer
	fmt.Fprintf(&text, "%s\t%s\t%d\n", geo.FileMark, edition, len(zones))
	for _, zone := range zones {
		text.WriteString(geo.EncodeLine(zone))
	}
	return text.Bytes()
}

// readGzipJSON decodes DIR/NAME.json.gz.
func readGzipJSON(dir, name string, into any) error {
	file, err := os.Open(filepath.Join(dir, name+".json.gz"))
	if err != nil {
		return err
	}
	defer file.Close()
	unpacked, err := gzip.NewReader(file)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err := json.NewDecoder(unpacked).Decode(into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
