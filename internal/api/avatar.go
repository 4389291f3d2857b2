package api

import (
	"bytes"
	"crypto/sha1"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"strconv"

	"grenier/internal/fault"
	"grenier/internal/web"
)

// Identicons are drawn for who has no picture: a pattern of 7×7 blocks, the
// same on both sides, on grey, with a margin of a tenth.
const (
	identiconBlocks = 7
	// identiconMax bounds the width and height, in pixels.
	identiconMax = 1024
)

var (
	identiconBackground = color.NRGBA{224, 224, 224, 255}
	identiconInks       = []color.NRGBA{
		{0, 83, 179, 255}, {201, 25, 30, 255}, {24, 117, 60, 255}, {179, 64, 0, 255}, {104, 83, 46, 255}, {106, 29, 144, 255}, {44, 62, 80, 255},
	}
)

func (a *API) avatarRoutes() {
	web.Get[web.Raw](a.v1, "/avatars/{identifier}/{size}/", web.Doc{
		Summary: "Draw a picture for an identifier", Tags: []string{"avatars"}, Produces: []string{"image/png"},
	}, a.drawAvatar)
}

func (a *API) drawAvatar(c *web.Call, _ web.None) error {
	size, err := strconv.Atoi(c.Param("size"))
	if err != nil {
		return fault.New(fault.NotFound, "")
	}
	if size < 1 || size > identiconMax {
		return fault.New(fault.Invalid, fmt.Sprintf("The size must be a number of pixels between 1 and %d.", identiconMax))
	}
	var picture bytes.Buffer
	if err := png.Encode(&picture, identicon(c.Param("identifier"), size)); err != nil {
		return err
	}
	c.W.Header().Set("Cache-Control", "public, max-age=86400")
	return c.Blob(http.StatusOK, "image/png", picture.Bytes())
}

// identicon draws the pattern of an identifier: the first byte of its SHA-1
// chooses the ink, a bit of the following ones fills each block of the left
// half and its mirror.
func identicon(identifier string, size int) image.Image {
	digest := sha1.Sum([]byte(identifier))
	ink := identiconInks[int(digest[0])%len(identiconInks)]
	picture := image.NewPaletted(image.Rect(0, 0, size, size), color.Palette{identiconBackground, ink})
	margin := size / 10
	inner := size - 2*margin
	for y := range inner {
		row := y * identiconBlocks / inner
		for x := range inner {
			column := min(x, inner-1-x) * identiconBlocks / inner
			bit := row*(identiconBlocks+1)/2 + column
			if digest[1+bit/8]>>(bit%8)&1 == 1 {
				picture.SetColorIndex(margin+x, margin+y, 1)
			}
		}
	}
	return picture
}
