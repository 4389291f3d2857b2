package portal

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/fetch"
	"grenier/internal/web"
)

const hostile = `<script>alert("x")</script>`

func ptr(s string) *string { return &s }

// resourceID is the identifier of the n-th resource of the tests.
func resourceID(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

// file adds a resource to a dataset, in the order of n; change may set its
// fields.
func (s *site) file(d *catalog.Dataset, n int, title string, change func(*catalog.Resource)) *catalog.Resource {
	s.t.Helper()
	r := &catalog.Resource{
		ID: resourceID(n), Version: 1, DatasetID: &d.ID, Rank: int64(n), Title: title, TitleFold: strings.ToLower(title), Filetype: "remote",
		Type: "main", Format: ptr("csv"), URL: fmt.Sprintf("https://files.example.org/%d.csv", n), CreatedInternal: db.Now(), ModifiedInternal: db.Now(),
	}
	if change != nil {
		change(r)
	}
	s.insert(r)
	return r
}

// withFiles adds a dataset with so many files.
func (s *site) withFiles(n, files int, kind func(i int) string) *catalog.Dataset {
	s.t.Helper()
	d := s.dataset(n, "Fichiers", func(d *catalog.Dataset) { d.ResourceCount = int64(files) })
	rows := make([]catalog.Resource, 0, 500)
	for i := range files {
		rows = append(rows, catalog.Resource{
			ID: resourceID(i), Version: 1, DatasetID: &d.ID, Rank: int64(i), Title: fmt.Sprintf("Fichier %d.", i), TitleFold: fmt.Sprintf("fichier %d.", i),
			Filetype: "remote", Type: kind(i), Format: ptr("csv"), URL: "https://files.example.org/x.csv", CreatedInternal: db.Now(), ModifiedInternal: db.Now(),
		})
		if len(rows) == cap(rows) || i == files-1 {
			s.insert(&rows)
			rows = rows[:0]
		}
	}
	return d
}

// as asks for a page as somebody does.
func (s *site) as(viewer account.Viewer, target string) *httptest.ResponseRecorder {
	s.t.Helper()
	root := web.NewTable("", web.Info{})
	s.portal.Routes(root)
	handler, err := web.NewHandler(web.Options{
		Sites:        web.OneSite(web.Site{Base: "https://data.example.org", Title: "Valmont", Language: "fr"}),
		Versions:     web.NewVersions(),
		Authenticate: func(*http.Request, string) (web.Caller, error) { return web.Caller{Viewer: viewer, Known: true}, nil },
		ErrorPage:    s.portal.ErrorPage,
		Log:          slog.New(slog.DiscardHandler),
	}, root)
	if err != nil {
		s.t.Fatal(err)
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.Header.Set("Accept", "text/html")
	handler.ServeHTTP(w, r)
	return w
}

func TestOwnersSeeWhatIsHidden(t *testing.T) {
	base, change := remote(t, map[string]string{"/1.csv": "a;b\n1;2\n"})
	s := newSite(t, dbtest.SQLite(t), change)
	owner := &account.User{ID: "0000000000000000000000bb", Slug: "ada", FirstName: "Ada", LastName: "Roche", CreatedAt: db.Now(), ModifiedAt: db.Now()}
	other := &account.User{ID: "0000000000000000000000cc", Slug: "bob", FirstName: "Bob", LastName: "Martin", CreatedAt: db.Now(), ModifiedAt: db.Now()}
	s.insert(owner, other)
	d := s.dataset(1, "Caché", func(d *catalog.Dataset) {
		d.Private, d.Visible, d.OwnerID, d.ResourceCount = true, false, &owner.ID, 2
	})
	s.dataset(2, "Effacé", func(d *catalog.Dataset) { d.DeletedAt, d.Visible, d.OwnerID = db.Now(), false, &owner.ID })
	s.file(d, 1, "Fichier", func(r *catalog.Resource) { r.URL = base + "/1.csv" })
	for target, wanted := range map[string]string{
		"/datasets/dataset-1": "visible par vous uniquement", "/datasets/dataset-1/informations": "visible par vous uniquement", "/datasets/dataset-2": "a été supprimé",
		"/explore/dataset-1?part=preview&resource_id=" + resourceID(1): "<table",
		"/datasets/dataset-1/files.zip":                                "fichier.csv",
	} {
		w := s.as(account.Viewer{User: owner}, target)
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), wanted) {
			t.Errorf("%s: %d without %q", target, w.Code, wanted)
		}
		if kept := w.Header().Get("Cache-Control"); !strings.Contains(kept, "private") && !strings.Contains(kept, "no-store") {
			t.Errorf("%s may be kept by others: %q", target, kept)
		}
		for _, code := range []int{s.as(account.Viewer{User: other}, target).Code, s.get(target).Code} {
			if code != http.StatusNotFound && code != http.StatusGone {
				t.Errorf("%s: %d for others", target, code)
			}
		}
	}
}

