package image

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"

	"golang.org/x/image/draw"
	"golang.org/x/image/vector"
)

// The size of a card, as social networks show it.
const (
	CardWidth  = 1200
	CardHeight = 630
)

// Card is what the picture of a shared page says.
type Card struct {
	Site     string // title of the site
	Kind     string // what the page is about: "Dataset"
	Title    string
	Producer string
	// Figures are up to four numbers about it.
	Figures []Figure
	// Logo of the producer or the object, a PNG, JPEG, GIF or WebP of any
	// size; nil when there is none. A wrong one is left out.
	Logo []byte
	// Colours are the theme's; zero members are the default's.
	Colours Colours
}

// Figure is a number with what it counts, both as they are written: "1,2 k",
// "views".
type Figure struct{ Value, Label string }

// Colours of a card.
type Colours struct{ Accent, AccentText, Background, Text, Muted color.NRGBA }

func (c Colours) orDefault() Colours {
	or := func(given *color.NRGBA, fallback color.NRGBA) {
		if given.A == 0 {
			*given = fallback
		}
	}
	or(&c.Accent, color.NRGBA{0x1f, 0x4f, 0xd8, 0xff})
	or(&c.AccentText, color.NRGBA{0xff, 0xff, 0xff, 0xff})
	or(&c.Background, color.NRGBA{0xff, 0xff, 0xff, 0xff})
	or(&c.Text, color.NRGBA{0x16, 0x1b, 0x26, 0xff})
	or(&c.Muted, color.NRGBA{0x56, 0x5f, 0x70, 0xff})
	return c
}

// Where things stand on a card, in pixels.
const (
	cardMargin   = 80
	cardTop      = 86 // base line of the first line
	figuresLine  = 476
	titleTop     = 158
	titleRoom    = 300 // height for title and producer
	titleLines   = 4
	logoSide     = 148
	maxFigures   = 4
	accentHeight = 14
)

// PNG draws the card: 1200×630 pixels.
func (c Card) PNG() ([]byte, error) {
	pen, err := takePen()
	if err != nil {
		return nil, err
	}
	defer pens.Put(pen)
	colours := c.Colours.orDefault()
	pen.paper = image.NewRGBA(image.Rect(0, 0, CardWidth, CardHeight))
	pen.fill(pen.paper.Rect, colours.Background)
	pen.decorate(colours)
	c.head(pen, colours)
	width := CardWidth - 2*cardMargin
	if side := pen.logo(c.Logo, CardWidth-cardMargin, titleTop); side > 0 {
		width -= side + 48
	}
	c.body(pen, colours, width)
	c.figures(pen, colours)
	var b bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.DefaultCompression}
	err = encoder.Encode(&b, flattened(pen.paper))
	pen.paper = nil
	return b.Bytes(), err
}

// head writes the kind as a label and the site's title beside it.
func (c Card) head(pen *pen, colours Colours) {
	x := cardMargin
	if kind := pen.fitting(pen.label, c.Kind, 420); kind != "" {
		wide := pen.width(pen.label, kind)
		pen.pill(x, cardTop-37, wide+44, 52, colours.Accent)
		pen.text(pen.label, kind, x+22, cardTop-2, colours.AccentText)
		x += wide + 44 + 28
	}
	pen.text(pen.small, pen.fitting(pen.small, c.Site, CardWidth-cardMargin-x), x, cardTop-1, colours.Muted)
}

// body writes title and producer, in the largest letters that have room.
func (c Card) body(pen *pen, colours Colours, width int) {
	title := clean(c.Title)
	y, room := titleTop, titleRoom
	if c.Producer != "" {
		room -= 62
	}
	for i, face := range pen.titles {
		lines, whole := pen.wrap(face, title, width, titleLines)
		height := face.Metrics().Height.Ceil() * 11 / 10
		if i < len(pen.titles)-1 && (!whole || len(lines)*height > room) {
			continue
		}
		for _, line := range lines[:min(len(lines), max(1, room/height))] {
			y += height
			pen.text(face, line, cardMargin, y-height/4, colours.Text)
		}
		break
	}
	if c.Producer != "" {
		pen.text(pen.small, pen.fitting(pen.small, c.Producer, width), cardMargin, y+46, readable(colours.Accent, colours.Background, colours.Muted))
	}
}

// figures writes the numbers below a line.
func (c Card) figures(pen *pen, colours Colours) {
	if len(c.Figures) == 0 {
		return
	}
	faint := colours.Muted
	faint.A = 70
	pen.fill(image.Rect(cardMargin, figuresLine, CardWidth-cardMargin, figuresLine+2), faint)
	column := (CardWidth - 2*cardMargin) / maxFigures
	for i, f := range c.Figures[:min(len(c.Figures), maxFigures)] {
		x := cardMargin + i*column
		pen.text(pen.number, pen.fitting(pen.number, f.Value, column-24), x, figuresLine+70, colours.Text)
		pen.text(pen.tiny, pen.fitting(pen.tiny, f.Label, column-24), x, figuresLine+110, colours.Muted)
	}
}

// readable is the colour when it can be read on the ground (WCAG 2, level AA),
// else the other one.
func readable(c, ground, other color.NRGBA) color.NRGBA {
	if contrast(c, ground) < 4.5 {
		return other
	}
	return c
}

// contrast is the contrast ratio of WCAG 2, from 1 to 21.
func contrast(a, b color.NRGBA) float64 {
	bright, dark := luminance(a), luminance(b)
	if bright < dark {
		bright, dark = dark, bright
	}
	return (bright + 0.05) / (dark + 0.05)
}

