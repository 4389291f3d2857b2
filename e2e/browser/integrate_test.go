package browser_test

import (
	"html"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"grenier/e2e/browser"
)

// shownSample is a piece of HTML, or a header, on a page for those who use the
// site from elsewhere.
var shownSample = regexp.MustCompile(`(?s)<pre tabindex="0" data-runs="(html|header)"><code>(.*?)</code></pre>`)

// shown are those of one page, with the portal's address taken out.
func (s *site) shown(t *testing.T, way string) (samples []string, header string) {
	t.Helper()
	answer, err := http.Get(s.url + "/en/integrate/" + way)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v", way, answer.Status, err)
	}
	for _, found := range shownSample.FindAllStringSubmatch(string(body), -1) {
		text := strings.ReplaceAll(html.UnescapeString(found[2]), s.url, "PORTAL")
		if found[1] == "header" {
			header = strings.TrimPrefix(text, "Content-Security-Policy: ")
		} else {
			samples = append(samples, text)
		}
	}
	return samples, header
}

// filled tells, in a page, whether what stands there came from the portal: every
// element of the library is ready, and something links there or is framed, or
// a card is there, which may lead to what a territory is offered elsewhere, or
// changes were told.
const filled = `(() => {
  const deep = (selector, root = document) => [...root.querySelectorAll(selector), ...[...root.querySelectorAll("*")].filter((e) => e.shadowRoot).flatMap((e) => deep(selector, e.shadowRoot))];
  const elements = [...document.querySelectorAll("main *")].filter((e) => e.localName.startsWith("udata-"));
  if (elements.some((e) => !e.hasAttribute("ready"))) return false;
  const told = document.querySelector("#changes");
  if (told) return told.textContent.includes("dataset.");
  if (document.querySelector("main .dataset-card .udata-title a[href]")) return true;
  return deep("main a, main iframe").some((e) => (e.href || e.src).startsWith("PORTAL/")) || deep("a").some((e) => e.getRootNode() !== document && e.href.startsWith("PORTAL/"));
})()`

// TestShownSnippetsWork puts every piece of HTML that the pages show into a page
// of another site, as it is shown.
func TestShownSnippetsWork(t *testing.T) {
	s := served(t)
	pages, tried := map[string]string{}, []string{}
	for _, way := range []string{"dataset", "organization", "library", "changes"} {
		samples, _ := s.shown(t, way)
		for i, sample := range samples {
			path := "/" + way + "-" + string(rune('a'+i))
			pages[path], tried = sample, append(tried, path)
		}
	}
	if len(tried) < 12 {
		t.Fatalf("the pages show %d pieces of HTML", len(tried))
	}
	for _, path := range tried {
		t.Run(strings.TrimPrefix(path, "/"), func(t *testing.T) {
			f := elsewhere(t, browser.Look{}, pages)
			f.visit(path)
			if strings.HasPrefix(path, "/changes") { // it tells of what comes from now on
				f.Until("the stream is open", `stream.readyState === EventSource.OPEN`)
				s.client.MustDo(t, http.MethodPost, "/api/1/datasets/", map[string]any{"title": "Un changement", "description": "Pour qui le suit."}, http.StatusCreated, nil)
			}
			f.Until("the example shows something of the portal", strings.ReplaceAll(filled, "PORTAL", s.url))
		})
	}
}

// TestShownPolicyIsEnough serves the two lines under the policy that the page
// beside them names, with nothing else allowed.
func TestShownPolicyIsEnough(t *testing.T) {
	s := served(t)
	samples, header := s.shown(t, "dataset")
	if header == "" || len(samples) == 0 {
		t.Fatal("the page names no policy")
	}
	f := elsewhere(t, browser.Look{}, map[string]string{"/": samples[0]})
	f.policy = "default-src 'none'; " + header
	f.visit("/")
	f.Until("the card is there", strings.ReplaceAll(filled, "PORTAL", s.url))
}

// TestLiveExamples opens the pages themselves: what they show at work, works
// under their own policy, and reads well.
func TestLiveExamples(t *testing.T) {
	tab := open(t, browser.Look{})
	for _, prefix := range []string{"", "/en"} {
		tab.Open(prefix+"/integrate/library", http.StatusOK)
		tab.Until("the elements are ready", `document.querySelectorAll("main [ready]").length === 4 && !document.querySelector("main [error]")`)
		for _, way := range []string{"", "/dataset", "/organization", "/library", "/linked-data", "/feeds", "/changes", "/api"} {
			tab.Open(prefix+"/integrate"+way, http.StatusOK)
			tab.Settled()
			for _, violation := range tab.Violations(axe(t)) {
				t.Errorf("%s/integrate%s: %s", prefix, way, violation)
			}
		}
	}
	tab.Open("/integrate/dataset", http.StatusOK)
	tab.Until("the frame shows the card", `(() => { const framed = document.querySelector("iframe.framed"); return !!framed && !!framed.contentDocument && framed.contentDocument.querySelectorAll("a").length > 0; })()`)
}
