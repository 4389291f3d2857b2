package rdf

// Context is a JSON-LD context: the short names of a document's keys.
type Context struct {
	// URL is where the context is served; documents name it instead of
	// repeating it.
	URL string
	// Vocab is the beginning of the IRIs of keys that no term names.
	Vocab string
	Terms []ContextTerm
}

// ContextTerm is one short name of a context.
type ContextTerm struct {
	Name string
	// IRI is what the name means, in full.
	IRI string
	// Type is the datatype of its values in full, "@id" when they are IRIs,
	// or empty.
	Type string
	// Container is "@set", "@language", "@list" or empty.
	Container string
}
