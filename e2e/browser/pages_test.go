package browser_test

import (
	"compress/gzip"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"grenier/e2e/browser"
)

// kind is a type of page.
type kind struct {
	name, path string
	status     int // 200 when zero
	// busy pages load more than the budgets of others allow: they show a map.
	busy bool
	// twin pages share their title with another, on purpose.
	twin bool
	// tools pages bring the scripts and styles for writing besides.
	tools bool
}

// kinds are all types of pages, with the states in which they look different.
func kinds(s *site) []kind {
	explore := func(title string) string {
		return "/explore/" + strings.TrimPrefix(s.mixed, "/datasets/") + "?resource_id=" + s.files[title]
	}
	return []kind{
		{name: "home", path: "/"},
		{name: "datasets", path: "/datasets"},
		{name: "search", path: "/datasets/search"},
		{name: "search typed", path: "/datasets/search?q=transport"},
		{name: "search filtered", path: "/datasets/search?format_family=tabular&license=lov2&sort=-created", twin: true},
		{name: "search page", path: "/datasets/search?page=3"},
		{name: "search nothing", path: "/datasets/search?q=zzqxjwv"},
		{name: "search misspelt", path: "/datasets/search?q=carburents"},
		{name: "search all", path: "/search"},
		{name: "search all typed", path: "/search?q=logement", twin: true},
		{name: "dataset", path: s.dataset},
		{name: "dataset mixed", path: s.mixed},
		{name: "dataset file", path: s.mixed + "?resource_id=" + s.files["communes"], twin: true},
		{name: "dataset informations", path: s.mixed + "/informations", busy: true},
		{name: "dataset uses", path: s.dataset + "/reuses_and_dataservices"},
		{name: "dataset community", path: s.dataset + "/community-resources"},
		{name: "dataset empty", path: s.empty},
		{name: "dataset many", path: s.many},
		{name: "dataset long", path: s.long},
		{name: "dataset long informations", path: s.long + "/informations"},
		{name: "explore", path: "/explore"},
		{name: "explore table", path: explore("communes"), twin: true},
		{name: "explore map", path: explore("lieux"), busy: true, twin: true},
		{name: "explore json", path: explore("liste"), twin: true},
		{name: "explore zip", path: explore("archive"), twin: true},
		{name: "explore image", path: explore("image"), twin: true},
		{name: "explore text", path: explore("notes"), twin: true},
		{name: "explore lost", path: explore("perdu"), twin: true},
		{name: "territories", path: "/territories", busy: true},
		{name: "territories found", path: "/territories?q=saint-denis", busy: true, twin: true},
		{name: "territory", path: "/territories/region/84/Auvergne-Rhone-Alpes", busy: true},
		{name: "territory small", path: "/territories/commune/13004/Arles", busy: true},
		{name: "organizations", path: "/organizations"},
		{name: "organization", path: s.organization},
		{name: "organization information", path: s.organization + "/information"},
		{name: "organization long", path: s.own},
		{name: "reuses", path: "/reuses"},
		{name: "reuses search", path: "/reuses/search"},
		{name: "reuse", path: s.reuse},
		{name: "dataservices", path: "/dataservices"},
		{name: "dataservices search", path: "/dataservices/search"},
		{name: "dataservice", path: s.dataservice},
		{name: "dataservice openapi", path: s.openAPI},
		{name: "topics", path: "/topics"},
		{name: "topic", path: s.topic},
		{name: "posts", path: "/posts"},
		{name: "post", path: s.post},
		{name: "tags", path: "/tags"},
		{name: "tag", path: s.tag},
		{name: "licenses", path: "/licenses"},
		{name: "license", path: s.license},
		{name: "user", path: s.person},
		{name: "exports", path: "/exports"},
		{name: "feeds", path: "/feeds"},
		{name: "developers", path: "/developers"},
		{name: "integrate", path: "/integrate"},
		{name: "integrate dataset", path: "/integrate/dataset", busy: true},
		{name: "integrate library", path: "/integrate/library", busy: true},
		{name: "integrate changes", path: "/integrate/changes"},
		{name: "dashboard", path: "/dashboard"},
		{name: "support", path: "/support"},
		{name: "legal", path: "/pages/legal/mentions"},
		{name: "terms", path: "/pages/legal/cgu"},
		{name: "privacy", path: "/pages/legal/vie-privee"},
		{name: "accessibility", path: "/pages/legal/accessibility"},
		{name: "sitemap", path: "/sitemap"},
		{name: "login", path: "/login?next=/datasets", tools: true},
		{name: "register", path: "/register", tools: true},
		{name: "reset", path: "/reset", tools: true},
		{name: "confirm", path: "/confirm", tools: true},
		{name: "letter sent", path: "/register/sent", tools: true},
		{name: "first start closed", path: "/setup?code=x", tools: true},
		{name: "not found", path: "/datasets/rien-de-tel", status: http.StatusNotFound, twin: true},
		{name: "hidden", path: s.hidden, status: http.StatusNotFound, twin: true},
		{name: "deleted", path: s.deleted, status: http.StatusGone, twin: true},
	}
}

