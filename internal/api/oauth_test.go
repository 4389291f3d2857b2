package api_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"grenier/internal/account"
	"grenier/internal/account/oauth"
	"grenier/internal/api/apitest"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
)

// oauthBench is a site with people, their sessions, and a public and a
// confidential program.
type oauthBench struct {
	*apitest.Server
	t           *testing.T
	ada         string // her identifier
	cookie, key string // her session and her token
	public      string
	private     string
	secret      string
}

const (
	oauthBack     = "https://app.example.org/callback"
	oauthVerifier = "a-verifier-that-is-long-enough-for-the-rules-0123456789"
)

func newOAuthBench(t *testing.T, d *db.DB) *oauthBench {
	t.Helper()
	b := &oauthBench{Server: apitest.New(t, d), t: t}
	b.ada, b.key = b.User("ada@example.org", false)
	b.cookie = b.session(b.ada)
	_, owner := b.User("owner@example.org", false)
	b.public, _ = b.register(owner, map[string]any{"name": "Explorer", "redirect_uris": []string{oauthBack}, "scopes": []string{"default", "read"}})
	b.private, b.secret = b.register(owner, map[string]any{
		"name": "Transport", "redirect_uris": []string{oauthBack}, "confidential": true, "grant_types": []string{"authorization_code", "client_credentials"},
	})
	return b
}

// session opens a session and returns its cookie.
func (b *oauthBench) session(user string) string {
	b.t.Helper()
	v, err := account.ViewerOf(context.Background(), b.DB.Read(), user)
	if err != nil {
		b.t.Fatal(err)
	}
	plain, _, err := b.Sessions.Start(context.Background(), v.User, account.SessionDetails{Agent: "test"})
	if err != nil {
		b.t.Fatal(err)
	}
	return sessionCookie + "=" + plain
}

func (b *oauthBench) register(key string, body any) (id, secret string) {
	b.t.Helper()
	a := b.Do("POST", "/api/2/oauth/clients/", body, "X-API-KEY", key)
	if a.Status != http.StatusCreated {
		b.t.Fatalf("%d %s", a.Status, a.Body)
	}
	return tokenMember(b.t, a, "id"), tokenMember(b.t, a, "secret")
}

