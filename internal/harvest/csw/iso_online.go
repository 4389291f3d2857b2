package csw

import (
	"cmp"
	"math"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"grenier/internal/dcat"
	"grenier/internal/rdf"
)

// link is an online resource.
type link struct {
	url, name, description, protocol, function string
	megabytes                                  string
	formats                                    []*rdf.Element // of its distributor
}

type links []link

// links are the online resources of the record, in its order.
func (m *iso) links() links {
	found := m.linksOf(m.root, "distributionInfo/*/transferOptions/*")
	for _, distributor := range all(m.root, "distributionInfo/*/distributor/*") {
		found = append(found, m.linksOf(distributor, "distributorTransferOptions/*")...)
	}
	return found
}

// linksOf are the online resources of some options of transfer.
func (m *iso) linksOf(e *rdf.Element, path string) links {
	var found links
	for _, options := range all(e, path) {
		size := strings.TrimSpace(first(options, "transferSize/*").Text)
		for _, online := range all(options, "onLine/*") {
			found = append(found, link{
				formats: all(e, "distributorFormat/MD_Format"), url: plain(first(online, "linkage")), name: m.text(first(online, "name")), description: m.text(first(online, "description")),
				protocol: plain(first(online, "protocol")), function: codeOf(first(online, "function/CI_OnLineFunctionCode")), megabytes: size,
			})
		}
	}
	return found
}

// linkKind is what an online resource is to a dataset.
type linkKind int

const (
	linkPage linkKind = iota // a page about it
	linkAPI
	linkFile
	linkNothing
)

func (l link) kind() linkKind {
	if asksCapabilities(l.url) {
		return linkAPI
	}
	switch l.function {
	case "download", "offlineAccess", "order":
		return linkFile
	case "information", "search":
		return linkNothing
	}
	return linkPage
}

// landing is the first page about the resource.
func (all links) landing() string {
	for _, l := range all {
		if l.kind() == linkPage && isHTTP(l.url) {
			return l.url
		}
	}
	return ""
}

// distribution is a way to the data; false for other online resources.
func (m *iso) distribution(l link) (dcat.Distribution, bool) {
	kind := l.kind()
	if l.url == "" || kind == linkPage || kind == linkNothing {
		return dcat.Distribution{}, false
	}
	d := dcat.Distribution{AccessURL: l.url, Title: l.name, Description: l.description}
	if megabytes, err := strconv.ParseFloat(l.megabytes, 64); err == nil && megabytes >= 0 && megabytes < 1e12 {
		bytes := int64(math.Round(megabytes * 1e6))
		d.ByteSize = &bytes
	}
	d.Format, d.MediaType = m.format(l)
	if kind == linkAPI {
		endpoint, _, _ := strings.Cut(l.url, "?")
		d.Service = &dcat.Service{EndpointURL: endpoint, EndpointDescription: l.url}
		if protocol := l.ogc(); protocol != "" {
			d.Service.Standards = []dcat.Standard{{URI: "http://www.opengeospatial.org/standards/" + protocol}}
		}
	}
	return d, true
}

// ogcServices are the services of the OGC in the order in which they are looked for,
// and the names of their standards.
var ogcServices = [][2]string{{"csw", "cat"}, {"sos", "sos"}, {"sps", "sps"}, {"wcs", "wcs"}, {"wfs", "wfs"}, {"wms", "wms"}, {"wmts", "wmts"}, {"wps", "wps"}}

// ogc is the standard of the service of a link; "" for none that is known.
func (l link) ogc() string {
	_, query, _ := strings.Cut(strings.ToLower(l.url), "?")
	protocol := strings.ToLower(l.protocol)
	for _, service := range ogcServices {
		asked := slices.Contains(strings.FieldsFunc(query, func(r rune) bool { return r == '&' || r == ';' || r == '?' }), "service="+service[0])
		if asked || protocol == "ogc:"+service[0] || strings.HasPrefix(protocol, "ogc:"+service[0]+"-") {
			return service[1]
		}
	}
	return ""
}

// sqlite is the media type of what has no format of its own.
const sqlite = "application/vnd.sqlite3"

// formatNames are formats by their labels in lower case, where they differ.
var formatNames = func() map[string]string {
	names := map[string]string{}
	for format, labels := range map[string]string{
		"grid_ascii": "aaigrid grid_ascii", "grid": "aig grid", "xml": "csw gpx ogc:csw ogc:sos sos ogc:wmc wmc vcard-xml xbrl", "bin": "dgn", "ecw": "ecwp",
		"exe": "elp", "gdb": "fgeo", "gpkg": "geopackage", "rss": "georss", "tiff": "geotiff gtiff", "csv": "gtfs", "jpeg": "jpg",
		"json_ld": "json-ld json_ld jsonld", "rdf_n_triples": "n-triples", "txt": "pc-axis text", "mdb": "pgeo", "rdf_xml": "rdf/xml rdf-xml",
		"rdf_turtle": "rdf-turtle ttl turtle", "n3": "rdf-n3", "zip": "scorm", "json": "vcard-json",
		"wcs": "ogc:wcs wcs", "wfs": "ogc:wfs wfs wfs-g", "wps": "ogc:wps wps", "wms": "ogc:wms wms", "wmts": "ogc:wmts wmts",
	} {
		for label := range strings.FieldsSeq(labels) {
			names[label] = format
		}
	}
	return names
}()

// format is the format of what a link gives, and its media type where there is
// no such format: the one that agrees with the ending of the address, else the first.
func (m *iso) format(l link) (format, media string) {
	choices := l.formats
	for _, path := range []string{"distributionInfo/*/distributor/*/distributorFormat/MD_Format", "distributionInfo/*/distributionFormat/MD_Format"} {
		if len(choices) == 0 {
			choices = all(m.root, path)
		}
	}
	ending := ""
	if u, err := url.Parse(l.url); err == nil {
		ending = strings.ToLower(strings.TrimPrefix(path.Ext(u.Path), "."))
	}
	for _, choice := range choices {
		f, t := formatOf(choice, m)
		if format == "" && media == "" {
			format, media = f, t
		}
		if ending != "" && (f == ending || f == formatNames[ending]) {
			return f, t
		}
	}
	return format, media
}

// formatOf is the format that an MD_Format names.
func formatOf(e *rdf.Element, m *iso) (format, media string) {
	name := first(e, "name", "formatSpecificationCitation/*/title")
	const iana, europe = "://www.iana.org/assignments/media-types/", "://publications.europa.eu/resource/authority/file-type/"
	iri := anchor(name)
	if _, last, ok := strings.Cut(iri, iana); ok {
		return "", last
	}
	if _, last, ok := strings.Cut(iri, europe); ok {
		return strings.ToLower(last), ""
	}
	label := strings.ToLower(m.text(name))
	switch label {
	case "spatialite", "sqlite":
		return "", sqlite
	}
	return cmp.Or(formatNames[label], label), ""
}
