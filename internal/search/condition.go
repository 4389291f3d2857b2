package search

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// What the searches can be asked, by the names that arguments have in every face.

// condition is where an argument looks: a column, of which one of the given values must be there, or all of them.
type condition struct {
	field string
	all   bool
}

var (
	owned = map[string]condition{
		"tag": {"tag", true}, "organization": {field: "organization"}, "organization_badge": {field: "organization_badge"},
		"organization_name": {field: "organization_name"}, "owner": {field: "owner"}, "producer_type": {field: "producer_type"},
		"badge": {field: "badge"},
	}
	ofDatasets = map[string]condition{
		"license": {field: "license"}, "geozone": {field: "geozone"}, "granularity": {field: "granularity"}, "format": {field: "format"},
		"schema": {field: "schema"}, "topic": {field: "topics"}, "access_type": {field: "access_type"},
		"format_family": {field: "format_family"},
	}
	ofReuses       = map[string]condition{"type": {field: "type"}, "topic": {field: "topic"}}
	ofDataservices = map[string]condition{"topic": {field: "topics"}, "access_type": {field: "access_type"}}

	conditions = [...]map[string]condition{Dataset: ofDatasets, Reuse: ofReuses, Dataservice: ofDataservices, lastKind: nil}
)

// Narrow keeps the documents that have one of the values, or all of them where the argument asks so: tags. Without
// values it keeps everything; a name that is none of the kind's arguments keeps nothing.
func (q *Query) Narrow(argument string, values ...string) {
	if len(values) == 0 {
		return
	}
	c, ok := condition{}, false
	if q.Kind.Valid() {
		c, ok = conditions[q.Kind][argument]
	}
	if !ok {
		c, ok = owned[argument]
	}
	if !ok {
		q.KeepNothing()
		return
	}
	q.Filters = append(q.Filters, Filter{Field: c.field, Values: values, All: c.all})
}

// NarrowRestricted is Narrow by what access_type was called before: restricted or not.
func (q *Query) NarrowRestricted(restricted bool) {
	if restricted {
		q.Narrow("access_type", "restricted")
		return
	}
	q.Narrow("access_type", "open", "open_with_account")
}

// KeepNothing lets the query find nothing, as when a value is asked for that cannot be.
func (q *Query) KeepNothing() {
	never := int64(math.MaxInt64)
	q.Ranges = append(q.Ranges, Range{Field: "created", Min: &never})
}

// UpdateRanges are the periods of the argument last_update_range, counted from midnight UTC.
func UpdateRanges(at time.Time) []NamedRange {
	midnight := at.UTC().Truncate(24 * time.Hour)
	since := func(name string, days int) NamedRange {
		from := midnight.AddDate(0, 0, -days).UnixMicro()
		return NamedRange{Name: name, Min: &from}
	}
	return []NamedRange{since("last_30_days", 30), since("last_12_months", 365), since("last_3_years", 3*365)}
}

// NarrowUpdated keeps the documents updated within one of the periods; false when there is none of that name.
func (q *Query) NarrowUpdated(period string, at time.Time) bool {
	for _, r := range UpdateRanges(at) {
		if r.Name == period {
			q.Ranges = append(q.Ranges, Range{Field: "last_update", Min: r.Min})
			return true
		}
	}
	return false
}

// CoverageOf is the period between two days, YYYY-MM-DD.
func CoverageOf(first, last string) *Coverage {
	return &Coverage{Start: dayNumber(first), End: dayNumber(last)}
}

func dayNumber(day string) int32 {
	n, _ := strconv.Atoi(strings.ReplaceAll(day, "-", "")) // the days were checked by who read them
	return int32(n)
}

// SortBy orders by a column; "-" before its name means descending, no name by relevance.
func (q *Query) SortBy(key string) {
	if key == "" {
		return
	}
	name, descending := strings.CutPrefix(key, "-")
	q.Sort = Sort{Field: name, Descending: descending}
}
