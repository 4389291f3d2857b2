package portal

import (
	"encoding/json"
	"net/url"

	"grenier/internal/catalog"
	"grenier/internal/db"
)

// deref is the text that a pointer leads to, empty for none.
func deref(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// linkable is an address that a page may link to: http or https with a host;
// empty for any other.
func linkable(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return ""
	}
	return address
}

// fetchable is an address that the server can read: of a hosted file, or on the
// web; else empty.
func fetchable(address string) string {
	if catalog.Hosted(address) {
		return address
	}
	return linkable(address)
}

// decoded reads stored JSON into a value; false for none, and for what is of
// another form.
func decoded(stored db.JSON, into any) bool {
	return len(stored) > 0 && json.Unmarshal(stored, into) == nil
}

// fields reads a stored JSON object by its members; nil for none.
func fields(stored db.JSON) map[string]json.RawMessage {
	var members map[string]json.RawMessage
	if !decoded(stored, &members) {
		return nil
	}
	return members
}
