package catalog

import (
	"context"
	"encoding/json"
	"time"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/text"
)

// DataserviceInput is what a person or a program writes of a dataservice. What
// is left out stays as it is.
type DataserviceInput struct {
	Title, Acronym, Description                    Opt[string]
	BaseAPIURL, MachineDocumentationURL            Opt[string]
	TechnicalDocumentationURL                      Opt[string]
	BusinessDocumentationURL                       Opt[string]
	RateLimiting, RateLimitingURL, AvailabilityURL Opt[string]
	AuthorizationRequestURL                        Opt[string]
	Availability                                   Opt[float64]
	Format, License, AccessType                    Opt[string]
	AccessTypeReasonCategory, AccessTypeReason     Opt[string]
	AccessAudiences                                Opt[[]AudienceInput]
	Tags                                           Opt[[]string]
	Private                                        Opt[bool]
	Extras                                         Opt[json.RawMessage]
	Archived                                       Opt[time.Time]
	// Deleted is only ever sent as null, which brings a dataservice back.
	Deleted Opt[time.Time]
	// ContactPoints and Datasets are identifiers.
	ContactPoints, Datasets Opt[[]string]
	Organization, Owner     Opt[string]
}

// dataserviceWrite is a dataservice with all that it gives, within a write.
type dataserviceWrite struct {
	Dataservice
	datasets []string
}

// apply changes a dataservice as the input says.
func (d *dataserviceWrite) apply(ctx context.Context, tx *event.Tx, s *Store, v account.Viewer, in DataserviceInput) error {
	before := *d
	wrong := s.checks()
	wrong.text(in.Title, TitleMax, &d.Title, "title")
	wrong.optional(in.Acronym, AcronymMax, &d.Acronym, "acronym")
	d.describe(&wrong, in)
	d.reach(&wrong, in)
	d.open(&wrong, in)
	wrong.labels(in.Tags, &d.Tags)
	wrong.dictionary(in.Extras, &d.Extras, "extras")
	switched(in.Private, &d.Private)
	if in.Archived.Set {
		d.ArchivedAt = db.TimeOf(in.Archived.Value)
	}
	if in.Deleted.Set && in.Deleted.Null {
		d.DeletedAt = db.Time{}
	}
	d.TitleFold = text.Fold(d.Title)
	d.computeVisible()
	links, err := dataserviceDatasets.linkedTo(ctx, tx, v, in.Datasets, before.datasets, "datasets")
	if err == nil {
		d.datasets = links
	}
	errs := []error{err, d.licensed(ctx, tx, in.License)}
	d.Contacts, err = contactPoints(ctx, tx.Tx, &wrong.refusals, d.OwnedBy(), d.Contacts, in.ContactPoints)
	errs = append(errs, err)
	return fault.Collect(append(errs, wrong.collect())...)
}

// describe reads the texts besides the title.
func (d *dataserviceWrite) describe(wrong *checks, in DataserviceInput) {
	if in.Description.Set {
		var description *string
		wrong.optional(in.Description, DescriptionMax, &description, "description")
		d.Description = ""
		if description != nil {
			d.Description = *description
		}
	}
	d.promise(wrong, in)
	wrong.maybeChoice(in.Format, DataserviceFormats, &d.Format, "format")
}

// promise reads how much may be asked, and how often it answers.
func (d *dataserviceWrite) promise(wrong *checks, in DataserviceInput) {
	wrong.optional(in.RateLimiting, DescriptionMax, &d.RateLimiting, "rate_limiting")
	switch {
	case !in.Availability.Set:
	case in.Availability.Null:
		d.Availability = nil
	case in.Availability.Value < 0 || in.Availability.Value > 100:
		wrong.at("This must be a percentage, from 0 to 100.", "availability")
	default:
		d.Availability = &in.Availability.Value
	}
}

// reach reads the addresses.
func (d *dataserviceWrite) reach(wrong *checks, in DataserviceInput) {
	wrong.maybeAddress(in.BaseAPIURL, &d.BaseAPIURL, "base_api_url")
	wrong.maybeAddress(in.MachineDocumentationURL, &d.MachineDocumentationURL, "machine_documentation_url")
	wrong.maybeAddress(in.TechnicalDocumentationURL, &d.TechnicalDocumentationURL, "technical_documentation_url")
	wrong.maybeAddress(in.BusinessDocumentationURL, &d.BusinessDocumentationURL, "business_documentation_url")
	wrong.maybeAddress(in.RateLimitingURL, &d.RateLimitingURL, "rate_limiting_url")
	wrong.maybeAddress(in.AvailabilityURL, &d.AvailabilityURL, "availability_url")
}

