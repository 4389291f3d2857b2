package catalog

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"grenier/internal/db"
	"grenier/internal/geo"
	"grenier/internal/geo/shape"
	"grenier/internal/i18n"
	"grenier/internal/text"
)

// maxTags bounds the tags of a dataset.
const maxTags = 500

// tags makes slugs of tags, each once, in the order of the alphabet. Those that
// the dataset has already stay, whatever their length.
func (r *refusals) tags(in Opt[[]string], d *Dataset) {
	if !in.Set {
		return
	}
	if len(in.Value) > maxTags {
		r.at(fmt.Sprintf("At most %d tags.", maxTags), "tags")
		return
	}
	has := make(map[string]bool, len(d.Tags))
	for _, tag := range d.Tags {
		has[tag] = true
	}
	var tags []string
	wrong := false
	for _, given := range in.Value {
		if has[given] {
			tags = append(tags, given)
			continue
		}
		tag := text.Slug(given)
		if tag == "" {
			continue
		}
		if len(tag) < TagMin || len(tag) > TagMax {
			r.at(fmt.Sprintf("Tag %q must be between %d and %d characters long.", clipped(tag), TagMin, TagMax), "tags")
			wrong = true
			continue
		}
		tags = append(tags, tag)
	}
	slices.Sort(tags)
	tags = slices.Compact(tags)
	if !wrong && !slices.Equal(tags, slices.Sorted(slices.Values(d.Tags))) {
		d.Tags = tags
	}
}

func (r *refusals) frequency(in DatasetInput, d *Dataset) {
	if in.FrequencyDate.Set {
		d.FrequencyDate = db.TimeOf(in.FrequencyDate.Value)
	}
	switch {
	case !in.Frequency.Set || d.Frequency != nil && in.Frequency.Value == *d.Frequency:
		return
	case in.Frequency.Null || in.Frequency.Value == "", in.Frequency.Value == FrequencyUnknown && d.Frequency == nil:
		d.Frequency = nil
		return
	}
	id, ok := FrequencyID(in.Frequency.Value)
	if !ok {
		r.at("Unknown frequency. See /api/1/datasets/frequencies/ for the list.", "frequency")
		return
	}
	d.Frequency = &id
}

// temporal reads a period; ends that came in the wrong order change places.
func (r *refusals) temporal(in Opt[TemporalInput], d *Dataset) {
	if !in.Set {
		return
	}
	given := in.Value
	if !in.Null && d.TemporalStart != nil && given.Start == *d.TemporalStart && equalText(optional(given.End), d.TemporalEnd) {
		return
	}
	d.TemporalStart, d.TemporalEnd = nil, nil
	if in.Null || given == (TemporalInput{}) {
		return
	}
	start, ok := dayOf(given.Start)
	end, endOK := dayOf(given.End)
	if !ok || !endOK && given.End != "" {
		r.at("The coverage must have days: YYYY-MM-DD.", "temporal_coverage")
		return
	}
	if endOK && end < start {
		start, end = end, start
	}
	d.TemporalStart = &start
	if endOK {
		d.TemporalEnd = &end
	}
}

// dayOf takes the day out of a date, with or without a time behind it; a month
// or a year alone is its first day.
func dayOf(value string) (string, bool) {
	moment, ok := ParseMoment(value)
	if !ok && len(value) > len(time.DateOnly) {
		moment, ok = ParseMoment(value[:len(time.DateOnly)])
	}
	if !ok || moment.Year() < 1 || moment.Year() > 9999 {
		return "", false
	}
	return moment.Format(time.DateOnly), true
}

// Bounds of a spatial coverage: zones, and the bytes of a shape.
const (
	maxZones    = 5000
	maxGeometry = 4 << 20
)

