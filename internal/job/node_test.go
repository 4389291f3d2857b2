package job_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/job"
)

func TestSeveralNodesDoEachJobOnce(t *testing.T) {
	options := db.Options{URL: dbtest.PostgresURL(t)}
	d := dbtest.Open(t, options)
	var mu sync.Mutex
	times := make(map[int64]int)
	kind := job.Kind{Name: "count", Work: func(_ context.Context, run *job.Run) error {
		mu.Lock()
		defer mu.Unlock()
		times[run.ID]++
		return nil
	}}
	var runners []*job.Runner
	for range 3 {
		r := runner(dbtest.Open(t, options), job.Options{Workers: 5}, kind)
		start(t, r)
		runners = append(runners, r)
	}
	const jobs = 300
	for i := range jobs {
		enqueue(t, d, runners[i%3], job.New{Kind: "count"})
	}
	until(t, "all jobs are done", func() bool {
		_, done, err := runners[0].List(context.Background(), job.Filter{State: job.Done, Limit: 1})
		return err == nil && done == jobs
	})
	mu.Lock()
	defer mu.Unlock()
	for id, count := range times {
		if count != 1 {
			t.Errorf("job %d ran %d times", id, count)
		}
	}
	if len(times) != jobs {
		t.Errorf("%d jobs ran, want %d", len(times), jobs)
	}
}

// leave makes a job look as if it ran on a node that is gone.
func leave(t *testing.T, d *db.DB, id, attempt int64, lease time.Duration) {
	t.Helper()
	execute(t, d, "UPDATE jobs SET state = 'running', node = 'gone', attempt = ?, lease_until = ? WHERE id = ?",
		attempt, db.TimeOf(time.Now().Add(lease)), id)
}

func TestWorkOfALostNodeGoesOn(t *testing.T) {
	// On PostgreSQL the lease must run out; on SQLite nobody else can run it.
	lease := map[string]time.Duration{"sqlite": time.Hour, "postgres": 200 * time.Millisecond}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		span := lease["sqlite"]
		if d.Postgres() {
			span = lease["postgres"]
		}
		r := runner(d, job.Options{Lease: 300 * time.Millisecond}, job.Kind{Name: "a", Attempts: 3, Work: func(context.Context, *job.Run) error { return nil }})
		again, _ := enqueue(t, d, r, job.New{Kind: "a"})
		last, _ := enqueue(t, d, r, job.New{Kind: "a"})
		unwanted, _ := enqueue(t, d, r, job.New{Kind: "a"})
		leave(t, d, again, 1, span)
		leave(t, d, last, 3, span)
		leave(t, d, unwanted, 1, span)
		execute(t, d, "UPDATE jobs SET cancel = TRUE WHERE id = ?", unwanted)
		start(t, r)
		if j := untilState(t, r, again, job.Done); j.Attempt != 2 {
			t.Errorf("the job ended at attempt %d, want 2", j.Attempt)
		}
		if j := untilState(t, r, last, job.Failed); text(j.LastError) == "" || j.FinishedAt.IsZero() {
			t.Errorf("a job whose last attempt brought its node down is %+v", j)
		}
		untilState(t, r, unwanted, job.Cancelled)
	})
}

func TestHeartbeatKeepsALongJob(t *testing.T) {
	options := db.Options{URL: dbtest.PostgresURL(t)}
	d := dbtest.Open(t, options)
	var runs atomic.Int64
	kind := job.Kind{Name: "long", Work: func(context.Context, *job.Run) error {
		runs.Add(1)
		time.Sleep(1500 * time.Millisecond)
		return nil
	}}
	first := runner(d, job.Options{Lease: 450 * time.Millisecond}, kind)
	start(t, first)
	start(t, runner(dbtest.Open(t, options), job.Options{Lease: 450 * time.Millisecond}, kind))
	id, _ := enqueue(t, d, first, job.New{Kind: "long"})
	untilState(t, first, id, job.Done)
	if runs.Load() != 1 {
		t.Errorf("a job longer than its lease ran %d times", runs.Load())
	}
}

// TestLateFinishChangesNothing: a node that lost a job cannot end the attempt of
// the one that has it now.
func TestLateFinishChangesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		causes := make(chan error, 1)
		began := make(chan struct{})
		r := runner(d, job.Options{Lease: 300 * time.Millisecond}, job.Kind{Name: "long", Work: func(ctx context.Context, _ *job.Run) error {
			close(began)
			<-ctx.Done()
			causes <- context.Cause(ctx)
			return nil
		}})
		id, _ := enqueue(t, d, r, job.New{Kind: "long"})
		start(t, r)
		<-began
		leave(t, d, id, 2, time.Hour)
		select {
		case cause := <-causes:
			if !errors.Is(cause, job.ErrLost) {
				t.Errorf("the handler was told %v", cause)
			}
		case <-time.After(5 * time.Second):
			t.Fatal("the handler never learned that its lease was lost")
		}
		time.Sleep(100 * time.Millisecond)
		if j := get(t, r, id); j.State != job.Running || text(j.Node) != "gone" || j.Attempt != 2 {
			t.Errorf("the late node changed the job to %+v", j)
		}
	})
}

func TestStopHandsBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		began := make(chan struct{}, 2)
		var finish atomic.Bool
		kind := job.Kind{Name: "long", Attempts: 1, Work: func(ctx context.Context, _ *job.Run) error {
			if finish.Load() {
				return nil
			}
			began <- struct{}{}
			<-ctx.Done()
			if !errors.Is(context.Cause(ctx), job.ErrStopping) {
				return errors.New("wrong cause")
			}
			return ctx.Err()
		}}
		r := runner(d, job.Options{}, kind)
		id, _ := enqueue(t, d, r, job.New{Kind: "long"})
		if err := r.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
		<-began
		stop(t, r)
		if j := get(t, r, id); j.State != job.Ready || j.Attempt != 0 || j.Node != nil {
			t.Fatalf("after the stop the job is %+v", j)
		}
		finish.Store(true)
		next := runner(d, job.Options{}, kind)
		start(t, next)
		untilState(t, next, id, job.Done)
	})
}

