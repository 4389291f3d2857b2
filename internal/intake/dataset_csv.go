package intake

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/geo"
)

// column is one column of a dump: the field it carries and how a cell of it is
// read into a draft.
type column[D any] struct {
	field string
	set   func(d *D, cell string) error
}

// datasetDraft is a dataset while its row is read.
type datasetDraft struct {
	catalog.Dataset
	said
	book                    *licenseBook
	organization, ownerSlug string
	zones                   string
}

// datasetColumns are the columns of the dump of datasets.
var datasetColumns = map[string]column[datasetDraft]{
	"id":                      {"", func(d *datasetDraft, c string) error { d.ID = c; return checkID(c) }},
	"title":                   {"title", setDatasetTitle},
	"slug":                    {"slug", func(d *datasetDraft, c string) error { d.Slug = c; return nil }},
	"acronym":                 {"acronym", setText(func(d *datasetDraft) **string { return &d.Acronym })},
	"url":                     {"", nil},
	"organization":            {"", func(d *datasetDraft, c string) error { d.organization = c; return nil }},
	"organization_id":         {"owner", setReference(func(d *datasetDraft) **string { return &d.OrganizationID })},
	"owner":                   {"", func(d *datasetDraft, c string) error { d.ownerSlug = c; return nil }},
	"owner_id":                {"owner", setReference(func(d *datasetDraft) **string { return &d.OwnerID })},
	"description":             {"description", func(d *datasetDraft, c string) error { d.Description = c; return nil }},
	"description_short":       {"description_short", setText(func(d *datasetDraft) **string { return &d.DescriptionShort })},
	"frequency":               {"frequency", setDatasetFrequency},
	"license":                 {"license", setDatasetLicense},
	"temporal_coverage.start": {"temporal_coverage", setDay(func(d *datasetDraft) **string { return &d.TemporalStart })},
	"temporal_coverage.end":   {"temporal_coverage", setDay(func(d *datasetDraft) **string { return &d.TemporalEnd })},
	"spatial.granularity":     {"granularity", setText(func(d *datasetDraft) **string { return &d.Granularity })},
	"spatial.zones":           {"zones", func(d *datasetDraft, c string) error { d.zones = c; return nil }},
	"spatial.geom":            {"geom", setJSON(func(d *datasetDraft) *db.JSON { return &d.Geometry })},
	"featured":                {"featured", setFlag(func(d *datasetDraft) *bool { return &d.Featured })},
	"created_at":              {"created_at", setTime(func(d *datasetDraft) *db.Time { return &d.CreatedAt })},
	"last_modified":           {"last_modified", setTime(func(d *datasetDraft) *db.Time { return &d.ModifiedAt })},
	"badges":                  {"badges", setList(func(d *datasetDraft) *[]string { return &d.Badges })},
	"tags":                    {"tags", setDatasetTags},
	"archived":                {"archived", setSince(func(d *datasetDraft) *db.Time { return &d.ArchivedAt })},
	"resources_count":         {"resources_count", setCount(func(d *datasetDraft) **int64 { return &d.Given.Resources })},
	"main_resources_count":    {"main_resources_count", setCount(func(d *datasetDraft) **int64 { return &d.Given.MainResources })},
	"resources_formats":       {"resources_formats", setList(func(d *datasetDraft) *[]string { return &d.Given.Formats })},
	"harvest.backend":         {"harvest.backend", setText(func(d *datasetDraft) **string { return &d.Harvest.Backend })},
	"harvest.domain":          {"harvest.domain", setText(func(d *datasetDraft) **string { return &d.Harvest.Domain })},
	"harvest.remote_id":       {"harvest.remote_id", setText(func(d *datasetDraft) **string { return &d.Harvest.RemoteID })},
	"harvest.remote_url":      {"harvest.remote_url", setText(func(d *datasetDraft) **string { return &d.Harvest.RemoteURL })},
	"harvest.uri":             {"harvest.uri", setText(func(d *datasetDraft) **string { return &d.Harvest.URI })},
	"harvest.dct_identifier":  {"harvest.dct_identifier", setText(func(d *datasetDraft) **string { return &d.Harvest.DctIdentifier })},
	"harvest.created_at":      {"harvest.created_at", setTime(func(d *datasetDraft) *db.Time { return &d.Harvest.CreatedAt })},
	"harvest.issued_at":       {"harvest.issued_at", setTime(func(d *datasetDraft) *db.Time { return &d.Harvest.IssuedAt })},
	"harvest.modified_at":     {"harvest.modified_at", setTime(func(d *datasetDraft) *db.Time { return &d.Harvest.ModifiedAt })},
	"harvest.last_update":     {"harvest.last_update", setTime(func(d *datasetDraft) *db.Time { return &d.Harvest.LastUpdate })},
	"quality_score":           {"quality_score", func(d *datasetDraft, c string) error { d.Given.QualityScore = c; return nil }},
	"metric.discussions":      {"discussions", setNumber(func(d *datasetDraft) *int64 { return &d.Discussions })},
	"metric.discussions_open": {"discussions_open", setNumber(func(d *datasetDraft) *int64 { return &d.DiscussionsOpen })},
	"metric.reuses":           {"reuses", setNumber(func(d *datasetDraft) *int64 { return &d.Reuses })},
	"metric.reuses_by_months": {"reuses_by_months", setMonths(func(d *datasetDraft) *db.JSON { return &d.ReusesByMonths })},
	"metric.dataservices":     {"dataservices", setNumber(func(d *datasetDraft) *int64 { return &d.Dataservices })},
	"metric.followers":        {"followers", setNumber(func(d *datasetDraft) *int64 { return &d.Followers })},
	"metric.followers_by_months": {
		"followers_by_months", setMonths(func(d *datasetDraft) *db.JSON { return &d.FollowersByMonths }),
	},
	"metric.views": {"views", setNumber(func(d *datasetDraft) *int64 { return &d.Views })},
	"metric.resources_downloads": {
		"resources_downloads", setCount(func(d *datasetDraft) **int64 { return &d.Downloads }),
	},
}

