package harvest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
)

// TestStop stops jobs: one that waits for the network, and one that waits for its turn.
func TestStop(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		src := h.source("portail", h.organization, Options{})
		waiting := make(chan struct{})
		h.told.says(func(ctx context.Context, _ Request, emit func(Line) error) error {
			if err := emit(dataset(1, "Jeu")); err != nil {
				return err
			}
			close(waiting)
			select {} // not even the end of the context moves it
		})
		job := h.queue(src, false)
		ended := make(chan error, 1)
		go func() { ended <- h.store.Run(h.ctx, job.ID, nil) }()
		<-waiting
		next := h.queue(src, false)
		if again := h.queue(src, false); again.ID != next.ID {
			t.Error("two jobs of one source wait")
		}
		asked := time.Now()
		if err := h.store.askStop(h.ctx, job.ID); err != nil {
			t.Fatal(err)
		}
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		if took := time.Since(asked); took > 2*time.Second {
			t.Errorf("the stop took %v", took)
		}
		if got := h.job(job.ID); got.Status != Cancelled || got.EndedAt.IsZero() || got.Node != nil {
			t.Errorf("the stopped job is %+v", got)
		}
		if err := h.store.askStop(h.ctx, next.ID); err != nil {
			t.Fatal(err)
		}
		if got := h.job(next.ID); got.Status != Cancelled {
			t.Errorf("a job that waited is %s", got.Status)
		}
	})
}

// TestResumes lets the process end without a word at random places, again and again: the
// catalogue is then what a run without trouble leaves.
func TestResumes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		seed := rand.Uint64()
		random := rand.New(rand.NewPCG(seed, 1))
		var lines []Line
		for i, l := range datasets(0, 120) {
			lines = append(lines, l)
			if i%17 == 16 {
				lines = append(lines, Line{T: LineCheckpoint, Cursor: fmt.Sprint(len(lines))})
			}
			if i == 60 {
				lines = append(lines, lines[3], dataset(5, "Un autre")) // once the same, once another
			}
		}
		tell := func(_ context.Context, r Request, emit func(Line) error) error {
			from := 0
			if r.Cursor != "" {
				if _, err := fmt.Sscan(r.Cursor, &from); err != nil {
					return err
				}
			}
			for _, l := range lines[from:] {
				if err := emit(l); err != nil {
					return err
				}
			}
			return emit(Line{T: LineEnd, Complete: true})
		}
		h := newHouse(t, d)
		h.store.mostAtOnce = 10
		h.told.says(tell)
		calm := h.source("calm", h.organization, Options{})
		undisturbed := h.run(calm)
		want := h.catalogue()
		h.exec("DELETE FROM harvests")
		h.exec("DELETE FROM harvest_records")

		src := h.source("portail", h.organization, Options{})
		job := h.queue(src, false)
		for range 6 {
			left := random.IntN(5)
			node := h.node()
			node.mostAtOnce = 10
			h.abandon(node, job.ID, func() bool { left--; return left < 0 })
		}
		node := h.node()
		node.mostAtOnce = 10
		if err := node.Run(h.ctx, job.ID, nil); err != nil {
			t.Fatal(err)
		}
		got := h.job(job.ID)
		h.wants(got, undisturbed.Status, "new 120 changed 0 unchanged 0 failed 1 skipped 0 archived 0 conflicts 0")
		if all := h.catalogue(); !maps.Equal(all, want) {
			t.Errorf("seed %d: the catalogue is another one: %d datasets, want %d", seed, len(all), len(want))
			for id, text := range want {
				if all[id] != text {
					t.Logf("%s: %s; want %s", id, all[id], text)
				}
			}
		}
		if got.Items != undisturbed.Items || got.Resumed < 1 {
			t.Errorf("seed %d: %d items after %d interruptions, want %d", seed, got.Items, got.Resumed, undisturbed.Items)
		}
	})
}

