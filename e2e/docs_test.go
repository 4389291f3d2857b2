package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"grenier/e2e/harness"
	"grenier/internal/blob/blobtest"
	"grenier/internal/db/dbtest"
)

var shellBlock = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")

// TestDocumentedExamplesRun runs the examples of the documentation of the API
// as a reader would, in their order, in one shell, against the catalogue that
// `make demo` serves.
func TestDocumentedExamplesRun(t *testing.T) {
	text, err := os.ReadFile("../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := shellBlock.FindAllStringSubmatch(string(text), -1)
	if len(blocks) < 8 {
		t.Fatalf("docs/api.md has %d examples, at least 8 are wanted", len(blocks))
	}
	server := harness.New(t, harness.Options{})
	var files []string
	for _, folder := range []string{"catalog", "examples"} {
		found, err := filepath.Glob("../internal/intake/demo/" + folder + "/*")
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	server.Run(t, append([]string{"import", "catalog"}, files...)...)
	server.Launch(t)
	server.AwaitReady(t)

	output := runExamples(t, blocks, "BASE="+server.URL())
	for _, wanted := range []string{`"total"`, "\n304", "\n401"} {
		if !strings.Contains("\n"+output, wanted) {
			t.Errorf("the examples do not show %q", wanted)
		}
	}
}

// TestLinkedDataExamplesRun runs the examples of the page about linked data.
func TestLinkedDataExamplesRun(t *testing.T) {
	text, err := os.ReadFile("../docs/linked-data.md")
	if err != nil {
		t.Fatal(err)
	}
	server := harness.New(t, harness.Options{})
	files, err := filepath.Glob("../internal/intake/demo/catalog/*")
	if err != nil {
		t.Fatal(err)
	}
	server.Run(t, append([]string{"import", "catalog"}, files...)...)
	server.Launch(t)
	server.AwaitReady(t)
	output := runExamples(t, shellBlock.FindAllStringSubmatch(string(text), -1), "BASE="+server.URL())
	counts := regexp.MustCompile(`(?m)^\d{3,}$`).FindAllString(output, -1)
	if strings.Count(output, "a dcat:Catalog") != 2 || !strings.Contains(output, "hydra:next") || len(counts) != 1 {
		t.Errorf("the examples print\n%.3000s", output)
	}
}

// runExamples runs examples one after the other in one shell and returns what
// they printed.
func runExamples(t *testing.T, blocks [][]string, environment ...string) string {
	t.Helper()
	output, err := example(t, blocks, environment...)
	if err != nil {
		t.Fatalf("an example failed: %v\n%.3000s", err, output)
	}
	return output
}

func example(t *testing.T, blocks [][]string, environment ...string) (output string, err error) {
	t.Helper()
	script := []string{"set -euo pipefail"}
	for _, block := range blocks {
		script = append(script, block[1])
	}
	command := exec.Command("bash", "-c", strings.Join(script, "\n"))
	command.Dir, command.Env = t.TempDir(), append(os.Environ(), environment...)
	text, err := command.CombinedOutput()
	return string(text), err
}

var (
	choiceOfForm = regexp.MustCompile(`<input type="radio" name="([a-z_]+)" value="([^"]*)" checked>`)
	keyShown     = regexp.MustCompile(`udata_[\w-]{64}`)
)

// keyOfPages makes a person and the key that they get who take what the page of
// keys proposes.
func keyOfPages(t *testing.T, server *harness.Server, email string) string {
	t.Helper()
	server.Person(t, email, personPassword)
	browser := server.Client("")
	ask := func(method, path string, body io.Reader, headers ...string) (*http.Response, string) {
		request, err := http.NewRequest(method, server.URL()+path, body)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i+1 < len(headers); i += 2 {
			request.Header.Set(headers[i], headers[i+1])
		}
		response, err := browser.HTTP.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		page, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
		if err != nil || response.StatusCode >= 400 {
			t.Fatalf("%s %s: %d %v %.500s", method, path, response.StatusCode, err, page)
		}
		return response, string(page)
	}
	login, err := json.Marshal(map[string]string{"email": email, "password": personPassword})
	if err != nil {
		t.Fatal(err)
	}
	entered, _ := ask(http.MethodPost, "/login/", bytes.NewReader(login), "Content-Type", "application/json")
	session := ""
	for _, cookie := range entered.Cookies() {
		session = cookie.Name + "=" + cookie.Value
	}
	_, page := ask(http.MethodGet, "/admin/me/tokens", nil, "Cookie", session)
	form := url.Values{"name": {"publishing"}}
	for _, chosen := range choiceOfForm.FindAllStringSubmatch(page, -1) {
		form.Set(chosen[1], chosen[2])
	}
	if !form.Has("scopes") || !form.Has("expires_at") {
		t.Fatalf("the page of keys proposes %v alone", form)
	}
	_, page = ask(http.MethodPost, "/admin/me/tokens", strings.NewReader(form.Encode()), "Cookie", session,
		"Content-Type", "application/x-www-form-urlencoded", "Origin", server.URL())
	key := keyShown.FindString(page)
	if key == "" {
		t.Fatalf("the page shows no key: %.2000s", page)
	}
	return key
}

// TestPublishingByProgram goes through the life of a dataset by the documented
// calls alone, on SQLite with a folder and on PostgreSQL with a bucket.
func TestPublishingByProgram(t *testing.T) {
	text, err := os.ReadFile("../docs/publish.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := shellBlock.FindAllStringSubmatch(string(text), -1)
	if len(blocks) < 10 {
		t.Fatalf("docs/publish.md has %d examples, at least 10 are wanted", len(blocks))
	}
	onBoth(t, func(t *testing.T, options harness.Options) {
		server := harness.Start(t, options)
		heard := listen(t, server)
		environment := []string{"BASE=" + heard.URL, "ADA=" + keyOfPages(t, server, "ada@example.org"), "BEN=" + keyOfPages(t, server, "ben@example.org")}
		output := runExamples(t, blocks, environment...)
		for _, wanted := range []string{"2026-01-01;128", "\n412\n", "Invitation accepted", "\n410\n"} {
			if !strings.Contains("\n"+output, wanted) {
				t.Errorf("the examples do not show %q:\n%s", wanted, output)
			}
		}
		heard.areDocumented(t, server)
		refused, err := example(t, append(blocks[:1:1], []string{"", "dataset=$(call POST /api/1/datasets/ '{}' | pick)\necho went on"}), environment...)
		if err == nil || strings.Contains(refused, "went on") || !strings.Contains(refused, "This field is required") {
			t.Errorf("a refused example ends with %v and says\n%s", err, refused)
		}
		if found := server.Run(t, "check"); found != "all is well" {
			t.Errorf("check found:\n%s", found)
		}
	})
}

// calls are the requests that came to a server by way of a proxy.
type calls struct {
	*httptest.Server
	mu   sync.Mutex
	made []call
}

type call struct{ method, path string }

// listen puts a proxy before a server that notes the calls.
func listen(t *testing.T, server *harness.Server) *calls {
	t.Helper()
	target, err := url.Parse(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host
	}}
	c := &calls{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		c.made = append(c.made, call{strings.ToLower(r.Method), r.URL.Path})
		c.mu.Unlock()
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(c.Close)
	return c
}

var pathVariable = regexp.MustCompile(`\\\{[^/]*?\\\}`)

// areDocumented checks that every call is one of the document of the API, which
// must have seen many kinds of them. Hosted files are no calls: answers lead to
// them.
func (c *calls) areDocumented(t *testing.T, server *harness.Server) {
	t.Helper()
	var document struct{ Paths map[string]map[string]any }
	if err := server.Client("").Get("/api/openapi.json", &document); err != nil {
		t.Fatal(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	kinds := map[string]bool{}
	for _, made := range c.made {
		if strings.HasPrefix(made.path, "/s/") {
			continue
		}
		found := ""
		for path, methods := range document.Paths {
			pattern := regexp.MustCompile("^" + pathVariable.ReplaceAllString(regexp.QuoteMeta(path), "[^/]+") + "$")
			if _, ok := methods[made.method]; ok && pattern.MatchString(made.path) {
				found = made.method + " " + path
			}
		}
		if found == "" {
			t.Errorf("%s %s is no documented call", made.method, made.path)
		}
		kinds[found] = true
	}
	if len(kinds) < 12 {
		t.Errorf("the examples make calls of %d kinds alone: %v", len(kinds), kinds)
	}
}

// onBoth runs a test on SQLite with a folder, and on PostgreSQL with a bucket.
func onBoth(t *testing.T, test func(*testing.T, harness.Options)) {
	t.Run("sqlite and a folder", func(t *testing.T) { test(t, harness.Options{}) })
	t.Run("postgres and a bucket", func(t *testing.T) {
		test(t, harness.Options{Database: dbtest.PostgresURL(t), Blob: blobtest.S3(t)})
	})
}
