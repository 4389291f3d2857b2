package portal

// wordContents are the types of Page.Data by the names of the pages here.
var wordContents = map[string]any{}

// wordRoutes declare the pages of words: legal notice, terms, privacy, accessibility.
func (p *Portal) wordRoutes(t *table) {}
