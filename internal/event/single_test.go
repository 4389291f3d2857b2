package event_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/event"
)

// TestSingleTakesEffectOnce lets several nodes follow, ends the one that holds the lease, and sees that each event
// took effect once, in the order of the log.
func TestSingleTakesEffectOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		log := event.NewLog(d)
		execute(t, d, "CREATE TABLE effects (n INTEGER PRIMARY KEY, node TEXT NOT NULL)")
		t.Cleanup(func() { execute(t, d, "DROP TABLE effects") })
		var nodes sync.WaitGroup
		start := func(node string) (stop context.CancelFunc) {
			ctx, cancel := context.WithCancel(t.Context())
			nodes.Go(func() {
				log.FollowSingle(ctx, event.Single{Name: "tests", Prepare: func(_ context.Context, events []event.Event) (func(context.Context, *db.Tx) error, error) {
					return func(ctx context.Context, tx *db.Tx) error {
						for _, e := range events {
							if _, err := tx.NewRaw("INSERT INTO effects (n, node) VALUES (?, ?)", e.Seq, node).Exec(ctx); err != nil {
								return err
							}
						}
						return nil
					}, nil
				}}, node, func(err error) { t.Error(node, err) })
			})
			return cancel
		}
		began := func(ctx context.Context, tx *event.Tx) error { return log.BeginSingle(ctx, tx, "tests") }
		if err := log.Write(t.Context(), db.People, began); err != nil {
			t.Fatal(err)
		}
		stops := []context.CancelFunc{start("a"), start("b")}
		defer nodes.Wait()
		written := 0
		write := func(n int) {
			for range n {
				written++
				if err := log.Write(t.Context(), db.People, created(fmt.Sprint("object", written))); err != nil {
					t.Fatal(err)
				}
			}
		}
		holder := func() (name string) {
			if err := d.Read().NewRaw("SELECT node FROM followers WHERE name = 'tests'").Scan(t.Context(), &name); err != nil {
				t.Fatal(err)
			}
			return name
		}
		done := func() (n int) {
			if err := d.Read().NewRaw("SELECT count(*) FROM effects").Scan(t.Context(), &n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		until := func(what string, fn func() bool) {
			for deadline := time.Now().Add(30 * time.Second); !fn(); time.Sleep(10 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("%s: never; %d effects of %d writes", what, done(), written)
				}
			}
		}
		write(20)
		until("the first events take effect", func() bool { return done() == 2*written }) // two events in each
		first := holder()
		stops[map[string]int{"a": 0, "b": 1}[first]]()
		write(20)
		until("the other node takes over", func() bool { return done() == 2*written })
		if second := holder(); second == first || second == "" {
			t.Errorf("after %s ended, %q holds the lease", first, second)
		}
		for _, stop := range stops {
			stop()
		}
	})
}

// TestHorizon sees that the log tells up to where what the public saw was cleared; what it never saw is not missed.
func TestHorizon(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		log := event.NewLog(d)
		write := func(seen bool) {
			e := thing("same")
			e.SeenAfter = seen
			emit(t, log, e)
		}
		clear := func(want int64) (horizon int64) {
			t.Helper()
			removed, err := log.Prune(t.Context(), db.TimeOf(time.Now().Add(time.Hour)))
			if err != nil || removed != want {
				t.Fatalf("%d events were removed in place of %d, %v", removed, want, err)
			}
			if horizon, err = log.Horizon(t.Context(), d.Read()); err != nil {
				t.Fatal(err)
			}
			return horizon
		}
		if at := clear(0); at != 0 {
			t.Errorf("a whole log has the horizon %d", at)
		}
		for range 3 {
			write(true)
		}
		at := clear(2)
		left, err := log.Since(t.Context(), 0, 10)
		if err != nil || len(left) != 1 || at != left[0].Seq-1 {
			t.Fatalf("the horizon is %d, left are %+v, %v", at, left, err)
		}
		for range 3 {
			write(false)
		}
		if after := clear(3); after != left[0].Seq {
			t.Errorf("the horizon is %d, the last event that was seen was %d", after, left[0].Seq)
		}
	})
}
