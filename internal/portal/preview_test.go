package portal

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"grenier/internal/blob"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/fetch"
)

// previewed serves a portal over a dataset with one file for each format.
func previewed(t *testing.T, files map[string]string, formats map[string]string) (*site, map[string]string) {
	t.Helper()
	base, change := remote(t, files)
	s := newSite(t, dbtest.SQLite(t), change)
	d := s.dataset(1, "Arbres", func(d *catalog.Dataset) { d.ResourceCount = int64(len(formats)) })
	pages := make(map[string]string)
	n := 0
	for path, format := range formats {
		n++
		s.file(d, n, "Fichier de "+path, func(r *catalog.Resource) { r.Format, r.URL = ptr(format), base+path })
		pages[path] = "/explore/dataset-1?resource_id=" + resourceID(n)
	}
	return s, pages
}

func pictureFile(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 40, 30))); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func archiveFile(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range []string{"arbres.csv", "../" + hostile} {
		if _, err := w.Create(name); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const features = `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"nom":"<script>alert(\"x\")</script>","h":3},"geometry":{"type":"Point","coordinates":[-1.5,47.2]}},{"type":"Feature","properties":null,"geometry":null}]}`

func TestPreviews(t *testing.T) {
	s, pages := previewed(t, map[string]string{
		"/t.csv": "espèce;hauteur;planté\nchêne;12,5;2020-01-16\n" + hostile + ";3;2021-02-03\n", "/x.json": `{"a":["` + `<b>` + `"]}`, "/p.png": pictureFile(t),
		"/z.zip": archiveFile(t), "/g.geojson": features, "/page.csv": "<!doctype html><title>Perdu</title>", "/bad.png": "no picture", "/empty.csv": "", "/good.pdf": "%PDF-1.4 a document", "/doc.pdf": "<script>alert(1)</script>",
	}, map[string]string{
		"/t.csv": "csv", "/x.json": "json", "/p.png": "png", "/z.zip": "zip", "/g.geojson": "geojson", "/page.csv": "csv", "/lost.csv": "csv",
		"/bad.png": "png", "/doc.pdf": "pdf", "/good.pdf": "pdf", "/b.xlsx": "xlsx", "/empty.csv": "csv",
	})
	for path, wants := range map[string][]string{
		"/t.csv":     {"espèce", "<td>chêne</td>", `scope="col"`, "<caption", "décimal", "texte", "2 lignes en tout", "Séparateur"},
		"/x.json":    {"&lt;b&gt;", "Le fichier entier"},
		"/p.png":     {`<img src="/explore/dataset-1/image?resource_id=`, `width="40"`, `alt="`},
		"/z.zip":     {"arbres.csv", "<table", "&lt;script&gt;"},
		"/g.geojson": {"<gr-map", `geojson="/explore/dataset-1/data.geojson?resource_id=`, `<th scope="col">nom</th>`, "1 forme", "1 objet sans forme"},
		"/page.csv":  {"une page web", "Télécharger"},
		"/lost.csv":  {"a refusé (404)", "Télécharger"},
		"/bad.png":   {"abîmée"},
		"/doc.pdf":   {"Les documents PDF"},
		"/good.pdf":  {`<object class="document" data="/explore/dataset-1/document.pdf?resource_id=`, `type="application/pdf"`, "Télécharger"},
		"/b.xlsx":    {"ne sait pas montrer ce format"},
		"/empty.csv": {"est vide"},
	} {
		body := s.shows(pages[path], append(wants, `<meta name="robots" content="noindex">`, "<h1")...)
		hides(t, body, hostile)
		part := s.shows(pages[path]+"&part=preview", wants...)
		if policy := s.get(pages[path] + "&part=preview").Header().Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") {
			t.Errorf("the part of %s has the policy %q", path, policy)
		}
		hides(t, part, "<html", "<main", hostile)
		s.shows("/en"+pages[path], `lang="en"`, "Download")
	}
}

func TestPreviewDocuments(t *testing.T) {
	s, pages := previewed(t, map[string]string{"/p.png": pictureFile(t), "/g.geojson": features, "/t.csv": "a;b\n1;2\n",
		"/good.pdf": "%PDF-1.4 a document", "/doc.pdf": "<script>alert(1)</script>"},
		map[string]string{"/p.png": "png", "/g.geojson": "geojson", "/t.csv": "csv", "/good.pdf": "pdf", "/doc.pdf": "pdf"})
	at := func(path, name string) string { return strings.Replace(pages[path], "?", "/"+name+"?", 1) }
	pdf := s.get(at("/good.pdf", "document.pdf"))
	if pdf.Code != http.StatusOK || pdf.Header().Get("Content-Type") != "application/pdf" || pdf.Header().Get("X-Content-Type-Options") != "nosniff" ||
		pdf.Body.String() != "%PDF-1.4 a document" {
		t.Errorf("the document: %d %v", pdf.Code, pdf.Header())
	}
	if other := s.get(at("/doc.pdf", "document.pdf")); other.Code != http.StatusNotFound {
		t.Errorf("what is no document: %d", other.Code)
	}
	w := s.get(at("/p.png", "image"))
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "image/png" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("picture: %d %v", w.Code, w.Header())
	}
	w = s.get(at("/g.geojson", "data.geojson"))
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/geo+json" || !strings.Contains(w.Body.String(), "-1.5") {
		t.Errorf("features: %d %s", w.Code, w.Body)
	}
	for _, target := range []string{at("/t.csv", "image"), at("/t.csv", "data.geojson"), "/explore/dataset-1/image?resource_id=x", "/explore/dataset-1/image", "/explore/nothing/image"} {
		if w := s.get(target); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", target, w.Code)
		}
	}
}

