package api

import "grenier/internal/web"

// uploadRoutes take files.
func (a *API) uploadRoutes() {}

// RootFiles declares the routes of hosted files at the root of the site.
func (a *API) RootFiles(root *web.Table) {}