// TestSuspends lets a portal ask to be left alone for long, and the context end.
func TestSuspends(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	src := h.source("portail", h.organization, Options{})
	until := time.Now().Add(time.Hour)
	h.told.says(func(_ context.Context, r Request, emit func(Line) error) error {
		if err := emit(dataset(1, "Jeu")); err != nil {
			return err
		}
		if err := emit(Line{T: LineCheckpoint, Cursor: "here"}); err != nil {
			return err
		}
		return &Wait{Until: until, Host: "portal.example.org", Err: errors.New("429")}
	})
	job := h.run(src)
	if job.Status != Suspended || job.ResumeAt.Unix() != until.Unix() || *job.Cursor != "here" || job.Items != 1 {
		t.Fatalf("the job is %+v", job)
	}
	next := h.queue(src, false)
	if got, _, err := h.store.claim(h.ctx, next.ID); got != nil || err != nil {
		t.Errorf("a source runs while its job is suspended (%v)", err)
	}
	h.exec("UPDATE harvest_jobs SET resume_at = 1 WHERE id = ?", job.ID)
	h.told.says(func(ctx context.Context, r Request, emit func(Line) error) error {
		if r.Cursor != "here" {
			t.Errorf("the job goes on at %q", r.Cursor)
		}
		<-ctx.Done()
		return ctx.Err()
	})
	stopping, stop := context.WithTimeout(h.ctx, 300*time.Millisecond)
	defer stop()
	if err := h.store.Run(stopping, job.ID, nil); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	if got := h.job(job.ID); got.Status != Suspended || got.Resumed != 1 || got.Node != nil {
		t.Errorf("after the end of the process the job is %+v", got)
	}
}

// TestNodes runs one job and its successor from two nodes at once: the portal is read
// by one of them at a time, once for each job.
func TestNodes(t *testing.T) {
	h := newHouse(t, dbtest.Postgres(t))
	src := h.source("portail", h.organization, Options{})
	var inside, calls atomic.Int32
	h.told.says(func(_ context.Context, r Request, emit func(Line) error) error {
		if inside.Add(1) > 1 {
			t.Error("two nodes read one portal at once")
		}
		defer inside.Add(-1)
		calls.Add(1)
		for _, l := range datasets(0, 40) {
			if err := emit(l); err != nil {
				return err
			}
		}
		time.Sleep(200 * time.Millisecond)
		return emit(Line{T: LineEnd, Complete: true})
	})
	jobs := []*Job{h.queue(src, false)}
	ended := make(chan error)
	run := func(s *Store, id string) { ended <- s.Run(h.ctx, id, nil) }
	nodes := []*Store{h.node(), h.node()}
	for _, node := range nodes {
		go run(node, jobs[0].ID)
	}
	for h.job(jobs[0].ID).Status == Initialized {
		time.Sleep(5 * time.Millisecond)
	}
	jobs = append(jobs, h.queue(src, false))
	for _, node := range nodes {
		go run(node, jobs[1].ID)
	}
	for range 4 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	if calls.Load() != 2 {
		t.Errorf("the portal was read %d times, want 2", calls.Load())
	}
	h.wants(h.job(jobs[0].ID), Done, "new 40 changed 0 unchanged 0 failed 0 skipped 0 archived 0 conflicts 0")
	h.wants(h.job(jobs[1].ID), Done, "new 0 changed 0 unchanged 40 failed 0 skipped 0 archived 0 conflicts 0")
}

// TestQuarantine has a record end the process: it is left out once that happened twice, until it
// changes.
func TestQuarantine(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	src := h.source("portail", h.organization, Options{})
	h.told.lists(datasets(0, 6)...)
	job := h.queue(src, false)
	h.abandon(h.node(), job.ID, func() bool { return true }) // nobody knows at what
	h.exec("DELETE FROM harvest_items")
	h.exec("DELETE FROM harvest_records")
	h.exec("DELETE FROM harvests")
	h.exec("UPDATE harvest_jobs SET items = 0, datasets = 0, created = 0, done = 0 WHERE id = ?", job.ID)
	deaths := 0
	for range 5 {
		node := h.node()
		node.atRecord = func(id string) {
			if id == "record-2" {
				deaths++
				runtime.Goexit()
			}
		}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_ = node.Run(h.ctx, job.ID, nil)
		}()
		<-ended
		if h.job(job.ID).Status.Over() {
			break
		}
		h.exec("UPDATE harvest_jobs SET lease_until = 1 WHERE id = ?", job.ID)
	}
	if got := h.job(job.ID); got.Status != Done || deaths != quarantineAfter {
		t.Fatalf("the job is %s after %d deaths", got.Status, deaths)
	}
	h.wants(h.job(job.ID), Done, "new 5 changed 0 unchanged 0 failed 0 skipped 1 archived 0 conflicts 0")
	h.wants(h.run(src), Done, "new 0 changed 0 unchanged 5 failed 0 skipped 1 archived 0 conflicts 0")
	lines := datasets(0, 6)
	lines[2].Dataset.Title = "Réparé"
	h.told.lists(lines...)
	h.wants(h.run(src), Done, "new 1 changed 0 unchanged 5 failed 0 skipped 0 archived 0 conflicts 0")
}

