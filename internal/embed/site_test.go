package embed

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
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

// base is the address of the site in the tests.
const base = "https://data.example.org"

// site serves the cards of a small catalogue.
type site struct {
	t       *testing.T
	d       *db.DB
	embed   *Embed
	finder  *finder
	handler http.Handler
	// versions date what is kept.
	versions *web.Versions
}

// finder finds what a test says, in its order.
type finder struct {
	hits  []search.Hit
	asked search.Query
}

func (f *finder) Match(context.Context, string, string, int) ([]string, error) { return nil, nil }

func (f *finder) Search(q search.Query) (search.Result, error) {
	f.asked = q
	r := search.Result{Total: len(f.hits), Hits: f.hits[min(q.Offset, len(f.hits)):min(q.Offset+q.Limit, len(f.hits))]}
	for _, facet := range q.Facets {
		counts := search.FacetCounts{Field: facet.Field}
		if facet.Field == "format" {
			counts.Buckets = []search.Bucket{{Value: "csv", Count: 2}, {Value: "json", Count: 0}}
		}
		r.Facets = append(r.Facets, counts)
	}
	return r, nil
}

// Identifiers of the objects of the tests.
const (
	townID, eveID                        = "000000000000000000000001", "000000000000000000000002"
	openID, privateID, deletedID, bareID = "00000000000000000000000a", "00000000000000000000000b", "00000000000000000000000c", "00000000000000000000000d"
	fileID, hiddenFileID                 = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
	reuseID, serviceID, topicID          = "0000000000000000000000aa", "0000000000000000000000ab", "0000000000000000000000ac"
	chartID, privateChartID, goneChartID = "0000000000000000000000ba", "0000000000000000000000bb", "0000000000000000000000bc"
)

