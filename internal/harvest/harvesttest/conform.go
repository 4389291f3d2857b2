package harvesttest

import (
	"context"
	"errors"
	"testing"
	"time"

	"grenier/internal/harvest"
)

// Conform holds a backend to the contract grenier-harvest/1 over a portal that it
// can read to its end and that gives at least three records: what comes first and
// last, that every record is named and has its data, that an error of the reader
// ends the harvest and comes back, that a cancelled harvest stops, and that it goes
// on from each of its checkpoints.
func Conform(t *testing.T, b harvest.Backend, r harvest.Request) {
	t.Helper()
	about := b.Describe()
	if about.ID == "" || about.Label == "" || about.Filters == nil || about.Features == nil || about.ExtraConfigs == nil {
		t.Errorf("it describes itself as %+v", about)
	}
	lines, err := Collect(t, b, r)
	if err != nil {
		t.Fatal(err)
	}
	records := conformingLines(t, about, lines)
	if len(records) < 3 {
		t.Fatalf("%d records are too few for this test", len(records))
	}
	conformingStop(t, b, r)
	conformingCancel(t, b, r)
	for i, l := range lines {
		if l.T == harvest.LineCheckpoint {
			conformingResume(t, b, r, l.Cursor, recordsOf(lines[i:]))
		}
	}
}

func recordsOf(lines []harvest.Line) []string {
	var ids []string
	for _, l := range lines {
		switch l.T {
		case harvest.LineDataset, harvest.LineDataservice, harvest.LineUnchanged, harvest.LineSkip, harvest.LineGone:
			ids = append(ids, l.RemoteID)
		case harvest.LineError:
			if l.RemoteID != "" {
				ids = append(ids, l.RemoteID)
			}
		}
	}
	return ids
}

func conformingLines(t *testing.T, about harvest.Description, lines []harvest.Line) []string {
	t.Helper()
	services, begun := false, false
	for i, l := range lines {
		switch {
		case l.T == harvest.LineStart && begun:
			t.Errorf("line %d is a beginning after others", i)
		case l.T == harvest.LineDataset && (l.Dataset == nil || l.RemoteID != "" && l.Dataset.Title == ""):
			t.Errorf("line %d is a dataset without its data", i)
		case l.T == harvest.LineDataset && services:
			t.Errorf("line %d is a dataset after dataservices", i)
		case l.T == harvest.LineDataservice && l.Dataservice == nil:
			t.Errorf("line %d is a dataservice without its data", i)
		case l.T == harvest.LineCheckpoint && (!about.Resumable || l.Cursor == ""):
			t.Errorf("line %d is a place that nobody can go on from", i)
		case l.T == harvest.LineEnd && i != len(lines)-1:
			t.Errorf("line %d is an end before the last line", i)
		}
		services = services || l.T == harvest.LineDataservice
		begun = begun || l.T != harvest.LineLog
	}
	if len(lines) == 0 || lines[len(lines)-1].T != harvest.LineEnd || !lines[len(lines)-1].Complete {
		t.Errorf("the last line does not say that all was read")
	}
	ids := recordsOf(lines)
	seen := make(map[string]bool)
	for _, id := range ids {
		if seen[id] {
			t.Errorf("%q comes twice", id)
		}
		seen[id] = true
	}
	return ids
}

// patience is how long a backend may take to notice that it is to stop.
const patience = 15 * time.Second

func conformingStop(t *testing.T, b harvest.Backend, r harvest.Request) {
	t.Helper()
	stop := errors.New("the reader wants no more")
	count := 0
	err := b.Harvest(t.Context(), r, func(l harvest.Line) error {
		if l.T == harvest.LineDataset {
			count++
		}
		if count == 2 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || count != 2 {
		t.Errorf("an error of the reader after %d records became %v", count, err)
	}
}

func conformingCancel(t *testing.T, b harvest.Backend, r harvest.Request) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	begun := time.Now()
	err := b.Harvest(ctx, r, func(l harvest.Line) error {
		if l.T == harvest.LineDataset {
			cancel()
		}
		return ctx.Err()
	})
	if err == nil || time.Since(begun) > patience {
		t.Errorf("cancelled, it ended after %s with %v", time.Since(begun), err)
	}
}

func conformingResume(t *testing.T, b harvest.Backend, r harvest.Request, cursor string, want []string) {
	t.Helper()
	r.Cursor = cursor
	lines, err := Collect(t, b, r)
	if err != nil {
		t.Errorf("from %q: %v", cursor, err)
		return
	}
	got := recordsOf(lines)
	if len(got) != len(want) {
		t.Errorf("from %q on there are %q, want %q", cursor, got, want)
		return
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("from %q on there are %q, want %q", cursor, got, want)
			return
		}
	}
}
