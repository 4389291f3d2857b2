package browser_test

import (
	"net/http"
	"strings"
	"testing"

	"grenier/e2e/browser"
)

// stay marks the document: the mark is gone after a load of a whole page.
func stay(tab *browser.Tab) { tab.Run(`window.stays = true`) }

func stayed(t *testing.T, tab *browser.Tab, what string) {
	t.Helper()
	if !browser.Value[bool](tab, `window.stays === true`) {
		t.Errorf("%s loaded the whole page", what)
	}
}

// found is the announced count of results.
func found(tab *browser.Tab) string {
	return browser.Value[string](tab, `document.querySelector("#results [data-announce]").innerText`)
}

// firstFacet is a script giving the first box of the facets that is not ticked.
const firstFacet = `document.querySelector("#filters input[type=checkbox]:not(:checked)")`

func TestSuggestionsByKeyboard(t *testing.T) {
	tab := open(t, browser.Look{})
	tab.Open("/datasets/search", http.StatusOK)
	tab.Focus("#q")
	tab.Press("logem")
	tab.Until("suggestions", `document.querySelector("#q").getAttribute("aria-expanded") === "true"`)
	tab.Press(browser.KeyDown)
	tab.Until("the first is active", `document.getElementById(document.querySelector("#q").getAttribute("aria-activedescendant"))?.getAttribute("aria-selected") === "true"`)
	tab.Press(browser.KeyEscape)
	tab.Until("the list is closed", `document.querySelector("#q").getAttribute("aria-expanded") === "false"`)
	if value := browser.Value[string](tab, `document.querySelector("#q").value`); value != "logem" {
		t.Errorf("Escape left %q in the field", value)
	}
	tab.Press(browser.KeyDown)
	tab.Until("the list is open again", `document.querySelector("#q").getAttribute("aria-expanded") === "true"`)
	tab.Press(browser.KeyEnter)
	tab.Until("Enter leads to the suggestion", `!location.pathname.endsWith("/search") && document.querySelector("h1") && document.readyState === "complete"`)

	tab.Open("/", http.StatusOK)
	tab.Focus("#q")
	tab.Press("prénoms" + browser.KeyEnter)
	tab.Until("Enter searches", `location.pathname.endsWith("/search") && new URL(location).searchParams.get("q") === "prénoms" && document.querySelector("#results .result, main .result")`)
}

func TestLiveFilters(t *testing.T) {
	tab := open(t, browser.Look{})
	tab.Open("/datasets/search", http.StatusOK)
	tab.Settled()
	stay(tab)
	if browser.Value[bool](tab, `document.querySelector("#filters .actions .button.primary").checkVisibility()`) {
		t.Error("the button that applies filters shows although they are live")
	}
	all := found(tab)

	box := browser.Value[string](tab, `(() => { const b = `+firstFacet+`; b.scrollIntoView({block: "center"}); return "#filters input[name='" + b.name + "'][value='" + b.value + "']" })()`)
	tab.Click(box)
	tab.Until("filtered results", `location.search.length > 1 && document.querySelector("#results [data-announce]").innerText !== `+quoted(all))
	stayed(t, tab, "a facet")
	few := found(tab)
	tab.Until("the count is announced", `[...document.querySelectorAll("[role=status]")].some((e) => e.textContent.includes(`+quoted(few)+`))`)
	filtered := tab.Path()
	checked := func(what string, is bool) {
		t.Helper()
		tab.Until(what, `document.querySelector(`+quoted(box)+`)?.checked === `+map[bool]string{true: "true", false: "false"}[is])
	}
	checked("the box stays ticked", true)
	if browser.Value[int](tab, `document.querySelectorAll("#results .chip.removable").length`) != 1 {
		t.Error("the filter in force is not shown above the results")
	}

	tab.Run(`const s = document.querySelector("#sort"); s.value = "-created"; s.dispatchEvent(new Event("change", {bubbles: true}))`)
	tab.Until("sorted results", `new URL(location).searchParams.get("sort") === "-created"`)
	stayed(t, tab, "a sort")
	if !strings.Contains(tab.Path(), strings.SplitN(filtered, "?", 2)[1]) {
		t.Errorf("the sort lost the filter: %s after %s", tab.Path(), filtered)
	}

	tab.Back()
	tab.Until("back to before the sort", `!new URL(location).searchParams.get("sort")`)
	checked("the box is ticked after one step back", true)
	tab.Back()
	tab.Until("back to all results", `document.querySelector("#results [data-announce]").innerText === `+quoted(all))
	checked("the box is free after two steps back", false)
	tab.Forward()
	tab.Until("forward to the filter", `document.querySelector("#results [data-announce]").innerText === `+quoted(few))
	checked("the box is ticked after a step forward", true)
	stayed(t, tab, "the history")

	tab.Click("#results .chip.removable")
	tab.Until("the chip takes the filter away", `document.querySelector("#results [data-announce]").innerText === `+quoted(all))
	checked("the box is free without its chip", false)
	stayed(t, tab, "a chip")

	first := browser.Value[string](tab, `document.querySelector("#results .result-title").innerText`)
	tab.Click("#results .pager a[rel=next]")
	tab.Until("the next page", `document.querySelector("#results .result-title").innerText !== `+quoted(first))
	tab.Until("the page is in the address", `new URL(location).searchParams.get("page") === "2"`)
	stayed(t, tab, "the pager")
	if !browser.Value[bool](tab, `document.activeElement.closest("#results") !== null && document.querySelector("#results").getBoundingClientRect().top >= -1`) {
		t.Error("the next page of results does not begin at its top, with the focus")
	}

	// Away and back: what was found is there again, with its filters.
	tab.Click("#results .result-title a")
	tab.Until("a dataset", `!location.pathname.endsWith("/search") && document.readyState === "complete"`)
	tab.Back()
	tab.Until("the second page again", `document.querySelector("#results .pager [aria-current=page]")?.innerText.includes("2")`)
}

