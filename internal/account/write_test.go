package account

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/argon2"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/history"
)

var operator = System("test")

func ctxOf(t *testing.T) context.Context { return t.Context() }

func mustUser(t *testing.T, w *Writer, email string) *User {
	t.Helper()
	user, err := w.CreateUser(ctxOf(t), operator, NewUser{Email: email, FirstName: "Ada", LastName: "Example"})
	if err != nil {
		t.Fatal(err)
	}
	return user
}

func historyOf(t *testing.T, d *db.DB, object string) []history.Change {
	t.Helper()
	var changes []history.Change
	if err := d.Read().NewSelect().Model(&changes).Where("object = ?", object).OrderExpr("version").Scan(ctxOf(t)); err != nil {
		t.Fatal(err)
	}
	return changes
}

func eventsOf(t *testing.T, log *event.Log, object string) []event.Event {
	t.Helper()
	events, err := log.Since(ctxOf(t), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(events, func(e event.Event) bool { return e.Object != object })
}

func TestCreateUser(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		log := event.NewLog(d)
		w, people := NewWriter(log), NewPeople(d)
		first, err := w.CreateUser(ctxOf(t), operator, NewUser{
			Email: " Ada.Lovelace@Example.ORG ", FirstName: " Ada ", LastName: "Lovelace", Password: "Babbage1842", Admin: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		kept, err := people.ByEmail(ctxOf(t), operator, "ADA.lovelace@example.org")
		if err != nil {
			t.Fatal(err)
		}
		if kept.ID != first.ID || *kept.Email != "ada.lovelace@example.org" || kept.FirstName != "Ada" || kept.Slug != "ada-lovelace" ||
			!kept.Admin || !kept.Active || kept.ConfirmedAt.IsZero() || kept.Version != 1 {
			t.Errorf("the account came back as %+v", kept)
		}
		if !matches(t, *kept.Password, "Babbage1842") || matches(t, *kept.Password, "Babbage1843") {
			t.Error("the hash does not tell the password from another")
		}
		second, err := w.CreateUser(ctxOf(t), operator, NewUser{Email: "other@example.org", FirstName: "Ada", LastName: "Lovelace"})
		if err != nil {
			t.Fatal(err)
		}
		if second.Slug != "ada-lovelace-1" || second.Password != nil {
			t.Errorf("the second of a name came back as %+v", second)
		}
		_, err = w.CreateUser(ctxOf(t), operator, NewUser{Email: "ada.LOVELACE@example.org", FirstName: "A", LastName: "L"})
		if f := fault.Of(err); f == nil || f.Code != fault.Invalid || f.Fields[0].Path[0] != "email" {
			t.Errorf("an address that is taken gives %v", err)
		}
		events, versions := eventsOf(t, log, first.ID), historyOf(t, d, first.ID)
		if len(events) != 1 || events[0].Kind != "user.created" || !events[0].SeenAfter || events[0].Actor != "test" || len(versions) != 1 || versions[0].Difference != nil {
			t.Errorf("creation told %+v and %+v", events, versions)
		}
	})
}

// matches checks a hash by its own parameters.
func matches(t *testing.T, encoded, plain string) bool {
	t.Helper()
	var version, memory, rounds, lanes int
	parts := strings.Split(encoded, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		t.Fatalf("the hash has the form %q", encoded)
	}
	fmt.Sscanf(parts[2], "v=%d", &version)
	fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &rounds, &lanes)
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[4])
	key, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	if err1 != nil || err2 != nil || version != 19 || memory != 19456 || rounds != 2 || lanes != 1 || len(salt) != 16 {
		t.Fatalf("the hash has the form %q", encoded)
	}
	return string(argon2.IDKey([]byte(plain), salt, uint32(rounds), uint32(memory), uint8(lanes), uint32(len(key)))) == string(key)
}

