package catalog_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/event"
	"grenier/internal/geo"
	"grenier/internal/search"
	"grenier/internal/search/feed"
)

// TestCountersHoldUnderConcurrentWrites makes, archives and deletes datasets of
// one organisation from many sides at once; every counter must then be what the
// rows say.
func TestCountersHoldUnderConcurrentWrites(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, system := context.Background(), account.System("test")
		log := event.NewLog(d)
		engine := search.New(filepath.Join(t.TempDir(), "x.index"))
		store := catalog.New(log, geo.NewDirectory(), feed.Match{Engine: engine}, catalog.Rules{})
		if err := store.SeedLicenses(ctx); err != nil {
			t.Fatal(err)
		}
		organization, err := account.NewWriter(log).CreateOrganization(ctx, system, account.NewOrganization{Name: "Valmont", Description: "x"})
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for writer := range 8 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for i := range 6 {
					made, err := store.CreateDataset(ctx, system, catalog.DatasetInput{
						Title: catalog.Some(fmt.Sprintf("Jeu %d de %d", i, writer)), Description: catalog.Some("d"), Organization: catalog.Some(organization.ID),
						Resources: catalog.Some([]catalog.ResourceInput{{Title: catalog.Some("a"), URL: catalog.Some("https://example.org/a.csv")}}),
					})
					if err != nil {
						t.Error(err)
						return
					}
					if i%3 == 1 {
						err = store.DeleteDataset(ctx, system, made.ID, false)
					}
					if i%3 == 2 {
						_, err = store.AddResource(ctx, system, made.ID, catalog.ResourceInput{
							Title: catalog.Some("b"), URL: catalog.Some("https://example.org/b.csv"), Filetype: catalog.Some("remote"),
						})
					}
					if err != nil {
						t.Error(err)
					}
				}
			}()
		}
		wg.Wait()
		wrong, err := store.CheckCounters(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, mismatch := range wrong {
			t.Error(mismatch)
		}
		var datasets int64
		if err := d.Read().NewRaw("SELECT datasets FROM organizations WHERE id = ?", organization.ID).Scan(ctx, &datasets); err != nil || datasets != 32 {
			t.Errorf("the organisation counts %d datasets, 32 are public (%v)", datasets, err)
		}
	})
}
