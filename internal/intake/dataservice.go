package intake

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/i18n"
)

// dataserviceDraft is a dataservice while its row is read.
type dataserviceDraft struct {
	catalog.DataserviceRecord
	said
	book                    *licenseBook
	organization, ownerSlug string
	featured                bool
}

func setDataserviceText(field string, to func(*dataserviceDraft) **string) column[dataserviceDraft] {
	return column[dataserviceDraft]{field, setText(to)}
}

func setHarvest(set func(*dataserviceDraft, string) error) column[dataserviceDraft] {
	return column[dataserviceDraft]{"harvest", set}
}

// dataserviceColumns are the columns of the dump of dataservices.
var dataserviceColumns = map[string]column[dataserviceDraft]{
	"id": {"", func(d *dataserviceDraft, c string) error { d.ID = c; return checkID(c) }},
	"title": {"title", func(d *dataserviceDraft, c string) error {
		d.Title = c
		if strings.TrimSpace(c) == "" {
			return fmt.Errorf("there is no title")
		}
		return nil
	}},
	"slug":         {"slug", func(d *dataserviceDraft, c string) error { d.Slug = c; return nil }},
	"acronym":      setDataserviceText("acronym", func(d *dataserviceDraft) **string { return &d.Acronym }),
	"description":  {"description", func(d *dataserviceDraft, c string) error { d.Description = c; return nil }},
	"base_api_url": setDataserviceText("base_api_url", func(d *dataserviceDraft) **string { return &d.BaseAPIURL }),
	"machine_documentation_url": setDataserviceText("machine_documentation_url", func(d *dataserviceDraft) **string {
		return &d.MachineDocumentationURL
	}),
	"technical_documentation_url": setDataserviceText("technical_documentation_url", func(d *dataserviceDraft) **string {
		return &d.TechnicalDocumentationURL
	}),
	"business_documentation_url": setDataserviceText("business_documentation_url", func(d *dataserviceDraft) **string {
		return &d.BusinessDocumentationURL
	}),
	"authorization_request_url": setDataserviceText("authorization_request_url", func(d *dataserviceDraft) **string {
		return &d.AuthorizationRequestURL
	}),
	"availability": {"availability", func(d *dataserviceDraft, c string) error {
		if c == "" {
			return nil
		}
		share, err := strconv.ParseFloat(c, 64)
		if err != nil {
			return fmt.Errorf("%q is not a number", clip(c))
		}
		d.Availability = &share
		return nil
	}},
	"rate_limiting": setDataserviceText("rate_limiting", func(d *dataserviceDraft) **string { return &d.RateLimiting }),
	"access_type":   {"access_type", func(d *dataserviceDraft, c string) error { d.AccessType = c; return nil }},
	"license": {"license", func(d *dataserviceDraft, c string) error {
		d.License, _ = d.book.byLabel(c, &d.said)
		return nil
	}},
	"organization":            {"", func(d *dataserviceDraft, c string) error { d.organization = c; return nil }},
	"organization_id":         {"owner", setReference(func(d *dataserviceDraft) **string { return &d.OrganizationID })},
	"owner":                   {"", func(d *dataserviceDraft, c string) error { d.ownerSlug = c; return nil }},
	"owner_id":                {"owner", setReference(func(d *dataserviceDraft) **string { return &d.OwnerID })},
	"featured":                {"featured", setFlag(func(d *dataserviceDraft) *bool { return &d.featured })},
	"created_at":              {"created_at", setTime(func(d *dataserviceDraft) *db.Time { return &d.CreatedAt })},
	"metadata_modified_at":    {"metadata_modified_at", setTime(func(d *dataserviceDraft) *db.Time { return &d.ModifiedAt })},
	"archived":                {"archived_at", setSince(func(d *dataserviceDraft) *db.Time { return &d.ArchivedAt })},
	"tags":                    {"tags", setList(func(d *dataserviceDraft) *[]string { return &d.Tags })},
	"datasets":                {"datasets", setList(func(d *dataserviceDraft) *[]string { return &d.DatasetIDs })},
	"harvest.backend":         setHarvest(setText(func(d *dataserviceDraft) **string { return &d.Harvest.Backend })),
	"harvest.domain":          setHarvest(setText(func(d *dataserviceDraft) **string { return &d.Harvest.Domain })),
	"harvest.remote_id":       setHarvest(setText(func(d *dataserviceDraft) **string { return &d.Harvest.RemoteID })),
	"harvest.remote_url":      setHarvest(setText(func(d *dataserviceDraft) **string { return &d.Harvest.RemoteURL })),
	"harvest.uri":             setHarvest(setText(func(d *dataserviceDraft) **string { return &d.Harvest.URI })),
	"harvest.created_at":      setHarvest(setTime(func(d *dataserviceDraft) *db.Time { return &d.Harvest.CreatedAt })),
	"harvest.issued_at":       setHarvest(setTime(func(d *dataserviceDraft) *db.Time { return &d.Harvest.IssuedAt })),
	"harvest.modified_at":     setHarvest(setTime(func(d *dataserviceDraft) *db.Time { return &d.Harvest.ModifiedAt })),
	"harvest.last_update":     setHarvest(setTime(func(d *dataserviceDraft) *db.Time { return &d.Harvest.LastUpdate })),
	"metric.discussions":      {"discussions", setNumber(func(d *dataserviceDraft) *int64 { return &d.Discussions })},
	"metric.discussions_open": {"discussions_open", setNumber(func(d *dataserviceDraft) *int64 { return &d.DiscussionsOpen })},
	"metric.followers":        {"followers", setNumber(func(d *dataserviceDraft) *int64 { return &d.Followers })},
	"metric.followers_by_months": {
		"followers_by_months", setMonths(func(d *dataserviceDraft) *db.JSON { return &d.FollowersByMonths }),
	},
	"metric.reuses": {"reuses", setNumber(func(d *dataserviceDraft) *int64 { return &d.Reuses })},
	"metric.views":  {"views", setNumber(func(d *dataserviceDraft) *int64 { return &d.Views })},
}

