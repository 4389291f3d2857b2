package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"grenier/internal/account"
	"grenier/internal/api"
	"grenier/internal/api/apitest"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/limit"
)

// sessionAsks are requests about the caller's account.
var sessionAsks = []ask{
	{path: "/api/2/me/sessions/", status: http.StatusUnauthorized},
	{path: "/api/2/me/sessions/", as: "ada", want: want{"#": 0.0}},
	{path: "/api/2/me/second_factor/", as: "ada", want: want{"keys": "demanded,recovery_codes,set_at", "recovery_codes": 0.0, "set_at": nil}},
	{path: "/api/2/me/export/", as: "ada"},
	{path: "/get-csrf", want: want{"meta.code": 200.0, "response.keys": "csrf_token"}},
}

const sessionPassword = "Babbage1842"

// sessionCookie is how browsers call the cookie of a session of a site with https.
const sessionCookie = "__Host-" + api.SessionCookie

// browser is somebody who keeps cookies.
type browser struct {
	*apitest.Server
	t       *testing.T
	cookies map[string]string
	set     []*http.Cookie
}

func newBrowser(t *testing.T, s *apitest.Server) *browser {
	return &browser{Server: s, t: t, cookies: map[string]string{}}
}

// send sends a request with the cookies, and keeps those that come back.
func (b *browser) send(method, path string, body any, headers ...string) apitest.Answer {
	b.t.Helper()
	var pairs []string
	for name, value := range b.cookies {
		pairs = append(pairs, name+"="+value)
	}
	if len(pairs) > 0 {
		headers = append(headers, "Cookie", strings.Join(pairs, "; "))
	}
	answer := b.Do(method, path, body, headers...)
	b.set = (&http.Response{Header: answer.Header}).Cookies()
	for _, cookie := range b.set {
		if cookie.MaxAge < 0 {
			delete(b.cookies, cookie.Name)
		} else {
			b.cookies[cookie.Name] = cookie.Value
		}
	}
	return answer
}

func (b *browser) must(status int, method, path string, body any, headers ...string) apitest.Answer {
	b.t.Helper()
	answer := b.send(method, path, body, headers...)
	if answer.Status != status {
		b.t.Fatalf("%s %s: %d %s", method, path, answer.Status, answer.Body)
	}
	return answer
}

func (b *browser) login(email, password string) apitest.Answer {
	b.t.Helper()
	return b.must(http.StatusOK, "POST", "/login/", map[string]any{"email": email, "password": password})
}

// lastLink is the path of the button of the newest letter.
func lastLink(t *testing.T, s *apitest.Server, kind, prefix string) string {
	t.Helper()
	letters := s.Letters()
	letter := letters[len(letters)-1]
	_, rest, found := strings.Cut(letter.Plain, apitest.Base+prefix)
	if letter.Kind != kind || !found {
		t.Fatalf("the last letter is %s: %s", letter.Kind, letter.Plain)
	}
	return prefix + strings.Fields(rest)[0]
}

func sessionPerson(t *testing.T, s *apitest.Server, email string) *account.User {
	t.Helper()
	user, err := s.Accounts.CreateUser(t.Context(), account.System("test"), account.NewUser{
		Email: email, FirstName: "Ada", LastName: "Example", Password: sessionPassword,
	})
	if err != nil {
		t.Fatal(err)
	}
	return user
}

