package account

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/fault"
)

// told is what an administrator of an organisation reads of its requests, without
// what differs between any two.
func (h *house) told(f RequestFilter) string {
	h.t.Helper()
	rows, total, err := h.organizations.Requests(ctxOf(h.t), h.as("ada"), h.id, f)
	h.must(err)
	for i := range rows {
		rows[i].ID, rows[i].CreatedAt = "", db.Time{}
	}
	slices.SortFunc(rows, func(a, b MembershipRequest) int { return cmp.Compare(*a.Email, *b.Email) })
	text, err := json.Marshal(rows)
	h.must(err)
	return fmt.Sprintf("%d %s", total, text)
}

// TestInvitationsTellNobodyWhoIsThere invites addresses that have an account, an
// unconfirmed one and none: what the inviter gets is the same, and so are the
// refusals; the invited find their invitation all the same.
func TestInvitationsTellNobodyWhoIsThere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		ada := h.as("ada")
		execute(t, d, "UPDATE users SET confirmed_at = NULL WHERE id = ?", h.people["kim"].ID)
		addresses := []string{"eve@example.org", "kim@example.org", "non@example.org"}
		answers, lists := map[string]bool{}, map[string]bool{}
		plain := func(text string) string {
			for _, address := range addresses {
				text = strings.ReplaceAll(text, address, "ADDRESS")
			}
			return text
		}
		ids := map[string]string{}
		for _, address := range addresses {
			request, err := h.Invite(ctxOf(t), ada, h.id, Invitation{Email: address, Comment: "Come"})
			h.must(err)
			ids[address] = request.ID
			h.must(h.ResendInvitation(ctxOf(t), ada, h.id, request.ID))
			_, again := h.Invite(ctxOf(t), ada, h.id, Invitation{Email: address})
			shown := *request
			shown.ID, shown.CreatedAt = "", db.Time{}
			text, err := json.Marshal(shown)
			h.must(err)
			answers[plain(string(text)+fault.Of(again).SafeText())] = true
			one, err := h.organizations.Request(ctxOf(t), ada, h.id, request.ID)
			h.must(err)
			one.ID, one.CreatedAt = "", db.Time{}
			text, err = json.Marshal(one)
			h.must(err)
			lists[plain(string(text))] = true
		}
		if len(answers) != 1 || len(lists) != 1 {
			t.Errorf("the answers differ: %v\n%v", answers, lists)
		}
		for _, id := range []string{h.people["eve"].ID, h.people["kim"].ID} {
			if told := h.told(RequestFilter{User: id}); told != "0 null" {
				t.Errorf("the requests of a person tell %s", told)
			}
		}
		if told := h.told(RequestFilter{}); strings.Contains(told, h.people["eve"].ID) || !strings.HasPrefix(told, "3 ") {
			t.Errorf("the list tells %s", told)
		}
		h.letters("membership.invited eve@example.org; membership.invited eve@example.org; membership.invited-new kim@example.org; " +
			"membership.invited-new kim@example.org; membership.invited-new non@example.org; membership.invited-new non@example.org")
		if mine, _, err := h.organizations.Requests(ctxOf(t), h.as("eve"), h.id, RequestFilter{User: h.people["eve"].ID}); err != nil || len(mine) != 1 {
			t.Errorf("eve finds %d (%v)", len(mine), err)
		}
		_, _, err := h.AskMembership(ctxOf(t), h.as("eve"), h.id, "x")
		h.refused("asking although invited", err, fault.Invalid)
		kim := h.as("kim")
		unconfirmed := *kim.User
		unconfirmed.ConfirmedAt, kim.User = db.Time{}, &unconfirmed
		h.refused("the invitation of an address that is not proved", h.AcceptInvitation(ctxOf(t), kim, ids["kim@example.org"]), fault.NotFound)
		second, err := h.Invite(ctxOf(t), ada, h.id, Invitation{UserID: h.people["eve"].ID})
		h.must(err)
		h.must(h.AcceptInvitation(ctxOf(t), h.as("eve"), second.ID))
		if waiting, err := h.organizations.Invitations(ctxOf(t), h.as("eve")); err != nil || len(waiting) != 0 {
			t.Errorf("the other invitation waits on: %+v (%v)", waiting, err)
		}
	})
}

// TestRegistrationTakesAsLong compares what a taken address, one that waits for its
// confirmation and a free one answer, and in what time.
func TestRegistrationTakesAsLong(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, nil)
		b.person("taken@example.org", false)
		if err := b.Register(ctxOf(t), registration("waiting@example.org")); err != nil {
			t.Fatal(err)
		}
		var took []time.Duration
		for _, email := range []string{"taken@example.org", "TAKEN@example.org", "waiting@example.org", "free@example.org"} {
			start := time.Now()
			if err := b.Register(ctxOf(t), registration(email)); err != nil {
				t.Errorf("%s: %v", email, err)
			}
			took = append(took, time.Since(start))
		}
		if slices.Min(took) < evenTime {
			t.Errorf("took %v: all take %v at least", took, evenTime)
		}
		wrong := func(email string) string {
			r := registration(email)
			r.PasswordConfirm = "x"
			return fmt.Sprintf("%+v", fault.Of(b.Register(ctxOf(t), r)))
		}
		if taken, free := wrong("taken@example.org"), wrong("other@example.org"); taken != free {
			t.Errorf("with a mistake: %s, %s", taken, free)
		}
		if b.box.count() != 5 {
			t.Errorf("%d letters for five registrations", b.box.count())
		}
	})
}

