package theme

import (
	"fmt"
	"io/fs"
	"mime"
	"path"
	"strings"
)

// Asset is a static file of a pack.
type Asset struct {
	Path    string // below /theme/
	Type    string
	Content []byte
}

// types are the media types by extension of what a pack may serve; there are
// no scripts of pages among the documents.
var types = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".mjs": "text/javascript; charset=utf-8",
	".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp",
	".avif": "image/avif", ".ico": "image/x-icon", ".woff2": "font/woff2", ".woff": "font/woff", ".ttf": "font/ttf",
	".json": "application/json", ".txt": "text/plain; charset=utf-8", ".pdf": "application/pdf",
}

// readAssets reads the static files and the styles of a pack. Their common
// fingerprint is part of their addresses, so that styles may name pictures and
// fonts by relative addresses.
func (t *Theme) readAssets() error {
	t.assets = map[string]Asset{}
	if t.pack == nil {
		return nil
	}
	names, err := walk(t.pack, "static")
	if err != nil {
		return err
	}
	for _, style := range []string{"tokens.css", "style.css", "embed.css"} {
		if exists(t.pack, style) {
			names = append(names, style)
		}
	}
	var all []byte
	for _, name := range names {
		kind, ok := types[strings.ToLower(path.Ext(name))]
		if !ok {
			if kind = mime.TypeByExtension(path.Ext(name)); kind == "" || strings.HasPrefix(kind, "text/html") {
				return fmt.Errorf("%s: this kind of file is not served", name)
			}
		}
		content, err := t.pack.ReadFile(name)
		if err != nil {
			return err
		}
		all = append(all, name...)
		all = append(all, fingerprint(content)...)
		t.assets[strings.TrimPrefix(name, "static/")] = Asset{Type: kind, Content: content}
	}
	t.hash = fingerprint(all)
	for name, asset := range t.assets {
		asset.Path = "/theme/" + t.hash + "/" + name
		t.assets[name] = asset
	}
	return nil
}

// Asset gives a static file of the pack by its name: logo.svg, tokens.css.
func (t *Theme) Asset(name string) (Asset, bool) {
	asset, ok := t.assets[name]
	return asset, ok
}

// Served gives a static file by its address below /theme/.
func (t *Theme) Served(hash, name string) (Asset, bool) {
	if hash != t.hash {
		return Asset{}, false
	}
	return t.Asset(name)
}

// Text gives a page of words, in Markdown, in a language: pages/<lang>/<name>.md.
func (t *Theme) Text(lang, name string) (string, bool) {
	name = "pages/" + lang + "/" + name + ".md"
	if !fs.ValidPath(name) {
		return "", false
	}
	content, err := t.open(name)
	return string(content), err == nil
}

// Texts are the names of the pages of words in a language.
func (t *Theme) Texts(lang string) []string {
	var names []string
	for _, layer := range t.layers() {
		found, err := walk(layer, "pages/"+lang)
		if err != nil {
			continue
		}
		for _, name := range found {
			if short, ok := strings.CutSuffix(strings.TrimPrefix(name, "pages/"+lang+"/"), ".md"); ok {
				names = append(names, short)
			}
		}
	}
	return names
}
