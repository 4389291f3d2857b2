package portal

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/i18n"
)

// adminMemberContents are the types of Page.Data of the pages about the people of
// an organisation.
var adminMemberContents = map[string]any{
	"admin/members": adminMembers{}, "admin/member": adminMember{}, "admin/member-requests": adminRequests{}, "admin/member-request": adminRefusal{},
	"admin/member-invitations": adminInvitations{}, "admin/member-invite": adminInvite{}, "admin/member-mine": adminMyInvitations{},
	"admin/member-join": adminJoin{},
}

// adminMemberRoutes declare the pages about the people of an organisation.
func (p *Portal) adminMemberRoutes(t *table) {
	adminPage(t, "/admin/organizations/{id}/members", p.showMembers)
	form(t, "/admin/organizations/{id}/members/leave", "DELETE /api/1/organizations/{org}/member/{user}/", p.leaveOrganization)
	adminPage(t, "/admin/organizations/{id}/members/{user}", p.showMember)
	form(t, "/admin/organizations/{id}/members/{user}", "PUT /api/1/organizations/{org}/member/{user}/", p.saveRole)
	form(t, "/admin/organizations/{id}/members/{user}/assignments", "PUT /api/1/organizations/{org}/member/{user}/assignments/", p.saveAssignments)
	form(t, "/admin/organizations/{id}/members/{user}/remove", "DELETE /api/1/organizations/{org}/member/{user}/", p.removeMember)
	p.adminRequestRoutes(t)
	p.adminInvitationRoutes(t)
}

// adminMembers are the people of an organisation.
type adminMembers struct {
	// Waiting are the first of those who ask to join, All leads to all of them;
	// its path is empty when they are all shown.
	Waiting []adminRequest
	All     Link
	List    listing
	// Leave lets who looks go.
	Leave dangerZone
}

type adminMembersArgs struct {
	adminOrganizationArgs
	listArgs
	Role string `query:"role"`
}

func membersPath(organization string) string { return organizationAdmin(organization, "/members") }

func memberPath(organization, user string) string {
	return membersPath(organization) + "/" + url.PathEscape(user)
}

// memberTabs are the parts of the pages about people; counts are those of what
// waits.
func (v *visit) memberTabs(o *account.Organization, current string) (tabs []tab, requests int, err error) {
	if !v.viewer.MayManage(o.ID) {
		return nil, 0, nil
	}
	requests, invitations, err := v.p.Organizations.RequestCounts(v.Context(), v.viewer, o.ID)
	for _, one := range []struct {
		label, tail string
		count       int64
	}{
		{"admin-member.tab-members", "/members", o.MemberCount}, {"admin-member.tab-requests", "/members/requests", int64(requests)},
		{"admin-member.tab-invitations", "/members/invitations", int64(invitations)},
	} {
		tabs = append(tabs, tab{v.say.T(one.label), v.path(organizationAdmin(o.ID, one.tail)), one.count, current == one.tail})
	}
	return tabs, requests, err
}

// inviteAction leads to the form of an invitation.
func (v *visit) inviteAction(o *account.Organization) AdminAction {
	return AdminAction{Label: v.say.T("admin-member.invite"), URL: v.path(membersPath(o.ID) + "/invite"), Icon: "plus", Tone: "primary"}
}

// fewWaiting is how many requests the page of members shows.
const fewWaiting = 3

func (p *Portal) showMembers(v *visit, in adminMembersArgs) error {
	o, err := v.inside(in.ID, account.SeeInside)
	if err != nil {
		return err
	}
	var content adminMembers
	if content.List, err = v.memberList(o, in); err != nil {
		return err
	}
	d := v.organizationAdminDraft(o, "members", v.say.T("admin-member.title"), "/members")
	var waiting int
	if d.tabs, waiting, err = v.memberTabs(o, "/members"); err != nil {
		return err
	}
	if v.viewer.MayManage(o.ID) {
		d.actions = []AdminAction{v.inviteAction(o)}
	}
	if waiting > 0 {
		if content.Waiting, _, err = v.requests(o, account.RequestFilter{Limit: fewWaiting}); err != nil {
			return err
		}
		if waiting > len(content.Waiting) {
			content.All = Link{v.say.T("admin-member.all-requests", "count", waiting), v.path(membersPath(o.ID) + "/requests")}
		}
	}
	if v.viewer.Member(o.ID) {
		leave := v.form("leave", membersPath(o.ID)+"/leave").titled("admin-member.leave", "admin-member.leave-text").submit("admin-member.leave", "logout").danger()
		content.Leave.Forms = []formView{leave.view()}
	}
	d.data = content
	return v.showAdmin(d)
}

