package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"grenier/internal/db/dbtest"
)

// post sends JSON to a served platform.
func (s served) post(t *testing.T, client *http.Client, path string, body any) (status int, answer string) {
	t.Helper()
	encoded, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Post(s.address+path, "application/json", bytes.NewReader(encoded))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(read)
}

func browserOf(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar}
}

// Attempts to log in are counted by all nodes together, and a session opened on
// one is one on the others.
func TestTwoNodesShareSessionsAndRates(t *testing.T) {
	url := dbtest.PostgresURL(t)
	node := func() (shell, served) {
		sh := shell{t, map[string]string{"GRENIER_DATA": filepath.Join(t.TempDir(), "data"), "GRENIER_DATABASE": url}}
		return sh, sh.serve("serve")
	}
	sh, first := node()
	_, second := node()
	defer first.stop()
	defer second.stop()
	sh.run("Babbage1842\n", "user", "create", "ada@example.org", "--first-name", "Ada", "--last-name", "Example", "--password-stdin")
	right := map[string]string{"email": "ada@example.org", "password": "Babbage1842"}
	browser := browserOf(t)
	if status, answer := first.post(t, browser, "/login/", right); status != http.StatusOK {
		t.Fatalf("the login: %d %s", status, answer)
	}
	// The jar goes by host name, not by port: the second node gets the cookie.
	response, err := browser.Get(second.address + "/api/1/me/")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("the session of the first node is none on the second: %d", response.StatusCode)
	}
	wrong := map[string]string{"email": "ada@example.org", "password": "Wrong1842"}
	for i := range 10 {
		if status, answer := []served{first, second}[i%2].post(t, http.DefaultClient, "/login/", wrong); status != http.StatusBadRequest {
			t.Fatalf("attempt %d: %d %s", i, status, answer)
		}
	}
	for _, platform := range []served{first, second} {
		if status, answer := platform.post(t, http.DefaultClient, "/login/", right); status != http.StatusTooManyRequests || !strings.Contains(answer, "Too many attempts") {
			t.Errorf("the eleventh attempt: %d %s", status, answer)
		}
	}
}

// A site without an administrator prints the link that sets it up.
func TestSetupLinkIsPrinted(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "data")
	sh := shell{t, map[string]string{"GRENIER_DATA": folder}}
	start := func() string {
		ctx, cancel := context.WithCancel(t.Context())
		var out bytes.Buffer
		log := newLineWatcher()
		p := &program{out: &out, err: log, lookup: func(name string) (string, bool) { value, ok := sh.environ[name]; return value, ok }}
		done := make(chan int, 1)
		go func() { done <- p.run(ctx, []string{"serve", "--listen=127.0.0.1:0", "--log-format=json"}) }()
		log.wait(t, `"msg":"ready"`)
		cancel()
		<-done
		return out.String()
	}
	link := regexp.MustCompile(`http://127\.0\.0\.1:\d+/setup\?code=([A-Za-z0-9_-]{32})\n`)
	first, second := link.FindStringSubmatch(start()), link.FindStringSubmatch(start())
	if first == nil || second == nil || first[1] != second[1] {
		t.Errorf("the links are %q and %q", first, second)
	}
	sh.must("user", "create", "ada@example.org", "--first-name", "Ada", "--last-name", "Example", "--admin")
	if printed := start(); printed != "" {
		t.Errorf("a site with an administrator prints %q", printed)
	}
}

// The name that the first start gives is on the next page, not half a minute later.
func TestSetupAppliesAtOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out, log, done := newLineWatcher(), newLineWatcher(), make(chan int, 1)
	data := filepath.Join(t.TempDir(), "data")
	p := &program{out: out, err: log, lookup: func(string) (string, bool) { return "", false }}
	go func() {
		done <- p.run(ctx, []string{"serve", "--data", data, "--listen=127.0.0.1:0", "--log-format=json"})
	}()
	defer func() { cancel(); <-done }()
	printed := regexp.MustCompile(`(http://\S+)/setup\?code=(\S+)`).FindStringSubmatch(out.wait(t, "/setup?code="))
	log.wait(t, `"msg":"ready"`)
	home := func() string {
		response, err := http.Get(printed[1] + "/")
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	if strings.Contains(home(), "Valmont") {
		t.Fatal("the site has the name already")
	}
	form := url.Values{
		"code": {printed[2]}, "title": {"Valmont"}, "language": {"fr"}, "first_name": {"Ada"}, "last_name": {"Grain"},
		"email": {"ada@example.org"}, "password": {"Grain-de-ble-7"},
	}
	request, err := http.NewRequest(http.MethodPost, printed[1]+"/setup", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Origin", printed[1])
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if body := home(); response.StatusCode != http.StatusSeeOther || !strings.Contains(body, "Valmont") {
		t.Errorf("after the first start (%d) the home page lacks the name", response.StatusCode)
	}
}

func TestDemoAccounts(t *testing.T) {
	sh := shell{t, map[string]string{"GRENIER_DATA": filepath.Join(t.TempDir(), "demo")}}
	platform := sh.serve("demo")
	defer platform.stop()
	for name, organizations := range map[string]int{"producer": 1, "editor": 1, "admin": 0} {
		browser := browserOf(t)
		if status, answer := platform.post(t, browser, "/login/", map[string]string{"email": name + "@demo.example", "password": "Grenier-demo-1"}); status != http.StatusOK {
			t.Fatalf("%s cannot log in: %d %s", name, status, answer)
		}
		response, err := browser.Get(platform.address + "/api/1/me/")
		if err != nil {
			t.Fatal(err)
		}
		var me struct {
			Roles         []string
			Organizations []any
		}
		err = json.NewDecoder(response.Body).Decode(&me)
		response.Body.Close()
		if err != nil || len(me.Organizations) != organizations || (len(me.Roles) == 1) != (name == "admin") {
			t.Errorf("%s is %+v, %v", name, me, err)
		}
	}
}

func TestSecondFactorAndImportedPasswords(t *testing.T) {
	eachShell(t, func(t *testing.T, sh shell) {
		sh.must("user", "create", "ada@example.org", "--first-name", "Ada", "--last-name", "Example")
		if got := sh.run("", "user", "unset-two-factor", "ada@example.org"); got.status != statusFailed || !strings.Contains(got.err, "no second factor") {
			t.Errorf("without a second factor: %+v", got)
		}
		const hash = "$2b$04$abcdefghijklmnopqrstuuA2xNwU0ed86hNYER0LsJfR153TaO9J6"
		if got := sh.run(hash+"\n", "user", "password", "ada@example.org", "--hash-stdin"); got.status != statusDone || got.out != "" {
			t.Errorf("a hash of bcrypt: %+v", got)
		}
		if got := sh.run("$1$abc$def\n", "user", "password", "ada@example.org", "--hash-stdin"); got.status != statusFailed || !strings.Contains(got.err, "Unknown form of hash") {
			t.Errorf("an unknown hash: %+v", got)
		}
		if got := sh.run(hash+"\n", "user", "password", "ada@example.org", "--hash-stdin", "--password-stdin"); got.status != statusUsage {
			t.Errorf("both at once: %+v", got)
		}
	})
}
