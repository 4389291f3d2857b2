package geo

import (
	"slices"
	"sort"
	"strings"

	"grenier/internal/text"
)

// nameIndex finds zones by folded names and by parts of them. Its entries, one
// a name or alias, are sorted; all their text is one string, an entry a line.
type nameIndex struct {
	text    string
	start   []uint32 // where each entry begins, and the end
	record  []int32
	ids     string   // identifiers in lower case, a record a line
	idStart []uint32 // where each identifier begins, and the end
	commas  int      // the most commas in one name
}

func newNameIndex(l *layer) *nameIndex {
	type entry struct {
		folded string
		record int32
	}
	entries := make([]entry, 0, len(l.records)+len(l.records)/8)
	x := &nameIndex{idStart: make([]uint32, 0, len(l.records)+1)}
	var ids strings.Builder
	size := 0
	put := func(name string, record int32) {
		folded := text.JoinWords(name)
		size += len(folded) + 1
		entries = append(entries, entry{folded, record})
		x.commas = max(x.commas, strings.Count(name, ","))
	}
	for index := range l.records {
		one := &l.records[index]
		put(l.slice(one.name), int32(index))
		if one.aliases.from != one.aliases.to {
			for alias := range strings.SplitSeq(l.slice(one.aliases), "|") {
				put(alias, int32(index))
			}
		}
		x.idStart = append(x.idStart, uint32(ids.Len()))
		ids.WriteString(strings.ToLower(l.slice(one.id)))
		ids.WriteByte('\n')
	}
	x.idStart = append(x.idStart, uint32(ids.Len()))
	x.ids = ids.String()
	slices.SortFunc(entries, func(a, b entry) int {
		if order := strings.Compare(a.folded, b.folded); order != 0 {
			return order
		}
		return int(a.record - b.record)
	})
	x.start, x.record = make([]uint32, 0, len(entries)+1), make([]int32, 0, len(entries))
	var lines strings.Builder
	lines.Grow(size)
	for _, one := range entries {
		x.start = append(x.start, uint32(lines.Len()))
		x.record = append(x.record, one.record)
		lines.WriteString(one.folded)
		lines.WriteByte('\n')
	}
	x.start = append(x.start, uint32(lines.Len()))
	x.text = lines.String()
	return x
}

func (x *nameIndex) entry(i int) string { return x.text[x.start[i] : x.start[i+1]-1] }

// exact returns the records that have the folded name.
func (x *nameIndex) exact(folded string) []int32 {
	from := sort.Search(len(x.record), func(i int) bool { return x.entry(i) >= folded })
	to := from
	for to < len(x.record) && x.entry(to) == folded {
		to++
	}
	return x.record[from:to]
}

// scan calls found with the record of every line that holds part, and
// where in the line it was found first; starts are the beginnings of lines.
func scan(lines string, starts []uint32, part string, found func(line, at int)) {
	line := 0
	for from := 0; from < len(lines); {
		at := strings.Index(lines[from:], part)
		if at < 0 {
			return
		}
		at += from
		for int(starts[line+1]) <= at {
			line++
		}
		found(line, at-int(starts[line]))
		from = int(starts[line+1])
	}
}
