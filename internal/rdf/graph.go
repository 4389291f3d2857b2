package rdf

// Graph holds quads in the order in which they came, each once, found by
// subject and by object.
type Graph struct {
	quads     []Quad
	bySubject map[Term][]int
	byObject  map[Term][]int
	known     map[Quad]struct{} // of the subjects of more than fewQuads
}

// fewQuads is how many quads of a subject are looked through one by one.
const fewQuads = 24

// NewGraph returns an empty graph.
func NewGraph() *Graph {
	return &Graph{known: map[Quad]struct{}{}, bySubject: map[Term][]int{}, byObject: map[Term][]int{}}
}

// Add adds a quad, unless the graph holds it. Its error is always nil: Add can
// be given to Read.
func (g *Graph) Add(q Quad) error {
	about := g.bySubject[q.Subject]
	if g.holds(about, q) {
		return nil
	}
	n := len(g.quads)
	g.quads = append(g.quads, q)
	about = append(about, n)
	g.bySubject[q.Subject] = about
	g.byObject[q.Object] = append(g.byObject[q.Object], n)
	switch {
	case len(about) > fewQuads+1:
		g.known[q] = struct{}{}
	case len(about) == fewQuads+1:
		for _, n := range about {
			g.known[g.quads[n]] = struct{}{}
		}
	}
	return nil
}

// holds tells whether a quad is among those of its subject.
func (g *Graph) holds(about []int, q Quad) bool {
	if len(about) > fewQuads {
		_, ok := g.known[q]
		return ok
	}
	for _, n := range about {
		if g.quads[n] == q {
			return true
		}
	}
	return false
}

// Len is the number of quads.
func (g *Graph) Len() int { return len(g.quads) }

// Quads are all quads in the order in which they came; not to be changed.
func (g *Graph) Quads() []Quad { return g.quads }

// Objects are the objects of a subject's predicate.
func (g *Graph) Objects(subject Term, predicate string) []Term {
	var objects []Term
	for _, n := range g.bySubject[subject] {
		if q := g.quads[n]; q.Predicate.Value == predicate {
			objects = append(objects, q.Object)
		}
	}
	return objects
}

// Object is the first object of a subject's predicate.
func (g *Graph) Object(subject Term, predicate string) (Term, bool) {
	for _, n := range g.bySubject[subject] {
		if q := g.quads[n]; q.Predicate.Value == predicate {
			return q.Object, true
		}
	}
	return Term{}, false
}

// Subjects are the subjects of a predicate and an object, each once.
func (g *Graph) Subjects(predicate string, object Term) []Term {
	var subjects []Term
	seen := map[Term]bool{}
	for _, n := range g.byObject[object] {
		if q := g.quads[n]; q.Predicate.Value == predicate && !seen[q.Subject] {
			seen[q.Subject] = true
			subjects = append(subjects, q.Subject)
		}
	}
	return subjects
}

// About are the quads of a subject.
func (g *Graph) About(subject Term) []Quad {
	quads := make([]Quad, 0, len(g.bySubject[subject]))
	for _, n := range g.bySubject[subject] {
		quads = append(quads, g.quads[n])
	}
	return quads
}
