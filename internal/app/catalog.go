package app

import (
	"grenier/internal/catalog"
	"grenier/internal/fetch"
)

// fetcher asks other sites, and judges the addresses that people write.
func (a *App) fetcher() *fetch.Client {
	return fetch.New(fetch.Options{Allow: a.Settings.FetchAllow, Version: Version, Site: a.Settings.BaseURL})
}

// provideCatalog gives the catalogue what its writes need besides the database:
// letters, the judge of addresses, the catalogue of schemas.
func (a *App) provideCatalog() {
	client := a.fetcher()
	deps := catalog.Deps{Mail: a.Mail, CheckURL: client.CheckURL}
	if a.Settings.SchemaCatalog != "" {
		a.schemas = catalog.NewSchemas(client, a.Settings.SchemaCatalog)
		deps.Schemas = a.schemas
	}
	a.Catalog.Provide(deps)
}
