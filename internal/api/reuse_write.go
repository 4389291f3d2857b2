package api

import (
	"encoding/json"
	"net/http"

	"grenier/internal/catalog"
	"grenier/internal/web"
)

// ReuseWrite is what may be written of a reuse; members that are left out stay
// as they are, unknown ones are ignored.
type ReuseWrite struct {
	Archived     web.Opt[Day]             `json:"archived"`
	Dataservices web.Opt[References]      `json:"dataservices"`
	Datasets     web.Opt[References]      `json:"datasets"`
	Deleted      web.Opt[Day]             `json:"deleted"`
	Description  web.Opt[string]          `json:"description"`
	Extras       web.Opt[json.RawMessage] `json:"extras"`
	Organization web.Opt[Reference]       `json:"organization"`
	Owner        web.Opt[Reference]       `json:"owner"`
	Private      web.Opt[bool]            `json:"private"`
	Tags         web.Opt[Tags]            `json:"tags"`
	Title        web.Opt[string]          `json:"title"`
	Topic        web.Opt[string]          `json:"topic"`
	Type         web.Opt[string]          `json:"type"`
	URL          web.Opt[string]          `json:"url"`
}

func (b ReuseWrite) input() catalog.ReuseInput {
	return catalog.ReuseInput{
		Title: opt(b.Title, same), Description: opt(b.Description, same), Type: opt(b.Type, same), Topic: opt(b.Topic, same), URL: opt(b.URL, same),
		Tags: opt(b.Tags, tagWords), Private: opt(b.Private, same), Extras: opt(b.Extras, same), Archived: opt(b.Archived, dayTime),
		Deleted: opt(b.Deleted, dayTime), Datasets: references(b.Datasets), Dataservices: references(b.Dataservices),
		Organization: opt(b.Organization, referenced), Owner: opt(b.Owner, referenced),
	}
}

func (a *API) reuseWriteRoutes() {
	tags := []string{"reuses"}
	doc := func(summary string) web.Doc { return web.Doc{Summary: summary, Tags: tags, Auth: web.User} }
	create := doc("Create a reuse")
	create.Creates, create.Status = true, http.StatusCreated
	web.Post[Reuse](a.v1, "/reuses/", create, a.createReuse)
	web.Put[Reuse](a.v1, "/reuses/{reuse}/", doc("Update a reuse"), a.updateReuse)
	web.Delete[web.None](a.v1, "/reuses/{reuse}/", doc("Delete a reuse"), a.deleteReuse)
	added := doc("Add a dataset to a reuse")
	added.Status = http.StatusCreated
	web.Post[Reuse](a.v1, "/reuses/{reuse}/datasets/", added, func(c *web.Call, _ web.None, body Identified) error {
		return a.linkReuse(c, catalog.KindDataset, body)
	})
	added.Summary = "Add a dataservice to a reuse"
	web.Post[Reuse](a.v1, "/reuses/{reuse}/dataservices/", added, func(c *web.Call, _ web.None, body Identified) error {
		return a.linkReuse(c, catalog.KindDataservice, body)
	})
}

// sendReuse answers with one reuse, as version 1 shows it.
func (a *API) sendReuse(c *web.Call, status int, r *catalog.Reuse) error {
	f, err := a.form(c)
	if err != nil {
		return err
	}
	items, err := a.reuses(c, []catalog.Reuse{*r}, f)
	if err != nil {
		return err
	}
	c.Versioned(r.Version)
	return c.Send(status, items[0])
}

func (a *API) createReuse(c *web.Call, _ web.None, body ReuseWrite) error {
	reuse, err := a.Catalog.CreateReuse(c.Context(), viewer(c), body.input())
	if err != nil {
		return err
	}
	return a.sendReuse(c, http.StatusCreated, reuse)
}

func (a *API) updateReuse(c *web.Call, _ web.None, body ReuseWrite) error {
	id, done, err := a.resolved(c, "reuse", catalog.KindReuse, a.Catalog.ResolveReuse)
	if done || err != nil {
		return err
	}
	reuse, err := a.Catalog.UpdateReuse(c.Context(), viewer(c), id, body.input())
	if err != nil {
		return err
	}
	return a.sendReuse(c, http.StatusOK, reuse)
}

func (a *API) deleteReuse(c *web.Call, q noticeArgs) error {
	id, done, err := a.resolved(c, "reuse", catalog.KindReuse, a.Catalog.ResolveReuse)
	if done || err != nil {
		return err
	}
	if err := a.Catalog.DeleteReuse(c.Context(), viewer(c), id, q.Notice); err != nil {
		return err
	}
	return c.Empty(http.StatusNoContent)
}

// linkNames are the objects that a reuse is made with, in refusals.
var linkNames = map[string]string{catalog.KindDataset: "dataset", catalog.KindDataservice: "dataservice"}

func (a *API) linkReuse(c *web.Call, kind string, body Identified) error {
	id, done, err := a.resolved(c, "reuse", catalog.KindReuse, a.Catalog.ResolveReuse)
	if done || err != nil {
		return err
	}
	target, err := body.identifier("Expect a " + linkNames[kind] + " identifier")
	if err != nil {
		return err
	}
	reuse, added, err := a.Catalog.LinkReuse(c.Context(), viewer(c), id, kind, target)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if added {
		status = http.StatusCreated
	}
	return a.sendReuse(c, status, reuse)
}
