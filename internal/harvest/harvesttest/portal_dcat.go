package harvesttest

import (
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"
	"time"
)

// formats of a catalogue by the suffix of its address.
var formats = map[string]string{
	".xml": "application/rdf+xml", ".rdf": "application/rdf+xml", ".ttl": "text/turtle", ".nt": "application/n-triples",
	".jsonld": "application/ld+json", ".json": "application/ld+json",
}

// dcat writes one page of the catalogue.
func (o Options) dcat(w http.ResponseWriter, r *http.Request) {
	name, suffix := strings.TrimPrefix(r.URL.Path, "/dcat/"), path.Ext(r.URL.Path)
	if strings.TrimSuffix(name, suffix) != "catalog" {
		http.NotFound(w, r)
		return
	}
	media := formats[suffix]
	if suffix == "" {
		media = accepted(r.Header.Get("Accept"))
	}
	if media == "" {
		http.NotFound(w, r)
		return
	}
	if o.fresh(w, r) {
		return
	}
	q := r.URL.Query()
	number := max(1, number(q.Get("page"), 1))
	pages := max(1, (len(o.listed)+o.PageSize-1)/o.PageSize)
	if number > pages && !o.Endless {
		http.NotFound(w, r)
		return
	}
	self := o.Address + r.URL.Path + "?page="
	page := dcatPage{self: fmt.Sprint(self, number), catalog: o.Address + "/dcat/catalog", total: len(o.listed), old: o.OldPaging}
	switch {
	case o.Loop:
		page.next = page.self
	case o.Endless || number < pages:
		page.next = fmt.Sprint(self, number+1)
	}
	first, last := window(len(o.listed), (min(number, pages)-1)*o.PageSize, o.PageSize)
	for _, index := range o.listed[first:last] {
		page.records = append(page.records, o.Record(index))
	}
	w.Header().Set("Content-Type", media+"; charset=utf-8")
	switch media {
	case "application/rdf+xml":
		page.xml(w, o.Address)
	case "application/ld+json":
		page.jsonLD(w, o.Address)
	default:
		for _, t := range page.triples(o.Address) {
			_, _ = io.WriteString(w, t)
		}
	}
}

// accepted is the first form of RDF that a client accepts.
func accepted(accept string) string {
	for one := range strings.SplitSeq(accept, ",") {
		media, _, _ := strings.Cut(strings.TrimSpace(one), ";")
		for _, form := range formats {
			if media == form {
				return form
			}
		}
	}
	return "application/rdf+xml"
}

// dcatPage is a page of a catalogue in RDF.
type dcatPage struct {
	self, next, catalog string
	total               int
	old                 bool
	records             []Record
}

// view is the class of the page and the property that names the next.
func (p *dcatPage) view() (class, next string) {
	if p.old {
		return "PagedCollection", "nextPage"
	}
	return "PartialCollectionView", "next"
}

// At is the address of a record for people.
func (r *Record) At(portal string) string { return portal + "/dataset/" + r.Name }

const day = time.RFC3339

// xml writes RDF/XML.
func (p *dcatPage) xml(w io.Writer, portal string) {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dcat="http://www.w3.org/ns/dcat#" xmlns:dct="http://purl.org/dc/terms/" xmlns:foaf="http://xmlns.com/foaf/0.1/" xmlns:vcard="http://www.w3.org/2006/vcard/ns#" xmlns:hydra="http://www.w3.org/ns/hydra/core#">
`)
	class, next := p.view()
	fmt.Fprintf(&b, "<hydra:%s rdf:about=%q><hydra:totalItems rdf:datatype=\"http://www.w3.org/2001/XMLSchema#integer\">%d</hydra:totalItems>", class, xmlText(p.self), p.total)
	if p.next != "" {
		fmt.Fprintf(&b, "<hydra:%s rdf:resource=%q/>", next, xmlText(p.next))
	}
	fmt.Fprintf(&b, "</hydra:%s>\n<dcat:Catalog rdf:about=%q>", class, xmlText(p.catalog))
	for i := range p.records {
		fmt.Fprintf(&b, "<dcat:dataset rdf:resource=%q/>", xmlText(p.records[i].At(portal)))
	}
	b.WriteString("</dcat:Catalog>\n")
	for i := range p.records {
		p.records[i].rdfXML(&b, portal)
	}
	b.WriteString("</rdf:RDF>\n")
	_, _ = io.WriteString(w, b.String())
}

// rdfXML writes a record as elements of RDF/XML.
func (r *Record) rdfXML(b *strings.Builder, portal string) {
	const stamped = ` rdf:datatype="http://www.w3.org/2001/XMLSchema#dateTime"`
	fmt.Fprintf(b, "<dcat:Dataset rdf:about=%q><dct:identifier>%s</dct:identifier><dct:title>%s</dct:title><dct:description>%s</dct:description>",
		xmlText(r.At(portal)), r.ID, xmlText(r.Title), xmlText(r.Notes))
	fmt.Fprintf(b, "<dct:issued%s>%s</dct:issued><dct:modified%[1]s>%[3]s</dct:modified><dct:license rdf:resource=%q/>",
		stamped, r.Created.Format(day), r.Modified.Format(day), xmlText(r.LicenseURL))
	for _, tag := range r.Tags {
		fmt.Fprintf(b, "<dcat:keyword>%s</dcat:keyword>", xmlText(tag))
	}
	b.WriteString(`<dcat:contactPoint><vcard:Kind><vcard:fn>Birmingham City Council</vcard:fn><vcard:hasEmail rdf:resource="mailto:foi.mailbox@birmingham.gov.uk"/></vcard:Kind></dcat:contactPoint>`)
	for _, f := range r.Files {
		fmt.Fprintf(b, "<dcat:distribution><dcat:Distribution rdf:about=%q><dct:identifier>%s</dct:identifier><dct:title>%s</dct:title><dcat:downloadURL rdf:resource=%q/><dct:format>%s</dct:format><dcat:mediaType>%s</dcat:mediaType><dcat:byteSize>%d</dcat:byteSize></dcat:Distribution></dcat:distribution>",
			xmlText(r.At(portal)+"/resource/"+f.ID), f.ID, xmlText(f.Name), xmlText(f.URL), f.Format, f.Media, f.Size)
	}
	b.WriteString("</dcat:Dataset>\n")
}

var xmlEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "\r", "")

func xmlText(s string) string { return xmlEscapes.Replace(s) }
