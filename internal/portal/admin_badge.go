package portal

import (
	"slices"

	"grenier/internal/account"
	"grenier/internal/i18n"
)

const siteOrganizationsPath = "/admin/site/organizations"

// certified is the badge of the organisations whose identity was checked.
const certified = "certified"

// adminBadgeRoutes declare the pages about the organisations of the whole site,
// with their badges.
func (p *Portal) adminBadgeRoutes(t *table) {
	adminPage(t, siteOrganizationsPath, p.showSiteOrganizations)
	adminPage(t, siteOrganizationsPath+"/{id}", p.showOrganizationBadges)
	form(t, siteOrganizationsPath+"/{id}", "POST /api/1/organizations/{org}/badges/", p.saveOrganizationBadges)
	form(t, siteOrganizationsPath+"/{id}/certify", "POST /api/1/organizations/{org}/badges/", p.certifyOrganization)
	form(t, siteOrganizationsPath+"/{id}/uncertify", "DELETE /api/1/organizations/{org}/badges/{badge}/", p.uncertifyOrganization)
}

// adminBadges is the list of organisations.
type adminBadges struct{ List listing }

// adminOrganizationBadges gives an organisation its badges and takes them.
type adminOrganizationBadges struct{ Form formView }

// siteOrganizationsArgs are the arguments of the list of organisations.
type siteOrganizationsArgs struct {
	listArgs
	Badge string `query:"badge"`
}

func (p *Portal) showSiteOrganizations(v *visit, in siteOrganizationsArgs) error {
	sorts := []string{"-created", "name", "datasets", "followers", "views"}
	l := v.lister(siteOrganizationsPath, in.listArgs, sorts, "badge")
	f := account.OrganizationFilter{Query: l.Query, Sort: l.Sort, Offset: l.offset(), Limit: l.Size}
	if in.Sort == "" && l.Query != "" {
		f.Sort = "" // the best found first
	}
	badges := p.Accounts.OrganizationBadges()
	if slices.Contains(badges, in.Badge) {
		f.Badge = in.Badge
	}
	organizations, total, err := p.Organizations.List(v.Context(), f)
	if err != nil {
		return err
	}
	choices := []option{{Label: v.say.T("admin-user.state-all")}}
	for _, one := range badges {
		choices = append(choices, option{Value: one, Label: i18n.Label(i18n.OrganizationBadge, one, v.lang)})
	}
	content := adminBadges{List: listing{
		ID: "organizations", Caption: v.say.T("admin.menu-organizations"), Search: l.search("admin-user.search-organization"), Total: total,
		Pager: l.pager(total), Sizes: l.sizes(total), Filters: []listFilter{l.filter("admin-user.badges", "badge", choices)}, CSV: "/organizations.csv",
		Columns: []listColumn{
			l.column("admin-user.organization", "name"), l.column("admin-user.badges", ""), l.number("admin-user.datasets", "datasets"),
			l.number("admin-user.members", ""), l.column("admin-user.since", "created"), l.column("admin-user.actions", ""),
		},
		Empty: emptyState{"building", v.say.T("admin-user.no-organization"), v.say.T("admin-user.none-text"), nil},
	}}
	for i := range organizations {
		content.List.Rows = append(content.List.Rows, v.organizationRow(&organizations[i]))
	}
	return v.showAdmin(adminDraft{
		name: "site-organizations", title: v.say.T("admin.menu-organizations"), path: siteOrganizationsPath, scope: scopeSite, icon: "building", data: content,
	})
}

// organizationRow is an organisation in the list of all.
func (v *visit) organizationRow(o *account.Organization) listRow {
	name := linkCell(o.Name, v.path(organizationHome(o.ID)), deref(o.Acronym))
	name.Lang, name.Picture = v.contentLang(), picturePath("organizations", o.ID, logoSize)
	path := siteOrganizationsPath + "/" + o.ID
	change := v.button(path+"/certify", "admin-user.certify", "certified")
	if o.Certified {
		change = v.button(path+"/uncertify", "admin-user.uncertify", "close")
	}
	change.Small, change.Of = true, o.Name
	actions := buttonCell(change)
	actions.Actions = []AdminAction{{v.say.T("admin-user.choose-badges"), v.path(path), "tag", ""}}
	return listRow{Cells: []listCell{
		name, badgeCell(v.organizationHead(o, "").Badges...), numberCell(o.Datasets), numberCell(o.MemberCount), momentCell(o.CreatedAt.Time), actions,
	}}
}

func (p *Portal) showOrganizationBadges(v *visit, in userArgs) error {
	o, err := p.Organizations.Get(v.Context(), v.viewer, in.ID)
	if err != nil {
		return err
	}
	path := siteOrganizationsPath + "/" + o.ID
	f := v.form("badges", path).version(o.Version).cancel(siteOrganizationsPath).light()
	var options []option
	for _, one := range p.Accounts.OrganizationBadges() {
		options = append(options, option{Value: one, Label: i18n.Label(i18n.OrganizationBadge, one, v.lang)})
	}
	f.checks("kind", "admin-user.badges", o.Badges, options).help("admin-user.badges-help")
	return v.showAdmin(adminDraft{
		name: "site-organization", title: o.Name, path: path, scope: scopeSite, icon: "building", kicker: "admin-user.badges",
		crumbs: []Link{{v.say.T("admin.menu-organizations"), v.path(siteOrganizationsPath)}}, badges: v.organizationHead(o, "").Badges,
		public: v.path(organizationPath(o, "")), data: adminOrganizationBadges{f.view()},
		actions: []AdminAction{{v.say.T("admin-user.manage"), v.path(organizationHome(o.ID)), "settings", ""}},
	})
}

// saveOrganizationBadges gives and takes what differs from the badges there are.
func (p *Portal) saveOrganizationBadges(v *visit, in userArgs, sent *posted) error {
	o, err := p.Organizations.Get(v.Context(), v.viewer, in.ID)
	if err != nil {
		return err
	}
	again := func(err error) error {
		return sent.again(err, func() error { return p.showOrganizationBadges(v, in) })
	}
	ctx, wanted := sent.Context(), sent.texts("kind")
	for _, badge := range p.Accounts.OrganizationBadges() {
		has, wants := slices.Contains(o.Badges, badge), slices.Contains(wanted, badge)
		switch {
		case wants && !has:
			_, err = p.Accounts.GiveOrganizationBadge(ctx, v.viewer, o.ID, badge)
		case has && !wants:
			err = p.Accounts.TakeOrganizationBadge(ctx, v.viewer, o.ID, badge)
		default:
			continue
		}
		if err != nil {
			return again(err)
		}
		ctx = v.Context() // the version that was seen counted for the first change
	}
	return sent.done(siteOrganizationsPath+"/"+o.ID, "admin-user.done-badges")
}

func (p *Portal) certifyOrganization(v *visit, in userArgs, sent *posted) error {
	if _, err := p.Accounts.GiveOrganizationBadge(sent.Context(), v.viewer, in.ID, certified); err != nil {
		return err
	}
	return sent.done(siteOrganizationsPath, "admin-user.done-badges")
}

func (p *Portal) uncertifyOrganization(v *visit, in userArgs, sent *posted) error {
	if err := p.Accounts.TakeOrganizationBadge(sent.Context(), v.viewer, in.ID, certified); err != nil {
		return err
	}
	return sent.done(siteOrganizationsPath, "admin-user.done-badges")
}
