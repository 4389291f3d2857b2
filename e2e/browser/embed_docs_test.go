package browser_test

import (
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"grenier/e2e/browser"
)

var docBlock = regexp.MustCompile("(?ms)^```(html|js|css)\n(.*?)^```$")

// TestExamplesOfElementsRun puts the examples of the documentation into pages, with
// the address and a dataset of the tests.
func TestExamplesOfElementsRun(t *testing.T) {
	s := served(t)
	text, err := os.ReadFile("../../docs/elements.md")
	if err != nil {
		t.Fatal(err)
	}
	adapted := strings.NewReplacer("https://data.example.org", "PORTAL", "population-communale", strings.TrimPrefix(s.mixed, "/datasets/")).Replace(string(text))
	var html, css, js []string
	for _, block := range docBlock.FindAllStringSubmatch(adapted, -1) {
		switch block[1] {
		case "html":
			html = append(html, block[2])
		case "css":
			css = append(css, block[2])
		case "js":
			js = append(js, block[2])
		}
	}
	if len(html) != 2 || len(css) != 1 || len(js) != 1 {
		t.Fatalf("%d, %d and %d examples were found", len(html), len(css), len(js))
	}
	f := elsewhere(t, browser.Look{}, map[string]string{"/": "<style>" + css[0] + "</style>" + strings.Join(html, "") + `<p id="here"></p><script type="module">` + js[0] + `window.places = places</script>`})
	f.Open("/", http.StatusOK)
	f.Until("the elements are ready", `document.querySelectorAll("udata-dataset[ready]").length === 2`)
	f.awaits("the template lists the files", "h3 ~ ul li a[href]", 7)
	f.Until("the script has run", `Array.isArray(window.places) && document.querySelector("#here b")?.textContent === "Fichiers de toutes sortes"`)
	if font := browser.Value[string](f.Tab, `getComputedStyle(deep(".udata-title")[0]).fontFamily`); !strings.Contains(font, "Georgia") {
		t.Errorf("the title is in %s", font)
	}
	if !browser.Value[bool](f.Tab, `!!customElements.get("town-dataset")`) {
		t.Error("no elements of another name")
	}
}
