package api

import (
	"encoding/json"
	"net/http"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/web"
)

// Dataservice is an API that gives data.
type Dataservice struct {
	AccessAudiences           json.RawMessage        `json:"access_audiences"`
	AccessType                string                 `json:"access_type"`
	AccessTypeReason          *string                `json:"access_type_reason"`
	AccessTypeReasonCategory  *string                `json:"access_type_reason_category"`
	Acronym                   *string                `json:"acronym"`
	ArchivedAt                Moment                 `json:"archived_at"`
	AuthorizationRequestURL   *string                `json:"authorization_request_url"`
	Availability              *float64               `json:"availability"`
	AvailabilityURL           *string                `json:"availability_url"`
	Badges                    []Badge                `json:"badges"`
	BaseAPIURL                *string                `json:"base_api_url"`
	BusinessDocumentationURL  *string                `json:"business_documentation_url"`
	ContactPoints             []ContactPoint         `json:"contact_points"`
	CreatedAt                 Moment                 `json:"created_at"`
	Datasets                  Link                   `json:"datasets"`
	DeletedAt                 Moment                 `json:"deleted_at"`
	Description               string                 `json:"description"`
	Extras                    json.RawMessage        `json:"extras"`
	Featured                  *bool                  `json:"featured"`
	Format                    *string                `json:"format"`
	Harvest                   DataserviceHarvest     `json:"harvest"`
	ID                        string                 `json:"id"`
	License                   *string                `json:"license"`
	MachineDocumentationURL   *string                `json:"machine_documentation_url"`
	MetadataModifiedAt        Moment                 `json:"metadata_modified_at"`
	Metrics                   DataserviceMetrics     `json:"metrics"`
	Organization              *OrganizationReference `json:"organization"`
	Owner                     *UserReference         `json:"owner"`
	Permissions               Permissions            `json:"permissions"`
	Private                   bool                   `json:"private"`
	RateLimiting              *string                `json:"rate_limiting"`
	RateLimitingURL           *string                `json:"rate_limiting_url"`
	SelfAPIURL                string                 `json:"self_api_url"`
	SelfWebURL                *string                `json:"self_web_url"`
	Slug                      string                 `json:"slug"`
	Tags                      []string               `json:"tags"`
	TechnicalDocumentationURL *string                `json:"technical_documentation_url"`
	Title                     string                 `json:"title"`
}

// DataserviceHarvest says where a harvested dataservice comes from; all members
// are null for one that was not harvested.
type DataserviceHarvest struct {
	ArchivedAt     Moment  `json:"archived_at"`
	ArchivedReason *string `json:"archived_reason"`
	Backend        *string `json:"backend"`
	CreatedAt      Moment  `json:"created_at"`
	Domain         *string `json:"domain"`
	IssuedAt       Moment  `json:"issued_at"`
	LastUpdate     Moment  `json:"last_update"`
	ModifiedAt     Moment  `json:"modified_at"`
	RemoteID       *string `json:"remote_id"`
	RemoteURL      *string `json:"remote_url"`
	SourceID       *string `json:"source_id"`
	SourceURL      *string `json:"source_url"`
	URI            *string `json:"uri"`
}

// DataserviceMetrics are the counters of a dataservice.
type DataserviceMetrics struct {
	Discussions       int64           `json:"discussions"`
	DiscussionsOpen   int64           `json:"discussions_open"`
	Followers         int64           `json:"followers"`
	FollowersByMonths json.RawMessage `json:"followers_by_months"`
	Reuses            int64           `json:"reuses"`
	Views             int64           `json:"views"`
}

// DataserviceReference is a dataservice inside another object.
type DataserviceReference struct {
	Class      string  `json:"class"`
	ID         string  `json:"id"`
	SelfAPIURL string  `json:"self_api_url"`
	SelfWebURL *string `json:"self_web_url"`
	Title      string  `json:"title"`
}

