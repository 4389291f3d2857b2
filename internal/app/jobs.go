package app

import (
	"context"
	"fmt"
	"time"

	"grenier/internal/db"
	"grenier/internal/harvest"
	"grenier/internal/job"
	"grenier/internal/outbox"
)

// otherWork is how many jobs run at once on a node besides deliveries to webhooks.
const otherWork = 5

// newRunner registers the work that the program does in the background.
func (a *App) newRunner() *job.Runner {
	runner := job.NewRunner(a.DB, job.Options{
		Workers:  outbox.AtOnce + otherWork,
		Location: a.Settings.Location(), Logger: a.Log, Alone: !a.DB.Postgres(),
	})
	runner.Register(job.Kind{Name: "events.prune", Work: a.pruneEvents, Schedule: "@daily", Limit: 1})
	runner.Register(job.Kind{Name: "database.optimize", Work: a.optimize, Schedule: "@daily", Limit: 1})
	a.registerAccountJobs(runner)
	a.registerMailJobs(runner)
	a.registerOAuthJobs(runner)
	a.registerFileJobs(runner)
	a.registerCatalogJobs(runner)
	a.registerCheckJobs(runner)
	outbox.Register(runner, func() *outbox.Webhooks { return a.Webhooks })
	harvest.Register(runner, func() *harvest.Store { return a.Harvests })
	return runner
}

// pruneEvents removes the events that the log need not keep any longer.
func (a *App) pruneEvents(ctx context.Context, run *job.Run) error {
	removed, err := a.Events.Prune(ctx, db.TimeOf(time.Now().Add(-a.Settings.EventRetention)))
	run.Progress(100, fmt.Sprintf("%d events removed", removed))
	return err
}

// optimize renews what the database knows of its tables.
func (a *App) optimize(ctx context.Context, _ *job.Run) error { return a.DB.Optimize(ctx) }
