package portal

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"

	"grenier/internal/account"
	"grenier/internal/fault"
	"grenier/internal/web"
)

// Account is the corner of the header for who is signed in, or for who may log
// in.
type Account struct {
	// Known tells that somebody is signed in. Without a Name the page does not
	// know who: only that the administration is theirs.
	Known bool
	Name  string
	// Picture is the address of their picture.
	Picture string
	// Space leads to their pages, Items to some of them.
	Space string
	Items []Item
	// LogIn and Register lead to the pages of these names; Register is empty when
	// nobody makes their account themselves. LogOut is where a form is posted to.
	LogIn, Register, LogOut string
}

// Notice says what has been done, or what to know, above a page.
type Notice struct {
	// Tone is success, info, warning or danger; Icon a picture.
	Tone, Icon, Text string
}

// AdminFrame is what stands around the pages of the administration.
type AdminFrame struct {
	// Kicker says whose things are shown, or what kind of thing.
	Kicker, Icon string
	// Scopes are the parts of the menu at the side: one's own things, those of
	// each organisation, those of the site.
	Scopes []AdminScope
	// Badges tell the state of what is shown.
	Badges []badge
	// Lead is a sentence under the title.
	Lead string
	// Public leads to the page that everybody sees; empty when there is none.
	// Preview tells that it is not public yet.
	Public  string
	Preview bool
	Tabs    []tab
	// Actions are links of the toolbar, the most important first; Buttons post.
	Actions []AdminAction
	Buttons []button
	// Closed tells that nothing new can be made for now.
	Closed bool
}

// AdminScope is a part of the menu at the side.
type AdminScope struct {
	// ID is unique in the page.
	ID, Label, Icon string
	// Picture is the address of a logo; empty for the icon.
	Picture string
	Items   []Item
	// Open shows its links; Current tells that the page belongs to it.
	Open, Current bool
}

// AdminAction is a link of a toolbar.
type AdminAction struct {
	Label, URL, Icon string
	// Tone is primary, danger, quiet or empty.
	Tone string
}

// scope tells whose things a page of the administration shows.
type scope struct {
	// kind is me, organization or site; id is the organisation's.
	kind, id string
}

var (
	scopeMe   = scope{kind: "me"}
	scopeSite = scope{kind: "site"}
)

func scopeOf(organization string) scope { return scope{"organization", organization} }

// scopeOfOwner is the scope that an owned object belongs to for who looks at it.
func (v *visit) scopeOfOwner(o account.Owner) scope {
	switch {
	case o.Organization != "":
		return scopeOf(o.Organization)
	case o.User == v.viewer.UserID() || !v.viewer.Admin():
		return scopeMe
	}
	return scopeSite
}

// adminDraft is what a handler says of its page of the administration.
type adminDraft struct {
	// name is the template below templates/pages/admin/, without its ending.
	name  string
	title string
	// path is in the site's own language.
	path  string
	scope scope
	// kicker is the kind of thing, as a message; icon its picture.
	kicker, icon string
	// crumbs stand between the scope and the page itself.
	crumbs  []Link
	badges  []badge
	lead    string
	public  string
	preview bool
	tabs    []tab
	actions []AdminAction
	buttons []button
	notices []Notice
	data    any
}

// adminPage declares a page for people who are signed in, in every language.
// Others are led to log in and back. It is kept nowhere. A path of the site's
// administrators (/admin/site/…) is refused to others.
func adminPage[Q any](t *table, path string, h func(*visit, Q) error) {
	t.p.adminPaths = append(t.p.adminPaths, path)
	privatePage(t, path, func(v *visit, q Q) error {
		if v.viewer.Anonymous() {
			return v.toLogin(v.R.URL.RequestURI())
		}
		if strings.HasPrefix(path, "/admin/site/") && !v.viewer.Admin() {
			return fault.New(fault.Forbidden, "Only administrators of the site may see this page.")
		}
		err := h(v, q)
		var moved *elsewhere
		if errors.As(err, &moved) {
			return v.Redirect(http.StatusFound, moved.target)
		}
		return err
	})
}

// privatePage declares a page that no cache may hold, for everybody.
func privatePage[Q any](t *table, path string, h func(*visit, Q) error) {
	add(t, path, web.Doc{People: true, NoMask: true, NoStore: true}, h)
}

