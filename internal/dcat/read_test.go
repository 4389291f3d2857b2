package dcat

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"grenier/internal/catalog"
	"grenier/internal/rdf"
	"grenier/internal/rdf/rdftest"
)

const prefixes = `@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> . @prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix org: <http://www.w3.org/ns/org#> .
@prefix vcard: <http://www.w3.org/2006/vcard/ns#> . @prefix schema: <http://schema.org/> . @prefix gsp: <http://www.opengis.net/ont/geosparql#> .
@prefix locn: <http://www.w3.org/ns/locn#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> . @prefix hydra: <http://www.w3.org/ns/hydra/core#> .
@prefix dcatap: <http://data.europa.eu/r5r/> . @prefix geodcat: <http://data.europa.eu/930/> . @prefix dqv: <http://www.w3.org/ns/dqv#> .
@prefix spdx: <http://spdx.org/rdf/terms#> . @prefix time: <http://www.w3.org/2006/time#> . @prefix adms: <http://www.w3.org/ns/adms#> .
@prefix sdmx: <http://purl.org/linked-data/sdmx/2009/attribute#> .
`

// readTurtle reads what a document says, in French, in July 2026.
func readTurtle(t *testing.T, document string) Description {
	t.Helper()
	g := rdftest.Read(t, strings.NewReader(prefixes+document), rdf.Turtle, "https://remote.example.org/")
	return Read(g, Reading{Language: "fr", Now: time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)})
}

// readOne reads the one dataset that has some properties.
func readOne(t *testing.T, properties string) Record {
	t.Helper()
	found := readTurtle(t, "<d> a dcat:Dataset ; dct:title \"D\" ; "+properties+" .")
	if len(found.Records) != 1 {
		t.Fatalf("%d datasets were read", len(found.Records))
	}
	return found.Records[0]
}

