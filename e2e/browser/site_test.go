package browser_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"grenier/e2e/harness"
)

// site is a server with the demo catalogue and a few objects of our own; the
// fields are addresses of pages or identifiers that tests go to.
type site struct {
	server *harness.Server
	client *harness.Client
	url    string

	// What the demo catalogue holds, by the API.
	dataset, organization, reuse, dataservice, openAPI, topic, post, tag, license string
	// What fixture makes: every kind of file, none, many, long words everywhere.
	mixed, empty, many, long, own, person string
	files                                 map[string]string // identifiers of the files of mixed, by title
	deleted, hidden                       string
}

// served returns the shared site.
func served(t *testing.T) *site {
	t.Helper()
	s := &shared.site
	shared.serving.Do(func() {
		h := &shared.house
		remote := httptest.NewServer(http.HandlerFunc(remoteFile))
		h.Cleanup(remote.Close)
		server := harness.New(h, harness.Options{Arguments: []string{"--fetch-allow", "127.0.0.0/8", "--territory-datasets", offers(t)}})
		server.Run(h, append([]string{"import", "catalog"}, demoFiles(t)...)...)
		token := server.Token(h, "ada@example.org")
		server.Launch(h)
		server.AwaitReady(h)
		*s = site{server: server, client: server.Client(token), url: server.URL()}
		s.fixture(t, remote.URL)
		s.find(t)
	})
	if s.dataset == "" {
		t.Fatal("the shared server did not start: see the first failure")
	}
	return s
}

// remoteFile serves the files of another host.
func remoteFile(w http.ResponseWriter, r *http.Request) {
	content := func(kind, text string) {
		w.Header().Set("Content-Type", kind)
		w.Write([]byte(text)) // a browser that went away is of no interest
	}
	switch r.URL.Path {
	case "/communes.csv":
		content("text/csv; charset=utf-8", "code;nom;population\n"+strings.Repeat("01004;Ambérieu-en-Bugey;14 204\n01033;Valserhône;16 302\n", 60))
	case "/lieux.geojson":
		content("application/geo+json", `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"nom":"Lyon"},"geometry":{"type":"Point","coordinates":[4.835,45.764]}},{"type":"Feature","properties":{"nom":"Paris"},"geometry":{"type":"Point","coordinates":[2.352,48.857]}}]}`)
	case "/liste.json":
		content("application/json", `{"nom":"exemple","valeurs":[1,2,3],"profond":{"a":{"b":null}}}`)
	case "/notes.txt":
		content("text/plain; charset=utf-8", "Notes de lecture\n\nColonnes et unités.\n")
	case "/archive.zip":
		w.Header().Set("Content-Type", "application/zip")
		w.Write(archive())
	case "/image.png":
		w.Header().Set("Content-Type", "image/png")
		picture := image.NewRGBA(image.Rect(0, 0, 640, 400))
		for i := range 640 * 400 {
			picture.Set(i%640, i/640, color.RGBA{R: uint8(i % 640 / 3), G: uint8(i / 640 / 2), B: 120, A: 255})
		}
		png.Encode(w, picture)
	default:
		http.NotFound(w, r)
	}
}

