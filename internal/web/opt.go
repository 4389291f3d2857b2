package web

import (
	"bytes"
	"encoding/json"
	"reflect"
)

// Opt is a member of a body that tells three things apart: left out, null, and a value.
type Opt[T any] struct {
	// Set is true when the member was sent, be it null.
	Set bool
	// Null is true when it was sent as null.
	Null  bool
	Value T
}

// Some is a member that was sent with a value.
func Some[T any](v T) Opt[T] { return Opt[T]{Set: true, Value: v} }

// Get gives the value when one was sent that is not null.
func (o Opt[T]) Get() (T, bool) { return o.Value, o.Set && !o.Null }

// UnmarshalJSON notes that the member was sent.
func (o *Opt[T]) UnmarshalJSON(b []byte) error {
	o.Set = true
	if bytes.Equal(b, []byte("null")) {
		o.Null = true
		return nil
	}
	return json.Unmarshal(b, &o.Value)
}

// MarshalJSON writes the value, or null.
func (o Opt[T]) MarshalJSON() ([]byte, error) {
	if !o.Set || o.Null {
		return []byte("null"), nil
	}
	return json.Marshal(o.Value)
}

// IsZero lets `omitzero` leave out what was not sent.
func (o Opt[T]) IsZero() bool { return !o.Set }

func (Opt[T]) wrapped() reflect.Type { return reflect.TypeFor[T]() }

// wrapper is Opt of any type.
type wrapper interface{ wrapped() reflect.Type }

// wrappedType gives the T of an Opt[T].
func wrappedType(t reflect.Type) (reflect.Type, bool) {
	if t.Kind() == reflect.Struct && t.Implements(reflect.TypeFor[wrapper]()) {
		return reflect.Zero(t).Interface().(wrapper).wrapped(), true
	}
	return nil, false
}
