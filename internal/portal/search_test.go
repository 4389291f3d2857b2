package portal

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/search"
	"grenier/internal/search/feed"
)

// searched is a site whose objects can be found.
type searched struct {
	*site
	engine *search.Engine
	ready  error
}

func newSearched(t *testing.T) *searched {
	t.Helper()
	s := &searched{engine: search.New(filepath.Join(t.TempDir(), "x.index"))}
	s.site = newSite(t, dbtest.SQLite(t), func(deps *Deps) {
		deps.Search = feed.Match{Engine: s.engine, Ready: func() error { return s.ready }}
	})
	return s
}

// index makes findable what was inserted.
func (s *searched) index() {
	s.t.Helper()
	if _, err := feed.Rebuild(context.Background(), s.d, event.NewLog(s.d), s.engine, nil); err != nil {
		s.t.Fatal(err)
	}
}

const searchTown = "aaaaaaaaaaaaaaaaaaaaaaaa"

// searchStock is a small catalogue: an organisation with 25 datasets about water, one
// of which has formats, and one that is private.
func searchStock(t *testing.T) *searched {
	s := newSearched(t)
	s.insert(&account.Organization{ID: searchTown, Version: 1, Slug: "ville-de-valmont", Name: "Ville de Valmont <b>", NameFold: "ville de valmont", Certified: true,
		CreatedAt: db.Now(), ModifiedAt: db.Now(), Datasets: 25})
	owner := searchTown
	for n := 1; n <= 25; n++ {
		s.dataset(n, fmt.Sprintf("Qualité de l’eau potable %d", n), func(d *catalog.Dataset) {
			d.OrganizationID = &owner
			d.Description = "Analyses de l’eau <script>alert(1)</script> du robinet."
		})
	}
	s.dataset(26, "Eau <script>alert(2)</script> & forêt", func(d *catalog.Dataset) { d.AccessType = "restricted" })
	s.dataset(27, "Eau secrète", func(d *catalog.Dataset) { d.Private, d.Visible = true, false })
	s.exec("INSERT INTO formats (dataset_id, format, position) VALUES (?, 'csv', 0), (?, 'shp', 1), (?, 'pdf', 2), (?, 'zip', 3), (?, 'ods', 4)",
		numbered(1), numbered(1), numbered(1), numbered(1), numbered(1))
	s.exec("INSERT INTO tags (object_id, kind, tag, position) VALUES (?, 'dataset', 'eau', 0), (?, 'dataset', 'eau', 0), (?, 'dataset', 'robinet', 1)", numbered(1), numbered(2), numbered(1))
	s.index()
	return s
}

func numbered(n int) string { return fmt.Sprintf("%024x", n) }

