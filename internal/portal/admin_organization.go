package portal

import (
	"net/url"
	"strings"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/fault"
	"grenier/internal/web"
)

// adminOrganizationContents are the types of Page.Data of the pages on which an
// organisation is administered.
var adminOrganizationContents = map[string]any{
	"admin/organization": adminOrganizationHome{}, "admin/organization-new": adminOrganizationNew{},
	"admin/organization-profile": adminOrganizationProfile{}, "admin/organization-presentation": adminOrganizationPresentation{},
	"admin/organization-figures": adminOrganizationFigures{},
}

// adminOrganizationRoutes declare the pages on which an organisation is made and
// administered.
func (p *Portal) adminOrganizationRoutes(t *table) {
	adminPage(t, "/admin/organizations/new", p.showNewOrganization)
	form(t, "/admin/organizations/new", "POST /api/1/organizations/", p.createOrganization)
	adminPage(t, "/admin/organizations/{id}", p.showAdminOrganization)
	form(t, "/admin/organizations/{id}/restore", "PUT /api/1/organizations/{org}/", p.restoreOrganization)
	adminPage(t, "/admin/organizations/{id}/profile", p.showAdminProfile)
	form(t, "/admin/organizations/{id}/profile", "PUT /api/1/organizations/{org}/", p.saveAdminProfile)
	form(t, "/admin/organizations/{id}/zone", "PUT /api/2/organizations/{org}/zone/", p.saveAdminZone)
	pictureForm(t, "/admin/organizations/{id}/logo", "POST /api/1/organizations/{org}/logo/", p.saveAdminLogo)
	form(t, "/admin/organizations/{id}/delete", "DELETE /api/1/organizations/{org}/", p.deleteAdminOrganization)
	adminPage(t, "/admin/organizations/{id}/profile/presentation", p.showAdminPresentation)
	form(t, "/admin/organizations/{id}/profile/presentation", "PUT /api/1/organizations/{org}/", p.saveAdminPresentation)
	adminPage(t, "/admin/organizations/{id}/figures", p.showAdminFigures)
}

// adminOrganizationArgs name the organisation of a page.
type adminOrganizationArgs struct {
	ID string `path:"id"`
}

// inside reads an organisation by its identifier or slug, for who may do
// something in it: account.SeeInside or account.Manage.
func (v *visit) inside(key string, action account.Action) (*account.Organization, error) {
	id := key
	if !db.IsID(key) {
		found, err := v.p.Organizations.Resolve(v.Context(), key)
		if err != nil {
			return nil, err
		}
		id = found.ID
	}
	o, err := v.p.Organizations.Get(v.Context(), v.viewer, id)
	if err != nil {
		return nil, err
	}
	if !v.viewer.May(action, account.Owner{Organization: id}, "") {
		return nil, fault.New(fault.Forbidden, "Only members of this organization whose role allows it may see this page.")
	}
	return o, nil
}

// organizationAdmin is the address of a page of an organisation's administration
// in the site's own language; tail begins with a slash or is empty.
func organizationAdmin(id, tail string) string {
	return "/admin/organizations/" + url.PathEscape(id) + tail
}

// organizationAdminDraft begins a page of an organisation's administration.
func (v *visit) organizationAdminDraft(o *account.Organization, name, title, tail string) adminDraft {
	d := adminDraft{
		name: name, title: title, path: organizationAdmin(o.ID, tail), scope: scopeOf(o.ID), kicker: "organization.kind", icon: "building",
	}
	if !o.DeletedAt.IsZero() {
		d.badges = append(d.badges, badge{v.say.T("common.deleted"), "danger", "trash"})
	}
	return d
}

// adminOrganizationNew is the form of a new organisation.
type adminOrganizationNew struct {
	// Same are the organisations that have the name that was given, for who
	// would rather join one of them.
	Same []sameOrganization
	Form formView
}

// sameOrganization is an organisation that has the name of a new one.
type sameOrganization struct {
	// Name is what it is called, Page leads to it, Join to the page on which one
	// asks to join it.
	Name, Page, Join string
}

func (p *Portal) showNewOrganization(v *visit, _ web.None) error {
	return v.showNewOrganization(nil)
}

// sameName is the hidden field of the name that somebody was warned of.
const sameName = "same_name"

func (v *visit) showNewOrganization(same []sameOrganization) error {
	f := v.form("organization", "/admin/organizations/new").submit("admin-organization.create", "check").cancel("/admin")
	if len(same) > 0 {
		f.submit("admin-organization.same-create", "check").hidden(sameName, v.posted.text("name"))
	}
	v.organizationFields(f, &account.Organization{})
	shown := f.view()
	if len(same) > 0 {
		shown.Failed = false // the page itself says what is the matter
	}
	return v.showAdmin(adminDraft{
		name: "organization-new", title: v.say.T("admin-organization.new"), path: "/admin/organizations/new", scope: scopeMe,
		lead: v.say.T("admin-organization.new-lead"), data: adminOrganizationNew{same, shown},
	})
}