// license adds a licence.
func (s *site) license(id, title string) {
	s.t.Helper()
	none := db.JSON("[]")
	s.insert(&catalog.License{ID: id, Title: title, URL: ptr("https://license.example.org/text"), Flags: none, AlternateURLs: none, AlternateTitles: none})
}

// exec writes by a statement.
func (s *site) exec(statement string, args ...any) {
	s.t.Helper()
	err := s.d.Write(context.Background(), db.People, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewRaw(statement, args...).Exec(ctx)
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

func mainFiles(int) string { return "main" }

// shows fails unless the page is there and holds all of the texts.
func (s *site) shows(target string, texts ...string) string {
	s.t.Helper()
	w := s.get(target)
	if w.Code != http.StatusOK {
		s.t.Fatalf("%s: status %d\n%s", target, w.Code, w.Body)
	}
	body := w.Body.String()
	for _, text := range texts {
		if !strings.Contains(body, text) {
			s.t.Errorf("%s does not hold %q", target, text)
		}
	}
	return body
}

// hides fails when the text holds one of the others.
func hides(t *testing.T, body string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(body, text) {
			t.Errorf("the page holds %q", text)
		}
	}
}

func (s *site) answers(target string, status int, location string) {
	s.t.Helper()
	w := s.get(target)
	if w.Code != status || w.Header().Get("Location") != location {
		s.t.Errorf("%s: %d %q, want %d %q", target, w.Code, w.Header().Get("Location"), status, location)
	}
}

func TestDatasetPageTellsAllOfIt(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), nil)
	s.insert(&account.Organization{ID: "0000000000000000000000aa", Slug: "valmont", Name: "Ville de Valmont", NameFold: "ville de valmont", Certified: true, CreatedAt: db.Now(), ModifiedAt: db.Now()})
	s.license("lov2", "Licence Ouverte 2.0")
	d := s.dataset(1, "Arbres", func(d *catalog.Dataset) {
		d.OrganizationID, d.License, d.Acronym, d.Frequency = ptr("0000000000000000000000aa"), ptr("lov2"), ptr("ARB"), ptr("annual")
		d.Description, d.DescriptionLength, d.ResourceCount = "Les **arbres** de la ville.", 27, 1
		d.Reuses, d.Followers, d.Views = 3, 12345, 42
	})
	size := int64(2_500_000)
	s.file(d, 1, "Arbres plantés", func(r *catalog.Resource) {
		r.Filesize, r.ChecksumType, r.ChecksumValue, r.Mime = &size, ptr("sha1"), ptr("da39a3ee"), ptr("text/csv")
		r.Extras = db.JSON(`{"check:status":404,"check:available":false,"check:date":"2026-01-16T10:00:00"}`)
		r.Available = new(bool)
	})
	s.shows("/datasets/dataset-1", "<h1", "Arbres", "(ARB)", "Ville de Valmont", "producteur certifié", "<strong>arbres</strong>", "Licence Ouverte 2.0", "Annuelle",
		"Arbres plantés", `data-family="tabular"`, "2,5", "SHA1", "da39a3ee", "Indisponible", "16 janvier 2026", "https://data.example.org/datasets/r/"+resourceID(1),
		`href="/datasets/r/`+resourceID(1)+`"`, "12\u202f345", "curl --location --output arbres-plantes.csv", "pandas.read_csv", "data.table::fread",
		`<link rel="canonical" href="https://data.example.org/datasets/dataset-1">`, `application/ld+json`, "/share/datasets/"+d.ID+".png",
		"/api/1/datasets/"+d.ID+"/", "<gr-hash", "Prochaine mise à jour")
	s.shows("/en/datasets/dataset-1", "Main files", "Licence Ouverte 2.0", `lang="fr"`, "/en/datasets/dataset-1/informations", "Permanent link")
	if w := s.get("/datasets/" + d.ID); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `href="https://data.example.org/datasets/dataset-1"`) {
		t.Errorf("by identifier: %d, or not the lasting address of the slug", w.Code)
	}
}

