package search

import (
	"cmp"
	"slices"
	"strings"
	"sync"
)

// facetCounter counts the values of one facet over matches.
type facetCounter struct {
	facet Facet
	// own are the bits of the constraints which this facet leaves out.
	own uint64
	all int
	// columns are the keyword columns by part, nil where a part lacks it; the largest comes first in parts.
	columns []*keywordColumn
	counts  [][]uint32
	touched [][]uint32
	// numbers and ranges are the number columns by part and the count of each range.
	numbers [][]int64
	ranges  []int
}

func newFacetCounter(f Facet, own uint64, parts []*livePart, spare *sync.Pool) *facetCounter {
	c := &facetCounter{facet: f, own: own}
	if f.Ranges != nil {
		c.ranges = make([]int, len(f.Ranges))
		for _, p := range parts {
			c.numbers = append(c.numbers, p.numbers[f.Field])
		}
		return c
	}
	c.touched = make([][]uint32, len(parts))
	for _, p := range parts {
		column := p.facets[f.Field]
		c.columns = append(c.columns, column)
		size := 0
		if column != nil {
			size = column.values.len()
		}
		c.counts = append(c.counts, zeros(size, spare))
	}
	return c
}

// zeros gives so many zeros, out of the spare ones if possible.
func zeros(n int, spare *sync.Pool) []uint32 {
	if n < minSpare {
		return make([]uint32, n)
	}
	if list, _ := spare.Get().(*[]uint32); list != nil && cap(*list) >= n {
		return (*list)[:n]
	}
	return make([]uint32, n)
}

// minSpare is the smallest number of zeros worth keeping.
const minSpare = 1 << 10

// release gives the memory for counting back.
func (c *facetCounter) release(spare *sync.Pool) {
	for i, counts := range c.counts {
		if cap(counts) < minSpare {
			continue
		}
		for _, ordinal := range c.touched[i] {
			counts[ordinal] = 0
		}
		spare.Put(&counts)
	}
	c.counts = nil
}

// add counts a match that fails the constraints given by bits.
func (c *facetCounter) add(m *match, failures uint64) {
	if failures&^c.own != 0 {
		return
	}
	c.all++
	if c.ranges != nil {
		c.addNumber(m)
		return
	}
	column := c.columns[m.part]
	if column == nil {
		return
	}
	counts := c.counts[m.part]
	for _, ordinal := range column.of(int(m.row)) {
		if counts[ordinal] == 0 {
			c.touched[m.part] = append(c.touched[m.part], ordinal)
		}
		counts[ordinal]++
	}
}

func (c *facetCounter) addNumber(m *match) {
	column := c.numbers[m.part]
	if column == nil || column[m.row] == missing {
		return
	}
	value := column[m.row]
	for i := range c.facet.Ranges {
		r := &c.facet.Ranges[i]
		if (r.Min == nil || *r.Min <= value) && (r.Max == nil || value <= *r.Max) {
			c.ranges[i]++
		}
	}
}

// result gives the counts, the most frequent values first, equal ones in alphabetical order.
func (c *facetCounter) result() FacetCounts {
	out := FacetCounts{Field: c.facet.Field, All: c.all}
	if c.ranges != nil {
		for i, r := range c.facet.Ranges {
			out.Buckets = append(out.Buckets, Bucket{r.Name, c.ranges[i]})
		}
		return out
	}
	limit := c.facet.Limit
	if limit <= 0 || limit > MaxBuckets {
		limit = MaxBuckets
	}
	extra := c.foldIntoFirst()
	best := c.bestOfFirst(limit)
	out.Buckets = append(out.Buckets, best...)
	out.Buckets = append(out.Buckets, extra...)
	slices.SortFunc(out.Buckets, func(a, b Bucket) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Value, b.Value))
	})
	out.Buckets = slices.Clip(out.Buckets[:min(len(out.Buckets), limit)])
	return out
}

// foldIntoFirst adds the counts of the parts in memory, which are small, to those of the first part; it gives the
// values which the first part does not know.
func (c *facetCounter) foldIntoFirst() []Bucket {
	var extra map[string]int
	for i := 1; i < len(c.columns); i++ {
		for _, ordinal := range c.touched[i] {
			value, count := c.columns[i].values.at(int(ordinal)), c.counts[i][ordinal]
			if c.columns[0] != nil {
				if at, ok := c.columns[0].values.find(view(value)); ok {
					if c.counts[0][at] == 0 {
						c.touched[0] = append(c.touched[0], uint32(at))
					}
					c.counts[0][at] += count
					continue
				}
			}
			if extra == nil {
				extra = map[string]int{}
			}
			extra[string(value)] += int(count)
		}
	}
	var list []Bucket
	for value, count := range extra {
		list = append(list, Bucket{value, count})
	}
	return list
}

// bestOfFirst gives the most frequent values of the first part.
func (c *facetCounter) bestOfFirst(limit int) []Bucket {
	if len(c.columns) == 0 || c.columns[0] == nil {
		return nil
	}
	counts, column := c.counts[0], c.columns[0]
	less := func(a, b uint32) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) }
	best := topK(c.touched[0], limit, less)
	buckets := make([]Bucket, len(best))
	for i, ordinal := range best {
		buckets[i] = Bucket{string(column.values.at(int(ordinal))), int(counts[ordinal])}
	}
	return buckets
}

// strides is how far apart topK looks, so that a list which is already in the
// order, or in the opposite one, costs no more than any other.
const strides = 61

// topK gives the k first of list in the order of compare, sorted. It may
// reorder list.
func topK[T any](list []T, k int, compare func(a, b T) int) []T {
	if k <= 0 {
		return nil
	}
	if len(list) <= k {
		slices.SortFunc(list, compare)
		return list
	}
	heap := slices.Clone(list[:k]) // its root is the last of those kept
	for i := k/2 - 1; i >= 0; i-- {
		sink(heap, i, compare)
	}
	for start := k; start < min(k+strides, len(list)); start++ {
		for i := start; i < len(list); i += strides {
			if compare(list[i], heap[0]) < 0 {
				heap[0] = list[i]
				sink(heap, 0, compare)
			}
		}
	}
	slices.SortFunc(heap, compare)
	return heap
}

func sink[T any](heap []T, at int, compare func(a, b T) int) {
	for {
		child := 2*at + 1
		if child >= len(heap) {
			return
		}
		if child+1 < len(heap) && compare(heap[child+1], heap[child]) > 0 {
			child++
		}
		if compare(heap[child], heap[at]) <= 0 {
			return
		}
		heap[at], heap[child] = heap[child], heap[at]
		at = child
	}
}