// toLogin leads to the page to log in on, and from there on to a path.
func (v *visit) toLogin(next string) error {
	target := v.path("/login")
	if next = safeNext(next); next != "" {
		target += "?next=" + url.QueryEscape(next)
	}
	status := http.StatusFound
	if v.R.Method != http.MethodGet && v.R.Method != http.MethodHead {
		status = http.StatusSeeOther
	}
	return v.Redirect(status, target)
}

// showAdmin draws a page of the administration.
func (v *visit) showAdmin(d adminDraft) error {
	frame, err := v.adminFrame(d)
	if err != nil {
		return err
	}
	crumbs := []Link{{v.say.T("admin.home"), v.path("/admin")}}
	if d.path == "/admin" {
		crumbs = nil
	}
	for _, s := range frame.Scopes {
		if s.Current && d.scope.kind == "organization" && d.path != organizationHome(d.scope.id) {
			crumbs = append(crumbs, Link{s.Label, v.path(organizationHome(d.scope.id))})
		}
	}
	if len(crumbs) > 0 {
		crumbs = append(append(crumbs, d.crumbs...), Link{Label: shortTitle(d.title)})
	}
	return v.show(draft{
		name: "admin/" + d.name, title: d.title, path: d.path, crumbs: crumbs, noIndex: true, transient: true, admin: frame,
		notices: d.notices, data: d.data, args: v.kept(),
	})
}

// kept are the arguments of an address that links to other languages keep.
func (v *visit) kept() url.Values {
	kept := v.R.URL.Query()
	kept.Del("done")
	kept.Del("flash")
	return kept
}

// organizationHome is the first page of an organisation's administration.
func organizationHome(id string) string {
	return "/admin/organizations/" + url.PathEscape(id)
}

func (v *visit) adminFrame(d adminDraft) (*AdminFrame, error) {
	scopes, err := v.adminScopes(d)
	if err != nil {
		return nil, err
	}
	frame := &AdminFrame{
		Icon: d.icon, Scopes: scopes, Badges: d.badges, Lead: d.lead, Public: d.public, Preview: d.preview, Tabs: d.tabs, Actions: d.actions, Buttons: d.buttons,
		Closed: v.p.closed(v.viewer),
	}
	if d.kicker != "" {
		frame.Kicker = v.say.T(d.kicker)
	}
	return frame, nil
}

// closed tells whether the read-only mode keeps somebody from making new things.
func (p *Portal) closed(viewer account.Viewer) bool {
	return p.ReadOnly != nil && p.ReadOnly() && !viewer.Admin()
}

// adminLink is a line of the menu at the side.
type adminLink struct{ name, icon, path string }

