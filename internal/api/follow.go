package api

import (
	"grenier/internal/catalog"
	"grenier/internal/web"
)

// Follow says who follows an object and since when.
type Follow struct {
	Follower *UserReference `json:"follower"`
	ID       string         `json:"id"`
	Since    Moment         `json:"since"`
}

type followArgs struct {
	web.Paging
	User string `query:"user" oid:"User arg must be an identifier" help:"The identifier of a user who follows"`
}

// readable resolves the object of a path and checks that the caller may read
// it. done tells that a redirection was answered.
type readable func(c *web.Call) (id string, done bool, err error)

func (a *API) followRoutes() {
	for _, kind := range []struct {
		path, what string
		find       readable
	}{
		{"/datasets/{dataset}/followers/", "dataset", a.readableDataset},
		{"/organizations/{org}/followers/", "organization", a.readableOrganization},
		{"/reuses/{reuse}/followers/", "reuse", a.readableReuse},
		{"/dataservices/{dataservice}/followers/", "dataservice", a.readableDataservice},
		{"/users/{user}/followers/", "user", a.readableUser},
	} {
		doc := web.Doc{Summary: "List the followers of a " + kind.what, Tags: []string{kind.what + "s"}}
		web.Get[web.Page[Follow]](a.v1, kind.path, doc, func(c *web.Call, q followArgs) error { return a.listFollowers(c, q, kind.find) })
	}
}

func (a *API) listFollowers(c *web.Call, q followArgs, find readable) error {
	id, done, err := find(c)
	if done || err != nil {
		return err
	}
	rows, total, err := a.Catalog.Followers(c.Context(), id, q.User, window(q.Paging))
	if err != nil {
		return err
	}
	if err := web.PastEnd(q.Paging, len(rows)); err != nil {
		return err
	}
	all := make([]Follow, len(rows))
	for i := range rows {
		all[i] = Follow{Follower: userReference(rows[i].Follower), ID: rows[i].ID, Since: moment(rows[i].Since)}
	}
	return sendPage(c, q.Paging, all, total, "")
}

func (a *API) readableDataset(c *web.Call) (string, bool, error) {
	id, done, err := a.resolveDataset(c)
	if done || err != nil {
		return "", done, err
	}
	return id, false, a.Catalog.Readable(c.Context(), viewer(c), catalog.KindDataset, id)
}

func (a *API) readableOrganization(c *web.Call) (string, bool, error) {
	id, done, err := a.resolveOrganization(c)
	if done || err != nil {
		return "", done, err
	}
	return id, false, a.Catalog.Readable(c.Context(), viewer(c), catalog.KindOrganization, id)
}

func (a *API) readableReuse(c *web.Call) (string, bool, error) {
	id, done, err := a.resolved(c, "reuse", catalog.KindReuse, a.Catalog.ResolveReuse)
	if done || err != nil {
		return "", done, err
	}
	return id, false, a.Catalog.Readable(c.Context(), viewer(c), catalog.KindReuse, id)
}

func (a *API) readableDataservice(c *web.Call) (string, bool, error) {
	id, done, err := a.resolved(c, "dataservice", catalog.KindDataservice, a.Catalog.ResolveDataservice)
	if done || err != nil {
		return "", done, err
	}
	return id, false, a.Catalog.Readable(c.Context(), viewer(c), catalog.KindDataservice, id)
}

func (a *API) readableUser(c *web.Call) (string, bool, error) {
	user, done, err := a.resolveUser(c)
	if done || err != nil {
		return "", done, err
	}
	return user.ID, false, nil
}
