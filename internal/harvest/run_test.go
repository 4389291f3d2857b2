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

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/job"
)

// TestRuns harvests a portal when all is new, when nothing changed, and when something
// did: records that are as they were leave no event behind.
func TestRuns(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		src := h.source("portail", h.organization, Options{})
		lines := datasets(0, 25)
		service := Line{T: LineDataservice, RemoteID: "service", Dataservice: &Dataservice{Title: "API", BaseAPIURL: "https://api.example.org/", Datasets: []string{"record-3"}}}
		h.told.lists(append(lines, service, Line{T: LineSkip, RemoteID: "empty", Reason: "Dataset empty has no record"}, Line{T: LineDataset, Dataset: &Dataset{Title: "x"}})...)
		first := h.run(src)
		h.wants(first, Done, "new 26 changed 0 unchanged 0 failed 0 skipped 2 archived 0 conflicts 0")
		if first.Items != 28 || first.Datasets != 27 || first.Dataservices != 1 || !first.Complete || first.EndedAt.IsZero() {
			t.Errorf("the job counts %+v", first)
		}
		if n := h.number("SELECT count(*) FROM resources"); n != 50 {
			t.Errorf("%d resources were written, want 50", n)
		}
		if n := h.number("SELECT count(*) FROM dataservice_datasets"); n != 1 {
			t.Errorf("the service gives %d datasets, want 1", n)
		}
		events := h.number("SELECT count(*) FROM events")
		second := h.run(src)
		h.wants(second, Done, "new 0 changed 0 unchanged 26 failed 0 skipped 2 archived 0 conflicts 0")
		if n := h.number("SELECT count(*) FROM events"); n != events {
			t.Errorf("%d events tell of records that are as they were", n-events)
		}
		if n := h.number("SELECT count(*) FROM harvests WHERE last_update >= ?", second.StartedAt); n != 26 {
			t.Errorf("%d objects were seen by the second run, want 26", n)
		}
		lines[7].Dataset.Title = "Autre jeu"
		h.told.lists(append(lines, service)...)
		third := h.run(src)
		h.wants(third, Done, "new 0 changed 1 unchanged 25 failed 0 skipped 0 archived 0 conflicts 0")
		for _, item := range h.items(third.ID) {
			if _, ok := item.Changes()["title"]; item.Outcome == OutcomeChanged && (!ok || *item.Title != "Autre jeu") {
				t.Errorf("the item of the change says %s of %s", item.Difference, *item.Title)
			}
		}
		if n := h.number("SELECT count(*) FROM harvest_items WHERE job_id = ? AND outcome = 'unchanged'", second.ID); n != 0 {
			t.Errorf("%d items of unchanged records of a former job are kept", n)
		}
		if src = h.reload(src); *src.LastGoodJob != third.ID || src.LastGoodTotal != 26 || *src.LastJob != third.ID {
			t.Errorf("the source says %+v", src)
		}
	})
}

// TestLocalEdits edits a harvested dataset here: the next run compares it again, takes
// back what it wrote, and keeps what is protected.
func TestLocalEdits(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, protected := range []bool{false, true} {
			h := newHouse(t, d)
			options := Options{}
			if protected {
				options.ProtectedFields = []string{"title"}
			}
			src := h.source(fmt.Sprintf("portail-%v", protected), h.organization, options)
			h.told.lists(datasets(0, 3)...)
			h.run(src)
			id := ""
			if err := d.Read().NewRaw("SELECT object_id FROM harvests WHERE remote_id = 'record-1' AND source_id = ?", src.ID).Scan(h.ctx, &id); err != nil {
				t.Fatal(err)
			}
			h.exec("UPDATE datasets SET title = 'À nous', version = version + 1 WHERE id = ?", id)
			job, want := h.run(src), "Jeu 1"
			if protected {
				h.wants(job, Done, "new 0 changed 0 unchanged 3 failed 0 skipped 0 archived 0 conflicts 0")
				want = "À nous"
			} else {
				h.wants(job, Done, "new 0 changed 1 unchanged 2 failed 0 skipped 0 archived 0 conflicts 0")
			}
			var title string
			if err := d.Read().NewRaw("SELECT title FROM datasets WHERE id = ?", id).Scan(h.ctx, &title); err != nil || title != want {
				t.Errorf("protected %v: the title is %q, want %q (%v)", protected, title, want, err)
			}
		}
	})
}

