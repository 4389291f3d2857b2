package api

// historyRoutes read versions, restore them, and list what was deleted.
func (a *API) historyRoutes() {}