// atOnce does something several times at once and returns how often it passed;
// the other times must be refused as wrong.
func atOnce(t *testing.T, do func(i int) error) (passed int) {
	t.Helper()
	var all sync.WaitGroup
	results := make([]error, 6)
	start := make(chan struct{})
	for i := range results {
		all.Go(func() {
			<-start
			results[i] = do(i)
		})
	}
	close(start)
	all.Wait()
	for _, err := range results {
		switch {
		case err == nil:
			passed++
		case !fault.Is(err, fault.Invalid):
			t.Errorf("refused by %v", err)
		}
	}
	return passed
}

// TestCodesPassOnceAtOnce gives the same code in several requests at once, to log
// in and to end the second factor.
func TestCodesPassOnceAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, nil)
		ada := b.person("ada@example.org", false)
		_, v := b.login("ada@example.org", goodPassword)
		secret, _, codes := b.withFactor(v)
		var states []string
		for range 2 { // two logins that share nothing but the account
			entry, err := b.tryLogin("ada@example.org", goodPassword)
			if err != nil || entry.Need != NeedCode {
				t.Fatal(entry, err)
			}
			states = append(states, entry.State)
		}
		sessions := func() int { return count(t, d, "SELECT count(*) FROM sessions WHERE user_id = ?", ada.ID) }
		for name, enter := range map[string]func(i int) error{
			"code": func(i int) error {
				_, err := b.EnterWithCode(ctxOf(t), states[i%2], codeAt(t, secret, 0))
				return err
			},
			"recovery code": func(i int) error {
				code := codes[0]
				if i%2 == 1 {
					code = strings.ToLower(strings.ReplaceAll(code, "-", ""))
				}
				_, err := b.EnterWithRecovery(ctxOf(t), states[i%2], code)
				return err
			},
		} {
			before := sessions()
			if passed := atOnce(t, enter); passed != 1 || sessions() != before+1 {
				t.Errorf("the %s passed %d times and opened %d sessions", name, passed, sessions()-before)
			}
			if passed := atOnce(t, enter); passed != 0 {
				t.Errorf("the %s passes later on", name)
			}
		}
		if left := count(t, d, "SELECT count(*) FROM recovery_codes WHERE user_id = ? AND used_at IS NULL", ada.ID); left != recoveryCount-1 {
			t.Errorf("%d recovery codes are left", left)
		}
	})
}

// TestLinksPassOnceAtOnce follows the same link of a letter in several requests at
// once: one of them changes the account, and one letter says so.
func TestLinksPassOnceAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, nil)
		if err := b.Register(ctxOf(t), registration("ada@example.org")); err != nil {
			t.Fatal(err)
		}
		ada, err := b.userByEmail(ctxOf(t), "ada@example.org")
		if err != nil {
			t.Fatal(err)
		}
		// once does something at once and holds that the account changed once.
		once := func(name string, want int, do func(i int) error) {
			t.Helper()
			before := b.user(ada.ID).Version
			if passed := atOnce(t, do); passed != want {
				t.Errorf("%s passed %d times, want %d", name, passed, want)
			}
			if after := b.user(ada.ID).Version; after != before+1 {
				t.Errorf("%s: the account went from version %d to %d", name, before, after)
			}
		}
		confirm := b.box.link(t, "account.confirm")
		once("confirmation", 6, func(int) error { return b.Confirm(ctxOf(t), confirm) }) // says yes again, and changes nothing

		letters := b.box.count()
		if err := b.AskReset(ctxOf(t), "ada@example.org", b.home); err != nil {
			t.Fatal(err)
		}
		reset := b.box.link(t, "account.reset")
		once("reset", 1, func(i int) error {
			password := fmt.Sprintf("Parallel18%d", i)
			return b.Reset(ctxOf(t), reset, password, password)
		})
		if b.box.count() != letters+2 {
			t.Errorf("%d letters for one reset", b.box.count()-letters)
		}
		working := 0
		for i := range 6 {
			if _, err := b.tryLogin("ada@example.org", fmt.Sprintf("Parallel18%d", i)); err == nil {
				working++
			}
		}
		if working != 1 {
			t.Errorf("%d of the passwords work", working)
		}

		if err := b.AskReset(ctxOf(t), "ada@example.org", b.home); err != nil {
			t.Fatal(err)
		}
		if err := b.Reset(ctxOf(t), b.box.link(t, "account.reset"), goodPassword, goodPassword); err != nil {
			t.Fatal(err)
		}
		_, v := b.login("ada@example.org", goodPassword)
		if err := b.AskAddress(ctxOf(t), v, "new@example.org", "new@example.org"); err != nil {
			t.Fatal(err)
		}
		address := b.box.link(t, "account.address")
		letters = b.box.count()
		once("change of address", 1, func(int) error { return b.ConfirmAddress(ctxOf(t), address) })
		if b.box.count() != letters+1 {
			t.Errorf("%d letters for one change of address", b.box.count()-letters)
		}
	})
}
