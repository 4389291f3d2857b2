package portal

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/event"
	"grenier/internal/search"
	"grenier/internal/search/feed"
)

const (
	marseille  = "/territories/commune/13055/Marseille"
	department = "/territories/departement/13/Bouches-du-Rhone"
)

// cover says that a dataset is about a zone.
func (s *searched) cover(d *catalog.Dataset, zone string) {
	s.t.Helper()
	s.exec("INSERT INTO object_zones (object_id, zone, kind, position) VALUES (?, ?, ?, 0)", d.ID, zone, catalog.KindDataset)
}

// territorySite has n datasets about Marseille, one of its department, and one of
// an organization that is attached to Marseille.
func territorySite(t *testing.T, d *db.DB, n int) *searched {
	t.Helper()
	s := &searched{engine: search.New(filepath.Join(t.TempDir(), "x.index"))}
	offers := []catalog.TerritoryOffer{{
		ID: "population_com", Levels: catalog.Levels{"fr:commune"}, License: "fr-lo", Organization: "organization-1",
		Title: catalog.Words{"fr": "Population <légale>", "en": "Legal population"}, Description: catalog.Words{"": "Par **âge**."},
		TemporalCoverage: "1968-2022", URLTemplate: "https://stats.example.org/{code}.csv",
	}}
	s.site = newSite(t, d, func(deps *Deps) {
		deps.Search = feed.Match{Engine: s.engine, Ready: func() error { return nil }}
		deps.Catalog = catalog.New(event.NewLog(d), deps.Zones, noSearch{}, catalog.Rules{TerritoryOffers: offers})
	})
	town := s.organization(1, "Ville <de> Marseille", func(o *account.Organization) { o.Zone = ptr("fr:commune:13055") })
	other := s.organization(2, "Métropole", nil)
	s.dataset(1, "Arbres de la ville", func(d *catalog.Dataset) { d.OrganizationID = &town.ID })
	s.cover(s.dataset(2, "Secret de Marseille", func(d *catalog.Dataset) { d.Private, d.Visible = true, false }), "fr:commune:13055")
	s.cover(s.dataset(3, "Routes du département", func(d *catalog.Dataset) { d.OrganizationID = &other.ID }), "fr:departement:13")
	for i := range n {
		s.cover(s.dataset(10+i, fmt.Sprintf("Plages n° %d.", i+1), func(d *catalog.Dataset) { d.OrganizationID = &other.ID }), "fr:commune:13055")
	}
	s.index()
	return s
}

func TestTerritoryPage(t *testing.T) {
	s := territorySite(t, dbtest.SQLite(t), 12)
	body := s.shows(marseille, "<h1>Marseille</h1>", "13055", "13001", "Arbres de la ville", "Plages n° 12.", "13 jeux de données sur ce territoire",
		"/datasets/search?geozone=fr%3Acommune%3A13055", "Population &lt;légale&gt;", "<strong>âge</strong>", "https://stats.example.org/13055.csv", "1968-2022",
		"Ville &lt;de&gt; Marseille", "Routes du département", department, "Provence-Alpes-Côte d&#39;Azur", "Marseille 1er Arrondissement",
		`/api/1/datasets/recent.atom?geozone=fr%3Acommune%3A13055`, "/territories/commune/13055/contour.geojson", `<link rel="canonical" href="https://data.example.org`+marseille+`">`,
		"data-udata-territory=&#34;fr-commune-13055&#34;", "/admin/datasets/new", "organization=", "<gr-map")
	hides(t, body, "Secret", "<légale>", "Ville <de>", "Plages n° 1.<")
	if first, second := strings.Index(body, "Arbres de la ville"), strings.Index(body, "Plages n° 12."); first > second {
		t.Error("the datasets of the organizations of the place are not the first")
	}
	s.shows("/en"+marseille, "Legal population", "French town", "13 datasets about this territory", "/en"+department)
	s.shows(department, "Routes du département", "/territories/commune/13055/Marseille", `id="in-commune"`, "119")
	s.shows("/territories/country/fr/France", "<h1>France</h1>", "Aucun jeu de données")
	s.shows("/territories/commune/13004/Arles", "Aucun jeu de données ne porte encore", "Population &lt;légale&gt;")
}

func TestTerritoryAddresses(t *testing.T) {
	s := territorySite(t, dbtest.SQLite(t), 1)
	for path, want := range map[string]string{
		"/territories/commune/13055":           marseille,
		"/territories/commune/13055?x=1":       marseille + "?x=1",
		"/territories/commune/13055/autre":     marseille,
		"/territories/departement/2a":          "/territories/departement/2A/Corse-du-Sud",
		"/en/territories/commune/13055":        "/en" + marseille,
		"/territories/country-subset/fr:metro": "/territories/country-subset/fr:metro/France-metropolitaine",
	} {
		w := s.get(path)
		if got := w.Header().Get("Location"); w.Code != http.StatusPermanentRedirect || got != "https://data.example.org"+want {
			t.Errorf("%s answers %d to %q, want %q", path, w.Code, got, want)
		}
	}
	for _, path := range []string{"/territories/commune/99999", "/territories/moon/1", "/territories/commune/%00", "/territories/commune/13055/contour.json/x", "/territories/commune/99999/contour.geojson"} {
		if w := s.get(path); w.Code != http.StatusNotFound {
			t.Errorf("%s answers %d", path, w.Code)
		}
	}
	s.shows("/territories/departement/13/contour.geojson", `"FeatureCollection"`, `"MultiPolygon"`)
	s.shows("/territories/commune/13055/contour.geojson", `"FeatureCollection"`, `"coordinates"`)
}

func TestTerritoriesAreListedAndFound(t *testing.T) {
	s := territorySite(t, dbtest.SQLite(t), 1)
	body := s.shows("/territories", "Auvergne-Rhône-Alpes", "La Réunion", "Île-de-France", "/territories/region/93/Provence-Alpes-Cote-dAzur", "<gr-map")
	if strings.Index(body, "Hauts-de-France") > strings.Index(body, ">Île-de-France") || strings.Index(body, ">Île-de-France") > strings.Index(body, ">Normandie") {
		t.Error("the regions are not sorted as people read them")
	}
	s.shows("/territories?q=13", department, `content="noindex"`)
	s.shows("/territories?q=13055", marseille, "Bouches-du-Rhône")
	s.shows("/en/territories?q=saint-den", "/en/territories/commune/93066/Saint-Denis")
	s.shows("/territories?q=%3Cb%3Ezzzz", "Aucun territoire pour", "&lt;b&gt;zzzz", "/search?q=")
}

// A page of a territory takes as many queries for many datasets as for few.
func TestTerritoryQueryCounts(t *testing.T) {
	count := func(n int, path string) int64 {
		d := dbtest.SQLite(t)
		s := territorySite(t, d, n)
		s.get(path)
		var queries atomic.Int64
		d.Watch(func(context.Context, string, time.Duration) { queries.Add(1) })
		s.shows(path)
		return queries.Load()
	}
	for _, path := range []string{marseille, department, "/territories", "/territories?q=saint"} {
		few, many := count(territoryShown+1, path), count(60, path)
		if few != many || many > 25 {
			t.Errorf("%s takes %d queries for a few datasets and %d for many", path, few, many)
		}
	}
}
