package e2e

import (
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

// runExamples runs examples one after the other in one shell and returns what
// they printed.
func runExamples(t *testing.T, blocks [][]string, environment ...string) string {
	t.Helper()
	script := []string{"set -euo pipefail"}
	for _, block := range blocks {
		script = append(script, block[1])
	}
	command := exec.Command("bash", "-c", strings.Join(script, "\n"))
	command.Dir, command.Env = t.TempDir(), append(os.Environ(), environment...)
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("an example failed: %v\n%.3000s", err, output)
	}
	return string(output)
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
		output := runExamples(t, blocks, "BASE="+heard.URL, "ADA="+server.Token(t, "ada@example.org"), "BEN="+server.Token(t, "ben@example.org"))
		for _, wanted := range []string{"2026-01-01;128", "\n412\n", "Invitation accepted", "\n410\n"} {
			if !strings.Contains("\n"+output, wanted) {
				t.Errorf("the examples do not show %q:\n%s", wanted, output)
			}
		}
		heard.areDocumented(t, server)
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
