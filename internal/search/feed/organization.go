package feed

import (
	"context"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/search"
)

func organizations(ctx context.Context, read bun.IDB, ids []string) ([]search.Document, error) {
	var rows []account.Organization
	err := read.NewSelect().Model(&rows).Where("id IN (?)", bun.List(ids)).Where("deleted_at IS NULL").Scan(ctx)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	badges, err := account.Badges(ctx, read, ids)
	if err != nil {
		return nil, err
	}
	former, err := values(ctx, read, formerQuery, ids)
	if err != nil {
		return nil, err
	}
	documents := make([]search.Document, len(rows))
	for i := range rows {
		documents[i] = organizationDocument(&rows[i], badges[rows[i].ID], former[rows[i].ID])
	}
	return documents, nil
}

func organizationDocument(o *account.Organization, badges, former []string) search.Document {
	d := search.Document{
		Kind: search.Organization, ID: o.ID, Title: o.Name, FormerNames: former, Description: plain(o.Description),
		Popularity: search.Popularity{
			Views: o.Views, Followers: o.Followers, Datasets: o.Datasets, Reuses: o.Reuses,
		},
	}
	if o.Acronym != nil {
		d.Acronyms = []string{*o.Acronym}
	}
	facet(&d, "badge", badges...)
	owned := catalog.Owned{Organization: &account.OrganizationRef{Badges: badges}}
	facet(&d, "producer_type", catalog.ProducerTypesOf(&owned)...)
	number(&d, "created", o.CreatedAt.UnixMicro())
	number(&d, "last_modified", o.ModifiedAt.UnixMicro())
	number(&d, "datasets", o.Datasets)
	number(&d, "reuses", o.Reuses)
	number(&d, "followers", o.Followers)
	number(&d, "views", o.Views)
	return d
}
