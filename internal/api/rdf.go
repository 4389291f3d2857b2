package api

import (
	"bytes"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"grenier/internal/catalog"
	"grenier/internal/dcat"
	"grenier/internal/geo"
	"grenier/internal/search"
	"grenier/internal/web"
)

// rdfRoutes declares the catalogue as linked data.
func (a *API) rdfRoutes() {
	doc := func(summary, tag string) web.Doc {
		return web.Doc{Summary: summary, Tags: []string{tag}, NoMask: true, Keep: true, Produces: rdfTypes, Description: rdfDescription}
	}
	redirect := func(summary, tag string) web.Doc {
		return web.Doc{Summary: summary, Tags: []string{tag}, NoMask: true, Status: http.StatusFound, Description: "Leads to the format that the Accept header asks for."}
	}
	web.Get[web.Raw](a.v1, "/site/catalog", redirect("Find the catalogue as linked data", "site"), func(c *web.Call, _ catalogArgs) error {
		return redirectToRDF(c, "/api/1/site/catalog")
	})
	web.Get[web.Raw](a.v1, "/site/catalog.{fmt}", doc("Read a page of the catalogue as linked data", "site"), a.siteCatalog)
	web.Get[web.Raw](a.v1, "/site/data.{fmt}", redirect("Find the catalogue as linked data in a format", "site"), func(c *web.Call, _ web.None) error {
		if _, err := rdfFormat(c); err != nil {
			return err
		}
		return found(c, "/api/1/site/catalog."+c.Param("fmt"))
	})
	web.Get[web.Raw](a.v1, "/site/context.jsonld", web.Doc{
		Summary: "Read the JSON-LD context", Tags: []string{"site"}, NoMask: true, Keep: true, Produces: []string{"application/ld+json"},
	}, func(c *web.Call, _ web.None) error {
		c.Keep(time.Time{})
		body, err := dcat.Context("").MarshalJSON()
		if err != nil {
			return err
		}
		return c.Blob(http.StatusOK, "application/ld+json", body)
	})
	web.Get[web.Raw](a.v1, "/organizations/{org}/catalog", redirect("Find the catalogue of an organization as linked data", "organizations"), a.findOrganizationCatalog)
	web.Get[web.Raw](a.v1, "/organizations/{org}/catalog.{fmt}", doc("Read a page of the catalogue of an organization as linked data", "organizations"), a.organizationCatalog)
	web.Get[web.Raw](a.v1, "/datasets/{dataset}/rdf", redirect("Find a dataset as linked data", "datasets"), a.findDatasetRDF)
	web.Get[web.Raw](a.v1, "/datasets/{dataset}/rdf.{fmt}", doc("Read a dataset as linked data", "datasets"), a.datasetRDF)
	web.Get[web.Raw](a.v1, "/dataservices/{dataservice}/rdf", redirect("Find a dataservice as linked data", "dataservices"), a.findDataserviceRDF)
	web.Get[web.Raw](a.v1, "/dataservices/{dataservice}/rdf.{fmt}", doc("Read a dataservice as linked data", "dataservices"), a.dataserviceRDF)
}

const rdfDescription = "DCAT-AP 3 in the format that the path ends with: xml, rdf or owl (RDF/XML), ttl or n3 (Turtle), nt (N-Triples), " +
	"json, jsonld or json-ld (JSON-LD), trig (TriG)."

// redirectToRDF leads to the format of a document that the caller asks for, its
// arguments kept.
func redirectToRDF(c *web.Call, path string) error {
	c.W.Header().Set("Vary", "Accept, Origin, Accept-Encoding")
	return found(c, path+"."+negotiated(c.R.Header))
}

// found leads to another path of the site with the arguments of this request.
func found(c *web.Call, path string) error {
	if query := c.R.URL.RawQuery; query != "" {
		path += "?" + query
	}
	return c.Redirect(http.StatusFound, c.URL(path))
}

// catalogArgs are the arguments of catalogues: the filters of lists, and pages
// that are longer than those of lists.
type catalogArgs struct {
	Page     int `query:"page" default:"1" min:"1" help:"The page to fetch"`
	PageSize int `query:"page_size" default:"100" min:"1" max:"1000" help:"The page size to fetch"`
	datasetArgs
}

func (a *API) siteCatalog(c *web.Call, q catalogArgs) error {
	return a.sendCatalog(c, q, "/api/1/site/catalog", dcat.Catalog{
		URI: c.URL("/api/1/site/catalog"), Title: c.Site.Title, Homepage: c.URL("/"), Publisher: siteAgent(c),
	})
}

func (a *API) findOrganizationCatalog(c *web.Call, _ catalogArgs) error {
	id, done, err := a.resolveOrganization(c)
	if done || err != nil {
		return err
	}
	if _, err := a.Organizations.Get(c.Context(), viewer(c), id); err != nil {
		return err
	}
	return redirectToRDF(c, "/api/1/organizations/"+id+"/catalog")
}

func (a *API) organizationCatalog(c *web.Call, q catalogArgs) error {
	id, done, err := a.resolveOrganization(c)
	if done || err != nil {
		return err
	}
	organization, err := a.Organizations.Get(c.Context(), viewer(c), id)
	if err != nil {
		return err
	}
	q.Organization = id
	path := "/api/1/organizations/" + id + "/catalog"
	publisher := dcat.Agent{URI: c.URL("/organizations/" + id), Kind: dcat.AnOrganization, Name: organization.Name, Page: c.URL("/organizations/" + organization.Slug)}
	c.Keep(time.Time{}, web.Object(catalog.KindOrganization, id))
	return a.sendCatalog(c, q, path, dcat.Catalog{
		URI: c.URL(path), Title: organization.Name, Homepage: publisher.Page, Publisher: publisher,
	})
}