// Setters of cells, by what the cell holds.

func setText[D any](to func(*D) **string) func(*D, string) error {
	return func(d *D, cell string) error { *to(d) = optional(cell); return nil }
}

func setReference[D any](to func(*D) **string) func(*D, string) error {
	return func(d *D, cell string) error {
		if cell == "" {
			return nil
		}
		*to(d) = &cell
		return checkID(cell)
	}
}

func setTime[D any](to func(*D) *db.Time) func(*D, string) error {
	return func(d *D, cell string) (err error) { *to(d), err = parseTime(cell); return err }
}

// setSince reads a date, or False for none.
func setSince[D any](to func(*D) *db.Time) func(*D, string) error {
	return func(d *D, cell string) (err error) {
		if cell == "False" {
			return nil
		}
		*to(d), err = parseTime(cell)
		return err
	}
}

func setDay[D any](to func(*D) **string) func(*D, string) error {
	return func(d *D, cell string) (err error) { *to(d), err = parseDay(cell); return err }
}

func setFlag[D any](to func(*D) *bool) func(*D, string) error {
	return func(d *D, cell string) (err error) { *to(d), err = parseFlag(cell); return err }
}

func setCount[D any](to func(*D) **int64) func(*D, string) error {
	return func(d *D, cell string) (err error) { *to(d), err = parseCount(cell); return err }
}

func setNumber[D any](to func(*D) *int64) func(*D, string) error {
	return func(d *D, cell string) error {
		count, err := parseCount(cell)
		if count != nil {
			*to(d) = *count
		}
		return err
	}
}

func setMonths[D any](to func(*D) *db.JSON) func(*D, string) error {
	return func(d *D, cell string) (err error) { *to(d), err = parseMonths(cell); return err }
}

func setJSON[D any](to func(*D) *db.JSON) func(*D, string) error {
	return func(d *D, cell string) error {
		if cell == "" || cell == "{}" || cell == "null" {
			return nil
		}
		if !json.Valid([]byte(cell)) {
			return fmt.Errorf("%q is not JSON", clip(cell))
		}
		*to(d) = db.JSON(cell)
		return nil
	}
}

func setList[D any](to func(*D) *[]string) func(*D, string) error {
	return func(d *D, cell string) error {
		if cell != "" {
			*to(d) = strings.Split(cell, ",")
		}
		return nil
	}
}

