package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/fault"
	"grenier/internal/geo"
	"grenier/internal/i18n"
	"grenier/internal/text"
)

// Opt is a member of an input: left out, null, or a value.
type Opt[T any] = account.Opt[T]

// Some is a member with a value.
func Some[T any](value T) Opt[T] { return Opt[T]{Set: true, Value: value} }

// TemporalInput is a period in days.
type TemporalInput struct {
	Start, End string
}

// SpatialInput is a coverage: zones or a shape, not both.
type SpatialInput struct {
	Zones       []string
	Geometry    json.RawMessage
	Granularity string
}

// DatasetInput is what a person or a program writes of a dataset. What is left
// out stays as it is.
type DatasetInput struct {
	Title            Opt[string]
	Acronym          Opt[string]
	Description      Opt[string]
	DescriptionShort Opt[string]
	Tags             Opt[[]string]
	Frequency        Opt[string]
	FrequencyDate    Opt[time.Time]
	License          Opt[string]
	Private          Opt[bool]
	Archived         Opt[time.Time]
	// Deleted is only ever sent as null, which brings a dataset back.
	Deleted          Opt[time.Time]
	Extras           Opt[json.RawMessage]
	TemporalCoverage Opt[TemporalInput]
	Spatial          Opt[SpatialInput]
	AccessType       Opt[string]
	// Organization and Owner say whom a new dataset belongs to; they do not
	// change it later.
	Organization Opt[string]
	Owner        Opt[string]
	// Resources replace the whole list: those with a known identifier are
	// kept and updated, others are new, missing ones are removed.
	Resources Opt[[]ResourceInput]
}

// refusals collects what is wrong with an input, member by member.
type refusals struct{ fault *fault.Error }

func (r *refusals) at(text string, path ...any) {
	if r.fault == nil {
		r.fault = fault.At(text, path...)
		return
	}
	r.fault = r.fault.At(text, path...)
}

func (r *refusals) collect() error {
	if r.fault == nil {
		return nil
	}
	return r.fault
}

// line reads a text of one line: normalised, without white space at its ends.
func (r *refusals) line(in Opt[string], most int, into *string, path ...any) {
	if !in.Set {
		return
	}
	value := strings.TrimSpace(norm.NFC.String(in.Value))
	switch {
	case value == "":
		r.at("This field is required.", path...)
	case utf8.RuneCountInString(value) > most:
		r.at(fmt.Sprintf("Field cannot be longer than %d characters.", most), path...)
	default:
		*into = value
	}
}

// optional is line for a text that may be missing.
func (r *refusals) optional(in Opt[string], most int, into **string, path ...any) {
	if !in.Set {
		return
	}
	value := strings.TrimSpace(norm.NFC.String(in.Value))
	switch {
	case in.Null || value == "":
		*into = nil
	case utf8.RuneCountInString(value) > most:
		r.at(fmt.Sprintf("Field cannot be longer than %d characters.", most), path...)
	default:
		*into = &value
	}
}

// oneOf reads a value of a kind.
func (r *refusals) oneOf(in Opt[string], kind i18n.Kind, into *string, path ...any) {
	if !in.Set || in.Null {
		return
	}
	if !i18n.Has(kind, in.Value) {
		r.at("Not a valid choice. Choose one of: "+strings.Join(i18n.IDs(kind), ", ")+".", path...)
		return
	}
	*into = in.Value
}

// apply changes a dataset as the input says; the lists beside the row go into
// it too.
func (s *Store) apply(ctx context.Context, tx *db.Tx, d *Dataset, in DatasetInput) error {
	var wrong refusals
	wrong.line(in.Title, TitleMax, &d.Title, "title")
	wrong.line(in.Description, DescriptionMax, &d.Description, "description")
	wrong.optional(in.Acronym, AcronymMax, &d.Acronym, "acronym")
	wrong.optional(in.DescriptionShort, DescriptionShortMax, &d.DescriptionShort, "description_short")
	wrong.oneOf(in.AccessType, i18n.AccessType, &d.AccessType, "access_type")
	wrong.tags(in.Tags, d)
	wrong.frequency(in, d)
	wrong.temporal(in.TemporalCoverage, d)
	wrong.spatial(s.zones, in.Spatial, d)
	wrong.extras(in.Extras, &d.Extras, "extras")
	if in.Private.Set {
		d.Private = in.Private.Value
	}
	if in.Archived.Set {
		d.ArchivedAt = db.TimeOf(in.Archived.Value)
	}
	if in.Deleted.Set && in.Deleted.Null {
		d.DeletedAt = db.Time{}
	}
	if err := licence(ctx, tx, in.License, d); err != nil {
		return err
	}
	d.TitleFold, d.DescriptionLength = text.Fold(d.Title), int64(utf8.RuneCountInString(d.Description))
	d.computeVisible()
	return wrong.collect()
}

