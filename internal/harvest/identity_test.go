package harvest

import (
	"strings"
	"testing"
	"time"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
)

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
