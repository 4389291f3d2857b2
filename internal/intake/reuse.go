package intake

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/i18n"
)

// reuseDraft is a reuse while its row is read.
type reuseDraft struct {
	catalog.ReuseRecord
	said
	organization, ownerSlug string
	featured                bool
}

// reuseColumns are the columns of the dump of reuses.
var reuseColumns = map[string]column[reuseDraft]{
	"id": {"", func(d *reuseDraft, c string) error { d.ID = c; return checkID(c) }},
	"title": {"title", func(d *reuseDraft, c string) error {
		d.Title = c
		if strings.TrimSpace(c) == "" {
			return fmt.Errorf("there is no title")
		}
		return nil
	}},
	"slug":            {"slug", func(d *reuseDraft, c string) error { d.Slug = c; return nil }},
	"type":            {"type", func(d *reuseDraft, c string) error { d.Type = c; return nil }},
	"description":     {"description", func(d *reuseDraft, c string) error { d.Description = c; return nil }},
	"remote_url":      {"url", func(d *reuseDraft, c string) error { d.URL = c; return nil }},
	"organization":    {"", func(d *reuseDraft, c string) error { d.organization = c; return nil }},
	"organization_id": {"owner", setReference(func(d *reuseDraft) **string { return &d.OrganizationID })},
	"owner":           {"", func(d *reuseDraft, c string) error { d.ownerSlug = c; return nil }},
	"owner_id":        {"owner", setReference(func(d *reuseDraft) **string { return &d.OwnerID })},
	"image": {"image", func(d *reuseDraft, c string) error {
		d.Image, d.ImageThumbnail = optional(c), optional(c)
		return nil
	}},
	"featured":                {"featured", setFlag(func(d *reuseDraft) *bool { return &d.featured })},
	"created_at":              {"created_at", setTime(func(d *reuseDraft) *db.Time { return &d.CreatedAt })},
	"last_modified":           {"last_modified", setTime(func(d *reuseDraft) *db.Time { return &d.ModifiedAt })},
	"archived":                {"archived", setSince(func(d *reuseDraft) *db.Time { return &d.ArchivedAt })},
	"topic":                   {"topic", func(d *reuseDraft, c string) error { d.Topic = c; return nil }},
	"tags":                    {"tags", setList(func(d *reuseDraft) *[]string { return &d.Tags })},
	"datasets":                {"datasets", setList(func(d *reuseDraft) *[]string { return &d.DatasetIDs })},
	"metric.discussions":      {"discussions", setNumber(func(d *reuseDraft) *int64 { return &d.Discussions })},
	"metric.discussions_open": {"discussions_open", setNumber(func(d *reuseDraft) *int64 { return &d.DiscussionsOpen })},
	"metric.followers":        {"followers", setNumber(func(d *reuseDraft) *int64 { return &d.Followers })},
	"metric.followers_by_months": {
		"followers_by_months", setMonths(func(d *reuseDraft) *db.JSON { return &d.FollowersByMonths }),
	},
	"metric.views": {"views", setNumber(func(d *reuseDraft) *int64 { return &d.Views })},
}

func openReuses(header []string, _ reading) (rowReader, error) {
	t := newTable(header, reuseColumns, catalog.ReuseFields)
	t.fields |= catalog.ReuseFields("private", "deleted")
	t.draft = func() *reuseDraft { return &reuseDraft{} }
	t.said = func(d *reuseDraft) *said { return &d.said }
	t.finish = func(d *reuseDraft, hash uint64, fields catalog.FieldSet) error {
		d.Featured = &d.featured
		d.nameOwners(d.OrganizationID, d.OwnerID, d.organization, d.ownerSlug, d.ModifiedAt)
		d.finish(catalog.Source{At: atOf(d.ModifiedAt), Form: catalog.FormDump, Weight: d.Views, Hash: hash, Fields: fields})
		return nil
	}
	return t, nil
}

// nameOwners notes the organisation and the person that a row of a dump names.
func (s *said) nameOwners(organization, owner *string, name, slug string, at db.Time) {
	if organization != nil {
		s.nameOrganization(account.Organization{ID: *organization, Name: name}, catalog.OrganizationFields("name"), catalog.FormDump, atOf(at))
	}
	if owner != nil {
		fields := catalog.UserFields("slug")
		if slug == "" {
			fields = 0
		}
		s.namePerson(account.User{ID: *owner, Slug: slug}, fields, catalog.FormDump, atOf(at))
	}
	switch {
	case organization == nil && owner == nil:
		s.note(noOwner)
	case organization != nil && owner != nil:
		s.note(twoOwners)
	}
}

