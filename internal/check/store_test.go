package check_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/check"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/fetch"
	"grenier/internal/geo"
	"grenier/internal/limit"
	"grenier/internal/search"
	"grenier/internal/search/feed"
)

// bed is a catalogue whose files are on a server of the test.
type bed struct {
	t       *testing.T
	db      *db.DB
	log     *event.Log
	catalog *catalog.Store
	checks  *check.Store
	owner   string

	mu     sync.Mutex
	status map[string]int // by path; 200 where there is none
	asked  map[string]int // by method and path
	starts []time.Time
	base   string
}

var system = account.System("test")

func newBed(t *testing.T, d *db.DB, rules check.Rules) *bed {
	t.Helper()
	b := &bed{t: t, db: d, log: event.NewLog(d), status: map[string]int{}, asked: map[string]int{}}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	b.base = server.URL
	engine := search.New(filepath.Join(t.TempDir(), "x.index"))
	b.catalog = catalog.New(b.log, geo.NewDirectory(), feed.Match{Engine: engine}, catalog.Rules{})
	if err := b.catalog.SeedLicenses(t.Context()); err != nil {
		t.Fatal(err)
	}
	organization, err := account.NewWriter(b.log).CreateOrganization(t.Context(), system, account.NewOrganization{Name: "Valmont", Description: "x"})
	if err != nil {
		t.Fatal(err)
	}
	b.owner = organization.ID
	client := fetch.New(fetch.Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}})
	b.checks = check.New(b.log, check.Deps{Catalog: b.catalog, Client: client, Rules: rules, Rates: limit.NewRates(d)})
	return b
}

