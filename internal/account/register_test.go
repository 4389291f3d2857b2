package account

import (
	"errors"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/fault"
)

func registration(email string) Registration {
	return Registration{
		Email: email, FirstName: "Ada", LastName: "Lovelace", Password: goodPassword, PasswordConfirm: goodPassword, Conditions: true,
		From: From{Address: netip.MustParseAddr("192.0.2.1")},
	}
}

func TestRegister(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, nil)
		if err := b.Register(ctxOf(t), registration(" Ada@Example.ORG ")); err != nil {
			t.Fatal(err)
		}
		link := b.box.link(t, "account.confirm")
		if _, err := b.tryLogin("ada@example.org", goodPassword); err != ErrUnconfirmed {
			t.Errorf("before the confirmation: %v", err)
		}
		for _, wrong := range []string{link + "x", link[:len(link)-1], "x" + link, strings.Replace(link, ".", "..", 1), "", strings.Repeat("a.", 600)} {
			if err := b.Confirm(ctxOf(t), wrong); err != ErrLinkInvalid {
				t.Errorf("tampered link %.40q: %v", wrong, err)
			}
		}
		if err := b.Reset(ctxOf(t), link, "Other1842", "Other1842"); err != ErrLinkInvalid {
			t.Errorf("the link of a confirmation sets a password: %v", err)
		}
		for range 2 {
			if err := b.Confirm(ctxOf(t), link); err != nil {
				t.Fatal(err)
			}
		}
		if b.box.count() != 1 {
			t.Error("a confirmation wrote letters")
		}
		b.login("ADA@example.org", goodPassword)
	})
}

func TestRegisterTellsNobodyWhoIsThere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, nil)
		ada := b.person("ada@example.org", false)
		took := func(email string) time.Duration {
			start := time.Now()
			if err := b.Register(ctxOf(t), registration(email)); err != nil {
				t.Errorf("register %s: %v", email, err)
			}
			return time.Since(start)
		}
		known, unknown := took("ada@example.org"), took("bob@example.org")
		if known < evenTime || unknown < evenTime {
			t.Errorf("known %v, unknown %v: both take %v at least", known, unknown, evenTime)
		}
		if b.box.letters[0].Kind != "account.known" || b.box.letters[0].To != "ada@example.org" {
			t.Errorf("the owner of the address was told %+v", b.box.letters[0])
		}
		if after := b.user(ada.ID); *after.Password != *b.user(ada.ID).Password || after.Version != ada.Version {
			t.Error("a registration changed the account that has the address")
		}
		for _, email := range []string{"ada@example.org", "nobody@example.org"} {
			if err := b.AskReset(ctxOf(t), email, b.home); err != nil {
				t.Errorf("reset of %s: %v", email, err)
			}
		}
		b.box.last(t, "account.reset")
		_, wrong := b.tryLogin("ada@example.org", "Wrong1234")
		_, nobody := b.tryLogin("nobody@example.org", "Wrong1234")
		if wrong != ErrLogin || nobody != ErrLogin {
			t.Errorf("wrong password %v, unknown person %v", wrong, nobody)
		}
	})
}

func TestRegisterAgainTakesTheAddressOver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, nil)
		first := registration("ada@example.org")
		first.Password, first.PasswordConfirm = "Mallory1842", "Mallory1842"
		if err := b.Register(ctxOf(t), first); err != nil {
			t.Fatal(err)
		}
		stale := b.box.link(t, "account.confirm")
		if err := b.Register(ctxOf(t), registration("ada@example.org")); err != nil {
			t.Fatal(err)
		}
		if err := b.Confirm(ctxOf(t), stale); err != ErrLinkInvalid {
			t.Errorf("the former link: %v", err)
		}
		if err := b.Confirm(ctxOf(t), b.box.link(t, "account.confirm")); err != nil {
			t.Fatal(err)
		}
		b.login("ada@example.org", goodPassword)
		if _, err := b.tryLogin("ada@example.org", "Mallory1842"); err != ErrLogin {
			t.Errorf("the password of who came first: %v", err)
		}
	})
}

