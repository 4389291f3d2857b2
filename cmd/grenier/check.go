package main

import (
	"context"
	"errors"
	"fmt"

	"grenier/internal/app"
	"grenier/internal/catalog"
	"grenier/internal/verify"
)

type checkCommand struct {
	Fix bool `help:"Mend what can be mended without a loss."`
	tableFlag
}

// Run prints what is wrong, and fails when a fault remains.
func (c *checkCommand) Run(ctx context.Context, p *program) error {
	return p.withExisting(ctx, func(a *app.App) error {
		bar := p.progress().Start("check", "checks", 0)
		defer bar.End()
		findings, err := verify.Verify(ctx, verify.Deps{
			DB: a.DB, Log: a.Events,
			Index: func(ctx context.Context) (int64, bool, error) {
				position, _, err := a.IndexPosition(ctx)
				return position, true, err
			},
			Counters: counters{a.Catalog},
			Files:    a.Files,
			Zone:     func(id string) bool { _, ok := a.Zones.Get(id); return ok },
		}, verify.Options{Fix: c.Fix, Progress: func(done, total int, _ string) {
			bar.Total(int64(total))
			bar.Set(int64(done))
		}})
		if err != nil {
			return err
		}
		bar.End()
		if err := c.print(p, findings); err != nil {
			return err
		}
		left := 0
		for _, found := range findings {
			if found.Severity == verify.Fault && !found.Fixed {
				left++
			}
		}
		switch left {
		case 0:
			return nil
		case 1:
			return errors.New("a fault was found; what to do stands beside it")
		}
		return fmt.Errorf("%d faults were found; what to do stands beside each", left)
	})
}

func (c *checkCommand) print(p *program, findings []verify.Finding) error {
	if len(findings) == 0 && !c.JSON {
		_, err := fmt.Fprintln(p.out, "all is well")
		return err
	}
	return printTable(p, c.JSON, findings,
		column[verify.Finding]{"check", func(f verify.Finding) string { return f.Check }},
		column[verify.Finding]{"severity", func(f verify.Finding) string { return string(f.Severity) }},
		column[verify.Finding]{"found", func(f verify.Finding) string { return f.Text }},
		column[verify.Finding]{"to do", func(f verify.Finding) string {
			if f.Fixed {
				return "mended"
			}
			return f.Mend
		}},
	)
}

// counters lets the catalogue check and mend its counters.
type counters struct{ store *catalog.Store }

func (c counters) CheckCounters(ctx context.Context, limit int) ([]verify.Drift, int, error) {
	wrong, err := c.store.CheckCounters(ctx)
	drifts := make([]verify.Drift, min(limit, len(wrong)))
	for i := range drifts {
		drifts[i] = verify.Drift{Object: wrong[i].ID, Counter: wrong[i].Counter, Stored: wrong[i].Stored, Counted: wrong[i].Counted}
	}
	return drifts, len(wrong), err
}

func (c counters) MendCounters(ctx context.Context) error {
	_, err := c.store.RecountAll(ctx)
	return err
}
