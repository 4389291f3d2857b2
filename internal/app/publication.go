package app

import "grenier/internal/job"

// registerCatalogJobs registers the work on what is published: scheduled
// publication, the end of what was deleted.
func (a *App) registerCatalogJobs(runner *job.Runner) {}
