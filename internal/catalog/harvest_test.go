package catalog_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/event"
	"grenier/internal/geo"
)

// portalSource is the source of the harvests of these tests.
const portalSource = "5f0000000000000000000001"

var portal = account.Viewer{Origin: "source", OriginID: portalSource}

// harvesting is a catalogue that is harvested into.
type harvesting struct {
	t            *testing.T
	ctx          context.Context
	log          *event.Log
	store        *catalog.Store
	organization string
}

func newHarvesting(t *testing.T, d *db.DB) *harvesting {
	t.Helper()
	ctx, log := context.Background(), event.NewLog(d)
	h := &harvesting{t: t, ctx: ctx, log: log, store: catalog.New(log, geo.NewDirectory(), nil, catalog.Rules{})}
	if err := h.store.SeedLicenses(ctx); err != nil {
		t.Fatal(err)
	}
	made, err := account.NewWriter(log).CreateOrganization(ctx, account.System("test"), account.NewOrganization{Name: "Portail", Description: "x"})
	if err != nil {
		t.Fatal(err)
	}
	h.organization = made.ID
	return h
}

func (h *harvesting) put(batch ...catalog.HarvestedDataset) []catalog.HarvestResult {
	h.t.Helper()
	var results []catalog.HarvestResult
	err := h.log.Write(h.ctx, db.Background, func(ctx context.Context, tx *event.Tx) (err error) {
		results, err = h.store.PutHarvested(ctx, tx, portal, batch)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return results
}

func (h *harvesting) dataset(id string) *catalog.Dataset {
	h.t.Helper()
	d, err := h.store.Dataset(h.ctx, account.System("test"), id, catalog.Parts{Resources: true})
	if err != nil {
		h.t.Fatal(err)
	}
	return d
}

func (h *harvesting) record(remote string) catalog.HarvestedDataset {
	source, domain, backend := portalSource, "portail.example.org", "CKAN"
	return catalog.HarvestedDataset{
		Owner: account.Owner{Organization: h.organization},
		Input: catalog.DatasetInput{
			Title: catalog.Some("Relevés " + remote), Description: catalog.Some("Ce que dit " + remote), Tags: catalog.Some([]string{"eau", "releve"}),
			License: catalog.Some("lov2"), Frequency: catalog.Some("monthly"),
			TemporalCoverage: catalog.Some(catalog.TemporalInput{Start: "2020-01-01", End: "2020-12-31"}),
			Spatial:          catalog.Some(catalog.SpatialInput{Zones: []string{"country:fr"}}),
			Extras:           catalog.Some(json.RawMessage(`{"dcat":{"rights":["libres"]},"theme":"eau"}`)),
		},
		Contacts: []catalog.HarvestedContact{{Name: "Service de l'eau", Email: "eau@example.org", Role: "contact"}},
		Resources: []catalog.HarvestedResource{
			listed("a", "https://portail.example.org/"+remote+"/a.csv"), listed("b", "https://portail.example.org/"+remote+"/b.json"),
		},
		Harvest: catalog.Harvest{
			Backend: &backend, Domain: &domain, SourceID: &source, RemoteID: &remote, LastUpdate: db.Now(),
			ModifiedAt: db.TimeOf(time.Date(2024, 5, 6, 0, 0, 0, 0, time.UTC)), IssuedAt: db.TimeOf(time.Date(2019, 1, 2, 0, 0, 0, 0, time.UTC)),
		},
	}
}

func listed(remote, url string) catalog.HarvestedResource {
	return catalog.HarvestedResource{
		RemoteID: remote,
		Input: catalog.ResourceInput{
			Title: catalog.Some("Fichier " + remote), URL: catalog.Some(url), Format: catalog.Some("csv"), Description: catalog.Some("d"),
		},
		ModifiedAt: db.TimeOf(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)),
	}
}

func (h *harvesting) check() {
	h.t.Helper()
	wrong, err := h.store.CheckCounters(h.ctx)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, mismatch := range wrong {
		h.t.Error(mismatch)
	}
}

func (h *harvesting) head() int64 {
	h.t.Helper()
	head, err := h.log.Head(h.ctx, h.log.DB().Read())
	if err != nil {
		h.t.Fatal(err)
	}
	return head
}

func titlesOf(d *catalog.Dataset) []string {
	titles := make([]string, len(d.Resources))
	for i := range d.Resources {
		titles[i] = d.Resources[i].Title
	}
	return titles
}

func TestHarvestedDatasetIsMadeOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHarvesting(t, d)
		first := h.put(h.record("x"), h.record("y"))
		for _, r := range first {
			if r.Err != nil || !r.Created || r.Changed || r.Version != 1 || len(r.Logs) != 0 {
				t.Fatalf("the first harvest gave %+v", r)
			}
		}
		made := h.dataset(first[0].ID)
		if made.Title != "Relevés x" || made.Slug != "releves-x" || *made.License != "lov2" || *made.Frequency != "monthly" || !made.Visible || made.ResourceCount != 2 {
			t.Errorf("the dataset is %+v", made)
		}
		if got := made.CreatedAt.Format(time.DateOnly); got != "2019-01-02" {
			t.Errorf("it was created at %s", got)
		}
		if got := made.LastUpdate.Format(time.DateOnly); got != "2024-05-06" {
			t.Errorf("it was last updated at %s", got)
		}
		if len(made.ContactPoints) != 1 || made.ContactPoints[0].Name != "Service de l'eau" || made.Organization.ID != h.organization {
			t.Errorf("its contact points are %+v", made.ContactPoints)
		}
		if !slices.Equal(made.Zones, []string{"country:fr"}) || *made.Harvest.RemoteID != "x" || *made.Harvest.SourceID != portalSource {
			t.Errorf("its zones are %v, its origin %+v", made.Zones, made.Harvest)
		}
		if r := made.Resources[0]; *r.HarvestRemoteID != "a" || *r.HarvestSource != portalSource || r.Type != "main" || *r.Format != "csv" {
			t.Errorf("its first resource is %+v", r)
		}
		head := h.head()
		again := h.record("x")
		again.ID = made.ID
		again.Harvest.LastUpdate = db.TimeOf(time.Now().Add(time.Hour))
		result := h.put(again)[0]
		if result.Err != nil || result.Created || result.Changed || result.Version != 1 || result.Difference != nil {
			t.Errorf("the same record a second time gave %+v", result)
		}
		if h.head() != head {
			t.Error("the same record a second time told the log of something")
		}
		if seen := h.dataset(made.ID).Harvest.LastUpdate; !seen.Equal(again.Harvest.LastUpdate.Time) {
			t.Errorf("it was last seen at %v", seen)
		}
		h.check()
	})
}

