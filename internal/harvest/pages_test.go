package harvest

import (
	"context"
	"testing"
	"time"

	"grenier/internal/db/dbtest"
)

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

// TestPagesOfRefusedRecords has a record be refused that was taken before: its page is read
// again until it is taken, though the portal says that the page is the same.
func TestPagesOfRefusedRecords(t *testing.T) {
	for name, second := range map[string]Line{
		"refused": {T: LineDataset, RemoteID: "record-1", Dataset: &Dataset{}}, "failed": {T: LineError, RemoteID: "record-1", Message: "unreadable"},
		"skipped": {T: LineSkip, RemoteID: "record-1", Reason: "empty"},
	} {
		h := newHouse(t, dbtest.SQLite(t))
		src := h.source("portail", h.organization, Options{})
		const address = "https://portail.example.org/page/1"
		var kept *KeptPage
		told := datasets(0, 3)
		h.told.says(func(ctx context.Context, r Request, emit func(Line) error) (err error) {
			if kept, err = r.Remote.Kept(ctx, address); err != nil {
				return err
			}
			page := KeptPage{Address: address, ETag: `"1"`}
			for _, l := range told {
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
		told[1] = second
		for run := range 2 {
			if h.run(src); run > 0 && kept != nil {
				t.Errorf("%s: the page is known although a record of it was not taken", name)
			}
		}
		told = datasets(0, 3)
		h.run(src)
		if h.run(src); kept == nil {
			t.Errorf("%s: the page is not known once its records are here again", name)
		}
	}
}

// TestMovedRecords tells a record on a page that is as it was, and once more with its
// content: the content counts.
func TestMovedRecords(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	src := h.source("portail", h.organization, Options{})
	h.told.lists(datasets(0, 2)...)
	h.run(src)
	h.told.lists(Line{T: LineUnchanged, RemoteID: "record-0"}, Line{T: LineUnchanged, RemoteID: "record-1"}, dataset(1, "Autre"), Line{T: LineUnchanged, RemoteID: "record-1"})
	h.wants(h.run(src), Done, "new 0 changed 1 unchanged 2 failed 0 skipped 0 archived 0 conflicts 0")
}
