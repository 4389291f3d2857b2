// Package apitest serves the API over a fresh database for tests.
package apitest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"grenier/internal/account"
	"grenier/internal/account/oauth"
	"grenier/internal/api"
	"grenier/internal/blob"
	"grenier/internal/catalog"
	"grenier/internal/check"
	"grenier/internal/db"
	"grenier/internal/dcat"
	"grenier/internal/dump"
	"grenier/internal/event"
	"grenier/internal/fetch"
	"grenier/internal/geo"
	"grenier/internal/harvest"
	"grenier/internal/job"
	"grenier/internal/limit"
	"grenier/internal/mail"
	"grenier/internal/outbox"
	"grenier/internal/search"
	"grenier/internal/search/feed"
	"grenier/internal/web"
)

// Server is the API over a database of its own.
type Server struct {
	*httptest.Server
	T        testing.TB
	DB       *db.DB
	Log      *event.Log
	Catalog  *catalog.Store
	Files    *catalog.Files
	Accounts *account.Writer
	Tokens   *account.Tokens
	Sessions *account.Sessions
	OAuth    *oauth.Server
	// Face is the API, whose dependencies a test may change.
	Face *api.API
	// Jobs has one kind of work, tests.nothing, and is not started.
	Jobs *job.Runner
	// Authenticate finds who calls.
	Authenticate web.Authenticator
	// ReadOnly closes the creation of content.
	ReadOnly atomic.Bool
	Tables   []*web.Table
	Versions *web.Versions
	Zones    *geo.Directory
	// Changes is the change feed, which does not follow the log.
	Changes *outbox.Feed
	// Webhooks may reach this machine, and try again at once.
	Webhooks *outbox.Webhooks
	// Harvests may reach this machine; its only backend is Backend.
	Harvests *harvest.Store
	// Checks may reach this machine, and check nothing by themselves.
	Checks *check.Store
	// Found finds what Index made findable.
	Found feed.Match

	follower *feed.Follower
}

// Offers are the data that are offered for territories: those of a commune, on
// another site and in a hosted table.
var Offers = []catalog.TerritoryOffer{
	{
		ID: "population_com", Levels: catalog.Levels{"fr:commune"}, Order: 1, License: "fr-lo", Organization: "ville-de-valmont",
		Title: catalog.Words{"fr": "Population", "en": "People"}, Description: catalog.Words{"": "Figures **by age**."},
		TemporalCoverage: "1968-2022", URLTemplate: "https://stats.example.org/{code}.csv",
	},
	{
		ID: "ecoles_com", Levels: catalog.Levels{"fr:commune"}, Order: 2, License: "fr-lo", Title: catalog.Words{"": "Écoles"},
		Resource: OfferedTable, FilterColumn: "code_insee",
	},
}

// OfferedTable is the identifier of the hosted table of Offers, which a test
// may make.
const OfferedTable = "6b0f8a10-0000-4000-8000-000000000001"

// New serves the API over a database, without kept answers.
func New(t testing.TB, d *db.DB) *Server { return NewKeeping(t, d, 0) }

