package rdf

import (
	"strings"
	"testing"
)

// TestReferencesResolve holds the examples of RFC 3986 §5.4.
func TestReferencesResolve(t *testing.T) {
	base := splitIRI("http://a/b/c/d;p?q")
	for reference, want := range map[string]string{
		"g:h": "g:h", "g": "http://a/b/c/g", "./g": "http://a/b/c/g", "g/": "http://a/b/c/g/", "/g": "http://a/g", "//g": "http://g",
		"?y": "http://a/b/c/d;p?y", "#s": "http://a/b/c/d;p?q#s", "": "http://a/b/c/d;p?q", ".": "http://a/b/c/", "./": "http://a/b/c/",
		"..": "http://a/b/", "../g": "http://a/b/g", "../..": "http://a/", "../../": "http://a/", "../../g": "http://a/g",
		"../../../g": "http://a/g", "../../../../g": "http://a/g", "/./g": "http://a/g", "/../g": "http://a/g", "g.": "http://a/b/c/g.",
		"..g": "http://a/b/c/..g", "./../g": "http://a/b/g", "./g/.": "http://a/b/c/g/", "g/./h": "http://a/b/c/g/h", "g/../h": "http://a/b/c/h",
		"g;x=1/../y": "http://a/b/c/y", "g?y/../x": "http://a/b/c/g?y/../x",
	} {
		if got := base.resolve(reference); got != want {
			t.Errorf("%q means %q, not %q", reference, got, want)
		}
	}
}

// TestDotsCostLittle holds that IRIs of many segments cost as much as they are
// long, not its square.
func TestDotsCostLittle(t *testing.T) {
	base := splitIRI("http://a/" + strings.Repeat("b/", maxIRI/2))
	reference := strings.Repeat("../", maxIRI/3)
	allocated := testing.AllocsPerRun(3, func() { base.resolve(reference) })
	if allocated > 50 {
		t.Errorf("resolving takes %.0f allocations", allocated)
	}
}
