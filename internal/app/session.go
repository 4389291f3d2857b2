package app

import "grenier/internal/job"

// registerAccountJobs registers the work on accounts and sessions.
func (a *App) registerAccountJobs(runner *job.Runner) {}
