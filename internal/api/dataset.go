package api

import (
	"encoding/json"
	"net/http"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/geo"
	"grenier/internal/i18n"
	"grenier/internal/web"
)

// DatasetBase are the members that both versions of the API show alike.
type DatasetBase struct {
	AccessAudiences          json.RawMessage        `json:"access_audiences"`
	AccessType               string                 `json:"access_type"`
	AccessTypeReason         *string                `json:"access_type_reason"`
	AccessTypeReasonCategory *string                `json:"access_type_reason_category"`
	Acronym                  *string                `json:"acronym"`
	Archived                 Moment                 `json:"archived"`
	AuthorizationRequestURL  *string                `json:"authorization_request_url"`
	Badges                   []Badge                `json:"badges"`
	ContactPoints            []ContactPoint         `json:"contact_points"`
	CreatedAt                Moment                 `json:"created_at"`
	Deleted                  Moment                 `json:"deleted"`
	Description              string                 `json:"description"`
	DescriptionShort         *string                `json:"description_short"`
	Extras                   json.RawMessage        `json:"extras"`
	Featured                 bool                   `json:"featured"`
	FrequencyDate            Moment                 `json:"frequency_date"`
	Harvest                  *DatasetHarvest        `json:"harvest"`
	ID                       string                 `json:"id"`
	Internal                 Internal               `json:"internal"`
	LastModified             Moment                 `json:"last_modified"`
	LastUpdate               Moment                 `json:"last_update"`
	Metrics                  DatasetMetrics         `json:"metrics"`
	Organization             *OrganizationReference `json:"organization"`
	Owner                    *UserReference         `json:"owner"`
	Page                     *string                `json:"page"`
	Permissions              DatasetPermissions     `json:"permissions"`
	Private                  bool                   `json:"private"`
	Quality                  Quality                `json:"quality"`
	Slug                     string                 `json:"slug"`
	Spatial                  *SpatialCoverage       `json:"spatial"`
	Tags                     []string               `json:"tags"`
	TemporalCoverage         *TemporalCoverage      `json:"temporal_coverage"`
	Title                    string                 `json:"title"`
	URI                      string                 `json:"uri"`
}

// Dataset is a dataset with its resources, as version 1 shows it.
type Dataset struct {
	DatasetBase
	Community []CommunityResource `json:"community_resources" mask:"hidden"`
	Frequency string              `json:"frequency"`
	License   string              `json:"license"`
	Resources []Resource          `json:"resources"`
	Schema    *Schema             `json:"schema"`
}

// DatasetV2 is a dataset with links to its resources, as version 2 shows it.
// Frequency and licence are identifiers, or objects when the caller asks.
type DatasetV2 struct {
	DatasetBase
	Community Link            `json:"community_resources"`
	Frequency json.RawMessage `json:"frequency"`
	License   json.RawMessage `json:"license"`
	Resources Link            `json:"resources"`
}

// DatasetHarvest says where a harvested dataset comes from; keys without a
// value are left out.
type DatasetHarvest struct {
	Archived      *string `json:"archived,omitempty"`
	ArchivedAt    *Moment `json:"archived_at,omitempty"`
	Backend       *string `json:"backend,omitempty"`
	CreatedAt     *Moment `json:"created_at,omitempty"`
	DctIdentifier *string `json:"dct_identifier,omitempty"`
	Domain        *string `json:"domain,omitempty"`
	IssuedAt      *Moment `json:"issued_at,omitempty"`
	LastUpdate    *Moment `json:"last_update,omitempty"`
	ModifiedAt    *Moment `json:"modified_at,omitempty"`
	RemoteID      *string `json:"remote_id,omitempty"`
	RemoteURL     *string `json:"remote_url,omitempty"`
	SourceID      *string `json:"source_id,omitempty"`
	URI           *string `json:"uri,omitempty"`
}

