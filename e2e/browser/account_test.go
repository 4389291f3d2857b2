package browser_test

import (
	"net/http"
	"strings"
	"testing"

	"grenier/e2e/browser"
	"grenier/e2e/harness"
)

// TestPagesOfOnesAccount looks at the pages of one's own space as who is signed
// in sees them: accessible in both themes, without scrolling sideways.
func TestPagesOfOnesAccount(t *testing.T) {
	script := axe(t)
	server := harness.Start(t, harness.Options{})
	server.RunWith(t, handsPassword+"\n", "user", "create", "ada@example.org", "--first-name", "Ada", "--last-name", "Valmont", "--password-stdin")
	ada := handsOf(t, server, true)
	ada.login("ada@example.org", "/admin")
	looks := []browser.Look{{Width: 1440}, {Width: 320, Height: 640}}
	for _, path := range []string{
		"/admin", "/admin/me/profile", "/admin/me/security", "/admin/me/security/factor", "/admin/me/tokens", "/admin/me/programs",
		"/admin/me/programs/new", "/admin/me/data", "/en/admin/me/security",
	} {
		ada.Open(path, http.StatusOK)
		ada.Settled()
		language := "fr"
		if strings.HasPrefix(path, "/en/") {
			language = "en"
		}
		checkForm(t, ada.Tab, language)
		checkLooks(t, ada.Tab, script, looks)
		ada.See(browser.Look{})
	}
	ada.Open("/admin/me/tokens", http.StatusOK)
	ada.Run(`document.querySelector("input[name=name]").value = "Essai"; document.querySelector("#token button.primary, form#token button").click()`)
	ada.Until("the key is shown", `document.querySelector("#token-plain")?.textContent.startsWith("udata_") ?? false`)
	checkLooks(t, ada.Tab, script, looks)
}
