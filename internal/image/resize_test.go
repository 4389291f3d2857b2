package image

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// photo is a picture without two pixels alike.
func photo(w, h int) *image.NRGBA {
	picture := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			picture.SetNRGBA(x, y, color.NRGBA{uint8(x * 7), uint8(y * 13), uint8(x*y + 3), 255})
		}
	}
	return picture
}

func asPNG(t testing.TB, picture image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asJPEG(t testing.TB, picture image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, picture, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asGIF(t testing.TB, picture image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := gif.Encode(&b, picture, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// webp is a lossless WebP picture of one pixel.
const webp = "RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00"

func resize(t *testing.T, file []byte, w, h int) *Picture {
	t.Helper()
	p, err := Resize(t.Context(), bytes.NewReader(file), Limits{}, w, h)
	if err != nil {
		t.Fatal(err)
	}
	decoded, format, err := image.Decode(bytes.NewReader(p.Body))
	if err != nil {
		t.Fatal(err)
	}
	if size := decoded.Bounds().Size(); size != (image.Point{p.Width, p.Height}) || p.Type != "image/"+format {
		t.Errorf("%dx%d of %s, told as %dx%d of %s", size.X, size.Y, format, p.Width, p.Height, p.Type)
	}
	return p
}

func TestResize(t *testing.T) {
	seeThrough := photo(300, 200)
	seeThrough.SetNRGBA(0, 0, color.NRGBA{})
	drawing := image.NewNRGBA(image.Rect(0, 0, 300, 200))
	for i := range drawing.Pix {
		drawing.Pix[i] = 255
	}
	for _, c := range []struct {
		name          string
		file          []byte
		w, h          int
		width, height int
		media         string
	}{
		{"wide", asPNG(t, photo(300, 200)), 60, 60, 60, 40, "image/jpeg"},
		{"high", asJPEG(t, photo(200, 300)), 60, 60, 40, 60, "image/jpeg"},
		{"small stays", asPNG(t, photo(20, 10)), 60, 60, 20, 10, "image/jpeg"},
		{"thin", asPNG(t, photo(3000, 2)), 60, 60, 60, 1, ""},
		{"seen through", asPNG(t, seeThrough), 300, 300, 300, 200, "image/png"},
		{"drawing", asPNG(t, drawing), 100, 100, 100, 66, "image/png"},
		{"animation", asGIF(t, photo(300, 200)), 60, 60, 60, 40, ""},
		{"webp", []byte(webp), 60, 60, 1, 1, ""},
		{"big", asPNG(t, photo(3000, 1500)), 100, 100, 100, 50, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := resize(t, c.file, c.w, c.h)
			if p.Width != c.width || p.Height != c.height || c.media != "" && p.Type != c.media {
				t.Errorf("%dx%d %s", p.Width, p.Height, p.Type)
			}
		})
	}
}

// withExif puts an orientation into a JPEG file.
func withExif(file []byte, orientation uint16, order binary.AppendByteOrder) []byte {
	tiff := []byte("II*\x00")
	if order == binary.AppendByteOrder(binary.BigEndian) {
		tiff = []byte("MM\x00*")
	}
	tiff = order.AppendUint32(tiff, 8)
	tiff = order.AppendUint16(tiff, 1)
	tiff = order.AppendUint16(tiff, 0x0112)
	tiff = order.AppendUint16(tiff, 3)
	tiff = order.AppendUint32(tiff, 1)
	tiff = order.AppendUint16(tiff, orientation)
	tiff = append(tiff, 0, 0)
	segment := append([]byte("Exif\x00\x00"), tiff...)
	out := append([]byte{}, file[:2]...)
	out = append(out, 0xFF, 0xE1)
	out = binary.BigEndian.AppendUint16(out, uint16(len(segment)+2))
	return append(append(out, segment...), file[2:]...)
}

func TestOrientation(t *testing.T) {
	// The left third is red, so that one sees where it goes.
	picture := image.NewNRGBA(image.Rect(0, 0, 96, 48))
	for y := range 48 {
		for x := range 96 {
			c := color.NRGBA{uint8(x), uint8(200 + y), 255, 255}
			if x < 32 && y < 24 {
				c = color.NRGBA{255, 0, 0, 255}
			}
			picture.SetNRGBA(x, y, c)
		}
	}
	file := asJPEG(t, picture)
	for turn, at := range map[uint16]image.Point{
		1: {4, 4}, 2: {91, 4}, 3: {91, 43}, 4: {4, 43}, 5: {4, 4}, 6: {43, 4}, 7: {43, 91}, 8: {4, 91}, 9: {4, 4},
	} {
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			p := resize(t, withExif(file, turn, order), 96, 96)
			if wantHigh := turn >= 5 && turn <= 8; (p.Height > p.Width) != wantHigh {
				t.Errorf("turned %d it is %dx%d", turn, p.Width, p.Height)
			}
			decoded, _, err := image.Decode(bytes.NewReader(p.Body))
			if err != nil {
				t.Fatal(err)
			}
			if r, g, _, _ := decoded.At(at.X, at.Y).RGBA(); r < 0xC000 || g > 0x4000 {
				t.Errorf("turned %d, the corner is not at %v", turn, at)
			}
		}
	}
}

// bomb is a PNG file that promises w×h pixels and holds few.
func bomb(w, h uint32, depth, kind byte) []byte {
	b := bytes.NewBufferString("\x89PNG\r\n\x1a\n")
	chunk := func(name string, data []byte) {
		part := append([]byte(name), data...)
		_ = binary.Write(b, binary.BigEndian, uint32(len(data)))
		b.Write(part)
		_ = binary.Write(b, binary.BigEndian, crc32.ChecksumIEEE(part))
	}
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
	chunk("IHDR", append(head, depth, kind, 0, 0, 0))
	var data bytes.Buffer
	z := zlib.NewWriter(&data)
	_, _ = z.Write(make([]byte, 1000))
	_ = z.Close()
	chunk("IDAT", data.Bytes())
	chunk("IEND", nil)
	return b.Bytes()
}

func TestResizeRefuses(t *testing.T) {
	good := asJPEG(t, photo(64, 64))
	for _, c := range []struct {
		name string
		file []byte
		want error
	}{
		{"nothing", nil, ErrFormat},
		{"text", []byte("<svg xmlns='http://www.w3.org/2000/svg'/>"), ErrFormat},
		{"bomb", bomb(60_000, 60_000, 8, 6), ErrTooBig},
		{"bomb of 16 bits", bomb(6000, 5000, 16, 6), ErrTooBig},
		{"bomb beyond numbers", bomb(1<<31-1, 1<<31-1, 8, 6), ErrFormat},
		{"bomb within the limits", bomb(2000, 2000, 8, 6), ErrFormat},
		{"no size", bomb(0, 10, 8, 6), ErrFormat},
		{"truncated", good[:len(good)/2], ErrFormat},
		{"truncated PNG", asPNG(t, photo(64, 64))[:200], ErrFormat},
		{"long", bytes.Repeat([]byte{0}, DefaultBytes+1), ErrTooBig},
		{"gif of a giant", []byte("GIF89a\xff\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"), ErrTooBig},
	} {
		started := time.Now()
		_, err := Resize(t.Context(), bytes.NewReader(c.file), Limits{}, 100, 100)
		if err == nil || !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if took := time.Since(started); took > 3*time.Second {
			t.Errorf("%s took %v", c.name, took)
		}
	}
	if _, err := Resize(t.Context(), io.MultiReader(strings.NewReader("\x89PNG"), failing{}), Limits{}, 9, 9); err == nil || errors.Is(err, ErrFormat) {
		t.Errorf("a reader that fails: %v", err)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("cut off") }

func TestBigPicturesWaitTheirTurn(t *testing.T) {
	held, err := take(t.Context(), roomPixels-leastPixels)
	if err != nil {
		t.Fatal(err)
	}
	defer held.release()
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer stop()
	if _, err := Resize(ctx, bytes.NewReader(bomb(1000, 1000, 8, 6)), Limits{}, 9, 9); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a second big picture: %v", err)
	}
	if _, err := Resize(t.Context(), bytes.NewReader(asPNG(t, photo(20, 20))), Limits{}, 9, 9); err != nil {
		t.Errorf("a small picture waits too: %v", err)
	}
}

// TestManyPicturesAtOnceShareTheRoom: a source holds its share until it is done, and gives it back once.
func TestManyPicturesAtOnceShareTheRoom(t *testing.T) {
	file := asPNG(t, photo(1400, 1400))
	var held []*Source
	for range 4 {
		source, err := Read(t.Context(), bytes.NewReader(file), Limits{}, &Box{0, 0, 9, 9})
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, source)
	}
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer stop()
	if _, err := Read(ctx, bytes.NewReader(file), Limits{}, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("one more beside %d: %v", len(held), err)
	}
	for _, source := range held {
		source.Done()
		source.Done()
	}
	if _, err := Read(t.Context(), bytes.NewReader(file), Limits{}, &Box{5000, 5000, 6000, 6000}); !errors.Is(err, ErrFormat) {
		t.Errorf("a box beside the picture: %v", err)
	}
	if _, err := Read(t.Context(), bytes.NewReader(file[:len(file)/2]), Limits{}, nil); !errors.Is(err, ErrFormat) {
		t.Errorf("half a picture: %v", err)
	}
	if !room.TryAcquire(roomPixels) {
		t.Fatal("a picture keeps its share")
	}
	room.Release(roomPixels)
}

// TestShapesTakeLittleMemory draws small pictures of large ones of any shape.
func TestShapesTakeLittleMemory(t *testing.T) {
	for _, size := range [][2]int{{1, 2_000_000}, {2_000_000, 1}, {3000, 3000}} {
		file := asPNG(t, image.NewGray(image.Rect(0, 0, size[0], size[1])))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		source, err := Read(t.Context(), bytes.NewReader(file), Limits{}, nil)
		if err != nil {
			t.Fatalf("%v: %v", size, err)
		}
		if _, err := source.Square(100); err != nil {
			t.Error(err)
		}
		source.Done()
		runtime.ReadMemStats(&after)
		if taken := (after.TotalAlloc - before.TotalAlloc) >> 20; taken > 160 {
			t.Errorf("a picture of %v took %d MB", size, taken)
		}
	}
}

// FuzzResize reads foreign files: it never panics, and what it makes is a
// picture within the size.
func FuzzResize(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "pictures", "*"))
	if err != nil || len(files) == 0 {
		f.Fatalf("no pictures: %v", err)
	}
	for _, name := range files {
		file, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		p, err := Resize(t.Context(), bytes.NewReader(file), Limits{Pixels: 100_000}, 20, 30)
		if err != nil {
			return
		}
		config, _, err := image.DecodeConfig(bytes.NewReader(p.Body))
		if err != nil || config.Width > 20 || config.Height > 30 || config.Width < 1 || config.Height < 1 {
			t.Fatalf("%+v, %v", config, err)
		}
	})
}
