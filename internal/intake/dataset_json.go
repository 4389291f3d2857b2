package intake

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
)

// datasetKeys are the fields that keys of an API answer carry.
var datasetKeys = map[string][]string{
	"title": {"title"}, "slug": {"slug"}, "acronym": {"acronym"}, "description": {"description"},
	"description_short": {"description_short"}, "organization": {"owner"}, "owner": {"owner"}, "private": {"private"},
	"featured": {"featured"}, "created_at": {"created_at"}, "last_modified": {"last_modified"}, "internal": {"internal"},
	"archived": {"archived"}, "deleted": {"deleted"}, "frequency": {"frequency"}, "frequency_date": {"frequency_date"},
	"license": {"license"}, "access_type": {"access"}, "temporal_coverage": {"temporal_coverage"},
	"spatial": {"granularity", "zones", "geom"}, "schema": {"schema"}, "tags": {"tags"}, "badges": {"badges"},
	"extras": {"extras"}, "contact_points": {"contact_points"}, "resources": {"resources"},
	"harvest": {
		"harvest.backend", "harvest.domain", "harvest.source_id", "harvest.source_url", "harvest.remote_id", "harvest.remote_url",
		"harvest.uri", "harvest.dct_identifier", "harvest.created_at", "harvest.issued_at", "harvest.modified_at",
		"harvest.last_update", "harvest.archived_at", "harvest.archived", "harvest.other",
	},
}

// datasetMetrics are the counters of an API answer. The names are those of the
// fields.
var datasetMetrics = []string{
	"discussions", "discussions_open", "reuses", "reuses_by_months", "dataservices", "followers", "followers_by_months", "views",
	"resources_downloads",
}

// harvestKeys are what a harvest says by columns; the rest is kept beside.
var harvestKeys = []string{
	"backend", "domain", "source_id", "source_url", "remote_id", "remote_url", "uri", "dct_identifier", "created_at", "issued_at",
	"modified_at", "last_update", "archived_at", "archived",
}

// readDataset reads a dataset as the API shows it, of any age.
func readDataset(o *object, hash uint64, with reading) (said, error) {
	d := &datasetDraft{book: with.book, Dataset: catalog.Dataset{Harvest: &catalog.Harvest{}, Given: &catalog.GivenDataset{}}}
	form := catalog.FormFormerAPI
	if o.given("internal") != nil {
		form = catalog.FormAPI
	}
	d.ID, d.Title, d.Slug = o.text("id"), o.text("title"), o.text("slug")
	if err := checkID(d.ID); err != nil {
		o.fail("id", "%s", err)
	} else if strings.TrimSpace(d.Title) == "" {
		o.fail("title", "there is no title")
	}
	d.Acronym, d.Description, d.DescriptionShort = o.optional("acronym"), o.text("description"), o.optional("description_short")
	d.Private, d.Featured = o.flag("private"), o.flag("featured")
	d.readDates(o)
	d.readTerms(o)
	d.readCoverage(o, with)
	d.Tags, d.Badges = distinct(slices.DeleteFunc(o.texts("tags"), func(tag string) bool { return tag == "" })), o.badges("badges")
	d.readMetrics(o)
	d.readHarvest(o)
	d.Extras = o.document("extras")
	d.readResources(o)
	d.OrganizationID, d.OwnerID = d.readOwners(o, form, d.seenAt())
	d.Contacts = d.readContacts(o, d.OrganizationID, d.OwnerID)
	if err := o.failure(); err != nil {
		return said{}, err
	}
	d.weigh()
	d.datasets = []catalog.Input[catalog.Dataset]{{
		Object: d.Dataset,
		Source: catalog.Source{At: atOf(d.ModifiedAt), Form: form, Weight: d.Views, Hash: hash, Fields: fieldsOf(o, datasetKeys, catalog.DatasetFields) | metricsOf(o)},
	}}
	return d.said, nil
}

// fieldsOf are the fields that the keys of an object carry.
func fieldsOf(o *object, keys map[string][]string, set func(...string) catalog.FieldSet) catalog.FieldSet {
	var fields catalog.FieldSet
	for key, names := range keys {
		if o.has(key) {
			fields |= set(names...)
		}
	}
	return fields
}

// metricsOf are the counters that an answer has.
func metricsOf(o *object) catalog.FieldSet {
	metrics := o.object("metrics")
	var fields catalog.FieldSet
	for _, name := range datasetMetrics {
		if metrics.has(name) {
			fields |= catalog.DatasetFields(name)
		}
	}
	return fields
}

