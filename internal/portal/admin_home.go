package portal

import (
	"html/template"
	"net/http"
	"net/url"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
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
	// Waiting is what needs them, the most pressing first.
	Waiting []waitingCard
	// Steps are the first ones of a newcomer; nobody else has any.
	Steps []homeStep
	// Tiles count what is theirs and their organisations'.
	Tiles []homeTile
	// Organizations are those they belong to.
	Organizations []card
	// Starts are what one may begin.
	Starts []AdminAction
}

// homeStep is a first step. Done tells that it was taken.
type homeStep struct {
	Icon, Title, Text string
	Action            AdminAction
	More              AdminAction
	Done              bool
}

// homeTile is a number of what is one's own. Chart draws the last twelve months,
// which Trend tells in words; both are empty where nothing is counted by month.
type homeTile struct {
	Label string
	Count int64
	URL   string
	Trend string
	Chart template.HTML
}

func (p *Portal) showAdminHome(v *visit, _ web.None) error {
	u := v.viewer.User
	if u == nil {
		return fault.New(fault.Forbidden, "This page is for people.")
	}
	organizations, err := v.ownOrganizations("")
	if err != nil {
		return err
	}
	content := adminHome{Name: u.FirstName, Starts: v.starts(), Tiles: v.homeTiles(u, organizations), Organizations: v.homeOrganizations(organizations)}
	if content.Waiting, err = v.homeWaiting(organizations); err != nil {
		return err
	}
	if len(organizations) == 0 && u.Datasets+u.Reuses+u.Dataservices == 0 {
		content.Steps = v.homeSteps(u)
		content.Tiles = nil
	}
	return v.showAdmin(adminDraft{
		name: "home", title: v.say.T("admin.welcome", "name", u.FirstName), path: "/admin", scope: scopeMe, notices: v.mailNotices(), data: content,
	})
}

// homeOrganizations are one's organisations as cards.
func (v *visit) homeOrganizations(organizations []account.Organization) []card {
	var cards []card
	for i := range organizations {
		o := &organizations[i]
		cards = append(cards, card{
			Title: o.Name, URL: v.path(v.organizationStart(o.ID)), Lang: v.contentLang(), Logo: picturePath("organizations", o.ID, logoSize),
			Certified: o.Certified,
			Facts: []cardFact{
				{"user", v.roleIn(o.ID), ""}, {"dataset", v.say.Compact(o.Datasets) + " " + v.say.T("admin.tile-datasets", "count", o.Datasets), ""},
			},
		})
	}
	return cards
}

// organizationStart is the first page of an organisation's administration that
// is there.
func (v *visit) organizationStart(id string) string {
	if start := organizationHome(id); v.p.showsAdmin(start) {
		return start
	}
	return "/admin/organizations/" + url.PathEscape(id) + "/datasets"
}

// homeTiles count what belongs to a person and to their organisations.
func (v *visit) homeTiles(u *account.User, organizations []account.Organization) []homeTile {
	counts := map[string]int64{"datasets": u.Datasets, "reuses": u.Reuses, "dataservices": u.Dataservices, "followers": u.Followers}
	months := map[string]catalog.MonthCounts{}
	for i := range organizations {
		o := &organizations[i]
		counts["datasets"] += o.Datasets
		counts["reuses"] += o.Reuses
		counts["dataservices"] += o.Dataservices
		counts["followers"] += o.Followers + o.DatasetFollowers
		known := fields(o.ByMonths)
		for name, metric := range map[string]string{
			"datasets": "datasets_by_months", "reuses": "reuses_by_months", "dataservices": "dataservices_by_months", "followers": "datasets_followers_by_months",
		} {
			months[name] = summed(months[name], monthCounts(db.JSON(known[metric])))
		}
	}
	var tiles []homeTile
	for _, one := range []struct{ name, path string }{
		{"datasets", "/admin/me/datasets"}, {"reuses", "/admin/me/reuses"}, {"dataservices", "/admin/me/dataservices"}, {"followers", ""},
	} {
		count := counts[one.name]
		tile := homeTile{Label: v.say.T("admin.tile-"+one.name, "count", count), Count: count}
		if len(organizations) == 0 && one.path != "" && v.p.showsAdmin(one.path) {
			tile.URL = v.path(one.path)
		}
		var sum int64
		if tile.Chart, sum = v.sparkline(months[one.name]); sum > 0 {
			tile.Trend = v.say.T("admin-me.in-a-year", "count", sum)
		}
		tiles = append(tiles, tile)
	}
	return tiles
}

// summed adds counters month by month.
func summed(a, b catalog.MonthCounts) catalog.MonthCounts {
	if a == nil {
		return b
	}
	for month, count := range b {
		a[month] += count
	}
	return a
}

// homeSteps are the first steps of a newcomer.
func (v *visit) homeSteps(u *account.User) []homeStep {
	action := func(label, path, icon, tone string) AdminAction {
		if !v.p.showsAdmin(path) {
			return AdminAction{}
		}
		return AdminAction{Label: v.say.T(label), URL: v.path(path), Icon: icon, Tone: tone}
	}
	steps := []homeStep{
		{
			Icon: "user", Title: v.say.T("admin-me.step-profile"), Text: v.say.T("admin-me.step-profile-text"), Done: u.About != nil || u.Avatar != nil,
			Action: action("admin-me.step-profile-go", "/admin/me/profile", "edit", ""),
		},
		{
			Icon: "building", Title: v.say.T("admin-me.step-organization"), Text: v.say.T("admin-me.step-organization-text"),
			Action: action("admin.new-organization", "/admin/organizations/new", "plus", ""),
			More:   AdminAction{Label: v.say.T("admin.find-organization"), URL: v.path("/organizations"), Tone: "quiet"},
		},
		{
			Icon: "upload", Title: v.say.T("admin-me.step-publish"), Text: v.say.T("admin-me.step-publish-text"),
			Action: action("admin.new-dataset", "/admin/datasets/new", "upload", "primary"),
		},
	}
	if v.p.closed(v.viewer) {
		steps[1].Action, steps[2].Action = AdminAction{}, AdminAction{}
	}
	return steps
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
