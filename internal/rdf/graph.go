package rdf

// Graph holds quads in the order in which they came, each once, found by
// subject and by object.
type Graph struct {
	quads     []Quad
	known     map[Quad]struct{}
	bySubject map[Term][]int
	byObject  map[Term][]int
}

// NewGraph returns an empty graph.
func NewGraph() *Graph {
	return &Graph{known: map[Quad]struct{}{}, bySubject: map[Term][]int{}, byObject: map[Term][]int{}}
}

// Add adds a quad, unless the graph holds it. Its error is always nil: Add can
// be given to Read.
func (g *Graph) Add(q Quad) error {
	if _, ok := g.known[q]; ok {
		return nil
	}
	g.known[q] = struct{}{}
	n := len(g.quads)
	g.quads = append(g.quads, q)
	g.bySubject[q.Subject] = append(g.bySubject[q.Subject], n)
	g.byObject[q.Object] = append(g.byObject[q.Object], n)
	return nil
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