// siteAgent is who publishes the catalogue of the site.
func siteAgent(c *web.Call) dcat.Agent {
	return dcat.Agent{URI: c.URL("/#publisher"), Kind: dcat.AnOrganization, Name: c.Site.Title}
}

// sendCatalog answers with a page of a catalogue.
func (a *API) sendCatalog(c *web.Call, q catalogArgs, path string, described dcat.Catalog) error {
	form, err := rdfFormat(c)
	if err != nil {
		return err
	}
	narrowed := given(c, q.datasetArgs)
	q.Archived, q.Deleted, q.Private = nil, nil, nil // a catalogue holds what everybody finds
	filter, err := q.filter(c, a)
	if err != nil {
		return err
	}
	described.Description, described.Language = described.Title, c.Site.Language
	listing := dcat.Listing{Catalog: described, Filter: filter, Number: q.Page, Size: q.PageSize, Loose: len(narrowed) == 0}
	pages := catalogPages{c.URL(path + "." + form.extension), narrowed, q}
	keepFor(c, catalog.KindDataset, catalog.KindDataservice)
	if filter.Query != "" {
		c.Keep(time.Time{}, searchEpoch(search.Dataset))
	}
	if len(narrowed) > 0 { // by what other kinds of objects say of datasets, too
		c.Keep(now().Add(listHolds))
	}
	return a.sendRDF(c, form, func(b *bytes.Buffer) (dcat.Shown, error) {
		return a.Linked.Page(c.Context(), b, form.format, rdfPortal(c), listing, pages.around)
	})
}

// catalogPages makes the addresses of the pages of a catalogue.
type catalogPages struct {
	address  string
	narrowed url.Values
	args     catalogArgs
}

func (p catalogPages) around(total int) dcat.PageOf {
	last := max(1, (total+p.args.PageSize-1)/p.args.PageSize)
	around := dcat.PageOf{URI: p.page(p.args.Page), First: p.page(1), Last: p.page(last)}
	if p.args.Page < last {
		around.Next = p.page(p.args.Page + 1)
	}
	if p.args.Page > 1 {
		around.Previous = p.page(p.args.Page - 1)
	}
	return around
}

func (p catalogPages) page(number int) string {
	query := url.Values{"page": {strconv.Itoa(number)}, "page_size": {strconv.Itoa(p.args.PageSize)}}
	for name, values := range p.narrowed {
		query[name] = values
	}
	return withQuery(p.address, query)
}

func (a *API) findDatasetRDF(c *web.Call, _ web.None) error {
	id, done, err := a.resolveDataset(c)
	if done || err != nil {
		return err
	}
	if err := a.Catalog.Readable(c.Context(), viewer(c), catalog.KindDataset, id); err != nil {
		return err
	}
	return redirectToRDF(c, "/api/1/datasets/"+id+"/rdf")
}

func (a *API) datasetRDF(c *web.Call, _ web.None) error {
	form, err := rdfFormat(c)
	if err != nil {
		return err
	}
	id, done, err := a.resolveDataset(c)
	if done || err != nil {
		return err
	}
	keepFor(c, catalog.KindDataservice)
	return a.sendRDF(c, form, func(b *bytes.Buffer) (dcat.Shown, error) {
		return a.Linked.Dataset(c.Context(), b, form.format, rdfPortal(c), viewer(c), id)
	})
}

func (a *API) resolveDataservice(c *web.Call) (id string, done bool, err error) {
	return a.resolved(c, "dataservice", catalog.KindDataservice, a.Catalog.ResolveDataservice)
}

func (a *API) findDataserviceRDF(c *web.Call, _ web.None) error {
	id, done, err := a.resolveDataservice(c)
	if done || err != nil {
		return err
	}
	if err := a.Catalog.Readable(c.Context(), viewer(c), catalog.KindDataservice, id); err != nil {
		return err
	}
	return redirectToRDF(c, "/api/1/dataservices/"+id+"/rdf")
}

func (a *API) dataserviceRDF(c *web.Call, _ web.None) error {
	form, err := rdfFormat(c)
	if err != nil {
		return err
	}
	id, done, err := a.resolveDataservice(c)
	if done || err != nil {
		return err
	}
	keepFor(c, catalog.KindDataset)
	return a.sendRDF(c, form, func(b *bytes.Buffer) (dcat.Shown, error) {
		return a.Linked.Service(c.Context(), b, form.format, rdfPortal(c), viewer(c), id)
	})
}

// sendRDF answers with a document, which falls with what it shows, with those
// to whom it belongs, with the zones and licences that it names, and with the
// name of the site.
func (a *API) sendRDF(c *web.Call, form rdfForm, write func(*bytes.Buffer) (dcat.Shown, error)) error {
	var body bytes.Buffer
	shown, err := write(&body)
	if err != nil {
		return err
	}
	keepFor(c, catalog.KindOrganization, catalog.KindUser, catalog.KindContact, catalog.KindSite, geo.ObjectKind, "license")
	for _, id := range shown.Datasets {
		c.Keep(time.Time{}, web.Object(catalog.KindDataset, id))
	}
	for _, id := range shown.Services {
		c.Keep(time.Time{}, web.Object(catalog.KindDataservice, id))
	}
	if !shown.Modified.IsZero() {
		c.W.Header().Set("Last-Modified", shown.Modified.UTC().Format(http.TimeFormat))
	}
	return c.Blob(http.StatusOK, form.media, body.Bytes())
}

// rdfPortal is what linked data tells of the site.
func rdfPortal(c *web.Call) dcat.Portal {
	return dcat.Portal{Base: c.Site.Base, Title: c.Site.Title, Language: c.Site.Language, FileURL: c.Site.FileURL}
}
