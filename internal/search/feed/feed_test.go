package feed_test

import (
	"context"
	"path/filepath"
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

type place struct {
	log      *event.Log
	store    *catalog.Store
	accounts *account.Writer
	engine   *search.Engine
	follower *feed.Follower
	file     string
}

func newPlace(t *testing.T, d *db.DB) *place {
	log := event.NewLog(d)
	file := filepath.Join(t.TempDir(), "x.index")
	engine := search.New(file)
	p := &place{
		log: log, accounts: account.NewWriter(log), engine: engine, follower: feed.NewFollower(d, engine, nil), file: file,
		store: catalog.New(log, geo.NewDirectory(), feed.Match{Engine: engine}, catalog.Rules{}),
	}
	if err := p.store.SeedLicenses(context.Background()); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *place) found(text string) int {
	return p.engine.Search(search.Query{Kind: search.Dataset, Text: text, Limit: 10}).Total
}

func (p *place) catchUp(t *testing.T) {
	t.Helper()
	if err := p.log.CatchUp(context.Background(), p.follower); err != nil {
		t.Fatal(err)
	}
}

func TestIndexFollowsTheLog(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, system := context.Background(), account.System("test")
		p := newPlace(t, d)
		organization, err := p.accounts.CreateOrganization(ctx, system, account.NewOrganization{Name: "Ville de Valmont", Description: "Commune"})
		if err != nil {
			t.Fatal(err)
		}
		made, err := p.store.CreateDataset(ctx, system, catalog.DatasetInput{
			Title: catalog.Some("Comptages vélo"), Description: catalog.Some("Passages"), Organization: catalog.Some(organization.ID),
			Resources: catalog.Some([]catalog.ResourceInput{{Title: catalog.Some("pistes cyclables"), URL: catalog.Some("https://example.org/a.csv")}}),
		})
		if err != nil {
			t.Fatal(err)
		}
		steps := []struct {
			name string
			do   func() error
			want map[string]int
		}{
			{"created", func() error { return nil }, map[string]int{"velos": 1, "valmont": 1, "cyclables": 1, "trottinettes": 0}},
			{"renamed", func() error {
				_, err := p.store.UpdateDataset(ctx, system, made.ID, catalog.DatasetInput{Title: catalog.Some("Comptages trottinettes")})
				return err
			}, map[string]int{"velos": 0, "trottinettes": 1}},
			{"organisation renamed", func() error {
				_, err := p.accounts.RenameOrganization(ctx, system, organization.ID, "Commune de Rivemont")
				return err
			}, map[string]int{"rivemont": 1}},
			{"private", func() error {
				_, err := p.store.UpdateDataset(ctx, system, made.ID, catalog.DatasetInput{Private: catalog.Some(true)})
				return err
			}, map[string]int{"trottinettes": 0}},
			{"public again", func() error {
				_, err := p.store.UpdateDataset(ctx, system, made.ID, catalog.DatasetInput{Private: catalog.Some(false)})
				return err
			}, map[string]int{"trottinettes": 1}},
			{"archived", func() error {
				_, err := p.store.UpdateDataset(ctx, system, made.ID, catalog.DatasetInput{Archived: catalog.Some(time.Now())})
				return err
			}, map[string]int{"trottinettes": 0}},
			{"back", func() error {
				_, err := p.store.UpdateDataset(ctx, system, made.ID, catalog.DatasetInput{Archived: catalog.Opt[time.Time]{Set: true, Null: true}})
				return err
			}, map[string]int{"trottinettes": 1}},
			{"deleted", func() error { return p.store.DeleteDataset(ctx, system, made.ID, false) }, map[string]int{"trottinettes": 0}},
		}
		for _, step := range steps {
			if err := step.do(); err != nil {
				t.Fatalf("%s: %v", step.name, err)
			}
			p.catchUp(t)
			for text, want := range step.want {
				if got := p.found(text); got != want {
					t.Errorf("%s: %q finds %d datasets, want %d", step.name, text, got, want)
				}
			}
		}
	})
}

func TestRebuildGivesWhatFollowingGave(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, system := context.Background(), account.System("test")
		p := newPlace(t, d)
		user, err := p.accounts.CreateUser(ctx, system, account.NewUser{Email: "a@example.org", FirstName: "A", LastName: "B"})
		if err != nil {
			t.Fatal(err)
		}
		for _, title := range []string{"Arbres remarquables", "Budget primitif", "Comptages vélo"} {
			_, err := p.store.CreateDataset(ctx, system, catalog.DatasetInput{Title: catalog.Some(title), Description: catalog.Some("d"), Owner: catalog.Some(user.ID)})
			if err != nil {
				t.Fatal(err)
			}
		}
		p.catchUp(t)
		built := search.New(p.file)
		position, err := feed.Rebuild(ctx, d, p.log, built, nil)
		if err != nil {
			t.Fatal(err)
		}
		if position != p.follower.Position() {
			t.Errorf("the build stands at %d, the follower at %d", position, p.follower.Position())
		}
		reopened, err := search.Open(p.file)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"arbres", "budget", "velo", ""} {
			want := p.found(text)
			for name, engine := range map[string]*search.Engine{"built": built, "reopened": reopened} {
				if got := engine.Search(search.Query{Kind: search.Dataset, Text: text, Limit: 10}).Total; got != want {
					t.Errorf("%s: %q finds %d, want %d", name, text, got, want)
				}
			}
		}
	})
}
