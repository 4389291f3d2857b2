package account

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/fault"
)

func count(t *testing.T, d *db.DB, query string, args ...any) int {
	t.Helper()
	var n int
	if err := d.Read().NewRaw(query, args...).Scan(ctxOf(t), &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// furnish gives a person all that an account may hold.
func (b bench) furnish(email string) (user, other *User, organization string) {
	b.t.Helper()
	user, other = b.person(email, false), b.person("other-"+email, false)
	o, err := b.CreateOrganization(ctxOf(b.t), operator, NewOrganization{Name: "Granary", Description: "x", Members: []NewMember{{UserID: user.ID, Role: RoleAdmin}}})
	if err != nil {
		b.t.Fatal(err)
	}
	if _, _, err := NewTokens(b.d, []byte("secret of tokens")).Create(ctxOf(b.t), user.ID, "mine", nil, db.Time{}); err != nil {
		b.t.Fatal(err)
	}
	now := int64(1_700_000_000_000_000)
	execute(b.t, b.d, "INSERT INTO follows (id, object_kind, object_id, follower_id, since) VALUES (?, 'organization', ?, ?, ?)", db.NewID(), o.ID, user.ID, now)
	execute(b.t, b.d, "INSERT INTO follows (id, object_kind, object_id, follower_id, since) VALUES (?, 'user', ?, ?, ?)", db.NewID(), user.ID, other.ID, now)
	execute(b.t, b.d, "UPDATE organizations SET followers = 1 WHERE id = ?", o.ID)
	execute(b.t, b.d, "UPDATE users SET following = 1")
	execute(b.t, b.d, "UPDATE users SET website = 'https://ada.example.org', about = 'Countess'")
	execute(b.t, b.d, "INSERT INTO contact_points (id, version, name, email, role, owner_id, created_at) VALUES (?, 1, 'Ada', 'ada@example.org', 'contact', ?, ?)", db.NewID(), user.ID, now)
	execute(b.t, b.d, "INSERT INTO identities (issuer, subject, user_id, created_at) VALUES ('https://id.example.org', 'ada', ?, ?)", user.ID, now)
	return user, other, o.ID
}

func TestClose(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, nil)
		user, other, organization := b.furnish("ada@example.org")
		plain, v := b.login("ada@example.org", goodPassword)
		_, plain2, _ := b.withFactor(v)
		v = b.viewer(plain2)
		alone, err := b.LastAdminOf(ctxOf(t), v)
		if err != nil || len(alone) != 1 || alone[0] != "Granary" {
			t.Errorf("last administrator of %v, %v", alone, err)
		}
		if err := b.CloseMine(ctxOf(t), v); err != nil {
			t.Fatal(err)
		}
		after := b.user(user.ID)
		if *after.Email != user.ID+"@deleted" || after.Slug != "deleted-"+user.ID || after.FirstName != "DELETED" || after.LastName != "DELETED" ||
			after.Password != nil || after.Active || after.DeletedAt.IsZero() || after.About != nil || after.Website != nil || after.SecondFactor != nil {
			t.Errorf("the closed account is %+v", after)
		}
		for query, want := range map[string]int{
			"SELECT count(*) FROM tokens WHERE user_id = ?0 AND revoked_at IS NULL":              0,
			"SELECT count(*) FROM sessions WHERE user_id = ?0":                                   0,
			"SELECT count(*) FROM members WHERE user_id = ?0":                                    0,
			"SELECT count(*) FROM follows WHERE follower_id = ?0 OR object_id = ?0":              0,
			"SELECT count(*) FROM contact_points WHERE owner_id = ?0":                            0,
			"SELECT count(*) FROM identities WHERE user_id = ?0":                                 0,
			"SELECT count(*) FROM recovery_codes WHERE user_id = ?0":                             0,
			"SELECT members + followers FROM organizations WHERE id = '" + organization + "'":    0,
			"SELECT following FROM users WHERE id = '" + other.ID + "'":                          0,
			"SELECT count(*) FROM users WHERE id = ?0 AND (followers <> 0 OR following <> 0)":    0,
			"SELECT count(*) FROM history WHERE object = ?0 AND difference LIKE '%example.org%'": 0,
		} {
			if got := count(t, d, query, user.ID); got != want {
				t.Errorf("%s: %d", query, got)
			}
		}
		if isSignedIn(t, b.s, plain2) || isSignedIn(t, b.s, plain) {
			t.Error("a session goes on")
		}
		if farewell := b.box.last(t, "account.closed"); farewell.To != "ada@example.org" {
			t.Errorf("the farewell went to %s", farewell.To)
		}
		if events := eventsOf(t, b.log, user.ID); events[len(events)-1].Kind != "user.deleted" || events[len(events)-1].SeenAfter {
			t.Errorf("the log ends with %+v", events[len(events)-1])
		}
		if err := b.CloseUser(ctxOf(t), operator, user.ID, Closing{}); !fault.Is(err, fault.Gone) {
			t.Errorf("closing twice: %v", err)
		}
		if _, err := b.tryLogin("ada@example.org", goodPassword); err != ErrLogin {
			t.Errorf("the closed account: %v", err)
		}
		b.person("ada@example.org", false) // the address is free
	})
}

