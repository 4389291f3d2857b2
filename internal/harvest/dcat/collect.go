package dcat

import (
	words "grenier/internal/dcat"
	"grenier/internal/rdf"
)

// Words of RDF that reading in pieces looks at.
const (
	nsDCAT  = "http://www.w3.org/ns/dcat#"
	nsDCT   = "http://purl.org/dc/terms/"
	nsFOAF  = "http://xmlns.com/foaf/0.1/"
	nsHydra = "http://www.w3.org/ns/hydra/core#"
)

// collector takes the triples of a page: into a graph, and when they are too many
// into a store on disk.
type collector struct {
	Converter
	graph *rdf.Graph
	store *store
}

func (c *collector) add(q rdf.Quad) error {
	if c.store != nil {
		return c.store.add(q)
	}
	if c.graph.Len() < maxInMemory {
		return c.graph.Add(q)
	}
	store, err := newStore()
	if err != nil {
		return err
	}
	c.store = store
	for _, known := range c.graph.Quads() {
		if err := store.add(known); err != nil {
			return err
		}
	}
	c.graph = nil
	return store.add(q)
}

func (c *collector) close() {
	if c.store != nil {
		c.store.close()
	}
}

// forget leaves out what a document that broke off did not tell to its end: the
// datasets and services that were being described, and those whose distributions
// were to come.
func (c *collector) forget(open []rdf.Term) {
	unfinished := make(map[rdf.Term]bool, len(open))
	for _, node := range open {
		unfinished[node] = true
	}
	if c.store != nil {
		c.store.unfinished = unfinished
		return
	}
	rest := rdf.NewGraph()
	for _, q := range c.graph.Quads() {
		if q.Predicate.Value == rdf.Type && (unfinished[q.Subject] || lacks(c.graph, q.Subject)) {
			continue
		}
		_ = rest.Add(q) // never fails
	}
	c.graph = rest
}

// lacks tells whether a node has a distribution of which nothing is said.
func lacks(g *rdf.Graph, node rdf.Term) bool {
	for _, form := range g.Objects(node, nsDCAT+"distribution") {
		if form.Kind != rdf.Literal && len(g.About(form)) == 0 {
			return true
		}
	}
	return false
}

func (c Converter) reading() words.Reading {
	return words.Reading{Language: c.Language, Now: c.Now}
}