func luminance(c color.NRGBA) float64 {
	linear := func(v uint8) float64 {
		x := float64(v) / 255
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}

// decorate draws the band at the foot and the grains in the corner.
func (p *pen) decorate(colours Colours) {
	p.fill(image.Rect(0, CardHeight-accentHeight, CardWidth, CardHeight), colours.Accent)
	for i, at := range []struct{ x, y, r float32 }{{1130, -30, 150}, {1195, 150, 74}, {985, 12, 52}} {
		tint := colours.Accent
		tint.A = uint8([]int{26, 40, 18}[i])
		p.disc(at.x, at.y, at.r, tint)
	}
}

// logo draws a logo at the right of the given place and returns the side of the
// square that it takes, 0 when there is none.
func (p *pen) logo(file []byte, right, top int) int {
	if len(file) == 0 {
		return 0
	}
	config, _, err := image.DecodeConfig(bytes.NewReader(file))
	if err != nil || (Limits{Pixels: roomPixels}).check(config) != nil {
		return 0
	}
	decoded, _, err := image.Decode(bytes.NewReader(file))
	if err != nil || decoded.Bounds().Empty() {
		return 0
	}
	const frame = 14
	picture := shrunk(decoded, logoSide-2*frame, logoSide-2*frame)
	box := image.Rect(right-logoSide, top, right, top+logoSide)
	p.rounded(box, 20, color.NRGBA{0x80, 0x88, 0x98, 0x50})
	p.rounded(box.Inset(2), 18, color.NRGBA{0xff, 0xff, 0xff, 0xff})
	at := box.Min.Add(image.Pt((logoSide-picture.Rect.Dx())/2, (logoSide-picture.Rect.Dy())/2))
	draw.Draw(p.paper, picture.Rect.Add(at), picture, image.Point{}, draw.Over)
	return logoSide
}

func (p *pen) fill(area image.Rectangle, c color.NRGBA) {
	draw.Draw(p.paper, area, image.NewUniform(c), image.Point{}, draw.Over)
}

func (p *pen) disc(x, y, r float32, c color.NRGBA) {
	p.rounded(image.Rect(int(x-r), int(y-r), int(x+r), int(y+r)), int(r), c)
}

func (p *pen) pill(x, y, w, h int, c color.NRGBA) { p.rounded(image.Rect(x, y, x+w, y+h), h/2, c) }

// rounded fills a rectangle with rounded corners.
func (p *pen) rounded(box image.Rectangle, radius int, c color.NRGBA) {
	const bend = 0.5523 // a quarter of a circle as a cubic curve
	seen := box.Intersect(p.paper.Rect)
	if seen.Empty() {
		return
	}
	r := float32(radius)
	k := r * (1 - bend)
	left, top := float32(box.Min.X-seen.Min.X), float32(box.Min.Y-seen.Min.Y)
	right, bottom := left+float32(box.Dx()), top+float32(box.Dy())
	shape := vector.NewRasterizer(seen.Dx(), seen.Dy())
	shape.MoveTo(left+r, top)
	shape.LineTo(right-r, top)
	shape.CubeTo(right-k, top, right, top+k, right, top+r)
	shape.LineTo(right, bottom-r)
	shape.CubeTo(right, bottom-k, right-k, bottom, right-r, bottom)
	shape.LineTo(left+r, bottom)
	shape.CubeTo(left+k, bottom, left, bottom-k, left, bottom-r)
	shape.LineTo(left, top+r)
	shape.CubeTo(left, top+k, left+k, top, left+r, top)
	shape.ClosePath()
	shape.Draw(p.paper, seen, image.NewUniform(c), image.Point{})
}

// flattened is the card with a palette when it has at most 256 colours, as
// those without a photograph nearly have: rare colours become the nearest ones,
// for half the bytes. Beside a photograph, rare colours are only rounded.
func flattened(paper *image.RGBA) image.Image {
	counts := make(map[[4]byte]int, 512)
	run, last := 0, [4]byte(paper.Pix[:4])
	for at := 0; at < len(paper.Pix); at += 4 {
		c := [4]byte(paper.Pix[at : at+4])
		if c != last {
			counts[last] += run
			run, last = 0, c
		}
		run++
	}
	counts[last] += run
	if len(counts) <= 4096 {
		return paletted(paper, counts)
	}
	simplify(paper, counts)
	return paper
}

// simplify lets the colours of a card that shows a photograph repeat: those
// close to one of the most frequent become it, others are rounded to 5 bits.
func simplify(paper *image.RGBA, counts map[[4]byte]int) {
	kept := frequent(counts, 48)
	into := make(map[[4]byte][4]byte, len(counts))
	for c := range counts {
		near := kept[nearest(c, kept)]
		if distance(c, near) > closeColours {
			near = c
			for i := range 3 {
				near[i] = c[i]&0xF8 | c[i]>>5
			}
		}
		into[c] = near
	}
	var last, now [4]byte
	for at := 0; at < len(paper.Pix); at += 4 {
		if c := [4]byte(paper.Pix[at : at+4]); c != last {
			last, now = c, into[c]
		}
		copy(paper.Pix[at:at+4], now[:])
	}
}

// closeColours is the distance of two colours that nobody tells apart at the
// edge of a letter.
const closeColours = 900

// distance of two colours, squared.
func distance(a, b [4]byte) int {
	sum := 0
	for i := range 3 {
		d := int(a[i]) - int(b[i])
		sum += d * d
	}
	return sum
}

// nearest is the index of the nearest colour of a palette.
func nearest(wanted [4]byte, among [][4]byte) uint8 {
	best, index := math.MaxInt, 0
	for i, c := range among {
		if d := distance(wanted, c); d < best {
			best, index = d, i
		}
	}
	return uint8(index)
}