func (r *refusals) spatial(zones *geo.Directory, in Opt[SpatialInput], d *Dataset) {
	if !in.Set {
		return
	}
	if in.Null {
		d.HasSpatial, d.Granularity, d.Zones, d.Geometry = false, nil, nil, nil
		return
	}
	given := in.Value
	if len(given.Zones) > 0 && hasJSON(given.Geometry) {
		r.at("Give zones or a geometry, not both.", "spatial")
		return
	}
	granularity := given.Granularity
	if granularity == "" {
		granularity = geo.Other
	}
	if !geo.IsGranularity(granularity) && granularity != shown(d.Granularity, geo.Other) {
		r.at("Unknown granularity. See /api/1/spatial/granularities/ for the list.", "spatial", "granularity")
		return
	}
	covered, ok := r.zones(zones, given.Zones, d.Zones)
	if !ok {
		return
	}
	var geometry db.JSON
	if hasJSON(given.Geometry) {
		if geometry, ok = r.geometry(given.Geometry, d.Geometry); !ok {
			return
		}
	}
	if !d.HasSpatial || granularity != shown(d.Granularity, geo.Other) {
		d.Granularity = &granularity
	}
	d.HasSpatial, d.Zones, d.Geometry = true, covered, geometry
}

func shown(value *string, otherwise string) string {
	if value == nil {
		return otherwise
	}
	return *value
}

// zones finds the zones that are named; those of the dataset stay as they are.
func (r *refusals) zones(zones *geo.Directory, given, current []string) ([]string, bool) {
	if len(given) > maxZones {
		r.at(fmt.Sprintf("At most %d zones.", maxZones), "spatial", "zones")
		return nil, false
	}
	has, listed := make(map[string]bool, len(current)), make(map[string]bool, len(given))
	for _, id := range current {
		has[id] = true
	}
	var covered, unknown []string
	for _, id := range given {
		if !has[id] {
			zone, ok := zones.Resolve(id)
			if !ok {
				unknown = append(unknown, clipped(id))
				continue
			}
			id = zone.ID
		}
		if !listed[id] {
			listed[id] = true
			covered = append(covered, id)
		}
	}
	if len(unknown) > 0 {
		r.at("Unknown geoid(s): "+strings.Join(unknown[:min(len(unknown), 20)], ", "), "spatial", "zones")
	}
	return covered, len(unknown) == 0
}

// geometry reads a shape made of polygons, in degrees.
func (r *refusals) geometry(given json.RawMessage, current db.JSON) (db.JSON, bool) {
	if sameJSON(given, current) {
		return current, true
	}
	if len(given) > maxGeometry {
		r.at(fmt.Sprintf("The geometry is larger than %d bytes: draw it with fewer points.", maxGeometry), "spatial", "geom")
		return nil, false
	}
	if _, err := shape.FromGeoJSON(given); err != nil {
		r.at("The geometry must be a GeoJSON Polygon or MultiPolygon with longitudes and latitudes.", "spatial", "geom")
		return nil, false
	}
	return db.JSON(given), true
}

func hasJSON(text json.RawMessage) bool { return len(text) > 0 && string(text) != "null" }

// access reads who may have data that is not open, how and why.
func (r *refusals) access(in DatasetInput, d *Dataset) {
	r.oneOf(in.AccessType, i18n.AccessType, &d.AccessType, "access_type")
	r.maybeAddress(in.AuthorizationRequestURL, &d.AuthorizationRequestURL, "authorization_request_url")
	r.maybeOneOf(in.ReasonCategory, i18n.ReasonCategory, &d.AccessTypeReasonCategory, "access_type_reason_category")
	r.optional(in.Reason, DescriptionMax, &d.AccessTypeReason, "access_type_reason")
	if !in.AccessAudiences.Set {
		return
	}
	roles := map[string]bool{}
	for i, audience := range in.AccessAudiences.Value {
		switch {
		case !i18n.Has(i18n.AccessAudience, audience.Role):
			r.at(notAChoice(i18n.AccessAudience), "access_audiences", i, "role")
			return
		case !i18n.Has(i18n.AccessCondition, audience.Condition):
			r.at(notAChoice(i18n.AccessCondition), "access_audiences", i, "condition")
			return
		case roles[audience.Role]:
			r.at("You can only set one condition for a given access audience role", "access_audiences")
			return
		}
		roles[audience.Role] = true
	}
	if len(in.AccessAudiences.Value) == 0 {
		d.AccessAudiences = nil
		return
	}
	encoded, err := db.JSONOf(in.AccessAudiences.Value)
	if err == nil && !sameJSON(json.RawMessage(encoded), d.AccessAudiences) {
		d.AccessAudiences = encoded
	}
}
