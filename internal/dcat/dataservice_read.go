package dcat

import "grenier/internal/rdf"

// service reads an API.
func (r *reader) service(s rdf.Term) Service {
	out := Service{
		URI: uriOf(s), Identifier: r.identifier(s), Title: r.text(s, nsDCT+"title"), Description: r.text(s, nsDCT+"description", nsDCT+"abstract"),
		CreatedAt: r.moment(s, nsDCT+"created"), IssuedAt: r.moment(s, nsDCT+"issued"), ModifiedAt: r.modified(s),
		EndpointURL: r.address(s, nsDCAT+"endpointURL"), EndpointDescription: r.address(s, nsDCAT+"endpointDescription"),
		LandingPage: r.address(s, nsDCAT+"landingPage"), Keywords: r.texts(s, nsDCAT+"keyword"),
		AccessRights: r.accessRights(s), Rights: r.statements(s, nsDCT+"rights"), Licenses: r.statements(s, nsDCT+"license"),
		Agents: r.agents(s), RecordID: r.recordID(s),
	}
	for _, o := range r.Objects(s, nsFOAF+"page") {
		if iri := uriOf(o); iri != "" {
			out.Documentation = append(out.Documentation, iri)
		}
	}
	out.Themes, out.HVD, out.HVDCategories = r.highValue(s)
	for _, predicate := range []string{nsGeoDCAT + "serviceProtocol", nsDCT + "conformsTo"} {
		for _, o := range r.Objects(s, predicate) {
			if standard := r.standard(o); standard != (Standard{}) {
				out.Standards = append(out.Standards, standard)
			}
		}
	}
	for _, o := range r.Objects(s, nsDCAT+"servesDataset") {
		if iri := uriOf(o); iri != "" {
			out.Serves = append(out.Serves, iri)
		} else if id := r.identifier(o); id != "" {
			out.ServesIDs = append(out.ServesIDs, id)
		}
	}
	return out
}
