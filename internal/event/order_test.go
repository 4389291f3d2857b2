package event_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/event"
)

// span is how long the writers of the proof run; GRENIER_SOAK makes it a soak.
func span() time.Duration {
	if os.Getenv("GRENIER_SOAK") != "" {
		return 30 * time.Second
	}
	return 2 * time.Second
}

// reader is a follower that remembers what it was given.
type reader struct {
	mu       sync.Mutex
	position int64
	seen     []event.Event
}

func (r *reader) Name() string { return "reader" }

func (r *reader) Position() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.position
}

func (r *reader) Apply(_ context.Context, events []event.Event) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen = append(r.seen, events...)
	r.position = events[len(events)-1].Seq
	return nil
}

func (r *reader) events() []event.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.seen)
}

// acknowledged is a write that its caller knows to be done.
type acknowledged struct {
	objects    []string
	start, end time.Time
}

var errGivenUp = errors.New("given up")

// hammer writes until the time is over, waiting between the first statement
// and the commit, and giving up one write of twenty.
func hammer(t *testing.T, log *event.Log, name string, until time.Time) (done []acknowledged) {
	for n := 0; time.Now().Before(until); n++ {
		write := acknowledged{start: time.Now()}
		objects := make([]string, 1+rand.IntN(3))
		for i := range objects {
			objects[i] = fmt.Sprintf("%s-%d-%d", name, n, i)
		}
		err := log.Write(context.Background(), db.People, func(ctx context.Context, tx *event.Tx) error {
			_, err := tx.NewRaw("INSERT INTO settings (name, value) VALUES (?, '')", objects[0]).Exec(ctx)
			if err != nil {
				return err
			}
			time.Sleep(time.Duration(rand.IntN(8)) * time.Millisecond)
			for _, object := range objects {
				tx.Emit(event.Event{Kind: "thing.created", ObjectKind: "thing", Object: object, ActorKind: "system", Version: 1})
			}
			giveUp := func(context.Context) error { return errGivenUp }
			switch rand.IntN(40) {
			case 0:
				return errGivenUp
			case 1: // after the events were appended
				tx.Last(func(context.Context) error { tx.Last(giveUp); return nil })
			}
			return nil
		})
		switch {
		case err == nil:
			write.objects, write.end = objects, time.Now()
			done = append(done, write)
		case !errors.Is(err, errGivenUp):
			t.Errorf("%s: %v", name, err)
			return done
		}
	}
	return done
}

// TestLogNeverSkips: sixteen writers on two nodes, followers on nodes of their
// own; each follower gets every event once, in the order of the commits.
func TestLogNeverSkips(t *testing.T) {
	t.Run("postgres", func(t *testing.T) { proveOrder(t, db.Options{URL: dbtest.PostgresURL(t)}) })
	t.Run("sqlite", func(t *testing.T) { proveOrder(t, db.Options{Dir: t.TempDir(), Sync: "NORMAL"}) })
}

func proveOrder(t *testing.T, options db.Options) {
	nodes := []*event.Log{event.NewLog(dbtest.Open(t, options)), event.NewLog(dbtest.Open(t, options))}
	following, stop := context.WithCancel(context.Background())
	defer stop()
	var followers sync.WaitGroup
	failed := func(err error) { t.Error(err) }
	readers := make([]*reader, 4)
	for i := range readers {
		readers[i] = &reader{}
		log := event.NewLog(dbtest.Open(t, options))
		followers.Go(func() { log.WatchOthers(following, failed) })
		followers.Go(func() { log.Follow(following, readers[i], failed) })
	}
	until := time.Now().Add(span())
	results := make([][]acknowledged, 16)
	var writers sync.WaitGroup
	for i := range results {
		writers.Go(func() { results[i] = hammer(t, nodes[i%2], fmt.Sprintf("w%d", i), until) })
	}
	writers.Wait()
	head, err := nodes[0].Head(context.Background(), nodes[0].DB().Read())
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if !slices.ContainsFunc(readers, func(r *reader) bool { return r.Position() < head }) {
			break
		}
	}
	stop()
	followers.Wait()
	writes := slices.Concat(results...)
	t.Logf("%d writes, head %d", len(writes), head)
	if len(writes) < 100 {
		t.Fatalf("only %d writes were made", len(writes))
	}
	for i, r := range readers {
		compare(t, i, r.events(), writes)
	}
}

func compare(t *testing.T, who int, seen []event.Event, writes []acknowledged) {
	t.Helper()
	at := make(map[string]int64, len(seen))
	for i, e := range seen {
		if i > 0 && e.Seq <= seen[i-1].Seq {
			t.Fatalf("follower %d got event %d after %d", who, e.Seq, seen[i-1].Seq)
		}
		if _, twice := at[e.Object]; twice {
			t.Fatalf("follower %d got %s twice", who, e.Object)
		}
		at[e.Object] = e.Seq
	}
	wanted := 0
	for _, w := range writes {
		for _, object := range w.objects {
			wanted++
			if _, ok := at[object]; !ok {
				t.Errorf("follower %d never got %s", who, object)
			}
		}
	}
	if wanted != len(seen) {
		t.Errorf("follower %d got %d events of %d acknowledged: some were given up", who, len(seen), wanted)
	}
	// A write that began after another was acknowledged stands behind it.
	slices.SortFunc(writes, func(a, b acknowledged) int { return int(at[a.objects[0]] - at[b.objects[0]]) })
	var latestStart time.Time
	for _, w := range writes {
		if w.end.Before(latestStart) {
			t.Fatalf("follower %d has %s behind a write that began after it was done", who, w.objects[0])
		}
		if w.start.After(latestStart) {
			latestStart = w.start
		}
	}
}
