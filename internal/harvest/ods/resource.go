package ods

import (
	"context"
	"encoding/json"
	"mime"
	"net/url"
	"path"
	"strings"

	"grenier/internal/harvest"
)

// export is a form in which a portal gives the records of a dataset.
type export struct{ format, name, mime string }

var (
	exportCSV     = export{"csv", "CSV", "text/csv"}
	exportJSON    = export{"json", "JSON", "application/json"}
	exportGeoJSON = export{"geojson", "GeoJSON", "application/vnd.geo+json"}
	exportShape   = export{"shp", "Shapefile", ""}
	exportParquet = export{"parquet", "Parquet", "application/vnd.apache.parquet"}
)

// exportsOf are the forms in which the records of a dataset are given.
func exportsOf(e *entry, m metas) []export {
	if !e.HasRecords {
		return nil
	}
	list := []export{exportCSV, exportJSON}
	if e.geo() {
		list = append(list, exportGeoJSON)
		if m.number("records_count") <= maxShapes {
			list = append(list, exportShape)
		}
	}
	return list
}

// exportTitle is the title of an export in the site's language, French or English.
func (p *portal) exportTitle(x export) string {
	if p.Language == "fr" {
		return "Export au format " + x.name
	}
	return x.name + " format export"
}

// searchResources are the resources of a dataset of the Search API.
func (p *portal) searchResources(e *entry, m metas) []harvest.Resource {
	id, modified := e.OldID, m.text("modified")
	var list []harvest.Resource
	for _, x := range exportsOf(e, m) {
		list = append(list, p.exported(e, x, modified,
			p.base+"/explore/dataset/"+url.PathEscape(id)+"/download?format="+x.format+"&timezone=Europe/Berlin&use_labels_for_header=false"))
	}
	for _, group := range []struct {
		name  string
		files []file
	}{{"alternative_exports", e.Exports}, {"attachments", e.Attachments}} {
		for _, f := range group.files {
			list = append(list, attached(f, modified, p.base+"/api/datasets/1.0/"+url.PathEscape(id)+"/"+group.name+"/"+url.PathEscape(f.ID)))
		}
	}
	return list
}

// exploreResources are those of a dataset of the Explore API.
func (p *portal) exploreResources(e *entry, m metas, modified string) []harvest.Resource {
	below := p.base + "/api/explore/v2.1/catalog/datasets/" + url.PathEscape(e.ID)
	exports := exportsOf(e, m)
	if len(exports) > 0 && p.parquet != nil && *p.parquet {
		exports = append(exports, exportParquet)
	}
	var list []harvest.Resource
	for _, x := range exports {
		address := below + "/exports/" + x.format
		if x == exportCSV {
			address += "?use_labels=true"
		}
		list = append(list, p.exported(e, x, modified, address))
	}
	for _, group := range []struct {
		name  string
		files []file
	}{{"alternative_exports", e.Exports}, {"attachments", e.Attachments}} {
		for _, f := range group.files {
			address := f.URL
			if !strings.HasPrefix(address, "http://") && !strings.HasPrefix(address, "https://") {
				address = below + "/" + group.name + "/" + url.PathEscape(f.ID)
			}
			list = append(list, attached(f, modified, address))
		}
	}
	return list
}

// exported is the resource of an export. Its description tells the fields.
func (p *portal) exported(e *entry, x export, modified, address string) harvest.Resource {
	var fields strings.Builder
	for _, f := range e.Fields {
		fields.WriteString("- *" + f.Label + "*: " + f.Name + "[" + f.Type + "]")
		if f.Description != "" {
			fields.WriteString(" " + f.Description)
		}
		fields.WriteString("\n")
	}
	return harvest.Resource{
		Title: p.exportTitle(x), Description: strings.TrimSuffix(fields.String(), "\n"), DescriptionFormat: "markdown",
		URL: address, Type: "main", Format: x.format, Mime: x.mime, Harvest: harvest.Origin{ModifiedAt: modified},
	}
}

// formats are those of media types that portals give to files.
var formats = map[string]string{
	"application/pdf": "pdf", "application/zip": "zip", "application/xls": "xls", "application/vnd.ms-excel": "xls", "text/csv": "csv",
	"application/json": "json", "application/vnd.geo+json": "geojson", "application/geo+json": "geojson", "text/plain": "txt", "text/html": "html",
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":       "xlsx",
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
	"application/vnd.oasis.opendocument.spreadsheet":                          "ods", "application/vnd.oasis.opendocument.text": "odt",
	"application/msword": "doc", "application/xml": "xml", "text/xml": "xml", "image/png": "png", "image/jpeg": "jpg",
}

// attached is the resource of a file beside the records.
func attached(f file, modified, address string) harvest.Resource {
	r := harvest.Resource{
		Title: f.Title, Description: f.Description, DescriptionFormat: "html", URL: address, Mime: strings.ToLower(f.Mimetype), Harvest: harvest.Origin{ModifiedAt: modified},
	}
	if r.Title == "" {
		r.Title = "No title"
	}
	extension := ""
	for _, name := range []string{f.URL, f.Title, address} {
		if u, err := url.Parse(name); err == nil && extension == "" {
			extension = strings.ToLower(strings.TrimPrefix(path.Ext(u.Host+u.Path), "."))
		}
	}
	if r.Mime == "application/xls" {
		r.Mime = "application/vnd.ms-excel"
	}
	switch known := formats[r.Mime]; {
	case known != "":
		r.Format = known
	case len(extension) <= 10:
		r.Format = extension
	}
	if r.Mime == "" && r.Format != "" {
		r.Mime, _, _ = strings.Cut(mime.TypeByExtension("."+r.Format), ";")
	}
	return r
}

// askParquet asks by a dataset of the portal whether it exports Parquet.
func (p *portal) askParquet(ctx context.Context, raw json.RawMessage) {
	var e entry
	if p.parquet != nil || json.Unmarshal(raw, &e) != nil || e.ID == "" || !e.HasRecords {
		return
	}
	p.parquet = new(bool)
	var reply struct {
		Links []struct{ Rel, Href string } `json:"links"`
	}
	if p.ask(ctx, p.base+"/api/explore/v2.1/catalog/datasets/"+url.PathEscape(e.ID)+"/exports", &reply) != nil {
		return // it is one form less
	}
	for _, link := range reply.Links {
		*p.parquet = *p.parquet || strings.EqualFold(link.Rel, "parquet")
	}
}
