package check

import (
	"context"
	"time"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/fault"
	"grenier/internal/limit"
)

const (
	// justNow is for how long a check is as good as another one.
	justNow = 10 * time.Second
	// byHandWait is how long a check that somebody asked for waits for its turn.
	byHandWait = 5 * time.Second
)

// The checks that people ask for are bounded, for each of them and for each host,
// which would otherwise be asked past its pace.
var (
	ruleOfPerson = limit.Rule{Name: "check.person", Most: 60, Within: 10 * time.Minute, Text: "Too many files were to be checked at once. Wait some minutes, then try again; all files are checked by themselves as well."}
	ruleOfHost   = limit.Rule{Name: "check.host", Most: 60, Within: 10 * time.Minute, Text: "The server of this file was asked for many files. Wait some minutes, then try again; all files are checked by themselves as well."}
)

// CheckNow checks the remote file of a resource at once, for somebody who may
// change its dataset, and tells what it found. One that was checked a moment ago
// is not asked again.
func (s *Store) CheckNow(ctx context.Context, v account.Viewer, dataset, resource string) (*Check, error) {
	d, r, err := s.deps.Catalog.EditableResource(ctx, v, dataset, resource)
	if err != nil {
		return nil, err
	}
	if s.deps.Rules.Off {
		return nil, fault.New(fault.Invalid, "This site checks no files itself.")
	}
	host := s.deps.Rules.hostOf(r.URL)
	if r.Filetype != "remote" || host == "" {
		return nil, fault.New(fault.Invalid, "Only remote files with an address of the web are checked.")
	}
	c, err := s.rowOf(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	if c == nil || c.URL != r.URL {
		c = &Check{ResourceID: r.ID, DatasetID: d, URL: r.URL, Host: host, DueAt: atOnce}
	}
	if !c.CheckedAt.IsZero() && time.Since(c.CheckedAt.Time) < justNow {
		return c, nil
	}
	if !v.Admin() {
		if err := s.deps.Rates.Take(ctx, ruleOfPerson, v.UserID()); err != nil {
			return nil, err
		}
	}
	if err := s.deps.Rates.Take(ctx, ruleOfHost, host); err != nil {
		return nil, err
	}
	select {
	case s.byHand <- struct{}{}:
		defer func() { <-s.byHand }()
	case <-time.After(byHandWait):
		return nil, fault.New(fault.Unavailable, "Many files are being checked. Try again in a moment.").After(byHandWait)
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	return c, s.checkByHand(ctx, c)
}

func (s *Store) checkByHand(ctx context.Context, c *Check) error {
	if err := s.resting(ctx, c.Host); err != nil {
		return err
	}
	fresh := *c
	result := s.ask(ctx, c.URL)
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	changed := c.take(result)
	err := s.db.Write(ctx, db.People, func(ctx context.Context, tx *db.Tx) error {
		if fresh.CheckedAt.IsZero() {
			if err := addRows(ctx, tx, []Check{fresh}); err != nil {
				return err
			}
		}
		now := db.Now()
		return addTurns(ctx, tx, map[string]db.Time{c.Host: c.DueAt}, now)
	})
	if err != nil {
		return err
	}
	return s.settle(ctx, "", []outcome{{task: task{c.Host, c}, result: result, changed: changed}})
}

// resting refuses to ask a host that wants to be left alone.
func (s *Store) resting(ctx context.Context, host string) error {
	var until []db.Time
	err := s.db.Read().NewRaw("SELECT rest_until FROM check_hosts WHERE host = ? AND rest_until > ?", host, db.Now()).Scan(ctx, &until)
	if err != nil || len(until) == 0 {
		return err
	}
	wait := time.Until(until[0].Time).Round(time.Minute)
	return fault.New(fault.Unavailable, "The server of this file asks not to be asked so often. Try again later.").After(max(wait, time.Minute))
}

// Last is what is known of the file of a resource; nil when nothing is. The caller
// judges who may know.
func (s *Store) Last(ctx context.Context, resource string) (*Check, error) {
	return s.rowOf(ctx, resource)
}

// rowOf is the row of a resource, nil when there is none.
func (s *Store) rowOf(ctx context.Context, resource string) (*Check, error) {
	var rows []Check
	err := s.db.Read().NewSelect().Model(&rows).Where("resource_id = ?", resource).Scan(ctx)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}
