package app

import (
	"context"
	"fmt"
	"os"

	"github.com/prometheus/client_golang/prometheus"

	"grenier/internal/check"
	"grenier/internal/db"
	"grenier/internal/fetch"
	"grenier/internal/job"
)

// assembleChecks builds what finds out whether remote files are there.
func (a *App) assembleChecks() {
	s := a.Settings
	client := fetch.New(fetch.Options{Allow: s.FetchAllow, Version: Version, Site: s.BaseURL, PerHost: 1, Total: s.ChecksAtOnce * 2})
	a.Checks = check.New(a.Events, check.Deps{Catalog: a.Catalog, Client: client, Rates: a.Rates, Rules: check.Rules{
		Off: s.Checks == "off", Pace: s.ChecksPause, AtOnce: s.ChecksAtOnce, Origin: s.BaseURL, Agent: s.ChecksAgent, Skip: s.ChecksSkip,
	}})
}

// checksFiles tells whether files are checked by themselves: hosts must be able
// to see who asks them.
func (a *App) checksFiles() bool { return a.Settings.Checks == "on" && a.Settings.BaseURL != "" }

// registerCheckJobs registers the comparison of all resources with what is
// checked.
func (a *App) registerCheckJobs(runner *job.Runner) {
	runner.Register(job.Kind{Name: "checks.align", Work: a.alignChecks, Schedule: "10 2 * * *", Limit: 1})
}

func (a *App) alignChecks(ctx context.Context, run *job.Run) error {
	if !a.checksFiles() {
		run.Progress(100, "files are not checked here")
		return nil
	}
	return a.Checks.Align(ctx, func(added int) { run.Progress(0, fmt.Sprintf("%d files added", added)) })
}

// checkFiles lets remote files be checked while the context lasts.
func (s *server) checkFiles(ctx context.Context) {
	if !s.checksFiles() {
		return
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown" // the rest tells nodes apart
	}
	node := fmt.Sprintf("%s/%d/%s", host, os.Getpid(), db.NewID()[16:])
	s.start(func() { s.Events.FollowSingle(ctx, s.Checks.Follower(), node, s.warn("planning the checks of files")) })
	s.start(func() {
		if empty, err := s.Checks.Empty(ctx); err == nil && empty {
			if err := s.Checks.Align(ctx, nil); err != nil && ctx.Err() == nil {
				s.warn("planning the checks of files")(err)
			}
		}
		s.Checks.Run(ctx, node, s.warn("the checks of files"))
	})
}

// checkFigures are the metrics of checks.
func (s *server) checkFigures() {
	for outcome := range s.Checks.Done() {
		s.metrics.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "grenier_file_checks_total", Help: "Remote files that this node checked, by what it found.", ConstLabels: prometheus.Labels{"outcome": outcome},
		}, func() float64 { return float64(s.Checks.Done()[outcome]) }))
	}
}
