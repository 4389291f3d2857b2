package catalog

import (
	"context"
	"encoding/json"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/fault"
)

// Limits of what may be written into a dataset, in characters.
const (
	TitleMax            = 350
	DescriptionMax      = 100_000
	DescriptionShortMax = 200
	AcronymMax          = 128
	TagMin              = 3
	TagMax              = 96
)

// Dataset describes data and lists the resources that hold it.
type Dataset struct {
	bun.BaseModel `bun:"table:datasets,alias:d"`

	ID      string `bun:"id,pk"`
	Version int64  `bun:"version"`
	Slug    string `bun:"slug"`
	Owned
	Private bool `bun:"private"`
	// Visible is whether the public finds it: neither private nor deleted
	// nor archived.
	Visible                  bool    `bun:"visible"`
	Featured                 bool    `bun:"featured"`
	CreatedInternal          db.Time `bun:"created_internal"`
	ModifiedInternal         db.Time `bun:"modified_internal"`
	CreatedAt                db.Time `bun:"created_at"`
	ModifiedAt               db.Time `bun:"modified_at"`
	LastUpdate               db.Time `bun:"last_update"`
	ArchivedAt               db.Time `bun:"archived_at"`
	DeletedAt                db.Time `bun:"deleted_at"`
	Title                    string  `bun:"title"`
	TitleFold                string  `bun:"title_fold"`
	Acronym                  *string `bun:"acronym"`
	DescriptionShort         *string `bun:"description_short"`
	Frequency                *string `bun:"frequency"`
	FrequencyDate            db.Time `bun:"frequency_date"`
	License                  *string `bun:"license"`
	AccessType               string  `bun:"access_type"`
	AccessAudiences          db.JSON `bun:"access_audiences"`
	AuthorizationRequestURL  *string `bun:"authorization_request_url"`
	AccessTypeReasonCategory *string `bun:"access_type_reason_category"`
	AccessTypeReason         *string `bun:"access_type_reason"`
	// TemporalStart and TemporalEnd are days, YYYY-MM-DD.
	TemporalStart *string `bun:"temporal_start"`
	TemporalEnd   *string `bun:"temporal_end"`
	Granularity   *string `bun:"granularity"`
	HasSpatial    bool    `bun:"has_spatial"`
	SchemaName    *string `bun:"schema_name"`
	SchemaVersion *string `bun:"schema_version"`
	SchemaURL     *string `bun:"schema_url"`
	// ResourceCount counts the rows in resources.
	ResourceCount     int64 `bun:"resources"`
	MainResources     int64 `bun:"main_resources"`
	OpenFormat        bool  `bun:"open_format"`
	AllAvailable      bool  `bun:"all_available"`
	Documented        bool  `bun:"documented"`
	DescriptionLength int64 `bun:"description_length"`
	ContactCount      int64 `bun:"contacts"`
	Discussions       int64 `bun:"discussions"`
	DiscussionsOpen   int64 `bun:"discussions_open"`
	Reuses            int64 `bun:"reuses"`
	Dataservices      int64 `bun:"dataservices"`
	Followers         int64 `bun:"followers"`
	Views             int64 `bun:"views"`
	// Downloads is nil when they were never counted, which a dump shows as
	// an empty cell and the API as 0.
	Downloads         *int64  `bun:"downloads"`
	ReusesByMonths    db.JSON `bun:"reuses_by_months"`
	FollowersByMonths db.JSON `bun:"followers_by_months"`
	Description       string  `bun:"description"`

	// Loaded besides the row.
	Attributes    `bun:"-"`
	Extras        db.JSON        `bun:"-"`
	Harvest       *Harvest       `bun:"-"`
	Geometry      db.JSON        `bun:"-"`
	Given         *GivenDataset  `bun:"-"`
	ContactPoints []ContactPoint `bun:"-"`
	Resources     []Resource     `bun:"-"`
	Community     []Resource     `bun:"-"`
	// CommunityCount counts the community resources.
	CommunityCount int64 `bun:"-"`
	// Published tells that the update which gave this dataset made it public
	// because its input did not say whether it is private.
	Published bool `bun:"-"`
	// resourcesWritten is set by a write that touched the resources.
	resourcesWritten bool
}

// Harvest says where a harvested object comes from.
type Harvest struct {
	bun.BaseModel `bun:"table:harvests,alias:h"`

	ObjectID      string  `bun:"object_id,pk"`
	Kind          string  `bun:"kind"`
	Backend       *string `bun:"backend"`
	Domain        *string `bun:"domain"`
	SourceID      *string `bun:"source_id"`
	SourceURL     *string `bun:"source_url"`
	RemoteID      *string `bun:"remote_id"`
	RemoteURL     *string `bun:"remote_url"`
	URI           *string `bun:"uri"`
	DctIdentifier *string `bun:"dct_identifier"`
	CreatedAt     db.Time `bun:"created_at"`
	IssuedAt      db.Time `bun:"issued_at"`
	ModifiedAt    db.Time `bun:"modified_at"`
	LastUpdate    db.Time `bun:"last_update"`
	ArchivedAt    db.Time `bun:"archived_at"`
	Archived      *string `bun:"archived"`
}

