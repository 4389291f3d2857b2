package db

import (
	"database/sql/driver"
	"fmt"
	"time"
)

// Time is a moment as the database keeps it: an integer of microseconds since
// 1970 UTC on both engines, NULL for the zero value. An integer compares,
// sorts and travels alike everywhere, which text and zones do not.
type Time struct{ time.Time }

// Now is the present moment, cut to the microsecond that the database keeps.
func Now() Time { return TimeOf(time.Now()) }

// TimeOf converts a moment to UTC and cuts it to the microsecond.
func TimeOf(t time.Time) Time {
	if t.IsZero() {
		return Time{}
	}
	return Time{t.UTC().Truncate(time.Microsecond)}
}

// Value implements driver.Valuer.
func (t Time) Value() (driver.Value, error) {
	if t.IsZero() {
		return nil, nil
	}
	return t.UnixMicro(), nil
}

// Scan implements sql.Scanner.
func (t *Time) Scan(src any) error {
	switch value := src.(type) {
	case nil:
		*t = Time{}
	case int64:
		*t = Time{time.UnixMicro(value).UTC()}
	default:
		return fmt.Errorf("db: a time cannot be read from %T", src)
	}
	return nil
}

// Ptr returns nil for the zero moment, which an API shows as null.
func (t Time) Ptr() *time.Time {
	if t.IsZero() {
		return nil
	}
	moment := t.Time
	return &moment
}