func (d *datasetDraft) readDates(o *object) {
	d.CreatedAt, d.ModifiedAt, d.LastUpdate = o.time("created_at"), o.time("last_modified"), o.time("last_update")
	if d.LastUpdate.IsZero() {
		d.LastUpdate = d.ModifiedAt
	}
	d.ArchivedAt, d.DeletedAt, d.FrequencyDate = o.time("archived"), o.time("deleted"), o.time("frequency_date")
	if internal := o.object("internal"); internal != nil {
		d.CreatedInternal, d.ModifiedInternal = internal.time("created_at_internal"), internal.time("last_modified_internal")
		if d.CreatedInternal.IsZero() {
			d.CreatedInternal = db.IDTime(d.ID)
		}
		if d.ModifiedInternal.IsZero() {
			d.ModifiedInternal = d.CreatedInternal
		}
	}
}

// readTerms reads licence, frequency and conditions of access. An answer shows
// a dataset without licence as one whose licence is not specified; its quality
// tells them apart.
func (d *datasetDraft) readTerms(o *object) {
	d.setFrequency(o.text("frequency"))
	d.License = d.book.byID(o.text("license"), &d.said)
	if d.License != nil && *d.License == catalog.LicenseNotSpecified {
		if licensed := o.object("quality"); licensed.given("license") != nil && !licensed.flag("license") {
			d.License = nil
		}
	}
	d.AccessType = o.text("access_type")
	if audiences := o.document("access_audiences"); string(audiences) != "[]" {
		d.AccessAudiences = audiences
	}
	d.AuthorizationRequestURL = o.optional("authorization_request_url")
	d.AccessTypeReasonCategory, d.AccessTypeReason = o.optional("access_type_reason_category"), o.optional("access_type_reason")
	if schema := o.object("schema"); schema != nil {
		d.SchemaName, d.SchemaVersion, d.SchemaURL = schema.optional("name"), schema.optional("version"), schema.optional("url")
	}
}

func (d *datasetDraft) readCoverage(o *object, with reading) {
	if temporal := o.object("temporal_coverage"); temporal != nil {
		d.TemporalStart, d.TemporalEnd = temporal.day("start"), temporal.day("end")
	}
	if spatial := o.object("spatial"); spatial != nil {
		d.Granularity, d.Geometry = spatial.optional("granularity"), spatial.document("geom")
		d.Zones = d.zonesOfIDs(with.zones, spatial.ids("zones"))
	}
}

func (d *datasetDraft) readMetrics(o *object) {
	metrics := o.object("metrics")
	if metrics == nil {
		return
	}
	d.Discussions, d.DiscussionsOpen = metrics.count("discussions"), metrics.count("discussions_open")
	d.Reuses, d.Dataservices = metrics.count("reuses"), metrics.count("dataservices")
	d.Followers, d.Views, d.Downloads = metrics.count("followers"), metrics.count("views"), metrics.maybeCount("resources_downloads")
	d.ReusesByMonths, d.FollowersByMonths = metrics.months("reuses_by_months"), metrics.months("followers_by_months")
	for name := range metrics.keys {
		if !slices.Contains(datasetMetrics, name) {
			d.note(formerMetrics)
			break
		}
	}
}

func (d *datasetDraft) readHarvest(o *object) {
	harvest := o.object("harvest")
	if harvest == nil {
		return
	}
	*d.Harvest = catalog.Harvest{
		Backend: harvest.optional("backend"), Domain: harvest.optional("domain"), SourceID: harvest.optional("source_id"),
		SourceURL: harvest.optional("source_url"), RemoteID: harvest.optional("remote_id"), RemoteURL: harvest.optional("remote_url"),
		URI: harvest.optional("uri"), DctIdentifier: harvest.optional("dct_identifier"), CreatedAt: harvest.time("created_at"),
		IssuedAt: harvest.time("issued_at"), ModifiedAt: harvest.time("modified_at"), LastUpdate: harvest.time("last_update"),
		ArchivedAt: harvest.time("archived_at"), Archived: harvest.optional("archived"),
	}
	other := maps.Clone(harvest.keys)
	maps.DeleteFunc(other, func(key string, _ json.RawMessage) bool { return slices.Contains(harvestKeys, key) })
	if len(other) > 0 {
		if text, err := json.Marshal(other); err == nil {
			kept, _ := storable(string(text))
			d.Given.Harvest = db.JSON(kept)
		}
	}
}

