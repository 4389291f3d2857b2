package app

import (
	"context"
	"fmt"
	"time"

	"grenier/internal/job"
)

// registerCatalogJobs registers the work on what is published: scheduled
// publication, the end of what was deleted.
func (a *App) registerCatalogJobs(runner *job.Runner) {
	runner.Register(job.Kind{Name: "catalog.purge", Work: a.purge, Schedule: "40 3 * * *", Limit: 1})
	runner.Register(job.Kind{Name: "catalog.publish", Work: a.publishDue, Schedule: "* * * * *", Limit: 1})
	runner.Register(job.Kind{Name: "catalog.badges", Work: a.updateBadges, Schedule: "20 4 * * *", Limit: 1})
	runner.Register(job.Kind{Name: "requests.forget", Work: a.forgetRequests, Schedule: "17 * * * *", Limit: 1})
}

// purge removes for good what was deleted longer ago than the bin keeps it.
func (a *App) purge(ctx context.Context, run *job.Run) error {
	purged, err := a.Catalog.Purge(ctx, func(purged int) { run.Progress(0, fmt.Sprintf("%d objects removed", purged)) })
	if err == nil {
		run.Progress(100, fmt.Sprintf("%d objects removed", purged))
	}
	return err
}

// forgetRequests forgets the keys of requests that are too old to be repeated.
func (a *App) forgetRequests(ctx context.Context, _ *job.Run) error { return a.Retries.Prune(ctx) }

// publishAtOnce is how many datasets one run publishes before it tells how far it
// is.
const publishAtOnce = 200

// publishDue publishes the datasets whose moment has come.
func (a *App) publishDue(ctx context.Context, run *job.Run) error {
	for total := 0; ; {
		published, err := a.Catalog.PublishDue(ctx, time.Now(), publishAtOnce)
		total += published
		run.Progress(0, fmt.Sprintf("%d datasets published", total))
		if err != nil || published < publishAtOnce {
			return err
		}
	}
}

// updateBadges gives datasets the badges that follow from what they say, and takes
// them away.
func (a *App) updateBadges(ctx context.Context, run *job.Run) error {
	given, taken, err := a.Catalog.UpdateBadges(ctx)
	run.Progress(100, fmt.Sprintf("%d badges given, %d taken", given, taken))
	return err
}
