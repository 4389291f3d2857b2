package api

import (
	"encoding/json"
	"net/http"

	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/fault"
	"grenier/internal/web"
)

// DataserviceWrite is what may be written of a dataservice; members that are
// left out stay as they are, unknown ones are ignored.
type DataserviceWrite struct {
	AccessAudiences           web.Opt[[]catalog.AudienceInput] `json:"access_audiences"`
	AccessType                web.Opt[string]                  `json:"access_type"`
	AccessTypeReason          web.Opt[string]                  `json:"access_type_reason"`
	AccessTypeReasonCategory  web.Opt[string]                  `json:"access_type_reason_category"`
	Acronym                   web.Opt[string]                  `json:"acronym"`
	ArchivedAt                web.Opt[Day]                     `json:"archived_at"`
	AuthorizationRequestURL   web.Opt[string]                  `json:"authorization_request_url"`
	Availability              web.Opt[float64]                 `json:"availability"`
	AvailabilityURL           web.Opt[string]                  `json:"availability_url"`
	BaseAPIURL                web.Opt[string]                  `json:"base_api_url"`
	BusinessDocumentationURL  web.Opt[string]                  `json:"business_documentation_url"`
	ContactPoints             web.Opt[References]              `json:"contact_points"`
	Datasets                  web.Opt[References]              `json:"datasets"`
	DeletedAt                 web.Opt[Day]                     `json:"deleted_at"`
	Description               web.Opt[string]                  `json:"description"`
	Extras                    web.Opt[json.RawMessage]         `json:"extras"`
	Format                    web.Opt[string]                  `json:"format"`
	License                   web.Opt[string]                  `json:"license"`
	MachineDocumentationURL   web.Opt[string]                  `json:"machine_documentation_url"`
	Organization              web.Opt[Reference]               `json:"organization"`
	Owner                     web.Opt[Reference]               `json:"owner"`
	Private                   web.Opt[bool]                    `json:"private"`
	RateLimiting              web.Opt[string]                  `json:"rate_limiting"`
	RateLimitingURL           web.Opt[string]                  `json:"rate_limiting_url"`
	Tags                      web.Opt[Tags]                    `json:"tags"`
	TechnicalDocumentationURL web.Opt[string]                  `json:"technical_documentation_url"`
	Title                     web.Opt[string]                  `json:"title"`
}

func (b DataserviceWrite) input() catalog.DataserviceInput {
	return catalog.DataserviceInput{
		Title: opt(b.Title, same), Acronym: opt(b.Acronym, same), Description: opt(b.Description, same), BaseAPIURL: opt(b.BaseAPIURL, same),
		MachineDocumentationURL: opt(b.MachineDocumentationURL, same), TechnicalDocumentationURL: opt(b.TechnicalDocumentationURL, same),
		BusinessDocumentationURL: opt(b.BusinessDocumentationURL, same), RateLimiting: opt(b.RateLimiting, same),
		RateLimitingURL: opt(b.RateLimitingURL, same), AvailabilityURL: opt(b.AvailabilityURL, same),
		AuthorizationRequestURL: opt(b.AuthorizationRequestURL, same), Availability: opt(b.Availability, same), Format: opt(b.Format, same),
		License: opt(b.License, same), AccessType: opt(b.AccessType, same), AccessTypeReasonCategory: opt(b.AccessTypeReasonCategory, same),
		AccessTypeReason: opt(b.AccessTypeReason, same), AccessAudiences: opt(b.AccessAudiences, same), Tags: opt(b.Tags, tagWords),
		Private: opt(b.Private, same), Extras: opt(b.Extras, same), Archived: opt(b.ArchivedAt, dayTime), Deleted: opt(b.DeletedAt, dayTime),
		ContactPoints: references(b.ContactPoints), Datasets: references(b.Datasets), Organization: opt(b.Organization, referenced),
		Owner: opt(b.Owner, referenced),
	}
}

