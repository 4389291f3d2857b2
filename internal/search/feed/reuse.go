package feed

import (
	"context"

	"github.com/uptrace/bun"

	"grenier/internal/db"
	"grenier/internal/search"
)

type reuseRow struct {
	ID          string
	Title       string
	Type        string
	Topic       string
	Featured    *bool
	CreatedAt   db.Time
	ModifiedAt  db.Time
	ArchivedAt  db.Time
	Datasets    int64
	Followers   int64
	Views       int64
	Description string
	owner
}

func reuses(ctx context.Context, read bun.IDB, ids []string) ([]search.Document, error) {
	var rows []struct {
		reuseRow `bun:",extend"`
	}
	err := read.NewRaw(`SELECT t.id, t.title, t.type, t.topic, t.featured, t.created_at, t.modified_at, t.archived_at, t.datasets,
		t.followers, t.views, t.description,`+ownerColumns+`FROM reuses t`+ownerJoins+`WHERE t.id IN (?) AND t.visible = TRUE`,
		bun.List(ids)).Scan(ctx, &rows)
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
	documents := make([]search.Document, len(rows))
	for i := range rows {
		documents[i] = rows[i].document(around)
	}
	return documents, nil
}

func (r *reuseRow) document(around *around) search.Document {
	d := search.Document{
		Kind: search.Reuse, ID: r.ID, Title: r.Title, Tags: around.tags[r.ID], Description: plain(r.Description),
		Featured: r.Featured != nil && *r.Featured, Archived: !r.ArchivedAt.IsZero(),
		Popularity: search.Popularity{Views: r.Views, Followers: r.Followers, Datasets: r.Datasets},
	}
	around.describe(&d, r.owner)
	facet(&d, "type", r.Type)
	facet(&d, "topic", r.Topic)
	number(&d, "created", r.CreatedAt.UnixMicro())
	number(&d, "last_update", r.ModifiedAt.UnixMicro())
	number(&d, "datasets", r.Datasets)
	number(&d, "followers", r.Followers)
	number(&d, "views", r.Views)
	return d
}