// TestVanished leaves records out: what is no longer listed vanishes after the days of
// grace, at once when the portal says so, and never after a run that saw a part.
func TestVanished(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		src := h.source("portail", h.organization, Options{})
		h.told.lists(datasets(0, 10)...)
		h.run(src)
		h.told.lists(datasets(0, 9)...)
		h.wants(h.run(src), Done, "new 0 changed 0 unchanged 9 failed 0 skipped 0 archived 0 conflicts 0")
		h.exec("UPDATE harvests SET last_update = ? WHERE remote_id IN ('record-9', 'record-8')", db.TimeOf(time.Now().Add(-8*24*time.Hour)))
		h.exec("UPDATE harvest_records SET hash = '' WHERE remote_id = 'record-8'")
		for name, tell := range map[string]func(context.Context, Request, func(Line) error) error{
			"failed":      func(context.Context, Request, func(Line) error) error { return errors.New("broken") },
			"without end": func(context.Context, Request, func(Line) error) error { return nil },
			"fatal": func(_ context.Context, _ Request, emit func(Line) error) error {
				return emit(Line{T: LineError, Message: "no", Fatal: true})
			},
			"panic": func(context.Context, Request, func(Line) error) error { panic("broken") },
			"in part": func(_ context.Context, _ Request, emit func(Line) error) error {
				return emit(Line{T: LineEnd, Complete: false})
			},
		} {
			h.told.says(tell)
			job := h.run(src)
			if job.ItemsArchived != 0 || job.Complete || name != "in part" && (job.Status != Failed || len(job.Troubles()) != 1) {
				t.Errorf("%s: the job is %s, archived %d, and says %s", name, job.Status, job.ItemsArchived, job.Errors)
			}
		}
		capped := h.node()
		capped.deps.Rules.MaxItems = 4
		h.told.lists(datasets(0, 9)...)
		job := h.queue(src, false)
		if err := capped.Run(h.ctx, job.ID, nil); err != nil {
			t.Fatal(err)
		}
		if job = h.job(job.ID); job.Items != 4 || job.ItemsArchived != 0 || job.Status != Done || !strings.Contains(string(job.Errors), "4 max items reached, not all datasets/dataservices were retrieved") {
			t.Errorf("a capped run has %d items, archived %d and says %s %s", job.Items, job.ItemsArchived, job.Status, job.Errors)
		}
		h.told.lists(append(datasets(0, 8), Line{T: LineError, RemoteID: "record-8", Message: "unreadable"}, Line{T: LineGone, RemoteID: "record-2"})...)
		last := h.run(src)
		h.wants(last, DoneErrors, "new 0 changed 0 unchanged 8 failed 1 skipped 0 archived 2 conflicts 0")
		for id, archived := range map[string]int{"record-9": 1, "record-8": 0, "record-2": 1, "record-3": 0} {
			n := h.number("SELECT count(*) FROM harvests h JOIN datasets d ON d.id = h.object_id WHERE h.remote_id = ? AND h.archived = 'not-on-remote' AND d.archived_at IS NOT NULL", id)
			if n != archived {
				t.Errorf("%s is archived %d times, want %d", id, n, archived)
			}
		}
		h.told.lists(datasets(0, 10)...)
		h.wants(h.run(src), Done, "new 0 changed 2 unchanged 8 failed 0 skipped 0 archived 0 conflicts 0")
		if n := h.number("SELECT count(*) FROM datasets WHERE archived_at IS NOT NULL"); n != 0 {
			t.Errorf("%d datasets that came back are archived", n)
		}
	})
}

// TestVanishPolicies deletes or keeps what vanished where the source wants it so.
func TestVanishPolicies(t *testing.T) {
	now := 0
	for policy, want := range map[Vanish]string{DeleteVanished: "deleted", KeepVanished: "there", ArchiveVanished: "archived", "": "archived"} {
		h := newHouse(t, dbtest.SQLite(t))
		src := h.source("portail", h.organization, Options{OnVanish: policy, GraceDays: &now})
		h.told.lists(datasets(0, 4)...)
		h.run(src)
		h.told.lists(datasets(0, 3)...)
		h.run(src)
		var got string
		err := h.d.Read().NewRaw(`SELECT CASE WHEN deleted_at IS NOT NULL THEN 'deleted' WHEN archived_at IS NOT NULL THEN 'archived' ELSE 'there' END
			FROM datasets WHERE id = (SELECT object_id FROM harvests WHERE remote_id = 'record-3')`).Scan(h.ctx, &got)
		if err != nil || got != want {
			t.Errorf("with the policy %q what vanished is %s, want %s (%v)", policy, got, want, err)
		}
	}
}

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

