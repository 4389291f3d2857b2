package web

import (
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Schema is a JSON Schema as OpenAPI 3.1 writes it.
type Schema = map[string]any

// Schemer is a type with a JSON form of its own, declared here. A nil or absent "type" is anything.
// The map returned is the caller's.
type Schemer interface{ JSONSchema() Schema }

// SchemaNamer is a type whose name in the documents is not its name in Go.
type SchemaNamer interface{ SchemaName() string }

// schemas collects the named types of one document. It writes the dialect of OpenAPI 3.1; package-wide
// toSwagger turns that into the other.
type schemas struct {
	names map[reflect.Type]string
	taken map[string]reflect.Type
	defs  map[string]any
}

const schemaPrefix = "#/components/schemas/"

func newSchemas() *schemas {
	return &schemas{names: map[reflect.Type]string{}, taken: map[string]reflect.Type{}, defs: map[string]any{}}
}

// of gives the schema of a type: a reference for named structs. Pointers and Opt are nullable, slices
// and maps are not; members without omitempty are required, those of type Opt and those that only a
// mask brings never are.
func (s *schemas) of(t reflect.Type) Schema {
	if t.Kind() == reflect.Pointer {
		return nullable(s.of(t.Elem()))
	}
	if inner, ok := wrappedType(t); ok {
		return nullable(s.of(inner))
	}
	if own, ok := ownSchema(t); ok {
		return own
	}
	switch t.Kind() {
	case reflect.Bool:
		return Schema{"type": "boolean"}
	case reflect.String:
		return Schema{"type": "string"}
	case reflect.Float32, reflect.Float64:
		return Schema{"type": "number"}
	case reflect.Slice, reflect.Array:
		return Schema{"type": "array", "items": s.of(t.Elem())}
	case reflect.Map:
		return Schema{"type": "object", "additionalProperties": s.of(t.Elem())}
	case reflect.Struct:
		if t.Name() == "" {
			return s.object(t)
		}
		return Schema{"$ref": schemaPrefix + s.define(t)}
	case reflect.Interface, reflect.Invalid:
		return Schema{}
	}
	return Schema{"type": "integer"}
}

// ownSchema is the schema of types that render themselves.
func ownSchema(t reflect.Type) (Schema, bool) {
	p := reflect.PointerTo(t)
	switch {
	case t == reflect.TypeFor[json.RawMessage]():
		return Schema{}, true
	case p.Implements(reflect.TypeFor[Schemer]()):
		return reflect.New(t).Interface().(Schemer).JSONSchema(), true
	case t == reflect.TypeFor[time.Time]():
		return Schema{"type": "string", "format": "date-time"}, true
	case p.Implements(reflect.TypeFor[json.Marshaler]()):
		return Schema{}, true
	case p.Implements(reflect.TypeFor[encoding.TextMarshaler]()):
		return Schema{"type": "string"}, true
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		return Schema{"type": "string", "format": "byte"}, true
	}
	return nil, false
}

func (s *schemas) define(t reflect.Type) string {
	if name, ok := s.names[t]; ok {
		return name
	}
	name := s.freeName(t)
	s.names[t], s.taken[name] = name, t
	s.defs[name] = s.object(t)
	return name
}

// freeName is the type's name, told apart by its package and then by a number when it is taken.
func (s *schemas) freeName(t reflect.Type) string {
	name := schemaName(t)
	if s.taken[name] == nil {
		return name
	}
	pkg := t.PkgPath()
	name = capital(pkg[strings.LastIndexByte(pkg, '/')+1:]) + name
	for try, n := name, 2; ; n++ {
		if s.taken[try] == nil {
			return try
		}
		try = name + strconv.Itoa(n)
	}
}

func (s *schemas) object(t reflect.Type) Schema {
	properties, required := map[string]any{}, []any{}
	for _, m := range jsonMembers(t) {
		properties[m.name] = s.member(m)
		hidden := m.field.Tag.Get("mask") == "hidden"
		if _, opt := wrappedType(m.field.Type); !m.omitempty && !opt && !hidden {
			required = append(required, m.name)
		}
	}
	schema := Schema{"type": "object", "properties": properties}
	if len(required) > 0 {
		schema["required"] = required
	}
	return schema
}

// member adds what a member's tags say: doc, format, enum, nullable.
func (s *schemas) member(m member) Schema {
	schema := s.of(m.field.Type)
	tag := m.field.Tag
	if tag.Get("nullable") == "true" {
		schema = nullable(schema)
	}
	if schema["$ref"] != nil {
		return schema
	}
	if d := tag.Get("doc"); d != "" {
		schema["description"] = d
	}
	if f := tag.Get("format"); f != "" {
		schema["format"] = f
	}
	if e := tag.Get("enum"); e != "" {
		values := []any{}
		for v := range strings.SplitSeq(e, ",") {
			values = append(values, v)
		}
		if types, ok := schema["type"].([]any); ok && slices.Contains(types, any("null")) {
			values = append(values, nil)
		}
		schema["enum"] = values
	}
	return schema
}

// nullable lets a schema take null too.
func nullable(s Schema) Schema {
	switch t := s["type"].(type) {
	case string:
		s["type"] = []any{t, "null"}
		return s
	case []any:
		if !slices.Contains(t, any("null")) {
			s["type"] = append(slices.Clip(t), "null")
		}
		return s
	case []string:
		types := []any{}
		for _, one := range t {
			types = append(types, one)
		}
		s["type"] = types
		return nullable(s)
	}
	if s["anyOf"] != nil || s["$ref"] == nil {
		return s
	}
	return Schema{"anyOf": []any{s, Schema{"type": "null"}}}
}

// schemaName names a type: what it says itself, or its Go name, with type arguments before it, so that
// Page[Dataset] is DatasetPage.
func schemaName(t reflect.Type) string {
	if reflect.PointerTo(t).Implements(reflect.TypeFor[SchemaNamer]()) {
		return reflect.New(t).Interface().(SchemaNamer).SchemaName()
	}
	return plainName(t.Name())
}

// NameOf is the name of a type in the documents, for generic types that name themselves after it.
func NameOf[T any]() string { return schemaName(reflect.TypeFor[T]()) }

func plainName(name string) string {
	outer, args, generic := strings.Cut(name, "[")
	outer = capital(outer[strings.LastIndexAny(outer, "./*")+1:])
	if !generic {
		return outer
	}
	var b strings.Builder
	for _, arg := range splitArgs(strings.TrimSuffix(args, "]")) {
		b.WriteString(plainName(arg))
	}
	return b.String() + outer
}

// splitArgs cuts type arguments at the commas outside brackets.
func splitArgs(s string) []string {
	var args []string
	depth, from := 0, 0
	for i := range len(s) {
		switch s[i] {
		case '[':
			depth++
		case ']':
			depth--
		case ',':
			if depth == 0 {
				args = append(args, s[from:i])
				from = i + 1
			}
		}
	}
	return append(args, s[from:])
}

func capital(s string) string {
	for i, r := range s {
		return string(unicode.ToUpper(r)) + s[i+len(string(r)):]
	}
	return s
}
