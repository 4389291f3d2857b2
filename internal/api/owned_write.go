package api

import (
	"encoding/json"

	"grenier/internal/catalog"
	"grenier/internal/fault"
	"grenier/internal/web"
)

// What the bodies of reuses, dataservices, topics and posts share.

// References name objects in a body: a list of identifiers or of objects that
// hold them. Clients send back what they read: the link to a list that stands in
// the place of the list is as if nothing was sent.
type References struct {
	IDs  []string
	link bool
}

// UnmarshalJSON takes every form.
func (r *References) UnmarshalJSON(text []byte) error {
	var list []Reference
	if json.Unmarshal(text, &list) == nil {
		r.IDs = make([]string, len(list))
		for i := range list {
			r.IDs[i] = string(list[i])
		}
		return nil
	}
	r.link = isLink(text)
	if !r.link {
		return fault.New(fault.Invalid, "Expecting a list of identifiers.")
	}
	return nil
}

// JSONSchema documents the list.
func (References) JSONSchema() map[string]any {
	return map[string]any{"type": []any{"array", "null"}, "items": map[string]any{}}
}

// isLink tells whether a member is the link that readers get in its place.
func isLink(text []byte) bool {
	var link struct{ Href *string }
	return json.Unmarshal(text, &link) == nil && link.Href != nil
}

// references hands a list of objects to the subject; a link is as if nothing was
// sent.
func references(in web.Opt[References]) catalog.Opt[[]string] {
	if in.Value.link {
		return catalog.Opt[[]string]{}
	}
	return opt(in, func(r References) []string { return r.IDs })
}

func tagWords(t Tags) []string { return t }

// Identified names one object in a body.
type Identified struct {
	ID web.Opt[json.RawMessage] `json:"id"`
}

// identifier is the identifier that the body names; wrong tells what else it
// holds.
func (b Identified) identifier(wrong string) (string, error) {
	var id string
	if !b.ID.Set || b.ID.Null || json.Unmarshal(b.ID.Value, &id) != nil || id == "" {
		return "", fault.New(fault.Invalid, wrong)
	}
	return id, nil
}
