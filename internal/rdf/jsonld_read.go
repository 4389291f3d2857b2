package rdf

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/piprate/json-gold/ld"
)

func init() { readers[JSONLD] = readJSONLD }

// Bounds of documents of JSON-LD, which are held whole.
const (
	maxJSONLD = 32 << 20 // bytes
	// maxJSONDepth bounds objects and arrays inside one another.
	maxJSONDepth = 500
	// maxContextWork bounds what the contexts of a document cost, counted in
	// terms that are inherited, a tenth of a microsecond each; a term that is
	// defined costs as much as definedTerm of them.
	maxContextWork = 20_000_000
	definedTerm    = 100
	// namedTerms is how many terms a context counts for that is named by its
	// address.
	namedTerms = 100
)

// jsonLiteral is the datatype of literals that hold JSON.
const jsonLiteral = RDF + "JSON"

// readJSONLD reads JSON-LD 1.1. The keys are expanded by the contexts first,
// then the quads are given in the order of the expanded keys.
func readJSONLD(s Source, fn func(Quad) error) error {
	passed := lenient(s.Lenient)
	text, err := io.ReadAll(io.LimitReader(passed.clean(s.Reader, false), maxJSONLD+1))
	if err != nil {
		return err
	}
	if len(text) > maxJSONLD {
		return &Error{Text: fmt.Sprintf("a document of JSON-LD is longer than %d bytes", maxJSONLD)}
	}
	text = bytes.TrimPrefix(text, []byte("\uFEFF"))
	document, err := decodeJSON(text)
	if err != nil {
		return err
	}
	expanded, err := expandJSONLD(document, s, text)
	if err != nil {
		return err
	}
	r := jsonldReader{lenient: passed, give: fn, labels: map[string]Term{}}
	for _, node := range expanded {
		if _, err := r.object(node, Term{}); err != nil {
			return err
		}
	}
	return nil
}

// decodeJSON reads a text of JSON within the bounds of depth and of contexts.
func decodeJSON(text []byte) (any, error) {
	if place := badUTF8(text); place >= 0 {
		return nil, jsonError(text, place, "the byte 0x%02X is no UTF-8", text[place])
	}
	if place := tooDeep(text); place >= 0 {
		return nil, jsonError(text, place, "objects and arrays are nested more than %d deep", maxJSONDepth)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var document any
	if err := decoder.Decode(&document); err != nil {
		place := len(text)
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			place = int(syntax.Offset) - 1
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF || place >= len(text) {
			return nil, jsonError(text, len(text), "the document ends before its JSON does")
		}
		return nil, jsonError(text, max(place, 0), "this is no JSON: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	end := int(decoder.InputOffset())
	if rest := bytes.TrimLeft(text[end:], " \t\r\n"); len(rest) > 0 {
		return nil, jsonError(text, len(text)-len(rest), "something follows the end of the JSON")
	}
	switch document.(type) {
	case map[string]any, []any:
	default:
		return nil, jsonError(text, 0, "a document of JSON-LD is an object or an array")
	}
	var w contextWork
	w.walk(document, 0)
	if w.cost+w.objects*w.scoped*definedTerm > maxContextWork {
		return nil, &Error{Text: "the contexts of this document define too many terms for its size"}
	}
	return document, nil
}

// jsonError is an error at a place of a text.
func jsonError(text []byte, place int, format string, args ...any) error {
	line, column := advance(0, 0, text[:place])
	return &Error{Line: line + 1, Column: column + 1, Text: fmt.Sprintf(format, args...)}
}

// badUTF8 is where text is no UTF-8, or -1.
func badUTF8(text []byte) int {
	if utf8.Valid(text) {
		return -1
	}
	for i := 0; ; {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
}

// tooDeep is where objects and arrays are nested too deep, or -1.
func tooDeep(text []byte) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '{', '[':
			if depth++; depth > maxJSONDepth {
				return i
			}
		case '}', ']':
			depth--
		case '"':
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		}
	}
	return -1
}

// contextWork tells what the contexts of a document cost.
type contextWork struct {
	objects int // of the document
	cost    int // of contexts outside of contexts
	scoped  int // terms of contexts inside contexts, which any object may use
}

// walk counts the contexts of a value that inherits so many terms.
func (w *contextWork) walk(value any, inherited int) {
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			w.walk(item, inherited)
		}
	case map[string]any:
		w.objects++
		if context, ok := v["@context"]; ok {
			own := w.context(context)
			w.cost += inherited + own*definedTerm
			inherited += own
		}
		for key, item := range v {
			if key != "@context" {
				w.walk(item, inherited)
			}
		}
	}
}