func TestDatasetAddresses(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), nil)
	d := s.dataset(1, "Arbres", nil)
	s.dataset(2, "Privé", func(d *catalog.Dataset) { d.Private, d.Visible = true, false })
	s.dataset(3, "Supprimé", func(d *catalog.Dataset) { d.DeletedAt, d.Visible = db.Now(), false })
	s.dataset(4, "Archivé", func(d *catalog.Dataset) { d.ArchivedAt, d.Visible = db.Now(), false })
	insertSlug(s, "ancien", d.ID)
	for _, tail := range []string{"", "/reuses_and_dataservices", "/community-resources", "/informations"} {
		s.shows("/datasets/dataset-1"+tail, `aria-current="page"`)
		s.shows("/en/datasets/dataset-1"+tail, `lang="en"`)
		s.answers("/datasets/ancien"+tail+"?page=2&utm=x", http.StatusPermanentRedirect, "/datasets/dataset-1"+tail+"?page=2&utm=x")
		s.answers("/en/datasets/ancien"+tail, http.StatusPermanentRedirect, "/en/datasets/dataset-1"+tail)
		for target, status := range map[string]int{"dataset-2": 404, "dataset-3": 410, "nothing": 404, "0000000000000000000000ff": 404} {
			if w := s.get("/datasets/" + target + tail); w.Code != status {
				t.Errorf("/datasets/%s%s: %d, want %d", target, tail, w.Code, status)
			}
		}
		body := s.shows("/datasets/dataset-4"+tail, "archivé depuis", `<meta name="robots" content="noindex">`)
		hides(t, body, "application/ld+json")
	}
	s.answers("/datasets/DATASET-1", http.StatusPermanentRedirect, "/datasets/dataset-1")
	s.answers("/datasets/dataset-1.json", http.StatusFound, "/api/1/datasets/dataset-1/")
	for _, other := range []string{"/description.txt", "/cite.bib", "/cite.ris", "/coverage.geojson", "/files.zip"} {
		s.answers("/datasets/ancien"+other, http.StatusPermanentRedirect, "/datasets/dataset-1"+other)
		for target, status := range map[string]int{"dataset-2": 404, "dataset-3": 410, "nothing": 404} {
			if w := s.get("/datasets/" + target + other); w.Code != status {
				t.Errorf("/datasets/%s%s: %d, want %d", target, other, w.Code, status)
			}
		}
	}
}

// insertSlug makes a slug a former one of a dataset.
func insertSlug(s *site, slug, id string) {
	s.t.Helper()
	s.exec("INSERT INTO slugs (kind, slug, object_id, at) VALUES ('dataset', ?, ?, 0)", slug, id)
}