func TestHarvestChangesWhatTheRecordTells(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHarvesting(t, d)
		record := h.record("x")
		id := h.put(record)[0].ID
		admin := account.System("test")
		byHand, err := h.store.AddResource(h.ctx, admin, id, catalog.ResourceInput{
			Title: catalog.Some("À la main"), URL: catalog.Some("https://example.org/main.pdf"), Filetype: catalog.Some("remote"),
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.store.MergeDatasetExtras(h.ctx, admin, id, json.RawMessage(`{"ours":1}`)); err != nil {
			t.Fatal(err)
		}
		if _, err := h.store.UpdateDataset(h.ctx, admin, id, catalog.DatasetInput{Archived: catalog.Some(time.Now())}); err != nil {
			t.Fatal(err)
		}
		before := h.dataset(id)
		record.ID = id
		record.Input.Title = catalog.Some("Un autre titre")
		record.Input.Tags = catalog.Some([]string{"pluie"})
		record.Input.Extras = catalog.Some(json.RawMessage(`{"dcat":{"license":["x"]}}`))
		record.Input.AccessType = catalog.Some("restricted")
		record.Schema = catalog.Some(catalog.SchemaInput{Name: "etalab/irve", Version: "2.0"})
		record.Resources = []catalog.HarvestedResource{listed("b", "https://portail.example.org/nouveau/b.json"), listed("c", "https://portail.example.org/x/c.csv")}
		result := h.put(record)[0]
		if result.Err != nil || !result.Changed || result.Version != before.Version+1 {
			t.Fatalf("the change gave %+v", result)
		}
		for _, field := range []string{"title", "tags", "extras", "access_type", "license", "archived", "schema"} {
			if _, told := result.Difference[field]; !told {
				t.Errorf("the difference does not tell of %s: %v", field, result.Difference.Fields())
			}
		}
		after := h.dataset(id)
		if after.Slug != before.Slug || after.Title != "Un autre titre" || !slices.Equal(after.Tags, []string{"pluie"}) || after.License != nil || !after.Visible {
			t.Errorf("the dataset is %+v", after)
		}
		var extras map[string]any
		if err := json.Unmarshal(after.Extras, &extras); err != nil || fmt.Sprint(extras) != "map[dcat:map[license:[x]] ours:1 theme:eau]" {
			t.Errorf("its extras are %v (%v)", extras, err)
		}
		if got := titlesOf(after); !slices.Equal(got, []string{"À la main", "Fichier b", "Fichier c", "Fichier a"}) {
			t.Errorf("its resources are %q", got)
		}
		gone := after.Resources[3]
		if gone.HarvestMissingSince.IsZero() || !gone.HarvestArchivedAt.IsZero() {
			t.Errorf("what vanished is %+v", gone)
		}
		if after.Resources[0].ID != byHand.ID || after.Resources[0].Version != 1 || after.Resources[1].ID != before.Resources[2].ID {
			t.Errorf("resources did not keep their identifiers")
		}
		h.check()
	})
}

