package api

import (
	"compress/gzip"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/dump"
	"grenier/internal/event"
	"grenier/internal/geo"
	"grenier/internal/web"
)

// noWords finds nothing by words.
type noWords struct{}

func (noWords) Match(context.Context, string, string, int) ([]string, error) { return nil, nil }

// dumpServer is a server of dumps alone, on a small catalogue.
type dumpServer struct {
	*httptest.Server
	t     *testing.T
	db    *db.DB
	log   *event.Log
	dumps *Dumps
}

func eachDumpServer(t *testing.T, test func(t *testing.T, s *dumpServer)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) { test(t, newDumpServer(t, d)) })
}

func newDumpServer(t *testing.T, d *db.DB) *dumpServer {
	t.Helper()
	log, zones := event.NewLog(d), geo.NewDirectory()
	store := catalog.New(log, zones, noWords{}, catalog.Rules{})
	s := &dumpServer{t: t, db: d, log: log}
	s.dumps = NewDumps(dump.New(log, store, zones, noWords{}, dump.Options{QualityDescriptionLength: 100}), 2)
	a := &API{Deps: Deps{Catalog: store, Organizations: account.NewOrganizations(d, noWords{}), Dumps: s.dumps}, v1: web.NewTable("/api/1", web.Info{})}
	a.dumpRoutes()
	root := web.NewTable("", web.Info{})
	a.RootDumps(root)
	handler, err := web.NewHandler(web.Options{
		Sites: web.OneSite(web.Site{Base: "https://donnees.example.org", Language: "fr"}), Stall: time.Second,
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Log: slog.New(slog.DiscardHandler),
	}, root, a.v1)
	if err != nil {
		t.Fatal(err)
	}
	s.Server = httptest.NewServer(handler)
	t.Cleanup(s.Close)
	s.fill()
	return s
}

func dumpID(n int) string { return fmt.Sprintf("%024x", n) }

func (s *dumpServer) insert(rows ...any) {
	s.t.Helper()
	dbtest.Insert(s.t, s.db, rows...)
}

func dumpedDataset(n int, organization, title, description string) *catalog.Dataset {
	at := db.TimeOf(time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC))
	return &catalog.Dataset{
		ID: dumpID(n), Version: 1, Slug: fmt.Sprintf("jeu-%d", n), Owned: catalog.Owned{OrganizationID: &organization}, Visible: true,
		CreatedInternal: at, ModifiedInternal: at, CreatedAt: at, ModifiedAt: at, LastUpdate: at, Title: title, TitleFold: strings.ToLower(title),
		AccessType: "open", Description: description,
	}
}

func (s *dumpServer) fill() {
	at := db.TimeOf(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC))
	gone := &account.Organization{ID: dumpID(102), Version: 1, Slug: "partie", Name: "Partie", NameFold: "partie", CreatedAt: at, ModifiedAt: at, DeletedAt: at}
	town := &account.Organization{ID: dumpID(101), Version: 1, Slug: "ville", Name: "Ville", NameFold: "ville", CreatedAt: at, ModifiedAt: at}
	archived := dumpedDataset(2, town.ID, "Archivé", "")
	archived.ArchivedAt, archived.Visible = at, false
	dataset := dumpID(1)
	s.insert(town, gone, dumpedDataset(1, town.ID, "Arbres", "Les arbres"), archived, dumpedDataset(3, gone.ID, "D'ailleurs", ""),
		&catalog.Resource{ID: "00000000-0000-4000-8000-000000000001", Version: 1, DatasetID: &dataset, Title: "csv", TitleFold: "csv", Filetype: "remote",
			Type: "main", URL: "https://fichiers.example.org/1.csv", CreatedInternal: at, ModifiedInternal: at},
		&catalog.Dataservice{ID: dumpID(401), Version: 1, Slug: "api", Owned: catalog.Owned{OrganizationID: &town.ID}, Title: "API", TitleFold: "api",
			AccessType: "open", Visible: true, CreatedAt: at, ModifiedAt: at})
	s.exec("INSERT INTO slugs (kind, slug, object_id, at) VALUES ('organization', 'village', ?, 0)", town.ID)
	s.change()
}

