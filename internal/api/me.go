package api

import (
	"net/http"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/web"
)

func (a *API) meRoutes() {
	me := func(summary string) web.Doc {
		return web.Doc{Summary: summary, Tags: []string{"me"}, Auth: web.User}
	}
	long := func(summary string) web.Doc {
		d := me(summary)
		d.Slow = true
		return d
	}
	web.Get[User](a.v1, "/me/", me("Read my account"), a.getMe)
	web.Get[MyMetrics](a.v1, "/me/metrics/", me("Read how my publications do"), a.getMyMetrics)
	web.Get[[]Dataset](a.v1, "/me/datasets/", long("List my datasets"), a.listMyDatasets)
	web.Get[[]Reuse](a.v1, "/me/reuses/", long("List my reuses"), a.listMyReuses)
	web.Get[[]Dataset](a.v1, "/me/org_datasets/", long("List my datasets and those of my organizations"), a.listMyOrgDatasets)
	web.Get[[]Reuse](a.v1, "/me/org_reuses/", long("List my reuses and those of my organizations"), a.listMyOrgReuses)
	web.Get[[]CommunityResource](a.v1, "/me/org_community_resources/", me("List my community resources and those of my organizations"), a.listMyOrgCommunity)
	web.Get[[]Token](a.v1, "/me/api_tokens/", me("List my tokens"), a.listMyTokens)
}

func (a *API) getMe(c *web.Call, _ web.None) error {
	all, err := a.users(c, []account.User{*viewer(c).User}, true)
	if err != nil {
		return err
	}
	return send(c, http.StatusOK, all[0])
}

// MyMetrics sums up how the caller's publications do.
type MyMetrics struct {
	Datasets              int64   `json:"datasets_count"`
	OrganizationDatasets  int64   `json:"datasets_org_count"`
	Followers             int64   `json:"followers_count"`
	OrganizationFollowers int64   `json:"followers_org_count"`
	ID                    string  `json:"id"`
	ResourcesAvailability float64 `json:"resources_availability"`
}

func (a *API) getMyMetrics(c *web.Call, _ web.None) error {
	v := viewer(c)
	standing, err := a.Catalog.Standing(c.Context(), v)
	if err != nil {
		return err
	}
	return send(c, http.StatusOK, MyMetrics{
		Datasets: v.User.Datasets, OrganizationDatasets: standing.OrganizationDatasets, Followers: v.User.Followers,
		OrganizationFollowers: standing.OrganizationFollowers, ID: v.User.ID, ResourcesAvailability: standing.ResourcesAvailability,
	})
}

func (a *API) listMyDatasets(c *web.Call, _ web.None) error {
	return a.sendMyDatasets(c, catalog.Belongings{})
}

func (a *API) listMyReuses(c *web.Call, _ web.None) error {
	return a.sendMyReuses(c, catalog.Belongings{})
}

type myArgs struct {
	Query string `query:"q" help:"A text that the title holds, in any case"`
}

func (q myArgs) withOrganizations() catalog.Belongings {
	return catalog.Belongings{WithOrganizations: true, Title: q.Query}
}

func (a *API) listMyOrgDatasets(c *web.Call, q myArgs) error {
	return a.sendMyDatasets(c, q.withOrganizations())
}

func (a *API) listMyOrgReuses(c *web.Call, q myArgs) error {
	return a.sendMyReuses(c, q.withOrganizations())
}

func (a *API) sendMyDatasets(c *web.Call, b catalog.Belongings) error {
	ids, err := a.Catalog.MyDatasetIDs(c.Context(), viewer(c), b)
	if err != nil {
		return err
	}
	return a.streamDatasets(c, ids)
}

func (a *API) sendMyReuses(c *web.Call, b catalog.Belongings) error {
	ids, err := a.Catalog.MyReuseIDs(c.Context(), viewer(c), b)
	if err != nil {
		return err
	}
	return a.streamReuses(c, ids)
}

func (a *API) listMyOrgCommunity(c *web.Call, q myArgs) error {
	v := viewer(c)
	rows, err := a.Catalog.MyCommunityResources(c.Context(), v, q.withOrganizations())
	if err != nil {
		return err
	}
	return send(c, http.StatusOK, a.communityResources(v, rows, now()))
}

// Token lets a program act as a person. Its plain text is shown once, when it
// is made.
type Token struct {
	CreatedAt  Moment   `json:"created_at"`
	ExpiresAt  Moment   `json:"expires_at"`
	ID         string   `json:"id"`
	Kind       string   `json:"kind"`
	LastUsedAt Moment   `json:"last_used_at"`
	Name       *string  `json:"name"`
	RevokedAt  Moment   `json:"revoked_at"`
	Scopes     db.JSON  `json:"scopes"`
	Prefix     string   `json:"token_prefix"`
	UserAgents []string `json:"user_agents"`
}

func (a *API) listMyTokens(c *web.Call, _ web.None) error {
	tokens, err := a.Tokens.List(c.Context(), viewer(c).UserID())
	if err != nil {
		return err
	}
	agents, err := a.Tokens.Agents(c.Context(), tokens)
	if err != nil {
		return err
	}
	all := make([]Token, len(tokens))
	for i, t := range tokens {
		all[i] = tokenOf(t, agents[t.ID])
	}
	return send(c, http.StatusOK, all)
}
