package csw

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"grenier/internal/harvest"
	"grenier/internal/harvest/harvesttest"
	"grenier/internal/rdf"
)

const cs = "<gco:CharacterString>"

// record is a record of ISO with some parts, and no title or identifier but those of
// the parts.
func record(t *testing.T, kind, citation, about, more string) harvest.Line {
	t.Helper()
	of := "MD_DataIdentification"
	if kind == "service" {
		of = "SV_ServiceIdentification"
	}
	return fromXML(t, `<gmd:MD_Metadata xmlns:gmd="g" xmlns:gco="c" xmlns:gmx="x" xmlns:srv="s" xmlns:gml="l" xmlns:xlink="http://www.w3.org/1999/xlink">
<gmd:fileIdentifier>`+cs+`file-1</gco:CharacterString></gmd:fileIdentifier><gmd:language><gmd:LanguageCode codeListValue="fra"/></gmd:language>
<gmd:locale><gmd:PT_Locale id="EN"><gmd:languageCode><gmd:LanguageCode codeListValue="eng"/></gmd:languageCode></gmd:PT_Locale></gmd:locale>
<gmd:hierarchyLevel><gmd:MD_ScopeCode codeListValue="`+kind+`"/></gmd:hierarchyLevel>
<gmd:identificationInfo><gmd:`+of+`><gmd:citation><gmd:CI_Citation><gmd:title>`+cs+`T</gco:CharacterString></gmd:title>`+citation+`</gmd:CI_Citation></gmd:citation>`+about+`</gmd:`+of+`></gmd:identificationInfo>`+more+`</gmd:MD_Metadata>`)
}