func (k kind) answer() int {
	if k.status == 0 {
		return http.StatusOK
	}
	return k.status
}

// in is the address of the page in a language; French has no prefix.
func (k kind) in(language string) string {
	switch {
	case language == "fr":
		return k.path
	case k.path == "/":
		return "/" + language
	}
	return "/" + language + k.path
}

const (
	requestsAtMost = 10
	// In bytes as they come over the wire, compressed, with their headers.
	htmlAtMost    = 30 << 10
	scriptsAtMost = 20 << 10
	stylesAtMost  = 15 << 10
	// On pages that one writes on.
	toolScriptsAtMost = 60 << 10
	toolStylesAtMost  = 20 << 10
)

// byColour are the rules of axe that depend on the colours, which the same page
// in the other theme can break.
var byColour = []string{"color-contrast", "link-in-text-block"}

// TestPages looks at every type of page: accessible in both themes from the
// smallest screen to the widest, well formed, light, and without a word in the
// console. The small size looks at the rest of the matrix by turns.
func TestPages(t *testing.T) {
	s, script := served(t), axe(t)
	titles := &titles{seen: map[string]string{}}
	t.Cleanup(func() { titles.report(t) })
	for i, k := range kinds(s) {
		t.Run(strings.ReplaceAll(k.name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			tab := open(t, browser.Look{})
			tab.Open(k.in("fr"), k.answer())
			tab.Settled()
			checkForm(t, tab, "fr")
			if !k.twin {
				titles.add(t, "fr", k.path, browser.Value[string](tab, `document.title`))
			}
			checkWeight(t, s, tab, k)
			looks := []browser.Look{{Width: 1440}, {Width: 320, Height: 640}}
			if i%3 == 0 || soak() {
				looks = append(looks, browser.Look{Width: 768, Height: 1024})
			}
			checkLooks(t, tab, script, looks)
			if i%3 == 1 || soak() {
				other := open(t, browser.Look{Languages: "en"})
				other.Open(k.in("en"), k.answer())
				other.Settled()
				checkForm(t, other, "en")
				if !k.twin {
					titles.add(t, "en", k.path, browser.Value[string](other, `document.title`))
				}
				looks := []browser.Look{{Width: 320, Height: 640}}
				if soak() {
					looks = append(looks, browser.Look{Width: 768, Height: 1024}, browser.Look{Width: 1440})
				}
				checkLooks(t, other, script, looks)
			}
		})
	}
}

// checkLooks runs axe over the page in several sizes, in both themes, and sees
// that nobody must scroll sideways.
func checkLooks(t testing.TB, tab *browser.Tab, script string, looks []browser.Look) {
	t.Helper()
	for _, look := range looks {
		for _, dark := range []bool{false, true} {
			look.Dark = dark
			tab.See(look)
			tab.Settled()
			name := fmt.Sprintf("%d px, %s", look.Width, map[bool]string{false: "light", true: "dark"}[dark])
			if !dark {
				checkWidth(t, tab, name, look.Width)
			}
			rules := byColour
			if !dark || soak() {
				rules = nil
			}
			for _, v := range tab.Violations(script, rules...) {
				t.Errorf("%s: %s", name, v)
			}
		}
	}
}

// checkWidth fails when the page is wider than the window, naming what sticks out.
func checkWidth(t testing.TB, tab *browser.Tab, name string, width int64) {
	t.Helper()
	wide := browser.Value[[]string](tab, fmt.Sprintf(`(() => {
		if (document.scrollingElement.scrollWidth <= %[1]d) return [];
		const clipped = (e) => { for (let p = e.parentElement; p && p !== document.body; p = p.parentElement) if (getComputedStyle(p).overflowX !== "visible") return true; return false };
		return ["the page is " + document.scrollingElement.scrollWidth + " pixels wide"].concat([...document.body.querySelectorAll("*")]
			.filter((e) => e.checkVisibility() && e.getBoundingClientRect().right > %[1]d + 1 && !clipped(e)).slice(0, 6)
			.map((e) => e.tagName.toLowerCase() + (e.id ? "#" + e.id : "") + "." + [...e.classList].join(".") + " until " + Math.round(e.getBoundingClientRect().right)));
	})()`, width))
	if len(wide) > 0 {
		t.Errorf("%s: scrolls sideways: %s", name, strings.Join(wide, "; "))
	}
}

