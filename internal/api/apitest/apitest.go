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
	"path/filepath"
	"strings"
	"testing"

	"grenier/internal/account"
	"grenier/internal/api"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/dump"
	"grenier/internal/event"
	"grenier/internal/geo"
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
	Accounts *account.Writer
	Tokens   *account.Tokens
	Tables   []*web.Table
	Versions *web.Versions
	Zones    *geo.Directory
	// Found finds what Index made findable.
	Found feed.Match

	follower *feed.Follower
}

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
	s := &Server{
		T: t, DB: d, Log: log, Accounts: account.NewWriter(log), Tokens: account.NewTokens(d, []byte("secret of the tests")),
		Catalog: catalog.New(log, zones, match, catalog.Rules{}), follower: feed.NewFollower(d, engine, nil), Versions: web.NewVersions(),
		Zones: zones, Found: match,
	}
	if err := s.Catalog.SeedLicenses(context.Background()); err != nil {
		t.Fatal(err)
	}
	log.OnCommit(func(events []event.Event) {
		for _, e := range events {
			s.Versions.Raise(web.Object(e.ObjectKind, e.Object), web.Epoch(e.ObjectKind))
		}
	})
	dumps := dump.New(log, s.Catalog, zones, match, dump.Options{QualityDescriptionLength: 100})
	face := api.New(api.Deps{
		Catalog: s.Catalog, Organizations: account.NewOrganizations(d, match), People: account.NewPeople(d), Tokens: s.Tokens,
		Zones: zones, Search: match, Versions: s.Versions, Pieces: web.NewPieces(s.Versions, bytes), QualityDescriptionLength: 100,
		ExploreURL: "https://explore.example.org", Version: "test", SiteKeywords: []string{"opendata"},
		Dumps: api.NewDumps(dumps, 4),
		Feeds: dump.NewFeeds(dumps, 0),
	})
	first, second := face.Tables()
	web.ServeSwagger(first, "/swagger.json")
	web.ServeSwagger(second, "/swagger.json")
	root := web.NewTable("", web.Info{})
	face.RootDumps(root)
	face.RootFeeds(root, "")
	face.RootFeeds(root, "/en")
	s.Tables = []*web.Table{first, second, root}
	handler, err := web.NewHandler(web.Options{
		Sites:        web.OneSite(web.Site{Base: Base, Title: "Test", Language: "fr", Languages: []string{"fr", "en"}}),
		Authenticate: s.Authenticate, Kept: web.NewKept(s.Versions, bytes), Versions: s.Versions, Log: slog.New(slog.DiscardHandler),
	}, s.Tables...)
	if err != nil {
		t.Fatal(err)
	}
	s.Server = httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s
}

// Base is the address of the site in answers.
const Base = "https://data.example.org"

// Authenticate finds whom the token of a request stands for.
func (s *Server) Authenticate(r *http.Request) (web.Caller, error) {
	key := r.Header.Get("X-API-KEY")
	if key == "" {
		return web.Caller{Viewer: account.Nobody}, nil
	}
	viewer, err := s.Tokens.Viewer(r.Context(), key, r.UserAgent())
	return web.Caller{Viewer: viewer, Known: true, Admin: viewer.Admin()}, err
}

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
		case !strings.HasPrefix(template[i], "{"):
			return 0, false
		}
	}
	return same, true
}
