package portal

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/event"
	"grenier/internal/geo"
	"grenier/internal/web"
)

// site is a portal over a small catalogue, served over HTTP.
type site struct {
	t        *testing.T
	d        *db.DB
	versions *web.Versions
	handler  http.Handler
}

// noSearch finds nothing: the pages here do not search.
type noSearch struct{}

func (noSearch) Match(context.Context, string, string, int) ([]string, error) { return nil, nil }

func newSite(t *testing.T, d *db.DB, language string) *site {
	t.Helper()
	s := &site{t: t, d: d, versions: web.NewVersions()}
	store := catalog.New(event.NewLog(d), geo.NewDirectory(), noSearch{}, catalog.Rules{})
	root := web.NewTable("", web.Info{})
	New(Deps{Catalog: store, Versions: s.versions, Version: "1.2.3"}).Routes(root)
	handler, err := web.NewHandler(web.Options{
		Sites:    web.OneSite(web.Site{Base: "https://data.example.org", Title: "Données <de> Valmont", Language: language}),
		Versions: s.versions,
	}, root)
	if err != nil {
		t.Fatal(err)
	}
	s.handler = handler
	return s
}

func (s *site) insert(models ...any) {
	s.t.Helper()
	err := s.d.Write(context.Background(), db.People, func(ctx context.Context, tx *db.Tx) error {
		for _, model := range models {
			if _, err := tx.NewInsert().Model(model).Exec(ctx); err != nil {
				return fmt.Errorf("%T: %w", model, err)
			}
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) dataset(n int, title string, change func(*catalog.Dataset)) {
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
}

func (s *site) get(path string, header ...string) *httptest.ResponseRecorder {
	s.t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w
}

func (s *site) home(header ...string) string {
	s.t.Helper()
	w := s.get("/", header...)
	if w.Code != http.StatusOK {
		s.t.Fatalf("the first page answers %d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

func TestHomeShowsTheCatalogue(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, "fr")
		org := &account.Organization{ID: fmt.Sprintf("%024x", 1), Version: 1, Slug: "valmont", Name: "Ville de Valmont", CreatedAt: db.Now(), ModifiedAt: db.Now()}
		s.insert(org)
		for n := range cards + 2 {
			s.dataset(n+1, fmt.Sprintf("Titre %d", n+1), nil)
		}
		s.dataset(100, "Arbres & <b>haies</b>", func(d *catalog.Dataset) {
			d.OrganizationID, d.ResourceCount, d.Views = &org.ID, 1234, 56789
			d.Description = "Les **arbres** de la ville, <script>alert(1)</script>relevés."
		})
		s.dataset(101, "Secret", func(d *catalog.Dataset) { d.Visible, d.Private, d.Views = false, true, 1<<40 })
		page := s.home()
		for _, part := range []string{
			"<title>Données &lt;de&gt; Valmont</title>", `<html lang="fr">`, "Arbres &amp; &lt;b&gt;haies&lt;/b&gt;", "Ville de Valmont",
			`href="/api/1/datasets/dataset-100/"`, "Les arbres de la ville, relevés.", "Titre 8", "1.2.3", `href="/apidoc/"`,
			`href="/api/openapi.json"`, "<strong>9</strong> <span>jeux de données</span>", "<strong>1</strong> <span>organisation</span>",
			`href="/health"`, "56\u00a0789",
		} {
			if !strings.Contains(page, part) {
				t.Errorf("the page lacks %q", part)
			}
		}
		for _, part := range []string{"Secret", "<b>haies", "alert(1)", "Titre 1<", "ZgotmplZ"} {
			if strings.Contains(page, part) {
				t.Errorf("the page has %q", part)
			}
		}
		for _, file := range dumps {
			if !strings.Contains(page, `href="`+file.Path+`"`) {
				t.Errorf("the page leads to no %s", file.Path)
			}
		}
		if n := strings.Count(page, `class="card"`); n != cards {
			t.Errorf("the page shows %d datasets", n)
		}
	})
}

func TestHomeOfAnEmptyCatalogueSaysHowToFillIt(t *testing.T) {
	page := newSite(t, dbtest.SQLite(t), "en").home()
	for _, part := range []string{"The catalogue is empty", "grenier import catalog", "<strong>0</strong> <span>datasets</span>"} {
		if !strings.Contains(page, part) {
			t.Errorf("the page lacks %q", part)
		}
	}
}

func TestHomeSpeaksTheReadersLanguage(t *testing.T) {
	d := dbtest.SQLite(t)
	french, english, other := newSite(t, d, "fr"), newSite(t, d, "en"), newSite(t, d, "de")
	for _, c := range []struct {
		site         *site
		path, accept string
		want         string
	}{
		{french, "/", "", "fr"}, {english, "/", "", "en"}, {other, "/", "", "fr"},
		{french, "/", "en-GB,en;q=0.9,fr;q=0.5", "en"}, {english, "/", "fr-CA", "fr"}, {french, "/", "de", "fr"},
		{french, "/?lang=en", "fr", "en"}, {french, "/?lang=xx", "en", "en"}, {english, "/?lang=fr&lang=en", "", "fr"},
	} {
		w := c.site.get(c.path, "Accept-Language", c.accept)
		if got := w.Header().Get("Content-Language"); got != c.want || !strings.Contains(w.Body.String(), `<html lang="`+c.want+`">`) {
			t.Errorf("%s with %q: %q, want %q", c.path, c.accept, got, c.want)
		}
		if vary := strings.Join(w.Header().Values("Vary"), ", "); !strings.Contains(vary, "Accept-Language") || !strings.Contains(vary, "Accept-Encoding") {
			t.Errorf("the page varies by %q", vary)
		}
	}
}

func TestHomeIsKeptUntilTheCatalogueChanges(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), "fr")
	s.dataset(1, "Premier", nil)
	first := s.get("/")
	s.dataset(2, "Second", nil)
	if kept := s.home(); strings.Contains(kept, "Second") {
		t.Error("the page was made anew although nothing told of a change")
	}
	s.versions.Raise(web.Epoch(catalog.KindDataset))
	if fresh := s.home(); !strings.Contains(fresh, "Second") {
		t.Error("the page does not show a dataset that came since")
	}
	if w := s.get("/", "If-None-Match", first.Header().Get("Etag")); w.Code != http.StatusOK {
		t.Errorf("a changed page answers %d to who has the former one", w.Code)
	}
	if w := s.get("/", "If-None-Match", s.get("/").Header().Get("Etag")); w.Code != http.StatusNotModified {
		t.Errorf("the same page answers %d to who has it", w.Code)
	}
}

// The policy allows the one style sheet of the page by its hash, and no script.
func TestHomeKeepsItsPolicy(t *testing.T) {
	w := newSite(t, dbtest.SQLite(t), "fr").get("/")
	page, policy := w.Body.String(), w.Header().Get("Content-Security-Policy")
	_, rest, _ := strings.Cut(page, "<style>")
	style, _, found := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(style))
	if !found || !strings.Contains(policy, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'") {
		t.Errorf("the style of the page is not the one of the policy %q", policy)
	}
	for _, part := range []string{"<script", " style=", " onclick=", "http://", "//cdn"} {
		if strings.Contains(page, part) {
			t.Errorf("the page has %q", part)
		}
	}
	if len(page) > 24<<10 {
		t.Errorf("the page weighs %d bytes", len(page))
	}
}