func dataserviceReference(d *catalog.DataserviceRef) DataserviceReference {
	return DataserviceReference{
		Class: "Dataservice", ID: d.ID, SelfAPIURL: link("/api/1/dataservices/" + d.Slug + "/"),
		SelfWebURL: linkTo("/dataservices/" + d.Slug), Title: d.Title,
	}
}

func dataserviceHarvest(h *catalog.Harvest) DataserviceHarvest {
	if h == nil {
		return DataserviceHarvest{}
	}
	return DataserviceHarvest{
		ArchivedAt: moment(h.ArchivedAt), ArchivedReason: h.Archived, Backend: h.Backend, CreatedAt: moment(h.CreatedAt), Domain: h.Domain,
		IssuedAt: moment(h.IssuedAt), LastUpdate: moment(h.LastUpdate), ModifiedAt: moment(h.ModifiedAt), RemoteID: h.RemoteID,
		RemoteURL: h.RemoteURL, SourceID: h.SourceID, SourceURL: h.SourceURL, URI: h.URI,
	}
}

func dataservice(d *catalog.Dataservice, f form) Dataservice {
	return Dataservice{
		AccessAudiences: listed(d.AccessAudiences), AccessType: d.AccessType, AccessTypeReason: d.AccessTypeReason,
		AccessTypeReasonCategory: d.AccessTypeReasonCategory, Acronym: d.Acronym, ArchivedAt: moment(d.ArchivedAt),
		AuthorizationRequestURL: d.AuthorizationRequestURL, Availability: d.Availability, AvailabilityURL: d.AvailabilityURL,
		Badges: badges(d.Badges), BaseAPIURL: d.BaseAPIURL, BusinessDocumentationURL: d.BusinessDocumentationURL,
		ContactPoints: contactPoints(f.viewer, d.ContactPoints), CreatedAt: moment(d.CreatedAt),
		Datasets: subsection("/api/1/datasets/?dataservice="+d.ID, d.DatasetCount), DeletedAt: moment(d.DeletedAt),
		Description: d.Description, Extras: object(d.Extras), Featured: d.Featured, Format: d.Format,
		Harvest: dataserviceHarvest(d.Harvest), ID: d.ID, License: d.License, MachineDocumentationURL: d.MachineDocumentationURL,
		MetadataModifiedAt: moment(d.ModifiedAt), Metrics: DataserviceMetrics{
			Discussions: d.Discussions, DiscussionsOpen: d.DiscussionsOpen, Followers: d.Followers,
			FollowersByMonths: byMonths(d.FollowersByMonths), Reuses: d.Reuses, Views: d.Views,
		},
		Organization: organizationReference(f.viewer, d.Organization), Owner: userReference(d.Owner),
		Permissions: permissions(f.viewer, d.OwnedBy(), d.ID), Private: d.Private, RateLimiting: d.RateLimiting,
		RateLimitingURL: d.RateLimitingURL, SelfAPIURL: link("/api/1/dataservices/" + d.Slug + "/"),
		SelfWebURL: linkTo("/dataservices/" + d.Slug), Slug: d.Slug, Tags: list(d.Tags),
		TechnicalDocumentationURL: d.TechnicalDocumentationURL, Title: d.Title,
	}
}

// sendDataservices answers with a page of dataservices. extra holds further
// members of the envelope, rendered.
func (a *API) sendDataservices(c *web.Call, p web.Paging, ids []string, total int, extra string) error {
	f, err := a.form(c)
	if err != nil {
		return err
	}
	rows, err := a.Catalog.DataservicesByIDs(c.Context(), f.viewer, ids)
	if err != nil {
		return err
	}
	all := make([]Dataservice, len(rows))
	for i := range rows {
		all[i] = dataservice(&rows[i], f)
	}
	keepDataservices(c)
	return sendPage(c, p, all, total, extra)
}

