package api

import (
	"net/http"

	"grenier/internal/catalog"
	"grenier/internal/web"
)

// CommunityWrite is what may be written of a community resource.
type CommunityWrite struct {
	ResourceWrite
	Dataset      web.Opt[Reference] `json:"dataset"`
	Organization web.Opt[Reference] `json:"organization"`
	Owner        web.Opt[Reference] `json:"owner"`
}

// UnmarshalJSON blames each wrong member by its name.
func (b *CommunityWrite) UnmarshalJSON(text []byte) error { return web.UnmarshalMembers(text, b) }

func (b CommunityWrite) input() catalog.CommunityInput {
	return catalog.CommunityInput{
		ResourceInput: b.ResourceWrite.input(), Dataset: opt(b.Dataset, referenced), Organization: opt(b.Organization, referenced),
		Owner: opt(b.Owner, referenced),
	}
}

// communityRoutes change the community resources of datasets.
func (a *API) communityRoutes() {
	tags := []string{"datasets"}
	web.Post[CommunityResource](a.v1, "/datasets/community_resources/", web.Doc{Summary: "Add a community resource", Tags: tags, Auth: web.User, Family: web.Form, Creates: true, Status: http.StatusCreated}, a.addCommunity)
	web.Put[CommunityResource](a.v1, "/datasets/community_resources/{uuid}/", web.Doc{Summary: "Update a community resource", Tags: tags, Auth: web.User, Family: web.Form}, a.updateCommunity)
	web.Delete[web.None](a.v1, "/datasets/community_resources/{uuid}/", web.Doc{Summary: "Remove a community resource", Tags: tags, Auth: web.User, Status: http.StatusNoContent}, a.removeCommunity)
}

func (a *API) addCommunity(c *web.Call, _ web.None, body CommunityWrite) error {
	resource, err := a.Catalog.AddCommunity(c.Context(), viewer(c), body.input())
	if err != nil {
		return err
	}
	return a.sendCommunity(c, http.StatusCreated, resource)
}

func (a *API) sendCommunity(c *web.Call, status int, r *catalog.Resource) error {
	c.Versioned(r.Version)
	return send(c, status, a.communityResource(viewer(c), r, now()))
}

func (a *API) updateCommunity(c *web.Call, _ web.None, body CommunityWrite) error {
	id, err := resourceID(c)
	if err != nil {
		return err
	}
	resource, err := a.Catalog.UpdateCommunity(c.Context(), viewer(c), id, body.input())
	if err != nil {
		return err
	}
	return a.sendCommunity(c, http.StatusOK, resource)
}

func (a *API) removeCommunity(c *web.Call, _ web.None) error {
	id, err := resourceID(c)
	if err != nil {
		return err
	}
	if err := a.Catalog.RemoveCommunity(c.Context(), viewer(c), id); err != nil {
		return err
	}
	return c.Empty(http.StatusNoContent)
}
