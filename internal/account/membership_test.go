package account

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/limit"
	"grenier/internal/mail"
)

// postbag keeps the letters of a test that were posted by writes that held.
type postbag struct {
	sync.Mutex
	letters []mail.Letter
}

// Post implements Poster.
func (p *postbag) Post(_ context.Context, _ *db.Tx, letters ...mail.Letter) error {
	p.Lock()
	defer p.Unlock()
	p.letters = append(p.letters, letters...)
	return nil
}

// take gives the letters since the last time as "kind to address".
func (p *postbag) take() string {
	p.Lock()
	defer p.Unlock()
	var all []string
	for _, l := range p.letters {
		all = append(all, l.Kind+" "+l.To)
	}
	p.letters = nil
	slices.Sort(all)
	return strings.Join(all, "; ")
}

// house is an organisation with an administrator and an editor.
type house struct {
	*Writer
	t             *testing.T
	d             *db.DB
	log           *event.Log
	organizations *Organizations
	post          *postbag
	id            string
	people        map[string]*User
}

func newHouse(t *testing.T, d *db.DB) *house {
	t.Helper()
	log := event.NewLog(d)
	h := &house{t: t, d: d, log: log, organizations: NewOrganizations(d, nil), post: &postbag{}, people: map[string]*User{}}
	h.Writer = NewWriter(log).With(Deps{Mail: h.post, Secret: []byte("secret of the tests"), Rules: Rules{SIRET: true, HiddenBadges: []string{"company"}}})
	for _, name := range []string{"ada", "bob", "eve", "kim"} {
		h.people[name] = mustUser(t, h.Writer, name+"@example.org")
	}
	made, err := h.CreateOrganization(ctxOf(t), operator, NewOrganization{Name: "Valmont", Description: "x", Members: []NewMember{
		{h.people["ada"].ID, RoleAdmin}, {h.people["bob"].ID, RoleEditor},
	}})
	if err != nil {
		t.Fatal(err)
	}
	h.id = made.ID
	return h
}

// as is the viewer of a person as the database has them.
func (h *house) as(name string) Viewer {
	h.t.Helper()
	v := Viewer{User: h.people[name], Memberships: map[string]Role{}}
	var rows []Member
	if err := h.d.Read().NewSelect().Model(&rows).Where("user_id = ?", v.User.ID).Scan(ctxOf(h.t)); err != nil {
		h.t.Fatal(err)
	}
	for _, row := range rows {
		v.Memberships[row.OrganizationID] = row.Role
	}
	return v
}

// role is what a person is in the organisation, "" for no member.
func (h *house) role(name string) Role { return h.as(name).Memberships[h.id] }

func (h *house) letters(want string) {
	h.t.Helper()
	if got := h.post.take(); got != want {
		h.t.Errorf("letters: %q, want %q", got, want)
	}
}

