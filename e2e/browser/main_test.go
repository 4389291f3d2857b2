package browser_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"grenier/e2e/browser"
	"grenier/e2e/harness"
)

func TestMain(m *testing.M) {
	// Black-box tests run the program as it is built: nothing of this process
	// may stay when they have ended.
	harness.Main(m, func() {
		if shared.browser != nil {
			shared.browser.Close()
		}
		shared.house.close()
	})
}

// soak tells whether the whole matrix is asked for, by GRENIER_SOAK.
func soak() bool { return os.Getenv("GRENIER_SOAK") != "" }

// shared is what all tests of the package use: one browser, and one server with
// the demo catalogue and what fixture adds.
var shared struct {
	browsing, serving sync.Once
	browser           *browser.Browser
	failure           error
	house             house
	zones             sync.Mutex // one test at a time makes datasets about a territory
	site              site
}

// chromium returns the browser of the package.
func chromium(t *testing.T) *browser.Browser {
	t.Helper()
	shared.browsing.Do(func() { shared.browser, shared.failure = browser.Open() })
	if shared.failure != nil {
		t.Fatal(shared.failure)
	}
	return shared.browser
}

// open opens a tab on the shared server.
func open(t *testing.T, look browser.Look) *browser.Tab {
	t.Helper()
	return chromium(t).Tab(t, served(t).url, look)
}

// house stands for a test that lasts as long as the package's: a server that is
// started with it serves them all.
type house struct {
	testing.TB
	ends []func()
}

func (h *house) Helper()                   {}
func (h *house) Failed() bool              { return false }
func (h *house) Logf(string, ...any)       {}
func (h *house) Cleanup(end func())        { h.ends = append(h.ends, end) }
func (h *house) Fatal(args ...any)         { panic(fmt.Sprint(args...)) }
func (h *house) Fatalf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }

func (h *house) TempDir() string {
	folder, err := os.MkdirTemp("", "grenier-pages-")
	if err != nil {
		h.Fatal(err)
	}
	h.Cleanup(func() { os.RemoveAll(folder) })
	return folder
}

func (h *house) close() {
	for i := len(h.ends) - 1; i >= 0; i-- {
		h.ends[i]()
	}
	h.ends = nil
}

// demoFiles are those of the demo catalogue.
func demoFiles(t testing.TB) []string {
	t.Helper()
	var files []string
	for _, folder := range []string{"catalog", "examples"} {
		found, err := filepath.Glob("../../internal/intake/demo/" + folder + "/*")
		if err != nil || len(found) == 0 {
			t.Fatal("no demo catalogue in ", folder, err)
		}
		files = append(files, found...)
	}
	return files
}

// axe is the text of axe-core, which the build of the front end brings.
func axe(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../ui/dist/test/axe.min.js")
	if err != nil {
		t.Fatalf("build the front end first (make build): %v", err)
	}
	return string(text)
}
