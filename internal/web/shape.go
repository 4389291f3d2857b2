package web

import (
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"
)

// shapeKind is what a mask may do with a declared type.
type shapeKind int

const (
	shapeScalar shapeKind = iota // text, number, boolean: no mask inside
	shapeObject                  // declared members
	shapeFree                    // any JSON: a mask applies to what comes
)

// shape is a declared answer type as masks see it; lists are looked through.
type shape struct {
	kind    shapeKind
	members map[string]*shape
	hidden  []string // members that only a mask brings
}

var (
	shapesMu sync.Mutex
	shapes   = map[reflect.Type]*shape{}
)

// shapeOf gives the shape of a type; one per type, also for types that hold themselves.
func shapeOf(t reflect.Type) *shape {
	shapesMu.Lock()
	defer shapesMu.Unlock()
	return buildShape(t)
}

func buildShape(t reflect.Type) *shape {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8 || t.Kind() == reflect.Array {
		t = t.Elem()
	}
	if s, ok := shapes[t]; ok {
		return s
	}
	s := &shape{kind: kindOf(t)}
	shapes[t] = s
	if s.kind != shapeObject {
		return s
	}
	if inner, ok := wrappedType(t); ok {
		*s = *buildShape(inner)
		shapes[t] = s
		return s
	}
	s.members = map[string]*shape{}
	for _, m := range jsonMembers(t) {
		s.members[m.name] = buildShape(m.field.Type)
		if m.field.Tag.Get("mask") == "hidden" {
			s.hidden = append(s.hidden, m.name)
		}
	}
	return s
}

func kindOf(t reflect.Type) shapeKind {
	switch {
	case t == reflect.TypeFor[json.RawMessage](), t.Kind() == reflect.Map, t.Kind() == reflect.Interface:
		return shapeFree
	case t == reflect.TypeFor[time.Time]():
		return shapeScalar
	case t.Kind() != reflect.Struct:
		return shapeScalar
	}
	if _, ok := wrappedType(t); ok {
		return shapeObject
	}
	p := reflect.PointerTo(t)
	switch {
	case p.Implements(reflect.TypeFor[Schemer]()):
		types := typeList(reflect.New(t).Interface().(Schemer).JSONSchema()["type"])
		if types == nil || slices.Contains(types, "object") || slices.Contains(types, "array") {
			return shapeFree
		}
		return shapeScalar
	case p.Implements(reflect.TypeFor[encoding.TextMarshaler]()):
		return shapeScalar
	case p.Implements(reflect.TypeFor[json.Marshaler]()):
		return shapeFree
	}
	return shapeObject
}

// member is one JSON member of a struct, those of embedded structs included.
type member struct {
	name      string
	field     reflect.StructField
	omitempty bool
}

// jsonMembers lists the JSON members of a struct in order of declaration.
func jsonMembers(t reflect.Type) []member {
	var all []member
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("json")
		name, options, _ := strings.Cut(tag, ",")
		if f.Anonymous && name == "" {
			inner := f.Type
			if inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			if inner.Kind() == reflect.Struct {
				all = append(all, jsonMembers(inner)...)
				continue
			}
		}
		if !f.IsExported() || tag == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		m := member{name: name, field: f, omitempty: strings.Contains(options, "omitempty") || strings.Contains(options, "omitzero")}
		if i := slices.IndexFunc(all, func(o member) bool { return o.name == name }); i >= 0 {
			all[i] = m // an outer member shadows an embedded one
			continue
		}
		all = append(all, m)
	}
	return all
}
