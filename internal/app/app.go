// Package app builds the program from its parts, by plain constructors. It
// alone knows every room.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"grenier/internal/account"
	"grenier/internal/account/oauth"
	"grenier/internal/account/sso"
	"grenier/internal/api"
	"grenier/internal/catalog"
	"grenier/internal/check"
	"grenier/internal/config"
	"grenier/internal/db"
	"grenier/internal/dcat"
	"grenier/internal/dump"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/geo"
	"grenier/internal/harvest"
	"grenier/internal/job"
	"grenier/internal/limit"
	"grenier/internal/mail"
	"grenier/internal/outbox"
	"grenier/internal/portal"
	"grenier/internal/search"
	"grenier/internal/search/feed"
	"grenier/internal/web"
)

// Version is the program's version, set by the build.
var Version = "0.1.0-dev"

// App is the program: its database, its subjects and what it keeps in memory.
type App struct {
	Settings      *config.Settings
	Log           *slog.Logger
	DB            *db.DB
	Events        *event.Log
	Zones         *geo.Directory
	Catalog       *catalog.Store
	Files         *catalog.Files
	Organizations *account.Organizations
	People        *account.People
	Tokens        *account.Tokens
	Accounts      *account.Writer
	Sessions      *account.Sessions
	Rates         *limit.Rates
	Mail          *mail.Outbox
	OAuth         *oauth.Server
	SSO           *sso.Provider // nil without one
	Jobs          *job.Runner
	// Changes are what readers and webhooks are told of.
	Changes  *outbox.Feed
	Webhooks *outbox.Webhooks
	// Harvests keep remote portals in step.
	Harvests *harvest.Store
	// Checks tell whether remote files are there.
	Checks *check.Store
	// Retries remembers requests that may be repeated.
	Retries *event.Retries

	schemas   *catalog.Schemas // nil when no catalogue of schemas is set
	demo      []portal.DemoAccount
	started   portal.Started
	engine    *search.Engine
	fresh     bool
	indexFile string
	searching atomic.Bool
}

// Open opens the database and what a command needs of the subjects. Nothing
// runs in the background yet.
func Open(ctx context.Context, settings *config.Settings, log *slog.Logger) (*App, error) {
	d, err := db.Open(ctx, db.Options{URL: settings.Database, Dir: settings.Data, Sync: settings.SqliteSync})
	if err != nil {
		return nil, err
	}
	d.Watch(slowQueries(log))
	a := &App{Settings: settings, Log: log, DB: d, Events: event.NewLog(d)}
	if err := a.assemble(ctx); err != nil {
		d.Close()
		return nil, err
	}
	return a, nil
}

// slowQuery is how long a query may take without being told of.
const slowQuery = time.Second

// slowQueries records the queries that take long: their beginning, which tells
// what was asked, and not the values at their end.
func slowQueries(log *slog.Logger) func(context.Context, string, time.Duration) {
	return func(_ context.Context, query string, took time.Duration) {
		if took >= slowQuery {
			log.Debug("slow query", "took", took.Round(time.Millisecond).String(), "query", strings.ToValidUTF8(query[:min(len(query), 200)], ""))
		}
	}
}

// assemble builds the subjects, lower ones first.
func (a *App) assemble(ctx context.Context) error {
	var err error
	if a.Zones, err = geo.Load(ctx, a.DB.Read()); err != nil {
		return fmt.Errorf("the zones cannot be read: %w", err)
	}
	secret, err := account.Secret(ctx, a.DB, account.SecretOfTokens)
	if err != nil {
		return fmt.Errorf("the secret of the tokens cannot be read: %w", err)
	}
	instance, err := account.Secret(ctx, a.DB, "instance")
	if err != nil {
		return err
	}
	if err := a.openIndex(fmt.Sprintf("%x", instance[:6])); err != nil {
		return err
	}
	match := a.match()
	offers, err := catalog.ReadTerritoryOffers(a.Settings.TerritoryDatasets)
	if err != nil {
		return err
	}
	a.Catalog = catalog.New(a.Events, a.Zones, match, catalog.Rules{
		QualityDescriptionLength: a.Settings.QualityDescriptionLength,
		OmittedPrivateKeeps:      a.Settings.OmittedPrivate == "keep",
		BinRetention:             a.Settings.BinRetention,
		HiddenBadges:             a.Settings.HiddenBadges,
		TerritoryOffers:          offers,
	})
	a.Organizations = account.NewOrganizations(a.DB, match)
	a.People = account.NewPeople(a.DB)
	a.Tokens = account.NewTokens(a.DB, secret)
	a.Retries = event.NewRetries(a.Events)
	a.Changes = outbox.NewFeed(a.Events, changeReaders)
	a.Jobs = a.newRunner()
	if err := a.assemblePublishing(secret); err != nil {
		return err
	}
	if err := a.assembleFiles(ctx); err != nil {
		return err
	}
	a.assembleChecks()
	if err := a.assembleHarvests(); err != nil {
		return err
	}
	return a.Catalog.SeedLicenses(ctx)
}

