package dump

import (
	"context"

	"grenier/internal/catalog"
	"grenier/internal/db"
)

// resourceRow is what a line about a resource is made of.
type resourceRow struct {
	datasetID, datasetTitle, datasetSlug           str
	organization, organizationID, license          str
	private, community                             boolean
	archived                                       db.Time
	id, url, title, description                    str
	filetype, kind, format, mime                   str
	filesize, rank, views                          number
	checksumType, checksumValue                    str
	createdAt, modifiedAt, analysedAt              db.Time
	harvestIssued, harvestModified, harvestUpdated db.Time
	schemaName, schemaVersion, extras              str
	preview                                        boolean

	// Worked out from the above.
	page, explorer    string
	created, modified db.Time
}

var resources = source[resourceRow]{
	columns: resourceColumns,
	fields: func(r *resourceRow) []field {
		return []field{
			{"d.id", &r.datasetID}, {"d.title", &r.datasetTitle}, {"d.slug", &r.datasetSlug}, {"o.name", &r.organization},
			{"d.organization_id", &r.organizationID}, {"l.title", &r.license}, {"d.private", &r.private}, {"d.archived_at", &r.archived},
			{"r.id", &r.id}, {"r.url", &r.url}, {"r.title", &r.title}, {"r.description", &r.description}, {"r.filetype", &r.filetype},
			{"r.type", &r.kind}, {"r.format", &r.format}, {"r.mime", &r.mime}, {"r.filesize", &r.filesize}, {"r.rank", &r.rank},
			{"r.community", &r.community}, {"r.checksum_type", &r.checksumType}, {"r.checksum_value", &r.checksumValue},
			{"r.created_internal", &r.createdAt}, {"r.modified_internal", &r.modifiedAt}, {"r.analysed_modified_at", &r.analysedAt},
			{"r.views", &r.views}, {"r.harvest_issued_at", &r.harvestIssued}, {"r.harvest_modified_at", &r.harvestModified},
			{"r.harvest_last_update", &r.harvestUpdated}, {"r.schema_name", &r.schemaName}, {"r.schema_version", &r.schemaVersion},
			{"r.preview", &r.preview}, {"r.extras", &r.extras},
		}
	},
	table: "resources", alias: "r",
	chosen: "JOIN datasets d ON d.id = r.dataset_id LEFT JOIN organizations o ON o.id = d.organization_id",
	joins: `JOIN datasets d ON d.id = r.dataset_id LEFT JOIN organizations o ON o.id = d.organization_id
		LEFT JOIN licenses l ON l.id = d.license`,
	order: []string{"r.dataset_id", "r.rank", "r.id"},
	key:   "r.dataset_id, r.community, r.rank, r.id",
	after: func(r *resourceRow) []any {
		return []any{string(r.datasetID), bool(r.community), r.rank.value, string(r.id)}
	},
	complete: completeResource,
}

// resourceColumns are the columns that the reference declares.
var resourceColumns = []column[resourceRow]{
	{"dataset.id", func(c *cells, r *resourceRow) { c.text(string(r.datasetID)) }},
	{"dataset.title", func(c *cells, r *resourceRow) { c.text(string(r.datasetTitle)) }},
	{"dataset.slug", func(c *cells, r *resourceRow) { c.text(string(r.datasetSlug)) }},
	{"dataset.url", func(c *cells, r *resourceRow) { c.joined(r.page, string(r.datasetSlug)) }},
	{"dataset.organization", func(c *cells, r *resourceRow) { c.text(string(r.organization)) }},
	{"dataset.organization_id", func(c *cells, r *resourceRow) { c.text(string(r.organizationID)) }},
	{"dataset.license", func(c *cells, r *resourceRow) { c.text(string(r.license)) }},
	{"dataset.private", func(c *cells, r *resourceRow) { c.boolean(bool(r.private)) }},
	{"dataset.archived", func(c *cells, r *resourceRow) { c.since(r.archived) }},
	{"id", func(c *cells, r *resourceRow) { c.text(string(r.id)) }},
	{"url", func(c *cells, r *resourceRow) { c.text(string(r.url)) }},
	{"title", func(c *cells, r *resourceRow) { c.text(string(r.title)) }},
	{"description", func(c *cells, r *resourceRow) { c.text(string(r.description)) }},
	{"filetype", func(c *cells, r *resourceRow) { c.text(string(r.filetype)) }},
	{"type", func(c *cells, r *resourceRow) { c.text(string(r.kind)) }},
	{"format", func(c *cells, r *resourceRow) { c.text(string(r.format)) }},
	{"mime", func(c *cells, r *resourceRow) { c.text(string(r.mime)) }},
	{"filesize", func(c *cells, r *resourceRow) { c.number(r.filesize) }},
	{"checksum.type", func(c *cells, r *resourceRow) { c.text(string(r.checksumType)) }},
	{"checksum.value", func(c *cells, r *resourceRow) { c.text(string(r.checksumValue)) }},
	{"created_at", func(c *cells, r *resourceRow) { c.moment(r.created) }},
	{"modified", func(c *cells, r *resourceRow) { c.moment(r.modified) }},
	{"downloads", func(c *cells, r *resourceRow) { c.integer(r.views.value) }},
	{"harvest.issued_at", func(c *cells, r *resourceRow) { c.moment(r.harvestIssued) }},
	{"harvest.modified_at", func(c *cells, r *resourceRow) { c.moment(r.harvestModified) }},
	{"harvest.last_update", func(c *cells, r *resourceRow) { c.moment(r.harvestUpdated) }},
	{"schema_name", func(c *cells, r *resourceRow) { c.text(string(r.schemaName)) }},
	{"schema_version", func(c *cells, r *resourceRow) { c.text(string(r.schemaVersion)) }},
	{"preview_url", func(c *cells, r *resourceRow) { c.text(r.explorer) }},
	{"extras", func(c *cells, r *resourceRow) { c.text(string(r.extras)) }},
}

func completeResource(r *run, row *resourceRow) error {
	row.page = r.base + "/datasets/"
	row.url = r.hosted(row.url)
	rules := catalog.Resource{
		Filetype: string(row.filetype), CreatedInternal: row.createdAt, ModifiedInternal: row.modifiedAt,
		AnalysedModifiedAt: row.analysedAt, HarvestIssuedAt: row.harvestIssued, HarvestModifiedAt: row.harvestModified,
	}
	row.created, row.modified = rules.CreatedAt(), rules.ModifiedAt(r.now)
	row.explorer = ""
	if row.preview && r.options.ExploreURL != "" {
		row.explorer = r.options.ExploreURL + "/resources/" + string(row.id)
	}
	if row.extras == "" {
		row.extras = "{}"
	}
	return nil
}

// Resources is a dump of the resources of datasets, archived ones included.
// Community resources are not in it.
func (s *Dumps) Resources(f DatasetFilter) Dump {
	return Dump{Kind: Resources, filter: narrowing(f), ranked: f.Query != "", run: func(ctx context.Context, r *run) error {
		return r.eachScope(ctx, f, "r.dataset_id", func(where []condition) error {
			return resources.walk(ctx, r, append(where, condition{"r.community = FALSE", nil}))
		})
	}}
}