func setDatasetTitle(d *datasetDraft, cell string) error {
	d.Title = cell
	if strings.TrimSpace(cell) == "" {
		return fmt.Errorf("there is no title")
	}
	return nil
}

func setDatasetFrequency(d *datasetDraft, cell string) error {
	d.setFrequency(cell)
	return nil
}

// setFrequency takes a frequency by any of its names; what is none is kept as
// it is.
func (d *datasetDraft) setFrequency(name string) {
	if name == "" {
		return
	}
	present, known := catalog.FrequencyID(name)
	d.Frequency = &present
	if !known {
		d.note(unknownFrequency)
	} else if present != name {
		d.Given.Frequency = &name
	}
}

func setDatasetLicense(d *datasetDraft, cell string) error {
	d.License, d.Given.License = d.book.byLabel(cell, &d.said)
	return nil
}

func setDatasetTags(d *datasetDraft, cell string) error {
	if cell == "" {
		return nil
	}
	for _, tag := range strings.Split(cell, ",") {
		if tag == "" {
			d.note(emptyTag)
			continue
		}
		d.Tags = append(d.Tags, tag)
	}
	d.Tags = distinct(d.Tags)
	if strings.Join(d.Tags, ",") != cell {
		d.Given.Tags = &cell
	}
	return nil
}

// finish completes a dataset once its row was read: its zones, whom it names,
// and what lies beyond the limits.
func (d *datasetDraft) finish(zones *geo.Directory, form catalog.Form) {
	if d.zones != "" {
		d.Zones = d.zonesOfCell(zones, d.zones, geo.Hint{Granularity: deref(d.Granularity), Organization: d.organization, Title: d.Title})
		d.Given.Zones = d.zones
	}
	bound := d.seenAt()
	if d.OrganizationID != nil {
		d.nameOrganization(account.Organization{ID: *d.OrganizationID, Name: d.organization}, catalog.OrganizationFields("name"), form, bound)
	}
	if d.OwnerID != nil {
		fields := catalog.UserFields("slug")
		if d.ownerSlug == "" {
			fields = 0
		}
		d.namePerson(account.User{ID: *d.OwnerID, Slug: d.ownerSlug}, fields, form, bound)
	}
	d.weigh()
}

// seenAt is a moment at which the row was surely not made yet: its last change,
// unless another catalogue dated it.
func (d *datasetDraft) seenAt() int64 {
	if d.Harvest.ModifiedAt.IsZero() && !d.ModifiedAt.IsZero() {
		return atOf(d.ModifiedAt)
	}
	return atOf(db.IDTime(d.ID))
}

var epoch1900 = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)

// weigh notes what lies beyond the limits of writing.
func (d *datasetDraft) weigh() {
	over := func(text string, most int) bool { return len(text) > most && utf8.RuneCountInString(text) > most }
	for _, limit := range []struct {
		beyond bool
		kind   string
	}{
		{over(d.Title, catalog.TitleMax), longTitle},
		{over(d.Description, catalog.DescriptionMax), longDescription},
		{strings.TrimSpace(d.Description) == "", noDescription},
		{over(deref(d.DescriptionShort), catalog.DescriptionShortMax), longShort},
		{over(deref(d.Acronym), catalog.AcronymMax), longAcronym},
		{d.Granularity != nil && !geo.IsGranularity(*d.Granularity), unknownGranularity},
		{d.OrganizationID == nil && d.OwnerID == nil, noOwner},
		{d.OrganizationID != nil && d.OwnerID != nil, twoOwners},
		{d.TemporalEnd != nil && (d.TemporalStart == nil || *d.TemporalStart > *d.TemporalEnd), swappedCoverage},
	} {
		if limit.beyond {
			d.note(limit.kind)
		}
	}
	for _, tag := range d.Tags {
		if length := utf8.RuneCountInString(tag); length < catalog.TagMin || length > catalog.TagMax {
			d.note(oddTagLength)
		}
	}
	now := time.Now().AddDate(0, 0, 1)
	for _, moment := range []db.Time{d.CreatedAt, d.ModifiedAt, d.Harvest.CreatedAt, d.Harvest.ModifiedAt, d.ArchivedAt} {
		if !moment.IsZero() && (moment.Before(epoch1900) || moment.After(now)) {
			d.note(oddDate)
		}
	}
}