// DatasetMetrics are the counters of a dataset; those by month are an object of
// YYYY-MM and count, or 0 when they were never computed.
type DatasetMetrics struct {
	Dataservices      int64           `json:"dataservices"`
	Discussions       int64           `json:"discussions"`
	DiscussionsOpen   int64           `json:"discussions_open"`
	Followers         int64           `json:"followers"`
	FollowersByMonths json.RawMessage `json:"followers_by_months"`
	Downloads         int64           `json:"resources_downloads"`
	Reuses            int64           `json:"reuses"`
	ReusesByMonths    json.RawMessage `json:"reuses_by_months"`
	Views             int64           `json:"views"`
}

// DatasetPermissions are what the caller may do with a dataset.
type DatasetPermissions struct {
	Delete        bool `json:"delete"`
	Edit          bool `json:"edit"`
	EditResources bool `json:"edit_resources"`
}

// Quality says what the description of a dataset has and lacks.
type Quality struct {
	AllAvailable        *bool   `json:"all_resources_available,omitempty"`
	DescriptionQuality  bool    `json:"dataset_description_quality"`
	HasOpenFormat       *bool   `json:"has_open_format,omitempty"`
	HasResources        *bool   `json:"has_resources,omitempty"`
	License             bool    `json:"license"`
	ResourcesDocumented *bool   `json:"resources_documentation,omitempty"`
	Score               float64 `json:"score"`
	Spatial             bool    `json:"spatial"`
	TemporalCoverage    bool    `json:"temporal_coverage"`
	UpdateFrequency     bool    `json:"update_frequency"`
	UpdateInTime        *bool   `json:"update_fulfilled_in_time,omitempty"`
}

// SpatialCoverage is the place that data covers: zones or a shape. Zones and
// granularity are identifiers, or objects when the caller asks.
type SpatialCoverage struct {
	Geom        json.RawMessage `json:"geom"`
	Granularity json.RawMessage `json:"granularity"`
	Zones       json.RawMessage `json:"zones"`
}

// TemporalCoverage is the period that data covers, in days.
type TemporalCoverage struct {
	End   *string `json:"end"`
	Start string  `json:"start"`
}

// form says for whom and how objects are rendered.
type form struct {
	viewer account.Viewer
	// full shows labels and zones as objects instead of identifiers.
	full bool
	lang string
	at   time.Time
	// licenses are loaded for full objects.
	licenses map[string]catalog.License
}

func (a *API) datasetBase(d *catalog.Dataset, f form) DatasetBase {
	quality := d.Quality(f.at, a.QualityDescriptionLength)
	edit := f.viewer.MayEdit(d.OwnedBy(), d.ID)
	return DatasetBase{
		AccessAudiences: listed(d.AccessAudiences), AccessType: d.AccessType, AccessTypeReason: d.AccessTypeReason,
		AccessTypeReasonCategory: d.AccessTypeReasonCategory, Acronym: d.Acronym, Archived: moment(d.ArchivedAt),
		AuthorizationRequestURL: d.AuthorizationRequestURL, Badges: badges(d.Badges),
		ContactPoints: contactPoints(f.viewer, d.ContactPoints), CreatedAt: moment(d.CreatedAt), Deleted: moment(d.DeletedAt),
		Description: d.Description, DescriptionShort: d.DescriptionShort, Extras: object(d.Extras), Featured: d.Featured,
		FrequencyDate: moment(d.FrequencyDate), Harvest: datasetHarvest(d.Harvest), ID: d.ID,
		Internal:     Internal{CreatedAt: moment(d.CreatedInternal), ModifiedAt: moment(d.ModifiedInternal)},
		LastModified: moment(d.ModifiedAt), LastUpdate: moment(d.LastUpdate), Metrics: datasetMetrics(d),
		Organization: organizationReference(f.viewer, d.Organization), Owner: userReference(d.Owner),
		Page: linkTo("/datasets/" + d.Slug), Permissions: DatasetPermissions{Delete: edit, Edit: edit, EditResources: edit},
		Private: d.Private, Quality: Quality{
			AllAvailable: quality.AllAvailable, DescriptionQuality: quality.DescriptionQuality, HasOpenFormat: quality.HasOpenFormat,
			HasResources: quality.HasResources, License: quality.License, ResourcesDocumented: quality.ResourcesDocumented,
			Score: quality.Score, Spatial: quality.Spatial, TemporalCoverage: quality.TemporalCoverage,
			UpdateFrequency: quality.UpdateFrequency, UpdateInTime: quality.UpdateInTime,
		},
		Slug: d.Slug, Spatial: a.spatial(d.HasSpatial, d.Granularity, d.Zones, d.Geometry, f), Tags: list(d.Tags),
		TemporalCoverage: temporalCoverage(d), Title: d.Title, URI: link("/api/1/datasets/" + d.Slug + "/"),
	}
}