func (h *house) refused(what string, err error, code fault.Code) {
	h.t.Helper()
	if !fault.Is(err, code) {
		h.t.Errorf("%s gives %v, want %s", what, err, code)
	}
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// consistent checks the counter of members, and that the version counts on.
func (h *house) consistent() {
	h.t.Helper()
	var counted, members int64
	h.must(h.d.Read().NewRaw("SELECT members FROM organizations WHERE id = ?", h.id).Scan(ctxOf(h.t), &counted))
	h.must(h.d.Read().NewRaw("SELECT count(*) FROM members WHERE organization_id = ?", h.id).Scan(ctxOf(h.t), &members))
	if counted != members {
		h.t.Errorf("the organisation counts %d members and has %d", counted, members)
	}
}

func TestAskForMembership(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		request, created, err := h.AskMembership(ctxOf(t), h.as("eve"), h.id, " I publish here. ")
		if err != nil || !created || request.Comment != "I publish here." || request.Kind != RequestKind || request.Status != StatusPending {
			t.Fatalf("asked: %+v, %v (%v)", request, created, err)
		}
		h.letters("membership.asked ada@example.org")
		again, created, err := h.AskMembership(ctxOf(t), h.as("eve"), h.id, "Please.")
		if err != nil || created || again.ID != request.ID || again.Comment != "Please." {
			t.Errorf("asked again: %+v, %v (%v)", again, created, err)
		}
		h.letters("")
		_, _, err = h.AskMembership(ctxOf(t), h.as("bob"), h.id, "x")
		h.refused("a member who asks", err, fault.Invalid)
		_, _, err = h.AskMembership(ctxOf(t), h.as("kim"), h.id, "  ")
		h.refused("a request without a word", err, fault.Invalid)
		_, _, err = h.AskMembership(ctxOf(t), Nobody, h.id, "x")
		h.refused("nobody who asks", err, fault.Unauthorized)
		reader := h.as("kim")
		reader.Scopes = []string{ScopeRead}
		_, _, err = h.AskMembership(ctxOf(t), reader, h.id, "x")
		h.refused("a token that reads", err, fault.Forbidden)

		for _, who := range []string{"bob", "eve", "kim"} {
			_, err := h.AcceptRequest(ctxOf(t), h.as(who), h.id, request.ID)
			h.refused(who+" who accepts", err, fault.Forbidden)
			h.refused(who+" who refuses", h.RefuseRequest(ctxOf(t), h.as(who), h.id, request.ID, "no"), fault.Forbidden)
		}
		_, err = h.AcceptRequest(ctxOf(t), h.as("ada"), h.id, db.NewUUID())
		h.refused("an unknown request", err, fault.NotFound)
		h.refused("a refusal without a word", h.RefuseRequest(ctxOf(t), h.as("ada"), h.id, request.ID, ""), fault.Invalid)
		h.refused("a canceled request", h.CancelInvitation(ctxOf(t), h.as("ada"), h.id, request.ID), fault.Invalid)

		member, err := h.AcceptRequest(ctxOf(t), h.as("ada"), h.id, request.ID)
		if err != nil || member.Role != RoleEditor || member.User == nil || h.role("eve") != RoleEditor {
			t.Fatalf("accepted: %+v (%v)", member, err)
		}
		h.letters("membership.accepted eve@example.org")
		member, err = h.AcceptRequest(ctxOf(t), h.as("ada"), h.id, request.ID)
		if !fault.Is(err, fault.Conflict) || member == nil || member.UserID != h.people["eve"].ID {
			t.Errorf("accepted twice: %+v (%v)", member, err)
		}
		h.consistent()
		changes := historyOf(t, d, h.id)
		if last := changes[len(changes)-1]; !strings.Contains(string(last.Difference), h.people["eve"].ID) || last.Version != int64(len(changes)) {
			t.Errorf("history ends with %+v", last)
		}
	})
}

func TestRefusedRequest(t *testing.T) {
	d := dbtest.SQLite(t)
	h := newHouse(t, d)
	request, _, err := h.AskMembership(ctxOf(t), h.as("eve"), h.id, "Hello")
	h.must(err)
	h.post.take()
	h.must(h.RefuseRequest(ctxOf(t), h.as("ada"), h.id, request.ID, "Not now."))
	h.letters("membership.refused eve@example.org")
	_, err = h.AcceptRequest(ctxOf(t), h.as("ada"), h.id, request.ID)
	h.refused("accepting what was refused", err, fault.Invalid)
	h.refused("refusing twice", h.RefuseRequest(ctxOf(t), h.as("ada"), h.id, request.ID, "No"), fault.Invalid)
	second, created, err := h.AskMembership(ctxOf(t), h.as("eve"), h.id, "Now?")
	if err != nil || !created || second.ID == request.ID {
		t.Errorf("asking after a refusal: %+v, %v (%v)", second, created, err)
	}
	rows, total, err := h.organizations.Requests(ctxOf(t), h.as("ada"), h.id, RequestFilter{Status: StatusRefused})
	if err != nil || total != 1 || *rows[0].Answer != "Not now." || *rows[0].HandledBy != h.people["ada"].ID {
		t.Errorf("the refused ones are %+v (%v)", rows, err)
	}
	mine, _, err := h.organizations.Requests(ctxOf(t), h.as("eve"), h.id, RequestFilter{User: h.people["eve"].ID})
	if err != nil || len(mine) != 2 {
		t.Errorf("who asked sees %d (%v)", len(mine), err)
	}
	_, _, err = h.organizations.Requests(ctxOf(t), h.as("bob"), h.id, RequestFilter{})
	h.refused("an editor who lists", err, fault.Forbidden)
	_, _, err = h.organizations.Requests(ctxOf(t), h.as("kim"), h.id, RequestFilter{User: h.people["eve"].ID})
	h.refused("a stranger who looks", err, fault.Forbidden)
	requests, invitations, err := h.organizations.RequestCounts(ctxOf(t), h.as("ada"), h.id)
	if err != nil || requests != 1 || invitations != 0 {
		t.Errorf("%d requests and %d invitations wait (%v)", requests, invitations, err)
	}
}

