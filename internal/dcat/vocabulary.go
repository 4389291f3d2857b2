// Package dcat speaks of the catalogue in the words of DCAT-AP 3 (with the
// terms for high-value datasets and GeoDCAT-AP): descriptions of datasets,
// services and catalogues as quads, and the other way what a graph of somebody
// else says of its datasets. It works in two steps with a Record between them:
// the catalogue's objects become records, and records become quads; reading
// turns quads into the same records.
package dcat

import (
	"grenier/internal/rdf"
)

// Namespaces of the vocabularies in use.
const (
	nsADMS    = "http://www.w3.org/ns/adms#"
	nsDCAT    = "http://www.w3.org/ns/dcat#"
	nsDCATAP  = "http://data.europa.eu/r5r/"
	nsDCT     = "http://purl.org/dc/terms/"
	nsDQV     = "http://www.w3.org/ns/dqv#"
	nsELI     = "http://data.europa.eu/eli/ontology#"
	nsFOAF    = "http://xmlns.com/foaf/0.1/"
	nsFreq    = "http://purl.org/cld/freq/"
	nsGeoDCAT = "http://data.europa.eu/930/"
	nsGSP     = "http://www.opengis.net/ont/geosparql#"
	nsHydra   = "http://www.w3.org/ns/hydra/core#"
	nsLOCN    = "http://www.w3.org/ns/locn#"
	nsORG     = "http://www.w3.org/ns/org#"
	nsOWL     = "http://www.w3.org/2002/07/owl#"
	nsRDFS    = "http://www.w3.org/2000/01/rdf-schema#"
	nsSchema  = "http://schema.org/"
	nsSCV     = "http://purl.org/NET/scovo#"
	nsSDMX    = "http://purl.org/linked-data/sdmx/2009/attribute#"
	nsSKOS    = "http://www.w3.org/2004/02/skos/core#"
	nsSPDX    = "http://spdx.org/rdf/terms#"
	nsVCard   = "http://www.w3.org/2006/vcard/ns#"
)

// Authority tables of the European Union and others whose members are named by
// their last part.
const (
	authority       = "http://publications.europa.eu/resource/authority/"
	euFrequency     = authority + "frequency/"
	euAccessRight   = authority + "access-right/"
	euFileType      = authority + "file-type/"
	euLanguage      = authority + "language/"
	ianaMediaType   = "https://www.iana.org/assignments/media-types/"
	ianaMediaOld    = "http://www.iana.org/assignments/media-types/"
	ogcStandard     = "http://www.opengeospatial.org/standards/"
	inspireLimit    = "http://inspire.ec.europa.eu/metadata-codelist/LimitationsOnPublicAccess/INSPIRE_Directive_Article13_1"
	hvdCategory     = "http://data.europa.eu/bna/"
	hvdLegislation  = "http://data.europa.eu/eli/reg_impl/2023/138/oj"
	vndGeoJSON      = "https://www.iana.org/assignments/media-types/application/vnd.geo+json"
	geoJSONLiteral  = nsGSP + "geoJSONLiteral"
	wktLiteral      = nsGSP + "wktLiteral"
	gmlLiteral      = nsGSP + "gmlLiteral"
	wktLiteralOld   = "http://www.opengis.net/rdf#wktLiteral"
	checksumPrefix  = nsSPDX + "checksumAlgorithm_"
	checksumPrefixS = "https://spdx.org/rdf/terms#checksumAlgorithm_"
)

// Prefixes are the short names that documents of this package use.
var Prefixes = []rdf.Prefix{
	{Name: "adms", IRI: nsADMS}, {Name: "dcat", IRI: nsDCAT}, {Name: "dcatap", IRI: nsDCATAP}, {Name: "dct", IRI: nsDCT},
	{Name: "dqv", IRI: nsDQV}, {Name: "foaf", IRI: nsFOAF}, {Name: "freq", IRI: nsFreq}, {Name: "geodcat", IRI: nsGeoDCAT},
	{Name: "geosparql", IRI: nsGSP}, {Name: "hydra", IRI: nsHydra}, {Name: "locn", IRI: nsLOCN}, {Name: "org", IRI: nsORG},
	{Name: "owl", IRI: nsOWL}, {Name: "rdf", IRI: rdf.RDF}, {Name: "rdfs", IRI: nsRDFS}, {Name: "schema", IRI: nsSchema},
	{Name: "scv", IRI: nsSCV}, {Name: "skos", IRI: nsSKOS}, {Name: "spdx", IRI: nsSPDX}, {Name: "vcard", IRI: nsVCard},
	{Name: "xsd", IRI: rdf.XSD},
}

// role pairs the part that somebody has in a dataset with its predicate, in the
// order in which they are told.
type role struct{ name, predicate string }

// The roles of contact points that rules speak of.
const (
	roleContact     = "contact"
	rolePublisher   = "publisher"
	roleDistributor = "distributor"
)

var roles = []role{
	{roleContact, nsDCAT + "contactPoint"}, {"creator", nsDCT + "creator"}, {rolePublisher, nsDCT + "publisher"},
	{"rightsHolder", nsDCT + "rightsHolder"}, {"custodian", nsGeoDCAT + "custodian"}, {roleDistributor, nsGeoDCAT + "distributor"},
	{"originator", nsGeoDCAT + "originator"}, {"principalInvestigator", nsGeoDCAT + "principalInvestigator"},
	{"processor", nsGeoDCAT + "processor"}, {"resourceProvider", nsGeoDCAT + "resourceProvider"}, {"user", nsGeoDCAT + "user"},
}

// predicateOf is the predicate of a role; an unknown role is a contributor's.
func predicateOf(name string) string {
	for _, r := range roles {
		if r.name == name {
			return r.predicate
		}
	}
	return nsDCT + "contributor"
}

// restrictions are the reasons for which data is not open, by the letter of
// article 13(1) of the INSPIRE directive that speaks of it.
var restrictions = map[string]string{
	"a": "confidentiality_of_proceedings_of_public_authorities",
	"b": "international_relations_public_security_or_national_defence",
	"c": "course_of_justice_or_fair_trial",
	"d": "confidentiality_of_commercial_or_industrial_information",
	"e": "intellectual_property_rights",
	"f": "confidentiality_of_personal_data",
	"g": "protection_of_voluntary_information_suppliers",
	"h": "protection_of_environment",
}

// restrictionIRI is the entry of the INSPIRE code list that names a reason,
// empty when there is none.
func restrictionIRI(category string) string {
	for letter, name := range restrictions {
		if name == category {
			return inspireLimit + letter
		}
	}
	return ""
}

// languages are the codes of the EU authority table by those of ISO 639-1.
var languages = map[string]string{"fr": "FRA", "en": "ENG", "es": "SPA", "pt": "POR", "de": "DEU", "it": "ITA"}

// fileTypes are the formats that the EU authority table of file types has under
// the same name in capitals.
var fileTypes = func() map[string]bool {
	known := map[string]bool{}
	for _, format := range []string{
		"csv", "json", "geojson", "xml", "html", "txt", "pdf", "xls", "xlsx", "xlsm", "ods", "odt", "odp", "odg", "doc", "docx", "ppt",
		"pptx", "rtf", "zip", "rar", "tar", "gzip", "kml", "kmz", "gml", "shp", "dbf", "tsv", "rdf", "rss", "atom", "ics", "png", "jpeg",
		"gif", "tiff", "bmp", "dwg", "dgn", "sql", "mdb", "epub", "tab", "las", "laz", "parquet", "netcdf", "n3", "owl", "ecw", "eps", "hdf", "xhtml",
	} {
		known[format] = true
	}
	return known
}()
