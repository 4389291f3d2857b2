package dump

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/event"
	"grenier/internal/geo"
	"grenier/internal/text"
)

const site = "https://donnees.example.org"

// now is the moment of all tests.
var now = time.Date(2026, 1, 16, 12, 30, 0, 0, time.UTC)

// matches is a text search that knows its answers.
type matches map[string][]string

func (m matches) Match(_ context.Context, kind, query string, _ int) ([]string, error) {
	return m[kind+" "+query], nil
}

// world is a database with dumps of it.
type world struct {
	t     *testing.T
	db    *db.DB
	log   *event.Log
	dumps *Dumps
	clock time.Time
}

func eachWorld(t *testing.T, test func(t *testing.T, w *world)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) { test(t, newWorld(t, d)) })
}

func newWorld(t *testing.T, d *db.DB) *world {
	t.Helper()
	w := &world{t: t, db: d, log: event.NewLog(d), clock: now}
	search := matches{
		"dataset arbres": {id(2), id(1)}, "organization lyon": {id(102)}, "reuse carte": {id(301)}, "dataservice adresse": {id(402)},
	}
	zones := geo.NewDirectory()
	store := catalog.New(w.log, zones, search, catalog.Rules{})
	if err := store.SeedLicenses(context.Background()); err != nil {
		t.Fatal(err)
	}
	w.dumps = New(w.log, store, zones, search, Options{
		QualityDescriptionLength: 100, ExploreURL: "https://explore.example.org", Clock: func() time.Time { return w.clock },
	})
	return w
}

// id makes an identifier of a number.
func id(n int) string { return fmt.Sprintf("%024x", n) }

// insert writes rows of one table each.
func (w *world) insert(rows ...any) {
	w.t.Helper()
	dbtest.Insert(w.t, w.db, rows...)
}

