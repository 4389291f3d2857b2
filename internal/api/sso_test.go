package api_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"grenier/internal/account"
	"grenier/internal/account/sso"
	"grenier/internal/api/apitest"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/fetch/peertest"
)

const (
	ssoCallback = apitest.Base + "/api/1/proconnect/auth"
	ssoLogout   = apitest.Base + "/api/1/proconnect/logout"
	ssoSecret   = "a-secret-of-the-tests-of-grenier"
)

// ssoBench is a site with a provider, whose answers a test may change on their
// way.
type ssoBench struct {
	*apitest.Server
	t      *testing.T
	issuer string
	tamper func(*http.Response)
}

func newSSOBench(t *testing.T, d *db.DB, signed bool, change func(*sso.Options)) *ssoBench {
	t.Helper()
	b := &ssoBench{Server: apitest.New(t, d), t: t}
	var target *url.URL
	proxy := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host
		},
		ModifyResponse: func(r *http.Response) error {
			if b.tamper != nil {
				b.tamper(r)
			}
			return nil
		},
	})
	t.Cleanup(proxy.Close)
	b.issuer = proxy.URL
	args := []string{"--issuer", b.issuer, "--callback", ssoCallback, "--logout", ssoLogout}
	if signed {
		args = append(args, "--signed")
	}
	peer := peertest.Start(t, "oidc.mjs", args...)
	target = &url.URL{Scheme: "http", Host: fmt.Sprintf("127.0.0.1:%d", peer.Port)}
	options := sso.Options{
		Issuer: b.issuer, ClientID: "grenier", ClientSecret: ssoSecret, Scopes: []string{"openid", "email", "profile"},
		Parameters: []string{"acr_values=eidas1"}, Secret: []byte("secret of the tests"),
	}
	if change != nil {
		change(&options)
	}
	b.Face.SSO = sso.New(options)
	b.Face.ProviderLogout = nil
	return b
}

// begin starts a login here: where the browser goes, and what it holds.
func (b *ssoBench) begin(next string) (address, held string) {
	b.t.Helper()
	a := b.Get("/api/1/proconnect/login/?next=" + url.QueryEscape(next))
	if a.Status != http.StatusFound {
		b.t.Fatalf("%d %s", a.Status, a.Body)
	}
	cookie, _, _ := strings.Cut(a.Header.Get("Set-Cookie"), ";")
	return a.Header.Get("Location"), cookie
}

var (
	ssoAction = regexp.MustCompile(`action="([^"]+)"`)
	ssoPrompt = regexp.MustCompile(`name="prompt" value="([^"]+)"`)
)

// visit goes through the pages of the provider as a person does, and returns
// the address that it sends the browser back to.
func (b *ssoBench) visit(address, person string) *url.URL {
	b.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		b.t.Fatal(err)
	}
	var back *url.URL
	browser := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), apitest.Base) {
			back = r.URL
			return http.ErrUseLastResponse
		}
		return nil
	}}
	answer, err := browser.Get(address)
	for range 5 {
		if err != nil {
			b.t.Fatal(err)
		}
		page, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil {
			b.t.Fatal(err)
		}
		if back != nil {
			return back
		}
		action, prompt := ssoAction.FindSubmatch(page), ssoPrompt.FindSubmatch(page)
		if action == nil || prompt == nil {
			b.t.Fatalf("%d: no form in %.2000s", answer.StatusCode, page)
		}
		to, err := answer.Request.URL.Parse(html.UnescapeString(string(action[1])))
		if err != nil {
			b.t.Fatal(err)
		}
		answer, err = browser.PostForm(to.String(), url.Values{"prompt": {string(prompt[1])}, "login": {person}, "password": {"x"}})
		if err != nil {
			b.t.Fatal(err)
		}
	}
	b.t.Fatal("the provider never sent the browser back")
	return nil
}

// arrive brings the browser back here.
func (b *ssoBench) arrive(back *url.URL, held string) apitest.Answer {
	b.t.Helper()
	return b.Get(back.RequestURI(), "Cookie", held, "Accept", "application/json")
}

