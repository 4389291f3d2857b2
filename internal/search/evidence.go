package search

import "slices"

// An organisation is also found by what it publishes: the datasets which have all words of the question in their
// titles and tags speak for it, by their number and by their part of all its datasets.

// Of the weight that datasets give their organisation.
const (
	// evidenceHalf is the number of datasets that gives half of the weight.
	evidenceHalf = 5
	// evidenceFloor is the part of the weight that does not depend on the part of its datasets.
	evidenceFloor = .3
)

// findEvidence counts by organisation the datasets that have all words of a reading.
func (m *matcher) findEvidence(r *reading) {
	if m.datasets == nil {
		return
	}
	if m.evidence == nil {
		m.evidence = map[int32]int32{}
	}
	clear(m.evidence)
	for _, p := range m.datasets {
		if !m.open(p, r) {
			continue
		}
		for rarest := &m.cursors[0]; rarest.row != noRow; rarest.next() {
			if !m.seekAll(rarest.row) || !m.speaks() || p.dead.has(int(rarest.row)) || p.flags[rarest.row]&flagArchived != 0 {
				continue
			}
			for _, ordinal := range p.owners.of(int(rarest.row)) {
				m.evidence[p.ownerNumbers[ordinal]]++
			}
		}
	}
}

// speaks tells whether all cursors stand at words of titles or tags.
func (m *matcher) speaks() bool {
	return !slices.ContainsFunc(m.cursors, func(c heldCursor) bool { return c.mask&(inTitle|inTags|inAcronyms) == 0 })
}

// weightOf is what the datasets counted give an organisation.
func (m *matcher) weightOf(number, count int32) float32 {
	k, all := float32(count), float32(max(1, m.owners.sums[number].datasets))
	return k / (k + evidenceHalf) * (evidenceFloor + (1-evidenceFloor)*min(1, k/all))
}

// takeEvidence gives the weight for the organisation of a row, once.
func (m *matcher) takeEvidence(p *livePart, row uint32) float32 {
	if len(m.evidence) == 0 {
		return 0
	}
	number := p.organizations[row]
	count, ok := m.evidence[number]
	if !ok {
		return 0
	}
	delete(m.evidence, number)
	return m.weightOf(number, count)
}

// addEvidence adds the organisations found by their datasets alone.
func (m *matcher) addEvidence(r *reading, into []match) []match {
	if len(m.evidence) == 0 {
		return into
	}
	for number, count := range m.evidence {
		for i, p := range m.parts {
			row, ok := p.rowOf(m.owners.names[number])
			if ok && m.visible(p, uint32(row)) {
				score := m.weightOf(number, count) * m.prior(p, uint32(row)) * r.factor
				into = append(into, match{int32(i), uint32(row), score})
			}
		}
	}
	slices.SortFunc(into, func(a, b match) int {
		if a.part != b.part {
			return int(a.part - b.part)
		}
		return int(int64(a.row) - int64(b.row))
	})
	return into
}
