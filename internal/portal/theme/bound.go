package theme

import (
	"errors"
	"fmt"
	"html/template"
	"maps"
	"reflect"
)

// maxValue bounds what a function may give to a template of a pack, in bytes:
// texts that are put together again and again would fill the memory.
const maxValue = 1 << 20

var errLongValue = fmt.Errorf("a text is longer than %d MB", maxValue>>20)

// boundFunctions wraps the functions of templates, and those that the templates
// have by themselves, so that no text grows without end.
func boundFunctions(functions template.FuncMap) template.FuncMap {
	all := template.FuncMap{
		"print": fmt.Sprint, "printf": fmt.Sprintf, "println": fmt.Sprintln,
		"html": template.HTMLEscaper, "js": template.JSEscaper, "urlquery": template.URLQueryEscaper,
	}
	maps.Copy(all, functions)
	for name, function := range all {
		if value := reflect.ValueOf(function); value.Type().Out(0).Kind() == reflect.String {
			all[name] = boundFunction(value)
		}
	}
	return all
}

var errorType = reflect.TypeFor[error]()

// boundFunction refuses a result that is too long.
func boundFunction(function reflect.Value) any {
	of := function.Type()
	var in []reflect.Type
	for parameter := range of.Ins() {
		in = append(in, parameter)
	}
	wrapped := reflect.FuncOf(in, []reflect.Type{of.Out(0), errorType}, of.IsVariadic())
	return reflect.MakeFunc(wrapped, func(arguments []reflect.Value) []reflect.Value {
		if err := tooLong(arguments); err != nil {
			return []reflect.Value{reflect.Zero(of.Out(0)), reflect.ValueOf(&err).Elem()}
		}
		results := function.Call
		if of.IsVariadic() {
			results = function.CallSlice
		}
		out := results(arguments)
		if len(out) == 1 {
			out = append(out, reflect.Zero(errorType))
		}
		if out[0].Len() > maxValue {
			out[1] = reflect.ValueOf(&errLongValue).Elem()
		}
		return out
	}).Interface()
}

// tooLong refuses arguments of which a text several times as long would be
// made before its length can be seen.
func tooLong(arguments []reflect.Value) error {
	total := 0
	var count func(v reflect.Value)
	count = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.String:
			total += v.Len()
		case reflect.Interface:
			count(v.Elem())
		case reflect.Slice:
			for i := range v.Len() {
				if total > maxValue {
					return
				}
				count(v.Index(i))
			}
		}
	}
	for _, argument := range arguments {
		count(argument)
	}
	if total > maxValue {
		return errors.Join(errLongValue)
	}
	return nil
}