// sessionOf is the session cookie that an answer sets, "" for none.
func sessionOf(a apitest.Answer) string {
	for _, cookie := range a.Header["Set-Cookie"] {
		if strings.HasPrefix(cookie, sessionCookie+"=") {
			value, _, _ := strings.Cut(cookie, ";")
			return value
		}
	}
	return ""
}

// login goes all the way.
func (b *ssoBench) login(person, next string) apitest.Answer {
	b.t.Helper()
	address, held := b.begin(next)
	return b.arrive(b.visit(address, person), held)
}

func TestPeopleLogInWithAProvider(t *testing.T) {
	for _, signed := range []bool{false, true} {
		t.Run(fmt.Sprintf("signed %t", signed), func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				b := newSSOBench(t, d, signed, nil)
				address, _ := b.begin("/")
				asked, err := url.Parse(address)
				if err != nil {
					t.Fatal(err)
				}
				for name, want := range map[string]string{
					"acr_values": "eidas1", "code_challenge_method": "S256", "redirect_uri": ssoCallback, "scope": "openid email profile", "response_type": "code",
				} {
					if got := asked.Query().Get(name); got != want {
						t.Errorf("%s is %q, not %q", name, got, want)
					}
				}
				first := b.login("grace", "/")
				if first.Status != 302 || first.Header.Get("Location") != apitest.Base+"/?flash=connected" || sessionOf(first) == "" {
					t.Fatalf("%d %v %s", first.Status, first.Header, first.Body)
				}
				me := b.Get("/api/1/me/", "Cookie", sessionOf(first))
				wanted := map[bool]string{false: "Lovelace", true: "Usuelle"}[signed]
				if tokenMember(t, me, "email") != "grace@example.org" || tokenMember(t, me, "first_name") != "Grace" || tokenMember(t, me, "last_name") != wanted {
					t.Errorf("the account is %s", me.Body)
				}
				again := b.login("grace", "/admin/?tab=1")
				if again.Header.Get("Location") != apitest.Base+"/admin/?tab=1" {
					t.Errorf("led to %s", again.Header.Get("Location"))
				}
				if id := tokenMember(t, b.Get("/api/1/me/", "Cookie", sessionOf(again)), "id"); id != tokenMember(t, me, "id") {
					t.Errorf("the second login made %s", id)
				}
				// Nobody new comes in while nothing new is made; who has an account does.
				b.ReadOnly.Store(true)
				if a := b.login("eve", "/"); a.Status != http.StatusLocked || sessionOf(a) != "" || !strings.Contains(string(a.Body), "currently disabled") {
					t.Errorf("a newcomer in read-only mode: %d %s", a.Status, a.Body)
				}
				if a := b.login("grace", "/"); sessionOf(a) == "" {
					t.Errorf("somebody known in read-only mode: %d %s", a.Status, a.Body)
				}
				b.ReadOnly.Store(false)
				// Somebody who had an account keeps it, also under another address.
				ada, _ := b.User("ada@example.org", false)
				if id := tokenMember(t, b.Get("/api/1/me/", "Cookie", sessionOf(b.login("ada", "/"))), "id"); id != ada {
					t.Errorf("ada is %s, not %s", id, ada)
				}
			})
		})
	}
}

