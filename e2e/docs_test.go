package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"grenier/e2e/harness"
)

var shellBlock = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")

// TestDocumentedExamplesRun runs the examples of the documentation of the API
// as a reader would, in their order, in one shell, against the catalogue that
// `make demo` serves.
func TestDocumentedExamplesRun(t *testing.T) {
	text, err := os.ReadFile("../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := shellBlock.FindAllStringSubmatch(string(text), -1)
	if len(blocks) < 8 {
		t.Fatalf("docs/api.md has %d examples, at least 8 are wanted", len(blocks))
	}
	server := harness.New(t, harness.Options{})
	var files []string
	for _, folder := range []string{"catalog", "examples"} {
		found, err := filepath.Glob("../internal/intake/demo/" + folder + "/*")
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	server.Run(t, append([]string{"import", "catalog"}, files...)...)
	server.Launch(t)
	server.AwaitReady(t)

	script := []string{"set -euo pipefail", "export BASE=" + server.URL()}
	for _, block := range blocks {
		script = append(script, block[1])
	}
	command := exec.Command("bash", "-c", strings.Join(script, "\n"))
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("an example failed: %v\n%.3000s", err, output)
	}
	for _, wanted := range []string{`"total"`, "\n304", "\n401"} {
		if !strings.Contains("\n"+string(output), wanted) {
			t.Errorf("the examples do not show %q", wanted)
		}
	}
}
