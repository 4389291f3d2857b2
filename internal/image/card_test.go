package image

import (
	"bytes"
	"flag"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var keep = flag.String("keep", "", "folder to write the pictures into, to look at")

var cards = map[string]Card{
	"dataset": {
		Site: "Données de Valmont", Kind: "Jeu de données", Title: "Base nationale des lieux de covoiturage et des aires de multimodalité",
		Producer: "Point d’accès national aux données de transport",
		Figures:  []Figure{{"56,8 k", "vues"}, {"12,3 k", "téléchargements"}, {"48", "réutilisations"}, {"127", "abonnés"}},
	},
	"short": {Site: "Open Data", Kind: "Reuse", Title: "Trees", Figures: []Figure{{"7", "views"}}},
	"long": {
		Site: strings.Repeat("Le portail des données ", 5), Kind: "Organisation", Title: strings.Repeat("Délibérations du conseil municipal ", 20),
		Producer: strings.Repeat("Syndicat intercommunal ", 10), Logo: logo(300, 120),
		Figures: []Figure{{"123 456 789 012", "téléchargements de toutes les ressources"}, {"2", "b"}, {"3", "c"}, {"4", "d"}, {"5", "e"}},
	},
	"scripts": {
		Site: "Ανοικτά δεδομένα", Kind: "Набор данных", Title: "Ελληνικά, кириллица, Łódź, Ðjévuşka ∑ — 東京 🚀 e\u0301te\u0301",
		Producer: "Министерство", Logo: logo(80, 200),
		Colours: Colours{
			Accent: color.NRGBA{0x0b, 0x6b, 0x52, 255}, AccentText: color.NRGBA{255, 255, 255, 255}, Background: color.NRGBA{0x14, 0x1a, 0x18, 255},
			Text: color.NRGBA{0xf2, 0xf5, 0xf4, 255}, Muted: color.NRGBA{0xa6, 0xb3, 0xaf, 255},
		},
		Figures: []Figure{{"12", "μ"}},
	},
	"word":  {Title: strings.Repeat("anticonstitutionnellement", 30)},
	"empty": {},
}

// logo is a drawing of a size.
func logo(w, h int) []byte {
	picture := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			picture.SetNRGBA(x, y, color.NRGBA{uint8(255 * x / w), 90, uint8(255 * y / h), 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func TestCards(t *testing.T) {
	for name, card := range cards {
		started := time.Now()
		body, err := card.PNG()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		t.Logf("%s: %d bytes in %v", name, len(body), time.Since(started))
		if *keep != "" {
			if err := os.WriteFile(filepath.Join(*keep, name+".png"), body, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		config, err := png.DecodeConfig(bytes.NewReader(body))
		if err != nil || config.Width != CardWidth || config.Height != CardHeight {
			t.Errorf("%s: %+v, %v", name, config, err)
		}
		if len(body) > 80<<10 {
			t.Errorf("%s has %d bytes", name, len(body))
		}
		if again, _ := card.PNG(); !bytes.Equal(again, body) {
			t.Errorf("%s is drawn otherwise the second time", name)
		}
	}
}

func BenchmarkCard(b *testing.B) {
	for _, name := range []string{"dataset", "long"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := cards[name].PNG(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
