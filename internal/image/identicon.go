package image

import (
	"crypto/sha256"
	"encoding/xml"
	"fmt"
	"hash/fnv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// palette is a ground with what is drawn on it; their contrast is that of WCAG
// 2 level AA for text, 4.5 to 1.
type palette struct{ ground, ink, second string }

var palettes = []palette{
	{"#e3ecff", "#1d4ed8", "#4361b8"}, // blue
	{"#e0f5ee", "#0b6b52", "#2a7561"}, // green
	{"#fdeadf", "#a63c06", "#a34a1f"}, // orange
	{"#fbe6ef", "#a4195c", "#a83a70"}, // pink
	{"#efe7fd", "#6227bd", "#7444bd"}, // violet
	{"#e2f4fa", "#0a6178", "#2a6d80"}, // cyan
	{"#fdf3d3", "#7d5300", "#80601b"}, // gold
	{"#ecf3dd", "#436211", "#546f29"}, // olive
	{"#fde5e4", "#b3211b", "#ad403b"}, // red
	{"#e8eaee", "#38465c", "#546074"}, // slate
}

func paletteOf(sum [32]byte) palette { return palettes[int(sum[0])%len(palettes)] }

// Identicon draws a pattern that stands for who has no picture: a symmetrical
// SVG of size×size pixels, always the same for the same seed.
func Identicon(seed string, size int) []byte {
	sum := sha256.Sum256([]byte(seed))
	colours := paletteOf(sum)
	var b strings.Builder
	open(&b, size, colours.ground)
	// Five columns of 16 in a square of 100, mirrored about the third.
	for row := range 5 {
		for column := range 3 {
			draw := sum[1+row*3+column]
			ink := colours.ink
			if draw>>6 == 0 {
				ink = colours.second
			}
			shape(&b, draw&7, 10+16*column, 10+16*row, false, ink)
			if column < 2 {
				shape(&b, draw&7, 10+16*(4-column), 10+16*row, true, ink)
			}
		}
	}
	b.WriteString("</svg>")
	return []byte(b.String())
}

func open(b *strings.Builder, size int, ground string) {
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 100 100">`, size, size)
	fmt.Fprintf(b, `<rect width="100" height="100" fill="%s"/>`, ground)
}

// shape draws one cell of 16 at x, y: nothing, a square, a disc, a quarter of a
// disc or a triangle; mirrored when it is on the right.
func shape(b *strings.Builder, which byte, x, y int, mirrored bool, ink string) {
	left, right, sweep := x, x+16, 1
	if mirrored {
		left, right, sweep = x+16, x, 0
	}
	switch which {
	case 0, 1:
	case 2, 3:
		fmt.Fprintf(b, `<path fill="%s" d="M%d %dh16v16h-16z"/>`, ink, x, y)
	case 4:
		fmt.Fprintf(b, `<circle fill="%s" cx="%d" cy="%d" r="8"/>`, ink, x+8, y+8)
	case 5:
		fmt.Fprintf(b, `<path fill="%s" d="M%d %dV%dA16 16 0 0 %d %d %dz"/>`, ink, right, y+16, y, 1-sweep, left, y+16)
	case 6:
		fmt.Fprintf(b, `<path fill="%s" d="M%d %dV%dA16 16 0 0 %d %d %dz"/>`, ink, right, y, y+16, sweep, left, y)
	default:
		fmt.Fprintf(b, `<path fill="%s" d="M%d %dL%d %dV%dz"/>`, ink, left, y+16, right, y, y+16)
	}
}

// tones are the colours of monograms in light and in dark pages: those that the
// style sheet gives to data-tone 1 to Tones, mixed with its surface.
var tones = []struct{ light, dark palette }{
	{palette{ground: "#dee5e8", ink: "#235a84"}, palette{ground: "#2c383a", ink: "#9ac6e8"}}, // information
	{palette{ground: "#ede4d4", ink: "#855300"}, palette{ground: "#383726", ink: "#e6bd66"}}, // warning
	{palette{ground: "#f1ded9", ink: "#a3291f"}, palette{ground: "#3a332d", ink: "#f3a294"}}, // danger
	{palette{ground: "#e9e2ea", ink: "#6a4590"}, palette{ground: "#34353a", ink: "#cbb4ec"}}, // machine-readable
	{palette{ground: "#dfe8dc", ink: "#2a6a35"}, palette{ground: "#2a392d", ink: "#8ccd92"}}, // success
}

// Tone picks the colours of the monogram of an object by its identifier, from 1
// to the number of tones: the same wherever it is drawn, in a page or as a picture.
func Tone(id string) int {
	h := fnv.New32a()
	h.Write([]byte(id))
	return int(h.Sum32()%uint32(len(tones))) + 1
}

// Monogram draws the initials of a name, of two of its words, as an SVG of
// size×size pixels in the tone of the seed. It darkens with the page around it.
func Monogram(name, seed string, size int) []byte {
	tone := tones[Tone(seed)-1]
	colours := tone.light
	letters := Initials(name)
	if letters == "" {
		return Identicon(seed, size)
	}
	var b strings.Builder
	open(&b, size, colours.ground)
	fmt.Fprintf(&b, `<style>@media(prefers-color-scheme:dark){rect{fill:%s}text{fill:%s}}</style>`, tone.dark.ground, tone.dark.ink)
	fmt.Fprintf(&b, `<text x="50" y="50" dy=".35em" text-anchor="middle" font-family="system-ui,sans-serif" font-weight="600" font-size="%d" fill="%s">`,
		map[bool]int{true: 46, false: 40}[len([]rune(letters)) == 1], colours.ink)
	_ = xml.EscapeText(&b, []byte(letters)) // a Builder takes all
	b.WriteString("</text></svg>")
	return []byte(b.String())
}

// between are words that no initial is taken from, unless a name begins with
// one.
var between = map[string]bool{
	"de": true, "du": true, "des": true, "la": true, "le": true, "les": true, "et": true, "en": true, "of": true, "the": true, "and": true,
	"del": true, "los": true, "las": true, "da": true, "dos": true, "der": true, "die": true, "das": true, "und": true, "für": true,
	"di": true, "della": true, "pour": true, "for": true,
}

// Initials are those of the first two words of a name that matter, in capitals;
// empty when it has no letter or digit.
func Initials(name string) string {
	var found []rune
	for word := range strings.FieldsFuncSeq(norm.NFC.String(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r) }) {
		runes := []rune(word)
		if unicode.IsMark(runes[0]) || len(found) > 0 && (between[strings.ToLower(word)] || len(runes) == 1 && unicode.IsLower(runes[0])) {
			continue
		}
		if found = append(found, unicode.ToUpper(runes[0])); len(found) == 2 {
			break
		}
	}
	return string(found)
}
