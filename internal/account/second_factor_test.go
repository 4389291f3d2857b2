package account

import (
	"bytes"
	"encoding/base64"
	"image/png"
	"strings"
	"sync"
	"testing"
	"time"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/fault"
)

// withFactor sets a second factor up for a person.
func (b bench) withFactor(v Viewer) (secret, plain string, codes []string) {
	b.t.Helper()
	setup, err := b.StartFactor(ctxOf(b.t), v, "Test: site")
	if err != nil {
		b.t.Fatal(err)
	}
	codes, plain, err = b.ConfirmFactor(ctxOf(b.t), v, setup.State, codeAt(b.t, setup.Secret, -1))
	if err != nil {
		b.t.Fatal(err)
	}
	return setup.Secret, plain, codes
}

func TestSecondFactor(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, nil)
		ada := b.person("ada@example.org", false)
		old, v := b.login("ada@example.org", goodPassword)
		setup, err := b.StartFactor(ctxOf(t), v, "Test: site")
		if err != nil {
			t.Fatal(err)
		}
		picture, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(setup.Picture, "data:image/png;base64,"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := png.Decode(bytes.NewReader(picture)); err != nil || !strings.Contains(setup.URI, setup.Secret) {
			t.Errorf("the picture or the address is wrong: %v %s", err, setup.URI)
		}
		for _, code := range []string{"", "000000000", codeAt(t, setup.Secret, 3), "x"} {
			if _, _, err := b.ConfirmFactor(ctxOf(t), v, setup.State, code); !fault.Is(err, fault.Invalid) {
				t.Errorf("the code %q ends the set-up: %v", code, err)
			}
		}
		codes, plain, err := b.ConfirmFactor(ctxOf(t), v, setup.State, codeAt(t, setup.Secret, -1))
		if err != nil || len(codes) != recoveryCount {
			t.Fatal(codes, err)
		}
		if isSignedIn(t, b.s, old) || !isSignedIn(t, b.s, plain) {
			t.Error("the session has not another text")
		}
		kept := b.user(ada.ID)
		if strings.Contains(*kept.SecondFactor, setup.Secret) {
			t.Error("the secret is kept in clear")
		}
		entry, err := b.tryLogin("ada@example.org", goodPassword)
		if err != nil || entry.Need != NeedCode || entry.Plain != "" {
			t.Fatalf("a login without code: %+v, %v", entry, err)
		}
		if _, err := b.EnterWithCode(ctxOf(t), entry.State, codeAt(t, setup.Secret, -1)); !fault.Is(err, fault.Invalid) {
			t.Errorf("the code of the set-up passes again: %v", err)
		}
		code := codeAt(t, setup.Secret, 0)
		var all sync.WaitGroup
		var mu sync.Mutex
		passed := 0
		for range 4 {
			all.Go(func() {
				if _, err := b.EnterWithCode(ctxOf(t), entry.State, code); err == nil {
					mu.Lock()
					passed++
					mu.Unlock()
				}
			})
		}
		if all.Wait(); passed != 1 {
			t.Errorf("one code passed %d times", passed)
		}
		tampered := "A" + entry.State[1:]
		if tampered == entry.State {
			tampered = "B" + entry.State[1:]
		}
		if _, err := b.EnterWithCode(ctxOf(t), tampered, codeAt(t, setup.Secret, 1)); !fault.Is(err, fault.Invalid) {
			t.Errorf("a tampered state: %v", err)
		}
		if _, err := b.EnterWithSetup(ctxOf(t), entry.State, codeAt(t, setup.Secret, 1)); !fault.Is(err, fault.Invalid) {
			t.Errorf("a login with a factor is taken for one that sets it up: %v", err)
		}
	})
}

func TestRecoveryCodes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, nil)
		ada := b.person("ada@example.org", false)
		_, v := b.login("ada@example.org", goodPassword)
		_, plain, codes := b.withFactor(v)
		entry, err := b.tryLogin("ada@example.org", goodPassword)
		if err != nil {
			t.Fatal(err)
		}
		in, err := b.EnterWithRecovery(ctxOf(t), entry.State, strings.ToLower(strings.ReplaceAll(codes[0], "-", " ")))
		if err != nil || in.Plain == "" {
			t.Fatal(in, err)
		}
		b.box.last(t, "account.recovery_used")
		if _, err := b.EnterWithRecovery(ctxOf(t), entry.State, codes[0]); !fault.Is(err, fault.Invalid) {
			t.Errorf("a recovery code passes again: %v", err)
		}
		v = b.viewer(plain)
		if state, err := b.Factor(ctxOf(t), v); err != nil || state.Codes != recoveryCount-1 {
			t.Errorf("left: %+v, %v", state, err)
		}
		fresh, err := b.RecoveryCodes(ctxOf(t), v)
		if err != nil || len(fresh) != recoveryCount {
			t.Fatal(fresh, err)
		}
		if _, err := b.EnterWithRecovery(ctxOf(t), entry.State, codes[1]); !fault.Is(err, fault.Invalid) {
			t.Errorf("a former recovery code passes: %v", err)
		}
		if err := b.UnsetFactor(ctxOf(t), v, ada.ID); !fault.Is(err, fault.Forbidden) {
			t.Errorf("somebody unsets a second factor as administrators do: %v", err)
		}
		if err := b.UnsetFactor(ctxOf(t), operator, ada.ID); err != nil {
			t.Fatal(err)
		}
		if isSignedIn(t, b.s, plain) {
			t.Error("sessions go on after the second factor was unset")
		}
		b.login("ada@example.org", goodPassword)
	})
}

