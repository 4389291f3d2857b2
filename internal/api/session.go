package api

import "grenier/internal/web"

// sessionRoutes tell who is signed in.
func (a *API) sessionRoutes() {}

// RootSession declares the routes of sessions at the root of the site.
func (a *API) RootSession(root *web.Table) {}
