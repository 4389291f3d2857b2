package portal

import (
	"net/url"

	"grenier/internal/dump"
)

// feedPath is the path of what is new of a kind, in a form and in the page's
// language.
func (v *visit) feedPath(kind string, form dump.Form, args url.Values) string {
	return v.path("/"+kind+"/recent."+string(form)) + queryOf(args)
}

// feedLinks are a feed in both forms, for feed readers that look at a page.
func (v *visit) feedLinks(title, kind string, args url.Values) []Sibling {
	return []Sibling{
		{dump.Atom.Type(), title, v.feedPath(kind, dump.Atom, args)},
		{dump.RSS.Type(), title + " (RSS)", v.feedPath(kind, dump.RSS, args)},
	}
}

// siteFeeds are those that every page names.
func (v *visit) siteFeeds() []Sibling {
	return []Sibling{
		{dump.Atom.Type(), v.say.T("site.feed-datasets"), v.feedPath("datasets", dump.Atom, nil)},
		{dump.Atom.Type(), v.say.T("site.feed-reuses"), v.feedPath("reuses", dump.Atom, nil)},
	}
}