func (a *API) dataset(d *catalog.Dataset, f form) Dataset {
	return Dataset{
		DatasetBase: a.datasetBase(d, f), Community: a.communityResources(f.viewer, d.Community, f.at),
		Frequency: orElse(d.Frequency, catalog.FrequencyUnknown), License: orElse(d.License, catalog.LicenseNotSpecified),
		Resources: a.resources(d.Resources, f.at), Schema: schema(d.SchemaName, d.SchemaVersion, d.SchemaURL),
	}
}

func (a *API) datasetV2(d *catalog.Dataset, f form) DatasetV2 {
	base := a.datasetBase(d, f)
	base.URI = link("/api/2/datasets/" + d.Slug + "/")
	frequency, license := orElse(d.Frequency, catalog.FrequencyUnknown), orElse(d.License, catalog.LicenseNotSpecified)
	answer := DatasetV2{
		DatasetBase: base, Frequency: text(frequency), License: text(license),
		Resources: subsection("/api/2/datasets/"+d.ID+"/resources/?page=1&page_size=50", d.ResourceCount),
		Community: subsection("/api/1/datasets/community_resources/?dataset="+d.ID+"&page=1&page_size=50", d.CommunityCount),
	}
	if f.full {
		answer.Frequency = encoded(Label{ID: frequency, Label: i18n.Label(i18n.Frequency, frequency, f.lang)})
		answer.License = encoded(f.licenses[license])
	}
	return answer
}

func datasetHarvest(h *catalog.Harvest) *DatasetHarvest {
	if h == nil {
		return nil
	}
	answer := &DatasetHarvest{
		Archived: h.Archived, ArchivedAt: optionalMoment(h.ArchivedAt), Backend: h.Backend, CreatedAt: optionalMoment(h.CreatedAt),
		DctIdentifier: h.DctIdentifier, Domain: h.Domain, IssuedAt: optionalMoment(h.IssuedAt),
		LastUpdate: optionalMoment(h.LastUpdate), ModifiedAt: optionalMoment(h.ModifiedAt), RemoteID: h.RemoteID,
		RemoteURL: h.RemoteURL, SourceID: h.SourceID, URI: h.URI,
	}
	if *answer == (DatasetHarvest{}) {
		return nil
	}
	return answer
}

func datasetMetrics(d *catalog.Dataset) DatasetMetrics {
	metrics := DatasetMetrics{
		Dataservices: d.Dataservices, Discussions: d.Discussions, DiscussionsOpen: d.DiscussionsOpen, Followers: d.Followers,
		FollowersByMonths: byMonths(d.FollowersByMonths), Reuses: d.Reuses, ReusesByMonths: byMonths(d.ReusesByMonths), Views: d.Views,
	}
	if d.Downloads != nil {
		metrics.Downloads = *d.Downloads
	}
	return metrics
}

func temporalCoverage(d *catalog.Dataset) *TemporalCoverage {
	if d.TemporalStart == nil {
		return nil
	}
	return &TemporalCoverage{Start: *d.TemporalStart, End: d.TemporalEnd}
}

// GeoZone is a zone inside a spatial coverage shown as objects.
type GeoZone struct {
	Code  string  `json:"code"`
	ID    string  `json:"id"`
	Level string  `json:"level"`
	Name  string  `json:"name"`
	Slug  string  `json:"slug"`
	URI   *string `json:"uri"`
}

// Named is an identifier with a name for people.
type Named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Label is an identifier with a label for people.
type Label struct {
	ID    string `json:"id"`
	Label string `json:"label"`
}

