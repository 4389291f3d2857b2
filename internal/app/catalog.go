package app

import (
	"grenier/internal/catalog"
	"grenier/internal/fetch"
)

// provideCatalog gives the catalogue what its writes need besides the database:
// letters, the judge of addresses, the catalogue of schemas.
func (a *App) provideCatalog() {
	client := fetch.New(fetch.Options{Allow: a.Settings.FetchAllow, Version: Version, Site: a.Settings.BaseURL})
	deps := catalog.Deps{Mail: a.Mail, CheckURL: client.CheckURL}
	if a.Settings.SchemaCatalog != "" {
		deps.Schemas = catalog.NewSchemas(client, a.Settings.SchemaCatalog)
	}
	a.Catalog.Provide(deps)
}
