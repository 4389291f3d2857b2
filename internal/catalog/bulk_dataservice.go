package catalog

import (
	"context"

	"github.com/uptrace/bun"

	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/text"
)

// DataserviceRecord is a dataservice with the datasets that it gives.
type DataserviceRecord struct {
	Dataservice `bun:",extend"`
	DatasetIDs  []string `bun:"-"`
}

// dataserviceFields are what inputs say of a dataservice. The place of a field
// is stored: add at the end.
var dataserviceFields = bulkFields[DataserviceRecord]{
	plain("title", func(d *DataserviceRecord) []any { return []any{&d.Title} }),
	plain("slug", func(d *DataserviceRecord) []any { return []any{&d.Slug} }),
	plain("owner", func(d *DataserviceRecord) []any { return []any{&d.OrganizationID, &d.OwnerID} }),
	plain("acronym", func(d *DataserviceRecord) []any { return []any{&d.Acronym} }),
	plain("description", func(d *DataserviceRecord) []any { return []any{&d.Description} }),
	plain("base_api_url", func(d *DataserviceRecord) []any { return []any{&d.BaseAPIURL} }),
	plain("machine_documentation_url", func(d *DataserviceRecord) []any { return []any{&d.MachineDocumentationURL} }),
	plain("technical_documentation_url", func(d *DataserviceRecord) []any { return []any{&d.TechnicalDocumentationURL} }),
	plain("business_documentation_url", func(d *DataserviceRecord) []any { return []any{&d.BusinessDocumentationURL} }),
	plain("rate_limiting", func(d *DataserviceRecord) []any { return []any{&d.RateLimiting} }),
	plain("rate_limiting_url", func(d *DataserviceRecord) []any { return []any{&d.RateLimitingURL} }),
	plain("availability", func(d *DataserviceRecord) []any { return []any{&d.Availability} }),
	plain("availability_url", func(d *DataserviceRecord) []any { return []any{&d.AvailabilityURL} }),
	plain("format", func(d *DataserviceRecord) []any { return []any{&d.Format} }),
	plain("license", func(d *DataserviceRecord) []any { return []any{&d.License} }),
	plain("access_type", func(d *DataserviceRecord) []any { return []any{&d.AccessType} }),
	plain("access_audiences", func(d *DataserviceRecord) []any { return []any{&d.AccessAudiences} }),
	plain("authorization_request_url", func(d *DataserviceRecord) []any { return []any{&d.AuthorizationRequestURL} }),
	plain("access_type_reason", func(d *DataserviceRecord) []any { return []any{&d.AccessTypeReasonCategory, &d.AccessTypeReason} }),
	plain("private", func(d *DataserviceRecord) []any { return []any{&d.Private} }),
	plain("featured", func(d *DataserviceRecord) []any { return []any{&d.Featured} }),
	plain("created_at", func(d *DataserviceRecord) []any { return []any{&d.CreatedAt} }),
	plain("metadata_modified_at", func(d *DataserviceRecord) []any { return []any{&d.ModifiedAt} }),
	plain("archived_at", func(d *DataserviceRecord) []any { return []any{&d.ArchivedAt} }),
	plain("deleted_at", func(d *DataserviceRecord) []any { return []any{&d.DeletedAt} }),
	plain("tags", func(d *DataserviceRecord) []any { return []any{&d.Tags} }),
	plain("badges", func(d *DataserviceRecord) []any { return []any{&d.Badges} }),
	plain("extras", func(d *DataserviceRecord) []any { return []any{&d.Extras} }),
	plain("contact_points", func(d *DataserviceRecord) []any { return []any{&d.Contacts} }),
	plain("datasets", func(d *DataserviceRecord) []any { return []any{&d.DatasetIDs} }),
	{name: "harvest", parts: func(d *DataserviceRecord) []any { return []any{&d.Harvest} }, same: sameHarvest},
	plain("discussions", func(d *DataserviceRecord) []any { return []any{&d.Discussions} }),
	plain("discussions_open", func(d *DataserviceRecord) []any { return []any{&d.DiscussionsOpen} }),
	plain("followers", func(d *DataserviceRecord) []any { return []any{&d.Followers} }),
	plain("followers_by_months", func(d *DataserviceRecord) []any { return []any{&d.FollowersByMonths} }),
	plain("reuses", func(d *DataserviceRecord) []any { return []any{&d.Reuses} }),
	plain("views", func(d *DataserviceRecord) []any { return []any{&d.Views} }),
}