func (a *API) spatial(has bool, granularity *string, zones []string, geometry db.JSON, f form) *SpatialCoverage {
	if !has {
		return nil
	}
	id := orElse(granularity, geo.Other)
	coverage := &SpatialCoverage{Geom: nullable(geometry), Granularity: text(id), Zones: encoded(list(zones))}
	if f.full {
		coverage.Granularity = encoded(Named{ID: id, Name: i18n.Label(i18n.Granularity, id, f.lang)})
		full := make([]GeoZone, 0, len(zones))
		for _, id := range zones {
			if zone, ok := a.Zones.Get(id); ok {
				full = append(full, geoZone(zone))
			}
		}
		coverage.Zones = encoded(full)
	}
	return coverage
}

func geoZone(zone geo.Zone) GeoZone {
	answer := GeoZone{Code: zone.Code, ID: zone.ID, Level: zone.Level, Name: zone.Name, Slug: zone.Slug()}
	if zone.URI != "" {
		answer.URI = &zone.URI
	}
	return answer
}

func orElse(value *string, otherwise string) string {
	if value == nil {
		return otherwise
	}
	return *value
}

func text(s string) json.RawMessage { return encoded(s) }

// encoded gives the JSON of a value that always has one.
func encoded(v any) json.RawMessage {
	body, err := render(v)
	if err != nil {
		return json.RawMessage("null")
	}
	return body
}

func nullable(stored []byte) json.RawMessage {
	if len(stored) == 0 {
		return json.RawMessage("null")
	}
	return stored
}

// listed gives a stored JSON list, or an empty one.
func listed(stored []byte) json.RawMessage {
	if len(stored) == 0 {
		return json.RawMessage("[]")
	}
	return stored
}

// fullHeader asks for labels and zones as objects; any value counts.
const fullHeader = "X-Get-Datasets-Full-Objects"

func (a *API) form(c *web.Call) (form, error) {
	f := form{viewer: viewer(c), lang: c.Lang, at: now(), full: c.R.Header.Get(fullHeader) != ""}
	if !f.full {
		return f, nil
	}
	licenses, err := a.Catalog.Licenses(c.Context())
	if err != nil {
		return f, err
	}
	f.licenses = make(map[string]catalog.License, len(licenses))
	for _, license := range licenses {
		f.licenses[license.ID] = license
	}
	return f, nil
}

// resolveDataset finds the dataset that the path names. done tells that a
// redirection to its present slug was answered.
func (a *API) resolveDataset(c *web.Call) (id string, done bool, err error) {
	return a.resolved(c, "dataset", catalog.KindDataset, a.Catalog.ResolveDataset)
}

func (a *API) datasetRoutes() {
	tags := []string{"datasets"}
	web.Get[web.Page[Dataset]](a.v1, "/datasets/", web.Doc{Summary: "List datasets", Tags: tags, Keep: true}, a.listDatasets)
	web.Get[[]DatasetSuggestion](a.v1, "/datasets/suggest/", web.Doc{Summary: "Suggest datasets", Tags: tags}, a.suggestDatasets)
	web.Get[Dataset](a.v1, "/datasets/{dataset}/", web.Doc{Summary: "Read a dataset", Tags: tags, Keep: true}, a.getDataset)
	web.Get[web.Page[DatasetV2]](a.v2, "/datasets/", web.Doc{Summary: "List datasets", Tags: tags, Keep: true}, a.listDatasetsV2)
	web.Get[DatasetV2](a.v2, "/datasets/{dataset}/", web.Doc{Summary: "Read a dataset", Tags: tags, Keep: true}, a.getDatasetV2)
	web.Get[map[string]any](a.v2, "/datasets/{dataset}/extras/", web.Doc{Summary: "Read the extras of a dataset", Tags: tags, NoMask: true}, a.getDatasetExtras)
}

func (a *API) getDatasetExtras(c *web.Call, _ web.None) error {
	id, done, err := a.resolveDataset(c)
	if done || err != nil {
		return err
	}
	dataset, err := a.Catalog.Dataset(c.Context(), viewer(c), id, catalog.Parts{})
	if err != nil {
		return err
	}
	return send(c, http.StatusOK, object(dataset.Extras))
}
