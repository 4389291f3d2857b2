package portal

import (
	"encoding/json"
	"html/template"
	"net/url"
	"strings"
	"time"

	"grenier/internal/catalog"
	"grenier/internal/i18n"
	"grenier/internal/text"
)

// datasetFile is a resource as the pages of its dataset show it.
type datasetFile struct {
	ID, Title string
	// Format is in capitals, Family its sort: tabular, geographical,
	// documents, machine_readable or other; Icon the name of a picture.
	Format, Family, Icon string
	// Size is in bytes, 0 when it is not known.
	Size                       int64
	Created, Changed, Modified time.Time
	// Type is main, documentation and so on, Label its name.
	Type, Label string
	Description template.HTML
	MediaType   string
	// URL is the present address, Stable the lasting one on this site,
	// Download where the button leads.
	URL, Stable, Download string
	// Opens tells that the address opens a page or a service: nothing is
	// downloaded.
	Opens bool
	// Here is the address of this file's place on the page.
	Here                   string
	Checksum, ChecksumType string
	Availability           availability
	Schema                 *fileSchema
	// Preview is the page that shows what is inside, Fragment that content
	// alone; empty where there is nothing to see.
	Preview, Fragment string
	Downloads         *int64
	Snippets          []fileSnippet
	// Owner is who added a community resource.
	Owner *producer
	// Open shows the details at once.
	Open bool
	// Edit leads to where it is changed; empty for who may not.
	Edit string
	// Lang is the language of the texts when it is not the page's.
	Lang string
}

// availability is what the last check of an address said.
type availability struct {
	// State is available, unavailable, or empty when it was never checked.
	State string
	// Status is the HTTP status, 0 when it is not known.
	Status  int
	Checked time.Time
}

// fileSchema is a description of what a file must hold.
type fileSchema struct {
	Name, Version, URL string
	// State is valid, invalid, or empty when it was never judged.
	State string
}

// fileSnippet is how a program reads a file.
type fileSnippet struct{ ID, Language, Code string }

func (v *visit) fileList(d *catalog.Dataset, rows []catalog.Resource) []datasetFile {
	list := make([]datasetFile, 0, len(rows))
	for i := range rows {
		list = append(list, v.file(d, &rows[i]))
	}
	return list
}

// file shows a resource of a dataset.
func (v *visit) file(d *catalog.Dataset, r *catalog.Resource) datasetFile {
	format := strings.ToLower(strings.TrimSpace(deref(r.Format)))
	f := datasetFile{
		ID: r.ID, Title: r.Title, Format: formatLabel(format), Family: catalog.FormatFamily(format), Size: fileSize(r),
		Created: r.CreatedAt().Time, Changed: r.ModifiedInternal.Time, Modified: r.ModifiedAt(v.now).Time, Type: r.Type,
		Label: i18n.Label(i18n.ResourceType, r.Type, v.lang), MediaType: deref(r.Mime), URL: v.Site.FileURL(r.URL),
		Stable: v.Site.Base + "/datasets/r/" + r.ID, Download: "/datasets/r/" + r.ID, Opens: opens(r, format),
		Here:     withQuery(v.path(datasetPath(d, tabFiles)), "resource_id="+r.ID) + "#resource-" + r.ID,
		Checksum: deref(r.ChecksumValue), ChecksumType: strings.ToUpper(deref(r.ChecksumType)), Downloads: r.Views, Lang: v.contentLang(),
	}
	if f.Title == "" {
		f.Title = v.say.T("resource.untitled")
	}
	f.Edit = v.editFile(d, r)
	f.Icon = formatIcon(format, f.Family)
	extras := fields(r.Extras)
	f.Availability = availabilityOf(r, extras)
	f.Schema = schemaOf(r, extras)
	if described := deref(r.Description); described != "" {
		rendered, _ := text.HTML(described, text.Rendering{Limit: fileDescription, Heading: 5, TableLabel: v.say.T("common.table")})
		f.Description = template.HTML(rendered)
	}
	if v.p.Fetch.Reaches(r.URL) && lookOf(r) != lookNone && f.Availability.State != "unavailable" {
		f.Preview = withQuery(v.path(explorePath(d)), "resource_id="+r.ID)
		f.Fragment = f.Preview + "&part=preview"
	}
	if !f.Opens {
		f.Snippets = snippets(&f, format)
	}
	return f
}

// fileDescription bounds the description of a file on a page, in characters.
const fileDescription = 2_000

// formatNames are the names that people know, of formats that producers write
// as media types.
var formatNames = map[string]string{
	"vnd.openxmlformats-officedocument.spreadsheetml.sheet": "XLSX", "vnd.openxmlformats-officedocument.wordprocessingml.document": "DOCX",
	"vnd.openxmlformats-officedocument.presentationml.presentation": "PPTX", "vnd.ms-excel": "XLS", "msword": "DOC",
	"vnd.oasis.opendocument.spreadsheet": "ODS", "vnd.oasis.opendocument.text": "ODT", "geo+json": "GEOJSON", "vnd.geo+json": "GEOJSON",
	"x-zip-compressed": "ZIP", "x-shapefile": "SHP", "vnd.google-earth.kml+xml": "KML", "vnd.google-earth.kmz": "KMZ", "gml+xml": "GML",
	"rdf+xml": "RDF", "ld+json": "JSON-LD", "atom+xml": "ATOM", "x-7z-compressed": "7Z", "x-tar": "TAR", "vnd.apache.parquet": "PARQUET",
}

