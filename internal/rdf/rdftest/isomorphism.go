// Package rdftest compares graphs and reads them for tests.
package rdftest

import (
	"hash/maphash"
	"slices"

	"grenier/internal/rdf"
)

// maxGuesses bounds how many pairs of nodes that look alike are tried.
const maxGuesses = 10_000

// Isomorphic tells whether two graphs are the same but for the labels of
// their blank nodes (RDF 1.1 Concepts §3.6 and §4.1). It colours blank nodes by
// what is said of them until no colour splits further, then tries the nodes
// that still look alike one against the other; it answers false for graphs so
// regular that this takes more than some thousands of tries.
func Isomorphic(a, b *rdf.Graph) bool {
	if a.Len() != b.Len() {
		return false
	}
	m := matcher{seed: maphash.MakeSeed(), guesses: maxGuesses}
	m.a, m.b = m.side(a), m.side(b)
	return m.match(blankColours(m.a), blankColours(m.b))
}

// side is one of two graphs that are compared.
type side struct {
	quads []rdf.Quad
	known map[rdf.Quad]bool
	about map[rdf.Term][]int // the quads that a blank node is in
	order []rdf.Term         // blank nodes as they came
}

type colours map[rdf.Term]uint64

type matcher struct {
	seed    maphash.Seed
	a, b    side
	guesses int
}

func (m *matcher) side(g *rdf.Graph) side {
	s := side{quads: g.Quads(), known: map[rdf.Quad]bool{}, about: map[rdf.Term][]int{}}
	for n, q := range s.quads {
		s.known[q] = true
		for _, t := range terms(q) {
			if t.Kind != rdf.Blank {
				continue
			}
			if len(s.about[t]) == 0 {
				s.order = append(s.order, t)
			}
			if l := s.about[t]; len(l) == 0 || l[len(l)-1] != n {
				s.about[t] = append(l, n)
			}
		}
	}
	return s
}

func terms(q rdf.Quad) [4]rdf.Term { return [4]rdf.Term{q.Subject, q.Predicate, q.Object, q.Graph} }

func blankColours(s side) colours {
	c := colours{}
	for _, t := range s.order {
		c[t] = 0
	}
	return c
}

// match tells whether the graphs are alike by a mapping that keeps colours.
func (m *matcher) match(a, b colours) bool {
	for kinds := -1; ; {
		a, b = m.refine(m.a, a), m.refine(m.b, b)
		classesA, classesB := classes(m.a, a), classes(m.b, b)
		if !sameSizes(classesA, classesB) {
			return false
		}
		if len(classesA) > kinds {
			kinds = len(classesA)
			continue
		}
		colour, found := ambiguous(classesA)
		if !found {
			return m.verify(classesA, classesB)
		}
		return m.guess(a, b, classesA[colour][0], classesB[colour])
	}
}

// guess tries a node of the first graph against those of the second that look
// like it.
func (m *matcher) guess(a, b colours, node rdf.Term, candidates []rdf.Term) bool {
	mark := maphash.Comparable(m.seed, m.guesses)
	for _, candidate := range candidates {
		if m.guesses--; m.guesses < 0 {
			return false
		}
		tryA, tryB := clone(a), clone(b)
		tryA[node], tryB[candidate] = mark, mark
		if m.match(tryA, tryB) {
			return true
		}
	}
	return false
}

func clone(c colours) colours {
	out := make(colours, len(c))
	for t, colour := range c {
		out[t] = colour
	}
	return out
}

// refine gives each node the colour of what is said of it by nodes of the
// colours so far.
func (m *matcher) refine(s side, old colours) colours {
	fresh := make(colours, len(old))
	for _, node := range s.order {
		seen := make([]uint64, 0, len(s.about[node])+1)
		for _, n := range s.about[node] {
			seen = append(seen, m.look(s.quads[n], node, old))
		}
		slices.Sort(seen)
		colour := old[node]
		for _, h := range seen {
			colour = maphash.Comparable(m.seed, [2]uint64{colour, h})
		}
		fresh[node] = colour
	}
	return fresh
}

// look is a quad as one of its blank nodes sees it.
func (m *matcher) look(q rdf.Quad, from rdf.Term, old colours) uint64 {
	var h [4]uint64
	for i, t := range terms(q) {
		switch {
		case t == from:
			h[i] = 1
		case t.Kind == rdf.Blank:
			h[i] = old[t]
		default:
			h[i] = maphash.Comparable(m.seed, t)
		}
	}
	return maphash.Comparable(m.seed, h)
}

func classes(s side, c colours) map[uint64][]rdf.Term {
	out := map[uint64][]rdf.Term{}
	for _, t := range s.order {
		out[c[t]] = append(out[c[t]], t)
	}
	return out
}

func sameSizes(a, b map[uint64][]rdf.Term) bool {
	if len(a) != len(b) {
		return false
	}
	for colour, nodes := range a {
		if len(b[colour]) != len(nodes) {
			return false
		}
	}
	return true
}

// ambiguous is the colour of the smallest class of several nodes.
func ambiguous(c map[uint64][]rdf.Term) (colour uint64, found bool) {
	for k, nodes := range c {
		if len(nodes) > 1 && (!found || len(nodes) < len(c[colour])) {
			colour, found = k, true
		}
	}
	return colour, found
}

// verify tells whether the mapping of equal colours makes one graph of the
// other.
func (m *matcher) verify(a, b map[uint64][]rdf.Term) bool {
	to := map[rdf.Term]rdf.Term{}
	for colour, nodes := range a {
		to[nodes[0]] = b[colour][0]
	}
	renamed := func(t rdf.Term) rdf.Term {
		if t.Kind == rdf.Blank {
			return to[t]
		}
		return t
	}
	for _, q := range m.a.quads {
		if !m.b.known[rdf.Quad{Subject: renamed(q.Subject), Predicate: renamed(q.Predicate),
			Object: renamed(q.Object), Graph: renamed(q.Graph)}] {
			return false
		}
	}
	return true
}
