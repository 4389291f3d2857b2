package api

import (
	"net/http"

	"grenier/internal/catalog"
	"grenier/internal/search"
	"grenier/internal/web"
)

// DatasetSuggestion is a dataset offered while somebody types.
type DatasetSuggestion struct {
	Acronym  *string `json:"acronym"`
	ID       string  `json:"id"`
	ImageURL *string `json:"image_url"`
	Page     *string `json:"page"`
	Slug     string  `json:"slug"`
	Title    string  `json:"title"`
}

func (a *API) suggestDatasets(c *web.Call, q suggestArgs) error {
	ids, err := a.suggested(search.Dataset, q)
	if err != nil {
		return err
	}
	datasets, err := a.Catalog.DatasetsByIDs(c.Context(), viewer(c), ids, catalog.Parts{})
	if err != nil {
		return err
	}
	all := make([]DatasetSuggestion, len(datasets))
	for i := range datasets {
		d := &datasets[i]
		all[i] = DatasetSuggestion{
			Acronym: d.Acronym, ID: d.ID, ImageURL: ownerImage(&d.Owned), Page: linkTo("/datasets/" + d.Slug), Slug: d.Slug, Title: d.Title,
		}
	}
	return send(c, http.StatusOK, all)
}

// ownerImage is the small logo of the organisation, or the person's avatar.
func ownerImage(o *catalog.Owned) *string {
	switch {
	case o.Organization != nil:
		return picture(o.Organization.LogoThumbnail)
	case o.Owner != nil:
		return picture(o.Owner.AvatarThumbnail)
	}
	return nil
}