// ServeHTTP answers for the files.
func (b *bed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	b.asked[r.Method+" "+r.URL.Path]++
	if r.Method == http.MethodHead {
		b.starts = append(b.starts, time.Now())
	}
	status := b.status[r.URL.Path]
	b.mu.Unlock()
	if r.Method == http.MethodOptions {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("Content-Type", "text/csv")
	w.Header().Set("Content-Length", "12")
	if status != 0 {
		w.WriteHeader(status)
	}
	if r.Method == http.MethodGet {
		_, _ = w.Write([]byte("a;b\n1;2\n3;4\n"))
	}
}

func (b *bed) answer(path string, status int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.status[path] = status
}

func (b *bed) count(key string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.asked[key]
}

// dataset makes a dataset with files at paths of the server.
func (b *bed) dataset(title string, paths ...string) *catalog.Dataset {
	b.t.Helper()
	var resources []catalog.ResourceInput
	for _, path := range paths {
		resources = append(resources, catalog.ResourceInput{Title: catalog.Some(path), URL: catalog.Some(b.base + path), Filetype: catalog.Some("remote")})
	}
	d, err := b.catalog.CreateDataset(b.t.Context(), system, catalog.DatasetInput{
		Title: catalog.Some(title), Description: catalog.Some("d"), Organization: catalog.Some(b.owner), Resources: catalog.Some(resources),
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return d
}

// run lets the checks work until a condition holds.
func (b *bed) run(until func() bool) {
	b.t.Helper()
	ctx, stop := context.WithCancel(b.t.Context())
	failed := func(err error) {
		if ctx.Err() == nil {
			b.t.Error(err)
		}
	}
	var work sync.WaitGroup
	work.Add(2)
	go func() { defer work.Done(); b.checks.Run(ctx, "node-1", failed) }()
	go func() { defer work.Done(); b.log.FollowSingle(ctx, b.checks.Follower(), "node-1", failed) }()
	for end := time.Now().Add(20 * time.Second); !until() && !b.t.Failed(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			b.t.Error("the checks did not come to an end")
			break
		}
	}
	stop()
	work.Wait()
}

// began lets the follower begin at the present end of the log.
func (b *bed) began() {
	b.t.Helper()
	err := b.log.Write(b.t.Context(), db.Background, func(ctx context.Context, tx *event.Tx) error {
		return b.log.BeginSingle(ctx, tx, b.checks.Follower().Name)
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// rows counts what a query finds.
func (b *bed) rows(query string, args ...any) int {
	b.t.Helper()
	var n int
	if err := b.db.Read().NewRaw(query, args...).Scan(b.t.Context(), &n); err != nil {
		b.t.Fatal(err)
	}
	return n
}

func (b *bed) extras(dataset string) []map[string]any {
	b.t.Helper()
	var all []map[string]any
	err := b.catalog.EachResource(b.t.Context(), dataset, func(rows []catalog.Resource) error {
		for _, r := range rows {
			extras := map[string]any{}
			if len(r.Extras) > 0 {
				if err := json.Unmarshal(r.Extras, &extras); err != nil {
					return err
				}
			}
			all = append(all, extras)
		}
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return all
}

func (b *bed) reload(id string) *catalog.Dataset {
	b.t.Helper()
	rows, err := b.catalog.DatasetsByIDs(b.t.Context(), system, []string{id}, catalog.Parts{})
	if err != nil || len(rows) != 1 {
		b.t.Fatalf("%d datasets, %v", len(rows), err)
	}
	return &rows[0]
}

// TestNewFilesAreChecked: a file that comes is checked at once, what is found is
// in its extras and in the quality of its dataset, and no date moves.
func TestNewFilesAreChecked(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBed(t, d, check.Rules{Pace: time.Millisecond, Origin: "https://data.example.org"})
		b.began()
		b.answer("/gone.csv", http.StatusNotFound)
		made := b.dataset("Deux fichiers", "/here.csv", "/gone.csv")
		b.dataset("Ailleurs", "/other.csv")
		b.run(func() bool { return b.rows("SELECT count(*) FROM resources WHERE extras IS NOT NULL") == 3 })

		extras := b.extras(made.ID)
		if here := extras[0]; here["check:available"] != true || here["check:status"] != 200.0 || here["check:timeout"] != false ||
			here["check:headers:content-length"] != 12.0 || here["check:headers:content-type"] != "text/csv" ||
			here["check:cors:allow-origin"] != "*" || here["check:cors:status"] != 204.0 || here["check:id"] == nil {
			t.Errorf("%v", here)
		}
		if moment, ok := catalog.ParseMoment(fmt.Sprint(extras[0]["check:date"])); !ok || time.Since(moment) > time.Minute {
			t.Errorf("checked at %v", extras[0]["check:date"])
		}
		if gone := extras[1]; gone["check:available"] != false || gone["check:status"] != 404.0 || gone["check:error"] != "Not Found" {
			t.Errorf("%v", gone)
		}
		after := b.reload(made.ID)
		if after.AllAvailable || after.Version <= made.Version {
			t.Errorf("all available: %t, version %d after %d", after.AllAvailable, after.Version, made.Version)
		}
		if !after.LastUpdate.Equal(made.LastUpdate.Time) || !after.ModifiedInternal.Equal(made.ModifiedInternal.Time) {
			t.Error("a date moved")
		}
		if n := b.rows("SELECT count(*) FROM events WHERE kind = 'dataset.updated'"); n != 0 {
			t.Errorf("%d updates are told", n)
		}
		if head, get := b.count("HEAD /here.csv"), b.count("GET /here.csv"); head != 1 || get != 0 {
			t.Errorf("%d HEAD and %d GET for a file that tells its length", head, get)
		}
	})
}

// TestFilesComeBack: what failed is looked for again soon, and quality follows.
func TestFilesComeBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBed(t, d, check.Rules{Pace: time.Millisecond})
		b.answer("/a.csv", http.StatusInternalServerError)
		made := b.dataset("Un fichier", "/a.csv", "/b.csv")
		if err := b.checks.Align(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		b.run(func() bool { return b.rows("SELECT count(*) FROM resource_checks WHERE checked_at IS NOT NULL") == 2 })
		if b.reload(made.ID).AllAvailable {
			t.Fatal("the quality does not tell of the missing file")
		}
		now := time.Now()
		soon := b.rows("SELECT count(*) FROM resource_checks WHERE failures = 1 AND due_at BETWEEN ? AND ?", db.TimeOf(now), db.TimeOf(now.Add(11*time.Minute)))
		if soon != 1 {
			t.Errorf("%d files are looked for within minutes", soon)
		}
		b.answer("/a.csv", 0)
		b.due()
		version := b.reload(made.ID).Version
		b.run(func() bool {
			return b.rows("SELECT count(*) FROM resource_checks WHERE failures > 0") == 0 && b.count("HEAD /b.csv") == 2
		})
		if after := b.reload(made.ID); !after.AllAvailable || after.Version != version+1 {
			t.Errorf("all available: %t, version %d after %d", after.AllAvailable, after.Version, version)
		}
		// Unchanged results are not told again.
		b.due()
		version, events := b.reload(made.ID).Version, b.rows("SELECT count(*) FROM events")
		b.run(func() bool {
			return b.count("HEAD /a.csv")+b.count("HEAD /b.csv") == 6 && b.rows("SELECT count(*) FROM check_hosts WHERE node IS NOT NULL") == 0
		})
		if after := b.reload(made.ID); after.Version != version || b.rows("SELECT count(*) FROM events") != events {
			t.Error("an unchanged result was told")
		}
	})
}

// due makes everything due.
func (b *bed) due() {
	b.t.Helper()
	err := b.db.Write(b.t.Context(), db.Background, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.NewRaw("UPDATE resource_checks SET due_at = 1000000").Exec(ctx); err != nil {
			return err
		}
		_, err := tx.NewRaw("UPDATE check_hosts SET turn_at = 1000000, rest_until = NULL").Exec(ctx)
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// TestHostsAreSpared: one file after the other with a pause between, none at all
// once the host has had enough.
func TestHostsAreSpared(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBed(t, d, check.Rules{Pace: 100 * time.Millisecond})
		b.dataset("Six fichiers", "/1.csv", "/2.csv", "/3.csv", "/4.csv", "/5.csv", "/6.csv")
		b.answer("/1.csv", http.StatusOK)
		if err := b.checks.Align(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		b.run(func() bool {
			b.mu.Lock()
			defer b.mu.Unlock()
			if len(b.starts) == 3 {
				for path := range 6 {
					b.status[fmt.Sprintf("/%d.csv", path+1)] = http.StatusTooManyRequests
				}
			}
			return len(b.starts) >= 4
		})
		time.Sleep(300 * time.Millisecond)
		b.mu.Lock()
		starts := b.starts
		b.mu.Unlock()
		for i := 1; i < len(starts); i++ {
			if pause := starts[i].Sub(starts[i-1]); pause < 90*time.Millisecond {
				t.Errorf("asked again after %s", pause)
			}
		}
		if n := b.rows("SELECT count(*) FROM check_hosts WHERE rest_until > ? AND turn_at >= rest_until", db.TimeOf(time.Now().Add(23*time.Hour))); n != 1 {
			t.Errorf("%d hosts rest for a day", n)
		}
		if n := b.rows("SELECT count(*) FROM resource_checks WHERE status = 429 AND available IS NULL"); n == 0 {
			t.Error("the refusal is not noted")
		}
		if n := b.rows("SELECT count(*) FROM resources WHERE available = FALSE"); n != 0 {
			t.Errorf("%d files of a host that is busy count as missing", n)
		}
	})
}

// TestRowsFollowTheCatalogue: addresses that change, resources and datasets that
// go, come back or are hidden.
func TestRowsFollowTheCatalogue(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBed(t, d, check.Rules{Pace: time.Millisecond})
		b.began()
		made := b.dataset("Deux fichiers", "/a.csv", "/b.csv")
		full, err := b.catalog.DatasetsByIDs(t.Context(), system, []string{made.ID}, catalog.Parts{Resources: true})
		if err != nil {
			t.Fatal(err)
		}
		b.run(func() bool { return b.count("HEAD /a.csv") == 1 && b.count("HEAD /b.csv") == 1 })
		if _, err := b.catalog.UpdateResource(t.Context(), system, made.ID, full[0].Resources[0].ID, catalog.ResourceInput{URL: catalog.Some(b.base + "/c.csv")}); err != nil {
			t.Fatal(err)
		}
		b.run(func() bool { return b.count("HEAD /c.csv") == 1 })
		if err := b.catalog.RemoveResource(t.Context(), system, made.ID, full[0].Resources[1].ID); err != nil {
			t.Fatal(err)
		}
		b.run(func() bool { return b.rows("SELECT count(*) FROM resource_checks") == 1 })
		if _, err := b.catalog.UpdateDataset(t.Context(), system, made.ID, catalog.DatasetInput{Private: catalog.Some(true)}); err != nil {
			t.Fatal(err)
		}
		b.run(func() bool { return b.rows("SELECT count(*) FROM resource_checks") == 0 })
		if _, err := b.catalog.UpdateDataset(t.Context(), system, made.ID, catalog.DatasetInput{Private: catalog.Some(false)}); err != nil {
			t.Fatal(err)
		}
		b.run(func() bool { return b.count("HEAD /c.csv") == 2 })
		if n := b.count("HEAD /b.csv"); n != 1 {
			t.Errorf("a file that is gone was asked for %d times", n)
		}
	})
}

// TestOthersMayCheck: what an outside checker writes moves the next check of our
// own.
func TestOthersMayCheck(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBed(t, d, check.Rules{Pace: time.Millisecond})
		made := b.dataset("Un fichier", "/a.csv")
		if err := b.checks.Align(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		full, err := b.catalog.DatasetsByIDs(t.Context(), system, []string{made.ID}, catalog.Parts{Resources: true})
		if err != nil {
			t.Fatal(err)
		}
		_, err = b.catalog.MergeResourceExtras(t.Context(), system, made.ID, full[0].Resources[0].ID,
			json.RawMessage(`{"check:available": false, "check:status": 403, "check:timeout": false, "check:date": "2026-03-01T00:00:00"}`))
		if err != nil {
			t.Fatal(err)
		}
		if b.reload(made.ID).AllAvailable {
			t.Error("the quality does not follow")
		}
		c, err := b.checks.Latest(t.Context(), full[0].Resources[0].ID, "")
		if err != nil || c == nil || c.Status == nil || *c.Status != 403 || c.Failures != 1 || time.Until(c.DueAt.Time) < 9*time.Minute {
			t.Errorf("%+v, %v", c, err)
		}
	})
}

// TestCheckNow: people who may change a dataset check its files at once; others
// are refused, and so is what has no remote file.
func TestCheckNow(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBed(t, d, check.Rules{})
		made := b.dataset("Un fichier", "/a.csv")
		full, err := b.catalog.DatasetsByIDs(t.Context(), system, []string{made.ID}, catalog.Parts{Resources: true})
		if err != nil {
			t.Fatal(err)
		}
		id := full[0].Resources[0].ID
		if _, err := b.checks.CheckNow(t.Context(), account.Viewer{}, made.ID, id); err == nil || !strings.Contains(err.Error(), "Log in") {
			t.Errorf("nobody in particular: %v", err)
		}
		if _, err := b.checks.CheckNow(t.Context(), system, made.ID, "00000000-0000-4000-8000-000000000000"); err == nil {
			t.Error("a resource that does not exist was checked")
		}
		for range 2 { // the second within a moment
			c, err := b.checks.CheckNow(t.Context(), system, made.ID, id)
			if err != nil || c.Available == nil || !*c.Available {
				t.Fatalf("%+v, %v", c, err)
			}
		}
		if n := b.count("HEAD /a.csv"); n != 1 {
			t.Errorf("asked %d times", n)
		}
		if b.extras(made.ID)[0]["check:available"] != true {
			t.Error("nothing is in the extras")
		}
		if n := b.rows("SELECT count(*) FROM check_hosts WHERE turn_at IS NOT NULL AND node IS NULL"); n != 1 {
			t.Errorf("%d hosts have their next turn", n)
		}
		figures, err := b.checks.Figures(t.Context())
		if err != nil || figures.Checked != 1 || len(figures.Status) != 1 || figures.Status[0].Status != 200 {
			t.Errorf("%+v, %v", figures, err)
		}
		counts, err := b.checks.Aggregate(t.Context(), "host", time.Now().UTC().Truncate(24*time.Hour))
		if err != nil || len(counts) != 1 || counts[0].Count != 1 || *counts[0].Value != "127.0.0.1" {
			t.Errorf("%+v, %v", counts, err)
		}
	})
}

