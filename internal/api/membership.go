package api

// membershipRoutes deal with members, requests and invitations.
func (a *API) membershipRoutes() {}
