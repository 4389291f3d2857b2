package harvest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
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
			if !protected {
				continue
			}
			h.exec("UPDATE harvest_sources SET options = '{}' WHERE id = ?", src.ID)
			h.wants(h.run(src), Done, "new 0 changed 1 unchanged 2 failed 0 skipped 0 archived 0 conflicts 0")
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

// Previews that hang, which anybody may ask for, keep no run waiting.
func TestPreviewsHoldNoRunUp(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	h.told.says(func(ctx context.Context, r Request, emit func(Line) error) error {
		if r.Dry {
			<-ctx.Done()
			return ctx.Err()
		}
		return emit(Line{T: LineEnd, Complete: true})
	})
	runner := job.NewRunner(h.store.db, job.Options{Poll: 20 * time.Millisecond, Workers: atOnce + previewsAtOnce})
	h.store.deps.Jobs = runner
	Register(runner, func() *Store { return h.store })
	if err := runner.Start(h.ctx); err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		h.queue(h.source(fmt.Sprintf("lent-%d", i), h.organization, Options{}), true)
	}
	time.Sleep(200 * time.Millisecond)
	run := h.queue(h.source("portail", h.organization, Options{}), false)
	for until := time.Now().Add(10 * time.Second); !h.job(run.ID).Status.Over() && time.Now().Before(until); {
		time.Sleep(20 * time.Millisecond)
	}
	if got := h.job(run.ID); !got.Status.Over() {
		t.Errorf("the run waits behind previews: %s", got.Status)
	}
	if err := runner.Stop(h.ctx); err != nil {
		t.Fatal(err)
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
