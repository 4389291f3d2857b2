package rdf

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/piprate/json-gold/ld"
)

// podContext is the context of catalogues in DCAT-US (Project Open Data) 1.1.
//
//go:embed contexts/pod-v1.1-catalog.jsonld
var podContext []byte

// dcatAPContext has the terms of DCAT-AP 2 and 3 and of their annex on high-value
// datasets.
//
//go:embed contexts/dcat-ap.jsonld
var dcatAPContext []byte

// schemaOrgContext has the namespace of schema.org and those of its terms whose
// values are addresses or dates.
//
//go:embed contexts/schema-org.jsonld
var schemaOrgContext []byte

// builtInContexts are the contexts that the reader knows, by their addresses
// without a scheme.
var builtInContexts = []struct {
	address *regexp.Regexp
	text    []byte
}{
	{regexp.MustCompile(`^project-open-data\.cio\.gov/v1\.1/schema/catalog\.jsonld$`), podContext},
	{regexp.MustCompile(`^(semiceu\.github\.io|raw\.githubusercontent\.com/SEMICeu|github\.com/SEMICeu)/DCAT-AP/([^?#]*/)?context/(dcat-ap|hvd)\.jsonld$`), dcatAPContext},
	{regexp.MustCompile(`^(www\.)?schema\.org(/|/docs/jsonldcontext\.json(ld)?)?$`), schemaOrgContext},
}

// builtInContext is the context that the reader knows at an address; nil for others.
func builtInContext(address string) []byte {
	_, address, _ = strings.Cut(address, "://")
	for _, known := range builtInContexts {
		if known.address.MatchString(address) {
			return known.text
		}
	}
	return nil
}

// contextLoader serves the contexts that are known and fetches nothing.
type contextLoader struct {
	given  func(address string) *Context
	text   func(address string) []byte
	missed string // the address that is not known, once one was asked for
}

// LoadDocument returns the context at an address.
func (l *contextLoader) LoadDocument(address string) (*ld.RemoteDocument, error) {
	text := []byte(nil)
	if l.given != nil {
		if known := l.given(address); known != nil {
			text, _ = known.MarshalJSON()
		}
	}
	if text == nil {
		text = builtInContext(address)
	}
	if text == nil && l.text != nil {
		text = l.text(address)
	}
	if text == nil {
		l.missed = address
		return nil, fmt.Errorf("the context %s is not known", address)
	}
	var document any
	if err := json.Unmarshal(text, &document); err != nil {
		return nil, err
	}
	return &ld.RemoteDocument{DocumentURL: address, Document: document}, nil
}

// MarshalJSON gives the context as the document that is served at its
// address, its terms in their order.
func (c *Context) MarshalJSON() ([]byte, error) {
	w := jsonText{}
	w.out = append(w.out, `{"@context":`...)
	w.definitions(c, 0)
	w.out = append(w.out, '}')
	return w.out, nil
}

// definitions writes the object of a context.
func (w *jsonText) definitions(c *Context, depth int) {
	w.open('{')
	if c.Vocab != "" {
		w.member("@vocab", depth+1)
		w.string(c.Vocab)
	}
	for _, term := range c.Terms {
		w.member(term.Name, depth+1)
		if term.Type == "" && term.Container == "" {
			w.string(term.IRI)
			continue
		}
		w.open('{')
		w.member("@id", depth+2)
		w.string(term.IRI)
		if term.Type != "" {
			w.member("@type", depth+2)
			w.string(term.Type)
		}
		if term.Container != "" {
			w.member("@container", depth+2)
			w.string(term.Container)
		}
		w.close('}', depth+1)
	}
	w.close('}', depth)
}

// jsonText writes JSON, two spaces deeper for each level.
type jsonText struct {
	out   []byte
	empty bool // the object or array that is open holds nothing yet
}

// open begins an object or an array.
func (w *jsonText) open(bracket byte) {
	w.out = append(w.out, bracket)
	w.empty = true
}

// close ends it; depth is that of the line that it began on.
func (w *jsonText) close(bracket byte, depth int) {
	if !w.empty {
		w.line(depth)
	}
	w.out = append(w.out, bracket)
	w.empty = false
}

// line begins a line.
func (w *jsonText) line(depth int) {
	w.out = append(w.out, '\n')
	for range depth {
		w.out = append(w.out, "  "...)
	}
}

// next begins the next member of an array.
func (w *jsonText) next(depth int) {
	if !w.empty {
		w.out = append(w.out, ',')
	}
	w.line(depth)
	w.empty = false
}

// member begins the next member of an object.
func (w *jsonText) member(name string, depth int) {
	w.next(depth)
	w.string(name)
	w.out = append(w.out, ": "...)
}

func (w *jsonText) string(text string) { w.out = appendQuoted(w.out, text) }
