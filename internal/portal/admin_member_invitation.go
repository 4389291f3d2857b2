package portal

import (
	"net/url"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/web"
)

// adminInvitationRoutes declare the pages about those who are invited.
func (p *Portal) adminInvitationRoutes(t *table) {
	adminPage(t, "/admin/organizations/{id}/members/invite", p.showInvite)
	form(t, "/admin/organizations/{id}/members/invite", "POST /api/1/organizations/{org}/member/", p.invite)
	adminPage(t, "/admin/organizations/{id}/members/invitations", p.showInvitations)
	form(t, "/admin/organizations/{id}/members/invitations/{request}/resend", "POST /api/2/organizations/{org}/membership/{uuid}/resend/", p.resendInvitation)
	form(t, "/admin/organizations/{id}/members/invitations/{request}/cancel", "POST /api/1/organizations/{org}/membership/{uuid}/cancel/", p.cancelInvitation)
	adminPage(t, "/admin/me/invitations", p.showMyInvitations)
	form(t, "/admin/me/invitations/{request}/accept", "POST /api/1/me/org_invitations/{uuid}/accept/", p.acceptInvitation)
	form(t, "/admin/me/invitations/{request}/refuse", "POST /api/1/me/org_invitations/{uuid}/refuse/", p.refuseInvitation)
}

// adminInvitations are those whom an organisation has asked to join.
type adminInvitations struct {
	List listing
}

// adminInvite is the form of an invitation.
type adminInvite struct {
	Form formView
}

// adminMyInvitations are the organisations that ask somebody to join.
type adminMyInvitations struct {
	Invitations []adminMyInvitation
	Empty       emptyState
}

// adminMyInvitation is an organisation that asks somebody to join.
type adminMyInvitation struct {
	// Card shows the organisation.
	Card card
	// Role is what they would be, May what they could do then.
	Role badge
	May  string
	// Comment is what the organisation says.
	Comment        string
	Accept, Refuse button
}

func invitePath(organization string) string { return membersPath(organization) + "/invite" }

func invitationsPath(organization string) string { return membersPath(organization) + "/invitations" }

// failed says why a gesture of a single button failed; nothing when none did.
func (v *visit) failed() []Notice {
	if v.posted == nil || v.posted.failure == nil {
		return nil
	}
	words := v.refusal(v.posted.failure.SafeText())
	return []Notice{{"danger", "error", words}}
}

func (p *Portal) showInvite(v *visit, in adminOrganizationArgs) error {
	o, err := v.inside(in.ID, account.Manage)
	if err != nil {
		return err
	}
	f := v.form("invite", invitePath(o.ID)).submit("admin-member.invite-send", "mail").cancel(membersPath(o.ID))
	f.group("admin-member.whom", "admin-member.whom-help")
	f.pick("user", "admin-member.whom-user", "users").help("admin-member.whom-user-help")
	f.email("email", "admin-member.whom-email", "").auto("off")
	f.group("admin-member.as", "")
	f.radio("role", "admin-member.role", string(account.RoleEditor), v.roleOptions(true))
	f.group("admin-member.assignments", "admin-member.assignments-invite")
	for _, one := range assignable {
		f.picks(one.field, one.label, one.field)
	}
	f.group("admin-member.word", "")
	f.area("comment", "admin-member.comment", "").most(10_000).help("admin-member.comment-help")
	d := v.organizationAdminDraft(o, "member-invite", v.say.T("admin-member.invite"), "/members/invite")
	d.lead = v.say.T("admin-member.invite-lead")
	d.crumbs, d.data = []Link{{v.say.T("admin-member.title"), v.path(membersPath(o.ID))}}, adminInvite{f.view()}
	return v.showAdmin(d)
}

func (p *Portal) invite(v *visit, in adminOrganizationArgs, sent *posted) error {
	subjects, fields, err := v.assignments(sent)
	if err == nil {
		invitation := account.Invitation{
			Email: sent.text("email"), Role: account.Role(sent.text("role")), Comment: sent.text("comment"), Assignments: subjects,
		}
		if invitation.UserID, err = v.personID(sent.id("user")); err == nil {
			_, err = p.Accounts.Invite(sent.Context(), v.viewer, in.ID, invitation)
		}
	}
	if err != nil {
		return sent.again(inFields(err, fields), func() error { return p.showInvite(v, in) })
	}
	return sent.done(invitationsPath(in.ID), "admin-member.done-invited")
}

func (p *Portal) showInvitations(v *visit, in adminContactsArgs) error {
	o, err := v.inside(in.ID, account.Manage)
	if err != nil {
		return err
	}
	l := v.lister(invitationsPath(o.ID), in.listArgs, nil)
	rows, total, err := p.Organizations.Requests(v.Context(), v.viewer, o.ID, account.RequestFilter{
		Kind: account.InvitationKind, Status: account.StatusPending, Limit: l.Size, Offset: l.offset(),
	})
	if err != nil {
		return err
	}
	content := adminInvitations{List: listing{
		ID: "invitations", Caption: v.say.T("admin-member.invitations"), Total: total, Pager: l.pager(total), Sizes: l.sizes(total),
		Columns: []listColumn{
			l.column("admin-member.person", ""), l.column("admin-member.role", ""), l.column("admin-member.sent", ""), l.column("admin-member.gestures", ""),
		},
		Empty: emptyState{"mail", v.say.T("admin-member.no-invitation"), v.say.T("admin-member.no-invitation-text"), []AdminAction{v.inviteAction(o)}},
	}}
	for i := range rows {
		content.List.Rows = append(content.List.Rows, v.invitationRow(o, &rows[i]))
	}
	d := v.organizationAdminDraft(o, "member-invitations", v.say.T("admin-member.invitations"), "/members/invitations")
	if d.tabs, _, err = v.memberTabs(o, "/members/invitations"); err != nil {
		return err
	}
	d.actions, d.notices, d.data = []AdminAction{v.inviteAction(o)}, v.failed(), content
	return v.showAdmin(d)
}