// query is that of a good request; pairs change it, "" takes a member away.
func (b *oauthBench) query(client string, pairs ...string) string {
	sum := sha256.Sum256([]byte(oauthVerifier))
	q := url.Values{
		"response_type": {"code"}, "client_id": {client}, "redirect_uri": {oauthBack}, "scope": {"default"}, "state": {"s1"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if q.Del(pairs[i]); pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return "/oauth/authorize?" + q.Encode()
}

func (b *oauthBench) form(path string, values url.Values, headers ...string) apitest.Answer {
	b.t.Helper()
	return b.Do("POST", path, values.Encode(), append(headers, "Content-Type", "application/x-www-form-urlencoded")...)
}

// code lets a program act and returns what it gets.
func (b *oauthBench) code(path string) string {
	b.t.Helper()
	a := b.form(path, url.Values{"accept": {"1"}}, "Cookie", b.cookie)
	back, err := url.Parse(a.Header.Get("Location"))
	if err != nil || a.Status != http.StatusFound || back.Query().Get("state") != "s1" || !strings.HasPrefix(back.String(), oauthBack) {
		b.t.Fatalf("%d %s %s", a.Status, a.Header.Get("Location"), a.Body)
	}
	return back.Query().Get("code")
}

func oauthExchange(client, code string) url.Values {
	return url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {oauthBack}, "client_id": {client}, "code_verifier": {oauthVerifier},
	}
}

// oauthTokens are what a program was given.
type oauthTokens struct {
	Access    string `json:"access_token"`
	Refresh   string `json:"refresh_token"`
	Type      string `json:"token_type"`
	ExpiresIn int    `json:"expires_in"`
	Scope     string `json:"scope"`
	Error     string `json:"error"`
}

func (b *oauthBench) tokens(a apitest.Answer) oauthTokens {
	b.t.Helper()
	var got oauthTokens
	if err := json.Unmarshal(a.Body, &got); err != nil {
		b.t.Fatalf("%d %s: %v", a.Status, a.Body, err)
	}
	return got
}

// me tells who a bearer is: the status of their account.
func (b *oauthBench) me(access string) int {
	b.t.Helper()
	return b.Get("/api/1/me/", "Authorization", "Bearer "+access).Status
}

func TestProgramsActForPeople(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newOAuthBench(t, d)
		path := b.query(b.public)
		page := b.Get(path, "Cookie", b.cookie, "Accept", "text/html")
		for _, part := range []string{"Explorer", "owner Example", "app.example.org", `name="accept"`} {
			if !strings.Contains(string(page.Body), part) {
				t.Errorf("the page lacks %q: %s", part, page.Body)
			}
		}
		if !strings.Contains(page.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'") || strings.Contains(string(page.Body), "<script") {
			t.Errorf("the page may be framed: %v", page.Header)
		}
		asked := b.Get(path, "Cookie", b.cookie, "Accept", "application/json")
		if string(asked.Body) != `{"client":{"name":"Explorer"},"scopes":["default"]}` {
			t.Errorf("asked %s", asked.Body)
		}
		if info := b.Get(strings.Replace(path, "authorize", "client_info", 1), "Cookie", b.cookie); string(info.Body) != string(asked.Body) {
			t.Errorf("the info is %s", info.Body)
		}
		code := b.code(path)
		// Browsers send the form as multipart.
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		for name, values := range oauthExchange(b.public, code) {
			if err := form.WriteField(name, values[0]); err != nil {
				t.Fatal(err)
			}
		}
		if err := form.Close(); err != nil {
			t.Fatal(err)
		}
		answer := b.Do("POST", "/oauth/token", body.String(), "Content-Type", form.FormDataContentType())
		given := b.tokens(answer)
		if answer.Status != 200 || given.Type != "Bearer" || given.ExpiresIn < 2591990 || given.ExpiresIn > 2592000 || given.Scope != "default" ||
			!strings.HasPrefix(given.Access, "grenier_access_") || given.Refresh == "" || answer.Header.Get("Cache-Control") != "no-store" {
			t.Fatalf("%d %s", answer.Status, answer.Body)
		}
		if status := b.me(given.Access); status != 200 {
			t.Fatalf("the token gives %d", status)
		}
		if a := b.Get("/api/2/me/grants/", "X-API-KEY", b.key); !strings.Contains(string(a.Body), "Explorer") {
			t.Errorf("the person sees %s", a.Body)
		}
		// Revoked, it is as nobody's: silently.
		revoked := b.form("/oauth/revoke", url.Values{"token": {given.Access}, "client_id": {b.public}})
		if revoked.Status != 200 || string(revoked.Body) != "{}" {
			t.Errorf("revoked: %d %s", revoked.Status, revoked.Body)
		}
		if status := b.me(given.Access); status != 401 {
			t.Errorf("the revoked token gives %d", status)
		}
		if a := b.Get("/api/1/datasets/", "Authorization", "Bearer "+given.Access); a.Status != 200 {
			t.Errorf("a revoked token on a public list: %d", a.Status)
		}
		if a := b.form("/oauth/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {given.Refresh}, "client_id": {b.public}}); a.Status != 400 {
			t.Errorf("the refresh token survived: %d %s", a.Status, a.Body)
		}
	})
}

func TestCodesWorkOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newOAuthBench(t, d)
		code := b.code(b.query(b.public))
		var wait sync.WaitGroup
		statuses := make([]int, 4)
		given := make([]oauthTokens, 4)
		for i := range statuses {
			wait.Go(func() {
				a := b.form("/oauth/token", oauthExchange(b.public, code))
				statuses[i] = a.Status
				given[i] = b.tokens(a)
			})
		}
		wait.Wait()
		good, access := 0, ""
		for i, status := range statuses {
			if status == 200 {
				good, access = good+1, given[i].Access
			} else if given[i].Error != "invalid_grant" {
				t.Errorf("refused with %d %q", status, given[i].Error)
			}
		}
		if good != 1 {
			t.Fatalf("the code worked %d times", good)
		}
		if status := b.me(access); status != 401 {
			t.Errorf("a code used twice left its token working: %d", status)
		}
	})
}

