package search

import (
	"cmp"
	"slices"
)

// An organisation is also found by what it publishes: the datasets which have all words of the question in their
// titles and tags speak for it, those which have them in their descriptions speak less loudly. What they give depends
// on how many they are, and on their part of all its datasets.

const (
	// evidenceWeight is what an organisation gets at most.
	evidenceWeight = 2
	// evidenceHalf is the number of voices that gives half of it.
	evidenceHalf = 4
	// evidenceFloor is the part that does not depend on their part of its datasets.
	evidenceFloor = .5
	// describedVoice is the voice of a dataset with some of the words in the description only.
	describedVoice = .4
	// evidenceAlone is the sum of voices by which an organisation is found that has no word itself.
	evidenceAlone = 1
)

// findEvidence sums by organisation the voices of the datasets that have all words of a reading.
func (m *matcher) findEvidence(r *reading) {
	if m.datasets == nil {
		return
	}
	if m.evidence == nil {
		m.evidence = map[int32]float32{}
	}
	clear(m.evidence)
	for _, p := range m.datasets {
		if !m.open(p, r) {
			continue
		}
		for rarest := &m.cursors[0]; rarest.row != noRow; rarest.next() {
			if !m.seekAll(rarest.row) || p.dead.has(int(rarest.row)) || p.flags[rarest.row]&flagArchived != 0 {
				continue
			}
			voice := m.voice()
			for _, ordinal := range p.owners.of(int(rarest.row)) {
				m.evidence[p.ownerNumbers[ordinal]] += voice
			}
		}
	}
}

// voice tells how loudly the dataset under the cursors speaks.
func (m *matcher) voice() float32 {
	voice := float32(1)
	for i := range m.cursors {
		switch mask := m.cursors[i].mask; {
		case mask&(inTitle|inTags|inAcronyms) != 0:
		case mask&inDescription != 0:
			voice = describedVoice
		default:
			return 0
		}
	}
	return voice
}

// weightOf is what so many voices give an organisation.
func (m *matcher) weightOf(number int32, voices float32) float32 {
	all := float32(max(1, m.owners.sums[number].datasets))
	return evidenceWeight * voices / (voices + evidenceHalf) * (evidenceFloor + (1-evidenceFloor)*min(1, voices/all))
}

// takeEvidence gives the weight for the organisation of a row, once.
func (m *matcher) takeEvidence(p *livePart, row uint32) float32 {
	if len(m.evidence) == 0 {
		return 0
	}
	number := p.organizations[row]
	voices, ok := m.evidence[number]
	if !ok {
		return 0
	}
	delete(m.evidence, number)
	return m.weightOf(number, voices)
}

// addEvidence adds the organisations found by their datasets alone.
func (m *matcher) addEvidence(r *reading, into []match) []match {
	if len(m.evidence) == 0 {
		return into
	}
	for number, voices := range m.evidence {
		if voices < evidenceAlone {
			continue
		}
		for i, p := range m.parts {
			row, ok := p.rowOf(m.owners.names[number])
			if ok && m.visible(p, uint32(row)) {
				score := m.weightOf(number, voices) * m.prior(p, uint32(row)) * r.factor
				into = append(into, match{int32(i), uint32(row), score})
			}
		}
	}
	slices.SortFunc(into, func(a, b match) int {
		return cmp.Or(cmp.Compare(a.part, b.part), cmp.Compare(a.row, b.row))
	})
	return into
}
