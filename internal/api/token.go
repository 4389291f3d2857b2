package api

// tokenRoutes make and revoke the tokens of a person.
func (a *API) tokenRoutes() {}
