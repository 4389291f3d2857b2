package api

// topicWriteRoutes change topics and their elements.
func (a *API) topicWriteRoutes() {}
