package search

import "slices"

// registry numbers the organisations that datasets name, and holds the counters of their datasets. It belongs to the
// writer; searches read the owners made from it.
type registry struct {
	numbers map[string]int32
	names   []string
	sums    []sums
	factors []float32
}

func newRegistry() *registry { return &registry{numbers: map[string]int32{}} }

func (r *registry) number(id []byte) int32 {
	number, ok := r.numbers[string(id)]
	if !ok {
		number = int32(len(r.names))
		name := string(id)
		r.numbers[name] = number
		r.names = append(r.names, name)
		r.sums = append(r.sums, sums{})
		r.factors = append(r.factors, 1)
	}
	return number
}

// numbersOf gives the number of each of a list of ids.
func (r *registry) numbersOf(ids *stringColumn) []int32 {
	list := make([]int32, ids.len())
	for i := range list {
		list[i] = r.number(ids.at(i))
	}
	return list
}

// count adds the counters of one dataset, or takes them away with sign -1. Archived datasets do not count.
func (r *registry) count(p *livePart, row int, sign int64) {
	if p.flags[row]&flagArchived != 0 {
		return
	}
	for _, ordinal := range p.owners.of(row) {
		number := p.ownerNumbers[ordinal]
		s := &r.sums[number]
		s.datasets += sign
		s.views += sign * p.views[row]
		s.interest += sign * (p.reuses[row] + p.followers[row])
		r.factors[number] = float32(power(s.interest, ownerPower))
	}
}

// owners are the organisations as a search sees them. It is never changed once shared.
type owners struct {
	// names are the ids by number; the list only grows.
	names []string
	sums  []sums
	// factors weigh every document of an organisation.
	factors []float32
}

// snapshot gives the counters as they are now.
func (r *registry) snapshot() *owners {
	return &owners{names: r.names[:len(r.names):len(r.names)], sums: slices.Clone(r.sums), factors: slices.Clone(r.factors)}
}
