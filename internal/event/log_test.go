package event_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/event"
)

func emit(t *testing.T, log *event.Log, events ...event.Event) {
	t.Helper()
	err := log.Write(context.Background(), db.People, func(_ context.Context, tx *event.Tx) error {
		for _, e := range events {
			tx.Emit(e)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func thing(object string) event.Event {
	return event.Event{Kind: "thing.updated", ObjectKind: "thing", Object: object, ActorKind: "system"}
}

func TestEventsComeBackAsGiven(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		log := event.NewLog(d)
		var told []event.Event
		log.OnCommit(func(events []event.Event) { told = append(told, events...) })
		given := []event.Event{
			{
				At: db.TimeOf(time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)), Kind: "dataset.updated", ObjectKind: "dataset", Object: "a",
				Owner: "o", ActorKind: "person", Actor: "p", Version: 7, SeenBefore: true, Fields: []string{"title", "private"},
			},
			{Kind: "dataset.created", ObjectKind: "dataset", Object: "b", SeenAfter: true},
		}
		before := db.Now()
		emit(t, log, given...)
		got, err := log.Since(context.Background(), 0, 10)
		if err != nil || len(got) != 2 {
			t.Fatalf("%d events came back (%v)", len(got), err)
		}
		if got[1].At.Before(before.Time) || got[0].Seq <= 0 || got[1].Seq <= got[0].Seq {
			t.Errorf("moments or positions are wrong: %+v", got)
		}
		if !got[0].Withdrawn() || got[1].Withdrawn() {
			t.Error("withdrawal is told wrongly")
		}
		for i := range given {
			given[i].Seq, given[i].At = got[i].Seq, got[i].At
			if fmt.Sprint(got[i]) != fmt.Sprint(given[i]) {
				t.Errorf("event %d came back as %+v, want %+v", i, got[i], given[i])
			}
			if fmt.Sprint(told[i]) != fmt.Sprint(got[i]) {
				t.Errorf("after the commit the node was told %+v, the log holds %+v", told[i], got[i])
			}
		}
	})
}

func TestManyEventsInOneWriteKeepTheirOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		log := event.NewLog(d)
		many := make([]event.Event, 1203)
		for i := range many {
			many[i] = thing(fmt.Sprint(i))
		}
		emit(t, log, many...)
		got, err := log.Since(context.Background(), 0, 5000)
		if err != nil || len(got) != len(many) {
			t.Fatalf("%d events came back (%v)", len(got), err)
		}
		for i, e := range got {
			if e.Object != fmt.Sprint(i) {
				t.Fatalf("event %d is %s", i, e.Object)
			}
		}
	})
}

func TestAppendIsTheLastStatement(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		log := event.NewLog(d)
		err := log.Write(context.Background(), db.People, func(_ context.Context, tx *event.Tx) error {
			tx.Last(func(ctx context.Context) error {
				head, err := log.Head(ctx, tx)
				if err == nil && head != 0 {
					err = errors.New("the events were appended before")
				}
				tx.Emit(thing("late"))
				return err
			})
			tx.Emit(thing("early"))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := log.Since(context.Background(), 0, 10); err != nil || len(got) != 2 {
			t.Errorf("%d events were appended, want 2 (%v)", len(got), err)
		}
	})
}

func TestPruneKeepsTheLastOfEach(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		log := event.NewLog(d)
		old := db.TimeOf(time.Now().Add(-40 * 24 * time.Hour))
		aged := func(object string, version int64) event.Event {
			e := thing(object)
			e.At, e.Version = old, version
			return e
		}
		var many []event.Event
		for i := range 2500 {
			many = append(many, aged("busy", int64(i+1)))
		}
		emit(t, log, aged("quiet", 1), aged("gone", 1), aged("gone", 2), aged("later", 1))
		emit(t, log, many...)
		emit(t, log, thing("later"), thing("later"))
		removed, err := log.Prune(context.Background(), db.TimeOf(time.Now().Add(-30*24*time.Hour)))
		if err != nil || removed != 2501 {
			t.Errorf("%d events were removed, want 2501 (%v)", removed, err)
		}
		got, err := log.Since(context.Background(), 0, 5000)
		if err != nil {
			t.Fatal(err)
		}
		var left []string
		for _, e := range got {
			left = append(left, fmt.Sprint(e.Object, e.Version))
		}
		if want := []string{"quiet1", "gone2", "busy2500", "later0", "later0"}; !slices.Equal(left, want) {
			t.Errorf("what is left is %v, want %v", left, want)
		}
		if again, err := log.Prune(context.Background(), db.TimeOf(time.Now().Add(-30*24*time.Hour))); err != nil || again != 0 {
			t.Errorf("a second pruning removed %d (%v)", again, err)
		}
	})
}

