package image

import (
	"context"
	"image"
	"image/color"
	"io"

	"golang.org/x/image/draw"
)

// Box is a part of a picture, in its pixels as people see it.
type Box struct{ Left, Top, Right, Bottom int }

// Source is a foreign picture, read and turned, of which others are made.
type Source struct {
	// whole is the picture, cut the part that was asked for.
	whole, cut *image.NRGBA
	cropped    bool
	drawing    bool
	share      *share
}

// Done lets other pictures have the memory of this one. Nothing is made of it
// any more.
func (s *Source) Done() { s.share.release() }

// Bounds of what is kept of a source while others are made of it, in pixels of
// the longer side.
const (
	sourceSide = 4096
	keptSide   = 2048
)

// uploaded are the formats of pictures that people send.
var uploaded = []string{"jpeg", "png", "webp"}

// Read reads a JPEG, PNG or WebP picture that somebody sent, and the part of it
// that a box names; all of it when box is nil. ErrFormat tells that it is
// another thing or that the box holds nothing of it, ErrTooBig that it costs too
// much. Few pictures are held at once: without an error, the caller calls Done.
func Read(ctx context.Context, r io.Reader, l Limits, box *Box) (*Source, error) {
	file, err := readAll(r, l)
	if err != nil {
		return nil, err
	}
	decoded, turn, share, err := decode(ctx, file, l, uploaded)
	if err != nil {
		return nil, err
	}
	width := decoded.Bounds().Dx()
	if turn >= 5 {
		width = decoded.Bounds().Dy()
	}
	upright := turned(shrunk(decoded, sourceSide, sourceSide), turn)
	s := &Source{whole: shrunk(upright, keptSide, keptSide), share: share}
	s.cut, s.drawing = s.whole, !s.whole.Opaque() || fewColours(s.whole)
	if box == nil {
		share.shrink(keptPixels)
		return s, nil
	}
	part := box.within(upright.Rect, float64(upright.Rect.Dx())/float64(width))
	if part.Empty() {
		share.release()
		return nil, ErrFormat
	}
	s.cut, s.cropped = shrunk(upright.SubImage(part), keptSide, keptSide), true
	share.shrink(keptPixels)
	return s, nil
}

// within is the box on a picture drawn at a scale.
func (b Box) within(bounds image.Rectangle, scale float64) image.Rectangle {
	at := func(n int) int { return int(float64(max(0, min(n, 1<<20))) * scale) }
	part := image.Rect(at(b.Left), at(b.Top), at(b.Right), at(b.Bottom))
	if b.Right <= max(b.Left, 0) || b.Bottom <= max(b.Top, 0) {
		return image.Rectangle{}
	}
	part.Max.X, part.Max.Y = max(part.Max.X, part.Min.X+1), max(part.Max.Y, part.Min.Y+1)
	return part.Intersect(bounds)
}

// Original is the whole picture, drawn again.
func (s *Source) Original() (*Picture, error) { return encodeAs(s.whole, s.drawing) }

// Within is the part asked for within a square of a side, in its proportions and
// never enlarged; as large as it is when side is 0.
func (s *Source) Within(side int) (*Picture, error) {
	if side <= 0 {
		return encodeAs(s.cut, s.drawing)
	}
	return encodeAs(shrunk(s.cut, side, side), s.drawing)
}

// Square is the part asked for as a square of a side: a box that was given fills
// it, the whole is fitted into its middle.
func (s *Source) Square(side int) (*Picture, error) {
	into := image.NewNRGBA(image.Rect(0, 0, side, side))
	if !s.drawing {
		draw.Draw(into, into.Rect, image.NewUniform(color.White), image.Point{}, draw.Src)
	}
	place := into.Rect
	if !s.cropped {
		w, h := fitted(s.cut.Rect.Dx(), s.cut.Rect.Dy(), side)
		place = image.Rect((side-w)/2, (side-h)/2, (side-w)/2+w, (side-h)/2+h)
	}
	draw.CatmullRom.Scale(into, place, s.cut, s.cut.Rect, draw.Over, nil)
	return encodeAs(into, s.drawing)
}

// fitted is the size that fills a square in one direction.
func fitted(width, height, side int) (int, int) {
	if width >= height {
		return side, max(1, height*side/width)
	}
	return max(1, width*side/height), side
}
