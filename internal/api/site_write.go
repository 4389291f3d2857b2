package api

// siteWriteRoutes change the site document.
func (a *API) siteWriteRoutes() {}
