package portal

import (
	"net/http"
	"net/url"
	"strings"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/i18n"
	"grenier/internal/web"
)

// adminUserContents are the types of Page.Data by the names of the pages here.
var adminUserContents = map[string]any{
	"admin/users": adminUsers{}, "admin/user": adminUser{}, "admin/user-new": adminUserNew{}, "admin/site-organizations": adminBadges{},
	"admin/site-organization": adminOrganizationBadges{},
}

const usersPath = "/admin/site/users"

// adminUserRoutes declare the pages about people, for administrators of the site.
func (p *Portal) adminUserRoutes(t *table) {
	adminPage(t, usersPath, p.showUsers)
	adminPage(t, usersPath+"/new", p.showNewUser)
	form(t, usersPath+"/new", "POST /api/1/users/", p.makeUser)
	adminPage(t, usersPath+"/{id}", p.showAdminUser)
	form(t, usersPath+"/{id}", "PUT /api/1/users/{user}/", p.saveUser)
	form(t, usersPath+"/{id}/password", "POST /api/1/users/{user}/rotate_password/", p.rotateUser)
	form(t, usersPath+"/{id}/factor", "DELETE /api/2/users/{user}/second-factor/", p.unsetUserFactor)
	form(t, usersPath+"/{id}/close", "DELETE /api/1/users/{user}/", p.closeUser)
	p.adminBadgeRoutes(t)
}

// adminUsers is the list of people.
type adminUsers struct{ List listing }

// adminUserNew makes an account for somebody.
type adminUserNew struct{ Form formView }

// adminUser is what administrators see of somebody.
type adminUser struct {
	// Picture is the address of their picture.
	Picture string
	// Facts are what is known of the account.
	Facts []fact
	Form  formView
	// Password and Factor are buttons; Factor has no address without a second
	// factor.
	Password, Factor button
	Organizations    []card
	// Shelves are what they published, in any state.
	Shelves []cardShelf
	Danger  dangerZone
}

// usersArgs are the arguments of the list of people.
type usersArgs struct {
	listArgs
	State string `query:"state"`
}

// userArgs name somebody.
type userArgs struct {
	ID string `path:"id"`
}

func (p *Portal) showUsers(v *visit, in usersArgs) error {
	l := v.lister(usersPath, in.listArgs, []string{"-created", "last_name", "last_login", "datasets"}, "state")
	users, total, err := p.People.Directory(v.Context(), v.viewer, account.DirectoryFilter{
		Query: l.Query, State: in.State, Sort: l.Sort, Offset: l.offset(), Limit: l.Size,
	})
	if err != nil {
		return err
	}
	states := []option{{Label: v.say.T("admin-user.state-all")}}
	for _, one := range []struct{ state, word string }{
		{account.PeopleActive, "active"}, {account.PeopleAdmins, "admins"}, {account.PeopleFactor, "factor"}, {account.PeopleUnconfirmed, "unconfirmed"},
		{account.PeopleDisabled, "disabled"}, {account.PeopleClosed, "closed"},
	} {
		states = append(states, option{Value: one.state, Label: v.say.T("admin-user.state-" + one.word)})
	}
	content := adminUsers{List: listing{
		ID: "people", Caption: v.say.T("admin.menu-people"), Search: l.search("admin-user.search"), Total: total, Pager: l.pager(total), Sizes: l.sizes(total),
		Filters: []listFilter{l.filter("admin-user.state", "state", states)},
		Columns: []listColumn{
			l.column("admin-user.name", "last_name"), l.column("admin-user.state", ""), l.number("admin-user.datasets", "datasets"),
			l.column("admin-user.since", "created"), l.column("admin-user.last-login", "last_login"),
		},
		Empty: emptyState{"user", v.say.T("admin-user.none"), v.say.T("admin-user.none-text"), nil},
	}}
	for i := range users {
		u := &users[i]
		name := linkCell(shownName(u), v.path(usersPath+"/"+u.ID), shownAddress(u))
		name.Picture = picturePath("users", u.ID, logoSize)
		content.List.Rows = append(content.List.Rows, listRow{Cells: []listCell{
			name, badgeCell(v.userBadges(u)...), numberCell(u.Datasets), momentCell(u.CreatedAt.Time), momentCell(u.LastLoginAt.Time),
		}})
	}
	return v.showAdmin(adminDraft{
		name: "users", title: v.say.T("admin.menu-people"), path: usersPath, scope: scopeSite, icon: "users", data: content,
		actions: []AdminAction{{v.say.T("admin-user.new"), v.path(usersPath + "/new"), "plus", "primary"}},
	})
}