// TestConflicts has two sources list the same records.
func TestConflicts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		line := dataset(1, "Commun")
		line.RemoteID = "https://data.example.org/commun"
		h.told.lists(line)
		first := h.source("first", h.organization, Options{})
		h.wants(h.run(first), Done, "new 1 changed 0 unchanged 0 failed 0 skipped 0 archived 0 conflicts 0")
		foreign := h.source("foreign", h.other, Options{})
		h.wants(h.run(foreign), DoneErrors, "new 0 changed 0 unchanged 0 failed 1 skipped 0 archived 0 conflicts 1")
		sister := h.source("sister", h.organization, Options{})
		job := h.run(sister)
		h.wants(job, Done, "new 0 changed 0 unchanged 0 failed 0 skipped 1 archived 0 conflicts 1")
		if n := h.number("SELECT count(*) FROM harvest_logs WHERE job_id = ? AND level = 'warning'", job.ID); n != 1 {
			t.Errorf("%d warnings tell of the conflict, want 1", n)
		}
		for src, reason := range map[*Source]string{foreign: conflictOwner, sister: conflictSource} {
			if n := h.number("SELECT count(*) FROM harvest_conflicts WHERE source_id = ? AND reason = ?", src.ID, reason); n != 1 {
				t.Errorf("%s: %d conflicts are written down, want 1", src.Name, n)
			}
		}
		// The first is at work no more: the sister takes over.
		h.exec("UPDATE harvest_jobs SET ended_at = ? WHERE source_id = ?", db.TimeOf(time.Now().Add(-60*24*time.Hour)), first.ID)
		h.wants(h.run(sister), Done, "new 0 changed 1 unchanged 0 failed 0 skipped 0 archived 0 conflicts 0")
		if n := h.number("SELECT count(*) FROM harvest_conflicts WHERE source_id = ?", sister.ID); n != 0 {
			t.Error("the conflict outlives its end")
		}
		if n := h.number("SELECT count(*) FROM datasets"); n != 1 {
			t.Errorf("there are %d datasets", n)
		}
	})
}

// TestRelink changes the identifier of a record: it is told of, and the same dataset
// again where the source asks for it.
func TestRelink(t *testing.T) {
	for _, relink := range []bool{false, true} {
		h := newHouse(t, dbtest.SQLite(t))
		src := h.source("portail", h.organization, Options{Relink: relink})
		h.told.lists(datasets(0, 6)...)
		h.run(src)
		lines := datasets(0, 6)
		lines[2].RemoteID = "renamed"
		h.told.lists(lines...)
		job := h.run(src)
		want, datasets := "new 1 changed 0 unchanged 5 failed 0 skipped 0 archived 0 conflicts 0", 7
		if relink {
			want, datasets = "new 0 changed 1 unchanged 5 failed 0 skipped 0 archived 0 conflicts 0", 6
		}
		h.wants(job, Done, want)
		if n := h.number("SELECT count(*) FROM datasets"); n != datasets {
			t.Errorf("relink %v: %d datasets, want %d", relink, n, datasets)
		}
		for _, item := range h.items(job.ID) {
			if item.RemoteID != nil && *item.RemoteID == "renamed" && !strings.Contains(string(item.Logs), "identifier") {
				t.Errorf("relink %v: the item does not tell of the former identifier: %s", relink, item.Logs)
			}
		}
	}
}