// TestWithin bounds the work on one record.
func TestWithin(t *testing.T) {
	if err := within(time.Minute, func() error { return nil }); err != nil {
		t.Error(err)
	}
	if err := within(5*time.Millisecond, func() error { select {} }); !errors.Is(err, errSlow) {
		t.Errorf("work without end gives %v", err)
	}
	var broken *errPanic
	if err := within(time.Minute, func() error { panic("x") }); !errors.As(err, &broken) || strings.Contains(failureText(err), "panic") {
		t.Errorf("a panic gives %v", err)
	}
}

// TestResumesAfterRemarks interrupts a job that has remarks and no item yet.
func TestResumesAfterRemarks(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	src := h.source("portail", h.organization, Options{})
	h.told.says(func(_ context.Context, _ Request, emit func(Line) error) error {
		if err := emit(Line{T: LineLog, Level: "warning", Message: "429"}); err != nil {
			return err
		}
		return &Wait{Until: time.Now(), Host: "portal.example.org", Err: errors.New("429")}
	})
	if job := h.run(src); job.Status != Suspended {
		t.Fatalf("the job is %s: %s", job.Status, job.Errors)
	}
	h.told.lists(append(datasets(0, 2), Line{T: LineLog, Level: "warning", Message: "slow"})...)
	job := h.job(*h.reload(src).LastJob)
	if err := h.store.Run(h.ctx, job.ID, nil); err != nil {
		t.Fatal(err)
	}
	h.wants(h.job(job.ID), Done, "new 2 changed 0 unchanged 0 failed 0 skipped 0 archived 0 conflicts 0")
	if n := h.number("SELECT count(*) FROM harvest_logs WHERE job_id = ?", job.ID); n != 2 {
		t.Errorf("%d remarks are kept, want 2", n)
	}
}

// TestResumesInPart interrupts a job after its portal kept something back: what the rest
// does not list need not have vanished.
func TestResumesInPart(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	now := 0
	src := h.source("portail", h.organization, Options{GraceDays: &now})
	h.told.lists(datasets(0, 4)...)
	h.run(src)
	h.told.says(func(_ context.Context, _ Request, emit func(Line) error) error {
		for _, l := range []Line{{T: LineError, Message: "Page 1 cannot be read."}, {T: LineCheckpoint, Cursor: "2"}} {
			if err := emit(l); err != nil {
				return err
			}
		}
		return &Wait{Until: time.Now(), Host: "portal.example.org", Err: errors.New("429")}
	})
	job := h.run(src)
	h.told.lists(datasets(1, 4)...)
	if err := h.store.Run(h.ctx, job.ID, nil); err != nil {
		t.Fatal(err)
	}
	h.wants(h.job(job.ID), DoneErrors, "new 0 changed 0 unchanged 3 failed 0 skipped 0 archived 0 conflicts 0")
	if h.job(job.ID).Complete {
		t.Error("a job that left a page out says that it read everything")
	}
}

