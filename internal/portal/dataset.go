package portal

// datasetContents are the types of Page.Data by the names of the pages here.
var datasetContents = map[string]any{}

// datasetRoutes declare the pages of a dataset and its files.
func (p *Portal) datasetRoutes(t *table) {}