func TestInvitations(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		ada := h.as("ada")
		byAddress, err := h.Invite(ctxOf(t), ada, h.id, Invitation{Email: "EVE@example.org", Role: RoleAdmin, Comment: "Come!"})
		if err != nil || byAddress.User != nil || byAddress.UserID != nil || *byAddress.Email != "eve@example.org" {
			t.Fatalf("the address of a person invites %+v (%v)", byAddress, err)
		}
		h.letters("membership.invited eve@example.org")
		byName, err := h.Invite(ctxOf(t), ada, h.id, Invitation{UserID: h.people["eve"].ID})
		h.must(err) // as for who has another address
		h.letters("membership.invited eve@example.org")
		h.must(h.CancelInvitation(ctxOf(t), ada, h.id, byName.ID))
		h.letters("membership.canceled eve@example.org")
		for name, c := range map[string]struct {
			in     Invitation
			member string
		}{
			"nobody":                   {Invitation{}, "user"},
			"both":                     {Invitation{UserID: h.people["kim"].ID, Email: "kim@example.org"}, "email"},
			"an unknown person":        {Invitation{UserID: db.NewID()}, "user"},
			"no address":               {Invitation{Email: "kim"}, "email"},
			"an unknown role":          {Invitation{UserID: h.people["kim"].ID, Role: "chief"}, "role"},
			"a member":                 {Invitation{UserID: h.people["bob"].ID}, "user"},
			"a member by address":      {Invitation{Email: "bob@example.org"}, "email"},
			"who was invited":          {Invitation{Email: "Eve@Example.org"}, "email"},
			"an editor of some":        {Invitation{UserID: h.people["kim"].ID, Assignments: []Subject{{"dataset", db.NewID()}}}, "assignments"},
			"an editor of what is not": {Invitation{UserID: h.people["kim"].ID, Role: RolePartialEditor, Assignments: []Subject{{"dataset", db.NewID()}}}, "assignments"},
		} {
			_, err := h.Invite(ctxOf(t), ada, h.id, c.in)
			var refusal *fault.Error
			if !errors.As(err, &refusal) || refusal.Code != fault.Invalid || len(refusal.Fields) == 0 || refusal.Fields[0].Path[0] != c.member {
				t.Errorf("inviting %s gives %v, want an error on %s", name, err, c.member)
			}
		}
		_, err = h.Invite(ctxOf(t), h.as("bob"), h.id, Invitation{UserID: h.people["kim"].ID})
		h.refused("an editor who invites", err, fault.Forbidden)
		_, err = h.AcceptRequest(ctxOf(t), ada, h.id, byAddress.ID)
		h.refused("an invitation accepted by its author", err, fault.Invalid)
		_, _, err = h.AskMembership(ctxOf(t), h.as("eve"), h.id, "x")
		h.refused("asking although invited", err, fault.Invalid)
		h.refused("somebody else's invitation", h.AcceptInvitation(ctxOf(t), h.as("kim"), byAddress.ID), fault.NotFound)
		h.letters("")

		waiting, err := h.organizations.Invitations(ctxOf(t), h.as("eve"))
		if err != nil || len(waiting) != 1 || waiting[0].Organization.Name != "Valmont" || waiting[0].Comment != "Come!" {
			t.Errorf("eve's invitations are %+v (%v)", waiting, err)
		}
		key := h.as("eve")
		for _, scopes := range [][]string{{ScopeRead}, {ScopeWrite, ScopeOrganization + h.id}, {ScopeDataset + db.NewID()}} {
			key.Scopes = scopes
			h.refused("a key that is for less", h.AcceptInvitation(ctxOf(t), key, byAddress.ID), fault.Forbidden)
			h.refused("a key that is for less", h.RefuseInvitation(ctxOf(t), key, byAddress.ID), fault.Forbidden)
		}
		key.Scopes = []string{ScopeWrite} // to join is to publish, not to change the account
		h.must(h.AcceptInvitation(ctxOf(t), key, byAddress.ID))
		h.letters("membership.invitation-accepted ada@example.org")
		if h.role("eve") != RoleAdmin {
			t.Errorf("eve became %q", h.role("eve"))
		}
		h.refused("accepting twice", h.AcceptInvitation(ctxOf(t), h.as("eve"), byAddress.ID), fault.Invalid)

		kim, err := h.Invite(ctxOf(t), ada, h.id, Invitation{UserID: h.people["kim"].ID})
		h.must(err)
		h.must(h.ResendInvitation(ctxOf(t), ada, h.id, kim.ID))
		h.letters("membership.invited kim@example.org; membership.invited kim@example.org")
		h.must(h.RefuseInvitation(ctxOf(t), h.as("kim"), kim.ID))
		h.letters("membership.invitation-refused ada@example.org")
		h.refused("canceling what was answered", h.CancelInvitation(ctxOf(t), ada, h.id, kim.ID), fault.Invalid)
		kim, err = h.Invite(ctxOf(t), ada, h.id, Invitation{UserID: h.people["kim"].ID})
		h.must(err)
		h.post.take()
		h.must(h.CancelInvitation(ctxOf(t), ada, h.id, kim.ID))
		h.letters("membership.canceled kim@example.org")
		h.refused("accepting what was canceled", h.AcceptInvitation(ctxOf(t), h.as("kim"), kim.ID), fault.Invalid)
		h.consistent()
	})
}

