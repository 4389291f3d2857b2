package portal

import (
	"net/url"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/text"
)

// adminRequestRoutes declare the pages about those who ask to join.
func (p *Portal) adminRequestRoutes(t *table) {
	adminPage(t, "/admin/organizations/{id}/members/requests", p.showRequests)
	adminPage(t, "/admin/organizations/{id}/members/requests/{request}", p.showRequest)
	form(t, "/admin/organizations/{id}/members/requests/{request}/accept", "POST /api/1/organizations/{org}/membership/{uuid}/accept/", p.acceptRequest)
	form(t, "/admin/organizations/{id}/members/requests/{request}/refuse", "POST /api/1/organizations/{org}/membership/{uuid}/refuse/", p.refuseRequest)
	adminPage(t, "/admin/organizations/{id}/join", p.showJoin)
	form(t, "/admin/organizations/{id}/join", "POST /api/1/organizations/{org}/membership/", p.join)
}

// adminRequest is somebody who asks to join.
type adminRequest struct {
	// Page is their public page, Picture their portrait.
	Name, Page, Picture string
	// Comment is what they say; Excerpt its beginning when it is long.
	Comment, Excerpt string
	Asked            time.Time
	Accept           button
	// Refuse leads to where one says why not.
	Refuse AdminAction
}

// adminRequests are those who ask to join an organisation.
type adminRequests struct {
	Requests []adminRequest
	Total    int
	Pager    pager
	Empty    emptyState
}

// adminRefusal is one request, with the form to refuse it.
type adminRefusal struct {
	Request adminRequest
	Form    formView
}

// adminJoin is the form of who asks to join.
type adminJoin struct {
	// Logo is the address of the organisation's picture.
	Name, Logo, Page string
	// Waiting is when the request was made that has no answer yet; zero for none.
	Waiting time.Time
	Form    formView
}

type adminRequestArgs struct {
	adminOrganizationArgs
	Request string `path:"request"`
}

func requestPath(organization, request string) string {
	return membersPath(organization) + "/requests/" + url.PathEscape(request)
}

// longComment is the length from which a comment is folded, in characters.
const longComment = 400

// requests are a page of those who ask to join an organisation, and how many
// there are.
func (v *visit) requests(o *account.Organization, f account.RequestFilter) ([]adminRequest, int, error) {
	f.Kind, f.Status = account.RequestKind, account.StatusPending
	rows, total, err := v.p.Organizations.Requests(v.Context(), v.viewer, o.ID, f)
	if err != nil {
		return nil, 0, err
	}
	shown := make([]adminRequest, len(rows))
	for i := range rows {
		shown[i] = v.request(o, &rows[i])
	}
	return shown, total, nil
}

func (v *visit) request(o *account.Organization, r *account.MembershipRequest) adminRequest {
	path := requestPath(o.ID, r.ID)
	shown := adminRequest{Name: v.say.T("admin-member.unknown"), Comment: r.Comment, Asked: r.CreatedAt.Time}
	if r.User != nil {
		shown.Name, shown.Page, shown.Picture = r.User.FullName(), v.publicPage(catalog.KindUser, r.User.Slug), picturePath("users", r.User.ID, logoSize)
	}
	if isLongerThan(r.Comment, longComment) {
		shown.Excerpt = text.Excerpt(r.Comment, longComment/2)
	}
	shown.Accept = v.button(path+"/accept", "admin-member.accept", "check")
	shown.Accept.Tone, shown.Accept.Of = "primary", shown.Name
	shown.Refuse = AdminAction{Label: v.say.T("admin-member.refuse"), URL: v.path(path), Icon: "close"}
	return shown
}

func isLongerThan(text string, characters int) bool {
	count := 0
	for range text {
		if count++; count > characters {
			return true
		}
	}
	return false
}

func (p *Portal) showRequests(v *visit, in adminContactsArgs) error {
	o, err := v.inside(in.ID, account.Manage)
	if err != nil {
		return err
	}
	l := v.lister(membersPath(o.ID)+"/requests", in.listArgs, nil)
	content := adminRequests{Empty: emptyState{Icon: "users", Title: v.say.T("admin-member.no-request"), Text: v.say.T("admin-member.no-request-text")}}
	content.Requests, content.Total, err = v.requests(o, account.RequestFilter{Limit: l.Size, Offset: l.offset()})
	if err != nil {
		return err
	}
	content.Pager = l.pager(content.Total)
	d := v.organizationAdminDraft(o, "member-requests", v.say.T("admin-member.requests"), "/members/requests")
	if d.tabs, _, err = v.memberTabs(o, "/members/requests"); err != nil {
		return err
	}
	d.actions, d.data = []AdminAction{v.inviteAction(o)}, content
	return v.showAdmin(d)
}