func TestCloseUser(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, nil)
		root := b.person("root@example.org", true)
		ada, bob, eve := b.person("ada@example.org", false), b.person("bob@example.org", false), b.person("eve@example.org", false)
		admin, plain := Viewer{User: root}, Viewer{User: ada}
		if err := b.CloseUser(ctxOf(t), plain, bob.ID, Closing{}); !fault.Is(err, fault.Forbidden) {
			t.Errorf("by anybody: %v", err)
		}
		if err := b.CloseUser(ctxOf(t), admin, root.ID, Closing{}); !fault.Is(err, fault.Forbidden) {
			t.Errorf("oneself: %v", err)
		}
		if err := b.CloseUser(ctxOf(t), admin, ada.ID, Closing{NoMail: true}); err != nil || b.box.count() != 0 {
			t.Errorf("without a letter: %v, %d", err, b.box.count())
		}
		if err := b.CloseUser(ctxOf(t), admin, bob.ID, Closing{LegalNotice: true}); err != nil || b.box.last(t, "account.closed_notice").To != "bob@example.org" {
			t.Errorf("with a notice: %v", err)
		}
		if err := b.CloseUser(ctxOf(t), admin, eve.ID, Closing{}); err != nil || b.box.last(t, "account.closed").To != "eve@example.org" {
			t.Errorf("as usual: %v", err)
		}
	})
}

