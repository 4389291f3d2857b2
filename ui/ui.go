// Package ui embeds the scripts and styles that the pages use, built from this
// folder by make build.
package ui

import (
	"embed"
	"encoding/json"
	"errors"
	"io/fs"
)

// What only tests load (dist/test) stays out of the program.
//
//go:embed dist/[^t]*
var dist embed.FS

//go:embed styles/tokens.css
var tokens string

// Tokens returns the style sheet that sets every colour, size and font of the
// pages, as it is written: theme packs are checked against it.
func Tokens() string { return tokens }

// SwaggerUI returns the files that show the documentation of the API:
// swagger-ui.css and swagger-ui-bundle.js. It is empty in a program that was
// built without the front end.
func SwaggerUI() fs.FS { return folder("swagger-ui") }

// Portal returns the files of the pages. A name with a hash in it
// (main.1a2b3c4d.js) belongs to one content for ever; theme-boot.js, the text
// of the one inline script, manifest.json and LICENSES.txt have none. It is
// empty in a program that was built without the front end.
func Portal() fs.FS { return folder("portal") }

// Embed returns the scripts that pages of other sites load, by the names that
// they are asked for by. It is empty in a program that was built without the
// front end.
func Embed() fs.FS { return folder("embed") }

// Manifest returns the hashed name of each file that a page may ask for, by
// its plain name: "main.js" gives "main.1a2b3c4d.js". It is empty in a program
// that was built without the front end.
func Manifest() map[string]string {
	names := map[string]string{}
	body, err := fs.ReadFile(Portal(), "manifest.json")
	if errors.Is(err, fs.ErrNotExist) {
		return names
	}
	if err == nil {
		err = json.Unmarshal(body, &names)
	}
	if err != nil {
		panic("ui: manifest.json: " + err.Error()) // our own build wrote it
	}
	return names
}

func folder(name string) fs.FS {
	files, err := fs.Sub(dist, "dist/"+name)
	if err != nil {
		panic("ui: " + err.Error()) // the path is not a valid one
	}
	return files
}
