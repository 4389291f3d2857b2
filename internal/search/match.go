package search

import "slices"

// match is a document found, with its score.
type match struct {
	part  int32
	row   uint32
	score float32
}

// candidate is a document that has words of a reading.
type candidate struct {
	row        uint32
	part       int32
	cover      float32 // share of the question found
	text       float32 // weights of the fields
	titleShare float32
	titleWords uint8
	words      uint8
	everywhere fieldMask // fields that have every word found
}

// matcher finds and scores the documents of one kind for one question.
type matcher struct {
	kind   Kind
	parts  []*livePart
	owners *owners
	// datasets are where organisations find what they publish; nil for other kinds.
	datasets []*livePart
	archived *bool

	// candidates, cursors and lists are memory to work in.
	candidates []candidate
	cursors    []heldCursor
	lists      [3][]match
	// evidence sums by organisation the voices of the datasets that have all words of the reading.
	evidence map[int32]float32
}

// heldCursor is a cursor with the share of its word.
type heldCursor struct {
	cursor
	share float32
}

// visible tells whether a row may be found at all.
func (m *matcher) visible(p *livePart, row uint32) bool {
	return !p.dead.has(int(row)) && (m.archived == nil || (p.flags[row]&flagArchived != 0) == *m.archived)
}

// everything gives all documents that pass a sieve, as for a question without words, and counts facets on the way.
func (m *matcher) everything(s *sieve, counters []*facetCounter) []match {
	kept := m.lists[0][:0]
	for i, p := range m.parts {
		for row := range uint32(p.n) {
			if !m.visible(p, row) {
				continue
			}
			found := match{part: int32(i), row: row}
			failures, useful := s.failures(&found)
			if !useful {
				continue
			}
			for _, counter := range counters {
				counter.add(&found, failures)
			}
			if failures == 0 {
				found.score = m.prior(p, row)
				kept = append(kept, found)
			}
		}
	}
	m.lists[0] = kept
	return kept
}

// prior is what a document weighs before any question.
func (m *matcher) prior(p *livePart, row uint32) float32 {
	prior := p.priors[row]
	if m.kind == Organization {
		own := sums{views: p.views[row], interest: p.reuses[row] + p.followers[row]}
		s := m.owners.sums[p.organizations[row]]
		own.datasets, own.views, own.interest = s.datasets, own.views+s.views, own.interest+s.interest
		return prior * float32(organizationPrior(own))
	}
	if ranks[m.kind].byOwner {
		for _, ordinal := range p.owners.of(int(row)) {
			prior *= m.owners.factors[p.ownerNumbers[ordinal]]
		}
	}
	return prior
}

// find gives the documents that match a reading, by part and row.
func (m *matcher) find(r *reading, into []match) []match {
	m.candidates = m.candidates[:0]
	best := float32(0)
	for i, p := range m.parts {
		if r.all {
			m.collectAll(int32(i), p, r)
		} else {
			m.collectAny(int32(i), p, r, &best)
		}
	}
	m.findEvidence(r)
	into = into[:0]
	for start := 0; start < len(m.candidates); {
		p := m.parts[m.candidates[start].part]
		numbers := p.numbersOf(r.stems)
		at := start
		for ; at < len(m.candidates) && m.candidates[at].part == m.candidates[start].part; at++ {
			c := &m.candidates[at]
			if c.cover < matchShare*best {
				continue
			}
			score := m.text(p, r, c, numbers) + m.takeEvidence(p, c.row)
			into = append(into, match{c.part, c.row, score * m.prior(p, c.row) * r.factor})
		}
		start = at
	}
	return m.addEvidence(r, into)
}

// open opens cursors for the words of a reading in a part; false when a word is missing.
func (m *matcher) open(p *livePart, r *reading) (complete bool) {
	m.cursors = m.cursors[:0]
	complete = true
	for i, stem := range r.stems {
		if number, ok := p.words.find(stem); ok {
			m.cursors = append(m.cursors, heldCursor{p.open(number), r.shares[i]})
		} else {
			complete = false
		}
	}
	slices.SortStableFunc(m.cursors, func(a, b heldCursor) int {
		switch {
		case a.share > b.share:
			return -1
		case a.share < b.share:
			return 1
		}
		return 0
	})
	return complete
}

// collectAll collects the rows which have every word.
func (m *matcher) collectAll(index int32, p *livePart, r *reading) {
	if !m.open(p, r) {
		return
	}
	for rarest := &m.cursors[0]; rarest.row != noRow; rarest.next() {
		if !m.seekAll(rarest.row) || !m.visible(p, rarest.row) {
			continue
		}
		c := candidate{row: rarest.row, part: index, everywhere: ^fieldMask(0)}
		for i := range m.cursors {
			c.take(&m.cursors[i], r.weights)
		}
		m.candidates = append(m.candidates, c)
	}
}