// form is what every page has in common.
type form struct {
	Lang, Title, H1        string
	Headings, Mains        int
	Duplicates             []string
	Canonical, Description string
	Alternates             []string
	Broken                 []string
}

// checkForm sees that the frame of a page is whole.
func checkForm(t testing.TB, tab *browser.Tab, language string) {
	t.Helper()
	f := browser.Value[form](tab, `(() => {
		const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
		return {
			Lang: document.documentElement.lang, Title: document.title, H1: document.querySelector("h1")?.innerText.trim() ?? "",
			Headings: document.querySelectorAll("h1").length, Mains: document.querySelectorAll("main").length,
			Duplicates: ids.filter((id, i) => ids.indexOf(id) !== i),
			Canonical: document.querySelector("link[rel=canonical]")?.href ?? "",
			Description: document.querySelector("meta[name=description]")?.content ?? "",
			Alternates: [...document.querySelectorAll("link[rel=alternate][hreflang]")].map((l) => l.hreflang),
			Broken: [...document.images].filter((i) => i.complete && i.naturalWidth === 0 && i.checkVisibility()).map((i) => i.src),
		};
	})()`)
	if f.Lang != language {
		t.Errorf("lang=%q, want %q", f.Lang, language)
	}
	if f.Headings != 1 || f.H1 == "" || f.Mains != 1 {
		t.Errorf("%d h1 (%q) and %d main, want one of each", f.Headings, f.H1, f.Mains)
	}
	if len(f.Duplicates) > 0 {
		t.Errorf("id that are there more than once: %v", f.Duplicates)
	}
	if len(f.Broken) > 0 {
		t.Errorf("pictures that do not show: %v", f.Broken)
	}
	if strings.Contains(f.Title, "xss") || strings.TrimSpace(f.Title) == "" {
		t.Errorf("the title is %q", f.Title)
	}
}

// checkWeight holds the budgets of requests and of HTML.
func checkWeight(t *testing.T, s *site, tab *browser.Tab, k kind) {
	t.Helper()
	requests := tab.Requests()
	if len(requests) > requestsAtMost && !k.busy {
		var all []string
		for _, r := range requests {
			all = append(all, r.URL)
		}
		t.Errorf("%d requests, at most %d: %s", len(requests), requestsAtMost, strings.Join(all, " "))
	}
	answer, err := s.server.Client("").Do(http.MethodGet, k.path, nil, "Accept-Encoding", "gzip", "Accept", "text/html")
	if err != nil {
		t.Fatal(err)
	}
	if answer.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("the page is not compressed")
	}
	if len(answer.Body) > htmlAtMost {
		t.Errorf("%d bytes of compressed HTML, at most %d", len(answer.Body), htmlAtMost)
	}
	if _, err := gzip.NewReader(strings.NewReader(string(answer.Body))); err != nil {
		t.Error(err)
	}
	budgets := map[string]float64{"Script": scriptsAtMost, "Stylesheet": stylesAtMost}
	if k.tools {
		budgets = map[string]float64{"Script": toolScriptsAtMost, "Stylesheet": toolStylesAtMost}
	}
	for kind, most := range budgets {
		if got := weight(requests, kind); got > most && !k.busy {
			t.Errorf("%.0f bytes of kind %s came, at most %.0f", got, kind, most)
		}
	}
	t.Logf("%d requests, %d bytes of HTML, %.0f of scripts, %.0f of styles", len(requests), len(answer.Body), weight(requests, "Script"), weight(requests, "Stylesheet"))
}

// weight is how many bytes of a kind came.
func weight(requests []browser.Request, kind string) (bytes float64) {
	for _, r := range requests {
		if r.Kind == kind {
			bytes += max(0, r.Size)
		}
	}
	return bytes
}

// titles sees that pages can be told apart by their titles.
type titles struct {
	mu     sync.Mutex
	seen   map[string]string
	double []string
}

func (l *titles) add(t *testing.T, language, path, title string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	key := language + " " + title
	if other, ok := l.seen[key]; ok && other != path {
		l.double = append(l.double, fmt.Sprintf("%s: %s and %s have the title %q", language, other, path, title))
		return
	}
	l.seen[key] = path
}

func (l *titles) report(t *testing.T) {
	for _, line := range l.double {
		t.Error(line)
	}
}
