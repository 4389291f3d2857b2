// Package progress tells how far long work is: as a bar on a terminal, as a
// line of the log every few seconds elsewhere.
package progress

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// Output is where progress is told: on a terminal when there is one, in the
// log otherwise. The zero Output tells nothing.
type Output struct {
	Terminal io.Writer
	Log      *slog.Logger
}

// How often the bar moves, and how often the log gets a line.
const (
	drawEvery = 100 * time.Millisecond
	logEvery  = 5 * time.Second
)

// Bar is one piece of work. Its methods may be called by many goroutines and
// cost little: a count per row is fine. A nil Bar tells nothing.
type Bar struct {
	out   Output
	label string
	unit  string
	now   func() time.Time

	mu      sync.Mutex
	total   int64
	done    int64
	started time.Time
	told    time.Time
	ended   bool
}

// Start begins to tell of some work: its name, what is counted ("datasets",
// "bytes" are shown as sizes), and how many there are, 0 when nobody knows.
func (o Output) Start(label, unit string, total int64) *Bar {
	return o.startAt(label, unit, total, time.Now)
}

func (o Output) startAt(label, unit string, total int64, now func() time.Time) *Bar {
	b := &Bar{out: o, label: label, unit: unit, total: total, now: now, started: now()}
	b.told = b.started
	b.mu.Lock()
	defer b.mu.Unlock()
	b.draw()
	return b
}

// Total says how many there are in all, once that is known.
func (b *Bar) Total(total int64) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.total = total
}

// Add counts more of the work as done.
func (b *Bar) Add(n int64) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done += n
	b.tell()
}

// Set says how much of the work is done in all.
func (b *Bar) Set(done int64) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done = done
	b.tell()
}

// End tells the last state. The bar stays on the terminal.
func (b *Bar) End() {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended {
		return
	}
	b.ended = true
	if b.out.Terminal != nil {
		fmt.Fprintf(b.out.Terminal, "\r\x1b[K%s: %s in %s%s\n", b.label, b.count(b.done), round(b.elapsed()), b.rateText(", "))
	} else if b.out.Log != nil {
		b.out.Log.Info(b.label+" done", "unit", b.unit, "done", b.done, "seconds", b.elapsed().Seconds())
	}
}

// tell shows the state when the last time is long enough ago.
func (b *Bar) tell() {
	if b.ended || b.out.Terminal == nil && b.out.Log == nil {
		return
	}
	every := logEvery
	if b.out.Terminal != nil {
		every = drawEvery
	}
	now := b.now()
	if now.Sub(b.told) < every {
		return
	}
	b.told = now
	if b.out.Terminal != nil {
		b.draw()
		return
	}
	attributes := []any{"unit", b.unit, "done", b.done, "per_second", int64(b.rate())}
	if left, ok := b.left(); ok {
		attributes = append(attributes, "total", b.total, "left", round(left).String())
	}
	b.out.Log.Info(b.label, attributes...)
}

func (b *Bar) elapsed() time.Duration { return b.now().Sub(b.started) }

// rate is how many are done in a second, on average.
func (b *Bar) rate() float64 {
	seconds := b.elapsed().Seconds()
	if seconds <= 0 {
		return 0
	}
	return float64(b.done) / seconds
}

// left is how long the rest takes at the rate so far.
func (b *Bar) left() (time.Duration, bool) {
	if b.total <= 0 || b.done <= 0 || b.done > b.total {
		return 0, false
	}
	return time.Duration(float64(b.elapsed()) * float64(b.total-b.done) / float64(b.done)), true
}

const barWidth = 24

// draw shows the bar on the terminal.
func (b *Bar) draw() {
	if b.out.Terminal == nil {
		return
	}
	var line strings.Builder
	line.WriteString(b.label)
	if b.total > 0 {
		share := min(max(float64(b.done)/float64(b.total), 0), 1)
		full := int(share * barWidth)
		fmt.Fprintf(&line, " [%s%s] %3d %% %s of %s", strings.Repeat("#", full), strings.Repeat(".", barWidth-full),
			int(share*100), b.number(b.done), b.count(b.total))
	} else {
		fmt.Fprintf(&line, ": %s", b.count(b.done))
	}
	line.WriteString(b.rateText(", "))
	if left, ok := b.left(); ok {
		fmt.Fprintf(&line, ", %s left", round(left))
	}
	fmt.Fprintf(b.out.Terminal, "\r\x1b[K%s", line.String())
}

func (b *Bar) rateText(before string) string {
	if rate := b.rate(); b.done > 0 && rate > 0 {
		return before + b.number(int64(rate)) + "/s"
	}
	return ""
}

// count is a number with its unit.
func (b *Bar) count(n int64) string {
	if b.unit == "bytes" {
		return size(n)
	}
	return grouped(n) + " " + b.unit
}

func (b *Bar) number(n int64) string {
	if b.unit == "bytes" {
		return size(n)
	}
	return grouped(n)
}

// grouped writes a number with a comma between thousands.
func grouped(n int64) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

func size(n int64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	case n >= 1e3:
		return fmt.Sprintf("%.0f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%d B", n)
}

// round keeps what a person wants to know of a time.
func round(d time.Duration) time.Duration {
	if d >= 10*time.Second {
		return d.Round(time.Second)
	}
	return d.Round(100 * time.Millisecond)
}