func TestFilesByTypeAndPage(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), nil)
	kinds := []string{"documentation", "other", "main", "main"}
	d := s.withFiles(1, 40, func(i int) string { return kinds[i%len(kinds)] })
	body := s.shows("/datasets/dataset-1", "Fichiers principaux", "Documentation", "Autres fichiers", atPage("1"), "?page=2&amp;type=main", `id="file-search"`)
	order := []int{strings.Index(body, `id="files-main"`), strings.Index(body, `id="files-documentation"`), strings.Index(body, `id="files-other"`)}
	if order[0] < 0 || order[0] > order[1] || order[1] > order[2] {
		t.Errorf("the types stand at %v", order)
	}
	if n := strings.Count(body, `<article class="file"`); n != 18 {
		t.Errorf("%d files on the first page, want 18", n)
	}
	body = s.shows("/datasets/dataset-1?type=main&page=4", "Fichier 38.", "Fichier 39.", atPage("4"), "Tous les fichiers")
	hides(t, body, "Fichier 36.", "files-documentation")
	s.shows("/datasets/dataset-1?type=main&page=999999999", atPage("4"))
	s.shows("/datasets/dataset-1?q=FICHIER+1", "Fichiers trouvés", "Fichier 10.")
	s.shows("/datasets/dataset-1?q="+"%25", "Aucun titre de fichier")
	body = s.shows("/datasets/dataset-1?resource_id="+resourceID(39), "Le fichier demandé", "<details open>")
	if strings.Count(body, `id="resource-`+resourceID(39)+`"`) != 1 {
		t.Error("the file asked for is not there once")
	}
	s.shows("/datasets/dataset-1?resource_id="+resourceID(2), "Le fichier demandé", "Fichier 6.")
	s.shows("/datasets/dataset-1?resource_id="+resourceID(77), "Ce fichier n’est plus")
	for _, odd := range []string{"page=-1", "page=x", "type=nothing", "resource_id=%27", "page=99999999999999999999&type=api", "q=a&q=b&page[]=1"} {
		s.shows("/datasets/dataset-1?"+odd, "<h1")
	}
	_ = d
}

func TestTypesFarBehindAreShown(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), nil)
	s.withFiles(1, 100, func(i int) string {
		switch {
		case i < 2:
			return "code"
		case i < 90:
			return "main"
		}
		return "documentation"
	})
	body := s.shows("/datasets/dataset-1", "Fichier 0.", "Fichier 2.", "Fichier 95.", atPage("1"), "15</a>", "2</a>")
	hides(t, body, "Fichier 8.", "Fichier 96.")
	if n := strings.Count(body, `<article class="file"`); n != 14 {
		t.Errorf("%d files on the page, want 14", n)
	}
}

func TestThousandsOfFiles(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), nil)
	s.withFiles(1, 15_041, mainFiles)
	body := s.shows("/datasets/dataset-1", atPage("1"), "2\u202f507</a>", "15\u202f041")
	if n := strings.Count(body, `<article class="file"`); n != filesPerPage {
		t.Errorf("%d files on the page", n)
	}
	s.shows("/datasets/dataset-1?type=main&page=2507", "Fichier 15040.")
	s.shows("/datasets/dataset-1?q=15040", "Fichier 15040.")
	s.shows("/datasets/dataset-1?resource_id="+resourceID(15_000), "Fichier 15000.")
	begin := time.Now()
	s.shows("/datasets/dataset-1?type=main&page=1300")
	if took := time.Since(begin); took > 3*time.Second {
		t.Errorf("a page takes %s", took)
	}
}

func TestDatasetWithoutFile(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), nil)
	s.dataset(1, "Vide", nil)
	body := s.shows("/datasets/dataset-1", "Pas encore de fichier", "Pas encore de description", "Licence non indiquée")
	hides(t, body, "files.zip", "file-search", "NaN")
	s.shows("/datasets/dataset-1/informations", "n’a pas indiqué de territoire", "Non indiquée")
	s.shows("/datasets/dataset-1/reuses_and_dataservices", "Pas encore de réutilisation", "Aucune API")
	s.shows("/datasets/dataset-1/community-resources", "Pas encore de ressource communautaire")
	s.shows("/explore/dataset-1", "Aucun fichier ne se laisse voir")
}

