package portal

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
)

func TestJoiningAnOrganization(t *testing.T) {
	s := newTown(t)
	s.page(s.public, "", 200, "!Ask to join", "!/admin/organizations/")
	s.page(s.public, s.byAdmin, 200, "Manage", "!Ask to join")
	s.page(s.public, s.byEve, 200, "Ask to join", s.home+"/join")
	s.sends(s.home+"/join", s.byEve, url.Values{"comment": {" "}}, 400, "This field is required", `href="#join-comment"`)
	s.sends(s.home+"/join", s.byEve, url.Values{"comment": {"Je suis <i>Ève</i>."}}, 303, "done-asked")
	s.page(s.home+"/join", s.byEve, 200, "waits for an answer", "Je suis &lt;i&gt;Ève&lt;/i&gt;.")
	s.sends(s.home+"/join", s.byAdmin, url.Values{"comment": {"Encore"}}, 400, "member of this organization already")

	page := s.page(s.members, s.byAdmin, 200, "Je suis &lt;i&gt;Ève", "Requests to join", "Accept")
	s.page(s.members, s.byEd, 200, "!Je suis", "!Requests to join", "Leave the organization")
	request := s.members + "/requests/" + between(t, page, `href="`+s.members+"/requests/", `"`)
	s.page(request, s.byAdmin, 200, "Refuse the request", "Accept the request")
	s.sends(request+"/refuse", s.byAdmin, url.Values{"comment": {""}}, 400, "This field is required", `href="#refuse-comment"`)
	s.sends(request+"/refuse", s.byEd, url.Values{"comment": {"Non"}}, 403)
	s.sends(request+"/refuse", s.byAdmin, url.Values{"comment": {"Qui êtes-vous ?"}}, 303, "done-refused")
	s.page(request, s.byAdmin, 200, "has been answered already", "!Accept the request")
	s.sends(request+"/accept", s.byAdmin, nil, 400, "The answer has been given already")

	s.sends(s.home+"/join", s.byEve, url.Values{"comment": {"Ève, du service des eaux"}}, 303)
	page = s.page(s.members+"/requests", s.byAdmin, 200, "1 request waits", "du service des eaux")
	request = s.members + "/requests/" + between(t, page, `href="`+s.members+"/requests/", `"`)
	s.sends(request+"/accept", s.byAdmin, nil, 303, "done-accepted")
	s.page(s.members+"/requests", s.byAdmin, 200, "No request waits")
	s.page(s.home+"/join", s.byEve, 200, "You are a member")
	s.page(s.members, s.byEve, 200, "This is you")
	s.sends(s.members+"/leave", s.byEve, nil, 303, "/en/admin?done=admin-member.done-left")
	s.page(s.members, s.byEve, 403)
}

func TestManyRequestsArePaged(t *testing.T) {
	s := newTown(t)
	var people []account.User
	var requests []account.MembershipRequest
	for i := range 1000 {
		id := fmt.Sprintf("%024x", 5000+i)
		people = append(people, account.User{ID: id, Version: 1, Slug: "asks-" + id, FirstName: "Personne", LastName: fmt.Sprint("n° ", i, "."), Active: true, CreatedAt: db.Now(), ModifiedAt: db.Now(), Stamp: id})
		requests = append(requests, account.MembershipRequest{
			ID: fmt.Sprintf("00000000-0000-4000-8000-%012d", i), OrganizationID: s.o.ID, UserID: &id, Kind: account.RequestKind, Status: account.StatusPending, Role: account.RoleEditor,
			Comment: "Bonjour", CreatedAt: db.Now(),
		})
	}
	s.insert(&people, &requests)
	s.page(s.members, s.byAdmin, 200, "See all 1,000 requests", "Personne n° 0.", "!Personne n° 10.")
	s.page(s.members+"/requests", s.byAdmin, 200, "1,000 requests wait", "Personne n° 19.", "!Personne n° 20.", "page=2")
	s.page(s.members+"/requests?page=50", s.byAdmin, 200, "Personne n° 999.")
	s.page(s.members+"/requests?page=nonsense", s.byAdmin, 200, "Personne n° 0.")
}