// seekAll moves the cursors after the first to a row, and tells whether all have it.
func (m *matcher) seekAll(row uint32) bool {
	for i := 1; i < len(m.cursors); i++ {
		if c := &m.cursors[i]; c.row < row {
			c.seek(row)
		}
		if m.cursors[i].row != row {
			return false
		}
	}
	return true
}

// collectAny collects the rows whose share of the question is at least half of the best share, which it raises.
//
// Only the cursors of the first words are walked: those after them cannot make a match together, and are asked when
// one of the first has a row.
func (m *matcher) collectAny(index int32, p *livePart, r *reading, best *float32) {
	m.open(p, r)
	cursors := m.cursors
	rest := make([]float32, len(cursors)+1) // the shares from a cursor on
	for i := len(cursors) - 1; i >= 0; i-- {
		rest[i] = rest[i+1] + cursors[i].share
	}
	leading := func() int {
		n := len(cursors)
		for n > 1 && rest[n-1] < matchShare**best {
			n--
		}
		return n
	}
	first := leading()
	for {
		row := noRow
		for i := range cursors[:first] {
			row = min(row, cursors[i].row)
		}
		if row == noRow {
			return
		}
		c := candidate{row: row, part: index, everywhere: ^fieldMask(0)}
		for i := range cursors {
			cursor := &cursors[i]
			if i >= first {
				if c.cover+rest[i] < matchShare**best {
					break
				}
				cursor.seek(row)
			}
			if cursor.row == row {
				c.take(cursor, r.weights)
				cursor.next()
			}
		}
		if c.cover < matchShare**best || !m.visible(p, row) {
			continue
		}
		m.candidates = append(m.candidates, c)
		if c.cover > *best {
			*best = c.cover
			first = leading()
		}
	}
}

// take adds the word under a cursor to a candidate.
func (c *candidate) take(at *heldCursor, w *compiledWeights) {
	c.cover += at.share
	c.text += at.share * w.mask[at.mask]
	if at.mask&inDescription != 0 {
		c.text += at.share * w.description[min(at.frequency, maxFrequency)]
	}
	if at.mask&inTitle != 0 {
		c.titleShare += at.share
		c.titleWords++
	}
	c.words++
	c.everywhere &= at.mask
}

// numbersOf gives the numbers of words in the dictionary of a part, noWord for those it lacks.
func (p *part) numbersOf(stems []string) []uint32 {
	numbers := make([]uint32, len(stems))
	for i, stem := range stems {
		numbers[i] = noWord
		if number, ok := p.words.find(stem); ok {
			numbers[i] = uint32(number)
		}
	}
	return numbers
}

const noWord = ^uint32(0)

// text scores what was found of a reading in a document.
func (m *matcher) text(p *livePart, r *reading, c *candidate, numbers []uint32) float32 {
	w := r.weights
	score := c.text
	complete := int(c.words) == len(r.stems)
	if c.titleWords > 0 {
		title := p.titleOf(c.row)
		score += w.titleRatio * min(1, float32(c.titleWords)/float32(max(1, len(title))))
		if w.start > 0 && len(title) > 0 && title[0] == numbers[0] {
			score += w.start * c.titleShare
		}
		if complete && len(numbers) > 1 && int(c.titleWords) == len(numbers) && containsRun(title, numbers) {
			score += w.phrase
		}
	}
	if complete && c.everywhere&inTitle != 0 && p.titleKeys[c.row] == r.key {
		score += w.wholeTitle * wholeTitleGrowth[min(len(r.stems), len(wholeTitleGrowth))-1]
	}
	if complete && c.everywhere&inTags != 0 && slices.Contains(p.tagsOf(c.row), r.key) {
		score += w.wholeTag
	}
	if p.initialKeys[c.row] == r.joined {
		score += w.initials
	}
	if slices.Contains(p.acronymsOf(c.row), r.joined) {
		score += w.wholeAcronym
	}
	return score * c.cover * c.cover * c.cover
}

// containsRun tells whether run stands in list as it is.
func containsRun(list, run []uint32) bool {
	for at := 0; at+len(run) <= len(list); at++ {
		if slices.Equal(list[at:at+len(run)], run) {
			return true
		}
	}
	return false
}

// union merges two lists ordered by part and row; of a document in both the better score counts.
func union(a, b, into []match) []match {
	into = into[:0]
	for len(a) > 0 && len(b) > 0 {
		switch x, y := a[0], b[0]; {
		case x.part == y.part && x.row == y.row:
			x.score = max(x.score, y.score)
			into = append(into, x)
			a, b = a[1:], b[1:]
		case x.part < y.part || x.part == y.part && x.row < y.row:
			into, a = append(into, x), a[1:]
		default:
			into, b = append(into, y), b[1:]
		}
	}
	into = append(into, a...)
	return append(into, b...)
}
