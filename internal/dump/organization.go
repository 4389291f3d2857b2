package dump

import (
	"context"
	"encoding/json"

	"grenier/internal/db"
)

// organizationRow is what a line about an organisation is made of.
type organizationRow struct {
	id, name, acronym, slug, description str
	logo, thumbnail, business            str
	badges, byMonths                     str
	createdAt, modifiedAt                db.Time
	members, downloads                   number
	dataservices, datasets, reuses       number
	followers, views                     number

	// Worked out from the above.
	page   string
	months map[string]json.RawMessage
}

var organizations = source[organizationRow]{
	columns: organizationColumns,
	fields: func(r *organizationRow) []field {
		return []field{
			{"o.id", &r.id}, {"o.name", &r.name}, {"o.acronym", &r.acronym}, {"o.slug", &r.slug}, {"o.description", &r.description},
			{"o.logo", &r.logo}, {"o.logo_thumbnail", &r.thumbnail}, {"o.business_number_id", &r.business},
			{"o.created_at", &r.createdAt}, {"o.modified_at", &r.modifiedAt}, {"o.members", &r.members},
			{"o.dataservices", &r.dataservices}, {"o.datasets", &r.datasets}, {"o.reuses", &r.reuses},
			{"o.followers", &r.followers}, {"o.views", &r.views}, {"o.by_months", &r.byMonths},
			{"(SELECT string_agg(b.badge, ',' ORDER BY b.position) FROM badges b WHERE b.object_id = o.id)", &r.badges},
			{"(SELECT CAST(sum(CASE WHEN d.visible THEN d.downloads END) AS BIGINT) FROM datasets d WHERE d.organization_id = o.id)", &r.downloads},
		}
	},
	table: "organizations", alias: "o",
	order:    []string{"o.id"},
	key:      "o.id",
	after:    func(r *organizationRow) []any { return []any{string(r.id)} },
	complete: completeOrganization,
}

// organizationColumns are the columns that the reference declares; it shows
// metric.dataservices twice.
var organizationColumns = []column[organizationRow]{
	{"id", func(c *cells, r *organizationRow) { c.text(string(r.id)) }},
	{"name", func(c *cells, r *organizationRow) { c.text(string(r.name)) }},
	{"acronym", func(c *cells, r *organizationRow) { c.text(string(r.acronym)) }},
	{"slug", func(c *cells, r *organizationRow) { c.text(string(r.slug)) }},
	{"url", func(c *cells, r *organizationRow) { c.joined(r.page, string(r.slug)) }},
	{"description", func(c *cells, r *organizationRow) { c.text(string(r.description)) }},
	{"logo", func(c *cells, r *organizationRow) { c.text(firstOf(r.thumbnail, r.logo)) }},
	{"badges", func(c *cells, r *organizationRow) { c.text(string(r.badges)) }},
	{"created_at", func(c *cells, r *organizationRow) { c.moment(r.createdAt) }},
	{"last_modified", func(c *cells, r *organizationRow) { c.moment(r.modifiedAt) }},
	{"business_number_id", func(c *cells, r *organizationRow) { c.text(string(r.business)) }},
	{"members_count", func(c *cells, r *organizationRow) { c.integer(r.members.value) }},
	{"downloads", func(c *cells, r *organizationRow) { c.integer(r.downloads.value) }},
	{"metric.dataservices", func(c *cells, r *organizationRow) { c.integer(r.dataservices.value) }},
	{"metric.dataservices_by_months", monthsOf("dataservices_by_months")},
	{"metric.datasets", func(c *cells, r *organizationRow) { c.integer(r.datasets.value) }},
	{"metric.datasets_by_months", monthsOf("datasets_by_months")},
	{"metric.datasets_followers_by_months", monthsOf("datasets_followers_by_months")},
	{"metric.datasets_reuses_by_months", monthsOf("datasets_reuses_by_months")},
	{"metric.members", func(c *cells, r *organizationRow) { c.integer(r.members.value) }},
	{"metric.reuses", func(c *cells, r *organizationRow) { c.integer(r.reuses.value) }},
	{"metric.reuses_by_months", monthsOf("reuses_by_months")},
	{"metric.reuses_followers_by_months", monthsOf("reuses_followers_by_months")},
	{"metric.dataservices", func(c *cells, r *organizationRow) { c.integer(r.dataservices.value) }},
	{"metric.followers", func(c *cells, r *organizationRow) { c.integer(r.followers.value) }},
	{"metric.views", func(c *cells, r *organizationRow) { c.integer(r.views.value) }},
}

func monthsOf(name string) func(*cells, *organizationRow) {
	return func(c *cells, r *organizationRow) { c.months(string(r.months[name])) }
}

func completeOrganization(r *run, row *organizationRow) error {
	row.page = r.base + "/organizations/"
	row.logo, row.thumbnail = r.hosted(row.logo), r.hosted(row.thumbnail)
	row.months = nil
	if row.byMonths == "" {
		return nil
	}
	return json.Unmarshal([]byte(row.byMonths), &row.months)
}

// firstOf is the first text that is not empty.
func firstOf(texts ...str) string {
	for _, t := range texts {
		if t != "" {
			return string(t)
		}
	}
	return ""
}

// Organizations is a dump of organisations.
func (s *Dumps) Organizations(f OrganizationFilter) Dump {
	return Dump{Kind: Organizations, filter: narrowing(f), ranked: f.Query != "", run: func(ctx context.Context, r *run) error {
		where, err := f.conditions(ctx, r)
		if err != nil {
			return err
		}
		return organizations.walk(ctx, r, where)
	}}
}
