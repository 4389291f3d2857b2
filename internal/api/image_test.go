package api_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"grenier/internal/api/apitest"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
)

// drawn is a PNG picture of a size, transparent in a corner.
func drawn(t testing.TB, w, h int) string {
	t.Helper()
	picture := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			if x > 2 || y > 2 {
				picture.SetNRGBA(x, y, color.NRGBA{200, byte(x), 30, 255})
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// sizeOf is the size of the picture at an address.
func (p *portal) sizeOf(address string) string {
	p.t.Helper()
	answer := p.Get(local(address))
	if answer.Status != http.StatusOK || !strings.Contains(answer.Header.Get("Cache-Control"), "immutable") {
		p.t.Errorf("%s is %d, %s", address, answer.Status, answer.Header.Get("Cache-Control"))
		return ""
	}
	config, _, err := image.DecodeConfig(bytes.NewReader(answer.Body))
	if err != nil {
		p.t.Fatal(err)
	}
	return fmt.Sprintf("%d×%d", config.Width, config.Height)
}

// TestPictures sends each kind of picture and looks at what objects show then.
func TestPictures(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPortal(t, d)
		file := fileField("my logo.PNG", drawn(t, 900, 450))
		for _, c := range []struct {
			path, token, object, image, thumbnail, storage string
			size, small, other                             string
			others                                         []string
		}{
			{"/api/1/organizations/<town>/logo/", p.adaToken, "/api/1/organizations/<town>/", "logo", "logo_thumbnail", "avatars", "500×250", "100×100", "60×60", []string{"60", "25"}},
			{"/api/1/me/avatar/", p.eveToken, "/api/1/users/<eve>/", "avatar", "avatar_thumbnail", "avatars", "900×450", "500×500", "32×32", []string{"32", "25", "100", "200"}},
			{"/api/1/users/<ada>/avatar/", p.adminToken, "/api/1/users/<ada>/", "avatar", "avatar_thumbnail", "avatars", "900×450", "500×500", "200×200", []string{"200"}},
			{"/api/1/reuses/carte-velo/image/", p.eveToken, "/api/1/reuses/carte-velo/", "image", "image_thumbnail", "images", "800×400", "500×500", "50×50", []string{"50", "100", "25"}},
			{"/api/1/posts/news/image/", p.adminToken, "/api/1/posts/news/", "image", "image_thumbnail", "images", "900×450", "100×100", "400×400", []string{"400", "50"}},
		} {
			sent := post(p.Server, p.fill(c.path), c.token, file)
			if sent.Status != http.StatusOK || p.text(sent, "success") != "true" {
				t.Errorf("%s answered %d %s", c.path, sent.Status, sent.Body)
				continue
			}
			address := p.text(sent, "image")
			if !regexp.MustCompile(`^` + apitest.Base + `/s/` + c.storage + `/[0-9a-f]{2}/[0-9a-f]{30}\.png$`).MatchString(address) {
				t.Errorf("%s: the address is %s", c.path, address)
			}
			object := p.Get(p.fill(c.object))
			if p.text(object, c.image) != address || p.sizeOf(address) != c.size || p.sizeOf(p.text(object, c.thumbnail)) != c.small {
				t.Errorf("%s: shows %s of %s, and %s of %s", c.path, p.text(object, c.image), p.sizeOf(address), p.text(object, c.thumbnail), p.sizeOf(p.text(object, c.thumbnail)))
			}
			if got := p.sizeOf(strings.Replace(address, ".png", "-"+c.others[0]+".png", 1)); got != c.other {
				t.Errorf("%s: the small form is %s, want %s", c.path, got, c.other)
			}
			if got := p.sizeOf(strings.Replace(address, ".png", "-original.png", 1)); got != "900×450" {
				t.Errorf("%s: the original is %s", c.path, got)
			}
			again := post(p.Server, p.fill(c.path), c.token, file, value("bbox", "0.9,0,450.7,450"))
			if got := p.sizeOf(p.text(again, "image")); again.Status != http.StatusOK || got != "450×450" {
				t.Errorf("%s with a box: %d, %s", c.path, again.Status, got)
			}
			if old := p.Get(local(address)); old.Status != http.StatusNotFound {
				t.Errorf("%s: the picture before is %d", c.path, old.Status)
			}
		}
		if swept, err := p.Files.Sweep(context.Background()); err != nil || swept.Ended != 0 || swept.Files != 0 {
			t.Errorf("a sweep took pictures in use: %+v, %v", swept, err)
		}
		p.exec("UPDATE files SET ended_at = 1 WHERE ended_at IS NOT NULL")
		if swept, err := p.Files.Sweep(context.Background()); err != nil || swept.Files == 0 {
			t.Errorf("a sweep left pictures that were replaced: %+v, %v", swept, err)
		}
		versions := p.Get(p.fill("/api/1/organizations/<town>/"))
		if !strings.Contains(p.text(versions, "logo"), apitest.Base) {
			t.Errorf("the logo is %s", p.text(versions, "logo"))
		}
	})
}