func TestLoginsWithAProviderAreRefused(t *testing.T) {
	b := newSSOBench(t, dbtest.SQLite(t), false, nil)
	closed, _ := b.User("closed@example.org", false)
	if err := b.Accounts.SetActive(t.Context(), account.System("test"), closed, false); err != nil {
		t.Fatal(err)
	}
	refused := func(name string, a apitest.Answer, status int) {
		t.Helper()
		if a.Status != status || sessionOf(a) != "" {
			t.Errorf("%s: got %d %s %s", name, a.Status, a.Body, sessionOf(a))
		}
	}
	refused("closed account", b.login("closed", "/"), 400)
	refused("address that is not verified", b.login("eve-unverified", "/"), 400)
	address, held := b.begin("/")
	back := b.visit(address, "grace")
	changed := func(name, value string) *url.URL {
		other := *back
		query := other.Query()
		query.Set(name, value)
		other.RawQuery = query.Encode()
		return &other
	}
	refused("wrong state", b.arrive(changed("state", "another"), held), 400)
	refused("no state", b.arrive(changed("state", ""), held), 400)
	refused("no cookie", b.arrive(back, ""), 400)
	refused("forged cookie", b.arrive(back, "__Host-grenier_sso="+base64.RawURLEncoding.EncodeToString(make([]byte, 200))), 400)
	_, other := b.begin("/")
	refused("cookie of another login", b.arrive(back, other), 400)
	refused("wrong issuer", b.arrive(changed("iss", "https://evil.example.org"), held), 502)
	refused("error of the provider", b.arrive(changed("error", "access_denied"), held), 400)
	if a := b.arrive(back, held); sessionOf(a) == "" {
		t.Fatalf("the right login: %d %s", a.Status, a.Body)
	}
	refused("code used twice", b.arrive(back, held), 400)

	address, held = b.begin("/")
	forged, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	query := forged.Query()
	query.Set("nonce", "of-somebody-else")
	forged.RawQuery = query.Encode()
	refused("wrong nonce", b.arrive(b.visit(forged.String(), "grace"), held), 502)
}

func TestOpenRedirectsAreNone(t *testing.T) {
	b := newSSOBench(t, dbtest.SQLite(t), false, nil)
	for _, next := range []string{"//evil.example.org", "https://evil.example.org/", "/\\evil.example.org", "javascript:alert(1)", "evil", "/\t/evil.example.org", "///evil.example.org", "/%2F/../\r\nSet-Cookie: a=b"} {
		if got := sso.Local(next); got != "/" {
			t.Errorf("%q leads to %q", next, got)
		}
	}
	if a := b.login("grace", "//evil.example.org/"); a.Header.Get("Location") != apitest.Base+"/?flash=connected" {
		t.Errorf("led to %s", a.Header.Get("Location"))
	}
}

// What the provider says is worth nothing when it was changed on its way.
func TestForgedAnswersOfAProvider(t *testing.T) {
	replace := func(r *http.Response, kind string, body []byte) {
		r.Body.Close()
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(string(body))), int64(len(body))
		r.Header.Set("Content-Type", kind)
		r.Header.Set("Content-Length", fmt.Sprint(len(body)))
	}
	encode := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	admin := map[string]any{"sub": "grace", "email": "admin@example.org", "email_verified": true}
	b := newSSOBench(t, dbtest.SQLite(t), true, nil)
	b.User("admin@example.org", true)
	for name, c := range map[string]struct {
		path string
		body func(issuer string) (kind, body string)
	}{
		"unsigned information": {"/me", func(string) (string, string) {
			return "application/jwt", encode(map[string]string{"alg": "none"}) + "." + encode(admin) + "."
		}},
		"information signed by another": {"/me", func(string) (string, string) {
			return "application/jwt", encode(map[string]string{"alg": "RS256"}) + "." + encode(admin) + "." + base64.RawURLEncoding.EncodeToString(make([]byte, 256))
		}},
		"information of somebody else": {"/me", func(string) (string, string) {
			return "application/json", `{"sub":"admin","email":"admin@example.org","email_verified":true}`
		}},
		"information that is none": {"/me", func(string) (string, string) { return "text/html", "<html>" }},
		"no proof":                 {"/token", func(string) (string, string) { return "application/json", `{"access_token":"a","token_type":"Bearer"}` }},
		"unsigned proof": {"/token", func(issuer string) (string, string) {
			proof := encode(map[string]string{"alg": "none"}) + "." + encode(map[string]any{"iss": issuer, "aud": "grenier", "sub": "admin", "exp": 4102444800}) + "."
			return "application/json", `{"access_token":"a","token_type":"Bearer","id_token":"` + proof + `"}`
		}},
	} {
		t.Run(name, func(t *testing.T) {
			b.tamper = func(r *http.Response) {
				if r.Request.URL.Path == c.path && r.Request.Method != http.MethodOptions {
					kind, body := c.body(b.issuer)
					r.StatusCode = 200
					replace(r, kind, []byte(body))
				}
			}
			if a := b.login("grace", "/"); a.Status != 502 || sessionOf(a) != "" {
				t.Errorf("got %d %s %s", a.Status, a.Body, sessionOf(a))
			}
		})
	}
}

