package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"grenier/internal/api"
	"grenier/internal/dump"
	"grenier/internal/embed"
	"grenier/internal/event"
	"grenier/internal/fetch"
	"grenier/internal/i18n"
	"grenier/internal/portal"
	"grenier/internal/search/feed"
	"grenier/internal/web"
	"grenier/ui"
)

// server is the program while it serves.
type server struct {
	*App
	versions *web.Versions
	kept     *web.Kept
	pieces   *web.Pieces
	metrics  *prometheus.Registry
	index    *feed.Follower
	answers  *answers
	pages    *portal.Portal
	ready    atomic.Bool
	work     sync.WaitGroup
}

// Serve runs the platform until the context ends: it listens at once, is ready
// when the index has caught up with the log, and stops gracefully. listening is
// told of the address; it may be nil.
func (a *App) Serve(ctx context.Context, listening func(address string)) error {
	if err := a.tryFiles(ctx); err != nil {
		return err
	}
	s := &server{App: a, versions: web.NewVersions(), metrics: prometheus.NewRegistry()}
	cache := uint64(a.Settings.KeptAnswersSize)
	s.kept = web.NewKept(s.versions, cache*2/3)
	s.pieces = web.NewPieces(s.versions, cache/3)
	s.answers = &answers{versions: s.versions, zones: a.refreshZones, site: a.Catalog.ForgetSettings}
	s.index = feed.NewFollower(a.DB, a.engine, s.answers.searched)
	a.Events.OnCommit(s.answers.raise)
	s.register()

	a.takeUp()
	a.warnOfPlugins()
	handler, err := s.handler()
	if err != nil {
		return err
	}
	main := web.NewServer(web.ServerOptions{
		Listen: a.Settings.Listen, TLSHost: a.Settings.TLS, TLSCache: filepath.Join(a.Settings.Data, "certificates"),
		MaxHeader: int(a.Settings.MaxHeader), StopWithin: a.Settings.ShutdownTimeout, Log: a.Log,
	}, handler)
	if err := main.Listen(); err != nil {
		return err
	}
	figures, err := s.figures()
	if err != nil {
		return err
	}
	if listening != nil {
		listening(main.Addr().String())
	}
	return s.run(ctx, main, figures)
}

// figures prepares the server of the metrics alone, nil when they are served
// with the rest.
func (s *server) figures() (*web.Server, error) {
	if s.Settings.MetricsListen == "" {
		return nil, nil
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.metrics, promhttp.HandlerOpts{}))
	figures := web.NewServer(web.ServerOptions{Listen: s.Settings.MetricsListen, StopWithin: time.Second, Log: s.Log}, mux)
	return figures, figures.Listen()
}

// run starts what works behind the answers and serves until the context ends.
func (s *server) run(ctx context.Context, main, figures *web.Server) error {
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	failed := make(chan error, 1)
	s.start(func() {
		if err := s.prepare(background); err != nil && background.Err() == nil {
			failed <- err
		}
	})
	serving, halt := context.WithCancel(ctx)
	defer halt()
	context.AfterFunc(serving, s.Changes.Stop) // whoever waits for changes would hold up the stop
	var cause error
	go func() {
		select {
		case cause = <-failed:
			halt()
		case <-serving.Done():
		}
	}()
	if figures != nil {
		s.start(func() {
			if err := figures.Run(background); err != nil {
				s.warn("the server of the metrics")(err)
			}
		})
	}
	err := main.Run(serving)
	s.ready.Store(false)
	stop()
	s.work.Wait()
	return errors.Join(err, cause, s.settle())
}

func (s *server) start(fn func()) {
	s.work.Add(1)
	go func() {
		defer s.work.Done()
		fn()
	}()
}

// prepare brings memory up to the log, then lets the followers run.
func (s *server) prepare(ctx context.Context) error {
	started := time.Now()
	head, err := s.Events.Head(ctx, s.DB.Read())
	if err != nil {
		return err
	}
	s.answers.position.Store(head)
	s.follow(ctx, s.answers)
	s.followChanges(ctx, head)
	if s.Settings.HasRole("search") {
		if err := s.UpdateIndex(ctx, nil); err != nil {
			return err
		}
		s.index.Reset()
		s.searching.Store(true)
		s.follow(ctx, s.index)
	}
	s.start(func() { s.Events.WatchOthers(ctx, s.warn("the log of other processes")) })
	if s.pages != nil {
		s.start(func() { s.pages.Run(ctx) })
		s.start(func() {
			if err := s.Catalog.Warm(ctx); err != nil && ctx.Err() == nil {
				s.warn("counting the catalogue")(err)
			}
		})
	}
	s.start(func() { s.every(ctx, checkpointEvery, s.checkpoint) })
	s.start(func() { s.every(ctx, flushEvery, s.Tokens.Flush) })
	s.start(func() { s.every(ctx, flushEvery, s.Sessions.Flush) })
	s.start(func() { s.every(ctx, flushEvery, s.OAuth.Flush) })
	if s.Settings.HasRole("work") {
		if err := s.Jobs.Start(ctx); err != nil {
			return err
		}
		s.start(func() { s.stopJobs(ctx) })
		s.carryChanges(ctx)
		s.checkFiles(ctx)
	}
	s.ready.Store(true)
	s.Log.Info("ready", "took", time.Since(started).Round(time.Millisecond).String())
	<-ctx.Done()
	return nil
}