// TestPictureRefusals is what routes of pictures refuse.
func TestPictureRefusals(t *testing.T) {
	p := newPortal(t, dbtest.SQLite(t))
	good := fileField("a.png", drawn(t, 10, 10))
	bomb := []byte(drawn(t, 10, 10))
	copy(bomb[16:], []byte{0, 1, 0, 0, 0, 1, 0, 0}) // 65,536 pixels each way
	binary.BigEndian.PutUint32(bomb[29:], crc32.ChecksumIEEE(bomb[12:29]))
	const logo = "/api/1/organizations/<town>/logo/"
	for _, c := range []struct {
		name, path, token string
		fields            []field
		status            int
		message           string
	}{
		{"nobody", logo, "", []field{good}, 401, ""},
		{"a member of nothing", logo, p.eveToken, []field{good}, 403, "You do not have the permission to modify that object."},
		{"somebody's portrait", "/api/1/users/<ada>/avatar/", p.eveToken, []field{good}, 403, ""},
		{"a hidden reuse", "/api/1/reuses/carte-secrete/image/", p.eveToken, []field{good}, 404, ""},
		{"somebody's reuse", "/api/1/reuses/carte-velo/image/", p.adaToken, []field{good}, 403, ""},
		{"a post", "/api/1/posts/news/image/", p.adaToken, []field{good}, 403, ""},
		{"an unknown chart", "/api/1/visualizations/none/image/", p.adaToken, []field{good}, 404, ""},
		{"no file", logo, p.adaToken, []field{value("bbox", "0,0,1,1")}, 400, "Missing file parameter"},
		{"a text", logo, p.adaToken, []field{fileField("a.png", "hello")}, 400, "Unsupported image format"},
		{"an SVG", logo, p.adaToken, []field{fileField("a.svg", "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>")}, 400, "Unsupported image format"},
		{"an SVG as PNG", logo, p.adaToken, []field{fileField("a.png", "<svg xmlns='http://www.w3.org/2000/svg'/>")}, 400, "Unsupported image format"},
		{"a GIF", logo, p.adaToken, []field{fileField("a.gif", "GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;")}, 400, "Unsupported image format"},
		{"a bomb", logo, p.adaToken, []field{fileField("a.png", string(bomb))}, 400, "This picture has too many pixels: send one of at most 40 million pixels, half as many with 16 bits per colour."},
		{"a long file", logo, p.adaToken, []field{fileField("a.png", strings.Repeat("x", 10<<20+1))}, 400, "This picture is too big: send one of at most 10 MB."},
		{"a box of three", logo, p.adaToken, []field{good, value("bbox", "0,0,1")}, 400, "The field bbox must hold four numbers of pixels: left,top,right,bottom."},
		{"a box of words", logo, p.adaToken, []field{good, value("bbox", "a,b,c,d")}, 400, "The field bbox must hold four numbers of pixels: left,top,right,bottom."},
		{"a box of nothing", logo, p.adaToken, []field{good, value("bbox", "NaN,0,1,1")}, 400, "The field bbox must hold four numbers of pixels: left,top,right,bottom."},
		{"a box outside", logo, p.adaToken, []field{good, value("bbox", "50,50,60,60")}, 400, "Unsupported image format"},
	} {
		answer := post(p.Server, p.fill(c.path), c.token, c.fields...)
		if answer.Status != c.status || c.message != "" && p.text(answer, "message") != c.message {
			t.Errorf("%s: answered %d %s, want %d %s", c.name, answer.Status, answer.Body, c.status, c.message)
		}
	}
}

// TestPictureOfAProgram sends the picture of a program, which those who manage it
// may, and looks at where people see it, until the program is removed.
func TestPictureOfAProgram(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPortal(t, d)
		made := p.call("eve", "POST", "/api/2/oauth/clients/", object{"name": "Explorer", "redirect_uris": []string{"https://example.org/back"}}, http.StatusCreated)
		path := "/api/2/oauth/clients/" + p.text(made, "id") + "/"
		file := fileField("mark.png", drawn(t, 600, 300))
		for token, status := range map[string]int{"": http.StatusUnauthorized, p.adaToken: http.StatusNotFound} {
			if sent := post(p.Server, path+"image/", token, file); sent.Status != status {
				t.Errorf("a stranger's picture answered %d %s", sent.Status, sent.Body)
			}
		}
		if sent := post(p.Server, path+"image/", p.eveToken, fileField("mark.svg", "<svg/>")); sent.Status != http.StatusBadRequest {
			t.Errorf("no picture answered %d", sent.Status)
		}
		sent := post(p.Server, path+"image/", p.eveToken, file)
		if sent.Status != http.StatusOK {
			t.Fatalf("answered %d %s", sent.Status, sent.Body)
		}
		shown := p.call("eve", "GET", path, nil, http.StatusOK)
		image, small := p.text(shown, "image"), p.text(shown, "image_thumbnail")
		if image != p.text(sent, "image") || p.sizeOf(image) != "600×300" || p.sizeOf(small) != "150×150" || p.sizeOf(strings.Replace(small, "-150", "-25", 1)) != "25×25" {
			t.Errorf("the program shows %s and %s", image, small)
		}
		if swept, err := p.Files.Sweep(context.Background()); err != nil || swept.Ended != 0 {
			t.Errorf("a sweep ended %d files, %v", swept.Ended, err)
		}
		if changed := p.call("eve", "PUT", path, object{"name": "Explorer 2"}, http.StatusOK); p.text(changed, "image") != image {
			t.Error("another name took the picture away")
		}
		p.call("eve", "DELETE", path, nil, http.StatusNoContent)
		if answer := p.Get(local(image)); answer.Status == http.StatusOK {
			t.Errorf("the picture of a removed program answers %d", answer.Status)
		}
	})
}
