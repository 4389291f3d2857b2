// Package ui embeds the scripts and styles that the pages use, built from this
// folder by make build.
package ui

import (
	"embed"
	"io/fs"
)

//go:embed dist
var dist embed.FS

// SwaggerUI returns the files that show the documentation of the API:
// swagger-ui.css and swagger-ui-bundle.js. It is empty in a program that was
// built without the front end.
func SwaggerUI() fs.FS {
	files, err := fs.Sub(dist, "dist/swagger-ui")
	if err != nil {
		panic("ui: " + err.Error()) // the path is not a valid one
	}
	return files
}