func TestAccountByTheAPI(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := apitest.New(t, d)
		b := newBrowser(t, s)
		b.must(http.StatusOK, "POST", "/register/", map[string]any{
			"email": "ada@example.org", "password": sessionPassword, "password_confirm": sessionPassword, "first_name": "Ada",
			"last_name": "Lovelace", "accept_conditions": true,
		})
		refused := b.must(http.StatusBadRequest, "POST", "/login/", map[string]any{"email": "ada@example.org", "password": sessionPassword})
		if !strings.Contains(string(refused.Body), "not confirmed") || len(b.cookies) != 0 {
			t.Errorf("before the confirmation: %s", refused.Body)
		}
		link := lastLink(t, s, "account.confirm", "/confirm/")
		if to := b.must(http.StatusFound, "GET", link+"x", nil).Header.Get("Location"); to != apitest.Base+"/?flash=confirm_error" {
			t.Errorf("a tampered link leads to %s", to)
		}
		if to := b.must(http.StatusFound, "GET", link, nil).Header.Get("Location"); to != apitest.Base+"/login?flash=post_confirm" || len(b.cookies) != 0 {
			t.Errorf("the link leads to %s, with %v", to, b.cookies)
		}
		b.login("ada@example.org", sessionPassword)
		cookie := b.set[0]
		if cookie.Name != sessionCookie || !cookie.HttpOnly || !cookie.Secure || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" || cookie.MaxAge != 0 {
			t.Errorf("the cookie is %+v", cookie)
		}
		b.must(http.StatusOK, "GET", "/api/1/me/", nil)
		var sessions []api.Session
		if err := json.Unmarshal(b.must(http.StatusOK, "GET", "/api/2/me/sessions/", nil).Body, &sessions); err != nil || len(sessions) != 1 || !sessions[0].Current {
			t.Errorf("sessions: %+v, %v", sessions, err)
		}
		b.must(http.StatusNoContent, "POST", "/api/2/me/email/", map[string]any{"new_email": "new@example.org", "new_email_confirm": "new@example.org"})
		address := lastLink(t, s, "account.address", "/confirm-change-email/")
		if to := b.must(http.StatusFound, "GET", address, nil).Header.Get("Location"); to != apitest.Base+"/?flash=change_email_confirmed" {
			t.Errorf("the link of the address leads to %s", to)
		}
		if to := b.must(http.StatusFound, "GET", address, nil).Header.Get("Location"); to != apitest.Base+"/?flash=change_email_invalid" {
			t.Errorf("the second time it leads to %s", to)
		}
		before := b.cookies[sessionCookie]
		b.must(http.StatusOK, "POST", "/change/", map[string]any{"password": sessionPassword, "new_password": "Other1842", "new_password_confirm": "Other1842"})
		if b.cookies[sessionCookie] == before {
			t.Error("the session has the same text after the password changed")
		}
		b.must(http.StatusOK, "GET", "/api/1/me/", nil)
		if body := string(b.must(http.StatusOK, "POST", "/logout/", map[string]any{}).Body); body != "{}" {
			t.Errorf("the logout answers %s", body)
		}
		b.must(http.StatusUnauthorized, "GET", "/api/1/me/", nil)
		b.must(http.StatusOK, "POST", "/reset/", map[string]any{"email": "new@example.org"})
		reset := lastLink(t, s, "account.reset", "/reset/")
		b.must(http.StatusOK, "POST", reset+"/", map[string]any{"password": "Third1842", "password_confirm": "Third1842"})
		b.must(http.StatusBadRequest, "POST", reset+"/", map[string]any{"password": "Fourth1842", "password_confirm": "Fourth1842"})
		b.login("new@example.org", "Third1842")
		b.must(http.StatusFound, "GET", "/logout/", nil, "Sec-Fetch-Site", "cross-site")
		b.must(http.StatusOK, "GET", "/api/1/me/", nil) // a page of another site ends no session
		if to := b.must(http.StatusFound, "GET", "/logout/", nil).Header.Get("Location"); to != apitest.Base+"/?flash=logout" {
			t.Errorf("the logout by link leads to %s", to)
		}
		b.login("new@example.org", "Third1842")
		b.must(http.StatusNoContent, "POST", "/api/2/me/close/", nil)
		b.must(http.StatusUnauthorized, "GET", "/api/1/me/", nil)
	})
}