func (s *dumpServer) exec(query string, args ...any) {
	s.t.Helper()
	err := s.db.Write(s.t.Context(), db.People, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewRaw(query, args...).Exec(ctx)
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// change writes an event, as every change of the catalogue does.
func (s *dumpServer) change() {
	s.t.Helper()
	err := s.log.Write(s.t.Context(), db.People, func(_ context.Context, tx *event.Tx) error {
		tx.Emit(event.Event{Kind: "dataset.updated", ObjectKind: "dataset", Object: dumpID(1), ActorKind: "system", Version: 2})
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// ask sends a request; headers are names and values in turn.
func (s *dumpServer) ask(method, path string, headers ...string) *http.Response {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.URL+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	client := &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{DisableCompression: true, DisableKeepAlives: true},
	}
	answer, err := client.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { answer.Body.Close() })
	return answer
}

// column reads a file and gives one of its columns.
func (s *dumpServer) column(body io.Reader, name string) []string {
	s.t.Helper()
	reader := csv.NewReader(body)
	reader.Comma = ';'
	lines, err := reader.ReadAll()
	if err != nil {
		s.t.Fatal(err)
	}
	var values []string
	for i, head := range lines[0] {
		for _, line := range lines[1:] {
			if head == name {
				values = append(values, line[i])
			}
		}
	}
	return values
}

func TestDumpsAreServed(t *testing.T) {
	eachDumpServer(t, func(t *testing.T, s *dumpServer) {
		for path, c := range map[string]struct{ file, column, want string }{
			"/datasets.csv":          {"datasets", "title", "Arbres,Archivé,D'ailleurs"},
			"/resources.csv":         {"resources", "dataset.title", "Arbres"},
			"/organizations.csv":     {"organizations", "name", "Ville"},
			"/reuses.csv":            {"reuses", "id", ""},
			"/dataservices.csv":      {"dataservices", "title", "API"},
			"/tags.csv":              {"tags", "name", ""},
			"/datasets.csv?tag=rien": {"datasets", "title", ""},
			"/datasets.csv?page=2&sort=-created&organization_name=Ville":      {"datasets", "title", "Arbres,Archivé"},
			"/resources.csv?access_type=open&last_update_range=last_3_years":  {"resources", "dataset.title", "Arbres"},
			"/datasets.csv?temporal_coverage=2020-01-01-2020-12-31":           {"datasets", "title", ""},
			"/organizations.csv?name=VILLE":                                   {"organizations", "name", "Ville"},
			"/reuses.csv?type=api":                                            {"reuses", "id", ""},
			"/dataservices.csv?access_type=restricted":                        {"dataservices", "id", ""},
			"/api/1/organizations/ville/datasets.csv":                         {"ville-datasets", "title", "Arbres"},
			"/api/1/organizations/" + dumpID(101) + "/datasets-resources.csv": {"ville-datasets-resources", "title", "csv"},
			"/api/1/organizations/ville/dataservices.csv":                     {"ville-dataservices", "title", "API"},
		} {
			paths := []string{path}
			if !strings.HasPrefix(path, "/api/") {
				paths = append(paths, "/api/1/site"+path)
			}
			for _, path := range paths {
				answer := s.ask("GET", path)
				if answer.StatusCode != 200 || answer.Header.Get("Content-Type") != "text/csv; charset=utf-8" {
					t.Errorf("%s: %d %v", path, answer.StatusCode, answer.Header)
					continue
				}
				name := regexp.MustCompile(`^attachment; filename=` + c.file + `-\d{4}-\d\d-\d\d-\d\d-\d\d\.csv$`)
				if got := answer.Header.Get("Content-Disposition"); !name.MatchString(got) {
					t.Errorf("%s: saved as %s", path, got)
				}
				if got := strings.Join(s.column(answer.Body, c.column), ","); got != c.want {
					t.Errorf("%s: %s, want %s", path, got, c.want)
				}
			}
		}
	})
}

func TestDumpRefusals(t *testing.T) {
	eachDumpServer(t, func(t *testing.T, s *dumpServer) {
		for path, status := range map[string]int{
			"/datasets.csv?badge=nul":                     400,
			"/datasets.csv?temporal_coverage=hier":        400,
			"/datasets.csv?featured=peut-%C3%AAtre":       400,
			"/api/1/site/resources.csv?format_family=nul": 400,
			"/reuses.csv?dataset=nul":                     400,
			"/dataservices.csv?sort=nul":                  400,
			"/api/1/organizations/inconnue/datasets.csv":  404,
			"/api/1/organizations/partie/datasets.csv":    410,
			"/api/1/organizations/village/datasets.csv":   308,
			"/api/1/organizations/ville/harvests.csv":     404,
		} {
			if answer := s.ask("GET", path); answer.StatusCode != status || answer.Header.Get("Content-Disposition") != "" {
				t.Errorf("%s: %d %v", path, answer.StatusCode, answer.Header)
			}
		}
		if got := s.ask("GET", "/api/1/organizations/village/datasets.csv").Header.Get("Location"); !strings.HasSuffix(got, "/api/1/organizations/ville/datasets.csv") {
			t.Errorf("redirected to %s", got)
		}
	})
}

func TestDumpConditions(t *testing.T) {
	eachDumpServer(t, func(t *testing.T, s *dumpServer) {
		first := s.ask("GET", "/reuses.csv")
		etag, modified := first.Header.Get("Etag"), first.Header.Get("Last-Modified")
		if !strings.HasPrefix(etag, `W/"`) || modified == "" {
			t.Fatalf("validators %q, %q", etag, modified)
		}
		unchanged := func(path string, headers ...string) bool {
			answer := s.ask("GET", path, headers...)
			body, _ := io.ReadAll(answer.Body)
			return answer.StatusCode == 304 && len(body) == 0 && answer.Header.Get("Content-Disposition") == ""
		}
		if !unchanged("/reuses.csv", "If-None-Match", etag) || !unchanged("/api/1/site/reuses.csv", "If-Modified-Since", modified) {
			t.Error("an unchanged dump was sent again")
		}
		if unchanged("/reuses.csv?type=api", "If-None-Match", etag) || unchanged("/tags.csv", "If-None-Match", etag) {
			t.Error("another dump has the same validator")
		}
		s.change()
		if unchanged("/reuses.csv", "If-None-Match", etag) {
			t.Error("a change was not seen")
		}
		if etag := s.ask("GET", "/reuses.csv?q=mot").Header.Get("Etag"); etag != "" {
			t.Errorf("a text search has the validator %s", etag)
		}
		head := s.ask("HEAD", "/datasets.csv")
		if body, _ := io.ReadAll(head.Body); head.StatusCode != 200 || len(body) > 0 || head.Header.Get("Etag") == "" || head.Header.Get("Content-Disposition") == "" {
			t.Errorf("HEAD: %d, %d bytes, %v", head.StatusCode, len(body), head.Header)
		}
	})
}

func TestDumpIsCompressedOnTheFly(t *testing.T) {
	eachDumpServer(t, func(t *testing.T, s *dumpServer) {
		answer := s.ask("GET", "/datasets.csv", "Accept-Encoding", "gzip")
		if answer.Header.Get("Content-Encoding") != "gzip" || answer.ContentLength != -1 {
			t.Fatalf("%v", answer.Header)
		}
		plain, err := gzip.NewReader(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.column(plain, "title"); len(got) != 3 {
			t.Errorf("%v", got)
		}
	})
}

// fatten makes the dump longer than what connections hold on their way.
func (s *dumpServer) fatten() {
	description := strings.Repeat("Une description trop longue. ", 40_000)
	for n := range 40 {
		s.insert(dumpedDataset(1000+n, dumpID(101), "Gros", description))
	}
}

// ends waits until all slots are given back.
func (s *dumpServer) ends(within time.Duration) {
	s.t.Helper()
	for start := time.Now(); s.dumps.whole.InUse()+s.dumps.part.InUse() > 0; time.Sleep(10 * time.Millisecond) {
		if time.Since(start) > within {
			s.t.Fatalf("dumps go on after %v", within)
		}
	}
}

func TestDumpsAtOnce(t *testing.T) {
	s := newDumpServer(t, dbtest.SQLite(t))
	s.fatten()
	from := func(address, path string) *http.Response { return s.ask("GET", path, "X-Forwarded-For", address) }
	refused := func(answer *http.Response) {
		t.Helper()
		body, _ := io.ReadAll(answer.Body)
		if answer.StatusCode != 429 || answer.Header.Get("Retry-After") != "15" || answer.Header.Get("Etag") != "" || !strings.Contains(string(body), "message") {
			t.Errorf("%d %v %s", answer.StatusCode, answer.Header, body)
		}
	}
	first := from("192.0.2.1", "/datasets.csv")
	refused(from("192.0.2.1", "/api/1/site/datasets.csv"))
	if answer := from("192.0.2.1", "/datasets.csv?organization_name=Ville"); answer.StatusCode != 200 {
		t.Errorf("a part was refused: %d", answer.StatusCode)
	}
	if answer := from("192.0.2.2", "/datasets.csv"); answer.StatusCode != 200 {
		t.Errorf("another address was refused: %d", answer.StatusCode)
	}
	refused(from("192.0.2.3", "/tags.csv"))
	if answer := s.ask("HEAD", "/datasets.csv", "X-Forwarded-For", "192.0.2.1"); answer.StatusCode != 200 {
		t.Errorf("HEAD was refused: %d", answer.StatusCode)
	}
	if etag := first.Header.Get("Etag"); s.ask("GET", "/datasets.csv", "X-Forwarded-For", "192.0.2.1", "If-None-Match", etag).StatusCode != 304 {
		t.Error("who has the dump was refused")
	}
}

// A client that goes away in the middle gives its place back; one that stops
// reading is cut.
func TestDumpClients(t *testing.T) {
	s := newDumpServer(t, dbtest.SQLite(t))
	s.fatten()
	leaver := s.ask("GET", "/datasets.csv")
	if _, err := io.CopyN(io.Discard, leaver.Body, 1000); err != nil {
		t.Fatal(err)
	}
	leaver.Body.Close()
	s.ends(5 * time.Second)
	sleeper := s.ask("GET", "/datasets.csv")
	s.ends(10 * time.Second)
	if _, err := io.Copy(io.Discard, sleeper.Body); err == nil {
		t.Error("a dump that was cut looks whole")
	}
}

// An error in the middle cuts the connection, so that nobody takes a part for
// the whole; one at the start is a plain 500.
func TestDumpErrors(t *testing.T) {
	s := newDumpServer(t, dbtest.SQLite(t))
	s.fatten()
	s.exec("INSERT INTO given (object_id, kind, cells) VALUES (?, 'dataset', '{')", dumpID(1039))
	answer := s.ask("GET", "/datasets.csv")
	if _, err := io.Copy(io.Discard, answer.Body); answer.StatusCode != 200 || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%d, %v", answer.StatusCode, err)
	}
	s.exec("UPDATE given SET object_id = ?", dumpID(1))
	answer = s.ask("GET", "/datasets.csv")
	if answer.StatusCode != 500 || answer.Header.Get("Etag") != "" || answer.Header.Get("Content-Disposition") != "" {
		t.Errorf("%d %v", answer.StatusCode, answer.Header)
	}
}
