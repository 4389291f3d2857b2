package ui

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// built gives every file of the pages, by name.
func built(t *testing.T) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := fs.WalkDir(Portal(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files[name], err = fs.ReadFile(Portal(), name)
		return err
	})
	if err != nil {
		t.Fatalf("the front end is not built (make build does): %v", err)
	}
	return files
}

// weight is the size of files as they travel, compressed one by one.
func weight(t *testing.T, files map[string][]byte, names ...string) int {
	t.Helper()
	total := 0
	for _, name := range names {
		body, ok := files[name]
		if !ok {
			t.Fatalf("no file %q", name)
		}
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		if _, err := w.Write(body); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		total += packed.Len()
	}
	return total
}

var (
	staticImport  = regexp.MustCompile(`(?:\bfrom|\bimport)\s*"\./([^"]+)"`)
	dynamicImport = regexp.MustCompile(`\bimport\(\s*"\./([^"]+)"\s*\)`)
)

// imported lists a script and all that it imports before it runs.
func imported(t *testing.T, files map[string][]byte, name string) []string {
	t.Helper()
	names := []string{name}
	seen := map[string]bool{name: true}
	for i := 0; i < len(names); i++ {
		body, ok := files[names[i]]
		if !ok {
			t.Fatalf("no file %q", names[i])
		}
		for _, found := range staticImport.FindAllSubmatch(body, -1) {
			if part := string(found[1]); !seen[part] {
				seen[part] = true
				names = append(names, part)
			}
		}
	}
	return names
}

func TestWeightsStayInTheirBudgets(t *testing.T) {
	files, manifest := built(t), Manifest()
	page := imported(t, files, manifest["main.js"])
	var later []string // what a map adds to what the page has loaded
	for _, name := range imported(t, files, manifest["map.js"]) {
		if !slices.Contains(page, name) {
			later = append(later, name)
		}
	}
	var tools []string // what pages that one writes on add
	for _, name := range imported(t, files, manifest["tools.js"]) {
		if !slices.Contains(page, name) {
			tools = append(tools, name)
		}
	}
	for _, each := range []struct {
		what  string
		names []string
		most  int // KiB
	}{
		{"main.js with what it imports", page, 20},
		{"main.css", []string{manifest["main.css"]}, 15},
		{"tools.js with what it adds to main.js", tools, 20},
		{"tools.css", []string{manifest["tools.css"]}, 5},
		{"the script and the style of maps", append(later, manifest["map.css"]), 84},
		{"the background of maps", []string{manifest["world.json"]}, 60},
		{"icons.svg", []string{manifest["icons.svg"]}, 10},
		{"theme-boot.js, which stands in every page", []string{"theme-boot.js"}, 1},
	} {
		size := weight(t, files, each.names...)
		t.Logf("%s: %.1f KiB of %d", each.what, float64(size)/1024, each.most)
		if size == 0 || size > each.most<<10 {
			t.Errorf("%s weigh %d bytes, at most %d KiB are allowed", each.what, size, each.most)
		}
	}
}

func TestMapsAreLoadedOnlyWhenSeen(t *testing.T) {
	files, manifest := built(t), Manifest()
	if page := imported(t, files, manifest["main.js"]); slices.Contains(page, manifest["map.js"]) {
		t.Errorf("main.js imports the script of maps at once: %v", page)
	}
	var asked []string
	for _, found := range dynamicImport.FindAllSubmatch(files[manifest["main.js"]], -1) {
		asked = append(asked, string(found[1]))
	}
	if !slices.Contains(asked, manifest["map.js"]) {
		t.Errorf("main.js never asks for %s but for %v", manifest["map.js"], asked)
	}
}

func TestNamesTellTheContent(t *testing.T) {
	hashed := regexp.MustCompile(`^[a-z-]+\.([0-9a-f]{8})\.[a-z]+$`)
	plain := map[string]bool{"theme-boot.js": true, "manifest.json": true, "LICENSES.txt": true}
	files := built(t)
	for name, body := range files {
		if plain[name] {
			continue
		}
		parts := hashed.FindStringSubmatch(name)
		if parts == nil {
			t.Errorf("%s has no hash in its name", name)
			continue
		}
		sum := sha256.Sum256(body)
		if want := hex.EncodeToString(sum[:4]); parts[1] != want {
			t.Errorf("%s should be named by %s", name, want)
		}
	}
	for name, file := range Manifest() {
		if _, ok := files[file]; !ok {
			t.Errorf("the manifest gives %s for %s, which is not there", file, name)
		}
	}
	for _, name := range []string{"main.js", "tools.js", "map.js", "main.css", "tools.css", "map.css", "icons.svg", "world.json"} {
		if Manifest()[name] == "" {
			t.Errorf("the manifest does not know %s", name)
		}
	}
}

// What is named and not fetched: namespaces, and the link of Leaflet's own line of
// attribution, which our maps do not have.
var harmless = regexp.MustCompile(`http://www\.w3\.org/[A-Za-z0-9/#.]*|https://leafletjs\.com`)

var (
	dataAddress = regexp.MustCompile(`url\("data:[^"]*"\)`)
	loads       = regexp.MustCompile(`@import|url\(`)
)

func TestNothingIsFetchedFromElsewhere(t *testing.T) {
	address := regexp.MustCompile(`(?:https?:)?//[a-z0-9-]+(?:\.[a-z0-9-]+)+[^"'\x60)\s]*`)
	for name, body := range built(t) {
		if name == "LICENSES.txt" {
			continue
		}
		rest := harmless.ReplaceAllString(string(body), "")
		if found := address.FindString(rest); found != "" {
			t.Errorf("%s holds the address %s", name, found)
		}
		if strings.HasSuffix(name, ".css") && loads.MatchString(dataAddress.ReplaceAllString(rest, "")) {
			t.Errorf("%s loads something more", name)
		}
		if strings.HasSuffix(name, ".js") {
			for _, forbidden := range []string{"console.", "eval(", "new Function", "sourceMappingURL"} {
				if strings.Contains(rest, forbidden) {
					t.Errorf("%s contains %s", name, forbidden)
				}
			}
		}
	}
}
