package portal

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// apiField is one line of a schema: a member, with its own members below it.
type apiField struct {
	Name string
	// Type is a word of JSON Schema: string, integer (int64), Pet[] …
	Type        string
	Required    bool
	Description string
	// Limits are what values must be: a list of them, a pattern, bounds.
	Limits string
	Fields []apiField
	// More tells that what is below is left out: it is the same as further up,
	// or lies too deep.
	More bool
}

// Bounds of what is shown of a schema.
const (
	schemaDepth  = 6
	schemaFields = 150  // of one schema
	pageFields   = 2000 // of all schemas of a page
	fieldText    = 300  // characters of a description
)

// schemaView draws the schemas of one page.
type schemaView struct {
	root *apiValue
	left int // fields of the page
}

// fields are the members of a schema.
func (w *schemaView) fields(schema *apiValue) []apiField {
	left := min(schemaFields, w.left)
	before := left
	fields, _ := w.members(schema, nil, &left)
	w.left -= before - left
	return fields
}

// members are the fields below a schema: those of an object, of the items of a
// list, of all that it combines. more tells that some are left out. open are the
// schemas further up.
func (w *schemaView) members(schema *apiValue, open []*apiValue, left *int) (fields []apiField, more bool) {
	s := w.open(schema)
	if s == nil {
		return nil, false
	}
	if len(open) >= schemaDepth || slices.Contains(open, s) {
		return nil, w.holds(s)
	}
	open = append(slices.Clone(open), s)
	required := map[string]bool{}
	for _, name := range s.get("required").list() {
		required[name.str()] = true
	}
	properties := s.get("properties")
	for _, name := range properties.keys() {
		if *left <= 0 {
			return fields, true
		}
		f := w.field(name, properties.get(name), open, left)
		f.Required = required[name]
		fields = append(fields, f)
	}
	if extra := s.get("additionalProperties"); extra.is(apiObject) && *left > 0 {
		fields = append(fields, w.field("*", extra, open, left))
	}
	for _, part := range s.get("allOf").list() {
		below, cut := w.members(part, open, left)
		fields, more = append(fields, below...), more || cut
	}
	for _, either := range []string{"oneOf", "anyOf"} {
		for _, part := range s.get(either).list() {
			if *left <= 0 {
				return fields, true
			}
			fields = append(fields, w.field(either, part, open, left))
		}
	}
	return fields, more
}

// field is one member of a schema.
func (w *schemaView) field(name string, schema *apiValue, open []*apiValue, left *int) apiField {
	*left--
	s := schema.resolve(w.root)
	f := apiField{Name: firstRunes(name, 100), Type: w.typeOf(schema, 0), Description: firstRunes(oneParagraph(s.get("description").str()), fieldText), Limits: limitsOf(s)}
	f.Fields, f.More = w.members(schema, open, left)
	return f
}

// open is the schema whose members show: that of the items for a list.
func (w *schemaView) open(schema *apiValue) *apiValue {
	for range schemaDepth {
		schema = schema.resolve(w.root)
		items := schema.get("items")
		if !items.is(apiObject) {
			return schema
		}
		schema = items
	}
	return nil
}

// holds tells whether a schema has members.
func (w *schemaView) holds(s *apiValue) bool {
	for _, name := range []string{"properties", "allOf", "oneOf", "anyOf"} {
		if len(s.get(name).keys())+len(s.get(name).list()) > 0 {
			return true
		}
	}
	return false
}

