package portal

// linkedForms are an object, or the catalogue of one, as linked data; address
// is that of the API without its ending.
func linkedForms(address string) []Sibling {
	return []Sibling{
		{"application/ld+json", "JSON-LD", address + ".jsonld"},
		{"text/turtle", "Turtle", address + ".ttl"},
		{"application/rdf+xml", "RDF/XML", address + ".xml"},
	}
}
