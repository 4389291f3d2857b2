package catalog

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/fault"
	"grenier/internal/text"
)

// Resource is a file or an address that holds data of a dataset. A community
// resource is one that somebody else added; it has an owner of its own.
type Resource struct {
	bun.BaseModel `bun:"table:resources,alias:r"`

	ID        string  `bun:"id,pk"`
	Version   int64   `bun:"version"`
	DatasetID *string `bun:"dataset_id"`
	Community bool    `bun:"community"`
	// Rank orders the resources of a dataset; ranks have gaps, so that one
	// moves without the others.
	Rank int64 `bun:"rank"`
	Owned
	Title             string  `bun:"title"`
	TitleFold         string  `bun:"title_fold"`
	Filetype          string  `bun:"filetype"`
	Type              string  `bun:"type"`
	Format            *string `bun:"format"`
	Mime              *string `bun:"mime"`
	Filesize          *int64  `bun:"filesize"`
	URL               string  `bun:"url"`
	ChecksumType      *string `bun:"checksum_type"`
	ChecksumValue     *string `bun:"checksum_value"`
	CreatedInternal   db.Time `bun:"created_internal"`
	ModifiedInternal  db.Time `bun:"modified_internal"`
	HarvestIssuedAt   db.Time `bun:"harvest_issued_at"`
	HarvestModifiedAt db.Time `bun:"harvest_modified_at"`
	HarvestLastUpdate db.Time `bun:"harvest_last_update"`
	HarvestURI        *string `bun:"harvest_uri"`
	// HarvestSource and HarvestRemoteID name the source that it came from and the
	// source's name for it; nil for what was added by hand.
	HarvestSource   *string `bun:"harvest_source"`
	HarvestRemoteID *string `bun:"harvest_remote_id"`
	// HarvestMissingSince is since when its source lists it no more,
	// HarvestArchivedAt when that was held for final.
	HarvestMissingSince db.Time `bun:"harvest_missing_since"`
	HarvestArchivedAt   db.Time `bun:"harvest_archived_at"`
	AnalysedModifiedAt  db.Time `bun:"analysed_modified_at"`
	// Available is what the last check said, nil when never checked.
	Available *bool `bun:"available"`
	// Preview is whether the analysis made a table of it.
	Preview       bool    `bun:"preview"`
	SchemaName    *string `bun:"schema_name"`
	SchemaVersion *string `bun:"schema_version"`
	SchemaURL     *string `bun:"schema_url"`
	Views         *int64  `bun:"views"`
	Description   *string `bun:"description"`
	Extras        db.JSON `bun:"extras"`

	// Dataset is loaded for community resources.
	Dataset *DatasetRef `bun:"-"`
	// DatasetVersion is the version of the dataset that the resource is part
	// of, 0 where it was not asked for.
	DatasetVersion int64 `bun:"-"`
}

// DatasetRef is what other objects show of a dataset.
type DatasetRef struct {
	ID      string
	Title   string
	Acronym *string
	Slug    string
}

// CreatedAt is when the resource was issued: by its origin, or here.
func (r *Resource) CreatedAt() db.Time {
	if !r.HarvestIssuedAt.IsZero() {
		return r.HarvestIssuedAt
	}
	return r.CreatedInternal
}

// ModifiedAt is when the content last changed, as far as is known: what its
// origin says if that is past, what the analysis found for remote files, else
// the last change here.
func (r *Resource) ModifiedAt(now time.Time) db.Time {
	switch {
	case !r.HarvestModifiedAt.IsZero() && r.HarvestModifiedAt.Before(now):
		return r.HarvestModifiedAt
	case r.Filetype == "remote" && !r.AnalysedModifiedAt.IsZero():
		return r.AnalysedModifiedAt
	}
	return r.ModifiedInternal
}

// rankGap is the distance between neighbours' ranks.
const rankGap = 1 << 20

// BatchOfResources is how many resources are read at a time when a dataset is
// streamed.
const BatchOfResources = 500

// EachResource calls fn with the resources of a dataset in order, a batch at a
// time, so that a dataset of any size takes constant memory.
func (s *Store) EachResource(ctx context.Context, dataset string, fn func([]Resource) error) error {
	var rank int64 = -1 << 62
	id := ""
	for {
		var rows []Resource
		err := s.db.Read().NewSelect().Model(&rows).Where("dataset_id = ? AND community = FALSE", dataset).
			Where("(rank, id) > (?, ?)", rank, id).OrderExpr("rank, id").Limit(BatchOfResources).Scan(ctx)
		if err != nil {
			return err
		}
		if len(rows) > 0 {
			if err := fn(rows); err != nil {
				return err
			}
		}
		if len(rows) < BatchOfResources {
			return nil
		}
		rank, id = rows[len(rows)-1].Rank, rows[len(rows)-1].ID
	}
}

