package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/fault"
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

// AudienceInput says whether a kind of reader has access to data that is not
// open.
type AudienceInput struct {
	Role      string `json:"role"`
	Condition string `json:"condition"`
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
	// Deleted brings a dataset back when it is sent as null; a date in it
	// says nothing.
	Deleted          Opt[time.Time]
	Extras           Opt[json.RawMessage]
	TemporalCoverage Opt[TemporalInput]
	Spatial          Opt[SpatialInput]

	AccessType              Opt[string]
	AccessAudiences         Opt[[]AudienceInput]
	AuthorizationRequestURL Opt[string]
	ReasonCategory          Opt[string]
	Reason                  Opt[string]

	// ContactPoints are identifiers of contact points of the same owner.
	ContactPoints Opt[[]string]
	// Organization and Owner say whom a new dataset belongs to; later only
	// administrators change them so.
	Organization Opt[string]
	Owner        Opt[string]
	// Resources replace the whole list: those with a known identifier are
	// kept and updated, others are new, missing ones are removed.
	Resources Opt[[]ResourceInput]
}

// refusals collects what is wrong with an input, member by member. Its zero
// value reads what needs nothing from outside.
type refusals struct {
	fault *fault.Error
	// reachable refuses addresses within networks that readers do not reach;
	// nil lets all pass.
	reachable func(address string) error
	// schemas are those that resources may name; nil when there is no catalogue
	// of them.
	schemas []CatalogSchema
	// outage is why that catalogue could not be read; hindered is set to it
	// when an input needs the catalogue.
	outage, hindered error
}

func (r *refusals) at(text string, path ...any) {
	if r.fault == nil {
		r.fault = fault.At(text, path...)
		return
	}
	r.fault = r.fault.At(text, path...)
}

// bare is at for a member whose text stands alone, not in a list.
func (r *refusals) bare(text string, path ...any) {
	if r.fault == nil {
		r.fault = &fault.Error{Code: fault.Invalid}
	}
	r.fault = r.fault.Bare(text, path...)
}

func (r *refusals) collect() error {
	if r.fault == nil {
		return r.hindered
	}
	return r.fault
}

// line reads a text that must be there: normalised, without white space at its
// ends. One that stays as it was is taken, whatever brought it.
func (r *refusals) line(in Opt[string], most int, into *string, path ...any) {
	if !in.Set || !in.Null && in.Value != "" && in.Value == *into {
		return
	}
	value := strings.TrimSpace(norm.NFC.String(in.Value))
	if value == "" {
		r.at("This field is required.", path...)
		return
	}
	if wrong := wrongText(value, most); wrong != "" {
		r.at(wrong, path...)
		return
	}
	*into = value
}

// optional is line for a text that may be missing.
func (r *refusals) optional(in Opt[string], most int, into **string, path ...any) {
	if !in.Set || !in.Null && *into != nil && in.Value == **into {
		return
	}
	value := strings.TrimSpace(norm.NFC.String(in.Value))
	if in.Null || value == "" {
		*into = nil
		return
	}
	if wrong := wrongText(value, most); wrong != "" {
		r.at(wrong, path...)
		return
	}
	*into = &value
}

// oneOf reads a value of a kind; null changes nothing.
func (r *refusals) oneOf(in Opt[string], kind i18n.Kind, into *string, path ...any) {
	if !in.Set || in.Null || in.Value == *into {
		return
	}
	if !i18n.Has(kind, in.Value) {
		r.at(notAChoice(kind), path...)
		return
	}
	*into = in.Value
}

// maybeOneOf reads a value of a kind, or none.
func (r *refusals) maybeOneOf(in Opt[string], kind i18n.Kind, into **string, path ...any) {
	switch {
	case !in.Set || *into != nil && in.Value == **into:
	case in.Null || in.Value == "":
		*into = nil
	case !i18n.Has(kind, in.Value):
		r.at(notAChoice(kind), path...)
	default:
		value := in.Value
		*into = &value
	}
}

func notAChoice(kind i18n.Kind) string {
	return "Not a valid choice. Choose one of: " + strings.Join(i18n.IDs(kind), ", ") + "."
}

// apply changes a dataset as the input says; the lists beside the row go into
// it too.
func (s *Store) apply(ctx context.Context, tx *db.Tx, d *Dataset, in DatasetInput) error {
	return s.applyTo(ctx, tx, &refusals{reachable: s.deps.CheckURL}, d, in)
}

// applyTo is apply that goes on with the refusals of what was read before.
func (s *Store) applyTo(ctx context.Context, tx *db.Tx, wrong *refusals, d *Dataset, in DatasetInput) error {
	wrong.line(in.Title, TitleMax, &d.Title, "title")
	wrong.line(in.Description, DescriptionMax, &d.Description, "description")
	wrong.optional(in.Acronym, AcronymMax, &d.Acronym, "acronym")
	wrong.optional(in.DescriptionShort, DescriptionShortMax, &d.DescriptionShort, "description_short")
	wrong.tags(in.Tags, d)
	wrong.frequency(in, d)
	wrong.temporal(in.TemporalCoverage, d)
	wrong.spatial(s.zones, in.Spatial, d)
	wrong.access(in, d)
	if err := s.datasetExtras(ctx, tx, wrong, d, in.Extras); err != nil {
		return err
	}
	var err error
	if d.Contacts, err = contactPoints(ctx, tx, wrong, d.OwnedBy(), d.Contacts, in.ContactPoints); err != nil {
		return err
	}
	if in.ContactPoints.Set {
		d.ContactCount = int64(len(d.Contacts))
	}
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
	if in.Set && (d.License == nil || in.Value != *d.License) {
		d.License = nil
		if !in.Null && in.Value != "" && in.Value != LicenseNotSpecified {
			var known []string
			if err := db.ScanFixed(ctx, tx, &known, "SELECT id FROM licenses WHERE id = ?1", in.Value); err != nil {
				return err
			}
			if len(known) > 0 {
				d.License = &known[0]
			}
		}
	}
	if d.AccessType != "open" {
		d.License = nil
	}
	return nil
}

// contactPoints are those of an object after a write: they exist and belong to its
// owner; those it has already may stay.
func contactPoints(ctx context.Context, tx *db.Tx, wrong *refusals, owner account.Owner, present []string, in Opt[[]string]) ([]string, error) {
	if !in.Set {
		return present, nil
	}
	const mismatch = "Wrong contact point id or contact point ownership mismatch"
	if len(in.Value) > maxDatasetContacts {
		wrong.at(fmt.Sprintf("At most %d contact points.", maxDatasetContacts), "contact_points")
		return present, nil
	}
	points, err := contactsByID(ctx, tx, in.Value)
	if err != nil {
		return present, err
	}
	has := make(map[string]bool, len(present))
	for _, id := range present {
		has[id] = true
	}
	var wanted []string
	listed := make(map[string]bool, len(in.Value))
	for _, id := range in.Value {
		point := points[id]
		if point == nil || !has[id] && point.OwnedBy() != owner {
			wrong.at(mismatch, "contact_points")
			return present, nil
		}
		if !listed[id] {
			listed[id] = true
			wanted = append(wanted, id)
		}
	}
	return wanted, nil
}

// maxDatasetContacts bounds the contact points of a dataset.
const maxDatasetContacts = 50
