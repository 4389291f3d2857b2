package api

import (
	"net/http"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/fault"
	"grenier/internal/i18n"
	"grenier/internal/web"
)

// MembershipRequest is somebody who asks to become a member, or an invitation.
type MembershipRequest struct {
	Assignments []ObjectName           `json:"assignments"`
	Comment     string                 `json:"comment"`
	Created     Moment                 `json:"created"`
	Email       *string                `json:"email"`
	ID          string                 `json:"id"`
	Kind        string                 `json:"kind"`
	Role        string                 `json:"role"`
	Status      string                 `json:"status"`
	User        *UserReferenceWithMail `json:"user"`
}

// ObjectName names an object by its class and identifier.
type ObjectName struct {
	Class string `json:"class"`
	ID    string `json:"id"`
}

// PendingInvitation is an invitation that waits for the caller's answer.
type PendingInvitation struct {
	Assignments  []ObjectName           `json:"assignments"`
	Comment      string                 `json:"comment"`
	Created      Moment                 `json:"created"`
	ID           string                 `json:"id"`
	Organization *OrganizationReference `json:"organization"`
	Role         string                 `json:"role"`
}

func objectNames(subjects []account.Subject) []ObjectName {
	names := make([]ObjectName, len(subjects))
	for i, subject := range subjects {
		names[i] = ObjectName{Class: classes[subject.Kind], ID: subject.ID}
	}
	return names
}

// kindsByClass are the kinds by their names in references.
var kindsByClass = map[string]string{
	"Dataset": catalog.KindDataset, "Reuse": catalog.KindReuse, "Dataservice": catalog.KindDataservice,
	"Organization": catalog.KindOrganization, "User": catalog.KindUser,
}

func subjects(names []ObjectName) []account.Subject {
	all := make([]account.Subject, len(names))
	for i, name := range names {
		all[i] = account.Subject{Kind: kindsByClass[name.Class], ID: name.ID}
	}
	return all
}

func membershipRequest(v account.Viewer, r *account.MembershipRequest) MembershipRequest {
	return MembershipRequest{
		Assignments: objectNames(r.Assignments), Comment: r.Comment, Created: moment(r.CreatedAt), Email: r.Email, ID: r.ID, Kind: r.Kind,
		Role: string(r.Role), Status: r.Status, User: memberReference(v, r.User, true),
	}
}

func member(v account.Viewer, m *account.Member, lang string) Member {
	return Member{
		Label: i18n.Label(i18n.OrganizationRole, string(m.Role), lang), Role: string(m.Role), Since: moment(m.Since),
		User: memberReference(v, m.User, true),
	}
}

func (a *API) membershipRoutes() {
	doc := func(tag, summary string, status int) web.Doc {
		return web.Doc{Summary: summary, Tags: []string{tag}, Auth: web.User, Status: status}
	}
	of := func(summary string) web.Doc { return doc("organizations", summary, http.StatusOK) }
	mine := func(summary string) web.Doc { return doc("me", summary, http.StatusOK) }
	created := func(summary string) web.Doc { return doc("organizations", summary, http.StatusCreated) }
	conflict := of("Accept a request for membership")
	conflict.Statuses = map[int]string{http.StatusConflict: "The person is a member already."}
	web.Get[[]MembershipRequest](a.v1, "/organizations/{org}/membership/", of("List requests for membership and invitations"), a.listMembership)
	ask := created("Ask for membership")
	ask.CreatesMore = true
	web.Post[MembershipRequest](a.v1, "/organizations/{org}/membership/", ask, a.askMembership)
	web.Post[Member](a.v1, "/organizations/{org}/membership/{uuid}/accept/", conflict, a.acceptMembership)
	web.Post[map[string]any](a.v1, "/organizations/{org}/membership/{uuid}/refuse/", of("Refuse a request for membership"), a.refuseMembership)
	web.Post[map[string]any](a.v1, "/organizations/{org}/membership/{uuid}/cancel/", of("Cancel an invitation"), a.cancelInvitation)
	web.Post[map[string]any](a.v2, "/organizations/{org}/membership/{uuid}/resend/", of("Send an invitation again"), a.resendInvitation)
	invite := created("Invite somebody as a member")
	invite.CreatesMore = true
	web.Post[MembershipRequest](a.v1, "/organizations/{org}/member/", invite, a.invite)
	web.Put[Member](a.v1, "/organizations/{org}/member/{user}/", of("Change the role of a member"), a.setRole)
	web.Delete[web.None](a.v1, "/organizations/{org}/member/{user}/", doc("organizations", "Remove a member", http.StatusNoContent), a.removeMember)
	web.Put[[]Assignment](a.v1, "/organizations/{org}/member/{user}/assignments/", of("Say what a partial editor may edit"), a.setAssignments)
	web.Get[[]PendingInvitation](a.v1, "/me/org_invitations/", mine("List the invitations that wait for my answer"), a.listMyInvitations)
	web.Post[Said](a.v1, "/me/org_invitations/{uuid}/accept/", mine("Accept an invitation"), a.acceptInvitation)
	web.Post[Said](a.v1, "/me/org_invitations/{uuid}/refuse/", mine("Refuse an invitation"), a.refuseInvitation)
}

