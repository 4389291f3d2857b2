package catalog_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/event"
)

// drawRecord is a record of a portal: each one tells all members, so that the last one that
// was put says everything.
func (h *harvesting) drawRecord(t *rapid.T, name string) catalog.HarvestedDataset {
	record := h.record("drawn")
	word := rapid.SampledFrom([]string{"eau", "air", "sol", "bruit", "énergie"})
	record.Input.Title = catalog.Some(word.Draw(t, name+" title"))
	record.Input.Description = catalog.Some(word.Draw(t, name+" description"))
	record.Input.Tags = catalog.Some(rapid.SliceOfN(rapid.SampledFrom([]string{"abc", "def", "ghi", "jkl"}), 0, 4).Draw(t, name+" tags"))
	record.Input.License = catalog.Some(rapid.SampledFrom([]string{"lov2", "fr-lo", "odc-odbl"}).Draw(t, name+" license"))
	record.Input.Frequency = catalog.Some(rapid.SampledFrom([]string{"daily", "annual"}).Draw(t, name+" frequency"))
	rights, _ := json.Marshal(map[string]any{"dcat": map[string]any{"rights": word.Draw(t, name+" rights")}})
	record.Input.Extras = catalog.Some(json.RawMessage(rights))
	record.Contacts = []catalog.HarvestedContact{{Name: word.Draw(t, name+" contact"), Email: "x@example.org", Role: "contact"}}
	record.Resources = nil
	ids := rapid.SliceOfNDistinct(rapid.IntRange(0, 9), 0, 6, rapid.ID[int]).Draw(t, name+" resources")
	slices.Sort(ids) // a portal does not change its order
	for _, id := range ids {
		one := listed(fmt.Sprint(id), fmt.Sprintf("https://portail.example.org/%d.csv", id))
		if rapid.Bool().Draw(t, name+" anonymous") {
			one.RemoteID = ""
		}
		one.Input.Title = catalog.Some(word.Draw(t, name+" resource"))
		one.Input.Format = catalog.Some(rapid.SampledFrom([]string{"csv", "json", "pdf"}).Draw(t, name+" format"))
		record.Resources = append(record.Resources, one)
	}
	return record
}

// stateOf is what readers see of a dataset and what harvests decide.
func (h *harvesting) stateOf(id string) string {
	d := h.dataset(id)
	var lines []string
	for _, r := range d.Resources {
		if r.HarvestMissingSince.IsZero() {
			lines = append(lines, fmt.Sprint(r.Title, r.URL, *r.Format, r.Type))
		}
	}
	return fmt.Sprint(d.Title, d.Slug, d.Description, d.Tags, *d.License, *d.Frequency, string(d.Extras), d.Contacts, lines)
}

// TestHarvestsArriveAtWhatIsTold: a record put twice changes nothing; after A, B
// and A again a dataset is as after A; what was added by hand stays.
func TestHarvestsArriveAtWhatIsTold(t *testing.T) {
	h := newHarvesting(t, dbtest.SQLite(t))
	rapid.Check(t, func(rt *rapid.T) {
		a, b := h.drawRecord(rt, "A"), h.drawRecord(rt, "B")
		id := h.put(a)[0].ID
		a.ID, b.ID = id, id
		title := fmt.Sprint("à la main ", db.NewID())
		byHand, err := h.store.AddResource(h.ctx, account.System("test"), id, catalog.ResourceInput{
			Title: catalog.Some(title), URL: catalog.Some("https://example.org/main.pdf"), Format: catalog.Some("pdf"), Filetype: catalog.Some("remote"),
		})
		if err != nil {
			rt.Fatal(err)
		}
		after := func(record catalog.HarvestedDataset) string {
			if r := h.put(record)[0]; r.Err != nil {
				rt.Fatal(r.Err)
			}
			version, state := h.dataset(id).Version, h.stateOf(id)
			if r := h.put(record)[0]; r.Changed || r.Version != version || h.stateOf(id) != state {
				rt.Fatalf("the same record again changes %v", r.Difference)
			}
			return state
		}
		first := after(a)
		after(b)
		if second := after(a); second != first {
			rt.Fatalf("after A: %s\nafter A, B and A: %s", first, second)
		}
		d := h.dataset(id)
		at := slices.IndexFunc(d.Resources, func(r catalog.Resource) bool { return r.ID == byHand.ID })
		if at < 0 || d.Resources[at].Title != title || d.Resources[at].Version != 1 {
			rt.Fatal("what was added by hand is gone or changed")
		}
	})
	h.check()
}

