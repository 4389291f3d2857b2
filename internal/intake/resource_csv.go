package intake

import (
	"fmt"
	"strings"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
)

// resourceDraft is a resource while its row is read, with what the row says of
// its dataset.
type resourceDraft struct {
	catalog.Resource
	said
	book    *licenseBook
	dataset catalog.Dataset
	owner   string
	created db.Time
	changed db.Time
	issued  db.Time
}

// resourceColumns are the columns of the dump of resources.
var resourceColumns = map[string]column[resourceDraft]{
	"dataset.id":           {"", func(d *resourceDraft, c string) error { d.dataset.ID = c; return checkID(c) }},
	"dataset.title":        {"", func(d *resourceDraft, c string) error { d.dataset.Title = c; return nil }},
	"dataset.slug":         {"", func(d *resourceDraft, c string) error { d.dataset.Slug = c; return nil }},
	"dataset.organization": {"", func(d *resourceDraft, c string) error { d.owner = c; return nil }},
	"dataset.organization_id": {"", setReference(func(d *resourceDraft) **string {
		return &d.dataset.OrganizationID
	})},
	"dataset.license": {"", func(d *resourceDraft, c string) error {
		d.dataset.License, d.dataset.Given.License = d.book.byLabel(c, &d.said)
		return nil
	}},
	"dataset.private":  {"", setFlag(func(d *resourceDraft) *bool { return &d.dataset.Private })},
	"dataset.archived": {"", setSince(func(d *resourceDraft) *db.Time { return &d.dataset.ArchivedAt })},
	"id": {"", func(d *resourceDraft, c string) error {
		d.ID = c
		if !db.IsUUID(c) {
			return fmt.Errorf("%q is not the identifier of a resource", clip(c))
		}
		return nil
	}},
	"url": {"", func(d *resourceDraft, c string) error { d.URL = c; return nil }},
	"title": {"", func(d *resourceDraft, c string) error {
		d.Title = c
		return nil
	}},
	"description":         {"", setText(func(d *resourceDraft) **string { return &d.Description })},
	"filetype":            {"", func(d *resourceDraft, c string) error { d.Filetype = c; return nil }},
	"type":                {"", func(d *resourceDraft, c string) error { d.Type = c; return nil }},
	"format":              {"", setText(func(d *resourceDraft) **string { return &d.Format })},
	"mime":                {"", setText(func(d *resourceDraft) **string { return &d.Mime })},
	"filesize":            {"", setCount(func(d *resourceDraft) **int64 { return &d.Filesize })},
	"checksum.type":       {"", setText(func(d *resourceDraft) **string { return &d.ChecksumType })},
	"checksum.value":      {"", setText(func(d *resourceDraft) **string { return &d.ChecksumValue })},
	"created_at":          {"", setTime(func(d *resourceDraft) *db.Time { return &d.created })},
	"modified":            {"", setTime(func(d *resourceDraft) *db.Time { return &d.changed })},
	"downloads":           {"", setCount(func(d *resourceDraft) **int64 { return &d.Views })},
	"harvest.issued_at":   {"", setTime(func(d *resourceDraft) *db.Time { return &d.issued })},
	"harvest.modified_at": {"", setTime(func(d *resourceDraft) *db.Time { return &d.HarvestModifiedAt })},
	"harvest.last_update": {"", setTime(func(d *resourceDraft) *db.Time { return &d.HarvestLastUpdate })},
	"schema_name":         {"", setText(func(d *resourceDraft) **string { return &d.SchemaName })},
	"schema_version":      {"", setText(func(d *resourceDraft) **string { return &d.SchemaVersion })},
	"extras":              {"", setJSON(func(d *resourceDraft) *db.JSON { return &d.Extras })},
}

// settle completes the dates and words of a resource that inputs leave out.
func (d *resourceDraft) settle() {
	r := &d.Resource
	r.HarvestIssuedAt = d.issued
	r.CreatedInternal, r.ModifiedInternal = d.created, d.changed
	if r.ModifiedInternal.IsZero() {
		r.ModifiedInternal = r.CreatedInternal
	}
	if r.CreatedInternal.IsZero() {
		r.CreatedInternal = r.ModifiedInternal
	}
	if r.CreatedInternal.IsZero() {
		r.CreatedInternal = db.IDTime(d.dataset.ID)
		r.ModifiedInternal = r.CreatedInternal
	}
	if r.Type == "" {
		r.Type = "main"
		d.note(noType)
	}
	if r.Filetype == "" {
		r.Filetype = "remote"
	}
	if r.Format != nil {
		r.Format = optional(strings.ToLower(strings.TrimSpace(*r.Format)))
	}
	if strings.TrimSpace(r.Title) == "" {
		r.Title = r.URL
	}
}

// openResources reads resources one by one; the pipeline joins those of a
// dataset, whose list is one field of it.
func openResources(header []string, with reading) (rowReader, error) {
	t := newTable(header, resourceColumns, catalog.DatasetFields)
	t.draft = func() *resourceDraft {
		return &resourceDraft{book: with.book, dataset: catalog.Dataset{Given: &catalog.GivenDataset{}}}
	}
	t.said = func(d *resourceDraft) *said { return &d.said }
	t.finish = func(d *resourceDraft, hash uint64, _ catalog.FieldSet) error {
		d.settle()
		dataset := &d.dataset
		if dataset.OrganizationID != nil {
			d.nameOrganization(account.Organization{ID: *dataset.OrganizationID, Name: d.owner}, catalog.OrganizationFields("name"),
				catalog.FormDump, atOf(db.IDTime(dataset.ID)))
		}
		mentioned := *dataset
		if strings.TrimSpace(mentioned.Title) == "" {
			mentioned.Title = d.Title
		}
		list := catalog.Dataset{ID: dataset.ID, Resources: []catalog.Resource{d.Resource}}
		d.datasets = []catalog.Input[catalog.Dataset]{
			{Object: mentioned, Source: catalog.Source{
				At: catalog.UnknownAt, Form: catalog.FormMention, Hash: hashOf(dataset.ID),
				Fields: catalog.DatasetFields("title", "slug", "owner", "license", "private", "archived"),
			}},
			{Object: list, Source: catalog.Source{
				At: atOf(d.ModifiedInternal), Form: catalog.FormDump, Hash: hash, Fields: catalog.DatasetFields("resources"),
			}},
		}
		return nil
	}
	return t, nil
}