func (s *searched) exec(query string, args ...any) {
	s.t.Helper()
	err := s.d.Write(context.Background(), db.People, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewRaw(query, args...).Exec(ctx)
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// body asks for a page and checks its status.
func (s *searched) body(target string, status int) string {
	s.t.Helper()
	w := s.get(target)
	if w.Code != status {
		s.t.Fatalf("%s: status %d, want %d: %.300s", target, w.Code, status, w.Body.String())
	}
	return w.Body.String()
}

func (s *searched) holds(target string, wanted ...string) {
	s.t.Helper()
	body := s.body(target, http.StatusOK)
	for _, text := range wanted {
		if !strings.Contains(body, text) {
			s.t.Errorf("%s lacks %q", target, text)
		}
	}
}

func (s *searched) leads(from, to string) {
	s.t.Helper()
	w := s.get(from)
	if w.Code != http.StatusFound || w.Header().Get("Location") != to {
		s.t.Errorf("%s: %d to %q, want %q", from, w.Code, w.Header().Get("Location"), to)
	}
}

func TestSearchPagesOfNothing(t *testing.T) {
	s := newSearched(t)
	for _, path := range []string{"/datasets", "/dataservices", "/reuses", "/datasets/search", "/dataservices/search", "/reuses/search", "/organizations", "/topics", "/search", "/search?q=eau"} {
		for _, prefix := range []string{"", "/en"} {
			body := s.body(prefix+path, http.StatusOK)
			if strings.Count(body, "<h1>") != 1 {
				t.Errorf("%s%s: %d titles", prefix, path, strings.Count(body, "<h1>"))
			}
			if strings.Contains(body, "search.") && strings.Contains(body, ">search.") || strings.Contains(body, ">facet.") {
				t.Errorf("%s%s: a message is missing", prefix, path)
			}
		}
	}
	s.holds("/datasets/search?q=eau&format_family=tabular", "Aucun jeu de données", "/support", "Tout effacer")
}

func TestSearchResults(t *testing.T) {
	s := searchStock(t)
	s.holds("/datasets/search?q=eau", "26 jeux de données", "<mark>eau</mark>", "Ville de Valmont &lt;b&gt;", "producteur certifié", "alert(2)", "Restreint",
		`rel="next"`, `value="0.`, "mis à jour")
	s.holds("/en/datasets/search?q=eau", "26 datasets", "/en/datasets/dataset-", "certified", `lang="fr"`)
	s.holds("/datasets/search?q=eau&format=csv", "1 jeu de données", `data-family="geographical"`, "+ 1", "Format : CSV")
	s.holds("/organizations?q=valmont", "1 organisation", "/organizations/ville-de-valmont")
	s.holds("/search?q=eau", "Voir les 26 jeux de données", "/datasets/search?q=eau", "/datasets/search?tag=eau")
	for _, path := range []string{"/datasets/search?q=eau&page=2", "/search?q=eau", "/datasets", "/datasets/search?q=secrete", "/suggest?q=eau"} {
		body := s.body(path, http.StatusOK)
		if strings.Contains(body, "<script>alert") {
			t.Errorf("%s is not escaped", path)
		}
		if strings.Contains(body, "secrète</a>") || strings.Contains(body, "Eau secr") {
			t.Errorf("%s shows what is private", path)
		}
	}
}

// TestListsShowTheLogosGivenHere holds that a picture given to this site stands
// for its organization in lists, and that those which lie elsewhere are not asked for.
func TestListsShowTheLogosGivenHere(t *testing.T) {
	s := searchStock(t)
	pages := []string{"/", "/organizations", "/organizations?q=valmont", "/datasets/search?q=eau"}
	for logo, shown := range map[string]bool{"/s/avatars/ab/cd.png": true, "https://elsewhere.example.org/logo.png": false} {
		s.exec("UPDATE organizations SET logo = ? WHERE id = ?", logo, searchTown)
		for _, path := range pages {
			if got := strings.Contains(s.body(path, http.StatusOK), `<img class="logo" src="/pictures/organizations/`+searchTown+`/100"`); got != shown {
				t.Errorf("%s with %s: shown %t", path, logo, got)
			}
		}
	}
}

func TestSearchState(t *testing.T) {
	s := searchStock(t)
	body := s.body("/datasets/search?tag=robinet&q=%20eau%20&tag=Eau&sort=-created&unknown=1&page=1", http.StatusOK)
	for _, wanted := range []string{
		`rel="canonical" href="https://data.example.org/datasets/search?q=eau&amp;sort=-created&amp;tag=eau&amp;tag=robinet"`,
		`href="/datasets/search?q=eau&amp;sort=-created&amp;tag=eau"`, // without the other tag
		`<meta name="robots" content="noindex">`, `<option value="-created" selected>`, "1 jeu de données",
		`name="tag" value="robinet" checked`,
	} {
		if !strings.Contains(body, wanted) {
			t.Errorf("lacks %s", wanted)
		}
	}
	if strings.Contains(s.body("/datasets/search", http.StatusOK), "noindex") {
		t.Error("the whole list is left out of search engines")
	}
	// Unknown values find nothing and can be taken away.
	for _, name := range []string{
		"format_family", "last_update_range", "access_type", "producer_type", "badge", "tag", "format", "organization", "geozone", "granularity",
		"license", "schema", "organization_badge", "temporal_coverage", "featured", "topic", "owner", "organization_name",
	} {
		s.holds("/datasets/search?q=eau&"+name+"=zzz", "0 jeu", `chip removable" href="/datasets/search?q=eau"`)
	}
	// A period with one day stands for that day; an unknown order is none.
	s.holds("/datasets/search?coverage_start=2020-01-31&sort=zzz", "31 janvier 2020", `value="2020-01-31"`)
	s.holds("/datasets/search?organization="+searchTown, "Organisation : Ville de Valmont &lt;b&gt;", "25 jeux de données")
	s.holds("/datasets/search?last_update_range=last_30_days", "Mise à jour : 30 derniers jours", "26 jeux")
	// The same question about other kinds keeps the filters that both have.
	s.holds("/datasets/search?q=eau&format=csv&organization="+searchTown, `href="/reuses/search?organization=`+searchTown+`&amp;q=eau"`)
}

func TestSearchRedirects(t *testing.T) {
	s := searchStock(t)
	s.leads("/datasets?tag=eau&utm_source=x", "/datasets/search?tag=eau&utm_source=x")
	s.leads("/en/reuses?q=eau", "/en/reuses/search?q=eau")
	s.holds("/datasets?utm_source=x", "Parmi 26 jeux de données", "Ville de Valmont")
	s.leads("/organizations/search?q=eau", "/organizations?q=eau")
	s.leads("/en/topics/search", "/en/topics")
	s.leads("/datasets/search?page=40&q=eau", "/datasets/search?page=2&q=eau")
	s.leads("/search?type=reuses&q=eau", "/reuses/search?q=eau")
	s.leads("/datasets/search.csv?q=eau&tag=b&tag=a&page=3", "/datasets.csv?q=eau&tag=a&tag=b")
	s.leads("/datasets/search.json?q=eau&page=2", "/api/2/datasets/search/?page=2&page_size=20&q=eau")
	s.leads("/en/datasets/search.atom?q=eau&sort=-last_update", "/en/datasets/recent.atom?q=eau&sort=-last_update")
	s.leads("/en/reuses/search.rss?q=eau&sort=-views&producer_type=user", "/en/reuses/recent.rss?producer_type=user&q=eau")
	s.leads("/topics/search.atom?tag=eau", "/topics/recent.atom?tag=eau")
	s.body("/reuses/search.rss?archived=true", http.StatusBadRequest)
	s.leads("/organizations/search.csv?badge=company", "/organizations.csv?badge=company")
	s.body("/reuses/search.csv?producer_type=user", http.StatusBadRequest)
	if body := s.body("/reuses/search", http.StatusOK); strings.Contains(body, "/reuses.csv") {
		t.Error("an empty search has other forms")
	}
	s.holds("/datasets/search?q=eau", `href="/datasets.csv?q=eau"`, `<link rel="alternate" type="application/json"`, `type="application/atom&#43;xml" title="« eau » – Données" href="/datasets/recent.atom?q=eau"`,
		`type="application/rss&#43;xml" title="« eau » – Données (RSS)" href="/datasets/recent.rss?q=eau"`, `href="/datasets/recent.rss?q=eau" type="application/rss&#43;xml">`)
}

func TestSearchOfHostileArguments(t *testing.T) {
	s := searchStock(t)
	long := strings.Repeat("é", 5000)
	for _, path := range []string{"/datasets/search", "/organizations", "/search", "/suggest", "/reuses/search", "/datasets/search.json"} {
		for _, value := range []string{"%22%3E%3Cscript%3Ealert(9)%3C/script%3E", "%ff%fe", "-1", "%0d%0aX:1", url.QueryEscape(long), "*:*%20AND%20(", "%00"} {
			for _, name := range []string{"q", "page", "sort", "tag", "organization", "place", "coverage_start", "temporal_coverage", "type"} {
				w := s.get(path + "?" + name + "=" + value)
				if w.Code >= 400 && !strings.Contains(value, "%00") && !strings.Contains(value, "%ff") || w.Code >= 500 {
					t.Errorf("%s?%s=%.40s: %d", path, name, value, w.Code)
				}
				if strings.Contains(w.Body.String(), "<script>alert(9)") {
					t.Errorf("%s?%s: not escaped", path, name)
				}
			}
		}
	}
	many := "/datasets/search?" + strings.Repeat("tag=a&tag=b&", 300) + strings.Repeat("format=x&", 300)
	s.body(many, http.StatusOK)
}

func TestSearchWithoutIndex(t *testing.T) {
	s := searchStock(t)
	s.ready = fault.New(fault.Unavailable, "The search index is being built.")
	for _, path := range []string{"/datasets", "/datasets/search", "/search?q=eau", "/en/organizations"} {
		s.body(path, http.StatusServiceUnavailable)
	}
}

func TestSuggest(t *testing.T) {
	s := searchStock(t)
	ask := func(target string) []suggestion {
		t.Helper()
		w := s.get(target)
		var found []suggestion
		if err := json.Unmarshal(w.Body.Bytes(), &found); err != nil || w.Code != http.StatusOK {
			t.Fatalf("%s: %d %v", target, w.Code, err)
		}
		return found
	}
	kinds := map[string]int{}
	for _, one := range ask("/en/suggest?q=eau") {
		kinds[one.Kind]++
		if !strings.HasPrefix(one.URL, "/en/") || one.Title == "" || one.KindLabel == "" {
			t.Errorf("%+v", one)
		}
	}
	if kinds["dataset"] != suggestDatasets || kinds["tag"] != 1 {
		t.Errorf("suggestions by kind: %v", kinds)
	}
	if found := ask("/suggest?q=valm&type=organizations"); len(found) != 1 || found[0].URL != "/organizations/ville-de-valmont" || found[0].Detail == "" {
		t.Errorf("%+v", found)
	}
	if found := ask("/suggest?q="); len(found) != 0 {
		t.Errorf("nothing typed: %+v", found)
	}
}
