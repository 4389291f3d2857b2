package catalog

import (
	"strings"
	"time"

	"grenier/internal/db"
)

// momentLayouts are the forms of ISO 8601 that people and programs write.
var momentLayouts = []string{
	"2006-01-02T15:04:05.999999999", time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999",
	"2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly, "2006-01", "2006",
}

// ParseMoment reads a date with or without a time and an offset; without one it
// is UTC.
func ParseMoment(value string) (time.Time, bool) {
	value = strings.TrimSpace(value)
	timed := len(value) > len(time.DateOnly)
	for _, layout := range momentLayouts {
		if timed != (len(layout) > len(time.DateOnly)) {
			continue
		}
		if moment, err := time.Parse(layout, value); err == nil {
			return moment, true
		}
	}
	return time.Time{}, false
}

func parseMoment(value string) db.Time {
	moment, ok := ParseMoment(value)
	if !ok {
		return db.Time{}
	}
	return db.TimeOf(moment)
}
