package catalog_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/geo"
)

// TestKept lists what people keep by its state: hidden things to those alone who
// may read them.
func TestKept(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		log := event.NewLog(d)
		store := catalog.New(log, geo.NewDirectory(), nil, catalog.Rules{})
		writer := account.NewWriter(log)
		user, err := writer.CreateUser(ctx, account.System("test"), account.NewUser{Email: "ada@example.org", FirstName: "Ada", LastName: "Grain"})
		if err != nil {
			t.Fatal(err)
		}
		ada, stranger := account.Viewer{User: user}, account.Viewer{User: &account.User{ID: db.NewID()}}
		reuse := func(title string, private bool) string {
			made, err := store.CreateReuse(ctx, ada, catalog.ReuseInput{
				Title: catalog.Some(title), Description: catalog.Some("x"), Type: catalog.Some("application"), Topic: catalog.Some("others"),
				URL: catalog.Some("https://example.org/" + title), Private: catalog.Some(private),
			})
			if err != nil {
				t.Fatal(err)
			}
			return made.ID
		}
		open, hidden, gone := reuse("Vélos", false), reuse("velours", true), reuse("autre", false)
		if err := store.DeleteReuse(ctx, ada, gone, false); err != nil {
			t.Fatal(err)
		}
		mine := account.Owner{User: user.ID}
		for _, one := range []struct {
			viewer account.Viewer
			filter catalog.KeptFilter
			want   []string
		}{
			{ada, catalog.KeptFilter{Owner: mine, Sort: "title"}, []string{open, hidden}},
			{ada, catalog.KeptFilter{Owner: mine, Title: "VELO", Sort: "-title"}, []string{hidden, open}},
			{ada, catalog.KeptFilter{Owner: mine, State: catalog.KeptDraft}, []string{hidden}},
			{ada, catalog.KeptFilter{Owner: mine, State: catalog.KeptPublic}, []string{open}},
			{ada, catalog.KeptFilter{Owner: mine, State: catalog.KeptDeleted}, []string{gone}},
			{ada, catalog.KeptFilter{Owner: mine, Title: "%"}, nil},
			{stranger, catalog.KeptFilter{Owner: mine}, []string{open}},
			{stranger, catalog.KeptFilter{Owner: mine, State: catalog.KeptDeleted}, nil},
		} {
			ids, total, err := store.Kept(ctx, one.viewer, catalog.KindReuse, one.filter, catalog.Page{Limit: 10})
			if err != nil || !slices.Equal(ids, one.want) || total != len(one.want) {
				t.Errorf("%+v: %v of %d, want %v (%v)", one.filter, ids, total, one.want, err)
			}
		}
		for _, kind := range []string{catalog.KindDataservice, catalog.KindTopic, catalog.KindChart, catalog.KindCommunity, catalog.KindPost} {
			for _, state := range append(catalog.KeptStatesOf(kind), "") {
				ids, _, err := store.Kept(ctx, ada, kind, catalog.KeptFilter{Owner: mine, Title: "x", State: state, Sort: "title"}, catalog.Page{Limit: 10})
				if err != nil || len(ids) > 0 {
					t.Errorf("%s %s: %v, %v", kind, state, ids, err)
				}
			}
		}
		titles, err := store.Titles(ctx, stranger, catalog.KindReuse, []string{open, hidden, gone})
		if err != nil || len(titles) != 1 || titles[open] != "Vélos" {
			t.Errorf("a stranger reads the titles %v (%v)", titles, err)
		}
	})
}