// TestReadingOtherCatalogues reads forms that catalogues of others use and this
// one does not write.
func TestReadingOtherCatalogues(t *testing.T) {
	for _, c := range []struct {
		name, said string
		got        func(Record) any
		want       string
	}{
		{"a text in the language", `dct:description "E"@en, "F"@fr-FR, "G"@de`, func(r Record) any { return r.Description }, "F"},
		{"an abstract", `dct:abstract "A"`, func(r Record) any { return r.Description }, "A"},
		{"an identifier that is a text before one that is an address", `dct:identifier <i>, "i"`, func(r Record) any { return r.Identifier }, "i"},
		{"a date without time", `dct:issued "2020-02-03"`, func(r Record) any { return r.IssuedAt.Format(time.RFC3339) }, "2020-02-03T00:00:00Z"},
		{"a date of the future", `dct:modified "2040-01-01"`, func(r Record) any { return r.ModifiedAt.IsZero() }, "true"},
		{"no date", `dct:created "soon", "31/12/2019"`, func(r Record) any { return r.CreatedAt.Format(time.DateOnly) }, "2019-12-31"},
		{"the EU's frequency", `dct:accrualPeriodicity <http://publications.europa.eu/resource/authority/frequency/ANNUAL_2>`, func(r Record) any { return r.Frequency }, "semiannual"},
		{"the bare name of a frequency", `dct:accrualPeriodicity "MONTHLY"`, func(r Record) any { return r.Frequency }, "monthly"},
		{"INSPIRE's frequency", `dct:accrualPeriodicity <http://inspire.ec.europa.eu/metadata-codelist/MaintenanceFrequency/asNeeded>`, func(r Record) any { return r.Frequency }, "punctual"},
		{"SDMX's frequency", `dct:accrualPeriodicity <http://purl.org/linked-data/sdmx/2009/code#freq-Q>`, func(r Record) any { return r.Frequency }, "quarterly"},
		{"no frequency", `dct:accrualPeriodicity "now and then", [ a dct:Frequency ]`, func(r Record) any { return r.Frequency }, ""},
		{"themes", `dcat:theme "T", [ skos:prefLabel "U"@en, "V"@fr ], <nothing>`, func(r Record) any { return r.Themes }, "[T V]"},
		{"a high-value theme", `dcat:theme <http://data.europa.eu/bna/c_b79e35eb>`, func(r Record) any { return fmt.Sprint(r.HVD, r.HVDCategories) }, "true [c_b79e35eb]"},
		{"the law on high-value data", `dcatap:applicableLegislation <http://data.europa.eu/eli/reg_impl/2023/138/oj>`, func(r Record) any { return r.HVD }, "true"},
		{"another law", `dcatap:applicableLegislation <http://data.europa.eu/eli/other>`, func(r Record) any { return r.HVD }, "false"},
		{"an INSPIRE theme", `dcat:theme <http://inspire.ec.europa.eu/theme/hy>`, func(r Record) any { return r.Inspire }, "true"},
		{"an INSPIRE scheme", `dcat:theme [ skos:prefLabel "Hydro" ; skos:inScheme [ dct:title "GEMET - INSPIRE Themes, version 1.0" ] ]`, func(r Record) any { return r.Inspire }, "true"},
		{"a labelled licence", `dct:license [ rdfs:label "Licence Ouverte" ], <https://example.org/l>`, func(r Record) any { return r.Licenses }, "[Licence Ouverte https://example.org/l]"},
		{"a restriction", `dct:accessRights <http://inspire.ec.europa.eu/metadata-codelist/LimitationsOnPublicAccess/INSPIRE_Directive_Article13_1e>`,
			func(r Record) any { return r.AccessRights }, "[http://inspire.ec.europa.eu/metadata-codelist/LimitationsOnPublicAccess/INSPIRE_Directive_Article13_1e]"},
		{"a vCard with an organisation", `dcat:contactPoint [ vcard:fn "A" ; vcard:organization-name "O" ; vcard:hasEmail <mailto:a%20b@example.org> ; vcard:url <https://example.org/c> ]`,
			func(r Record) any { return r.Agents }, "[{contact   A (O)  a b@example.org https://example.org/c}]"},
		{"a vCard with nested values", `dcat:contactPoint [ vcard:org [ vcard:organisation-name "O" ] ; vcard:hasEmail [ vcard:hasValue <mailto:a@example.org> ] ]`,
			func(r Record) any { return r.Agents }, "[{contact   O  a@example.org }]"},
		{"a member of an organisation", `geodcat:custodian [ foaf:name "A" ; org:memberOf [ foaf:name "O" ; foaf:mbox <mailto:o@example.org> ] ]`,
			func(r Record) any { return r.Agents }, "[{custodian   A (O)  o@example.org }]"},
		{"an organisation with a member", `dct:creator [ foaf:name "O" ; foaf:member [ foaf:name "A" ] ]`, func(r Record) any { return r.Agents[0].Name }, "A (O)"},
		{"a publisher that is a text", `dct:publisher "P"`, func(r Record) any { return r.Agents }, "[{publisher   P   }]"},
		{"nobody", `dct:publisher [ a foaf:Agent ]`, func(r Record) any { return r.Agents }, "[]"},
		{"a year", `dct:temporal "2019"`, func(r Record) any { return *r.Temporal }, "{2019-01-01 2019-12-31}"},
		{"two months", `dct:temporal "2019-01/2020-02"`, func(r Record) any { return *r.Temporal }, "{2019-01-01 2020-02-29}"},
		{"an open period", `dct:temporal "2010/.."`, func(r Record) any { return *r.Temporal }, "{2010-01-01 }"},
		{"a period of schema.org", `dct:temporal [ schema:startDate "2016-01-01"^^xsd:date ; schema:endDate "2016-12"^^xsd:gYearMonth ]`, func(r Record) any { return *r.Temporal }, "{2016-01-01 2016-12-31}"},
		{"a period of OWL-Time", `dct:temporal [ time:hasBeginning [ time:inXSDDate "2001-02-03"^^xsd:date ] ]`, func(r Record) any { return *r.Temporal }, "{2001-02-03 }"},
		{"a month by its name", `dct:temporal <http://reference.data.gov.uk/id/month/2016-02>`, func(r Record) any { return *r.Temporal }, "{2016-02-01 2016-02-29}"},
		{"no period", `dct:temporal "long ago"`, func(r Record) any { return r.Temporal == nil }, "true"},
		{"a box", `dct:spatial "1.5,2,3,4"`, func(r Record) any { return string(r.Geometry) }, `{"type":"MultiPolygon","coordinates":[[[[1.5,2],[3,2],[3,4],[1.5,4],[1.5,2]]]]}`},
		{"shapes, each once", `dct:spatial [ locn:geometry "POLYGON((0 0,1 0,1 1,0 0))"^^gsp:wktLiteral, "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[1,0],[1,1],[0,0]]]}"^^gsp:geoJSONLiteral ;
			dcat:bbox "<http://www.opengis.net/def/crs/EPSG/0/4326> polygon ((50 2, 50 3, 51 3, 50 2))"^^gsp:wktLiteral ]`,
			func(r Record) any { return string(r.Geometry) }, `{"type":"MultiPolygon","coordinates":[[[[0,0],[1,0],[1,1],[0,0]]],[[[2,50],[3,50],[3,51],[2,50]]]]}`},
		{"a shape in a node of its own", `dct:spatial [ locn:geometry [ gsp:asWKT "MULTIPOLYGON(((0 0,1 0,1 1,0 0)))"^^gsp:wktLiteral ] ]`, func(r Record) any { return len(r.Geometry) > 0 }, "true"},
		{"what is no shape", `dct:spatial "NaN,1,2,3", "1,2,3", [ locn:geometry "POINT(1 2)"^^gsp:wktLiteral, "POLYGON((0 0"^^gsp:wktLiteral, "{}"^^gsp:geoJSONLiteral, "POLYGON((0 100,1 0,1 1,0 100))"^^gsp:wktLiteral ]`,
			func(r Record) any { return len(r.Geometry) }, "0"},
		{"a named place", `dct:spatial <http://publications.europa.eu/resource/authority/country/FRA>`, func(r Record) any { return r.Places }, "[{http://publications.europa.eu/resource/authority/country/FRA  }]"},
		{"a resolution", `dcat:spatialResolutionInMeters "5"^^xsd:decimal, "10.0"^^xsd:decimal`, func(r Record) any { return r.Resolution }, "10 m"},
		{"a scale", `dqv:hasQualityMeasurement [ dqv:isMeasurementOf geodcat:spatialResolutionAsScale ; dqv:value "0.00004"^^xsd:decimal ]`, func(r Record) any { return r.Resolution }, "1/25000"},
		{"a distance", `dqv:hasQualityMeasurement [ dqv:isMeasurementOf geodcat:spatialResolutionAsDistance ; dqv:value "2" ; sdmx:unitMeasure <http://qudt.org/vocab/unit/KiloM> ]`, func(r Record) any { return r.Resolution }, "2 km"},
		{"a standard by its type", `dct:conformsTo [ dct:title "RGF93" ; dct:type <https://example.org/crs> ]`, func(r Record) any { return r.Standards }, "[{https://example.org/crs RGF93 }]"},
		{"a misspelt distribution without label", `dcat:distributions [ dcat:accessURL "https://example.org/a" ; dct:format [ a dct:MediaTypeOrExtent ] ; dcat:byteSize "1.0E3" ]`,
			func(r Record) any {
				d := r.Distributions[0]
				return fmt.Sprint(d.URL(), "|", d.Format, "|", *d.ByteSize)
			}, "https://example.org/a||1000"},
		{"formats of authorities", `dcat:distribution [ dct:format <http://publications.europa.eu/resource/authority/file-type/GEOJSON> ; dcat:mediaType <http://www.iana.org/assignments/media-types/text/csv> ]`,
			func(r Record) any { return r.Distributions[0].Format + " " + r.Distributions[0].MediaType }, "geojson text/csv"},
		{"a checksum", `dcat:distribution [ spdx:checksum [ spdx:algorithm spdx:checksumAlgorithm_md5 ; spdx:checksumValue "ab" ] ]`, func(r Record) any { return *r.Distributions[0].Checksum }, "{md5 ab}"},
		{"a service of maps", `dcat:distribution [ dcat:accessURL <https://example.org/w> ; dcat:accessService [ a dcat:DataService ; dct:conformsTo <http://www.opengeospatial.org/standards/wms> ] ]`,
			func(r Record) any { return r.Distributions[0].Protocol() }, "wms"},
		{"a part", `dct:hasPart <https://example.org/part>`, func(r Record) any { return fmt.Sprint(r.Distributions[0].URL(), r.Distributions[0].Part) }, "https://example.org/parttrue"},
	} {
		if got := fmt.Sprint(c.got(readOne(t, c.said))); got != c.want {
			t.Errorf("%s: %s is read, not %s", c.name, got, c.want)
		}
	}
}