func TestRefreshTokensAreRenewedAndTheirReuseEndsAll(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newOAuthBench(t, d)
		first := b.tokens(b.form("/oauth/token", oauthExchange(b.public, b.code(b.query(b.public)))))
		renew := func(refresh string) (int, oauthTokens) {
			a := b.form("/oauth/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}, "client_id": {b.public}})
			return a.Status, b.tokens(a)
		}
		status, second := renew(first.Refresh)
		if status != 200 || second.Refresh == first.Refresh || second.Access == first.Access || b.me(second.Access) != 200 || b.me(first.Access) != 401 {
			t.Fatalf("renewed: %d %+v", status, second)
		}
		if status, _ := renew(first.Refresh); status != 400 {
			t.Fatalf("a used refresh token gives %d", status)
		}
		if status, _ := renew(second.Refresh); status != 400 || b.me(second.Access) != 401 {
			t.Errorf("the family lives on after a reuse: %d", status)
		}
	})
}

func TestProgramsComeWithTheirOwnName(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newOAuthBench(t, d)
		basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(b.private+":"+b.secret))
		a := b.form("/oauth/token", url.Values{"grant_type": {"client_credentials"}}, "Authorization", basic)
		given := b.tokens(a)
		who := b.Get("/api/1/me/", "Authorization", "Bearer "+given.Access)
		if a.Status != 200 || given.Refresh != "" || !strings.Contains(string(who.Body), `"first_name":"owner"`) {
			t.Fatalf("%d %s acts as %s", a.Status, a.Body, who.Body)
		}
		post := b.form("/oauth/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {b.private}, "client_secret": {b.secret}})
		if post.Status != 200 {
			t.Errorf("the secret in the form: %d %s", post.Status, post.Body)
		}
		// The confidential client of a person keeps a code of its own too.
		code := oauthExchange(b.private, b.code(b.query(b.private)))
		code.Set("client_secret", b.secret)
		if a := b.form("/oauth/token", code); a.Status != 200 {
			t.Errorf("a code with a secret: %d %s", a.Status, a.Body)
		}
		// One that sends no proof key, as servers written before them do.
		plain := oauthExchange(b.private, b.code(b.query(b.private, "code_challenge", "", "code_challenge_method", "")))
		plain.Set("client_secret", b.secret)
		plain.Del("code_verifier")
		if a := b.form("/oauth/token", plain); a.Status != 200 {
			t.Errorf("a secret without a proof key: %d %s", a.Status, a.Body)
		}
		if err := b.Accounts.SetActive(t.Context(), account.System("test"), tokenMember(t, who, "id"), false); err != nil {
			t.Fatal(err)
		}
		if status := b.me(given.Access); status != 401 {
			t.Errorf("the token of a closed account gives %d", status)
		}
		if a := b.form("/oauth/token", url.Values{"grant_type": {"client_credentials"}}, "Authorization", basic); a.Status != 400 {
			t.Errorf("a closed account gets a token: %d %s", a.Status, a.Body)
		}
	})
}

