package dump

import (
	"context"

	"grenier/internal/db"
)

// dataserviceRow is what a line about an API is made of.
type dataserviceRow struct {
	id, title, slug, acronym, description          str
	baseURL, machineURL, technicalURL, businessURL str
	authorizationURL, rateLimiting                 str
	accessType, license                            str
	availability                                   decimal
	organization, organizationID, owner, ownerID   str
	featured                                       truth
	createdAt, modifiedAt, archived                db.Time
	tags, datasetIDs, followersByMonths            str
	discussions, discussionsOpen                   number
	followers, reuses, views                       number
	harvest                                        harvestRow

	// Worked out from the above.
	page string
}

var dataservices = source[dataserviceRow]{
	columns: dataserviceColumns,
	fields: func(r *dataserviceRow) []field {
		return append([]field{
			{"a.id", &r.id}, {"a.title", &r.title}, {"a.slug", &r.slug}, {"a.acronym", &r.acronym}, {"a.description", &r.description},
			{"a.base_api_url", &r.baseURL}, {"a.machine_documentation_url", &r.machineURL},
			{"a.technical_documentation_url", &r.technicalURL}, {"a.business_documentation_url", &r.businessURL},
			{"a.authorization_request_url", &r.authorizationURL}, {"a.rate_limiting", &r.rateLimiting},
			{"a.access_type", &r.accessType}, {"l.title", &r.license}, {"a.availability", &r.availability},
			{"o.name", &r.organization}, {"a.organization_id", &r.organizationID}, {"u.slug", &r.owner}, {"a.owner_id", &r.ownerID},
			{"a.featured", &r.featured}, {"a.created_at", &r.createdAt}, {"a.modified_at", &r.modifiedAt}, {"a.archived_at", &r.archived},
			{"a.discussions", &r.discussions}, {"a.discussions_open", &r.discussionsOpen}, {"a.followers", &r.followers},
			{"a.reuses", &r.reuses}, {"a.views", &r.views}, {"a.followers_by_months", &r.followersByMonths},
			{"(SELECT string_agg(t.tag, ',' ORDER BY t.position) FROM tags t WHERE t.object_id = a.id)", &r.tags},
			{`(SELECT string_agg(x.dataset_id, ',' ORDER BY x.position) FROM dataservice_datasets x JOIN datasets d ON d.id = x.dataset_id
				WHERE x.dataservice_id = a.id AND d.private = FALSE AND d.deleted_at IS NULL)`, &r.datasetIDs},
		}, r.harvest.fields()...)
	},
	table: "dataservices", alias: "a",
	joins: `LEFT JOIN organizations o ON o.id = a.organization_id LEFT JOIN users u ON u.id = a.owner_id
		LEFT JOIN licenses l ON l.id = a.license LEFT JOIN harvests h ON h.object_id = a.id`,
	order: []string{"a.id"},
	key:   "a.id",
	after: func(r *dataserviceRow) []any { return []any{string(r.id)} },
	complete: func(r *run, row *dataserviceRow) error {
		row.page = r.base + "/dataservices/"
		return nil
	},
}

