package browser_test

import (
	"net/http"
	"strings"
	"testing"

	"grenier/e2e/browser"
)

// TestOlderCardsAreDrawn looks at what the first generation of cards draws: its
// icons, a title no higher than its words, and pictures for a light ground.
func TestOlderCardsAreDrawn(t *testing.T) {
	s := served(t)
	f := elsewhere(t, browser.Look{Width: 1000, Dark: true}, map[string]string{"/": `<style>:root { color-scheme: light dark }</style>
		<div data-udata-dataset-id="` + s.ids(t, "/api/1/datasets/?page_size=1")[0] + `"></div><script id="udata" src="PORTAL/static/widgets.js"></script>`})
	f.visit("/")
	f.awaits("the card is there", ".dataset-card .udata-code", 1)
	icon := browser.Value[string](f.Tab, `(([whole, before]) => whole.backgroundImage + " " + before.clipPath)([undefined, "::before"].map((part) => getComputedStyle(document.querySelector(".dataset-card .udata-code"), part)))`)
	if !strings.Contains(icon, "svg") && !strings.Contains(icon, "path(") {
		t.Errorf("the icon is %q", icon)
	}
	if high := browser.Value[float64](f.Tab, `document.querySelector(".dataset-card .udata-title").offsetHeight / parseFloat(getComputedStyle(document.querySelector(".dataset-card .udata-title a")).fontSize)`); high > 3.5 {
		t.Errorf("the title takes %.1f lines of its letters", high)
	}
	if scheme := browser.Value[string](f.Tab, `getComputedStyle(document.querySelector(".dataset-card")).colorScheme`); scheme != "light" {
		t.Errorf("the pictures are drawn for a ground that is %q", scheme)
	}
}

// TestCardsStandApart puts cards of the second generation and of the library
// below each other.
func TestCardsStandApart(t *testing.T) {
	s := served(t)
	ids := s.ids(t, "/api/1/datasets/?page_size=2")
	for name, body := range map[string]string{
		"oembed.js": `<div data-udata-dataset="` + ids[0] + `"></div><div data-udata-dataset="` + ids[1] + `"></div><script src="PORTAL/oembed.js" async></script>`,
		"udata.mjs": `<udata-dataset ref="` + ids[0] + `"></udata-dataset><udata-dataset ref="` + ids[1] + `"></udata-dataset><script type="module" src="PORTAL/static/udata.mjs"></script>`,
	} {
		f := elsewhere(t, browser.Look{}, map[string]string{"/": body})
		f.visit("/")
		f.awaits("both are there", ".udata-oembed .card, .udata-card", 2)
		f.Settled()
		if between := browser.Value[float64](f.Tab, `(([a, b]) => b.getBoundingClientRect().top - a.getBoundingClientRect().bottom)(deep(".udata-oembed .card, .udata-card"))`); between < 8 {
			t.Errorf("%s: %.0f pixels lie between the cards", name, between)
		}
	}
}

// TestWordsOfDescriptionsStayApart shows a description whose headings and lines
// touch each other.
func TestWordsOfDescriptionsStayApart(t *testing.T) {
	s := served(t)
	var dataset made
	s.client.MustDo(t, http.MethodPost, "/api/1/datasets/", map[string]any{"title": "Lignes serrées", "description": "**Un début**\n### Un titre\nune ligne\nune autre"}, http.StatusCreated, &dataset)
	f := elsewhere(t, browser.Look{}, map[string]string{"/": `<udata-dataset ref="` + dataset.ID + `"></udata-dataset><script type="module" src="PORTAL/static/udata.mjs"></script>`})
	f.visit("/")
	f.awaits("the words are there", ".udata-description", 1)
	if words := browser.Value[string](f.Tab, `deep(".udata-description")[0].textContent`); words != "Un début Un titre une ligne une autre" {
		t.Errorf("the words are %q", words)
	}
}

// TestPreviewsShowTheWhole opens pages with a frame of this site at every width:
// nothing of the card is cut, nothing empty is below it.
func TestPreviewsShowTheWhole(t *testing.T) {
	s := served(t)
	for _, width := range []int64{1440, 320} {
		for _, path := range []string{s.long, "/integrate/dataset"} {
			tab := open(t, browser.Look{Width: width})
			tab.Open(path, http.StatusOK)
			tab.Settled()
			tab.Run(`document.querySelector("#embed")?.setAttribute("open", ""); document.querySelector("iframe").scrollIntoView()`)
			tab.Until("the frame is as high as its page", `(() => {
				const frame = document.querySelector("iframe"), root = frame.contentDocument?.documentElement;
				return !!root?.querySelector("a.card") && Math.abs(frame.clientHeight - root.getBoundingClientRect().height) < 2;
			})()`)
		}
	}
}
