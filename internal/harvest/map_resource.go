package harvest

import (
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"grenier/internal/catalog"
	"grenier/internal/i18n"
)

// resources maps what the record lists, in its order.
func (w *mapping) resources(told []Resource) []catalog.HarvestedResource {
	if len(told) > catalog.MaxHarvestedResources {
		w.log("warning", "Only the first %d resources are kept: %d are left out.", catalog.MaxHarvestedResources, len(told)-catalog.MaxHarvestedResources)
		told = told[:catalog.MaxHarvestedResources]
	}
	resources := make([]catalog.HarvestedResource, 0, len(told))
	for i := range told {
		if one, ok := w.resource(&told[i]); ok {
			resources = append(resources, one)
		}
	}
	return resources
}

// layered are the formats of services which give several layers at one address.
var layered = []string{"wfs", "wms", "wmts"}

// maxResourceAddress bounds an address, in bytes.
const maxResourceAddress = 4096

func (w *mapping) resource(told *Resource) (catalog.HarvestedResource, bool) {
	var out catalog.HarvestedResource
	address := webAddress(told.URL)
	if address == "" || len(address) > maxResourceAddress {
		w.log("warning", "The resource %q has no address that can be kept: it is left out.", cut(told.Title))
		return out, false
	}
	format, mime := formatOf(told.Format), mimeOf(told.Mime)
	if format == "" {
		format = formatOfMime(mime)
	}
	if format == "" {
		format = formatOfAddress(address)
	}
	in := &out.Input
	in.URL = catalog.Some(address)
	in.Title = catalog.Some(w.resourceTitle(told.Title, address, format))
	if description := cleanDescription(told.Description, told.DescriptionFormat); description != "" {
		in.Description = catalog.Some(description)
	}
	if format != "" {
		in.Format = catalog.Some(format)
	}
	if mime != "" {
		in.Mime = catalog.Some(mime)
	}
	if told.Type != "" {
		if i18n.Has(i18n.ResourceType, told.Type) {
			in.Type = catalog.Some(told.Type)
		} else {
			w.log("warning", "The type %q of a resource is not known: it is left out.", cut(told.Type))
		}
	}
	if told.Filesize != nil && *told.Filesize >= 0 {
		in.Filesize = catalog.Some(*told.Filesize)
	}
	if sum, ok := checksumOf(told.Checksum); ok {
		in.Checksum = catalog.Some(sum)
	}
	if schema, ok := w.schema(told.Schema); ok {
		out.Schema = catalog.Some(schema)
	}
	if extras := w.extras(told.Extras); extras != nil {
		in.Extras = catalog.Some(extras)
	}
	out.RemoteID = cleanLine(told.RemoteID)
	out.IssuedAt, out.ModifiedAt = w.moment("a resource's issued_at", told.Harvest.IssuedAt), w.past("a resource's modified_at", told.Harvest.ModifiedAt)
	out.URI = cleanLine(told.Harvest.URI)
	out.ByURLAndTitle = slices.Contains(layered, format)
	return out, true
}

// resourceTitle is the title that is told, else the name of the file, else what
// format it is of.
func (w *mapping) resourceTitle(told, address, format string) string {
	title := cleanLine(told)
	if title == "" {
		title = fileName(address)
	}
	french := w.mapper.language == "fr"
	switch {
	case title != "":
	case format != "" && french:
		title = "Ressource " + format
	case format != "":
		title = format + " resource"
	case french:
		title = "Ressource sans nom"
	default:
		title = "Nameless resource"
	}
	title, _ = shortened(title, catalog.TitleMax)
	return title
}

// fileName is the last part of an address when it looks like that of a file.
func fileName(address string) string {
	last := address[strings.LastIndexByte(address, '/')+1:]
	if !strings.Contains(last, ".") || strings.Contains(last, "?") || strings.Count(address, "/") < 3 {
		return ""
	}
	name, err := url.PathUnescape(last)
	if err != nil {
		name = last
	}
	return cleanLine(name)
}

// Addresses under which authorities name formats and media types.
var (
	fileTypeAddress  = regexp.MustCompile(`(?i)^https?://publications\.europa\.eu/resource/authority/file-type/`)
	mediaTypeAddress = regexp.MustCompile(`(?i)^https?://(?:www\.)?iana\.org/assignments/media-types/`)
)

// maxFormatLength bounds formats and media types, in characters.
const maxFormatLength = 255

// formatOf is a format in lower case, or the name that an authority's address ends
// with.
func formatOf(told string) string {
	format := strings.ToLower(cleanLine(told))
	switch {
	case fileTypeAddress.MatchString(format):
		format = lastPart(format)
	case mediaTypeAddress.MatchString(format):
		format = formatOfMime(mimeOf(format))
	}
	format = strings.TrimPrefix(format, ".")
	if len(format) > maxFormatLength {
		return ""
	}
	return format
}