// refreshZones reads the zones of the database again, which another process
// may have changed.
func (a *App) refreshZones(ctx context.Context) error { return a.Zones.Refresh(ctx, a.DB.Read()) }

// searchRetry is after how long somebody may ask again while the index is
// being built.
const searchRetry = 5 * time.Second

// match is the search as the faces use it: closed on a node without the role,
// and until the index has caught up with the log.
func (a *App) match() feed.Match {
	return feed.Match{Engine: a.engine, Ready: func() error {
		switch {
		case a.searching.Load():
			return nil
		case !a.Settings.HasRole("search"):
			return fault.New(fault.NotImplemented, "Search endpoint not enabled")
		}
		return fault.New(fault.Unavailable, "The search index is being built: try again in a moment.").After(searchRetry)
	}}
}

// indexFolder is the folder of the search index below the data folder.
const indexFolder = "index"

// openIndex opens the snapshot of the search index of this database; the file
// is named after the database, so that the index of another one is never taken
// for it.
func (a *App) openIndex(instance string) error {
	folder := filepath.Join(a.Settings.Data, indexFolder)
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return fmt.Errorf("the folder of the search index cannot be made: %w", err)
	}
	a.indexFile = filepath.Join(folder, instance+".index")
	engine, err := search.Open(a.indexFile)
	switch {
	case err == nil:
		a.engine, a.fresh = engine, true
	case errors.Is(err, search.ErrNoSnapshot), errors.Is(err, search.ErrUnusableSnapshot):
		if errors.Is(err, search.ErrUnusableSnapshot) {
			a.Log.Warn("the search index is built again", "cause", err)
		}
		a.engine = search.New(a.indexFile)
	default:
		return fmt.Errorf("the search index cannot be opened: %w", err)
	}
	return nil
}

// Close closes the database and the index.
func (a *App) Close() error { return errors.Join(a.engine.Close(), a.DB.Close()) }

// RebuildIndex builds the search index from the rows. progress may be nil.
func (a *App) RebuildIndex(ctx context.Context, progress func(done int)) error {
	position, err := feed.Rebuild(ctx, a.DB, a.Events, a.engine, progress)
	if err != nil {
		return fmt.Errorf("the search index cannot be built: %w", err)
	}
	a.fresh = true
	a.Log.Info("search index built", "position", position)
	return nil
}

// IndexPosition returns the position of the log that the index snapshot stands
// for, and that of the newest event.
func (a *App) IndexPosition(ctx context.Context) (position, head int64, err error) {
	head, err = a.Events.Head(ctx, a.DB.Read())
	return a.engine.Position(), head, err
}

// rebuildFrom is the number of events behind from which building the index
// anew is quicker than following the log.
const rebuildFrom = 20_000

// UpdateIndex brings the index up to the log and writes its snapshot.
func (a *App) UpdateIndex(ctx context.Context, progress func(done int)) error {
	position, head, err := a.IndexPosition(ctx)
	if err != nil {
		return err
	}
	if !a.fresh || position > head || head-position > rebuildFrom {
		return a.RebuildIndex(ctx, progress)
	}
	follower := feed.NewFollower(a.DB, a.engine, nil)
	if err := a.Events.CatchUp(ctx, follower); err != nil {
		return err
	}
	if follower.Position() == position {
		return nil
	}
	return a.engine.Checkpoint(follower.Position())
}

// dumps builds what writes the catalogue out.
func (a *App) dumps() *dump.Dumps {
	return dump.New(a.Events, a.Catalog, a.Zones, a.match(), dump.Options{
		QualityDescriptionLength: a.Settings.QualityDescriptionLength, FilesURL: a.Settings.FilesURL,
	})
}

// api builds the face that programs use.
func (a *App) api(dumps *dump.Dumps, versions *web.Versions, pieces *web.Pieces) *api.API {
	return api.New(api.Deps{
		Dumps:   api.NewDumps(dumps, a.Settings.DumpConcurrency),
		Feeds:   dump.NewFeeds(dumps, a.Settings.FeedDelay),
		Linked:  dcat.New(a.DB, a.Catalog, a.Zones, a.Log),
		Changes: api.NewChanges(a.Changes, changeReaders/2, changeStarts), Webhooks: a.Webhooks, Harvests: a.Harvests, Checks: a.Checks,
		Catalog: a.Catalog, Files: a.Files, Organizations: a.Organizations, People: a.People, Tokens: a.Tokens, Accounts: a.Accounts, OAuth: a.OAuth, SSO: a.SSO, ProviderLogout: a.providerLogout(), Sessions: a.Sessions, Zones: a.Zones, Jobs: a.Jobs,
		Search: a.match(), Versions: versions, Pieces: pieces,
		QualityDescriptionLength: a.Settings.QualityDescriptionLength, SiteKeywords: a.Settings.SiteKeywords, Version: Version,
	})
}
