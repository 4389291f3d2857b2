package portal

import (
	"html"
	"net/url"
)

// embedOffer is how to show an object in pages of other sites.
type embedOffer struct {
	// Frame is the path of the page that is framed.
	Frame string
	Codes []embedCode
}

// embedCode is something to copy into a page.
type embedCode struct {
	// ID is unique in the page.
	ID, Label, Text string
	// Code is one line or several of HTML, or an address.
	Code string
}

// embedded is an object that other pages may show.
type embedded struct {
	// kind is how attributes and elements name the kind, base the first part of its paths.
	kind, base string
	id, title  string
	// path is that of its page in the site's own language.
	path string
}

// embedOf says how to show an object elsewhere, nil for one that is not for
// everybody.
func (v *visit) embedOf(o embedded, public bool) *embedOffer {
	if !public {
		return nil
	}
	site, address := v.Site.Base, v.Site.Base+v.path(o.path)
	title := html.EscapeString(oneLine(o.title))
	frame := "/embeds/" + o.base + "/" + url.PathEscape(o.id)
	offer := &embedOffer{Frame: frame + "?lang=" + url.QueryEscape(v.lang)}
	framed, height := frame, "260"
	if v.lang != v.p.Language {
		framed = offer.Frame
	}
	add := func(name, code string) {
		offer.Codes = append(offer.Codes, embedCode{"embed-" + name, v.say.T("embedding.code-" + name), v.say.T("embedding.text-" + name), code})
	}
	loader := `<script data-udata="` + site + `/" src="` + site + `/oembed.js" async defer></script>`
	add("script", `<div data-udata-`+o.kind+`="`+html.EscapeString(o.id)+`"></div>`+"\n"+loader)
	if o.kind == "organization" {
		add("list", `<div data-udata-organization="`+html.EscapeString(o.id)+`"></div>`+"\n"+
			`<script id="udata" src="`+site+`/static/widgets.js" async defer onload="udataScript.loadOrganization({withSearch: true})"></script>`)
		add("search", `<div data-udata-search-dataset="`+html.EscapeString(o.id)+`"></div>`+"\n"+loader)
		add("reuses", `<div data-udata-list-reuse="`+html.EscapeString(o.id)+`"></div>`+"\n"+loader)
	}
	add("frame", `<iframe src="`+html.EscapeString(site+framed)+`" title="`+title+`" width="100%" height="`+height+`" frameborder="0" loading="lazy"></iframe>`)
	add("element", `<script type="module" src="`+site+`/static/udata.mjs"></script>`+"\n"+
		`<udata-`+o.kind+` ref="`+html.EscapeString(o.id)+`"><a href="`+html.EscapeString(address)+`">`+title+`</a></udata-`+o.kind+`>`)
	add("link", `<a href="`+html.EscapeString(address)+`">`+title+`</a>`)
	if o.kind != "territory" {
		add("image", `<a href="`+html.EscapeString(address)+`"><img src="`+html.EscapeString(v.sharePicture(o.base, o.id))+`" alt="`+title+`" width="600" height="315"></a>`)
	}
	add("oembed", site+oembedPath(address))
	return offer
}

// oembedPath is where programs learn how to embed a page (https://oembed.com).
func oembedPath(address string) string { return "/api/1/oembed?url=" + url.QueryEscape(address) }

// oembedSibling lets programs that are given the page's address find how to
// embed it; none for what is not for everybody.
func (v *visit) oembedSibling(path, title string, public bool) []Sibling {
	if !public {
		return nil
	}
	return []Sibling{{"application/json+oembed", title, oembedPath(v.Site.Base + v.path(path))}}
}