// Said is an answer in words.
type Said struct {
	Message string `json:"message"`
}

type membershipArgs struct {
	Status string `query:"status" enum:"pending,accepted,refused,canceled" help:"Keep those in this state"`
	User   string `query:"user" help:"Keep those of this person"`
}

func (a *API) listMembership(c *web.Call, q membershipArgs) error {
	id, done, err := a.readableOrganization(c)
	if done || err != nil {
		return err
	}
	v := viewer(c)
	rows, _, err := a.Organizations.Requests(c.Context(), v, id, account.RequestFilter{Status: q.Status, User: q.User})
	if err != nil {
		return err
	}
	all := make([]MembershipRequest, len(rows))
	for i := range rows {
		all[i] = membershipRequest(v, &rows[i])
	}
	return send(c, http.StatusOK, all)
}

// CommentWrite are words that go with a request or an answer.
type CommentWrite struct {
	Comment string `json:"comment"`
}

func (a *API) askMembership(c *web.Call, _ web.None, body CommentWrite) error {
	id, done, err := a.resolveOrganization(c)
	if done || err != nil {
		return err
	}
	v := viewer(c)
	request, created, err := a.Accounts.AskMembership(c.Context(), v, id, body.Comment)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if created {
		status = http.StatusCreated
	}
	return send(c, status, membershipRequest(v, request))
}

// requestOf reads the organisation and the request that the path names.
func (a *API) requestOf(c *web.Call) (organization, id string, done bool, err error) {
	organization, done, err = a.resolveOrganization(c)
	if done || err != nil {
		return "", "", done, err
	}
	id = c.Param("uuid")
	if !db.IsUUID(id) {
		err = fault.New(fault.NotFound, "Unknown membership request id")
	}
	return organization, id, false, err
}

func (a *API) acceptMembership(c *web.Call, _ web.None, _ web.Raw) error {
	organization, id, done, err := a.requestOf(c)
	if done || err != nil {
		return err
	}
	v := viewer(c)
	accepted, err := a.Accounts.AcceptRequest(c.Context(), v, organization, id)
	status := http.StatusOK
	if fault.Is(err, fault.Conflict) && accepted != nil {
		status, err = http.StatusConflict, nil
	}
	if err != nil {
		return err
	}
	return send(c, status, member(v, accepted, c.Lang))
}

func (a *API) refuseMembership(c *web.Call, _ web.None, body CommentWrite) error {
	organization, id, done, err := a.requestOf(c)
	if done || err != nil {
		return err
	}
	if err := a.Accounts.RefuseRequest(c.Context(), viewer(c), organization, id, body.Comment); err != nil {
		return err
	}
	return send(c, http.StatusOK, map[string]any{})
}

func (a *API) cancelInvitation(c *web.Call, _ web.None, _ web.Raw) error {
	organization, id, done, err := a.requestOf(c)
	if done || err != nil {
		return err
	}
	if err := a.Accounts.CancelInvitation(c.Context(), viewer(c), organization, id); err != nil {
		return err
	}
	return send(c, http.StatusOK, map[string]any{})
}

func (a *API) resendInvitation(c *web.Call, _ web.None, _ web.Raw) error {
	organization, id, done, err := a.requestOf(c)
	if done || err != nil {
		return err
	}
	if err := a.Accounts.ResendInvitation(c.Context(), viewer(c), organization, id); err != nil {
		return err
	}
	return send(c, http.StatusOK, map[string]any{})
}