// TestVanishedResources: after the days of grace they are marked, or go.
func TestVanishedResources(t *testing.T) {
	for _, del := range []bool{false, true} {
		dbtest.Each(t, func(t *testing.T, d *db.DB) {
			h := newHarvesting(t, d)
			record := h.record("x")
			record.ID = h.put(record)[0].ID
			if _, err := h.store.AddResource(h.ctx, account.System("test"), record.ID, catalog.ResourceInput{
				Title: catalog.Some("À la main"), URL: catalog.Some("https://example.org/main.pdf"), Filetype: catalog.Some("remote"),
			}); err != nil {
				t.Fatal(err)
			}
			record.Resources = record.Resources[:1]
			h.put(record)
			sweep := func(before time.Time) int {
				swept, err := h.store.SweepHarvestedResources(h.ctx, portal, portalSource, catalog.MissingResources{Before: db.TimeOf(before), Delete: del})
				if err != nil {
					t.Fatal(err)
				}
				return swept
			}
			if swept := sweep(time.Now().Add(-time.Hour)); swept != 0 {
				t.Errorf("%d resources were swept within the days of grace", swept)
			}
			version := h.dataset(record.ID).Version
			if swept := sweep(time.Now().Add(time.Hour)); swept != 1 {
				t.Errorf("%d resources were swept, want 1", swept)
			}
			if swept := sweep(time.Now().Add(time.Hour)); swept != 0 {
				t.Errorf("a second sweep took %d", swept)
			}
			after := h.dataset(record.ID)
			if after.Version != version+1 {
				t.Errorf("the sweep raised the version from %d to %d", version, after.Version)
			}
			want := []string{"À la main", "Fichier a", "Fichier b"}
			if del {
				want = want[:2]
			}
			if got := titlesOf(after); !slices.Equal(got, want) || after.ResourceCount != int64(len(want)) {
				t.Errorf("the resources are %q, counted as %d", got, after.ResourceCount)
			}
			if !del && after.Resources[2].HarvestArchivedAt.IsZero() {
				t.Error("what vanished is not marked")
			}
			h.check()
		})
	}
}

func TestProtectedFieldsKeepLocalEdits(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHarvesting(t, d)
		record := h.record("x")
		first := h.put(record)[0]
		for _, field := range catalog.ProtectableFields {
			if len(first.Values[field]) == 0 {
				t.Errorf("the harvested value of %s is missing", field)
			}
		}
		record.ID, record.Keep = first.ID, first.Values
		if _, err := h.store.UpdateDataset(h.ctx, account.System("test"), first.ID, catalog.DatasetInput{
			Title: catalog.Some("Titre de la maison"), Tags: catalog.Some([]string{"maison"}),
			TemporalCoverage: catalog.Some(catalog.TemporalInput{Start: "2000-01-01"}), ContactPoints: catalog.Some([]string{}),
		}); err != nil {
			t.Fatal(err)
		}
		record.Input.Title = catalog.Some("Titre du portail")
		record.Input.Description = catalog.Some("Autre texte")
		second := h.put(record)[0]
		if want := []string{"title", "tags", "temporal_coverage", "contact_points"}; second.Err != nil || !slices.Equal(second.Kept, want) {
			t.Fatalf("the fields that were kept are %v, want %v (%v)", second.Kept, want, second.Err)
		}
		after := h.dataset(first.ID)
		if after.Title != "Titre de la maison" || after.Description != "Autre texte" || !slices.Equal(after.Tags, []string{"maison"}) ||
			*after.TemporalStart != "2000-01-01" || len(after.ContactPoints) != 0 {
			t.Errorf("the dataset is %+v", after)
		}
		record.Keep = second.Values
		record.Keep = second.Values
		record.Input.Frequency = catalog.Opt[string]{} // not told this time
		if again := h.put(record)[0]; string(again.Values["frequency"]) != `"monthly"` {
			t.Errorf("the last value of what is not told is %s", again.Values["frequency"])
		}
		delete(record.Keep, "title") // no longer protected
		if third := h.put(record)[0]; !third.Changed || h.dataset(first.ID).Title != "Titre du portail" {
			t.Errorf("without protection the title stays")
		}
	})
}