func TestRegisterRefuses(t *testing.T) {
	b := newBench(t, dbtest.SQLite(t), nil)
	cases := map[string]struct {
		change func(*Registration)
		member string
	}{
		"no address":      {func(r *Registration) { r.Email = "" }, "email"},
		"wrong address":   {func(r *Registration) { r.Email = "ada" }, "email"},
		"no first name":   {func(r *Registration) { r.FirstName = " " }, "first_name"},
		"URL as name":     {func(r *Registration) { r.LastName = "see example.com" }, "last_name"},
		"long name":       {func(r *Registration) { r.LastName = strings.Repeat("a", 256) }, "last_name"},
		"short password":  {func(r *Registration) { r.Password, r.PasswordConfirm = "Ab1", "Ab1" }, "password"},
		"no password":     {func(r *Registration) { r.Password, r.PasswordConfirm = "", "" }, "password"},
		"no digit":        {func(r *Registration) { r.Password, r.PasswordConfirm = "Abcdefghi", "Abcdefghi" }, "password"},
		"other password":  {func(r *Registration) { r.PasswordConfirm = "Other1842" }, "password_confirm"},
		"no conditions":   {func(r *Registration) { r.Conditions = false }, "accept_conditions"},
		"header in email": {func(r *Registration) { r.Email = "a@example.org\r\nBcc: b@example.org" }, "email"},
	}
	for name, c := range cases {
		r := registration("ada@example.org")
		c.change(&r)
		err := b.Register(ctxOf(t), r)
		known := fault.Of(err)
		if known == nil || known.Code != fault.Invalid || len(known.Fields) == 0 || known.Fields[0].Path[0] != c.member {
			t.Errorf("%s: %v", name, err)
		}
	}
	closed := newBench(t, b.d, func(d *Deps) { d.Rules.Registration = false })
	if err := closed.Register(ctxOf(t), registration("ada@example.org")); !fault.Is(err, fault.Forbidden) {
		t.Errorf("closed registration: %v", err)
	}
	if b.box.count()+closed.box.count() != 0 {
		t.Error("a refusal wrote letters")
	}
}

func TestRegisterTwiceAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, nil)
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				if err := b.Register(ctxOf(t), registration("ada@example.org")); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if count, err := d.Read().NewSelect().Table("users").Count(ctxOf(t)); err != nil || count != 1 {
			t.Errorf("%d accounts of one address, %v", count, err)
		}
	})
}

func TestLinksExpire(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, nil)
		if err := b.Register(ctxOf(t), registration("ada@example.org")); err != nil {
			t.Fatal(err)
		}
		ada, err := b.userByEmail(ctxOf(t), "ada@example.org")
		if err != nil {
			t.Fatal(err)
		}
		late := func(purpose linkPurpose, extra string) string {
			return b.link(purpose, b.user(ada.ID), extra, -time.Minute)
		}
		if err := b.Confirm(ctxOf(t), late(linkConfirm, "")); err != ErrLinkExpired {
			t.Errorf("confirmation: %v", err)
		}
		if err := b.Confirm(ctxOf(t), b.box.link(t, "account.confirm")); err != nil {
			t.Errorf("the link sent in its place: %v", err)
		}
		if err := b.Reset(ctxOf(t), late(linkReset, ""), "Other1842", "Other1842"); err != ErrLinkExpired {
			t.Errorf("reset: %v", err)
		}
		if err := b.Reset(ctxOf(t), b.box.link(t, "account.reset"), "Other1842", "Other1842"); err != nil {
			t.Errorf("the link sent in its place: %v", err)
		}
		if err := b.ConfirmAddress(ctxOf(t), late(linkAddress, "new@example.org")); err != ErrLinkExpired {
			t.Errorf("address: %v", err)
		}
		if to := b.box.last(t, "account.address").To; to != "new@example.org" {
			t.Errorf("the link in its place went to %s", to)
		}
	})
}

func TestResetOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, nil)
		ada := b.person("ada@example.org", false)
		plain, _ := b.login("ada@example.org", goodPassword)
		if err := b.DemandRotation(ctxOf(t), operator, ada.ID); err != nil {
			t.Fatal(err)
		}
		if isSignedIn(t, b.s, plain) {
			t.Error("a demanded change leaves sessions open")
		}
		if _, err := b.tryLogin("ada@example.org", goodPassword); err != ErrRotation {
			t.Errorf("login with a demanded change: %v", err)
		}
		if err := b.AskReset(ctxOf(t), "ada@example.org", b.home); err != nil {
			t.Fatal(err)
		}
		link := b.box.link(t, "account.reset")
		if err := b.Reset(ctxOf(t), link, "weak", "weak"); !fault.Is(err, fault.Invalid) || errors.Is(err, ErrLinkInvalid) {
			t.Errorf("weak password: %v", err)
		}
		var all sync.WaitGroup
		var mu sync.Mutex
		passed := 0
		for range 4 {
			all.Go(func() {
				err := b.Reset(ctxOf(t), link, "Other1842", "Other1842")
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					passed++
				} else if err != ErrLinkInvalid {
					t.Errorf("the link a second time: %v", err)
				}
			})
		}
		if all.Wait(); passed != 1 {
			t.Errorf("one link set %d passwords", passed)
		}
		after := b.user(ada.ID)
		if !after.PasswordRotationDemanded.IsZero() || after.PasswordRotationPerformed.IsZero() {
			t.Error("the demanded change is not noted as done")
		}
		b.login("ada@example.org", "Other1842")
		b.box.last(t, "account.reset_done")
	})
}

