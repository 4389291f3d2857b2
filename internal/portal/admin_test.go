package portal

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"grenier/internal/account"
	"grenier/internal/account/oauth"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/event"
	"grenier/internal/limit"
)

// signedSite is a site where people can log in.
type signedSite struct {
	*site
	accounts *account.Writer
	sessions *account.Sessions
}

// sessionCookie is the cookie of the tests' sessions.
const sessionCookie = "__Host-session"

// newSignedSite serves a portal with accounts; change may set its dependencies.
func newSignedSite(t *testing.T, change func(*Deps)) *signedSite {
	t.Helper()
	return newSignedSiteOn(t, dbtest.SQLite(t), change)
}

// newSignedSiteOn is newSignedSite over a database.
func newSignedSiteOn(t *testing.T, d *db.DB, change func(*Deps)) *signedSite {
	t.Helper()
	secret := []byte("secret of the tests")
	s := &signedSite{sessions: account.NewSessions(d, secret, 0)}
	s.accounts = account.NewWriter(event.NewLog(d)).With(account.Deps{
		Secret: secret, Sessions: s.sessions, Rates: limit.NewRates(d), Rules: account.Rules{Registration: true},
	})
	s.site = newSite(t, d, func(deps *Deps) {
		deps.Accounts, deps.Sessions, deps.SessionCookie, deps.Registration = s.accounts, s.sessions, "session", func() bool { return true }
		deps.Tokens, deps.Programs = account.NewTokens(d, secret), oauth.New(d, event.NewLog(d), secret, oauth.Options{})
		if change != nil {
			change(deps)
		}
	})
	return s
}

const goodPassword = "Grain-de-ble-7"