func TestInvitationsWaitForAnAccount(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		first, err := h.Invite(ctxOf(t), h.as("ada"), h.id, Invitation{Email: "New@Example.org", Role: RolePartialEditor})
		if err != nil || first.UserID != nil || *first.Email != "new@example.org" {
			t.Fatalf("an unknown address invites %+v (%v)", first, err)
		}
		h.letters("membership.invited-new new@example.org")
		_, err = h.Invite(ctxOf(t), h.as("ada"), h.id, Invitation{Email: "new@example.org"})
		h.refused("inviting an address twice", err, fault.Invalid)
		h.people["new"] = mustUser(t, h.Writer, "new@example.org")
		waiting, err := h.organizations.Invitations(ctxOf(t), h.as("new"))
		if err != nil || len(waiting) != 1 || waiting[0].ID != first.ID {
			t.Fatalf("the new account finds %+v (%v)", waiting, err)
		}
		h.must(h.AcceptInvitation(ctxOf(t), h.as("new"), first.ID))
		if h.role("new") != RolePartialEditor {
			t.Errorf("became %q", h.role("new"))
		}
		rows, _, err := h.organizations.Requests(ctxOf(t), h.as("ada"), h.id, RequestFilter{})
		if err != nil || len(rows) != 1 || rows[0].User == nil || rows[0].Email != nil || rows[0].Status != StatusAccepted {
			t.Errorf("the answered invitation is %+v (%v)", rows, err)
		}
	})
}

func TestRolesAndLeaving(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		id := func(name string) string { return h.people[name].ID }
		_, err := h.SetRole(ctxOf(t), h.as("ada"), h.id, id("eve"), RoleEditor)
		h.refused("the role of a stranger", err, fault.NotFound)
		_, err = h.SetRole(ctxOf(t), h.as("ada"), h.id, id("bob"), "chief")
		h.refused("an unknown role", err, fault.Invalid)
		_, err = h.SetRole(ctxOf(t), h.as("bob"), h.id, id("bob"), RoleAdmin)
		h.refused("an editor who rises", err, fault.Forbidden)
		_, err = h.SetRole(ctxOf(t), h.as("ada"), h.id, id("ada"), RoleEditor)
		h.refused("the last administrator who steps down", err, fault.Invalid)
		h.refused("the last administrator who leaves", h.RemoveMember(ctxOf(t), h.as("ada"), h.id, id("ada")), fault.Invalid)
		h.refused("removing a stranger", h.RemoveMember(ctxOf(t), h.as("ada"), h.id, id("eve")), fault.NotFound)
		h.refused("a stranger who removes", h.RemoveMember(ctxOf(t), h.as("eve"), h.id, id("bob")), fault.Forbidden)
		h.refused("an editor who removes another", h.RemoveMember(ctxOf(t), h.as("bob"), h.id, id("ada")), fault.Forbidden)

		partial, err := h.SetRole(ctxOf(t), h.as("ada"), h.id, id("bob"), RolePartialEditor)
		if err != nil || partial.Role != RolePartialEditor {
			t.Fatalf("bob became %+v (%v)", partial, err)
		}
		object := db.NewID()
		h.must(d.Write(ctxOf(t), db.People, func(ctx context.Context, tx *db.Tx) error {
			return assign(ctx, tx, h.id, id("bob"), []Subject{{"dataset", object}})
		}))
		_, err = h.SetRole(ctxOf(t), h.as("ada"), h.id, id("bob"), RoleAdmin)
		h.must(err)
		if left, err := assignedTo(ctxOf(t), d.Read(), h.id, id("bob")); err != nil || len(left) != 0 {
			t.Errorf("an administrator keeps the assignments %v (%v)", left, err)
		}
		h.must(h.RemoveMember(ctxOf(t), h.as("ada"), h.id, id("ada")))
		if h.role("ada") != "" || h.role("bob") != RoleAdmin {
			t.Errorf("left are ada %q and bob %q", h.role("ada"), h.role("bob"))
		}
		h.consistent()
		root := Viewer{User: &User{ID: id("kim"), Admin: true}}
		h.must(h.RemoveMember(ctxOf(t), root, h.id, id("bob")))
		h.consistent()
	})
}

