package text

import (
	"slices"
	"strings"
	"testing"
)

func TestSnippetsLeaveThePlacesOfCards(t *testing.T) {
	for _, c := range []struct {
		source string
		want   []Embed
	}{
		{`<div data-udata-dataset="trees-of-valmont"></div><script data-udata="https://a.fr/" src="https://a.fr/oembed.js"></script>`, []Embed{{"dataset", "trees-of-valmont"}}},
		{"Before\n\n<div class=\"fr-grid-row\">\n<div class=\"fr-col-6\"><div class=\"udata-oembed--border-bottom\" data-udata-reuse=\"a\"></div></div>\n<div data-udata-organization=\"b\"></div>\n</div>\n\nAfter",
			[]Embed{{"reuse", "a"}, {"organization", "b"}}},
		{`<div data-udata-dataset="a" data-udata-reuse="b">fallback</div>`, []Embed{{"dataset", "a"}}},
		{`<div data-udata-dataset="a--><script>alert(1)</script>"></div>`, nil},
		{`<div data-udata-dataset="a b"></div><p data-udata-dataset="x">text</p>`, nil},
		{`<div data-udata-user="x"></div>`, nil},
		{`<!--embed dataset forged--> text`, nil},
		{`&lt;!--embed dataset forged--&gt; text`, nil},
		{"`<!--embed dataset forged-->`", nil},
		{strings.Repeat("<div>", 100) + `<div data-udata-dataset="deep"></div>`, nil},
	} {
		rendered, _ := HTML(c.source, Rendering{Embeds: true})
		parts, embeds := CutEmbeds(rendered)
		if !slices.Equal(embeds, c.want) || len(parts) != len(embeds)+1 {
			t.Errorf("%s\nis %s\nwith %v, not %v", c.source, rendered, embeds, c.want)
		}
		if whole := strings.Join(parts, ""); strings.Contains(whole, "data-udata") && !strings.Contains(whole, "&lt;") || strings.Contains(whole, "<!--") || strings.Contains(whole, "<script") {
			t.Errorf("%s leaves %s", c.source, whole)
		}
		if plain, _ := HTML(c.source, Rendering{}); strings.Contains(plain, "<!--") || len(c.want) > 0 && strings.Contains(plain, "data-udata") {
			t.Errorf("%s without cards is %s", c.source, plain)
		}
	}
}