// TestLongValuesAreRememberedBriefly holds that what is kept of each record does not
// grow with its texts, which all runs would write anew.
func TestLongValuesAreRememberedBriefly(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHarvesting(t, d)
		record := h.record("x")
		record.Input.Description = catalog.Some(strings.Repeat("Un long texte. ", 400))
		record.Input.Spatial = catalog.Some(catalog.SpatialInput{Geometry: json.RawMessage(`{"type": "MultiPolygon", "coordinates": [[[[1.0, 2], [3, 2], [3, 4], [1, 4], [1.0, 2]]]]}`)})
		first := h.put(record)[0]
		for field, value := range first.Values {
			if len(value) > 100 {
				t.Errorf("%d bytes of %s are remembered", len(value), field)
			}
		}
		record.ID, record.Keep = first.ID, first.Values
		if same := h.put(record)[0]; same.Err != nil || same.Changed || len(same.Kept) > 0 {
			t.Errorf("the same again gave %+v", same)
		}
		record.Input.Description = catalog.Some(strings.Repeat("Un autre texte. ", 400))
		record.Input.Spatial = catalog.Some(catalog.SpatialInput{Zones: []string{"country:fr"}})
		second := h.put(record)[0]
		if second.Err != nil || !second.Changed || len(second.Kept) > 0 {
			t.Errorf("texts that nobody edited were kept: %+v", second)
		}
		if _, err := h.store.UpdateDataset(h.ctx, account.System("test"), first.ID, catalog.DatasetInput{Description: catalog.Some("De la maison")}); err != nil {
			t.Fatal(err)
		}
		record.Keep = second.Values
		if third := h.put(record)[0]; third.Err != nil || !slices.Equal(third.Kept, []string{"description"}) || h.dataset(first.ID).Description != "De la maison" {
			t.Errorf("a text that was edited here was not kept: %+v", third)
		}
	})
}

func TestBadRecordsWriteNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHarvesting(t, d)
		untitled, lost, odd := h.record("x"), h.record("y"), h.record("z")
		untitled.Input.Title = catalog.Some("  ")
		lost.ID = "650000000000000000000000"
		odd.Input.Frequency = catalog.Some("parfois")
		odd.Input.License = catalog.Some("inconnue")
		odd.Contacts = append(odd.Contacts, catalog.HarvestedContact{Name: "Sans adresse", Role: "contact"})
		odd.Resources = append(odd.Resources, listed("c", "pas une adresse"), listed("d", "https://portail.example.org/d.csv"))
		odd.Input.Extras = catalog.Some(json.RawMessage(`{"custom:x":1,"bon":true}`))
		results := h.put(untitled, lost, odd)
		if results[0].Err == nil || results[1].Err == nil || results[0].ID != "" {
			t.Errorf("records without title and of unknown datasets gave %+v", results[:2])
		}
		if results[2].Err != nil || !results[2].Created || len(results[2].Logs) != 4 {
			t.Fatalf("a record with bad members gave %+v", results[2])
		}
		made := h.dataset(results[2].ID)
		if made.License != nil || made.Frequency != nil || made.ResourceCount != 3 || string(made.Extras) != `{"bon":true}` {
			t.Errorf("the dataset is %+v with %s", made, made.Extras)
		}
		var count int
		if err := d.Read().NewRaw("SELECT count(*) FROM datasets").Scan(h.ctx, &count); err != nil || count != 1 {
			t.Errorf("%d datasets are there (%v)", count, err)
		}
		h.check()
	})
}

func TestCompareHarvestedWritesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHarvesting(t, d)
		record := h.record("x")
		record.ID = h.put(record)[0].ID
		head := h.head()
		record.Input.Title = catalog.Some("Autre")
		record.Resources = record.Resources[1:]
		fresh := h.record("y")
		results, datasets, err := h.store.CompareHarvested(h.ctx, []catalog.HarvestedDataset{record, fresh})
		if err != nil {
			t.Fatal(err)
		}
		if !results[0].Changed || !results[1].Created || len(results[0].Difference) == 0 || results[1].Slug != "releves-y" {
			t.Errorf("the comparison gave %+v", results)
		}
		if datasets[0].Title != "Autre" || len(datasets[0].Resources) != 2 || datasets[1].Organization == nil || len(datasets[1].ContactPoints) != 1 {
			t.Errorf("the datasets would be %+v", datasets)
		}
		if h.head() != head || h.dataset(record.ID).Title != "Relevés x" {
			t.Error("the comparison wrote something")
		}
		written := h.put(record)[0]
		if fmt.Sprint(slices.Sorted(slices.Values(written.Difference.Fields()))) != fmt.Sprint(slices.Sorted(slices.Values(results[0].Difference.Fields()))) {
			t.Errorf("written is %v, foretold %v", written.Difference.Fields(), results[0].Difference.Fields())
		}
	})
}