// Programs of an organisation are known to all who administer it: with their
// own name they reach what is the organisation's alone.
func TestProgramsOfOrganizationsStayInThem(t *testing.T) {
	b := newOAuthBench(t, dbtest.SQLite(t))
	organization := b.Organization("Town", account.NewMember{UserID: b.ada, Role: account.RoleAdmin})
	id, secret := b.register(b.key, map[string]any{
		"name": "Robot", "confidential": true, "grant_types": []string{"client_credentials"}, "organization": organization,
	})
	given := b.tokens(b.form("/oauth/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}}))
	bearer := "Bearer " + given.Access
	if a := b.Do("POST", "/api/1/datasets/", map[string]any{"title": "Trees", "description": "All", "organization": organization}, "Authorization", bearer); a.Status != 201 {
		t.Errorf("of the organization: %d %s", a.Status, a.Body)
	}
	if a := b.Do("POST", "/api/1/datasets/", map[string]any{"title": "Trees", "description": "All"}, "Authorization", bearer); a.Status != 400 {
		t.Errorf("of the person: %d %s", a.Status, a.Body)
	}
	if a := b.Do("POST", "/api/1/me/api_tokens/", `{}`, "Authorization", bearer); a.Status != 403 {
		t.Errorf("a token of the person: %d %s", a.Status, a.Body)
	}
}

func TestAuthorizationsAreRefused(t *testing.T) {
	b := newOAuthBench(t, dbtest.SQLite(t))
	for _, c := range []struct {
		name, path, errorCode string
		status                int
		back                  bool // the program is told, not the person
	}{
		{"unknown program", b.query(db.NewID()), "invalid_client", 400, false},
		{"no program", b.query(""), "invalid_client", 400, false},
		{"hostile program", b.query("' OR 1=1 --"), "invalid_client", 400, false},
		{"another address", b.query(b.public, "redirect_uri", "https://evil.example.org/callback"), "invalid_request", 400, false},
		{"longer address", b.query(b.public, "redirect_uri", oauthBack+"/more"), "invalid_request", 400, false},
		{"address with a query", b.query(b.public, "redirect_uri", oauthBack+"?a=1"), "invalid_request", 400, false},
		{"script", b.query(b.public, "redirect_uri", "javascript:alert(1)"), "invalid_request", 400, false},
		{"asterisk", b.query(b.public, "redirect_uri", "https://*.example.org/callback"), "invalid_request", 400, false},
		{"no proof key", b.query(b.public, "code_challenge", "", "code_challenge_method", ""), "invalid_request", 302, true},
		{"plain proof key", b.query(b.public, "code_challenge_method", "plain"), "invalid_request", 302, true},
		{"implicit", b.query(b.public, "response_type", "token"), "unsupported_response_type", 302, true},
		{"no response type", b.query(b.public, "response_type", ""), "unsupported_response_type", 302, true},
		{"unknown scope", b.query(b.public, "scope", "everything"), "invalid_scope", 302, true},
		{"scope of others", b.query(b.public, "scope", "admin"), "invalid_scope", 302, true},
		{"fragment", b.query(b.public, "response_mode", "fragment"), "unsupported_response_mode", 302, true},
	} {
		a := b.form(c.path, url.Values{"accept": {"1"}}, "Cookie", b.cookie, "Accept", "application/json")
		location, err := url.Parse(a.Header.Get("Location"))
		if err != nil {
			t.Fatal(err)
		}
		told := ""
		if c.back {
			told = location.Query().Get("error")
			if !strings.HasPrefix(location.String(), oauthBack+"?") || location.Query().Get("code") != "" || location.Query().Get("state") != "s1" {
				t.Errorf("%s: led to %s", c.name, location)
			}
		} else if told = tokenMember(t, a, "error"); location.String() != "" {
			t.Errorf("%s: led to %s", c.name, location)
		}
		if a.Status != c.status || told != c.errorCode {
			t.Errorf("%s: got %d %q, not %d %q: %s", c.name, a.Status, told, c.status, c.errorCode, a.Body)
		}
	}
	declined := b.form(b.query(b.public), url.Values{"decline": {"1"}}, "Cookie", b.cookie)
	if !strings.HasPrefix(declined.Header.Get("Location"), oauthBack+"?error=access_denied") {
		t.Errorf("declined: %s", declined.Header.Get("Location"))
	}
	stateless := b.form(b.query(b.public, "state", ""), url.Values{"accept": {"1"}}, "Cookie", b.cookie).Header.Get("Location")
	if strings.Contains(stateless, "state") || !strings.Contains(stateless, "?code=") {
		t.Errorf("without a state: %s", stateless)
	}
	for _, values := range []url.Values{{}, {"accept": {"1"}, "decline": {"1"}}} {
		if a := b.form(b.query(b.public), values, "Cookie", b.cookie); strings.Contains(a.Header.Get("Location"), "code=") {
			t.Errorf("%v consents", values)
		}
	}
	foreign := b.form(b.query(b.public), url.Values{"accept": {"1"}}, "Cookie", b.cookie, "Origin", "https://evil.example.org", "Sec-Fetch-Site", "cross-site")
	if foreign.Status != 403 {
		t.Errorf("a page of another site consents: %d", foreign.Status)
	}
	for _, headers := range [][]string{nil, {"X-API-KEY", b.key}} {
		if a := b.form(b.query(b.public), url.Values{"accept": {"1"}}, headers...); a.Status != 401 {
			t.Errorf("%v consents: %d", headers, a.Status)
		}
		a := b.Get(b.query(b.public), append(headers, "Accept", "text/html")...)
		if a.Status != 302 || !strings.HasPrefix(a.Header.Get("Location"), "/login?next=%2Foauth%2Fauthorize%3F") {
			t.Errorf("%v: %d %s", headers, a.Status, a.Header.Get("Location"))
		}
		if a := b.Get(b.query(b.public), append(headers, "Accept", "application/json")...); a.Status != 401 {
			t.Errorf("%v: %d %s", headers, a.Status, a.Body)
		}
	}
}

func TestTokenRequestsAreRefused(t *testing.T) {
	b := newOAuthBench(t, dbtest.SQLite(t))
	fresh := func(change func(url.Values)) url.Values {
		values := oauthExchange(b.public, b.code(b.query(b.public)))
		change(values)
		return values
	}
	set := func(name, value string) url.Values { return fresh(func(v url.Values) { v.Set(name, value) }) }
	without := func(name string) url.Values { return fresh(func(v url.Values) { v.Del(name) }) }
	for _, c := range []struct {
		name, code string
		values     url.Values
		status     int
	}{
		{"nothing", "invalid_request", url.Values{}, 400},
		{"unknown grant", "invalid_request", set("grant_type", "magic"), 400},
		{"password", "invalid_request", url.Values{"grant_type": {"password"}, "username": {"ada@example.org"}, "password": {"x"}, "client_id": {b.public}}, 400},
		{"no verifier", "invalid_grant", without("code_verifier"), 400},
		{"wrong verifier", "invalid_grant", set("code_verifier", strings.Repeat("x", 50)), 400},
		{"short verifier", "invalid_grant", set("code_verifier", "x"), 400},
		{"another address", "invalid_grant", set("redirect_uri", "https://evil.example.org/callback"), 400},
		{"no address", "invalid_grant", without("redirect_uri"), 400},
		{"unknown code", "invalid_grant", set("code", "grenier_code_abc.def"), 400},
		{"no code", "invalid_grant", without("code"), 400},
		{"unknown program", "invalid_client", set("client_id", db.NewID()), 401},
		{"no program", "invalid_request", without("client_id"), 400},
		{"another program", "invalid_client", set("client_id", b.private), 401},
		{"wrong secret", "invalid_client", url.Values{"grant_type": {"client_credentials"}, "client_id": {b.private}, "client_secret": {"wrong"}}, 401},
		{"no secret", "invalid_client", url.Values{"grant_type": {"client_credentials"}, "client_id": {b.private}}, 401},
		{"public program alone", "invalid_grant", url.Values{"grant_type": {"client_credentials"}, "client_id": {b.public}}, 400},
		{"unknown refresh token", "invalid_grant", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"x.y"}, "client_id": {b.public}}, 400},
	} {
		a := b.form("/oauth/token", c.values)
		if got := b.tokens(a); a.Status != c.status || got.Error != c.code || got.Access != "" {
			t.Errorf("%s: got %d %s, not %d %q", c.name, a.Status, a.Body, c.status, c.code)
		}
	}
	// After a wrong proof, none at all is no better.
	values := set("code_verifier", strings.Repeat("x", 50))
	b.form("/oauth/token", values)
	values.Del("code_verifier")
	if a := b.form("/oauth/token", values); a.Status == 200 {
		t.Error("the proof key was forgotten")
	}
	for _, bearer := range []string{"", "x", "grenier_access_x.y", strings.Repeat("x", 5000), b.key, "a.b.c"} {
		if a := b.Get("/api/1/datasets/", "Authorization", "Bearer "+bearer); a.Status != 200 {
			t.Errorf("a wrong bearer %.20q gives %d", bearer, a.Status)
		}
	}
	// A program cannot end what was given to another.
	given := b.tokens(b.form("/oauth/token", oauthExchange(b.public, b.code(b.query(b.public)))))
	a := b.form("/oauth/revoke", url.Values{"token": {given.Access}, "client_id": {b.private}, "client_secret": {b.secret}})
	if b.me(given.Access) != 200 {
		t.Errorf("revoked by another: %d %s", a.Status, a.Body)
	}
	if a := b.form("/oauth/revoke", url.Values{"token": {"unknown"}, "client_id": {b.public}}); a.Status != 200 {
		t.Errorf("an unknown token: %d %s", a.Status, a.Body)
	}
}

