package catalog

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"grenier/internal/db"
	"grenier/internal/fault"
)

// Bounds of the free dictionary of an object: how many keys, how long each, how
// many bytes in all.
const (
	maxExtras      = 500
	maxExtra       = 255
	maxExtrasBytes = 512 << 10
)

// customPrefix begins the keys of the metadata that an organisation has defined
// for its datasets.
const customPrefix = "custom:"

// sameJSON tells whether two documents say the same, however they are written.
func sameJSON(a json.RawMessage, b db.JSON) bool {
	if bytes.Equal(a, b) {
		return true
	}
	x, errX := decodeJSON(a)
	y, errY := decodeJSON(json.RawMessage(b))
	return errX == nil && errY == nil && reflect.DeepEqual(x, y)
}

func decodeJSON(text []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	err := decoder.Decode(&value)
	return value, err
}

// extras reads a free dictionary.
func (r *refusals) extras(in Opt[json.RawMessage], into *db.JSON, path ...any) {
	r.extrasBy(in, into, nil, path...)
}

// extrasBy is extras with a further rule for keys that it knows: what is wrong
// with a value, "" when nothing is.
func (r *refusals) extrasBy(in Opt[json.RawMessage], into *db.JSON, rule func(key string, value any) string, path ...any) {
	if !in.Set {
		return
	}
	if in.Null {
		*into = nil
		return
	}
	decoded, err := decodeJSON(in.Value)
	object, ok := decoded.(map[string]any)
	if err != nil || !ok {
		r.at("Expecting a JSON object.", path...)
		return
	}
	before := dictionaryOf(*into)
	if reflect.DeepEqual(object, before) {
		return
	}
	if wrong := r.wrongExtras(object, before, rule, len(in.Value), path); wrong {
		return
	}
	*into = nil
	if len(object) > 0 {
		*into = db.JSON(in.Value)
	}
}

// dictionaryOf is a stored dictionary; an empty one when there is none.
func dictionaryOf(stored db.JSON) map[string]any {
	decoded, err := decodeJSON(stored)
	if object, ok := decoded.(map[string]any); ok && err == nil {
		return object
	}
	return map[string]any{}
}

// wrongExtras blames what a dictionary must not hold. What was there before
// may stay.
func (r *refusals) wrongExtras(object, before map[string]any, rule func(string, any) string, size int, path []any) bool {
	if size > maxExtrasBytes || len(object) > maxExtras {
		r.at(fmt.Sprintf("Extras hold at most %d keys and %d bytes.", maxExtras, maxExtrasBytes), path...)
		return true
	}
	wrong := false
	blame := func(key, text string) {
		r.bare(text, append(slices.Clone(path), key)...)
		wrong = true
	}
	for key, value := range object {
		if old, there := before[key]; there && reflect.DeepEqual(old, value) {
			continue
		}
		switch {
		case key == "" || len(key) > maxExtra:
			blame(clipped(key), fmt.Sprintf("A key has 1 to %d bytes.", maxExtra))
		case value == nil:
			blame(key, "Value should be a text, a number, true or false, a date, a list or an object.")
		case rule != nil:
			if text := rule(key, value); text != "" {
				blame(key, text)
			}
		}
	}
	return wrong
}

// checkedExtra is the rule of the keys under which the analysis of files writes.
func checkedExtra(key string, value any) string {
	switch key {
	case "check:available":
		if _, ok := value.(bool); !ok {
			return "Value should be true or false."
		}
	case "check:status":
		number, ok := value.(json.Number)
		if _, err := strconv.ParseInt(number.String(), 10, 64); !ok || err != nil {
			return "Value should be a whole number."
		}
	case "check:date":
		if !isMoment(value) {
			return "Value should be a date."
		}
	}
	return ""
}

func isMoment(value any) bool {
	text, ok := value.(string)
	if !ok {
		return false
	}
	_, ok = ParseMoment(text)
	return ok
}

// customMetadata is one of the metadata that an organisation has defined for
// its datasets.
type customMetadata struct {
	Title   string `json:"title"`
	Type    string `json:"type"`
	Choices []any  `json:"choices"`
}

