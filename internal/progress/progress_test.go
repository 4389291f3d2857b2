package progress

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"
)

// clock moves when told.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)} }

func (c *clock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func last(text string) string {
	parts := strings.Split(text, "\r\x1b[K")
	return parts[len(parts)-1]
}

func TestBarOnATerminal(t *testing.T) {
	var out bytes.Buffer
	c := newClock()
	bar := Output{Terminal: &out}.startAt("Import", "datasets", 120_000, c.read)
	if got, want := last(out.String()), "Import [........................]   0 % 0 of 120,000 datasets"; got != want {
		t.Errorf("at first %q, want %q", got, want)
	}
	c.pass(10 * time.Second)
	bar.Add(30_000)
	if got, want := last(out.String()), "Import [######..................]  25 % 30,000 of 120,000 datasets, 3,000/s, 30s left"; got != want {
		t.Errorf("later %q, want %q", got, want)
	}
	drawn := out.Len()
	bar.Add(1)
	if out.Len() != drawn {
		t.Error("the bar is drawn more often than ten times a second")
	}
	c.pass(50 * time.Second)
	bar.Set(120_000)
	bar.End()
	bar.End()
	if got, want := last(out.String()), "Import: 120,000 datasets in 1m0s, 2,000/s\n"; got != want {
		t.Errorf("at the end %q, want %q", got, want)
	}
}

func TestUnknownTotal(t *testing.T) {
	var out bytes.Buffer
	c := newClock()
	bar := Output{Terminal: &out}.startAt("Backup", "bytes", 0, c.read)
	c.pass(2 * time.Second)
	bar.Set(5_000_000)
	if got, want := last(out.String()), "Backup: 5.0 MB, 2.5 MB/s"; got != want {
		t.Errorf("without a total %q, want %q", got, want)
	}
	bar.Total(10_000_000)
	c.pass(3 * time.Second)
	bar.Set(5_000_000)
	if got, want := last(out.String()), "Backup [############............]  50 % 5.0 MB of 10.0 MB, 1.0 MB/s, 5s left"; got != want {
		t.Errorf("with a total %q, want %q", got, want)
	}
	bar.Set(20_000_000)
	c.pass(time.Second)
	bar.Add(0)
	if got := last(out.String()); !strings.Contains(got, "100 %") || strings.Contains(got, "left") {
		t.Errorf("past the total %q", got)
	}
}

func TestLinesOfTheLog(t *testing.T) {
	var out bytes.Buffer
	c := newClock()
	bar := Output{Log: slog.New(slog.NewTextHandler(&out, nil))}.startAt("import", "datasets", 1000, c.read)
	for range 100 {
		c.pass(100 * time.Millisecond)
		bar.Add(5)
	}
	bar.End()
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 3 {
		t.Fatalf("ten seconds of work gave %d lines: %q", len(lines), lines)
	}
	if !strings.Contains(lines[0], "done=250 per_second=50 total=1000 left=15s") || !strings.Contains(lines[2], `msg="import done"`) {
		t.Errorf("the log has %q", lines)
	}
}

func TestNobodyListens(t *testing.T) {
	var none *Bar
	for _, bar := range []*Bar{none, Output{}.Start("x", "y", 1)} {
		bar.Add(1)
		bar.Set(2)
		bar.Total(3)
		bar.End()
	}
}