func TestScopesOfPrograms(t *testing.T) {
	b := newOAuthBench(t, dbtest.SQLite(t))
	given := b.tokens(b.form("/oauth/token", oauthExchange(b.public, b.code(b.query(b.public, "scope", "read")))))
	bearer := "Bearer " + given.Access
	if a := b.Get("/api/1/me/", "Authorization", bearer); a.Status != 200 {
		t.Errorf("reading: %d", a.Status)
	}
	if a := b.Do("POST", "/api/1/datasets/", map[string]any{"title": "Trees", "description": "All"}, "Authorization", bearer); a.Status != 400 {
		t.Errorf("writing: %d %s", a.Status, a.Body)
	}
	if a := b.Do("DELETE", "/api/2/me/grants/"+b.public+"/", nil, "Authorization", bearer); a.Status != 403 {
		t.Errorf("changing the account: %d %s", a.Status, a.Body)
	}
	none := b.tokens(b.form("/oauth/token", oauthExchange(b.public, b.code(b.query(b.public, "scope", "")))))
	if none.Scope != "default" {
		t.Errorf("without a scope: %q", none.Scope)
	}
	if a := b.Do("DELETE", "/api/2/me/grants/"+b.public+"/", nil, "X-API-KEY", b.key); a.Status != 204 || b.me(none.Access) != 401 {
		t.Errorf("withdrawn: %d", a.Status)
	}
	if a := b.Do("DELETE", "/api/2/me/grants/"+b.public+"/", nil, "X-API-KEY", b.key); a.Status != 404 {
		t.Errorf("withdrawn twice: %d", a.Status)
	}
}