// licence keeps a known licence; an unknown one counts as none, and data that
// is not open has none.
func licence(ctx context.Context, tx *db.Tx, in Opt[string], d *Dataset) error {
	if in.Set {
		d.License = nil
		var known []string
		if err := tx.NewRaw("SELECT id FROM licenses WHERE id = ?", in.Value).Scan(ctx, &known); err != nil {
			return err
		}
		if len(known) > 0 {
			d.License = &known[0]
		}
	}
	if d.AccessType != "open" {
		d.License = nil
	}
	return nil
}

func (r *refusals) tags(in Opt[[]string], d *Dataset) {
	if !in.Set {
		return
	}
	var tags []string
	for _, given := range in.Value {
		tag := text.Slug(given)
		if tag == "" {
			continue
		}
		if len(tag) < TagMin || len(tag) > TagMax {
			r.at(fmt.Sprintf("Tag %q must be between %d and %d characters long.", tag, TagMin, TagMax), "tags")
			continue
		}
		tags = append(tags, tag)
	}
	slices.Sort(tags)
	d.Tags = slices.Compact(tags)
}

func (r *refusals) frequency(in DatasetInput, d *Dataset) {
	if in.FrequencyDate.Set {
		d.FrequencyDate = db.TimeOf(in.FrequencyDate.Value)
	}
	if !in.Frequency.Set {
		return
	}
	if in.Frequency.Null {
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

func (r *refusals) temporal(in Opt[TemporalInput], d *Dataset) {
	if !in.Set {
		return
	}
	d.TemporalStart, d.TemporalEnd = nil, nil
	if in.Null {
		return
	}
	start, ok := dayOf(in.Value.Start)
	end, endOK := dayOf(in.Value.End)
	if !ok || !endOK && in.Value.End != "" {
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

// dayOf takes the day out of a date, with or without a time behind it.
func dayOf(value string) (string, bool) {
	if len(value) < len(time.DateOnly) {
		return "", false
	}
	day := value[:len(time.DateOnly)]
	if _, err := time.Parse(time.DateOnly, day); err != nil {
		return "", false
	}
	return day, true
}

func (r *refusals) spatial(zones *geo.Directory, in Opt[SpatialInput], d *Dataset) {
	if !in.Set {
		return
	}
	d.HasSpatial, d.Granularity, d.Zones, d.Geometry = false, nil, nil, nil
	if in.Null {
		return
	}
	if len(in.Value.Zones) > 0 && hasJSON(in.Value.Geometry) {
		r.at("Give zones or a geometry, not both.", "spatial")
		return
	}
	granularity := in.Value.Granularity
	if granularity == "" {
		granularity = geo.Other
	}
	if !geo.IsGranularity(granularity) {
		r.at("Unknown granularity. See /api/1/spatial/granularities/ for the list.", "spatial", "granularity")
		return
	}
	var unknown []string
	for _, id := range in.Value.Zones {
		zone, ok := zones.Resolve(id)
		if !ok {
			unknown = append(unknown, id)
		} else if !slices.Contains(d.Zones, zone.ID) {
			d.Zones = append(d.Zones, zone.ID)
		}
	}
	if len(unknown) > 0 {
		r.at("Unknown geoid(s): "+strings.Join(unknown, ", "), "spatial", "zones")
		return
	}
	if hasJSON(in.Value.Geometry) {
		d.Geometry = db.JSON(in.Value.Geometry)
	}
	d.HasSpatial, d.Granularity = true, &granularity
}

func hasJSON(text json.RawMessage) bool { return len(text) > 0 && string(text) != "null" }

// extras reads a free dictionary.
func (r *refusals) extras(in Opt[json.RawMessage], into *db.JSON, path ...any) {
	if !in.Set {
		return
	}
	if in.Null {
		*into = nil
		return
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(in.Value, &object); err != nil {
		r.at("Expecting a JSON object.", path...)
		return
	}
	*into = db.JSON(in.Value)
	if len(object) == 0 {
		*into = nil
	}
}

// address checks the address of a remote resource.
func (r *refusals) address(given string, into *string, path ...any) {
	address, err := url.Parse(strings.TrimSpace(given))
	schemes := []string{"http", "https", "ftp", "ftps"}
	if err != nil || address.Host == "" || !slices.Contains(schemes, strings.ToLower(address.Scheme)) {
		r.at("Invalid URL: give the whole address, beginning with https://, http:// or ftp://.", path...)
		return
	}
	*into = strings.TrimSpace(given)
}
