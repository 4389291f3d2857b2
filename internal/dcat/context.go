package dcat

import "grenier/internal/rdf"

// ContextPath is where the JSON-LD context is served below the site's address.
const ContextPath = "/api/1/site/context.jsonld"

// contextTerms are the short names of JSON-LD documents besides the prefixes,
// spelled as the clients of the reference know them.
var contextTerms = []rdf.ContextTerm{
	{Name: "Organization", IRI: nsFOAF + "Organization"},
	{Name: "Person", IRI: nsFOAF + "Person"},
	{Name: "Agent", IRI: nsFOAF + "Agent"},
	{Name: "Checksum", IRI: nsSPDX + "Checksum"},
	{Name: "PeriodOfTime", IRI: nsDCT + "PeriodOfTime"},
	{Name: "Location", IRI: nsDCT + "Location"},
	{Name: "Collection", IRI: nsHydra + "Collection"},
	{Name: "PartialCollectionView", IRI: nsHydra + "PartialCollectionView"},
	{Name: "title", IRI: nsDCT + "title"},
	{Name: "description", IRI: nsDCT + "description"},
	{Name: "identifier", IRI: nsDCT + "identifier"},
	{Name: "created", IRI: nsDCT + "created", Type: rdf.XSD + "dateTime"},
	{Name: "issued", IRI: nsDCT + "issued", Type: rdf.XSD + "dateTime"},
	{Name: "modified", IRI: nsDCT + "modified", Type: rdf.XSD + "dateTime"},
	{Name: "language", IRI: nsDCT + "language", Type: "@id"},
	{Name: "license", IRI: nsDCT + "license", Type: "@id"},
	{Name: "rights", IRI: nsDCT + "rights", Type: "@id"},
	{Name: "accessRights", IRI: nsDCT + "accessRights", Type: "@id"},
	{Name: "accrualPeriodicity", IRI: nsDCT + "accrualPeriodicity", Type: "@id"},
	{Name: "conformsTo", IRI: nsDCT + "conformsTo", Type: "@id"},
	{Name: "creator", IRI: nsDCT + "creator"},
	{Name: "publisher", IRI: nsDCT + "publisher", Type: "@id"},
	{Name: "rightsHolder", IRI: nsDCT + "rightsHolder", Type: "@id"},
	{Name: "spatial", IRI: nsDCT + "spatial", Type: "@id"},
	{Name: "temporal", IRI: nsDCT + "temporal", Type: "@id"},
	{Name: "format", IRI: nsDCT + "format", Type: "@id"},
	{Name: "provenance", IRI: nsDCT + "provenance", Type: "@id"},
	{Name: "startDate", IRI: nsSchema + "startDate", Type: rdf.XSD + "date"},
	{Name: "endDate", IRI: nsSchema + "endDate", Type: rdf.XSD + "date"},
	{Name: "dataset", IRI: nsDCAT + "dataset", Type: "@id", Container: "@set"},
	{Name: "service", IRI: nsDCAT + "service", Type: "@id", Container: "@set"},
	{Name: "distribution", IRI: nsDCAT + "distribution", Type: "@id", Container: "@set"},
	{Name: "keyword", IRI: nsDCAT + "keyword", Container: "@set"},
	{Name: "downloadURL", IRI: nsDCAT + "downloadURL", Type: "@id"},
	{Name: "accessURL", IRI: nsDCAT + "accessURL", Type: "@id"},
	{Name: "accessService", IRI: nsDCAT + "accessService", Type: "@id"},
	{Name: "endpointURL", IRI: nsDCAT + "endpointURL", Type: "@id"},
	{Name: "endpointDescription", IRI: nsDCAT + "endpointDescription", Type: "@id"},
	{Name: "servesDataset", IRI: nsDCAT + "servesDataset", Type: "@id", Container: "@set"},
	{Name: "landingPage", IRI: nsDCAT + "landingPage", Type: "@id"},
	{Name: "mediaType", IRI: nsDCAT + "mediaType", Type: "@id"},
	{Name: "contactPoint", IRI: nsDCAT + "contactPoint", Type: "@id"},
	{Name: "byteSize", IRI: nsDCAT + "byteSize", Type: rdf.XSD + "nonNegativeInteger"},
	{Name: "applicableLegislation", IRI: nsDCATAP + "applicableLegislation", Type: "@id"},
	{Name: "hvdCategory", IRI: nsDCATAP + "hvdCategory", Type: "@id"},
	{Name: "homepage", IRI: nsFOAF + "homepage", Type: "@id"},
	{Name: "page", IRI: nsFOAF + "page", Type: "@id"},
	{Name: "mbox", IRI: nsFOAF + "mbox", Type: "@id"},
	{Name: "name", IRI: nsFOAF + "name"},
	{Name: "altLabel", IRI: nsSKOS + "altLabel"},
	{Name: "prefLabel", IRI: nsSKOS + "prefLabel"},
	{Name: "notation", IRI: nsSKOS + "notation"},
	{Name: "label", IRI: nsRDFS + "label"},
	{Name: "checksum", IRI: nsSPDX + "checksum", Type: "@id"},
	{Name: "algorithm", IRI: nsSPDX + "algorithm", Type: "@id"},
	{Name: "checksumValue", IRI: nsSPDX + "checksumValue"},
	{Name: "fn", IRI: nsVCard + "fn"},
	{Name: "hasEmail", IRI: nsVCard + "hasEmail", Type: "@id"},
	{Name: "hasURL", IRI: nsVCard + "hasURL", Type: "@id"},
	{Name: "view", IRI: nsHydra + "view", Type: "@id"},
	{Name: "first", IRI: nsHydra + "first", Type: "@id"},
	{Name: "last", IRI: nsHydra + "last", Type: "@id"},
	{Name: "next", IRI: nsHydra + "next", Type: "@id"},
	{Name: "previous", IRI: nsHydra + "previous", Type: "@id"},
	{Name: "totalItems", IRI: nsHydra + "totalItems", Type: rdf.Integer},
}

// Context is the JSON-LD context of the documents of a site, served below its
// address.
func Context(base string) *rdf.Context {
	terms := make([]rdf.ContextTerm, 0, len(Prefixes)+len(contextTerms))
	for _, p := range Prefixes {
		terms = append(terms, rdf.ContextTerm{Name: p.Name, IRI: p.IRI})
	}
	return &rdf.Context{URL: base + ContextPath, Vocab: nsDCAT, Terms: append(terms, contextTerms...)}
}
