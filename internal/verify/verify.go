// Package verify examines what the database cannot promise by itself: the file
// is sound, references lead somewhere, what is counted agrees with the rows, the
// index belongs to the log. Each finding says how to mend it.
package verify

import (
	"context"
	"fmt"
	"strings"

	"grenier/internal/db"
	"grenier/internal/event"
)

// Severity tells how bad a finding is.
type Severity string

// The severities.
const (
	// Fault is something wrong that should be mended.
	Fault Severity = "fault"
	// Note is worth knowing and may be right as it is.
	Note Severity = "note"
)

// Finding is what one check found.
type Finding struct {
	// Check is the name of the check.
	Check    string   `json:"check"`
	Severity Severity `json:"severity"`
	// Text says what is wrong, with the number of cases and some of them.
	Text string `json:"text"`
	// Count is how many cases there are; Examples are the first few.
	Count    int      `json:"count"`
	Examples []string `json:"examples,omitempty"`
	// Mend says what to do.
	Mend string `json:"mend"`
	// Fixed tells that it was mended by this run.
	Fixed bool `json:"fixed"`
}

// Drift is a counter that is not what the rows say.
type Drift struct {
	// Object is the identifier, Counter the name of what is counted.
	Object, Counter string
	Stored, Counted int64
}

// Counters checks and mends the counters of relations; the catalogue gives it.
type Counters interface {
	// CheckCounters returns up to limit wrong counters, and how many there
	// are.
	CheckCounters(ctx context.Context, limit int) ([]Drift, int, error)
	// MendCounters sets every wrong counter right, with its events.
	MendCounters(ctx context.Context) error
}

// Files examines and mends what lies between the rows of hosted files and their
// bytes; the catalogue gives it.
type Files interface {
	// Examine returns the addresses of files whose bytes are not there, and the
	// names of bytes, two days old at least, that no row knows.
	Examine(ctx context.Context) (lost, stray []string, err error)
	// Mend removes the bytes that no row knows.
	Mend(ctx context.Context) error
}

// Deps is what is examined.
type Deps struct {
	DB  *db.DB
	Log *event.Log
	// Index returns the position in the log of the search index kept on this
	// machine; known is false when there is no index. Nil leaves it out.
	Index func(ctx context.Context) (position int64, known bool, err error)
	// Zone tells whether a zone is known. Nil leaves it out.
	Zone func(id string) bool
	// Counters is nil to leave them out.
	Counters Counters
	// Files is nil to leave them out.
	Files Files
}

// Options say how to verify.
type Options struct {
	// Fix mends what can be mended without a loss.
	Fix bool
	// Progress is told before each check; nil for nobody.
	Progress func(done, total int, check string)
}

// examples bounds the cases that a finding names.
const examples = 5

// check is one thing to examine. run returns nil when all is well; fix, nil
// when there is no safe way, mends all the cases.
type check struct {
	name string
	run  func(ctx context.Context, deps Deps) (*Finding, error)
	fix  func(ctx context.Context, deps Deps) error
}

// Verify examines the database and what is built from it, beside a running
// server as well. An error means that a check could not be made.
func Verify(ctx context.Context, deps Deps, options Options) ([]Finding, error) {
	checks := all(deps)
	var findings []Finding
	for i, c := range checks {
		if options.Progress != nil {
			options.Progress(i, len(checks), c.name)
		}
		found, err := c.run(ctx, deps)
		if err != nil {
			return findings, fmt.Errorf("check of %s: %w", c.name, err)
		}
		if found == nil {
			continue
		}
		found.Check = c.name
		if options.Fix && c.fix != nil {
			if err := c.fix(ctx, deps); err != nil {
				return findings, fmt.Errorf("mending %s: %w", c.name, err)
			}
			left, err := c.run(ctx, deps)
			if err != nil {
				return findings, fmt.Errorf("check of %s: %w", c.name, err)
			}
			found.Fixed = left == nil
		} else if c.fix != nil {
			found.Mend = "grenier check --fix " + found.Mend
		}
		findings = append(findings, *found)
	}
	return findings, nil
}

