// Package portal is the face for people: pages out of embedded templates,
// without scripts where they are not needed.
package portal

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"sync"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/fault"
	"grenier/internal/web"
)

//go:embed templates texts
var files embed.FS

// Deps are the subjects behind the pages.
type Deps struct {
	Catalog  *catalog.Store
	Versions *web.Versions
	// Version is the program's version.
	Version string
}

// Portal holds the pages.
type Portal struct {
	Deps
	home   *template.Template
	style  template.CSS
	policy []string

	mu   sync.Mutex
	kept map[keptPage]*keptBody
}

// New reads the templates; they are part of the program, so that a wrong one is
// a mistake of the program and panics.
func New(deps Deps) *Portal {
	style := mustRead("templates/portal.css")
	sum := sha256.Sum256(style)
	return &Portal{
		Deps:  deps,
		home:  template.Must(template.ParseFS(files, "templates/home.html")),
		style: template.CSS(style),
		policy: []string{"default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
			"'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"},
		kept: map[keptPage]*keptBody{},
	}
}

func mustRead(name string) []byte {
	text, err := files.ReadFile(name)
	if err != nil {
		panic("portal: " + err.Error())
	}
	return text
}

// Routes declares the pages in the table of the site's root.
func (p *Portal) Routes(root *web.Table) {
	web.Get[web.Raw](root, "/", web.Doc{}, p.showHome)
	for _, path := range []string{"/favicon.svg", "/favicon.ico"} {
		web.Get[web.Raw](root, path, web.Doc{}, showIcon)
	}
	for _, kind := range []string{"datasets", "organizations", "users", "reuses", "dataservices", "topics", "posts"} {
		lead := leadToDocument(kind)
		web.Get[web.Raw](root, "/"+kind+"/{object}", web.Doc{}, lead)
		web.Get[web.Raw](root, "/"+kind+"/{object}/", web.Doc{}, lead)
	}
	web.Get[web.Raw](root, "/datasets/r/{resource}", web.Doc{}, p.leadToResource)
	web.Get[web.Raw](root, "/datasets/r/{resource}/", web.Doc{}, p.leadToResource)
}

// showIcon answers with the picture that stands for the site in browsers, which
// look for it beside every page and document.
func showIcon(c *web.Call, _ web.None) error {
	c.W.Header()["Cache-Control"] = []string{"public, max-age=86400"}
	return c.Blob(http.StatusOK, "image/svg+xml", icon())
}

var icon = sync.OnceValue(func() []byte { return mustRead("templates/favicon.svg") })

type resource struct {
	ID string `path:"resource"`
}

// leadToResource answers the lasting address of a resource, which data and
// pages elsewhere refer to, with the resource's present one.
func (p *Portal) leadToResource(c *web.Call, r resource) error {
	if !db.IsUUID(r.ID) {
		return fault.New(fault.NotFound, "Resource not found")
	}
	found, err := p.Catalog.Resource(c.Context(), web.ViewerOf[account.Viewer](c), r.ID)
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusFound, found.URL)
}

type object struct {
	Key string `path:"object"`
}

// leadToDocument answers the address of an object's page, which the API tells
// in its documents, with the way to the document itself: the object has no page
// of its own yet.
func leadToDocument(kind string) func(*web.Call, object) error {
	return func(c *web.Call, o object) error {
		return c.Redirect(http.StatusFound, c.URL(documentPath(kind, o.Key)))
	}
}
