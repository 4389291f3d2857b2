package catalog

// Extensions are the extensions of files that may be hosted; also the formats
// that are suggested.
var Extensions = []string{
	"tar", "gz", "tgz", "rar", "zip", "7z", "xz", "bz2",
	"csv", "txt", "json", "pdf", "xml", "rtf", "xsd", "ods", "odt", "odp", "odg", "xls", "xlsx", "doc", "docx", "pps", "ppt",
	"jpeg", "jpg", "jpe", "gif", "png", "dwg", "svg", "tiff", "ecw", "svgz", "jp2", "webp",
	"shp", "kml", "kmz", "gpx", "shx", "ovr", "geojson", "gpkg", "grib2",
	"rdf", "ttl", "n3", "dbf", "prj", "sql", "sqlite", "db", "epub", "sbn", "sbx", "cpg", "lyr", "owl", "dxf", "ics", "ssim", "other",
}

// MediaTypes are the media types that are suggested.
var MediaTypes = []string{
	"text/csv", "application/json", "application/pdf", "application/msword", "application/vnd", "application/vnd.geo+json",
	"application/zip", "application/x-tar", "application/x-bzip", "application/x-bzip2", "application/x-7z-compressed",
	"application/x-rar-compressed", "application/epub+zip", "application/rtf", "application/rdf+xml", "application/xml",
	"application/xhtml+xml", "image/bmp", "image/jpeg", "image/png", "image/svg+xml", "image/webp", "text/html", "text/calendar",
	"text/plain", "text/xml", "text/turtle",
}

// formatFamilies sorts formats into families, for a facet.
var formatFamilies = func() map[string]string {
	families := make(map[string]string)
	for family, formats := range map[string][]string{
		"tabular":          {"csv", "parquet", "xls", "xlsx", "ods", "tsv", "csv.gz"},
		"machine_readable": {"json", "xml", "rdf", "sql", "jsonl", "ndjson"},
		"geographical": {"shp", "kml", "kmz", "gpx", "shx", "ovr", "geojson", "gpkg", "pmtiles", "mbtiles", "wms", "wfs",
			"ogc:wms", "ogc:wfs"},
		"documents": {"pdf", "doc", "docx", "md", "txt", "html", "htm", "rtf", "odt"},
	} {
		for _, format := range formats {
			families[format] = family
		}
	}
	return families
}()

// FormatFamily is the family of a format: "other" for those of none.
func FormatFamily(format string) string {
	if family, ok := formatFamilies[format]; ok {
		return family
	}
	return "other"
}

// ProducerTypesOf gives the sorts of a publisher: by the badges of an
// organisation, several possible, or user for a person.
func ProducerTypesOf(owned *Owned) []string {
	if owned.Organization == nil {
		return []string{"user"}
	}
	var types []string
	for _, badge := range owned.Organization.Badges {
		if badge != "certified" {
			types = append(types, badge)
		}
	}
	if types == nil {
		types = []string{"not-specified"}
	}
	return types
}
