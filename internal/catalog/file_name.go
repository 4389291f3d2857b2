package catalog

import (
	"bytes"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/gosimple/unidecode"
)

// fileNameMax is the longest name of a hosted file, in bytes.
const fileNameMax = 200

// deviceNames are names that some systems take for devices.
var deviceNames = []string{
	"con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9",
	"lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
}

// FileName is the name that a file gets here: its last part in letters without
// accents, digits, dashes and dots.
func FileName(given string) string {
	given = given[strings.LastIndexAny(given, `/\`)+1:]
	ascii := strings.ReplaceAll(strings.ToLower(unidecode.Unidecode(given)), "'", "")
	var b strings.Builder
	for _, c := range []byte(ascii) {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '.':
			b.WriteByte(c)
		case !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	parts := strings.FieldsFunc(b.String(), func(c rune) bool { return c == '.' })
	kept := parts[:0]
	for _, part := range parts {
		if part = strings.Trim(part, "-"); part != "" {
			kept = append(kept, part)
		}
	}
	if strings.HasPrefix(b.String(), ".") && len(kept) == 1 { // an extension alone
		kept = append([]string{"file"}, kept...)
	}
	if len(kept) == 0 {
		return "file"
	}
	if slices.Contains(deviceNames, kept[0]) {
		kept[0] = "file-" + kept[0]
	}
	name := strings.Join(kept, ".")
	if len(name) <= fileNameMax {
		return name
	}
	tail := ""
	if end := FileExtension(name, nil); len(end) < 32 && end != "" {
		tail = "." + end
	}
	return strings.TrimRight(name[:fileNameMax-len(tail)], "-.") + tail
}

// archiveExtensions are those of files whose name says further left what is
// inside.
var archiveExtensions = []string{"tar", "gz", "tgz", "rar", "zip", "7z", "xz", "bz2"}

// calledByHand tells whether somebody gave a resource its title: it has one, and
// not the name of its file.
func calledByHand(r *Resource) bool { return r.Title != "" && r.Title != path.Base(r.URL) }

// FileExtension is what comes behind the last dot of a name; behind an archive's,
// what stands left of it comes before it when it is an extension that may be
// hosted: csv.tar.gz, but zip for a.2022.zip. Empty without a dot.
func FileExtension(name string, further []string) string {
	whole := ""
	for {
		ending := path.Ext(name)
		if ending == "" {
			return whole
		}
		name = strings.TrimSuffix(name, ending)
		ending = strings.ToLower(ending[1:])
		switch {
		case whole == "":
			whole = ending
		case FileAllowed(ending, further):
			whole = ending + "." + whole
		}
		if !slices.Contains(archiveExtensions, ending) {
			return whole
		}
	}
}

// FileAllowed tells whether files of an extension may be hosted, with those that
// the installation adds.
func FileAllowed(extension string, further []string) bool {
	last := extension[strings.LastIndexByte(extension, '.')+1:]
	return slices.Contains(Extensions, last) || slices.Contains(further, last)
}

// fileTypes are the media types of extensions; the others are anything.
var fileTypes = map[string]string{
	"csv": "text/csv", "tsv": "text/tab-separated-values", "txt": "text/plain", "md": "text/markdown", "json": "application/json",
	"geojson": "application/geo+json", "jsonl": "application/jsonl", "ndjson": "application/x-ndjson", "pdf": "application/pdf",
	"xml": "application/xml", "xsd": "application/xml", "rtf": "application/rtf", "rdf": "application/rdf+xml", "ttl": "text/turtle",
	"n3": "text/n3", "ics": "text/calendar", "kml": "application/vnd.google-earth.kml+xml", "kmz": "application/vnd.google-earth.kmz",
	"gpx": "application/gpx+xml", "gpkg": "application/geopackage+sqlite3", "sqlite": "application/vnd.sqlite3", "sql": "application/sql",
	"epub": "application/epub+zip", "zip": "application/zip", "gz": "application/gzip", "tgz": "application/x-tar", "tar": "application/x-tar",
	"7z": "application/x-7z-compressed", "rar": "application/x-rar-compressed", "xz": "application/x-xz", "bz2": "application/x-bzip2",
	"ods": "application/vnd.oasis.opendocument.spreadsheet", "odt": "application/vnd.oasis.opendocument.text",
	"odp": "application/vnd.oasis.opendocument.presentation", "odg": "application/vnd.oasis.opendocument.graphics",
	"xls": "application/vnd.ms-excel", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	"doc": "application/msword", "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	"pps": "application/vnd.ms-powerpoint", "ppt": "application/vnd.ms-powerpoint", "jpeg": "image/jpeg", "jpg": "image/jpeg", "jpe": "image/jpeg",
	"gif": "image/gif", "png": "image/png", "webp": "image/webp", "svg": "image/svg+xml", "svgz": "image/svg+xml", "tiff": "image/tiff",
	"jp2": "image/jp2", "dwg": "image/vnd.dwg", "dxf": "image/vnd.dxf", "parquet": "application/vnd.apache.parquet",
	"pmtiles": "application/vnd.pmtiles", "html": "text/html", "htm": "text/html", "xhtml": "application/xhtml+xml", "xht": "application/xhtml+xml",
	"shtml": "text/html", "js": "text/javascript", "mjs": "text/javascript", "css": "text/css", "yaml": "application/yaml", "yml": "application/yaml",
}

// anyType is the media type of what has none.
const anyType = "application/octet-stream"

// FileType is the media type that a name tells; of a compressed file, the one
// inside.
func FileType(name string) string {
	ending := strings.TrimPrefix(path.Ext(name), ".")
	if slices.Contains([]string{"gz", "xz", "bz2"}, ending) {
		inner := strings.TrimPrefix(path.Ext(strings.TrimSuffix(name, "."+ending)), ".")
		if media := fileTypes[inner]; media != "" && inner != "html" && inner != "htm" {
			return media
		}
	}
	if media := fileTypes[ending]; media != "" {
		return media
	}
	return anyType
}

// inertTypes are media types that browsers show without running anything, with
// how what is of that type begins, "" where anything may.
var inertTypes = map[string]string{
	"text/csv": "", "text/plain": "", "text/tab-separated-values": "", "application/json": "", "application/geo+json": "",
	"image/jpeg": "image/jpeg", "image/png": "image/png", "image/gif": "image/gif", "image/webp": "image/webp", "application/pdf": "application/pdf",
}

// Inert tells whether browsers may show what is of a media type.
func Inert(media string) bool {
	_, ok := inertTypes[media]
	return ok
}

// servedType is the media type that a file is served as: the one its name tells
// where it cannot harm and its beginning does not speak against it, else one
// that is saved and not shown.
func servedType(name string, head []byte) string {
	media := FileType(name)
	ending := path.Ext(name)
	if slices.Contains([]string{".gz", ".xz", ".bz2"}, ending) {
		media = fileTypes[ending[1:]]
	}
	sniffed, _, _ := strings.Cut(http.DetectContentType(head), ";")
	begins, inert := inertTypes[media]
	switch {
	case active(media):
		return "text/plain"
	case inert && begins != "" && sniffed != begins:
		return anyType
	case inert && begins == "" && (sniffed == "text/html" || sniffed == "text/xml" || sniffed == "application/pdf" || markup(head)):
		return anyType
	}
	return media
}

// active tells of the media types that browsers run or lay pages out by.
func active(media string) bool {
	return strings.Contains(media, "html") || strings.Contains(media, "script") || strings.HasSuffix(media, "/css")
}

// markup tells whether something begins like a document that may hold scripts,
// which the usual guess overlooks behind a comment or a mark of byte order.
func markup(head []byte) bool {
	start := bytes.ToLower(bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n\f\x00"))
	return bytes.HasPrefix(start, []byte("<"))
}