var mediaType = regexp.MustCompile(`^[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*(?:\s*;.*)?$`)

// mimeOf is a media type in lower case; "" for what is none.
func mimeOf(told string) string {
	mime := mediaTypeAddress.ReplaceAllString(strings.ToLower(cleanLine(told)), "")
	if !mediaType.MatchString(mime) || len(mime) > maxFormatLength {
		return ""
	}
	return mime
}

// mimeFormats are formats by media types whose names tell them not.
var mimeFormats = map[string]string{
	"application/vnd.geo+json": "geojson", "application/geo+json": "geojson", "application/ld+json": "json-ld", "application/rdf+xml": "rdf",
	"application/vnd.ms-excel": "xls", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx", "text/plain": "txt",
	"application/msword": "doc", "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
	"application/vnd.oasis.opendocument.spreadsheet": "ods", "application/vnd.oasis.opendocument.text": "odt", "application/x-7z-compressed": "7z",
	"application/geopackage+sqlite3": "gpkg", "application/vnd.google-earth.kml+xml": "kml", "application/vnd.google-earth.kmz": "kmz",
	"application/gml+xml": "gml", "application/x-shapefile": "shp", "application/gzip": "gz", "application/vnd.apache.parquet": "parquet",
	"application/octet-stream": "", "application/x-www-form-urlencoded": "", "text/turtle": "ttl", "application/atom+xml": "atom", "application/rss+xml": "rss",
	"application/x-zip-compressed": "zip", "image/jpeg": "jpeg", "image/svg+xml": "svg", "text/tab-separated-values": "tsv", "text/calendar": "ics", "application/n-triples": "nt", "application/vnd.sqlite3": "sqlite",
}

// formatOfMime is the format that a media type tells; "" for none.
func formatOfMime(mime string) string {
	mime, _, _ = strings.Cut(mime, ";")
	mime = strings.TrimSpace(mime)
	if format, known := mimeFormats[mime]; known {
		return format
	}
	_, format, _ := strings.Cut(mime, "/")
	if strings.HasPrefix(format, "vnd.") || strings.HasPrefix(format, "x-") {
		return ""
	}
	return format
}

// formatOfAddress is the format that the name of a file tells; "" for none.
func formatOfAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	extension := strings.ToLower(strings.TrimPrefix(path.Ext(u.Path), "."))
	if slices.Contains(catalog.Extensions, extension) || slices.Contains(moreExtensions, extension) {
		return extension
	}
	return ""
}

// moreExtensions are endings of addresses that name a format besides those of files
// that may be hosted.
var moreExtensions = []string{
	"parquet", "tsv", "gml", "html", "htm", "md", "ndjson", "jsonl", "jsonld", "topojson", "nt", "yaml", "yml", "pptx", "tif", "rss", "atom", "mdb", "las", "laz", "nc", "grib", "gtfs",
}

// sumLengths are how many digits sums have.
var sumLengths = map[string]int{"md5": 32, "sha1": 40, "sha256": 64}

// checksumOf maps how to verify a file. A sum without type is known by its length; sums of
// unknown types, or that cannot be of theirs, are left out.
func checksumOf(told *Checksum) (catalog.ChecksumInput, bool) {
	if told == nil {
		return catalog.ChecksumInput{}, false
	}
	value := strings.ToLower(cleanLine(told.Value))
	kind := strings.ToLower(lastPart(cleanLine(told.Type)))
	kind = strings.ReplaceAll(strings.TrimPrefix(kind, "checksumalgorithm_"), "-", "")
	if kind == "" {
		for name, length := range sumLengths {
			if len(value) == length {
				kind = name
			}
		}
	}
	length, known := sumLengths[kind]
	if !known || len(value) != length || strings.Trim(value, "0123456789abcdef") != "" {
		return catalog.ChecksumInput{}, false
	}
	return catalog.ChecksumInput{Type: kind, Value: value}, true
}

var addressOfMail = regexp.MustCompile(`[^\s<>(),;:"]+@[^\s<>(),;:"]+`)

// emailIn is the first address of mail within a text; "" for none.
func emailIn(told string) string {
	told = cleanLine(told)
	if decoded, err := url.PathUnescape(told); err == nil {
		told = decoded
	}
	if len(told) > 1000 {
		return ""
	}
	for _, prefix := range []string{"mailto:", "MAILTO:"} {
		told = strings.TrimPrefix(told, prefix)
	}
	return strings.TrimRight(addressOfMail.FindString(told), ".")
}
