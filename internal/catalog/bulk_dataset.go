package catalog

import (
	"context"
	"encoding/json"
	"unicode/utf8"

	"github.com/uptrace/bun"

	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/text"
)

// datasetFields are what inputs say of a dataset. The place of a field is
// stored: add at the end.
var datasetFields = bulkFields[Dataset]{
	plain("title", func(d *Dataset) []any { return []any{&d.Title} }),
	plain("slug", func(d *Dataset) []any { return []any{&d.Slug} }),
	plain("acronym", func(d *Dataset) []any { return []any{&d.Acronym} }),
	plain("description", func(d *Dataset) []any { return []any{&d.Description} }),
	plain("description_short", func(d *Dataset) []any { return []any{&d.DescriptionShort} }),
	plain("owner", func(d *Dataset) []any { return []any{&d.OrganizationID, &d.OwnerID} }),
	plain("private", func(d *Dataset) []any { return []any{&d.Private} }),
	plain("featured", func(d *Dataset) []any { return []any{&d.Featured} }),
	plain("created_at", func(d *Dataset) []any { return []any{&d.CreatedAt} }),
	plain("last_modified", func(d *Dataset) []any { return []any{&d.ModifiedAt, &d.LastUpdate} }),
	plain("internal", func(d *Dataset) []any { return []any{&d.CreatedInternal, &d.ModifiedInternal} }),
	plain("archived", func(d *Dataset) []any { return []any{&d.ArchivedAt} }),
	plain("deleted", func(d *Dataset) []any { return []any{&d.DeletedAt} }),
	plain("frequency", func(d *Dataset) []any { return []any{&d.Frequency, &d.Given.Frequency} }),
	plain("frequency_date", func(d *Dataset) []any { return []any{&d.FrequencyDate} }),
	plain("license", func(d *Dataset) []any { return []any{&d.License, &d.Given.License} }),
	plain("access", func(d *Dataset) []any {
		return []any{&d.AccessType, &d.AccessAudiences, &d.AuthorizationRequestURL, &d.AccessTypeReasonCategory, &d.AccessTypeReason}
	}),
	plain("temporal_coverage", func(d *Dataset) []any { return []any{&d.TemporalStart, &d.TemporalEnd} }),
	plain("granularity", func(d *Dataset) []any { return []any{&d.Granularity} }),
	plain("zones", func(d *Dataset) []any { return []any{&d.Zones, &d.Given.Zones} }),
	plain("geom", func(d *Dataset) []any { return []any{&d.Geometry} }),
	plain("schema", func(d *Dataset) []any { return []any{&d.SchemaName, &d.SchemaVersion, &d.SchemaURL} }),
	plain("tags", func(d *Dataset) []any { return []any{&d.Tags, &d.Given.Tags} }),
	plain("badges", func(d *Dataset) []any { return []any{&d.Badges} }),
	plain("extras", func(d *Dataset) []any { return []any{&d.Extras} }),
	plain("contact_points", func(d *Dataset) []any { return []any{&d.Contacts} }),
	plain("resources_count", func(d *Dataset) []any { return []any{&d.Given.Resources} }),
	plain("main_resources_count", func(d *Dataset) []any { return []any{&d.Given.MainResources} }),
	plain("resources_formats", func(d *Dataset) []any { return []any{&d.Given.Formats} }),
	plain("quality_score", func(d *Dataset) []any { return []any{&d.Given.QualityScore} }),
	plain("discussions", func(d *Dataset) []any { return []any{&d.Discussions} }),
	plain("discussions_open", func(d *Dataset) []any { return []any{&d.DiscussionsOpen} }),
	plain("reuses", func(d *Dataset) []any { return []any{&d.Reuses} }),
	plain("reuses_by_months", func(d *Dataset) []any { return []any{&d.ReusesByMonths} }),
	plain("dataservices", func(d *Dataset) []any { return []any{&d.Dataservices} }),
	plain("followers", func(d *Dataset) []any { return []any{&d.Followers} }),
	plain("followers_by_months", func(d *Dataset) []any { return []any{&d.FollowersByMonths} }),
	plain("views", func(d *Dataset) []any { return []any{&d.Views} }),
	plain("resources_downloads", func(d *Dataset) []any { return []any{&d.Downloads} }),
	plain("harvest.backend", func(d *Dataset) []any { return []any{&d.Harvest.Backend} }),
	plain("harvest.domain", func(d *Dataset) []any { return []any{&d.Harvest.Domain} }),
	plain("harvest.source_id", func(d *Dataset) []any { return []any{&d.Harvest.SourceID} }),
	plain("harvest.source_url", func(d *Dataset) []any { return []any{&d.Harvest.SourceURL} }),
	plain("harvest.remote_id", func(d *Dataset) []any { return []any{&d.Harvest.RemoteID} }),
	plain("harvest.remote_url", func(d *Dataset) []any { return []any{&d.Harvest.RemoteURL} }),
	plain("harvest.uri", func(d *Dataset) []any { return []any{&d.Harvest.URI} }),
	plain("harvest.dct_identifier", func(d *Dataset) []any { return []any{&d.Harvest.DctIdentifier} }),
	plain("harvest.created_at", func(d *Dataset) []any { return []any{&d.Harvest.CreatedAt} }),
	plain("harvest.issued_at", func(d *Dataset) []any { return []any{&d.Harvest.IssuedAt} }),
	plain("harvest.modified_at", func(d *Dataset) []any { return []any{&d.Harvest.ModifiedAt} }),
	plain("harvest.last_update", func(d *Dataset) []any { return []any{&d.Harvest.LastUpdate} }),
	plain("harvest.archived_at", func(d *Dataset) []any { return []any{&d.Harvest.ArchivedAt} }),
	plain("harvest.archived", func(d *Dataset) []any { return []any{&d.Harvest.Archived} }),
	plain("harvest.other", func(d *Dataset) []any { return []any{&d.Given.Harvest} }),
	{name: "resources", parts: func(d *Dataset) []any { return []any{&d.Resources} }, same: sameResources, shown: resourceIDs},
}

