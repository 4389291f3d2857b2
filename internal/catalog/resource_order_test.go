package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/event"
	"grenier/internal/fault"
)

// TestRanksFollowTheOrder: whatever ranks resources have and in whatever order
// they are wanted, new ranks ascend, and no more of them change than must unless
// a gap had no room.
func TestRanksFollowTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		narrow := rapid.Bool().Draw(t, "narrow")
		spread := int64(rankGap)
		if narrow {
			spread = 3
		}
		count := rapid.IntRange(0, 40).Draw(t, "count")
		ranks := make([]*int64, count)
		taken := map[int64]bool{}
		known := 0
		for i := range ranks {
			if rapid.IntRange(0, 3).Draw(t, "new") == 0 {
				continue
			}
			rank := rapid.Int64Range(-50, 50).Draw(t, "rank") * spread
			for taken[rank] {
				rank += spread
			}
			taken[rank], ranks[i] = true, &rank
			known++
		}
		wanted := ranksFor(ranks)
		if len(wanted) != count || !slices.IsSorted(wanted) || len(slices.Compact(slices.Clone(wanted))) != count {
			t.Fatalf("%v do not ascend", wanted)
		}
		moved := 0
		for i, rank := range ranks {
			if rank != nil && *rank != wanted[i] {
				moved++
			}
		}
		if must := known - longest(ranks); !narrow && moved > must {
			t.Fatalf("%d of %d moved, %d had to", moved, known, must)
		}
	})
}

// longest is the length of the longest run of ranks that ascend, the slow way.
func longest(ranks []*int64) int {
	most := make([]int, len(ranks))
	best := 0
	for i := range ranks {
		if ranks[i] == nil {
			continue
		}
		most[i] = 1
		for j := range i {
			if ranks[j] != nil && *ranks[j] < *ranks[i] {
				most[i] = max(most[i], most[j]+1)
			}
		}
		best = max(best, most[i])
	}
	return best
}

// TestSummariesByDifference makes random changes of resources and compares what
// the dataset's row says with a count of all rows after each.
func TestSummariesByDifference(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newShelf(t, d)
		ctx := context.Background()
		for seed := range uint64(4) {
			random := rand.New(rand.NewPCG(seed, 1))
			made, err := s.store.CreateDataset(ctx, platformAdmin, DatasetInput{Title: Some(fmt.Sprintf("Jeu %d", seed)), Description: Some("d")})
			s.ok(err)
			for step := range 40 {
				what := s.randomChange(random, made.ID)
				s.summaryHolds(fmt.Sprintf("seed %d, step %d (%s)", seed, step, what), made.ID)
			}
		}
	})
}

func (s *shelf) resourceIDs(dataset string) []string {
	s.t.Helper()
	var ids []string
	s.ok(s.d.Read().NewRaw("SELECT id FROM resources WHERE dataset_id = ? AND community = FALSE ORDER BY rank, id", dataset).Scan(context.Background(), &ids))
	return ids
}

// randomChange changes something about the resources of a dataset.
func (s *shelf) randomChange(random *rand.Rand, dataset string) string {
	s.t.Helper()
	ctx := context.Background()
	formats := []string{"csv", "pdf", "json", "xls", "", "doc"}
	kinds := []string{"main", "documentation", "other"}
	input := func() ResourceInput {
		in := ResourceInput{
			Title: Some("r"), URL: Some("https://example.org/r"), Filetype: Some("remote"), Format: Some(formats[random.IntN(len(formats))]),
			Type: Some(kinds[random.IntN(len(kinds))]), Description: Some([]string{"", "Une description"}[random.IntN(2)]),
		}
		return in
	}
	ids := s.resourceIDs(dataset)
	choice := random.IntN(7)
	if len(ids) == 0 {
		choice = 0
	}
	var one string
	if len(ids) > 0 {
		one = ids[random.IntN(len(ids))]
	}
	switch choice {
	case 0, 1:
		_, err := s.store.AddResource(ctx, platformAdmin, dataset, input())
		s.ok(err)
		return "add"
	case 2:
		in := input()
		in.Filetype = Opt[string]{}
		_, err := s.store.UpdateResource(ctx, platformAdmin, dataset, one, in)
		s.ok(err)
		return "update"
	case 3:
		s.ok(s.store.RemoveResource(ctx, platformAdmin, dataset, one))
		return "remove"
	case 4:
		text := fmt.Sprintf(`{"check:available": %t, "analysis:last-modified-at": "20%02d-01-01T00:00:00"}`, random.IntN(2) == 0, random.IntN(30))
		_, err := s.store.MergeResourceExtras(ctx, platformAdmin, dataset, one, json.RawMessage(text))
		s.ok(err)
		return "extras"
	case 5:
		random.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
		inputs := make([]ResourceInput, len(ids))
		for i, id := range ids {
			inputs[i] = ResourceInput{ID: id}
		}
		rows, err := s.store.ReorderResources(ctx, platformAdmin, dataset, inputs)
		s.ok(err)
		if now := s.resourceIDs(dataset); !slices.Equal(now, ids) || len(rows) != len(ids) {
			s.t.Errorf("the order is %v, not %v", now, ids)
		}
		return "reorder"
	}
	inputs := []ResourceInput{input()}
	for _, id := range ids[:random.IntN(len(ids)+1)] {
		inputs = append(inputs, ResourceInput{ID: id})
	}
	_, err := s.store.UpdateDataset(ctx, platformAdmin, dataset, DatasetInput{Private: Some(false), Resources: Some(inputs)})
	s.ok(err)
	return "replace"
}