// open reads who gets access and why not everybody does, as for datasets.
// Audiences are those of a restricted access alone.
func (d *dataserviceWrite) open(wrong *checks, in DataserviceInput) {
	scratch := Dataset{
		AccessType: d.AccessType, AccessAudiences: d.AccessAudiences, AuthorizationRequestURL: d.AuthorizationRequestURL,
		AccessTypeReasonCategory: d.AccessTypeReasonCategory, AccessTypeReason: d.AccessTypeReason,
	}
	if in.AccessType.Set && in.AccessType.Null {
		scratch.AccessType = "open"
	}
	wrong.access(DatasetInput{
		AccessType: in.AccessType, AccessAudiences: in.AccessAudiences, AuthorizationRequestURL: in.AuthorizationRequestURL,
		ReasonCategory: in.AccessTypeReasonCategory, Reason: in.AccessTypeReason,
	}, &scratch)
	d.AccessType, d.AccessAudiences, d.AuthorizationRequestURL = scratch.AccessType, scratch.AccessAudiences, scratch.AuthorizationRequestURL
	d.AccessTypeReasonCategory, d.AccessTypeReason = scratch.AccessTypeReasonCategory, scratch.AccessTypeReason
	if d.AccessType != "restricted" {
		d.AccessAudiences = nil
	}
}

// licensed reads a licence, which must be known.
func (d *dataserviceWrite) licensed(ctx context.Context, tx *event.Tx, in Opt[string]) error {
	if !in.Set {
		return nil
	}
	if in.Null || in.Value == "" {
		d.License = nil
		return nil
	}
	known, err := idsOf(ctx, tx, "SELECT id FROM licenses WHERE id = ?", in.Value)
	if err != nil {
		return err
	}
	if len(known) == 0 {
		return fault.At("Unknown reference '"+clipped(in.Value)+"'", "license")
	}
	d.License = &known[0]
	return nil
}

// public tells whether everybody may read the dataservice.
func (d *Dataservice) public() bool { return !d.Private && d.DeletedAt.IsZero() }

func (d *Dataservice) state() state {
	return state{kind: KindDataservice, id: d.ID, owner: d.OwnedBy(), private: d.Private, deletedAt: d.DeletedAt}
}

// written are the members that people write, by their names in the API.
func (d *dataserviceWrite) written() []field {
	return []field{
		{"title", d.Title}, {"slug", d.Slug}, {"acronym", d.Acronym}, {"description", d.Description}, {"base_api_url", d.BaseAPIURL},
		{"machine_documentation_url", d.MachineDocumentationURL}, {"technical_documentation_url", d.TechnicalDocumentationURL},
		{"business_documentation_url", d.BusinessDocumentationURL}, {"rate_limiting", d.RateLimiting}, {"rate_limiting_url", d.RateLimitingURL},
		{"availability", d.Availability}, {"availability_url", d.AvailabilityURL}, {"format", d.Format}, {"license", d.License},
		{"access_type", d.AccessType}, {"access_audiences", json.RawMessage(d.AccessAudiences)},
		{"authorization_request_url", d.AuthorizationRequestURL}, {"access_type_reason_category", d.AccessTypeReasonCategory},
		{"access_type_reason", d.AccessTypeReason}, {"private", d.Private}, {"archived_at", d.ArchivedAt.Ptr()}, {"deleted_at", d.DeletedAt.Ptr()},
		{"tags", nothing(d.Tags)}, {"extras", json.RawMessage(d.Extras)}, {"contact_points", nothing(d.Contacts)}, {"datasets", nothing(d.datasets)},
		{"organization", d.OrganizationID}, {"owner", d.OwnerID},
	}
}

func (d *dataserviceWrite) besides() besides {
	return besides{tags: d.Tags, contacts: d.Contacts, extras: d.Extras}
}

// counts are the objects in whose counters the dataservice counts: none unless
// the public finds it.
func (d *dataserviceWrite) counts() counts {
	if !d.Visible {
		return nil
	}
	return countsOf(d.OwnedBy(), d.datasets, nil)
}