// NewKeeping serves the API with so many bytes of kept answers.
func NewKeeping(t testing.TB, d *db.DB, bytes uint64) *Server {
	t.Helper()
	log := event.NewLog(d)
	engine := search.New(filepath.Join(t.TempDir(), "search.index"))
	zones, err := geo.Load(context.Background(), d.Read())
	if err != nil {
		t.Fatal(err)
	}
	match := feed.Match{Engine: engine}
	secret, rates := []byte("secret of the tests"), limit.NewRates(d)
	loopback := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} // tests may say which network they come from
	sessions := account.NewSessions(d, secret, 0)
	letterbox := letters(t, d)
	store := catalog.New(log, zones, match, catalog.Rules{TerritoryOffers: Offers})
	store.Provide(catalog.Deps{Mail: letterbox})
	accounts := account.NewWriter(log).With(account.Deps{
		Mail: letterbox, Secret: secret, Sessions: sessions, Rates: rates, Blocs: store, Rules: account.Rules{Registration: true, SIRET: true},
	})
	s := &Server{
		T: t, DB: d, Log: log, Accounts: accounts, Tokens: account.NewTokens(d, secret), Sessions: sessions, OAuth: oauth.New(d, log, secret, oauth.Options{}),
		Catalog: store, Versions: web.NewVersions(), Zones: zones, Found: match,
	}
	s.follower = feed.NewFollower(d, engine, func(kinds []string) {
		for _, kind := range kinds {
			s.Versions.Raise(web.Epoch("search/" + kind))
		}
	})
	if err := s.Catalog.SeedLicenses(context.Background()); err != nil {
		t.Fatal(err)
	}
	log.OnCommit(func(events []event.Event) {
		for _, e := range events {
			s.Versions.Raise(web.Object(e.ObjectKind, e.Object), web.Epoch(e.ObjectKind))
		}
	})
	s.Jobs = job.NewRunner(d, job.Options{Logger: slog.New(slog.DiscardHandler), Location: time.UTC})
	s.Changes = outbox.NewFeed(log, 10)
	s.Webhooks = outbox.NewWebhooks(log, outbox.Options{
		Secret: secret, Client: fetch.New(fetch.Options{Allow: loopback}), Jobs: s.Jobs, Mail: letterbox, Rates: rates, Base: Base,
		Pause: func(int64) time.Duration { return 0 },
	})
	outbox.Register(s.Jobs, func() *outbox.Webhooks { return s.Webhooks })
	s.harvests(log, secret, letterbox, rates, files(t), loopback)
	s.Checks = check.New(log, check.Deps{Catalog: s.Catalog, Client: fetch.New(fetch.Options{Allow: loopback}), Rules: check.Rules{Origin: Base}})
	s.Jobs.Register(job.Kind{Name: "tests.nothing", Schedule: "@daily", Work: func(context.Context, *job.Run) error { return nil }})
	dumps := dump.New(log, s.Catalog, zones, match, dump.Options{QualityDescriptionLength: 100})
	s.Files = catalog.NewFiles(s.Catalog, blob.NewShelf(d, files(t)), catalog.FileRules{
		MaxUpload: MaxUpload, UploadRetention: 24 * time.Hour, BinRetention: 30 * 24 * time.Hour, Secret: secret,
	})
	face := api.New(api.Deps{
		Catalog: s.Catalog, Files: s.Files, Organizations: account.NewOrganizations(d, match), People: account.NewPeople(d), Tokens: s.Tokens,
		Accounts: s.Accounts, Sessions: s.Sessions, OAuth: s.OAuth, Jobs: s.Jobs,
		Zones: zones, Search: match, Versions: s.Versions, Pieces: web.NewPieces(s.Versions, bytes), QualityDescriptionLength: 100,
		ExploreURL: "https://explore.example.org", Version: "test", SiteKeywords: []string{"opendata"},
		Dumps: api.NewDumps(dumps, 4),
		Feeds: dump.NewFeeds(dumps, 0), Linked: dcat.New(d, s.Catalog, zones, slog.New(slog.DiscardHandler)), Changes: api.NewChanges(s.Changes, 8, 4), Webhooks: s.Webhooks, Harvests: s.Harvests, Checks: s.Checks,
	})
	callers := api.Callers{Sessions: s.Sessions, Tokens: s.Tokens, Bearers: s.OAuth, Rates: rates, TrustedProxies: loopback}
	s.Authenticate = callers.Caller
	s.Face = face
	first, second := face.Tables()
	web.ServeSwagger(first, "/swagger.json")
	web.ServeSwagger(second, "/swagger.json")
	root := web.NewTable("", web.Info{})
	face.RootDumps(root)
	face.RootFeeds(root, "")
	face.RootFeeds(root, "/en")
	face.RootSession(root)
	face.RootFiles(root)
	face.RootOAuth(root)
	face.RootChecks(root)
	s.Tables = []*web.Table{first, second, root}
	handler, err := web.NewHandler(web.Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		Sites:    web.OneSite(web.Site{Base: Base, Title: "Test", Language: "fr", Languages: []string{"fr", "en"}}),
		ReadOnly: s.ReadOnly.Load, Expect: event.Expect, Retries: api.NewRetries(event.NewRetries(log)),
		Authenticate: s.Authenticate, SessionCookie: api.SessionCookie, Kept: web.NewKept(s.Versions, bytes), Versions: s.Versions, Log: slog.New(slog.DiscardHandler),
	}, s.Tables...)
	if err != nil {
		t.Fatal(err)
	}
	s.Server = httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s
}

// MaxUpload is the largest file that the tests' site takes, in bytes.
const MaxUpload = 64 << 20