// MembershipInvite is whom an organisation invites: a person or an address.
type MembershipInvite struct {
	Assignments []ObjectName `json:"assignments"`
	Comment     string       `json:"comment"`
	Email       string       `json:"email"`
	Role        string       `json:"role"`
	User        Reference    `json:"user"`
}

func (a *API) invite(c *web.Call, _ web.None, body MembershipInvite) error {
	id, done, err := a.resolveOrganization(c)
	if done || err != nil {
		return err
	}
	v := viewer(c)
	request, err := a.Accounts.Invite(c.Context(), v, id, account.Invitation{
		UserID: string(body.User), Email: body.Email, Role: account.Role(body.Role), Comment: body.Comment, Assignments: subjects(body.Assignments),
	})
	if err != nil {
		return err
	}
	return send(c, http.StatusCreated, membershipRequest(v, request))
}

// memberID is the identifier of the person that the path names by identifier or
// slug: members may also be people whose account is shut.
func (a *API) memberID(c *web.Call) (string, error) {
	key := c.Param("user")
	if db.IsID(key) {
		return key, nil
	}
	found, err := a.People.Get(c.Context(), viewer(c), key)
	if err != nil {
		return "", err
	}
	return found.ID, nil
}

// memberOf reads the organisation and the person that the path names.
func (a *API) memberOf(c *web.Call) (organization, user string, done bool, err error) {
	organization, done, err = a.resolveOrganization(c)
	if done || err != nil {
		return "", "", done, err
	}
	user, err = a.memberID(c)
	return organization, user, false, err
}

// RoleWrite is the role of a member.
type RoleWrite struct {
	Role string `json:"role"`
}

func (a *API) setRole(c *web.Call, _ web.None, body RoleWrite) error {
	organization, user, done, err := a.memberOf(c)
	if done || err != nil {
		return err
	}
	v := viewer(c)
	changed, err := a.Accounts.SetRole(c.Context(), v, organization, user, account.Role(body.Role))
	if err != nil {
		return err
	}
	return send(c, http.StatusOK, member(v, changed, c.Lang))
}

func (a *API) removeMember(c *web.Call, _ web.None) error {
	organization, user, done, err := a.memberOf(c)
	if done || err != nil {
		return err
	}
	if err := a.Accounts.RemoveMember(c.Context(), viewer(c), organization, user); err != nil {
		return err
	}
	return c.Empty(http.StatusNoContent)
}

func (a *API) setAssignments(c *web.Call, _ web.None, body []ObjectName) error {
	organization, user, done, err := a.memberOf(c)
	if done || err != nil {
		return err
	}
	v := viewer(c)
	if err := a.Accounts.SetAssignments(c.Context(), v, organization, user, subjects(body)); err != nil {
		return err
	}
	return a.sendAssignments(c, organization, user)
}

func (a *API) listMyInvitations(c *web.Call, _ web.None) error {
	v := viewer(c)
	rows, err := a.Organizations.Invitations(c.Context(), v)
	if err != nil {
		return err
	}
	all := make([]PendingInvitation, len(rows))
	for i := range rows {
		row := &rows[i]
		all[i] = PendingInvitation{
			Assignments: objectNames(row.Assignments), Comment: row.Comment, Created: moment(row.CreatedAt), ID: row.ID,
			Organization: organizationReference(v, row.Organization), Role: string(row.Role),
		}
	}
	return send(c, http.StatusOK, all)
}

func invitationID(c *web.Call) (string, error) {
	id := c.Param("uuid")
	if !db.IsUUID(id) {
		return "", fault.New(fault.NotFound, "Invitation not found")
	}
	return id, nil
}

func (a *API) acceptInvitation(c *web.Call, _ web.None, _ web.Raw) error {
	id, err := invitationID(c)
	if err != nil {
		return err
	}
	if err := a.Accounts.AcceptInvitation(c.Context(), viewer(c), id); err != nil {
		return err
	}
	return send(c, http.StatusOK, Said{Message: "Invitation accepted"})
}

func (a *API) refuseInvitation(c *web.Call, _ web.None, _ web.Raw) error {
	id, err := invitationID(c)
	if err != nil {
		return err
	}
	if err := a.Accounts.RefuseInvitation(c.Context(), viewer(c), id); err != nil {
		return err
	}
	return send(c, http.StatusOK, Said{Message: "Invitation refused"})
}