func TestReadingPages(t *testing.T) {
	found := readTurtle(t, `
<d1> a dcat:Dataset ; dct:title "One" . <d2> a dcat:DatasetSeries, dcat:Dataset ; dct:title "Series" . <d3> a dcat:Dataset .
<d4> a dcat:Dataset . <c> a dcat:Catalog ; dcat:dataset <d4> ; dcat:service <s3> .
<s1> a dcat:DataService ; dct:title "S" ; dcat:servesDataset <d3>, <d1> . <d1> dct:identifier "1" ; dcat:distribution [ dcat:accessService <s2>, <s3> ] .
<s2> a dcat:DataService ; dct:title "only a way in" . <s3> a dcat:DataService ; dct:title "listed" .
[] a hydra:PagedCollection ; hydra:nextPage "https://remote.example.org/former" . [] a hydra:PartialCollectionView ; hydra:next <?page=2> .`)
	var datasets, services []string
	for _, r := range found.Records {
		datasets = append(datasets, lastPart(r.URI))
	}
	for _, s := range found.Services {
		services = append(services, lastPart(s.URI))
	}
	if !slices.Equal(datasets, []string{"d1", "d2", "d4"}) || !slices.Equal(services, []string{"s1", "s3"}) {
		t.Errorf("datasets %v and services %v are read", datasets, services)
	}
	if found.Next != "https://remote.example.org/?page=2" || lastPart(found.Services[0].Serves[1]) != "d1" || len(found.Services[0].ServesIDs) > 0 {
		t.Errorf("the next page is %q, the service gives %v and %v", found.Next, found.Services[0].Serves, found.Services[0].ServesIDs)
	}
}