func TestHostileTexts(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), nil)
	s.license(hostile, hostile)
	d := s.dataset(1, hostile, func(d *catalog.Dataset) {
		d.Description, d.Acronym, d.ResourceCount, d.DescriptionLength = hostile+"\n\n[x](javascript:alert(1))", ptr(hostile), 1, 60
		d.AccessType, d.AccessTypeReason, d.AuthorizationRequestURL = "restricted", ptr(hostile), ptr("javascript:alert(1)")
		d.TemporalStart, d.Frequency, d.License = ptr(hostile), ptr(hostile), ptr(hostile)
		d.AccessAudiences = db.JSON(`[{"role":"<script>alert(\"x\")</script>","condition":"no"}]`)
	})
	s.exec("INSERT INTO extras (object_id, kind, extras) VALUES (?, 'dataset', ?)", d.ID,
		`{"<script>alert(\"x\")</script>":"<script>alert(\"x\")</script>","u":"javascript:alert(1)","deep":{"a":[1,2]}}`)
	s.file(d, 1, hostile, func(r *catalog.Resource) {
		r.Description, r.Format, r.Mime, r.URL = ptr(hostile), ptr(hostile), ptr(hostile), "javascript:alert(1)"
		r.SchemaName, r.SchemaURL = ptr(hostile), ptr("javascript:alert(1)")
		r.Extras = db.JSON(`{"check:status":"<script>alert(\"x\")</script>","check:date":{}}`)
	})
	for _, target := range []string{
		"", "/informations", "/reuses_and_dataservices", "/community-resources", "?resource_id=" + resourceID(1), "?q=" + "%3Cscript%3Ealert(%22x%22)%3C/script%3E",
	} {
		body := s.shows("/datasets/dataset-1" + target)
		hides(t, body, hostile, `href="javascript:`)
	}
	hides(t, s.shows("/explore/dataset-1?resource_id="+resourceID(1)), hostile, `href="javascript:`)
}

func TestLongDescription(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), nil)
	whole := strings.Repeat("Une phrase du texte. ", 80_000)
	s.dataset(1, "Long", func(d *catalog.Dataset) { d.Description, d.DescriptionLength = whole, int64(len(whole)) })
	body := s.shows("/datasets/dataset-1", "Lire toute la description", "/datasets/dataset-1/description.txt")
	if len(body) > 60_000 {
		t.Errorf("the page has %d bytes", len(body))
	}
	w := s.get("/datasets/dataset-1/description.txt")
	if w.Body.String() != whole || w.Header().Get("Content-Type") != "text/plain; charset=utf-8" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("description.txt: %d bytes, %v", w.Body.Len(), w.Header())
	}
}

func TestRestrictedAccess(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), nil)
	s.dataset(1, "Réservé", func(d *catalog.Dataset) {
		d.AccessType, d.AccessTypeReasonCategory = "restricted", ptr("confidentiality_of_personal_data")
		d.AuthorizationRequestURL, d.AccessAudiences = ptr("https://ask.example.org/"), db.JSON(`[{"role":"private","condition":"under_condition"}]`)
	})
	s.shows("/datasets/dataset-1", "Restreint", "données à caractère personnel", `href="https://ask.example.org/"`, "Particuliers", "Sous conditions")
}

func TestQualityTellsWhatIsMissing(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), nil)
	s.dataset(1, "Nu", nil)
	s.shows("/datasets/dataset-1", "0 sur 9", "Licence non indiquée", "Choisissez une licence", "Écrivez plus de 100 caractères")
	s.license("lov2", "Licence Ouverte 2.0")
	s.dataset(2, "Plein", func(d *catalog.Dataset) {
		d.License, d.TemporalStart, d.HasSpatial, d.Frequency = ptr("lov2"), ptr("2020-01-01"), true, ptr("annual")
		d.DescriptionLength, d.ResourceCount, d.OpenFormat, d.AllAvailable, d.Documented = 500, 1, true, true, true
	})
	hides(t, s.shows("/datasets/dataset-2", "9 sur 9"), "Manque")
}