func TestMembers(t *testing.T) {
	s := newTown(t)
	one := s.members + "/" + s.editor.ID
	s.page(s.members, s.byAdmin, 200, one, s.members+"/"+s.admin.ID, "Last login")
	s.page(s.members+"?role=editor", s.byAdmin, 200, one, "!"+s.members+"/"+s.admin.ID)
	s.page(s.members+"?q=nobody", s.byAdmin, 200, "Nobody here")
	s.page(s.members+"?role=nonsense&page=-3", s.byAdmin, 200, one)
	s.page(s.members, s.byEd, 200, "!"+one)
	s.page(one, s.byAdmin, 200, `value="editor" checked`, "!In their care")

	s.sends(one, s.byAdmin, url.Values{"role": {"king"}}, 400)
	s.sends(one, s.byEd, url.Values{"role": {"admin"}}, 403)
	s.sends(s.members+"/"+s.admin.ID, s.byAdmin, url.Values{"role": {"editor"}}, 400, "needs an administrator")
	s.sends(one, s.byAdmin, url.Values{"role": {"partial_editor"}}, 303, "done-role")

	inside := s.dataset(1, "Arbres <b>", func(d *catalog.Dataset) { d.OrganizationID = &s.o.ID })
	outside := s.dataset(2, "Ailleurs", nil)
	s.page(one, s.byAdmin, 200, "In their care", `name="datasets"`)
	s.sends(one+"/assignments", s.byAdmin, url.Values{"datasets": {inside.ID}, "reuses": {outside.ID}}, 400, "The organization has no such thing", `href="#assignments-reuses"`)
	s.sends(one+"/assignments", s.byAdmin, url.Values{"datasets": {"https://data.example.org/datasets/" + inside.Slug}}, 303, "done-assignments")
	s.page(one, s.byAdmin, 200, "Arbres &lt;b&gt;", inside.ID)
	s.page(s.members, s.byAdmin, 200, "1 thing in their care")
	s.sends(one+"/assignments", s.byAdmin, url.Values{"datasets": {""}}, 303)
	s.page(one, s.byAdmin, 200, "!"+inside.ID)

	s.sends(one+"/remove", s.byEve, nil, 403)
	s.sends(one+"/remove", s.byAdmin, nil, 303, "done-removed")
	s.page(one, s.byAdmin, 404)
	s.sends(s.members+"/"+s.admin.ID+"/remove", s.byAdmin, nil, 400, "needs an administrator")
}

