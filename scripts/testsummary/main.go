// Command testsummary reads what `go test -json` prints, shows a line for each
// package as it ends with the whole output of what failed, and ends with a
// summary. A skipped test is told by name and fails the run: nothing is left
// out silently. Exit status 1 when a test failed or was skipped, a package
// did not build, or nothing ran.
package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// event is one line of the test2json form; see `go doc cmd/test2json`.
type event struct {
	Action     string
	Package    string
	ImportPath string // of builds, instead of Package
	Test       string
	Output     string
	Elapsed    float64 // seconds
}

// run is what has been seen so far.
type run struct {
	out      io.Writer
	started  time.Time
	output   map[string][]string // by package and test, of what has not ended yet
	builds   map[string][]string // compilers' words by package
	passed   int
	failed   []string
	skipped  []string
	packages []timed
	broken   int
}

type timed struct {
	name string
	took time.Duration
}

func main() {
	r := &run{out: os.Stdout, started: time.Now(), output: map[string][]string{}, builds: map[string][]string{}}
	if err := r.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "testsummary:", err)
		os.Exit(1)
	}
	if !r.summary() {
		os.Exit(1)
	}
}

func (r *run) read(in io.Reader) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			r.line(line)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (r *run) line(line []byte) {
	var e event
	if json.Unmarshal(line, &e) != nil {
		fmt.Fprintf(r.out, "%s", line) // the go command's own words
		return
	}
	key := e.Package + " " + e.Test
	switch e.Action {
	case "output":
		r.output[key] = append(r.output[key], e.Output)
	case "build-output":
		r.builds[e.ImportPath] = append(r.builds[e.ImportPath], e.Output)
	case "build-fail":
		fmt.Fprintf(r.out, "BUILD FAILED %s\n%s", e.ImportPath, strings.Join(r.builds[e.ImportPath], ""))
	case "pass", "fail", "skip":
		if e.Test == "" {
			r.endPackage(e)
		} else {
			r.endTest(e)
		}
		delete(r.output, key)
	}
}

func (r *run) endTest(e event) {
	name := e.Package + " " + e.Test
	switch e.Action {
	case "pass":
		r.passed++
	case "skip":
		r.skipped = append(r.skipped, name)
	case "fail":
		r.failed = append(r.failed, name)
		fmt.Fprintf(r.out, "FAILED %s\n%s", name, strings.Join(r.output[name], ""))
	}
}

func (r *run) endPackage(e event) {
	took := time.Duration(e.Elapsed * float64(time.Second))
	switch e.Action {
	case "skip": // no test files
		return
	case "fail":
		r.broken++
		fmt.Fprintf(r.out, "FAIL  %s (%.1f s)\n%s", e.Package, took.Seconds(), r.unended(e.Package))
	case "pass":
		fmt.Fprintf(r.out, "ok    %s (%.1f s)\n", e.Package, took.Seconds())
	}
	r.packages = append(r.packages, timed{e.Package, took})
}

// unended is the output of a failed package and of its tests that never ended:
// a crash or a timeout.
func (r *run) unended(pkg string) string {
	var keys []string
	for key := range r.output {
		if strings.HasPrefix(key, pkg+" ") {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	var b strings.Builder
	for _, key := range keys {
		b.WriteString(strings.Join(r.output[key], ""))
		delete(r.output, key)
	}
	return b.String()
}

// slowest is how many packages the summary names.
const slowest = 5

func (r *run) summary() bool {
	slices.SortFunc(r.packages, func(a, b timed) int { return cmp.Compare(b.took, a.took) })
	fmt.Fprintf(r.out, "\n%d passed, %d failed, %d skipped\nin %d packages, %s\n", r.passed, len(r.failed), len(r.skipped),
		len(r.packages), time.Since(r.started).Round(time.Second))
	for _, p := range r.packages[:min(slowest, len(r.packages))] {
		fmt.Fprintf(r.out, "  %6.1f s  %s\n", p.took.Seconds(), p.name)
	}
	for _, name := range r.failed {
		fmt.Fprintln(r.out, "  failed: ", name)
	}
	for _, name := range r.skipped {
		fmt.Fprintln(r.out, "  skipped:", name)
	}
	return len(r.failed)+len(r.skipped)+r.broken == 0 && r.passed > 0
}