// The lines of each scope, by the message admin.menu-<name>. A line shows once
// its page is declared. {id} is the organisation.
var (
	adminMine = []adminLink{
		{"home", "home", "/admin"},
		{"datasets", "dataset", "/admin/me/datasets"},
		{"dataservices", "service", "/admin/me/dataservices"},
		{"reuses", "reuse", "/admin/me/reuses"},
		{"community", "users", "/admin/me/community-resources"},
		{"topics", "topic", "/admin/me/topics"},
		{"charts", "chart", "/admin/me/charts"},
		{"notifications", "mail", "/admin/me/notifications"},
		{"invitations", "users", "/admin/me/invitations"},
		{"transfers", "arrow-right", "/admin/transfers"},
		{"profile", "user", "/admin/me/profile"},
		{"security", "shield", "/admin/me/security"},
		{"tokens", "key", "/admin/me/tokens"},
		{"applications", "grid", "/admin/me/programs"},
		{"webhooks", "arrow-right", "/admin/me/webhooks"},
		{"harvesters", "harvest", "/admin/me/harvesters"},
		{"data", "database", "/admin/me/data"},
		{"figures", "chart", "/admin/me/metrics"},
		{"activity", "history", "/admin/me/activity"},
		{"bin", "trash", "/admin/me/bin"},
	}
	adminOrganization = []adminLink{
		{"home", "home", "/admin/organizations/{id}"},
		{"datasets", "dataset", "/admin/organizations/{id}/datasets"},
		{"dataservices", "service", "/admin/organizations/{id}/dataservices"},
		{"reuses", "reuse", "/admin/organizations/{id}/reuses"},
		{"community", "users", "/admin/organizations/{id}/community-resources"},
		{"topics", "topic", "/admin/organizations/{id}/topics"},
		{"charts", "chart", "/admin/organizations/{id}/charts"},
		{"discussions", "comment", "/admin/organizations/{id}/discussions"},
		{"harvesters", "harvest", "/admin/organizations/{id}/harvesters"},
		{"members", "users", "/admin/organizations/{id}/members"},
		{"organization", "building", "/admin/organizations/{id}/profile"},
		{"contacts", "phone", "/admin/organizations/{id}/profile/contacts"},
		{"figures", "chart", "/admin/organizations/{id}/figures"},
		{"webhooks", "arrow-right", "/admin/organizations/{id}/webhooks"},
		{"activity", "history", "/admin/organizations/{id}/activity"},
		{"bin", "trash", "/admin/organizations/{id}/bin"},
	}
	adminSite = []adminLink{
		{"datasets", "dataset", "/admin/site/datasets"},
		{"dataservices", "service", "/admin/site/dataservices"},
		{"reuses", "reuse", "/admin/site/reuses"},
		{"community", "users", "/admin/site/community-resources"},
		{"topics", "topic", "/admin/site/topics"},
		{"charts", "chart", "/admin/site/charts"},
		{"posts", "post", "/admin/site/posts"},
		{"organizations", "building", "/admin/site/organizations"},
		{"people", "user", "/admin/site/users"},
		{"harvesters", "harvest", "/admin/site/harvesters"},
		{"moderation", "flag", "/admin/site/moderation"},
		{"edito", "text", "/admin/site/edito/home"},
		{"applications", "grid", "/admin/site/applications"},
		{"mails", "mail", "/admin/site/mails"},
		{"jobs", "refresh", "/admin/site/jobs"},
		{"activity", "history", "/admin/site/activity"},
		{"bin", "trash", "/admin/site/bin"},
		{"settings", "settings", "/admin/site/settings"},
	}
)

// maxScopes bounds the organisations in the menu at the side; the first page of
// the administration lists them all.
const maxScopes = 12

// adminScopes are the parts of the menu at the side.
func (v *visit) adminScopes(d adminDraft) ([]AdminScope, error) {
	scopes := []AdminScope{{
		ID: "scope-me", Label: v.say.T("admin.scope-me"), Icon: "user", Items: v.adminItems(adminMine, "", d.path), Current: d.scope.kind == "me",
	}}
	organizations, err := v.ownOrganizations(d.scope.id)
	if err != nil {
		return nil, err
	}
	for i := range organizations {
		o := &organizations[i]
		current := d.scope.id == o.ID
		if len(scopes) > maxScopes && !current {
			continue
		}
		scopes = append(scopes, AdminScope{
			ID: "scope-" + o.ID, Label: o.Name, Icon: "building", Picture: picturePath("organizations", o.ID, logoSize),
			Items: v.adminItems(adminOrganization, o.ID, d.path), Current: current,
		})
	}
	if v.viewer.Admin() {
		scopes = append(scopes, AdminScope{
			ID: "scope-site", Label: v.say.T("admin.scope-site"), Icon: "settings", Items: v.adminItems(adminSite, "", d.path), Current: d.scope.kind == "site",
		})
	}
	for i := range scopes {
		scopes[i].Open = scopes[i].Current || len(scopes) == 1
	}
	return slices.DeleteFunc(scopes, func(s AdminScope) bool { return len(s.Items) == 0 && !s.Current }), nil
}

// ownOrganizations are those of who looks, by name as the page's language orders
// them, and one more that the page is about.
func (v *visit) ownOrganizations(more string) ([]account.Organization, error) {
	ids := v.viewer.Organizations()
	if more != "" && !slices.Contains(ids, more) {
		ids = append(ids, more)
	}
	if len(ids) == 0 {
		return nil, nil
	}
	organizations, err := v.p.Organizations.ByIDs(v.Context(), ids)
	if err != nil {
		return nil, err
	}
	order := collate.New(language.Make(v.lang))
	slices.SortFunc(organizations, func(a, b account.Organization) int {
		if byName := order.CompareString(a.Name, b.Name); byName != 0 {
			return byName
		}
		return strings.Compare(a.ID, b.ID)
	})
	return organizations, nil
}

