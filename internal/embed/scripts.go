package embed

import (
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"grenier/internal/fault"
	"grenier/internal/web"
)

// Scripts serves what pages of other sites load, at addresses that stay: widgets.js, oembed.js, the library of
// elements and its parts.
type Scripts struct {
	files    map[string][]byte
	language string
	style    func() string
}

// NewScripts reads the built scripts; without a built front end there are none. language is the site's own, in
// which scripts speak on pages that do not tell theirs. style gives the style of cards that the theme of the site
// brings, empty for none; nil never has one.
func NewScripts(built fs.FS, language string, style func() string) (*Scripts, error) {
	s := &Scripts{files: map[string][]byte{}, language: language, style: style}
	entries, err := fs.ReadDir(built, ".")
	if err != nil {
		return s, nil // built without the front end
	}
	for _, entry := range entries {
		content, err := fs.ReadFile(built, entry.Name())
		if err != nil {
			return nil, fmt.Errorf("the scripts of embeds cannot be read: %w", err)
		}
		s.files[entry.Name()] = content
	}
	return s, nil
}

// Routes declares the addresses.
func (s *Scripts) Routes(root *web.Table) {
	doc := web.Doc{Public: true, Keep: true, NoMask: true}
	web.Get[web.Raw](root, "/static/{file}", doc, func(c *web.Call, _ web.None) error { return s.serve(c, c.Param("file")) })
	web.Get[web.Raw](root, "/oembed.js", doc, func(c *web.Call, _ web.None) error { return s.serve(c, "oembed.js") })
}

// otherNames are those by which pages ask for files that are called otherwise.
var otherNames = map[string]string{"udata.js": "udata.iife.js"}

// scriptsHold bounds how long a script is kept in memory.
const scriptsHold = time.Hour

func (s *Scripts) serve(c *web.Call, name string) error {
	if other, ok := otherNames[name]; ok {
		name = other
	}
	content, ok := s.files[name]
	if !ok {
		return fault.New(fault.NotFound, "There is no such file.")
	}
	h := c.W.Header()
	h["Cache-Control"] = shared
	h["X-Content-Type-Options"] = []string{"nosniff"}
	h["Cross-Origin-Resource-Policy"] = []string{"cross-origin"}
	c.Keep(time.Now().Add(scriptsHold), siteKey)
	return c.Blob(http.StatusOK, scriptType(name), s.filled(content))
}

func scriptType(name string) string {
	switch path.Ext(name) {
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	}
	return "text/plain; charset=utf-8"
}

// The places in the scripts, inside of quotes, where the site puts what is its own.
const (
	languagePlace = "__GRENIER_LANGUAGE__"
	stylePlace    = "__GRENIER_STYLE__"
)

// filled is a script with the language of the site and the style of its theme. The style is part of the layer that
// the program's own is in, after it: what the author of a page writes wins over both.
func (s *Scripts) filled(content []byte) []byte {
	style := ""
	if s.style != nil {
		if style = strings.TrimSpace(s.style()); style != "" {
			style = quotedScript("@layer udata{" + style + "}")
		}
	}
	return []byte(strings.NewReplacer(languagePlace, quotedScript(s.language), stylePlace, style).Replace(string(content)))
}

// quotedScript writes a text so that it may stand between any quotes of a script.
func quotedScript(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r < ' ' || strings.ContainsRune("\"'`\\$<>&\u2028\u2029\u007f", r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