func TestSecondFactorByTheAPI(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := apitest.New(t, d)
		sessionPerson(t, s, "ada@example.org")
		b := newBrowser(t, s)
		b.login("ada@example.org", sessionPassword)
		setup := b.must(http.StatusOK, "POST", "/tf-setup", map[string]any{"setup": "authenticator"}).JSON(t)
		key := dig(setup, "response.tf_authr_key").(string)
		code := func(steps int) string {
			text, err := totp.GenerateCode(key, time.Now().Add(time.Duration(steps)*30*time.Second))
			if err != nil {
				t.Fatal(err)
			}
			return text
		}
		before := b.cookies[sessionCookie]
		done := b.must(http.StatusOK, "POST", "/tf-validate", map[string]any{"code": code(-1)}).JSON(t)
		recovery, _ := dig(done, "response.recovery_codes").([]any)
		if len(recovery) != 10 || b.cookies[sessionCookie] == before {
			t.Errorf("set up: %v", done)
		}
		other := newBrowser(t, s)
		first := other.login("ada@example.org", sessionPassword).JSON(t)
		if dig(first, "response.tf_required") != true || dig(first, "response.tf_state") != "ready" || other.cookies[sessionCookie] != "" {
			t.Errorf("the first step answers %v, with %v", first, other.cookies)
		}
		other.must(http.StatusUnauthorized, "GET", "/api/1/me/", nil)
		other.must(http.StatusBadRequest, "POST", "/tf-validate", map[string]any{"code": "000000x"})
		other.must(http.StatusOK, "POST", "/tf-validate", map[string]any{"code": code(0)})
		other.must(http.StatusOK, "GET", "/api/1/me/", nil)
		third := newBrowser(t, s)
		third.login("ada@example.org", sessionPassword)
		third.must(http.StatusBadRequest, "POST", "/tf-validate", map[string]any{"code": code(0)})
		third.must(http.StatusOK, "POST", "/tf-rescue", map[string]any{"code": recovery[0]})
		third.must(http.StatusBadRequest, "POST", "/tf-setup/", map[string]any{"setup": "disable"})
		third.must(http.StatusBadRequest, "DELETE", "/api/2/me/second_factor/", map[string]any{"password": "Wrong-password-1"})
		third.must(http.StatusOK, "POST", "/tf-setup/", map[string]any{"setup": "disable", "password": sessionPassword})
		third.must(http.StatusOK, "GET", "/api/1/me/", nil)
		b.must(http.StatusUnauthorized, "GET", "/api/1/me/", nil)
	})
}

func TestSessionsAreNotFixed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := apitest.New(t, d)
		sessionPerson(t, s, "ada@example.org")
		b := newBrowser(t, s)
		b.cookies[sessionCookie] = "planted-by-somebody"
		b.must(http.StatusUnauthorized, "GET", "/api/1/me/", nil)
		b.must(http.StatusOK, "GET", "/api/1/datasets/", nil) // as anybody, not refused
		b.login("ada@example.org", sessionPassword)
		first := b.cookies[sessionCookie]
		if first == "planted-by-somebody" {
			t.Fatal("the login kept a text that somebody planted")
		}
		b.login("ada@example.org", sessionPassword)
		if b.cookies[sessionCookie] == first {
			t.Error("two logins have one text")
		}
		former := newBrowser(t, s)
		former.cookies[sessionCookie] = first
		former.must(http.StatusUnauthorized, "GET", "/api/1/me/", nil)
	})
}

func TestSessionsRefuseOtherSites(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := apitest.New(t, d)
		sessionPerson(t, s, "ada@example.org")
		b := newBrowser(t, s)
		login := map[string]any{"email": "ada@example.org", "password": sessionPassword}
		b.must(http.StatusForbidden, "POST", "/login/", login, "Origin", "https://evil.example.com")
		b.must(http.StatusForbidden, "POST", "/login/", login, "Sec-Fetch-Site", "cross-site")
		b.must(http.StatusOK, "POST", "/login/", login, "Origin", apitest.Base)
		b.must(http.StatusForbidden, "POST", "/api/2/me/close/", nil, "Sec-Fetch-Site", "cross-site")
		token := dig(b.must(http.StatusOK, "GET", "/get-csrf", nil).JSON(t), "response.csrf_token").(string)
		change := map[string]any{"password": sessionPassword, "new_password": "Other1842", "new_password_confirm": "Other1842"}
		b.must(http.StatusBadRequest, "POST", "/change/", change, "X-CSRFToken", "wrong")
		b.must(http.StatusOK, "POST", "/change/", change, "X-CSRFToken", token)
	})
}