// TestShrinks has a portal list far less than before.
func TestShrinks(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		now := 0
		shrink := func(name string) (*Source, *Job) {
			src := h.source(name, h.organization, Options{GraceDays: &now})
			h.told.lists(datasets(0, 9)...)
			h.run(src)
			h.told.lists(datasets(0, 4)...)
			return src, h.run(h.reload(src))
		}
		src, job := shrink("again")
		h.wants(job, DoneErrors, "new 0 changed 0 unchanged 4 failed 0 skipped 0 archived 0 conflicts 0")
		if src = h.reload(src); src.ShrunkJob == nil || *src.ShrunkJob != job.ID || !strings.Contains(string(job.Errors), "suspicious shrinkage") {
			t.Errorf("nothing waits for a confirmation: %s", job.Errors)
		}
		h.told.lists(datasets(0, 3)...)
		h.wants(h.run(src), DoneErrors, "new 0 changed 0 unchanged 3 failed 0 skipped 0 archived 0 conflicts 0")
		h.wants(h.run(src), Done, "new 0 changed 0 unchanged 3 failed 0 skipped 0 archived 6 conflicts 0")
		if src = h.reload(src); src.ShrunkJob != nil || src.LastGoodTotal != 3 {
			t.Errorf("after the second run of the same: %+v", src)
		}

		h.told.lists()
		empty := h.run(src)
		h.wants(empty, DoneErrors, "new 0 changed 0 unchanged 0 failed 0 skipped 0 archived 0 conflicts 0")
		err := h.log.Write(h.ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
			waited, err := h.store.confirmShrunk(ctx, tx, h.reload(src))
			if !waited {
				t.Error("nothing waited for the confirmation")
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		h.wants(h.run(src), Done, "new 0 changed 0 unchanged 0 failed 0 skipped 0 archived 3 conflicts 0")
	})
}

// TestPreviews previews a whole source, stored, and its first records, not stored: neither
// writes anything to the catalogue.
func TestPreviews(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		src := h.source("portail", h.organization, Options{})
		h.told.lists(datasets(0, 8)...)
		h.run(src)
		lines := datasets(1, 10)
		lines[3].Dataset.Title = "Change"
		h.told.lists(lines...)
		before := h.catalogue()
		job := h.queue(src, true)
		if err := h.store.Run(h.ctx, job.ID, nil); err != nil {
			t.Fatal(err)
		}
		h.wants(h.job(job.ID), Done, "new 2 changed 1 unchanged 6 failed 0 skipped 0 archived 1 conflicts 0")
		h.store.deps.Rules.PreviewItems = 5
		now, items, err := h.store.previewNow(h.ctx, src)
		if err != nil || len(items) != 5 || now.Status != Done || !strings.Contains(string(now.Errors), "5 max items") {
			t.Fatalf("a preview gives %d items, %+v, %v", len(items), now, err)
		}
		for _, item := range items {
			if item.Dataset == nil || item.Dataset.Title == "" || len(item.Dataset.Resources) != 2 {
				t.Errorf("%s has no whole dataset", *item.RemoteID)
			}
		}
		h.told.says(func(ctx context.Context, _ Request, emit func(Line) error) error {
			if err := emit(dataset(1, "Jeu 1")); err != nil {
				return err
			}
			<-ctx.Done()
			return ctx.Err()
		})
		h.store.deps.Rules.PreviewTime = 200 * time.Millisecond
		if late, items, err := h.store.previewNow(h.ctx, src); err != nil || len(items) != 1 || len(late.Troubles()) != 1 {
			t.Errorf("a slow portal gives %d items, %v", len(items), err)
		}
		if after := h.catalogue(); !maps.Equal(before, after) {
			t.Error("a preview changed the catalogue")
		}
	})
}

// TestPages remembers a page once its records are written, and forgets it when one of them
// is another one here.
func TestPages(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	src := h.source("portail", h.organization, Options{})
	const address = "https://portail.example.org/page/1"
	var kept *KeptPage
	h.told.says(func(ctx context.Context, r Request, emit func(Line) error) (err error) {
		if kept, err = r.Remote.Kept(ctx, address); err != nil {
			return err
		}
		page := KeptPage{Address: address, ETag: `"1"`}
		for _, l := range datasets(0, 3) {
			if kept != nil {
				l = Line{T: LineUnchanged, RemoteID: l.RemoteID}
			}
			page.Records = append(page.Records, KeptRecord{RemoteID: l.RemoteID})
			if err := emit(l); err != nil {
				return err
			}
		}
		if err := r.Remote.Keep(ctx, page); err != nil {
			return err
		}
		return emit(Line{T: LineEnd, Complete: true})
	})
	h.run(src)
	if kept != nil {
		t.Error("a page is known before the first run")
	}
	h.wants(h.run(src), Done, "new 0 changed 0 unchanged 3 failed 0 skipped 0 archived 0 conflicts 0")
	if kept == nil || len(kept.Records) != 3 {
		t.Fatalf("the second run knows of %+v", kept)
	}
	h.exec("UPDATE datasets SET title = 'Edited', version = version + 1 WHERE title = 'Jeu 1'")
	h.wants(h.run(src), Done, "new 0 changed 1 unchanged 2 failed 0 skipped 0 archived 0 conflicts 0")
	if kept != nil {
		t.Error("a page is known although a record of it was edited here")
	}
	h.exec("UPDATE harvest_sources SET config = ? WHERE id = ?", `{"filters":[{"key":"a","value":"b"}]}`, src.ID)
	h.run(h.reload(src))
	if kept != nil {
		t.Error("a page is known although the source is another one now")
	}
}