func fromXML(t *testing.T, text string) harvest.Line {
	t.Helper()
	var l harvest.Line
	err := rdf.ReadElements(strings.NewReader(text), func(*rdf.Error) {}, func(*rdf.Element) bool { return true }, func(e *rdf.Element) error {
		l = lineOf(e, "fr")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

const someID = `<gmd:identifier><gmd:MD_Identifier><gmd:code>` + cs + `1</gco:CharacterString></gmd:code></gmd:MD_Identifier></gmd:identifier>`

func TestISOIdentity(t *testing.T) {
	id := func(code, space string) string {
		return `<gmd:identifier><gmd:RS_Identifier><gmd:code>` + code + `</gmd:code>` + space + `</gmd:RS_Identifier></gmd:identifier>`
	}
	text := func(s string) string { return cs + s + "</gco:CharacterString>" }
	space := func(s string) string { return "<gmd:codeSpace>" + text(s) + "</gmd:codeSpace>" }
	for _, c := range []struct{ name, citation, id, uri string }{
		{"a code", id(text("a"), ""), "a", ""}, {"a code in a space", id(text("a"), space("s")), "s/a", ""}, {"a space that ends", id(text("a"), space("s/")), "s/a", ""},
		{"an address", id(text("http://a.fr/1"), ""), "http://a.fr/1", "http://a.fr/1"}, {"an address in two", id(text("1"), space("http://a.fr/")), "http://a.fr/1", "http://a.fr/1"},
		{"an address in two that misses a slash", id(text("1"), space("http://a.fr")), "http://a.fr/1", "http://a.fr1"},
		{"an anchor", id(`<gmx:Anchor xlink:href="https://a.fr/1">one</gmx:Anchor>`, space("s")), "one", "https://a.fr/1"},
		{"none", "", "", ""},
	} {
		l := record(t, "dataset", c.citation, "", "")
		switch {
		case c.id == "" && (l.T != harvest.LineSkip || l.Reason != "missing identifier"):
			t.Errorf("%s: %+v", c.name, l)
		case c.id != "" && (l.RemoteID != c.id || l.Dataset.Harvest.URI != c.uri || l.Dataset.Harvest.DctIdentifier != c.id):
			t.Errorf("%s: %s, %s", c.name, l.RemoteID, l.Dataset.Harvest.URI)
		}
	}
	for kind, want := range map[string]harvest.LineType{"dataset": harvest.LineDataset, "nonGeographicDataset": harvest.LineDataset, "series": harvest.LineDataset, "service": harvest.LineDataservice, "featureType": harvest.LineSkip} {
		if l := record(t, kind, someID, "", ""); l.T != want {
			t.Errorf("%s is a line %s", kind, l.T)
		}
	}
}

func TestISODescription(t *testing.T) {
	keywords := func(inside string) string {
		return "<gmd:descriptiveKeywords><gmd:MD_Keywords>" + inside + "</gmd:MD_Keywords></gmd:descriptiveKeywords>"
	}
	keyword := func(s string) string { return "<gmd:keyword>" + s + "</gmd:keyword>" }
	text := func(s string) string { return cs + s + "</gco:CharacterString>" }
	thesaurus := func(s string) string {
		return "<gmd:thesaurusName><gmd:CI_Citation><gmd:title>" + s + "</gmd:title></gmd:CI_Citation></gmd:thesaurusName>"
	}
	anchorTo := func(to, s string) string { return `<gmx:Anchor xlink:href="` + to + `">` + s + `</gmx:Anchor>` }
	party := func(role, name, organization, more string) string {
		return `<gmd:pointOfContact><gmd:CI_ResponsibleParty><gmd:individualName>` + text(name) + `</gmd:individualName><gmd:organisationName>` + text(organization) + `</gmd:organisationName><gmd:contactInfo><gmd:CI_Contact>` + more + `</gmd:CI_Contact></gmd:contactInfo><gmd:role><gmd:CI_RoleCode codeListValue="` + role + `"/></gmd:role></gmd:CI_ResponsibleParty></gmd:pointOfContact>`
	}
	temporal := func(s string) string {
		return `<gmd:extent><gmd:EX_Extent><gmd:temporalElement><gmd:EX_TemporalExtent><gmd:extent>` + s + `</gmd:extent></gmd:EX_TemporalExtent></gmd:temporalElement></gmd:EX_Extent></gmd:extent>`
	}
	legal := func(s string) string {
		return `<gmd:resourceConstraints><gmd:MD_LegalConstraints>` + s + `</gmd:MD_LegalConstraints></gmd:resourceConstraints>`
	}
	other := func(s string) string { return "<gmd:otherConstraints>" + s + "</gmd:otherConstraints>" }
	distance := func(unit, s string) string {
		return `<gmd:spatialResolution><gmd:MD_Resolution><gmd:distance><gco:Distance uom="` + unit + `">` + s + `</gco:Distance></gmd:distance></gmd:MD_Resolution></gmd:spatialResolution>`
	}
	scale := func(s string) string {
		return `<gmd:spatialResolution><gmd:MD_Resolution><gmd:equivalentScale><gmd:MD_RepresentativeFraction><gmd:denominator><gco:Integer>` + s + `</gco:Integer></gmd:denominator></gmd:MD_RepresentativeFraction></gmd:equivalentScale></gmd:MD_Resolution></gmd:spatialResolution>`
	}
	of := func(name string) func(*harvest.Dataset) any {
		return func(d *harvest.Dataset) any {
			text, err := json.Marshal(d)
			if err != nil {
				t.Fatal(err)
			}
			var all map[string]any
			if err := json.Unmarshal(text, &all); err != nil {
				t.Fatal(err)
			}
			value := any(all)
			for part := range strings.SplitSeq(name, ".") {
				members, _ := value.(map[string]any)
				value = members[part]
			}
			return value
		}
	}
	const use, access = "<gmd:useConstraints/>", "<gmd:accessConstraints/>"
	for _, c := range []struct {
		name, about string
		member      string
		want        string
	}{
		{"a text in the language", "<gmd:abstract>" + text("A") + "</gmd:abstract>", "description", "A"},
		{"another language where there is no text", `<gmd:abstract><gmd:PT_FreeText><gmd:textGroup><gmd:LocalisedCharacterString locale="#EN">E</gmd:LocalisedCharacterString></gmd:textGroup></gmd:PT_FreeText></gmd:abstract>`, "description", "E"},
		{"keywords", keywords(keyword(text("a")) + keyword(text("b"))), "tags", "[a b]"},
		{"keywords of INSPIRE", keywords(keyword(text("a")) + thesaurus(text("GEMET - INSPIRE Themes, version 1.0"))), "tags", "[a inspire]"},
		{"keywords of INSPIRE by an anchor", keywords(keyword(text("a")) + thesaurus(anchorTo("http://www.eionet.europa.eu/gemet/inspire_themes", "G"))), "tags", "[a inspire]"},
		{"the law on high-value data", keywords(keyword(anchorTo(hvdLaw, "Law"))), "tags", "[hvd]"},
		{"a category of it", keywords(keyword(anchorTo("http://data.europa.eu/bna/c_b79e35eb", "Mobility"))), "tags", "[Mobilité hvd]"},
		{"one below a category", keywords(keyword(anchorTo("http://data.europa.eu/bna/c_x", "Roads")) + thesaurus(anchorTo(hvdThesaurus, "HVD"))), "tags", "[hvd]"},
		{"an INSPIRE theme", keywords(keyword(anchorTo("http://inspire.ec.europa.eu/theme/hy", "Hydro"))), "tags", "[Hydro inspire]"},
		{"another anchor", keywords(keyword(anchorTo("https://example.org/t", "Other"))), "tags", "[Other]"},
		{"a category of services", keywords(keyword(anchorTo(serviceCategory+"infoMapAccessService", "Map"))), "tags", "<nil>"},
		{"a frequency", `<gmd:resourceMaintenance><gmd:MD_MaintenanceInformation><gmd:maintenanceAndUpdateFrequency><gmd:MD_MaintenanceFrequencyCode codeListValue="fortnightly"/></gmd:maintenanceAndUpdateFrequency></gmd:MD_MaintenanceInformation></gmd:resourceMaintenance>`, "frequency", "biweekly"},
		{"a contact", party("pointOfContact", "N", "O", `<gmd:address><gmd:CI_Address><gmd:electronicMailAddress>`+text("a@b.fr")+`</gmd:electronicMailAddress></gmd:CI_Address></gmd:address><gmd:onlineResource><gmd:CI_OnlineResource><gmd:linkage><gmd:URL>http://f.fr</gmd:URL></gmd:linkage></gmd:CI_OnlineResource></gmd:onlineResource>`),
			"contact_points", "[map[contact_form:http://f.fr email:a@b.fr name:N (O) role:contact]]"},
		{"roles in their order", party("owner", "", "O", "") + party("author", "A", "", "") + party("sponsor", "S", "", ""), "contact_points", "[map[name:A role:creator] map[name:O role:rightsHolder]]"},
		{"a period", temporal(`<gml:TimePeriod><gml:beginPosition>2010</gml:beginPosition><gml:endPosition>2011-02</gml:endPosition></gml:TimePeriod>`), "temporal_coverage", "map[end:2011-02-28 start:2010-01-01]"},
		{"an open period", temporal(`<gml:TimePeriod><gml:beginPosition>2010-05-01</gml:beginPosition><gml:endPosition indeterminatePosition="now"/></gml:TimePeriod>`), "temporal_coverage", "map[start:2010-05-01]"},
		{"a half period", temporal(`<gml:TimePeriod><gml:beginPosition>2010-05-01</gml:beginPosition></gml:TimePeriod>`), "temporal_coverage", "<nil>"},
		{"an instant", temporal(`<gml:TimeInstant><gml:timePosition>2010-05-01</gml:timePosition></gml:TimeInstant>`), "temporal_coverage", "map[end:2010-05-01 start:2010-05-01]"},
		{"a distance", distance("m", "5") + distance("km", "2") + scale("25000"), "extras.dcat.spatial_resolution", "2000 m"},
		{"units by name", distance("http://standards.iso.org/iso/19139/resources/uom/ML_gmxUoms.xml#m", "5"), "extras.dcat.spatial_resolution", "5 m"},
		{"a code of units", distance("urn:ogc:def:uom:EPSG::9002", "10"), "extras.dcat.spatial_resolution", "3.048 m"},
		{"scales", scale("10000") + scale("25000"), "extras.dcat.spatial_resolution", "1/25000"},
		{"a limitation", legal("<gmd:useLimitation>" + text("L") + "</gmd:useLimitation>"), "rights", "[L]"},
		{"a limitation that is a licence", legal("<gmd:useLimitation>" + anchorTo("https://l.fr/", "L") + "</gmd:useLimitation>"), "extras.dcat.license", "[https://l.fr/]"},
		{"conditions of use", legal(use + other(anchorTo("https://l.fr/", "L"))), "extras.dcat.license", "[https://l.fr/]"},
		{"conditions of access", legal(access + other(anchorTo("https://l.fr/", "L"))), "access_rights", "[https://l.fr/]"},
		{"conditions of both", legal(access + use + other(anchorTo("https://l.fr/", "L"))), "extras.dcat", "map[accessRights:[https://l.fr/] license:[https://l.fr/]]"},
		{"conditions that are texts", legal(access + use + other(text("R"))), "rights", "[R]"},
		{"conditions of nothing", legal(other(text("R"))), "rights", "<nil>"},
	} {
		l := record(t, "dataset", someID, c.about, "")
		if l.Dataset == nil {
			t.Fatalf("%s: %+v", c.name, l)
		}
		if got := fmt.Sprint(of(c.member)(l.Dataset)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestISOOnline(t *testing.T) {
	online := func(address, function, protocol string) string {
		return `<gmd:onLine><gmd:CI_OnlineResource><gmd:linkage><gmd:URL>` + strings.ReplaceAll(address, "&", "&amp;") + `</gmd:URL></gmd:linkage><gmd:protocol>` + cs + protocol + `</gco:CharacterString></gmd:protocol><gmd:name>` + cs + `N</gco:CharacterString></gmd:name><gmd:function><gmd:CI_OnLineFunctionCode codeListValue="` + function + `"/></gmd:function></gmd:CI_OnlineResource></gmd:onLine>`
	}
	format := func(name string) string {
		return `<gmd:distributionFormat><gmd:MD_Format><gmd:name>` + name + `</gmd:name></gmd:MD_Format></gmd:distributionFormat>`
	}
	label := func(s string) string { return format(cs + s + `</gco:CharacterString>`) }
	for _, c := range []struct{ name, formats, online, want string }{
		{"a map service", "", online("http://s.fr/o?SERVICE=WMS&REQUEST=GetCapabilities", "", ""), "api wms "}, {"a catalogue", "", online("http://s.fr/o?request=GetCapabilities&service=CSW", "", ""), "api cat "},
		{"a service by its protocol", "", online("http://s.fr/o?request=getCapabilities", "information", "OGC:WFS"), "api wfs "},
		{"a file", label("ESRI Shapefile"), online("http://s.fr/f", "download", ""), " esri shapefile "}, {"an order", label("GeoTIFF"), online("http://s.fr/f", "order", ""), " tiff "},
		{"the format of its ending", label("GML") + label("CSV"), online("http://s.fr/f.csv", "offlineAccess", ""), " csv "}, {"a protocol as format", label("OGC:WMS"), online("http://s.fr/f", "download", ""), " wms "},
		{"a media type", format(`<gmx:Anchor xlink:href="https://www.iana.org/assignments/media-types/application/gml+xml">GML</gmx:Anchor>`), online("http://s.fr/f", "download", ""), "  application/gml+xml"},
		{"a file type", format(`<gmx:Anchor xlink:href="http://publications.europa.eu/resource/authority/file-type/GEOJSON">G</gmx:Anchor>`), online("http://s.fr/f", "download", ""), " geojson "},
		{"SQLite", label("Spatialite"), online("http://s.fr/f", "download", ""), "  application/vnd.sqlite3"},
		{"information", "", online("http://s.fr/f", "information", ""), "page "}, {"a page", "", online("http://s.fr/p", "", ""), "page http://s.fr/p"}, {"another function", "", online("http://s.fr/p", "browsing", ""), "page http://s.fr/p"},
	} {
		more := `<gmd:distributionInfo><gmd:MD_Distribution>` + c.formats + `<gmd:transferOptions><gmd:MD_DigitalTransferOptions><gmd:transferSize><gco:Real>1.5</gco:Real></gmd:transferSize>` + c.online + `</gmd:MD_DigitalTransferOptions></gmd:transferOptions></gmd:MD_Distribution></gmd:distributionInfo>`
		l := record(t, "dataset", someID, "", more)
		got := "page " + l.RemoteURL
		if len(l.Dataset.Resources) > 0 {
			r := l.Dataset.Resources[0]
			got = r.Type + " " + r.Format + " " + r.Mime
			if r.Title != "N" || *r.Filesize != 1_500_000 {
				t.Errorf("%s: %s of %d bytes", c.name, r.Title, *r.Filesize)
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	for label, want := range map[string]string{"geopackage": "gpkg", "jsonld": "json_ld", "gtfs": "csv", "ogc:wmts": "wmts", "wfs-g": "wfs", "pc-axis": "txt", "rdf/xml": "rdf_xml", "fgeo": "gdb"} {
		if formatNames[label] != want {
			t.Errorf("%s is %s", label, formatNames[label])
		}
	}
}

func TestISOService(t *testing.T) {
	l := record(t, "service", someID, `<srv:operatesOn uriref="http://d.fr/1"/><srv:operatesOn uuidref="uuid-2"/><srv:operatesOn><gmd:MD_DataIdentification><gmd:citation><gmd:CI_Citation><gmd:identifier><gmd:RS_Identifier><gmd:code>`+cs+`3</gco:CharacterString></gmd:code><gmd:codeSpace>`+cs+`s/</gco:CharacterString></gmd:codeSpace></gmd:RS_Identifier></gmd:identifier></gmd:CI_Citation></gmd:citation></gmd:MD_DataIdentification></srv:operatesOn>`,
		`<gmd:distributionInfo><gmd:MD_Distribution><gmd:transferOptions><gmd:MD_DigitalTransferOptions><gmd:onLine><gmd:CI_OnlineResource><gmd:linkage><gmd:URL>http://s.fr/about</gmd:URL></gmd:linkage></gmd:CI_OnlineResource></gmd:onLine><gmd:onLine><gmd:CI_OnlineResource><gmd:linkage><gmd:URL>http://s.fr/o?request=GetCapabilities</gmd:URL></gmd:linkage></gmd:CI_OnlineResource></gmd:onLine></gmd:MD_DigitalTransferOptions></gmd:transferOptions></gmd:MD_Distribution></gmd:distributionInfo>`)
	s := l.Dataservice
	if s == nil || s.BaseAPIURL != "http://s.fr/o" || s.MachineDocumentationURL != "http://s.fr/o?request=GetCapabilities" || fmt.Sprint(s.Datasets) != "[uuid-2 s/3 http://d.fr/1]" || l.RemoteURL != "http://s.fr/about" {
		t.Errorf("%+v at %s", s, l.RemoteURL)
	}
}

// The newer standard says the same with a few other names.
func TestISO19115Part3(t *testing.T) {
	l := fromXML(t, `<mdb:MD_Metadata xmlns:mdb="http://standards.iso.org/iso/19115/-3/mdb/2.0" xmlns:mcc="m" xmlns:mri="r" xmlns:cit="c" xmlns:gco="o" xmlns:mrl="l">
<mdb:metadataIdentifier><mcc:MD_Identifier><mcc:code>`+cs+`rec-1</gco:CharacterString></mcc:code><mcc:codeSpace>`+cs+`urn:uuid</gco:CharacterString></mcc:codeSpace></mcc:MD_Identifier></mdb:metadataIdentifier>
<mdb:metadataScope><mdb:MD_MetadataScope><mdb:resourceScope><mcc:MD_ScopeCode codeListValue="dataset"/></mdb:resourceScope></mdb:MD_MetadataScope></mdb:metadataScope>
<mdb:identificationInfo><mri:MD_DataIdentification><mri:citation><cit:CI_Citation><cit:title>`+cs+`Title</gco:CharacterString></cit:title>
<cit:date><cit:CI_Date><cit:date><gco:DateTime>2020-01-02T00:00:00Z</gco:DateTime></cit:date><cit:dateType><cit:CI_DateTypeCode codeListValue="publication"/></cit:dateType></cit:CI_Date></cit:date>
<cit:identifier><mcc:MD_Identifier><mcc:code>`+cs+`7</gco:CharacterString></mcc:code></mcc:MD_Identifier></cit:identifier></cit:CI_Citation></mri:citation>
<mri:pointOfContact><cit:CI_Responsibility><cit:role><cit:CI_RoleCode codeListValue="publisher"/></cit:role><cit:party><cit:CI_Organisation><cit:name>`+cs+`Org</gco:CharacterString></cit:name><cit:contactInfo><cit:CI_Contact><cit:address><cit:CI_Address><cit:electronicMailAddress>`+cs+`a@b.fr</gco:CharacterString></cit:electronicMailAddress></cit:CI_Address></cit:address></cit:CI_Contact></cit:contactInfo></cit:CI_Organisation></cit:party></cit:CI_Responsibility></mri:pointOfContact>
</mri:MD_DataIdentification></mdb:identificationInfo>
<mdb:resourceLineage><mrl:LI_Lineage><mrl:statement>`+cs+`Made</gco:CharacterString></mrl:statement></mrl:LI_Lineage></mdb:resourceLineage></mdb:MD_Metadata>`)
	if l.Dataset == nil || fmt.Sprint(l.RemoteID, l.Dataset.Title, l.Dataset.Harvest.IssuedAt, l.Dataset.Contacts, extraOf(l.Dataset.Extras, "provenance")) != "7Title2020-01-02[{Org a@b.fr  publisher}] [Made]" {
		t.Errorf("%+v", l.Dataset)
	}
}

// Whatever a record holds, it becomes one line.
func FuzzISO(f *testing.F) {
	f.Add(`<MD_Metadata><identificationInfo><a><citation><b><title><Anchor href="x">T</Anchor></title><identifier><c><code><Anchor>1</Anchor></code></c></identifier></b></citation></a></identificationInfo></MD_Metadata>`)
	f.Add(`<MD_Metadata><hierarchyLevel><MD_ScopeCode>service</MD_ScopeCode></hierarchyLevel></MD_Metadata>`)
	f.Fuzz(func(t *testing.T, text string) {
		_ = rdf.ReadElements(strings.NewReader(text), func(*rdf.Error) {}, func(*rdf.Element) bool { return true }, func(e *rdf.Element) error {
			r := reply{walk: &walk{Converter: converter, iso: true}}
			l := r.isoLine(e)
			if l.T == harvest.LineDataset && (l.RemoteID == "" || l.Dataset == nil) || l.T == harvest.LineError {
				t.Errorf("%+v", l)
			}
			return nil
		})
	})
}

// A whole answer is read to its end or refused, whatever it is.
func FuzzAnswer(f *testing.F) {
	f.Add(`<a><SearchResults numberOfRecordsMatched="1"><MD_Metadata/></SearchResults></a>`)
	f.Add(`<ExceptionReport><Exception exceptionCode="x"><ExceptionText>y</ExceptionText></Exception></ExceptionReport>`)
	f.Fuzz(func(t *testing.T, text string) {
		w := &walk{Converter: converter, request: harvest.Request{Now: harvesttest.Now}}
		got, err := w.readAnswer(&harvest.Answer{Status: 200, Body: closing{strings.NewReader(text)}})
		if (got == nil) == (err == nil) {
			t.Errorf("%v, %v", got, err)
		}
	})
}

type closing struct{ *strings.Reader }

func (closing) Close() error { return nil }
