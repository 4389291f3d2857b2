package app

import "grenier/internal/job"

// registerMailJobs registers the sending of mails.
func (a *App) registerMailJobs(runner *job.Runner) {}
