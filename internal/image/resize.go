// Package image makes pictures: foreign ones resized without trusting them,
// patterns and initials that stand for who has no picture, and cards that stand
// for a page where its address is shared.
package image

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/gif" // registers the decoder
	"image/jpeg"
	"image/png"
	"io"
	"slices"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp" // registers the decoder
)

// Limits bound what a foreign picture may cost; zero members mean the default.
type Limits struct {
	// Bytes bounds the file; by default 10 MB.
	Bytes int64
	// Pixels bounds the decoded picture; by default 40 million. Pictures of
	// 16 bits per colour may have half of them.
	Pixels int
}

// Defaults of Limits.
const (
	DefaultBytes  = 10 << 20
	DefaultPixels = 40_000_000
)

// Errors about pictures, to be told apart with errors.Is.
var (
	ErrFormat = errors.New("image: not a PNG, JPEG, GIF or WebP picture")
	ErrTooBig = errors.New("image: the picture is too big")
	// ErrPixels is the ErrTooBig of pictures whose file is small enough.
	ErrPixels = fmt.Errorf("%w: too many pixels", ErrTooBig)
)

// Picture is a picture as it is sent.
type Picture struct {
	Body          []byte
	Type          string // image/png or image/jpeg
	Width, Height int
}

// Resize reads a PNG, JPEG, GIF (its first frame) or WebP picture and gives it
// back within w×h pixels, in its proportions, never enlarged, turned as its Exif
// orientation says, and without anything else that the file said: as PNG when
// it has transparency or few colours, else as JPEG. The size is read before any
// pixel is. The context bounds the wait for other big pictures.
func Resize(ctx context.Context, r io.Reader, l Limits, w, h int) (*Picture, error) {
	source, err := readAll(r, l)
	if err != nil {
		return nil, err
	}
	decoded, turn, share, err := decode(ctx, source, l, nil)
	if err != nil {
		return nil, err
	}
	defer share.release()
	if turn >= 5 {
		w, h = h, w
	}
	return encode(turned(shrunk(decoded, w, h), turn))
}

// decode reads a file of one of the formats, any when there are none: its size
// is judged before any pixel is read. turn is how it wants to be turned; share is
// what it takes of the memory for pictures, which the caller gives back.
func decode(ctx context.Context, source []byte, l Limits, formats []string) (decoded image.Image, turn int, share *share, err error) {
	config, format, err := image.DecodeConfig(bytes.NewReader(source))
	if err != nil {
		return nil, 0, nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if formats != nil && !slices.Contains(formats, format) {
		return nil, 0, nil, ErrFormat
	}
	if err := l.check(config); err != nil {
		return nil, 0, nil, err
	}
	pixels := config.Width * config.Height
	if share, err = take(ctx, pixels); err != nil {
		return nil, 0, nil, err
	}
	decoded, _, err = image.Decode(bufio.NewReader(bytes.NewReader(source)))
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrFormat, err)
	} else if bounds := decoded.Bounds(); bounds.Empty() || bounds.Dx()*bounds.Dy() > pixels {
		err = ErrFormat
	}
	if err != nil {
		share.release()
		return nil, 0, nil, err
	}
	turn = 1
	if format == "jpeg" {
		turn = orientation(source)
	}
	return decoded, turn, share, nil
}

// readAll reads a file of at most the limit.
func readAll(r io.Reader, l Limits) ([]byte, error) {
	most := l.Bytes
	if most <= 0 {
		most = DefaultBytes
	}
	source, err := io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && int64(len(source)) > most {
		err = ErrTooBig
	}
	return source, err
}

// check refuses pictures whose pixels would take too much.
func (l Limits) check(config image.Config) error {
	most := l.Pixels
	if most <= 0 {
		most = DefaultPixels
	}
	switch config.ColorModel {
	case color.RGBA64Model, color.NRGBA64Model, color.Gray16Model:
		most /= 2
	}
	switch {
	case config.Width <= 0 || config.Height <= 0:
		return ErrFormat
	case config.Width > most/config.Height:
		return ErrPixels
	}
	return nil
}