// shownName is the name of somebody, or what stands for it.
func shownName(u *account.User) string {
	if name := u.FullName(); name != "" {
		return name
	}
	return u.Slug
}

// shownAddress is the address of an account that is not closed.
func shownAddress(u *account.User) string {
	if u.Email == nil || !u.DeletedAt.IsZero() {
		return ""
	}
	return *u.Email
}

// userBadges tell the state of an account.
func (v *visit) userBadges(u *account.User) []badge {
	if !u.DeletedAt.IsZero() {
		return []badge{{v.say.T("admin-user.badge-closed"), "danger", "trash"}}
	}
	var badges []badge
	if u.Admin {
		badges = append(badges, badge{v.say.T("admin-user.badge-admin"), "info", "shield"})
	}
	switch {
	case !u.Active:
		badges = append(badges, badge{v.say.T("admin-user.badge-disabled"), "danger", "lock"})
	case u.Email == nil:
		badges = append(badges, badge{v.say.T("admin-user.badge-imported"), "", "user"})
	case u.ConfirmedAt.IsZero():
		badges = append(badges, badge{v.say.T("admin-user.badge-unconfirmed"), "warning", "mail"})
	}
	if u.SecondFactor != nil {
		badges = append(badges, badge{v.say.T("admin-user.badge-factor"), "success", "key"})
	}
	if u.PasswordRotationDemanded.After(u.PasswordRotationPerformed.Time) {
		badges = append(badges, badge{v.say.T("admin-user.badge-rotation"), "warning", "refresh"})
	}
	return badges
}

func (p *Portal) showNewUser(v *visit, _ web.None) error {
	f := v.form("person", usersPath+"/new").submit("admin-user.make", "plus").cancel(usersPath)
	f.text("first_name", "admin-user.first-name", "").require().most(255).auto("off")
	f.text("last_name", "admin-user.last-name", "").require().most(255).auto("off")
	f.email("email", "admin-user.email", "").require().auto("off")
	f.choose("prefered_language", "admin-user.language", "", v.lettersIn())
	f.check("admin", "admin-user.admin", false).help("admin-user.admin-help")
	return v.showAdmin(adminDraft{
		name: "user-new", title: v.say.T("admin-user.new"), path: usersPath + "/new", scope: scopeSite, icon: "user", lead: v.say.T("admin-user.new-lead"),
		crumbs: []Link{{v.say.T("admin.menu-people"), v.path(usersPath)}}, data: adminUserNew{f.view()},
	})
}

// lettersIn are the languages that letters may be in.
func (v *visit) lettersIn() []option {
	options := []option{{Label: v.say.T("admin-user.language-site")}}
	for _, lang := range i18n.Languages {
		options = append(options, option{Value: lang, Label: v.languageName(lang)})
	}
	return options
}

// userInput reads what administrators write of somebody.
func userInput(sent *posted) account.UserInput {
	in := account.UserInput{FirstName: account.Some(sent.text("first_name")), LastName: account.Some(sent.text("last_name"))}
	if email := sent.text("email"); email != "" || sent.has("email") {
		in.Email = account.Opt[string]{Set: true, Null: email == "", Value: email}
	}
	if sent.has("prefered_language") {
		in.Language = account.Some(sent.text("prefered_language"))
	}
	roles := []string{}
	if sent.checked("admin") {
		roles = append(roles, account.RoleOfAdmins)
	}
	in.Roles = account.Some(roles)
	return in
}