// TestTwoAdministratorsAtOnce lets two administrators accept the same request,
// and each take the role of the other: one member is added, one administrator
// stays.
func TestTwoAdministratorsAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		_, err := h.SetRole(ctxOf(t), h.as("ada"), h.id, h.people["bob"].ID, RoleAdmin)
		h.must(err)
		request, _, err := h.AskMembership(ctxOf(t), h.as("eve"), h.id, "Hello")
		h.must(err)
		admins := []Viewer{h.as("ada"), h.as("bob")}
		both := func(do func(v Viewer, i int) error) []error {
			errs := make([]error, len(admins))
			var wg sync.WaitGroup
			for i, v := range admins {
				wg.Go(func() { errs[i] = do(v, i) })
			}
			wg.Wait()
			return errs
		}
		codes := func(errs []error) string {
			var all []string
			for _, err := range errs {
				if err == nil {
					all = append(all, "done")
				} else {
					all = append(all, string(fault.Of(err).Code))
				}
			}
			slices.Sort(all)
			return strings.Join(all, " ")
		}
		accepted := both(func(v Viewer, _ int) error { return errorOf(h.AcceptRequest(ctxOf(t), v, h.id, request.ID)) })
		if got := codes(accepted); got != "conflict done" {
			t.Errorf("two who accept: %s", got)
		}
		h.consistent()
		demoted := both(func(v Viewer, i int) error {
			return errorOf(h.SetRole(ctxOf(t), v, h.id, admins[1-i].User.ID, RoleEditor))
		})
		if got := codes(demoted); got != "done invalid" {
			t.Errorf("two who demote each other: %s", got)
		}
		var left int
		h.must(d.Read().NewRaw("SELECT count(*) FROM members WHERE organization_id = ? AND role = ?", h.id, RoleAdmin).Scan(ctxOf(t), &left))
		if left != 1 {
			t.Errorf("%d administrators are left", left)
		}
	})
}

// TestManyRequests lists one page of a thousand waiting requests by few queries,
// in time.
func TestManyRequests(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		h.must(d.Write(ctxOf(t), db.People, func(ctx context.Context, tx *db.Tx) error {
			users, requests := make([]User, 1000), make([]MembershipRequest, 1000)
			for i := range users {
				email := fmt.Sprintf("person%d@example.org", i)
				users[i] = User{ID: db.NewID(), Version: 1, Slug: fmt.Sprintf("person-%d", i), Email: &email, FirstName: "P", LastName: "Q", Active: true, CreatedAt: db.Now(), ModifiedAt: db.Now()}
				requests[i] = MembershipRequest{
					ID: db.NewUUID(), OrganizationID: h.id, UserID: &users[i].ID, Kind: RequestKind, Status: StatusPending, Role: RoleEditor, Comment: "x",
					CreatedAt: db.TimeOf(time.Unix(int64(i), 0)),
				}
			}
			if _, err := tx.NewInsert().Model(&users).Exec(ctx); err != nil {
				return err
			}
			_, err := tx.NewInsert().Model(&requests).Exec(ctx)
			return err
		}))
		best := time.Hour
		for range 5 {
			started := time.Now()
			rows, total, err := h.organizations.Requests(ctxOf(t), h.as("ada"), h.id, RequestFilter{Status: StatusPending, Limit: 20, Offset: 40})
			if err != nil || total != 1000 || len(rows) != 20 || rows[0].User == nil || *rows[0].User.Email != "person40@example.org" {
				t.Fatalf("%d of %d (%v)", len(rows), total, err)
			}
			best = min(best, time.Since(started))
		}
		t.Logf("a page of 1,000 requests: %v", best)
		if best > 50*time.Millisecond {
			t.Errorf("a page of requests took %v", best)
		}
		members, total, err := h.organizations.Members(ctxOf(t), h.id, MemberFilter{Role: RoleAdmin, Query: "ADA", Limit: 10})
		if err != nil || total != 1 || members[0].User.FirstName != "Ada" {
			t.Errorf("the members named Ada are %+v (%v)", members, err)
		}
	})
}