func TestRemoveFactor(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, nil)
		for name, proof := range map[string]func(secret string, codes []string) (password, code string){
			"password": func(string, []string) (string, string) { return goodPassword, "" },
			"code":     func(secret string, _ []string) (string, string) { return "", codeAt(t, secret, 1) },
			"recovery": func(_ string, codes []string) (string, string) { return "", strings.ToLower(codes[3]) },
		} {
			b.person(name+"@example.org", false)
			_, v := b.login(name+"@example.org", goodPassword)
			secret, plain, codes := b.withFactor(v)
			v = b.viewer(plain)
			for _, wrong := range [][2]string{{"", ""}, {"Wrong-password-1", ""}, {"", "000000"}, {"", "AAAAA-AAAAA"}, {"Wrong-password-1", codes[0]}} {
				if _, err := b.RemoveFactor(ctxOf(t), v, wrong[0], wrong[1]); !fault.Is(err, fault.Invalid) {
					t.Errorf("%s: removed with %q: %v", name, wrong, err)
				}
			}
			password, code := proof(secret, codes)
			after, err := b.RemoveFactor(ctxOf(t), v, password, code)
			if err != nil || b.viewer(after).User.SecondFactor != nil {
				t.Errorf("%s does not remove it: %v", name, err)
			}
			b.box.last(t, "account.factor_removed")
		}
	})
}

func TestDemandedFactor(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, func(d *Deps) { d.Rules.SecondFactor = "admins" })
		b.person("root@example.org", true)
		b.person("ada@example.org", false)
		b.login("ada@example.org", goodPassword)
		entry, err := b.tryLogin("root@example.org", goodPassword)
		if err != nil || entry.Need != NeedFactor || entry.Plain != "" {
			t.Fatalf("an administrator without a second factor: %+v, %v", entry, err)
		}
		if _, err := b.EnterWithSetup(ctxOf(t), entry.State, "000000"); !fault.Is(err, fault.Invalid) {
			t.Errorf("without a secret: %v", err)
		}
		if _, err := b.EnterWithCode(ctxOf(t), entry.State, "000000"); !fault.Is(err, fault.Invalid) {
			t.Errorf("a login that needs a set-up goes on with a code: %v", err)
		}
		setup, err := b.SetupAtLogin(ctxOf(t), entry.State, "Test")
		if err != nil {
			t.Fatal(err)
		}
		in, err := b.EnterWithSetup(ctxOf(t), setup.State, codeAt(t, setup.Secret, 0))
		if err != nil || len(in.Codes) != recoveryCount {
			t.Fatal(in, err)
		}
		v := b.viewer(in.Plain)
		if !v.Admin() {
			t.Error("the session does not open")
		}
		if _, err := b.RemoveFactor(ctxOf(t), v, goodPassword, ""); !fault.Is(err, fault.Conflict) {
			t.Errorf("a demanded factor is removed: %v", err)
		}
		if _, err := b.EnterWithSetup(ctxOf(t), setup.State, codeAt(t, setup.Secret, 1)); !fault.Is(err, fault.Invalid) {
			t.Errorf("the set-up is done twice: %v", err)
		}
	})
}

func TestVerify(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, nil)
		b.person("ada@example.org", false)
		plain, v := b.login("ada@example.org", goodPassword)
		execute(t, d, "UPDATE sessions SET verified_at = verified_at - ?", int64(2*freshTime/time.Microsecond))
		if _, err := b.StartFactor(ctxOf(t), v, "Test"); err != ErrVerify {
			t.Errorf("a day later: %v", err)
		}
		if err := b.CloseMine(ctxOf(t), v); err != ErrVerify {
			t.Errorf("closing a day later: %v", err)
		}
		if _, err := b.Verify(ctxOf(t), v, "Wrong1234", ""); !fault.Is(err, fault.Invalid) {
			t.Errorf("a wrong password: %v", err)
		}
		renewed, err := b.Verify(ctxOf(t), v, goodPassword, "")
		if err != nil || isSignedIn(t, b.s, plain) {
			t.Errorf("the text of the session is the same: %v", err)
		}
		if _, err := b.StartFactor(ctxOf(t), b.viewer(renewed), "Test"); err != nil {
			t.Errorf("after the proof: %v", err)
		}
	})
}
