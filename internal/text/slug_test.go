package text

import (
	"strings"
	"testing"
)

func TestSlug(t *testing.T) {
	words := strings.Repeat("a", 250)
	for _, c := range []struct{ title, slug string }{
		{"Comptages vélo de Valmont", "comptages-velo-de-valmont"},
		{"L'eau, l’œuvre & les Œufs", "leau-loeuvre-les-oeufs"},
		{"Budget : 10 000 €", "budget-10-000-eur"},
		{"  --  ", ""},
		{"naïve façade ÉTÉ", "naive-facade-ete"},
		{"0f6c2f0e-6a53-4a51-9d0b-3f1f5f0a7c11", "0f6c2f0e-6a53-4a51-9d0b-3f1f5f0a7c11-uuid"},
		{words + " toolong bc", words + "-bc"},
		{words + words, words + "aaaaa"},
	} {
		if got := Slug(c.title); got != c.slug {
			t.Errorf("%q gives %q, want %q", c.title, got, c.slug)
		}
	}
	if got := SlugKeepCase("Île-de-France"); got != "Ile-de-France" {
		t.Errorf("a zone is called %q", got)
	}
	if got := NumberedSlug(words+"aaaaa", 12); got != words+"aa-12" {
		t.Errorf("a numbered slug is %q", got)
	}
}
