package api

import (
	"encoding/json"
	"net/http"

	"grenier/internal/account"
	"grenier/internal/fault"
	"grenier/internal/web"
)

// OrganizationWrite is what may be written of an organisation; members that are
// left out stay as they are, unknown ones are ignored.
type OrganizationWrite struct {
	Acronym                      web.Opt[string]          `json:"acronym"`
	BusinessNumberID             web.Opt[string]          `json:"business_number_id"`
	Deleted                      web.Opt[Day]             `json:"deleted"`
	Description                  web.Opt[string]          `json:"description"`
	Extras                       web.Opt[json.RawMessage] `json:"extras"`
	ImageURL                     web.Opt[string]          `json:"image_url"`
	Name                         web.Opt[string]          `json:"name"`
	PresentationBlocs            web.Opt[json.RawMessage] `json:"presentation_blocs"`
	PresentationBlocsPublishedAt web.Opt[Day]             `json:"presentation_blocs_published_at"`
	URL                          web.Opt[string]          `json:"url"`
}

func (b OrganizationWrite) input() account.OrganizationInput {
	return account.OrganizationInput{
		Name: opt(b.Name, same), Acronym: opt(b.Acronym, same), Description: opt(b.Description, same), URL: opt(b.URL, same),
		ImageURL: opt(b.ImageURL, same), BusinessNumberID: opt(b.BusinessNumberID, same), Extras: opt(b.Extras, same),
		PresentationBlocs:            opt(b.PresentationBlocs, same),
		PresentationBlocsPublishedAt: opt(b.PresentationBlocsPublishedAt, dayTime), Deleted: opt(b.Deleted, dayTime),
	}
}

func (a *API) organizationWriteRoutes() {
	tags := []string{"organizations"}
	doc := func(summary string) web.Doc { return web.Doc{Summary: summary, Tags: tags, Auth: web.User} }
	create, remove := doc("Create an organization"), doc("Delete an organization")
	create.Creates, create.Status = true, http.StatusCreated
	remove.Status = http.StatusNoContent
	web.Post[Organization](a.v1, "/organizations/", create, a.createOrganization)
	web.Put[Organization](a.v1, "/organizations/{org}/", doc("Update an organization"), a.updateOrganization)
	web.Delete[web.None](a.v1, "/organizations/{org}/", remove, a.deleteOrganization)
	extras, fewer, zone := doc("Add to the extras of an organization"), doc("Remove extras of an organization"), doc("Say of which zone an organization is the authority")
	extras.NoMask, fewer.Status = true, http.StatusNoContent
	web.Put[map[string]any](a.v2, "/organizations/{org}/extras/", extras, a.mergeOrganizationExtras)
	web.DeleteWith[web.None](a.v2, "/organizations/{org}/extras/", fewer, a.removeOrganizationExtras)
	web.Put[Organization](a.v2, "/organizations/{org}/zone/", zone, a.attachZone)
}

func (a *API) createOrganization(c *web.Call, _ web.None, body OrganizationWrite) error {
	made, err := a.Accounts.FoundOrganization(c.Context(), viewer(c), body.input())
	if err != nil {
		return err
	}
	return a.sendOrganization(c, http.StatusCreated, made.ID, account.RoleAdmin)
}

// sendOrganization answers a write with the organisation as its writer sees it.
// joined is the role that the write gave the writer, "" for none.
func (a *API) sendOrganization(c *web.Call, status int, id string, joined account.Role) error {
	if v := viewer(c); joined != "" && v.User != nil {
		memberships := map[string]account.Role{id: joined}
		for organization, role := range v.Memberships {
			memberships[organization] = role
		}
		v.Memberships = memberships
		c.Caller.Viewer = v
	}
	found, err := a.Organizations.Get(c.Context(), viewer(c), id)
	if err != nil {
		return err
	}
	all, err := a.organizations(c, []account.Organization{*found})
	if err != nil {
		return err
	}
	c.Versioned(found.Version)
	return send(c, status, all[0])
}

func (a *API) updateOrganization(c *web.Call, _ web.None, body OrganizationWrite) error {
	id, done, err := a.resolveOrganization(c)
	if done || err != nil {
		return err
	}
	if _, err := a.Accounts.UpdateOrganization(c.Context(), viewer(c), id, body.input()); err != nil {
		return err
	}
	return a.sendOrganization(c, http.StatusOK, id, "")
}

type noticeArgs struct {
	Notice bool `query:"send_legal_notice" help:"Tell the owner by a letter why, and how to appeal (administrators of the platform)"`
}

func (a *API) deleteOrganization(c *web.Call, q noticeArgs) error {
	id, done, err := a.resolveOrganization(c)
	if done || err != nil {
		return err
	}
	if err := a.Accounts.DeleteOrganization(c.Context(), viewer(c), id, q.Notice); err != nil {
		return err
	}
	return c.Empty(http.StatusNoContent)
}

func (a *API) mergeOrganizationExtras(c *web.Call, _ web.None, body json.RawMessage) error {
	id, done, err := a.resolveOrganization(c)
	if done || err != nil {
		return err
	}
	extras, err := a.Accounts.MergeOrganizationExtras(c.Context(), viewer(c), id, body)
	if err != nil {
		return err
	}
	return send(c, http.StatusOK, object(extras))
}

func (a *API) removeOrganizationExtras(c *web.Call, _ web.None, body json.RawMessage) error {
	id, done, err := a.resolveOrganization(c)
	if done || err != nil {
		return err
	}
	if err := a.Accounts.RemoveOrganizationExtras(c.Context(), viewer(c), id, body); err != nil {
		return err
	}
	return c.Empty(http.StatusNoContent)
}

// ZoneWrite names a zone, or none by null.
type ZoneWrite struct {
	Zone web.Opt[string] `json:"zone"`
}

func (a *API) attachZone(c *web.Call, _ web.None, body ZoneWrite) error {
	id, done, err := a.resolveOrganization(c)
	if done || err != nil {
		return err
	}
	if !body.Zone.Set {
		return fault.At("Name a zone, or null for none.", "zone")
	}
	zone := ""
	if body.Zone.Value != "" {
		known, ok := a.Zones.Resolve(body.Zone.Value)
		if !ok {
			return fault.At("Unknown zone: write it as fr:commune:38185, fr:departement:38 or country:fr.", "zone")
		}
		zone = known.ID
	}
	if _, err := a.Accounts.AttachZone(c.Context(), viewer(c), id, zone); err != nil {
		return err
	}
	return a.sendOrganization(c, http.StatusOK, id, "")
}
