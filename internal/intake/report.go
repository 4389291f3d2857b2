package intake

import (
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"
)

// Refusal is a row that could not be read and was kept out.
type Refusal struct {
	File string
	// Line is where the row, or the broken cell, starts; counted from 1.
	Line int
	// Column is the name of the column or the key, else its number.
	Column string
	Reason string
}

func (r Refusal) String() string {
	place := r.File + ":" + strconv.Itoa(r.Line)
	if r.Column != "" {
		place += ", " + r.Column
	}
	return place + ": " + r.Reason
}

// Progress tells how far an import is.
type Progress struct {
	File string
	// Kind is what the file holds: datasets, resources …
	Kind string
	// Read is how many bytes of all files were read, of Total.
	Read, Total int64
	// Rows is how many rows of all files were dealt with.
	Rows int64
	// Elapsed is the time since the import began.
	Elapsed time.Duration
	// Stage names work that follows the rows, empty before.
	Stage string
}

// FileSummary is what came of one file.
type FileSummary struct {
	File, Kind string
	Rows       int64
	Created    int64
	Updated    int64
	Unchanged  int64
	Refused    int64
	// Beyond counts values that are kept although no write would be allowed
	// to introduce them, and other things worth knowing, by kind.
	Beyond map[string]int64
}

// Summary is what came of an import.
type Summary struct {
	DryRun bool
	Files  []FileSummary
	// What rows named and nobody knew.
	Organizations, People, Licenses, Zones, Contacts int64
	// Recounted is how many objects had counters that were not right.
	Recounted int64
	// Refusals are the first of all, at most MaxRefusals.
	Refusals []Refusal
	Elapsed  time.Duration
}

// MaxRefusals is how many refused rows a summary shows in detail.
const MaxRefusals = 100

// Changed tells whether the import changed anything, or would.
func (s *Summary) Changed() bool {
	changed := s.Organizations + s.People + s.Licenses + s.Zones + s.Contacts + s.Recounted
	for _, file := range s.Files {
		changed += file.Created + file.Updated
	}
	return changed > 0
}

// Refused is how many rows were kept out.
func (s *Summary) Refused() int64 {
	var refused int64
	for _, file := range s.Files {
		refused += file.Refused
	}
	return refused
}

// Write prints a summary for people.
func (s *Summary) Write(w io.Writer) {
	for _, file := range s.Files {
		fmt.Fprintf(w, "%s (%s): %d rows, %d created, %d updated, %d unchanged, %d refused\n",
			file.File, file.Kind, file.Rows, file.Created, file.Updated, file.Unchanged, file.Refused)
		for _, kind := range slices.Sorted(maps.Keys(file.Beyond)) {
			fmt.Fprintf(w, "  %s: %d\n", kind, file.Beyond[kind])
		}
	}
	for _, named := range []struct {
		what  string
		count int64
	}{
		{"organisations", s.Organizations}, {"people", s.People}, {"licences", s.Licenses}, {"zones", s.Zones}, {"contact points", s.Contacts},
	} {
		if named.count > 0 {
			fmt.Fprintf(w, "%s made from what rows say of them: %d\n", named.what, named.count)
		}
	}
	for _, refusal := range s.Refusals {
		fmt.Fprintln(w, refusal)
	}
	if more := s.Refused() - int64(len(s.Refusals)); more > 0 {
		fmt.Fprintf(w, "and %d more rows refused: --report FILE lists them all\n", more)
	}
	switch {
	case s.DryRun:
		fmt.Fprintln(w, "nothing was written: this was a trial")
	case !s.Changed():
		fmt.Fprintln(w, "nothing changed: all of this was known")
	}
}

// reporter collects refusals: the first for the summary, all for the report.
type reporter struct {
	summary *Summary
	report  *csv.Writer
}

func newReporter(summary *Summary, w io.Writer) (*reporter, error) {
	r := &reporter{summary: summary}
	if w == nil {
		return r, nil
	}
	r.report = csv.NewWriter(w)
	return r, r.report.Write([]string{"file", "line", "column", "reason"})
}

func (r *reporter) add(refusal Refusal) error {
	if len(r.summary.Refusals) < MaxRefusals {
		r.summary.Refusals = append(r.summary.Refusals, refusal)
	}
	if r.report == nil {
		return nil
	}
	return r.report.Write([]string{refusal.File, strconv.Itoa(refusal.Line), refusal.Column, refusal.Reason})
}

func (r *reporter) close() error {
	if r.report == nil {
		return nil
	}
	r.report.Flush()
	return r.report.Error()
}