func TestFailedTokensAreLimitedAndValidOnesAreNot(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := apitest.New(t, d)
		_, token := s.User("ada@example.org", false)
		for i := range limit.FailedToken.Most {
			if a := s.Get("/api/1/datasets/", "X-API-KEY", "udata_wrong"); a.Status != http.StatusUnauthorized {
				t.Fatalf("failure %d: %d %s", i, a.Status, a.Body)
			}
		}
		a := s.Get("/api/1/datasets/", "X-API-KEY", "udata_wrong")
		if a.Status != http.StatusTooManyRequests || a.Header.Get("Retry-After") == "" || !strings.Contains(string(a.Body), "tokens that do not work") {
			t.Errorf("after them: %d %s", a.Status, a.Body)
		}
		for range 3 {
			if a := s.Get("/api/1/me/", "X-API-KEY", token); a.Status != http.StatusOK {
				t.Errorf("a valid token: %d %s", a.Status, a.Body)
			}
		}
	})
}

// TestAccountRefuses is the table of what the routes of accounts refuse.
func TestAccountRefuses(t *testing.T) {
	s := apitest.New(t, dbtest.SQLite(t))
	sessionPerson(t, s, "ada@example.org")
	_, token := s.User("bob@example.org", false)
	in := newBrowser(t, s)
	in.login("ada@example.org", sessionPassword)
	anybody := newBrowser(t, s)
	full := func(change map[string]any) map[string]any {
		body := map[string]any{
			"email": "eve@example.org", "password": sessionPassword, "password_confirm": sessionPassword, "first_name": "Eve", "last_name": "Example",
			"accept_conditions": true,
		}
		for name, value := range change {
			body[name] = value
		}
		return body
	}
	type object = map[string]any
	for _, c := range []struct {
		who          *browser
		method, path string
		body         any
		status       int
		text         string
		headers      []string
	}{
		{anybody, "POST", "/login/", object{"email": "ada@example.org", "password": "Wrong1234"}, 400, "Invalid email address or password.", nil},
		{anybody, "POST", "/login/", object{}, 400, "Invalid email address or password.", nil},
		{anybody, "POST", "/login/", "[]", 400, "JSON object", nil},
		{anybody, "POST", "/login/", "{", 400, "not JSON", nil},
		{anybody, "POST", "/login/", object{"email": 1}, 400, "must be text", nil},
		{anybody, "POST", "/login/", "email=a", 415, "Content-Type", []string{"Content-Type", "application/x-www-form-urlencoded"}},
		{anybody, "POST", "/login/", object{"email": strings.Repeat("a", 100_000) + "@example.org", "password": "x"}, 400, "Invalid email", nil},
		{anybody, "POST", "/register/", full(object{"email": "eve"}), 400, `"email":["Invalid email address`, nil},
		{anybody, "POST", "/register/", full(object{"email": "eve@localhost"}), 400, `"email":["Invalid email address`, nil},
		{anybody, "POST", "/register/", full(object{"first_name": ""}), 400, `"first_name":["This field is required."]`, nil},
		{anybody, "POST", "/register/", full(object{"last_name": "www.example.com"}), 400, `"last_name":["URLs not allowed`, nil},
		{anybody, "POST", "/register/", full(object{"last_name": "a\nb"}), 400, `"last_name":`, nil},
		{anybody, "POST", "/register/", full(object{"password": "short1A", "password_confirm": "short1A"}), 400, "at least 8 characters", nil},
		{anybody, "POST", "/register/", full(object{"password_confirm": "Other1842"}), 400, `"password_confirm":["Passwords do not match"]`, nil},
		{anybody, "POST", "/register/", full(object{"accept_conditions": false}), 400, `"accept_conditions":`, nil},
		{anybody, "POST", "/register/", full(object{"accept_conditions": "yes"}), 400, "true or false", nil},
		{anybody, "POST", "/reset/", object{"email": "x"}, 400, `"email":`, nil},
		{anybody, "POST", "/reset/nonsense/", object{"password": "Other1842", "password_confirm": "Other1842"}, 400, "This link is not valid", nil},
		{anybody, "POST", "/reset/nonsense/", object{"password": "Other1842", "password_confirm": "x"}, 400, `"password_confirm":`, nil},
		{anybody, "POST", "/confirm/", object{"email": ""}, 400, `"email":["This field is required."]`, nil},
		{anybody, "POST", "/change/", object{}, 401, "authorized", nil},
		{anybody, "POST", "/change-email", object{}, 401, "authorized", nil},
		{anybody, "POST", "/verify", object{}, 401, "authorized", nil},
		{anybody, "POST", "/tf-setup", object{"setup": "authenticator"}, 400, "begin again", nil},
		{anybody, "POST", "/tf-setup", object{"setup": "sms"}, 400, `"setup":`, nil},
		{anybody, "POST", "/tf-validate", object{"code": "1"}, 400, "begin again", nil},
		{anybody, "POST", "/tf-rescue", object{"code": "1"}, 400, "begin again", nil},
		{anybody, "GET", "/api/2/me/export/", nil, 401, "authorized", nil},
		{anybody, "DELETE", "/api/2/me/sessions/", nil, 401, "authorized", nil},
		{in, "POST", "/change/", object{"password": "Wrong1234", "new_password": "Other1842", "new_password_confirm": "Other1842"}, 400, `"password":["Invalid password"]`, nil},
		{in, "POST", "/change/", object{"password": sessionPassword, "new_password": "weak", "new_password_confirm": "weak"}, 400, `"new_password":`, nil},
		{in, "POST", "/change/", object{"password": sessionPassword, "new_password": sessionPassword, "new_password_confirm": sessionPassword}, 400, "must be different", nil},
		{in, "POST", "/change-email", object{"new_email": "x", "new_email_confirm": "x"}, 400, `"new_email":`, nil},
		{in, "POST", "/change-email", object{"new_email": "n@example.org", "new_email_confirm": "m@example.org"}, 400, `"new_email_confirm":`, nil},
		{in, "POST", "/change-email", object{"new_email": "ada@example.org", "new_email_confirm": "ada@example.org"}, 400, "must be different", nil},
		{in, "POST", "/verify", object{"password": "Wrong1234"}, 400, "Invalid password", nil},
		{in, "POST", "/tf-setup", object{"setup": "disable"}, 409, "no second factor", nil},
		{in, "POST", "/tf-validate", object{"code": "123456"}, 400, "begin again", nil},
		{in, "PUT", "/api/2/me/second_factor/", object{"code": "123456", "state": "x"}, 400, "begin again", nil},
		{in, "DELETE", "/api/2/me/second_factor/", object{"password": sessionPassword}, 409, "no second factor", nil},
		{in, "POST", "/api/2/me/second_factor/recovery_codes/", nil, 409, "no second factor", nil},
		{in, "DELETE", "/api/2/me/sessions/nonsense/", nil, 404, "Session not found", nil},
		{anybody, "POST", "/api/2/me/second_factor/", nil, 403, "log in with your password", []string{"X-API-KEY", token}},
		{anybody, "POST", "/api/2/me/email/", object{"new_email": "n@example.org", "new_email_confirm": "n@example.org"}, 403, "log in with your password", []string{"X-API-KEY", token}},
	} {
		a := c.who.send(c.method, c.path, c.body, c.headers...)
		if a.Status != c.status || !strings.Contains(string(a.Body), c.text) {
			t.Errorf("%s %s %v: %d %.300s", c.method, c.path, c.body, a.Status, a.Body)
		}
	}
	if len(s.Letters()) != 0 {
		t.Error("a refusal wrote letters")
	}
}

func TestOldLoginAddressesLeadToThePages(t *testing.T) {
	s := apitest.New(t, dbtest.SQLite(t))
	for path, target := range map[string]string{"/login/": "/login", "/register/": "/register", "/reset/": "/reset", "/reset/abc/": "/reset/abc", "/confirm/": "/confirm"} {
		if a := s.Get(path); a.Status != http.StatusFound || a.Header.Get("Location") != target {
			t.Errorf("%s leads to %d %s", path, a.Status, a.Header.Get("Location"))
		}
	}
}