func TestInvitations(t *testing.T) {
	s := newTown(t)
	invite, list := s.members+"/invite", s.members+"/invitations"
	s.page(list, s.byAdmin, 200, "No invitation waits", invite)
	inside := s.dataset(1, "Arbres", func(d *catalog.Dataset) { d.OrganizationID = &s.o.ID })
	s.sends(invite, s.byAdmin, url.Values{"role": {"editor"}}, 400, "Say whom to invite", `href="#invite-user"`)
	s.sends(invite, s.byAdmin, url.Values{"role": {"editor"}, "user": {s.eve.ID}, "email": {"x@example.org"}}, 400, "not both", `value="x@example.org"`)
	s.sends(invite, s.byAdmin, url.Values{"role": {"editor"}, "user": {s.editor.ID}}, 400, "member of the organization already")
	s.sends(invite, s.byAdmin, url.Values{"role": {"editor"}, "user": {"nobody-here"}}, 400, "unknown here")
	s.sends(invite, s.byAdmin, url.Values{"role": {"partial_editor"}, "user": {s.eve.ID}, "datasets": {s.o.ID}}, 400, `href="#invite-datasets"`)
	s.sends(invite, s.byAdmin, url.Values{"role": {"partial_editor"}, "user": {s.eve.Slug}, "datasets": {inside.Slug}, "comment": {"Viens <i>donc</i>"}}, 303, "done-invited")
	s.sends(invite, s.byAdmin, url.Values{"role": {"editor"}, "email": {"new@example.org"}}, 303)
	s.sends(invite, s.byAdmin, url.Values{"role": {"editor"}, "email": {"new@example.org"}}, 400, "An invitation waits")
	page := s.page(list, s.byAdmin, 200, "new@example.org", "1 thing in their care", "Send again")
	first := list + "/" + between(t, page, `action="`+list+"/", `/`)
	s.sends(first+"/resend", s.byAdmin, nil, 303, "done-resent")
	s.sends(first+"/resend", s.byEd, nil, 403)

	s.page("/en/admin/me/invitations", s.byEd, 200, "No invitation")
	mine := s.page("/en/admin/me/invitations", s.byEve, 200, "Viens &lt;i&gt;donc", "Ville de &lt;b&gt;", "1 thing in their care")
	accept := between(t, mine, `action="/en/admin/me/invitations/`, `"`)
	s.sends("/en/admin/me/invitations/"+accept, s.byEd, nil, 404)
	s.sends("/en/admin/me/invitations/"+accept, s.byEve, nil, 303, "done-joined")
	s.sends("/en/admin/me/invitations/"+accept, s.byEve, nil, 400, "The answer has been given already")
	s.page(s.home, s.byEve, 200)
	if viewer, err := account.ViewerOf(context.Background(), s.d.Read(), s.eve.ID); err != nil || !viewer.Assigned[inside.ID] {
		t.Errorf("the invited person may not edit what was promised: %v", err)
	}
	page = s.page(list, s.byAdmin, 200, "new@example.org")
	last := list + "/" + between(t, page, `action="`+list+"/", `/`)
	s.sends(last+"/cancel", s.byAdmin, nil, 303, "done-canceled")
	s.sends(last+"/cancel", s.byAdmin, nil, 400, "The answer has been given already")
}

func TestTransfers(t *testing.T) {
	s := newTown(t)
	d := s.dataset(1, "Arbres <b>", func(d *catalog.Dataset) { d.OrganizationID = &s.o.ID })
	path := "/en/admin/transfers/new?class=Dataset&id=" + d.ID
	s.page(path, "", 302, "/en/login?next=")
	s.page(path, s.byEve, 403)
	s.page(path, s.byEd, 403)
	s.page("/en/admin/transfers/new", s.byAdmin, 404)
	s.page("/en/admin/transfers/new?class=Dataset&id="+s.o.ID, s.byAdmin, 404)
	s.page(path, s.byAdmin, 200, "Arbres &lt;b&gt;", "Ada Grain (you)")
	s.sends(path, s.byAdmin, url.Values{"comment": {"Prends"}}, 400, "Say to whom", "Prends")
	s.sends(path, s.byAdmin, url.Values{"comment": {"Prends"}, "user": {s.eve.ID}, "organization": {s.o.ID}}, 400, "One recipient alone")
	s.sends(path, s.byAdmin, url.Values{"comment": {""}, "user": {s.eve.ID}}, 400, "This field is required")
	s.sends(path, s.byAdmin, url.Values{"comment": {"Prends"}, "user": {"nobody"}}, 400, "This recipient is not known here", `href="#transfer-user"`)
	s.sends(path, s.byAdmin, url.Values{"comment": {"Prends"}, "organization": {s.o.Slug}}, 400, "They own this already", `href="#transfer-organization"`)
	s.sends(path, s.byEve, url.Values{"comment": {"Prends"}, "user": {s.eve.ID}}, 403)
	s.sends(path, s.byAdmin, url.Values{"comment": {"Prends <i>"}, "user": {"https://data.example.org/en/users/" + s.eve.Slug}}, 303, "side=sent&done=admin-transfer.done-sent")
	s.page(path, s.byAdmin, 200, "A transfer waits already")
	s.page("/en/admin/transfers?side=sent", s.byAdmin, 200, "Arbres &lt;b&gt;")
	s.page("/en/admin/transfers", s.byAdmin, 200, "No transfer")
	list := s.page("/en/admin/transfers", s.byEve, 200, "Arbres &lt;b&gt;")
	one := "/en/admin/transfers/" + between(t, mainOf(list), `href="/en/admin/transfers/`, `"`)
	s.page(one, s.byEd, 404)
	s.page(one, s.byAdmin, 200, "Prends &lt;i&gt;", "!Your answer")
	s.sends(one, s.byAdmin, url.Values{"response": {"accept"}}, 403)
	s.page(one, s.byEve, 200, "Your answer", `value="refuse"`)
	s.sends(one, s.byEve, url.Values{"response": {"accept"}, "comment": {"Merci"}}, 303, "done-accepted")
	s.sends(one, s.byEve, url.Values{"response": {"refuse"}}, 400, "The answer has been given already")
	for _, gone := range []string{"/en/admin/datasets/" + d.ID, "/en/admin/datasets/" + d.ID + "/files", path} { // handed over: no bare refusal
		s.page(gone, s.byAdmin, 302, one+"?done=admin-transfer.done-handed")
		s.page(gone, s.byEd, 403)
	}
	s.page(one+"?done=admin-transfer.done-handed", s.byAdmin, 200, "the transfer was accepted")
	s.page(one, s.byAdmin, 200, "Answered on", "Merci")
	s.page("/en/admin/transfers?status=pending", s.byEve, 200, "No transfer")
	back := "/en/admin/transfers/new?class=Dataset&id=" + d.Slug
	s.sends(back, s.byEve, url.Values{"comment": {"Reprends"}, "organization": {s.o.ID}}, 303)
	s.page(s.home, s.byAdmin, 200, "A transfer waits for your answer")
	list = s.page("/en/admin/transfers?status=pending", s.byAdmin, 200)
	one = "/en/admin/transfers/" + between(t, mainOf(list), `href="/en/admin/transfers/`, `"`)
	s.sends(one, s.byAdmin, url.Values{"response": {"refuse"}, "comment": {"Non"}}, 303, "done-refused")
}

