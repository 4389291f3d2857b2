package browser_test

import (
	"net/http"
	"testing"
	"time"

	"grenier/e2e/browser"
)

// TestShownSoonOnSlowNetworks loads pages as a telephone on a slow network does,
// with nothing kept: what is largest on the screen is painted soon. The small
// size allows for a busy machine.
func TestShownSoonOnSlowNetworks(t *testing.T) {
	s, limit := served(t), 5*time.Second
	if soak() {
		limit = 1500 * time.Millisecond
	}
	for name, path := range map[string]string{"home": "/", "search": "/datasets/search?q=transport", "dataset": s.mixed} {
		t.Run(name, func(t *testing.T) {
			tab := open(t, browser.Look{Width: 390, Height: 844})
			tab.Slow()
			tab.Before(`new PerformanceObserver((list) => { window.largest = list.getEntries().at(-1).startTime }).observe({type: "largest-contentful-paint", buffered: true});
new PerformanceObserver((list) => { for (const e of list.getEntries()) if (!e.hadRecentInput) {
	window.shifted = (window.shifted ?? 0) + e.value;
	(window.jumped ??= []).push(...e.sources.map((s) => (s.node?.outerHTML ?? "").slice(0, 80) + " from " + Math.round(s.previousRect.top) + " to " + Math.round(s.currentRect.top)));
} }).observe({type: "layout-shift", buffered: true})`)
			tab.Open(path, http.StatusOK)
			tab.Until("a paint", `window.largest > 0`)
			tab.Settled()
			took := time.Duration(browser.Value[float64](tab, `window.largest`)) * time.Millisecond
			if took > limit {
				t.Errorf("the largest thing is painted after %v, at most %v", took, limit)
			}
			shift := browser.Value[float64](tab, `window.shifted ?? 0`)
			if shift > 0.1 {
				t.Errorf("the page jumps while it loads: %.2f, at most 0.1: %v", shift, browser.Value[[]string](tab, `window.jumped`))
			}
			t.Logf("painted after %v, shift %.3f", took, shift)
		})
	}
}