func TestInformations(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), nil)
	month := time.Now().UTC().Format("2006-01")
	d := s.dataset(1, "Arbres", func(d *catalog.Dataset) {
		d.TemporalStart, d.TemporalEnd, d.Granularity, d.HasSpatial = ptr("2020-01-01"), ptr("2020-12-31"), ptr("fr:commune"), true
		d.ReusesByMonths = db.JSON(`{"` + month + `": 7, "bad": "x"}`)
	})
	s.insert(&catalog.Harvest{ObjectID: d.ID, Kind: "dataset", Domain: ptr("data.valmont.example"), RemoteURL: ptr("https://data.valmont.example/1"), Backend: ptr("DCAT")})
	s.exec("INSERT INTO object_zones (object_id, kind, zone, position) VALUES (?, 'dataset', 'fr:departement:44', 0)", d.ID)
	s.shows("/datasets/dataset-1/informations", "janvier 2020 au 31 décembre 2020", "Loire-Atlantique", "Commune française", "<gr-map", "coverage.geojson",
		"data.valmont.example", "DCAT", "Nouvelles réutilisations par mois", `class="figure chart"`, "<svg")
	w := s.get("/datasets/dataset-1/coverage.geojson")
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"MultiPolygon"`) || w.Header().Get("Content-Type") != "application/geo+json" {
		t.Errorf("coverage: %d %s %.80s", w.Code, w.Header().Get("Content-Type"), w.Body)
	}
	s.shows("/datasets/dataset-1", "Cette fiche vient de data.valmont.example", `href="https://data.valmont.example/1"`)
}

func TestCitations(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), nil)
	s.dataset(1, "100 % {libre} & _simple_\r\nER  - ", func(d *catalog.Dataset) { d.LastUpdate = db.TimeOf(time.Date(2026, 1, 16, 0, 0, 0, 0, time.UTC)) })
	bib := s.get("/datasets/dataset-1/cite.bib").Body.String()
	if !strings.Contains(bib, `title = {{100 \% \{libre\} \& \_simple\_ ER -}}`) || !strings.Contains(bib, "year = {2026}") {
		t.Errorf("BibTeX:\n%s", bib)
	}
	ris := s.get("/datasets/dataset-1/cite.ris").Body.String()
	if strings.Count(ris, "\r\nER  - \r\n") != 1 || !strings.HasPrefix(ris, "TY  - DATA\r\n") || !strings.Contains(ris, "UR  - https://data.example.org/datasets/dataset-1\r\n") {
		t.Errorf("RIS:\n%s", ris)
	}
}

func TestUsesThatNeverCame(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), nil)
	s.dataset(1, "Arbres", func(d *catalog.Dataset) { d.Reuses = 7 })
	hides(t, s.shows("/datasets/dataset-1/reuses_and_dataservices", "7 sont comptées ailleurs", "Aucune API"), "Pas encore de réutilisation")
}

func TestFileNamesAreSafe(t *testing.T) {
	for _, one := range []struct{ title, format, want string }{
		{"Arbres plantés (2026)", "csv", "arbres-plantes-2026.csv"}, {"", "", "data"}, {"$(rm -rf ~)`id`\"'\n", "c$(x)sv", "rm-rf-id.cxsv"},
		{"../../etc/passwd", "../x", "etc-passwd.x"}, {strings.Repeat("long ", 40), "csv.gz", strings.TrimSuffix(strings.Repeat("long-", 12), "-") + ".csv.gz"},
		{"日本語", "averylongformatname", "data"},
	} {
		got := fileName(one.title, one.format)
		if got != one.want && one.title != "日本語" {
			t.Errorf("%q %q: %q, want %q", one.title, one.format, got, one.want)
		}
		if strings.Trim(got, "abcdefghijklmnopqrstuvwxyz0123456789.-") != "" || strings.HasPrefix(got, "-") {
			t.Errorf("%q is not safe", got)
		}
	}
}

func TestNextUpdate(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), nil)
	last, promised := time.Now().AddDate(-3, 0, 0), time.Now().AddDate(0, 1, 0)
	s.dataset(1, "Tard", func(d *catalog.Dataset) { d.Frequency, d.LastUpdate = ptr("monthly"), db.TimeOf(last) })
	s.dataset(2, "Promis", func(d *catalog.Dataset) {
		d.Frequency, d.LastUpdate, d.FrequencyDate = ptr("monthly"), db.TimeOf(last), db.TimeOf(promised)
	})
	for _, tab := range []string{"", "/informations"} {
		hides(t, s.shows("/datasets/dataset-1"+tab, "Mise à jour attendue depuis"), "Prochaine mise à jour")
		s.shows("/datasets/dataset-2"+tab, "Prochaine mise à jour prévue")
	}
}

func TestCommunityResources(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), nil)
	s.insert(&account.User{ID: "0000000000000000000000bb", Slug: "ada", FirstName: "Ada", LastName: "Roche", CreatedAt: db.Now(), ModifiedAt: db.Now()})
	d := s.dataset(1, "Arbres", nil)
	s.file(d, 1, "Arbres corrigés", func(r *catalog.Resource) { r.Community, r.OwnerID = true, ptr("0000000000000000000000bb") })
	s.shows("/datasets/dataset-1/community-resources", "Arbres corrigés", "Ada Roche", "/users/ada")
	s.shows("/datasets/dataset-1/community-resources?resource_id="+resourceID(1), "Le fichier demandé", "<details open>")
	s.shows("/datasets/dataset-1/community-resources?resource_id="+resourceID(9), "Ce fichier n’est plus")
	s.answers("/en/datasets/dataset-1?resource_id="+resourceID(1), http.StatusFound, "/en/datasets/dataset-1/community-resources?resource_id="+resourceID(1))
}

// atPage is how a list says which of its pages is shown.
func atPage(number string) string {
	return `<span aria-current="page"><span class="visually-hidden">Page </span>` + number + `</span>`
}

func TestUses(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), nil)
	d := s.dataset(1, "Arbres", func(d *catalog.Dataset) { d.Reuses = 10 })
	for i := range 10 {
		r := &catalog.Reuse{ID: fmt.Sprintf("%024x", 100+i), Version: 1, Slug: fmt.Sprintf("reuse-%d", i), Title: fmt.Sprintf("Carte n° %d.", i), TitleFold: "carte", Type: "application",
			Topic: "others", Visible: true, DatasetCount: 1, Views: int64(100 - i), CreatedAt: db.Now(), ModifiedAt: db.Now()}
		if i == 0 {
			r.Private, r.Visible = true, false
		}
		s.insert(r)
		s.exec("INSERT INTO reuse_datasets (reuse_id, dataset_id, position) VALUES (?, ?, 0)", r.ID, d.ID)
	}
	body := s.shows("/datasets/dataset-1/reuses_and_dataservices", "Carte n° 1.", "Carte n° 8.", "reuses_page=2")
	hides(t, body, "Carte n° 0.", "Carte n° 9.")
	s.shows("/datasets/dataset-1/reuses_and_dataservices?reuses_page=2&dataservices_page=3", "Carte n° 9.", `aria-label="Pages des réutilisations"`, atPage("2"))
	s.shows("/datasets/dataset-1/reuses_and_dataservices?reuses_page=999", atPage("2"))
}

// remote serves files and lets the portal fetch them.
func remote(t *testing.T, files map[string]string) (base string, change func(*Deps)) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, ok := files[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(content))
	}))
	t.Cleanup(server.Close)
	client := fetch.New(fetch.Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, PerHost: 8})
	return server.URL, func(d *Deps) { d.Fetch = client }
}

func TestAllFilesInOneArchive(t *testing.T) {
	base, change := remote(t, map[string]string{"/1.csv": "a;b\n1;2\n"})
	s := newSite(t, dbtest.SQLite(t), change)
	d := s.dataset(1, "Arbres", func(d *catalog.Dataset) { d.ResourceCount = 3 })
	s.file(d, 1, "Premier", func(r *catalog.Resource) { r.URL = base + "/1.csv" })
	s.file(d, 2, "Perdu", func(r *catalog.Resource) { r.URL = base + "/2.csv" })
	s.file(d, 3, "Service", func(r *catalog.Resource) { r.URL, r.Type = base+"/3", "api" })
	s.shows("/datasets/dataset-1", `href="/datasets/dataset-1/files.zip"`)
	w := s.get("/datasets/dataset-1/files.zip")
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/zip" || !strings.Contains(w.Header().Get("Content-Disposition"), `filename="arbres.zip"`) {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	archive, err := zip.NewReader(bytes.NewReader(w.Body.Bytes()), int64(w.Body.Len()))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range archive.File {
		names = append(names, f.Name)
	}
	if got := strings.Join(names, " "); got != "LISEZ-MOI.txt premier.csv ERRORS.txt" {
		t.Errorf("the archive holds %s", got)
	}
}

// TestArchivesOfOneAddress has an address ask for more archives than it may
// have at once: others still get theirs.
func TestArchivesOfOneAddress(t *testing.T) {
	begun, leave := make(chan bool, 10), make(chan bool)
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		begun <- true
		<-leave
	}))
	t.Cleanup(slow.Close)
	_, change := remote(t, nil)
	s := newSite(t, dbtest.SQLite(t), change)
	d := s.dataset(1, "Arbres", func(d *catalog.Dataset) { d.ResourceCount = 1 })
	s.file(d, 1, "Premier", func(r *catalog.Resource) { r.URL = slow.URL + "/1.csv" })
	ask := func(from string) int {
		r := httptest.NewRequest(http.MethodGet, "/datasets/dataset-1/files.zip", nil)
		r.RemoteAddr = from + ":1"
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		return w.Code
	}
	codes := make(chan int, bundlesEach)
	for range bundlesEach {
		go func() { codes <- ask("203.0.113.1") }()
	}
	for range bundlesEach {
		<-begun
	}
	if code := ask("203.0.113.1"); code != http.StatusTooManyRequests {
		t.Errorf("one more archive for the same address: %d", code)
	}
	close(leave)
	if code := ask("203.0.113.2"); code != http.StatusOK {
		t.Errorf("an archive for another address: %d", code)
	}
	for range bundlesEach {
		if code := <-codes; code != http.StatusOK {
			t.Errorf("an archive: %d", code)
		}
	}
}

func TestNoArchive(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), nil)
	d := s.dataset(1, "Arbres", func(d *catalog.Dataset) { d.ResourceCount = 2 })
	s.file(d, 1, "Premier", nil)
	hides(t, s.shows("/datasets/dataset-1"), "files.zip", "/explore/")
	if w := s.get("/datasets/dataset-1/files.zip"); w.Code != http.StatusNotImplemented || !strings.Contains(w.Body.String(), "un par un") {
		t.Errorf("without other servers: %d", w.Code)
	}
	_, change := remote(t, nil)
	s = newSite(t, dbtest.SQLite(t), change)
	s.dataset(1, "Vide", nil)
	s.dataset(2, "Beaucoup", func(d *catalog.Dataset) { d.ResourceCount = bundleFiles + 1 })
	large := s.dataset(3, "Lourd", func(d *catalog.Dataset) { d.ResourceCount = 2 })
	size := int64(bundleBytes)
	s.file(large, 1, "Un", func(r *catalog.Resource) { r.Filesize = &size })
	s.file(large, 2, "Deux", func(r *catalog.Resource) { r.Filesize = &size })
	for _, target := range []string{"dataset-1", "dataset-2", "dataset-3"} {
		hides(t, s.shows("/datasets/"+target), "files.zip")
	}
	for target, status := range map[string]int{"dataset-1": 404, "dataset-2": 413, "dataset-3": 413} {
		if w := s.get("/datasets/" + target + "/files.zip"); w.Code != status || !strings.Contains(w.Body.String(), "ne peut pas être faite") {
			t.Errorf("%s: %d, want %d", target, w.Code, status)
		}
	}
}
