package dump

import (
	"context"

	"grenier/internal/db"
)

// sourceRow is what a line about a harvest source is made of.
type sourceRow struct {
	id, name, address, backend, validation, config str
	organization, organizationID                   str
	createdAt                                      db.Time
}

var harvestSources = source[sourceRow]{
	columns: sourceColumns,
	fields: func(r *sourceRow) []field {
		return []field{
			{"s.id", &r.id}, {"s.name", &r.name}, {"s.url", &r.address}, {"o.name", &r.organization}, {"s.organization_id", &r.organizationID},
			{"s.backend", &r.backend}, {"s.created_at", &r.createdAt}, {"s.validation", &r.validation}, {"s.config", &r.config},
		}
	},
	table: "harvest_sources", alias: "s",
	joins:    "LEFT JOIN organizations o ON o.id = s.organization_id",
	order:    []string{"s.id"},
	key:      "s.id",
	after:    func(r *sourceRow) []any { return []any{string(r.id)} },
	complete: func(*run, *sourceRow) error { return nil },
}

// sourceColumns are the columns that the reference declares. The configuration is
// JSON; secrets are none of it.
var sourceColumns = []column[sourceRow]{
	{"id", func(c *cells, r *sourceRow) { c.text(string(r.id)) }},
	{"name", func(c *cells, r *sourceRow) { c.text(string(r.name)) }},
	{"url", func(c *cells, r *sourceRow) { c.text(string(r.address)) }},
	{"organization", func(c *cells, r *sourceRow) { c.text(string(r.organization)) }},
	{"organization_id", func(c *cells, r *sourceRow) { c.text(string(r.organizationID)) }},
	{"backend", func(c *cells, r *sourceRow) { c.text(string(r.backend)) }},
	{"created_at", func(c *cells, r *sourceRow) { c.moment(r.createdAt) }},
	{"validation", func(c *cells, r *sourceRow) { c.text(string(r.validation)) }},
	{"config", func(c *cells, r *sourceRow) { c.text(string(r.config)) }},
}

// Harvests is a dump of the harvest sources that are not deleted.
func (s *Dumps) Harvests() Dump {
	return Dump{Kind: Harvests, run: func(ctx context.Context, r *run) error {
		return harvestSources.walk(ctx, r, []condition{{"s.deleted_at IS NULL", nil}})
	}}
}
