package browser_test

import (
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"grenier/e2e/browser"
)

func sameArguments(a, b string) bool {
	first, err := url.ParseQuery(a)
	second, failure := url.ParseQuery(b)
	return err == nil && failure == nil && reflect.DeepEqual(first, second)
}

// stop is where the focus is after a press of Tab.
type stop struct {
	Name string
	// Number counts the actions of the page, from 0; -1 for what is none.
	Number                 int
	Outlined, Shown, Clear bool
	// Scrolls tells that the element is a box which the keyboard scrolls.
	Scrolls bool
}

// listActions numbers what a person can do on the page: every visible link and
// control that takes part in the order of Tab; the radios of a group are one.
const listActions = `(() => {
	const groups = new Set();
	window.actions = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")].filter((e) => {
		if (e.tabIndex < 0 || e.disabled || !e.checkVisibility({visibilityProperty: true, opacityProperty: false})) return false;
		if (e.closest("[inert]")) return false;
		if (e.type === "radio") { const g = e.form?.id + e.name; if (groups.has(g)) return false; groups.add(g) }
		return true;
	});
	return window.actions.length;
})()`

// whereFocus tells of the element that has the focus: whether its ring shows,
// whether it is in the window, and whether nothing lies over it (WCAG 2.4.11).
const whereFocus = `(() => {
	const e = document.activeElement;
	const name = e === document.body ? "" : (e.tagName.toLowerCase() + (e.id ? "#" + e.id : "") + " " + (e.innerText || e.name || e.getAttribute("aria-label") || "").trim().slice(0, 40));
	let number = window.actions.indexOf(e);
	if (number < 0 && e.type === "radio") number = window.actions.findIndex((a) => a.type === "radio" && a.name === e.name && a.form === e.form);
	const drawn = (x) => { const s = getComputedStyle(x); return (s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0) || s.boxShadow !== "none" };
	let outlined = drawn(e);
	for (let p = e.parentElement, i = 0; !outlined && p && i < 3; p = p.parentElement, i++) outlined = p.matches(":focus-within") && drawn(p) && p !== document.body;
	const r = [...e.getClientRects()].find((r) => r.width > 0 && r.height > 0) ?? e.getBoundingClientRect();
	const shown = r.bottom > 0 && r.top < innerHeight && r.right > 0 && r.left < innerWidth;
	const points = [[.5, .5], [.1, .5], [.9, .5], [.5, .2], [.5, .8]].map(([x, y]) => document.elementFromPoint(r.left + r.width * x, r.top + r.height * y));
	const clear = points.some((p) => p && (e.contains(p) || p.contains(e) && p !== document.documentElement || p.closest("label")?.control === e));
	return {Name: name, Number: number, Outlined: outlined, Shown: shown, Clear: clear, Scrolls: e.scrollWidth > e.clientWidth || e.scrollHeight > e.clientHeight};
})()`

// TestTabReachesEveryAction walks with Tab over pages: every action has the
// focus once, shows that it has it, and is not covered.
func TestTabReachesEveryAction(t *testing.T) {
	s := served(t)
	for name, c := range map[string]struct {
		path string
		look browser.Look
	}{
		"search":        {"/datasets/search?q=transport", browser.Look{}},
		"search-small":  {"/datasets/search?q=transport", browser.Look{Width: 320, Height: 640}},
		"dataset":       {s.mixed, browser.Look{}},
		"dataset-small": {s.mixed, browser.Look{Width: 320, Height: 640}},
		"home":          {"/", browser.Look{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tab := open(t, c.look)
			tab.Open(c.path, http.StatusOK)
			tab.Settled()
			total := browser.Value[int](tab, listActions)
			reached := make([]int, total)
			for range 2*total + 20 {
				tab.Press(browser.KeyTab)
				at := browser.Value[stop](tab, whereFocus)
				if at.Name == "" {
					break // past the last
				}
				if at.Number < 0 && at.Scrolls {
					continue
				}
				if at.Number < 0 {
					t.Errorf("the focus is on %q, which is not visible or no action", at.Name)
					continue
				}
				if reached[at.Number]++; reached[at.Number] > 1 {
					if at.Number == 0 {
						reached[0]--
						break // round again
					}
					t.Fatalf("%q has the focus a second time", at.Name)
				}
				if !at.Outlined {
					t.Errorf("%q does not show that it has the focus", at.Name)
				}
				if !at.Shown || !at.Clear {
					t.Errorf("%q has the focus but is not seen (in the window: %t, uncovered: %t)", at.Name, at.Shown, at.Clear)
				}
			}
			for i, times := range reached {
				if times == 0 {
					t.Errorf("Tab never reaches %s", browser.Value[string](tab, `window.actions[`+itoa(i)+`].outerHTML.slice(0, 120)`))
				}
			}
		})
	}
}