// person makes an account and gives the text of a session of theirs.
func (s *signedSite) person(email string, admin bool) (*account.User, string) {
	s.t.Helper()
	user, err := s.accounts.CreateUser(context.Background(), account.System("tests"), account.NewUser{
		Email: email, FirstName: "Ada", LastName: "Grain", Password: goodPassword, Admin: admin,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	entry, err := s.accounts.Login(context.Background(), account.Credentials{
		Email: email, Password: goodPassword, From: account.From{Address: netip.MustParseAddr("192.0.2.1")},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return user, entry.Plain
}

// ask sends a request of a browser; a form is posted when there is one.
func (s *signedSite) ask(target, session string, form url.Values) *httptest.ResponseRecorder {
	s.t.Helper()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	if form != nil {
		r = httptest.NewRequest(http.MethodPost, target, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	r.Header.Set("Accept", "text/html")
	if session != "" {
		r.AddCookie(&http.Cookie{Name: sessionCookie, Value: session})
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w
}

func TestAdminIsForPeople(t *testing.T) {
	s := newSignedSite(t, nil)
	for target, want := range map[string]string{"/admin": "/login?next=%2Fadmin", "/en/admin?x=1": "/en/login?next=%2Fen%2Fadmin%3Fx%3D1"} {
		got := s.ask(target, "", nil)
		if got.Code != http.StatusFound || got.Header().Get("Location") != want {
			t.Errorf("%s: %d to %q, want %q", target, got.Code, got.Header().Get("Location"), want)
		}
	}
	_, session := s.person("ada@example.org", false)
	got := s.ask("/en/admin", session, nil)
	body := got.Body.String()
	if got.Code != http.StatusOK || !strings.Contains(body, "Hello Ada") || !strings.Contains(body, `action="/en/logout"`) {
		t.Errorf("%d, without the name or the way out:\n%s", got.Code, body)
	}
	if control := got.Header().Get("Cache-Control"); control != "private, no-store" {
		t.Errorf("Cache-Control: %s", control)
	}
}

func TestLogin(t *testing.T) {
	s := newSignedSite(t, nil)
	s.person("ada@example.org", false)
	wrong := s.ask("/login", "", url.Values{"email": {"ada@example.org"}, "password": {"nonsense"}, "next": {"/admin"}})
	body := wrong.Body.String()
	if wrong.Code != http.StatusBadRequest || !strings.Contains(body, "Adresse ou mot de passe incorrect") || !strings.Contains(body, `value="ada@example.org"`) {
		t.Errorf("%d, without the reason or what was typed", wrong.Code)
	}
	if strings.Contains(body, "nonsense") {
		t.Error("the page shows a password")
	}
	for next, want := range map[string]string{
		"": "/admin", "/datasets/x?page=2": "/datasets/x?page=2", "//evil.example/x": "/admin", "https://evil.example": "/admin",
		`/\evil.example`: "/admin", "/\t/evil.example": "/admin", "javascript:alert(1)": "/admin", "/%2f/evil.example": "/admin",
	} {
		got := s.ask("/login", "", url.Values{"email": {"ada@example.org"}, "password": {goodPassword}, "next": {next}})
		if got.Code != http.StatusSeeOther || got.Header().Get("Location") != want {
			t.Errorf("next %q: %d to %q, want %q", next, got.Code, got.Header().Get("Location"), want)
		}
		if cookie := got.Header().Get("Set-Cookie"); !strings.HasPrefix(cookie, sessionCookie+"=") || !strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "SameSite=Lax") {
			t.Errorf("the cookie is %q", cookie)
		}
	}
}

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	s := newSignedSite(t, nil)
	r := httptest.NewRequest(http.MethodPost, "/login", strings.NewReader("email=a"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	if w.Code != http.StatusForbidden {
		t.Errorf("%d", w.Code)
	}
	for kind, want := range map[string]int{"application/json": http.StatusUnsupportedMediaType, "multipart/form-data": http.StatusUnsupportedMediaType} {
		r := httptest.NewRequest(http.MethodPost, "/login", strings.NewReader("{}"))
		r.Header.Set("Content-Type", kind)
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%s: %d, want %d", kind, w.Code, want)
		}
	}
}

func TestRegisterTellsAllAtOnce(t *testing.T) {
	s := newSignedSite(t, nil)
	got := s.ask("/en/register", "", url.Values{"first_name": {"<b>Ada</b>"}, "email": {"nobody"}, "password": {"abc"}, "password_confirm": {"abd"}})
	body := got.Body.String()
	if got.Code != http.StatusBadRequest {
		t.Fatalf("%d", got.Code)
	}
	for _, want := range []string{
		`href="#register-last-name"`, `href="#register-email"`, `id="register-email"`, `aria-invalid="true"`, `aria-describedby="register-email-help register-email-error"`,
		"The two passwords differ", "The terms of use must be accepted", "&lt;b&gt;Ada&lt;/b&gt;", "It lacks a digit",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(body, "abd") {
		t.Error("the page shows a password")
	}
	good := s.ask("/en/register", "", url.Values{
		"first_name": {"Ada"}, "last_name": {"Grain"}, "email": {"new@example.org"}, "password": {goodPassword}, "password_confirm": {goodPassword},
		"accept_conditions": {"true"},
	})
	if good.Code != http.StatusSeeOther || good.Header().Get("Location") != "/en/register/sent" {
		t.Errorf("%d to %q", good.Code, good.Header().Get("Location"))
	}
	if sent := s.ask("/en/register/sent", "", nil); sent.Code != http.StatusOK {
		t.Errorf("%d", sent.Code)
	}
}

func TestReadOnlyModeShows(t *testing.T) {
	s := newSignedSite(t, func(d *Deps) { d.ReadOnly = func() bool { return true } })
	_, session := s.person("ada@example.org", false)
	if body := s.ask("/en/admin", session, nil).Body.String(); !strings.Contains(body, "The site is read-only") {
		t.Error("the page does not tell of the read-only mode")
	}
	_, admin := s.person("root@example.org", true)
	if body := s.ask("/en/admin", admin, nil).Body.String(); strings.Contains(body, "The site is read-only") {
		t.Error("administrators are exempt")
	}
}

func TestOnlyKnownNoticesAreShown(t *testing.T) {
	s := newSignedSite(t, nil)
	if body := s.ask("/en?flash=logout", "", nil).Body.String(); !strings.Contains(body, "You are logged out.") {
		t.Error("the notice is missing")
	}
	_, session := s.person("ada@example.org", false)
	for _, target := range []string{"/en?flash=you-won", "/en/admin?done=admin.home", "/en/admin?done=admin.done-nonsense", "/en?done=admin.menu"} {
		if body := s.ask(target, session, nil).Body.String(); strings.Contains(body, `class="wide notices"`) {
			t.Errorf("%s shows a notice", target)
		}
	}
}

// Who has not confirmed their address is helped on once their password is right, and nobody else is told anything.
func TestLoginBeforeTheConfirmation(t *testing.T) {
	s := newSignedSite(t, nil)
	if err := s.accounts.Register(context.Background(), account.Registration{
		Email: "ada@example.org", FirstName: "Ada", LastName: "Grain", Password: goodPassword, PasswordConfirm: goodPassword, Conditions: true,
	}); err != nil {
		t.Fatal(err)
	}
	const again = "Send the confirmation again"
	for password, told := range map[string]bool{goodPassword: true, "Wrong-password-1": false} {
		got := s.ask("/en/login", "", url.Values{"email": {"ada@example.org"}, "password": {password}})
		if got.Code != http.StatusBadRequest || strings.Contains(got.Body.String(), again) != told {
			t.Errorf("with %s: %d, told %v: %s", password, got.Code, !told, mainOf(got.Body.String()))
		}
	}
	if body := s.ask("/en/login", "", nil).Body.String(); strings.Contains(body, again) {
		t.Error("the page offers a confirmation to everybody")
	}
	if sent := s.ask("/en/confirm", "", url.Values{"email": {"ada@example.org"}}); sent.Code != http.StatusSeeOther || sent.Header().Get("Location") != "/en/confirm/sent" {
		t.Errorf("%d to %q", sent.Code, sent.Header().Get("Location"))
	}
	if body := s.ask("/en/login?flash=post_confirm", "", nil).Body.String(); !strings.Contains(body, "Your address is confirmed") || !strings.Contains(body, `name="password"`) {
		t.Error("the link of the letter does not end where one logs in")
	}
}

func TestFirstStart(t *testing.T) {
	s := newSignedSite(t, func(d *Deps) { d.Program, d.ProgramData = "bin/grenier", "--data /srv/grain" })
	if body := s.ask("/en/setup?code=wrong", "", nil).Body.String(); !strings.Contains(body, "This link does not work") {
		t.Error("a wrong code opens the page")
	}
	code, err := s.accounts.SetupCode(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if body := s.ask("/en/setup?code="+code, "", nil).Body.String(); strings.Count(body, "<fieldset") != 3 {
		t.Error("the page does not ask three questions")
	} else {
		onceEach(t, body)
	}
	got := s.ask("/en/setup", "", url.Values{
		"code": {code}, "title": {"Grain"}, "language": {"fr"}, "first_name": {"Ada"}, "last_name": {"Grain"}, "email": {"ada@example.org"}, "password": {goodPassword},
	})
	if got.Code != http.StatusSeeOther || got.Header().Get("Location") != "/en/setup/done" {
		t.Fatalf("%d to %q", got.Code, got.Header().Get("Location"))
	}
	session, _, _ := strings.Cut(strings.TrimPrefix(got.Header().Get("Set-Cookie"), sessionCookie+"="), ";")
	if done := s.ask("/en/setup/done", session, nil); done.Code != http.StatusOK || !strings.Contains(done.Body.String(), "<code>bin/grenier import catalog datasets.csv resources.csv organizations.csv --data /srv/grain</code>") {
		t.Errorf("%d: %s", done.Code, mainOf(done.Body.String()))
	} else {
		onceEach(t, done.Body.String())
	}
	if body := s.ask("/en/setup?code="+code, "", nil).Body.String(); !strings.Contains(body, "This link does not work") {
		t.Error("the code works twice")
	}
}
