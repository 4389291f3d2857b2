package api

// communityRoutes change the community resources of datasets.
func (a *API) communityRoutes() {}