func TestChangeAddress(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, nil)
		ada := b.person("ada@example.org", false)
		b.person("bob@example.org", false)
		plain, v := b.login("ada@example.org", goodPassword)
		for _, wrong := range [][2]string{{"", ""}, {"x", "x"}, {"new@example.org", "other@example.org"}, {"ADA@example.org", "ada@example.org"}} {
			if err := b.AskAddress(ctxOf(t), v, wrong[0], wrong[1]); !fault.Is(err, fault.Invalid) {
				t.Errorf("%q: %v", wrong, err)
			}
		}
		if err := b.AskAddress(ctxOf(t), v, "bob@example.org", "bob@example.org"); err != nil || b.box.last(t, "account.known").To != "bob@example.org" {
			t.Errorf("the address of another: %v", err)
		}
		if told := b.box.letters[b.box.count()-2]; told.Kind != "account.address_asked" || told.To != "ada@example.org" {
			t.Errorf("whether the address has an account shows by the letters to the present one: %+v", told)
		}
		if err := b.AskAddress(ctxOf(t), v, "new@example.org", "New@example.org"); err != nil {
			t.Fatal(err)
		}
		link := b.box.link(t, "account.address")
		if told := b.box.letters[b.box.count()-2]; told.Kind != "account.address_asked" || told.To != "ada@example.org" {
			t.Errorf("the old address was told %+v", told)
		}
		if err := b.ConfirmAddress(ctxOf(t), link); err != nil {
			t.Fatal(err)
		}
		if after := b.user(ada.ID); *after.Email != "new@example.org" || b.box.last(t, "account.address_changed").To != "ada@example.org" {
			t.Errorf("the address is %s", *after.Email)
		}
		if !isSignedIn(t, b.s, plain) {
			t.Error("the session ended with the change")
		}
		if err := b.ConfirmAddress(ctxOf(t), link); err != ErrLinkInvalid {
			t.Errorf("the link a second time: %v", err)
		}
		v = b.viewer(plain)
		if err := b.AskAddress(ctxOf(t), v, "third@example.org", "third@example.org"); err != nil {
			t.Fatal(err)
		}
		link = b.box.link(t, "account.address")
		b.person("third@example.org", false)
		if err := b.ConfirmAddress(ctxOf(t), link); err != ErrAddressTaken {
			t.Errorf("an address taken meanwhile: %v", err)
		}
		for _, change := range historyOf(t, d, ada.ID) {
			if strings.Contains(string(change.Difference), "example.org") {
				t.Errorf("history keeps an address: %s", change.Difference)
			}
		}
	})
}

func TestChangePassword(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, nil)
		b.person("ada@example.org", false)
		other, _ := b.login("ada@example.org", goodPassword)
		plain, v := b.login("ada@example.org", goodPassword)
		for _, c := range [][3]string{{"Wrong1234", "Other1842", "Other1842"}, {goodPassword, "weak", "weak"}, {goodPassword, "Other1842", "Other1843"}, {goodPassword, goodPassword, goodPassword}} {
			if _, err := b.ChangePassword(ctxOf(t), v, c[0], c[1], c[2]); !fault.Is(err, fault.Invalid) {
				t.Errorf("%q: %v", c, err)
			}
		}
		renewed, err := b.ChangePassword(ctxOf(t), v, goodPassword, "Other1842", "Other1842")
		if err != nil {
			t.Fatal(err)
		}
		if isSignedIn(t, b.s, plain) || isSignedIn(t, b.s, other) || !isSignedIn(t, b.s, renewed) {
			t.Error("only the renewed session should be open")
		}
		b.box.last(t, "account.password_changed")
	})
}