// TestKeptOfEverybody: the list of a whole site is in one order and complete,
// whatever the state of what it holds and wherever its pages are cut.
func TestKeptOfEverybody(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, system := context.Background(), account.System("test")
		store := catalog.New(event.NewLog(d), geo.NewDirectory(), nil, catalog.Rules{})
		views := map[string]int{}
		titled := 0
		for n := range 23 {
			made, err := store.CreateDataset(ctx, system, catalog.DatasetInput{
				Title: catalog.Some([]string{"Jeu", "Autre", "jeu"}[n%3]), Description: catalog.Some("x"), Private: catalog.Some(n%2 == 0),
			})
			if err != nil {
				t.Fatal(err)
			}
			views[made.ID] = n * 7 % 5
			err = d.Write(ctx, db.People, func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.NewRaw("UPDATE datasets SET views = ? WHERE id = ?", views[made.ID], made.ID).Exec(ctx)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if n%11 == 3 {
				if err := store.DeleteDataset(ctx, system, made.ID, false); err != nil {
					t.Fatal(err)
				}
				delete(views, made.ID)
			} else if n%3 != 1 {
				titled++
			}
		}
		for _, sort := range []string{"", "-created", "title", "-title", "views", "-views", "last_update", "-downloads"} {
			var all []string
			for offset := 0; offset < 25; offset += 4 {
				ids, total, err := store.KeptDatasets(ctx, system, catalog.KeptFilter{Sort: sort}, catalog.Page{Offset: offset, Limit: 4})
				if err != nil || total != len(views) {
					t.Fatalf("%q: %d in all, want %d (%v)", sort, total, len(views), err)
				}
				all = append(all, ids...)
			}
			whole, _, err := store.KeptDatasets(ctx, system, catalog.KeptFilter{Sort: sort}, catalog.Page{Limit: 100})
			if err != nil || !slices.Equal(all, whole) || len(slices.Compact(slices.Sorted(slices.Values(all)))) != len(views) {
				t.Errorf("%q: the pages hold %v, the whole list %v (%v)", sort, all, whole, err)
			}
			var named []string
			for offset := 0; offset < 25; offset += 4 {
				ids, total, err := store.KeptDatasets(ctx, system, catalog.KeptFilter{Sort: sort, Title: "JEU"}, catalog.Page{Offset: offset, Limit: 4})
				if err != nil || total != titled {
					t.Fatalf("%q: %d of a title from %d on, want %d (%v)", sort, total, offset, titled, err)
				}
				named = append(named, ids...)
			}
			if len(named) != titled || len(slices.Compact(slices.Sorted(slices.Values(named)))) != titled {
				t.Errorf("%q: the pages of a title hold %v", sort, named)
			}
			if strings.HasSuffix(sort, "views") && !slices.IsSortedFunc(all, func(a, b string) int {
				if sort == "views" {
					return views[a] - views[b]
				}
				return views[b] - views[a]
			}) {
				t.Errorf("%q is out of order: %v", sort, all)
			}
		}
	})
}

// TestElementsMove puts the elements of a topic in another order.
func TestElementsMove(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		log := event.NewLog(d)
		store := catalog.New(log, geo.NewDirectory(), nil, catalog.Rules{})
		user, err := account.NewWriter(log).CreateUser(ctx, account.System("test"), account.NewUser{Email: "ada@example.org", FirstName: "Ada", LastName: "Grain"})
		if err != nil {
			t.Fatal(err)
		}
		ada := account.Viewer{User: user}
		var given []catalog.ElementInput
		for _, title := range []string{"a", "b", "c", "d"} {
			given = append(given, catalog.ElementInput{Title: catalog.Some(title)})
		}
		topic, err := store.CreateTopic(ctx, ada, catalog.TopicInput{Name: catalog.Some("T"), Elements: catalog.Some(given)})
		if err != nil {
			t.Fatal(err)
		}
		elements, _, err := store.Elements(ctx, ada, topic.ID, catalog.ElementFilter{Page: catalog.Page{Limit: 10}})
		if err != nil || len(elements) != 4 {
			t.Fatal(elements, err)
		}
		moved := elements[0].ID
		for _, one := range []struct {
			place int
			want  string
			at    int
		}{{3, "bcad", 3}, {99, "bcda", 4}, {-5, "abcd", 1}, {1, "abcd", 1}, {2, "bacd", 2}} {
			if err := store.MoveElement(ctx, ada, topic.ID, moved, one.place); err != nil {
				t.Fatal(err)
			}
			elements, _, err := store.Elements(ctx, ada, topic.ID, catalog.ElementFilter{Page: catalog.Page{Limit: 10}})
			if err != nil {
				t.Fatal(err)
			}
			var order strings.Builder
			for _, e := range elements {
				order.WriteString(*e.Title)
			}
			e, at, err := store.Element(ctx, ada, topic.ID, moved)
			if order.String() != one.want || err != nil || at != one.at || *e.Title != "a" {
				t.Errorf("place %d: %s at %d, want %s at %d (%v)", one.place, order.String(), at, one.want, one.at, err)
			}
		}
		stranger := account.Viewer{User: &account.User{ID: db.NewID()}}
		if err := store.MoveElement(ctx, stranger, topic.ID, moved, 1); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a stranger moves: %v", err)
		}
		if _, _, err := store.Element(ctx, ada, topic.ID, db.NewID()); !fault.Is(err, fault.NotFound) {
			t.Errorf("an element of nothing: %v", err)
		}
	})
}
