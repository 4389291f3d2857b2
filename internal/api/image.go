package api

// imageRoutes take pictures: logos, avatars, images of reuses.
func (a *API) imageRoutes() {}