// TestSkipLinks jumps over the head of the page.
func TestSkipLinks(t *testing.T) {
	tab := open(t, browser.Look{})
	tab.Open("/datasets/search", http.StatusOK)
	tab.Press(browser.KeyTab)
	if !browser.Value[bool](tab, `document.activeElement.getAttribute("href") === "#content" && document.activeElement.getBoundingClientRect().top >= 0`) {
		t.Error("the first thing that Tab reaches is no visible link to the content")
	}
	tab.Press(browser.KeyEnter)
	tab.Until("the focus is in the content", `document.activeElement.id === "content"`)
	tab.Press(browser.KeyTab)
	if !browser.Value[bool](tab, `document.querySelector("main").contains(document.activeElement)`) {
		t.Error("Tab after the skip link is not in the content")
	}
}

// TestFoldsByKeyboard opens the menu and the filters of a small screen.
func TestFoldsByKeyboard(t *testing.T) {
	tab := open(t, browser.Look{Width: 320, Height: 640})
	tab.Open("/datasets/search", http.StatusOK)
	tab.Settled()
	for what, c := range map[string][2]string{"menu": {".top .fold > summary", "#menu a"}, "filters": {".split .fold > summary", "#filters input[type=checkbox], #filters input[type=radio]"}} {
		visible := func(is string) string {
			return `[...document.querySelectorAll(` + quoted(c[1]) + `)].some((e) => e.checkVisibility()) === ` + is
		}
		tab.Until(what+" is folded", visible("false"))
		tab.Focus(c[0])
		tab.Press(browser.KeyEnter)
		tab.Until(what+" unfolds by Enter", visible("true"))
		tab.Press(browser.KeyTab)
		if !browser.Value[bool](tab, `document.activeElement.closest("nav, form, search, gr-filters") !== null`) {
			t.Errorf("%s: Tab does not go into what was opened", what)
		}
		tab.Focus(c[0])
		tab.Press(browser.KeySpace)
		tab.Until(what+" folds by Space", visible("false"))
	}
	tab.Focus(".lang-menu > summary")
	tab.Press(browser.KeyEnter)
	tab.Until("languages open", `document.querySelector(".lang-menu").open && document.querySelector(".lang-menu a").checkVisibility()`)
	tab.Press(browser.KeyTab + browser.KeyEscape)
	tab.Until("Escape closes them and gives the focus back", `!document.querySelector(".lang-menu").open && document.activeElement.matches(".lang-menu > summary")`)
}

// TestDoubleZoom looks at pages in a window of 1280 pixels at 200 %: half the
// width, with everything there and nothing cut (WCAG 1.4.4), and at 400 %
// (1.4.10).
func TestDoubleZoom(t *testing.T) {
	s := served(t)
	tab := open(t, browser.Look{Width: 640, Height: 360, Scale: 2})
	for _, path := range []string{"/", "/datasets/search?q=transport", s.mixed, s.long, s.organization} {
		for _, look := range []browser.Look{{Width: 640, Height: 360, Scale: 2}, {Width: 320, Height: 180, Scale: 4}} {
			tab.See(look)
			tab.Open(path, http.StatusOK)
			tab.Settled()
			checkWidth(t, tab, path, look.Width)
			if cut := browser.Value[[]string](tab, cutTexts); len(cut) > 0 {
				t.Errorf("%s at %d px: text is cut: %s", path, look.Width, strings.Join(cut, "; "))
			}
		}
	}
}

// cutTexts names elements whose text is cut off without a way to reach it: what
// is shortened on purpose says so by line-clamp or an ellipsis.
const cutTexts = `[...document.querySelectorAll("main *, header *, footer *")].filter((e) => {
	if (!e.checkVisibility() || e.closest(".visually-hidden, .leaflet-container, svg, select, input, textarea")) return false;
	const s = getComputedStyle(e);
	if (s.webkitLineClamp !== "none" || s.textOverflow === "ellipsis") return false;
	const x = s.overflowX === "hidden" || s.overflowX === "clip", y = s.overflowY === "hidden" || s.overflowY === "clip";
	return (x && e.scrollWidth > e.clientWidth + 1 || y && e.scrollHeight > e.clientHeight + 1) && e.clientWidth > 1 && e.innerText?.trim();
}).slice(0, 5).map((e) => e.tagName.toLowerCase() + "." + [...e.classList].join(".") + " " + e.scrollWidth + "×" + e.scrollHeight + " in " + e.clientWidth + "×" + e.clientHeight)`
