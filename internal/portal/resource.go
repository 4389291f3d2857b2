package portal

import (
	"net/http"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/fault"
	"grenier/internal/web"
)

// resourceRoutes declare the lasting addresses of resources, which have one
// form for all languages.
func (p *Portal) resourceRoutes(root *web.Table) {
	web.Get[web.Raw](root, "/datasets/r/{resource}", web.Doc{}, p.leadToResource)
}

type resourceArgs struct {
	ID string `path:"resource"`
}

// leadToResource answers the lasting address of a resource, which data and
// pages elsewhere refer to, with the resource's present one.
func (p *Portal) leadToResource(c *web.Call, r resourceArgs) error {
	if !db.IsUUID(r.ID) {
		return fault.New(fault.NotFound, "Resource not found")
	}
	found, err := p.Catalog.Resource(c.Context(), web.ViewerOf[account.Viewer](c), r.ID)
	if err != nil {
		return err
	}
	address, until, err := p.Files.LinkOf(c.Context(), found)
	if err != nil {
		return err
	}
	if !until.IsZero() {
		c.W.Header()["Cache-Control"] = []string{"private, no-store"}
	}
	return c.Redirect(http.StatusFound, c.Site.FileURL(address))
}
