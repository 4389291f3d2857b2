package portal

// organizationContents are the types of Page.Data by the names of the pages here.
var organizationContents = map[string]any{}

// organizationRoutes declare the pages of organizations.
func (p *Portal) organizationRoutes(t *table) {}