func TestBadgesOfOrganizations(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		root := Viewer{User: &User{ID: h.people["kim"].ID, Admin: true}}
		_, err := h.GiveOrganizationBadge(ctxOf(t), h.as("ada"), h.id, "certified")
		h.refused("a member who certifies", err, fault.Forbidden)
		_, err = h.GiveOrganizationBadge(ctxOf(t), root, h.id, "golden")
		h.refused("an unknown badge", err, fault.Invalid)
		_, err = h.GiveOrganizationBadge(ctxOf(t), root, h.id, "company")
		h.refused("a hidden badge", err, fault.Invalid)
		flags := func(public, certified bool) {
			t.Helper()
			o, err := h.organizations.Get(ctxOf(t), Nobody, h.id)
			if err != nil || o.PublicService != public || o.Certified != certified {
				t.Errorf("public service %v, certified %v with the badges %v (%v)", o.PublicService, o.Certified, o.Badges, err)
			}
		}
		for _, badge := range []string{"public-service", "certified"} {
			created, err := h.GiveOrganizationBadge(ctxOf(t), root, h.id, badge)
			if err != nil || !created {
				t.Fatalf("giving %s: %v (%v)", badge, created, err)
			}
			h.letters("organization.badge ada@example.org; organization.badge bob@example.org")
		}
		flags(true, true)
		created, err := h.GiveOrganizationBadge(ctxOf(t), root, h.id, "certified")
		if err != nil || created {
			t.Errorf("giving twice: %v (%v)", created, err)
		}
		h.must(h.TakeOrganizationBadge(ctxOf(t), root, h.id, "certified"))
		flags(false, false)
		h.refused("taking twice", h.TakeOrganizationBadge(ctxOf(t), root, h.id, "certified"), fault.NotFound)
		h.refused("a member who takes", h.TakeOrganizationBadge(ctxOf(t), h.as("ada"), h.id, "public-service"), fault.Forbidden)
		h.letters("")
	})
}