// DataserviceFields returns the set of the fields of dataservices with these
// names.
func DataserviceFields(names ...string) FieldSet { return dataserviceFields.set(names...) }

// sameHarvest compares where two states of a dataservice come from.
func sameHarvest(a, b *DataserviceRecord) bool {
	left, right := *a.Harvest, *b.Harvest
	left.ObjectID, left.Kind, right.ObjectID, right.Kind = "", "", "", ""
	return sameValue(left, right)
}

var bulkDataservices = &bulkKind[DataserviceRecord]{
	kind: KindDataservice, table: "dataservices", modified: "modified_at", fields: dataserviceFields,
	ready: func(d *DataserviceRecord) {
		if d.Harvest == nil {
			d.Harvest = &Harvest{}
		}
	},
	common: func(d *DataserviceRecord) bulkCommon {
		return bulkCommon{
			id: &d.ID, slug: &d.Slug, version: &d.Version, modified: &d.ModifiedAt, named: d.Title, owner: d.OwnedBy(),
			public: !d.Private && d.DeletedAt.IsZero(),
		}
	},
	load: loadDataservices,
	complete: func(d *DataserviceRecord, from *provenance, _ FieldSet) {
		d.TitleFold, d.DatasetCount = text.Fold(d.Title), int64(len(d.DatasetIDs))
		if d.AccessType == "" {
			d.AccessType = "open"
		}
		completeMoments(from, DataserviceFields("created_at"), DataserviceFields("metadata_modified_at"), d.ID, &d.CreatedAt, &d.ModifiedAt)
		d.computeVisible()
	},
	cells:  func(_ *DataserviceRecord, sources string) (db.JSON, error) { return sourceCells(sources) },
	beside: writeBesideDataservices,
}

func loadDataservices(ctx context.Context, tx bun.IDB, ids []string) ([]DataserviceRecord, error) {
	var rows []DataserviceRecord
	if err := tx.NewSelect().Model(&rows).Where("id IN (?)", bun.List(ids)).Scan(ctx); err != nil {
		return nil, err
	}
	lists, err := attributes(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	extras, err := extrasOf(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	harvests, err := harvestsOf(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	datasets, err := dataserviceDatasets.all(ctx, tx, ids)
	for i := range rows {
		id := rows[i].ID
		rows[i].Attributes, rows[i].Extras, rows[i].Harvest = attributesOf(lists, id), extras[id], harvests[id]
		rows[i].DatasetIDs = datasets[id]
	}
	return rows, err
}

func writeBesideDataservices(ctx context.Context, tx *event.Tx, changes []*bulkChange[DataserviceRecord]) error {
	rows := besideRows{}
	datasets := linkRows{relation: dataserviceDatasets}
	for _, change := range changes {
		d := &change.object
		rows.lists.add(change.created, KindDataservice, d.ID, &d.Attributes, attributeSet{
			tags: change.changed&DataserviceFields("tags") != 0, badges: change.changed&DataserviceFields("badges") != 0,
			contacts: change.changed&DataserviceFields("contact_points") != 0,
		})
		if change.changed&DataserviceFields("extras") != 0 {
			rows.extras.add(change.created, KindDataservice, d.ID, d.Extras)
		}
		if change.changed&DataserviceFields("harvest") != 0 {
			rows.harvests.add(change.created, KindDataservice, d.ID, d.Harvest)
		}
		if change.changed&DataserviceFields("datasets") != 0 {
			datasets.add(change.created, d.ID, d.DatasetIDs)
		}
	}
	if err := rows.write(ctx, tx); err != nil {
		return err
	}
	return datasets.write(ctx, tx)
}

// BulkDataservices writes what inputs say of dataservices. The licences and
// contact points that they name must be there.
func BulkDataservices(ctx context.Context, tx *event.Tx, inputs []Input[DataserviceRecord]) ([]Outcome, error) {
	return bulkDataservices.put(ctx, tx, inputs)
}

// JudgeDataservices tells what BulkDataservices would do.
func JudgeDataservices(ctx context.Context, read bun.IDB, inputs []Input[DataserviceRecord]) ([]Outcome, error) {
	return bulkDataservices.judge(ctx, read, inputs)
}