func (d *reuseDraft) finish(source catalog.Source) {
	d.Tags, d.DatasetIDs, d.DataserviceIDs = filled(d.Tags), filled(d.DatasetIDs), filled(d.DataserviceIDs)
	if strings.TrimSpace(d.Description) == "" {
		d.note(noDescription)
	}
	if !i18n.Has(i18n.ReuseType, d.Type) || !i18n.Has(i18n.ReuseTopic, d.Topic) {
		d.note(unknownValue)
	}
	d.reuses = []catalog.Input[catalog.ReuseRecord]{{Object: d.ReuseRecord, Source: source}}
}

// filled drops empty and repeated texts.
func filled(list []string) []string {
	return distinct(slices.DeleteFunc(list, func(text string) bool { return strings.TrimSpace(text) == "" }))
}

var reuseKeys = map[string][]string{
	"title": {"title"}, "slug": {"slug"}, "organization": {"owner"}, "owner": {"owner"}, "type": {"type"}, "topic": {"topic"}, "url": {"url"},
	"description": {"description"}, "image": {"image"}, "private": {"private"}, "featured": {"featured"}, "created_at": {"created_at"},
	"last_modified": {"last_modified"}, "archived": {"archived"}, "deleted": {"deleted"}, "tags": {"tags"}, "badges": {"badges"},
	"extras": {"extras"}, "datasets": {"datasets"}, "dataservices": {"dataservices"},
}

// readReuse reads a reuse as the API shows it.
func readReuse(o *object, hash uint64, _ reading) (said, error) {
	d := &reuseDraft{}
	d.ID, d.Title, d.Slug, d.Type, d.Topic, d.URL = o.text("id"), o.text("title"), o.text("slug"), o.text("type"), o.text("topic"), o.text("url")
	o.checkReference("id", d.ID)
	if strings.TrimSpace(d.Title) == "" {
		o.fail("title", "there is no title")
	}
	d.Description, d.Image, d.ImageThumbnail = o.text("description"), o.optional("image"), o.optional("image_thumbnail")
	d.Private, d.Featured = o.flag("private"), o.maybeFlag("featured")
	d.CreatedAt, d.ModifiedAt, d.ArchivedAt, d.DeletedAt = o.time("created_at"), o.time("last_modified"), o.time("archived"), o.time("deleted")
	d.Tags, d.Badges, d.Extras = o.texts("tags"), o.badges("badges"), o.document("extras")
	d.DatasetIDs, d.DataserviceIDs = o.ids("datasets"), o.ids("dataservices")
	fields := fieldsOf(o, reuseKeys, catalog.ReuseFields)
	if metrics := o.object("metrics"); metrics != nil {
		d.Discussions, d.DiscussionsOpen = metrics.count("discussions"), metrics.count("discussions_open")
		d.Followers, d.Views, d.FollowersByMonths = metrics.count("followers"), metrics.count("views"), metrics.months("followers_by_months")
		fields |= fieldsOf(metrics, sameNames("discussions", "discussions_open", "followers", "views", "followers_by_months"), catalog.ReuseFields)
	}
	d.OrganizationID, d.OwnerID = d.readOwners(o, catalog.FormAPI, atOf(d.ModifiedAt))
	if err := o.failure(); err != nil {
		return said{}, err
	}
	d.finish(catalog.Source{At: atOf(d.ModifiedAt), Form: catalog.FormAPI, Weight: d.Views, Hash: hash, Fields: fields})
	return d.said, nil
}

// sameNames are keys that carry the fields of their names.
func sameNames(names ...string) map[string][]string {
	keys := make(map[string][]string, len(names))
	for _, name := range names {
		keys[name] = []string{name}
	}
	return keys
}

// readOwners reads whom an API answer says an object belongs to.
func (s *said) readOwners(o *object, form catalog.Form, at int64) (organization, owner *string) {
	for _, one := range []struct {
		key  string
		to   **string
		name func(*object, catalog.Form, int64)
	}{{"organization", &organization, s.nameOrganizationOf}, {"owner", &owner, s.namePersonOf}} {
		id := o.id(one.key)
		if id == "" {
			continue
		}
		o.checkReference(one.key, id)
		*one.to = &id
		named := &object{keys: map[string]json.RawMessage{"id": json.RawMessage(jsonOf(id))}, path: one.key + ".", up: o}
		if value := o.given(one.key); value[0] == '{' {
			named = o.object(one.key)
		}
		one.name(named, form, at)
	}
	return organization, owner
}
