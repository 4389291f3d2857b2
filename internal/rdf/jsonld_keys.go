package rdf

import (
	"slices"
	"strings"
)

// jsonldKeys finds the short names that a context has for IRIs.
type jsonldKeys struct {
	vocab    string
	byIRI    map[string][]*ContextTerm
	names    map[string]bool
	prefixes []*ContextTerm // longest first
	short    map[string]string
}

// maxShort is how many short names are remembered.
const maxShort = 4096

// use takes the terms of a context, which may be nil.
func (k *jsonldKeys) use(c *Context) {
	k.byIRI, k.names, k.short = map[string][]*ContextTerm{}, map[string]bool{}, map[string]string{}
	if c == nil {
		return
	}
	k.vocab = c.Vocab
	for n := range c.Terms {
		term := &c.Terms[n]
		k.byIRI[term.IRI] = append(k.byIRI[term.IRI], term)
		k.names[term.Name] = true
		if term.Type == "" && term.Container == "" && term.IRI != "" && strings.ContainsAny(term.IRI[len(term.IRI)-1:], ":/?#[]@") {
			k.prefixes = append(k.prefixes, term)
		}
	}
	slices.SortStableFunc(k.prefixes, func(a, b *ContextTerm) int { return len(b.IRI) - len(a.IRI) })
}

// property is the key of a property for one of its objects, and the term that
// it is, if any. A term is chosen that says the type of the object; else one
// that leaves room for an object of any type.
func (k *jsonldKeys) property(iri string, object Term) (string, *ContextTerm) {
	if iri == Type && object.Kind != Literal {
		return "@type", nil
	}
	var open *ContextTerm
	for _, term := range k.byIRI[iri] {
		switch {
		case term.Container == "@list" || term.Type == "@vocab":
		case term.Container == "@language":
			if object.Lang != "" && isLanguage(object.Lang) {
				return term.Name, term
			}
		case term.Type == "@id" && object.Kind != Literal, term.Type != "" && term.Type == object.Datatype:
			return term.Name, term
		case open == nil || open.Type != "" && term.Type == "":
			open = term
		}
	}
	if open != nil {
		return open.Name, open
	}
	return k.compact(iri), nil
}

// vocabulary is the shortest name of a class or a datatype.
func (k *jsonldKeys) vocabulary(iri string) string {
	if terms := k.byIRI[iri]; len(terms) > 0 {
		return terms[0].Name
	}
	return k.compact(iri)
}

// compact is an IRI without the beginning that the vocabulary or a prefix
// stands for; the IRI in full when there is none.
func (k *jsonldKeys) compact(iri string) string {
	if short, known := k.short[iri]; known {
		return short
	}
	short := k.shorten(iri)
	if len(k.short) < maxShort {
		k.short[iri] = short
	}
	return short
}

func (k *jsonldKeys) shorten(iri string) string {
	rest, ok := strings.CutPrefix(iri, k.vocab)
	if ok && k.vocab != "" && rest != "" && !strings.ContainsAny(rest, ":") && rest[0] != '@' && !k.names[rest] {
		return rest
	}
	for _, prefix := range k.prefixes {
		rest, ok := strings.CutPrefix(iri, prefix.IRI)
		if name := prefix.Name + ":" + rest; ok && rest != "" && !strings.HasPrefix(rest, "//") && !k.names[name] {
			return name
		}
	}
	return iri
}
