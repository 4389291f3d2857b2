package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/fault"
	"grenier/internal/web"
)

// Checksum is how to verify a file.
type Checksum struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

// Internal are the moments at which an object changed here, whatever its
// origin says.
type Internal struct {
	CreatedAt  Moment `json:"created_at_internal"`
	ModifiedAt Moment `json:"last_modified_internal"`
}

// ResourceHarvest says where a harvested resource comes from; keys without a
// value are left out.
type ResourceHarvest struct {
	ArchivedAt *Moment `json:"archived_at,omitempty"`
	IssuedAt   *Moment `json:"issued_at,omitempty"`
	LastUpdate *Moment `json:"last_update,omitempty"`
	ModifiedAt *Moment `json:"modified_at,omitempty"`
	URI        *string `json:"uri,omitempty"`
}

// Resource is a file or an address that holds data.
type Resource struct {
	Checksum     *Checksum        `json:"checksum"`
	CreatedAt    Moment           `json:"created_at"`
	Description  *string          `json:"description"`
	Extras       json.RawMessage  `json:"extras"`
	Filesize     *int64           `json:"filesize"`
	Filetype     string           `json:"filetype"`
	Format       *string          `json:"format"`
	Harvest      *ResourceHarvest `json:"harvest"`
	ID           string           `json:"id"`
	Internal     Internal         `json:"internal"`
	LastModified Moment           `json:"last_modified"`
	Latest       string           `json:"latest"`
	Metrics      ResourceMetrics  `json:"metrics"`
	Mime         *string          `json:"mime"`
	PreviewURL   *string          `json:"preview_url"`
	Schema       *Schema          `json:"schema"`
	Title        string           `json:"title"`
	Type         string           `json:"type"`
	URL          string           `json:"url"`
}

// ResourceMetrics are the counters of a resource; absent when never counted.
type ResourceMetrics struct {
	Views *int64 `json:"views,omitempty"`
}

// CommunityResource is a resource that somebody added to a dataset of others.
type CommunityResource struct {
	Dataset      *DatasetReference      `json:"dataset"`
	Organization *OrganizationReference `json:"organization"`
	Owner        *UserReference         `json:"owner"`
	Permissions  Permissions            `json:"permissions"`
	Resource
}

func optionalMoment(t db.Time) *Moment {
	if t.IsZero() {
		return nil
	}
	return &Moment{t}
}

func resourceHarvest(r *catalog.Resource) *ResourceHarvest {
	if r.HarvestIssuedAt.IsZero() && r.HarvestLastUpdate.IsZero() && r.HarvestModifiedAt.IsZero() && r.HarvestArchivedAt.IsZero() && r.HarvestURI == nil {
		return nil
	}
	return &ResourceHarvest{
		ArchivedAt: optionalMoment(r.HarvestArchivedAt), IssuedAt: optionalMoment(r.HarvestIssuedAt), LastUpdate: optionalMoment(r.HarvestLastUpdate),
		ModifiedAt: optionalMoment(r.HarvestModifiedAt), URI: r.HarvestURI,
	}
}

func (a *API) resource(r *catalog.Resource, at time.Time) Resource {
	answer := Resource{
		CreatedAt: moment(r.CreatedAt()), Description: r.Description, Extras: object(r.Extras), Filesize: r.Filesize,
		Filetype: r.Filetype, Format: r.Format, Harvest: resourceHarvest(r), ID: r.ID,
		Internal:     Internal{CreatedAt: moment(r.CreatedInternal), ModifiedAt: moment(r.ModifiedInternal)},
		LastModified: moment(r.ModifiedAt(at)), Latest: link("/api/1/datasets/r/" + r.ID), Metrics: ResourceMetrics{Views: r.Views},
		Mime: r.Mime, Schema: schema(r.SchemaName, r.SchemaVersion, r.SchemaURL), Title: r.Title, Type: r.Type, URL: hostedAt(r.URL),
	}
	if r.ChecksumValue != nil {
		answer.Checksum = &Checksum{Type: "sha1", Value: *r.ChecksumValue}
		if r.ChecksumType != nil {
			answer.Checksum.Type = *r.ChecksumType
		}
	}
	if r.Preview && a.ExploreURL != "" {
		address := a.ExploreURL + "/resources/" + r.ID
		answer.PreviewURL = &address
	}
	return answer
}