// fit is the size within w×h of what has the proportions of width×height.
func fit(width, height, w, h int) (int, int) {
	if width <= w && height <= h {
		return width, height
	}
	if width*h > height*w {
		return w, max(1, height*w/width)
	}
	return max(1, width*h/height), h
}

// finePixels bounds the work area of the fine filter, which takes 32 bytes for
// each column of what it draws in each row of what it reads.
const finePixels = 2_000_000

// shrunk is the picture within w×h. One that is more than twice as wide or high
// is halved first, again and again: that takes little memory whatever the shape,
// and leaves no pixel out.
func shrunk(from image.Image, w, h int) *image.NRGBA {
	bounds := from.Bounds()
	width, height := fit(bounds.Dx(), bounds.Dy(), max(1, w), max(1, h))
	for bounds.Dx() > 2*width || bounds.Dy() > 2*height {
		half := image.Rect(0, 0, bounds.Dx(), bounds.Dy())
		if half.Dx() > 2*width {
			half.Max.X = (half.Dx() + 1) / 2
		}
		if half.Dy() > 2*height {
			half.Max.Y = (half.Dy() + 1) / 2
		}
		smaller := image.NewRGBA(half)
		draw.ApproxBiLinear.Scale(smaller, half, from, bounds, draw.Src, nil)
		from, bounds = smaller, half
	}
	var filter draw.Scaler = draw.CatmullRom
	if width*bounds.Dy() > finePixels {
		filter = draw.ApproxBiLinear
	}
	into := image.NewNRGBA(image.Rect(0, 0, width, height))
	filter.Scale(into, into.Rect, from, bounds, draw.Src, nil)
	return into
}

// turned applies an Exif orientation, 1 to 8.
func turned(from *image.NRGBA, orientation int) *image.NRGBA {
	if orientation <= 1 || orientation > 8 {
		return from
	}
	w, h := from.Rect.Dx(), from.Rect.Dy()
	size := image.Rect(0, 0, w, h)
	if orientation >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	into := image.NewNRGBA(size)
	for y := range h {
		for x := range w {
			toX, toY := place(orientation, x, y, w, h)
			into.SetNRGBA(toX, toY, from.NRGBAAt(x, y))
		}
	}
	return into
}

// place is where a pixel goes.
func place(orientation, x, y, w, h int) (int, int) {
	switch orientation {
	case 2:
		return w - 1 - x, y
	case 3:
		return w - 1 - x, h - 1 - y
	case 4:
		return x, h - 1 - y
	case 5:
		return y, x
	case 6:
		return h - 1 - y, x
	case 7:
		return h - 1 - y, w - 1 - x
	}
	return y, w - 1 - x
}

// jpegQuality keeps photographs good to look at.
const jpegQuality = 84

func encode(picture *image.NRGBA) (*Picture, error) {
	return encodeAs(picture, !picture.Opaque() || fewColours(picture))
}

// encodeAs makes a PNG file, or else a JPEG one.
func encodeAs(picture *image.NRGBA, drawing bool) (*Picture, error) {
	p := &Picture{Type: "image/jpeg", Width: picture.Rect.Dx(), Height: picture.Rect.Dy()}
	var b bytes.Buffer
	var err error
	if drawing {
		p.Type = "image/png"
		err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, picture)
	} else {
		err = jpeg.Encode(&b, picture, &jpeg.Options{Quality: jpegQuality})
	}
	p.Body = b.Bytes()
	return p, err
}

// fewColours tells drawings, which JPEG would blur, from photographs: most
// pixels repeat their left neighbour.
func fewColours(picture *image.NRGBA) bool {
	same, all := 0, 0
	for y := range picture.Rect.Dy() {
		for x := 1; x < picture.Rect.Dx(); x++ {
			at := picture.PixOffset(x, y)
			all++
			if [4]byte(picture.Pix[at:at+4]) == [4]byte(picture.Pix[at-4:at]) {
				same++
			}
		}
	}
	return same*2 > all
}
