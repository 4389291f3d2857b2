package portal

// postContents are the types of Page.Data by the names of the pages here.
var postContents = map[string]any{}

// postRoutes declare the pages of news.
func (p *Portal) postRoutes(t *table) {}