func (a *API) resources(rows []catalog.Resource, at time.Time) []Resource {
	all := make([]Resource, len(rows))
	for i := range rows {
		all[i] = a.resource(&rows[i], at)
	}
	return all
}

func (a *API) communityResource(v account.Viewer, r *catalog.Resource, at time.Time) CommunityResource {
	return CommunityResource{
		Dataset: datasetReference(r.Dataset), Organization: organizationReference(v, r.Organization), Owner: userReference(r.Owner),
		Permissions: communityPermissions(v, r), Resource: a.resource(r, at),
	}
}

// communityPermissions are what the caller may do with a community resource.
func communityPermissions(v account.Viewer, r *catalog.Resource) Permissions {
	may := v.May(account.EditCommunity, r.OwnedBy(), r.ID)
	return Permissions{Delete: may, Edit: may}
}

func (a *API) communityResources(v account.Viewer, rows []catalog.Resource, at time.Time) []CommunityResource {
	all := make([]CommunityResource, len(rows))
	for i := range rows {
		all[i] = a.communityResource(v, &rows[i], at)
	}
	return all
}

func (a *API) resourceRoutes() {
	tags := []string{"datasets"}
	web.Get[web.Raw](a.v1, "/datasets/r/{uuid}", web.Doc{Summary: "Lead to a resource's address", Tags: tags, Status: http.StatusFound}, a.redirectResource)
	web.Get[web.Page[CommunityResource]](a.v1, "/datasets/community_resources/", web.Doc{Summary: "List community resources", Tags: tags}, a.listCommunity)
	web.Get[CommunityResource](a.v1, "/datasets/community_resources/{uuid}/", web.Doc{Summary: "Read a community resource", Tags: tags}, a.getCommunity)
	web.Get[Resource](a.v1, "/datasets/{dataset}/resources/{uuid}/", web.Doc{Summary: "Read a resource", Tags: tags}, a.getResource)
	web.Get[web.Page[Resource]](a.v2, "/datasets/{dataset}/resources/", web.Doc{Summary: "List the resources of a dataset", Tags: tags}, a.listResources)
	web.Get[[]Schema](a.v2, "/datasets/{dataset}/schemas/", web.Doc{Summary: "List the schemas of a dataset's resources", Tags: tags}, a.listSchemasOf)
	web.Get[SpecificResource](a.v2, "/datasets/resources/{uuid}/", web.Doc{Summary: "Read a resource by its identifier alone", Tags: tags, NoMask: false}, a.getSpecificResource)
	web.Get[map[string]any](a.v2, "/datasets/{dataset}/resources/{uuid}/extras/", web.Doc{Summary: "Read the extras of a resource", Tags: tags, NoMask: true}, a.getResourceExtras)
}

// uuidOf is the UUID of the path, whose digits may be capitals.
func uuidOf(c *web.Call) string { return strings.ToLower(c.Param("uuid")) }

func resourceID(c *web.Call) (string, error) {
	id := uuidOf(c)
	if !db.IsUUID(id) {
		return "", fault.New(fault.NotFound, "Resource does not exist")
	}
	return id, nil
}

func (a *API) redirectResource(c *web.Call, _ web.None) error {
	id := uuidOf(c)
	if !db.IsUUID(id) {
		return fault.New(fault.NotFound, "Resource not found")
	}
	resource, err := a.Catalog.Resource(c.Context(), viewer(c), id)
	if fault.Is(err, fault.NotFound) {
		return fault.New(fault.NotFound, "Resource not found")
	}
	if err != nil {
		return err
	}
	return a.redirectTo(c, resource)
}

type communityArgs struct {
	web.Paging
	Sort         string `query:"sort" default:"-created_at_internal" help:"The sorting attribute"`
	Organization string `query:"organization" help:"Filter activities for that particular organization"`
	Dataset      string `query:"dataset" help:"Filter activities for that particular dataset"`
	Owner        string `query:"owner" help:"Filter activities for that particular user"`
}