func TestOrganizationRules(t *testing.T) {
	d := dbtest.SQLite(t)
	h := newHouse(t, d)
	raw := func(text string) Opt[json.RawMessage] { return Some(json.RawMessage(text)) }
	for _, c := range []struct {
		in   OrganizationInput
		want string
	}{
		{OrganizationInput{Name: Some(" ")}, "name: This field is required."},
		{OrganizationInput{Name: Opt[string]{Set: true, Null: true}}, "name: This field is required."},
		{OrganizationInput{Name: Some(strings.Repeat("x", 256))}, "name: Field cannot be longer than 255 characters."},
		{OrganizationInput{Name: Some("a\x01")}, "name: Control characters are not allowed."},
		{OrganizationInput{Description: Some("")}, "description: This field is required."},
		{OrganizationInput{Acronym: Some(strings.Repeat("x", 129))}, "acronym: Field cannot be longer than 128 characters."},
		{OrganizationInput{URL: Some("valmont.example")}, "url: Invalid URL: give the whole address, beginning with https:// or http://."},
		{OrganizationInput{URL: Some("javascript:alert(1)")}, "url: Invalid URL: give the whole address, beginning with https:// or http://."},
		{OrganizationInput{ImageURL: Some("ftp://example.org/a")}, "image_url: Invalid URL: give the whole address, beginning with https:// or http://."},
		{OrganizationInput{BusinessNumberID: Some("123")}, "business_number_id: A siret number is made of 14 digits"},
		{OrganizationInput{BusinessNumberID: Some("2199001010001X")}, "business_number_id: A siret number is only made of digits"},
		{OrganizationInput{BusinessNumberID: Some("21990010200018")}, "business_number_id: Invalid Siret number"},
		{OrganizationInput{Extras: raw(`[]`)}, "extras: Expecting a JSON object."},
		{OrganizationInput{Extras: raw(`{"custom":{}}`)}, "extras custom: Expecting a list of objects with title, description, type and choices."},
		{OrganizationInput{Extras: raw(`{"custom":[{"title":"a","description":"b","type":"text"}]}`)}, "extras custom 0 type: Not a valid type. Choose one of: str, int, float, bool, datetime, date, choice."},
		{OrganizationInput{Extras: raw(`{"custom":[{"title":"","description":"b","type":"str"}]}`)}, "extras custom 0 title: This field is required."},
		{OrganizationInput{Extras: raw(`{"custom":[{"title":"a","type":"str"}]}`)}, "extras custom 0 description: This field is required."},
		{OrganizationInput{Extras: raw(`{"custom":[{"title":"a","description":"b","type":"choice"}]}`)}, "extras custom 0 choices: A choice needs at least one value to choose."},
		{OrganizationInput{Extras: raw(`{"custom":[{"title":"a","description":"b","type":"str","choices":["x"]}]}`)}, "extras custom 0 choices: Only the type choice has choices."},
		{OrganizationInput{Extras: raw(`{"k":"` + strings.Repeat("x", maxExtras) + `"}`)}, "extras: Extras cannot be larger than 1 MiB."},
	} {
		_, err := h.UpdateOrganization(ctxOf(t), h.as("ada"), h.id, c.in)
		var refusal *fault.Error
		if !errors.As(err, &refusal) || len(refusal.Fields) != 1 {
			t.Errorf("want %q, got %v", c.want, err)
			continue
		}
		field := refusal.Fields[0]
		if got := strings.Trim(fmt.Sprint(field.Path), "[]") + ": " + field.Text; got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
	changed, err := h.UpdateOrganization(ctxOf(t), h.as("ada"), h.id, OrganizationInput{
		BusinessNumberID: Some("356 000 000 00048"), URL: Some("https://valmont.example/"), Acronym: Some("VDV"),
		Extras: raw(`{"custom":[{"title":"a","description":"b","type":"choice","choices":["x"]}],"k":1}`),
	})
	if err != nil || *changed.BusinessNumberID != postOffice || changed.Version != 2 {
		t.Fatalf("changed to %+v (%v)", changed, err)
	}
	again, err := h.UpdateOrganization(ctxOf(t), h.as("ada"), h.id, OrganizationInput{Acronym: Some("VDV"), Name: Some("Valmont")})
	if err != nil || again.Version != 2 {
		t.Errorf("the same once more gave version %d (%v)", again.Version, err)
	}
	extras, err := h.MergeOrganizationExtras(ctxOf(t), h.as("ada"), h.id, json.RawMessage(`{"k":null,"custom":null,"new":[1]}`))
	if err != nil || string(extras) != `{"new":[1]}` {
		t.Errorf("merged to %s (%v)", extras, err)
	}
	_, err = h.MergeOrganizationExtras(ctxOf(t), h.as("ada"), h.id, json.RawMessage(`[]`))
	h.refused("extras that are a list", err, fault.Invalid)
	h.refused("names that are an object", h.RemoveOrganizationExtras(ctxOf(t), h.as("ada"), h.id, json.RawMessage(`{}`)), fault.Invalid)
	h.must(h.RemoveOrganizationExtras(ctxOf(t), h.as("ada"), h.id, json.RawMessage(`["new","none"]`)))
	h.refused("an editor who deletes", h.DeleteOrganization(ctxOf(t), h.as("bob"), h.id, false), fault.Forbidden)
	h.must(h.DeleteOrganization(ctxOf(t), h.as("ada"), h.id, true))
	h.letters("")
	h.refused("deleting twice", h.DeleteOrganization(ctxOf(t), h.as("ada"), h.id, false), fault.Gone)
	_, err = h.organizations.Get(ctxOf(t), Nobody, h.id)
	h.refused("reading what is gone", err, fault.Gone)
	alive := OrganizationInput{Deleted: Opt[time.Time]{Set: true, Null: true}}
	_, err = h.UpdateOrganization(ctxOf(t), h.as("bob"), h.id, alive)
	h.refused("an editor who restores", err, fault.Forbidden)
	restored, err := h.UpdateOrganization(ctxOf(t), h.as("ada"), h.id, alive)
	if err != nil || !restored.DeletedAt.IsZero() || restored.Extras != nil {
		t.Errorf("restored to %+v (%v)", restored, err)
	}
	h.must(h.DeleteOrganization(ctxOf(t), operator, h.id, true))
	h.letters("organization.notice ada@example.org")
}

func TestChangesOfAccounts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		eve := h.people["eve"].ID
		changed, err := h.UpdateUser(ctxOf(t), h.as("eve"), eve, UserInput{
			FirstName: Some("Eve"), About: Some("Hello"), Website: Some("https://eve.example.org"), Language: Some("en"),
		})
		if err != nil || changed.FirstName != "Eve" || *changed.About != "Hello" || *changed.Language != "en" || changed.Slug != h.people["eve"].Slug {
			t.Fatalf("changed to %+v (%v)", changed, err)
		}
		for name, c := range map[string]struct {
			v    Viewer
			in   UserInput
			code fault.Code
		}{
			"nobody":                  {Nobody, UserInput{}, fault.Unauthorized},
			"somebody else":           {h.as("bob"), UserInput{FirstName: Some("X")}, fault.Forbidden},
			"one's own role":          {h.as("eve"), UserInput{Roles: Some([]string{"admin"})}, fault.Forbidden},
			"one's own address":       {h.as("eve"), UserInput{Email: Some("x@example.org")}, fault.Forbidden},
			"a token that only reads": {Viewer{User: h.people["eve"], Scopes: []string{ScopeRead}}, UserInput{FirstName: Some("X")}, fault.Forbidden},
			"an address as name":      {h.as("eve"), UserInput{LastName: Some("www.example.org")}, fault.Invalid},
			"no name":                 {h.as("eve"), UserInput{LastName: Some("")}, fault.Invalid},
			"no web address":          {h.as("eve"), UserInput{Website: Some("eve")}, fault.Invalid},
			"an unknown language":     {h.as("eve"), UserInput{Language: Some("tlh")}, fault.Invalid},
			"an unknown role":         {operator, UserInput{Roles: Some([]string{"king"})}, fault.Invalid},
			"a taken address":         {operator, UserInput{Email: Some("bob@example.org")}, fault.Invalid},
		} {
			_, err := h.UpdateUser(ctxOf(t), c.v, eve, c.in)
			h.refused(name, err, c.code)
		}
		made, err := h.MakeUser(ctxOf(t), operator, UserInput{Email: Some("New@example.org"), FirstName: Some("N"), LastName: Some("W"), Roles: Some([]string{"admin"})})
		if err != nil || !made.Admin || !made.Active || *made.Email != "new@example.org" {
			t.Fatalf("made %+v (%v)", made, err)
		}
		_, err = h.MakeUser(ctxOf(t), operator, UserInput{FirstName: Some("N")})
		h.refused("an account without address", err, fault.Invalid)
		_, err = h.MakeUser(ctxOf(t), h.as("eve"), UserInput{})
		h.refused("somebody who makes accounts", err, fault.Forbidden)
		_, err = h.UpdateUser(ctxOf(t), Viewer{User: made}, made.ID, UserInput{Roles: Some([]string{})})
		h.refused("the last administrator of the platform", err, fault.Invalid)
		off, err := h.UpdateUser(ctxOf(t), Viewer{User: made}, eve, UserInput{Active: Some(false)})
		if err != nil || off.Active {
			t.Errorf("shut out: %+v (%v)", off, err)
		}
	})
}

