package api

import (
	"net/http"

	"grenier/internal/account/oauth"
	"grenier/internal/web"
)

// oauthRoutes manage the programs that people let act for them.
func (a *API) oauthRoutes() {
	doc := func(summary string, status int) web.Doc {
		return web.Doc{Summary: summary, Tags: []string{"oauth"}, Auth: web.User, Status: status, NoStore: true}
	}
	web.Get[web.Page[OAuthClient]](a.v2, "/oauth/clients/", doc("List the programs that I manage", 0), a.listOAuthClients)
	web.Post[MadeOAuthClient](a.v2, "/oauth/clients/", doc("Register a program", http.StatusCreated), a.createOAuthClient)
	web.Get[OAuthClient](a.v2, "/oauth/clients/{client}/", doc("Read a program", 0), a.getOAuthClient)
	web.Put[OAuthClient](a.v2, "/oauth/clients/{client}/", doc("Change a program", 0), a.updateOAuthClient)
	web.Delete[web.None](a.v2, "/oauth/clients/{client}/", doc("Remove a program and all it was let do", http.StatusNoContent), a.removeOAuthClient)
	web.Post[OAuthSecret, web.None, web.None](a.v2, "/oauth/clients/{client}/secret/", doc("Give a program another secret", 0), a.rotateOAuthSecret)
	web.Get[[]OAuthGrant](a.v2, "/me/grants/", doc("List the programs that I let act for me", 0), a.listMyGrants)
	web.Delete[web.None](a.v2, "/me/grants/{client}/", doc("Let a program act for me no longer", http.StatusNoContent), a.withdrawGrant)
}

// OAuthClient is a program that may ask people to let it act for them.
type OAuthClient struct {
	ID           string  `json:"id"`
	Name         string  `json:"name"`
	Description  string  `json:"description"`
	Owner        *string `json:"owner"`
	Organization *string `json:"organization"`
	// Image is its picture, ImageThumbnail the same as a square of 150 pixels.
	Image          *string  `json:"image"`
	ImageThumbnail *string  `json:"image_thumbnail"`
	RedirectURIs   []string `json:"redirect_uris"`
	Scopes         []string `json:"scopes"`
	GrantTypes     []string `json:"grant_types"`
	Confidential   bool     `json:"confidential"`
	Internal       bool     `json:"internal"`
	CreatedAt      Moment   `json:"created_at"`
}

func oauthClient(c oauth.Client) OAuthClient {
	return OAuthClient{
		ID: c.ID, Name: c.Name, Description: c.Description, Owner: c.OwnerID, Organization: c.OrganizationID,
		Image: picture(c.Image), ImageThumbnail: picture(c.ImageThumbnail),
		RedirectURIs: list(c.Redirects()), Scopes: list(c.ScopeList()), GrantTypes: list(c.Grants()), Confidential: c.Confidential,
		Internal: c.Internal, CreatedAt: moment(c.CreatedAt),
	}
}

// MadeOAuthClient is a program with its secret in clear, null when it keeps
// none.
type MadeOAuthClient struct {
	OAuthClient
	Secret *string `json:"secret"`
}

// OAuthSecret is the secret of a program in clear.
type OAuthSecret struct {
	Secret string `json:"secret"`
}

// OAuthGrant is a program that may act for a person.
type OAuthGrant struct {
	Client     OAuthProgram `json:"client"`
	Scopes     []string     `json:"scopes"`
	CreatedAt  Moment       `json:"created_at"`
	ExpiresAt  Moment       `json:"expires_at"`
	LastUsedAt Moment       `json:"last_used_at"`
}

// OAuthProgram is what people see of a program.
type OAuthProgram struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	// ImageThumbnail is its picture, a square of 150 pixels.
	ImageThumbnail *string `json:"image_thumbnail"`
}

// OAuthClientWrite is what may be written of a program; members that are left
// out stay as they are.
type OAuthClientWrite struct {
	Name         web.Opt[string]    `json:"name"`
	Description  web.Opt[string]    `json:"description"`
	RedirectURIs web.Opt[[]string]  `json:"redirect_uris"`
	Scopes       web.Opt[[]string]  `json:"scopes"`
	GrantTypes   web.Opt[[]string]  `json:"grant_types"`
	Confidential web.Opt[bool]      `json:"confidential"`
	Organization web.Opt[Reference] `json:"organization"`
	Internal     web.Opt[bool]      `json:"internal"`
}

