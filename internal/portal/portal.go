// Package portal is the face for people: pages drawn on the server, complete
// without scripts, in several languages and in the look of a theme.
package portal

import (
	"context"
	"embed"
	"io/fs"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"grenier/internal/account"
	"grenier/internal/account/oauth"
	"grenier/internal/catalog"
	"grenier/internal/check"
	"grenier/internal/dump"
	"grenier/internal/fetch"
	"grenier/internal/geo"
	"grenier/internal/harvest"
	"grenier/internal/job"
	"grenier/internal/outbox"
	"grenier/internal/search"
	"grenier/internal/web"
)

//go:embed templates texts pages menus.yaml home.yaml
var files embed.FS

// Searcher finds public objects.
type Searcher interface {
	Search(search.Query) (search.Result, error)
	Suggest(search.SuggestQuery) ([]search.Hit, error)
}

// Deps are the subjects behind the pages and what the operator chose.
type Deps struct {
	Catalog       *catalog.Store
	Organizations *account.Organizations
	People        *account.People
	Zones         *geo.Directory
	Search        Searcher
	Sitemaps      *dump.Sitemaps
	// Files are the hosted ones.
	Files *catalog.Files
	// Fetch reads the hosted files, and what lies on other servers unless it
	// leaves those out; nil shows nothing of either.
	Fetch    *fetch.Client
	Versions *web.Versions
	Kept     *web.Kept
	Log      *slog.Logger

	// Version is the program's version.
	Version string
	// Language is the site's own; Languages are all offered ones.
	Language  string
	Languages []string
	Zone      *time.Location
	// Theme is the folder or zip file of a theme pack, empty for none.
	Theme string
	// Dev reads the pack again when it changes and keeps no page.
	Dev bool
	// Contact is where people who need help write to: a mail address or a page.
	Contact string
	// MapTiles and MapAttribution are the tiles behind the maps, empty for the
	// outlines inside the program.
	MapTiles, MapAttribution string
	// Hidden asks search engines to leave the site out.
	Hidden                   bool
	QualityDescriptionLength int
	// Pictures is the folder that keeps pictures of other servers.
	Pictures string
	// Front are the built scripts and styles, by the names that Manifest gives.
	Front    fs.FS
	Manifest map[string]string

	// ReadOnly tells whether nothing new can be made for now; nil never.
	ReadOnly func() bool
	// Registration tells whether people may make their account themselves; nil
	// when they may not.
	Registration func() bool
	// SessionCookie is the name of the cookie of those who are signed in.
	SessionCookie string
	// Accounts and Sessions let people in; without them the site is one to read.
	Accounts *account.Writer
	Sessions *account.Sessions
	// Tokens and Programs let programs act for people; nil where these pages are not.
	Tokens   *account.Tokens
	Programs *oauth.Server
	// Webhooks are sent what changes; nil where their pages are not.
	Webhooks *outbox.Webhooks
	// Harvests bring the catalogues of other portals here; nil where their pages
	// are not.
	Harvests *harvest.Store
	// Checks tell whether remote files are there; nil where nobody looks.
	Checks *check.Store
	// Jobs is the work in the background.
	Jobs *job.Runner
	// Started is what the program was started with of the settings that
	// administrators may choose anew.
	Started Started
	// Provider is the name of another site with which people may log in, empty
	// for none; ProviderPath leads there, ProviderOrigin is its address.
	Provider, ProviderPath, ProviderOrigin string
	// ProviderLogout gives the address that ends a session at the provider, ""
	// when it ends here alone; nil for none.
	ProviderLogout func(context.Context, *account.Session) (string, error)
	// DemoAccounts are offered on the page to log in on, Mailbox shows all mails
	// to everybody: both for demonstrations alone.
	DemoAccounts []DemoAccount
	Mailbox      Mailbox
	// Unsent tells that no mail server is set: letters are written to the log of
	// the program and reach nobody.
	Unsent bool
	// Program is how this program was called, ProgramData the options that have
	// its commands work on this site's data; the latter is empty by default.
	Program, ProgramData string
}

// Portal holds the pages.
type Portal struct {
	Deps
	look     *look
	boot     script
	front    *front
	pictures *pictures
	shares   *shares
	// openAPI keeps the descriptions of APIs that were read lately.
	openAPI *openAPIShelf
	trends  atomic.Pointer[trends]
	// forms are the declared forms, adminPaths the pages of the administration.
	forms      []Form
	adminPaths []string
}

// New reads the pages and the theme pack. A pack that is broken is told in the
// log, and the site wears the program's own look.
func New(deps Deps) (*Portal, error) {
	p, err := dressed(deps)
	if err != nil {
		return nil, err
	}
	p.openAPI = newOpenAPIShelf(deps.Fetch)
	if p.pictures, err = newPictures(deps, pictureSourceOf(deps.Fetch)); err != nil {
		return nil, err
	}
	p.shares = newShares(p)
	return p, nil
}

// dressed is a portal with its look alone, which can draw pages and serve none.
func dressed(deps Deps) (*Portal, error) {
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	if deps.Zone == nil {
		deps.Zone = time.UTC
	}
	p := &Portal{Deps: deps}
	var err error
	if p.front, err = readFront(deps.Front, deps.Manifest); err != nil {
		return nil, err
	}
	p.boot = newScript(p.front.text("theme-boot.js"))
	if p.look, err = newLook(p); err != nil {
		return nil, err
	}
	p.Languages = p.languages()
	return p, nil
}

// languages are the offered ones that pages have words in, the site's own
// first, and those that the theme pack brings.
func (p *Portal) languages() []string {
	known := p.look.theme().Languages()
	offered := []string{p.Language}
	for _, lang := range append(slices.Clone(p.Deps.Languages), p.look.brought()...) {
		if slices.Contains(known, lang) && !slices.Contains(offered, lang) {
			offered = append(offered, lang)
		}
	}
	return offered
}

// Routes declares the pages in the table of the site's root.
func (p *Portal) Routes(root *web.Table) {
	t := &table{p: p, root: root}
	p.fileRoutes(root)
	p.resourceRoutes(root)
	p.crawlerRoutes(root)
	p.pictures.routes(root)
	p.shares.routes(root)
	for _, declare := range []func(*table){
		p.homeRoutes, p.searchRoutes, p.datasetRoutes, p.organizationRoutes, p.reuseRoutes, p.dataserviceRoutes,
		p.topicRoutes, p.postRoutes, p.userRoutes, p.tagRoutes, p.helpRoutes, p.integrateRoutes, p.openSearchRoutes, p.wordRoutes, p.territoryRoutes,
		p.adminRoutes, p.adminMeRoutes, p.sessionRoutes, p.adminOrganizationRoutes, p.adminMemberRoutes, p.adminContactRoutes, p.adminTransferRoutes, p.adminDatasetRoutes,
		p.adminReuseRoutes, p.adminDataserviceRoutes, p.adminTopicRoutes, p.adminPostRoutes, p.adminCommunityRoutes, p.adminChartRoutes,
		p.activityRoutes, p.adminHistoryRoutes, p.adminSiteRoutes, p.adminUserRoutes, p.adminJobRoutes, p.adminHarvestRoutes,
	} {
		declare(t)
	}
}

// Run keeps the look up to date until the context ends, in development.
func (p *Portal) Run(ctx context.Context) { p.look.watch(ctx) }
