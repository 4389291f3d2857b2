package catalog

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/event"
	"grenier/internal/geo"
)

// TestTitleColumn finds in a column of titles what a look at each would find, and
// nothing that two titles make together.
func TestTitleColumn(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	word := func(most int) string {
		b := make([]byte, 1+random.IntN(most))
		for i := range b {
			b[i] = "ab"[random.IntN(2)]
		}
		return string(b)
	}
	for range 3000 {
		var column titleColumn
		var want, got []int
		words := word(4)
		for i := range random.IntN(12) {
			title := word(5)
			column.text += title
			column.rows = append(column.rows, titledRow{id: fmt.Sprint(i), end: len(column.text)})
			if strings.Contains(title, words) {
				want = append(want, i)
			}
		}
		column.each(words, func(row int) { got = append(got, row) })
		if !slices.Equal(got, want) {
			t.Fatalf("%q in %q, cut at %v: %v, want %v", words, column.text, column.rows, got, want)
		}
	}
}

// TestTitlesFollow finds datasets by their title at once after every change,
// whichever node made it and however many changes there were.
func TestTitlesFollow(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, system := context.Background(), account.System("test")
		here, there := New(event.NewLog(d), geo.NewDirectory(), nil, Rules{}), New(event.NewLog(d), geo.NewDirectory(), nil, Rules{})
		create := func(title string, private bool) string {
			t.Helper()
			made, err := there.CreateDataset(ctx, system, DatasetInput{Title: Some(title), Description: Some("x"), Private: Some(private)})
			if err != nil {
				t.Fatal(err)
			}
			return made.ID
		}
		ok := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		holds := func(f KeptFilter, want ...string) {
			t.Helper()
			ids, total, err := here.KeptDatasets(ctx, system, f, Page{Limit: 10})
			if err != nil || total != len(want) || !slices.Equal(ids, want) {
				t.Fatalf("%+v finds %v, %d in all, want %v (%v)", f, ids, total, want, err)
			}
		}
		first := create("Arrêts de bus", false)
		holds(KeptFilter{Title: "ARRET"}, first)
		second := create("Les arrêtés", true)
		holds(KeptFilter{Title: "arret"}, second, first)
		holds(KeptFilter{Title: "arret", Sort: "created"}, first, second)
		holds(KeptFilter{Title: "arret", Sort: "-title"}, second, first)
		holds(KeptFilter{Title: "arret", Sort: "nothing"}, second, first)
		holds(KeptFilter{Title: "arret", State: KeptDraft}, second)
		holds(KeptFilter{Title: "bus", State: KeptDraft})
		holds(KeptFilter{Title: "arrets de busles"})
		_, err := there.UpdateDataset(ctx, system, first, DatasetInput{Title: Some("Lignes de tram"), Description: Some("x"), Private: Some(false)})
		ok(err)
		holds(KeptFilter{Title: "arret"}, second)
		holds(KeptFilter{Title: "tram"}, first)
		ok(there.DeleteDataset(ctx, system, second, false))
		holds(KeptFilter{Title: "arret"})
		holds(KeptFilter{Title: "arret", State: KeptDeleted}, second)
		holds(KeptFilter{Title: "tram", Sort: "-views"}, first)

		// A backup that was put back is behind the log that was read.
		here.titles.position += 1000
		third := create("Tramway", false)
		holds(KeptFilter{Title: "tram"}, third, first)

		// Without room for what changed, everything is read again.
		apart := make(map[string]titledDataset)
		for n := range titlesApart {
			apart[fmt.Sprint(n)] = titledDataset{ID: fmt.Sprint(n)}
		}
		here.titles.apart = apart
		fourth := create("Tramway aérien", false)
		holds(KeptFilter{Title: "tram"}, fourth, third, first)
		if len(here.titles.apart) != 0 {
			t.Errorf("%d datasets are held apart after everything was read", len(here.titles.apart))
		}
	})
}