// files keeps the hosted files of a test in a folder.
func files(t testing.TB) blob.Store {
	t.Helper()
	store, err := blob.OpenFolder(t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// letters takes the letters of the tests, which nobody sends: see Letters.
func letters(t testing.TB, d *db.DB) *mail.Outbox {
	t.Helper()
	jobs := job.NewRunner(d, job.Options{Logger: slog.New(slog.DiscardHandler)})
	jobs.Register(job.Kind{Name: mail.SendKind, Work: func(context.Context, *job.Run) error { return nil }})
	outbox, err := mail.NewOutbox(d, jobs, mail.Options{Site: mail.Site{Base: Base, Title: "Test", Language: "fr"}})
	if err != nil {
		t.Fatal(err)
	}
	return outbox
}

// Letters are those posted so far, oldest first.
func (s *Server) Letters() []mail.Mail {
	s.T.Helper()
	var posted []mail.Mail
	if err := s.DB.Read().NewSelect().Model(&posted).OrderExpr("created_at, id").Scan(context.Background()); err != nil {
		s.T.Fatal(err)
	}
	return posted
}

// Base is the address of the site in answers.
const Base = "https://data.example.org"

// Index brings the search index up to the log.
func (s *Server) Index() {
	s.T.Helper()
	if err := s.Log.CatchUp(context.Background(), s.follower); err != nil {
		s.T.Fatal(err)
	}
}

// User makes a person and returns their identifier and a token.
func (s *Server) User(email string, admin bool) (id, token string) {
	s.T.Helper()
	name, _, _ := strings.Cut(email, "@")
	user, err := s.Accounts.CreateUser(context.Background(), account.System("test"), account.NewUser{
		Email: email, FirstName: name, LastName: "Example", Admin: admin,
	})
	if err != nil {
		s.T.Fatal(err)
	}
	_, token, err = s.Tokens.Create(context.Background(), user.ID, "test", nil, db.Time{})
	if err != nil {
		s.T.Fatal(err)
	}
	return user.ID, token
}

// Organization makes an organisation with members and returns its identifier.
func (s *Server) Organization(name string, members ...account.NewMember) string {
	s.T.Helper()
	organization, err := s.Accounts.CreateOrganization(context.Background(), account.System("test"), account.NewOrganization{
		Name: name, Description: name, Members: members,
	})
	if err != nil {
		s.T.Fatal(err)
	}
	return organization.ID
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// JSON decodes the body into a tree.
func (a Answer) JSON(t testing.TB) any {
	t.Helper()
	var tree any
	if err := json.Unmarshal(a.Body, &tree); err != nil {
		t.Fatalf("no JSON (status %d): %.300s", a.Status, a.Body)
	}
	return tree
}

// Do sends a request: headers are pairs of name and value, body is sent as JSON
// unless nil. Redirections are not followed.
func (s *Server) Do(method, path string, body any, headers ...string) Answer {
	s.T.Helper()
	var reader io.Reader
	if body != nil {
		text, ok := body.(string)
		if !ok {
			encoded, err := json.Marshal(body)
			if err != nil {
				s.T.Fatal(err)
			}
			text = string(encoded)
		}
		reader = strings.NewReader(text)
	}
	request, err := http.NewRequest(method, s.URL+path, reader)
	if err != nil {
		s.T.Fatal(err)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	answer, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		s.T.Fatal(err)
	}
	defer answer.Body.Close()
	var read bytes.Buffer
	if _, err := read.ReadFrom(answer.Body); err != nil {
		s.T.Fatal(err)
	}
	return Answer{Status: answer.StatusCode, Header: answer.Header, Body: read.Bytes()}
}

// Get reads a path; headers are pairs of name and value.
func (s *Server) Get(path string, headers ...string) Answer {
	s.T.Helper()
	return s.Do(http.MethodGet, path, nil, headers...)
}

// Template is the declared path that a request's path falls under: the one with
// the most segments to the letter.
func (s *Server) Template(path string) string {
	s.T.Helper()
	path, _, _ = strings.Cut(path, "?")
	segments := strings.Split(path, "/")
	best, most := "", -1
	for _, table := range s.Tables {
		for _, route := range table.Routes() {
			if same, ok := matches(strings.Split(route.Path, "/"), segments); ok && same > most {
				best, most = route.Path, same
			}
		}
	}
	if best == "" {
		s.T.Fatalf("no route is declared for %s", path)
	}
	return best
}

func matches(template, segments []string) (same int, ok bool) {
	if len(template) != len(segments) {
		return 0, false
	}
	for i, segment := range segments {
		switch {
		case template[i] == segment:
			same++
		case !fits(template[i], segment):
			return 0, false
		}
	}
	return same, true
}

// fits tells whether a segment is a variable with its prefix, if any.
func fits(template, segment string) bool {
	prefix, _, variable := strings.Cut(template, "{")
	return variable && strings.HasPrefix(segment, prefix)
}
