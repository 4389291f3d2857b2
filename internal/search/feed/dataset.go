package feed

import (
	"context"

	"github.com/uptrace/bun"

	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/search"
)

type datasetRow struct {
	ID              string
	Title           string
	Acronym         *string
	Featured        bool
	CreatedInternal db.Time
	LastUpdate      db.Time
	License         *string
	AccessType      string
	Granularity     *string
	TemporalStart   *string
	TemporalEnd     *string
	Reuses          int64
	Followers       int64
	Views           int64
	Downloads       *int64
	Description     string
	owner
}

func datasets(ctx context.Context, read bun.IDB, ids []string) ([]search.Document, error) {
	var rows []struct {
		datasetRow `bun:",extend"`
	}
	err := read.NewRaw(`SELECT t.id, t.title, t.acronym, t.featured, t.created_internal, t.last_update, t.license, t.access_type,
		t.granularity, t.temporal_start, t.temporal_end, t.reuses, t.followers, t.views, t.downloads, t.description,`+ownerColumns+`
		FROM datasets t`+ownerJoins+`WHERE t.id IN (?) AND t.visible = TRUE`, bun.List(ids)).Scan(ctx, &rows)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	owners := make([]owner, len(rows))
	for i := range rows {
		owners[i] = rows[i].owner
	}
	lists, err := datasetLists(ctx, read, ids, owners)
	if err != nil {
		return nil, err
	}
	documents := make([]search.Document, len(rows))
	for i := range rows {
		documents[i] = rows[i].document(lists)
	}
	return documents, nil
}

// datasetParts are the lists around datasets, by identifier.
type datasetParts struct {
	tags, badges, zones, topics, formats, schemas, titles, owners map[string][]string
}

func datasetLists(ctx context.Context, read bun.IDB, ids []string, owners []owner) (*datasetParts, error) {
	var parts datasetParts
	for list, query := range map[*map[string][]string]string{
		&parts.tags: tagQuery, &parts.badges: badgeQuery, &parts.zones: zoneQuery, &parts.topics: topicQuery,
		&parts.formats: "SELECT dataset_id AS object_id, format AS value FROM formats WHERE dataset_id IN (?) ORDER BY dataset_id, position",
		&parts.schemas: "SELECT DISTINCT dataset_id AS object_id, schema_name AS value FROM resources WHERE dataset_id IN (?) AND schema_name IS NOT NULL AND community = FALSE",
		&parts.titles: `WITH firsts AS MATERIALIZED (SELECT d.id, (SELECT max(f.rank) FROM (SELECT rank FROM resources r
			WHERE r.dataset_id = d.id AND r.community = FALSE ORDER BY r.rank, r.id LIMIT 20) AS f) AS last FROM datasets d WHERE d.id IN (?))
			SELECT r.dataset_id AS object_id, r.title AS value FROM firsts JOIN resources r
			ON r.dataset_id = firsts.id AND r.community = FALSE AND r.rank <= firsts.last ORDER BY r.dataset_id, r.rank, r.id`,
	} {
		var err error
		if *list, err = values(ctx, read, query, ids); err != nil {
			return nil, err
		}
	}
	var err error
	parts.owners, err = organizationBadges(ctx, read, owners)
	return &parts, err
}

func (r *datasetRow) document(parts *datasetParts) search.Document {
	d := search.Document{
		Kind: search.Dataset, ID: r.ID, Title: r.Title, Tags: parts.tags[r.ID], Description: plain(r.Description),
		Formats: parts.formats[r.ID], ExtraText: parts.titles[r.ID], Featured: r.Featured,
		Popularity:    search.Popularity{Views: r.Views, Reuses: r.Reuses, Followers: r.Followers},
		CoverageStart: day(r.TemporalStart), CoverageEnd: day(r.TemporalEnd),
	}
	if r.Acronym != nil {
		d.Acronyms = []string{*r.Acronym}
	}
	if r.Downloads != nil {
		d.Popularity.Downloads = *r.Downloads
	}
	r.owner.describe(&d, parts.owners)
	facet(&d, "tag", parts.tags[r.ID]...)
	facet(&d, "badge", parts.badges[r.ID]...)
	facet(&d, "geozone", parts.zones[r.ID]...)
	facet(&d, "topics", parts.topics[r.ID]...)
	facet(&d, "format", parts.formats[r.ID]...)
	facet(&d, "schema", parts.schemas[r.ID]...)
	facet(&d, "format_family", families(parts.formats[r.ID])...)
	facet(&d, "access_type", r.AccessType)
	if r.License != nil {
		facet(&d, "license", *r.License)
	} else {
		facet(&d, "license", catalog.LicenseNotSpecified)
	}
	if r.Granularity != nil {
		facet(&d, "granularity", *r.Granularity)
	}
	number(&d, "created", r.CreatedInternal.UnixMicro())
	number(&d, "last_update", r.LastUpdate.UnixMicro())
	number(&d, "reuses", r.Reuses)
	number(&d, "followers", r.Followers)
	number(&d, "views", r.Views)
	return d
}

// families are the families of formats, "other" for a dataset without any.
func families(formats []string) []string {
	if len(formats) == 0 {
		return []string{"other"}
	}
	seen := make(map[string]bool)
	var all []string
	for _, format := range formats {
		if family := catalog.FormatFamily(format); !seen[family] {
			seen[family] = true
			all = append(all, family)
		}
	}
	return all
}
