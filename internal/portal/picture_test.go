package portal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/event"
	"grenier/internal/geo"
	pictureroom "grenier/internal/image"
	"grenier/internal/web"
)

// origins is other servers that hold pictures.
type origins struct {
	mu      sync.Mutex
	files   map[string][]byte
	asked   []string
	running atomic.Int32
	most    atomic.Int32
	wait    time.Duration
}

func (o *origins) Get(ctx context.Context, url string, _ int64) (io.ReadCloser, error) {
	now := o.running.Add(1)
	defer o.running.Add(-1)
	for most := o.most.Load(); now > most && !o.most.CompareAndSwap(most, now); most = o.most.Load() {
	}
	o.mu.Lock()
	o.asked = append(o.asked, url)
	file, ok := o.files[url]
	o.mu.Unlock()
	select {
	case <-time.After(o.wait):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if !ok {
		return nil, errors.New("not there")
	}
	return io.NopCloser(bytes.NewReader(file)), nil
}

func (o *origins) count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.asked)
}

// aPhoto is a JPEG file of a size.
func aPhoto(w, h int) []byte {
	picture := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			picture.SetNRGBA(x, y, color.NRGBA{uint8(x * 7), uint8(y * 13), uint8(x*y + 3), 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, picture, nil); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// album is pictures of a small catalogue, served over HTTP.
type album struct {
	*pictures
	t       *testing.T
	d       *db.DB
	origins *origins
	handler http.Handler
}

func newAlbum(t *testing.T, folder string) *album {
	t.Helper()
	a := &album{t: t, d: dbtest.SQLite(t), origins: &origins{files: map[string][]byte{}}}
	store := catalog.New(event.NewLog(a.d), geo.NewDirectory(), noWords{}, catalog.Rules{})
	var err error
	a.pictures, err = newPictures(Deps{
		Catalog: store, Organizations: account.NewOrganizations(a.d, noWords{}), People: account.NewPeople(a.d), Pictures: folder,
	}, a.origins)
	if err != nil {
		t.Fatal(err)
	}
	root := web.NewTable("", web.Info{})
	a.routes(root)
	a.handler, err = web.NewHandler(web.Options{
		Sites: web.OneSite(web.Site{Base: "https://data.example.org", Language: "fr"}), Versions: web.NewVersions(), Log: slog.New(slog.DiscardHandler),
	}, root)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// noWords finds nothing by words.
type noWords struct{}

func (noWords) Match(context.Context, string, string, int) ([]string, error) { return nil, nil }

func (a *album) insert(rows ...any) {
	a.t.Helper()
	dbtest.Insert(a.t, a.d, rows...)
}

func (a *album) get(path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	a.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

func anID(n int) string { return fmt.Sprintf("%024x", n) }

func anOrganization(n int, logo string) *account.Organization {
	return &account.Organization{
		ID: anID(n), Version: 1, Slug: fmt.Sprintf("org-%d", n), Name: "Ville de Valmont", Logo: &logo, CreatedAt: db.Now(), ModifiedAt: db.Now(),
	}
}

func TestPicturesAreGotOnce(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "pictures")
	a := newAlbum(t, folder)
	const logo = "https://img.example.org/logo.jpg"
	a.origins.files[logo] = aPhoto(900, 600)
	a.insert(anOrganization(1, logo))
	for _, size := range []int{100, 60, 200, 400, 100} {
		w := a.get(fmt.Sprintf("/pictures/organizations/%s/%d", anID(1), size))
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "image/jpeg" || w.Header().Get("Cache-Control") != "public, max-age=86400" {
			t.Fatalf("%d: %d %v", size, w.Code, w.Header())
		}
		config, _, err := image.DecodeConfig(w.Body)
		if err != nil || config.Width != size || config.Height > size {
			t.Errorf("%d: %+v, %v", size, config, err)
		}
	}
	if n := a.origins.count(); n != 1 {
		t.Errorf("the origin was asked %d times", n)
	}
	// What is on disk is there for the next start.
	shelf, err := openPictureShelf(folder, picturesOnDisk)
	if err != nil {
		t.Fatal(err)
	}
	if _, media, ok := shelf.get(logo, 100); !ok || media != "image/jpeg" {
		t.Error("a new start does not find the picture")
	}
}

func TestPicturesStandIn(t *testing.T) {
	a := newAlbum(t, t.TempDir())
	broken, missing, local, script := "https://img.example.org/broken", "https://img.example.org/missing", "/s/avatars/a.png", "javascript:alert(1)"
	a.origins.files[broken] = []byte("<svg onload='alert(1)'/>")
	a.insert(anOrganization(1, broken), anOrganization(2, missing), anOrganization(3, local), anOrganization(4, script), anOrganization(5, ""))
	for n := range 5 {
		for range 3 {
			w := a.get("/pictures/organizations/" + anID(n+1) + "/60")
			if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "image/svg+xml" || w.Header().Get("Cache-Control") != "public, max-age=300" {
				t.Errorf("%d: %d %v", n+1, w.Code, w.Header())
			}
			if !strings.Contains(w.Body.String(), ">VV<") || !strings.Contains(w.Header().Get("Content-Security-Policy"), "default-src 'none'") {
				t.Errorf("%d: %s", n+1, w.Body)
			}
		}
	}
	if n := a.origins.count(); n != 3 { // the hosted one, which is gone, is asked for too
		t.Errorf("origins were asked %d times: failures are not remembered", n)
	}
	a.mu.Lock()
	for address := range a.failed {
		a.failed[address] = time.Now().Add(-time.Second)
	}
	a.mu.Unlock()
	a.origins.files[missing] = aPhoto(20, 20)
	if w := a.get("/pictures/organizations/" + anID(2) + "/60"); w.Header().Get("Content-Type") != "image/jpeg" {
		t.Errorf("after a while it is not tried again: %v", w.Header())
	}
}

func TestPicturesOfWhatIsHidden(t *testing.T) {
	a := newAlbum(t, t.TempDir())
	const cover = "https://img.example.org/cover"
	a.origins.files[cover] = aPhoto(50, 50)
	reuse := func(n int, change func(*catalog.Reuse)) *catalog.Reuse {
		address := cover
		r := &catalog.Reuse{
			ID: anID(n), Version: 1, Slug: fmt.Sprint("r", n), Title: "R", Type: "idea", Topic: "others", URL: fmt.Sprint("https://r.example.org/", n),
			URLHash: fmt.Sprint(n), Image: &address, CreatedAt: db.Now(), ModifiedAt: db.Now(),
		}
		change(r)
		return r
	}
	gone := anOrganization(9, cover)
	gone.DeletedAt = db.Now()
	a.insert(
		reuse(1, func(*catalog.Reuse) {}), reuse(2, func(r *catalog.Reuse) { r.Private = true }),
		reuse(3, func(r *catalog.Reuse) { r.DeletedAt = db.Now() }), reuse(4, func(r *catalog.Reuse) { r.Image = nil }), gone,
		&account.User{ID: anID(7), Version: 1, Slug: "ada", FirstName: "Ada", LastName: "L", NameFold: "ada l", Active: true, CreatedAt: db.Now(), ModifiedAt: db.Now()},
	)
	for path, want := range map[string]int{
		"/pictures/reuses/" + anID(1) + "/200": 200, "/pictures/reuses/" + anID(2) + "/200": 404, "/pictures/reuses/" + anID(3) + "/200": 410,
		"/pictures/reuses/" + anID(4) + "/200": 200, "/pictures/organizations/" + anID(9) + "/60": 410, "/pictures/users/" + anID(7) + "/60": 200,
		"/pictures/users/nobody/60": 404, "/pictures/posts/" + anID(1) + "/60": 404, "/pictures/datasets/" + anID(1) + "/60": 404,
		"/pictures/reuses/" + anID(1) + "/61": 404, "/pictures/reuses/" + anID(1) + "/x": 404, "/pictures/reuses/" + anID(1) + "/-60": 404,
	} {
		if w := a.get(path); w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
	}
	if n := a.origins.count(); n != 1 {
		t.Errorf("origins were asked %d times", n)
	}
}

func TestPicturesAtOnce(t *testing.T) {
	a := newAlbum(t, t.TempDir())
	a.origins.wait = 20 * time.Millisecond
	for n := range 12 {
		address := fmt.Sprintf("https://img.example.org/%d", n)
		a.origins.files[address] = aPhoto(30, 30)
		a.insert(anOrganization(n+1, address))
	}
	var readers sync.WaitGroup
	for n := range 12 {
		for range 4 {
			readers.Go(func() {
				if w := a.get("/pictures/organizations/" + anID(n+1) + "/400"); w.Header().Get("Content-Type") != "image/jpeg" {
					t.Errorf("%d: %v", n, w.Header())
				}
			})
		}
	}
	readers.Wait()
	if n := a.origins.count(); n != 12 {
		t.Errorf("origins were asked %d times", n)
	}
	if most := a.origins.most.Load(); most > picturesAtOnce {
		t.Errorf("%d at once", most)
	}
}

func TestPicturesWithoutSource(t *testing.T) {
	a := newAlbum(t, t.TempDir())
	a.source = nil
	a.insert(anOrganization(1, "https://img.example.org/a"))
	if w := a.get("/pictures/organizations/" + anID(1) + "/60"); w.Code != 200 || w.Header().Get("Content-Type") != "image/svg+xml" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

func TestFailuresAreBounded(t *testing.T) {
	a := newAlbum(t, t.TempDir())
	for n := range pictureFailures + 10 {
		a.remember(fmt.Sprint(n))
	}
	if len(a.failed) > pictureFailures {
		t.Errorf("%d failures are remembered", len(a.failed))
	}
}

func TestShelfIsBounded(t *testing.T) {
	folder := t.TempDir()
	shelf, err := openPictureShelf(folder, 1000)
	if err != nil {
		t.Fatal(err)
	}
	picture := &pictureroom.Picture{Body: make([]byte, 100), Type: "image/png"}
	for n := range 10 {
		if err := shelf.put(fmt.Sprint(n), 60, picture); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, ok := shelf.get("0", 60); !ok {
		t.Error("the first is gone although there is room")
	}
	if err := shelf.put("10", 60, picture); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"0": true, "1": false, "2": false, "3": true, "10": true} {
		if _, _, ok := shelf.get(name, 60); ok != want {
			t.Errorf("%s is there: %t", name, ok)
		}
	}
	files, err := os.ReadDir(folder)
	if err != nil || len(files) != 9 {
		t.Errorf("%d files, %v", len(files), err)
	}
	// The same again in another form does not count twice.
	if err := shelf.put("10", 60, &pictureroom.Picture{Body: make([]byte, 50), Type: "image/jpeg"}); err != nil {
		t.Fatal(err)
	}
	if shelf.total != 850 {
		t.Errorf("%d bytes are counted", shelf.total)
	}
	again, err := openPictureShelf(folder, 400)
	if err != nil || again.total > 400 {
		t.Errorf("a smaller shelf holds %d bytes, %v", again.total, err)
	}
}

func TestShelfForgetsWhatIsOldOrLost(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, pictureAside+"1"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	long := time.Now().Add(-2 * pictureAge)
	if err := os.Chtimes(filepath.Join(folder, pictureAside+"1"), long, long); err != nil {
		t.Fatal(err)
	}
	shelf, err := openPictureShelf(folder, 1000)
	if err != nil {
		t.Fatal(err)
	}
	picture := &pictureroom.Picture{Body: make([]byte, 100), Type: "image/png"}
	for _, address := range []string{"old", "lost"} {
		if err := shelf.put(address, 60, picture); err != nil {
			t.Fatal(err)
		}
	}
	shelf.files[shelfName("old", 60)].made = long
	if err := os.Remove(filepath.Join(folder, shelfName("lost", 60)+".png")); err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{"old", "lost", "never"} {
		if _, _, ok := shelf.get(address, 60); ok {
			t.Errorf("%s is there", address)
		}
	}
	files, err := os.ReadDir(folder)
	if err != nil || len(files) != 1 || shelf.total != 100 {
		t.Errorf("%d files, %d bytes, %v", len(files), shelf.total, err)
	}
}
