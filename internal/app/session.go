package app

import (
	"grenier/internal/api"
	"grenier/internal/job"
)

// callers finds who sends a request.
func (a *App) callers() api.Callers {
	return api.Callers{Sessions: a.Sessions, Tokens: a.Tokens, Bearers: a.OAuth, Rates: a.Rates, TrustedProxies: a.Settings.TrustedProxies}
}

// registerAccountJobs registers the work on accounts and sessions.
func (a *App) registerAccountJobs(runner *job.Runner) {}
