package searchbench

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"grenier/internal/search"
)

// Latency is how long something took, in one goroutine.
type Latency struct {
	// Searches is how often it was measured.
	Searches              int
	Median, P95, P99, Max time.Duration
	// MeanTotal is the mean number of matches.
	MeanTotal int
}

// facetFields are the five facets counted by each measured search.
var facetFields = []string{"organization", "license", "format", "tag", "granularity"}

// MeasureSearch times the searches of a page: total, five facets, twenty results with marked words.
func MeasureSearch(engine *search.Engine, questions []Question, rounds int) Latency {
	visible := false
	var facets []search.Facet
	for _, field := range facetFields {
		facets = append(facets, search.Facet{Field: field})
	}
	total := 0
	return measure(questions, rounds, func(q Question) {
		total += engine.Search(search.Query{
			Kind: search.Dataset, Text: q.Text, Filters: q.Filters, Archived: &visible, Limit: 20, Facets: facets, Highlight: true,
		}).Total
	}, &total)
}

// MeasureSuggest times the suggestions for each beginning of the questions.
func MeasureSuggest(engine *search.Engine, questions []Question) Latency {
	visible := false
	var typed []Question
	for _, q := range questions {
		for i := range q.Text {
			if i > 0 {
				typed = append(typed, Question{Text: q.Text[:i]})
			}
		}
	}
	total := 0
	return measure(typed, 1, func(q Question) {
		total += len(engine.Suggest(search.SuggestQuery{Kinds: []search.Kind{search.Dataset}, Text: q.Text, Limit: 10, Archived: &visible}))
	}, &total)
}

func measure(questions []Question, rounds int, ask func(Question), total *int) Latency {
	for _, q := range questions {
		ask(q)
	}
	*total = 0
	var times []time.Duration
	for range rounds {
		for _, q := range questions {
			started := time.Now()
			ask(q)
			times = append(times, time.Since(started))
		}
	}
	l := latencyOf(times)
	l.MeanTotal = *total / max(1, len(times))
	return l
}

// latencyOf sums up times, which it sorts.
func latencyOf(times []time.Duration) Latency {
	if len(times) == 0 {
		return Latency{}
	}
	slices.Sort(times)
	at := func(share float64) time.Duration { return times[min(len(times)-1, int(share*float64(len(times))))] }
	return Latency{Searches: len(times), Median: at(.5), P95: at(.95), P99: at(.99), Max: times[len(times)-1]}
}

// String gives the latency in one line.
func (l Latency) String() string {
	round := func(d time.Duration) time.Duration { return d.Round(time.Microsecond) }
	s := fmt.Sprintf("median %v, p95 %v, p99 %v, max %v, %d times", round(l.Median), round(l.P95), round(l.P99), round(l.Max), l.Searches)
	if l.MeanTotal > 0 {
		s += fmt.Sprintf(", %d found on average", l.MeanTotal)
	}
	return s
}

// AnonymousMemory gives the anonymous resident memory of this process in bytes, 0 where the system does not tell.
func AnonymousMemory() int64 {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "RssAnon:"); ok {
			var kilobytes int64
			if _, err := fmt.Sscan(rest, &kilobytes); err == nil {
				return kilobytes << 10
			}
		}
	}
	return 0
}

// watchMemory looks at the anonymous memory ten times a second; the function returned ends that and gives the highest.
func watchMemory() (highest func() int64) {
	stop, done := make(chan struct{}), make(chan int64)
	go func() {
		ticker := time.NewTicker(100 * time.Millisecond)
		defer ticker.Stop()
		most := AnonymousMemory()
		for {
			select {
			case <-ticker.C:
				most = max(most, AnonymousMemory())
			case <-stop:
				done <- max(most, AnonymousMemory())
				return
			}
		}
	}()
	return func() int64 { close(stop); return <-done }
}