// TestInvitationsAreNoFlood: who may invite cannot have the same person written to
// without end; what is refused does not count, and others may be invited.
func TestInvitationsAreNoFlood(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		ada := h.as("ada")
		writer := h.Writer.With(Deps{Mail: h.post, Rates: limit.NewRates(d)})
		var last *MembershipRequest
		most := int(limit.InviteByAddress.Most)
		for range most {
			_, err := writer.Invite(ctxOf(t), ada, h.id, Invitation{Email: "kim@example.org", Role: "chief"})
			h.refused("an unknown role", err, fault.Invalid)
		}
		for n := range most + 1 {
			request, err := writer.Invite(ctxOf(t), ada, h.id, Invitation{Email: []string{"kim@example.org", "KIM@example.org "}[n%2]})
			if n == most {
				h.refused("one invitation too many of an address", err, fault.TooMany)
				break
			}
			h.must(err)
			last = request
			h.must(writer.CancelInvitation(ctxOf(t), ada, h.id, request.ID))
		}
		h.refused("what was canceled", writer.ResendInvitation(ctxOf(t), ada, h.id, last.ID), fault.Invalid)
		other, err := writer.Invite(ctxOf(t), ada, h.id, Invitation{Email: "non@example.org"})
		h.must(err)
		for range 3 {
			h.must(writer.ResendInvitation(ctxOf(t), ada, h.id, other.ID))
		}
		h.refused("the fourth letter", writer.ResendInvitation(ctxOf(t), ada, h.id, other.ID), fault.TooMany)
	})
}
