package portal

import (
	"strings"
	"testing"

	"grenier/internal/image"
)

// TestMonogramsAreOfOneColour: what a page draws itself and the picture that
// stands in for a logo have the same tone, which comes from the identifier.
func TestMonogramsAreOfOneColour(t *testing.T) {
	inks := []string{"#235a84", "#855300", "#a3291f", "#6a4590", "#2a6a35"} // of data-tone 1 to 5 in the style sheet
	seen := map[int]bool{}
	for _, id := range []string{"a", "b", "c", "d", "e", "f", "g", "646b7187b50b2a93b1ae3d45", "6b0294a4826341311479020c", "534fff75a3a7292c64a77e5e"} {
		tone := shade(id)
		seen[tone] = true
		for _, name := range []string{"Agence de Valmont", "Ville de Valmont"} {
			if svg := string(image.Monogram(name, id, 100)); !strings.Contains(svg, `fill="`+inks[tone-1]+`"`) {
				t.Errorf("%s of tone %d is drawn as %s", id, tone, svg)
			}
		}
	}
	if len(seen) < 3 {
		t.Errorf("the identifiers have the tones %v", seen)
	}
}
