package portal

// reuseContents are the types of Page.Data by the names of the pages here.
var reuseContents = map[string]any{}

// reuseRoutes declare the pages of reuses.
func (p *Portal) reuseRoutes(t *table) {}