// quoted is a text as a literal of a script.
func quoted(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\u2028", `\u2028`).Replace(text) + `"`
}

func TestSpellingIsSuggested(t *testing.T) {
	tab := open(t, browser.Look{})
	tab.Open("/datasets/search?q=logemant", http.StatusOK)
	tab.Click("#results .notice a")
	tab.Until("the right spelling finds", `/logement/.test(new URL(location).searchParams.get("q")) && document.querySelectorAll("#results .result").length > 0`)
}

func TestLanguageSwitchKeepsThePage(t *testing.T) {
	s := served(t)
	tab := open(t, browser.Look{})
	for _, path := range []string{"/datasets/search?q=transport&format_family=tabular", s.dataset, s.mixed + "/informations", s.organization} {
		tab.Open(path, http.StatusOK)
		tab.Click(".lang-menu > summary")
		tab.Click(".lang-menu a[hreflang=en]")
		tab.Until("the page in English", `document.documentElement.lang === "en" && document.readyState === "complete"`)
		if got := tab.Path(); !sameAddress(got, "/en"+path) {
			t.Errorf("English of %s is %s", path, got)
		}
		tab.Click(".lang-menu > summary")
		tab.Click(".lang-menu a[hreflang=fr]")
		tab.Until("the page in French", `document.documentElement.lang === "fr" && document.readyState === "complete"`)
		if got := tab.Path(); !sameAddress(got, path) {
			t.Errorf("French of %s is %s", "/en"+path, got)
		}
	}
}

func TestLanguageIsOffered(t *testing.T) {
	tab := open(t, browser.Look{Languages: "en-GB,en"})
	tab.Open("/datasets/search?q=transport", http.StatusOK)
	tab.Until("English is offered", `document.querySelector("gr-language [lang=en]")?.checkVisibility()`)
	tab.Click("gr-language [lang=en] button")
	tab.Until("the offer is gone", `!document.querySelector("gr-language [lang=en]").checkVisibility()`)
	tab.Reload()
	tab.Settled()
	if browser.Value[bool](tab, `document.querySelector("gr-language [lang=en]").checkVisibility()`) {
		t.Error("what was refused is offered again")
	}

	other := open(t, browser.Look{Languages: "en"})
	other.Open("/datasets/search?q=transport", http.StatusOK)
	other.Until("English is offered", `document.querySelector("gr-language [lang=en]")?.checkVisibility()`)
	other.Click("gr-language [lang=en] a")
	other.Until("the same search in English", `location.pathname === "/en/datasets/search" && new URL(location).searchParams.get("q") === "transport"`)
}

// TestThemeIsKept chooses the dark theme: it is there after a load, before
// anything is painted, and gone when the system decides again.
func TestThemeIsKept(t *testing.T) {
	tab := open(t, browser.Look{})
	tab.Before(`new MutationObserver((_, o) => { if (document.body) { window.themeAtBody = document.documentElement.dataset.theme ?? "none"; o.disconnect() } }).observe(document, {childList: true, subtree: true})`)
	tab.Open("/", http.StatusOK)
	tab.Settled()
	light := browser.Value[string](tab, `getComputedStyle(document.body).backgroundColor`)
	tab.Click("gr-theme summary")
	tab.Click("gr-theme button[value=dark]")
	tab.Until("the theme is dark", `document.documentElement.dataset.theme === "dark" && getComputedStyle(document.body).backgroundColor !== `+quoted(light))
	dark := browser.Value[string](tab, `getComputedStyle(document.body).backgroundColor`)
	tab.Reload()
	if at := browser.Value[string](tab, `window.themeAtBody`); at != "dark" {
		t.Errorf("when the body begins the theme is %q: the page flashes", at)
	}
	tab.Open("/datasets/search", http.StatusOK)
	if got := browser.Value[string](tab, `getComputedStyle(document.body).backgroundColor`); got != dark {
		t.Errorf("the next page has the background %s, want %s", got, dark)
	}
	if !browser.Value[bool](tab, `document.querySelector("gr-theme button[value=dark]").getAttribute("aria-pressed") === "true"`) {
		t.Error("the chosen theme is not the pressed button")
	}
	tab.Click("gr-theme summary")
	tab.Click("gr-theme button[value=auto]")
	tab.Until("the system decides", `document.documentElement.dataset.theme === undefined && getComputedStyle(document.body).backgroundColor === `+quoted(light))
	tab.See(browser.Look{Dark: true})
	tab.Until("the system's dark", `getComputedStyle(document.body).backgroundColor === `+quoted(dark))
}

func TestCopy(t *testing.T) {
	s := served(t)
	tab := open(t, browser.Look{})
	tab.Allow("clipboard-write", "clipboard-read")
	tab.Open(s.mixed+"?resource_id="+s.files["communes"], http.StatusOK)
	tab.Settled()
	wanted := browser.Value[string](tab, `[...document.querySelectorAll("gr-copy[text]")].find((e) => e.checkVisibility()).getAttribute("text")`)
	tab.Run(`[...document.querySelectorAll("gr-copy[text]")].find((e) => e.checkVisibility()).classList.add("tried")`)
	tab.Click("gr-copy.tried button")
	tab.Until("it says so", `document.querySelector("gr-copy.tried [role=status]").textContent.trim() !== ""`)
	if got := browser.Value[string](tab, `navigator.clipboard.readText()`); got != wanted {
		t.Errorf("the clipboard holds %q, want %q", got, wanted)
	}
}

func TestMaps(t *testing.T) {
	s := served(t)
	for name, path := range map[string]string{
		"coverage": s.mixed + "/informations",
		"file":     "/explore/" + strings.TrimPrefix(s.mixed, "/datasets/") + "?resource_id=" + s.files["lieux"],
	} {
		t.Run(name, func(t *testing.T) {
			tab := open(t, browser.Look{Height: 2400})
			tab.Open(path, http.StatusOK)
			tab.Run(`document.querySelector("gr-map").scrollIntoView()`)
			tab.Until("a map", `document.querySelector("gr-map .leaflet-container, gr-map.leaflet-container")`)
			tab.Until("something drawn", `document.querySelectorAll("gr-map canvas, gr-map svg path").length > 0`)
			tab.Settled()
			tab.Until("the map is done", `document.querySelector("gr-map[aria-busy]") === null`)
			if browser.Value[bool](tab, `document.querySelector("gr-map + .notice") !== null`) {
				t.Error("the map says that it failed")
			}
		})
	}
}

// TestPreviewInPlace opens the look into a file where the file is listed.
func TestPreviewInPlace(t *testing.T) {
	s := served(t)
	tab := open(t, browser.Look{})
	for title, sign := range map[string]string{"communes": "table", "archive": "table", "image": "img", "notes": "pre", "lieux": "gr-map"} {
		tab.Open(s.mixed+"?resource_id="+s.files[title], http.StatusOK)
		tab.Until("the look into "+title, `document.querySelector("gr-preview `+sign+`")`)
	}
	stay(tab)
	if n := browser.Value[int](tab, `document.querySelectorAll("#resource-`+s.files["lieux"]+`").length`); n < 1 {
		t.Error("the file that was asked for is not on the page")
	}
}

// TestOldFragments follows addresses of earlier portals, which the server
// never sees.
func TestOldFragments(t *testing.T) {
	s := served(t)
	tab := open(t, browser.Look{})
	file := s.files["notes"]
	for fragment, script := range map[string]string{
		"#resources-" + file:       `new URL(location).searchParams.get("resource_id") === "` + file + `"`,
		"#/resources/" + file:      `new URL(location).searchParams.get("resource_id") === "` + file + `"`,
		"#information":             `location.pathname.endsWith("/informations")`,
		"#community-reuses":        `location.pathname.endsWith("/reuses_and_dataservices")`,
		"#community-resources-abc": `location.pathname.endsWith("/community-resources")`,
	} {
		tab.Open("/", http.StatusOK)
		// From another page, as a bookmark does; on many the file is not on the first page.
		tab.Open(s.many+fragment, http.StatusOK)
		tab.Until(fragment+" leads on", script)
		tab.Settled()
	}
}

func sameAddress(got, want string) bool {
	path, query, _ := strings.Cut(got, "?")
	wantPath, wantQuery, _ := strings.Cut(want, "?")
	return path == wantPath && sameArguments(query, wantQuery)
}
