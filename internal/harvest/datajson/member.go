package datajson

import (
	"encoding/json"
	"strconv"
	"strings"
)

// members are those of a record, each of any type.
type members map[string]any

// text is a member that is a text or a number, else "". Of a list it is the
// first element.
func (m members) text(name string) string { return textOf(m[name]) }

func textOf(value any) string {
	switch value := value.(type) {
	case string:
		return strings.TrimSpace(value)
	case float64:
		return strconv.FormatFloat(value, 'f', -1, 64)
	case []any:
		if len(value) > 0 {
			return textOf(value[0])
		}
	}
	return ""
}

// texts are the texts of a member: a list, or one text with commas.
func (m members) texts(name string) []string {
	switch value := m[name].(type) {
	case string:
		return split(value)
	case []any:
		var texts []string
		for _, part := range value {
			if text := textOf(part); text != "" {
				texts = append(texts, text)
			}
		}
		return texts
	}
	return nil
}

func split(text string) []string {
	var parts []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

// objects are the objects of a member: a list of them, or one.
func (m members) objects(name string) []members {
	switch value := m[name].(type) {
	case map[string]any:
		return []members{value}
	case []any:
		var objects []members
		for _, part := range value {
			if object, ok := part.(map[string]any); ok {
				objects = append(objects, object)
			}
		}
		return objects
	}
	return nil
}

// raw is a member as JSON.
func (m members) raw(name string) json.RawMessage {
	raw, err := json.Marshal(m[name])
	if err != nil {
		return nil // it came from JSON
	}
	return raw
}

// identifier is what names the record; false when it is neither a text nor a
// number.
func (m members) identifier() (string, bool) {
	switch value := m["identifier"].(type) {
	case nil, string, float64:
		return textOf(value), true
	}
	return "", false
}

// page is the page of the record for people.
func (m members) page(id string) string {
	if page := m.text("landingPage"); page != "" {
		return page
	}
	if isAddress(id) {
		return id
	}
	return ""
}

func isAddress(text string) bool {
	return strings.HasPrefix(text, "http://") || strings.HasPrefix(text, "https://")
}
