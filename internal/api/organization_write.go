package api

// organizationWriteRoutes change organisations.
func (a *API) organizationWriteRoutes() {}