func (b OAuthClientWrite) input() oauth.ClientInput {
	return oauth.ClientInput{
		Name: opt(b.Name, same), Description: opt(b.Description, same), RedirectURIs: opt(b.RedirectURIs, same), Scopes: opt(b.Scopes, same),
		GrantTypes: opt(b.GrantTypes, same), Confidential: opt(b.Confidential, same), Organization: opt(b.Organization, referenced),
		Internal: opt(b.Internal, same),
	}
}

// oauthClientsArgs are the arguments of the list of programs.
type oauthClientsArgs struct {
	web.Paging
	Everybody bool `query:"all" help:"Those of everybody, for administrators"`
}

func (a *API) listOAuthClients(c *web.Call, q oauthClientsArgs) error {
	clients, total, err := a.OAuth.Clients(c.Context(), viewer(c), q.Everybody, oauthPage(q.Paging))
	if err != nil {
		return err
	}
	items := make([]OAuthClient, len(clients))
	for i, client := range clients {
		items[i] = oauthClient(client)
	}
	return sendPage(c, q.Paging, items, total, "")
}

func (a *API) createOAuthClient(c *web.Call, _ web.None, body OAuthClientWrite) error {
	client, secret, err := a.OAuth.CreateClient(c.Context(), viewer(c), body.input())
	if err != nil {
		return err
	}
	made := MadeOAuthClient{OAuthClient: oauthClient(*client)}
	if secret != "" {
		made.Secret = &secret
	}
	c.W.Header().Set("Cache-Control", "no-store")
	return send(c, http.StatusCreated, made)
}

func (a *API) getOAuthClient(c *web.Call, _ web.None) error {
	client, err := a.OAuth.Client(c.Context(), viewer(c), c.Param("client"))
	if err != nil {
		return err
	}
	c.Versioned(client.Version)
	return send(c, http.StatusOK, oauthClient(*client))
}

func (a *API) updateOAuthClient(c *web.Call, _ web.None, body OAuthClientWrite) error {
	client, err := a.OAuth.UpdateClient(c.Context(), viewer(c), c.Param("client"), body.input())
	if err != nil {
		return err
	}
	c.Versioned(client.Version)
	return send(c, http.StatusOK, oauthClient(*client))
}

func (a *API) removeOAuthClient(c *web.Call, _ web.None) error {
	if err := a.OAuth.RemoveClient(c.Context(), viewer(c), c.Param("client")); err != nil {
		return err
	}
	return c.Empty(http.StatusNoContent)
}

func (a *API) rotateOAuthSecret(c *web.Call, _ web.None, _ web.None) error {
	secret, err := a.OAuth.RotateSecret(c.Context(), viewer(c), c.Param("client"))
	if err != nil {
		return err
	}
	c.W.Header().Set("Cache-Control", "no-store")
	return send(c, http.StatusOK, OAuthSecret{secret})
}

func (a *API) listMyGrants(c *web.Call, _ web.None) error {
	granted, err := a.OAuth.Granted(c.Context(), viewer(c))
	if err != nil {
		return err
	}
	all := make([]OAuthGrant, len(granted))
	for i, one := range granted {
		all[i] = OAuthGrant{
			Client: OAuthProgram{one.Client.ID, one.Client.Name, one.Client.Description, picture(one.Client.ImageThumbnail)}, Scopes: list(one.Scopes),
			CreatedAt: moment(one.Since), ExpiresAt: moment(one.Until), LastUsedAt: moment(one.LastUsedAt),
		}
	}
	return send(c, http.StatusOK, all)
}

func (a *API) withdrawGrant(c *web.Call, _ web.None) error {
	if err := a.OAuth.Withdraw(c.Context(), viewer(c), c.Param("client")); err != nil {
		return err
	}
	return c.Empty(http.StatusNoContent)
}