// newSite fills a database with objects of all kinds, and serves their cards
// with so many bytes of kept answers.
func newSite(t *testing.T, d *db.DB, bytes uint64) *site {
	t.Helper()
	s := &site{t: t, d: d, finder: &finder{}, versions: web.NewVersions()}
	zones := geo.NewDirectory()
	log := event.NewLog(d)
	log.OnCommit(func(events []event.Event) {
		for _, e := range events {
			s.versions.Raise(web.Object(e.ObjectKind, e.Object), web.Epoch(e.ObjectKind))
		}
	})
	store := catalog.New(log, zones, s.finder, catalog.Rules{TerritoryOffers: offers(t)})
	if err := store.SeedLicenses(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.fill()
	var err error
	s.embed, err = New(Deps{
		Catalog: store, Organizations: account.NewOrganizations(d, s.finder), Zones: zones, Search: s.finder,
		Language: "fr", Languages: []string{"fr", "en"},
	})
	if err != nil {
		t.Fatal(err)
	}
	root, first := web.NewTable("", web.Info{}), web.NewTable("/api/1", web.Info{})
	s.embed.Routes(root, first)
	s.handler, err = web.NewHandler(web.Options{
		Sites:        web.OneSite(web.Site{Base: base, Title: "Données de Valmont", Language: "fr", Languages: []string{"fr", "en"}}),
		Authenticate: refuseAll, SessionCookie: "session", Kept: web.NewKept(s.versions, bytes), Versions: s.versions, Log: slog.New(slog.DiscardHandler),
	}, root, first)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// refuseAll fails where a route asks who calls: no card does.
func refuseAll(*http.Request, string) (web.Caller, error) {
	return web.Caller{}, fmt.Errorf("somebody was asked who they are")
}

// offers are what is offered for territories in the tests.
func offers(t *testing.T) []catalog.TerritoryOffer {
	t.Helper()
	return []catalog.TerritoryOffer{{
		ID: "population_com", Levels: catalog.Levels{"fr:commune"}, Title: catalog.Words{"": "Population", "fr": "Population"},
		Description: catalog.Words{"": "Figures of the *town*."}, Organization: "valmont", License: "fr-lo", URLTemplate: "https://figures.example.org/{code}.csv",
	}}
}

func said(words string) *string { return &words }

func (s *site) fill() {
	s.t.Helper()
	now := db.Now()
	dataset := func(id, slug, title string) *catalog.Dataset {
		return &catalog.Dataset{
			ID: id, Version: 1, Slug: slug, Title: title, TitleFold: title, Owned: catalog.Owned{OrganizationID: said(townID)}, Visible: true, AccessType: "open",
			CreatedInternal: now, ModifiedInternal: now, CreatedAt: now, ModifiedAt: now, LastUpdate: now, Description: "Where **trees** grow <script>alert(1)</script>.",
		}
	}
	open := dataset(openID, "trees", `Trees of "Valmont" <& around>`)
	open.License, open.Frequency, open.TemporalStart, open.TemporalEnd = said("lov2"), said("annual"), said("2019-01-01"), said("2020-12-31")
	open.ResourceCount, open.Reuses = 3, 1
	chart := func(id, slug, title string) *catalog.Chart {
		return &catalog.Chart{
			ID: id, Version: 1, Slug: slug, Title: title, TitleFold: title, Owned: catalog.Owned{OrganizationID: said(townID)}, Visible: true,
			Description: "Trees by **street**.", XAxis: db.JSON(`{"column_x":"street","type":"discrete"}`), YAxis: db.JSON("{}"), CreatedAt: now, ModifiedAt: now,
			Series: db.JSON(`[{"resource_id":"` + hiddenFileID + `","column_y":"height"},{"resource_id":"` + fileID + `","column_y":"age"}]`),
		}
	}
	privateChart, goneChart := chart(privateChartID, "secret-chart", "Zqxchart"), chart(goneChartID, "gone-chart", "Zqxgone")
	privateChart.Private, privateChart.Visible = true, false
	goneChart.DeletedAt, goneChart.Visible = now, false
	hidden, gone, bare := dataset(privateID, "secret", "Zqxsecret"), dataset(deletedID, "gone", "Zqxgone"), dataset(bareID, "bare", "Bare")
	hidden.Private, hidden.Visible = true, false
	gone.DeletedAt, gone.Visible = now, false
	bare.OrganizationID = nil
	s.insert(
		&account.Organization{ID: townID, Version: 1, Slug: "valmont", Name: "Ville de Valmont", NameFold: "ville de valmont", CreatedAt: now, ModifiedAt: now, Datasets: 2, Certified: true},
		open, hidden, gone, bare, chart(chartID, "trees-by-street", "Trees by street"), privateChart, goneChart,
		&catalog.Reuse{
			ID: reuseID, Version: 1, Slug: "map", Title: "A map of trees", Type: "visualization", URL: "https://map.example.org", URLHash: "x", Visible: true,
			Owned: catalog.Owned{OrganizationID: said(townID)}, CreatedAt: now, ModifiedAt: now, DatasetCount: 1,
		},
		&catalog.Dataservice{
			ID: serviceID, Version: 1, Slug: "api-of-trees", Title: "API of trees", AccessType: "open", Visible: true,
			Owned: catalog.Owned{OrganizationID: said(townID)}, CreatedAt: now, ModifiedAt: now,
		},
		&catalog.Resource{
			ID: fileID, Version: 1, DatasetID: said(openID), Title: "Trees, 2020", Filetype: "remote", Type: "main", Format: said("csv"), URL: "https://files.example.org/t.csv",
			CreatedInternal: now, ModifiedInternal: now,
		},
		&catalog.Resource{
			ID: hiddenFileID, Version: 1, DatasetID: said(privateID), Title: "Zqxfile", Filetype: "remote", Type: "main", URL: "https://files.example.org/z.csv",
			CreatedInternal: now, ModifiedInternal: now,
		},
		&catalog.Topic{ID: topicID, Version: 1, Slug: "nature", Name: "Nature", Owned: catalog.Owned{OrganizationID: said(townID)}, CreatedAt: now, ModifiedAt: now},
	)
}

func (s *site) insert(models ...any) {
	s.t.Helper()
	dbtest.Insert(s.t, s.d, models...)
}

// get asks as a page of another site does; headers are pairs.
func (s *site) get(target string, headers ...string) *httptest.ResponseRecorder {
	s.t.Helper()
	return s.ask(http.MethodGet, target, headers...)
}

func (s *site) ask(method, target string, headers ...string) *httptest.ResponseRecorder {
	s.t.Helper()
	r := httptest.NewRequest(method, target, nil)
	r.Host = "data.example.org"
	for pair := range slices.Chunk(headers, 2) {
		r.Header.Set(pair[0], pair[1])
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w
}

// decoded reads an answer as JSON.
func decoded[T any](t *testing.T, w *httptest.ResponseRecorder) T {
	t.Helper()
	var value T
	if err := json.Unmarshal(w.Body.Bytes(), &value); err != nil {
		t.Fatalf("no JSON (%d): %.300s", w.Code, w.Body)
	}
	return value
}
