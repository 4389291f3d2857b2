package theme

import (
	"fmt"
	"html/template"
	"reflect"
	"time"
)

// UnknownPage is the error of a pack with a template for a page that the
// program does not have.
func UnknownPage(name string, known []string) error {
	return fmt.Errorf("templates/pages/%s.html: there is no such page%s", name, instead(name, known))
}

// depth bounds examples of types that hold themselves.
const depth = 8

// Example makes a value of a type with every field filled, or with none: what
// templates are tried with.
func Example(t reflect.Type, full bool) reflect.Value {
	value := reflect.New(t).Elem()
	if full {
		fill(value, 0)
	}
	return value
}

var (
	timeType = reflect.TypeFor[time.Time]()
	htmlType = reflect.TypeFor[template.HTML]()
	jsType   = reflect.TypeFor[template.JS]()
)

func fill(v reflect.Value, level int) {
	if level > depth || !v.CanSet() {
		return
	}
	switch v.Type() {
	case timeType:
		v.Set(reflect.ValueOf(time.Date(2026, 1, 16, 10, 30, 0, 0, time.UTC)))
		return
	case htmlType:
		v.SetString("<p>Text</p>")
		return
	case jsType:
		v.SetString("{}")
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("text")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(2)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(2)
	case reflect.Float32, reflect.Float64:
		v.SetFloat(0.5)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), level+1)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), level+1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(v.Index(i), level+1)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, item := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, level+1)
		fill(item, level+1)
		v.SetMapIndex(key, item)
	}
}
