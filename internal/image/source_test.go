package image

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"
)

// halves is red on its left and blue on its right.
func halves(w, h int) *image.NRGBA {
	picture := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.NRGBA{255, 0, 0, 255}
			if x >= w/2 {
				c = color.NRGBA{0, 0, 255, 255}
			}
			picture.SetNRGBA(x, y, c)
		}
	}
	return picture
}

func pngOf(t *testing.T, picture image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func decodedOf(t *testing.T, p *Picture, err error) image.Image {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	picture, _, err := image.Decode(bytes.NewReader(p.Body))
	if err != nil {
		t.Fatal(err)
	}
	if picture.Bounds().Dx() != p.Width || picture.Bounds().Dy() != p.Height {
		t.Errorf("told as %d×%d, is %v", p.Width, p.Height, picture.Bounds())
	}
	return picture
}

func isBlue(c color.Color) bool {
	r, _, b, a := c.RGBA()
	return a > 0xF000 && b > 0xE000 && r < 0x2000
}

func TestReadSource(t *testing.T) {
	s, err := Read(t.Context(), bytes.NewReader(pngOf(t, halves(600, 300))), Limits{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Within(500)
	if got := decodedOf(t, p, err).Bounds(); got.Dx() != 500 || got.Dy() != 250 {
		t.Errorf("within 500: %v", got)
	}
	p, err = s.Square(100)
	square := decodedOf(t, p, err)
	if _, _, _, alpha := square.At(50, 2).RGBA(); square.Bounds().Dx() != 100 || square.Bounds().Dy() != 100 || alpha != 0 {
		t.Errorf("a square of %v, alpha %d above", square.Bounds(), alpha)
	}
	if !isBlue(square.At(90, 50)) {
		t.Errorf("the right is %v", square.At(90, 50))
	}
	p, err = s.Original()
	if got := decodedOf(t, p, err).Bounds(); got.Dx() != 600 {
		t.Errorf("the original: %v", got)
	}
}

func TestReadBox(t *testing.T) {
	file := pngOf(t, halves(600, 300))
	s, err := Read(t.Context(), bytes.NewReader(file), Limits{}, &Box{400, 0, 5000, 100})
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Within(0)
	if got := decodedOf(t, p, err); got.Bounds().Dx() != 200 || got.Bounds().Dy() != 100 || !isBlue(got.At(3, 3)) {
		t.Errorf("the box holds %v, %v", got.Bounds(), got.At(3, 3))
	}
	p, err = s.Square(60)
	if got := decodedOf(t, p, err); !isBlue(got.At(0, 0)) || !isBlue(got.At(59, 59)) {
		t.Errorf("the square is not filled: %v", got.At(0, 0))
	}
	for _, wrong := range []Box{{700, 0, 800, 10}, {10, 10, 10, 20}, {20, 0, 10, 10}, {-10, -10, -5, -5}, {0, 0, 0, 0}, {1 << 62, 0, 1<<62 + 1, 1}} {
		if _, err := Read(t.Context(), bytes.NewReader(file), Limits{}, &wrong); !errors.Is(err, ErrFormat) {
			t.Errorf("the box %v: %v", wrong, err)
		}
	}
}

// TestReadPhotograph: what has no transparency and many colours stays a JPEG,
// with white around it.
func TestReadPhotograph(t *testing.T) {
	picture := image.NewNRGBA(image.Rect(0, 0, 300, 100))
	for i := range picture.Pix {
		picture.Pix[i] = byte(i * 7919 >> 3)
		if i%4 == 3 {
			picture.Pix[i] = 255
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, picture, nil); err != nil {
		t.Fatal(err)
	}
	s, err := Read(t.Context(), &b, Limits{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Square(100)
	if r, _, _, _ := decodedOf(t, p, err).At(50, 2).RGBA(); p.Type != "image/jpeg" || r < 0xF000 {
		t.Errorf("%s with %d above", p.Type, r)
	}
}

func TestReadRefuses(t *testing.T) {
	gif := "GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
	bomb := pngOf(t, image.NewGray(image.Rect(0, 0, 10, 10)))
	copy(bomb[16:], []byte{0, 1, 0, 0, 0, 1, 0, 0}) // 65,536 pixels each way
	binary.BigEndian.PutUint32(bomb[29:], crc32.ChecksumIEEE(bomb[12:29]))
	for name, c := range map[string]struct {
		file string
		want error
	}{
		"nothing": {"", ErrFormat}, "SVG": {"<svg xmlns='http://www.w3.org/2000/svg'/>", ErrFormat}, "GIF": {gif, ErrFormat},
		"cut": {string(pngOf(t, halves(50, 50))[:80]), ErrFormat}, "page": {"<html>", ErrFormat}, "long": {strings.Repeat("x", DefaultBytes+1), ErrTooBig},
		"PNG in name": {"\x89PNG\r\n\x1a\n<script>", ErrFormat},
	} {
		if _, err := Read(t.Context(), strings.NewReader(c.file), Limits{}, nil); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if _, err := Read(t.Context(), bytes.NewReader(bomb), Limits{}, nil); !errors.Is(err, ErrTooBig) {
		t.Errorf("a picture of 4,294,967,296 pixels: %v", err)
	}
}