// organizationFields ask for what is told of an organisation.
func (v *visit) organizationFields(f *formDraft, o *account.Organization) {
	f.text("name", "admin-organization.name", o.Name).most(255).require().help("admin-organization.name-help").auto("organization")
	f.text("acronym", "admin-organization.acronym", deref(o.Acronym)).most(128).help("admin-organization.acronym-help")
	f.markdown("description", "admin-organization.description", o.Description).require().help("admin-organization.description-help")
	f.link("url", "admin-organization.url", deref(o.URL)).help("admin-organization.url-help")
	number := f.number("business_number_id", "admin-organization.business-number", deref(o.BusinessNumberID))
	number.most(20).help("admin-organization.business-number-help").example("130 025 265 00013")
}

// organizationInput reads what organizationFields asked.
func organizationInput(sent *posted) account.OrganizationInput {
	return account.OrganizationInput{
		Name: account.Some(sent.text("name")), Acronym: account.Some(sent.text("acronym")), Description: account.Some(sent.text("description")),
		URL: account.Some(sent.text("url")), BusinessNumberID: account.Some(sent.text("business_number_id")),
	}
}

// errSameName warns who makes an organisation under a name that another has: a
// page asks once more, the API takes it.
var errSameName = fault.New(fault.Conflict, "An organization has this name already: join it, or create yours all the same.")

// sameOrganizations are those that have a name, however it is written; at most
// three of them.
func (v *visit) sameOrganizations(name string) ([]sameOrganization, error) {
	name = strings.Join(strings.Fields(name), " ")
	if name == "" {
		return nil, nil
	}
	found, _, err := v.p.Organizations.List(v.Context(), account.OrganizationFilter{Name: name, Sort: "-datasets", Limit: 3})
	if err != nil {
		return nil, err
	}
	var same []sameOrganization
	for i := range found {
		o := &found[i]
		same = append(same, sameOrganization{o.Name, v.publicPage(catalog.KindOrganization, o.Slug), v.path(organizationAdmin(o.ID, "/join"))})
	}
	return same, nil
}

func (p *Portal) createOrganization(v *visit, in web.None, sent *posted) error {
	if name := sent.text("name"); sent.text(sameName) != name {
		same, err := v.sameOrganizations(name)
		if err != nil {
			return err
		}
		if len(same) > 0 {
			return sent.again(errSameName, func() error { return v.showNewOrganization(same) })
		}
	}
	made, err := p.Accounts.FoundOrganization(sent.Context(), v.viewer, organizationInput(sent))
	if err != nil {
		return sent.again(err, func() error { return p.showNewOrganization(v, in) })
	}
	return sent.done(organizationAdmin(made.ID, "/profile"), "admin-organization.done-created")
}

// adminOrganizationHome is the first page of an organisation's administration.
type adminOrganizationHome struct {
	// Starts are what one may begin.
	Starts []AdminAction
	// Todo are things that wait for somebody.
	Todo []AdminAction
	// Tiles count what is the organisation's.
	Tiles []figure
	// Latest are the datasets that changed last.
	Latest cardShelf
	// Restore brings a deleted organisation back; without a label when there is
	// nothing to bring back.
	Restore button
}

func (p *Portal) showAdminOrganization(v *visit, in adminOrganizationArgs) error {
	o, err := v.inside(in.ID, account.SeeInside)
	if err != nil {
		return err
	}
	content := adminOrganizationHome{Tiles: v.organizationTiles(o)}
	d := v.organizationAdminDraft(o, "organization", o.Name, "")
	if o.DeletedAt.IsZero() {
		content.Starts = v.organizationStarts(o)
		d.public = v.publicPage(catalog.KindOrganization, o.Slug)
		if content.Todo, err = v.organizationTodo(o); err != nil {
			return err
		}
		cards, _, err := v.datasetShelf(catalog.DatasetFilter{Organization: o.ID, Sort: "-last_update"}, 3)
		if err != nil {
			return err
		}
		for i := range cards { // whose they are is told above
			cards[i].Kicker, cards[i].Certified = "", false
		}
		content.Latest = cardShelf{ID: "latest", Title: v.say.T("admin-organization.latest"), Cards: cards}
		if p.showsAdmin(organizationAdmin(o.ID, "/datasets")) {
			content.Latest.More = Link{v.say.T("admin-organization.all-datasets"), v.path(organizationAdmin(o.ID, "/datasets"))}
		}
	} else {
		if v.R.URL.Query().Get("done") != "admin-organization.done-deleted" { // which says the same
			d.notices = []Notice{{"warning", "trash", v.say.T("admin-organization.deleted")}}
		}
		if v.viewer.MayManage(o.ID) {
			content.Restore = v.button(organizationAdmin(o.ID, "/restore"), "admin-organization.restore", "refresh")
		}
	}
	d.data = content
	return v.showAdmin(d)
}