func TestInternalProgramsAskNobody(t *testing.T) {
	b := newOAuthBench(t, dbtest.SQLite(t))
	_, admin := b.User("admin@example.org", true)
	id, _ := b.register(admin, map[string]any{"name": "Own", "redirect_uris": []string{oauthBack}, "internal": true})
	a := b.Get(b.query(id), "Cookie", b.cookie)
	if a.Status != 302 || !strings.Contains(a.Header.Get("Location"), "code=") {
		t.Errorf("got %d %s", a.Status, a.Header.Get("Location"))
	}
	if a := b.Do("POST", "/api/2/oauth/clients/", map[string]any{"name": "Own", "redirect_uris": []string{oauthBack}, "internal": true}, "X-API-KEY", b.key); a.Status != 400 {
		t.Errorf("anybody makes a program that asks nobody: %d %s", a.Status, a.Body)
	}
}

func TestProgramsAreManaged(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newOAuthBench(t, d)
		id, secret := b.register(b.key, map[string]any{
			"name": "Mine", "redirect_uris": []string{oauthBack}, "confidential": true, "grant_types": []string{"authorization_code", "client_credentials"},
		})
		path := "/api/2/oauth/clients/" + id + "/"
		listed := b.Get("/api/2/oauth/clients/", "X-API-KEY", b.key)
		if !strings.Contains(string(listed.Body), `"total":1`) || strings.Contains(string(listed.Body), secret) {
			t.Errorf("listed %s", listed.Body)
		}
		_, eve := b.User("eve@example.org", false)
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			if a := b.Do(method, path, map[string]any{}, "X-API-KEY", eve); a.Status != 404 {
				t.Errorf("%s by another: %d", method, a.Status)
			}
		}
		if a := b.Do("PUT", path, map[string]any{"name": "Renamed", "unknown": 1}, "X-API-KEY", b.key); a.Status != 200 || tokenMember(t, a, "name") != "Renamed" {
			t.Errorf("renamed: %d %s", a.Status, a.Body)
		}
		grant := func(secret string) int {
			return b.form("/oauth/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}}).Status
		}
		next := tokenMember(t, b.Do("POST", path+"secret/", nil, "X-API-KEY", b.key), "secret")
		if grant(secret) != 401 || grant(next) != 200 {
			t.Error("the secret did not change")
		}
		code := oauthExchange(id, b.code(b.query(id)))
		code.Set("client_secret", next)
		given := b.tokens(b.form("/oauth/token", code))
		if a := b.Do("DELETE", path, nil, "X-API-KEY", b.key); a.Status != 204 || b.me(given.Access) != 401 || grant(next) != 401 {
			t.Errorf("removed: %d, the token gives %d, the secret %d", a.Status, b.me(given.Access), grant(next))
		}
		if a := b.Get(path, "X-API-KEY", b.key); a.Status != 404 {
			t.Errorf("a removed program: %d", a.Status)
		}
	})
}