// TestChecksAreNoTool: whoever has many files at one host cannot have it asked at will,
// and what is asked for a hidden dataset is in no public figure.
func TestChecksAreNoTool(t *testing.T) {
	d := dbtest.SQLite(t)
	b := newBed(t, d, check.Rules{})
	paths := make([]string, 70)
	for i := range paths {
		paths[i] = fmt.Sprintf("/%d.csv", i)
	}
	made := b.dataset("Beaucoup de fichiers", paths...)
	if _, err := b.catalog.UpdateDataset(t.Context(), system, made.ID, catalog.DatasetInput{Private: catalog.Some(true)}); err != nil {
		t.Fatal(err)
	}
	full, err := b.catalog.DatasetsByIDs(t.Context(), system, []string{made.ID}, catalog.Parts{Resources: true})
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, r := range full[0].Resources {
		if _, err = b.checks.CheckNow(t.Context(), system, made.ID, r.ID); err != nil {
			break
		}
		checked++
	}
	if checked != 60 || !fault.Is(err, fault.TooMany) {
		t.Errorf("%d files of one host were checked at once: %v", checked, err)
	}
	counts, err := b.checks.Aggregate(t.Context(), "host", time.Now().UTC().Truncate(24*time.Hour))
	if err != nil || len(counts) != 0 {
		t.Errorf("the figures tell of hidden files: %+v, %v", counts, err)
	}
}