// summaryHolds compares the row of a dataset with its resources.
func (s *shelf) summaryHolds(when, id string) {
	s.t.Helper()
	ctx := context.Background()
	stored, err := s.store.Dataset(ctx, platformAdmin, id, Parts{Resources: true})
	s.ok(err)
	counted := *stored
	summarise(&counted, stored.Resources)
	if len(stored.Resources) == 0 {
		counted.LastUpdate = stored.LastUpdate // an empty dataset is dated by its own change
	}
	said := func(d *Dataset) string {
		return fmt.Sprint(d.ResourceCount, d.MainResources, d.OpenFormat, d.AllAvailable, d.Documented, d.LastUpdate)
	}
	if said(stored) != said(&counted) {
		s.t.Fatalf("%s: the row says %s, its resources %s", when, said(stored), said(&counted))
	}
	formats, err := s.store.FormatsOf(ctx, []string{id})
	s.ok(err)
	s.same(when+": formats", formats[id], formatsOf(stored.Resources))
	var again Dataset
	s.ok(s.store.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		again = *stored
		return resummarise(ctx, tx.Tx, &again)
	}))
	if said(stored) != said(&again) {
		s.t.Fatalf("%s: the row says %s, the full count %s", when, said(stored), said(&again))
	}
}

// TestReorderWritesWhatMoves: to move one resource of many writes one row.
func TestReorderWritesWhatMoves(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newShelf(t, d)
		ctx := context.Background()
		var inputs []ResourceInput
		for i := range 300 {
			inputs = append(inputs, ResourceInput{Title: Some(fmt.Sprint("r", i)), URL: Some("https://example.org/r")})
		}
		made, err := s.store.CreateDataset(ctx, platformAdmin, DatasetInput{Title: Some("Gros"), Description: Some("d"), Resources: Some(inputs)})
		s.ok(err)
		order := s.resourceIDs(made.ID)
		for round := range 60 {
			last := order[len(order)-1]
			order = append([]string{order[0], last}, order[1:len(order)-1]...)
			inputs = inputs[:0]
			for _, id := range order {
				inputs = append(inputs, ResourceInput{ID: id})
			}
			before := s.versions(made.ID)
			_, err := s.store.ReorderResources(ctx, platformAdmin, made.ID, inputs)
			s.ok(err)
			s.same("the order", s.resourceIDs(made.ID), order)
			written := 0
			for id, version := range s.versions(made.ID) {
				if before[id] != version {
					written++
				}
			}
			// The gap behind the first is halved each time, and spread anew
			// when it has no room.
			if written != 1 && written < 290 || round < 15 && written != 1 {
				t.Fatalf("round %d wrote %d rows", round, written)
			}
		}
	})
}

func (s *shelf) versions(dataset string) map[string]int64 {
	s.t.Helper()
	var rows []versioned
	s.ok(s.d.Read().NewRaw("SELECT id, version FROM resources WHERE dataset_id = ?", dataset).Scan(context.Background(), &rows))
	versions := make(map[string]int64, len(rows))
	for _, row := range rows {
		versions[row.ID] = row.Version
	}
	return versions
}

