package dump

import (
	"context"

	"grenier/internal/db"
)

// reuseRow is what a line about a reuse is made of.
type reuseRow struct {
	id, title, slug, kind, description            str
	remoteURL, image, thumbnail, topic            str
	organization, organizationID, owner, ownerID  str
	tags, datasetIDs, followersByMonths           str
	featured                                      truth
	createdAt, modifiedAt, archived               db.Time
	discussions, discussionsOpen, datasets, views number
	followers                                     number

	// Worked out from the above.
	page string
}

var reuses = source[reuseRow]{
	columns: reuseColumns,
	fields: func(r *reuseRow) []field {
		return []field{
			{"r.id", &r.id}, {"r.title", &r.title}, {"r.slug", &r.slug}, {"r.type", &r.kind}, {"r.description", &r.description},
			{"r.url", &r.remoteURL}, {"r.image", &r.image}, {"r.image_thumbnail", &r.thumbnail}, {"r.topic", &r.topic},
			{"o.name", &r.organization}, {"r.organization_id", &r.organizationID}, {"u.slug", &r.owner}, {"r.owner_id", &r.ownerID},
			{"r.featured", &r.featured}, {"r.created_at", &r.createdAt}, {"r.modified_at", &r.modifiedAt}, {"r.archived_at", &r.archived},
			{"r.discussions", &r.discussions}, {"r.discussions_open", &r.discussionsOpen}, {"r.datasets", &r.datasets},
			{"r.followers", &r.followers}, {"r.views", &r.views}, {"r.followers_by_months", &r.followersByMonths},
			{"(SELECT string_agg(t.tag, ',' ORDER BY t.position) FROM tags t WHERE t.object_id = r.id)", &r.tags},
			{`(SELECT string_agg(x.dataset_id, ',' ORDER BY x.position) FROM reuse_datasets x JOIN datasets d ON d.id = x.dataset_id
				WHERE x.reuse_id = r.id AND d.private = FALSE AND d.deleted_at IS NULL)`, &r.datasetIDs},
		}
	},
	table: "reuses", alias: "r",
	joins: "LEFT JOIN organizations o ON o.id = r.organization_id LEFT JOIN users u ON u.id = r.owner_id",
	order: []string{"r.id"},
	key:   "r.id",
	after: func(r *reuseRow) []any { return []any{string(r.id)} },
	complete: func(r *run, row *reuseRow) error {
		row.page = r.base + "/reuses/"
		row.image, row.thumbnail = r.hosted(row.image), r.hosted(row.thumbnail)
		return nil
	},
}

// reuseColumns are the columns that the reference declares.
var reuseColumns = []column[reuseRow]{
	{"id", func(c *cells, r *reuseRow) { c.text(string(r.id)) }},
	{"title", func(c *cells, r *reuseRow) { c.text(string(r.title)) }},
	{"slug", func(c *cells, r *reuseRow) { c.text(string(r.slug)) }},
	{"url", func(c *cells, r *reuseRow) { c.joined(r.page, string(r.slug)) }},
	{"type", func(c *cells, r *reuseRow) { c.text(string(r.kind)) }},
	{"description", func(c *cells, r *reuseRow) { c.text(string(r.description)) }},
	{"remote_url", func(c *cells, r *reuseRow) { c.text(string(r.remoteURL)) }},
	{"organization", func(c *cells, r *reuseRow) { c.text(string(r.organization)) }},
	{"organization_id", func(c *cells, r *reuseRow) { c.text(string(r.organizationID)) }},
	{"owner", func(c *cells, r *reuseRow) { c.text(string(r.owner)) }},
	{"owner_id", func(c *cells, r *reuseRow) { c.text(string(r.ownerID)) }},
	{"image", func(c *cells, r *reuseRow) { c.text(firstOf(r.thumbnail, r.image)) }},
	{"featured", func(c *cells, r *reuseRow) { c.truth(r.featured) }},
	{"created_at", func(c *cells, r *reuseRow) { c.moment(r.createdAt) }},
	{"last_modified", func(c *cells, r *reuseRow) { c.moment(r.modifiedAt) }},
	{"archived", func(c *cells, r *reuseRow) { c.since(r.archived) }},
	{"topic", func(c *cells, r *reuseRow) { c.text(string(r.topic)) }},
	{"tags", func(c *cells, r *reuseRow) { c.text(string(r.tags)) }},
	{"datasets", func(c *cells, r *reuseRow) { c.text(string(r.datasetIDs)) }},
	{"metric.discussions", func(c *cells, r *reuseRow) { c.integer(r.discussions.value) }},
	{"metric.discussions_open", func(c *cells, r *reuseRow) { c.integer(r.discussionsOpen.value) }},
	{"metric.datasets", func(c *cells, r *reuseRow) { c.integer(r.datasets.value) }},
	{"metric.followers", func(c *cells, r *reuseRow) { c.integer(r.followers.value) }},
	{"metric.followers_by_months", func(c *cells, r *reuseRow) { c.months(string(r.followersByMonths)) }},
	{"metric.views", func(c *cells, r *reuseRow) { c.integer(r.views.value) }},
}

// Reuses is a dump of reuses, archived ones included.
func (s *Dumps) Reuses(f ReuseFilter) Dump {
	return Dump{Kind: Reuses, filter: narrowing(f), ranked: f.Query != "", run: func(ctx context.Context, r *run) error {
		where := []condition{{"r.private = FALSE AND r.deleted_at IS NULL", nil}}
		walk := func(where []condition) error { return reuses.walk(ctx, r, where) }
		if narrowing(f) == nil {
			return walk(where)
		}
		return r.catalog.EachReuseID(ctx, reader, f, scopeRows, among("r.id", where, walk))
	}}
}
