package harvest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/event"
)

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

// TestFatalError keeps what was told before the portal failed.
func TestFatalError(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	h.told.lists(append(datasets(0, 3), Line{T: LineError, Message: "The portal is closed.", Fatal: true})...)
	job := h.run(h.source("portail", h.organization, Options{}))
	h.wants(job, Failed, "new 3 changed 0 unchanged 0 failed 0 skipped 0 archived 0 conflicts 0")
	if job.Complete || !strings.Contains(string(job.Errors), "The portal is closed.") {
		t.Errorf("the job says %s", job.Errors)
	}
}
