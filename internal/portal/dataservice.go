package portal

// dataserviceContents are the types of Page.Data by the names of the pages here.
var dataserviceContents = map[string]any{}

// dataserviceRoutes declare the pages of APIs.
func (p *Portal) dataserviceRoutes(t *table) {}
