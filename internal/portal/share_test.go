package portal

import (
	"bytes"
	"image/color"
	"image/png"
	"net/http"
	"net/http/httptest"
	"testing"

	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
)

func TestSharePictures(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), nil)
	shown := s.dataset(1, "Les arbres de la ville", nil)
	hidden := s.dataset(2, "Secret", func(d *catalog.Dataset) { d.Private, d.Visible = true, false })
	deleted := s.dataset(3, "Ancien", func(d *catalog.Dataset) { d.DeletedAt, d.Visible = db.Now(), false })
	for path, want := range map[string]int{
		"/share/site.png":                           http.StatusOK,
		"/share/datasets/" + shown.ID + ".png":      http.StatusOK,
		"/share/datasets/" + hidden.ID + ".png":     http.StatusNotFound,
		"/share/datasets/" + deleted.ID + ".png":    http.StatusGone,
		"/share/datasets/" + shown.ID:               http.StatusNotFound,
		"/share/datasets/none.png":                  http.StatusNotFound,
		"/share/people/" + shown.ID + ".png":        http.StatusNotFound,
		"/share/organizations/" + shown.ID + ".png": http.StatusNotFound,
		"/share/reuses/" + shown.ID + ".png":        http.StatusNotFound,
		"/share/dataservices/" + shown.ID + ".png":  http.StatusNotFound,
		"/share/topics/" + shown.ID + ".png":        http.StatusNotFound,
		"/share/posts/" + shown.ID + ".png":         http.StatusNotFound,
	} {
		if answer := s.get(path); answer.Code != want {
			t.Errorf("%s: %d, want %d", path, answer.Code, want)
		}
	}
	answer := s.get("/share/datasets/" + shown.ID + ".png")
	picture, err := png.Decode(bytes.NewReader(answer.Body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if size := picture.Bounds().Size(); size.X != 1200 || size.Y != 630 || answer.Header().Get("Cache-Control") != "public, max-age=3600" {
		t.Errorf("%v, %s", size, answer.Header().Get("Cache-Control"))
	}
	r := httptest.NewRequest(http.MethodGet, "/share/datasets/"+shown.ID+".png", nil)
	r.Header.Set("If-None-Match", answer.Header().Get("Etag"))
	again := httptest.NewRecorder()
	s.handler.ServeHTTP(again, r)
	if again.Code != http.StatusNotModified {
		t.Errorf("the same picture asked for again: %d", again.Code)
	}
}

// TestSharePosts draws the pictures of the other kinds of objects.
func TestSharePosts(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), nil)
	now := db.Now()
	s.insert(
		&catalog.Post{ID: "65a000000000000000000001", Version: 1, Slug: "a", Name: "Une nouvelle", Kind: "news", BodyType: "markdown", Blocs: db.JSON("[]"), PublishedAt: now, CreatedAt: now, ModifiedAt: now},
		&catalog.Post{ID: "65a000000000000000000002", Version: 1, Slug: "b", Name: "Un brouillon", Kind: "news", BodyType: "markdown", Blocs: db.JSON("[]"), CreatedAt: now, ModifiedAt: now},
		&catalog.Topic{ID: "65a000000000000000000003", Version: 1, Slug: "c", Name: "Se déplacer", NameFold: "se deplacer", CreatedAt: now, ModifiedAt: now},
	)
	for path, want := range map[string]int{
		"/share/posts/65a000000000000000000001.png":  http.StatusOK,
		"/share/posts/65a000000000000000000002.png":  http.StatusNotFound,
		"/share/topics/65a000000000000000000003.png": http.StatusOK,
	} {
		if answer := s.get(path); answer.Code != want {
			t.Errorf("%s: %d, want %d", path, answer.Code, want)
		}
	}
}

func TestTokenColours(t *testing.T) {
	colours := tokenColours(`:root{--gr-color-accent:#1d4f40;--gr-color-bg : #fff;--gr-color-fg:rgb(1 2 3)} [data-theme=dark]{--gr-color-accent:#000}`)
	if colours["accent"] != (color.NRGBA{0x1d, 0x4f, 0x40, 0xff}) || colours["bg"] != (color.NRGBA{0xff, 0xff, 0xff, 0xff}) || colours["fg"].A != 0 {
		t.Errorf("%v", colours)
	}
}