func (o *object) checkReference(key, id string) {
	if err := checkID(id); err != nil {
		o.fail(key, "%s", err)
	}
}

// nameOrganizationOf notes an organisation as other objects show it.
func (s *said) nameOrganizationOf(o *object, form catalog.Form, at int64) {
	keys := map[string][]string{
		"name": {"name"}, "slug": {"slug"}, "acronym": {"acronym"}, "logo": {"logo"}, "badges": {"badges"},
	}
	s.nameOrganization(account.Organization{
		ID: o.text("id"), Name: o.text("name"), Slug: o.text("slug"), Acronym: o.optional("acronym"), Logo: o.optional("logo"),
		LogoThumbnail: o.optional("logo_thumbnail"), Badges: o.badges("badges"),
	}, fieldsOf(o, keys, catalog.OrganizationFields), form, at)
}

// namePersonOf notes a person as other objects show them.
func (s *said) namePersonOf(o *object, form catalog.Form, at int64) {
	keys := map[string][]string{
		"slug": {"slug"}, "first_name": {"first_name", "active"}, "last_name": {"last_name"}, "avatar": {"avatar"},
	}
	u := account.User{
		ID: o.text("id"), Slug: o.text("slug"), FirstName: o.text("first_name"), LastName: o.text("last_name"),
		Avatar: o.optional("avatar"), AvatarThumbnail: o.optional("avatar_thumbnail"),
	}
	_, _, u.Active = namesOfSlug(u.Slug)
	s.namePerson(u, fieldsOf(o, keys, catalog.UserFields), form, at)
}

// readContacts reads the contact points of an object.
func (s *said) readContacts(o *object, organization, owner *string) []string {
	var ids []string
	for _, point := range o.objects("contact_points") {
		contact := catalog.ContactPoint{
			ID: point.text("id"), Version: 1, Name: point.text("name"), Email: point.optional("email"),
			ContactForm: point.optional("contact_form"), Role: point.text("role"),
			Owned: catalog.Owned{OrganizationID: organization, OwnerID: owner},
		}
		point.checkReference("id", contact.ID)
		if contact.Role == "" {
			contact.Role = "contact"
		}
		contact.CreatedAt = db.IDTime(contact.ID)
		s.contacts = append(s.contacts, contact)
		ids = append(ids, contact.ID)
	}
	return ids
}

func (d *datasetDraft) readResources(o *object) {
	for _, one := range o.objects("resources") {
		d.Resources = append(d.Resources, d.readResource(one))
	}
}

func (d *datasetDraft) readResource(o *object) catalog.Resource {
	draft := resourceDraft{dataset: catalog.Dataset{ID: d.ID}}
	draft.Resource = catalog.Resource{
		ID: o.text("id"), Title: o.text("title"), Description: o.optional("description"), Filetype: o.text("filetype"), Type: o.text("type"),
		Format: o.optional("format"), Mime: o.optional("mime"), Filesize: o.maybeCount("filesize"), URL: o.text("url"),
		Extras: o.document("extras"), DatasetID: &d.ID,
	}
	if !db.IsUUID(draft.ID) {
		o.fail("id", "%q is not the identifier of a resource", clip(draft.ID))
	}
	if checksum := o.object("checksum"); checksum != nil {
		draft.ChecksumType, draft.ChecksumValue = checksum.optional("type"), checksum.optional("value")
	}
	if schema := o.object("schema"); schema != nil {
		draft.SchemaName, draft.SchemaVersion, draft.SchemaURL = schema.optional("name"), schema.optional("version"), schema.optional("url")
	}
	if metrics := o.object("metrics"); metrics != nil {
		draft.Views = metrics.maybeCount("views")
	}
	draft.created, draft.changed = o.time("created_at"), o.time("last_modified")
	if harvest := o.object("harvest"); harvest != nil {
		draft.issued, draft.HarvestModifiedAt = harvest.time("issued_at"), harvest.time("modified_at")
		draft.HarvestLastUpdate, draft.HarvestURI = harvest.time("last_update"), harvest.optional("uri")
	}
	if internal := o.object("internal"); internal != nil {
		draft.created, draft.changed = internal.time("created_at_internal"), internal.time("last_modified_internal")
	}
	draft.settle()
	d.beyond = append(d.beyond, draft.beyond...)
	return draft.Resource
}
