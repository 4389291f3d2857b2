package dcat

import (
	"strings"

	"grenier/internal/rdf"
)

// agents says who has a part in something, each by the predicate of their role.
func (d *Document) agents(s rdf.Term, agents []Agent) {
	for i := range agents {
		d.agent(s, predicateOf(agents[i].Role), &agents[i])
	}
}

func (d *Document) agent(s rdf.Term, predicate string, a *Agent) {
	o, named := d.link(s, predicate, a.URI)
	if !named {
		o = d.blank()
		d.add(s, predicate, o)
	} else if !d.once("agent " + o.Value) {
		return
	}
	if a.Role == roleContact {
		d.card(o, a)
		return
	}
	d.isA(o, nsFOAF+"Agent")
	if a.Kind != "" {
		d.isA(o, nsFOAF+string(a.Kind))
	}
	d.text(o, nsFOAF+"name", a.Name)
	d.text(o, nsSKOS+"altLabel", a.Acronym)
	d.link(o, nsFOAF+"mbox", mailto(a.Email))
	d.page(o, nsFOAF+"page", a.Page)
}

// card says a contact as vCard does.
func (d *Document) card(o rdf.Term, a *Agent) {
	d.isA(o, nsVCard+"Kind")
	d.text(o, nsVCard+"fn", a.Name)
	d.link(o, nsVCard+"hasEmail", mailto(a.Email))
	d.link(o, nsVCard+"hasURL", a.Page)
}

func mailto(address string) string {
	if address = strings.TrimSpace(address); address == "" {
		return ""
	}
	return "mailto:" + strings.ReplaceAll(address, "%", "%25")
}