// all are the checks that the dependencies allow, the gravest first.
func all(deps Deps) []check {
	var checks []check
	if !deps.DB.Postgres() {
		checks = append(checks, fileChecks()...)
	}
	for _, r := range rules() {
		checks = append(checks, r.check())
	}
	if deps.Zone != nil {
		checks = append(checks, check{name: "zones", run: checkZones})
	}
	if deps.Counters != nil {
		checks = append(checks, check{name: "counters", run: checkCounters, fix: func(ctx context.Context, deps Deps) error {
			return deps.Counters.MendCounters(ctx)
		}})
	}
	if deps.Files != nil {
		checks = append(checks, check{name: "lost files", run: checkLostFiles}, check{name: "stray files", run: checkStrayFiles, fix: func(ctx context.Context, deps Deps) error {
			return deps.Files.Mend(ctx)
		}})
	}
	if deps.Index != nil {
		checks = append(checks, check{name: "index", run: checkIndex})
	}
	return checks
}

// found makes a finding out of cases; nil when there are none.
func found(severity Severity, text, mend string, cases []string, count int) *Finding {
	if count == 0 {
		return nil
	}
	cases = cases[:min(len(cases), examples)]
	text = fmt.Sprintf("%d %s", count, text)
	if len(cases) > 0 {
		text += ": " + strings.Join(cases, ", ")
	}
	if count > len(cases) && len(cases) > 0 {
		text += " …"
	}
	return &Finding{Severity: severity, Text: text, Count: count, Examples: cases, Mend: mend}
}

const restoreFile = "restore the last backup: grenier restore FILE"

// fileChecks ask SQLite whether its file is sound; PostgreSQL sees to that by
// itself.
func fileChecks() []check {
	return []check{
		{name: "file", run: func(ctx context.Context, deps Deps) (*Finding, error) {
			var said []string
			if err := deps.DB.Read().NewRaw("PRAGMA integrity_check(100)").Scan(ctx, &said); err != nil {
				return nil, err
			}
			if len(said) == 1 && said[0] == "ok" {
				return nil, nil
			}
			return found(Fault, "damages of the database file", restoreFile, said, len(said)), nil
		}},
		{name: "foreign keys", run: func(ctx context.Context, deps Deps) (*Finding, error) {
			var broken []string
			err := deps.DB.Read().NewRaw(`SELECT "table" || ' row ' || COALESCE(rowid, 0) || ' names no row of ' || parent FROM pragma_foreign_key_check()`).Scan(ctx, &broken)
			return found(Fault, "rows that name rows which are not there", restoreFile, broken, len(broken)), err
		}},
	}
}

func checkZones(ctx context.Context, deps Deps) (*Finding, error) {
	var named []string
	err := deps.DB.Read().NewRaw("SELECT zone FROM object_zones UNION SELECT zone FROM organizations WHERE zone IS NOT NULL ORDER BY 1").Scan(ctx, &named)
	if err != nil {
		return nil, err
	}
	var unknown []string
	for _, zone := range named {
		if !deps.Zone(zone) {
			unknown = append(unknown, zone)
		}
	}
	return found(Note, "zones are named that nobody knows", "give them by grenier import geo DIR", unknown, len(unknown)), nil
}

func checkCounters(ctx context.Context, deps Deps) (*Finding, error) {
	drifts, count, err := deps.Counters.CheckCounters(ctx, examples)
	if err != nil {
		return nil, err
	}
	cases := make([]string, len(drifts))
	for i, d := range drifts {
		cases[i] = fmt.Sprintf("%s of %s is %d, the rows say %d", d.Counter, d.Object, d.Stored, d.Counted)
	}
	return found(Fault, "counters are wrong", "sets them", cases, count), nil
}

// checkIndex compares the position of the search index with the log. An index
// behind is caught up by the server; one ahead has seen what never happened.
func checkIndex(ctx context.Context, deps Deps) (*Finding, error) {
	position, known, err := deps.Index(ctx)
	if err != nil || !known {
		return nil, err
	}
	head, err := deps.Log.Head(ctx, deps.DB.Read())
	if err != nil || position <= head {
		return nil, err
	}
	text := fmt.Sprintf("events are in the search index (at %d) and not in the log (at %d): it was built from another database", position, head)
	return found(Fault, text, "stop the server, then grenier index rebuild", nil, int(position-head)), nil
}
