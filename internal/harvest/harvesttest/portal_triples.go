package harvesttest

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
)

const (
	rdfNS   = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
	dcatNS  = "http://www.w3.org/ns/dcat#"
	dctNS   = "http://purl.org/dc/terms/"
	hydraNS = "http://www.w3.org/ns/hydra/core#"
	vcardNS = "http://www.w3.org/2006/vcard/ns#"
	xsdNS   = "http://www.w3.org/2001/XMLSchema#"
)

// triples are the page in N-Triples, which is Turtle too.
func (p *dcatPage) triples(portal string) []string {
	var all []string
	add := func(subject, predicate, object string) {
		all = append(all, fmt.Sprintf("%s <%s> %s .\n", subject, predicate, object))
	}
	iri := func(s string) string { return "<" + s + ">" }
	class, next := p.view()
	add(iri(p.self), rdfNS+"type", iri(hydraNS+class))
	add(iri(p.self), hydraNS+"totalItems", typed(strconv.Itoa(p.total), "integer"))
	if p.next != "" {
		add(iri(p.self), hydraNS+next, iri(p.next))
	}
	add(iri(p.catalog), rdfNS+"type", iri(dcatNS+"Catalog"))
	for i := range p.records {
		r := &p.records[i]
		at := iri(r.At(portal))
		add(iri(p.catalog), dcatNS+"dataset", at)
		add(at, rdfNS+"type", iri(dcatNS+"Dataset"))
		add(at, dctNS+"identifier", literal(r.ID))
		add(at, dctNS+"title", literal(r.Title))
		add(at, dctNS+"description", literal(r.Notes))
		add(at, dctNS+"issued", typed(r.Created.Format(day), "dateTime"))
		add(at, dctNS+"modified", typed(r.Modified.Format(day), "dateTime"))
		add(at, dctNS+"license", iri(r.LicenseURL))
		for _, tag := range r.Tags {
			add(at, dcatNS+"keyword", literal(tag))
		}
		contact := fmt.Sprintf("_:contact%d", r.Index)
		add(at, dcatNS+"contactPoint", contact)
		add(contact, rdfNS+"type", iri(vcardNS+"Kind"))
		add(contact, vcardNS+"fn", literal("Birmingham City Council"))
		add(contact, vcardNS+"hasEmail", iri("mailto:foi.mailbox@birmingham.gov.uk"))
		for _, f := range r.Files {
			file := iri(r.At(portal) + "/resource/" + f.ID)
			add(at, dcatNS+"distribution", file)
			add(file, rdfNS+"type", iri(dcatNS+"Distribution"))
			add(file, dctNS+"identifier", literal(f.ID))
			add(file, dctNS+"title", literal(f.Name))
			add(file, dcatNS+"downloadURL", iri(f.URL))
			add(file, dctNS+"format", literal(f.Format))
			add(file, dcatNS+"mediaType", literal(f.Media))
			add(file, dcatNS+"byteSize", typed(strconv.FormatInt(f.Size, 10), "integer"))
		}
	}
	return all
}

var literalEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", "")

func literal(s string) string { return `"` + literalEscapes.Replace(s) + `"` }

func typed(s, kind string) string { return literal(s) + "^^<" + xsdNS + kind + ">" }

// jsonLD writes the page with a context of its own.
func (p *dcatPage) jsonLD(w io.Writer, portal string) {
	id := func(at string) map[string]string { return map[string]string{"@id": at} }
	stamped := func(s string) map[string]string {
		return map[string]string{"@value": s, "@type": "xsd:dateTime"}
	}
	text := func(s string) string { return strings.ReplaceAll(s, "\r", "") }
	class, next := p.view()
	view := map[string]any{"@id": p.self, "@type": "hydra:" + class, "hydra:totalItems": p.total}
	if p.next != "" {
		view["hydra:"+next] = id(p.next)
	}
	graph, listed := []any{view}, []any{}
	for i := range p.records {
		r := &p.records[i]
		var files []any
		for _, f := range r.Files {
			files = append(files, map[string]any{
				"@id": r.At(portal) + "/resource/" + f.ID, "@type": "dcat:Distribution", "dct:identifier": f.ID, "dct:title": text(f.Name),
				"dcat:downloadURL": id(f.URL), "dct:format": f.Format, "dcat:mediaType": f.Media, "dcat:byteSize": f.Size,
			})
		}
		listed = append(listed, id(r.At(portal)))
		graph = append(graph, map[string]any{
			"@id": r.At(portal), "@type": "dcat:Dataset", "dct:identifier": r.ID, "dct:title": r.Title, "dct:description": text(r.Notes),
			"dct:issued": stamped(r.Created.Format(day)), "dct:modified": stamped(r.Modified.Format(day)), "dct:license": id(r.LicenseURL),
			"dcat:keyword": r.Tags, "dcat:distribution": files,
			"dcat:contactPoint": map[string]any{"@type": "vcard:Kind", "vcard:fn": "Birmingham City Council", "vcard:hasEmail": id("mailto:foi.mailbox@birmingham.gov.uk")},
		})
	}
	graph = append(graph, map[string]any{"@id": p.catalog, "@type": "dcat:Catalog", "dcat:dataset": listed})
	_ = json.NewEncoder(w).Encode(map[string]any{
		"@context": map[string]string{"rdf": rdfNS, "dcat": dcatNS, "dct": dctNS, "hydra": hydraNS, "vcard": vcardNS, "xsd": xsdNS},
		"@graph":   graph,
	})
}
