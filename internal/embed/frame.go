package embed

import (
	"html"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"grenier/internal/web"
)

// Frame is the answer of the third generation of snippets: a frame to put into
// a page.
type Frame struct {
	HTML    string `json:"html"`
	Type    string `json:"type"`
	Version string `json:"version"`
}

type frameArgs struct {
	URL       string `query:"url" help:"The absolute URL of a page of this site"`
	MaxWidth  string `query:"maxwidth" help:"The width of the frame in pixels, all there is by default"`
	MaxHeight string `query:"maxheight" help:"The height of the frame in pixels, 180 by default"`
}

func (e *Embed) frameRoutes(root *web.Table) {
	web.Get[Frame](root, "/nuxt-api/oembed", web.Doc{Public: true, NoMask: true}, e.frame)
}

// frame answers always with 200: pages of others show what is wrong as it is
// told, in French as the reference does.
func (e *Embed) frame(c *web.Call, q frameArgs) error {
	c.W.Header()["Cache-Control"] = shared
	return c.JSON(http.StatusOK, Frame{HTML: e.frameHTML(c, q), Type: "rich", Version: "1.0"})
}

func (e *Embed) frameHTML(c *web.Call, q frameArgs) string {
	wrong := func(what string) string { return "<div>Erreur : " + what + "</div>" }
	u, ok := absolute(q.URL)
	if !ok || !here(c, u) {
		return wrong("URL invalide ou manquante")
	}
	parts := partsOf(u.EscapedPath())
	if len(parts) < 2 || slices.ContainsFunc(parts, leaves) {
		return wrong("URL invalide ou manquante")
	}
	height, ok := length(q.MaxHeight, "180px")
	if !ok {
		return wrong("maxheight invalide")
	}
	width, ok := length(q.MaxWidth, "100%")
	if !ok {
		return wrong("maxwidth invalide")
	}
	object, slug := parts[len(parts)-2], parts[len(parts)-1]
	src := c.Site.Base + "/embeds/" + url.PathEscape(object) + "/" + url.PathEscape(slug)
	if lang := parts[0]; len(parts) > 2 && isCode(lang) && lang != e.Language && e.printer(lang).Lang() == lang {
		src += "?lang=" + lang
	}
	return `<div><iframe style="width:` + width + `;height:` + height + `;" src="` + html.EscapeString(src) + `"></iframe></div>`
}

// length is a number of pixels as styles write it, or what stands for none.
func length(given, none string) (string, bool) {
	if given == "" {
		return none, true
	}
	n, err := strconv.Atoi(given)
	if err != nil || n < 1 || n > mostPixels {
		return "", false
	}
	return strconv.Itoa(n) + "px", true
}

// leaves tells whether a part of a path leads elsewhere than below the one before it.
func leaves(part string) bool { return part == "." || part == ".." }