func TestRefusedAccounts(t *testing.T) {
	d := dbtest.SQLite(t)
	w := NewWriter(event.NewLog(d))
	for _, c := range []struct {
		given  NewUser
		fields string
	}{
		{NewUser{}, "email first_name last_name"},
		{NewUser{Email: "nobody", FirstName: "A", LastName: "B"}, "email"},
		{NewUser{Email: "a@localhost", FirstName: "A", LastName: "B"}, "email"},
		{NewUser{Email: "A <a@example.org>", FirstName: "A", LastName: "B"}, "email"},
		{NewUser{Email: "a@exa mple.org", FirstName: "A", LastName: "B"}, "email"},
		{NewUser{Email: strings.Repeat("a", 250) + "@example.org", FirstName: "A", LastName: "B"}, "email"},
		{NewUser{Email: "a@example.org", FirstName: "see http://spam.test", LastName: "B"}, "first_name"},
		{NewUser{Email: "a@example.org", FirstName: "A", LastName: "www.spam.com"}, "last_name"},
		{NewUser{Email: "a@example.org", FirstName: "A", LastName: strings.Repeat("b", 256)}, "last_name"},
		{NewUser{Email: "a@example.org", FirstName: "A\x00", LastName: "B"}, "first_name"},
		{NewUser{Email: "a@example.org", FirstName: "A", LastName: "B", Password: "short"}, "password password password"},
	} {
		_, err := w.CreateUser(ctxOf(t), operator, c.given)
		f := fault.Of(err)
		if f == nil || f.Code != fault.Invalid {
			t.Errorf("%+v gives %v", c.given, err)
			continue
		}
		var fields []string
		for _, field := range f.Fields {
			fields = append(fields, field.Path[0].(string))
		}
		if strings.Join(fields, " ") != c.fields {
			t.Errorf("%+v blames %v, want %s", c.given, fields, c.fields)
		}
	}
	if _, err := w.CreateUser(ctxOf(t), Viewer{User: &User{ID: "x"}}, NewUser{Email: "a@example.org", FirstName: "A", LastName: "B"}); !fault.Is(err, fault.Forbidden) {
		t.Errorf("a person without rights gets %v", err)
	}
}

func TestNamesThatAreNoURL(t *testing.T) {
	for name, want := range map[string]bool{
		"J.R.R.": false, "O'Brien": false, "St. Pierre": false, "Jean-Luc": false, "d.e": false,
		"exemple.fr": true, "see WWW.example.com now": true, "ftp://x": true, "データ.com": true,
	} {
		if holdsURL(name) != want {
			t.Errorf("%q is taken for an address: %v", name, !want)
		}
	}
}

func TestPasswordRules(t *testing.T) {
	for _, c := range []struct {
		plain  string
		broken int
	}{
		{"Abcdefg1", 0}, {"Abcdef1", 1}, {"abcdefg1", 1}, {"ABCDEFG1", 1}, {"Abcdefgh", 1}, {"", 4}, {"éÉéÉéÉ12", 0},
		{"ÀÉÎÕÜàéîõü12345678", 0}, {"日本語日本語日本語", 3}, {"Aa1" + strings.Repeat("x", 1021), 0}, {"Aa1" + strings.Repeat("x", 1022), 1},
		{"Ａｂｃｄｅｆｇ１", 0}, {"Abcdefg1\xff", 1},
	} {
		var broken int
		if err := checkPassword(normalPassword(c.plain)); err != nil {
			broken = len(fault.Of(err).Fields)
		}
		if broken != c.broken {
			t.Errorf("%q breaks %d rules, want %d", c.plain, broken, c.broken)
		}
	}
}

func TestSameTextHashesAlikeFromAnyKeyboard(t *testing.T) {
	encoded, err := newHasher().hash(ctxOf(t), "Cafe\u03011234")
	if err != nil {
		t.Fatal(err)
	}
	if !matches(t, encoded, normalPassword("Caf\u00e91234")) {
		t.Error("a composed letter is another password than a decomposed one")
	}
}

func TestHashesWaitTheirTurn(t *testing.T) {
	h := hasher{turns: make(chan struct{}, 1)}
	h.turns <- struct{}{}
	if _, err := h.hash(ctxOf(t), "Abcdefg1"); !fault.Is(err, fault.Unavailable) {
		t.Errorf("without a free turn a hash gives %v", err)
	}
	<-h.turns
	if _, err := h.hash(ctxOf(t), "Abcdefg1"); err != nil || len(h.turns) != 0 {
		t.Errorf("with a free turn a hash gives %v and leaves %d turns taken", err, len(h.turns))
	}
}

