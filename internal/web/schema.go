package web

// Schema is a JSON Schema as OpenAPI 3.1 writes it.
type Schema = map[string]any

// Schemer is a type with a JSON form of its own, declared here. A nil or absent "type" is anything.
type Schemer interface{ JSONSchema() Schema }
