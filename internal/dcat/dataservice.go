package dcat

import (
	"slices"

	"grenier/internal/catalog"
)

// ServicePage is the address of a service's page by its identifier.
func (s *Site) ServicePage(id string) string { return s.Base + "/dataservices/" + id }

// serviceURI names a service: as its origin does, else by its page.
func (s *Site) serviceURI(d *catalog.Dataservice) string {
	if d.Harvest == nil {
		return s.ServicePage(d.ID)
	}
	return s.named(value(d.Harvest.URI), s.ServicePage(d.ID))
}

// Served is what a service gives.
type Served struct {
	// URIs are those of the datasets.
	URIs []string
	// Tags are those of the high-value ones among them.
	Tags []string
}

// Service says a service of the catalogue in the words of DCAT.
func (s *Site) Service(d *catalog.Dataservice, served Served) Service {
	r := Service{
		URI: s.serviceURI(d), Identifier: d.ID, Title: d.Title, Description: d.Description,
		CreatedAt: d.CreatedAt.Time, IssuedAt: d.CreatedAt.Time, ModifiedAt: d.ModifiedAt.Time,
		EndpointURL: value(d.BaseAPIURL), EndpointDescription: value(d.MachineDocumentationURL),
		LandingPage: s.Base + "/dataservices/" + d.Slug, Keywords: slices.Clone(d.Tags), HVD: slices.Contains(d.Badges, badgeHVD),
		Serves: served.URIs, AccessRights: []string{accessRight(d.AccessType)}, Agents: s.agents(&d.Owned, d.ContactPoints),
	}
	for _, address := range []string{value(d.TechnicalDocumentationURL), value(d.BusinessDocumentationURL)} {
		if iri, ok := absolute(address); ok && !slices.Contains(r.Documentation, iri) {
			r.Documentation = append(r.Documentation, iri)
		}
	}
	if h := d.Harvest; h != nil {
		r.CreatedAt, r.IssuedAt = first(h.CreatedAt, d.CreatedAt), first(h.IssuedAt, d.CreatedAt)
		if id := value(h.RemoteID); id != "" {
			r.Identifier = id
		}
		if iri, ok := absolute(value(h.RemoteURL)); ok {
			r.LandingPage = iri
		}
	}
	if r.HVD {
		r.HVDCategories = categoriesOf(append(slices.Clone(d.Tags), served.Tags...))
	}
	if license, ok := s.Licenses[value(d.License)]; ok {
		if iri, ok := absolute(value(license.URL)); ok {
			r.Licenses = []string{iri}
		} else {
			r.Rights = []string{license.Title}
		}
	}
	if reason := restrictionIRI(value(d.AccessTypeReasonCategory)); reason != "" {
		r.Rights = append(r.Rights, reason)
	}
	return r
}