func archive() []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := range 30 {
		file, err := z.Create(fmt.Sprintf("dossier/fichier-%02d.csv", i))
		if err == nil {
			_, err = file.Write([]byte("a;b\n1;2\n"))
		}
		if err != nil {
			panic(err) // memory takes everything
		}
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// longWord and longTitle are what producers really write.
var (
	longWord  = "https://opendata.example.org/" + strings.Repeat("chemin_sans_aucune_espace/", 12) + "fichier.csv"
	longName  = "Syndicat intercommunal d’aménagement numérique et de mutualisation des données publiques du Haut-Pays"
	longTitle = "Base des équipements, services et lieux d’accueil du public des communes, intercommunalités, départements et régions, " +
		"y compris les établissements recevant du public temporaires et les lieux fermés depuis moins de cinq ans, avec leurs horaires d’ouverture"
)

// description is Markdown with everything that pages must hold.
var description = "# Un titre\n\nUn paragraphe avec **du gras**, [un lien](https://example.org/) et `du code`.\n\n" +
	"| colonne | sens | remarque |\n|---|---|---|\n" + strings.Repeat("| une_colonne_au_nom_long | ce qu’elle dit | rien |\n", 4) +
	"\n- un\n- deux\n  - deux bis\n\n```\nselect * from communes where code = '01004' and population > 10000 order by population desc;\n```\n\n" +
	"> Une citation.\n\n" + longWord + "\n\n<script>document.title = 'xss'</script><img src=x onerror=\"document.title='xss'\"> ![image](https://tracker.example.org/pixel.png)\n"

// made is what the API says of what was made.
type made struct {
	ID        string `json:"id"`
	Slug      string `json:"slug"`
	Resources []struct {
		ID    string `json:"id"`
		Title string `json:"title"`
	} `json:"resources"`
}

// fixture adds what the demo catalogue does not have.
func (s *site) fixture(t *testing.T, remote string) {
	t.Helper()
	post := func(path string, body any) (m made) {
		s.client.MustDo(t, http.MethodPost, path, body, http.StatusCreated, &m)
		return m
	}
	resource := func(title, url, format, kind string) map[string]any {
		return map[string]any{"title": title, "url": url, "format": format, "filetype": "remote", "type": kind}
	}
	var organization made
	s.client.MustDo(t, http.MethodGet, "/api/1/organizations/"+s.server.Run(t, "org", "create", longName, "--member", "ada@example.org:admin")+"/", nil, http.StatusOK, &organization)
	s.own = "/organizations/" + organization.Slug
	var me made
	s.client.MustDo(t, http.MethodGet, "/api/1/me/", nil, http.StatusOK, &me)
	s.person = "/users/" + me.Slug

	mixed := post("/api/1/datasets/", map[string]any{
		"title": "Fichiers de toutes sortes", "description": description, "frequency": "monthly", "license": "lov2",
		"organization": organization.ID, "tags": []string{"communes", "exemple"},
		"spatial": map[string]any{"zones": []string{"fr:region:84"}, "granularity": "fr:commune"},
		"resources": []any{
			resource("communes", remote+"/communes.csv", "csv", "main"),
			resource("lieux", remote+"/lieux.geojson", "geojson", "main"),
			resource("liste", remote+"/liste.json", "json", "main"),
			resource("archive", remote+"/archive.zip", "zip", "main"),
			resource("image", remote+"/image.png", "png", "main"),
			resource("notes", remote+"/notes.txt", "txt", "documentation"),
			resource("perdu", remote+"/perdu.csv", "csv", "main"),
		},
	})
	s.mixed, s.files = "/datasets/"+mixed.Slug, map[string]string{}
	for _, r := range mixed.Resources {
		s.files[r.Title] = r.ID
	}
	s.empty = "/datasets/" + post("/api/1/datasets/", map[string]any{"title": "Sans aucun fichier", "description": "Rien encore."}).Slug
	var files []any
	for i := range 240 {
		files = append(files, resource(fmt.Sprintf("Comptages du mois %03d", i), fmt.Sprintf("%s/communes.csv?%d", remote, i), "csv", "main"))
	}
	s.many = "/datasets/" + post("/api/1/datasets/", map[string]any{"title": "Beaucoup de fichiers", "description": "Un fichier par mois.", "resources": files}).Slug
	s.long = "/datasets/" + post("/api/1/datasets/", map[string]any{
		"title": longTitle, "description": strings.Repeat(description+"\n\n", 3), "organization": organization.ID,
		"tags":      []string{"un-mot-cle-tres-tres-long-que-personne-ne-devrait-ecrire-ainsi-mais-qui-existe-pourtant"},
		"resources": []any{resource(strings.Repeat("nom_de_fichier_sans_espace_", 8)+".csv", longWord, "csv", "main")},
	}).Slug

	deleted := post("/api/1/datasets/", map[string]any{"title": "Bientôt supprimé", "description": "d"})
	s.client.MustDo(t, http.MethodDelete, "/api/1/datasets/"+deleted.ID+"/", nil, http.StatusNoContent, nil)
	s.deleted = "/datasets/" + deleted.Slug
	s.hidden = "/datasets/" + post("/api/1/datasets/", map[string]any{"title": "Pas pour tous", "description": "d", "private": true}).Slug
}

// find takes addresses of objects of the demo catalogue from the API.
func (s *site) find(t *testing.T) {
	t.Helper()
	type object struct {
		ID, Slug                string
		MachineDocumentationURL string `json:"machine_documentation_url"`
		Tags                    []string
	}
	first := func(path string, holds func(object) bool) object {
		var list struct{ Data []object }
		s.client.MustDo(t, http.MethodGet, path, nil, http.StatusOK, &list)
		for _, o := range list.Data {
			if holds == nil || holds(o) {
				return o
			}
		}
		t.Fatalf("%s: nothing that fits among %d", path, len(list.Data))
		return object{}
	}
	d := first("/api/1/datasets/?sort=-reuses&page_size=50", func(o object) bool { return len(o.Tags) > 2 })
	s.tag = "/tags/" + url.PathEscape(d.Tags[0])
	s.organization = "/organizations/" + first("/api/1/organizations/?sort=-datasets&page_size=1", nil).Slug
	s.reuse = "/reuses/" + first("/api/1/reuses/?page_size=1", nil).Slug
	s.dataservice = "/dataservices/" + first("/api/1/dataservices/?page_size=1", nil).Slug
	s.openAPI = "/dataservices/" + first("/api/1/dataservices/?page_size=100", func(o object) bool { return o.MachineDocumentationURL != "" }).Slug + "/openapi"
	s.topic = "/topics/" + first("/api/2/topics/?page_size=1", nil).Slug
	s.post = "/posts/" + first("/api/1/posts/?page_size=1", nil).Slug
	var licenses []object
	s.client.MustDo(t, http.MethodGet, "/api/1/datasets/licenses/", nil, http.StatusOK, &licenses)
	s.license = "/licenses/" + licenses[0].ID
	s.dataset = "/datasets/" + d.Slug
}

// pathOf is the path and the arguments of an address.
func pathOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.RequestURI()
}
