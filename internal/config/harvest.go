package config

import (
	"path"
	"strconv"

	"github.com/robfig/cron/v3"
)

// wrongGlob tells why a pattern of names cannot be one; "" when it can.
func wrongGlob(pattern string) string {
	if _, err := path.Match(pattern, "ckan"); err != nil || pattern == "" {
		return "expected the name of a kind of portal, as ckan or csw-*, not " + strconv.Quote(pattern)
	}
	return ""
}

// wrongCron tells why a schedule cannot be one; "" when it can.
func wrongCron(schedule string) string {
	if _, err := cron.ParseStandard(schedule); err != nil || schedule[0] == '@' {
		return "expected five fields, minute, hour, day of the month, month and day of the week, as 0 0 * * *, not " + strconv.Quote(schedule)
	}
	return ""
}

// Harvests tells whether portals of a kind may be harvested.
func (s *Settings) Harvests(kind string) bool {
	for _, pattern := range s.HarvestBackends {
		if matches, err := path.Match(pattern, kind); err == nil && matches {
			return true
		}
	}
	return false
}
