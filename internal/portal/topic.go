package portal

// topicContents are the types of Page.Data by the names of the pages here.
var topicContents = map[string]any{}

// topicRoutes declare the pages of topics.
func (p *Portal) topicRoutes(t *table) {}
