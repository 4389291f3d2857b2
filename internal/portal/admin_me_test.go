package portal

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/mail"
)

// again logs a person in once more.
func (s *signedSite) again(email, password string) string {
	s.t.Helper()
	entry, err := s.accounts.Login(context.Background(), account.Credentials{
		Email: email, Password: password, From: account.From{Address: netip.MustParseAddr("192.0.2.2"), Agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return entry.Plain
}

// shows fails unless a page has all of some texts.
func (s *signedSite) shows(target, session string, want ...string) string {
	s.t.Helper()
	got := s.ask(target, session, nil)
	body := got.Body.String()
	if got.Code != http.StatusOK {
		s.t.Fatalf("%s: %d\n%s", target, got.Code, body)
	}
	for _, text := range want {
		if !strings.Contains(body, text) {
			s.t.Errorf("%s lacks %q", target, text)
		}
	}
	return body
}

// posts fails unless a form leads to a place.
func (s *signedSite) posts(target, session, to string, form url.Values) string {
	s.t.Helper()
	got := s.ask(target, session, form)
	if got.Code != http.StatusSeeOther || got.Header().Get("Location") != to {
		s.t.Fatalf("%s: %d to %q, want %q\n%.2000s", target, got.Code, got.Header().Get("Location"), to, got.Body)
	}
	for _, cookie := range got.Result().Cookies() {
		if cookie.Name == sessionCookie {
			return cookie.Value
		}
	}
	return session
}

var myPages = []string{profilePath, securityPath, tokensPath, programsPath, programsPath + "/new", dataPath}

func TestMyPagesAreMine(t *testing.T) {
	s := newSignedSite(t, nil)
	_, session := s.person("ada@example.org", false)
	for _, page := range myPages {
		for _, lang := range []string{"", "/en"} {
			if got := s.ask(lang+page, "", nil); got.Code != http.StatusFound || !strings.HasPrefix(got.Header().Get("Location"), lang+"/login?next=") {
				t.Errorf("%s: %d to %q", lang+page, got.Code, got.Header().Get("Location"))
			}
			body := s.shows(lang+page, session, `<h1>`)
			if strings.Count(body, "<h1") != 1 || strings.Contains(body, "admin-me.") || strings.Contains(body, "admin-token.") || strings.Contains(body, "admin-program.") {
				t.Errorf("%s: %d titles, or a message without words", lang+page, strings.Count(body, "<h1"))
			}
		}
	}
	for _, form := range s.portal.forms {
		if strings.HasPrefix(form.Path, "/admin/me/") && !strings.Contains(form.Path, "{") && !strings.HasSuffix(form.Path, "/picture") {
			if got := s.ask(form.Path, "", url.Values{"x": {"y"}}); got.Code != http.StatusSeeOther || !strings.HasPrefix(got.Header().Get("Location"), "/login") {
				t.Errorf("POST %s: %d to %q", form.Path, got.Code, got.Header().Get("Location"))
			}
		}
	}
}

func TestMyProfile(t *testing.T) {
	s := newSignedSite(t, nil)
	ada, session := s.person("ada@example.org", false)
	s.posts(profilePath, session, profilePath+"?done=admin-me.done-profile", url.Values{
		"first_name": {"Ada"}, "last_name": {"<i>Grain</i>"}, "about": {"I count **grain**."}, "website": {"https://example.org/ada"}, "prefered_language": {"de"},
	})
	body := s.shows("/en"+profilePath+"?done=admin-me.done-profile", session, "Your profile is saved.", "&lt;i&gt;Grain", "I count **grain**.", "https://example.org/ada", `<option value="de" selected>Deutsch`)
	if strings.Contains(body, "<i>Grain") {
		t.Error("a name is taken for marks")
	}
	user, err := s.portal.People.Get(context.Background(), account.System("tests"), ada.ID)
	if err != nil || user.Language == nil || *user.Language != "de" || user.LetterTo(mail.Letter{}).Language != "de" {
		t.Errorf("letters are not in the chosen language: %v", err)
	}
	wrong := s.ask("/en"+profilePath, session, url.Values{"first_name": {""}, "last_name": {"Grain"}, "website": {"javascript:alert(1)"}, "about": {"kept"}, "prefered_language": {"xx"}})
	if page := wrong.Body.String(); wrong.Code != http.StatusBadRequest || !strings.Contains(page, "kept</textarea>") || !strings.Contains(page, `href="#profile-first-name"`) || !strings.Contains(page, `href="#profile-website"`) {
		t.Errorf("%d, without what is wrong or what was typed", wrong.Code)
	}
	stale := s.ask("/en"+profilePath, session, url.Values{"version": {"1"}, "first_name": {"Eve"}, "last_name": {"Grain"}})
	if stale.Code != http.StatusPreconditionFailed || !strings.Contains(stale.Body.String(), `value="Eve"`) {
		t.Errorf("a stale form: %d", stale.Code)
	}
}

func TestMyPassword(t *testing.T) {
	s := newSignedSite(t, nil)
	_, session := s.person("ada@example.org", false)
	other := s.again("ada@example.org", goodPassword)
	wrong := s.ask("/en"+securityPath+"/password", session, url.Values{"password": {"nonsense"}, "new_password": {"Other-grain-8"}, "new_password_confirm": {"Other-grain-8"}})
	if body := wrong.Body.String(); wrong.Code != http.StatusBadRequest || !strings.Contains(body, `href="#password-password"`) || strings.Contains(body, "Other-grain-8") {
		t.Errorf("%d, or a password is shown", wrong.Code)
	}
	s.posts(securityPath+"/password", session, securityPath+"?done=admin-me.done-password", url.Values{
		"password": {goodPassword}, "new_password": {"Other-grain-8"}, "new_password_confirm": {"Other-grain-8"},
	})
	if got := s.ask(securityPath, other, nil); got.Code != http.StatusFound {
		t.Errorf("the other session is open: %d", got.Code)
	}
	s.again("ada@example.org", "Other-grain-8")
}

func TestMySessions(t *testing.T) {
	s := newSignedSite(t, nil)
	_, session := s.person("ada@example.org", false)
	_, eve := s.person("eve@example.org", false)
	s.again("ada@example.org", goodPassword)
	body := s.shows("/en"+securityPath, session, "Firefox on Linux", "this device", "192.0.2.2", "Log out all others")
	ends := regexp.MustCompile(`action="(/en/admin/me/security/sessions/[^"]+)"`).FindStringSubmatch(body)
	if ends == nil {
		t.Fatal("no other session can be ended")
	}
	if got := s.ask(ends[1], eve, url.Values{"x": {"y"}}); got.Code != http.StatusNotFound {
		t.Errorf("somebody else's session: %d", got.Code)
	}
	s.posts(ends[1], session, "/en"+securityPath+"?done=admin-me.done-session", url.Values{"x": {"y"}})
	if body := s.shows("/en"+securityPath, session, "this device"); strings.Contains(body, "Firefox on Linux") {
		t.Error("the session is still there")
	}
	other := s.again("ada@example.org", goodPassword)
	s.posts(securityPath+"/sessions", session, securityPath+"?done=admin-me.done-sessions", url.Values{"x": {"y"}})
	if got := s.ask(securityPath, other, nil); got.Code != http.StatusFound {
		t.Errorf("another session is open: %d", got.Code)
	}
}

func TestMySecondFactor(t *testing.T) {
	s := newSignedSite(t, nil)
	_, session := s.person("ada@example.org", false)
	body := s.shows("/en"+factorPath, session, `src="data:image/png;base64,`, `name="state"`)
	secret := regexp.MustCompile(`name="secret" value="([A-Z2-7]+)"`).FindStringSubmatch(body)
	state := regexp.MustCompile(`name="state" value="([^"]+)"`).FindStringSubmatch(body)
	picture := regexp.MustCompile(`name="picture" value="([^"]+)"`).FindStringSubmatch(body)
	if secret == nil || state == nil || picture == nil {
		t.Fatal("the page holds no set-up")
	}
	form := url.Values{"secret": {secret[1]}, "state": {state[1]}, "picture": {strings.ReplaceAll(picture[1], "&#43;", "+")}, "code": {"000000"}}
	if wrong := s.ask("/en"+factorPath, session, form); wrong.Code != http.StatusBadRequest || !strings.Contains(wrong.Body.String(), secret[1]) || !strings.Contains(wrong.Body.String(), "data:image/png") {
		t.Errorf("a wrong code: %d, or another set-up", wrong.Code)
	}
	code, err := totp.GenerateCode(secret[1], time.Now())
	if err != nil {
		t.Fatal(err)
	}
	form.Set("code", code)
	codes := s.ask("/en"+factorPath, session, form)
	if page := codes.Body.String(); codes.Code != http.StatusOK || !strings.Contains(page, `id="codes"`) || strings.Count(page, "\n") < 10 {
		t.Fatalf("%d, without recovery codes", codes.Code)
	}
	for _, cookie := range codes.Result().Cookies() {
		if cookie.Name == sessionCookie {
			session = cookie.Value
		}
	}
	s.shows("/en"+securityPath, session, "10 recovery codes", "Draw new recovery codes", "Turn off")
	if got := s.ask(factorPath, session, nil); got.Code != http.StatusFound || got.Header().Get("Location") != securityPath {
		t.Errorf("a second set-up: %d to %q", got.Code, got.Header().Get("Location"))
	}
	if fresh := s.ask(factorPath+"/codes", session, url.Values{"x": {"y"}}); fresh.Code != http.StatusOK || !strings.Contains(fresh.Body.String(), `id="codes"`) {
		t.Errorf("other codes: %d", fresh.Code)
	}
	for _, wrong := range []url.Values{{"password": {""}}, {"password": {"Wrong-password-1"}}, {"code": {"000000"}}} {
		got := s.ask("/en"+factorPath+"/remove", session, wrong)
		if got.Code != http.StatusBadRequest || !strings.Contains(got.Body.String(), "<details class=\"more\" open>") {
			t.Errorf("the second factor is removed with %v: %d", wrong, got.Code)
		}
	}
	session = s.posts(factorPath+"/remove", session, securityPath+"?done=admin-me.done-factor-removed", url.Values{"password": {goodPassword}})
	s.shows("/en"+securityPath, session, "Turn the second proof on")
}

func TestSensitiveChangesAskWhoItIs(t *testing.T) {
	s := newSignedSite(t, nil)
	_, session := s.person("ada@example.org", false)
	err := s.d.Write(context.Background(), db.People, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewRaw("UPDATE sessions SET verified_at = 1").Exec(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s.shows("/en"+securityPath, session, `href="/en/verify?next=%2Fen%2Fadmin%2Fme%2Fsecurity"`)
	if got := s.ask("/en"+factorPath, session, nil); got.Code != http.StatusFound || got.Header().Get("Location") != "/en/verify?next=%2Fen%2Fadmin%2Fme%2Fsecurity%2Ffactor" {
		t.Errorf("%d to %q", got.Code, got.Header().Get("Location"))
	}
	for _, form := range []string{securityPath + "/email", dataPath + "/close"} {
		got := s.ask(form, session, url.Values{"new_email": {"new@example.org"}, "new_email_confirm": {"new@example.org"}, "typed": {"ada@example.org"}})
		if got.Code != http.StatusSeeOther || !strings.HasPrefix(got.Header().Get("Location"), "/verify?next=") {
			t.Errorf("%s: %d to %q", form, got.Code, got.Header().Get("Location"))
		}
	}
}

func TestClosingMyAccount(t *testing.T) {
	s := newSignedSite(t, nil)
	ada, session := s.person("ada@example.org", false)
	s.organization("valmont", ada, account.RoleAdmin)
	s.shows("/en"+dataPath, session, "You are the only administrator of an organization", "Org valmont", `href="/api/2/me/export/"`)
	wrong := s.ask("/en"+dataPath+"/close", session, url.Values{"typed": {"eve@example.org"}})
	if wrong.Code != http.StatusBadRequest || !strings.Contains(wrong.Body.String(), "<details class=\"more\" open>") {
		t.Errorf("%d", wrong.Code)
	}
	s.posts("/en"+dataPath+"/close", session, "/en?flash=closed", url.Values{"typed": {" ADA@example.org "}})
	if got := s.ask(dataPath, session, nil); got.Code != http.StatusFound {
		t.Errorf("the session is open: %d", got.Code)
	}
	if body := s.ask("/en?flash=closed", "", nil).Body.String(); !strings.Contains(body, "Your account is closed.") {
		t.Error("nothing says that the account is closed")
	}
}

// organization makes one with a member.
func (s *signedSite) organization(slug string, member *account.User, role account.Role) *account.Organization {
	s.t.Helper()
	o := &account.Organization{ID: db.NewID(), Version: 1, Slug: slug, Name: "Org " + slug, NameFold: "org " + slug, CreatedAt: db.Now(), ModifiedAt: db.Now(), Description: "x"}
	s.insert(o)
	s.insert(&account.Member{OrganizationID: o.ID, UserID: member.ID, Role: role, Since: db.Now()})
	return o
}

func TestMyTokens(t *testing.T) {
	s := newSignedSite(t, nil)
	ada, session := s.person("ada@example.org", false)
	valmont := s.organization("valmont", ada, account.RoleEditor)
	s.dataset(1, "Grain <b>prices</b>", nil)
	hidden := s.dataset(2, "Hidden", func(d *catalog.Dataset) { d.Private, d.Visible = true, false })
	plain := regexp.MustCompile(`<pre id="token-plain"[^>]*>(udata_[^<]+)</pre>`)
	for _, c := range []struct {
		form url.Values
		want []string
	}{
		{url.Values{"name": {"All"}, "scopes": {"admin"}, "expires_at": {""}}, []string{"No end"}},
		{url.Values{"name": {"Org"}, "scopes": {"organization"}, "organization": {valmont.ID}, "expires_at": {"30"}}, []string{"Only: Org valmont"}},
		{url.Values{"name": {"Set"}, "scopes": {"dataset"}, "dataset": {"https://example.org/datasets/dataset-1/"}, "expires_at": {"365"}}, []string{"Grain &lt;b&gt;prices&lt;/b&gt;"}},
	} {
		got := s.ask("/en"+tokensPath, session, c.form)
		found := plain.FindStringSubmatch(got.Body.String())
		if got.Code != http.StatusOK || found == nil || got.Header().Get("Cache-Control") != "private, no-store" {
			t.Fatalf("%v: %d without a token", c.form, got.Code)
		}
		for _, text := range c.want {
			if !strings.Contains(got.Body.String(), text) {
				t.Errorf("%v lacks %q", c.form, text)
			}
		}
		if viewer, err := s.portal.Tokens.Viewer(context.Background(), found[1], "tests/1"); err != nil || viewer.UserID() != ada.ID {
			t.Errorf("the token does not work: %v", err)
		}
		if body := s.shows("/en"+tokensPath, session, c.form.Get("name"), found[1][:14]+"…"); strings.Contains(body, found[1]) {
			t.Error("a token is shown twice")
		}
	}
	if err := s.portal.Tokens.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	body := s.shows("/en"+tokensPath, session, "tests/1")
	for name, form := range map[string]url.Values{
		"token-name":         {"scopes": {"read"}, "expires_at": {"30"}},
		"token-scopes":       {"name": {"x"}, "expires_at": {"30"}, "scopes": {"root"}},
		"token-organization": {"name": {"x"}, "scopes": {"organization"}, "expires_at": {"30"}},
		"token-dataset":      {"name": {"x"}, "scopes": {"dataset"}, "dataset": {"nothing"}, "expires_at": {"30"}},
		"token-expires-at":   {"name": {"x"}, "scopes": {"read"}, "expires_at": {"9999999"}},
	} {
		got := s.ask("/en"+tokensPath, session, form)
		if got.Code != http.StatusBadRequest || !strings.Contains(got.Body.String(), `href="#`+name+`"`) {
			t.Errorf("%s: %d", name, got.Code)
		}
	}
	if got := s.ask(tokensPath, session, url.Values{"name": {"x"}, "scopes": {"dataset"}, "dataset": {hidden.ID}, "expires_at": {"30"}}); got.Code != http.StatusBadRequest {
		t.Errorf("a token for what one does not see: %d", got.Code)
	}
	revoke := regexp.MustCompile(`action="(/en/admin/me/tokens/[^"]+/revoke)"`).FindStringSubmatch(body)
	_, eve := s.person("eve@example.org", false)
	if got := s.ask(revoke[1], eve, url.Values{"x": {"y"}}); got.Code != http.StatusNotFound {
		t.Errorf("somebody else's token: %d", got.Code)
	}
	s.posts(revoke[1], session, "/en"+tokensPath+"?done=admin-token.done-revoked", url.Values{"x": {"y"}})
}

func TestMyPrograms(t *testing.T) {
	s := newSignedSite(t, nil)
	ada, session := s.person("ada@example.org", false)
	_, eve := s.person("eve@example.org", false)
	valmont := s.organization("valmont", ada, account.RoleAdmin)
	form := url.Values{
		"name": {"Reader <b>1</b>"}, "description": {"Reads."}, "redirect_uris": {"https://example.org/a\nhttps://example.org/b"}, "scopes": {"read", "write"},
		"grant_types": {"authorization_code"}, "confidential": {"true"}, "organization": {valmont.ID},
	}
	made := s.ask("/en"+programsPath+"/new", session, form)
	secret := regexp.MustCompile(`>(grenier_secret_[^<]+)<`).FindStringSubmatch(made.Body.String())
	id := regexp.MustCompile(`<pre id="program-id"[^>]*>([^<]+)<`).FindStringSubmatch(made.Body.String())
	if made.Code != http.StatusOK || secret == nil || id == nil {
		t.Fatalf("%d\n%.3000s", made.Code, made.Body)
	}
	path := "/en" + programsPath + "/" + id[1]
	s.shows("/en"+programsPath, session, "Reader &lt;b&gt;1&lt;/b&gt;", "Org valmont", "On a server")
	body := s.shows(path, session, "https://example.org/a\nhttps://example.org/b", "/oauth/authorize", id[1])
	if strings.Contains(body, secret[1]) {
		t.Error("a secret is shown twice")
	}
	for _, target := range []string{path, path + "/secret", path + "/remove"} {
		var body url.Values
		if target != path {
			body = form
		}
		if got := s.ask(target, eve, body); got.Code != http.StatusNotFound {
			t.Errorf("%s of somebody else: %d", target, got.Code)
		}
	}
	form.Set("name", "Reader")
	form.Set("redirect_uris", "http://example.org/insecure")
	if wrong := s.ask(path, session, form); wrong.Code != http.StatusBadRequest || !strings.Contains(wrong.Body.String(), `href="#program-redirect-uris"`) || !strings.Contains(wrong.Body.String(), "http://example.org/insecure</textarea>") {
		t.Errorf("%d, without what is wrong or what was typed", wrong.Code)
	}
	form.Set("redirect_uris", "https://example.org/c")
	s.posts(path, session, path+"?done=admin-program.done-saved", form)
	again := s.ask(path+"/secret", session, url.Values{"x": {"y"}})
	if next := regexp.MustCompile(`>(grenier_secret_[^<]+)<`).FindStringSubmatch(again.Body.String()); next == nil || next[1] == secret[1] {
		t.Error("no other secret")
	}
	s.posts(path+"/remove", session, "/en"+programsPath+"?done=admin-program.done-removed", url.Values{"x": {"y"}})
	if got := s.ask(path, session, nil); got.Code != http.StatusNotFound {
		t.Errorf("a removed program: %d", got.Code)
	}
	if got := s.ask("/en"+programsPath+"/"+id[1]+"/withdraw", session, url.Values{"x": {"y"}}); got.Code != http.StatusNotFound {
		t.Errorf("a program that was never let do anything: %d", got.Code)
	}
}
