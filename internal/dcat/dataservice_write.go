package dcat

import "grenier/internal/rdf"

// Service describes a service and returns the node that stands for it; page is
// as for Dataset.
func (d *Document) Service(r *Service, page string) (rdf.Term, error) {
	node := d.name(r.URI, page)
	err := d.describe("dataservice "+r.Identifier, false, func() { d.service(node, r) })
	if err == nil {
		d.take(node, page)
	}
	return node, err
}

func (d *Document) service(s rdf.Term, r *Service) {
	d.isA(s, nsDCAT+"DataService")
	d.text(s, nsDCT+"identifier", r.Identifier)
	d.text(s, nsDCT+"title", r.Title)
	d.text(s, nsDCT+"description", r.Description)
	d.moment(s, nsDCT+"created", r.CreatedAt)
	d.moment(s, nsDCT+"issued", r.IssuedAt)
	d.moment(s, nsDCT+"modified", r.ModifiedAt)
	d.link(s, nsDCAT+"endpointURL", r.EndpointURL)
	d.link(s, nsDCAT+"endpointDescription", r.EndpointDescription)
	d.page(s, nsDCAT+"landingPage", r.LandingPage)
	for _, address := range r.Documentation {
		d.page(s, nsFOAF+"page", address)
	}
	for _, keyword := range r.Keywords {
		d.text(s, nsDCAT+"keyword", keyword)
	}
	d.highValue(s, r.HVD, r.HVDCategories)
	d.statements(s, nsDCT+"accessRights", r.AccessRights, nsDCT+"RightsStatement")
	d.statements(s, nsDCT+"rights", r.Rights, nsDCT+"RightsStatement")
	d.statements(s, nsDCT+"license", r.Licenses, nsDCT+"LicenseDocument")
	for i := range r.Standards {
		d.standard(s, &r.Standards[i])
	}
	d.agents(s, r.Agents)
	for _, uri := range r.Serves {
		d.link(s, nsDCAT+"servesDataset", uri)
	}
}