func TestExport(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, nil)
		user, _, _ := b.furnish("ada@example.org")
		plain, v := b.login("ada@example.org", goodPassword)
		renewed, err := b.ChangePassword(ctxOf(t), v, goodPassword, "Other1842", "Other1842") // the one change of history
		if err != nil {
			t.Fatal(err)
		}
		v = b.viewer(renewed)
		const deleted = int64(1_700_000_000_000_000)
		for i, kind := range []string{"topic", "community_resource"} {
			execute(t, d, `INSERT INTO bin (id, kind, version, title, slug, owner_id, private, deleted_at, content) VALUES (?, ?, 1, ?, ?, ?, FALSE, ?, '{}')`,
				db.NewID(), kind, "Binned "+kind, kind, user.ID, deleted+int64(i))
		}
		for i, title := range []string{"Kept", "Binned "} {
			end := db.TimeOf(time.UnixMicro(deleted))
			if i == 0 {
				end = db.Time{}
			}
			execute(t, d, `INSERT INTO reuses (id, version, slug, owner_id, title, title_fold, type, topic, url, url_hash, private, visible, created_at, modified_at,
				deleted_at, datasets, discussions, discussions_open, followers, views, description)
				VALUES (?, 1, ?, ?, ?, '', 'api', '', '', '', FALSE, FALSE, 1, 1, ?, 0, 0, 0, 0, 0, '')`, db.NewID(), db.NewID(), user.ID, title, end)
			execute(t, d, `INSERT INTO charts (id, version, slug, owner_id, title, title_fold, description, private, visible, x_axis, y_axis, series, views, created_at,
				modified_at, deleted_at) VALUES (?, 1, ?, ?, ?, '', '', FALSE, FALSE, '{}', '{}', '[]', 0, 1, 1, ?)`, db.NewID(), db.NewID(), user.ID, title, end)
		}
		execute(t, d, `INSERT INTO webhooks (id, version, owner_id, name, url, secret, kinds, active, failures, since, created_at, modified_at)
			VALUES (?, 1, ?, 'Copy', 'https://example.org/in', 'sealed-secret', '["dataset"]', TRUE, 0, 0, 1, 1)`, db.NewID(), user.ID)
		var out bytes.Buffer
		if err := b.Export(ctxOf(t), v, &out); err != nil {
			t.Fatal(err)
		}
		var tree map[string]any
		if err := json.Unmarshal(out.Bytes(), &tree); err != nil {
			t.Fatalf("%v in %s", err, out.String())
		}
		for name, want := range map[string]int{"memberships": 1, "tokens": 1, "sessions": 1, "follows": 1, "contact_points": 1, "identities": 1, "datasets": 0, "reuses": 1, "visualizations": 1, "bin": 4, "history": 1, "webhooks": 1} {
			if list, ok := tree[name].([]any); !ok || len(list) != want {
				t.Errorf("%s: %v", name, tree[name])
			}
		}
		for _, row := range tree["bin"].([]any) {
			binned := row.(map[string]any)
			if title, _ := binned["title"].(string); !strings.HasPrefix(title, "Binned ") || !strings.HasPrefix(fmt.Sprint(binned["deleted_at"]), "2023-11-14T") {
				t.Errorf("the bin holds %v", binned)
			}
		}
		account := tree["account"].(map[string]any)
		if account["email"] != "ada@example.org" || !strings.Contains(tree["closing"].(string), "last administrator") {
			t.Errorf("account %v, closing %v", account, tree["closing"])
		}
		if at, err := time.Parse(time.RFC3339, tree["sessions"].([]any)[0].(map[string]any)["created_at"].(string)); err != nil || time.Since(at) > time.Hour {
			t.Errorf("the session began at %v, %v", at, err)
		}
		for _, secret := range []string{plain, *b.user(user.ID).Password, "hash", "stamp", "other-ada", "sealed-secret"} {
			if strings.Contains(out.String(), secret) {
				t.Errorf("the export holds %q", secret)
			}
		}
		reading := v
		reading.Session, reading.Scopes = "", []string{ScopeRead}
		if err := b.Export(ctxOf(t), reading, &out); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a token for reading exports: %v", err)
		}
	})
}

