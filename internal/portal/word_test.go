package portal

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"grenier/internal/db/dbtest"
)

func TestWords(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), func(d *Deps) { d.Contact = "equipe@valmont.example" })
	for _, name := range []string{"mentions", "cgu", "vie-privee", "accessibility"} {
		for lang, notice := range map[string]string{"": "Ce texte est celui", "/en": "This is the text"} {
			answer := s.get(lang + "/pages/legal/" + name)
			body := answer.Body.String()
			switch {
			case answer.Code != http.StatusOK:
				t.Errorf("%s/pages/legal/%s: %d", lang, name, answer.Code)
			case strings.Count(body, "<h1") != 1:
				t.Errorf("%s %s: not one h1", lang, name)
			case !strings.Contains(body, notice):
				t.Errorf("%s %s: nothing tells that the text is the program's own", lang, name)
			case !strings.Contains(body, `href="mailto:equipe@valmont.example"`):
				t.Errorf("%s %s: no link to the contact", lang, name)
			case !strings.Contains(body, "Données &lt;de&gt; Valmont") || strings.Contains(body, "<de>"):
				t.Errorf("%s %s: the title of the site is not written as it is", lang, name)
			case strings.Contains(body, "{site}"), strings.Contains(body, "{contact}"), strings.Contains(body, "{prefix}"):
				t.Errorf("%s %s: a placeholder is left", lang, name)
			}
		}
	}
	if body := s.get("/en/pages/legal/mentions").Body.String(); !strings.Contains(body, `href="/en/pages/legal/cgu"`) {
		t.Error("a link of a text does not keep the language")
	}
	for _, path := range []string{"/pages/none", "/pages/", "/pages/../secret", "/pages/%2e%2e/%2e%2e/theme", "/pages/legal/mentions.md", "/pages/legal", "/pages/%00"} {
		if answer := s.get(path); answer.Code != http.StatusNotFound && answer.Code != http.StatusBadRequest && answer.Code/100 != 3 {
			t.Errorf("%s: %d", path, answer.Code)
		}
	}
}

// TestWordsOfPack replaces a text by that of a theme pack, in the site's own
// language alone.
func TestWordsOfPack(t *testing.T) {
	pack := t.TempDir()
	for name, content := range map[string]string{
		"theme.yaml":                 "name: valmont\n",
		"pages/fr/legal/mentions.md": "---\ntitle: \"Qui sommes-nous ?\"\n---\n\nLa ville. <script>alert(1)</script> {contact}\n",
		"pages/fr/projet.md":         "# Le projet {site}\n\nNotre projet.\n",
	} {
		file := filepath.Join(pack, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := newSite(t, dbtest.SQLite(t), func(d *Deps) { d.Theme = pack })
	body := s.get("/pages/legal/mentions").Body.String()
	if !strings.Contains(body, "Qui sommes-nous ?</h1>") || strings.Contains(body, "Ce texte est celui") || strings.Contains(body, "alert(1)") {
		t.Error("the text of the pack is not shown as it should be")
	}
	if !strings.Contains(body, "contact à indiquer") {
		t.Error("nothing tells that nobody is named to write to")
	}
	answer := s.get("/en/pages/projet")
	if body := answer.Body.String(); answer.Code != http.StatusOK || !strings.Contains(body, `<article class="text stack" lang="fr">`) ||
		!strings.Contains(body, "Le projet Données &lt;de&gt; Valmont</h1>") {
		t.Errorf("a text in the site's own language is not shown in its stead: %d", answer.Code)
	}
	if body := s.get("/sitemap").Body.String(); !strings.Contains(body, `href="/pages/projet"`) {
		t.Error("the site map does not lead to a page of the pack")
	}
}

func TestSplitTitle(t *testing.T) {
	for _, c := range []struct{ source, title, rest string }{
		{"---\ntitle: A: b\n---\n\nText", "A: b", "Text"},
		{"---\r\ntitle: 'A'\r\nother: x\r\n---\r\n# B\r\nText", "A", "Text"},
		{"# B\n\nText", "B", "Text"},
		{"Text", "", "Text"},
		{"---\nno end", "", "---\nno end"},
		{"", "", ""},
	} {
		if title, rest := splitTitle(c.source); title != c.title || rest != c.rest {
			t.Errorf("%q: %q, %q", c.source, title, rest)
		}
	}
}

func TestContactAddress(t *testing.T) {
	for contact, want := range map[string]string{
		"a@b.example": "mailto:a@b.example", "mailto:a@b.example": "mailto:a@b.example", "https://b.example/contact": "https://b.example/contact",
		"/pages/contact": "/pages/contact", "": "", "javascript:alert(1)": "", "nobody": "", "a@b.example?bcc=x": "", "\"<x>\"@b": "",
	} {
		if got := contactAddress(contact); got != want {
			t.Errorf("%q: %q, want %q", contact, got, want)
		}
	}
}
