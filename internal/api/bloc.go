package api

import (
	"slices"
	"time"

	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/web"
)

// Bloc is a part of a composed page. Its members depend on its class; objects
// that it lists are shown as cards.
type Bloc map[string]any

// blocsHold is how long answers with blocs may be kept: the quality on the
// cards of datasets changes by time alone.
const blocsHold = time.Minute

// cards are the objects that blocs list, by identifier.
type cards struct {
	datasets, reuses, dataservices map[string]any
}

// blocs shows the stored blocs of some pages, each with the cards of the objects
// that it lists, as far as the caller may see them. The number of queries does
// not depend on the number of pages.
func (a *API) blocs(c *web.Call, stored ...db.JSON) ([][]Bloc, error) {
	parsed := make([][]catalog.Bloc, len(stored))
	var all []catalog.Bloc
	for i := range stored {
		var err error
		if parsed[i], err = catalog.Blocs(stored[i]); err != nil {
			return nil, err
		}
		all = append(all, parsed[i]...)
	}
	loaded, err := a.cards(c, all)
	if err != nil {
		return nil, err
	}
	pages := make([][]Bloc, len(stored))
	for i := range parsed {
		pages[i] = loaded.blocs(parsed[i])
	}
	return pages, nil
}

func (a *API) cards(c *web.Call, blocs []catalog.Bloc) (cards, error) {
	var datasets, reuses, dataservices []string
	catalog.EachBloc(blocs, func(b *catalog.Bloc) {
		datasets, reuses, dataservices = append(datasets, b.Datasets...), append(reuses, b.Reuses...), append(dataservices, b.Dataservices...)
	})
	loaded := cards{datasets: map[string]any{}, reuses: map[string]any{}, dataservices: map[string]any{}}
	f, err := a.form(c)
	if err != nil {
		return loaded, err
	}
	f.full = false
	datasetRows, err := a.Catalog.DatasetsByIDs(c.Context(), f.viewer, distinct(datasets), catalog.Parts{})
	if err != nil {
		return loaded, err
	}
	for i := range datasetRows {
		d := &datasetRows[i]
		if d.DeletedAt.IsZero() || f.viewer.MayRead(d.OwnedBy(), d.ID) {
			loaded.datasets[d.ID] = a.datasetCard(d, f)
		}
	}
	reuseRows, err := a.Catalog.ReusesByIDs(c.Context(), f.viewer, distinct(reuses))
	if err != nil {
		return loaded, err
	}
	for i := range reuseRows {
		r := &reuseRows[i]
		if r.DeletedAt.IsZero() || f.viewer.MayRead(r.OwnedBy(), r.ID) {
			loaded.reuses[r.ID] = reuseCard(r, f)
		}
	}
	dataserviceRows, err := a.Catalog.DataservicesByIDs(c.Context(), f.viewer, distinct(dataservices))
	for i := range dataserviceRows {
		d := &dataserviceRows[i]
		if d.DeletedAt.IsZero() || f.viewer.MayRead(d.OwnedBy(), d.ID) {
			loaded.dataservices[d.ID] = dataserviceCard(d, f)
		}
	}
	return loaded, err
}

func distinct(ids []string) []string {
	slices.Sort(ids)
	return slices.Compact(ids)
}

func (l cards) blocs(blocs []catalog.Bloc) []Bloc {
	all := make([]Bloc, 0, len(blocs))
	for i := range blocs {
		all = append(all, l.bloc(&blocs[i]))
	}
	return all
}

func (l cards) bloc(b *catalog.Bloc) Bloc {
	bloc := Bloc{"class": b.Class, "id": b.ID, "title": b.Title}
	switch b.Class {
	case catalog.BlocDatasets:
		bloc["subtitle"], bloc["datasets"] = b.Subtitle, listedCards(l.datasets, b.Datasets)
	case catalog.BlocReuses:
		bloc["subtitle"], bloc["reuses"] = b.Subtitle, listedCards(l.reuses, b.Reuses)
	case catalog.BlocDataservices:
		bloc["subtitle"], bloc["dataservices"] = b.Subtitle, listedCards(l.dataservices, b.Dataservices)
	case catalog.BlocLinks:
		bloc["subtitle"], bloc["paragraph"], bloc["links"] = b.Subtitle, b.Paragraph, list(b.Links)
		bloc["main_link_url"], bloc["main_link_title"] = b.MainLinkURL, b.MainLinkTitle
	case catalog.BlocHero:
		bloc["description"], bloc["color"] = b.Description, b.Color
		bloc["main_link_url"], bloc["main_link_title"] = b.MainLinkURL, b.MainLinkTitle
	case catalog.BlocMarkdown:
		bloc["subtitle"], bloc["content"] = b.Subtitle, b.Content
	case catalog.BlocAccordion:
		items := make([]map[string]any, len(b.Items))
		for i, item := range b.Items {
			items[i] = map[string]any{"title": item.Title, "content": l.blocs(item.Content)}
		}
		bloc["description"], bloc["items"] = b.Description, items
	}
	return bloc
}

// listedCards are the cards of identifiers that were loaded, in order.
func listedCards(loaded map[string]any, ids []string) []any {
	some := make([]any, 0, len(ids))
	for _, id := range ids {
		if card := loaded[id]; card != nil {
			some = append(some, card)
		}
	}
	return some
}

func (a *API) datasetCard(d *catalog.Dataset, f form) map[string]any {
	base := a.datasetBase(d, f)
	return map[string]any{
		"id": base.ID, "title": base.Title, "acronym": base.Acronym, "slug": base.Slug, "description": base.Description, "page": base.Page,
		"uri": base.URI, "private": base.Private, "archived": base.Archived, "organization": base.Organization, "owner": base.Owner,
		"last_update": base.LastUpdate, "quality": base.Quality, "metrics": base.Metrics, "badges": base.Badges, "tags": base.Tags,
	}
}

func reuseCard(r *catalog.Reuse, f form) map[string]any {
	base := reuseBase(r, f)
	return map[string]any{
		"id": base.ID, "title": base.Title, "slug": base.Slug, "description": base.Description, "type": base.Type, "url": base.URL,
		"image": base.Image, "image_thumbnail": base.ImageThumbnail, "page": base.Page, "uri": base.URI,
		"organization": base.Organization, "owner": base.Owner, "metrics": base.Metrics, "badges": base.Badges, "tags": base.Tags,
		"topic": base.Topic, "private": base.Private, "created_at": base.CreatedAt, "last_modified": base.LastModified,
	}
}

func dataserviceCard(d *catalog.Dataservice, f form) map[string]any {
	whole := dataservice(d, f)
	return map[string]any{
		"id": whole.ID, "title": whole.Title, "acronym": whole.Acronym, "slug": whole.Slug, "description": whole.Description,
		"base_api_url": whole.BaseAPIURL, "format": whole.Format, "self_api_url": whole.SelfAPIURL, "self_web_url": whole.SelfWebURL,
		"organization": whole.Organization, "owner": whole.Owner, "metrics": whole.Metrics, "badges": whole.Badges, "tags": whole.Tags,
		"private": whole.Private, "created_at": whole.CreatedAt, "metadata_modified_at": whole.MetadataModifiedAt,
	}
}