func TestStopDoesNotWaitForEver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		began, release, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
		r := runner(d, job.Options{}, job.Kind{Name: "deaf", Work: func(context.Context, *job.Run) error {
			close(began)
			<-release
			close(ended)
			return nil
		}})
		id, _ := enqueue(t, d, r, job.New{Kind: "deaf"})
		if err := r.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
		<-began
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		if err := r.Stop(ctx); err == nil {
			t.Error("a handler that did not stop is not told")
		}
		if j := get(t, r, id); j.State != job.Ready || j.Attempt != 0 {
			t.Errorf("the job was not handed back: %+v", j)
		}
		close(release)
		<-ended
		time.Sleep(50 * time.Millisecond)
		if j := get(t, r, id); j.State != job.Ready {
			t.Errorf("the end of a job that was handed back made it %s", j.State)
		}
	})
}

func TestScheduleRunsOnceOnAllNodes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var runs atomic.Int64
		kind := job.Kind{Name: "daily", Schedule: "0 3 * * *", Work: func(context.Context, *job.Run) error { runs.Add(1); return nil }}
		paris, err := time.LoadLocation("Europe/Paris")
		if err != nil {
			t.Fatal(err)
		}
		options := job.Options{Location: paris, Poll: 30 * time.Millisecond}
		first := runner(d, options, kind)
		start(t, first)
		nodes := 1
		if d.Postgres() {
			nodes = 3
			for range 2 {
				start(t, runner(d, options, kind))
			}
		}
		next := func() time.Time {
			var at db.Time
			if err := d.Read().NewRaw("SELECT next_run FROM job_schedules WHERE kind = 'daily'").Scan(context.Background(), &at); err != nil {
				t.Fatal(err)
			}
			return at.In(paris)
		}
		if at := next(); at.Hour() != 3 || at.Minute() != 0 || !at.After(time.Now()) || time.Until(at) > 25*time.Hour {
			t.Fatalf("the next run is planned for %v", at)
		}
		for round := range 3 {
			execute(t, d, "UPDATE job_schedules SET next_run = ? WHERE kind = 'daily'", db.TimeOf(time.Now().Add(-time.Hour)))
			until(t, fmt.Sprintf("run %d on %d nodes", round+1, nodes), func() bool { return runs.Load() == int64(round+1) && next().After(time.Now()) })
			time.Sleep(100 * time.Millisecond)
			if runs.Load() != int64(round+1) {
				t.Fatalf("%d runs after %d due moments", runs.Load(), round+1)
			}
		}
	})
}

func TestScheduleIsPlannedAnewWhenChanged(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		plan := func(schedule string) db.Time {
			r := runner(d, job.Options{}, job.Kind{Name: "a", Schedule: schedule, Work: func(context.Context, *job.Run) error { return nil }})
			if err := r.Start(context.Background()); err != nil {
				t.Fatal(err)
			}
			stop(t, r)
			var at db.Time
			if err := d.Read().NewRaw("SELECT next_run FROM job_schedules WHERE kind = 'a'").Scan(context.Background(), &at); err != nil {
				t.Fatal(err)
			}
			return at
		}
		yearly := plan("@yearly")
		if again := plan("@yearly"); !again.Equal(yearly.Time) {
			t.Errorf("a start moved the plan from %v to %v", yearly, again)
		}
		if hourly := plan("@hourly"); time.Until(hourly.Time) > time.Hour {
			t.Errorf("an hourly schedule is planned for %v", hourly)
		}
	})
}

func TestBadScheduleIsAMistakeOfTheProgram(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a bad schedule was accepted")
		}
	}()
	runner(dbtest.SQLite(t), job.Options{}, job.Kind{Name: "a", Schedule: "every day", Work: func(context.Context, *job.Run) error { return nil }})
}

func TestEndedJobsAreForgotten(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := runner(d, job.Options{Poll: 20 * time.Millisecond}, job.Kind{Name: "a", Work: func(context.Context, *job.Run) error { return nil }})
		ended := func(state job.State, days int) int64 {
			id, _ := enqueue(t, d, r, job.New{Kind: "a", Delay: time.Hour})
			execute(t, d, "UPDATE jobs SET state = ?, finished_at = ? WHERE id = ?", state, db.TimeOf(time.Now().AddDate(0, 0, -days)), id)
			return id
		}
		waiting, _ := enqueue(t, d, r, job.New{Kind: "a", Delay: 24 * time.Hour})
		kept := []int64{waiting, ended(job.Done, 0), ended(job.Failed, 20)}
		ended(job.Done, 2)
		ended(job.Cancelled, 2)
		ended(job.Failed, 40)
		start(t, r)
		execute(t, d, "UPDATE job_schedules SET next_run = 0 WHERE kind = 'jobs.cleanup'")
		var left []int64
		until(t, "old jobs are gone", func() bool {
			jobs, _, err := r.List(context.Background(), job.Filter{Kind: "a", Limit: 100})
			if err != nil {
				t.Fatal(err)
			}
			left = nil
			for _, j := range jobs {
				left = append(left, j.ID)
			}
			slices.Sort(left)
			return len(left) <= len(kept)
		})
		slices.Sort(kept)
		if !slices.Equal(left, kept) {
			t.Errorf("left are %v, want %v", left, kept)
		}
	})
}