// DatasetFields returns the set of the fields of datasets with these names.
func DatasetFields(names ...string) FieldSet { return datasetFields.set(names...) }

var (
	datasetInternal  = DatasetFields("internal")
	datasetCreated   = DatasetFields("created_at")
	datasetModified  = DatasetFields("last_modified")
	datasetResources = DatasetFields("resources")
	datasetFormats   = DatasetFields("resources_formats") | datasetResources
	datasetZones     = DatasetFields("zones")
	datasetGeometry  = DatasetFields("geom")
	datasetExtras    = DatasetFields("extras")
	datasetTags      = DatasetFields("tags")
	datasetBadges    = DatasetFields("badges")
	datasetContacts  = DatasetFields("contact_points")
)

var datasetHarvest = DatasetFields("harvest.backend", "harvest.domain", "harvest.source_id", "harvest.source_url", "harvest.remote_id",
	"harvest.remote_url", "harvest.uri", "harvest.dct_identifier", "harvest.created_at", "harvest.issued_at", "harvest.modified_at",
	"harvest.last_update", "harvest.archived_at", "harvest.archived")

// bulkDatasets writes datasets many at a time.
func bulkDatasets(descriptionLength int) *bulkKind[Dataset] {
	resources := &resourceLists{}
	return &bulkKind[Dataset]{
		kind: KindDataset, table: "datasets", modified: "modified_internal", fields: datasetFields,
		ready: func(d *Dataset) {
			if d.Given == nil {
				d.Given = &GivenDataset{}
			}
			if d.Harvest == nil {
				d.Harvest = &Harvest{}
			}
			for i := range d.Resources {
				derive(&d.Resources[i])
			}
		},
		more: moreResources,
		common: func(d *Dataset) bulkCommon {
			return bulkCommon{
				id: &d.ID, slug: &d.Slug, version: &d.Version, modified: &d.ModifiedInternal, named: d.Title, owner: d.OwnedBy(),
				public: !d.Private && d.DeletedAt.IsZero(),
			}
		},
		load: loadDatasets,
		complete: func(d *Dataset, from *provenance, changed FieldSet) {
			d.completeGiven(from, changed, descriptionLength)
		},
		cells: func(d *Dataset, sources string) (db.JSON, error) {
			d.Given.Sources = sources
			cells, err := json.Marshal(d.Given)
			return cells, err
		},
		prepare: resources.prepare,
		beside: func(ctx context.Context, tx *event.Tx, changes []*bulkChange[Dataset]) error {
			if err := writeBesideDatasets(ctx, tx, changes); err != nil {
				return err
			}
			return resources.write(ctx, tx, changes)
		},
	}
}

