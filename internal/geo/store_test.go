package geo_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/geo"
)

func save(t *testing.T, d *db.DB, zones ...geo.Zone) {
	t.Helper()
	err := d.Write(context.Background(), db.Background, func(ctx context.Context, tx *db.Tx) error {
		return geo.Save(ctx, tx, zones...)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func load(t *testing.T, d *db.DB) *geo.Directory {
	t.Helper()
	directory, err := geo.Load(context.Background(), d.Read())
	if err != nil {
		t.Fatal(err)
	}
	return directory
}

func TestSavedZonesComeBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		builtin := load(t, d).Len()
		forest, _ := geo.Named("Forêt d'Orient")
		park := geo.Zone{
			ID: "fr:park:12", Level: "fr:park", Code: "12", Name: "Parc, d'essai", Kind: "park", URI: "https://example.org/12",
			Population: 3_000_000_000, Parents: []string{"fr:departement:10", "fr:region:44"}, Aliases: []string{"Parc | 12"},
			PostalCodes: []string{"10000", "10140"}, Former: []string{"fr:park:7"},
			Extent: &geo.Extent{Lon: 4.3000012, Lat: 48.25, West: 4.1, South: 48.1, East: 4.5, North: 48.4},
		}
		err := d.Write(context.Background(), db.Background, func(ctx context.Context, tx *db.Tx) error {
			return geo.Save(ctx, tx, park)
		})
		if err == nil {
			t.Fatal("a name with the separator was saved")
		}
		park.Aliases = []string{"Parc 12", "Park"}
		save(t, d, forest, park)

		directory := load(t, d)
		got, ok := directory.Get("fr:park:12")
		if !ok || got.Name != park.Name || got.Kind != park.Kind || got.URI != park.URI || got.Population != park.Population ||
			fmt.Sprint(got.Parents, got.Aliases, got.PostalCodes, got.Former) != fmt.Sprint(park.Parents, park.Aliases, park.PostalCodes, park.Former) ||
			*got.Extent != *park.Extent {
			t.Errorf("saved %+v, read %+v", park, got)
		}
		if old, ok := directory.Resolve("fr:park:7@2019-01-01"); !ok || old.ID != park.ID {
			t.Errorf("the former identifier leads to %q", old.ID)
		}
		if named, _, ok := directory.ByName("Forêt d'Orient"); !ok || named.ID != forest.ID {
			t.Errorf("the name leads to %q", named.ID)
		}
		if matches := directory.ResolveCell("Aube,Parc, d'essai", geo.Hint{}); len(matches) != 2 || matches[1].Zone.ID != park.ID {
			t.Errorf("the name with a comma gives %+v", matches)
		}
		if directory.Len() != builtin+2 {
			t.Errorf("%d zones, want %d", directory.Len(), builtin+2)
		}
	})
}

func TestAChangedZoneReplacesTheBuiltInOne(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		directory := load(t, d)
		builtin := directory.Len()
		rennes, _ := directory.Get("fr:commune:35238")
		rennes.Name = "Roazhon"
		save(t, d, rennes)
		rennes.Population = 1
		save(t, d, rennes)
		if err := directory.Refresh(ctx, d.Read()); err != nil {
			t.Fatal(err)
		}
		if got, _ := directory.Get(rennes.ID); got.Name != "Roazhon" || got.Population != 1 || len(got.PostalCodes) != 3 {
			t.Errorf("the changed zone is %+v", got)
		}
		if got := directory.Suggest("35238", 5); len(got) != 1 || got[0].Name != "Roazhon" {
			t.Errorf("the changed zone is suggested as %+v", got)
		}
		if _, _, ok := directory.ByName("Roazhon"); !ok || directory.Len() != builtin {
			t.Errorf("%d zones, want %d", directory.Len(), builtin)
		}
	})
}

// A platform that loads a whole division of its own still starts at once.
func TestManyRowsLoadQuickly(t *testing.T) {
	d := dbtest.SQLite(t)
	zones := make([]geo.Zone, 0, 5_000)
	for i := range 5_000 {
		code := fmt.Sprintf("%05d", i)
		zones = append(zones, geo.Zone{
			ID: "be:commune:" + code, Level: "be:commune", Code: code, Name: "Commune " + code, Parents: []string{"country:be"},
		})
	}
	save(t, d, zones...)
	started := time.Now()
	directory := load(t, d)
	if spent := time.Since(started); spent > 2*time.Second {
		t.Errorf("loading took %v", spent)
	}
	if got := len(directory.Children("country:be", "be:commune")); got != len(zones) {
		t.Errorf("%d communes of Belgium", got)
	}
}
