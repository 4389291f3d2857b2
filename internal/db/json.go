package db

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
)

// JSON is a document kept as text on both engines, so that what was given
// comes back to the letter; nil is NULL. Nothing queries inside it.
type JSON []byte

// JSONOf encodes v; nil, empty maps and empty slices are kept as given.
func JSONOf(v any) (JSON, error) {
	if v == nil {
		return nil, nil
	}
	text, err := json.Marshal(v)
	return JSON(text), err
}

// Value implements driver.Valuer.
func (j JSON) Value() (driver.Value, error) {
	if j == nil {
		return nil, nil
	}
	return string(j), nil
}

// Scan implements sql.Scanner.
func (j *JSON) Scan(src any) error {
	switch value := src.(type) {
	case nil:
		*j = nil
	case string:
		*j = JSON(value)
	case []byte:
		*j = append(JSON(nil), value...)
	default:
		return fmt.Errorf("db: JSON cannot be read from %T", src)
	}
	return nil
}

// MarshalJSON writes the document as it is, null when there is none.
func (j JSON) MarshalJSON() ([]byte, error) {
	if len(j) == 0 {
		return []byte("null"), nil
	}
	return j, nil
}

// UnmarshalJSON keeps the text.
func (j *JSON) UnmarshalJSON(text []byte) error {
	*j = append((*j)[:0], text...)
	return nil
}
