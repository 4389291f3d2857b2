package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestThemeCheck(t *testing.T) {
	sh := shell{t, map[string]string{}}
	if out := sh.must("theme", "check", "../../themes/littoral"); !strings.Contains(out, "can be worn") {
		t.Errorf("a sound pack is told as %q", out)
	}
	if out := sh.must("theme", "check", "--json", "../../themes/littoral"); strings.TrimSpace(out) != "[]" {
		t.Errorf("a sound pack is told as %q", out)
	}
	folder := t.TempDir()
	for name, content := range map[string]string{"theme.yaml": "name: X\n", "tokens.css": ":root {\n  --gr-color-fg: #ccc;\n}\n", "other.txt": ""} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	done := sh.run("", "theme", "check", folder)
	if done.status != statusFailed || !strings.Contains(done.out, "fault  tokens.css:2: ") || !strings.Contains(done.out, "note   other.txt: nobody reads this") ||
		!strings.Contains(done.err, "fault") {
		t.Errorf("a pale pack gives %+v", done)
	}
	var found []struct {
		File  string
		Line  int
		Fault bool
	}
	decode(t, sh.run("", "theme", "check", "--json", folder).out, &found)
	if len(found) < 2 || found[0].File != "other.txt" || found[0].Fault || found[1].Line != 2 || !found[1].Fault {
		t.Errorf("as JSON: %+v", found)
	}
	if done := sh.run("", "theme", "check", filepath.Join(folder, "none")); done.status != statusFailed || !strings.Contains(done.out, "there is no theme pack") {
		t.Errorf("a folder that is missing gives %+v", done)
	}
}
