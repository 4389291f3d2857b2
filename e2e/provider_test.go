package e2e

import (
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"grenier/e2e/harness"
	"grenier/internal/fetch/peertest"
)

var (
	providerForm   = regexp.MustCompile(`action="([^"]+)"`)
	providerPrompt = regexp.MustCompile(`name="prompt" value="([^"]+)"`)
	providerButton = regexp.MustCompile(`href="(/api/1/proconnect/login/[^"]*)"`)
)

// providerPort is one that nobody listened on a moment ago.
func providerPort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

// TestLoginPageLeadsToTheProvider goes the whole way of a browser: from the button
// of the page to log in on, over the pages of a real provider, to one's own pages,
// and out again.
func TestLoginPageLeadsToTheProvider(t *testing.T) {
	server := harness.New(t, harness.Options{})
	port := providerPort(t)
	issuer := fmt.Sprintf("http://127.0.0.1:%d", port)
	peertest.Start(t, "oidc.mjs", "--issuer", issuer, "--port", strconv.Itoa(port), "--callback", server.URL()+"/api/1/proconnect/auth",
		"--logout", server.URL()+"/api/1/proconnect/logout")
	server.Arguments = []string{
		"--oidc-issuer", issuer, "--oidc-client-id", "grenier", "--oidc-client-secret", "a-secret-of-the-tests-of-grenier", "--oidc-name", "Grain ID",
	}
	server.Launch(t)
	server.AwaitReady(t)

	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	answer, page := visit(t, browser, server.URL()+"/en/login?next=/en/admin/me/security")
	button := providerButton.FindStringSubmatch(page)
	if button == nil || !strings.Contains(page, "Grain ID") {
		t.Fatalf("%d: no button for the provider in\n%.3000s", answer.StatusCode, page)
	}
	if policy := answer.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "form-action 'self' "+issuer) {
		t.Errorf("the way out may not lead to the provider: %s", policy)
	}
	answer, page = visit(t, browser, server.URL()+html.UnescapeString(button[1]))
	for range 5 {
		if answer.Request.URL.Host == server.Address {
			break
		}
		action, prompt := providerForm.FindStringSubmatch(page), providerPrompt.FindStringSubmatch(page)
		if action == nil || prompt == nil {
			t.Fatalf("%d: no form in %.2000s", answer.StatusCode, page)
		}
		to, err := answer.Request.URL.Parse(html.UnescapeString(action[1]))
		if err != nil {
			t.Fatal(err)
		}
		answer, page = send(t, browser, to.String(), url.Values{"prompt": {prompt[1]}, "login": {"ada"}, "password": {"x"}})
	}
	if answer.StatusCode != http.StatusOK || answer.Request.URL.Path != "/en/admin/me/security" || !strings.Contains(page, "ada@example.org") {
		t.Fatalf("%d at %s:\n%.3000s", answer.StatusCode, answer.Request.URL, page)
	}

	stay := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, _ = send(t, stay, server.URL()+"/en/logout", url.Values{})
	if to := answer.Header.Get("Location"); answer.StatusCode != http.StatusSeeOther || !strings.HasPrefix(to, issuer+"/session/end?") {
		t.Errorf("logging out: %d to %q, want the provider", answer.StatusCode, to)
	}
	if answer, _ = visit(t, stay, server.URL()+"/en/admin"); answer.StatusCode != http.StatusFound {
		t.Errorf("after logging out: %d", answer.StatusCode)
	}
}

// visit reads a page as a browser does.
func visit(t *testing.T, browser *http.Client, address string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	return asked(t, browser, r)
}

// send posts a form as a browser does.
func send(t *testing.T, browser *http.Client, address string, form url.Values) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return asked(t, browser, r)
}

func asked(t *testing.T, browser *http.Client, r *http.Request) (*http.Response, string) {
	t.Helper()
	r.Header.Set("Accept", "text/html")
	answer, err := browser.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(body)
}