func (a *API) listCommunity(c *web.Call, q communityArgs) error {
	v := viewer(c)
	rows, total, err := a.Catalog.CommunityResources(c.Context(), v, catalog.CommunityFilter{
		Dataset: q.Dataset, Organization: q.Organization, Owner: q.Owner, Sort: q.Sort,
		Page: catalog.Page{Offset: q.Offset(), Limit: q.PageSize},
	})
	if err != nil {
		return err
	}
	if err := web.PastEnd(q.Paging, len(rows)); err != nil {
		return err
	}
	return send(c, http.StatusOK, web.PageOf(c, q.Paging, a.communityResources(v, rows, now()), total))
}

func (a *API) getCommunity(c *web.Call, _ web.None) error {
	id, err := resourceID(c)
	if err != nil {
		return err
	}
	v := viewer(c)
	resource, err := a.Catalog.Resource(c.Context(), v, id)
	if err != nil {
		return err
	}
	if !resource.Community {
		return fault.New(fault.NotFound, "Community resource does not exist")
	}
	c.Versioned(resource.Version)
	return send(c, http.StatusOK, a.communityResource(v, resource, now()))
}

func (a *API) getResource(c *web.Call, _ web.None) error {
	dataset, done, err := a.resolveDataset(c)
	if done || err != nil {
		return err
	}
	resource, err := a.Catalog.ResourceOf(c.Context(), viewer(c), dataset, uuidOf(c))
	if err != nil {
		return err
	}
	c.Versioned(resource.DatasetVersion)
	return send(c, http.StatusOK, a.resource(resource, now()))
}

type resourceArgs struct {
	Page     int    `query:"page" default:"1" min:"1" help:"The page to fetch"`
	PageSize int    `query:"page_size" default:"50" min:"1" help:"The page size to fetch"`
	Type     string `query:"type" help:"The type of resources to fetch"`
	Query    string `query:"q" help:"query string to search through resources titles"`
}

func (a *API) listResources(c *web.Call, q resourceArgs) error {
	dataset, done, err := a.resolveDataset(c)
	if done || err != nil {
		return err
	}
	paging := web.Paging{Page: q.Page, PageSize: q.PageSize}
	rows, total, err := a.Catalog.ResourcesOf(c.Context(), viewer(c), dataset, catalog.ResourceFilter{
		Type: q.Type, Title: q.Query, Page: catalog.Page{Offset: paging.Offset(), Limit: q.PageSize},
	})
	if err != nil {
		return err
	}
	return send(c, http.StatusOK, web.PageOf(c, paging, a.resources(rows, now()), total))
}

func (a *API) listSchemasOf(c *web.Call, _ web.None) error {
	dataset, done, err := a.resolveDataset(c)
	if done || err != nil {
		return err
	}
	rows, err := a.Catalog.SchemasOf(c.Context(), viewer(c), dataset)
	if err != nil {
		return err
	}
	all := make([]Schema, len(rows))
	for i, row := range rows {
		all[i] = Schema{Name: row.Name, Version: row.Version, URL: row.URL}
	}
	return send(c, http.StatusOK, all)
}

// SpecificResource is a resource found by its identifier alone.
type SpecificResource struct {
	DatasetID *string  `json:"dataset_id"`
	Resource  Resource `json:"resource"`
}

func (a *API) getSpecificResource(c *web.Call, _ web.None) error {
	id, err := resourceID(c)
	if err != nil {
		return err
	}
	resource, err := a.Catalog.Resource(c.Context(), viewer(c), id)
	if err != nil {
		return err
	}
	answer := SpecificResource{Resource: a.resource(resource, now())}
	if !resource.Community {
		answer.DatasetID = resource.DatasetID
	}
	return send(c, http.StatusOK, answer)
}

func (a *API) getResourceExtras(c *web.Call, _ web.None) error {
	dataset, done, err := a.resolveDataset(c)
	if done || err != nil {
		return err
	}
	resource, err := a.Catalog.ResourceOf(c.Context(), viewer(c), dataset, uuidOf(c))
	if err != nil {
		return err
	}
	return send(c, http.StatusOK, object(resource.Extras))
}
