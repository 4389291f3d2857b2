package image

import (
	"cmp"
	"image"
	"image/color"
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomedium"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/text/unicode/norm"
)

// pen writes on a paper. Faces are not safe for several goroutines, so that
// each card takes a pen of its own.
type pen struct {
	paper                      *image.RGBA
	label, small, tiny, number font.Face
	// titles are the faces that a title may be set in, the largest first.
	titles []font.Face
	font   *sfnt.Font // to know which characters there are
	buffer sfnt.Buffer
}

var pens sync.Pool

// fonts are the Go fonts: Latin, Greek and Cyrillic, under the licence of Go.
var fonts = sync.OnceValues(func() (all [3]*sfnt.Font, err error) {
	for i, source := range [][]byte{goregular.TTF, gomedium.TTF, gobold.TTF} {
		if all[i], err = opentype.Parse(source); err != nil {
			return all, err
		}
	}
	return all, nil
})

func takePen() (*pen, error) {
	if p, ok := pens.Get().(*pen); ok {
		return p, nil
	}
	all, err := fonts()
	if err != nil {
		return nil, err
	}
	p := &pen{font: all[2]}
	p.titles = make([]font.Face, 4)
	for _, want := range []struct {
		into *font.Face
		font *sfnt.Font
		size float64
	}{
		{&p.label, all[1], 27}, {&p.small, all[1], 30}, {&p.tiny, all[0], 27}, {&p.number, all[2], 50},
		{&p.titles[0], all[2], 74}, {&p.titles[1], all[2], 62}, {&p.titles[2], all[2], 52}, {&p.titles[3], all[2], 45},
	} {
		*want.into, err = opentype.NewFace(want.font, &opentype.FaceOptions{Size: want.size, DPI: 72, Hinting: font.HintingNone})
		if err != nil {
			return nil, err
		}
	}
	return p, nil
}

// shown is a text with the characters that the fonts have: others lose their
// accents, become a box, or go when they are symbols.
func (p *pen) shown(text string) string {
	var b strings.Builder
	for _, r := range norm.NFC.String(text) {
		switch {
		case p.has(r):
			b.WriteRune(r)
		case p.has([]rune(norm.NFKD.String(string(r)))[0]):
			b.WriteRune([]rune(norm.NFKD.String(string(r)))[0])
		case unicode.IsLetter(r) || unicode.IsNumber(r):
			b.WriteRune('□')
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		}
	}
	return b.String()
}

func (p *pen) has(r rune) bool {
	glyph, err := p.font.GlyphIndex(&p.buffer, r)
	return err == nil && glyph != 0
}

// text writes on a base line.
func (p *pen) text(face font.Face, text string, x, y int, c color.NRGBA) {
	(&font.Drawer{Dst: p.paper, Src: image.NewUniform(c), Face: face, Dot: fixed.P(x, y)}).DrawString(p.shown(text))
}

func (p *pen) width(face font.Face, text string) int {
	return font.MeasureString(face, p.shown(text)).Ceil()
}

// maxText bounds the characters of a text that are looked at.
const maxText = 500

// clean is a text on one line, of at most maxText characters.
func clean(text string) string {
	if len(text) > 8*maxText {
		text = text[:8*maxText]
	}
	text = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, ""), func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if runes := []rune(text); len(runes) > maxText {
		return string(runes[:maxText]) + "…"
	}
	return text
}

// fitting is a text on one line, cut with an ellipsis to so many pixels.
func (p *pen) fitting(face font.Face, text string, width int) string {
	lines, _ := p.wrap(face, clean(text), width, 1)
	if len(lines) == 0 {
		return ""
	}
	return lines[0]
}

// wrap sets a text in lines of at most so many pixels; whole tells that nothing
// had to be cut, neither words nor the end.
func (p *pen) wrap(face font.Face, text string, width, most int) (lines []string, whole bool) {
	whole = true
	words := strings.Fields(p.shown(text))
	line := ""
	for len(words) > 0 {
		next := words[0]
		if line != "" {
			next = line + " " + words[0]
		}
		if p.width(face, next) <= width {
			line, words = next, words[1:]
			continue
		}
		if line == "" {
			head, tail := p.split(face, words[0], width)
			line, words, whole = head, slices.Concat([]string{tail}, words[1:]), false
		}
		if len(lines) == most-1 {
			return append(lines, p.ended(face, line, width)), false
		}
		lines, line = append(lines, line), ""
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines, whole
}

// split cuts a word that is longer than a line.
func (p *pen) split(face font.Face, word string, width int) (head, tail string) {
	runes := []rune(word)
	n := 1
	for n < len(runes) && p.width(face, string(runes[:n+1])) <= width {
		n++
	}
	return string(runes[:n]), string(runes[n:])
}

// ended is a line with an ellipsis, within the width.
func (p *pen) ended(face font.Face, line string, width int) string {
	runes := []rune(line)
	for len(runes) > 0 && p.width(face, string(runes)+"…") > width {
		runes = runes[:len(runes)-1]
	}
	return strings.TrimRight(string(runes), " ,;:.–-") + "…"
}

// frequent are the most frequent colours, at most so many of them.
func frequent(counts map[[4]byte]int, most int) [][4]byte {
	colours := make([][4]byte, 0, len(counts))
	for c := range counts {
		colours = append(colours, c)
	}
	slices.SortFunc(colours, func(a, b [4]byte) int {
		return cmp.Or(counts[b]-counts[a], slices.Compare(a[:], b[:]))
	})
	return colours[:min(len(colours), most)]
}

// paletted is the paper in its 256 most frequent colours, others in the nearest.
func paletted(paper *image.RGBA, counts map[[4]byte]int) *image.Paletted {
	kept := frequent(counts, 256)
	index := make(map[[4]byte]uint8, len(counts))
	names := make(color.Palette, len(kept))
	for i, c := range kept {
		names[i] = color.RGBA{c[0], c[1], c[2], c[3]}
	}
	for c := range counts {
		index[c] = nearest(c, kept)
	}
	out := image.NewPaletted(paper.Rect, names)
	var last [4]byte
	var at uint8
	for i := range out.Pix {
		if c := [4]byte(paper.Pix[4*i : 4*i+4]); c != last || i == 0 {
			last, at = c, index[c]
		}
		out.Pix[i] = at
	}
	return out
}