func (a *API) dataserviceWriteRoutes() {
	tags := []string{"dataservices"}
	doc := func(summary string) web.Doc { return web.Doc{Summary: summary, Tags: tags, Auth: web.User} }
	create := doc("Create a dataservice")
	create.Creates, create.Status = true, http.StatusCreated
	web.Post[Dataservice](a.v1, "/dataservices/", create, a.createDataservice)
	web.Patch[Dataservice](a.v1, "/dataservices/{dataservice}/", doc("Update a dataservice"), a.updateDataservice)
	web.Delete[web.None](a.v1, "/dataservices/{dataservice}/", doc("Delete a dataservice"), a.deleteDataservice)
	added := doc("Add datasets to a dataservice")
	added.Status = http.StatusCreated
	web.Post[Dataservice](a.v1, "/dataservices/{dataservice}/datasets/", added, a.linkDataservice)
	web.Delete[web.None](a.v1, "/dataservices/{dataservice}/datasets/{dataset}/", doc("Take a dataset out of a dataservice"), a.unlinkDataservice)
}

func (a *API) sendDataservice(c *web.Call, status int, d *catalog.Dataservice) error {
	f, err := a.form(c)
	if err != nil {
		return err
	}
	c.Versioned(d.Version)
	return send(c, status, dataservice(d, f))
}

func (a *API) createDataservice(c *web.Call, _ web.None, body DataserviceWrite) error {
	found, err := a.Catalog.CreateDataservice(c.Context(), viewer(c), body.input())
	if err != nil {
		return err
	}
	return a.sendDataservice(c, http.StatusCreated, found)
}

func (a *API) updateDataservice(c *web.Call, _ web.None, body DataserviceWrite) error {
	id, done, err := a.resolved(c, "dataservice", catalog.KindDataservice, a.Catalog.ResolveDataservice)
	if done || err != nil {
		return err
	}
	found, err := a.Catalog.UpdateDataservice(c.Context(), viewer(c), id, body.input())
	if err != nil {
		return err
	}
	return a.sendDataservice(c, http.StatusOK, found)
}

func (a *API) deleteDataservice(c *web.Call, q noticeArgs) error {
	id, done, err := a.resolved(c, "dataservice", catalog.KindDataservice, a.Catalog.ResolveDataservice)
	if done || err != nil {
		return err
	}
	if err := a.Catalog.DeleteDataservice(c.Context(), viewer(c), id, q.Notice); err != nil {
		return err
	}
	return c.Empty(http.StatusNoContent)
}

// IdentifiedList names objects in a body: a list of objects with their
// identifiers.
type IdentifiedList []string

// UnmarshalJSON reads the list, and says as the reference does what else it is.
func (l *IdentifiedList) UnmarshalJSON(text []byte) error {
	var items []json.RawMessage
	if err := json.Unmarshal(text, &items); err != nil || items == nil {
		return fault.New(fault.Invalid, "Expecting a list")
	}
	for _, item := range items {
		var one struct{ ID *string }
		if err := json.Unmarshal(item, &one); err != nil || one.ID == nil {
			return fault.New(fault.Invalid, "Expecting a list of dicts with id attribute")
		}
		if !db.IsID(*one.ID) {
			return fault.New(fault.Invalid, "Malformed object id(s) in request")
		}
		*l = append(*l, *one.ID)
	}
	return nil
}

// JSONSchema documents the list.
func (IdentifiedList) JSONSchema() map[string]any {
	id := map[string]any{"type": "object", "required": []any{"id"}, "properties": map[string]any{"id": map[string]any{"type": "string"}}}
	return map[string]any{"type": "array", "items": id}
}

func (a *API) linkDataservice(c *web.Call, _ web.None, body IdentifiedList) error {
	id, done, err := a.resolved(c, "dataservice", catalog.KindDataservice, a.Catalog.ResolveDataservice)
	if done || err != nil {
		return err
	}
	found, err := a.Catalog.LinkDataservice(c.Context(), viewer(c), id, body)
	if err != nil {
		return err
	}
	return a.sendDataservice(c, http.StatusCreated, found)
}

func (a *API) unlinkDataservice(c *web.Call, _ web.None) error {
	id, done, err := a.resolved(c, "dataservice", catalog.KindDataservice, a.Catalog.ResolveDataservice)
	if done || err != nil {
		return err
	}
	dataset, done, err := a.resolveDataset(c)
	if done || err != nil {
		return err
	}
	if err := a.Catalog.UnlinkDataservice(c.Context(), viewer(c), id, dataset); err != nil {
		return err
	}
	return c.Empty(http.StatusNoContent)
}