// attachResources loads the resources of datasets in one query.
func attachResources(ctx context.Context, read bun.IDB, datasets []Dataset, parts Parts) error {
	at := make(map[string]int, len(datasets))
	var ids []string
	for i := range datasets {
		at[datasets[i].ID] = i
		if datasets[i].ResourceCount > 0 || parts.Community {
			ids = append(ids, datasets[i].ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	var rows []Resource
	query := read.NewSelect().Model(&rows).Where("dataset_id IN (?)", bun.List(ids))
	if !parts.Community {
		query = query.Where("community = FALSE")
	} else if !parts.Resources {
		query = query.Where("community = TRUE")
	}
	if err := query.OrderExpr("dataset_id, community, rank, id").Scan(ctx); err != nil {
		return err
	}
	for _, row := range rows {
		dataset := &datasets[at[*row.DatasetID]]
		if row.Community {
			dataset.Community = append(dataset.Community, row)
		} else {
			dataset.Resources = append(dataset.Resources, row)
		}
	}
	if !parts.Community {
		return nil
	}
	for i := range datasets {
		if err := completeCommunity(ctx, read, anyReader, datasets[i].Community); err != nil {
			return err
		}
	}
	return nil
}

// anyReader completes the community resources of datasets that were loaded for
// somebody who reads them.
var anyReader = account.System("catalog")

// completeCommunity adds owners to community resources, and the datasets that
// the viewer may read.
func completeCommunity(ctx context.Context, read bun.IDB, v account.Viewer, rows []Resource) error {
	if len(rows) == 0 {
		return nil
	}
	owned := make([]account.Owner, len(rows))
	var ids []string
	for i := range rows {
		owned[i] = rows[i].OwnedBy()
		if rows[i].DatasetID != nil {
			ids = append(ids, *rows[i].DatasetID)
		}
	}
	from, err := loadOwners(ctx, read, owned)
	if err != nil {
		return err
	}
	refs, err := datasetRefs(ctx, read, v, ids)
	if err != nil {
		return err
	}
	for i := range rows {
		rows[i].attach(from)
		if rows[i].DatasetID != nil {
			rows[i].Dataset = refs[*rows[i].DatasetID]
		}
	}
	return nil
}

// datasetRefs returns references of the datasets that the viewer may read, by
// identifier.
func datasetRefs(ctx context.Context, read bun.IDB, v account.Viewer, ids []string) (map[string]*DatasetRef, error) {
	refs := make(map[string]*DatasetRef, len(ids))
	if len(ids) == 0 {
		return refs, nil
	}
	var rows []DatasetRef
	listed, args := v.Listed("d", publicDataset)
	err := read.NewRaw("SELECT d.id, d.title, d.acronym, d.slug FROM datasets d WHERE d.id IN (?) AND "+listed,
		append([]any{bun.List(ids)}, args...)...).Scan(ctx, &rows)
	for i := range rows {
		refs[rows[i].ID] = &rows[i]
	}
	return refs, err
}

// publicDataset is what makes a dataset public under the alias d: archived ones
// are, though lists leave them out.
const publicDataset = "(d.private = FALSE AND d.deleted_at IS NULL)"

// Resource returns a resource or a community resource by its identifier, to who
// may read its dataset; a community resource to its owner too.
func (s *Store) Resource(ctx context.Context, v account.Viewer, id string) (*Resource, error) {
	var rows []Resource
	err := s.db.Read().NewSelect().Model(&rows).Where("id = ?", id).Scan(ctx)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, fault.New(fault.NotFound, "Resource does not exist")
	}
	resource := &rows[0]
	if resource.DatasetID != nil && !(resource.Community && v.MayRead(resource.OwnedBy(), resource.ID)) {
		err := s.Readable(ctx, v, KindDataset, *resource.DatasetID)
		if fault.Is(err, fault.NotFound) {
			err = fault.New(fault.NotFound, "Resource does not exist")
		}
		if err != nil {
			return nil, err
		}
	}
	if resource.Community {
		err = completeCommunity(ctx, s.db.Read(), v, rows)
	}
	return resource, err
}

// ResourceOf returns a resource of a dataset.
func (s *Store) ResourceOf(ctx context.Context, v account.Viewer, dataset, id string) (*Resource, error) {
	if err := s.Readable(ctx, v, KindDataset, dataset); err != nil {
		return nil, err
	}
	var rows []versionedResource
	err := s.db.Read().NewRaw("SELECT r.*, d.version AS whole FROM resources r JOIN datasets d ON d.id = r.dataset_id "+
		"WHERE r.id = ? AND r.dataset_id = ? AND r.community = FALSE", id, dataset).Scan(ctx, &rows)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, fault.New(fault.NotFound, "Resource does not exist")
	}
	return rows[0].resource(), nil
}

// versionedResource is a row with the version of its dataset.
type versionedResource struct {
	Resource `bun:",extend"`
	Whole    int64 `bun:"whole"`
}

func (r *versionedResource) resource() *Resource {
	r.DatasetVersion = r.Whole
	return &r.Resource
}

// ResourceFilter narrows the resources of a dataset.
type ResourceFilter struct {
	Type, Title string
	Page
}

// ResourcesOf returns a page of a dataset's resources, in order, and their
// number.
func (s *Store) ResourcesOf(ctx context.Context, v account.Viewer, dataset string, f ResourceFilter) ([]Resource, int, error) {
	if err := s.Readable(ctx, v, KindDataset, dataset); err != nil {
		return nil, 0, err
	}
	l := listing{table: "resources", alias: "r", order: "r.rank"}
	l.and("r.dataset_id = ? AND r.community = FALSE", dataset)
	if f.Type != "" {
		l.and("r.type = ?", f.Type)
	}
	if f.Title != "" {
		l.and("r.title_fold LIKE ? ESCAPE '!'", "%"+db.LikeEscape(text.Fold(f.Title))+"%")
	}
	return s.resourcePage(ctx, &l, f.Page)
}

// resourcePage pages through a listing of resources in its order.
func (s *Store) resourcePage(ctx context.Context, l *listing, p Page) ([]Resource, int, error) {
	var rows []Resource
	var total int
	err := s.db.Snapshot(ctx, func(ctx context.Context, read bun.IDB) error {
		count, err := l.query(read).Count(ctx)
		if err != nil {
			return err
		}
		total = int(count)
		return l.query(read).ColumnExpr("r.*").OrderExpr(l.order+", r.id").Limit(int64(p.Limit)).Offset(int64(p.Offset)).Scan(ctx, &rows)
	})
	return rows, total, err
}

// CommunityFilter narrows the list of community resources.
type CommunityFilter struct {
	Dataset, Organization, Owner string
	// Sort is created_at_internal, last_modified_internal or title, with
	// "-" for descending; anything else is -created_at_internal.
	Sort string
	Page
}

var communitySorts = map[string]string{
	"created_at_internal": "r.created_internal", "created_at": "r.created_internal", "created": "r.created_internal",
	"last_modified_internal": "r.modified_internal", "last_modified": "r.modified_internal", "title": "r.title_fold",
}

// CommunityResources returns a page of community resources and their number.
// Those of others on datasets hidden from the viewer are left out.
func (s *Store) CommunityResources(ctx context.Context, v account.Viewer, f CommunityFilter) ([]Resource, int, error) {
	l := listing{table: "resources", alias: "r", order: db.OrderBy(f.Sort, "-created_at_internal", communitySorts)}
	l.and("r.community = TRUE")
	public, args := v.Listed("d", publicDataset)
	own, more := v.Listed("r", "FALSE")
	l.and("(r.dataset_id IS NULL OR "+own+" OR EXISTS (SELECT 1 FROM datasets d WHERE d.id = r.dataset_id AND "+public+"))", append(more, args...)...)
	if f.Dataset != "" {
		l.and("r.dataset_id = ?", f.Dataset)
	}
	if f.Organization != "" {
		l.and("r.organization_id = ?", f.Organization)
	}
	if f.Owner != "" {
		l.and("r.owner_id = ?", f.Owner)
	}
	rows, total, err := s.resourcePage(ctx, &l, f.Page)
	if err != nil {
		return nil, 0, err
	}
	return rows, total, completeCommunity(ctx, s.db.Read(), v, rows)
}

// Schema is a schema that a resource says it follows.
type Schema struct {
	Name, Version, URL *string
}

// SchemasOf returns the distinct schemas of a dataset's resources.
func (s *Store) SchemasOf(ctx context.Context, v account.Viewer, dataset string) ([]Schema, error) {
	if err := s.Readable(ctx, v, KindDataset, dataset); err != nil {
		return nil, err
	}
	var rows []struct{ SchemaName, SchemaVersion, SchemaURL *string }
	err := s.db.Read().NewRaw(`SELECT DISTINCT schema_name, schema_version, schema_url FROM resources
		WHERE dataset_id = ? AND community = FALSE AND (schema_name IS NOT NULL OR schema_url IS NOT NULL)
		ORDER BY 1 NULLS LAST, 2 NULLS LAST, 3 NULLS LAST`, dataset).Scan(ctx, &rows)
	schemas := make([]Schema, len(rows))
	for i, row := range rows {
		schemas[i] = Schema{Name: row.SchemaName, Version: row.SchemaVersion, URL: row.SchemaURL}
	}
	return schemas, err
}

// AttachResources loads the resources of one dataset.
func (s *Store) AttachResources(ctx context.Context, d *Dataset) error {
	if d.ResourceCount == 0 || d.Resources != nil {
		return nil
	}
	return db.ScanFixed(ctx, s.db.Read(), &d.Resources, "SELECT * FROM resources WHERE dataset_id = ?1 AND community = FALSE ORDER BY rank, id", d.ID)
}
