package portal

// helpContents are the types of Page.Data by the names of the pages here.
var helpContents = map[string]any{}

// helpRoutes declare the pages that help: dumps, feeds, developers, support, figures, site map.
func (p *Portal) helpRoutes(t *table) {}
