package api

import (
	"net/http"

	"grenier/internal/dcat"
	"grenier/internal/dump"
	"grenier/internal/web"
)

// rootCatalog declares the whole catalogue as one document in a table of the
// root.
func (a *API) rootCatalog(t *web.Table) {
	d := dumpDoc("Export the whole catalogue as linked data", "site")
	d.Produces, d.Description = []string{"application/n-triples"}, "DCAT-AP 3 as N-Triples, made while it is sent, in the order of identifiers."
	web.Get[web.Raw](t, "/exports/catalog.nt", d, a.wholeCatalog)
}

func (a *API) wholeCatalog(c *web.Call, _ web.None) error {
	etag, modified, err := a.Dumps.files.Version(c.Context(), dump.Dump{Kind: "catalog:" + dcat.Mapping}, c.Site.Base)
	if err != nil {
		return err
	}
	if c.NotModified(etag, modified) {
		return nil
	}
	w := &dumpWriter{call: c, name: "catalog.nt", media: "application/n-triples"}
	if c.R.Method == http.MethodHead {
		return w.begin().Close()
	}
	release, err := a.Dumps.whole.Take(c.Peer.Addr)
	if err == nil {
		defer release()
		err = a.Linked.Stream(c.Context(), w, rdfPortal(c), dcat.Catalog{
			URI: c.URL("/api/1/site/catalog"), Title: c.Site.Title, Description: c.Site.Title, Language: c.Site.Language,
			Homepage: c.URL("/"), Publisher: siteAgent(c),
		})
	}
	if err != nil {
		if w.stream == nil {
			c.W.Header().Del("Etag")
			c.W.Header().Del("Last-Modified")
		}
		return err
	}
	return w.begin().Close()
}
