package browser_test

import (
	"net/http"
	"strconv"
	"testing"

	"grenier/e2e/browser"
)

func itoa(n int) string { return strconv.Itoa(n) }

// TestWithoutScripts does what people come for in a browser that runs no script
// of the site.
func TestWithoutScripts(t *testing.T) {
	s := served(t)
	tab := open(t, browser.Look{})
	tab.WithoutScripts()

	tab.Open("/", http.StatusOK)
	tab.Focus("#q")
	tab.Press("transport" + browser.KeyEnter)
	tab.Until("the search", `location.pathname.endsWith("/search") && document.querySelectorAll(".result").length > 0`)

	tab.Open("/datasets/search?q=transport", http.StatusOK)
	if browser.Value[bool](tab, `customElements.get("gr-filters") !== undefined`) {
		t.Fatal("the scripts of the page ran")
	}
	all := found(tab)
	tab.Click("#filters label:has(input[type=checkbox]), #filters label:has(input[type=radio][value]:not([value='']))")
	tab.Click("#filters .actions .button.primary")
	tab.Until("filtered results", `document.readyState === "complete" && document.querySelector("#results .chip.removable") && document.querySelector("#results [data-announce]").innerText !== `+quoted(all))
	tab.Click("#results .chip.removable")
	tab.Until("the filter is gone", `document.readyState === "complete" && document.querySelector("#results [data-announce]")?.innerText === `+quoted(all))

	tab.Run(`document.querySelector("#sort").value = "-created"`)
	tab.Click("form:has(#sort) button")
	tab.Until("sorted results", `document.readyState === "complete" && new URL(location).searchParams.get("sort") === "-created" && new URL(location).searchParams.get("q") === "transport"`)

	tab.Open("/datasets/search", http.StatusOK)
	tab.Click("#results .pager a[rel=next]")
	tab.Until("the second page", `document.readyState === "complete" && new URL(location).searchParams.get("page") === "2" && document.querySelectorAll(".result").length > 0`)
	tab.Click("#results .result-title a")
	tab.Until("a dataset", `document.readyState === "complete" && document.querySelector("#files")`)

	tab.Open(s.mixed, http.StatusOK)
	download := browser.Value[string](tab, `document.querySelector(".file a.button[href*='/r/'], .file a.button[href*='download'], .file .file-head .row a:last-of-type").getAttribute("href")`)
	answer, err := s.server.Client("").Do(http.MethodGet, pathOf(download), nil)
	if err != nil {
		t.Fatal(err)
	}
	if answer.Status != http.StatusFound && answer.Status != http.StatusOK {
		t.Errorf("the link to download %s answered %d", download, answer.Status)
	}
	tab.Click(".file .file-title a")
	tab.Until("one file", `document.readyState === "complete" && new URL(location).searchParams.get("resource_id")`)
	tab.Click("gr-preview a")
	tab.Until("the look into it", `document.readyState === "complete" && location.pathname.startsWith("/explore/")`)

	tab.Click(".lang-menu > summary")
	tab.Click(".lang-menu a[hreflang=en]")
	tab.Until("English", `document.readyState === "complete" && document.documentElement.lang === "en"`)

	tab.See(browser.Look{Width: 320, Height: 640})
	tab.Open("/datasets/search", http.StatusOK)
	tab.Click(".top .fold > summary")
	tab.Until("the menu", `document.querySelector("#menu a").checkVisibility()`)
	tab.Click(".split .fold > summary")
	tab.Until("the filters", `document.querySelector("#filters input[type=checkbox], #filters input[type=radio]").checkVisibility()`)
}
