package dcat

import (
	"slices"
	"strings"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/geo"
)

// Site is what descriptions need to know of the site and of what its objects
// refer to.
type Site struct {
	// Base is the address of the site without a slash at its end.
	Base string
	// Title is the name of the site.
	Title string
	// Language is the site's, a code of ISO 639-1.
	Language string
	// FileURL completes the addresses of hosted files.
	FileURL func(address string) string
	// Licenses are those of the catalogue by identifier.
	Licenses map[string]catalog.License
	Zones    *geo.Directory
}

// DatasetPage is the address of a dataset's page by its identifier.
func (s *Site) DatasetPage(id string) string { return s.Base + "/datasets/" + id }

// Record says a dataset of the catalogue in the words of DCAT. services are
// the high-value ones among the services that give it: a high-value dataset
// tells of them as of distributions.
func (s *Site) Record(d *catalog.Dataset, services []catalog.Dataservice) Record {
	page := s.DatasetPage(d.ID)
	r := Record{
		URI: page, Identifier: d.ID, Title: d.Title, Description: d.Description, Acronym: value(d.Acronym),
		CreatedAt: d.CreatedAt.Time, IssuedAt: d.CreatedAt.Time, ModifiedAt: d.ModifiedAt.Time,
		LandingPage: s.Base + "/datasets/" + d.Slug, Keywords: slices.Clone(d.Tags), HVD: slices.Contains(d.Badges, badgeHVD),
		Frequency: value(d.Frequency), AccessRights: []string{accessRight(d.AccessType)}, Agents: s.agents(&d.Owned, d.ContactPoints),
		Places: s.places(d.Zones), Geometry: area(d.Geometry),
	}
	s.harvested(&r, d.Harvest, page)
	if d.TemporalStart != nil {
		r.Temporal = &Period{Start: *d.TemporalStart, End: value(d.TemporalEnd)}
	}
	if r.HVD {
		r.HVDCategories = categoriesOf(d.Tags)
	}
	if reason := restrictionIRI(value(d.AccessTypeReasonCategory)); reason != "" {
		r.Rights = []string{reason}
	}
	if standard := standardOf(d.SchemaName, d.SchemaVersion, d.SchemaURL); standard != nil {
		r.Standards = []Standard{*standard}
	}
	if len(d.Resources) == 0 {
		var form Distribution // the licence is said of files, where there are any
		s.license(d, &form)
		r.Licenses, r.Rights = form.Licenses, append(r.Rights, form.Rights...)
	}
	for i := range d.Resources {
		r.Distributions = append(r.Distributions, s.distribution(&d.Resources[i], d, &r))
	}
	if r.HVD {
		for i := range services {
			r.Distributions = append(r.Distributions, s.byService(&services[i]))
		}
	}
	return r
}

// harvested says of a harvested dataset what its origin does.
func (s *Site) harvested(r *Record, h *catalog.Harvest, page string) {
	if h == nil {
		return
	}
	r.CreatedAt, r.ModifiedAt = h.CreatedAt.Time, first(h.ModifiedAt, db.Time{Time: r.ModifiedAt})
	if !h.IssuedAt.IsZero() || !h.CreatedAt.IsZero() {
		r.IssuedAt = h.IssuedAt.Time
	}
	r.URI = s.named(value(h.URI), page)
	r.LandingPage = orElse(value(h.RemoteURL), r.LandingPage)
	if identifier := value(h.DctIdentifier); identifier != "" {
		r.Identifier = identifier
		r.Others = []Identifier{{Notation: page, Creator: s.Title}}
	}
}

// named is how an object is named: as its origin does, else by its page. An
// origin names nothing after an address of this site, which would make one thing
// of two.
func (s *Site) named(uri, page string) string {
	if iri, ok := absolute(uri); ok && !strings.HasPrefix(iri, s.Base+"/") {
		return iri
	}
	return page
}

// accessRight is the EU's name of a kind of access.
func accessRight(kind string) string {
	if kind == "restricted" {
		return euAccessRight + "NON_PUBLIC"
	}
	return euAccessRight + "PUBLIC"
}

// standardOf is a schema, nil for none.
func standardOf(name, version, url *string) *Standard {
	standard := Standard{URI: orElse(value(url), ""), Name: value(name), Version: value(version)}
	if standard == (Standard{}) {
		return nil
	}
	return &standard
}

// places are zones as places: named by who is in charge of them, else by what
// this site tells of them.
func (s *Site) places(zones []string) []Place {
	var places []Place
	for _, id := range zones {
		p := Place{URI: s.Base + "/api/1/spatial/zone/" + id + "/", Identifier: id}
		if zone, ok := s.Zones.Get(id); ok {
			p.Name = zone.Name
			if iri, ok := absolute(zone.URI); ok {
				p.URI = iri
			}
		}
		places = append(places, p)
	}
	return places
}

// agents are who has a part in an object: its contact points, and its owner,
// who is the publisher unless a contact point is. There is one publisher;
// further ones distribute.
func (s *Site) agents(owned *catalog.Owned, points []catalog.ContactPoint) []Agent {
	var agents []Agent
	ownerRole := rolePublisher
	for i := range points {
		p := &points[i]
		role := p.Role
		if role == rolePublisher {
			role, ownerRole = ownerRole, roleDistributor
		}
		agent := Agent{Role: role, Name: p.Name, Email: value(p.Email), Page: value(p.ContactForm)}
		if p.ID != "" {
			agent.URI = s.Base + "/api/1/contacts/" + p.ID + "/"
		}
		agents = append(agents, agent)
	}
	if owner, ok := s.owner(owned.Organization, owned.Owner); ok {
		owner.Role = ownerRole
		agents = append(agents, owner)
	}
	order := func(a Agent) int { return slices.IndexFunc(roles, func(r role) bool { return r.name == a.Role }) }
	slices.SortStableFunc(agents, func(a, b Agent) int { return order(a) - order(b) })
	return agents
}

// owner is who an object belongs to.
func (s *Site) owner(organization *account.OrganizationRef, person *account.UserRef) (Agent, bool) {
	switch {
	case organization != nil:
		return Agent{
			URI: s.Base + "/organizations/" + organization.ID, Kind: AnOrganization, Name: organization.Name, Acronym: value(organization.Acronym),
			Page: s.Base + "/organizations/" + organization.Slug,
		}, true
	case person != nil && person.FullName() != "":
		return Agent{
			URI: s.Base + "/users/" + person.ID, Kind: APerson, Name: person.FullName(), Page: s.Base + "/users/" + person.Slug,
		}, true
	}
	return Agent{}, false
}

func value(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// first is the first moment that there is.
func first(moments ...db.Time) time.Time {
	for _, m := range moments {
		if !m.IsZero() {
			return m.Time
		}
	}
	return time.Time{}
}
