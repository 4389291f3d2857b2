package app

import (
	"context"
	"fmt"

	"grenier/internal/account/oauth"
	"grenier/internal/job"
)

// assembleOAuth builds what programs that act for people ask.
func (a *App) assembleOAuth(secret []byte) {
	a.OAuth = oauth.New(a.DB, a.Events, secret, oauth.Options{Wildcards: a.Settings.OAuthWildcards})
}

// registerOAuthJobs registers the removal of what has ended.
func (a *App) registerOAuthJobs(runner *job.Runner) {
	runner.Register(job.Kind{Name: "oauth.prune", Schedule: "@daily", Limit: 1, Work: func(ctx context.Context, run *job.Run) error {
		removed, err := a.OAuth.Prune(ctx)
		run.Progress(100, fmt.Sprintf("%d grants removed", removed))
		return err
	}})
}