// stopJobs hands back what runs when the program stops.
func (s *server) stopJobs(ctx context.Context) {
	<-ctx.Done()
	within, cancel := context.WithTimeout(context.Background(), s.Settings.ShutdownTimeout+5*time.Second)
	defer cancel()
	if err := s.Jobs.Stop(within); err != nil {
		s.Log.Warn("background work did not end in time", "cause", err)
	}
}

func (s *server) follow(ctx context.Context, f event.Follower) {
	s.start(func() { s.Events.Follow(ctx, f, s.warn("follower "+f.Name())) })
}

func (s *server) warn(what string) func(error) {
	return func(err error) { s.Log.Warn(what+" stumbled and goes on", "cause", err) }
}

const (
	checkpointEvery = 5 * time.Minute
	flushEvery      = 10 * time.Second
)

// every runs fn at an interval until the context ends.
func (s *server) every(ctx context.Context, interval time.Duration, fn func(context.Context) error) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := fn(ctx); err != nil && ctx.Err() == nil {
				s.warn("background work")(err)
			}
		}
	}
}

// checkpoint writes the index down when it has moved, so that the next start
// has little to follow.
func (s *server) checkpoint(context.Context) error {
	if s.index.Position() == s.engine.Position() {
		return nil
	}
	return s.engine.Checkpoint(s.index.Position())
}

// settle writes down what memory still holds at the stop.
func (s *server) settle() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err := errors.Join(s.Tokens.Flush(ctx), s.Sessions.Flush(ctx), s.OAuth.Flush(ctx))
	if s.fresh && s.index.Position() >= s.engine.Position() {
		err = errors.Join(err, s.checkpoint(ctx))
	}
	return err
}

// handler puts the faces together.
func (s *server) handler() (*web.Handler, error) {
	settings := s.Settings
	site := web.Site{Base: settings.BaseURL, Files: settings.FilesURL, Title: settings.SiteTitle, Language: settings.Language, Languages: i18n.Languages}
	sites := web.SitesByHost(site)
	if settings.BaseURL != "" {
		sites = web.OneSite(site)
	}
	if !settings.HasRole("web") {
		return s.quietHandler(sites)
	}
	dumps := s.dumps()
	face := s.api(dumps, s.versions, s.pieces)
	first, second := face.Tables()
	root := web.NewTable("", web.Info{Title: "Grenier", Version: Version})
	s.rootRoutes(root, first, second)
	face.RootDumps(root)
	face.RootSession(root)
	face.RootOAuth(root)
	face.RootFiles(root)
	face.RootChanges(root)
	face.RootChecks(root)
	face.RootFeeds(root, "")
	for _, lang := range settings.Languages {
		if lang != settings.Language {
			face.RootFeeds(root, "/"+lang)
		}
	}
	pages, err := s.portal(dumps)
	if err != nil {
		return nil, err
	}
	face.Consent = consentPage(pages)
	pages.Routes(root)
	s.pages = pages
	embeds, err := s.embeds(pages)
	if err != nil {
		return nil, err
	}
	embeds.Routes(root, first)
	scripts, err := embed.NewScripts(ui.Embed(), settings.Language, pages.EmbedStyle)
	if err != nil {
		return nil, err
	}
	scripts.Routes(root)
	return web.NewHandler(web.Options{
		Sites: s.titledSites(sites), Authenticate: s.callers().Caller, ReadOnly: s.readOnly,
		ReadOnlyMore:   settings.ReadOnlyMore,
		TrustedOrigins: settings.CORSOrigins, TrustedProxies: settings.TrustedProxies, MaxBody: int64(settings.MaxBody),
		MaxPageSize: settings.MaxPageSize, Timeout: settings.RequestTimeout, Kept: s.kept, Versions: s.versions, Log: s.Log,
		Metrics: s.metrics, Context: s.onSite, Expect: event.Expect, Retries: api.NewRetries(s.Retries), SessionCookie: api.SessionCookie, ErrorPage: pages.ErrorPage, Moved: pages.Moved,
	}, root, first, second)
}

