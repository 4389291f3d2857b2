package api

// badgeRoutes give badges and feature objects.
func (a *API) badgeRoutes() {}
