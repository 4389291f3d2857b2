package main

import (
	"context"
	"fmt"

	"grenier/internal/app"
	"grenier/internal/db"
	"grenier/internal/intake"
	"grenier/internal/intake/demo"
)

type demoCommand struct{}

// Run serves the demo catalogue with ready accounts, which is loaded at the first start of a data
// folder: what is changed or deleted in it afterwards stays so.
func (c *demoCommand) Run(ctx context.Context, p *program) error {
	return p.serve(ctx, func(a *app.App) error {
		loaded, err := demoLoaded(ctx, a)
		if err != nil {
			return err
		}
		if loaded {
			return a.DemoAccounts(ctx)
		}
		a.Log.Info("loading the demo catalogue, once")
		if _, err := demo.Load(ctx, intake.New(a.Events, a.Catalog, a.Zones)); err != nil {
			return fmt.Errorf("the demo catalogue cannot be loaded: %w", err)
		}
		if err := a.DB.Optimize(ctx); err != nil {
			return err
		}
		if err := markDemoLoaded(ctx, a); err != nil {
			return err
		}
		return a.DemoAccounts(ctx)
	})
}

// demoMark names the row which says that the demo catalogue was loaded whole.
const demoMark = "demo-loaded"

func demoLoaded(ctx context.Context, a *app.App) (bool, error) {
	var marks int
	err := a.DB.Read().NewRaw("SELECT count(*) FROM settings WHERE name = ?", demoMark).Scan(ctx, &marks)
	return marks > 0, err
}

func markDemoLoaded(ctx context.Context, a *app.App) error {
	return a.DB.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewRaw("INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING", demoMark, app.Version).Exec(ctx)
		return err
	})
}
