package portal

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"

	"grenier/internal/fault"
	"grenier/internal/portal/theme"
	"grenier/internal/web"
)

// script is a text that pages hold and run, with the hash by which the policy
// names it.
type script struct{ text, hash string }

func newScript(text string) script {
	sum := sha256.Sum256([]byte(text))
	return script{text, "sha256-" + base64.StdEncoding.EncodeToString(sum[:])}
}

// front are the built scripts and styles, in memory.
type front struct {
	names map[string]string // name → hashed name
	files map[string][]byte // by hashed name
}

// readFront takes the built files over. Without a built front end the pages
// are plain but work.
func readFront(files fs.FS, manifest map[string]string) (*front, error) {
	f := &front{names: manifest, files: map[string][]byte{}}
	if files == nil || len(manifest) == 0 {
		return f, nil
	}
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return nil, fmt.Errorf("the front end cannot be read: %w", err)
	}
	for _, entry := range entries {
		if entry.IsDir() {
			continue
		}
		content, err := fs.ReadFile(files, entry.Name())
		if err != nil {
			return nil, fmt.Errorf("the front end cannot be read: %w", err)
		}
		f.files[entry.Name()] = content
	}
	return f, nil
}

// path is the address of a file by its plain name, empty when there is none.
func (f *front) path(name string) string {
	if hashed := f.names[name]; hashed != "" {
		return "/assets/" + hashed
	}
	return ""
}

// text is the content of a file by its plain name.
func (f *front) text(name string) string {
	hashed := f.names[name]
	if hashed == "" {
		hashed = name
	}
	return string(bytes.TrimSpace(f.files[hashed]))
}

// styles are the addresses of the style sheets: the program's, then the pack's.
func (p *Portal) styles(look *theme.Theme) []string { return p.stylesOf(look, "main.css") }

// toolStyles are those of pages that one writes on.
func (p *Portal) toolStyles(look *theme.Theme) []string {
	return p.stylesOf(look, "main.css", "tools.css")
}

func (p *Portal) stylesOf(look *theme.Theme, own ...string) []string {
	var styles []string
	for _, name := range own {
		if path := p.front.path(name); path != "" {
			styles = append(styles, path)
		}
	}
	for _, name := range []string{"tokens.css", "style.css"} {
		if asset, ok := look.Asset(name); ok {
			styles = append(styles, asset.Path)
		}
	}
	return styles
}

// EmbedStyle is the style sheet that the theme pack brings for cards in pages of
// other sites, empty when it has none.
func (p *Portal) EmbedStyle() string {
	asset, _ := p.look.theme().Asset("embed.css")
	return string(asset.Content)
}

// asset is the address of a file of the theme pack or of the program; a name
// that neither has is a mistake of the template.
func (p *Portal) asset(look *theme.Theme, name string) (string, error) {
	if address := p.assetPath(look, name); address != "" {
		return address, nil
	}
	if len(p.front.names) == 0 {
		return "/assets/" + name, nil // built without the front end
	}
	return "", fmt.Errorf("there is no file %q in the theme or the program", name)
}

func (p *Portal) assetPath(look *theme.Theme, name string) string {
	if asset, ok := look.Asset(name); ok {
		return asset.Path
	}
	return p.front.path(name)
}

// forEver says that what is at an address never changes.
var forEver = []string{"public, max-age=31536000, immutable"}

// fileRoutes declare what pages load.
func (p *Portal) fileRoutes(root *web.Table) {
	web.Get[web.Raw](root, "/assets/{file}", web.Doc{}, p.serveAsset)
	web.Get[web.Raw](root, "/theme/{hash}/*", web.Doc{}, p.serveThemeFile)
	for _, path := range []string{"/favicon.svg", "/favicon.ico"} {
		web.Get[web.Raw](root, path, web.Doc{}, p.serveIcon)
	}
}

func (p *Portal) serveAsset(c *web.Call, _ web.None) error {
	name := c.Param("file")
	content, ok := p.front.files[name]
	if !ok {
		return fault.New(fault.NotFound, "There is no such file.")
	}
	return serveFile(c, mediaType(name), content)
}

func (p *Portal) serveThemeFile(c *web.Call, _ web.None) error {
	asset, ok := p.look.theme().Served(c.Param("hash"), c.Param("*"))
	if !ok {
		return fault.New(fault.NotFound, "There is no such file.")
	}
	return serveFile(c, asset.Type, asset.Content)
}

func serveFile(c *web.Call, kind string, content []byte) error {
	h := c.W.Header()
	h["Cache-Control"] = forEver
	h["X-Content-Type-Options"] = []string{"nosniff"}
	h["Content-Security-Policy"] = []string{"default-src 'none'; style-src 'unsafe-inline'"} // pictures with styles of their own
	if strings.HasPrefix(kind, "text/") {
		delete(h, "Content-Security-Policy")
	}
	return c.Blob(http.StatusOK, kind, content)
}

func mediaType(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	if kind := mime.TypeByExtension(path.Ext(name)); kind != "" {
		return kind
	}
	return "application/octet-stream"
}

// serveIcon answers with the picture that stands for the site in browsers,
// which look for it beside every page and document.
func (p *Portal) serveIcon(c *web.Call, _ web.None) error {
	c.W.Header()["Cache-Control"] = []string{"public, max-age=86400"}
	if asset, ok := p.look.theme().Asset("favicon.svg"); ok {
		return c.Blob(http.StatusOK, asset.Type, asset.Content)
	}
	icon, err := files.ReadFile("templates/favicon.svg")
	if err != nil {
		return err
	}
	return c.Blob(http.StatusOK, "image/svg+xml", icon)
}