func TestInactiveAccounts(t *testing.T) {
	const year = 365 * 24 * time.Hour
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, func(d *Deps) { d.Rules.InactiveAfter = 3 * year })
		now := time.Now()
		seen := func(email string, ago time.Duration, warned time.Duration) string {
			user := b.person(email, false)
			execute(t, d, "UPDATE users SET last_login_at = ? WHERE id = ?", db.TimeOf(now.Add(-ago)), user.ID)
			if warned > 0 {
				execute(t, d, "UPDATE users SET inactivity_told_at = ? WHERE id = ?", db.TimeOf(now.Add(-warned)), user.ID)
			}
			return user.ID
		}
		day := 24 * time.Hour
		b.person("never@example.org", false)
		recent := seen("recent@example.org", 10*day, 40*day)
		seen("almost@example.org", 3*year-31*day, 0)
		due := seen("due@example.org", 3*year-29*day, 0)
		lately := seen("lately@example.org", 3*year+day, 29*day)
		over := seen("over@example.org", 3*year+day, 31*day)
		for range 2 {
			if _, _, err := b.CloseInactive(ctxOf(t), now); err != nil {
				t.Fatal(err)
			}
		}
		if b.user(due).InactivityToldAt.IsZero() || !b.user(recent).InactivityToldAt.IsZero() {
			t.Error("the wrong person was warned, or who came back was not forgotten")
		}
		if b.user(over).DeletedAt.IsZero() || !b.user(lately).DeletedAt.IsZero() {
			t.Error("the wrong account was closed")
		}
		kinds := map[string]string{}
		for _, letter := range b.box.letters {
			kinds[letter.Kind] += letter.To + " "
		}
		if kinds["account.inactive"] != "due@example.org " || kinds["account.closed_inactive"] != "over@example.org " || len(kinds) != 2 {
			t.Errorf("letters: %v", kinds)
		}
		off := newBench(t, d, nil)
		if warned, closed, err := off.CloseInactive(ctxOf(t), now.Add(10*year)); warned+closed != 0 || err != nil {
			t.Errorf("without a time %d were warned and %d closed, %v", warned, closed, err)
		}
	})
}

func TestTokensAreWarnedOfOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, nil)
		ada := b.person("ada@example.org", false)
		tokens := NewTokens(d, []byte("secret of tokens"))
		for name, in := range map[string]time.Duration{"soon": 6 * 24 * time.Hour, "later": 8 * 24 * time.Hour, "past": -time.Hour} {
			if _, _, err := tokens.Create(ctxOf(t), ada.ID, name, nil, db.TimeOf(time.Now().Add(in))); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			if _, err := b.WarnTokens(ctxOf(t), time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		if b.box.count() != 1 || b.box.last(t, "account.token_ends").Args[1] != "soon" {
			t.Errorf("letters: %+v", b.box.letters)
		}
	})
}

func TestSetUp(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, nil)
		code, err := b.SetupCode(ctxOf(t))
		if err != nil || code == "" {
			t.Fatal(code, err)
		}
		node := newBench(t, d, nil)
		if again, err := node.SetupCode(ctxOf(t)); err != nil || again != code {
			t.Errorf("another node prints %q, %v", again, err)
		}
		if n := count(t, d, "SELECT count(*) FROM settings WHERE value = ?", code); n != 0 {
			t.Error("the code is kept in clear")
		}
		good := Setup{Code: code, Title: " My  data ", Language: "en", Email: "root@example.org", FirstName: "Ada", LastName: "Root", Password: goodPassword}
		for name, change := range map[string]func(*Setup){
			"no title": func(s *Setup) { s.Title = "" }, "language": func(s *Setup) { s.Language = "xx" }, "password": func(s *Setup) { s.Password = "" }, "address": func(s *Setup) { s.Email = "x" },
		} {
			given := good
			change(&given)
			if _, err := b.SetUp(ctxOf(t), given); !fault.Is(err, fault.Invalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
		wrong := good
		wrong.Code = code[1:] + "x"
		if _, err := b.SetUp(ctxOf(t), wrong); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a wrong code: %v", err)
		}
		user, err := b.SetUp(ctxOf(t), good)
		if err != nil || !user.Admin {
			t.Fatal(user, err)
		}
		if _, err := b.SetUp(ctxOf(t), good); !fault.Is(err, fault.Forbidden) {
			t.Errorf("the code a second time: %v", err)
		}
		if n := count(t, d, "SELECT count(*) FROM settings WHERE name = 'site.title' AND value = 'My data' OR name = 'site.language' AND value = 'en'"); n != 2 {
			t.Errorf("%d of the answers were kept", n)
		}
		if code, err := b.SetupCode(ctxOf(t)); err != nil || code != "" {
			t.Errorf("a site with an administrator gives the code %q, %v", code, err)
		}
		b.login("root@example.org", goodPassword)
	})
}
