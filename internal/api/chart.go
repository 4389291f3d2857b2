package api

// chartRoutes read and change visualizations.
func (a *API) chartRoutes() {}