// TestSince has a backend leave out what did not change, as long as nothing is missed by
// it, and lets things vanish only when it was told what is still there.
func TestSince(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	h.told.incremental = true
	now := 0
	src := h.source("portail", h.organization, Options{GraceDays: &now})
	var since time.Time
	still := true
	h.told.says(func(_ context.Context, r Request, emit func(Line) error) error {
		since = r.Since
		for i, l := range datasets(0, 4) {
			switch {
			case r.Since.IsZero() || i == 0:
			case !still || i == 3:
				continue
			default:
				l = Line{T: LineUnchanged, RemoteID: l.RemoteID}
			}
			if err := emit(l); err != nil {
				return err
			}
		}
		return emit(Line{T: LineEnd, Complete: true})
	})
	first := h.run(src)
	if !since.IsZero() {
		t.Error("the first run leaves something out")
	}
	still = false
	h.exec("UPDATE harvest_records SET hash = 'x' WHERE remote_id = 'record-0'") // so that nothing is unchanged
	if job := h.run(h.reload(src)); !since.Equal(first.StartedAt.Time) || job.Complete || job.ItemsArchived != 0 {
		t.Errorf("the second run is since %v: complete %v, archived %d", since, job.Complete, job.ItemsArchived)
	}
	still = true
	third := h.run(h.reload(src))
	h.wants(third, Done, "new 0 changed 0 unchanged 3 failed 0 skipped 0 archived 1 conflicts 0")
	if !since.Equal(first.StartedAt.Time) || !third.Complete {
		t.Errorf("the third run is since %v", since)
	}
	h.exec("UPDATE datasets SET version = version + 1 WHERE title = 'Jeu 1'")
	if h.run(h.reload(src)); !since.IsZero() {
		t.Error("a run after an edit leaves something out")
	}
	h.exec("UPDATE harvest_jobs SET started_at = started_at - ?", (8 * 24 * time.Hour).Microseconds())
	if h.run(h.reload(src)); !since.IsZero() {
		t.Error("nothing was read whole for over a week")
	}
}

// TestDue starts sources whose time has come, once, and purges what is old or was deleted.
func TestDue(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		src := h.source("portail", h.organization, Options{})
		h.exec("UPDATE harvest_sources SET schedule = '0 3 * * *', next_run = ? WHERE id = ?", db.TimeOf(time.Now().Add(-time.Minute)), src.ID)
		for range 2 {
			if err := h.store.Due(h.ctx, time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		if n := h.number("SELECT count(*) FROM harvest_jobs WHERE reason = 'schedule'"); n != 1 {
			t.Fatalf("%d jobs were made, want 1", n)
		}
		if src = h.reload(src); !src.NextRun.After(time.Now()) {
			t.Errorf("the source is due again at %v", src.NextRun)
		}
		h.told.lists(datasets(0, 3)...)
		if err := h.store.Run(h.ctx, *src.LastJob, nil); err != nil {
			t.Fatal(err)
		}
		if err := h.store.PurgeJobs(h.ctx, time.Now().Add(200*24*time.Hour)); err != nil || h.number("SELECT count(*) FROM harvest_jobs") != 1 {
			t.Fatalf("a job was purged before its time (%v)", err)
		}
		if err := h.store.PurgeJobs(h.ctx, time.Now().Add(366*24*time.Hour)); err != nil || h.number("SELECT count(*) FROM harvest_jobs") != 0 || h.reload(src).LastJob != nil {
			t.Fatalf("an old job is kept (%v)", err)
		}
		h.exec("UPDATE harvest_sources SET deleted_at = ? WHERE id = ?", db.Now(), src.ID)
		if n, err := h.store.PurgeSources(h.ctx); err != nil || n != 1 {
			t.Fatalf("%d sources were purged: %v", n, err)
		}
		if n := h.number("SELECT count(*) FROM harvests h JOIN datasets d ON d.id = h.object_id WHERE h.archived = 'harvester-deleted' AND d.archived_at IS NOT NULL"); n != 3 {
			t.Errorf("%d datasets of the purged source are archived, want 3", n)
		}
		if _, err := sourceOf(h.ctx, d.Read(), src.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("the source is there: %v", err)
		}
	})
}

