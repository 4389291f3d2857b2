package portal

// userContents are the types of Page.Data by the names of the pages here.
var userContents = map[string]any{}

// userRoutes declare the public pages of people.
func (p *Portal) userRoutes(t *table) {}