// context counts the terms of a context, and those of the contexts inside it
// apart. Versions become the numbers that the expansion looks for.
func (w *contextWork) context(value any) int {
	switch v := value.(type) {
	case string:
		return namedTerms
	case []any:
		terms := 0
		for _, item := range v {
			terms += w.context(item)
		}
		return terms
	case map[string]any:
		if version, ok := v["@version"].(json.Number); ok {
			v["@version"], _ = version.Float64()
		}
		for _, definition := range v {
			if term, ok := definition.(map[string]any); ok {
				if scoped, ok := term["@context"]; ok {
					w.scoped += w.context(scoped)
				}
			}
		}
		return len(v)
	}
	return 0
}

// expandJSONLD replaces the short names of a document by what its contexts
// mean by them.
func expandJSONLD(document any, s Source, text []byte) (expanded []any, err error) {
	loader := &contextLoader{given: s.Context, text: s.Document}
	options := ld.NewJsonLdOptions(s.Base)
	options.DocumentLoader = loader
	defer func() {
		if fault := recover(); fault != nil {
			expanded, err = nil, &Error{Text: "this JSON-LD cannot be understood"}
		}
	}()
	expanded, err = ld.NewJsonLdProcessor().Expand(document, options)
	switch {
	case err == nil:
		return expanded, nil
	case loader.missed != "":
		place := max(0, bytes.Index(text, []byte(strconv.Quote(loader.missed))))
		return nil, jsonError(text, place, "the context “%s” is not known here, and no context is fetched", bounded([]byte(loader.missed)))
	}
	return nil, &Error{Text: "this is no JSON-LD: " + string(bounded([]byte(err.Error())))}
}

// jsonldReader gives the quads of expanded JSON-LD (JSON-LD 1.1 Processing
// Algorithms, §7 and §8). Nodes without a well-formed name, and what is said of
// them, are left out.
type jsonldReader struct {
	lenient
	give   func(Quad) error
	blanks int
	labels map[string]Term
}

// blank makes a blank node.
func (r *jsonldReader) blank() Term {
	r.blanks++
	return NewBlank("b" + strconv.Itoa(r.blanks))
}

// named is the node of an IRI or of a label; the zero Term when it is neither.
func (r *jsonldReader) named(name string) Term {
	label, blank := strings.CutPrefix(name, "_:")
	switch {
	case blank:
		term, known := r.labels[label]
		if !known {
			term = r.blank()
			r.labels[label] = term
		}
		return term
	case len(name) > maxIRI || !wellFormed(name):
		return Term{}
	}
	return NewIRI(name)
}

// wellFormed tells whether a name is an absolute IRI. Spaces and the like, which
// no IRI may hold, are not judged.
func wellFormed(name string) bool {
	return Absolute(name) && !strings.ContainsFunc(name, func(r rune) bool { return r < ' ' })
}

// object gives what an object of expanded JSON-LD says and returns its term;
// the zero Term when it has none.
func (r *jsonldReader) object(value any, graph Term) (Term, error) {
	object, _ := value.(map[string]any)
	if list, ok := object["@list"]; ok {
		items, _ := list.([]any)
		return r.list(items, graph)
	}
	if literal, ok := object["@value"]; ok {
		return r.literal(literal, object)
	}
	return r.node(object, graph)
}

// list gives the cells of a list.
func (r *jsonldReader) list(items []any, graph Term) (Term, error) {
	head, last := nilTerm, Term{}
	for _, item := range items {
		object, err := r.object(item, graph)
		if err != nil {
			return Term{}, err
		}
		cell := r.blank()
		if last.Kind == None {
			head = cell
		} else if err := r.give(Quad{last, restTerm, cell, graph}); err != nil {
			return Term{}, err
		}
		last = cell
		if object.Kind == None {
			continue
		}
		if err := r.give(Quad{cell, firstTerm, object, graph}); err != nil {
			return Term{}, err
		}
	}
	if last.Kind == None {
		return head, nil
	}
	return head, r.give(Quad{last, restTerm, nilTerm, graph})
}

// node gives what an object says of a node.
func (r *jsonldReader) node(object map[string]any, graph Term) (Term, error) {
	subject := Term{}
	if id, ok := object["@id"].(string); ok {
		subject = r.named(id)
	} else {
		subject = r.blank()
	}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		if err := r.entry(subject, key, object[key], graph); err != nil {
			return Term{}, err
		}
	}
	return subject, nil
}

