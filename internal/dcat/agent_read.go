package dcat

import (
	"net/url"
	"slices"
	"strings"

	"grenier/internal/rdf"
)

// agents reads who has a part in something, by the order of roles.
func (r *reader) agents(s rdf.Term) []Agent {
	var all []Agent
	for _, role := range roles {
		for _, o := range r.Objects(s, role.predicate) {
			if a := r.agent(o, role.name); a.Name != "" || a.Email != "" || a.Page != "" {
				all = append(all, a)
			}
		}
	}
	return all
}

// agent reads one: as vCard says it for contacts, as FOAF does for others, each
// the other way when that says nothing.
func (r *reader) agent(o rdf.Term, role string) Agent {
	if o.Kind == rdf.Literal {
		return Agent{Role: role, Name: o.Value}
	}
	ways := []func(rdf.Term) Agent{r.foaf, r.card}
	if role == roleContact {
		slices.Reverse(ways)
	}
	var a Agent
	for _, way := range ways {
		if a = way(o); a.Name != "" || a.Email != "" || a.Page != "" {
			break
		}
	}
	a.URI, a.Role = uriOf(o), role
	return a
}

// card reads a contact of vCard.
func (r *reader) card(o rdf.Term) Agent {
	organization := r.text(o, nsVCard+"organization-name")
	if node, ok := r.Object(o, nsVCard+"org"); ok && organization == "" {
		organization = r.text(node, nsVCard+"organization-name", nsVCard+"organisation-name")
	}
	return Agent{
		Name: both(r.text(o, nsVCard+"fn"), organization), Email: unmailto(r.valueOf(o, nsVCard+"hasEmail", nsVCard+"email")),
		Page: r.valueOf(o, nsVCard+"hasURL", nsVCard+"url", nsVCard+"hasUrl"),
	}
}

// valueOf is an address, or the value of the node that holds it.
func (r *reader) valueOf(s rdf.Term, predicates ...string) string {
	for _, predicate := range predicates {
		if address := r.address(s, predicate); address != "" {
			return address
		}
		if node, ok := r.Object(s, predicate); ok {
			if address := r.address(node, nsVCard+"hasValue", nsVCard+"value"); address != "" {
				return address
			}
		}
	}
	return ""
}

// foaf reads an agent of FOAF, with the organisation that they are in.
func (r *reader) foaf(o rdf.Term) Agent {
	a := Agent{
		Name: r.text(o, nsFOAF+"name", nsSKOS+"prefLabel"), Acronym: r.text(o, nsSKOS+"altLabel"),
		Email: unmailto(r.valueOf(o, nsFOAF+"mbox")), Page: r.address(o, nsFOAF+"page"),
	}
	for _, class := range r.Objects(o, rdf.Type) {
		switch class.Value {
		case nsFOAF + "Organization":
			a.Kind = AnOrganization
		case nsFOAF + "Person":
			a.Kind = APerson
		}
	}
	if organization, ok := r.Object(o, nsORG+"memberOf"); ok {
		a.Name = both(a.Name, r.text(organization, nsFOAF+"name", nsSKOS+"prefLabel"))
		if a.Email == "" {
			a.Email = unmailto(r.valueOf(organization, nsFOAF+"mbox"))
		}
	} else if member, ok := r.Object(o, nsFOAF+"member"); ok {
		a.Name = both(r.text(member, nsFOAF+"name", nsSKOS+"prefLabel"), a.Name)
		if email := unmailto(r.valueOf(member, nsFOAF+"mbox")); email != "" {
			a.Email = email
		}
	}
	return a
}

// both names somebody and their organisation.
func both(name, organization string) string {
	switch {
	case name == "" || name == organization:
		return organization
	case organization == "":
		return name
	}
	return name + " (" + organization + ")"
}

func unmailto(address string) string {
	address, was := strings.CutPrefix(address, "mailto:")
	if plain, err := url.PathUnescape(address); was && err == nil {
		address = plain
	}
	return strings.TrimSpace(address)
}
