package feed

import (
	"context"

	"github.com/uptrace/bun"

	"grenier/internal/db"
	"grenier/internal/search"
)

func posts(ctx context.Context, read bun.IDB, ids []string) ([]search.Document, error) {
	var rows []struct {
		ID          string
		Name        string
		Headline    *string
		Content     *string
		Kind        string
		PublishedAt db.Time
		CreatedAt   db.Time
		ModifiedAt  db.Time
	}
	err := read.NewRaw(`SELECT id, name, headline, content, kind, published_at, created_at, modified_at FROM posts
		WHERE id IN (?) AND published_at IS NOT NULL`, bun.List(ids)).Scan(ctx, &rows)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	tags, err := values(ctx, read, tagQuery, ids)
	if err != nil {
		return nil, err
	}
	documents := make([]search.Document, len(rows))
	for i, r := range rows {
		d := search.Document{
			Kind: search.Post, ID: r.ID, Title: r.Name, Tags: tags[r.ID], Description: value(r.Headline),
			ExtraText: []string{plain(value(r.Content))},
		}
		facet(&d, "tag", tags[r.ID]...)
		facet(&d, "kind", r.Kind)
		number(&d, "created", r.CreatedAt.UnixMicro())
		number(&d, "last_modified", r.ModifiedAt.UnixMicro())
		number(&d, "last_update", r.ModifiedAt.UnixMicro())
		number(&d, "published", r.PublishedAt.UnixMicro())
		documents[i] = d
	}
	return documents, nil
}
