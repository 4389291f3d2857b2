package api

// activityRoutes tell who changed what.
func (a *API) activityRoutes() {}