func TestPreviewOfHidden(t *testing.T) {
	base, change := remote(t, map[string]string{"/1.csv": "a;b\n1;2\n"})
	s := newSite(t, dbtest.SQLite(t), change)
	private := s.dataset(1, "Privé", func(d *catalog.Dataset) { d.Private, d.Visible, d.ResourceCount = true, false, 1 })
	open := s.dataset(2, "Ouvert", nil)
	s.file(private, 1, "Caché", func(r *catalog.Resource) { r.URL = base + "/1.csv" })
	insertSlug(s, "ancien", open.ID)
	for _, target := range []string{
		"/explore/dataset-1", "/explore/dataset-1?resource_id=" + resourceID(1), "/explore/dataset-2?resource_id=" + resourceID(1), "/explore/dataset-2?resource_id=%27",
		"/explore/dataset-1/data.geojson?resource_id=" + resourceID(1), "/explore/nothing",
	} {
		if w := s.get(target); w.Code != http.StatusNotFound || strings.Contains(w.Body.String(), "Caché") {
			t.Errorf("%s: %d", target, w.Code)
		}
	}
	s.answers("/explore/ancien?part=preview", http.StatusPermanentRedirect, "/explore/dataset-2?part=preview")
}

func TestNoPreviewWithoutOtherServers(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), nil)
	d := s.dataset(1, "Arbres", func(d *catalog.Dataset) { d.ResourceCount = 1 })
	s.file(d, 1, "Fichier", nil)
	s.shows("/explore/dataset-1?resource_id="+resourceID(1), "ne va pas chercher de fichiers")
	hides(t, s.shows("/datasets/dataset-1"), "gr-preview", "/explore/dataset-1")
}

// TestPreviewsAreShared asks for one file from many sides at once: its server
// is asked once, and not again while the answer is remembered.
func TestPreviewsAreShared(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		fmt.Fprint(w, "a;b\n1;2\n")
	}))
	t.Cleanup(server.Close)
	client := fetch.New(fetch.Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	s := newSite(t, dbtest.SQLite(t), func(d *Deps) { d.Fetch = client })
	d := s.dataset(1, "Arbres", func(d *catalog.Dataset) { d.ResourceCount = 1 })
	s.file(d, 1, "Fichier", func(r *catalog.Resource) { r.URL = server.URL + "/t.csv" })
	var work sync.WaitGroup
	for range 20 {
		work.Go(func() {
			if w := s.get("/explore/dataset-1?resource_id=" + resourceID(1)); !strings.Contains(w.Body.String(), "<td class=\"num\">1</td>") {
				t.Errorf("status %d without the table", w.Code)
			}
		})
	}
	work.Wait()
	if n := asked.Load(); n != 1 {
		t.Errorf("the server was asked %d times", n)
	}
	s.exec("UPDATE datasets SET private = TRUE, visible = FALSE")
	l := newLooker(client)
	for range 2 {
		if _, err := l.look(t.Context(), &catalog.Resource{URL: server.URL + "/t.csv", Format: ptr("csv")}, false); err != nil {
			t.Fatal(err)
		}
	}
	if n := asked.Load(); n != 3 || l.seen.EstimatedSize() != 0 {
		t.Errorf("what only some may read was remembered: %d requests, %d kept", n, l.seen.EstimatedSize())
	}
}