func TestChangesOfPeople(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		log := event.NewLog(d)
		w, people := NewWriter(log), NewPeople(d)
		user := mustUser(t, w, "ada@example.org")
		self := Viewer{User: user}
		steps := []struct {
			name    string
			do      func() error
			version int64
			event   string
		}{
			{"own password", func() error { return w.SetPassword(ctxOf(t), self, user.ID, "Abcdefg1") }, 2, "password"},
			{"admin", func() error { return w.SetAdmin(ctxOf(t), operator, user.ID, true) }, 3, "admin"},
			{"admin again", func() error { return w.SetAdmin(ctxOf(t), operator, user.ID, true) }, 3, ""},
			{"disable", func() error { return w.SetActive(ctxOf(t), operator, user.ID, false) }, 4, "active"},
			{"enable", func() error { return w.SetActive(ctxOf(t), operator, user.ID, true) }, 5, "active"},
		}
		told := 1
		for _, step := range steps {
			if err := step.do(); err != nil {
				t.Fatalf("%s: %v", step.name, err)
			}
			kept, err := people.ByEmail(ctxOf(t), operator, "ada@example.org")
			if err != nil || kept.Version != step.version {
				t.Fatalf("after %s the version is %d, want %d (%v)", step.name, kept.Version, step.version, err)
			}
			events := eventsOf(t, log, user.ID)
			if step.event != "" {
				told++
				if last := events[len(events)-1]; last.Kind != "user.updated" || strings.Join(last.Fields, ",") != step.event || last.Version != step.version {
					t.Errorf("%s told %+v", step.name, last)
				}
			}
			if len(events) != told || len(historyOf(t, d, user.ID)) != told {
				t.Errorf("after %s there are %d events, want %d", step.name, len(events), told)
			}
		}
		if events := eventsOf(t, log, user.ID); !events[3].Withdrawn() || events[3].SeenAfter {
			t.Errorf("shutting out was told as %+v", events[3])
		}
		for _, change := range historyOf(t, d, user.ID) {
			if strings.Contains(string(change.Difference), "argon2") {
				t.Errorf("the history holds a hash: %s", change.Difference)
			}
		}
		for name, err := range map[string]error{
			"password of another": w.SetPassword(ctxOf(t), Viewer{User: &User{ID: "x"}}, user.ID, "Abcdefg1"),
			"password by nobody":  w.SetPassword(ctxOf(t), Nobody, "", "Abcdefg1"),
			"admin by oneself":    w.SetAdmin(ctxOf(t), self, user.ID, false),
			"disable by oneself":  w.SetActive(ctxOf(t), self, user.ID, false),
		} {
			if !fault.Is(err, fault.Forbidden) {
				t.Errorf("%s gives %v", name, err)
			}
		}
		if err := w.SetAdmin(ctxOf(t), operator, db.NewID(), true); !fault.Is(err, fault.NotFound) {
			t.Errorf("an unknown person gives %v", err)
		}
		if err := w.SetPassword(ctxOf(t), operator, user.ID, "short"); !fault.Is(err, fault.Invalid) {
			t.Errorf("a weak password gives %v", err)
		}
	})
}

