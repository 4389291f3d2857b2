package browser_test

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"grenier/e2e/browser"
	"grenier/e2e/harness"
)

// TestDragging works with the mouse what is dragged: the order of files, the part
// of a portrait that is shown, files that are let go over a page.
func TestDragging(t *testing.T) {
	server := harness.Start(t, harness.Options{})
	server.RunWith(t, handsPassword+"\n", "user", "create", "ada@example.org", "--first-name", "Ada", "--last-name", "Valmont", "--password-stdin")
	ada := server.Client(server.Run(t, "token", "create", "ada@example.org"))
	var files []any
	for i := range 5 {
		files = append(files, map[string]any{"title": fmt.Sprint("Fichier ", i), "url": fmt.Sprintf("https://example.org/%d.csv", i), "format": "csv", "filetype": "remote", "type": "main"})
	}
	var dataset, organization made
	ada.MustDo(t, http.MethodPost, "/api/1/datasets/", map[string]any{"title": "Comptages", "description": "Un an.", "resources": files}, http.StatusCreated, &dataset)
	ada.MustDo(t, http.MethodPost, "/api/1/organizations/", map[string]any{"name": "Les compteurs", "description": "Ceux qui comptent."}, http.StatusCreated, &organization)
	h := handsOf(t, server, true)
	h.login("ada@example.org", "/admin")
	folder := t.TempDir()
	picture := filepath.Join(folder, "portrait.png")
	drawn(t, picture, 400, 200)

	dragFiles(h, dataset.ID)
	dragPortrait(t, h, picture)
	dropLogo(t, h, organization.ID, picture)
	dropFile(t, h, dataset.ID, filepath.Join(folder, "comptages.csv"))
}

// drawn draws a picture that is darker on its right.
func drawn(t *testing.T, path string, width, height int) {
	t.Helper()
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	for x := range width {
		for y := range height {
			picture.Set(x, y, color.Gray{uint8(255 - 255*x/width)})
		}
	}
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := png.Encode(file, picture); err != nil {
		t.Fatal(err)
	}
}

// dragFiles takes the first file behind the third, and the last before all others.
func dragFiles(h *hands, dataset string) {
	h.Open("/admin/datasets/"+dataset+"/files", http.StatusOK)
	h.Settled()
	const tall = `(() => { const r = document.querySelector(%q).getBoundingClientRect(); return r.%s })()`
	for _, move := range []struct {
		from, over, edge string
		past             float64
		want             string
	}{
		{"Fichier 0", "Fichier 2", "bottom", -4, "Fichier 1,Fichier 2,Fichier 0,Fichier 3,Fichier 4"},
		{"Fichier 4", "Fichier 1", "top", 4, "Fichier 4,Fichier 1,Fichier 2,Fichier 0,Fichier 3"},
	} {
		item := func(name string) string { return fmt.Sprintf(".sortable > [data-name='%s']", name) }
		grip := item(move.from) + " .grip"
		start := browser.Value[float64](h.Tab, fmt.Sprintf(tall, grip, "top + r.height / 2"))
		aim := browser.Value[float64](h.Tab, fmt.Sprintf(tall, item(move.over), move.edge)) + move.past - start
		h.Drag(grip, 0, aim)
		h.Until("the list is in its new order", `[...document.querySelectorAll(".sortable > [data-id]")].map((e) => e.dataset.name).join(",") === `+quoted(move.want))
		h.Until("nothing is held any more", `!document.querySelector(".dragged")`)
		h.Until("the server has the order", fmt.Sprintf(`(async () => (await (await fetch("/api/1/datasets/%s/")).json()).resources.map((r) => r.title).join(",") === %s)()`, dataset, quoted(move.want)))
	}
}

// dragPortrait chooses a picture, moves the square on it to its right and makes it
// smaller.
func dragPortrait(t *testing.T, h *hands, picture string) {
	h.Open("/admin/me/profile", http.StatusOK)
	h.Settled()
	h.Files("gr-crop input[type=file]", picture)
	h.Until("the picture is shown", `document.querySelector(".crop:not([hidden]) canvas")?.width > 0`)
	box := func(want string) {
		h.Until("the square is at "+want, `document.querySelector("input[name=bbox]").value === `+quoted(want))
	}
	box("100,0,300,200")
	h.Drag(".crop-square", 200, 0)
	box("200,0,400,200")
	h.Drag(".crop-square", -80, 0)
	box("100,0,300,200")
	h.Drag(".crop-corner", -80, -80)
	box("100,0,200,100")
	before := browser.Value[float64](h.Tab, `performance.timeOrigin`)
	h.Click("gr-crop form button:not([type=button])")
	h.arrive(before, `^/admin/me/profile`)
	var read struct{ Avatar string }
	if err := h.server.Client("").Get("/api/1/users/ada-valmont/", &read); err != nil || read.Avatar == "" {
		t.Errorf("the portrait is not kept: %v", err)
	}
}

// dropLogo lets a picture go over the form of a logo.
func dropLogo(t *testing.T, h *hands, organization, picture string) {
	h.Open("/admin/organizations/"+organization+"/profile", http.StatusOK)
	h.Settled()
	before := browser.Value[float64](h.Tab, `performance.timeOrigin`)
	h.Drop("gr-upload", picture)
	h.arrive(before, `/profile`)
	var read struct{ Logo string }
	if err := h.server.Client("").Get("/api/1/organizations/"+organization+"/", &read); err != nil || read.Logo == "" {
		t.Errorf("the organisation has no logo: %v", err)
	}
}

// dropFile lets a file go over the page of a dataset's files.
func dropFile(t *testing.T, h *hands, dataset, path string) {
	if err := os.WriteFile(path, []byte("jour,passages\n2026-01-01,12\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	h.Open("/admin/datasets/"+dataset+"/files", http.StatusOK)
	h.Settled()
	before := browser.Value[float64](h.Tab, `performance.timeOrigin`)
	h.Drop("#all-files", path)
	h.arrive(before, `/files`)
	h.Until("the file is in the list", `document.querySelectorAll(".sortable > [data-id]").length === 6`)
}
