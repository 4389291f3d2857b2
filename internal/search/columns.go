package search

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
	"unsafe"
)

// stringColumn is a list of strings in one run of bytes.
type stringColumn struct {
	offsets []uint32
	data    []byte
}

// stringsWriter writes a stringColumn: the bytes at once, the offsets at the end.
type stringsWriter struct {
	w       *sectionWriter
	name    string
	offsets []uint32
	size    uint64
	end     func()
}

func newStringsWriter(w *sectionWriter, name string, expected int) *stringsWriter {
	return &stringsWriter{w: w, name: name, offsets: append(make([]uint32, 0, expected+1), 0), end: w.open(name + ".data")}
}

func (s *stringsWriter) add(value []byte) {
	s.w.Write(value)
	s.size += uint64(len(value))
	if s.size > math.MaxUint32 && s.w.err == nil {
		s.w.err = fmt.Errorf("search: section %s is larger than 4 GiB", s.name)
	}
	s.offsets = append(s.offsets, uint32(s.size))
}

func (s *stringsWriter) finish() {
	s.end()
	writeNumbers(s.w, s.name+".offsets", s.offsets)
}

// writeStrings writes a whole list.
func writeStrings(w *sectionWriter, name string, list []string) {
	s := newStringsWriter(w, name, len(list))
	for _, value := range list {
		s.add(unsafe.Slice(unsafe.StringData(value), len(value)))
	}
	s.finish()
}

func readStrings(s sections, name string, want int) (c stringColumn, err error) {
	if want >= 0 {
		want++
	}
	if c.offsets, err = numbersOf[uint32](s, name+".offsets", want); err != nil {
		return c, err
	}
	c.data, err = numbersOf[uint8](s, name+".data", -1)
	return c, err
}

func (c *stringColumn) len() int { return max(0, len(c.offsets)-1) }

// at gives the bytes of string i, in place: they must not be kept.
func (c *stringColumn) at(i int) []byte { return c.data[c.offsets[i]:c.offsets[i+1]] }

// find gives the place of key in a sorted column, and whether it is there.
func (c *stringColumn) find(key string) (int, bool) {
	return sort.Find(c.len(), func(i int) int { return strings.Compare(key, view(c.at(i))) })
}

// withPrefix gives the range of a sorted column whose strings begin with prefix.
func (c *stringColumn) withPrefix(prefix string) (from, to int) {
	from, _ = c.find(prefix)
	to = from + sort.Search(c.len()-from, func(i int) bool {
		return !bytes.HasPrefix(c.at(from+i), unsafe.Slice(unsafe.StringData(prefix), len(prefix)))
	})
	return from, to
}

// view is b as a string that must not outlive it.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// keywordColumn gives each row any number of values out of a sorted dictionary.
type keywordColumn struct {
	values stringColumn
	// counts is the number of rows of each value when the column was written.
	counts []uint32
	// rows are the starts of each row's part of ordinals, which are ascending numbers of values.
	rows     []uint32
	ordinals []uint32
}

func (c *keywordColumn) of(row int) []uint32 { return c.ordinals[c.rows[row]:c.rows[row+1]] }

func readKeywords(s sections, name string, n int) (*keywordColumn, error) {
	c := &keywordColumn{}
	var err error
	if c.values, err = readStrings(s, name+".values", -1); err != nil {
		return nil, err
	}
	if c.counts, err = numbersOf[uint32](s, name+".counts", c.values.len()); err != nil {
		return nil, err
	}
	if c.rows, err = numbersOf[uint32](s, name+".rows", n+1); err != nil {
		return nil, err
	}
	c.ordinals, err = numbersOf[uint32](s, name+".ordinals", -1)
	return c, err
}

// keywordBuilder collects a keywordColumn row by row.
type keywordBuilder struct {
	interned map[string]uint32
	values   []string
	counts   []uint32
	rows     []uint32
	ordinals []uint32
}

func newKeywordBuilder() *keywordBuilder {
	return &keywordBuilder{interned: map[string]uint32{}, rows: []uint32{0}}
}

// add gives a value to the row that is open.
func (b *keywordBuilder) add(value string) {
	b.addBytes(unsafe.Slice(unsafe.StringData(value), len(value)))
}

// addBytes is add for bytes, which are copied.
func (b *keywordBuilder) addBytes(value []byte) {
	ordinal, ok := b.interned[string(value)]
	if !ok {
		ordinal = uint32(len(b.values))
		kept := string(value)
		b.interned[kept] = ordinal
		b.values = append(b.values, kept)
		b.counts = append(b.counts, 0)
	}
	if !slices.Contains(b.ordinals[b.rows[len(b.rows)-1]:], ordinal) {
		b.ordinals = append(b.ordinals, ordinal)
		b.counts[ordinal]++
	}
}