func TestVanishedDatasetsAreArchivedOrDeleted(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHarvesting(t, d)
		made := h.put(h.record("x"), h.record("y"))
		vanish := func(how string, ids ...string) []catalog.HarvestResult {
			var results []catalog.HarvestResult
			err := h.log.Write(h.ctx, db.Background, func(ctx context.Context, tx *event.Tx) (err error) {
				results, err = h.store.VanishHarvested(ctx, tx, portal, catalog.KindDataset, ids, how, "not-on-remote")
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return results
		}
		if got := vanish(catalog.VanishArchive, made[0].ID, made[1].ID); len(got) != 2 || !got[0].Changed || got[0].Version != 2 {
			t.Fatalf("archiving gave %+v", got)
		}
		if got := vanish(catalog.VanishArchive, made[0].ID); len(got) != 0 {
			t.Errorf("archiving again gave %+v", got)
		}
		h.check()
		archived := h.dataset(made[0].ID)
		if archived.Visible || archived.ArchivedAt.IsZero() || *archived.Harvest.Archived != "not-on-remote" || archived.Harvest.ArchivedAt.IsZero() {
			t.Errorf("the archived dataset is %+v, its harvest %+v", archived, archived.Harvest)
		}
		back := h.record("x")
		back.ID = made[0].ID
		if r := h.put(back)[0]; !r.Changed {
			t.Errorf("a record that came back gave %+v", r)
		}
		if again := h.dataset(back.ID); !again.Visible || again.Harvest.Archived != nil {
			t.Errorf("the dataset that came back is %+v", again)
		}
		head := h.head()
		if got := vanish(catalog.VanishDelete, made[1].ID); len(got) != 1 {
			t.Errorf("deleting gave %+v", got)
		}
		told, err := h.log.Since(h.ctx, head, 10)
		if err != nil || len(told) != 1 || told[0].Kind != "dataset.deleted" || told[0].ActorKind != "source" || told[0].Actor != portalSource {
			t.Errorf("the log tells of the deletion as %+v (%v)", told, err)
		}
		h.check()
		changed := h.record("y")
		changed.ID = made[1].ID
		changed.Input.Title = catalog.Some("Changé à distance")
		if r := h.put(changed)[0]; r.Err != nil || !r.Changed {
			t.Errorf("a record of a deleted dataset gave %+v", r)
		}
		if deleted := h.dataset(made[1].ID); deleted.DeletedAt.IsZero() || deleted.Title != "Changé à distance" || deleted.Visible {
			t.Errorf("the deleted dataset is %+v", deleted)
		}
		h.check()
	})
}

func TestSlugsOfOneBatchAreApart(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHarvesting(t, d)
		if _, err := h.store.CreateDataset(h.ctx, account.System("test"), catalog.DatasetInput{
			Title: catalog.Some("Sans titre"), Description: catalog.Some("x"), Organization: catalog.Some(h.organization),
		}); err != nil {
			t.Fatal(err)
		}
		batch := make([]catalog.HarvestedDataset, 100)
		for i := range batch {
			batch[i] = h.record(fmt.Sprint(i))
			batch[i].Input.Title = catalog.Some("Sans titre")
			if i%10 == 0 {
				batch[i].Slug = "sans-titre-7"
			}
		}
		slugs := map[string]bool{"sans-titre": true}
		for _, r := range h.put(batch...) {
			if r.Err != nil || slugs[r.Slug] {
				t.Fatalf("the slug %q is given twice (%v)", r.Slug, r.Err)
			}
			slugs[r.Slug] = true
		}
		h.check()
	})
}

// TestHarvestAsksConstantly: the queries of a batch do not grow with it.
func TestHarvestAsksConstantly(t *testing.T) {
	h := newHarvesting(t, dbtest.SQLite(t))
	var queries int
	h.log.DB().Watch(func(context.Context, string, time.Duration) { queries++ })
	counted := func(count int, prefix string) int {
		batch := make([]catalog.HarvestedDataset, count)
		for i := range batch {
			batch[i] = h.record(fmt.Sprint(prefix, i))
		}
		queries = 0
		h.put(batch...)
		return queries
	}
	counted(1, "first")
	few, many := counted(5, "few"), counted(60, "many")
	if many > few+2 {
		t.Errorf("a batch of 5 asks %d times, one of 60 %d times", few, many)
	}
}
