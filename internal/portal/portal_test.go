package portal

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/event"
	"grenier/internal/geo"
	"grenier/internal/search"
	"grenier/internal/web"
)

// site is a portal over a small catalogue, served over HTTP.
type site struct {
	t       *testing.T
	d       *db.DB
	portal  *Portal
	handler http.Handler
}

// noSearch finds nothing: the pages here do not search.
type noSearch struct{}

func (noSearch) Match(context.Context, string, string, int) ([]string, error) { return nil, nil }
func (noSearch) Search(search.Query) (search.Result, error)                   { return search.Result{}, nil }
func (noSearch) Suggest(search.SuggestQuery) ([]search.Hit, error)            { return nil, nil }

// newSite serves a portal; change may set its dependencies, nil changes none.
func newSite(t *testing.T, d *db.DB, change func(*Deps)) *site {
	t.Helper()
	versions := web.NewVersions()
	zones := geo.NewDirectory()
	store := catalog.New(event.NewLog(d), zones, noSearch{}, catalog.Rules{})
	deps := Deps{
		Catalog: store, Organizations: account.NewOrganizations(d, noSearch{}), People: account.NewPeople(d), Zones: zones,
		Search: noSearch{}, Versions: versions, Version: "1.2.3", Language: "fr", Languages: []string{"fr", "en"},
		QualityDescriptionLength: 100, Pictures: t.TempDir(),
	}
	if change != nil {
		change(&deps)
	}
	portal, err := New(deps)
	if err != nil {
		t.Fatal(err)
	}
	root := web.NewTable("", web.Info{})
	portal.Routes(root)
	handler, err := web.NewHandler(web.Options{
		Sites:     web.OneSite(web.Site{Base: "https://data.example.org", Title: "Données <de> Valmont", Language: deps.Language}),
		Versions:  versions,
		ErrorPage: portal.ErrorPage,
		Moved:     portal.Moved,
		Log:       slog.New(slog.DiscardHandler),

		Authenticate: signedIn(deps.Sessions), SessionCookie: deps.SessionCookie, Expect: event.Expect,
	}, root)
	if err != nil {
		t.Fatal(err)
	}
	return &site{t: t, d: d, portal: portal, handler: handler}
}

// signedIn finds who comes with a session of the tests; nil for nobody ever.
func signedIn(sessions *account.Sessions) web.Authenticator {
	return func(r *http.Request, session string) (web.Caller, error) {
		if session == "" || sessions == nil {
			return web.Caller{Viewer: account.Nobody}, nil
		}
		viewer, err := sessions.Viewer(r.Context(), session)
		return web.Caller{Viewer: viewer, Known: viewer.User != nil, Admin: viewer.Admin()}, err
	}
}

// get asks for a page as a browser does.
func (s *site) get(target string) *httptest.ResponseRecorder {
	s.t.Helper()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.Header.Set("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w
}

// insert adds rows as they are.
func (s *site) insert(models ...any) {
	s.t.Helper()
	dbtest.Insert(s.t, s.d, models...)
}

// dataset adds a public dataset; change may set its fields.
func (s *site) dataset(n int, title string, change func(*catalog.Dataset)) *catalog.Dataset {
	s.t.Helper()
	d := &catalog.Dataset{
		ID: fmt.Sprintf("%024x", n), Version: 1, Slug: fmt.Sprintf("dataset-%d", n), Title: title, TitleFold: title, Visible: true,
		AccessType: "open", Views: int64(n), CreatedInternal: db.Now(), ModifiedInternal: db.Now(), CreatedAt: db.Now(), ModifiedAt: db.Now(),
		LastUpdate: db.Now(),
	}
	if change != nil {
		change(d)
	}
	s.insert(d)
	return d
}

// TestExamples draws every page with examples of its content: a template that
// asks for what is not there fails here.
func TestExamples(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), nil)
	if _, err := s.portal.try(s.portal.look.base); err != nil {
		t.Error(err)
	}
}