func TestManyResourcesAreMatchedOnce(t *testing.T) {
	h := newHarvesting(t, dbtest.SQLite(t))
	record := h.record("x")
	record.Resources = nil
	// One identifier and one address for several: layers of a service, files that a portal numbers alike.
	for i := range 4 {
		layer := listed("42", fmt.Sprintf("https://portail.example.org/%d", i))
		record.Resources = append(record.Resources, layer)
		layer = listed("", "https://portail.example.org/wms")
		layer.ByURLAndTitle = true
		layer.Input.Title = catalog.Some(fmt.Sprint("Couche ", i))
		record.Resources = append(record.Resources, layer)
	}
	record.ID = h.put(record)[0].ID
	before := h.dataset(record.ID)
	if len(before.Resources) != 8 {
		t.Fatalf("%d resources are kept of 8", len(before.Resources))
	}
	if r := h.put(record)[0]; r.Changed {
		t.Errorf("the same again changes %v", r.Difference)
	}
	record.Resources[1].Input.Title = catalog.Some("Autre couche")
	if r := h.put(record)[0]; !r.Changed {
		t.Error("another layer changes nothing")
	}
	after := h.dataset(record.ID)
	if len(after.Resources) != 9 || after.Resources[8].Title != "Couche 0" || after.Resources[8].HarvestMissingSince.IsZero() {
		t.Errorf("after another layer came the resources are %q", titlesOf(after))
	}
}

// TestResourcesOfFormerHarvests: what older programs noted, by the identifier or by
// when it was seen, is found again.
func TestResourcesOfFormerHarvests(t *testing.T) {
	h := newHarvesting(t, dbtest.SQLite(t))
	record := h.record("x")
	record.ID = h.put(record)[0].ID
	before := h.dataset(record.ID)
	dbtest.WithoutForeignKeys(t, h.log.DB(), "UPDATE resources SET harvest_source = NULL, harvest_remote_id = NULL")
	record.Resources[0] = listed(before.Resources[0].ID, "https://portail.example.org/deplace.csv")
	record.Resources = record.Resources[:1]
	h.put(record)
	after := h.dataset(record.ID)
	if len(after.Resources) != 2 || after.Resources[0].ID != before.Resources[0].ID || after.Resources[0].URL != "https://portail.example.org/deplace.csv" {
		t.Errorf("the resources are %+v", after.Resources)
	}
	if gone := after.Resources[1]; gone.HarvestMissingSince.IsZero() || *gone.HarvestSource != portalSource {
		t.Errorf("what vanished is %+v", gone)
	}
	record.ResourcesWhole = true
	h.put(record)
	if left := h.dataset(record.ID).Resources; len(left) != 1 {
		t.Errorf("%d resources are left of a list that is whole", len(left))
	}
}

// TestHarvestsAtOnce: harvests into one organisation beside each other, and people
// who publish meanwhile, neither lose a dataset nor a count.
func TestHarvestsAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHarvesting(t, d)
		var writers sync.WaitGroup
		for writer := range 4 {
			writers.Go(func() {
				for round := range 3 {
					batch := make([]catalog.HarvestedDataset, 10)
					for i := range batch {
						batch[i] = h.record(fmt.Sprint(writer, "-", round, "-", i))
						batch[i].Input.Title = catalog.Some(fmt.Sprint("Le même titre ", i%2))
						batch[i].Contacts[0].Name = fmt.Sprint("Service ", round)
					}
					err := h.log.Write(h.ctx, db.Background, func(ctx context.Context, tx *event.Tx) error {
						results, err := h.store.PutHarvested(ctx, tx, portal, batch)
						for _, r := range results {
							err = errors.Join(err, r.Err)
						}
						return err
					})
					if err != nil {
						t.Error(err)
					}
					if _, err := h.store.CreateDataset(h.ctx, account.System("test"), catalog.DatasetInput{
						Title: catalog.Some("Le même titre 1"), Description: catalog.Some("x"), Organization: catalog.Some(h.organization),
					}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		writers.Wait()
		h.check()
		var counted struct{ Datasets, Contacts int }
		err := d.Read().NewRaw("SELECT (SELECT count(*) FROM datasets) AS datasets, (SELECT count(*) FROM contact_points) AS contacts").Scan(h.ctx, &counted)
		if err != nil || counted.Datasets != 132 || counted.Contacts != 3 {
			t.Errorf("there are %+v (%v)", counted, err)
		}
	})
}

// TestEventsOfManyResourcesAreShort: a dataset whose thousands of resources all
// change is told of in a few words.
func TestEventsOfManyResourcesAreShort(t *testing.T) {
	h := newHarvesting(t, dbtest.SQLite(t))
	record := h.record("x")
	for i := range 1000 {
		record.Resources = append(record.Resources, listed(fmt.Sprint("r", i), fmt.Sprintf("https://portail.example.org/%d.csv", i)))
	}
	record.ID = h.put(record)[0].ID
	head := h.head()
	for i := range record.Resources {
		record.Resources[i].Input.Title = catalog.Some("Autre")
	}
	if r := h.put(record)[0]; len(r.Difference) != 1002 {
		t.Errorf("the difference tells of %d fields", len(r.Difference))
	}
	events, err := h.log.Since(h.ctx, head, 10)
	if err != nil || len(events) != 1 || !slices.Equal(events[0].Fields, []string{"resources"}) {
		t.Errorf("the log tells of %d events (%v)", len(events), err)
	}
}
