package api

// transferRoutes hand objects over.
func (a *API) transferRoutes() {}
