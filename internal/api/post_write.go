package api

import (
	"encoding/json"
	"net/http"

	"grenier/internal/catalog"
	"grenier/internal/web"
)

// PostWrite is what may be written of a post; members that are left out stay as
// they are, unknown ones are ignored.
type PostWrite struct {
	Blocs     web.Opt[json.RawMessage] `json:"blocs"`
	BodyType  web.Opt[string]          `json:"body_type"`
	Content   web.Opt[string]          `json:"content"`
	CreditTo  web.Opt[string]          `json:"credit_to"`
	CreditURL web.Opt[string]          `json:"credit_url"`
	Datasets  web.Opt[References]      `json:"datasets"`
	Headline  web.Opt[string]          `json:"headline"`
	ImageURL  web.Opt[string]          `json:"image_url"`
	Kind      web.Opt[string]          `json:"kind"`
	Name      web.Opt[string]          `json:"name"`
	Owner     web.Opt[Reference]       `json:"owner"`
	Reuses    web.Opt[References]      `json:"reuses"`
	Tags      web.Opt[Tags]            `json:"tags"`
}

func (b PostWrite) input() catalog.PostInput {
	return catalog.PostInput{
		Name: opt(b.Name, same), Headline: opt(b.Headline, same), Content: opt(b.Content, same), ImageURL: opt(b.ImageURL, same),
		CreditTo: opt(b.CreditTo, same), CreditURL: opt(b.CreditURL, same), Kind: opt(b.Kind, same), BodyType: opt(b.BodyType, same),
		Tags: opt(b.Tags, tagWords), Blocs: opt(b.Blocs, same), Datasets: references(b.Datasets), Reuses: references(b.Reuses),
		Owner: opt(b.Owner, referenced),
	}
}

func (a *API) postWriteRoutes() {
	tags := []string{"posts"}
	doc := func(summary string) web.Doc {
		return web.Doc{Summary: summary, Tags: tags, Auth: web.Admin, Hidden: []string{}}
	}
	create := doc("Create a post")
	create.Status = http.StatusCreated
	web.Post[Post](a.v1, "/posts/", create, a.createPost)
	web.Put[Post](a.v1, "/posts/{post}/", doc("Update a post"), a.updatePost)
	web.Delete[web.None](a.v1, "/posts/{post}/", doc("Delete a post"), a.deletePost)
	web.Post[Post](a.v1, "/posts/{post}/publish/", doc("Publish a post"), func(c *web.Call, _, _ web.None) error { return a.publishPost(c, true) })
	web.Delete[Post](a.v1, "/posts/{post}/publish/", doc("Make a post a draft again"), func(c *web.Call, _ web.None) error { return a.publishPost(c, false) })
}

func (a *API) sendPost(c *web.Call, status int, p *catalog.Post) error {
	f, err := a.form(c)
	if err != nil {
		return err
	}
	items, err := a.posts(c, []catalog.Post{*p}, f)
	if err != nil {
		return err
	}
	c.Versioned(p.Version)
	return c.Send(status, items[0])
}

func (a *API) createPost(c *web.Call, _ web.None, body PostWrite) error {
	post, err := a.Catalog.CreatePost(c.Context(), viewer(c), body.input())
	if err != nil {
		return err
	}
	return a.sendPost(c, http.StatusCreated, post)
}

func (a *API) updatePost(c *web.Call, _ web.None, body PostWrite) error {
	id, done, err := a.resolved(c, "post", catalog.KindPost, a.Catalog.ResolvePost)
	if done || err != nil {
		return err
	}
	post, err := a.Catalog.UpdatePost(c.Context(), viewer(c), id, body.input())
	if err != nil {
		return err
	}
	return a.sendPost(c, http.StatusOK, post)
}

func (a *API) publishPost(c *web.Call, public bool) error {
	id, done, err := a.resolved(c, "post", catalog.KindPost, a.Catalog.ResolvePost)
	if done || err != nil {
		return err
	}
	post, err := a.Catalog.PublishPost(c.Context(), viewer(c), id, public)
	if err != nil {
		return err
	}
	return a.sendPost(c, http.StatusOK, post)
}

func (a *API) deletePost(c *web.Call, _ web.None) error {
	id, done, err := a.resolved(c, "post", catalog.KindPost, a.Catalog.ResolvePost)
	if done || err != nil {
		return err
	}
	if err := a.Catalog.DeletePost(c.Context(), viewer(c), id); err != nil {
		return err
	}
	return c.Empty(http.StatusNoContent)
}
