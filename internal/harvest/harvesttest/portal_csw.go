package harvesttest

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// getRecords is what a request of CSW 2.0.2 asks.
type getRecords struct {
	XMLName  xml.Name
	Start    int    `xml:"startPosition,attr"`
	Max      int    `xml:"maxRecords,attr"`
	Schema   string `xml:"outputSchema,attr"`
	SortedBy []struct {
		Name string `xml:"PropertyName"`
	} `xml:"Query>SortBy>SortProperty"`
}

const isoSchema = "http://www.isotc211.org/2005/gmd"

// csw answers GetRecords with records of ISO 19139 or of DCAT.
func (o Options) csw(w http.ResponseWriter, r *http.Request) {
	asked := getRecords{Start: 1, Max: 10}
	if r.Method == http.MethodPost {
		if o.NoPost {
			w.Header().Set("Allow", "GET")
			http.Error(w, "POST is not allowed", http.StatusMethodNotAllowed)
			return
		}
		if err := xml.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&asked); err != nil {
			exception(w, "NoApplicableCode", "The request is not well-formed: "+err.Error())
			return
		}
	} else {
		q := r.URL.Query()
		for key, values := range q { // names of parameters have no case
			switch strings.ToLower(key) {
			case "startposition":
				asked.Start = number(values[0], 1)
			case "maxrecords":
				asked.Max = number(values[0], 10)
			case "outputschema":
				asked.Schema = values[0]
			case "sortby":
				asked.SortedBy = make([]struct {
					Name string `xml:"PropertyName"`
				}, 1)
			}
		}
	}
	if o.NoSort && len(asked.SortedBy) > 0 {
		exception(w, "InvalidParameterValue", "SortBy is not supported")
		return
	}
	o.records(w, max(1, asked.Start), min(asked.Max, o.PageSize), asked.Schema)
}

func (o Options) records(w http.ResponseWriter, start, size int, schema string) {
	total := len(o.listed)
	first, last := window(total, start-1, size)
	if o.Endless && first == last && total > 0 {
		first, last = 0, 1
	}
	if o.Poison > first && o.Poison <= last {
		exception(w, "NoApplicableCode", "Failed to convert a record")
		return
	}
	next := fmt.Sprintf(` nextRecord="%d"`, start+last-first)
	switch {
	case o.NoNextRecord:
		next = ""
	case o.Loop:
		next = fmt.Sprintf(` nextRecord="%d"`, start)
	case o.Endless:
		total = start + size
	case last == total:
		next = ` nextRecord="0"`
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<?xml version="1.0" encoding="UTF-8"?>
<csw:GetRecordsResponse xmlns:csw="http://www.opengis.net/cat/csw/2.0.2"><csw:SearchStatus timestamp="2026-02-06T15:03:35Z"/>
<csw:SearchResults numberOfRecordsMatched="%d" numberOfRecordsReturned="%d" elementSet="full"%s>
`, total, last-first, next)
	for _, index := range o.listed[first:last] {
		record := o.Record(index)
		if schema == isoSchema {
			record.iso(&b, o.Address)
			continue
		}
		b.WriteString(`<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dcat="http://www.w3.org/ns/dcat#" xmlns:dct="http://purl.org/dc/terms/" xmlns:vcard="http://www.w3.org/2006/vcard/ns#">`)
		record.rdfXML(&b, o.Address)
		b.WriteString("</rdf:RDF>\n")
	}
	b.WriteString("</csw:SearchResults></csw:GetRecordsResponse>\n")
	w.Header().Set("Content-Type", "application/xml; charset=utf-8")
	_, _ = io.WriteString(w, b.String())
}

// exception answers as OWS Common 1.0.0 says.
func exception(w http.ResponseWriter, code, text string) {
	w.Header().Set("Content-Type", "application/xml; charset=utf-8")
	fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?>
<ows:ExceptionReport xmlns:ows="http://www.opengis.net/ows" version="1.0.0"><ows:Exception exceptionCode=%q><ows:ExceptionText>%s</ows:ExceptionText></ows:Exception></ows:ExceptionReport>
`, code, xmlText(text))
}

// iso writes the record in ISO 19139.
func (r *Record) iso(b *strings.Builder, portal string) {
	cs := func(s string) string { return "<gco:CharacterString>" + xmlText(s) + "</gco:CharacterString>" }
	date := func(kind, value string) string {
		return `<gmd:date><gmd:CI_Date><gmd:date><gco:Date>` + value + `</gco:Date></gmd:date><gmd:dateType><gmd:CI_DateTypeCode codeList="#" codeListValue="` + kind + `"/></gmd:dateType></gmd:CI_Date></gmd:date>`
	}
	const isoDay = "2006-01-02"
	fmt.Fprintf(b, `<gmd:MD_Metadata xmlns:gmd="http://www.isotc211.org/2005/gmd" xmlns:gco="http://www.isotc211.org/2005/gco"><gmd:fileIdentifier>%s</gmd:fileIdentifier><gmd:language><gmd:LanguageCode codeList="#" codeListValue="eng"/></gmd:language><gmd:hierarchyLevel><gmd:MD_ScopeCode codeList="#" codeListValue="dataset"/></gmd:hierarchyLevel>`, cs(r.ID))
	fmt.Fprintf(b, `<gmd:identificationInfo><gmd:MD_DataIdentification><gmd:citation><gmd:CI_Citation><gmd:title>%s</gmd:title>%s%s<gmd:identifier><gmd:MD_Identifier><gmd:code>%s</gmd:code></gmd:MD_Identifier></gmd:identifier></gmd:CI_Citation></gmd:citation><gmd:abstract>%s</gmd:abstract>`,
		cs(r.Title), date("publication", r.Created.Format(isoDay)), date("revision", r.Modified.Format(isoDay)), cs(r.At(portal)), cs(r.Notes))
	b.WriteString("<gmd:descriptiveKeywords><gmd:MD_Keywords>")
	for _, tag := range r.Tags {
		fmt.Fprintf(b, "<gmd:keyword>%s</gmd:keyword>", cs(tag))
	}
	fmt.Fprintf(b, `</gmd:MD_Keywords></gmd:descriptiveKeywords><gmd:resourceConstraints><gmd:MD_LegalConstraints><gmd:useLimitation>%s</gmd:useLimitation></gmd:MD_LegalConstraints></gmd:resourceConstraints></gmd:MD_DataIdentification></gmd:identificationInfo>`, cs(r.LicenseURL))
	b.WriteString("<gmd:distributionInfo><gmd:MD_Distribution><gmd:transferOptions><gmd:MD_DigitalTransferOptions>")
	for _, f := range r.Files {
		fmt.Fprintf(b, `<gmd:onLine><gmd:CI_OnlineResource><gmd:linkage><gmd:URL>%s</gmd:URL></gmd:linkage><gmd:protocol>%s</gmd:protocol><gmd:name>%s</gmd:name><gmd:function><gmd:CI_OnLineFunctionCode codeList="#" codeListValue="download"/></gmd:function></gmd:CI_OnlineResource></gmd:onLine>`,
			xmlText(f.URL), cs("WWW:DOWNLOAD-1.0-http--download"), cs(f.Name))
	}
	b.WriteString("</gmd:MD_DigitalTransferOptions></gmd:transferOptions></gmd:MD_Distribution></gmd:distributionInfo></gmd:MD_Metadata>\n")
}