// typeOf names the type of a schema.
func (w *schemaView) typeOf(schema *apiValue, depth int) string {
	named := ""
	if ref := schema.get("$ref").str(); ref != "" {
		named = ref[strings.LastIndexByte(ref, '/')+1:]
	}
	s := schema.resolve(w.root)
	if items := s.get("items"); items != nil && depth < schemaDepth {
		if inner := w.typeOf(items, depth+1); inner != "" {
			return inner + "[]"
		}
		return "array"
	}
	kind := s.get("type").str()
	var several []string
	for _, one := range s.get("type").list() { // OpenAPI 3.1 has lists of types
		several = append(several, one.str())
	}
	if len(several) > 0 {
		kind = strings.Join(several, " | ")
	}
	switch {
	case (kind == "object" || kind == "") && named != "":
		kind = named
	case kind == "" && len(s.get("properties").keys()) > 0:
		kind = "object"
	case kind == "" && s.get("oneOf") != nil:
		kind = "oneOf"
	case kind == "" && s.get("anyOf") != nil:
		kind = "anyOf"
	}
	if format := s.get("format").str(); format != "" {
		kind += " (" + format + ")"
	}
	return firstRunes(strings.TrimSpace(kind), 80)
}

// limitsOf writes what values of a schema must be.
func limitsOf(s *apiValue) string {
	var parts []string
	var values []string
	for _, one := range s.get("enum").list() {
		if len(values) == 20 {
			values = append(values, "…")
			break
		}
		values = append(values, firstRunes(one.str(), 40))
	}
	if len(values) > 0 {
		parts = append(parts, strings.Join(values, " | "))
	}
	for _, bound := range []struct{ name, sign string }{
		{"minimum", "≥ "}, {"maximum", "≤ "}, {"pattern", ""},
	} {
		if text := s.get(bound.name).str(); text != "" {
			parts = append(parts, bound.sign+firstRunes(text, 80))
		}
	}
	if preset := s.get("default").str(); preset != "" {
		parts = append(parts, "= "+firstRunes(preset, 60))
	}
	return strings.Join(parts, ", ")
}

// sample makes a value that fits a schema, to begin with.
func (w *schemaView) sample(schema *apiValue, depth int) *apiValue {
	s := schema.resolve(w.root)
	if s == nil || depth > 4 {
		return &apiValue{}
	}
	for _, given := range []*apiValue{s.get("example"), s.get("default"), firstValue(s.get("examples").list()), firstValue(s.get("enum").list())} {
		if given != nil {
			return given
		}
	}
	if items := s.get("items"); items != nil {
		return &apiValue{form: apiList, items: []*apiValue{w.sample(items, depth+1)}}
	}
	if merged := w.sampleObject(s, depth); merged != nil {
		return merged
	}
	for _, either := range []string{"oneOf", "anyOf"} {
		if part := firstValue(s.get(either).list()); part != nil {
			return w.sample(part, depth+1)
		}
	}
	switch s.get("type").str() {
	case "integer", "number":
		return &apiValue{form: apiOther, text: "0"}
	case "boolean":
		return &apiValue{form: apiOther, text: "true"}
	case "object":
		return &apiValue{form: apiObject}
	}
	return &apiValue{form: apiText, text: "string"}
}

// sampleObject makes an object with the first members of a schema, nil when it
// has none.
func (w *schemaView) sampleObject(s *apiValue, depth int) *apiValue {
	const most = 12
	made := &apiValue{form: apiObject, members: map[string]*apiValue{}}
	properties := s.get("properties")
	for _, name := range properties.keys()[:min(len(properties.keys()), most)] {
		made.set(name, w.sample(properties.get(name), depth+1))
	}
	for _, part := range s.get("allOf").list()[:min(len(s.get("allOf").list()), most)] {
		one := w.sample(part, depth+1)
		for _, name := range one.keys() {
			if len(made.names) < most {
				made.set(name, one.get(name))
			}
		}
	}
	if len(made.names) == 0 {
		return nil
	}
	return made
}

func firstValue(list []*apiValue) *apiValue {
	if len(list) == 0 {
		return nil
	}
	return list[0]
}

// firstRunes is the beginning of a text.
func firstRunes(text string, most int) string {
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most-1]) + "…"
}

// oneParagraph puts a text on one line.
func oneParagraph(text string) string {
	if len(text) > 4*fieldText {
		text = strings.ToValidUTF8(text[:4*fieldText], "")
	}
	return strings.Join(strings.Fields(text), " ")
}
