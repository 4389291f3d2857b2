package search

import (
	"math"
	"slices"
)

// constraint is a filter on one column, compiled for one part.
type constraint struct {
	field string
	pass  func(row uint32) bool
}

// Names of the constraints that stand for no column.
const (
	featuredField = "featured"
	coverageField = "temporal_coverage"
)

// constraintsOf compiles the filters of a query for a part. Every part has the same constraints in the same order.
func constraintsOf(p *part, q *Query) []constraint {
	var list []constraint
	for i := range q.Filters {
		if f := &q.Filters[i]; len(f.Values) > 0 {
			list = append(list, constraint{f.Field, keywordTest(p.facets[f.Field], f)})
		}
	}
	for i := range q.Ranges {
		r := &q.Ranges[i]
		list = append(list, constraint{r.Field, numberTest(p.numbers[r.Field], r.Min, r.Max)})
	}
	if q.Featured != nil {
		wanted := *q.Featured
		list = append(list, constraint{featuredField, func(row uint32) bool { return (p.flags[row]&flagFeatured != 0) == wanted }})
	}
	if q.Coverage != nil {
		c := *q.Coverage
		list = append(list, constraint{coverageField, func(row uint32) bool {
			return p.starts[row] != 0 && p.ends[row] != 0 && p.starts[row] <= c.Start && p.ends[row] >= c.End
		}})
	}
	return list
}

func never(uint32) bool { return false }

// keywordTest tests for one of the values, or for all of them.
func keywordTest(column *keywordColumn, f *Filter) func(uint32) bool {
	if column == nil {
		return never
	}
	var wanted []uint32
	for _, value := range f.Values {
		if ordinal, ok := column.values.find(value); ok {
			wanted = append(wanted, uint32(ordinal))
		} else if f.All {
			return never
		}
	}
	if len(wanted) == 0 {
		return never
	}
	slices.Sort(wanted)
	wanted = slices.Compact(wanted)
	if f.All {
		return func(row uint32) bool { return containsAll(column.of(int(row)), wanted) }
	}
	return func(row uint32) bool { return intersects(column.of(int(row)), wanted) }
}

// containsAll tells whether every number of wanted is in list; both ascend.
func containsAll(list, wanted []uint32) bool {
	for _, number := range list {
		if len(wanted) > 0 && wanted[0] == number {
			wanted = wanted[1:]
		}
	}
	return len(wanted) == 0
}

// intersects tells whether two ascending lists have a number in common.
func intersects(a, b []uint32) bool {
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] < b[0]:
			a = a[1:]
		case a[0] > b[0]:
			b = b[1:]
		default:
			return true
		}
	}
	return false
}

// numberTest tests for a number between bounds, of which nil is open.
func numberTest(column []int64, lowest, highest *int64) func(uint32) bool {
	if column == nil {
		return never
	}
	from, to := int64(missing+1), int64(math.MaxInt64)
	if lowest != nil {
		from = max(from, *lowest)
	}
	if highest != nil {
		to = *highest
	}
	return func(row uint32) bool { return from <= column[row] && column[row] <= to }
}

// maxConstraints is the number of constraints that facets can tell apart; those beyond apply to every facet.
const maxConstraints = 63

// sieve tells which constraints the rows of each part fail, as bits.
type sieve struct {
	parts [][]constraint
	// known are the bits that some facet leaves out: a row that fails others is of no use.
	known uint64
}

func newSieve(parts []*livePart, q *Query) *sieve {
	s := &sieve{parts: make([][]constraint, len(parts))}
	for i, p := range parts {
		s.parts[i] = constraintsOf(p.part, q)
	}
	for i := range q.Facets {
		s.known |= s.own(&q.Facets[i])
	}
	return s
}

// own gives the bits of the constraints that a facet leaves out.
func (s *sieve) own(f *Facet) (bits uint64) {
	field := f.Own
	if field == "" {
		field = f.Field
	}
	if len(s.parts) > 0 {
		for i, c := range s.parts[0] {
			if c.field == field && i < maxConstraints {
				bits |= 1 << i
			}
		}
	}
	return bits
}

// failures gives the bits of the constraints that a row fails, and whether any facet may still count it.
func (s *sieve) failures(m *match) (bits uint64, useful bool) {
	for i := range s.parts[m.part] {
		if s.parts[m.part][i].pass(m.row) {
			continue
		}
		bits |= 1 << min(i, maxConstraints)
		if bits&^s.known != 0 {
			return bits, false
		}
	}
	return bits, true
}
