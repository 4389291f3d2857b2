package account

import (
	"context"
	"strings"
	"testing"
	"time"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/event"
	"grenier/internal/fault"
)

// sessionBench is a writer with sessions over a fresh database.
func sessionBench(t *testing.T, d *db.DB) (*Writer, *Sessions) {
	t.Helper()
	secret := []byte("the secret of the tests of accounts")
	sessions := NewSessions(d, secret, 0)
	return NewWriter(event.NewLog(d)).With(Deps{Secret: secret, Sessions: sessions, Rules: Rules{Registration: true}}), sessions
}

// signedIn opens a session and returns its text and its viewer.
func signedInAs(t *testing.T, s *Sessions, user *User) (string, Viewer) {
	t.Helper()
	plain, session, err := s.Start(ctxOf(t), user, SessionDetails{Agent: "test", Address: "192.0.2.1"})
	if err != nil {
		t.Fatal(err)
	}
	viewer, err := s.Viewer(ctxOf(t), plain)
	if err != nil || viewer.Session != session.ID {
		t.Fatalf("the session %s came back as %+v, %v", session.ID, viewer, err)
	}
	return plain, viewer
}

func isSignedIn(t *testing.T, s *Sessions, plain string) bool {
	t.Helper()
	viewer, err := s.Viewer(ctxOf(t), plain)
	if err != nil {
		t.Fatal(err)
	}
	return viewer.User != nil
}

func execute(t *testing.T, d *db.DB, query string, args ...any) {
	t.Helper()
	err := d.Write(ctxOf(t), db.People, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewRaw(query, args...).Exec(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestSession(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, s := sessionBench(t, d)
		ada := mustUser(t, w, "ada@example.org")
		first, viewer := signedInAs(t, s, ada)
		second, _ := signedInAs(t, s, ada)
		if first == second {
			t.Fatal("two logins got one text")
		}
		var kept []Session
		if err := d.Read().NewSelect().Model(&kept).Scan(ctxOf(t)); err != nil || len(kept) != 2 {
			t.Fatal(kept, err)
		}
		for _, session := range kept {
			if strings.Contains(session.Hash, first) || session.Hash == first {
				t.Error("the text of a session is kept")
			}
		}
		for _, text := range []string{"", "x", first + "x", first[:len(first)-1], strings.Repeat("a", 5000)} {
			if isSignedIn(t, s, text) {
				t.Errorf("%.60q opens a session", text)
			}
		}
		if all, err := s.List(ctxOf(t), viewer); err != nil || len(all) != 2 {
			t.Fatalf("list: %d, %v", len(all), err)
		}
		if ended, err := s.RevokeOthers(ctxOf(t), viewer); err != nil || ended != 1 {
			t.Fatalf("others: %d, %v", ended, err)
		}
		if !isSignedIn(t, s, first) || isSignedIn(t, s, second) {
			t.Error("the wrong session was ended")
		}
		renewed, err := s.Renew(ctxOf(t), viewer, true)
		if err != nil || isSignedIn(t, s, first) || !isSignedIn(t, s, renewed) {
			t.Errorf("after renewal the old text still works, or the new one does not: %v", err)
		}
		if _, err := s.Logout(ctxOf(t), viewer); err != nil || isSignedIn(t, s, renewed) {
			t.Errorf("logged out and still in: %v", err)
		}
	})
}

func TestSessionsEnd(t *testing.T) {
	ends := map[string]string{
		"expired":       "UPDATE sessions SET expires_at = 1",
		"inactive":      "UPDATE users SET active = FALSE",
		"deleted":       "UPDATE users SET deleted_at = 1",
		"stamp changed": "UPDATE users SET stamp = 'another'",
		"unconfirmed":   "UPDATE users SET confirmed_at = NULL",
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, s := sessionBench(t, d)
		for name, query := range ends {
			ada := mustUser(t, w, strings.ReplaceAll(name, " ", "-")+"@example.org")
			plain, _ := signedInAs(t, s, ada)
			if execute(t, d, query); isSignedIn(t, s, plain) {
				t.Errorf("%s: the session goes on", name)
			}
		}
		if removed, err := s.Prune(ctxOf(t)); err != nil || removed == 0 {
			t.Errorf("pruned %d, %v", removed, err)
		}
	})
}

func TestSessionSlides(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, s := sessionBench(t, d)
		plain, viewer := signedInAs(t, s, mustUser(t, w, "ada@example.org"))
		expiry := func() time.Time {
			session, err := s.Get(ctxOf(t), viewer)
			if err != nil {
				t.Fatal(err)
			}
			return session.ExpiresAt.Time
		}
		before := expiry()
		isSignedIn(t, s, plain)
		if err := s.Flush(ctxOf(t)); err != nil || !expiry().Equal(before) {
			t.Errorf("a use within minutes was written down: %v", err)
		}
		execute(t, d, "UPDATE sessions SET seen_at = seen_at - ?, expires_at = expires_at - ?", int64(time.Hour/time.Microsecond), int64(time.Hour/time.Microsecond))
		isSignedIn(t, s, plain)
		if err := s.Flush(ctxOf(t)); err != nil || expiry().Before(before) {
			t.Errorf("a use an hour later did not prolong the session: %v", err)
		}
	})
}

func TestSessionsOfOthers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, s := sessionBench(t, d)
		plain, adas := signedInAs(t, s, mustUser(t, w, "ada@example.org"))
		_, bobs := signedInAs(t, s, mustUser(t, w, "bob@example.org"))
		if err := s.Revoke(ctxOf(t), bobs, adas.Session); !fault.Is(err, fault.NotFound) {
			t.Errorf("Bob ends Ada's session: %v", err)
		}
		if _, err := s.RevokeAll(ctxOf(t), bobs); err != nil || !isSignedIn(t, s, plain) {
			t.Errorf("Bob ended Ada's session with his: %v", err)
		}
		reading := adas
		reading.Scopes, reading.Session = []string{ScopeRead}, ""
		if _, err := s.List(ctxOf(t), reading); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a token for reading lists sessions: %v", err)
		}
		if s.CheckForm(bobs, s.Form(adas)) || !s.CheckForm(adas, s.Form(adas)) {
			t.Error("a form's token is not bound to its session")
		}
	})
}

func TestFresh(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, s := sessionBench(t, d)
		_, viewer := signedInAs(t, s, mustUser(t, w, "ada@example.org"))
		if err := s.Fresh(ctxOf(t), viewer); err != nil {
			t.Errorf("just logged in: %v", err)
		}
		execute(t, d, "UPDATE sessions SET verified_at = verified_at - ?", int64((freshTime+time.Minute)/time.Microsecond))
		if err := s.Fresh(ctxOf(t), viewer); err != ErrVerify {
			t.Errorf("a day later: %v", err)
		}
		byToken := viewer
		byToken.Session = ""
		if err := s.Fresh(ctxOf(t), byToken); !fault.Is(err, fault.Forbidden) {
			t.Errorf("by token: %v", err)
		}
		if err := s.Fresh(ctxOf(t), Nobody); !fault.Is(err, fault.Unauthorized) {
			t.Errorf("nobody: %v", err)
		}
	})
}