// TestNodesShareHosts: two nodes on one database ask for each file once.
func TestNodesShareHosts(t *testing.T) {
	d := dbtest.Postgres(t)
	b := newBed(t, d, check.Rules{Pace: time.Millisecond, AtOnce: 4})
	for i := range 4 {
		var paths []string
		for j := range 10 {
			paths = append(paths, fmt.Sprintf("/%d/%d.csv", i, j))
		}
		b.dataset(fmt.Sprintf("Jeu %d", i), paths...)
	}
	if err := b.checks.Align(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var work sync.WaitGroup
	for node := range 2 {
		work.Add(1)
		go func() {
			defer work.Done()
			b.checks.Run(ctx, fmt.Sprint("node-", node), func(err error) {
				if ctx.Err() == nil {
					t.Error(err)
				}
			})
		}()
	}
	for end := time.Now().Add(60 * time.Second); b.rows("SELECT count(*) FROM resource_checks WHERE checked_at IS NULL") > 0; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("not everything is checked")
		}
	}
	stop()
	work.Wait()
	for i := range 4 {
		for j := range 10 {
			if n := b.count(fmt.Sprintf("HEAD /%d/%d.csv", i, j)); n != 1 {
				t.Errorf("file %d of %d was asked for %d times", j, i, n)
			}
		}
	}
	if n := b.rows("SELECT count(*) FROM check_hosts WHERE node IS NOT NULL"); n != 0 {
		t.Errorf("%d hosts are still held", n)
	}
}