// GivenDataset is what an import gave about a dataset and rows cannot say. The
// first write of the dataset's resources forgets it.
type GivenDataset struct {
	// Resources and MainResources count resources whose rows never came.
	Resources     *int64 `json:"resources_count,omitempty"`
	MainResources *int64 `json:"main_resources_count,omitempty"`
	// Formats are the resources' formats, in the order given.
	Formats []string `json:"resources_formats,omitempty"`
	// QualityScore is the score as printed.
	QualityScore string `json:"quality_score,omitempty"`
	// Zones are the names of the zones as printed.
	Zones string `json:"spatial.zones,omitempty"`
	// License is the label as printed, where it differs from the licence's.
	License *string `json:"license,omitempty"`
	// Tags are the tags as printed, where they differ from the list.
	Tags *string `json:"tags,omitempty"`
	// Frequency is the word as printed, where the dataset has another.
	Frequency *string `json:"frequency,omitempty"`
	// Harvest holds what an origin said besides the fields of Harvest.
	Harvest db.JSON `json:"harvest,omitempty"`
	// Sources says which input each field was taken from.
	Sources string `json:"sources,omitempty"`
}

// ResourceTotal counts the resources: their rows, or what the import gave when
// no row came.
func (d *Dataset) ResourceTotal() int64 {
	if d.ResourceCount == 0 && d.Given != nil && d.Given.Resources != nil {
		return *d.Given.Resources
	}
	return d.ResourceCount
}

// public is whether everybody may read it; lists leave archived ones out.
func (d *Dataset) public() bool { return !d.Private && d.DeletedAt.IsZero() }

// computeVisible keeps Visible in step with the states it derives from.
func (d *Dataset) computeVisible() {
	d.Visible = !d.Private && d.DeletedAt.IsZero() && d.ArchivedAt.IsZero()
}

// ResolveDataset finds a dataset by what an address says: identifier, slug,
// former slug.
func (s *Store) ResolveDataset(ctx context.Context, key string) (*account.Resolved, error) {
	return s.resolve(ctx, "datasets", KindDataset, key)
}

// Parts says which parts of datasets to load besides their rows.
type Parts struct {
	// Resources loads the resources, Community the community resources.
	Resources, Community bool
}

// Dataset returns one dataset as the viewer may see it: not found when it is
// private, gone when it was deleted.
func (s *Store) Dataset(ctx context.Context, v account.Viewer, id string, parts Parts) (*Dataset, error) {
	datasets, err := s.datasets(ctx, []string{id}, parts, func(d *Dataset) (bool, error) { return true, readable(v, d) })
	if err != nil {
		return nil, err
	}
	if len(datasets) == 0 {
		return nil, fault.New(fault.NotFound, "Dataset not found")
	}
	return &datasets[0], nil
}

func readable(v account.Viewer, d *Dataset) error {
	switch {
	case !hidden(v, d.Private, d.DeletedAt, d.OwnedBy(), d.ID):
		return nil
	case d.Private:
		return fault.New(fault.NotFound, missing[KindDataset])
	}
	return fault.New(fault.Gone, deleted[KindDataset])
}

// DatasetsByIDs returns datasets in the order of their identifiers, in a
// constant number of queries. Those that the viewer may not read are left out:
// private and deleted ones of others.
func (s *Store) DatasetsByIDs(ctx context.Context, v account.Viewer, ids []string, parts Parts) ([]Dataset, error) {
	return s.datasets(ctx, ids, parts, func(d *Dataset) (bool, error) {
		return !hidden(v, d.Private, d.DeletedAt, d.OwnedBy(), d.ID), nil
	})
}

// datasets loads datasets; allowed decides which are kept, and may refuse all.
func (s *Store) datasets(ctx context.Context, ids []string, parts Parts, allowed func(*Dataset) (bool, error)) ([]Dataset, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	read := s.db.Read()
	datasets, err := datasetRows(ctx, read, ids)
	if err != nil {
		return nil, err
	}
	kept := datasets[:0]
	for i := range datasets {
		keep, err := allowed(&datasets[i])
		if err != nil {
			return nil, err
		}
		if keep {
			kept = append(kept, datasets[i])
		}
	}
	datasets = inOrder(kept, ids, func(d *Dataset) string { return d.ID })
	if err := s.completeDatasets(ctx, read, datasets); err != nil {
		return nil, err
	}
	if parts.Resources || parts.Community {
		err = attachResources(ctx, read, datasets, parts)
	}
	return datasets, err
}