// skipTo ends rows until row is open: those without values need no call.
func (b *keywordBuilder) skipTo(row int) {
	for len(b.rows)-1 < row {
		b.rows = append(b.rows, uint32(len(b.ordinals)))
	}
}

func (b *keywordBuilder) write(w *sectionWriter, name string, n int) {
	b.skipTo(n)
	order := make([]uint32, len(b.values))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(x, y uint32) int { return strings.Compare(b.values[x], b.values[y]) })
	renamed := make([]uint32, len(order))
	values := newStringsWriter(w, name+".values", len(order))
	counts := make([]uint32, len(order))
	for i, old := range order {
		renamed[old] = uint32(i)
		counts[i] = b.counts[old]
		values.add([]byte(b.values[old]))
	}
	values.finish()
	for i, ordinal := range b.ordinals {
		b.ordinals[i] = renamed[ordinal]
	}
	for row := range n {
		slices.Sort(b.ordinals[b.rows[row]:b.rows[row+1]])
	}
	writeNumbers(w, name+".counts", counts)
	writeNumbers(w, name+".rows", b.rows)
	writeNumbers(w, name+".ordinals", b.ordinals)
}

// mergedKeywords are columns of several parts under one dictionary.
type mergedKeywords struct {
	// renamed gives for each column, which may be nil, the new number of each value.
	renamed [][]uint32
	counts  []uint32
	values  stringColumn
}

// mergeKeywords writes the union of columns: the values that live rows have, and rows as order tells.
func mergeKeywords(w *sectionWriter, name string, columns []*keywordColumn, order rowOrder) mergedKeywords {
	merged := mergedKeywords{renamed: make([][]uint32, len(columns))}
	live := make([][]uint32, len(columns))
	dictionaries := make([]*stringColumn, len(columns))
	for i, c := range columns {
		if c == nil {
			dictionaries[i] = &stringColumn{}
			continue
		}
		dictionaries[i] = &c.values
		live[i] = make([]uint32, c.values.len())
		merged.renamed[i] = make([]uint32, c.values.len())
	}
	total := 0
	for _, source := range order {
		if c := columns[source.part]; c != nil {
			for _, ordinal := range c.of(int(source.row)) {
				live[source.part][ordinal]++
				total++
			}
		}
	}
	values := newStringsWriter(w, name+".values", 0)
	mergeDictionaries(dictionaries, func(value []byte, places []place) {
		count := uint32(0)
		for _, p := range places {
			count += live[p.part][p.ordinal]
		}
		if count == 0 {
			return
		}
		for _, p := range places {
			merged.renamed[p.part][p.ordinal] = uint32(len(merged.counts))
		}
		merged.counts = append(merged.counts, count)
		merged.values.data = append(merged.values.data, value...)
		values.add(value)
	})
	values.finish()
	merged.values.offsets = values.offsets
	writeNumbers(w, name+".counts", merged.counts)
	merged.writeRows(w, name, columns, order, total)
	return merged
}

func (m *mergedKeywords) writeRows(w *sectionWriter, name string, columns []*keywordColumn, order rowOrder, total int) {
	rows := make([]uint32, 1, len(order)+1)
	ordinals := make([]uint32, 0, total)
	for _, source := range order {
		if c := columns[source.part]; c != nil {
			for _, ordinal := range c.of(int(source.row)) {
				ordinals = append(ordinals, m.renamed[source.part][ordinal])
			}
		}
		rows = append(rows, uint32(len(ordinals)))
	}
	writeNumbers(w, name+".rows", rows)
	writeNumbers(w, name+".ordinals", ordinals)
}

// place is a string in the dictionary of a part.
type place struct {
	part    int
	ordinal int
}

// mergeDictionaries calls yield with each distinct string of sorted dictionaries in order, and with where it is.
func mergeDictionaries(dictionaries []*stringColumn, yield func(value []byte, places []place)) {
	next := make([]int, len(dictionaries))
	places := make([]place, 0, len(dictionaries))
	for {
		var smallest []byte
		places = places[:0]
		for i, d := range dictionaries {
			if next[i] >= d.len() {
				continue
			}
			value := d.at(next[i])
			order := -1
			if len(places) > 0 {
				order = bytes.Compare(value, smallest)
			}
			if order < 0 {
				smallest, places = value, places[:0]
			}
			if order <= 0 {
				places = append(places, place{i, next[i]})
			}
		}
		if len(places) == 0 {
			return
		}
		for _, p := range places {
			next[p.part]++
		}
		yield(smallest, places)
	}
}

// source is a row of a part.
type source struct {
	part int32
	row  int32
}

// rowOrder gives, for each row of a new part, where it comes from.
type rowOrder []source