// TestRunner has a runner do the work: two jobs of one source one after the other, and
// the first one after an interruption.
func TestRunner(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		node := func() (*Store, *job.Runner) {
			runner := job.NewRunner(d, job.Options{Poll: 20 * time.Millisecond})
			s := h.node()
			s.deps.Jobs = runner
			Register(runner, func() *Store { return s })
			if err := runner.Start(h.ctx); err != nil {
				t.Fatal(err)
			}
			return s, runner
		}
		src := h.source("portail", h.organization, Options{})
		begun := make(chan struct{})
		h.told.says(func(ctx context.Context, _ Request, emit func(Line) error) error {
			close(begun)
			<-ctx.Done()
			return ctx.Err()
		})
		var runner *job.Runner
		h.store, runner = node()
		first := h.queue(src, false)
		<-begun
		second := h.queue(src, false)
		if err := runner.Stop(h.ctx); err != nil {
			t.Fatal(err)
		}
		if got := h.job(first.ID); got.Status != Suspended {
			t.Errorf("after the end of the process the job is %s", got.Status)
		}
		h.told.lists(datasets(0, 5)...)
		h.store, runner = node()
		for until := time.Now().Add(20 * time.Second); !h.job(second.ID).Status.Over() && time.Now().Before(until); {
			time.Sleep(20 * time.Millisecond)
		}
		h.wants(h.job(first.ID), Done, "new 5 changed 0 unchanged 0 failed 0 skipped 0 archived 0 conflicts 0")
		h.wants(h.job(second.ID), Done, "new 0 changed 0 unchanged 5 failed 0 skipped 0 archived 0 conflicts 0")
		if err := runner.Stop(h.ctx); err != nil {
			t.Fatal(err)
		}
	})
}

// TestRefusedSources may not run.
func TestRefusedSources(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	h.told.lists(datasets(0, 1)...)
	for _, change := range []string{"active = 0", "validation = 'refused'", "deleted_at = 1", "backend = 'gone'"} {
		src := h.source("s"+strings.Map(func(r rune) rune {
			if r < 'a' || r > 'z' {
				return -1
			}
			return r
		}, change), h.organization, Options{})
		job := h.queue(src, false)
		h.exec("UPDATE harvest_sources SET "+change+" WHERE id = ?", src.ID)
		if err := h.store.Run(h.ctx, job.ID, nil); err != nil {
			t.Fatal(err)
		}
		if got := h.job(job.ID); got.Status != Failed || len(got.Troubles()) != 1 || got.Items != 0 {
			t.Errorf("%s: the job is %s and says %s", change, got.Status, got.Errors)
		}
	}
	if n := h.number("SELECT count(*) FROM datasets"); n != 0 {
		t.Errorf("%d datasets were written", n)
	}
}

// BenchmarkRun harvests 2,000 new records of three resources, then the same again.
func BenchmarkRun(b *testing.B) {
	var lines []Line
	for i := range 2000 {
		l := dataset(i, fmt.Sprintf("Jeu de données %d", i))
		l.Dataset.Description = strings.Repeat("Une description de longueur moyenne. ", 12)
		l.Dataset.Resources = append(l.Dataset.Resources, Resource{RemoteID: l.RemoteID + "-c", Title: "c", URL: "https://files.example.org/" + l.RemoteID + "/c.zip"})
		lines = append(lines, l)
	}
	var fresh, again time.Duration
	for range b.N {
		h := newHouse(b, dbtest.SQLite(b))
		src := h.source("portail", h.organization, Options{})
		h.told.lists(lines...)
		began := time.Now()
		h.wants(h.run(src), Done, "new 2000 changed 0 unchanged 0 failed 0 skipped 0 archived 0 conflicts 0")
		fresh += time.Since(began)
		began = time.Now()
		h.wants(h.run(src), Done, "new 0 changed 0 unchanged 2000 failed 0 skipped 0 archived 0 conflicts 0")
		again += time.Since(began)
	}
	b.ReportMetric(float64(2000*b.N)/fresh.Seconds(), "new/s")
	b.ReportMetric(float64(2000*b.N)/again.Seconds(), "unchanged/s")
}
