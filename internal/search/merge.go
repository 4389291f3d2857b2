package search

import (
	"bytes"
	"slices"
)

// rowSet is a set of rows that is never changed once shared.
type rowSet []uint64

func (s rowSet) has(row int) bool { return s != nil && s[row>>6]>>(row&63)&1 != 0 }

// livePart is a part and the rows of it that have been replaced or removed since.
type livePart struct {
	*part
	dead      rowSet
	deadCount int
	// ownerNumbers are the numbers in the registry of the values of the owner column.
	ownerNumbers []int32
	// organizations are the numbers in the registry of the rows, when they are organisations.
	organizations []int32
}

func (p *livePart) live() int { return p.n - p.deadCount }

// merger writes the live rows of parts of one kind as one part.
type merger struct {
	w     *sectionWriter
	at    string
	parts []*livePart
	order rowOrder
	// rows gives by part the new number of each live row, -1 for the dead.
	rows [][]int32
	// words gives by part the new number of each word.
	words [][]uint32
}

// mergeParts writes one part with the live rows of parts, none of which share an id.
func mergeParts(w *sectionWriter, kind Kind, parts []*livePart) {
	m := &merger{w: w, at: kind.String() + "/", parts: parts}
	m.orderRows()
	m.mergeStrings()
	m.mergeWords()
	m.mergeLists()
	m.mergeNumbers()
	m.mergeColumns()
}

// orderRows puts the live rows in the order of their ids.
func (m *merger) orderRows() {
	total := 0
	m.rows = make([][]int32, len(m.parts))
	next := make([]int, len(m.parts))
	for i, p := range m.parts {
		m.rows[i] = make([]int32, p.n)
		total += p.live()
	}
	m.order = make(rowOrder, 0, total)
	for len(m.order) < total {
		best := -1
		for i, p := range m.parts {
			for next[i] < p.n && p.dead.has(next[i]) {
				m.rows[i][next[i]] = -1
				next[i]++
			}
			if next[i] < p.n && (best < 0 || bytes.Compare(p.ids.at(next[i]), m.parts[best].ids.at(next[best])) < 0) {
				best = i
			}
		}
		m.rows[best][next[best]] = int32(len(m.order))
		m.order = append(m.order, source{int32(best), int32(next[best])})
		next[best]++
	}
	for i, p := range m.parts {
		for ; next[i] < p.n; next[i]++ {
			m.rows[i][next[i]] = -1
		}
	}
}

func (m *merger) mergeStrings() {
	for _, c := range []struct {
		name   string
		column func(*part) *stringColumn
	}{
		{"ids", func(p *part) *stringColumn { return &p.ids }},
		{"titles", func(p *part) *stringColumn { return &p.titles }},
		{"descriptions", func(p *part) *stringColumn { return &p.descriptions }},
		{"sortnames", func(p *part) *stringColumn { return &p.sortNames }},
	} {
		out := newStringsWriter(m.w, m.at+c.name, len(m.order))
		for _, s := range m.order {
			out.add(c.column(m.parts[s.part].part).at(int(s.row)))
		}
		out.finish()
	}
}

func (m *merger) mergeWords() {
	dictionaries := make([]*stringColumn, len(m.parts))
	m.words = make([][]uint32, len(m.parts))
	for i, p := range m.parts {
		dictionaries[i] = &p.words
		m.words[i] = make([]uint32, p.words.len())
	}
	out := newDictionaryWriter(m.w, m.at)
	var merged []posting
	mergeDictionaries(dictionaries, func(word []byte, places []place) {
		merged = merged[:0]
		for _, at := range places {
			rows := m.rows[at.part]
			for c := m.parts[at.part].open(at.ordinal); c.row != noRow; c.next() {
				if row := rows[c.row]; row >= 0 {
					merged = append(merged, posting{uint32(row), c.mask, c.frequency})
				}
			}
		}
		if len(merged) == 0 {
			return
		}
		if len(places) > 1 {
			slices.SortFunc(merged, func(x, y posting) int { return int(int32(x.row) - int32(y.row)) })
		}
		for _, at := range places {
			m.words[at.part][at.ordinal] = uint32(len(out.counts))
		}
		out.add(word, merged)
	})
	out.finish()
}

// mergeLists writes the lists of numbers that rows have.
func (m *merger) mergeLists() {
	m.mergeList("title.rows", "title.words", func(s source) []uint32 {
		words := m.parts[s.part].titleOf(uint32(s.row))
		renamed := make([]uint32, len(words))
		for i, word := range words {
			renamed[i] = m.words[s.part][word]
		}
		return renamed
	})
	m.mergeList("tagkeys.rows", "tagkeys.keys", func(s source) []uint32 { return m.parts[s.part].tagsOf(uint32(s.row)) })
	m.mergeList("acronymkeys.rows", "acronymkeys.keys", func(s source) []uint32 { return m.parts[s.part].acronymsOf(uint32(s.row)) })
}