// entry gives what one key of an object says of its node.
func (r *jsonldReader) entry(subject Term, key string, value any, graph Term) error {
	switch key {
	case "@type":
		return r.types(subject, value, graph)
	case "@graph":
		if subject.Kind != None {
			return r.all(value, subject)
		}
		return nil
	case "@included":
		return r.all(value, graph)
	case "@reverse":
		reverse, _ := value.(map[string]any)
		for _, key := range slices.Sorted(maps.Keys(reverse)) {
			if err := r.property(subject, key, reverse[key], graph, true); err != nil {
				return err
			}
		}
		return nil
	}
	return r.property(subject, key, value, graph, false)
}

// all gives what the objects of an array say.
func (r *jsonldReader) all(value any, graph Term) error {
	objects, _ := value.([]any)
	for _, object := range objects {
		if _, err := r.object(object, graph); err != nil {
			return err
		}
	}
	return nil
}

// types gives the classes of a node.
func (r *jsonldReader) types(subject Term, value any, graph Term) error {
	classes, _ := value.([]any)
	for _, class := range classes {
		name, _ := class.(string)
		if object := r.named(name); object.Kind != None && subject.Kind != None {
			if err := r.give(Quad{subject, typeTerm, object, graph}); err != nil {
				return err
			}
		}
	}
	return nil
}

// property gives the quads of one property; reverse swaps their ends.
func (r *jsonldReader) property(subject Term, key string, value any, graph Term, reverse bool) error {
	if strings.HasPrefix(key, "@") {
		return nil
	}
	predicate := r.named(key)
	objects, _ := value.([]any)
	for _, each := range objects {
		object, err := r.object(each, graph)
		if err != nil {
			return err
		}
		if predicate.Kind != IRI || subject.Kind == None || object.Kind == None || reverse && object.Kind == Literal {
			continue
		}
		q := Quad{subject, predicate, object, graph}
		if reverse {
			q.Subject, q.Object = object, subject
		}
		if err := r.give(q); err != nil {
			return err
		}
	}
	return nil
}

// literal is the literal that a value object means.
func (r *jsonldReader) literal(value any, object map[string]any) (Term, error) {
	datatype, _ := object["@type"].(string)
	lang, _ := object["@language"].(string)
	if datatype == "@json" {
		text, err := canonicalJSON(value)
		return NewTyped(text, jsonLiteral), err
	}
	if datatype != "" && !wellFormed(datatype) {
		return Term{}, nil
	}
	switch v := value.(type) {
	case bool:
		return NewTyped(strconv.FormatBool(v), cmp.Or(datatype, Boolean)), nil
	case json.Number:
		text, native := numberText(v.String(), datatype)
		return NewTyped(text, cmp.Or(datatype, native)), nil
	case string:
		switch {
		case len(v) > maxLiteral:
			return Term{}, &Error{Text: fmt.Sprintf("a text is longer than %d bytes", maxLiteral)}
		case datatype != "":
			return NewTyped(v, datatype), nil
		case lang != "" && !isLanguage(lang):
			if !r.told(&Error{Text: fmt.Sprintf("“%s” is no language tag", bounded([]byte(lang)))}) {
				return Term{}, nil
			}
			lang = ""
		}
		return NewText(v, lang), nil
	}
	return Term{}, nil
}

// numberText is the text of a number, and the datatype that it has of itself.
// Whole numbers are integers unless a double is asked for; others are doubles
// in canonical form (XML Schema 2, §3.2.5.2), save where a decimal is asked
// for.
func numberText(number, datatype string) (string, string) {
	exact := !strings.ContainsAny(number, ".eE")
	value, err := strconv.ParseFloat(number, 64)
	switch {
	case datatype != Double && exact && number != "-0":
		return number, Integer
	case datatype == Decimal && !strings.ContainsAny(number, "eE"):
		return number, Decimal
	case err != nil:
		return strings.Replace(strconv.FormatFloat(value, 'E', -1, 64), "+Inf", "INF", 1), Double
	case datatype != Double && value == float64(int64(value)) && value < 1e18 && value > -1e18:
		return strconv.FormatInt(int64(value), 10), Integer
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(value, 'E', -1, 64), "E")
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	power, _ := strconv.Atoi(exponent)
	return mantissa + "E" + strconv.Itoa(power), Double
}

// canonicalJSON writes a value with the keys of its objects sorted and nothing
// between its marks (RFC 8785).
func canonicalJSON(value any) (string, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(plainNumbers(value)); err != nil {
		return "", &Error{Text: "a literal of JSON cannot be written: " + err.Error()}
	}
	return strings.TrimSuffix(out.String(), "\n"), nil
}

// plainNumbers gives a value with its numbers as the machine holds them.
func plainNumbers(value any) any {
	switch v := value.(type) {
	case json.Number:
		number, _ := v.Float64()
		return number
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = plainNumbers(item)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, item := range v {
			out[key] = plainNumbers(item)
		}
		return out
	}
	return value
}