func TestProgramsAreRefused(t *testing.T) {
	b := newOAuthBench(t, dbtest.SQLite(t))
	good := func(pairs ...any) map[string]any {
		body := map[string]any{"name": "App", "redirect_uris": []string{oauthBack}}
		for i := 0; i+1 < len(pairs); i += 2 {
			body[pairs[i].(string)] = pairs[i+1]
		}
		return body
	}
	redirect := func(address string) map[string]any { return good("redirect_uris", []string{address}) }
	for name, body := range map[string]any{
		"no name": good("name", nil), "blank name": good("name", "  "), "long name": good("name", strings.Repeat("x", 256)),
		"control": good("name", "a\u0007"), "long description": good("description", strings.Repeat("x", 5001)),
		"no address": good("redirect_uris", []string{}), "plain http": redirect("http://app.example.org/"), "script": redirect("javascript:alert(1)"),
		"data": redirect("data:text/html,x"), "relative": redirect("/callback"), "fragment": redirect(oauthBack + "#a"), "name in it": redirect("https://a:b@app.example.org/"),
		"asterisk": redirect("https://*.example.org/"), "space": redirect("https://app.example.org/a b"), "long address": redirect(oauthBack + strings.Repeat("x", 2000)),
		"unknown scope": good("scopes", []string{"everything"}), "no scope": good("scopes", []string{}), "dataset scope": good("scopes", []string{"dataset:" + db.NewID()}),
		"password": good("grant_types", []string{"password"}), "implicit": good("grant_types", []string{"implicit"}), "no grant": good("grant_types", []string{}),
		"secret without": good("grant_types", []string{"client_credentials"}), "organization of others": good("organization", b.Organization("Town")),
		"unknown organization": good("organization", db.NewID()), "type": good("redirect_uris", oauthBack), "internal": good("internal", true),
	} {
		if a := b.Do("POST", "/api/2/oauth/clients/", body, "X-API-KEY", b.key); a.Status != 400 {
			t.Errorf("%s: got %d %s", name, a.Status, a.Body)
		}
	}
	for _, address := range []string{"http://127.0.0.1:8080/cb", "http://localhost/cb", "org.example.app:/callback", "https://app.example.org"} {
		if a := b.Do("POST", "/api/2/oauth/clients/", redirect(address), "X-API-KEY", b.key); a.Status != 201 {
			t.Errorf("%s: got %d %s", address, a.Status, a.Body)
		}
	}
	_, narrow, err := b.Tokens.Create(t.Context(), b.ada, "", []string{"write"}, db.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if a := b.Do("POST", "/api/2/oauth/clients/", good(), "X-API-KEY", narrow); a.Status != 403 {
		t.Errorf("a token for writing alone: got %d %s", a.Status, a.Body)
	}
}

func TestAuthorizationServerDescribesItself(t *testing.T) {
	b := newOAuthBench(t, dbtest.SQLite(t))
	a := b.Get("/.well-known/oauth-authorization-server")
	var got map[string]any
	if err := json.Unmarshal(a.Body, &got); err != nil || a.Status != 200 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	if got["issuer"] != apitest.Base || got["token_endpoint"] != apitest.Base+"/oauth/token" {
		t.Errorf("got %s", a.Body)
	}
	if a := b.Get("/oauth/error?error=access_denied&error_description=%3Cscript%3E", "Accept", "text/html"); a.Status != 400 || strings.Contains(string(a.Body), "script>") {
		t.Errorf("the page of errors: %d %s", a.Status, a.Body)
	}
}

func TestEndedGrantsAreRemoved(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newOAuthBench(t, d)
		given := b.tokens(b.form("/oauth/token", oauthExchange(b.public, b.code(b.query(b.public)))))
		age := func(kind string) {
			err := d.Write(t.Context(), db.People, func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.NewRaw("UPDATE oauth_grants SET expires_at = ? WHERE kind = ?", db.TimeOf(time.Now().Add(-time.Minute)), kind).Exec(ctx)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		age("access")
		if status := b.me(given.Access); status != 401 {
			t.Errorf("a token that has ended gives %d", status)
		}
		age("code")
		age("proof")
		removed, err := b.OAuth.Prune(t.Context())
		if err != nil || removed != 3 {
			t.Errorf("removed %d, %v", removed, err)
		}
		if _, err := oauth.New(d, b.Log, []byte("another secret"), oauth.Options{}).Viewer(t.Context(), given.Access); err != nil {
			t.Error(err)
		}
	})
}
