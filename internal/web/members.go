package web

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"

	"grenier/internal/fault"
)

// UnmarshalMembers decodes a JSON object into a struct, member by member, and blames each wrong one by its
// name; json.Unmarshal names none inside of Opt and stops at the first. A body type calls it from its
// UnmarshalJSON. Unknown members are ignored, names are matched to the letter, embedded structs are part of
// the object.
func UnmarshalMembers(raw []byte, into any) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return err
	}
	var wrong []error
	eachMember(reflect.ValueOf(into).Elem(), func(name string, value reflect.Value) {
		if text, sent := members[name]; sent {
			if err := json.Unmarshal(text, value.Addr().Interface()); err != nil {
				wrong = append(wrong, Within(err, name))
			}
		}
	})
	return fault.Collect(wrong...)
}

func eachMember(v reflect.Value, fn func(name string, value reflect.Value)) {
	t := v.Type()
	for i := range t.NumField() {
		field := t.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case field.Anonymous && name == "":
			eachMember(v.Field(i), fn)
		case field.IsExported() && name != "" && name != "-":
			fn(name, v.Field(i))
		}
	}
}

// UnmarshalItems decodes a JSON list, item by item, and blames each wrong one by its position.
func UnmarshalItems[T any](raw []byte) ([]T, error) {
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		return nil, err
	}
	list := make([]T, len(items))
	var wrong []error
	for i, text := range items {
		if err := json.Unmarshal(text, &list[i]); err != nil {
			wrong = append(wrong, Within(err, i))
		}
	}
	return list, fault.Collect(wrong...)
}

// Within says of an error of decoding at which member or position of a body it arose.
func Within(err error, step any) error {
	decoded := decodeFault(err)
	var e *fault.Error
	if !errors.As(decoded, &e) {
		return decoded
	}
	if len(e.Fields) == 0 {
		text := e.Text
		if rest, ok := strings.CutPrefix(text, "The body must be "); ok {
			text = "This must be " + rest
		}
		return fault.At(text, step).Because(err)
	}
	placed := &fault.Error{Code: e.Code, Cause: err}
	for _, f := range e.Fields {
		path := append([]any{step}, f.Path...)
		if f.Bare {
			placed = placed.Bare(f.Text, path...)
		} else {
			placed = placed.At(f.Text, path...)
		}
	}
	return placed
}
