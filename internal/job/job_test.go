package job_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/fault"
	"grenier/internal/job"
)

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// runner returns a runner with these kinds, not started.
func runner(d *db.DB, options job.Options, kinds ...job.Kind) *job.Runner {
	options.Logger = quiet
	r := job.NewRunner(d, options)
	for _, kind := range kinds {
		r.Register(kind)
	}
	return r
}

// start runs a runner until the test ends.
func start(t *testing.T, r *job.Runner) {
	t.Helper()
	if err := r.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, r) })
}

func stop(t *testing.T, r *job.Runner) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := r.Stop(ctx); err != nil {
		t.Error(err)
	}
}

func enqueue(t *testing.T, d *db.DB, r *job.Runner, what job.New) (id int64, added bool) {
	t.Helper()
	err := d.Write(context.Background(), db.People, func(ctx context.Context, tx *db.Tx) (err error) {
		id, added, err = r.Enqueue(ctx, tx, what)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id, added
}

func get(t *testing.T, r *job.Runner, id int64) job.Job {
	t.Helper()
	jobs, _, err := r.List(context.Background(), job.Filter{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, j := range jobs {
		if j.ID == id {
			return j
		}
	}
	t.Fatalf("no job %d", id)
	return job.Job{}
}

// until waits for a condition and fails when it does not come in time.
func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(8 * time.Second); !condition(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

func untilState(t *testing.T, r *job.Runner, id int64, state job.State) job.Job {
	t.Helper()
	until(t, "the job is "+string(state), func() bool { return get(t, r, id).State == state })
	return get(t, r, id)
}

func execute(t *testing.T, d *db.DB, query string, args ...any) {
	t.Helper()
	err := d.Write(context.Background(), db.People, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewRaw(query, args...).Exec(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func TestJobRunsAfterTheCommit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		type arguments struct{ Name string }
		started := make(chan string, 10)
		r := runner(d, job.Options{}, job.Kind{Name: "greet", Work: func(_ context.Context, run *job.Run) error {
			var a arguments
			err := run.Decode(&a)
			started <- a.Name
			return err
		}})
		start(t, r)
		refused := errors.New("refused")
		err := d.Write(context.Background(), db.People, func(ctx context.Context, tx *db.Tx) error {
			if _, _, err := r.Enqueue(ctx, tx, job.New{Kind: "greet", Args: arguments{"never"}}); err != nil {
				return err
			}
			return refused
		})
		if !errors.Is(err, refused) {
			t.Fatal(err)
		}
		id, _ := enqueue(t, d, r, job.New{Kind: "greet", Args: arguments{"Ada"}})
		committed := time.Now()
		select {
		case name := <-started:
			if name != "Ada" {
				t.Fatalf("the job of a write that was rolled back ran: %s", name)
			}
		case <-time.After(5 * time.Second):
			t.Fatal("the job never started")
		}
		t.Logf("started %v after the commit", time.Since(committed))
		if done := untilState(t, r, id, job.Done); done.Attempt != 1 || done.FinishedAt.IsZero() || done.Node != nil {
			t.Errorf("the finished job is %+v", done)
		}
	})
}

func TestUnknownKindIsRefused(t *testing.T) {
	d := dbtest.SQLite(t)
	r := runner(d, job.Options{})
	err := d.Write(context.Background(), db.People, func(ctx context.Context, tx *db.Tx) error {
		_, _, err := r.Enqueue(ctx, tx, job.New{Kind: "nothing"})
		return err
	})
	if err == nil || !strings.Contains(err.Error(), `"nothing"`) {
		t.Fatalf("a kind that nobody registered is answered with %v", err)
	}
}

func TestUniqueKey(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := runner(d, job.Options{}, job.Kind{Name: "a", Work: func(context.Context, *job.Run) error { return nil }},
			job.Kind{Name: "b", Work: func(context.Context, *job.Run) error { return nil }})
		first, added := enqueue(t, d, r, job.New{Kind: "a", Unique: "k"})
		if !added {
			t.Fatal("the first job was dropped")
		}
		if _, added := enqueue(t, d, r, job.New{Kind: "a", Unique: "k"}); added {
			t.Error("the same work was added twice")
		}
		for _, other := range []job.New{{Kind: "a", Unique: "l"}, {Kind: "b", Unique: "k"}, {Kind: "a"}, {Kind: "a"}} {
			if _, added := enqueue(t, d, r, other); !added {
				t.Errorf("other work was dropped: %+v", other)
			}
		}
		start(t, r)
		untilState(t, r, first, job.Done)
		if _, added := enqueue(t, d, r, job.New{Kind: "a", Unique: "k"}); !added {
			t.Error("work that is done cannot be asked for again")
		}
	})
}

func TestOrderAndDelay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var mu sync.Mutex
		var order []string
		r := runner(d, job.Options{Workers: 1}, job.Kind{Name: "note", Work: func(_ context.Context, run *job.Run) error {
			var name string
			err := run.Decode(&name)
			mu.Lock()
			defer mu.Unlock()
			order = append(order, name)
			return err
		}})
		enqueue(t, d, r, job.New{Kind: "note", Args: "late", Delay: time.Hour})
		enqueue(t, d, r, job.New{Kind: "note", Args: "usual 1"})
		enqueue(t, d, r, job.New{Kind: "note", Args: "usual 2"})
		last, _ := enqueue(t, d, r, job.New{Kind: "note", Args: "whenever", Priority: 500})
		enqueue(t, d, r, job.New{Kind: "note", Args: "urgent", Priority: 1})
		start(t, r)
		untilState(t, r, last, job.Done)
		mu.Lock()
		defer mu.Unlock()
		if want := []string{"urgent", "usual 1", "usual 2", "whenever"}; !slices.Equal(order, want) {
			t.Errorf("the jobs ran in the order %v, want %v", order, want)
		}
	})
}

func TestErrorsAreTriedAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var calls atomic.Int64
		r := runner(d, job.Options{Poll: 20 * time.Millisecond},
			job.Kind{Name: "shaky", Attempts: 3, Work: func(context.Context, *job.Run) error {
				if calls.Add(1) == 1 {
					return errors.New("not yet")
				}
				return nil
			}},
			job.Kind{Name: "broken", Attempts: 2, Work: func(context.Context, *job.Run) error { panic("a mistake\x00 of the program") }},
			job.Kind{Name: "hopeless", Work: func(context.Context, *job.Run) error { return job.Permanent(errors.New("no such address")) }},
			job.Kind{Name: "polite", Work: func(context.Context, *job.Run) error {
				return fault.New(fault.TooMany, "come back").After(2 * time.Hour)
			}},
			job.Kind{Name: "slow", Timeout: 30 * time.Millisecond, Attempts: 1, Work: func(ctx context.Context, _ *job.Run) error {
				<-ctx.Done()
				return ctx.Err()
			}})
		shaky, _ := enqueue(t, d, r, job.New{Kind: "shaky"})
		broken, _ := enqueue(t, d, r, job.New{Kind: "broken"})
		hopeless, _ := enqueue(t, d, r, job.New{Kind: "hopeless"})
		polite, _ := enqueue(t, d, r, job.New{Kind: "polite"})
		slow, _ := enqueue(t, d, r, job.New{Kind: "slow"})
		start(t, r)
		pause := func(id int64) time.Duration {
			until(t, "a first attempt has failed", func() bool { j := get(t, r, id); return j.State == job.Ready && j.LastError != nil })
			return time.Until(get(t, r, id).RunAt.Time)
		}
		if p := pause(shaky); p <= time.Second || p > 2*time.Second {
			t.Errorf("the second attempt comes after %v, want 2 s", p)
		}
		if p := pause(polite); p < time.Hour {
			t.Errorf("an error that asks for two hours is tried again after %v", p)
		}
		pause(broken)
		execute(t, d, "UPDATE jobs SET run_at = 0 WHERE id IN (?, ?)", shaky, broken)
		if j := untilState(t, r, shaky, job.Done); j.Attempt != 2 || text(j.LastError) != "not yet" {
			t.Errorf("after a second attempt the job is %+v", j)
		}
		if j := untilState(t, r, broken, job.Failed); !strings.Contains(text(j.LastError), "a mistake of the program") || !strings.Contains(text(j.LastError), "job_test.go") {
			t.Errorf("a panic is told as %q", text(j.LastError))
		}
		if j := untilState(t, r, hopeless, job.Failed); j.Attempt != 1 {
			t.Errorf("what cannot be mended was tried %d times", j.Attempt)
		}
		if j := untilState(t, r, slow, job.Failed); !strings.Contains(text(j.LastError), "took too long") {
			t.Errorf("a job beyond its time is told as %q", text(j.LastError))
		}
		if err := r.Retry(context.Background(), hopeless); err != nil {
			t.Fatal(err)
		}
		until(t, "the failed job is tried again", func() bool { j := get(t, r, hopeless); return j.State == job.Failed && j.Attempt == 1 })
		if err := r.Retry(context.Background(), shaky); !fault.Is(err, fault.NotFound) {
			t.Errorf("a job that is done is tried again: %v", err)
		}
	})
}

