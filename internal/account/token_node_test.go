package account

import (
	"context"
	"strings"
	"testing"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/event"
	"grenier/internal/fault"
)

// TestRightsEndAtOnceOnEveryNode: what is taken away on one node is gone on
// another with the very next request, without a word between them.
func TestRightsEndAtOnceOnEveryNode(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { rightsEnd(t, db.Options{Dir: t.TempDir()}) })
	t.Run("postgres", func(t *testing.T) { rightsEnd(t, db.Options{URL: dbtest.PostgresURL(t)}) })
}

func rightsEnd(t *testing.T, options db.Options) {
	ctx := context.Background()
	here, there := dbtest.Open(t, options), dbtest.Open(t, options)
	writer := NewWriter(event.NewLog(here))
	user := mustUser(t, writer, "ada@example.org")
	organization, err := writer.CreateOrganization(ctx, System("test"), NewOrganization{Name: "Valmont", Description: "x"})
	if err != nil {
		t.Fatal(err)
	}
	other, err := writer.CreateOrganization(ctx, System("test"), NewOrganization{Name: "Orbec", Description: "x"})
	if err != nil {
		t.Fatal(err)
	}
	join := func(organization string, role Role) {
		execute(t, here, "INSERT INTO members (organization_id, user_id, role, since, position) VALUES (?, ?, ?, ?, 1)", organization, user.ID, role, db.Now())
	}
	join(organization.ID, RoleAdmin)
	join(other.ID, RolePartialEditor)
	execute(t, here, "INSERT INTO assignments (id, user_id, organization_id, object_kind, object_id, created_at) VALUES (?, ?, ?, 'dataset', 'd1', ?)",
		db.NewID(), user.ID, other.ID, db.Now())
	secret := []byte("secret")
	mine, theirs := NewTokens(here, secret), NewTokens(there, secret)
	token, plain, err := mine.Create(ctx, user.ID, "", nil, db.Time{})
	if err != nil {
		t.Fatal(err)
	}
	opened := NewSessions(here, secret, 0)
	cookie, _, err := opened.Start(ctx, user, SessionDetails{})
	if err != nil {
		t.Fatal(err)
	}
	sessions := NewSessions(there, secret, 0)
	ask := func() Viewer {
		t.Helper()
		byToken, err := theirs.Viewer(ctx, plain, "test")
		if err != nil {
			t.Fatal(err)
		}
		bySession, err := sessions.Viewer(ctx, cookie)
		if err != nil || bySession.User == nil {
			t.Fatalf("the session is not known (%v)", err)
		}
		if len(byToken.Memberships) != len(bySession.Memberships) || byToken.User.Admin != bySession.User.Admin {
			t.Errorf("token and session disagree: %+v, %+v", byToken, bySession)
		}
		return byToken
	}
	first := ask()
	if first.Memberships[organization.ID] != RoleAdmin || first.Memberships[other.ID] != RolePartialEditor || !first.Assigned["d1"] || first.Token != token.ID {
		t.Errorf("the person came as %+v", first)
	}
	for n := range 20 { // again and again: nothing is kept between two requests
		role := []Role{RoleEditor, RoleAdmin}[n%2]
		execute(t, here, "UPDATE members SET role = ? WHERE organization_id = ?", role, organization.ID)
		if got := ask().Memberships[organization.ID]; got != role {
			t.Fatalf("change %d: the other node knows the person as %s, not as %s", n, got, role)
		}
	}
	execute(t, here, "DELETE FROM members WHERE organization_id = ?", organization.ID)
	if got := ask(); got.Member(organization.ID) || got.MayManage(organization.ID) {
		t.Error("on the other node the person is still a member")
	}
	execute(t, here, "DELETE FROM assignments WHERE user_id = ?", user.ID)
	if ask().Assigned["d1"] {
		t.Error("on the other node the object is still assigned")
	}
	execute(t, here, "UPDATE users SET admin = TRUE WHERE id = ?", user.ID)
	if !ask().Admin() {
		t.Error("on the other node the person is no administrator")
	}
	execute(t, here, "UPDATE users SET stamp = 'new' WHERE id = ?", user.ID)
	if viewer, err := sessions.Viewer(ctx, cookie); err != nil || viewer.User != nil {
		t.Errorf("on the other node the session goes on (%v)", err)
	}
	if err := mine.Revoke(ctx, user.ID, token.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := theirs.Viewer(ctx, plain, "test"); !fault.Is(err, fault.Unauthorized) {
		t.Errorf("on the other node the token answers %v", err)
	}
}

// TestTokenAgentsAreText: a program that names itself in no text takes nothing from
// what is noted of other tokens.
func TestTokenAgentsAreText(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		user := mustUser(t, NewWriter(event.NewLog(d)), "ada@example.org")
		tokens := NewTokens(d, []byte("secret"))
		for _, agent := range []string{"sound/1", "\xff\xfe", "null\x00", strings.Repeat("é", 200)} {
			token, plain, err := tokens.Create(ctxOf(t), user.ID, "", nil, db.Time{})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tokens.Viewer(ctxOf(t), plain, agent); err != nil {
				t.Fatal(err)
			}
			if err := tokens.Flush(ctxOf(t)); err != nil {
				t.Errorf("the uses of %.10q are not written down: %v", agent, err)
			}
			if n := count(t, d, "SELECT count(*) FROM tokens WHERE id = ? AND last_used_at IS NOT NULL", token.ID); n != 1 {
				t.Errorf("the use of %.10q is lost", agent)
			}
		}
	})
}