func TestLookOf(t *testing.T) {
	for _, one := range []struct {
		format, url string
		want        lookKind
	}{
		{"csv", "https://x.example/a", lookTable}, {"CSV ", "https://x.example/a.zip", lookArchive}, {"", "https://x.example/a.CSV?x=1", lookTable},
		{"geojson", "https://x.example/a", lookMap}, {"shp", "https://x.example/a.zip", lookArchive}, {"shp", "https://x.example/a.shp", lookNone},
		{"xlsx", "https://x.example/a.xlsx", lookNone}, {"csv", "ftp://x.example/a.csv", lookNone}, {"csv", "javascript:alert(1)", lookNone},
		{"html", "https://x.example/", lookNone}, {"pdf", "https://x.example/a.pdf", lookPDF}, {"png", "https://x.example/a", lookImage},
		{"other", "https://x.example/a.json", lookText}, {"", "https://x.example/%zz", lookNone}, {"", "", lookNone},
	} {
		if got := lookOf(&catalog.Resource{Format: ptr(one.format), URL: one.url, Filetype: "remote", Type: "main"}); got != one.want {
			t.Errorf("%q %q: %q, want %q", one.format, one.url, got, one.want)
		}
	}
}

func TestExamplesToExplore(t *testing.T) {
	s := newSearched(t)
	s.shows("/explore", "pas encore de tableau")
	d := s.dataset(1, "Avec un tableau", func(d *catalog.Dataset) { d.ResourceCount = 1 })
	s.file(d, 1, "Fichier", nil)
	other := s.dataset(2, "Sans tableau", func(d *catalog.Dataset) { d.ResourceCount = 1 })
	s.file(other, 2, "Fichier", func(r *catalog.Resource) { r.Format = ptr("pdf") })
	s.index()
	hides(t, s.shows("/explore", "Avec un tableau", `href="/explore/dataset-1"`), "Sans tableau")
}

// keptFile is a hosted file of the tests.
type keptFile struct{}

func (keptFile) Local(address string) bool { return catalog.Hosted(address) }

func (keptFile) OpenLocal(context.Context, string) (fetch.LocalFile, error) {
	const table = "nom;hauteur\nchêne;12\norme;9\n"
	return fetch.LocalFile{Size: int64(len(table)), Type: "text/csv", Read: func(_ context.Context, offset, _ int64) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(table[offset:])), nil
	}}, nil
}

// TestHostedFilesWithoutOtherServers: a site that reads nothing from other servers shows and packs the files that it
// keeps itself.
func TestHostedFilesWithoutOtherServers(t *testing.T) {
	on := dbtest.SQLite(t)
	s := newSite(t, on, func(d *Deps) {
		d.Fetch = fetch.New(fetch.Options{Local: keptFile{}, LocalOnly: true})
		store, err := blob.Open("", t.TempDir(), 0)
		if err != nil {
			t.Fatal(err)
		}
		d.Files = catalog.NewFiles(d.Catalog, blob.NewShelf(on, store), catalog.FileRules{MaxUpload: 1 << 20, Secret: []byte("files")})
	})
	d := s.dataset(1, "Arbres", func(d *catalog.Dataset) { d.ResourceCount = 2 })
	s.file(d, 1, "Ici", func(r *catalog.Resource) { r.Format, r.URL = ptr("csv"), "/s/resources/dataset-1/1/arbres.csv" })
	s.file(d, 2, "Ailleurs", func(r *catalog.Resource) { r.Format, r.URL = ptr("csv"), "https://example.org/b.csv" })
	s.shows("/explore/dataset-1?resource_id="+resourceID(1), "chêne", "hauteur")
	s.shows("/explore/dataset-1?resource_id="+resourceID(2), "ne va pas chercher de fichiers")
	page := s.shows("/datasets/dataset-1", "/explore/dataset-1?resource_id="+resourceID(1))
	hides(t, page, "/explore/dataset-1?resource_id="+resourceID(2), "files.zip")
	err := on.Write(t.Context(), db.People, func(ctx context.Context, tx *db.Tx) error {
		dataset := d.ID
		return blob.Insert(ctx, tx, blob.File{ID: db.NewID(), Storage: "resources", Path: "dataset-1/1/arbres.csv", SHA256: "x", SHA1: "x",
			Mime: "text/csv", ObjectKind: catalog.KindResource, ObjectID: resourceID(1), DatasetID: &dataset, CreatedAt: db.Now()})
	})
	if err != nil {
		t.Fatal(err)
	}
	s.shows("/datasets/dataset-1", "files.zip")
	packed := s.get("/datasets/dataset-1/files.zip").Body.Bytes()
	z, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range z.File {
		names = append(names, f.Name)
	}
	if got := strings.Join(names, " "); !strings.Contains(got, "Ici.csv") && !strings.Contains(got, "ici.csv") || !strings.Contains(got, fetch.ErrorsName) || len(names) != 3 {
		t.Errorf("the archive holds %s", got)
	}
}