// formatLabel writes a format in capitals, as a label: of a media type or an
// address, its last part.
func formatLabel(format string) string {
	const most = 12
	if at := strings.LastIndexByte(format, '/'); at >= 0 && at+1 < len(format) {
		format = format[at+1:]
	}
	if name := formatNames[strings.ToLower(format)]; name != "" {
		return name
	}
	label := []rune(strings.ToUpper(format))
	return string(label[:min(len(label), most)])
}

// formatIcon is the name of the picture of a format.
func formatIcon(format, family string) string {
	switch format {
	case "pdf", "json", "xml", "zip":
		return format
	case "png", "jpg", "jpeg", "gif", "webp", "tiff", "svg":
		return "image"
	}
	switch family {
	case "tabular":
		return "table"
	case "geographical":
		return "map"
	case "documents":
		return "text"
	case "machine_readable":
		return "code"
	}
	return "file"
}

// opened are formats of addresses that open a page or a service.
var opened = map[string]bool{
	"html": true, "htm": true, "url": true, "web": true, "api": true, "wms": true, "wfs": true, "wmts": true, "ogc:wms": true, "ogc:wfs": true,
	"ogc:wmts": true, "sparql": true, "www:link": true, "page web": true, "lien": true,
}

func opens(r *catalog.Resource, format string) bool {
	return r.Type == "api" || r.Filetype == "remote" && opened[format]
}

// fileSize is the size of a resource as it was given or measured, 0 when
// neither is known.
func fileSize(r *catalog.Resource) int64 {
	if r.Filesize != nil && *r.Filesize > 0 {
		return *r.Filesize
	}
	extras := fields(r.Extras)
	for _, name := range []string{"analysis:content-length", "check:headers:content-length"} {
		var size float64
		if json.Unmarshal(extras[name], &size) == nil && size > 0 && size < 1<<53 {
			return int64(size)
		}
	}
	return 0
}

func availabilityOf(r *catalog.Resource, extras map[string]json.RawMessage) availability {
	var a availability
	var status float64
	if json.Unmarshal(extras["check:status"], &status) == nil && status >= 100 && status < 600 {
		a.Status = int(status)
	}
	var date string
	if json.Unmarshal(extras["check:date"], &date) == nil {
		if checked, ok := catalog.ParseMoment(date); ok {
			a.Checked = checked
		}
	}
	switch {
	case r.Available != nil && *r.Available, r.Available == nil && a.Status >= 200 && a.Status < 400:
		a.State = "available"
	case r.Available != nil, a.Status >= 400:
		a.State = "unavailable"
	}
	return a
}

func schemaOf(r *catalog.Resource, extras map[string]json.RawMessage) *fileSchema {
	s := fileSchema{Name: deref(r.SchemaName), Version: deref(r.SchemaVersion), URL: linkable(deref(r.SchemaURL))}
	if s.Name == "" && s.URL == "" {
		return nil
	}
	var valid bool
	if json.Unmarshal(extras["validation-report:valid_resource"], &valid) == nil && extras["validation-report:valid_resource"] != nil {
		s.State = "invalid"
		if valid {
			s.State = "valid"
		}
	}
	return &s
}

// fileName is a name for a file on the reader's disk, that no shell and no
// program gives a meaning to.
func fileName(title, format string) string {
	const most = 60
	if ending := "." + format; format != "" && len(title) > len(ending) && strings.HasSuffix(strings.ToLower(title), ending) {
		title = title[:len(title)-len(ending)] // a hosted file's title is its name
	}
	name := text.Slug(title)
	name = strings.Trim(name[:min(len(name), most)], "-")
	if name == "" {
		name = "data"
	}
	ending := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.' {
			return r
		}
		return -1
	}, format)
	if ending = strings.Trim(ending, "."); ending != "" && len(ending) <= 10 {
		name += "." + ending
	}
	return name
}

// snippets are the ways to read a file by programs. The address and the name
// hold nothing that needs quoting.
func snippets(f *datasetFile, format string) []fileSnippet {
	name, address := fileName(f.Title, format), (&url.URL{Opaque: f.Stable}).String()
	python := "from urllib.request import urlretrieve\n\nurlretrieve(\"" + address + "\", \"" + name + "\")"
	r := "download.file(\"" + address + "\", \"" + name + "\", mode = \"wb\")"
	switch format {
	case "csv", "tsv":
		python = "import pandas\n\ndata = pandas.read_csv(\"" + address + "\", sep=None, engine=\"python\")"
		r = "data <- data.table::fread(\"" + address + "\")"
	case "geojson":
		python = "import geopandas\n\ndata = geopandas.read_file(\"" + address + "\")"
		r = "data <- sf::st_read(\"" + address + "\")"
	case "json":
		python = "import requests\n\ndata = requests.get(\"" + address + "\", timeout=60).json()"
		r = "data <- jsonlite::fromJSON(\"" + address + "\")"
	}
	return []fileSnippet{
		{"curl-" + f.ID, "curl", "curl --location --output " + name + " \"" + address + "\""},
		{"python-" + f.ID, "Python", python}, {"r-" + f.ID, "R", r},
	}
}
