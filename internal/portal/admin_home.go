package portal

import (
	"html/template"
	"net/http"
	"net/url"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/fault"
	"grenier/internal/text"
	"grenier/internal/web"
)

// adminContents are the types of Page.Data of the pages of the administration
// that belong to no object.
var adminContents = map[string]any{"admin/home": adminHome{}}

// adminRoutes declare the first page of the administration, and what its forms
// ask for while somebody types.
func (p *Portal) adminRoutes(t *table) {
	adminPage(t, "/admin", p.showAdminHome)
	fragment(t, markdownPath, p.showMarkdown)
}

// adminHome is the first page of the administration.
type adminHome struct {
	// Name is the first name of who is signed in.
	Name string
	// Tiles count what is theirs.
	Tiles []figure
	// Organizations are those they belong to.
	Organizations []card
	// Starts are what one may begin.
	Starts []AdminAction
	// Todo are things that wait for them.
	Todo []AdminAction
}

func (p *Portal) showAdminHome(v *visit, _ web.None) error {
	u := v.viewer.User
	if u == nil {
		return fault.New(fault.Forbidden, "This page is for people.")
	}
	content := adminHome{Name: u.FirstName, Starts: v.starts()}
	organizations, err := v.ownOrganizations("")
	if err != nil {
		return err
	}
	for i := range organizations {
		o := &organizations[i]
		content.Organizations = append(content.Organizations, card{
			Title: o.Name, URL: v.path(organizationHome(o.ID)), Lang: v.contentLang(), Logo: picturePath("organizations", o.ID, logoSize),
			Certified: o.Certified,
			Facts: []cardFact{
				{"user", v.roleIn(o.ID), ""},
			},
		})
	}
	for _, one := range []struct {
		name, path string
		count      int64
	}{
		{"datasets", "/admin/me/datasets", u.Datasets}, {"reuses", "/admin/me/reuses", u.Reuses},
		{"dataservices", "/admin/me/dataservices", u.Dataservices}, {"followers", "", u.Followers},
	} {
		tile := figure{Label: v.say.T("admin.tile-"+one.name, "count", one.count), Count: one.count}
		if one.path != "" && p.showsAdmin(one.path) {
			tile.URL = v.path(one.path)
		}
		content.Tiles = append(content.Tiles, tile)
	}
	return v.showAdmin(adminDraft{
		name: "home", title: v.say.T("admin.welcome", "name", u.FirstName), path: "/admin", scope: scopeMe, data: content,
	})
}

// roleIn says what somebody may do in an organisation of theirs.
func (v *visit) roleIn(organization string) string {
	switch v.viewer.Memberships[organization] {
	case account.RoleAdmin:
		return v.say.T("admin.role-admin")
	case account.RoleEditor:
		return v.say.T("admin.role-editor")
	}
	return v.say.T("admin.role-partial-editor")
}

// showsAdmin tells whether a page of the administration is declared.
func (p *Portal) showsAdmin(path string) bool {
	for _, declared := range p.adminPaths {
		if fits(declared, path) {
			return true
		}
	}
	return false
}

// starts are the new things that somebody may make now, on pages that are there.
func (v *visit) starts() []AdminAction {
	if v.p.closed(v.viewer) {
		return nil
	}
	var starts []AdminAction
	for _, one := range []struct{ name, icon, path string }{
		{"dataset", "upload", "/admin/datasets/new"}, {"reuse", "reuse", "/admin/reuses/new"}, {"dataservice", "service", "/admin/dataservices/new"},
		{"organization", "building", "/admin/organizations/new"},
	} {
		if v.p.showsAdmin(one.path) {
			starts = append(starts, AdminAction{Label: v.say.T("admin.new-" + one.name), URL: v.path(one.path), Icon: one.icon})
		}
	}
	if len(starts) > 0 {
		starts[0].Tone = "primary"
	}
	return starts
}

// markdownPath takes a text with marks and gives it rendered, for fields that
// show it while it is written.
const markdownPath = "/admin/markdown"

func (p *Portal) showMarkdown(v *visit, _ web.None, sent *posted) error {
	rendered, _ := text.HTML(sent.raw("text"), text.Rendering{Heading: 3, Breaks: true, TableLabel: v.say.T("common.table")})
	return v.fragment("admin/home", "admin-prose", template.HTML(rendered))
}

// fragment answers with a block of a page alone: what scripts put in its place.
func (v *visit) fragment(page, block string, data any) error {
	body, err := v.part(page, block, data)
	if err != nil {
		return err
	}
	v.p.head(v.W.Header(), v.lang)
	return v.Blob(http.StatusOK, "text/html; charset=utf-8", body)
}

// publicPage is the address of an object's page for everybody.
func (v *visit) publicPage(kind, slug string) string {
	bases := map[string]string{
		catalog.KindDataset: "datasets", catalog.KindReuse: "reuses", catalog.KindDataservice: "dataservices", catalog.KindTopic: "topics",
		catalog.KindPost: "posts", catalog.KindOrganization: "organizations", catalog.KindUser: "users",
	}
	return v.path("/" + bases[kind] + "/" + url.PathEscape(slug))
}