func TestPagesLeadToDocuments(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, "fr")
		s.dataset(1, "Ouvert", nil)
		s.dataset(2, "Privé", func(d *catalog.Dataset) { d.Private, d.Visible = true, false })
		open, private := fmt.Sprintf("%024x", 1), fmt.Sprintf("%024x", 2)
		for id, dataset := range map[string]*string{"5bdbc08f-8e1a-4b40-a9a8-6e0a1a0f0001": &open, "5bdbc08f-8e1a-4b40-a9a8-6e0a1a0f0002": &private} {
			s.insert(&catalog.Resource{ID: id, Version: 1, DatasetID: dataset, Title: "Fichier", Filetype: "remote", Type: "main",
				URL: "https://example.org/arbres.csv?a=1", CreatedInternal: db.Now(), ModifiedInternal: db.Now()})
		}
		for _, c := range []struct {
			path   string
			status int
			to     string
		}{
			{"/datasets/arbres-1", 302, "https://data.example.org/api/1/datasets/arbres-1/"},
			{"/organizations/valmont/", 302, "https://data.example.org/api/1/organizations/valmont/"},
			{"/reuses/caf%C3%A9%2F..", 302, "https://data.example.org/api/1/reuses/caf%C3%A9%2F../"},
			{"/datasets/r/5bdbc08f-8e1a-4b40-a9a8-6e0a1a0f0001", 302, "https://example.org/arbres.csv?a=1"},
			{"/datasets/r/5bdbc08f-8e1a-4b40-a9a8-6e0a1a0f0002", 404, ""},
			{"/datasets/r/5bdbc08f-8e1a-4b40-a9a8-6e0a1a0f0003/", 404, ""},
			{"/datasets/r/latest", 404, ""},
			{"/nothing/here", 404, ""},
		} {
			w := s.get(c.path)
			if w.Code != c.status || w.Header().Get("Location") != c.to {
				t.Errorf("%s: %d to %q, want %d to %q", c.path, w.Code, w.Header().Get("Location"), c.status, c.to)
			}
		}
	})
}