func TestCancel(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		began := make(chan struct{}, 10)
		kind := job.Kind{Name: "long", Work: func(ctx context.Context, _ *job.Run) error {
			began <- struct{}{}
			<-ctx.Done()
			return context.Cause(ctx)
		}}
		r := runner(d, job.Options{}, kind)
		// The other runner stands for another node, or a command beside the
		// server.
		other := runner(d, job.Options{}, kind)
		ctx := context.Background()
		waiting, _ := enqueue(t, d, r, job.New{Kind: "long", Delay: time.Hour})
		here, _ := enqueue(t, d, r, job.New{Kind: "long"})
		elsewhere, _ := enqueue(t, d, r, job.New{Kind: "long"})
		start(t, r)
		<-began
		<-began
		for id, by := range map[int64]*job.Runner{waiting: r, here: r, elsewhere: other} {
			asked := time.Now()
			if err := by.Cancel(ctx, id); err != nil {
				t.Fatal(err)
			}
			if j := untilState(t, r, id, job.Cancelled); j.FinishedAt.IsZero() {
				t.Error("a cancelled job has no end")
			}
			if took := time.Since(asked); took > 2*time.Second {
				t.Errorf("the cancellation took %v", took)
			}
		}
		if err := r.Cancel(ctx, here); !fault.Is(err, fault.NotFound) {
			t.Errorf("a job that ended is cancelled again: %v", err)
		}
	})
}

func TestProgressIsSeen(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		release := make(chan struct{})
		r := runner(d, job.Options{Poll: 20 * time.Millisecond}, job.Kind{Name: "steps", Work: func(_ context.Context, run *job.Run) error {
			run.Progress(10, "begun")
			run.Progress(140, "12 of 30 files")
			<-release
			return nil
		}})
		id, _ := enqueue(t, d, r, job.New{Kind: "steps"})
		start(t, r)
		until(t, "the progress is written down", func() bool { return get(t, r, id).Progress != nil })
		if j := get(t, r, id); *j.Percent != 100 || *j.Progress != "12 of 30 files" {
			t.Errorf("the progress is %d %% %q", *j.Percent, *j.Progress)
		}
		close(release)
	})
}

func TestLimitOfAKind(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var busy, most, free atomic.Int64
		r := runner(d, job.Options{Workers: 6},
			job.Kind{Name: "narrow", Limit: 2, Priority: 1, Work: func(context.Context, *job.Run) error {
				now := busy.Add(1)
				for old := most.Load(); now > old && !most.CompareAndSwap(old, now); old = most.Load() {
				}
				time.Sleep(5 * time.Millisecond)
				busy.Add(-1)
				return nil
			}},
			job.Kind{Name: "wide", Work: func(context.Context, *job.Run) error { free.Add(1); return nil }})
		var last int64
		for range 30 {
			last, _ = enqueue(t, d, r, job.New{Kind: "narrow"})
		}
		wide, _ := enqueue(t, d, r, job.New{Kind: "wide"})
		start(t, r)
		untilState(t, r, wide, job.Done)
		if get(t, r, last).State == job.Done {
			t.Error("the free workers waited for the kind with a limit")
		}
		untilState(t, r, last, job.Done)
		if most.Load() != 2 {
			t.Errorf("%d ran at once, want 2", most.Load())
		}
	})
}

func TestOldestReady(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := runner(d, job.Options{}, job.Kind{Name: "a", Work: func(context.Context, *job.Run) error { return nil }})
		ctx := context.Background()
		if age, err := r.OldestReady(ctx); err != nil || age != 0 {
			t.Errorf("nothing waits since %v (%v)", age, err)
		}
		id, _ := enqueue(t, d, r, job.New{Kind: "a"})
		enqueue(t, d, r, job.New{Kind: "a", Delay: time.Hour})
		execute(t, d, "UPDATE jobs SET run_at = ? WHERE id = ?", db.TimeOf(time.Now().Add(-time.Minute)), id)
		if age, err := r.OldestReady(ctx); err != nil || age < time.Minute || age > 2*time.Minute {
			t.Errorf("the oldest waits since %v (%v)", age, err)
		}
	})
}
