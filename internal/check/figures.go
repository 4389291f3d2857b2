package check

import (
	"context"
	"time"

	"grenier/internal/db"
	"grenier/internal/fault"
)

// What a check came to, for metrics.
const (
	outcomeFound = iota
	outcomeMissing
	outcomeLate
	outcomeRefused // the host asks to be left alone
	outcomes
)

// Outcomes are the names of what checks come to, in the order of Done.
var Outcomes = [outcomes]string{"found", "missing", "timeout", "refused"}

func (s *Store) count(o outcome) {
	switch {
	case o.Check == nil || o.dropped:
	case o.result.Available == nil:
		s.done[outcomeRefused].Add(1)
	case *o.result.Available:
		s.done[outcomeFound].Add(1)
	case o.result.Timeout:
		s.done[outcomeLate].Add(1)
	default:
		s.done[outcomeMissing].Add(1)
	}
}

// Done is how many checks this node made, by what they came to.
func (s *Store) Done() map[string]int64 {
	all := make(map[string]int64, outcomes)
	for i, name := range Outcomes {
		all[name] = s.done[i].Load()
	}
	return all
}

// Latest is the last check of a resource that the public finds; nil when there is
// none yet. It is found by the resource, or by the address of its file.
func (s *Store) Latest(ctx context.Context, resource, address string) (*Check, error) {
	var rows []Check
	query := s.db.Read().NewSelect().Model(&rows).Where("checked_at IS NOT NULL").
		Where(public).OrderExpr("checked_at DESC").Limit(1)
	if resource != "" {
		query = query.Where("resource_id = ?", resource)
	} else {
		query = query.Where("host = ? AND url = ?", s.deps.Rules.hostOf(address), address)
	}
	if err := query.Scan(ctx); err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

// Figures are what is known of all checks.
type Figures struct {
	// Total are all files, Checked were checked at least once, Waiting are due.
	Total, Checked, Waiting int64
	// Status counts the answers; those without an answer have status 0.
	Status []StatusCount
	// CORS counts the files that are there by whether pages of this site may read
	// them.
	CORS []CORSCount
	// Resting are the hosts that asked to be left alone.
	Resting []Resting
}

// StatusCount counts the checks with an answer.
type StatusCount struct {
	Status  int64
	Timeout bool
	Count   int64
}

// CORSCount counts the files that pages of this site may read, or may not.
type CORSCount struct {
	Allowed bool
	Count   int64
}

// Resting is a host that asked to be left alone.
type Resting struct {
	Host, Reason string
	RestUntil    db.Time
}

// public is true of the checks of files that everybody finds.
const public = "EXISTS (SELECT 1 FROM datasets d WHERE d.id = c.dataset_id AND d.visible = TRUE)"

// restingMost bounds the hosts that are listed.
const restingMost = 100

// figuresKept is for how long the figures are not counted again.
const figuresKept = time.Minute

// Figures counts all checks. They may be as old as a minute.
func (s *Store) Figures(ctx context.Context) (*Figures, error) {
	s.counting.Lock()
	defer s.counting.Unlock()
	if s.figures != nil && time.Since(s.counted) < figuresKept {
		return s.figures, nil
	}
	f, err := s.countAll(ctx)
	if err == nil {
		s.figures, s.counted = f, time.Now()
	}
	return f, err
}

func (s *Store) countAll(ctx context.Context) (*Figures, error) {
	f, read, now := &Figures{}, s.db.Read(), db.Now()
	err := read.NewRaw(`SELECT coalesce(status, 0) AS status, timeout, count(*) AS count FROM resource_checks WHERE checked_at IS NOT NULL
		GROUP BY 1, 2 ORDER BY 3 DESC, 1`).Scan(ctx, &f.Status)
	if err != nil {
		return nil, err
	}
	for _, one := range f.Status {
		f.Checked += one.Count
	}
	err = read.NewRaw("SELECT count(*), coalesce(sum(CASE WHEN due_at <= ? THEN 1 ELSE 0 END), 0) FROM resource_checks", now).Scan(ctx, &f.Total, &f.Waiting)
	if err != nil {
		return nil, err
	}
	err = read.NewRaw(`SELECT cors IS NOT NULL AND cors LIKE '%"allow-origin":"%' AS allowed, count(*) AS count FROM resource_checks
		WHERE checked_at IS NOT NULL AND available = TRUE GROUP BY 1 ORDER BY 1`).Scan(ctx, &f.CORS)
	if err != nil {
		return nil, err
	}
	return f, read.NewRaw(`SELECT host, reason, rest_until FROM check_hosts WHERE rest_until > ? AND EXISTS (SELECT 1 FROM resource_checks c
		WHERE c.host = check_hosts.host AND `+public+`) ORDER BY rest_until DESC, host LIMIT ?`, now, restingMost).Scan(ctx, &f.Resting)
}

// Aggregate counts checks of a day by one of the columns: the twenty most
// frequent values. Those of files that not everybody finds are left out.
func (s *Store) Aggregate(ctx context.Context, column string, day time.Time) ([]AggregateCount, error) {
	expression, ok := aggregates[column]
	if !ok {
		return nil, fault.New(fault.Invalid, "group_by is one of available, content_type, error, host, domain, status, timeout.")
	}
	var counts []AggregateCount
	err := s.db.Read().NewRaw("SELECT "+expression+` AS value, count(*) AS count FROM resource_checks c
		WHERE checked_at >= ? AND checked_at < ? AND `+public+` GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20`, db.TimeOf(day), db.TimeOf(day.AddDate(0, 0, 1))).Scan(ctx, &counts)
	return counts, err
}

// AggregateCount counts the checks with one value.
type AggregateCount struct {
	Value *string
	Count int64
}

// aggregates are the columns that checks are counted by, as texts.
var aggregates = map[string]string{
	"available": "CASE WHEN available = TRUE THEN 'true' WHEN available = FALSE THEN 'false' END", "content_type": "content_type",
	"error": "error", "host": "host", "domain": "host", "status": "CAST(status AS TEXT)",
	"timeout": "CASE WHEN timeout = TRUE THEN 'true' ELSE 'false' END",
}
