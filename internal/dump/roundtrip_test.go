package dump

import (
	"compress/gzip"
	"context"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"grenier/internal/intake"
)

const sample = "testdata/data.gouv.fr-datasets.csv.gz"

// readSample reads the real export: its header, and its rows by identifier.
func readSample(t *testing.T) (header []string, rows map[string][]string) {
	t.Helper()
	file, err := os.Open(sample)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	plain, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(plain)
	if err != nil {
		t.Fatal(err)
	}
	lines := parse(t, string(text))
	rows = make(map[string][]string)
	for _, line := range lines[1:] {
		rows[line[0]] = line
	}
	return lines[0], rows
}

// parse reads the cells of a file to the letter; encoding/csv would join the
// line ends that texts hold.
func parse(t *testing.T, file string) (lines [][]string) {
	t.Helper()
	var line []string
	for file != "" {
		var cell string
		if file[0] == '"' {
			file = file[1:]
			for {
				part, rest, closed := strings.Cut(file, `"`)
				if !closed {
					t.Fatal("a quote is open at the end")
				}
				cell, file = cell+part, rest
				if !strings.HasPrefix(file, `"`) {
					break
				}
				cell, file = cell+`"`, file[1:]
			}
		} else {
			end := strings.IndexAny(file, ";\r\n")
			cell, file = file[:end], file[end:]
		}
		line = append(line, cell)
		if rest, more := strings.CutPrefix(file, ";"); more {
			file = rest
			continue
		}
		rest, ended := strings.CutPrefix(strings.TrimPrefix(file, "\r"), "\n")
		if !ended {
			t.Fatalf("no end of line at %.20q", file)
		}
		lines, line, file = append(lines, line), nil, rest
	}
	return lines
}

// What a real export held, a dump after its import holds: the same 40 columns
// first, cell by cell. The dialect of the export differs where it quotes numbers
// and ends lines; a reader of CSV sees no difference. Addresses of pages are
// those of this site.
func TestImportThenDump(t *testing.T) {
	header, given := readSample(t)
	if len(given) < 300 {
		t.Fatalf("only %d rows in the sample", len(given))
	}
	eachWorld(t, func(t *testing.T, w *world) {
		importer := intake.New(w.log, w.dumps.catalog, w.dumps.zones)
		summary, err := importer.Import(context.Background(), []string{sample}, intake.Options{})
		if err != nil || summary.Refused() > 0 {
			t.Fatalf("%d rows refused, %v", summary.Refused(), err)
		}
		lines := parse(t, w.dump(w.whole(Datasets)))
		if len(lines[0]) != 47 || !slices.Equal(lines[0][:40], header) {
			t.Fatalf("the columns are %q", lines[0])
		}
		if len(lines)-1 != len(given) {
			t.Errorf("%d rows, want %d", len(lines)-1, len(given))
		}
		for _, line := range lines[1:] {
			for i, want := range given[line[0]] {
				if header[i] == "url" {
					want = strings.Replace(want, "https://www.data.gouv.fr", site, 1)
				}
				if line[i] != want {
					t.Errorf("%s, %s: %q, want %q", line[0], header[i], line[i], want)
				}
			}
		}
	})
}