// datasetRow is a row of datasets with what stands beside it one to one.
type datasetRow struct {
	Dataset    `bun:",extend"`
	Harvested  *string `bun:"harvested"`
	Backend    *string `bun:"h_backend"`
	Domain     *string `bun:"h_domain"`
	SourceID   *string `bun:"h_source_id"`
	SourceURL  *string `bun:"h_source_url"`
	RemoteID   *string `bun:"h_remote_id"`
	RemoteURL  *string `bun:"h_remote_url"`
	URI        *string `bun:"h_uri"`
	Identifier *string `bun:"h_dct_identifier"`
	HCreated   db.Time `bun:"h_created_at"`
	HIssued    db.Time `bun:"h_issued_at"`
	HModified  db.Time `bun:"h_modified_at"`
	HUpdate    db.Time `bun:"h_last_update"`
	HArchived  db.Time `bun:"h_archived_at"`
	HReason    *string `bun:"h_archived"`
	RowExtras  db.JSON `bun:"row_extras"`
	Shape      db.JSON `bun:"shape"`
	Cells      db.JSON `bun:"cells"`
	Added      int64   `bun:"added"`
}

const datasetQuery = `SELECT d.*, h.object_id AS harvested, h.backend AS h_backend, h.domain AS h_domain, h.source_id AS h_source_id,
	h.source_url AS h_source_url, h.remote_id AS h_remote_id, h.remote_url AS h_remote_url, h.uri AS h_uri,
	h.dct_identifier AS h_dct_identifier, h.created_at AS h_created_at, h.issued_at AS h_issued_at, h.modified_at AS h_modified_at,
	h.last_update AS h_last_update, h.archived_at AS h_archived_at, h.archived AS h_archived,
	e.extras AS row_extras, c.geometry AS shape, g.cells AS cells,
	(SELECT count(*) FROM resources r WHERE r.dataset_id = d.id AND r.community = TRUE) AS added
	FROM datasets d LEFT JOIN harvests h ON h.object_id = d.id LEFT JOIN extras e ON e.object_id = d.id
	LEFT JOIN coverages c ON c.object_id = d.id LEFT JOIN given g ON g.object_id = d.id WHERE d.id IN (?0)`

func datasetRows(ctx context.Context, read bun.IDB, ids []string) ([]Dataset, error) {
	var rows []datasetRow
	if err := db.ScanByIDs(ctx, read, &rows, datasetQuery, ids); err != nil {
		return nil, err
	}
	datasets := make([]Dataset, len(rows))
	for i := range rows {
		dataset, err := rows[i].dataset()
		if err != nil {
			return nil, err
		}
		datasets[i] = dataset
	}
	return datasets, nil
}

func (r *datasetRow) dataset() (Dataset, error) {
	d := r.Dataset
	d.Extras, d.Geometry, d.CommunityCount = r.RowExtras, r.Shape, r.Added
	if r.Harvested != nil {
		d.Harvest = &Harvest{
			ObjectID: d.ID, Kind: KindDataset, Backend: r.Backend, Domain: r.Domain, SourceID: r.SourceID, SourceURL: r.SourceURL,
			RemoteID: r.RemoteID, RemoteURL: r.RemoteURL, URI: r.URI, DctIdentifier: r.Identifier, CreatedAt: r.HCreated,
			IssuedAt: r.HIssued, ModifiedAt: r.HModified, LastUpdate: r.HUpdate, ArchivedAt: r.HArchived, Archived: r.HReason,
		}
	}
	if r.Cells != nil {
		d.Given = &GivenDataset{}
		if err := json.Unmarshal(r.Cells, d.Given); err != nil {
			return d, err
		}
	}
	return d, nil
}

// completeDatasets adds owners, tags, badges, zones and contact points.
func (s *Store) completeDatasets(ctx context.Context, read bun.IDB, datasets []Dataset) error {
	ids := make([]string, len(datasets))
	owned := make([]account.Owner, len(datasets))
	var contacts bool
	for i := range datasets {
		ids[i], owned[i] = datasets[i].ID, datasets[i].OwnedBy()
		contacts = contacts || datasets[i].ContactCount > 0
	}
	lists, err := attributes(ctx, read, ids)
	if err != nil {
		return err
	}
	from, err := loadOwners(ctx, read, owned)
	if err != nil {
		return err
	}
	for i := range datasets {
		datasets[i].attach(from)
		datasets[i].Attributes = attributesOf(lists, datasets[i].ID)
	}
	if !contacts {
		return nil
	}
	return attachContacts(ctx, read, datasets)
}

func attachContacts(ctx context.Context, read bun.IDB, datasets []Dataset) error {
	var ids []string
	for i := range datasets {
		ids = append(ids, datasets[i].Contacts...)
	}
	points, err := contactsByID(ctx, read, ids)
	if err != nil {
		return err
	}
	for i := range datasets {
		for _, id := range datasets[i].Contacts {
			if point := points[id]; point != nil {
				datasets[i].ContactPoints = append(datasets[i].ContactPoints, *point)
			}
		}
	}
	return nil
}
