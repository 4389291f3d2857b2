package intake

import (
	"bytes"
	"encoding/json"
	"fmt"

	"grenier/internal/db"
)

// object is a JSON object while it is read: it keeps the first error, with the
// key it came from.
type object struct {
	keys map[string]json.RawMessage
	path string
	err  *cellError
	up   *object
}

func parseObject(text []byte) (*object, error) {
	o := &object{}
	if err := json.Unmarshal(text, &o.keys); err != nil || o.keys == nil {
		reason := "the line is not a JSON object"
		if err != nil {
			reason += ": " + err.Error()
		}
		return nil, &cellError{cell: -1, reason: reason}
	}
	return o, nil
}

// has tells whether a key is there, null or not.
func (o *object) has(key string) bool {
	if o == nil {
		return false
	}
	_, ok := o.keys[key]
	return ok
}

// given returns the value of a key, nil when it is absent or null.
func (o *object) given(key string) json.RawMessage {
	if o == nil {
		return nil
	}
	value := o.keys[key]
	if len(value) == 0 || bytes.Equal(value, []byte("null")) {
		return nil
	}
	return value
}

func (o *object) fail(key string, format string, args ...any) {
	root := o
	for root.up != nil {
		root = root.up
	}
	if root.err == nil {
		root.err = &cellError{column: o.path + key, cell: -1, reason: fmt.Sprintf(format, args...)}
	}
}

// failure is the first error, nil when there was none.
func (o *object) failure() error {
	if o.err == nil {
		return nil
	}
	return o.err
}

func (o *object) decode(key string, to any, expected string) bool {
	value := o.given(key)
	if value == nil {
		return false
	}
	if err := json.Unmarshal(value, to); err != nil {
		o.fail(key, "%s is not %s", clip(string(value)), expected)
		return false
	}
	return true
}

// text is a text, empty when absent.
func (o *object) text(key string) string {
	var text string
	o.decode(key, &text, "a text")
	text, _ = storable(text)
	return text
}

// optional is a text, nil when absent or empty.
func (o *object) optional(key string) *string { return optional(o.text(key)) }

func (o *object) flag(key string) bool {
	var flag bool
	o.decode(key, &flag, "true or false")
	return flag
}

func (o *object) maybeFlag(key string) *bool {
	var flag bool
	if !o.decode(key, &flag, "true or false") {
		return nil
	}
	return &flag
}

func (o *object) maybeCount(key string) *int64 {
	var number json.Number
	if !o.decode(key, &number, "a number") {
		return nil
	}
	count, err := parseCount(number.String())
	if err != nil {
		o.fail(key, "%s", err)
	}
	return count
}

func (o *object) count(key string) int64 {
	if count := o.maybeCount(key); count != nil {
		return *count
	}
	return 0
}

func (o *object) time(key string) db.Time {
	moment, err := parseTime(o.text(key))
	if err != nil {
		o.fail(key, "%s", err)
	}
	return moment
}

func (o *object) day(key string) *string {
	day, err := parseDay(o.text(key))
	if err != nil {
		o.fail(key, "%s", err)
	}
	return day
}

func (o *object) texts(key string) []string {
	var list []string
	o.decode(key, &list, "a list of texts")
	for i := range list {
		list[i], _ = storable(list[i])
	}
	return list
}

// object is an object within, nil when absent.
func (o *object) object(key string) *object {
	inner := &object{path: o.path + key + ".", up: o}
	if !o.decode(key, &inner.keys, "an object") {
		return nil
	}
	return inner
}

// objects is a list of objects.
func (o *object) objects(key string) []*object {
	var list []json.RawMessage
	o.decode(key, &list, "a list")
	var inner []*object
	for i, value := range list {
		one := &object{path: fmt.Sprintf("%s%s[%d].", o.path, key, i), up: o}
		if err := json.Unmarshal(value, &one.keys); err != nil {
			o.fail(key, "element %d is not an object", i)
			return nil
		}
		if one.keys != nil {
			inner = append(inner, one)
		}
	}
	return inner
}

// document is any value, compact; nil when it is absent or an empty object.
func (o *object) document(key string) db.JSON {
	value := o.given(key)
	if value == nil {
		return nil
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, value); err != nil {
		o.fail(key, "%s", err)
		return nil
	}
	text, _ := storable(compact.String())
	if text == "{}" {
		return nil
	}
	return db.JSON(text)
}

// months are counts by month; 0 is none.
func (o *object) months(key string) db.JSON {
	document := o.document(key)
	if len(document) == 0 || document[0] != '{' {
		return nil
	}
	return document
}

// id is a reference: an identifier, or an object that has one.
func (o *object) id(key string) string {
	value := o.given(key)
	if value == nil {
		return ""
	}
	if value[0] == '{' {
		return o.object(key).text("id")
	}
	return o.text(key)
}

// ids is a list of references.
func (o *object) ids(key string) []string {
	var list []json.RawMessage
	o.decode(key, &list, "a list")
	var ids []string
	for i := range list {
		one := &object{keys: map[string]json.RawMessage{"": list[i]}, path: fmt.Sprintf("%s%s[%d]", o.path, key, i), up: o}
		if id := one.id(""); id != "" {
			ids = append(ids, id)
		}
	}
	return ids
}

// badges are the kinds of badges.
func (o *object) badges(key string) []string {
	var kinds []string
	for _, badge := range o.objects(key) {
		if kind := badge.text("kind"); kind != "" {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// jsonOf encodes a value that is known to be encodable.
func jsonOf(value any) db.JSON {
	text, err := json.Marshal(value)
	if err != nil {
		return nil
	}
	return text
}
