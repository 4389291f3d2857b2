package api

// contactWriteRoutes change contact points.
func (a *API) contactWriteRoutes() {}