// TestOtherHandlesAreSeen: what another process writes reaches a follower here
// within a second, again and again.
func TestOtherHandlesAreSeen(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { seeOthers(t, db.Options{Dir: t.TempDir()}) })
	t.Run("postgres", func(t *testing.T) { seeOthers(t, db.Options{URL: dbtest.PostgresURL(t)}) })
}

func seeOthers(t *testing.T, options db.Options) {
	here, there := event.NewLog(dbtest.Open(t, options)), event.NewLog(dbtest.Open(t, options))
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	failed := func(err error) { t.Error(err) }
	r := &reader{}
	running.Go(func() { here.WatchOthers(ctx, failed) })
	running.Go(func() { there.WatchOthers(ctx, failed) })
	running.Go(func() { here.Follow(ctx, r, failed) })
	var slowest time.Duration
	for i := range 6 {
		time.Sleep(130 * time.Millisecond)
		started := time.Now()
		emit(t, there, thing(fmt.Sprint(i)))
		for len(r.events()) <= i {
			if time.Since(started) > time.Second {
				t.Fatalf("write %d of another handle was not seen within a second", i)
			}
			time.Sleep(time.Millisecond)
		}
		slowest = max(slowest, time.Since(started))
	}
	t.Logf("the slowest was seen after %v", slowest)
}

// fragile fails and panics before it works.
type fragile struct {
	reader
	calls  atomic.Int64
	firsts []int64
}

func (f *fragile) Apply(ctx context.Context, events []event.Event) error {
	f.firsts = append(f.firsts, events[0].Seq)
	switch f.calls.Add(1) {
	case 1:
		return errors.New("not now")
	case 2:
		panic("not at all")
	}
	return f.reader.Apply(ctx, events)
}

func TestFollowerTriesTheSameEventsAgain(t *testing.T) {
	log := event.NewLog(dbtest.SQLite(t))
	ctx, stop := context.WithCancel(context.Background())
	emit(t, log, thing("a"), thing("b"))
	f := &fragile{}
	var failures []string
	done := make(chan struct{})
	go func() {
		defer close(done)
		log.Follow(ctx, f, func(err error) { failures = append(failures, err.Error()) })
	}()
	for deadline := time.Now().Add(10 * time.Second); len(f.events()) < 2 && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	stop()
	<-done
	if got := f.events(); len(got) != 2 || got[0].Object != "a" || got[1].Object != "b" {
		t.Fatalf("after its errors the follower has %v", got)
	}
	if len(f.firsts) != 3 || f.firsts[0] != f.firsts[1] || f.firsts[1] != f.firsts[2] {
		t.Errorf("the tries began at %v", f.firsts)
	}
	if len(failures) != 2 || !strings.Contains(failures[0], "not now") || !strings.Contains(failures[1], "not at all") {
		t.Errorf("what was told of the failures: %q", failures)
	}
}

func TestCatchUpReadsAllThatIsThere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		log := event.NewLog(d)
		many := make([]event.Event, 2300)
		for i := range many {
			many[i] = thing(fmt.Sprint(i))
		}
		emit(t, log, many...)
		r := &reader{}
		if err := log.CatchUp(context.Background(), r); err != nil || len(r.seen) != 2300 {
			t.Fatalf("%d events were caught up (%v)", len(r.seen), err)
		}
		head, err := log.Head(context.Background(), d.Read())
		if err != nil || head != r.Position() {
			t.Errorf("the position is %d, the head %d (%v)", r.Position(), head, err)
		}
	})
}
