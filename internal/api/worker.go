package api

// workerRoutes show the background work.
func (a *API) workerRoutes() {}
