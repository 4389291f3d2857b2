package api

import (
	"net/http"

	"grenier/internal/account"
	"grenier/internal/web"
)

// tokenRoutes make and revoke the tokens of a person.
func (a *API) tokenRoutes() {
	tags := []string{"me"}
	web.Post[MadeToken](a.v1, "/me/api_tokens/", web.Doc{
		NoStore: true,
		Summary: "Make a token", Tags: tags, Auth: web.User, Status: http.StatusCreated,
		Description: "The answer alone holds the token in clear. Scopes: admin (all rights of the person, as without scopes), write, " +
			"read, organization:<id>, dataset:<id>.",
	}, a.createMyToken)
	web.Delete[web.None](a.v1, "/me/api_tokens/{token}/", web.Doc{
		Summary: "Revoke a token", Tags: tags, Auth: web.User, Status: http.StatusNoContent,
	}, a.revokeMyToken)
}

// TokenWrite is what is asked of a token.
type TokenWrite struct {
	ExpiresAt web.Opt[string]   `json:"expires_at"`
	Name      web.Opt[string]   `json:"name"`
	Scopes    web.Opt[[]string] `json:"scopes"`
}

// MadeToken is a token with its plain text.
type MadeToken struct {
	Token
	Plain string `json:"token"`
}

func (a *API) createMyToken(c *web.Call, _ web.None, body TokenWrite) error {
	token, plain, err := a.Tokens.Issue(c.Context(), viewer(c), account.NewToken{
		Name: body.Name.Value, Scopes: body.Scopes.Value, ExpiresAt: body.ExpiresAt.Value,
	}, a.Catalog)
	if err != nil {
		return err
	}
	c.W.Header().Set("Cache-Control", "no-store")
	return send(c, http.StatusCreated, MadeToken{tokenOf(*token, nil), plain})
}

func (a *API) revokeMyToken(c *web.Call, _ web.None) error {
	if err := a.Tokens.Withdraw(c.Context(), viewer(c), c.Param("token")); err != nil {
		return err
	}
	return c.Empty(http.StatusNoContent)
}

// tokenOf shows a token to its person.
func tokenOf(t account.Token, agents []string) Token {
	return Token{
		CreatedAt: moment(t.CreatedAt), ExpiresAt: moment(t.ExpiresAt), ID: t.ID, Kind: "api_key", LastUsedAt: moment(t.LastUsedAt),
		Name: t.Name, RevokedAt: moment(t.RevokedAt), Scopes: t.Scopes, Prefix: t.Prefix, UserAgents: list(agents),
	}
}