// loadDatasets reads datasets with their lists and resources, from within a
// write.
func loadDatasets(ctx context.Context, tx bun.IDB, ids []string) ([]Dataset, error) {
	datasets, err := datasetRows(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	lists, err := attributes(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	for i := range datasets {
		datasets[i].Attributes = attributesOf(lists, datasets[i].ID)
	}
	return datasets, attachResources(ctx, tx, datasets, Parts{Resources: true})
}

// completeGiven works out what follows from what inputs gave.
func (d *Dataset) completeGiven(from *provenance, changed FieldSet, descriptionLength int) {
	d.TitleFold = text.Fold(d.Title)
	d.DescriptionLength = int64(utf8.RuneCountInString(d.Description))
	d.ContactCount = int64(len(d.Contacts))
	d.HasSpatial = d.Granularity != nil || len(d.Zones) > 0 || d.Geometry != nil
	if d.AccessType == "" {
		d.AccessType = "open"
	}
	d.completeDates(from)
	d.computeVisible()
	if changed&datasetResources != 0 {
		d.countResources()
	}
	if d.ResourceCount == 0 {
		d.judgeUnseenResources(descriptionLength)
	}
}

// completeDates fills the dates that no input gave: the internal creation date
// is the one in the identifier.
func (d *Dataset) completeDates(from *provenance) {
	if !from.has(datasetInternal) {
		d.CreatedInternal = db.IDTime(d.ID)
		switch {
		case !d.Harvest.LastUpdate.IsZero():
			d.ModifiedInternal = d.Harvest.LastUpdate
		case d.Harvest.ModifiedAt.IsZero() && from.has(datasetModified):
			d.ModifiedInternal = d.ModifiedAt
		default:
			d.ModifiedInternal = d.CreatedInternal
		}
	}
	if !from.has(datasetCreated) {
		d.CreatedAt = d.CreatedInternal
	}
	if !from.has(datasetModified) {
		d.ModifiedAt, d.LastUpdate = d.ModifiedInternal, d.ModifiedInternal
	}
}

// judgeUnseenResources works out what quality asks of resources that were only
// counted: their formats are known, and the printed score tells how many of the
// criteria are met in all. What it leaves open counts as available, as an
// address that was never checked does, and as documented after that.
func (d *Dataset) judgeUnseenResources(descriptionLength int) {
	d.OpenFormat, d.AllAvailable, d.Documented = false, true, false
	for _, format := range d.Given.Formats {
		d.OpenFormat = d.OpenFormat || IsOpenFormat(format)
	}
	met, ok := criteriaOfScore(d.Given.QualityScore)
	if !ok || d.ResourceTotal() == 0 {
		return
	}
	for _, criterion := range []bool{
		d.License != nil, d.TemporalStart != nil, d.HasSpatial, d.Frequency != nil && *d.Frequency != FrequencyUnknown,
		d.DescriptionLength > int64(descriptionLength), d.OpenFormat, d.promisesNoUpdate(),
	} {
		if criterion {
			met--
		}
	}
	d.AllAvailable, d.Documented = met >= 1, met >= 2
}

// promisesNoUpdate tells whether the frequency cannot be missed.
func (d *Dataset) promisesNoUpdate() bool {
	if d.Frequency == nil || *d.Frequency == FrequencyUnknown {
		return false
	}
	delay, known := frequencyDelays[*d.Frequency]
	return !known || delay == 0
}

// criteriaOfScore is how many criteria of quality make a printed score.
func criteriaOfScore(printed string) (int, bool) {
	for met, score := range printedScores {
		if score == printed {
			return met, true
		}
	}
	return 0, false
}

// printedScores are the scores with two decimals, by how many criteria are met.
var printedScores = [criteria + 1]string{"0.00", "0.11", "0.22", "0.33", "0.44", "0.56", "0.67", "0.78", "0.89", "1.00"}

// BulkDatasets writes what inputs say of datasets, with versions, history and
// events, within the caller's transaction. The organisations, people, licences
// and zones that they name must be there.
func (s *Store) BulkDatasets(ctx context.Context, tx *event.Tx, inputs []Input[Dataset]) ([]Outcome, error) {
	return bulkDatasets(s.rules.QualityDescriptionLength).put(ctx, tx, inputs)
}

// JudgeDatasets tells what BulkDatasets would do.
func (s *Store) JudgeDatasets(ctx context.Context, inputs []Input[Dataset]) ([]Outcome, error) {
	return bulkDatasets(s.rules.QualityDescriptionLength).judge(ctx, s.db.Read(), inputs)
}

func writeBesideDatasets(ctx context.Context, tx *event.Tx, changes []*bulkChange[Dataset]) error {
	var lists attributeRows
	var harvests harvestRows
	var extras, shapes documentRows
	var formats formatRows
	for _, change := range changes {
		d := &change.object
		lists.add(change.created, KindDataset, d.ID, &d.Attributes, attributeSet{
			tags: change.changed&datasetTags != 0, badges: change.changed&datasetBadges != 0,
			zones: change.changed&datasetZones != 0, contacts: change.changed&datasetContacts != 0,
		})
		if change.changed&datasetHarvest != 0 {
			harvests.add(change.created, KindDataset, d.ID, d.Harvest)
		}
		if change.changed&datasetExtras != 0 {
			extras.add(change.created, KindDataset, d.ID, d.Extras)
		}
		if change.changed&datasetGeometry != 0 {
			shapes.add(change.created, KindDataset, d.ID, d.Geometry)
		}
		if change.changed&datasetFormats != 0 {
			formats.add(change.created, d)
		}
	}
	if err := lists.write(ctx, tx); err != nil {
		return err
	}
	if err := harvests.write(ctx, tx); err != nil {
		return err
	}
	if err := writeDocuments(ctx, tx, "extras", "extras", extras); err != nil {
		return err
	}
	if err := writeDocuments(ctx, tx, "coverages", "geometry", shapes); err != nil {
		return err
	}
	return formats.write(ctx, tx)
}
