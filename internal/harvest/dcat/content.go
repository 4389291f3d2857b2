package dcat

import (
	"bufio"
	"bytes"
	"io"
	"mime"
	"net/url"
	"path"
	"regexp"
	"strings"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding/unicode"

	"grenier/internal/fault"
	"grenier/internal/rdf"
)

// accept asks for the formats that are read, the cheapest to read first.
const accept = "application/rdf+xml, text/turtle;q=.9, application/ld+json;q=.9, application/n-triples;q=.8, application/trig;q=.8, text/n3;q=.7, application/xml;q=.5, */*;q=.1"

// mediaTypes are the formats by their media types.
var mediaTypes = map[string]rdf.Format{
	"application/rdf+xml": rdf.RDFXML, "application/xml": rdf.RDFXML, "text/xml": rdf.RDFXML,
	"text/turtle": rdf.Turtle, "application/x-turtle": rdf.Turtle, "text/n3": rdf.Turtle, "application/n-triples": rdf.NTriples,
	"application/n-quads": rdf.NQuads, "application/ld+json": rdf.JSONLD, "application/json": rdf.JSONLD, "application/trig": rdf.TriG,
}

// extensions are the formats by the endings of addresses.
var extensions = map[string]rdf.Format{
	"xml": rdf.RDFXML, "rdf": rdf.RDFXML, "owl": rdf.RDFXML, "n3": rdf.Turtle, "ttl": rdf.Turtle, "nt": rdf.NTriples, "nq": rdf.NQuads,
	"nquads": rdf.NQuads, "trig": rdf.TriG, "json": rdf.JSONLD, "jsonld": rdf.JSONLD, "json-ld": rdf.JSONLD,
}

// vague are the media types that say nothing of the format.
var vague = map[string]bool{"": true, "text/plain": true, "application/octet-stream": true, "binary/octet-stream": true, "text/html": true}

// formatOf decides how a page is written: what the answer says, unless its beginning
// shows that this is wrong, else its beginning, else the ending of its address.
func formatOf(contentType, address string, head []byte) (rdf.Format, error) {
	media, _, _ := mime.ParseMediaType(contentType)
	if media == "" {
		media, _, _ = strings.Cut(contentType, ";")
	}
	media = strings.ToLower(strings.TrimSpace(media))
	format, known := mediaTypes[media]
	sniffed := sniff(head)
	switch {
	case sniffed == htmlPage:
		return "", fault.New(fault.BadGateway, `Unsupported mime type "text/html"`)
	case known && (sniffed == "" || (format == rdf.RDFXML) == (sniffed == rdf.RDFXML)):
		return format, nil
	case sniffed != "":
		return sniffed, nil
	case known:
		return format, nil
	case !vague[media]:
		return "", fault.Newf(fault.BadGateway, "Unsupported mime type %q", media)
	}
	if u, err := url.Parse(address); err == nil {
		if format, ok := extensions[strings.ToLower(strings.TrimPrefix(path.Ext(u.Path), "."))]; ok {
			return format, nil
		}
	}
	if media == "text/html" {
		return "", fault.New(fault.BadGateway, `Unsupported mime type "text/html"`)
	}
	return "", fault.New(fault.BadGateway, "Unable to detect format from extension or mime type")
}

// htmlPage is what sniff calls a page for people.
const htmlPage rdf.Format = "html"

var (
	looksHTML     = regexp.MustCompile(`(?i)^(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*(<!doctype\s+html|<html\b)`)
	looksXML      = regexp.MustCompile(`^(<\?xml\b|<!DOCTYPE\b|<!--|<([A-Za-z_][\w.-]*:)?RDF[\s>])`)
	looksTurtle   = regexp.MustCompile(`(?im)^\s*(@prefix|@base|prefix|base)\s`)
	looksTriples  = regexp.MustCompile(`^(<[^<>\s]*>|_:\S+)\s+<[^<>\s]*>\s+[<"_]`)
	commentAtHead = regexp.MustCompile(`^(\s*#[^\n]*\n)+\s*`)
)

// sniff tells the format of a document by its beginning; "" when it does not show.
func sniff(head []byte) rdf.Format {
	if starts := func(mark string) bool { return bytes.HasPrefix(head, []byte(mark)) }; starts("\xFE\xFF") || starts("\xFF\xFE") || starts("\x00<") || starts("<\x00") {
		head = bytes.ReplaceAll(head[2*(head[0]>>7):], []byte{0}, nil) // UTF-16 of ASCII, as far as this matters
	}
	head = bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\xEF\xBB\xBF")))
	bare := commentAtHead.ReplaceAll(head, nil)
	switch {
	case looksHTML.Match(head):
		return htmlPage
	case looksXML.Match(head):
		return rdf.RDFXML
	case looksTurtle.Match(head):
		return rdf.Turtle
	case looksTriples.Match(bare):
		return rdf.NTriples
	case len(head) > 0 && (head[0] == '{' || head[0] == '['):
		return rdf.JSONLD
	}
	return ""
}

// decoded makes a document UTF-8. For XML the document itself has the word, before
// what the answer says; for the others the mark at its beginning, then the answer.
func decoded(in *bufio.Reader, format rdf.Format, contentType string) io.Reader {
	head, _ := in.Peek(1024)
	starts := func(mark string) bool { return bytes.HasPrefix(head, []byte(mark)) }
	marked := starts("\xFE\xFF") || starts("\xFF\xFE")
	_, params, _ := mime.ParseMediaType(contentType)
	label := strings.ToLower(params["charset"])
	switch {
	case starts("\xEF\xBB\xBF"):
		return in
	case format == rdf.RDFXML && (marked || starts("\x00<") || starts("<\x00") || declares.Match(head)):
		return in
	case marked:
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewDecoder().Reader(in)
	case label == "" || label == "utf-8" || label == "utf8" || label == "us-ascii":
		return in
	}
	if encoding, _ := charset.Lookup(label); encoding != nil {
		return encoding.NewDecoder().Reader(in)
	}
	return in
}

// declares finds an encoding in the declaration of XML.
var declares = regexp.MustCompile(`^\s*<\?xml[^>]*\sencoding\s*=`)

// linkedNext is the address of the next page by the header Link (RFC 8288).
func linkedNext(values []string) string {
	for _, value := range values {
		for _, link := range linkForm.FindAllStringSubmatch(value, -1) {
			for _, rel := range strings.Fields(strings.Trim(relForm.FindString(link[2]), `"; `)) {
				if strings.EqualFold(strings.TrimPrefix(strings.TrimPrefix(strings.ToLower(rel), "rel="), `"`), "next") {
					return link[1]
				}
			}
		}
	}
	return ""
}

var (
	linkForm = regexp.MustCompile(`<([^>]*)>((?:\s*;\s*[\w*-]+\s*(?:=\s*(?:"[^"]*"|[^\s",;]+))?)*)`)
	relForm  = regexp.MustCompile(`(?i)rel=(?:"[^"]*"|[^\s",;]+)`)
)