func (p *Portal) makeUser(v *visit, in web.None, sent *posted) error {
	made, err := p.Accounts.MakeUser(sent.Context(), v.viewer, userInput(sent))
	if err != nil {
		return sent.again(err, func() error { return p.showNewUser(v, in) })
	}
	return sent.done(usersPath+"/"+made.ID, "admin-user.done-made")
}

func (p *Portal) showAdminUser(v *visit, in userArgs) error {
	u, err := p.People.Get(v.Context(), v.viewer, in.ID)
	if err != nil {
		return err
	}
	path := usersPath + "/" + u.ID
	if in.ID != u.ID && v.posted == nil {
		return v.to(http.StatusFound, path)
	}
	content := adminUser{Picture: picturePath("users", u.ID, "200"), Facts: v.userFacts(u)}
	d := adminDraft{
		name: "user", title: shownName(u), path: path, scope: scopeSite, icon: "user", kicker: "admin-user.kind", badges: v.userBadges(u),
		lead: shownAddress(u), crumbs: []Link{{v.say.T("admin.menu-people"), v.path(usersPath)}},
	}
	if u.DeletedAt.IsZero() {
		d.public = v.publicPage(catalog.KindUser, u.Slug)
		v.userForms(&content, u, path)
	}
	memberships, err := p.Catalog.MembershipsOf(v.Context(), []string{u.ID})
	if err != nil {
		return err
	}
	content.Organizations = v.membershipCards(memberships[u.ID])
	for i, o := range memberships[u.ID][:len(content.Organizations)] {
		content.Organizations[i].URL = v.path(organizationHome(o.ID))
	}
	if content.Shelves, err = v.keptShelves(account.Owner{User: u.ID}); err != nil {
		return err
	}
	d.data = content
	return v.showAdmin(d)
}

// userFacts are what is known of an account.
func (v *visit) userFacts(u *account.User) []fact {
	facts := []fact{{Name: v.say.T("common.id"), Value: u.ID}, {Name: v.say.T("admin-user.since"), Value: v.say.Date(u.CreatedAt)}}
	never := v.say.T("admin-user.never")
	if u.LastLoginAt.IsZero() {
		facts = append(facts, fact{Name: v.say.T("admin-user.last-login"), Value: never})
	} else {
		facts = append(facts, fact{Name: v.say.T("admin-user.last-login"), Value: v.say.DateTime(u.LastLoginAt)})
	}
	if !u.ConfirmedAt.IsZero() {
		facts = append(facts, fact{Name: v.say.T("admin-user.confirmed"), Value: v.say.Date(u.ConfirmedAt)})
	}
	return append(facts, fact{Name: v.say.T("admin-user.what-they-did"), Value: v.say.T("activity.title"), URL: v.path("/users/" + url.PathEscape(u.Slug) + "/" + tabActivity)})
}

// userForms are what administrators may do with an account.
func (v *visit) userForms(content *adminUser, u *account.User, path string) {
	f := v.form("person", path).version(u.Version).submit("form.save", "check").cancel(usersPath)
	f.text("first_name", "admin-user.first-name", u.FirstName).require().most(255).auto("off")
	f.text("last_name", "admin-user.last-name", u.LastName).require().most(255).auto("off")
	f.email("email", "admin-user.email", shownAddress(u)).auto("off").help("admin-user.email-help")
	f.choose("prefered_language", "admin-user.language", deref(u.Language), v.lettersIn())
	f.check("admin", "admin-user.admin", u.Admin).help("admin-user.admin-help")
	f.check("active", "admin-user.active", u.Active).help("admin-user.active-help")
	content.Form = f.view()
	if u.Email != nil {
		content.Password = v.button(path+"/password", "admin-user.rotate", "refresh")
	}
	if u.SecondFactor != nil {
		content.Factor = v.button(path+"/factor", "admin-user.unset-factor", "key")
	}
	if u.ID != v.viewer.UserID() {
		c := v.form("close", path+"/close").titled("admin-user.close", "admin-user.close-text").submit("admin-user.close", "trash").typed(shownName(u))
		c.radio("letter", "admin-user.letter", "usual", []option{
			{Value: "usual", Label: v.say.T("admin-user.letter-usual")}, {Value: "notice", Label: v.say.T("admin-user.letter-notice")},
			{Value: "none", Label: v.say.T("admin-user.letter-none")},
		})
		content.Danger.Forms = []formView{c.view()}
	}
}