// wrong tells what is wrong with a value of it.
func (c customMetadata) wrong(value any) string {
	ok := true
	switch c.Type {
	case "str":
		_, ok = value.(string)
	case "int":
		number, is := value.(json.Number)
		_, err := strconv.ParseInt(number.String(), 10, 64)
		ok = is && err == nil
	case "float":
		_, ok = value.(json.Number)
	case "bool":
		_, ok = value.(bool)
	case "date", "datetime":
		ok = isMoment(value)
	case "choice":
		for _, choice := range c.Choices {
			if reflect.DeepEqual(choice, value) {
				return ""
			}
		}
		return "Value is not one of the choices that the organization has defined."
	}
	if !ok {
		return "Value should be of the type " + c.Type + ", as the organization has defined."
	}
	return ""
}

// datasetExtras reads the extras of a dataset; keys of custom metadata must be
// among those that its organisation has defined.
func (s *Store) datasetExtras(ctx context.Context, tx *db.Tx, wrong *refusals, d *Dataset, in Opt[json.RawMessage]) error {
	var rule func(string, any) string
	if in.Set && !in.Null && bytes.Contains(in.Value, []byte(customPrefix)) {
		defined, err := definedBy(ctx, tx, d)
		if err != nil {
			return err
		}
		rule = func(key string, value any) string {
			title, custom := strings.CutPrefix(key, customPrefix)
			if !custom {
				return ""
			}
			if d.OrganizationID == nil {
				return "Custom metadata need an organization that has defined them."
			}
			for _, metadata := range defined {
				if metadata.Title == title {
					return metadata.wrong(value)
				}
			}
			return "Dataset's organization did not define the requested custom metadata."
		}
	}
	wrong.extrasBy(in, &d.Extras, rule, "extras")
	return nil
}

// definedBy are the custom metadata that the organisation of a dataset has
// defined.
func definedBy(ctx context.Context, tx *db.Tx, d *Dataset) ([]customMetadata, error) {
	if d.OrganizationID == nil {
		return nil, nil
	}
	var stored struct{ Extras db.JSON }
	if err := tx.NewRaw("SELECT extras FROM organizations WHERE id = ?", *d.OrganizationID).Scan(ctx, &stored); err != nil {
		return nil, err
	}
	var extras struct {
		Custom json.RawMessage `json:"custom"`
	}
	if json.Unmarshal(orEmpty(stored.Extras), &extras) != nil || len(extras.Custom) == 0 {
		return nil, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(extras.Custom))
	decoder.UseNumber()
	var defined []customMetadata
	if decoder.Decode(&defined) != nil {
		return nil, nil // an organisation's own extras may hold anything under that name
	}
	return defined, nil
}

func orEmpty(stored db.JSON) []byte {
	if len(stored) == 0 {
		return []byte("{}")
	}
	return stored
}

// mergedExtras is a stored dictionary with the members of an input: a null one
// takes a key away.
func mergedExtras(stored db.JSON, in map[string]json.RawMessage) (json.RawMessage, error) {
	merged := map[string]json.RawMessage{}
	if err := json.Unmarshal(orEmpty(stored), &merged); err != nil {
		return nil, err
	}
	for key, value := range in {
		if string(value) == "null" {
			delete(merged, key)
		} else {
			merged[key] = value
		}
	}
	return json.Marshal(merged)
}

// withoutKeys is a stored dictionary without some keys; unknown is the first
// that it did not have.
func withoutKeys(stored db.JSON, keys []string) (rest json.RawMessage, unknown string, err error) {
	left := map[string]json.RawMessage{}
	if err := json.Unmarshal(orEmpty(stored), &left); err != nil {
		return nil, "", err
	}
	for _, key := range keys {
		if _, there := left[key]; !there && unknown == "" {
			unknown = key
		}
		delete(left, key)
	}
	rest, err = json.Marshal(left)
	return rest, unknown, err
}

// errUnknownKey refuses to remove what a resource does not have.
var errUnknownKey = fault.New(fault.NotFound, "Key not found in existing extras")
