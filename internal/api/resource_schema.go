package api

import (
	"net/http"
	"time"

	"grenier/internal/catalog"
	"grenier/internal/web"
)

// CatalogSchema is a schema of the catalogue of schemas.
type CatalogSchema catalog.CatalogSchema

// schemasKept is how long the list of schemas is kept for its readers.
const schemasKept = time.Minute

// listSchemas is empty as long as no catalogue of schemas is set up, as the
// reference answers then.
func (a *API) listSchemas(c *web.Call, _ web.None) error {
	schemas, err := a.Catalog.CatalogSchemas(c.Context())
	if err != nil {
		return err
	}
	c.Keep(time.Now().Add(schemasKept))
	answer := make([]CatalogSchema, len(schemas))
	for i := range schemas {
		answer[i] = CatalogSchema(schemas[i])
		answer[i].Examples, answer[i].Labels, answer[i].Versions = list(schemas[i].Examples), list(schemas[i].Labels), list(schemas[i].Versions)
	}
	return send(c, http.StatusOK, answer)
}
