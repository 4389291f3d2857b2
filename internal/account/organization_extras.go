package account

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
)

// customMember names the member of an organisation's extras that declares which
// extras its datasets have.
const customMember = "custom"

// customTypes are the types of declared extras.
var customTypes = []string{"str", "int", "float", "bool", "datetime", "date", "choice"}

// customExtra declares an extra of the datasets of an organisation.
type customExtra struct {
	Title       string   `json:"title"`
	Description string   `json:"description"`
	Type        string   `json:"type"`
	Choices     []string `json:"choices"`
}

// maxExtras bounds the extras of an organisation, in bytes of JSON.
const maxExtras = 1 << 20

// extras reads a free dictionary that replaces the present one.
func (f *fieldErrors) extras(in Opt[json.RawMessage], into *db.JSON) {
	if !in.Set {
		return
	}
	if in.Null {
		*into = nil
		return
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(in.Value, &members); err != nil {
		f.add("Expecting a JSON object.", "extras")
		return
	}
	before := len(*f)
	if f.checkExtras(members); len(*f) > before {
		return
	}
	*into = db.JSON(in.Value)
	if len(members) == 0 {
		*into = nil
	}
}

// checkExtras refuses extras that are too large or whose declarations make no
// sense.
func (f *fieldErrors) checkExtras(members map[string]json.RawMessage) {
	size := 0
	for name, value := range members {
		size += len(name) + len(value)
	}
	if size > maxExtras {
		f.add("Extras cannot be larger than 1 MiB.", "extras")
		return
	}
	given, declared := members[customMember]
	if !declared || string(given) == "null" {
		return
	}
	var customs []customExtra
	if err := json.Unmarshal(given, &customs); err != nil {
		f.add("Expecting a list of objects with title, description, type and choices.", "extras", customMember)
		return
	}
	for i, custom := range customs {
		custom.check(f, i)
	}
}

func (c customExtra) check(f *fieldErrors, at int) {
	blame := func(text, member string) { f.add(text, "extras", customMember, at, member) }
	const required = "This field is required."
	if strings.TrimSpace(c.Title) == "" {
		blame(required, "title")
	}
	if strings.TrimSpace(c.Description) == "" {
		blame(required, "description")
	}
	switch choice := c.Type == "choice"; {
	case !slices.Contains(customTypes, c.Type):
		blame(fmt.Sprintf("Not a valid type. Choose one of: %s.", strings.Join(customTypes, ", ")), "type")
	case choice && len(c.Choices) == 0:
		blame("A choice needs at least one value to choose.", "choices")
	case !choice && c.Choices != nil:
		blame("Only the type choice has choices.", "choices")
	}
}

// ExtrasIn reads extras that are to be merged into those of an object: a JSON
// object.
func ExtrasIn(given json.RawMessage) (map[string]json.RawMessage, error) {
	var members map[string]json.RawMessage
	if json.Unmarshal(given, &members) != nil || members == nil {
		return nil, fault.New(fault.Invalid, "Wrong payload format, dict expected")
	}
	return members, nil
}

// ExtraNames reads which extras are to be taken away from an object: a JSON list
// of texts.
func ExtraNames(given json.RawMessage) ([]string, error) {
	var names []string
	if json.Unmarshal(given, &names) != nil || names == nil {
		return nil, fault.New(fault.Invalid, "Wrong payload format, list expected")
	}
	return names, nil
}

// MergeOrganizationExtras adds members to the extras of an organisation, in the
// place of those of the same name; null takes one away. It returns them all.
func (w *Writer) MergeOrganizationExtras(ctx context.Context, v Viewer, id string, given json.RawMessage) (db.JSON, error) {
	changes, err := ExtrasIn(given)
	if err != nil {
		return nil, err
	}
	return w.changeExtras(ctx, v, id, func(members map[string]json.RawMessage) {
		maps.Copy(members, changes)
		maps.DeleteFunc(members, func(_ string, value json.RawMessage) bool { return string(value) == "null" })
	})
}

// RemoveOrganizationExtras takes members out of the extras of an organisation;
// names that it does not have are passed over.
func (w *Writer) RemoveOrganizationExtras(ctx context.Context, v Viewer, id string, names json.RawMessage) error {
	gone, err := ExtraNames(names)
	if err != nil {
		return err
	}
	_, err = w.changeExtras(ctx, v, id, func(members map[string]json.RawMessage) {
		for _, name := range gone {
			delete(members, name)
		}
	})
	return err
}

func (w *Writer) changeExtras(ctx context.Context, v Viewer, id string, change func(map[string]json.RawMessage)) (db.JSON, error) {
	organization, err := w.updateOrganization(ctx, v, id, func(_ context.Context, _ *event.Tx, o *Organization) error {
		members := map[string]json.RawMessage{}
		if len(o.Extras) > 0 {
			if err := json.Unmarshal(o.Extras, &members); err != nil {
				return err
			}
		}
		change(members)
		var wrong fieldErrors
		wrong.checkExtras(members)
		if err := wrong.collect(); err != nil {
			return err
		}
		o.Extras = nil
		if len(members) == 0 {
			return nil
		}
		text, err := db.JSONOf(members)
		o.Extras = text
		return err
	})
	if err != nil {
		return nil, err
	}
	return organization.Extras, nil
}