func TestProvidersThatCannotBeReached(t *testing.T) {
	s := apitest.New(t, dbtest.SQLite(t))
	if a := s.Get("/api/1/proconnect/login/", "Accept", "application/json"); a.Status != 404 {
		t.Errorf("without a provider: %d", a.Status)
	}
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"issuer":"https://another.example.org","authorization_endpoint":"https://another.example.org/auth"}`)
	}))
	t.Cleanup(other.Close)
	for name, issuer := range map[string]string{"nobody listens": "http://127.0.0.1:1", "another issuer": other.URL} {
		s.Face.SSO = sso.New(sso.Options{Issuer: issuer, ClientID: "grenier", Secret: []byte("secret")})
		for range 2 { // the second is answered without asking
			if a := s.Get("/api/1/proconnect/login/", "Accept", "application/json"); a.Status != 502 {
				t.Errorf("%s: %d %s", name, a.Status, a.Body)
			}
		}
	}
}

func TestLogoutAtTheProvider(t *testing.T) {
	b := newSSOBench(t, dbtest.SQLite(t), false, nil)
	a := b.login("grace", "/")
	session, err := b.Sessions.Viewer(t.Context(), strings.TrimPrefix(sessionOf(a), sessionCookie+"="))
	if err != nil {
		t.Fatal(err)
	}
	kept, err := b.Sessions.Get(t.Context(), session)
	if err != nil || kept == nil || kept.Provider != b.issuer {
		t.Fatal(kept, err)
	}
	address, err := b.Face.SSO.Logout(t.Context(), kept.ProviderToken, ssoLogout)
	if err != nil {
		t.Fatal(err)
	}
	end, err := url.Parse(address)
	if err != nil || !strings.HasPrefix(address, b.issuer) || end.Query().Get("post_logout_redirect_uri") != ssoLogout || len(end.Query().Get("state")) < 50 {
		t.Fatalf("%s %v", address, err)
	}
	back := "/api/1/proconnect/logout?state="
	if a := b.Get(back + url.QueryEscape(end.Query().Get("state"))); a.Status != 302 || a.Header.Get("Location") != apitest.Base+"/?flash=logout" {
		t.Errorf("back: %d %s", a.Status, a.Header.Get("Location"))
	}
	for _, state := range []string{"", "another", strings.Repeat("x", 5000)} {
		if a := b.Get(back+state, "Accept", "application/json"); a.Status != 401 {
			t.Errorf("back with %.10q: %d", state, a.Status)
		}
	}
	if a := b.Get("/api/1/proconnect/logout_oauth", "Cookie", sessionOf(a)); a.Status != 302 {
		t.Errorf("logout: %d", a.Status)
	}
	if a := b.Get("/api/1/me/", "Cookie", sessionOf(a)); a.Status != 401 {
		t.Errorf("after the logout: %d", a.Status)
	}
}

// Whoever registered the address of somebody else before, and never confirmed
// it, has nothing of the account that the provider vouches for.
func TestProvidersTakeOverWhatNobodyConfirmed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newSSOBench(t, d, false, nil)
		body := map[string]any{
			"email": "grace@example.org", "password": "Squatter-2026", "password_confirm": "Squatter-2026", "first_name": "Eve", "last_name": "Squatter", "accept_conditions": true,
		}
		if a := b.Do("POST", "/register/", body); a.Status != 200 {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		me := b.Get("/api/1/me/", "Cookie", sessionOf(b.login("grace", "/")))
		if tokenMember(t, me, "first_name") != "Grace" {
			t.Errorf("the account is %s", me.Body)
		}
		if a := b.Do("POST", "/login/", map[string]any{"email": "grace@example.org", "password": "Squatter-2026"}); a.Status == 200 {
			t.Error("the password of whoever registered before still works")
		}
	})
}

func TestTrustedProviders(t *testing.T) {
	b := newSSOBench(t, dbtest.SQLite(t), false, func(o *sso.Options) { o.Trusted = true })
	if a := b.login("eve-unverified", "/"); sessionOf(a) == "" {
		t.Errorf("got %d %s", a.Status, a.Body)
	}
}