// TestReadingWhatManyShare reads many datasets of one large shape and one service
// that gives all of them: each is read once.
func TestReadingWhatManyShare(t *testing.T) {
	const datasets, corners = 3000, 20_000
	g := rdf.NewGraph()
	add := func(s rdf.Term, predicate string, o rdf.Term) { _ = g.Add(rdf.Triple(s, predicate, o)) } // its error is always nil
	place, service := rdf.NewBlank("place"), rdf.NewIRI("https://remote.example.org/wfs")
	add(place, nsLOCN+"geometry", rdf.NewTyped("POLYGON((0 0,"+strings.Repeat("1.25 2.5,", corners)+"0 0))", wktLiteral))
	for i := range datasets {
		dataset, file := rdf.NewBlank(fmt.Sprint("d", i)), rdf.NewBlank(fmt.Sprint("f", i))
		add(dataset, rdf.Type, rdf.NewIRI(nsDCAT+"Dataset"))
		add(dataset, nsDCT+"title", rdf.NewString("Jeu"))
		add(dataset, nsDCT+"spatial", place)
		add(dataset, nsDCAT+"distribution", file)
		add(file, nsDCAT+"accessService", service)
		add(service, nsDCAT+"servesDataset", dataset)
	}
	records := Read(g, Reading{}).Records
	if len(records) != datasets {
		t.Fatalf("%d datasets were read", len(records))
	}
	first, last := records[0], records[datasets-1]
	if len(first.Geometry) < corners || &first.Geometry[0] != &last.Geometry[0] {
		t.Errorf("geometries of %d and %d bytes are read apart", len(first.Geometry), len(last.Geometry))
	}
	if first.Distributions[0].Service != last.Distributions[0].Service {
		t.Error("the service is read for each distribution")
	}
}