// organizationTiles count what an organisation has, with links where there is a
// page for it.
func (v *visit) organizationTiles(o *account.Organization) []figure {
	tiles := []figure{
		{v.say.T("admin.tile-datasets", "count", o.Datasets), o.Datasets, "/datasets"},
		{v.say.T("admin.tile-dataservices", "count", o.Dataservices), o.Dataservices, "/dataservices"},
		{v.say.T("admin.tile-reuses", "count", o.Reuses), o.Reuses, "/reuses"},
		{v.say.T("admin-organization.tile-members", "count", o.MemberCount), o.MemberCount, "/members"},
		{v.say.T("admin.tile-followers", "count", o.Followers), o.Followers, "/figures"},
		{v.say.T("admin-organization.tile-views", "count", o.Views), o.Views, "/figures"},
	}
	for i := range tiles {
		path := organizationAdmin(o.ID, tiles[i].URL)
		tiles[i].URL = ""
		if v.p.showsAdmin(path) {
			tiles[i].URL = v.path(path)
		}
	}
	return tiles
}

// organizationStarts are what somebody may begin for an organisation, on pages
// that are there.
func (v *visit) organizationStarts(o *account.Organization) []AdminAction {
	var starts []AdminAction
	add := func(label, icon, path, query string) {
		if v.p.showsAdmin(path) {
			starts = append(starts, AdminAction{Label: v.say.T(label), URL: v.path(path) + query, Icon: icon})
		}
	}
	if v.viewer.May(account.CreateFor, account.Owner{Organization: o.ID}, "") && !v.p.closed(v.viewer) {
		as := "?organization=" + url.QueryEscape(o.ID)
		add("admin.new-dataset", "upload", "/admin/datasets/new", as)
		add("admin.new-reuse", "reuse", "/admin/reuses/new", as)
		add("admin.new-dataservice", "service", "/admin/dataservices/new", as)
	}
	if v.viewer.MayManage(o.ID) {
		add("admin-member.invite", "users", organizationAdmin(o.ID, "/members/invite"), "")
	}
	if len(starts) > 0 {
		starts[0].Tone = "primary"
	}
	return starts
}

// organizationTodo is what waits for somebody in an organisation.
func (v *visit) organizationTodo(o *account.Organization) ([]AdminAction, error) {
	var todo []AdminAction
	add := func(count int, label, icon, tail string) {
		if count > 0 {
			todo = append(todo, AdminAction{Label: v.say.T(label, "count", count), Icon: icon, URL: v.path(organizationAdmin(o.ID, tail))})
		}
	}
	owner := account.Owner{Organization: o.ID}
	if v.viewer.MayManage(o.ID) {
		requests, _, err := v.p.Organizations.RequestCounts(v.Context(), v.viewer, o.ID)
		if err != nil {
			return nil, err
		}
		add(requests, "admin-organization.todo-requests", "users", "/members/requests")
		_, offers, err := v.p.Catalog.Transfers(v.Context(), v.viewer, catalog.TransferFilter{
			Incoming: true, Recipient: o.ID, Status: catalog.TransferPending, Limit: 1,
		})
		if err != nil {
			return nil, err
		}
		if offers > 0 {
			label := v.say.T("admin-organization.todo-transfers", "count", offers)
			todo = append(todo, AdminAction{Label: label, Icon: "arrow-right", URL: v.path("/admin/transfers")})
		}
	}
	waiting, err := v.p.Catalog.Attention(v.Context(), owner, v.now)
	if err != nil {
		return nil, err
	}
	datasets := "/datasets"
	if !v.p.showsAdmin(organizationAdmin(o.ID, datasets)) {
		datasets = "/figures"
	}
	add(waiting.Late, "admin-organization.todo-late", "clock", datasets)
	add(waiting.Unavailable, "admin-organization.todo-unavailable", "warning", datasets)
	if v.viewer.MayManage(o.ID) && o.Logo == nil {
		add(1, "admin-organization.todo-logo", "image", "/profile#logo")
	}
	return todo, nil
}

// restoreOrganization brings back an organisation that was deleted.
func (p *Portal) restoreOrganization(v *visit, in adminOrganizationArgs, sent *posted) error {
	_, err := p.Accounts.UpdateOrganization(sent.Context(), v.viewer, in.ID, account.OrganizationInput{Deleted: account.Opt[time.Time]{Set: true, Null: true}})
	if err != nil {
		return sent.again(err, func() error { return p.showAdminOrganization(v, in) })
	}
	return sent.done(organizationAdmin(in.ID, ""), "admin-organization.done-restored")
}
