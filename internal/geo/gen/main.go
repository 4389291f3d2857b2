// Command gen writes the zones that the program carries, from the published
// description of the French administrative division:
//
//	go run ./internal/geo/gen -out internal/geo/division.tsv.zst DIR
//
// DIR is what package division reads. Countries and their names come from the
// Unicode CLDR.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"

	"grenier/internal/geo"
	"grenier/internal/geo/division"
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
	french, err := division.Read(dir)
	if err != nil {
		return err
	}
	zones := append(worldZones(), french...)
	unused, err := division.Name(zones)
	if err != nil {
		return err
	}
	if len(unused) > 0 {
		return fmt.Errorf("names.csv has lines that change nothing, so that it outlived the division: %s", strings.Join(unused, "; "))
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
