package search

import (
	"bytes"
	"cmp"
	"runtime"
)

// Search answers a query.
func (e *Engine) Search(q Query) Result {
	if !q.Kind.Valid() {
		return Result{}
	}
	s := e.state.Load()
	defer runtime.KeepAlive(s) // hits are copied out of mapped memory
	parts := s.kinds[q.Kind]
	m := e.matcher(s, q.Kind, q.Archived)
	defer e.release(m)
	sieve := newSieve(parts, &q)
	counters := e.counters(q.Facets, sieve, parts)
	found := m.answer(readQuestion(parts, q.Kind, q.Text, false), sieve, counters)

	matches := found.matches
	result := Result{Total: len(matches), DidYouMean: found.didYouMean}
	for _, counter := range counters {
		result.Facets = append(result.Facets, counter.result())
		counter.release(&e.counts)
	}
	window := min(max(0, q.Offset)+max(0, q.Limit), MaxWindow)
	best := topK(matches, window, comparison(parts, q.Sort))
	for i := max(0, q.Offset); i < len(best); i++ {
		p := parts[best[i].part]
		hit := Hit{Kind: q.Kind, ID: string(p.ids.at(int(best[i].row))), Score: float64(best[i].score)}
		hit.Title.Text = string(p.titles.at(int(best[i].row)))
		if q.Highlight {
			found.highlighter.mark(&hit, p, best[i].row)
		}
		result.Hits = append(result.Hits, hit)
	}
	return result
}

// matcher gives a matcher for one search; release takes it back.
func (e *Engine) matcher(s *state, kind Kind, archived *bool) *matcher {
	m, _ := e.scratch.Get().(*matcher)
	if m == nil {
		m = &matcher{}
	}
	m.kind, m.parts, m.owners, m.archived = kind, s.kinds[kind], s.owners, archived
	if kind == Organization {
		m.datasets = s.kinds[Dataset]
	}
	return m
}

// maxKeptScratch is the largest number of candidates whose memory is kept for the next search.
const maxKeptScratch = 1 << 17

// release takes back a matcher, and with it the matches it gave.
func (e *Engine) release(m *matcher) {
	kept := &matcher{cursors: m.cursors[:0]}
	clear(kept.cursors[:cap(kept.cursors)])
	if cap(m.candidates) <= maxKeptScratch {
		kept.candidates = m.candidates[:0]
	}
	for i, list := range m.lists {
		if cap(list) <= maxKeptScratch {
			kept.lists[i] = list[:0]
		}
	}
	e.scratch.Put(kept)
}

// answer is what all readings of a question find.
type answer struct {
	// matches have passed all filters. They are valid until the matcher is released.
	matches     []match
	didYouMean  string
	highlighter *highlighter
}

// answer finds and scores what any of the readings finds, everything without a reading; it keeps what passes a sieve
// and counts facets.
func (m *matcher) answer(readings []reading, s *sieve, counters []*facetCounter) answer {
	if len(readings) == 0 {
		return answer{matches: m.everything(s, counters), highlighter: newHighlighter(nil)}
	}
	matches, found, merged := m.lists[0][:0], m.lists[1], m.lists[2]
	var literal, corrected float32
	a := answer{highlighter: newHighlighter(readings)}
	for i := range readings {
		r := &readings[i]
		found = m.find(r, found)
		best := float32(0)
		for _, x := range found {
			best = max(best, x.score)
		}
		if r.corrected != "" && best < variantShare*literal {
			continue
		}
		switch {
		case r.corrected == "":
			literal = max(literal, best)
		case best > corrected:
			corrected = best
			a.didYouMean = r.corrected
		}
		merged = union(matches, found, merged)
		matches, merged = merged, matches
	}
	m.lists = [3][]match{matches, found, merged}
	if corrected <= clearlyBetter*literal {
		a.didYouMean = ""
	}
	a.matches = s.sift(matches, counters)
	return a
}

// clearlyBetter is how many times better the best document of a correction must be than the best as typed, for the
// correction to be proposed.
const clearlyBetter = 1.5

// counters gives a counter for each facet asked for.
func (e *Engine) counters(facets []Facet, s *sieve, parts []*livePart) []*facetCounter {
	counters := make([]*facetCounter, len(facets))
	for i, f := range facets {
		counters[i] = newFacetCounter(f, s.own(&f), parts, &e.counts)
	}
	return counters
}

// sift gives the matches that pass all filters, and counts facets on the way.
func (s *sieve) sift(matches []match, counters []*facetCounter) []match {
	kept := matches[:0]
	for i := range matches {
		failures, useful := s.failures(&matches[i])
		if !useful {
			continue
		}
		for _, counter := range counters {
			counter.add(&matches[i], failures)
		}
		if failures == 0 {
			kept = append(kept, matches[i])
		}
	}
	return kept
}

// comparison orders matches by the sort asked for, then by score, then by id.
func comparison(parts []*livePart, by Sort) func(a, b match) int {
	byScore := func(a, b match) int {
		return cmp.Or(cmp.Compare(b.score, a.score), compareIDs(parts, a, b))
	}
	switch by.Field {
	case "":
		return byScore
	case "name":
		return func(a, b match) int {
			order := bytes.Compare(parts[a.part].sortNames.at(int(a.row)), parts[b.part].sortNames.at(int(b.row)))
			return cmp.Or(directed(order, by.Descending), byScore(a, b))
		}
	}
	columns := make([][]int64, len(parts))
	for i, p := range parts {
		columns[i] = p.numbers[by.Field]
	}
	value := func(x match) int64 {
		if column := columns[x.part]; column != nil {
			return column[x.row]
		}
		return missing
	}
	return func(a, b match) int {
		x, y := value(a), value(b)
		switch {
		case x == y:
			return byScore(a, b)
		case x == missing:
			return 1
		case y == missing:
			return -1
		}
		return directed(cmp.Compare(x, y), by.Descending)
	}
}

func directed(order int, descending bool) int {
	if descending {
		return -order
	}
	return order
}

func compareIDs(parts []*livePart, a, b match) int {
	if a.part == b.part {
		return cmp.Compare(a.row, b.row)
	}
	return bytes.Compare(parts[a.part].ids.at(int(a.row)), parts[b.part].ids.at(int(b.row)))
}
