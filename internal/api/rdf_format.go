package api

import (
	"net/http"
	"strconv"
	"strings"

	"grenier/internal/fault"
	"grenier/internal/rdf"
	"grenier/internal/web"
)

// rdfForm is a format with its name in addresses and its media type.
type rdfForm struct {
	extension string
	format    rdf.Format
	media     string
}

// rdfForms are the formats, the first of a media type being its address; the
// order decides between equals.
var rdfForms = []rdfForm{
	{"xml", rdf.RDFXML, "application/rdf+xml"}, {"n3", rdf.Turtle, "text/n3"}, {"ttl", rdf.Turtle, "application/x-turtle"},
	{"nt", rdf.NTriples, "application/n-triples"}, {"json", rdf.JSONLD, "application/ld+json"}, {"trig", rdf.TriG, "application/trig"},
	{"rdf", rdf.RDFXML, "application/rdf+xml"}, {"owl", rdf.RDFXML, "application/rdf+xml"},
	{"jsonld", rdf.JSONLD, "application/ld+json"}, {"json-ld", rdf.JSONLD, "application/ld+json"},
}

// rdfAliases are further media types that clients ask for, by extension.
var rdfAliases = []struct{ media, extension string }{
	{"text/turtle", "ttl"}, {"application/json", "json"}, {"text/xml", "xml"}, {"application/xml", "xml"},
}

var rdfTypes = []string{"application/rdf+xml", "text/n3", "application/x-turtle", "application/n-triples", "application/ld+json", "application/trig"}

// rdfFormat is the format that the path ends with.
func rdfFormat(c *web.Call) (rdfForm, error) {
	for _, form := range rdfForms {
		if form.extension == c.Param("fmt") {
			return form, nil
		}
	}
	return rdfForm{}, fault.New(fault.NotFound, "There is no such format of linked data: ask for xml, ttl, n3, nt, json or trig.")
}

// negotiated is the extension of the format that an Accept header asks for: of
// the best quality, the earlier one among equals. Who does not say gets
// JSON-LD, as does who takes none of them.
func negotiated(h http.Header) string {
	ranges := acceptedRanges(h)
	best, most := "json", 0.0
	consider := func(media, extension string) {
		if quality := ranges.quality(media); quality > most {
			best, most = extension, quality
		}
	}
	for _, form := range rdfForms[:len(rdfTypes)] {
		consider(form.media, form.extension)
	}
	for _, alias := range rdfAliases {
		consider(alias.media, alias.extension)
	}
	return best
}

// mediaRanges are the media ranges of an Accept header (RFC 9110, section
// 12.5.1) with their qualities.
type mediaRanges map[string]float64

// maxRanges bounds the media ranges that are looked at.
const maxRanges = 100

func acceptedRanges(h http.Header) mediaRanges {
	ranges := mediaRanges{}
	for part := range strings.SplitSeq(strings.Join(h.Values("Accept"), ","), ",") {
		name, parameters, _ := strings.Cut(part, ";")
		quality := 1.0
		for parameter := range strings.SplitSeq(parameters, ";") {
			if value, ok := strings.CutPrefix(strings.TrimSpace(parameter), "q="); ok {
				var err error
				if quality, err = strconv.ParseFloat(value, 64); err != nil {
					quality = 0
				}
			}
		}
		if name = strings.ToLower(strings.TrimSpace(name)); name != "" && len(ranges) < maxRanges {
			ranges[name] = quality
		}
	}
	return ranges
}

// quality is how much a media type is wanted: what the most precise range that
// holds it says, 0 when none does.
func (r mediaRanges) quality(media string) float64 {
	kind, _, _ := strings.Cut(media, "/")
	for _, name := range []string{media, kind + "/*", "*/*"} {
		if quality, ok := r[name]; ok {
			return quality
		}
	}
	return 0
}