// exec writes what has no model here.
func (w *world) exec(query string, args ...any) {
	w.t.Helper()
	err := w.db.Write(context.Background(), db.People, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewRaw(query, args...).Exec(ctx)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// happen appends an event to the log.
func (w *world) happen(at time.Time) {
	w.t.Helper()
	err := w.log.Write(context.Background(), db.People, func(_ context.Context, tx *event.Tx) error {
		tx.Emit(event.Event{At: db.TimeOf(at), Kind: "dataset.updated", ObjectKind: "dataset", Object: id(1), ActorKind: "system", Version: 2})
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) dump(d Dump) string {
	w.t.Helper()
	var out bytes.Buffer
	if err := w.dumps.Write(context.Background(), &out, d, site); err != nil {
		w.t.Fatal(err)
	}
	return out.String()
}

// table reads a dump back: its rows by column.
func (w *world) table(d Dump) []map[string]string {
	w.t.Helper()
	reader := csv.NewReader(strings.NewReader(w.dump(d)))
	reader.Comma = ';'
	lines, err := reader.ReadAll()
	if err != nil {
		w.t.Fatal(err)
	}
	rows := make([]map[string]string, len(lines)-1)
	for i, line := range lines[1:] {
		rows[i] = make(map[string]string, len(line))
		for j, name := range lines[0] {
			rows[i][name] = line[j]
		}
	}
	return rows
}

// column is one column of a dump.
func (w *world) column(d Dump, name string) []string {
	w.t.Helper()
	values := []string{}
	for _, row := range w.table(d) {
		values = append(values, row[name])
	}
	return values
}

func moment(text string) db.Time {
	at, err := time.Parse("2006-01-02T15:04:05.999999", text)
	if err != nil {
		panic(err)
	}
	return db.TimeOf(at)
}

func ptr[T any](v T) *T { return &v }

// dataset is a dataset that the public finds, as changed.
func dataset(n int, change func(*catalog.Dataset)) *catalog.Dataset {
	d := &catalog.Dataset{
		ID: id(n), Version: 1, Slug: fmt.Sprintf("jeu-%d", n), Title: fmt.Sprintf("Jeu %d", n), AccessType: "open", Visible: true,
		CreatedInternal: moment("2020-01-01T00:00:00"), ModifiedInternal: moment("2020-01-01T00:00:00"),
		CreatedAt: moment("2020-01-01T00:00:00"), ModifiedAt: moment("2020-01-01T00:00:00"), LastUpdate: moment("2020-01-01T00:00:00"),
	}
	if change != nil {
		change(d)
	}
	d.TitleFold = text.Fold(d.Title)
	d.Visible = !d.Private && d.DeletedAt.IsZero() && d.ArchivedAt.IsZero()
	return d
}

// resource is a resource of a dataset, as changed.
func resource(n, of int, change func(*catalog.Resource)) *catalog.Resource {
	r := &catalog.Resource{
		ID: fmt.Sprintf("00000000-0000-4000-8000-%012x", n), Version: 1, DatasetID: ptr(id(of)), Rank: int64(n) << 20, Title: fmt.Sprintf("Fichier %d", n),
		Filetype: "remote", Type: "main", URL: fmt.Sprintf("https://fichiers.example.org/%d.csv", n),
		CreatedInternal: moment("2020-01-01T00:00:00"), ModifiedInternal: moment("2021-01-01T00:00:00"),
	}
	if change != nil {
		change(r)
	}
	r.TitleFold = text.Fold(r.Title)
	return r
}

func organization(n int, change func(*account.Organization)) *account.Organization {
	o := &account.Organization{
		ID: id(n), Version: 1, Slug: fmt.Sprintf("organisation-%d", n), Name: fmt.Sprintf("Organisation %d", n),
		CreatedAt: moment("2019-01-01T00:00:00"), ModifiedAt: moment("2019-06-01T00:00:00"),
	}
	if change != nil {
		change(o)
	}
	o.NameFold = text.Fold(o.Name)
	return o
}

func reuse(n int, change func(*catalog.Reuse)) *catalog.Reuse {
	r := &catalog.Reuse{
		ID: id(n), Version: 1, Slug: fmt.Sprintf("usage-%d", n), Title: fmt.Sprintf("Usage %d", n), Type: "application", Topic: "others",
		URL: fmt.Sprintf("https://usages.example.org/%d", n), CreatedAt: moment("2022-01-01T00:00:00"), ModifiedAt: moment("2022-02-01T00:00:00"),
	}
	if change != nil {
		change(r)
	}
	r.TitleFold = text.Fold(r.Title)
	r.Visible = !r.Private && r.DeletedAt.IsZero() && r.DatasetCount > 0
	return r
}

func dataservice(n int, change func(*catalog.Dataservice)) *catalog.Dataservice {
	d := &catalog.Dataservice{
		ID: id(n), Version: 1, Slug: fmt.Sprintf("api-%d", n), Title: fmt.Sprintf("API %d", n), AccessType: "open",
		CreatedAt: moment("2023-01-01T00:00:00"), ModifiedAt: moment("2023-02-01T00:00:00"),
	}
	if change != nil {
		change(d)
	}
	d.TitleFold = text.Fold(d.Title)
	d.Visible = !d.Private && d.DeletedAt.IsZero() && d.ArchivedAt.IsZero()
	return d
}

func (w *world) tag(kind string, n int, tags ...string) {
	for i, tag := range tags {
		w.exec("INSERT INTO tags (object_id, tag, kind, position) VALUES (?, ?, ?, ?)", id(n), tag, kind, i)
	}
}

func (w *world) badge(kind string, n int, badges ...string) {
	for i, badge := range badges {
		w.exec("INSERT INTO badges (object_id, badge, kind, position) VALUES (?, ?, ?, ?)", id(n), badge, kind, i)
	}
}

func (w *world) zone(n int, zones ...string) {
	for i, zone := range zones {
		w.exec("INSERT INTO object_zones (object_id, zone, kind, position) VALUES (?, ?, 'dataset', ?)", id(n), zone, i)
	}
}

func (w *world) format(n int, formats ...string) {
	for i, format := range formats {
		w.exec("INSERT INTO formats (dataset_id, format, position) VALUES (?, ?, ?)", id(n), format, i)
	}
}

func (w *world) link(table, column string, from int, to ...int) {
	for i, n := range to {
		w.exec("INSERT INTO "+table+" ("+column+", dataset_id, position) VALUES (?, ?, ?)", id(from), id(n), i)
	}
}

// fill writes a small catalogue with an object of every kind and state.
func (w *world) fill() {
	long := strings.Repeat("Une description assez longue. ", 5)
	person := &account.User{
		ID: id(201), Version: 1, Slug: "ada-lovelace", FirstName: "Ada", LastName: "Lovelace", NameFold: "ada lovelace", Active: true,
		CreatedAt: moment("2018-01-01T00:00:00"), ModifiedAt: moment("2018-01-01T00:00:00"),
	}
	w.insert(person,
		organization(101, func(o *account.Organization) {
			o.Name, o.Slug, o.Acronym, o.BusinessNumberID = `Ville de "Test"`, "ville-de-test", ptr("VT"), ptr("13002526500013")
			o.Description, o.Logo, o.LogoThumbnail = "La ville; ses données", ptr("https://img.example.org/a.png"), ptr("https://img.example.org/a-100.png")
			o.MemberCount, o.Datasets, o.Reuses, o.Dataservices, o.Followers, o.Views = 3, 4, 1, 2, 5, 600
			o.ByMonths = db.JSON(`{"datasets_by_months":{"2025-12":1,"2026-01":0}}`)
		}),
		organization(102, func(o *account.Organization) {
			o.Name, o.Logo = "Métropole de Lyon", ptr("https://img.example.org/b.png")
		}),
		organization(103, func(o *account.Organization) { o.DeletedAt = moment("2025-01-01T00:00:00") }),
	)
	w.badge("organization", 101, "public-service", "certified")
	w.badge("organization", 102, "certified")
	w.insert(
		dataset(1, func(d *catalog.Dataset) {
			d.Title, d.Slug, d.Acronym = `Les "arbres"; remarquables`, "les-arbres", ptr("ARB")
			d.OrganizationID, d.Description, d.DescriptionShort = ptr(id(101)), long, ptr("Court")
			d.DescriptionLength = int64(len(long))
			d.Frequency, d.License, d.TemporalStart, d.TemporalEnd = ptr("annual"), ptr("lov2"), ptr("2019-01-01"), ptr("2024-12-31")
			d.Granularity, d.HasSpatial, d.Featured = ptr("fr:commune"), true, true
			d.CreatedAt, d.ModifiedAt, d.LastUpdate = moment("2021-05-06T07:08:09.123"), moment("2026-01-02T00:00:00"), moment("2026-01-02T00:00:00")
			d.ResourceCount, d.MainResources, d.OpenFormat, d.AllAvailable = 2, 1, true, true
			d.Discussions, d.DiscussionsOpen, d.Reuses, d.Dataservices, d.Followers, d.Views = 4, 1, 2, 1, 7, 800
			d.Downloads, d.ReusesByMonths = ptr(int64(90)), db.JSON(`{"2025-12":1,"2026-01":0}`)
		}),
		&catalog.Harvest{
			ObjectID: id(1), Kind: "dataset", Backend: ptr("CSW-DCAT"), Domain: ptr("geo.example.org"), RemoteID: ptr("urn:1"),
			RemoteURL: ptr("https://geo.example.org/1"), URI: ptr("https://geo.example.org/id/1"), DctIdentifier: ptr("uuid-1"),
			CreatedAt: moment("2020-02-03T04:05:06"), IssuedAt: moment("2020-02-04T00:00:00"), ModifiedAt: moment("2025-12-31T23:59:59.5"),
			LastUpdate: moment("2026-01-02T03:04:05.000006"),
		},
		dataset(2, func(d *catalog.Dataset) {
			d.Title, d.OwnerID, d.ArchivedAt = "Arbres d'alignement", ptr(id(201)), moment("2025-04-29T00:07:36.58")
		}),
		dataset(3, func(d *catalog.Dataset) { d.Title, d.OrganizationID, d.Private = "Secret", ptr(id(101)), true }),
		dataset(4, func(d *catalog.Dataset) {
			d.Title, d.OrganizationID, d.DeletedAt, d.Downloads = "Parti", ptr(id(101)), moment("2025-01-01T00:00:00"), ptr(int64(1000))
		}),
		dataset(5, func(d *catalog.Dataset) {
			d.Title, d.OrganizationID, d.LastUpdate = "Bâtiments", ptr(id(102)), moment("2025-06-01T00:00:00")
			d.Granularity, d.AccessType, d.Frequency, d.Views = ptr("country"), "restricted", ptr("unknown"), 12
			d.FollowersByMonths = db.JSON(`{}`)
		}),
		dataset(6, func(d *catalog.Dataset) { d.OrganizationID, d.Downloads = ptr(id(101)), ptr(int64(10)) }),
	)
	w.tag("dataset", 1, "arbre", "nature")
	w.tag("dataset", 2, "arbre")
	w.tag("dataset", 3, "secret")
	w.tag("dataset", 5, "bati", "arbre")
	w.tag("dataset", 6, "bati")
	w.badge("dataset", 1, "hvd", "inspire")
	w.zone(1, "fr:commune:69123", "fr:commune:99999")
	w.format(1, "csv", "shp")
	w.format(5, "xyz")
	w.format(6, "pdf")
	w.exec("INSERT INTO coverages (object_id, kind, geometry) VALUES (?, 'dataset', ?)", id(5), `{"type":"MultiPolygon","coordinates":[]}`)
	w.exec("INSERT INTO given (object_id, kind, cells) VALUES (?, 'dataset', ?)", id(6), `{"resources_count":12,"main_resources_count":0,
		"resources_formats":["pdf","csv"],"quality_score":"0.33","spatial.zones":"Rhône,Métropole, du Grand Lyon","license":"Licence maison",
		"tags":",bati","frequency":"biannual"}`)
	w.insert(
		resource(11, 1, func(r *catalog.Resource) {
			r.Title, r.Description, r.Format, r.Mime = `Le "fichier"`, ptr("Ligne 1\nligne 2"), ptr("csv"), ptr("text/csv")
			r.Filetype, r.Filesize, r.ChecksumType, r.ChecksumValue = "file", ptr(int64(1234)), ptr("sha1"), ptr("abc")
			r.Views, r.Preview, r.Extras = ptr(int64(90)), true, db.JSON(`{"analysis:x":"é"}`)
			r.SchemaName, r.SchemaVersion = ptr("etalab/arbres"), ptr("1.0")
		}),
		resource(10, 1, func(r *catalog.Resource) {
			r.Type, r.HarvestIssuedAt, r.HarvestModifiedAt = "documentation", moment("2020-05-01T00:00:00"), moment("2020-06-01T00:00:00")
			r.HarvestLastUpdate = moment("2020-07-01T00:00:00")
		}),
		resource(20, 2, nil),
		resource(30, 3, nil),
		resource(40, 4, nil),
		resource(12, 1, func(r *catalog.Resource) { r.Community, r.OwnerID = true, ptr(id(201)) }),
		reuse(301, func(r *catalog.Reuse) {
			r.Title, r.OwnerID, r.Description, r.DatasetCount = "La carte", ptr(id(201)), "Sur une carte", 3
			r.Image, r.ImageThumbnail, r.Featured, r.Topic = ptr("https://img.example.org/c.png"), ptr("https://img.example.org/c-100.png"), ptr(true), "health"
			r.Discussions, r.DiscussionsOpen, r.Followers, r.Views = 1, 1, 2, 30
		}),
		reuse(302, func(r *catalog.Reuse) { r.OrganizationID, r.ArchivedAt = ptr(id(101)), moment("2025-01-01T00:00:00") }),
		reuse(303, func(r *catalog.Reuse) { r.Private, r.DatasetCount = true, 1 }),
		reuse(304, func(r *catalog.Reuse) { r.DeletedAt, r.DatasetCount = moment("2025-01-01T00:00:00"), 1 }),
		dataservice(401, func(d *catalog.Dataservice) {
			d.Title, d.Acronym, d.OrganizationID, d.License = "API Arbres", ptr("AA"), ptr(id(101)), ptr("fr-lo")
			d.BaseAPIURL, d.MachineDocumentationURL = ptr("https://api.example.org"), ptr("https://api.example.org/openapi.json")
			d.Availability, d.RateLimiting, d.Featured = ptr(99.5), ptr("10/s"), ptr(false)
			d.Followers, d.Reuses, d.Views, d.FollowersByMonths = 3, 1, 40, db.JSON(`{"2026-01":3}`)
		}),
		&catalog.Harvest{ObjectID: id(401), Kind: "dataservice", Backend: ptr("DCAT"), RemoteID: ptr("urn:api:1"), LastUpdate: moment("2026-01-01T00:00:00")},
		dataservice(402, func(d *catalog.Dataservice) {
			d.Title, d.OwnerID, d.ArchivedAt, d.Availability = "API Adresse", ptr(id(201)), moment("2025-01-01T00:00:00"), ptr(99.0)
		}),
		dataservice(403, func(d *catalog.Dataservice) { d.OrganizationID, d.Private = ptr(id(101)), true }),
		dataservice(404, func(d *catalog.Dataservice) {
			d.OrganizationID, d.DeletedAt = ptr(id(101)), moment("2025-01-01T00:00:00")
		}),
	)
	for i, deleted := range []any{nil, moment("2025-01-01T00:00:00")} {
		w.exec(`INSERT INTO harvest_sources (id, version, slug, name, name_fold, description, url, domain, backend, config, options, secrets, organization_id,
			frequency, active, autoarchive, validation, created_at, modified_at, deleted_at, last_good_total, failures)
			VALUES (?, 1, ?, ?, '', '', 'https://data.example.org/catalog.xml', 'data.example.org', 'dcat', ?, '{}', 'sealed', ?, 'manual', ?, ?, 'accepted', ?, ?, ?, 0, 0)`,
			id(501+i), fmt.Sprintf("source-%d", i), []string{`Le "portail"`, "Parti"}[i], `{"filters":[{"key":"tags","value":"arbre"}]}`, id(101), true, true,
			moment("2024-01-02T03:04:05"), moment("2024-01-02T03:04:05"), deleted)
	}
	w.tag("reuse", 301, "carte", "arbre")
	w.tag("reuse", 303, "secret")
	w.link("reuse_datasets", "reuse_id", 301, 5, 1, 3, 4)
	w.tag("dataservice", 401, "arbre")
	w.link("dataservice_datasets", "dataservice_id", 401, 3, 1)
}