func (m *merger) mergeList(rowsName, listName string, of func(source) []uint32) {
	rows := make([]uint32, 1, len(m.order)+1)
	var list []uint32
	for _, s := range m.order {
		list = append(list, of(s)...)
		rows = append(rows, uint32(len(list)))
	}
	writeNumbers(m.w, m.at+rowsName, rows)
	writeNumbers(m.w, m.at+listName, list)
}

func (m *merger) mergeNumbers() {
	mergeColumn(m, "titlekeys", 0, func(p *part) []uint32 { return p.titleKeys })
	mergeColumn(m, "initialkeys", 0, func(p *part) []uint32 { return p.initialKeys })
	mergeColumn(m, "views", 0, func(p *part) []int64 { return p.views })
	mergeColumn(m, "reuses", 0, func(p *part) []int64 { return p.reuses })
	mergeColumn(m, "followers", 0, func(p *part) []int64 { return p.followers })
	mergeColumn(m, "flags", 0, func(p *part) []uint8 { return p.flags })
	mergeColumn(m, "starts", 0, func(p *part) []int32 { return p.starts })
	mergeColumn(m, "ends", 0, func(p *part) []int32 { return p.ends })
	names := map[string]bool{}
	for _, p := range m.parts {
		for name := range p.numbers {
			names[name] = true
		}
	}
	for _, name := range sortedKeys(names) {
		if m.anyRow(func(p *part, row int) bool { return p.numbers[name] != nil && p.numbers[name][row] != missing }) {
			mergeColumn(m, numberPrefix+name, missing, func(p *part) []int64 { return p.numbers[name] })
		}
	}
}

// mergeColumn writes a column of one number per row; a part without it gives the value none.
func mergeColumn[T number](m *merger, name string, none T, of func(*part) []T) []T {
	columns := make([][]T, len(m.parts))
	for i, p := range m.parts {
		columns[i] = of(p.part)
	}
	merged := make([]T, len(m.order))
	for i, s := range m.order {
		merged[i] = none
		if column := columns[s.part]; column != nil {
			merged[i] = column[s.row]
		}
	}
	writeNumbers(m.w, m.at+name, merged)
	return merged
}

func (m *merger) mergeColumns() {
	priors := mergeColumn(m, "priors", 0, func(p *part) []float32 { return p.priors })
	m.mergeSurfaces(priors)
	m.mergeKeywords(ownerColumn, func(p *part) *keywordColumn { return p.owners })
	m.mergeKeywords(expansionColumn, func(p *part) *keywordColumn { return p.expansions })
	m.mergeKeywords(expandedColumn, func(p *part) *keywordColumn { return p.expandedNames })
	names := map[string]bool{}
	for _, p := range m.parts {
		for name := range p.facets {
			names[name] = true
		}
	}
	for _, name := range sortedKeys(names) {
		if m.anyRow(func(p *part, row int) bool { return p.facets[name] != nil && len(p.facets[name].of(row)) > 0 }) {
			m.mergeKeywords(facetPrefix+name, func(p *part) *keywordColumn { return p.facets[name] })
		}
	}
}

// anyRow tells whether a live row has something; a column that none has is dropped.
func (m *merger) anyRow(has func(p *part, row int) bool) bool {
	return slices.ContainsFunc(m.order, func(s source) bool { return has(m.parts[s.part].part, int(s.row)) })
}

func (m *merger) mergeKeywords(name string, of func(*part) *keywordColumn) mergedKeywords {
	columns := make([]*keywordColumn, len(m.parts))
	for i, p := range m.parts {
		columns[i] = of(p.part)
	}
	return mergeKeywords(m.w, m.at+name, columns, m.order)
}

// mergeSurfaces writes the dictionary of surface words with what is prepared for correcting and completing.
func (m *merger) mergeSurfaces(priors []float32) {
	merged := m.mergeKeywords(surfaceColumn, func(p *part) *keywordColumn { return p.surfaces })
	best := make([]float32, len(merged.counts))
	for row, s := range m.order {
		for _, word := range m.parts[s.part].surfaces.of(int(s.row)) {
			number := merged.renamed[s.part][word]
			best[number] = max(best[number], priors[row])
		}
	}
	writeNumbers(m.w, m.at+"surface.priors", best)
	writeNumbers(m.w, m.at+"surface.deletions", deletionsOf(&merged.values))
}