func openDataservices(header []string, with reading) (rowReader, error) {
	t := newTable(header, dataserviceColumns, catalog.DataserviceFields)
	t.fields |= catalog.DataserviceFields("private", "deleted_at")
	t.draft = func() *dataserviceDraft {
		d := &dataserviceDraft{book: with.book}
		d.Harvest = &catalog.Harvest{}
		return d
	}
	t.said = func(d *dataserviceDraft) *said { return &d.said }
	t.finish = func(d *dataserviceDraft, hash uint64, fields catalog.FieldSet) error {
		d.Featured = &d.featured
		d.nameOwners(d.OrganizationID, d.OwnerID, d.organization, d.ownerSlug, d.ModifiedAt)
		d.finish(catalog.Source{At: atOf(d.ModifiedAt), Form: catalog.FormDump, Weight: d.Views, Hash: hash, Fields: fields})
		return nil
	}
	return t, nil
}

func (d *dataserviceDraft) finish(source catalog.Source) {
	d.Tags, d.DatasetIDs = filled(d.Tags), filled(d.DatasetIDs)
	if d.AccessType != "" && !i18n.Has(i18n.AccessType, d.AccessType) || d.Format != nil && !slices.Contains(catalog.DataserviceFormats, *d.Format) {
		d.note(unknownValue)
	}
	d.dataservices = []catalog.Input[catalog.DataserviceRecord]{{Object: d.DataserviceRecord, Source: source}}
}

var dataserviceKeys = map[string][]string{
	"title": {"title"}, "slug": {"slug"}, "organization": {"owner"}, "owner": {"owner"}, "acronym": {"acronym"},
	"description": {"description"}, "base_api_url": {"base_api_url"}, "machine_documentation_url": {"machine_documentation_url"},
	"technical_documentation_url": {"technical_documentation_url"}, "business_documentation_url": {"business_documentation_url"},
	"rate_limiting": {"rate_limiting"}, "rate_limiting_url": {"rate_limiting_url"}, "availability": {"availability"},
	"availability_url": {"availability_url"}, "format": {"format"}, "license": {"license"}, "access_type": {"access_type"},
	"access_audiences": {"access_audiences"}, "authorization_request_url": {"authorization_request_url"},
	"access_type_reason": {"access_type_reason"}, "private": {"private"}, "featured": {"featured"}, "created_at": {"created_at"},
	"metadata_modified_at": {"metadata_modified_at"}, "archived_at": {"archived_at"}, "deleted_at": {"deleted_at"}, "tags": {"tags"},
	"badges": {"badges"}, "extras": {"extras"}, "contact_points": {"contact_points"}, "harvest": {"harvest"},
}

