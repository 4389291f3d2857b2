package image

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image/color"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func hex(t *testing.T, text string) color.NRGBA {
	t.Helper()
	c := color.NRGBA{A: 255}
	if _, err := fmt.Sscanf(text, "#%02x%02x%02x", &c.R, &c.G, &c.B); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestPalettesCanBeRead(t *testing.T) {
	if len(palettes) < 8 {
		t.Errorf("%d palettes", len(palettes))
	}
	for _, p := range palettes {
		for _, ink := range []string{p.ink, p.second} {
			if ratio := contrast(hex(t, ink), hex(t, p.ground)); ratio < 4.5 {
				t.Errorf("%s on %s: %.2f", ink, p.ground, ratio)
			}
		}
	}
	if got := contrast(color.NRGBA{A: 255}, color.NRGBA{255, 255, 255, 255}); got < 20.9 || got > 21.1 {
		t.Errorf("black on white is %f", got)
	}
}

func wellFormed(t *testing.T, svg []byte) {
	t.Helper()
	for decoder := xml.NewDecoder(bytes.NewReader(svg)); ; {
		if _, err := decoder.Token(); err == io.EOF {
			return
		} else if err != nil {
			t.Fatalf("%v\n%s", err, svg)
		}
	}
}

func TestIdenticons(t *testing.T) {
	seen := map[string]string{}
	var sheet strings.Builder
	for n := range 200 {
		seed := fmt.Sprintf("%024x", n)
		svg := Identicon(seed, 60)
		wellFormed(t, svg)
		if !bytes.Equal(svg, Identicon(seed, 60)) {
			t.Errorf("%s is drawn otherwise the second time", seed)
		}
		if other := seen[string(svg)]; other != "" {
			t.Errorf("%s looks like %s", seed, other)
		}
		seen[string(svg)] = seed
		if !bytes.Contains(svg, []byte(`width="60"`)) || len(svg) > 4000 {
			t.Errorf("%s", svg)
		}
		sheet.Write(svg)
	}
	for _, name := range []string{"Ville de Valmont", "Ada Lovelace", "Ω", "élan vital"} {
		sheet.Write(Monogram(name, name, 60))
	}
	if *keep != "" {
		if err := os.WriteFile(filepath.Join(*keep, "identicons.html"), []byte("<body>"+sheet.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestMonograms(t *testing.T) {
	for name, want := range map[string]string{
		"Ada Lovelace": "AL", "Ville de Valmont": "VV", "ville de valmont": "VV", "  ada ": "A", "Jean-Pierre Élan": "JP", "Ω": "Ω", "<script>": "S",
		"": "", "--- …": "", "e\u0301te\u0301": "É", "3D Lab": "3L", "😀 ada": "A", "La Poste": "LP", "et": "E", "Institut national de la statistique et des études économiques (Insee)": "IN", "Ministère de l'Intérieur": "MI",
	} {
		if got := Initials(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
		svg := Monogram(name, "seed", 100)
		wellFormed(t, svg)
		if strings.Contains(string(svg), "<text") != (want != "") {
			t.Errorf("%q: %s", name, svg)
		}
	}
}