// TestPagesOfPeopleTakeConstantQueries holds that the pages about people ask as
// much for many people as for a few.
func TestPagesOfPeopleTakeConstantQueries(t *testing.T) {
	s := newTown(t)
	pages := []string{s.home, s.members, s.members + "/requests", s.members + "/invitations", s.home + "/figures", s.home + "/profile/contacts", "/en/admin/transfers"}
	counts := func() (all []int64) {
		for _, page := range pages {
			before := s.queries.Load()
			s.page(page, s.byAdmin, 200)
			all = append(all, s.queries.Load()-before)
		}
		return all
	}
	fill := func(from, to int) {
		for i := from; i < to; i++ {
			user, session := s.person(fmt.Sprintf("p%d@example.org", i), false)
			s.sends(s.home+"/join", session, url.Values{"comment": {"Bonjour"}}, 303)
			other, _ := s.person(fmt.Sprintf("m%d@example.org", i), false)
			if err := s.accounts.AddMember(context.Background(), account.System("tests"), s.o.ID, other.ID, account.RolePartialEditor); err != nil {
				t.Fatal(err)
			}
			s.sends(s.members+"/invite", s.byAdmin, url.Values{"role": {"editor"}, "email": {fmt.Sprintf("i%d@example.org", i)}}, 303)
			s.sends(s.home+"/profile/contacts", s.byAdmin, url.Values{"name": {fmt.Sprint("C", i)}, "role": {"publisher"}}, 303)
			d := s.dataset(100+i, fmt.Sprint("Jeu ", i), func(d *catalog.Dataset) { d.OrganizationID = &s.o.ID })
			s.sends("/en/admin/transfers/new?class=Dataset&id="+d.ID, s.byAdmin, url.Values{"comment": {"Prends"}, "user": {user.ID}}, 303)
		}
	}
	fill(0, 3)
	few := counts()
	fill(3, 9)
	many := counts()
	for i, page := range pages {
		if many[i] > few[i] || many[i] > 40 {
			t.Errorf("%s takes %d queries, then %d", strings.TrimPrefix(page, s.home), few[i], many[i])
		}
	}
	t.Log(few, many)
}
