package api

import "grenier/internal/web"

// oauthRoutes manage the programs that people let act for them.
func (a *API) oauthRoutes() {}

// RootOAuth declares the endpoints of OAuth2 at the root of the site.
func (a *API) RootOAuth(root *web.Table) {}