// keptShelves show what somebody keeps, in any state.
func (v *visit) keptShelves(owner account.Owner) ([]cardShelf, error) {
	var shelves []cardShelf
	add := func(name string, cards []card, total int) {
		if len(cards) > 0 {
			shelves = append(shelves, cardShelf{ID: name, Title: v.say.T("user."+name, "count", total), Cards: cards})
		}
	}
	page := catalog.Page{Limit: userShown}
	ids, total, err := v.p.Catalog.KeptDatasets(v.Context(), v.viewer, catalog.KeptFilter{Owner: owner}, page)
	if err != nil {
		return nil, err
	}
	datasets, err := v.p.Catalog.DatasetsByIDs(v.Context(), v.viewer, ids, catalog.Parts{})
	if err != nil {
		return nil, err
	}
	add("datasets", v.datasetCards(datasets), total)
	if ids, total, err = v.p.Catalog.Kept(v.Context(), v.viewer, catalog.KindDataservice, catalog.KeptFilter{Owner: owner}, page); err != nil {
		return nil, err
	}
	dataservices, err := v.p.Catalog.DataservicesByIDs(v.Context(), v.viewer, ids)
	if err != nil {
		return nil, err
	}
	add("dataservices", v.dataserviceCards(dataservices), total)
	if ids, total, err = v.p.Catalog.Kept(v.Context(), v.viewer, catalog.KindReuse, catalog.KeptFilter{Owner: owner}, page); err != nil {
		return nil, err
	}
	reuses, err := v.p.Catalog.ReusesByIDs(v.Context(), v.viewer, ids)
	add("reuses", v.reuseCards(reuses), total)
	return shelves, err
}

func (p *Portal) saveUser(v *visit, in userArgs, sent *posted) error {
	input := userInput(sent)
	input.Active = account.Some(sent.checked("active"))
	if strings.TrimSpace(input.Email.Value) == "" {
		input.Email = account.Opt[string]{} // people whom an import named have none
	}
	if _, err := p.Accounts.UpdateUser(sent.Context(), v.viewer, in.ID, input); err != nil {
		return sent.again(err, func() error { return p.showAdminUser(v, in) })
	}
	return sent.done(usersPath+"/"+in.ID, "admin-user.done-saved")
}

func (p *Portal) rotateUser(v *visit, in userArgs, sent *posted) error {
	if err := p.Accounts.DemandRotation(sent.Context(), v.viewer, in.ID); err != nil {
		return err
	}
	return sent.done(usersPath+"/"+in.ID, "admin-user.done-rotation")
}

func (p *Portal) unsetUserFactor(v *visit, in userArgs, sent *posted) error {
	if err := p.Accounts.UnsetFactor(sent.Context(), v.viewer, in.ID); err != nil {
		return err
	}
	return sent.done(usersPath+"/"+in.ID, "admin-user.done-factor")
}

func (p *Portal) closeUser(v *visit, in userArgs, sent *posted) error {
	again := func(err error) error {
		return sent.again(err, func() error { return p.showAdminUser(v, in) })
	}
	u, err := p.People.Get(v.Context(), v.viewer, in.ID)
	if err != nil {
		return err
	}
	if !sent.confirmed(shownName(u)) {
		return again(errTyped)
	}
	how := account.Closing{NoMail: sent.text("letter") == "none", LegalNotice: sent.text("letter") == "notice"}
	if err := p.Accounts.CloseUser(sent.Context(), v.viewer, u.ID, how); err != nil {
		return again(err)
	}
	return sent.done(usersPath, "admin-user.done-closed")
}