func (p *Portal) showRequest(v *visit, in adminRequestArgs) error {
	o, err := v.inside(in.ID, account.Manage)
	if err != nil {
		return err
	}
	r, err := p.Organizations.Request(v.Context(), v.viewer, o.ID, in.Request)
	if err != nil {
		return err
	}
	content := adminRefusal{Request: v.request(o, r)}
	content.Request.Excerpt = ""
	d := v.organizationAdminDraft(o, "member-request", content.Request.Name, "/members/requests/"+r.ID)
	if r.Status == account.StatusPending && r.Kind == account.RequestKind {
		f := v.form("refuse", requestPath(o.ID, r.ID)+"/refuse").titled("admin-member.refuse-title", "").submit("admin-member.refuse", "close").
			cancel(membersPath(o.ID) + "/requests")
		f.area("comment", "admin-member.reason", "").require().most(10_000).help("admin-member.reason-help")
		content.Form = f.view()
	} else {
		d.notices = append(v.failed(), Notice{"info", "info", v.say.T("admin-member.answered")})
	}
	d.kicker, d.icon, d.public = "admin-member.request-kind", "user", content.Request.Page
	d.crumbs = []Link{{v.say.T("admin-member.title"), v.path(membersPath(o.ID))}, {v.say.T("admin-member.requests"), v.path(membersPath(o.ID) + "/requests")}}
	d.data = content
	return v.showAdmin(d)
}

func (p *Portal) acceptRequest(v *visit, in adminRequestArgs, sent *posted) error {
	if _, err := p.Accounts.AcceptRequest(sent.Context(), v.viewer, in.ID, in.Request); err != nil {
		return sent.again(err, func() error { return p.showRequest(v, in) })
	}
	return sent.done(membersPath(in.ID)+"/requests", "admin-member.done-accepted")
}

func (p *Portal) refuseRequest(v *visit, in adminRequestArgs, sent *posted) error {
	if err := p.Accounts.RefuseRequest(sent.Context(), v.viewer, in.ID, in.Request, sent.text("comment")); err != nil {
		return sent.again(err, func() error { return p.showRequest(v, in) })
	}
	return sent.done(membersPath(in.ID)+"/requests", "admin-member.done-refused")
}

func (p *Portal) showJoin(v *visit, in adminOrganizationArgs) error {
	id, err := v.objectID(catalog.KindOrganization, in.ID)
	if err != nil {
		return err
	}
	o, err := p.Organizations.Get(v.Context(), v.viewer, id)
	if err != nil {
		return err
	}
	content := adminJoin{Name: o.Name, Logo: picturePath("organizations", o.ID, "200"), Page: v.publicPage(catalog.KindOrganization, o.Slug)}
	d := adminDraft{
		name: "member-join", title: v.say.T("admin-member.join", "name", o.Name), path: organizationAdmin(o.ID, "/join"), scope: scopeMe,
		lead: v.say.T("admin-member.join-lead"), public: content.Page,
	}
	if v.viewer.Member(o.ID) {
		d.lead, d.notices = "", []Notice{{"info", "info", v.say.T("admin-member.member-already")}}
		d.data = content
		return v.showAdmin(d)
	}
	waiting, _, err := p.Organizations.Requests(v.Context(), v.viewer, o.ID, account.RequestFilter{
		User: v.viewer.UserID(), Status: account.StatusPending, Kind: account.RequestKind, Limit: 1,
	})
	if err != nil {
		return err
	}
	said, submit := "", "admin-member.join-send"
	if len(waiting) > 0 {
		content.Waiting, said, submit = waiting[0].CreatedAt.Time, waiting[0].Comment, "admin-member.join-change"
		d.lead = v.say.T("admin-member.join-waiting", "ago", v.say.Ago(waiting[0].CreatedAt, v.now))
	}
	f := v.form("join", organizationAdmin(o.ID, "/join")).submit(submit, "mail").light()
	f.area("comment", "admin-member.join-comment", said).require().most(10_000).help("admin-member.join-help")
	content.Form = f.view()
	d.data = content
	return v.showAdmin(d)
}

func (p *Portal) join(v *visit, in adminOrganizationArgs, sent *posted) error {
	id, err := v.objectID(catalog.KindOrganization, in.ID)
	if err == nil {
		_, _, err = p.Accounts.AskMembership(sent.Context(), v.viewer, id, sent.text("comment"))
	}
	if err != nil {
		return sent.again(err, func() error { return p.showJoin(v, in) })
	}
	return sent.done(organizationAdmin(id, "/join"), "admin-member.done-asked")
}