func TestOrganizations(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		log := event.NewLog(d)
		w, organizations := NewWriter(log), NewOrganizations(d, nil)
		ada, bob := mustUser(t, w, "ada@example.org"), mustUser(t, w, "bob@example.org")
		made, err := w.CreateOrganization(ctxOf(t), Viewer{User: ada}, NewOrganization{
			Name: "  Ville de  L'Haÿ ", Members: []NewMember{{bob.ID, RolePartialEditor}, {ada.ID, RoleEditor}},
		})
		if err != nil {
			t.Fatal(err)
		}
		kept, err := organizations.Get(ctxOf(t), Nobody, made.ID)
		if err != nil {
			t.Fatal(err)
		}
		if kept.Name != "Ville de L'Haÿ" || kept.Slug != "ville-de-lhay" || kept.MemberCount != 2 || len(kept.Members) != 2 ||
			kept.Members[0].UserID != ada.ID || kept.Members[0].Role != RoleAdmin || kept.Members[1].Role != RolePartialEditor {
			t.Errorf("the organisation came back as %+v", kept)
		}
		manager := Viewer{User: ada, Memberships: map[string]Role{made.ID: RoleAdmin}}
		renamed, err := w.RenameOrganization(ctxOf(t), manager, made.ID, "Ville Nouvelle")
		if err != nil || renamed.Slug != "ville-nouvelle" || renamed.Version != 2 {
			t.Fatalf("renamed to %+v (%v)", renamed, err)
		}
		found, err := organizations.Resolve(ctxOf(t), "ville-de-lhay")
		if err != nil || found.ID != made.ID || found.Slug != "ville-nouvelle" || found.Moved != "former" {
			t.Errorf("the former slug leads to %+v (%v)", found, err)
		}
		var former []string
		if err := d.Read().NewRaw("SELECT name FROM former_names WHERE object_id = ?", made.ID).Scan(ctxOf(t), &former); err != nil || len(former) != 1 || former[0] != "Ville de L'Haÿ" {
			t.Errorf("the former names are %v (%v)", former, err)
		}
		events := eventsOf(t, log, made.ID)
		if len(events) != 2 || strings.Join(events[1].Fields, ",") != "name,slug" || events[1].ActorKind != "person" {
			t.Errorf("the events are %+v", events)
		}
		zoned, err := w.AttachZone(ctxOf(t), manager, made.ID, "fr:commune:94038")
		if err != nil || *zoned.Zone != "fr:commune:94038" || zoned.Version != 3 {
			t.Errorf("the zone came back as %+v (%v)", zoned, err)
		}
		again, err := w.AttachZone(ctxOf(t), manager, made.ID, "fr:commune:94038")
		if err != nil || again.Version != 3 {
			t.Errorf("the same zone once more raised the version to %d (%v)", again.Version, err)
		}
		for name, err := range map[string]error{
			"by an editor": errorOf(w.RenameOrganization(ctxOf(t), Viewer{User: bob, Memberships: map[string]Role{made.ID: RoleEditor}}, made.ID, "X")),
			"by a visitor": errorOf(w.AttachZone(ctxOf(t), Viewer{User: bob}, made.ID, "")),
		} {
			if !fault.Is(err, fault.Forbidden) {
				t.Errorf("%s gives %v", name, err)
			}
		}
		if _, err := w.AttachZone(ctxOf(t), Nobody, made.ID, ""); !fault.Is(err, fault.Unauthorized) {
			t.Errorf("by nobody gives %v", err)
		}
	})
}

func errorOf[T any](_ T, err error) error { return err }

func TestRefusedOrganizations(t *testing.T) {
	d := dbtest.SQLite(t)
	w := NewWriter(event.NewLog(d))
	for _, c := range []struct {
		v     Viewer
		given NewOrganization
		want  fault.Code
	}{
		{operator, NewOrganization{Name: " "}, fault.Invalid},
		{operator, NewOrganization{Name: strings.Repeat("x", 256)}, fault.Invalid},
		{operator, NewOrganization{Name: "X", Acronym: strings.Repeat("x", 129)}, fault.Invalid},
		{operator, NewOrganization{Name: "X", Members: []NewMember{{db.NewID(), RoleAdmin}}}, fault.Invalid},
		{operator, NewOrganization{Name: "X", Members: []NewMember{{"", "chief"}}}, fault.Invalid},
		{Nobody, NewOrganization{Name: "X"}, fault.Unauthorized},
	} {
		if _, err := w.CreateOrganization(ctxOf(t), c.v, c.given); !fault.Is(err, c.want) {
			t.Errorf("%+v gives %v, want %s", c.given, err, c.want)
		}
	}
	var count int
	if err := d.Read().NewRaw("SELECT (SELECT count(*) FROM organizations) + (SELECT count(*) FROM events)").Scan(ctxOf(t), &count); err != nil || count != 0 {
		t.Errorf("refused organisations left %d rows (%v)", count, err)
	}
}