// dataserviceColumns are the columns that the reference declares.
var dataserviceColumns = []column[dataserviceRow]{
	{"id", func(c *cells, r *dataserviceRow) { c.text(string(r.id)) }},
	{"title", func(c *cells, r *dataserviceRow) { c.text(string(r.title)) }},
	{"slug", func(c *cells, r *dataserviceRow) { c.text(string(r.slug)) }},
	{"acronym", func(c *cells, r *dataserviceRow) { c.text(string(r.acronym)) }},
	{"url", func(c *cells, r *dataserviceRow) { c.joined(r.page, string(r.slug)) }},
	{"description", func(c *cells, r *dataserviceRow) { c.text(string(r.description)) }},
	{"base_api_url", func(c *cells, r *dataserviceRow) { c.text(string(r.baseURL)) }},
	{"machine_documentation_url", func(c *cells, r *dataserviceRow) { c.text(string(r.machineURL)) }},
	{"technical_documentation_url", func(c *cells, r *dataserviceRow) { c.text(string(r.technicalURL)) }},
	{"business_documentation_url", func(c *cells, r *dataserviceRow) { c.text(string(r.businessURL)) }},
	{"authorization_request_url", func(c *cells, r *dataserviceRow) { c.text(string(r.authorizationURL)) }},
	{"availability", func(c *cells, r *dataserviceRow) { c.decimal(r.availability) }},
	{"rate_limiting", func(c *cells, r *dataserviceRow) { c.text(string(r.rateLimiting)) }},
	{"access_type", func(c *cells, r *dataserviceRow) { c.text(string(r.accessType)) }},
	{"license", func(c *cells, r *dataserviceRow) { c.text(string(r.license)) }},
	{"organization", func(c *cells, r *dataserviceRow) { c.text(string(r.organization)) }},
	{"organization_id", func(c *cells, r *dataserviceRow) { c.text(string(r.organizationID)) }},
	{"owner", func(c *cells, r *dataserviceRow) { c.text(string(r.owner)) }},
	{"owner_id", func(c *cells, r *dataserviceRow) { c.text(string(r.ownerID)) }},
	{"featured", func(c *cells, r *dataserviceRow) { c.truth(r.featured) }},
	{"created_at", func(c *cells, r *dataserviceRow) { c.moment(r.createdAt) }},
	{"metadata_modified_at", func(c *cells, r *dataserviceRow) { c.moment(r.modifiedAt) }},
	{"archived", func(c *cells, r *dataserviceRow) { c.since(r.archived) }},
	{"tags", func(c *cells, r *dataserviceRow) { c.text(string(r.tags)) }},
	{"datasets", func(c *cells, r *dataserviceRow) { c.text(string(r.datasetIDs)) }},
	{"harvest.backend", func(c *cells, r *dataserviceRow) { c.text(string(r.harvest.backend)) }},
	{"harvest.domain", func(c *cells, r *dataserviceRow) { c.text(string(r.harvest.domain)) }},
	{"harvest.remote_id", func(c *cells, r *dataserviceRow) { c.text(string(r.harvest.remoteID)) }},
	{"harvest.remote_url", func(c *cells, r *dataserviceRow) { c.text(string(r.harvest.remoteURL)) }},
	{"harvest.uri", func(c *cells, r *dataserviceRow) { c.text(string(r.harvest.uri)) }},
	{"harvest.created_at", func(c *cells, r *dataserviceRow) { c.moment(r.harvest.createdAt) }},
	{"harvest.issued_at", func(c *cells, r *dataserviceRow) { c.moment(r.harvest.issuedAt) }},
	{"harvest.modified_at", func(c *cells, r *dataserviceRow) { c.moment(r.harvest.modifiedAt) }},
	{"harvest.last_update", func(c *cells, r *dataserviceRow) { c.moment(r.harvest.lastUpdate) }},
	{"metric.discussions", func(c *cells, r *dataserviceRow) { c.integer(r.discussions.value) }},
	{"metric.discussions_open", func(c *cells, r *dataserviceRow) { c.integer(r.discussionsOpen.value) }},
	{"metric.followers", func(c *cells, r *dataserviceRow) { c.integer(r.followers.value) }},
	{"metric.followers_by_months", func(c *cells, r *dataserviceRow) { c.months(string(r.followersByMonths)) }},
	{"metric.reuses", func(c *cells, r *dataserviceRow) { c.integer(r.reuses.value) }},
	{"metric.views", func(c *cells, r *dataserviceRow) { c.integer(r.views.value) }},
}

// Dataservices is a dump of APIs, archived ones included unless the filter
// says otherwise.
func (s *Dumps) Dataservices(f DataserviceFilter) Dump {
	return Dump{Kind: Dataservices, filter: narrowing(f), ranked: f.Query != "", run: func(ctx context.Context, r *run) error {
		where := []condition{{"a.private = FALSE AND a.deleted_at IS NULL", nil}}
		if f.Visible {
			where = append(where, condition{"NOT (a.visible = FALSE)", nil})
		}
		walk := func(where []condition) error { return dataservices.walk(ctx, r, where) }
		if narrowing(f.DataserviceFilter) == nil {
			return walk(where)
		}
		return r.catalog.EachDataserviceID(ctx, reader, f.DataserviceFilter, scopeRows, among("a.id", where, walk))
	}}
}