// readDataservice reads a dataservice as the API shows it. The list of its
// datasets is taken where an answer has one; a link to it says nothing.
func readDataservice(o *object, hash uint64, with reading) (said, error) {
	d := &dataserviceDraft{book: with.book}
	d.ID, d.Title, d.Slug, d.Description = o.text("id"), o.text("title"), o.text("slug"), o.text("description")
	o.checkReference("id", d.ID)
	if strings.TrimSpace(d.Title) == "" {
		o.fail("title", "there is no title")
	}
	d.Acronym, d.BaseAPIURL, d.Format = o.optional("acronym"), o.optional("base_api_url"), o.optional("format")
	d.MachineDocumentationURL, d.TechnicalDocumentationURL = o.optional("machine_documentation_url"), o.optional("technical_documentation_url")
	d.BusinessDocumentationURL, d.AuthorizationRequestURL = o.optional("business_documentation_url"), o.optional("authorization_request_url")
	d.RateLimiting, d.RateLimitingURL, d.AvailabilityURL = o.optional("rate_limiting"), o.optional("rate_limiting_url"), o.optional("availability_url")
	var share float64
	if o.decode("availability", &share, "a number") {
		d.Availability = &share
	}
	d.License = d.book.byID(o.text("license"), &d.said)
	d.AccessType, d.AccessTypeReason = o.text("access_type"), o.optional("access_type_reason")
	d.AccessTypeReasonCategory = o.optional("access_type_reason_category")
	if audiences := o.document("access_audiences"); string(audiences) != "[]" {
		d.AccessAudiences = audiences
	}
	d.Private, d.Featured = o.flag("private"), o.maybeFlag("featured")
	d.CreatedAt, d.ModifiedAt, d.ArchivedAt = o.time("created_at"), o.time("metadata_modified_at"), o.time("archived_at")
	d.DeletedAt, d.Tags, d.Badges, d.Extras = o.time("deleted_at"), o.texts("tags"), o.badges("badges"), o.document("extras")
	fields := fieldsOf(o, dataserviceKeys, catalog.DataserviceFields)
	if value := o.given("datasets"); value != nil && value[0] == '[' {
		d.DatasetIDs = o.ids("datasets")
		fields |= catalog.DataserviceFields("datasets")
	}
	d.readHarvest(o)
	if metrics := o.object("metrics"); metrics != nil {
		d.Discussions, d.DiscussionsOpen, d.Reuses = metrics.count("discussions"), metrics.count("discussions_open"), metrics.count("reuses")
		d.Followers, d.Views, d.FollowersByMonths = metrics.count("followers"), metrics.count("views"), metrics.months("followers_by_months")
		fields |= fieldsOf(metrics, sameNames("discussions", "discussions_open", "reuses", "followers", "views", "followers_by_months"),
			catalog.DataserviceFields)
	}
	d.OrganizationID, d.OwnerID = d.readOwners(o, catalog.FormAPI, atOf(d.ModifiedAt))
	d.Contacts = d.readContacts(o, d.OrganizationID, d.OwnerID)
	if err := o.failure(); err != nil {
		return said{}, err
	}
	d.finish(catalog.Source{At: atOf(d.ModifiedAt), Form: catalog.FormAPI, Weight: d.Views, Hash: hash, Fields: fields})
	return d.said, nil
}

func (d *dataserviceDraft) readHarvest(o *object) {
	d.Harvest = &catalog.Harvest{}
	h := o.object("harvest")
	if h == nil {
		return
	}
	*d.Harvest = catalog.Harvest{
		Backend: h.optional("backend"), Domain: h.optional("domain"), SourceID: h.optional("source_id"), SourceURL: h.optional("source_url"),
		RemoteID: h.optional("remote_id"), RemoteURL: h.optional("remote_url"), URI: h.optional("uri"), CreatedAt: h.time("created_at"),
		IssuedAt: h.time("issued_at"), ModifiedAt: h.time("modified_at"), LastUpdate: h.time("last_update"),
		ArchivedAt: h.time("archived_at"), Archived: h.optional("archived_reason"),
	}
}
