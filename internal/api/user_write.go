package api

// userWriteRoutes change people and the caller.
func (a *API) userWriteRoutes() {}
