package catalog_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/event"
	"grenier/internal/geo"
	"grenier/internal/search"
	"grenier/internal/search/feed"
)

// TestNewDatasetsAreAnsweredAsTheyAreRead: what a creation returns, put together
// from what was written, is what a reader gets from the rows.
func TestNewDatasetsAreAnsweredAsTheyAreRead(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, system := context.Background(), account.System("test")
		log := event.NewLog(d)
		store := catalog.New(log, geo.NewDirectory(), feed.Match{Engine: search.New(filepath.Join(t.TempDir(), "x.index"))}, catalog.Rules{})
		if err := store.SeedLicenses(ctx); err != nil {
			t.Fatal(err)
		}
		writer := account.NewWriter(log)
		organization, err := writer.CreateOrganization(ctx, system, account.NewOrganization{Name: "Valmont", Description: "x"})
		if err != nil {
			t.Fatal(err)
		}
		badge := "INSERT INTO badges (object_id, position, badge, kind) VALUES (?, ?, ?, 'organization')"
		err = d.Write(ctx, db.People, func(ctx context.Context, tx *db.Tx) error {
			for i, name := range []string{"certified", "public-service"} {
				if _, err := tx.NewRaw(badge, organization.ID, i, name).Exec(ctx); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		point, _, err := store.CreateContact(ctx, system, catalog.ContactInput{
			Name: catalog.Some("Service des données"), Email: catalog.Some("donnees@example.org"), Role: catalog.Some("contact"), Organization: catalog.Some(organization.ID),
		})
		if err != nil {
			t.Fatal(err)
		}
		full := catalog.DatasetInput{
			Title: catalog.Some("Comptages"), Acronym: catalog.Some("CPT"), Description: catalog.Some("Des **comptages**."), DescriptionShort: catalog.Some("Court"),
			Tags: catalog.Some([]string{"Vélo", "mobilité", "velo"}), Frequency: catalog.Some("annual"), FrequencyDate: catalog.Some(time.Now().Add(48 * time.Hour)),
			License: catalog.Some("lov2"), Extras: catalog.Some(json.RawMessage(`{"b": 1,  "a": [true, null]}`)), Organization: catalog.Some(organization.ID),
			TemporalCoverage: catalog.Some(catalog.TemporalInput{Start: "2020-01-01", End: "2020-12-31"}),
			Spatial:          catalog.Some(catalog.SpatialInput{Geometry: json.RawMessage(`{"type":"MultiPolygon","coordinates":[[[[0,0],[1,0],[1,1],[0,0]]]]}`), Granularity: "other"}),
			ContactPoints:    catalog.Some([]string{point.ID}),
			Resources: catalog.Some([]catalog.ResourceInput{
				{Title: catalog.Some("a"), URL: catalog.Some("https://example.org/a.csv"), Format: catalog.Some("csv"), Filesize: catalog.Some(int64(12))},
				{Title: catalog.Some("b"), URL: catalog.Some("https://example.org/b"), Type: catalog.Some("documentation"), Description: catalog.Some("d"), Extras: catalog.Some(json.RawMessage(`{"x":1}`))},
			}),
		}
		bare := catalog.DatasetInput{Title: catalog.Some("Rien"), Description: catalog.Some("d"), Private: catalog.Some(true), Organization: catalog.Some(organization.ID)}
		for name, in := range map[string]catalog.DatasetInput{"full": full, "bare": bare} {
			made, err := store.CreateDataset(ctx, system, in)
			if err != nil {
				t.Fatal(name, err)
			}
			read, err := store.Dataset(ctx, system, made.ID, catalog.Parts{Resources: true})
			if err != nil {
				t.Fatal(name, err)
			}
			alike(t, name, reflect.ValueOf(*made), reflect.ValueOf(*read))
		}
	})
}

// alike compares what two values show, member by member.
func alike(t *testing.T, name string, made, read reflect.Value) {
	t.Helper()
	switch {
	case made.Kind() == reflect.Struct && made.Type() != reflect.TypeFor[db.Time]():
		for i := range made.NumField() {
			if field := made.Type().Field(i); field.IsExported() && field.Name != "BaseModel" {
				alike(t, name+"."+field.Name, made.Field(i), read.Field(i))
			}
		}
	case made.Kind() == reflect.Slice && made.Type().Elem().Kind() == reflect.Struct && made.Len() == read.Len():
		for i := range made.Len() {
			alike(t, name, made.Index(i), read.Index(i))
		}
	case made.Kind() == reflect.Slice && made.Len() == 0 && read.Len() == 0:
	case !reflect.DeepEqual(made.Interface(), read.Interface()):
		t.Errorf("%s was answered as %v and reads %v", name, made.Interface(), read.Interface())
	}
}
