package feed

import (
	"context"

	"github.com/uptrace/bun"

	"grenier/internal/db"
	"grenier/internal/search"
)

type topicRow struct {
	ID          string
	Name        string
	Description *string
	Featured    bool
	CreatedAt   db.Time
	ModifiedAt  db.Time
	owner
}

func topics(ctx context.Context, read bun.IDB, ids []string) ([]search.Document, error) {
	var rows []struct {
		topicRow `bun:",extend"`
	}
	err := read.NewRaw(`SELECT t.id, t.name, t.description, t.featured, t.created_at, t.modified_at,`+ownerColumns+`
		FROM topics t`+ownerJoins+`WHERE t.id IN (?) AND (t.private IS NULL OR t.private = FALSE)`, bun.List(ids)).Scan(ctx, &rows)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	owners := make([]owner, len(rows))
	for i := range rows {
		owners[i] = rows[i].owner
	}
	around, err := loadAround(ctx, read, ids, owners)
	if err != nil {
		return nil, err
	}
	elements, err := values(ctx, read, `SELECT topic_id AS object_id, title AS value FROM topic_elements
		WHERE topic_id IN (?) AND title IS NOT NULL ORDER BY topic_id, position LIMIT 2000`, ids)
	if err != nil {
		return nil, err
	}
	documents := make([]search.Document, len(rows))
	for i := range rows {
		documents[i] = rows[i].document(around, elements[rows[i].ID])
	}
	return documents, nil
}

func (r *topicRow) document(around *around, elements []string) search.Document {
	d := search.Document{
		Kind: search.Topic, ID: r.ID, Title: r.Name, Tags: around.tags[r.ID], Description: plain(value(r.Description)),
		ExtraText: elements, Featured: r.Featured, SortName: r.Name,
	}
	around.describe(&d, r.owner)
	number(&d, "created", r.CreatedAt.UnixMicro())
	number(&d, "last_modified", r.ModifiedAt.UnixMicro())
	number(&d, "last_update", r.ModifiedAt.UnixMicro())
	return d
}