func TestSlugs(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, organizations := NewWriter(event.NewLog(d)), NewOrganizations(d, nil)
		make := func(name string) *Organization {
			t.Helper()
			o, err := w.CreateOrganization(ctxOf(t), operator, NewOrganization{Name: name})
			if err != nil {
				t.Fatal(err)
			}
			return o
		}
		rename := func(o *Organization, name string) string {
			t.Helper()
			renamed, err := w.RenameOrganization(ctxOf(t), operator, o.ID, name)
			if err != nil {
				t.Fatal(err)
			}
			return renamed.Slug
		}
		a, b := make("Alpha"), make("Alpha")
		if a.Slug != "alpha" || b.Slug != "alpha-1" {
			t.Fatalf("two of a name are %s and %s", a.Slug, b.Slug)
		}
		if slug := rename(b, "ALPHA!"); slug != "alpha-1" {
			t.Errorf("a name that asks for the same slug moved it to %s", slug)
		}
		if slug := rename(a, "Beta"); slug != "beta" {
			t.Errorf("renamed to the slug %s", slug)
		}
		c := make("Alpha")
		if found, err := organizations.Resolve(ctxOf(t), "alpha"); err != nil || c.Slug != "alpha" || found.ID != c.ID || found.Moved != "" {
			t.Errorf("a new object did not take over the former slug: %s, %+v (%v)", c.Slug, found, err)
		}
		rename(c, "Gamma")
		if slug := rename(a, "Alpha"); slug != "alpha" {
			t.Errorf("a former slug of another was not taken over: %s", slug)
		}
		if found, err := organizations.Resolve(ctxOf(t), "beta"); err != nil || found.ID != a.ID || found.Slug != "alpha" {
			t.Errorf("the slug before the last leads to %+v (%v)", found, err)
		}
		if empty := make("???"); empty.Slug != "organization" {
			t.Errorf("a name without letters got the slug %q", empty.Slug)
		}
		long := strings.Repeat("x", 255)
		if first, second := make(long), make(long); len(first.Slug) != 255 || second.Slug != long[:253]+"-1" {
			t.Errorf("long names got slugs of %d and %d bytes", len(first.Slug), len(second.Slug))
		}
		for i := range 12 {
			if o := make("Delta"); i > 0 && o.Slug != fmt.Sprintf("delta-%d", i) {
				t.Errorf("the slug number %d is %s", i, o.Slug)
			}
		}
	})
}

// Writes at once never get one slug, and none fails for it.
func TestSlugsUnderConcurrency(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := NewWriter(event.NewLog(d))
		slugs := make([]string, 12)
		var wg sync.WaitGroup
		for i := range slugs {
			wg.Add(1)
			go func() {
				defer wg.Done()
				o, err := w.CreateOrganization(ctxOf(t), operator, NewOrganization{Name: "Same"})
				if err != nil {
					t.Error(err)
					return
				}
				slugs[i] = o.Slug
			}()
		}
		wg.Wait()
		slices.Sort(slugs)
		if len(slices.Compact(slugs)) != 12 {
			t.Errorf("twelve writes got the slugs %v", slugs)
		}
	})
}

func TestSecretIsDrawnOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		secrets := make([]string, 8)
		var wg sync.WaitGroup
		for i := range secrets {
			wg.Add(1)
			go func() {
				defer wg.Done()
				secret, err := Secret(ctxOf(t), d, SecretOfTokens)
				if err != nil {
					t.Error(err)
				}
				secrets[i] = string(secret)
			}()
		}
		wg.Wait()
		for _, secret := range secrets {
			if secret != secrets[0] || len(secret) != 32 {
				t.Fatalf("eight callers got %x", secrets)
			}
		}
		other, err := Secret(ctxOf(t), d, "another")
		if err != nil || string(other) == secrets[0] {
			t.Errorf("another name has the secret %x (%v)", other, err)
		}
	})
}

func TestDamagedSecretIsRefused(t *testing.T) {
	d := dbtest.SQLite(t)
	err := d.Write(ctxOf(t), db.People, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewRaw("INSERT INTO settings (name, value) VALUES (?, 'abc')", SecretOfTokens).Exec(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Secret(ctxOf(t), d, SecretOfTokens); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("a damaged secret gives %v", err)
	}
}

func TestFindToken(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		user := mustUser(t, NewWriter(event.NewLog(d)), "ada@example.org")
		tokens := NewTokens(d, []byte("secret"))
		token, plain, err := tokens.Create(ctxOf(t), user.ID, "one", nil, db.Time{})
		if err != nil {
			t.Fatal(err)
		}
		for _, given := range []string{token.ID, plain, token.Prefix, " " + plain + "\n"} {
			if found, err := tokens.Find(ctxOf(t), operator, given); err != nil || found.ID != token.ID {
				t.Errorf("%q finds %+v (%v)", given, found, err)
			}
		}
		for _, given := range []string{"", plain + "x", plain[:20], "udata_"} {
			if found, err := tokens.Find(ctxOf(t), operator, given); !fault.Is(err, fault.NotFound) {
				t.Errorf("%q finds %+v (%v)", given, found, err)
			}
		}
		if _, err := tokens.Find(ctxOf(t), Viewer{User: user}, token.ID); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a person without rights gets %v", err)
		}
	})
}
