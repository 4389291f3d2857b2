package ckan

import (
	"encoding/json"
	"fmt"
	"strings"

	"grenier/internal/harvest"
)

// object is an object of JSON of which fields are read leniently.
type object struct {
	fields map[string]json.RawMessage
	path   string
	to     *reading
}

// reading is what comes of one package.
type reading struct {
	logs       []harvest.Log
	violations []string
}

func (r *reading) log(format string, args ...any) {
	if len(r.logs) < 50 {
		r.logs = append(r.logs, harvest.Log{Level: "warning", Message: fmt.Sprintf(format, args...)})
	}
}

func (r *reading) violate(path, reason string, value json.RawMessage) {
	shown := "None"
	if value != nil {
		shown = short(string(value))
	}
	r.violations = append(r.violations, fmt.Sprintf("- [%s] %s: %s", path, reason, shown))
}

func short(text string) string {
	runes := []rune(text)
	if len(runes) > 100 {
		return string(runes[:100]) + "…"
	}
	return text
}

func isNull(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

// text is a field that is a text, or a number or a truth value, which some portals write there.
// Anything else is left out with a log.
func (o object) text(key string) string {
	raw := o.fields[key]
	if isNull(raw) {
		return ""
	}
	var value any
	if json.Unmarshal(raw, &value) == nil {
		switch value := value.(type) {
		case string:
			return strings.TrimSpace(strings.ReplaceAll(value, "\r\n", "\n"))
		case float64, bool:
			return string(raw)
		}
	}
	o.to.log("%s%s is not a text and was left out: %s", o.path, key, short(string(raw)))
	return ""
}

// required is a text without which the package is not valid.
func (o object) required(key string) string {
	raw, given := o.fields[key]
	switch {
	case !given:
		o.to.violate(o.path+key, "required key not provided", nil)
		return ""
	case isNull(raw):
		o.to.violate(o.path+key, "expected str", nil)
		return ""
	}
	before := len(o.to.logs)
	text := o.text(key)
	if text == "" {
		o.to.logs = o.to.logs[:before]
		o.to.violate(o.path+key, "expected str", raw)
	}
	return text
}

// list is a field that is a list of objects; what is none in it is left out with a
// log.
func (o object) list(key string, most int) []object {
	raw := o.fields[key]
	if isNull(raw) {
		return nil
	}
	var elements []json.RawMessage
	if json.Unmarshal(raw, &elements) != nil {
		o.to.log("%s%s is not a list and was left out.", o.path, key)
		return nil
	}
	if len(elements) > most {
		o.to.log("%s%s has %d entries: the first %d were taken.", o.path, key, len(elements), most)
		elements = elements[:most]
	}
	objects := make([]object, 0, len(elements))
	for i, element := range elements {
		one := object{path: fmt.Sprintf("%s%s.%d.", o.path, key, i), to: o.to}
		if json.Unmarshal(element, &one.fields) != nil || one.fields == nil {
			o.to.log("%s%s.%d is not an object and was left out: %s", o.path, key, i, short(string(element)))
			continue
		}
		objects = append(objects, one)
	}
	return objects
}
