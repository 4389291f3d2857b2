package browser_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"grenier/e2e/browser"
	"grenier/e2e/harness"
)

// wearing starts a server with the demo catalogue in a theme pack.
func wearing(t *testing.T, pack string) *harness.Server {
	t.Helper()
	server := harness.New(t, harness.Options{Arguments: []string{"--theme", pack}})
	server.Run(t, append([]string{"import", "catalog"}, demoFiles(t)...)...)
	server.Launch(t)
	server.AwaitReady(t)
	return server
}

// style is what tells two looks apart.
const style = `(() => { const b = getComputedStyle(document.body), h = getComputedStyle(document.querySelector("h1")), t = getComputedStyle(document.querySelector("header a"));
	return [b.backgroundColor, b.color, b.fontFamily, h.fontFamily, h.fontSize, t.color].join(" | ") })()`

// TestSecondTheme wears the other pack of the tree: it looks different, and is
// as accessible as our own, in both themes, on small and wide screens.
func TestSecondTheme(t *testing.T) {
	s, script := served(t), axe(t)
	server := wearing(t, "../../themes/littoral")
	own := open(t, browser.Look{})
	own.Open("/", http.StatusOK)
	plain := browser.Value[string](own, style)
	for _, script := range []string{"widgets.js", "oembed.js", "udata.mjs"} {
		answer, err := server.Client("").Do(http.MethodGet, "/static/"+script, nil)
		if err != nil || !strings.Contains(string(answer.Body), "--udata-accent: #0b5575") {
			t.Errorf("%s does not wear the pack (%v)", script, err)
		}
	}

	for name, path := range map[string]string{"home": "/", "search": "/datasets/search?q=transport", "nothing": "/datasets/search?q=zzqxjwv", "dataset": s.dataset, "organization": s.organization, "not-found": "/rien-de-tel"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tab := chromium(t).Tab(t, server.URL(), browser.Look{})
			status := http.StatusOK
			if name == "not-found" {
				status = http.StatusNotFound
			}
			tab.Open(path, status)
			tab.Settled()
			checkForm(t, tab, "fr")
			if name == "home" && browser.Value[string](tab, style) == plain {
				t.Errorf("the pack looks like the program itself: %s", plain)
			}
			checkLooks(t, tab, script, []browser.Look{{Width: 1440}, {Width: 320, Height: 640}})
		})
	}
}

// TestBrokenThemeFallsBack starts with packs that cannot be worn: the site
// shows itself in its own look, and the log says what is wrong and where.
func TestBrokenThemeFallsBack(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"template": {"templates/pages/home.html": "{{define \"main\"}}<p>{{.Data.NoSuchField}}</p>{{end}}"},
		"syntax":   {"templates/layout.html": "{{define \"layout\"}}{{if}}{{end}}"},
		"menu":     {"menus.yaml": "header: {text: [\n"},
	} {
		t.Run(name, func(t *testing.T) {
			pack := t.TempDir()
			files["theme.yaml"] = "name: broken\nversion: \"1\"\n"
			for path, text := range files {
				full := filepath.Join(pack, path)
				if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			server := harness.Start(t, harness.Options{Arguments: []string{"--theme", pack}})
			tab := chromium(t).Tab(t, server.URL(), browser.Look{})
			tab.Open("/", http.StatusOK)
			own := open(t, browser.Look{})
			own.Open("/", http.StatusOK)
			if got, want := browser.Value[string](tab, style), browser.Value[string](own, style); got != want {
				t.Errorf("the look is %s, want our own %s", got, want)
			}
			var named string
			for path := range files {
				if path != "theme.yaml" {
					named = filepath.Base(path)
				}
			}
			if log := server.Log(); !strings.Contains(log, "theme pack is broken") || !strings.Contains(log, named) {
				t.Errorf("the log does not say that the pack is broken and that it is in %s:\n%s", named, log)
			}
		})
	}
}
