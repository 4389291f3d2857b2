package portal

// searchContents are the types of Page.Data by the names of the pages here.
var searchContents = map[string]any{}

// searchRoutes declare the searches, the lists of each kind and the suggestions.
func (p *Portal) searchRoutes(t *table) {}