// memberList lists the people of an organisation. Who administers it reaches
// what they may.
func (v *visit) memberList(o *account.Organization, in adminMembersArgs) (listing, error) {
	l := v.lister(membersPath(o.ID), in.listArgs, nil, "role")
	filter := account.MemberFilter{Query: l.Query, Limit: l.Size, Offset: l.offset()}
	if slices.Contains(account.Roles, account.Role(in.Role)) {
		filter.Role = account.Role(in.Role)
	}
	members, total, err := v.p.Organizations.Members(v.Context(), o.ID, filter)
	if err != nil {
		return listing{}, err
	}
	ids := make([]string, len(members))
	for i := range members {
		ids[i] = members[i].UserID
	}
	assigned, err := v.p.Organizations.AssignmentCounts(v.Context(), o.ID, ids)
	if err != nil {
		return listing{}, err
	}
	list := listing{
		ID: "members", Caption: v.say.T("admin-member.list"), Search: l.search("admin-member.search"), Total: total, Pager: l.pager(total), Sizes: l.sizes(total),
		Filters: []listFilter{l.filter("admin-member.role", "role", append([]option{{Label: v.say.T("admin-member.all-roles")}}, v.roleOptions(false)...))},
		Columns: []listColumn{
			l.column("admin-member.person", ""), l.column("admin-member.role", ""), l.column("admin-member.since", ""), l.column("admin-member.last-login", ""),
		},
		Empty: emptyState{Icon: "users", Title: v.say.T("admin-member.none"), Text: v.say.T("admin-member.none-text")},
	}
	manages := v.viewer.MayManage(o.ID)
	for i := range members {
		list.Rows = append(list.Rows, v.memberRow(o, &members[i], assigned[members[i].UserID], manages))
	}
	return list, nil
}

func (v *visit) memberRow(o *account.Organization, m *account.Member, assigned int, manages bool) listRow {
	name := listCell{Text: v.say.T("admin-member.unknown")}
	var login time.Time
	if m.User != nil {
		name = listCell{Text: m.User.FullName(), URL: v.publicPage(catalog.KindUser, m.User.Slug), Picture: picturePath("users", m.UserID, logoSize)}
		login = m.User.LastLoginAt.Time
		if !m.User.Active || !m.User.DeletedAt.IsZero() {
			name.Detail, name.URL = v.say.T("admin-member.inactive"), ""
		}
	}
	if m.UserID == v.viewer.UserID() {
		name.Detail = v.say.T("admin-member.you")
	}
	if manages {
		name.URL = v.path(memberPath(o.ID, m.UserID))
	}
	role := badgeCell(v.roleBadge(m.Role))
	if m.Role == account.RolePartialEditor {
		role.Detail = v.say.T("admin-member.objects", "count", assigned)
	}
	seen := momentCell(login)
	if login.IsZero() {
		seen = textCell(v.say.T("admin-member.never"))
	}
	return listRow{Cells: []listCell{name, role, momentCell(m.Since.Time), seen}}
}

// roleBadge shows a role.
func (v *visit) roleBadge(role account.Role) badge {
	b := badge{Label: i18n.Label(i18n.OrganizationRole, string(role), v.lang)}
	if role == account.RoleAdmin {
		b.Tone, b.Icon = "info", "shield"
	}
	return b
}

// roleOptions are the roles to choose from, with what each may when explained.
func (v *visit) roleOptions(explained bool) []option {
	help := map[account.Role]string{
		account.RoleAdmin: "admin-member.may-admin", account.RoleEditor: "admin-member.may-editor", account.RolePartialEditor: "admin-member.may-partial",
	}
	var options []option
	for _, role := range account.Roles {
		one := option{Value: string(role), Label: i18n.Label(i18n.OrganizationRole, string(role), v.lang)}
		if explained {
			one.Help = v.say.T(help[role])
		}
		options = append(options, one)
	}
	return options
}

func (p *Portal) leaveOrganization(v *visit, in adminOrganizationArgs, sent *posted) error {
	self := adminMemberArgs{in, v.viewer.UserID()}
	if v.viewer.Member(in.ID) && p.confirmedWithoutAdmin(v, self, sent) != nil {
		return v.to(http.StatusSeeOther, memberPath(in.ID, self.User)) // where that is asked
	}
	if err := p.Accounts.RemoveMember(sent.Context(), v.viewer, in.ID, v.viewer.UserID()); err != nil {
		return sent.again(err, func() error { return p.showMembers(v, adminMembersArgs{adminOrganizationArgs: in}) })
	}
	return sent.done("/admin", "admin-member.done-left")
}
