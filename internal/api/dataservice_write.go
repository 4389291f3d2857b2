package api

// dataserviceWriteRoutes change dataservices.
func (a *API) dataserviceWriteRoutes() {}
