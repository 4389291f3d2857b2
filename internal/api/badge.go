package api

import (
	"context"
	"net/http"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/fault"
	"grenier/internal/web"
)

// BadgeWrite names a badge.
type BadgeWrite struct {
	Kind string `json:"kind"`
}

// curated is a kind of objects that administrators of the platform feature.
type curated struct {
	table            *web.Table
	path, name, kind string
	find             func(context.Context, string) (*account.Resolved, error)
	send             func(c *web.Call, id string) error
}

func (a *API) badgeRoutes() {
	doc := func(summary, tag string) web.Doc {
		return web.Doc{Summary: summary, Tags: []string{tag}, Auth: web.Admin}
	}
	remove := func(tag string) web.Doc {
		d := doc("Take a badge", tag)
		d.Status = http.StatusNoContent
		return d
	}
	web.Post[Badge](a.v1, "/datasets/{dataset}/badges/", doc("Give a dataset a badge", "datasets"), a.giveDatasetBadge)
	web.Delete[web.None](a.v1, "/datasets/{dataset}/badges/{kind}/", remove("datasets"), a.takeDatasetBadge)
	web.Post[Badge](a.v1, "/organizations/{org}/badges/", doc("Give an organization a badge", "organizations"), a.giveOrganizationBadge)
	web.Delete[web.None](a.v1, "/organizations/{org}/badges/{kind}/", remove("organizations"), a.takeOrganizationBadge)
	web.Post[Badge](a.v1, "/reuses/{reuse}/badges/", doc("Give a reuse a badge", "reuses"), a.giveReuseBadge)
	web.Delete[web.None](a.v1, "/reuses/{reuse}/badges/{kind}/", remove("reuses"), a.takeReuseBadge)
	featured[Dataset](a, curated{a.v1, "/datasets/{dataset}/", "dataset", catalog.KindDataset, a.Catalog.ResolveDataset, func(c *web.Call, id string) error {
		found, err := a.Catalog.Dataset(c.Context(), viewer(c), id, catalog.Parts{Resources: true})
		if err != nil {
			return err
		}
		return a.sendDataset(c, http.StatusOK, found)
	}})
	featured[Reuse](a, curated{a.v1, "/reuses/{reuse}/", "reuse", catalog.KindReuse, a.Catalog.ResolveReuse, func(c *web.Call, id string) error {
		found, err := a.Catalog.Reuse(c.Context(), viewer(c), id)
		if err != nil {
			return err
		}
		return a.sendReuse(c, http.StatusOK, found)
	}})
	featured[Dataservice](a, curated{a.v1, "/dataservices/{dataservice}/", "dataservice", catalog.KindDataservice, a.Catalog.ResolveDataservice, func(c *web.Call, id string) error {
		found, err := a.Catalog.Dataservice(c.Context(), viewer(c), id)
		if err != nil {
			return err
		}
		return a.sendDataservice(c, http.StatusOK, found)
	}})
	featured[Topic](a, curated{a.v2, "/topics/{topic}/", "topic", catalog.KindTopic, a.Catalog.ResolveTopic, func(c *web.Call, id string) error {
		found, err := a.Catalog.Topic(c.Context(), viewer(c), id)
		if err != nil {
			return err
		}
		return a.sendTopic(c, http.StatusOK, found)
	}})
}

// featured declares the two routes by which administrators show an object first,
// or no longer.
func featured[T any](a *API, k curated) {
	doc := web.Doc{Summary: "Feature a " + k.name, Tags: []string{k.name + "s"}, Auth: web.Admin}
	web.Post[T](k.table, k.path+"featured/", doc, func(c *web.Call, _, _ web.None) error { return a.feature(c, k, true) })
	doc.Summary = "Feature a " + k.name + " no longer"
	web.Delete[T](k.table, k.path+"featured/", doc, func(c *web.Call, _ web.None) error { return a.feature(c, k, false) })
}

func (a *API) feature(c *web.Call, k curated, featured bool) error {
	id, done, err := a.resolved(c, k.name, k.kind, k.find)
	if done || err != nil {
		return err
	}
	if err := a.Catalog.Feature(c.Context(), viewer(c), k.kind, id, featured); err != nil {
		return err
	}
	return k.send(c, id)
}

// sendBadge answers with a badge: 201 when it was given, 200 when it was there.
func sendBadge(c *web.Call, kind string, added bool) error {
	status := http.StatusOK
	if added {
		status = http.StatusCreated
	}
	return send(c, status, Badge{Kind: kind})
}

func (a *API) giveDatasetBadge(c *web.Call, _ web.None, body BadgeWrite) error {
	id, done, err := a.resolveDataset(c)
	if done || err != nil {
		return err
	}
	added, err := a.Catalog.GiveDatasetBadge(c.Context(), viewer(c), id, body.Kind)
	if err != nil {
		return err
	}
	return sendBadge(c, body.Kind, added)
}

func (a *API) takeDatasetBadge(c *web.Call, _ web.None) error {
	id, done, err := a.resolveDataset(c)
	if done || err != nil {
		return err
	}
	if err := a.Catalog.TakeDatasetBadge(c.Context(), viewer(c), id, c.Param("kind")); err != nil {
		return err
	}
	return c.Empty(http.StatusNoContent)
}

func (a *API) giveOrganizationBadge(c *web.Call, _ web.None, body BadgeWrite) error {
	id, done, err := a.resolveOrganization(c)
	if done || err != nil {
		return err
	}
	added, err := a.Accounts.GiveOrganizationBadge(c.Context(), viewer(c), id, body.Kind)
	if err != nil {
		return err
	}
	return sendBadge(c, body.Kind, added)
}

func (a *API) takeOrganizationBadge(c *web.Call, _ web.None) error {
	id, done, err := a.resolveOrganization(c)
	if done || err != nil {
		return err
	}
	if err := a.Accounts.TakeOrganizationBadge(c.Context(), viewer(c), id, c.Param("kind")); err != nil {
		return err
	}
	return c.Empty(http.StatusNoContent)
}

// giveReuseBadge refuses every badge: none of reuses is defined.
func (a *API) giveReuseBadge(c *web.Call, _ web.None, _ BadgeWrite) error {
	id, done, err := a.resolved(c, "reuse", catalog.KindReuse, a.Catalog.ResolveReuse)
	if done || err != nil {
		return err
	}
	if err := a.Catalog.Readable(c.Context(), viewer(c), catalog.KindReuse, id); err != nil {
		return err
	}
	return fault.At("Unknown badge: reuses have none.", "kind")
}

func (a *API) takeReuseBadge(c *web.Call, _ web.None) error {
	id, done, err := a.resolved(c, "reuse", catalog.KindReuse, a.Catalog.ResolveReuse)
	if done || err != nil {
		return err
	}
	if err := a.Catalog.Readable(c.Context(), viewer(c), catalog.KindReuse, id); err != nil {
		return err
	}
	return fault.New(fault.NotFound, "Badge does not exists")
}