// TestScheduledPublication: a private dataset becomes public when its moment has
// come, once, and not when somebody changed their mind.
func TestScheduledPublication(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newShelf(t, d)
		ctx := context.Background()
		owner := s.user("ada")
		v := s.as(owner)
		make := func(title string) string {
			made, err := s.store.CreateDataset(ctx, v, DatasetInput{Title: Some(title), Description: Some("d"), Private: Some(true)})
			s.ok(err)
			return made.ID
		}
		planned, given, later, public := make("Prévu"), make("Abandonné"), make("Plus tard"), make("Public")
		soon := db.Now().Add(day)
		for _, id := range []string{planned, given, public} {
			s.ok(s.store.ScheduleDataset(ctx, v, id, soon))
		}
		s.ok(s.store.ScheduleDataset(ctx, v, later, soon.Add(day)))
		s.ok(s.store.ScheduleDataset(ctx, v, given, db.Time{}.Time))
		if _, err := s.store.UpdateDataset(ctx, v, public, DatasetInput{Private: Some(false)}); err != nil {
			t.Fatal(err)
		}
		if at, err := s.store.Schedule(ctx, v, planned); err != nil || !at.Equal(db.TimeOf(soon).Time) {
			t.Errorf("the plan says %v (%v)", at, err)
		}
		s.refused("a stranger plans", s.store.ScheduleDataset(ctx, s.as(s.user("bob")), planned, soon), "not_found", "Dataset not found")
		s.refused("the past", s.store.ScheduleDataset(ctx, v, planned, soon.Add(-2*day)), "invalid", "Choose a moment that is to come, within five years.")
		s.refused("a public one", s.store.ScheduleDataset(ctx, v, public, soon), "invalid", "This dataset is public already.")
		for _, c := range []struct {
			at   db.Time
			want int
		}{{db.Now(), 0}, {db.TimeOf(soon.Add(1)), 1}, {db.TimeOf(soon.Add(day / 2)), 0}} {
			if published, err := s.store.PublishDue(ctx, c.at.Time.Add(1000), 10); err != nil || published != c.want {
				t.Fatalf("at %v %d were published, not %d (%v)", c.at, published, c.want, err)
			}
		}
		for id, private := range map[string]bool{planned: false, given: true, later: true, public: false} {
			got, err := s.store.Dataset(ctx, account.System("test"), id, Parts{})
			s.ok(err)
			if got.Private != private || got.Visible == private {
				t.Errorf("%s is private: %t", got.Title, got.Private)
			}
		}
	})
}

// TestOneMovesAlone: to put one of many resources elsewhere writes that one, and
// says the same of the dataset as an order of all that was given as such.
func TestOneMovesAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newShelf(t, d)
		ctx := context.Background()
		inputs := make([]ResourceInput, 300)
		for i := range inputs {
			inputs[i] = ResourceInput{Title: Some(fmt.Sprint(i)), URL: Some("https://example.org/r"), Format: Some([]string{"csv", "json", "pdf"}[i%3])}
		}
		made, err := s.store.CreateDataset(ctx, platformAdmin, DatasetInput{Title: Some("Jeu"), Description: Some("d"), Resources: Some(inputs)})
		s.ok(err)
		versions := func() (sum int64) {
			s.ok(d.Read().NewRaw("SELECT sum(version) FROM resources WHERE dataset_id = ?", made.ID).Scan(ctx, &sum))
			return sum
		}
		random := rand.New(rand.NewPCG(5, 6))
		for step := range 30 {
			ids := s.resourceIDs(made.ID)
			from, to, before := random.IntN(len(ids)), random.IntN(len(ids)), versions()
			moved := ids[from]
			wanted := slices.Insert(slices.Delete(slices.Clone(ids), from, from+1), to, moved)
			s.ok(s.store.OrderResources(ctx, platformAdmin, made.ID, wanted))
			if got := s.resourceIDs(made.ID); !slices.Equal(got, wanted) {
				t.Fatalf("step %d: the order is not the one that was wanted", step)
			}
			if after := versions(); after > before+1 {
				t.Errorf("step %d: %d resources were written for one that moved", step, after-before)
			}
			s.summaryHolds(fmt.Sprintf("step %d", step), made.ID)
		}
		ids := s.resourceIDs(made.ID)
		twice := slices.Clone(ids)
		twice[1] = twice[0]
		for name, wrong := range map[string][]string{"too few": ids[1:], "one twice": twice, "one unknown": append([]string{db.NewUUID()}, ids[1:]...), "none": nil} {
			if err := s.store.OrderResources(ctx, platformAdmin, made.ID, wrong); !fault.Is(err, fault.Conflict) {
				t.Errorf("%s: an order that is not one of these resources answers %v", name, err)
			}
		}
		if err := s.store.OrderResources(ctx, account.Nobody, made.ID, ids); !fault.Is(err, fault.Unauthorized) {
			t.Errorf("anybody may order: %v", err)
		}
	})
}
