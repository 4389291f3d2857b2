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
		if said := h.items(job.ID)[0].Troubles(); len(said) != 1 || !strings.HasSuffix(said[0].Message, "and keeps it: first") {
			t.Errorf("the record says %+v, and does not name the source that keeps it", said)
		}
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

// TestIdentifiers has portals write identifiers carelessly: with blanks around and within,
// with characters that nobody sees, and too long.
func TestIdentifiers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		now := 0
		src := h.source("portail", h.organization, Options{GraceDays: &now})
		long := strings.Repeat("x", maxIdentifier+1)
		told := func(title string) []Line {
			lines := datasets(0, 4)
			lines[0].RemoteID, lines[1].RemoteID, lines[2].RemoteID = " a  b\n", "c\x00d\u200b", long
			lines[0].Dataset.Title, lines[1].Dataset.Title = title, title+" 2"
			lines[3].Dataset.Harvest.URI = "https://portal.example.org/" + long
			return append(lines, Line{T: LineUnchanged, RemoteID: long + "y"}, Line{T: LineGone, RemoteID: "e\x00"}, Line{T: LineSkip, RemoteID: "\x00", Reason: "x"})
		}
		h.told.lists(told("Un")...)
		h.wants(h.run(src), DoneErrors, "new 3 changed 0 unchanged 0 failed 2 skipped 1 archived 0 conflicts 0")
		h.told.lists(told("Deux")...)
		h.wants(h.run(src), DoneErrors, "new 0 changed 2 unchanged 1 failed 2 skipped 1 archived 0 conflicts 0")
		if n := h.number("SELECT count(*) FROM harvests WHERE remote_id IN ('a b', 'cd')"); n != 2 {
			t.Errorf("%d of the identifiers are as they should be, want 2", n)
		}
	})
}

// TestConflictsEnd forgets a conflict when its record is listed no more.
func TestConflictsEnd(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	line := dataset(1, "Commun")
	line.RemoteID = "https://data.example.org/commun"
	h.told.lists(line)
	h.run(h.source("first", h.organization, Options{}))
	foreign := h.source("foreign", h.other, Options{})
	h.told.lists(line, dataset(2, "Autre"), dataset(3, "Encore"))
	h.wants(h.run(foreign), DoneErrors, "new 2 changed 0 unchanged 0 failed 1 skipped 0 archived 0 conflicts 1")
	h.told.lists(dataset(2, "Autre"), dataset(3, "Encore"))
	h.wants(h.run(foreign), Done, "new 0 changed 0 unchanged 2 failed 0 skipped 0 archived 0 conflicts 0")
	if n := h.number("SELECT count(*) FROM harvest_conflicts"); n != 0 {
		t.Errorf("%d conflicts are left of records that nobody lists", n)
	}
}

// TestSourcesAtOnce has two nodes harvest two sources with the same new records at the
// same time: each becomes one dataset.
func TestSourcesAtOnce(t *testing.T) {
	h := newHouse(t, dbtest.Postgres(t))
	var lines []Line
	for _, l := range datasets(0, 150) {
		l.RemoteID = "https://data.example.org/" + l.RemoteID
		lines = append(lines, l)
	}
	h.told.lists(lines...)
	ended := make(chan error)
	for _, name := range []string{"one", "two", "three"} {
		job, node := h.queue(h.source(name, h.organization, Options{}), false), h.node()
		node.mostAtOnce = 10
		go func() { ended <- node.Run(h.ctx, job.ID, nil) }()
	}
	for range 3 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	if n := h.number("SELECT count(*) FROM datasets"); n != len(lines) {
		t.Errorf("%d records became %d datasets", len(lines), n)
	}
}
