package catalog

import (
	"context"
	"slices"

	"github.com/uptrace/bun"
)

// Listed is what everybody may know of an object's place in the lists: whether it
// is there, whom it belongs to, and its version.
type Listed struct {
	ID      string
	Version int64
	// Organization is whom it belongs to, "" for a person or nobody.
	Organization string
	// Public tells whether the lists show the object to everybody. What is
	// private, deleted, a draft or archived is not there.
	Public bool
	// Tags are those of a public object, in order.
	Tags []string
}

// listedRows give the rows that Listed is made from, by kind: columns, table and
// the condition under which lists show a row to everybody.
var listedRows = map[string]struct{ owner, from, public string }{
	KindDataset:      {"x.organization_id", "datasets x", "x.visible = TRUE"},
	KindReuse:        {"x.organization_id", "reuses x", "(x.private = FALSE AND x.deleted_at IS NULL)"},
	KindDataservice:  {"x.organization_id", "dataservices x", "x.visible = TRUE"},
	KindTopic:        {"x.organization_id", "topics x", "(x.private IS NULL OR x.private = FALSE)"},
	KindPost:         {"NULL", "posts x", "x.published_at IS NOT NULL"},
	KindOrganization: {"x.id", "organizations x", "x.deleted_at IS NULL"},
	KindCommunity: {"x.organization_id", "resources x LEFT JOIN datasets d ON d.id = x.dataset_id",
		"x.community = TRUE AND (x.dataset_id IS NULL OR " + publicDataset + ")"},
}

// ListedKinds are the kinds of objects that Listed speaks of, in the order in
// which a copy of the catalogue takes them: what is named by others first.
var ListedKinds = []string{KindOrganization, KindDataset, KindCommunity, KindDataservice, KindReuse, KindTopic, KindPost}

// ListedByIDs tells what everybody may know of some objects of a kind. Those that
// are nowhere are missing.
func ListedByIDs(ctx context.Context, read bun.IDB, kind string, ids []string) (map[string]Listed, error) {
	from := listedRows[kind]
	var rows []Listed
	err := read.NewRaw("SELECT x.id, x.version, coalesce("+from.owner+", '') AS organization, ("+from.public+") AS public FROM "+from.from+" WHERE x.id IN (?)",
		bun.List(ids)).Scan(ctx, &rows)
	if err != nil {
		return nil, err
	}
	if err := listedTags(ctx, read, kind, rows); err != nil {
		return nil, err
	}
	found := make(map[string]Listed, len(rows))
	for _, row := range rows {
		found[row.ID] = row
	}
	return found, nil
}

// ListedAfter returns the public objects of a kind that follow an identifier, in
// the order of identifiers. organization and tag narrow them when not "".
func ListedAfter(ctx context.Context, read bun.IDB, kind, after, organization, tag string, limit int) ([]Listed, error) {
	from := listedRows[kind]
	query := "SELECT x.id, x.version, coalesce(" + from.owner + ", '') AS organization, TRUE AS public FROM " + from.from +
		" WHERE " + from.public + " AND x.id > ?"
	args := []any{after}
	if organization != "" {
		query += " AND " + from.owner + " = ?"
		args = append(args, organization)
	}
	if tag != "" {
		query += " AND EXISTS (SELECT 1 FROM tags t WHERE t.tag = ? AND t.kind = ? AND t.object_id = x.id)"
		args = append(args, tag, kind)
	}
	var rows []Listed
	err := read.NewRaw(query+" ORDER BY x.id LIMIT ?", append(args, limit)...).Scan(ctx, &rows)
	return rows, err
}

// listedTags adds the tags of the public ones.
func listedTags(ctx context.Context, read bun.IDB, kind string, rows []Listed) error {
	if kind == KindOrganization || kind == KindCommunity {
		return nil
	}
	at := make(map[string]*Listed, len(rows))
	var ids []string
	for i := range rows {
		if rows[i].Public {
			at[rows[i].ID] = &rows[i]
			ids = append(ids, rows[i].ID)
		}
	}
	for batch := range slices.Chunk(ids, 500) {
		var tags []struct{ ObjectID, Tag string }
		err := read.NewRaw("SELECT object_id, tag FROM tags WHERE kind = ? AND object_id IN (?) ORDER BY object_id, position", kind, bun.List(batch)).Scan(ctx, &tags)
		if err != nil {
			return err
		}
		for _, t := range tags {
			at[t.ObjectID].Tags = append(at[t.ObjectID].Tags, t.Tag)
		}
	}
	return nil
}