// portal builds the face for people.
func (s *server) portal(dumps *dump.Dumps) (*portal.Portal, error) {
	settings := s.Settings
	deps := portal.Deps{
		Catalog: s.Catalog, Files: s.Files, Organizations: s.Organizations, People: s.People, Zones: s.Zones, Search: s.match(),
		Sitemaps: dump.NewSitemaps(s.DB, dump.SitemapOptions{
			Pages: portal.SitePages(), Language: settings.Language, Languages: settings.Languages,
		}),
		Versions: s.versions, Kept: s.kept, Log: s.Log, Version: Version, Language: settings.Language, Languages: settings.Languages,
		Zone: settings.Location(), Theme: settings.Theme, Dev: settings.Dev, Contact: settings.Contact,
		MapTiles: settings.MapTiles, MapAttribution: settings.MapAttribution, Hidden: settings.DisallowIndexing,
		QualityDescriptionLength: settings.QualityDescriptionLength, Pictures: filepath.Join(settings.Data, "pictures"),
		Front: ui.Portal(), Manifest: ui.Manifest(),
	}
	deps.Checks, deps.Harvests = s.Checks, s.Harvests
	deps.Fetch = fetch.New(fetch.Options{
		Allow: settings.FetchAllow, Version: Version, Site: settings.BaseURL, Local: s.Files, LocalOnly: !settings.RemotePreviews,
	})
	s.letIn(&deps)
	return portal.New(deps)
}

// embeds builds the face for pages of other sites.
func (s *server) embeds(pages *portal.Portal) (*embed.Embed, error) {
	return embed.New(embed.Deps{
		Catalog: s.Catalog, Organizations: s.Organizations, Zones: s.Zones, Search: s.match(), Log: s.Log,
		Language: s.Settings.Language, Languages: s.Settings.Languages, Zone: s.Settings.Location(), Style: pages.EmbedStyle,
	})
}

// quietHandler serves what operators ask of a node that does not serve readers.
func (s *server) quietHandler(sites web.Sites) (*web.Handler, error) {
	root := web.NewTable("", web.Info{Title: "Grenier", Version: Version})
	s.operatorRoutes(root)
	return web.NewHandler(web.Options{Sites: sites, Versions: s.versions, Log: s.Log, Metrics: s.metrics}, root)
}

// rootRoutes are the documents of the API and what operators ask.
func (s *server) rootRoutes(root *web.Table, first, second *web.Table) {
	info := web.Info{Title: s.Settings.SiteTitle, Version: Version, Description: "The catalogue of open data, for programs."}
	web.ServeOpenAPI(root, "/api/openapi.json", info, first, second)
	web.ServeSwagger(first, "/swagger.json")
	web.ServeSwagger(second, "/swagger.json")
	web.ServeAPIDoc(root, "/apidoc", "/api/openapi.json", ui.SwaggerUI())
	s.operatorRoutes(root)
}

// operatorRoutes tell whether the node lives, whether it can serve, and its
// figures.
func (s *server) operatorRoutes(root *web.Table) {
	web.Handle(root, http.MethodGet, "/health", web.Doc{}, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintln(w, `{"status":"alive"}`)
	}))
	web.Handle(root, http.MethodGet, "/health/ready", web.Doc{}, http.HandlerFunc(s.isReady))
	if s.Settings.MetricsListen == "" {
		web.Handle(root, http.MethodGet, "/metrics", web.Doc{}, promhttp.HandlerFor(s.metrics, promhttp.HandlerOpts{}))
	}
}

// isReady tells whether requests can be served: the index has caught up and
// the database answers.
func (s *server) isReady(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	var one int
	err := s.DB.Read().NewRaw("SELECT 1").Scan(ctx, &one)
	if !s.ready.Load() || err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintln(w, `{"status":"starting"}`)
		return
	}
	fmt.Fprintln(w, `{"status":"ready"}`)
}

// register adds the figures of the rooms below HTTP.
func (s *server) register() {
	gauge := func(name, help string, labels prometheus.Labels, value func() float64) {
		s.metrics.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels}, value))
	}
	s.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, f := range []event.Follower{s.answers, s.index, s.Changes} {
		gauge("grenier_follower_lag_events", "Events of the log that the follower has yet to deal with.",
			prometheus.Labels{"follower": f.Name()}, func() float64 { return s.lag(f) })
	}
	gauge("grenier_change_readers", "Readers that follow the changes.", nil, func() float64 { return float64(s.Changes.Readers()) })
	gauge("grenier_writes_total", "Write transactions since the start.", nil, func() float64 { n, _ := s.DB.Waits(); return float64(n) })
	gauge("grenier_write_wait_seconds_total", "Time that writes waited for their turn.", nil, func() float64 {
		_, waited := s.DB.Waits()
		return waited.Seconds()
	})
	gauge("grenier_oldest_job_seconds", "For how long the job that waits longest could have run.", nil, s.oldestJob)
	s.checkFigures()
	gauge("grenier_pieces_bytes", "Weight of the rendered pieces kept in memory.", nil, func() float64 { return float64(s.pieces.Weight()) })
}

func (s *server) oldestJob() float64 {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	age, err := s.Jobs.OldestReady(ctx)
	if err != nil {
		return -1
	}
	return age.Seconds()
}

func (s *server) lag(f event.Follower) float64 {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	head, err := s.Events.Head(ctx, s.DB.Read())
	if err != nil {
		return -1
	}
	return float64(max(0, head-f.Position()))
}
