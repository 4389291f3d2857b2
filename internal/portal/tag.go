package portal

// tagContents are the types of Page.Data by the names of the pages here.
var tagContents = map[string]any{}

// tagRoutes declare the pages of keywords and licences.
func (p *Portal) tagRoutes(t *table) {}
