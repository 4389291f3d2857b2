// Command bench measures the built program as its users meet it and prints a
// table: each figure beside its bar, and beside a baseline measured in the same
// run where there is one. Loads are bounded and stay on loopback.
//
//	CATALOG=datasets.csv.gz QUERIES=folder go run ./bench
//
// CATALOG is the CSV dump of the datasets of data.gouv.fr; without it the demo
// catalogue inside the program is used and the table says so. QUERIES is a
// folder with queries.csv and queries-organizations.csv (columns query, params,
// expected); without it relevance is not measured.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"
)

func main() {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "baseline":
			serveBaseline(os.Args[2:])
			return
		case "portal":
			servePortal(os.Args[2:])
			return
		}
	}
	options := options{catalog: os.Getenv("CATALOG"), queries: os.Getenv("QUERIES")}
	flag.StringVar(&options.program, "program", "bin/grenier", "the built program")
	flag.StringVar(&options.folder, "folder", "", "a folder to keep the catalogue in between runs; a temporary one by default")
	flag.DurationVar(&options.round, "round", 2*time.Second, "length of a round of load")
	flag.IntVar(&options.rounds, "rounds", 5, "rounds of load, alternating with the baseline")
	flag.StringVar(&options.only, "only", "", "run only the measures whose name holds this")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, options); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type options struct {
	catalog, queries, program, folder, only string
	round                                   time.Duration
	rounds                                  int
}

func (o options) wants(name string) bool { return o.only == "" || strings.Contains(name, o.only) }

// figure is one line of the table.
type figure struct {
	work, bar, measured, baseline string
	met                           bool
}

type report struct{ figures []figure }

func (r *report) add(work, bar, measured, baseline string, met bool) {
	r.figures = append(r.figures, figure{work, bar, measured, baseline, met})
	fmt.Fprintf(os.Stderr, "  %-70s %-28s %s\n", work, measured, mark(met))
}

// progress tells of a measure on the way.
func progress(format string, args ...any) { fmt.Fprintf(os.Stderr, format, args...) }

func mark(met bool) string {
	if met {
		return "met"
	}
	return "MISSED"
}

func (r *report) print() {
	fmt.Println("| work | bar | measured | baseline, same run | |")
	fmt.Println("|---|---|---|---|---|")
	for _, f := range r.figures {
		fmt.Printf("| %s | %s | %s | %s | %s |\n", f.work, f.bar, f.measured, f.baseline, mark(f.met))
	}
}

func run(ctx context.Context, o options) error {
	if o.folder == "" {
		folder, err := os.MkdirTemp("", "grenier-bench-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(folder)
		o.folder = folder
	}
	var r report
	if !slices.Contains([]string{"writes", "members", "rdf", "changes", "harvest"}, o.only) { // which make what they need
		if err := o.load(ctx, &r); err != nil {
			return err
		}
	}
	for _, measure := range []struct {
		name string
		fn   func(context.Context, *report) error
	}{
		{"start", o.measureStart}, {"kept", o.measureKept}, {"rows", o.measureRows}, {"search", o.measureSearch},
		{"relevance", o.measureRelevance}, {"dump", o.measureDump}, {"pages-kept", o.measurePagesKept}, {"page-types", o.measurePages},
		{"admin", o.measureAdmin}, {"writes", o.measureWrites}, {"members", o.measureMembers}, {"upload", o.measureUpload},
		{"rdf", o.measureRDF}, {"changes", o.measureChanges}, {"linked", o.measureLinked}, {"harvest", o.measureHarvest},
	} {
		if !o.wants(measure.name) {
			continue
		}
		fmt.Fprintln(os.Stderr, measure.name)
		if err := measure.fn(ctx, &r); err != nil {
			return fmt.Errorf("%s: %w", measure.name, err)
		}
	}
	if o.catalog == "" {
		fmt.Println("Measured on the sample inside the program: set CATALOG for the whole catalogue.")
	}
	r.print()
	return nil
}
