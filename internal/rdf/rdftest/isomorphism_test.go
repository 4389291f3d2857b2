package rdftest

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"grenier/internal/rdf"
)

func graph(edges ...[2]int) *rdf.Graph {
	g := rdf.NewGraph()
	for _, e := range edges {
		_ = g.Add(rdf.Triple(rdf.NewBlank(fmt.Sprint(e[0])), "urn:p", rdf.NewBlank(fmt.Sprint(e[1]))))
	}
	return g
}

// shuffled is a graph with its quads in another order and its labels changed.
func shuffled(g *rdf.Graph, r *rand.Rand) *rdf.Graph {
	labels := map[rdf.Term]rdf.Term{}
	numbers := r.Perm(4 * g.Len())
	rename := func(t rdf.Term) rdf.Term {
		if t.Kind != rdf.Blank {
			return t
		}
		if _, ok := labels[t]; !ok {
			labels[t] = rdf.NewBlank(fmt.Sprint(numbers[len(labels)]))
		}
		return labels[t]
	}
	out := rdf.NewGraph()
	for _, n := range r.Perm(g.Len()) {
		q := g.Quads()[n]
		_ = out.Add(rdf.Quad{Subject: rename(q.Subject), Predicate: q.Predicate, Object: rename(q.Object), Graph: rename(q.Graph)})
	}
	return out
}

func ring(n int) [][2]int {
	var edges [][2]int
	for i := range n {
		edges = append(edges, [2]int{i, (i + 1) % n})
	}
	return edges
}

func TestIsomorphic(t *testing.T) {
	triangles := graph([2]int{0, 1}, [2]int{1, 2}, [2]int{2, 0}, [2]int{3, 4}, [2]int{4, 5}, [2]int{5, 3})
	hexagon := graph(ring(6)...)
	typed := graph(ring(6)...)
	_ = typed.Add(rdf.Triple(rdf.NewBlank("0"), "urn:p", rdf.NewString("x")))
	other := graph(ring(6)...)
	_ = other.Add(rdf.Triple(rdf.NewBlank("3"), "urn:p", rdf.NewString("x")))
	twice := rdf.NewGraph()
	_ = twice.Add(rdf.Triple(rdf.NewBlank("0"), "urn:p", rdf.NewBlank("0")))
	once := graph([2]int{0, 1})
	for _, c := range []struct {
		name string
		a, b *rdf.Graph
		want bool
	}{
		{"empty", rdf.NewGraph(), rdf.NewGraph(), true},
		{"two triangles and a hexagon", triangles, hexagon, false},
		{"rings", hexagon, graph(ring(6)...), true},
		{"rings of one marked node", typed, other, true},
		{"a mark more", typed, hexagon, false},
		{"a loop and an edge", twice, once, false},
		{"an edge turned", once, graph([2]int{1, 0}), true},
		{"a blank node and an IRI", once, ground("urn:a", "urn:b"), false},
		{"other words", ground("urn:a", "urn:b"), ground("urn:a", "urn:c"), false},
		{"same words", ground("urn:a", "urn:b"), ground("urn:a", "urn:b"), true},
		{"many alike", graph(ring(60)...), graph(ring(60)...), true},
	} {
		if got := Isomorphic(c.a, c.b); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
		if got := Isomorphic(c.b, c.a); got != c.want {
			t.Errorf("%s, turned: %t", c.name, got)
		}
	}
}

func ground(subject, object string) *rdf.Graph {
	g := rdf.NewGraph()
	_ = g.Add(rdf.Triple(rdf.NewIRI(subject), "urn:p", rdf.NewIRI(object)))
	return g
}

func TestLabelsAndOrderDoNotMatter(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		g := rdf.NewGraph()
		for range 1 + r.IntN(20) {
			_ = g.Add(rdf.Quad{Subject: node(r), Predicate: rdf.NewIRI("urn:p"), Object: node(r), Graph: node(r)})
		}
		same := shuffled(g, r)
		if !Isomorphic(g, same) {
			t.Fatalf("a graph differs from itself with other labels: %v", g.Quads())
		}
		_ = same.Add(rdf.Triple(rdf.NewIRI("urn:more"), "urn:p", node(r)))
		_ = g.Add(rdf.Triple(rdf.NewIRI("urn:more"), "urn:q", node(r)))
		if Isomorphic(g, same) {
			t.Fatalf("graphs that differ by a predicate are taken for the same")
		}
	}
}

func node(r *rand.Rand) rdf.Term {
	if n := r.IntN(8); n < 2 {
		return rdf.NewIRI(fmt.Sprint("urn:", n))
	} else {
		return rdf.NewBlank(fmt.Sprint(n))
	}
}

// A graph as regular as can be ends in bounded time, whatever the answer.
func TestHardGraphsEnd(t *testing.T) {
	grid := func(twist int) *rdf.Graph {
		g := rdf.NewGraph()
		at := func(i, j int) rdf.Term { return rdf.NewBlank(fmt.Sprint(i%8, "-", j%8)) }
		for i := range 8 {
			for j := range 8 {
				_ = g.Add(rdf.Triple(at(i, j), "urn:p", at(i+1, j)))
				_ = g.Add(rdf.Triple(at(i, j), "urn:p", at(i, j+1+twist*(i/7))))
			}
		}
		return g
	}
	begin := time.Now()
	if !Isomorphic(grid(0), grid(0)) {
		t.Error("a grid differs from itself")
	}
	Isomorphic(grid(0), grid(1))
	if took := time.Since(begin); took > 20*time.Second {
		t.Errorf("took %v", took)
	}
}
