package app

import "grenier/internal/job"

// registerFileJobs registers the work on hosted files.
func (a *App) registerFileJobs(runner *job.Runner) {}