func TestEveryFrequencyHasAName(t *testing.T) {
	if len(frequencyNames) != 40 {
		t.Errorf("there are %d frequencies", len(frequencyNames))
	}
	for _, f := range frequencyNames {
		for _, name := range []string{FrequencyIRI(f.id), euFrequency + f.eu, f.eu} {
			if id, ok := FrequencyOf(name); !ok || id != f.id {
				t.Errorf("%s is read as %q", name, id)
			}
		}
	}
}

func TestAddressesBecomeIRIs(t *testing.T) {
	for address, want := range map[string]string{
		"https://example.org/a b": "https://example.org/a%20b", " http://x.org ": "http://x.org", "https://example.org/é?q=日本#f": "https://example.org/é?q=日本#f",
		"http://x.org/<>\"{}|\\^`": "http://x.org/%3C%3E%22%7B%7D%7C%5C%5E%60", "http://x.org/\xff": "http://x.org/%FF", "http://x.org/\u202e\ufdd0": "http://x.org/\u202e%EF%B7%90",
		"urn:uuid:1": "urn:uuid:1", "mailto:a@b": "mailto:a@b", "www.example.org": "", "": "", ":": "", "http:": "", "http://": "", "http:///x": "", "1http://x": "",
		"javascript:alert(1)": "", "data:text/html,x": "", "http://x.org/" + strings.Repeat("a", maxIRI): "",
	} {
		if got, ok := absolute(address); got != want || ok != (want != "") {
			t.Errorf("%q becomes %q, not %q", address, got, want)
		}
	}
}

// FuzzShapes holds that no text of a shape breaks reading, and that what is read
// can be read again.
func FuzzShapes(f *testing.F) {
	for _, text := range []string{
		"POLYGON((0 0,1 0,1 1,0 0))", "MULTIPOLYGON Z (((0 0 1,1 0 1,1 1 1,0 0 1)))", "<http://www.opengis.net/def/crs/EPSG/0/4326> POLYGON((1 2,3 4,5 6,1 2))",
		"1,2,3,4", `{"type":"MultiPolygon","coordinates":[[[[1,2],[3,4],[5,6],[1,2]]]]}`, "POLYGON((((((", "POLYGON((1e999 0,1 0,1 1,0 0))", `{"type":"Polygon","coordinates":[[[[[]]]]]}`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, all := range []polygons{wktPolygons(text), boxRing(text), polygonsOf([]byte(text))} {
			written := areaOf(all)
			if again := areaOf(polygonsOf(written)); string(again) != string(written) {
				t.Errorf("%q is read as %s, and that as %s", text, written, again)
			}
		}
	})
}

// TestNamesOfOthers describes a dataset that bears the name of another one of the
// site: each keeps its own.
func TestNamesOfOthers(t *testing.T) {
	site, other := testSite(), "https://elsewhere.example.org/data/1"
	for uri, want := range map[string]string{base + "/datasets/2": base + "/datasets/1", "no address": base + "/datasets/1", other: other} {
		d := catalog.Dataset{ID: "1", Title: "Un", Harvest: &catalog.Harvest{URI: &uri}}
		if record := site.Record(&d, nil); record.URI != want {
			t.Errorf("a dataset that its origin names %q is <%s>", uri, record.URI)
		}
		service := catalog.Dataservice{ID: "1", Harvest: d.Harvest}
		if got := site.Service(&service, Served{}); (got.URI == other) != (want == other) {
			t.Errorf("a service that its origin names %q is <%s>", uri, got.URI)
		}
	}
}
