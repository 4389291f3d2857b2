package api

// reuseWriteRoutes change reuses.
func (a *API) reuseWriteRoutes() {}