func (v *visit) invitationRow(o *account.Organization, r *account.MembershipRequest) listRow {
	whom := listCell{Text: deref(r.Email), Detail: v.say.T("admin-member.by-address")}
	if r.User != nil {
		whom = linkCell(r.User.FullName(), v.publicPage(catalog.KindUser, r.User.Slug), "")
	}
	role := badgeCell(v.roleBadge(r.Role))
	if r.Role == account.RolePartialEditor {
		role.Detail = v.say.T("admin-member.objects", "count", len(r.Assignments))
	}
	path := invitationsPath(o.ID) + "/" + url.PathEscape(r.ID)
	again, cancel := v.button(path+"/resend", "admin-member.resend", "mail"), v.button(path+"/cancel", "admin-member.cancel", "close")
	again.Small, again.Of, cancel.Small, cancel.Of = true, whom.Text, true, whom.Text
	return listRow{Cells: []listCell{whom, role, momentCell(r.CreatedAt.Time), buttonCell(again, cancel)}}
}

func (p *Portal) resendInvitation(v *visit, in adminRequestArgs, sent *posted) error {
	if err := p.Accounts.ResendInvitation(sent.Context(), v.viewer, in.ID, in.Request); err != nil {
		return sent.again(err, func() error {
			return p.showInvitations(v, adminContactsArgs{adminOrganizationArgs: in.adminOrganizationArgs})
		})
	}
	return sent.done(invitationsPath(in.ID), "admin-member.done-resent")
}

func (p *Portal) cancelInvitation(v *visit, in adminRequestArgs, sent *posted) error {
	if err := p.Accounts.CancelInvitation(sent.Context(), v.viewer, in.ID, in.Request); err != nil {
		return sent.again(err, func() error {
			return p.showInvitations(v, adminContactsArgs{adminOrganizationArgs: in.adminOrganizationArgs})
		})
	}
	return sent.done(invitationsPath(in.ID), "admin-member.done-canceled")
}

type adminInvitationArgs struct {
	Request string `path:"request"`
}

// mostInvitations bounds the invitations of one person that a page shows.
const mostInvitations = 100

func (p *Portal) showMyInvitations(v *visit, _ web.None) error {
	rows, err := p.Organizations.Invitations(v.Context(), v.viewer)
	if err != nil {
		return err
	}
	content := adminMyInvitations{Empty: emptyState{
		"mail", v.say.T("admin-member.mine-none"), v.say.T("admin-member.mine-none-text"),
		[]AdminAction{{Label: v.say.T("admin.find-organization"), URL: v.path("/organizations"), Icon: "search"}},
	}}
	may := map[account.Role]string{}
	for _, one := range v.roleOptions(true) {
		may[account.Role(one.Value)] = one.Help
	}
	for i := range rows[:min(len(rows), mostInvitations)] {
		r := &rows[i]
		if r.Organization == nil {
			continue
		}
		path := "/admin/me/invitations/" + url.PathEscape(r.ID)
		one := adminMyInvitation{
			Card: card{
				Title: r.Organization.Name, URL: v.publicPage(catalog.KindOrganization, r.Organization.Slug), Lang: v.contentLang(),
				Logo: picturePath("organizations", r.Organization.ID, logoSize), Certified: r.Organization.Certified,
				Facts: []cardFact{{"clock", v.say.T("admin-member.invited", "ago", v.say.Ago(r.CreatedAt, v.now)), ""}},
			},
			Role: v.roleBadge(r.Role), May: may[r.Role], Comment: r.Comment,
			Accept: v.button(path+"/accept", "admin-member.accept-invitation", "check"), Refuse: v.button(path+"/refuse", "admin-member.refuse-invitation", "close"),
		}
		if r.Role == account.RolePartialEditor {
			one.Card.Facts = append(one.Card.Facts, cardFact{"list", v.say.T("admin-member.objects", "count", len(r.Assignments)), ""})
		}
		one.Accept.Tone, one.Accept.Of, one.Refuse.Of = "primary", r.Organization.Name, r.Organization.Name
		content.Invitations = append(content.Invitations, one)
	}
	return v.showAdmin(adminDraft{
		name: "member-mine", title: v.say.T("admin-member.mine"), path: "/admin/me/invitations", scope: scopeMe,
		lead: v.say.T("admin-member.mine-lead"), notices: v.failed(), data: content,
	})
}

func (p *Portal) acceptInvitation(v *visit, in adminInvitationArgs, sent *posted) error {
	if err := p.Accounts.AcceptInvitation(sent.Context(), v.viewer, in.Request); err != nil {
		return sent.again(err, func() error { return p.showMyInvitations(v, web.None{}) })
	}
	return sent.done("/admin/me/invitations", "admin-member.done-joined")
}

func (p *Portal) refuseInvitation(v *visit, in adminInvitationArgs, sent *posted) error {
	if err := p.Accounts.RefuseInvitation(sent.Context(), v.viewer, in.Request); err != nil {
		return sent.again(err, func() error { return p.showMyInvitations(v, web.None{}) })
	}
	return sent.done("/admin/me/invitations", "admin-member.done-declined")
}
