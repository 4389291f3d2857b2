package dcat

import (
	"strconv"

	"grenier/internal/rdf"
)

// Catalog is a catalogue, or a page of one.
type Catalog struct {
	URI, Title, Description string
	// Language is a code of ISO 639-1.
	Language  string
	Homepage  string
	Publisher Agent
	// Datasets and Services are the nodes of what it lists.
	Datasets, Services []rdf.Term
	// Page is where this is a part of a catalogue; nil for a whole one.
	Page *PageOf
}

// PageOf is a page of a catalogue by hydra: its address and those around it,
// empty where there is none.
type PageOf struct {
	URI, First, Last, Next, Previous string
	// Total counts the datasets of all pages.
	Total int
}

// Catalog describes a catalogue and what it lists.
func (d *Document) Catalog(c *Catalog) error {
	return d.describe("catalogue "+c.URI, false, func() { d.catalog(c) })
}

func (d *Document) catalog(c *Catalog) {
	s := rdf.NewIRI(encoded(c.URI))
	d.isA(s, nsDCAT+"Catalog")
	d.text(s, nsDCT+"title", c.Title)
	d.text(s, nsDCT+"description", c.Description)
	if code, ok := languages[c.Language]; ok {
		d.member(s, nsDCT+"language", euLanguage+code, nsDCT+"LinguisticSystem")
	}
	d.page(s, nsFOAF+"homepage", c.Homepage)
	d.agent(s, nsDCT+"publisher", &c.Publisher)
	for _, node := range c.Datasets {
		d.add(s, nsDCAT+"dataset", node)
	}
	for _, node := range c.Services {
		d.add(s, nsDCAT+"service", node)
	}
	if c.Page == nil {
		return
	}
	d.isA(s, nsHydra+"Collection")
	d.add(s, nsHydra+"totalItems", rdf.NewTyped(strconv.Itoa(c.Page.Total), rdf.Integer))
	view, ok := d.link(s, nsHydra+"view", c.Page.URI)
	if !ok {
		return
	}
	d.isA(view, nsHydra+"PartialCollectionView")
	d.link(view, nsHydra+"first", c.Page.First)
	d.link(view, nsHydra+"last", c.Page.Last)
	d.link(view, nsHydra+"next", c.Page.Next)
	d.link(view, nsHydra+"previous", c.Page.Previous)
}