// adminItems are the lines whose pages are there. The page belongs to the line
// whose path leads furthest to it.
func (v *visit) adminItems(links []adminLink, id, current string) []Item {
	var items []Item
	nearest, furthest := -1, 0
	for _, link := range links {
		path := strings.Replace(link.path, "{id}", url.PathEscape(id), 1)
		if !slices.ContainsFunc(v.p.adminPaths, func(declared string) bool { return fits(declared, path) }) {
			continue
		}
		if path == current || link.name != "home" && strings.HasPrefix(current, path+"/") {
			if len(path) > furthest {
				nearest, furthest = len(items), len(path)
			}
		}
		items = append(items, Item{Label: v.say.T("admin.menu-" + link.name), Icon: link.icon, URL: v.path(path)})
	}
	if nearest >= 0 {
		items[nearest].Current = true
	}
	return items
}

// accountMenu is the corner of the header for who looks at a page.
func (v *visit) accountMenu() Account {
	menu := Account{Space: v.path("/admin"), LogIn: v.path("/login"), LogOut: v.path("/logout")}
	if v.p.Registration != nil && v.p.Registration() {
		menu.Register = v.path("/register")
	}
	u := v.viewer.User
	if u == nil {
		menu.Known = v.viewer.Origin == "" && v.unknownSession()
		return menu
	}
	menu.Known, menu.Name, menu.Picture = true, u.FullName(), picturePath("users", u.ID, logoSize)
	for _, link := range []adminLink{{"home", "home", "/admin"}, {"profile", "user", "/admin/me/profile"}, {"security", "shield", "/admin/me/security"}} {
		menu.Items = append(menu.Items, v.adminItems([]adminLink{link}, "", "")...)
	}
	if v.viewer.Admin() {
		for _, link := range adminSite {
			if link.name == "settings" || link.name == "people" {
				menu.Items = append(menu.Items, v.adminItems([]adminLink{link}, "", "")...)
			}
		}
	}
	return menu
}

// unknownSession tells whether the browser says that somebody is signed in where
// nobody asked who: on pages of errors.
func (v *visit) unknownSession() bool {
	return v.Call.Route == nil && v.p.SessionCookie != "" && v.Cookie(v.p.SessionCookie) != ""
}

// flashes are what the addresses of the reference's links in mails and of
// logging in and out say on the page that they lead to.
var flashes = map[string]Notice{
	"connected":                  {"success", "success", "account.flash-connected"},
	"logout":                     {"success", "success", "account.flash-logout"},
	"closed":                     {"success", "success", "admin-me.flash-closed"},
	"post_confirm":               {"success", "success", "account.flash-confirmed"},
	"confirm_error":              {"danger", "error", "account.flash-confirm-error"},
	"reset_invalid":              {"warning", "warning", "account.flash-reset-invalid"},
	"reset_done":                 {"success", "success", "account.flash-reset-done"},
	"change_email":               {"info", "mail", "account.flash-change-email"},
	"change_email_expired":       {"warning", "warning", "account.flash-change-email-expired"},
	"change_email_invalid":       {"danger", "error", "account.flash-change-email-invalid"},
	"change_email_already_taken": {"danger", "error", "account.flash-change-email-taken"},
	"change_email_confirmed":     {"success", "success", "account.flash-change-email-confirmed"},
}

// heard are the notices that the address of a page asks for: known ones alone,
// so that nobody can make the site say something.
func (v *visit) heard() []Notice {
	var notices []Notice
	query := v.R.URL.Query()
	if notice, ok := flashes[query.Get("flash")]; ok {
		id := notice.Text
		notice.Text = v.say.T(id)
		notices = append(notices, v.unlessUnsent(id, notice))
	}
	if id := query.Get("done"); v.Call.Route != nil && v.Call.Route.NoStore && doneMessage(id) {
		if words := v.say.T(id); words != id {
			notices = append(notices, v.unlessUnsent(id, Notice{"success", "success", words}))
		}
	}
	return notices
}

// doneMessage tells whether an identifier is one of a message of success:
// area.done-something.
func doneMessage(id string) bool {
	area, name, ok := strings.Cut(id, ".done-")
	return ok && len(id) < 100 && plainWord(area) && plainWord(name) && name != ""
}
