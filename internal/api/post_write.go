package api

// postWriteRoutes change posts.
func (a *API) postWriteRoutes() {}
