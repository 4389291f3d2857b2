package search

import (
	"cmp"
	"runtime"
	"slices"
)

// maxSuggestions is the largest number of suggestions.
const maxSuggestions = 100

// Suggest gives the objects that the person typing most probably wants, best first. Without text it gives the most
// popular ones.
func (e *Engine) Suggest(q SuggestQuery) []Hit {
	s := e.state.Load()
	defer runtime.KeepAlive(s)
	limit := min(max(0, q.Limit), maxSuggestions)
	var hits []Hit
	for _, kind := range q.Kinds {
		if !kind.Valid() {
			continue
		}
		parts := s.kinds[kind]
		m := e.matcher(s, kind, q.Archived)
		sieve := newSieve(parts, &Query{Filters: q.Filters})
		found := m.answer(readQuestion(parts, kind, q.Text, true), sieve, nil)
		for _, best := range topK(found.matches, limit, comparison(parts, Sort{})) {
			p := parts[best.part]
			hit := Hit{Kind: kind, ID: string(p.ids.at(int(best.row))), Score: float64(best.score)}
			hit.Title.Text = string(p.titles.at(int(best.row)))
			hit.Title.Marks = found.highlighter.marks(hit.Title.Text)
			hits = append(hits, hit)
		}
		e.release(m)
	}
	slices.SortStableFunc(hits, func(a, b Hit) int { return cmp.Compare(b.Score, a.Score) })
	return hits[:min(len(hits), limit)]
}