func TestIcon(t *testing.T) {
	w := newSite(t, dbtest.SQLite(t), "fr").get("/favicon.ico")
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "image/svg+xml" || !strings.HasPrefix(w.Body.String(), "<svg ") {
		t.Errorf("the icon: %d %v", w.Code, w.Header())
	}
}

var wordsUsed = regexp.MustCompile(`\bT "([a-z-]+)"`)

// Every language has the same words, and the pages use them all.
func TestWords(t *testing.T) {
	used := map[string]bool{"language": true}
	for _, match := range wordsUsed.FindAllStringSubmatch(string(mustRead("templates/home.html")), -1) {
		used[match[1]] = true
	}
	for _, counted := range []string{"datasets", "resources", "organizations", "reuses", "dataservices"} {
		used[counted], used[counted+"-one"] = true, true
	}
	for _, file := range dumps {
		used[file.Name] = true
	}
	for _, lang := range languages {
		var words map[string]string
		if err := json.Unmarshal(mustRead("texts/"+lang+".json"), &words); err != nil {
			t.Fatal(err)
		}
		for name := range used {
			if words[name] == "" {
				t.Errorf("%s lacks %q", lang, name)
			}
		}
		for name := range words {
			if !used[name] {
				t.Errorf("%s has %q, which no page uses", lang, name)
			}
		}
	}
}

func TestExcerpt(t *testing.T) {
	for _, c := range []struct{ given, want string }{
		{"", ""}, {"Court.", "Court."}, {"# Titre\n\n*Texte* [lien](https://example.org)", "Titre Texte lien"},
		{strings.Repeat("mot ", 60), strings.TrimSpace(strings.Repeat("mot ", 37)) + "…"},
		{strings.Repeat("é", 400), strings.Repeat("é", excerptLength) + "…"},
	} {
		got := excerpt(c.given)
		if got != c.want {
			t.Errorf("%.20q gives %q, want %q", c.given, got, c.want)
		}
		if utf8.RuneCountInString(got) > excerptLength+1 {
			t.Errorf("%.20q gives %d characters", c.given, utf8.RuneCountInString(got))
		}
	}
}

func TestNumbersAreWrittenAsReadersDo(t *testing.T) {
	got := []string{number("fr", 1234567), number("en", 1234567), number("fr", 7)}
	if want := []string{"1\u00a0234\u00a0567", "1,234,567", "7"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
