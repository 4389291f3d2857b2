package account

import (
	"net/netip"
	"testing"
	"time"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/fault"
)

func TestLoginIsLimitedOverNodes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		nodes := []bench{newBench(t, d, withRates(d)), newBench(t, d, withRates(d))}
		nodes[0].person("ada@example.org", false)
		nodes[0].person("bob@example.org", false)
		for range 12 { // what is in order is not counted
			nodes[0].login("bob@example.org", goodPassword)
		}
		for i := range 10 {
			if _, err := nodes[i%2].tryLogin("ada@example.org", "Wrong1234"); err != ErrLogin {
				t.Fatalf("attempt %d: %v", i, err)
			}
		}
		_, err := nodes[0].tryLogin("ada@example.org", goodPassword)
		if f := fault.Of(err); err == nil || f.Code != fault.TooMany || f.Retry <= 0 || f.Retry > 10*time.Minute || f.Text == "" {
			t.Errorf("the eleventh attempt: %v", err)
		}
		elsewhere := nodes[1]
		elsewhere.home.Address = netip.MustParseAddr("198.51.100.7")
		if _, err := elsewhere.tryLogin("ADA@example.org", goodPassword); !fault.Is(err, fault.TooMany) {
			t.Errorf("the same account from elsewhere: %v", err)
		}
		elsewhere.login("bob@example.org", goodPassword)
		if _, err := nodes[1].tryLogin("bob@example.org", goodPassword); !fault.Is(err, fault.TooMany) {
			t.Errorf("another account from the same network: %v", err)
		}
	})
}

func TestLettersAreLimited(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, withRates(d))
		b.person("ada@example.org", false)
		from := func(host byte) From { return From{Address: netip.AddrFrom4([4]byte{192, 0, 2, host})} }
		for i := range byte(3) {
			if err := b.AskReset(ctxOf(t), "ada@example.org", from(i)); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.AskConfirmation(ctxOf(t), "ada@example.org", from(9)); !fault.Is(err, fault.TooMany) {
			t.Errorf("the fourth letter to one address: %v", err)
		}
		for i := range 6 {
			err := b.AskReset(ctxOf(t), string(rune('a'+i))+"@example.org", from(100))
			if (i < 5) != (err == nil) {
				t.Errorf("letter %d from one network: %v", i, err)
			}
		}
		for i := range 6 {
			r := registration(string(rune('m'+i)) + "@example.org")
			err := b.Register(ctxOf(t), r)
			if (i < 5) != (err == nil) {
				t.Errorf("registration %d: %v", i, err)
			}
		}
	})
}

func TestCodesAreLimited(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, withRates(d))
		b.person("ada@example.org", false)
		_, v := b.login("ada@example.org", goodPassword)
		secret, _, _ := b.withFactor(v)
		entry, err := b.tryLogin("ada@example.org", goodPassword)
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			if _, err := b.EnterWithCode(ctxOf(t), entry.State, "x"); err != errCode {
				t.Fatal(err)
			}
		}
		if _, err := b.EnterWithCode(ctxOf(t), entry.State, codeAt(t, secret, 1)); !fault.Is(err, fault.TooMany) {
			t.Errorf("after five wrong codes: %v", err)
		}
	})
}

func TestLoginStatesEnd(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, nil)
		ada := b.person("ada@example.org", false)
		_, v := b.login("ada@example.org", goodPassword)
		secret, _, _ := b.withFactor(v)
		user := b.user(ada.ID)
		old, err := b.seal(stepPurpose, step{User: user.ID, Stamp: user.Stamp, Need: NeedCode, Until: time.Now().Add(-time.Second).Unix()})
		if err != nil {
			t.Fatal(err)
		}
		foreign, err := b.seal(factorPurpose, step{User: user.ID, Stamp: user.Stamp, Need: NeedCode, Until: time.Now().Add(time.Hour).Unix()})
		if err != nil {
			t.Fatal(err)
		}
		for name, state := range map[string]string{"old": old, "of another purpose": foreign, "empty": "", "junk": "!!", "short": "AAAA"} {
			if _, err := b.EnterWithCode(ctxOf(t), state, codeAt(t, secret, 0)); err != errSealed {
				t.Errorf("a state that is %s: %v", name, err)
			}
		}
		entry, err := b.tryLogin("ada@example.org", goodPassword)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.SetActive(ctxOf(t), operator, ada.ID, false); err != nil {
			t.Fatal(err)
		}
		if _, err := b.EnterWithCode(ctxOf(t), entry.State, codeAt(t, secret, 0)); err == nil {
			t.Error("an account that was shut in between is entered")
		}
	})
}

func TestLoginEndsTheFormerSession(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, nil)
		b.person("ada@example.org", false)
		plain, v := b.login("ada@example.org", goodPassword)
		entry, err := b.Login(ctxOf(t), Credentials{Email: "ada@example.org", Password: goodPassword, From: b.home, Replaces: v.Session})
		if err != nil || entry.Plain == plain || isSignedIn(t, b.s, plain) || !isSignedIn(t, b.s, entry.Plain) {
			t.Errorf("the session before the login goes on: %v", err)
		}
		if user := b.user(v.User.ID); user.Logins != 2 || time.Since(user.LastLoginAt.Time) > time.Minute {
			t.Errorf("the logins are noted as %d, %v", user.Logins, user.LastLoginAt)
		}
	})
}