// keepDataservices names what dataservices are made from.
func keepDataservices(c *web.Call) {
	keepFor(c, catalog.KindDataservice, catalog.KindOrganization, catalog.KindUser, catalog.KindContact)
}

func (a *API) dataserviceRoutes() {
	tags := []string{"dataservices"}
	web.Get[web.Page[Dataservice]](a.v1, "/dataservices/", web.Doc{Summary: "List dataservices", Tags: tags, Keep: true}, a.listDataservices)
	web.Get[Dataservice](a.v1, "/dataservices/{dataservice}/", web.Doc{Summary: "Read a dataservice", Tags: tags, Keep: true}, a.getDataservice)
}

type dataserviceArgs struct {
	web.Paging
	Query             string   `query:"q" help:"The search query"`
	Sort              string   `query:"sort" sort:"followers,views,title,base_api_url,created,last_modified" help:"The field (and direction) on which sorting apply"`
	Tags              []string `query:"tag" help:"The tags that must all be there"`
	Featured          *bool    `query:"featured" help:"Featured dataservices only, or none"`
	AccessType        string   `query:"access_type" enum:"open,open_with_account,restricted" help:"The access type"`
	Owner             string   `query:"owner" oid:"\x60owner\x60 must be an identifier" help:"A user identifier"`
	Organization      string   `query:"organization" oid:"\x60organization\x60 must be an identifier" help:"An organization identifier"`
	OrganizationBadge string   `query:"organization_badge" enum:"public-service,certified,association,company,local-authority" help:"A badge of the organization"`
	Dataset           string   `query:"dataset" oid:"\x60dataset\x60 must be an identifier" help:"The identifier of a dataset that it gives"`
	ContactPoint      string   `query:"contact_point" oid:"\x60contact_point\x60 must be an identifier" help:"The identifier of a contact point"`
	Topic             string   `query:"topic" oid:"\x60topic\x60 must be an identifier" help:"The identifier of a topic it belongs to"`
	Reuse             string   `query:"reuse" oid:"\x60reuse\x60 must be an identifier" help:"The identifier of a reuse made with it"`
}

func (q dataserviceArgs) filter(c *web.Call, a *API, v account.Viewer) (catalog.DataserviceFilter, error) {
	f := catalog.DataserviceFilter{
		Query: q.Query, Sort: q.Sort, Tags: q.Tags, Featured: q.Featured, AccessType: q.AccessType, Owner: q.Owner,
		Organization: q.Organization, OrganizationBadge: q.OrganizationBadge, Dataset: q.Dataset, ContactPoint: q.ContactPoint,
		Topic: q.Topic, Reuse: q.Reuse,
	}
	return f, a.askable(c, v, map[string]*string{
		catalog.KindDataset: &f.Dataset, catalog.KindTopic: &f.Topic, catalog.KindReuse: &f.Reuse,
	})
}

func (a *API) listDataservices(c *web.Call, q dataserviceArgs) error {
	f, err := q.filter(c, a, viewer(c))
	if err != nil {
		return err
	}
	ids, total, err := a.Catalog.DataserviceIDs(c.Context(), viewer(c), f, window(q.Paging))
	if err != nil {
		return err
	}
	if err := web.PastEnd(q.Paging, len(ids)); err != nil {
		return err
	}
	return a.sendDataservices(c, q.Paging, ids, total, "")
}

func (a *API) getDataservice(c *web.Call, _ web.None) error {
	id, done, err := a.resolved(c, "dataservice", catalog.KindDataservice, a.Catalog.ResolveDataservice)
	if done || err != nil {
		return err
	}
	f, err := a.form(c)
	if err != nil {
		return err
	}
	found, err := a.Catalog.Dataservice(c.Context(), f.viewer, id)
	if err != nil {
		return err
	}
	c.Keep(time.Time{}, web.Object(catalog.KindDataservice, id))
	keepDataservices(c)
	c.Versioned(found.Version)
	return send(c, http.StatusOK, dataservice(found, f))
}
