package catalog

import (
	"context"
	"slices"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/text"
)

// What stands beside the rows of objects of any kind, loaded for many objects
// in one query each.

// extrasOf loads the extras of objects by identifier.
func extrasOf(ctx context.Context, read bun.IDB, ids []string) (map[string]db.JSON, error) {
	return documentsOf(ctx, read, "SELECT object_id, extras AS document FROM extras WHERE object_id IN (?)", ids)
}

// shapesOf loads the shapes drawn for coverages by identifier.
func shapesOf(ctx context.Context, read bun.IDB, ids []string) (map[string]db.JSON, error) {
	return documentsOf(ctx, read, "SELECT object_id, geometry AS document FROM coverages WHERE object_id IN (?)", ids)
}

func documentsOf(ctx context.Context, read bun.IDB, query string, ids []string) (map[string]db.JSON, error) {
	documents := make(map[string]db.JSON)
	if len(ids) == 0 {
		return documents, nil
	}
	var rows []struct {
		ObjectID string
		Document db.JSON
	}
	err := read.NewRaw(query, bun.List(ids)).Scan(ctx, &rows)
	for _, row := range rows {
		documents[row.ObjectID] = row.Document
	}
	return documents, err
}

// harvestsOf loads where harvested objects come from.
func harvestsOf(ctx context.Context, read bun.IDB, ids []string) (map[string]*Harvest, error) {
	harvests := make(map[string]*Harvest)
	if len(ids) == 0 {
		return harvests, nil
	}
	var rows []Harvest
	err := read.NewSelect().Model(&rows).Where("object_id IN (?)", bun.List(ids)).Scan(ctx)
	for i := range rows {
		harvests[rows[i].ObjectID] = &rows[i]
	}
	return harvests, err
}

// relation is a table that links objects of one kind to objects of another, in
// an order, and how the far side tells what the viewer may see.
type relation struct {
	table, from, to string
	// far is the table at the other end, public what makes its rows public
	// under the alias x.
	far, public string
}

var (
	reuseDatasets = relation{
		"reuse_datasets", "reuse_id", "dataset_id", "datasets", "(x.private = FALSE AND x.deleted_at IS NULL)",
	}
	reuseDataservices = relation{
		"reuse_dataservices", "reuse_id", "dataservice_id", "dataservices", "(x.private = FALSE AND x.deleted_at IS NULL)",
	}
	postDatasets = relation{
		"post_datasets", "post_id", "dataset_id", "datasets", "(x.private = FALSE AND x.deleted_at IS NULL)",
	}
	postReuses = relation{
		"post_reuses", "post_id", "reuse_id", "reuses", "(x.private = FALSE AND x.deleted_at IS NULL)",
	}
)

// linked returns what objects are linked to, in order, as far as the viewer may
// read it.
func (r relation) linked(ctx context.Context, read bun.IDB, v account.Viewer, ids []string) (map[string][]string, error) {
	links := make(map[string][]string)
	if len(ids) == 0 {
		return links, nil
	}
	readable, args := v.Listed("x", r.public)
	var rows []struct{ Source, Target string }
	err := read.NewRaw("SELECT l."+r.from+" AS source, l."+r.to+" AS target FROM "+r.table+" l JOIN "+r.far+" x ON x.id = l."+r.to+
		" WHERE l."+r.from+" IN (?) AND "+readable+" ORDER BY l."+r.from+", l.position, l."+r.to,
		append([]any{bun.List(ids)}, args...)...).Scan(ctx, &rows)
	for _, row := range rows {
		links[row.Source] = append(links[row.Source], row.Target)
	}
	return links, err
}

// contains is the LIKE pattern, to be escaped by '!', of a text anywhere in a
// folded column.
func contains(q string) string { return "%" + db.LikeEscape(text.Fold(q)) + "%" }

// fewTags are so many that each may have a condition of its own, which databases
// plan well; the time to plan grows faster than their number.
const fewTags = 5

// taggedWith keeps the objects of a kind that bear every tag.
func (l *listing) taggedWith(tags []string, kind string) {
	tags = slices.Compact(slices.Sorted(slices.Values(tags)))
	if len(tags) > fewTags {
		l.and(l.alias+".id IN (SELECT object_id FROM tags WHERE tag IN (?) AND kind = ? GROUP BY object_id HAVING count(DISTINCT tag) = ?)",
			bun.List(tags), kind, len(tags))
		return
	}
	for _, tag := range tags {
		l.and(l.alias+".id IN (SELECT object_id FROM tags WHERE tag = ? AND kind = ?)", tag, kind)
	}
}

// equal keeps the objects whose column has the value, unless it is empty.
func (l *listing) equal(column, value string) {
	if value != "" {
		l.and(l.alias+"."+column+" = ?", value)
	}
}

// among keeps the objects that a query with one argument names, unless the
// argument is empty.
func (l *listing) among(query, value string) {
	if value != "" {
		l.and(l.alias+".id IN ("+query+")", value)
	}
}

// badgedOwner keeps the objects of organisations with a badge.
func (l *listing) badgedOwner(badge string) {
	if badge != "" {
		l.and(l.alias+".organization_id IN (SELECT object_id FROM badges WHERE badge = ? AND kind = 'organization')", badge)
	}
}
