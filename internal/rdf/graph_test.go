package rdf_test

import (
	"fmt"
	"testing"

	"grenier/internal/rdf"
)

func TestGraphHoldsEachQuadOnce(t *testing.T) {
	for _, size := range []int{1, 23, 24, 25, 26, 100} {
		g := rdf.NewGraph()
		for range 2 {
			for n := range size {
				q := rdf.Triple(rdf.NewIRI(ns), ns+"p", rdf.NewString(fmt.Sprint(n)))
				_ = g.Add(q)
				_ = g.Add(q)
			}
		}
		if g.Len() != size || len(g.About(rdf.NewIRI(ns))) != size || len(g.Objects(rdf.NewIRI(ns), ns+"p")) != size {
			t.Errorf("%d quads of %d", g.Len(), size)
		}
		_ = g.Add(rdf.Quad{Subject: rdf.NewIRI(ns), Predicate: rdf.NewIRI(ns + "p"), Object: rdf.NewString("0"), Graph: rdf.NewIRI(ns)})
		if g.Len() != size+1 {
			t.Errorf("a quad of another graph is not added to %d", size)
		}
	}
}

func TestGraphIsFoundBySubjectAndObject(t *testing.T) {
	a, b, value := rdf.NewIRI(ns+"a"), rdf.NewBlank("b"), rdf.NewText("x", "FR")
	g := rdf.NewGraph()
	for _, q := range []rdf.Quad{rdf.Triple(a, ns+"p", value), rdf.Triple(a, ns+"q", b), rdf.Triple(b, ns+"p", value), rdf.Triple(a, ns+"p", b)} {
		_ = g.Add(q)
	}
	_ = g.Add(rdf.Quad{Subject: a, Predicate: rdf.NewIRI(ns + "p"), Object: value, Graph: b})
	if got := g.Subjects(ns+"p", value); len(got) != 2 || got[0] != a || got[1] != b {
		t.Errorf("subjects %v, want each once, in order", got)
	}
	if got := g.Objects(a, ns+"p"); len(got) != 3 || got[0] != value || got[1] != b {
		t.Errorf("objects %v", got)
	}
	if got, ok := g.Object(a, ns+"q"); !ok || got != b {
		t.Errorf("object %v, %t", got, ok)
	}
	if got, ok := g.Object(b, ns+"q"); ok {
		t.Errorf("an object that is not there: %v", got)
	}
	if got := g.About(b); len(got) != 1 || got[0].Object != value {
		t.Errorf("about %v", got)
	}
}
