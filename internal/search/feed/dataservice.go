package feed

import (
	"context"
	"unicode/utf8"

	"github.com/uptrace/bun"

	"grenier/internal/db"
	"grenier/internal/search"
)

type dataserviceRow struct {
	ID          string
	Title       string
	Acronym     *string
	AccessType  string
	Featured    *bool
	CreatedAt   db.Time
	ModifiedAt  db.Time
	Followers   int64
	Views       int64
	Description string
	owner
}

func dataservices(ctx context.Context, read bun.IDB, ids []string) ([]search.Document, error) {
	var rows []struct {
		dataserviceRow `bun:",extend"`
	}
	err := read.NewRaw(`SELECT t.id, t.title, t.acronym, t.access_type, t.featured, t.created_at, t.modified_at, t.followers, t.views,
		t.description,`+ownerColumns+`FROM dataservices t`+ownerJoins+`WHERE t.id IN (?) AND t.visible = TRUE`,
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

func (r *dataserviceRow) document(around *around) search.Document {
	d := search.Document{
		Kind: search.Dataservice, ID: r.ID, Title: r.Title, Tags: around.tags[r.ID], Description: plain(r.Description),
		Featured:   r.Featured != nil && *r.Featured,
		Popularity: search.Popularity{Views: r.Views, Followers: r.Followers},
	}
	if r.Acronym != nil {
		d.Acronyms = []string{*r.Acronym}
	}
	around.describe(&d, r.owner)
	facet(&d, "access_type", r.AccessType)
	number(&d, "created", r.CreatedAt.UnixMicro())
	number(&d, "last_update", r.ModifiedAt.UnixMicro())
	number(&d, "followers", r.Followers)
	number(&d, "views", r.Views)
	number(&d, "description_length", int64(utf8.RuneCountInString(r.Description)))
	return d
}
