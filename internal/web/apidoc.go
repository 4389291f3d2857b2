package web

import (
	"bytes"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"sync"

	"grenier/internal/fault"
)

// ServeOpenAPI declares the route of the 3.1 document of some tables: "/api/openapi.json". Routes that
// are declared in them later, before the first request, are in it too.
func ServeOpenAPI(t *Table, path string, info Info, tables ...*Table) {
	serveDocument(t, path, func() []byte { return OpenAPI(info, tables...) })
}

// ServeSwagger declares the route of a table's own 2.0 document: "/swagger.json".
func ServeSwagger(t *Table, path string) {
	serveDocument(t, path, func() []byte { return Swagger(t) })
}

func serveDocument(t *Table, path string, write func() []byte) {
	once := sync.OnceValue(write)
	Get[Raw](t, path, Doc{}, func(c *Call, _ None) error {
		return c.Blob(http.StatusOK, "application/json", once())
	})
}

// ServeAPIDoc declares the pages that show a document to people: an index below the path "/apidoc/" and
// the files of Swagger UI out of assets (swagger-ui.css, swagger-ui-bundle.js). Without these files the
// index only links the document.
func ServeAPIDoc(t *Table, base, document string, assets fs.FS) {
	Get[Raw](t, base+"/", Doc{}, func(c *Call, _ None) error {
		var b bytes.Buffer
		err := apiDocPage.Execute(&b, apiDoc{Site: c.Site, Base: c.URL(t.Base + base), Document: c.URL(document), Shown: hasSwaggerUI(assets)})
		if err != nil {
			return err
		}
		c.W.Header()["Content-Security-Policy"] = []string{"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'self'"}
		return c.Blob(http.StatusOK, "text/html; charset=utf-8", b.Bytes())
	})
	Get[Raw](t, base+"/{file}", Doc{}, func(c *Call, q struct {
		File string `path:"file"`
	}) error {
		if q.File == "start.js" {
			return c.Blob(http.StatusOK, "text/javascript; charset=utf-8", []byte(apiDocStart))
		}
		return serveAsset(c, assets, q.File)
	})
}

func hasSwaggerUI(assets fs.FS) bool {
	if assets == nil {
		return false
	}
	_, err := fs.Stat(assets, "swagger-ui-bundle.js")
	return err == nil
}

// assetTypes are the media types of files that Swagger UI is made of.
var assetTypes = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".png": "image/png", ".map": "application/json",
}

func serveAsset(c *Call, assets fs.FS, name string) error {
	contentType := assetTypes[path.Ext(name)]
	if assets == nil || contentType == "" || !fs.ValidPath(name) {
		return fault.New(fault.NotFound, textNotFound)
	}
	body, err := fs.ReadFile(assets, name)
	if err != nil {
		return fault.Wrap(err, fault.NotFound, textNotFound)
	}
	return c.Blob(http.StatusOK, contentType, body)
}

type apiDoc struct {
	Site           *Site
	Base, Document string
	Shown          bool
}

var apiDocPage = template.Must(template.New("apidoc").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>API – {{or .Site.Title .Site.Base}}</title>
{{- if .Shown}}
<link rel="stylesheet" href="{{.Base}}/swagger-ui.css">
<script src="{{.Base}}/swagger-ui-bundle.js" defer></script>
<script src="{{.Base}}/start.js" defer></script>
{{- end}}
<body><div id="swagger-ui" data-document="{{.Document}}"><p><a href="{{.Document}}">OpenAPI 3.1</a></p></div></body></html>
`))

const apiDocStart = `const place = document.getElementById("swagger-ui");
SwaggerUIBundle({url: place.dataset.document, dom_id: "#swagger-ui", deepLinking: true});
`