// TestForbiddenDuringRun refuses, stops and deletes sources while their jobs run, wait and are suspended.
func TestForbiddenDuringRun(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		admin := account.System("test")
		for name, forbid := range map[string]func(id string) error{
			"refused": func(id string) error {
				_, err := h.store.ValidateSource(h.ctx, admin, id, Refused, "no")
				return err
			},
			"inactive": func(id string) error {
				_, err := h.store.UpdateSource(h.ctx, admin, id, SourceInput{Active: account.Opt[bool]{Set: true}})
				return err
			},
			"deleted": func(id string) error { return h.store.DeleteSource(h.ctx, admin, id) },
		} {
			src := h.source(name, h.organization, Options{})
			begun := make(chan struct{})
			h.told.says(func(ctx context.Context, _ Request, _ func(Line) error) error {
				close(begun)
				<-ctx.Done()
				return ctx.Err()
			})
			running := h.queue(src, false)
			ended := make(chan error, 1)
			go func() { ended <- h.store.Run(h.ctx, running.ID, nil) }()
			<-begun
			waiting, preview := h.queue(src, false), h.queue(src, true)
			asked := time.Now()
			if err := forbid(src.ID); err != nil {
				t.Fatal(err)
			}
			if got := h.job(waiting.ID); got.Status != Cancelled {
				t.Errorf("%s: the job that waits is %s", name, got.Status)
			}
			if got, want := h.job(preview.ID).Status == Cancelled, name == "deleted"; got != want {
				t.Errorf("%s: the preview that waits was ended: %v", name, got)
			}
			if err := <-ended; err != nil {
				t.Fatal(err)
			}
			if got := h.job(running.ID); got.Status != Cancelled || time.Since(asked) > 2*time.Second {
				t.Errorf("%s: the job at work is %s after %v", name, got.Status, time.Since(asked))
			}
			if got := h.reload(src); got.Failures != 0 {
				t.Errorf("%s: the source counts %d failures", name, got.Failures)
			}
		}
	})
}

// TestLapses has a job bring the process down before anything of it is written: it is not
// tried for ever.
func TestLapses(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	h.told.lists(datasets(0, 3)...)
	job := h.queue(h.source("portail", h.organization, Options{}), false)
	for tries := 0; !h.job(job.ID).Status.Over(); tries++ {
		if tries > mostLapses {
			t.Fatalf("the job is tried for the %dth time", tries)
		}
		got, _, err := h.store.claim(h.ctx, job.ID)
		if err != nil || got == nil {
			t.Fatal(err)
		}
		h.exec("UPDATE harvest_jobs SET lease_until = 1 WHERE id = ?", job.ID)
		if tries == mostLapses-1 {
			if err := h.store.Run(h.ctx, job.ID, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := h.job(job.ID); got.Status != Failed || !strings.Contains(string(got.Errors), "10 times in a row") {
		t.Errorf("the job is %s: %s", got.Status, got.Errors)
	}
	next := h.queue(h.source("other", h.organization, Options{}), false)
	h.exec("UPDATE harvest_jobs SET lapses = ? WHERE id = ?", mostLapses-1, next.ID)
	if err := h.store.Run(h.ctx, next.ID, nil); err != nil || h.job(next.ID).Status != Done || h.job(next.ID).Lapses != 0 {
		t.Errorf("a job that goes on after lapses is %+v (%v)", h.job(next.ID), err)
	}
}

// TestResumesLate goes on with a job after more than a day: it starts over, once.
func TestResumesLate(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	src := h.source("portail", h.organization, Options{})
	var cursors []string
	h.told.says(func(_ context.Context, r Request, emit func(Line) error) error {
		cursors = append(cursors, r.Cursor)
		for _, l := range append(datasets(0, 2), Line{T: LineCheckpoint, Cursor: "2"}) {
			if err := emit(l); err != nil {
				return err
			}
		}
		return &Wait{Until: time.Now(), Host: "portal.example.org", Err: errors.New("429")}
	})
	job := h.run(src)
	h.exec("UPDATE harvest_jobs SET started_at = started_at - ? WHERE id = ?", (25 * time.Hour).Microseconds(), job.ID)
	for range 2 {
		if err := h.store.Run(h.ctx, job.ID, nil); err != nil {
			t.Fatal(err)
		}
	}
	if strings.Join(cursors, ",") != ",,2" {
		t.Errorf("the job goes on at %q", cursors)
	}
	if got := h.job(job.ID); got.Items != 2 || got.Unchanged != 2 {
		t.Errorf("the job counts %+v", got)
	}
}
