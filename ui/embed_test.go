package ui

import (
	"io/fs"
	"strings"
	"testing"
)

// ofOthers gives every file that pages of other sites load.
func ofOthers(t *testing.T) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	entries, err := fs.ReadDir(Embed(), ".")
	if err != nil {
		t.Fatalf("the front end is not built (make build does): %v", err)
	}
	for _, entry := range entries {
		if files[entry.Name()], err = fs.ReadFile(Embed(), entry.Name()); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func TestScriptsOfOtherPagesStayInTheirBudgets(t *testing.T) {
	files := ofOthers(t)
	for name, most := range map[string]int{ // KiB
		"widgets.js": 5, "oembed.js": 5, "udata.mjs": 10, "udata.iife.js": 10, "udata-compat.js": 8, "udata-files.mjs": 6, "udata-map.mjs": 50,
	} {
		size := weight(t, files, name)
		t.Logf("%s: %.2f KiB of %d", name, float64(size)/1024, most)
		if size > most<<10 {
			t.Errorf("%s weighs %d bytes, at most %d KiB are allowed", name, size, most)
		}
	}
	if len(files) != 7 {
		t.Errorf("%d files are served to other pages: give each its budget", len(files))
	}
}

// TestScriptsOfOtherPagesStandAlone holds that the scripts fetch from the site
// that they came from alone, evaluate nothing, and have the places that the
// site fills.
func TestScriptsOfOtherPagesStandAlone(t *testing.T) {
	for name, body := range ofOthers(t) {
		text := harmless.ReplaceAllString(string(body), "")
		for _, forbidden := range []string{"eval(", "new Function", "sourceMappingURL", "@import", "console.log", "console.error", "document.cookie", "localStorage"} {
			if strings.Contains(text, forbidden) {
				t.Errorf("%s contains %s", name, forbidden)
			}
		}
		if strings.HasPrefix(name, "udata-") {
			continue
		}
		for _, place := range []string{"__GRENIER_LANGUAGE__", "__GRENIER_STYLE__"} {
			if !strings.Contains(text, place) {
				t.Errorf("%s has no place %s", name, place)
			}
		}
	}
}
