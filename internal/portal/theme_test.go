package portal

import (
	"archive/zip"
	"bytes"
	"context"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"grenier/internal/db/dbtest"
	"grenier/internal/portal/theme"
	"grenier/ui"
)

// littoral is the second look of the tree.
const littoral = "../../themes/littoral"

// pack writes files into a folder that is a theme pack.
func pack(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	if _, ok := files["theme.yaml"]; !ok {
		write(t, folder, "theme.yaml", "name: Test\n")
	}
	for name, content := range files {
		write(t, folder, name, content)
	}
	return folder
}

func write(t *testing.T, folder, name, content string) {
	t.Helper()
	file := filepath.Join(folder, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// checked looks a pack through as grenier theme check does.
func checked(t *testing.T, pack string) []theme.Finding {
	t.Helper()
	findings, err := CheckTheme(Deps{
		Version: "1.2.3", Language: "fr", Languages: []string{"fr", "en"}, Front: ui.Portal(), Manifest: ui.Manifest(),
	}, pack)
	if err != nil {
		t.Fatal(err)
	}
	return findings
}

// lines are findings as they are printed, faults marked.
func lines(findings []theme.Finding) string {
	var b strings.Builder
	for _, finding := range findings {
		if finding.Fault {
			b.WriteString("fault ")
		}
		b.WriteString(finding.String() + "\n")
	}
	return b.String()
}

// TestOwnColours: the program's own look passes what packs must pass.
func TestOwnColours(t *testing.T) {
	if found := checked(t, pack(t, map[string]string{"tokens.css": ui.Tokens()})); len(found) > 0 {
		t.Error(lines(found))
	}
}

func TestSecondLook(t *testing.T) {
	if found := checked(t, littoral); len(found) > 0 {
		t.Error(lines(found))
	}
	s := newSite(t, dbtest.SQLite(t), func(d *Deps) { d.Theme, d.Front, d.Manifest = littoral, ui.Portal(), ui.Manifest() })
	for path, words := range map[string][]string{
		"/":                        {"Cap sur les données", `lang="fr"`, "Projets", "/theme/", "Une donnée vous manque"},
		"/en":                      {"Set sail for the data", `lang="en"`, "Projects", "Is something missing?"},
		"/br":                      {`lang="br"`, "Roadennoù", "Brezhoneg"},
		"/pages/port":              {"Le port de Lanvern"},
		"/br/pages/port":           {"Porzh Lanvern"},
		"/en/pages/legal/mentions": {"imaginary town"},
	} {
		got := s.get(path)
		if got.Code != http.StatusOK {
			t.Errorf("%s answers %d", path, got.Code)
		}
		for _, word := range words {
			if !strings.Contains(got.Body.String(), word) {
				t.Errorf("%s lacks %q", path, word)
			}
		}
	}
	asset, _ := s.portal.look.theme().Asset("img/flags.svg")
	if got := s.get(asset.Path); got.Code != http.StatusOK || got.Header().Get("Content-Type") != "image/svg+xml" {
		t.Errorf("a file of the pack answers %d as %s", got.Code, got.Header().Get("Content-Type"))
	}
}

// TestCheckTheme holds what the check of packs says of each mistake.
func TestCheckTheme(t *testing.T) {
	for name, one := range map[string]struct {
		files map[string]string
		want  []string
	}{
		"sound":         {nil, nil},
		"no name":       {map[string]string{"theme.yaml": "version: 1\n"}, []string{"fault theme.yaml: name is missing"}},
		"unknown word":  {map[string]string{"theme.yaml": "name: X\nnmae: Y\n"}, []string{"fault theme.yaml:2: there is no nmae here; did you mean name?"}},
		"newer program": {map[string]string{"theme.yaml": "name: X\ngrenier: \">=9.1\"\n"}, []string{"fault theme.yaml: grenier: the pack needs version 9.1 or newer"}},
		"odd version":   {map[string]string{"theme.yaml": "name: X\ngrenier: \"~1\"\n"}, []string{`"~1" is not understood`}},
		"unknown field": {
			map[string]string{"templates/header.block.html": "<header>\n{{if .NoIndex}}{{else}}{{.Site.Titel}}{{end}}</header>"},
			[]string{"fault templates/header.block.html:2: there is no field Titel here, for .Site.Titel; did you mean Title?"},
		},
		"field of data": {
			map[string]string{"templates/pages/error.html": "{{define \"main\"}}{{if eq .Data.Status 5000}}{{.Data.Txet}}{{end}}{{end}}"},
			[]string{"fault templates/pages/error.html:1: there is no field Txet here"},
		},
		"unknown function": {map[string]string{"templates/menu.block.html": "{{nummer 3}}"}, []string{`fault templates/menu.block.html:1: function "nummer" not defined; did you mean number?`}},
		"broken template":  {map[string]string{"templates/menu.block.html": "\n\n{{if}}"}, []string{"fault templates/menu.block.html:3:"}},
		"unknown page":     {map[string]string{"templates/pages/datast.html": "x"}, []string{"fault templates/pages/datast.html: there is no such page; did you mean dataset?"}},
		"unknown block":    {map[string]string{"templates/heder.block.html": "x"}, []string{`fault templates/heder.block.html: there is no block "heder"; did you mean header?`}},
		"block main":       {map[string]string{"templates/main.block.html": "x"}, []string{"each page has a block main of its own"}},
		"unknown slot":     {map[string]string{"partials/slots/hed-end.html": "x"}, []string{`fault partials/slots/hed-end.html: there is no slot "hed-end"; there are body-start, `}},
		"unknown icon":     {map[string]string{"partials/slots/home-end.html": `{{icon "bulding"}}`}, []string{`fault partials/slots/home-end.html:1: there is no icon "bulding"; did you mean building?`}},
		"unknown message":  {map[string]string{"partials/slots/home-end.html": `{{t "nav.resues"}}`}, []string{`fault partials/slots/home-end.html:1: there is no message "nav.resues"; did you mean nav.reuses?`}},
		"nobody's message": {map[string]string{"i18n/fr.json": "{\n\"nav.resues\": \"x\"}"}, []string{`i18n/fr.json:2: nobody shows the message "nav.resues"; did you mean nav.reuses?`}},
		"own message":      {map[string]string{"i18n/fr.json": `{"my.word": "Bonjour"}`, "partials/slots/home-end.html": `{{t "my.word"}}`}, nil},
		"arguments": {
			map[string]string{"i18n/en.json": `{"site.runs": "Runs on {program}"}`},
			[]string{`i18n/en.json:1: the message "site.runs" has nothing to put in {program}; there is {version}`, `does not show {version}`},
		},
		"broken messages":           {map[string]string{"i18n/fr.json": "{\n\"a\": }"}, []string{"fault i18n/fr.json:2:"}},
		"nameless language":         {map[string]string{"i18n/nl.json": `{"nav.reuses": "Hergebruik"}`}, []string{`i18n/nl.json: the language has no name`}},
		"dead link":                 {map[string]string{"menus.yaml": "header:\n- {text: nav.reuses, path: /reuse/search}\n"}, []string{`menus.yaml: header, link 1: no page answers "/reuse/search"`}},
		"link in English":           {map[string]string{"menus.yaml": "header:\n- {text: nav.reuses, path: /en/reuses}\n"}, []string{"names a language"}},
		"link to no page":           {map[string]string{"menus.yaml": "header:\n- {text: nav.reuses, path: /pages/team}\n"}, []string{"write it as pages/fr/team.md"}},
		"link to a page":            {map[string]string{"menus.yaml": "header:\n- {text: nav.reuses, path: /pages/team}\n", "pages/fr/team.md": "# Us\n"}, nil},
		"wordless link":             {map[string]string{"menus.yaml": "legal:\n- {path: /support}\n"}, []string{"fault menus.yaml: legal, link 1: a link has no words"}},
		"unknown block of the home": {map[string]string{"home.yaml": "blocks:\n- {block: heros}\n"}, []string{`fault home.yaml: block 1: there is no kind of block "heros"`}},
		"unknown token":             {map[string]string{"tokens.css": ":root {\n --gr-colour-bg: #fff }"}, []string{"tokens.css:2: no page uses the token --gr-colour-bg; did you mean --gr-color-bg?"}},
		"pale text":                 {map[string]string{"tokens.css": ":root {\n --gr-color-fg: hsl(0 0% 60%) }"}, []string{"fault tokens.css:2: on --gr-color-bg these are hard to read (light): fg (contrast 2."}},
		"pale and meant":            {map[string]string{"theme.yaml": "name: X\nallow_low_contrast: true\n", "tokens.css": ":root { --gr-color-deep: #888 }"}, []string{"tokens.css:1: on --gr-color-deep"}},
		"dark that cannot be left": {
			map[string]string{"tokens.css": "@media (prefers-color-scheme: dark) { :root { --gr-color-bg: #101010 } }"},
			[]string{`in the media query write :root:not([data-theme="light"])`},
		},
		"third party":  {map[string]string{"style.css": "\n@import url('https://fonts.example.org/x.css');"}, []string{"style.css:2: browsers load nothing from other servers here (fonts.example.org)"}},
		"lost picture": {map[string]string{"style.css": "a { background: url(img/a.png) }"}, []string{"style.css:1: there is no file static/img/a.png"}},
		"inline style": {map[string]string{"partials/slots/home-end.html": "<p\n style=\"color: red\">x</p>"}, []string{"partials/slots/home-end.html:1: browsers leave style attributes out"}},
		"stray folder": {map[string]string{"template/x.html": "x"}, []string{"template: nobody reads this; did you mean templates?"}},
		"endless text": {
			map[string]string{"partials/slots/home-end.html": "{{range 1000000000}}xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx{{end}}"}, []string{"fault", "the page is larger than"},
		},
		"endless silence": {map[string]string{"partials/slots/home-end.html": "{{range 1000000000}}{{end}}"}, []string{"fault", "takes longer than"}},
		"endless depth": {
			map[string]string{"partials/slots/home-end.html": `{{define "mine"}}{{range list 1}}{{template "mine" .}}{{end}}{{end}}{{template "mine" .}}`}, []string{"fault", "without end"},
		},
		"growing text": {
			map[string]string{"partials/slots/home-end.html": `{{$x := "xxxxxxxxxxxxxxxx"}}{{range 60}}{{$x = printf "%s%s" $x $x}}{{end}}`}, []string{"fault", "a text is longer than"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := lines(checked(t, pack(t, one.files)))
			for _, want := range one.want {
				if !strings.Contains(got, want) {
					t.Errorf("%q is missing in:\n%s", want, got)
				}
			}
			if len(one.want) == 0 && got != "" {
				t.Errorf("a sound pack is told:\n%s", got)
			}
			if name == "pale and meant" && strings.Contains(got, "fault") {
				t.Errorf("what was allowed is a fault:\n%s", got)
			}
		})
	}
}

// TestForeignPacks: what a pack must not be made of is refused by name.
func TestForeignPacks(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "secret.css")
	write(t, filepath.Dir(outside), "secret.css", "a{}")
	linked := pack(t, nil)
	if err := os.Symlink(outside, filepath.Join(linked, "style.css")); err != nil {
		t.Fatal(err)
	}
	large := pack(t, map[string]string{"static/a.png": strings.Repeat("x", 9<<20)})
	for name, one := range map[string]struct{ path, want string }{
		"link out":     {linked, "style.css"},
		"large file":   {large, "static/a.png: larger than 8 MB"},
		"no zip":       {outside, "neither a folder nor a zip file"},
		"nothing":      {filepath.Join(t.TempDir(), "none"), "there is no theme pack"},
		"climbing zip": {zipped(t, map[string]string{"theme.yaml": "name: X", "../x.css": "a{}"}), "leaves the pack"},
		"absolute zip": {zipped(t, map[string]string{"theme.yaml": "name: X", "/etc/x.css": "a{}"}), "leaves the pack"},
		"bomb":         {zipped(t, map[string]string{"theme.yaml": "name: X", "static/a.png": strings.Repeat("\x00", 20<<20)}), "larger than 8 MB"},
		"many":         {zipped(t, many(4100)), "more than"},
	} {
		if got := lines(checked(t, one.path)); !strings.HasPrefix(got, "fault ") || !strings.Contains(got, one.want) {
			t.Errorf("%s is told as %q", name, got)
		}
	}
	folder := map[string]string{}
	for name, content := range map[string]string{"theme.yaml": "name: X", "i18n/fr.json": `{"nav.reuses": "Projets"}`} {
		folder["my-theme/"+name] = content
	}
	if got := checked(t, zipped(t, folder)); len(got) > 0 {
		t.Errorf("a zip file of one folder is told:\n%s", lines(got))
	}
}

func many(n int) map[string]string {
	files := map[string]string{"theme.yaml": "name: X"}
	for i := range n {
		files["static/"+strings.Repeat("a", i%40)+string(rune('a'+i%26))+"/"+strings.Repeat("b", i/40)+".txt"] = ""
	}
	return files
}

func zipped(t *testing.T, files map[string]string) string {
	t.Helper()
	var body bytes.Buffer
	w := zip.NewWriter(&body)
	for name, content := range files {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "pack.zip")
	if err := os.WriteFile(file, body.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestBrokenPackFallsBack: the site wears its own look, and one line of the log
// tells the file and the line; in development it takes the pack when it is
// mended, and leaves it when it breaks again.
func TestBrokenPackFallsBack(t *testing.T) {
	folder := pack(t, map[string]string{"templates/header.block.html": "<header>\n{{.Nothing}}</header>"})
	var log bytes.Buffer
	d := dbtest.SQLite(t)
	s := newSite(t, d, func(deps *Deps) {
		deps.Theme, deps.Dev, deps.Log = folder, true, slog.New(slog.NewTextHandler(&log, nil))
	})
	own := func() bool { return s.portal.look.theme() == s.portal.look.base }
	if !own() || strings.Count(log.String(), "level=ERROR") != 1 || !strings.Contains(log.String(), "templates/header.block.html:2: there is no field Nothing") {
		t.Fatalf("a broken pack is told as:\n%s", log.String())
	}
	if got := s.get("/"); got.Code != http.StatusOK || !strings.Contains(got.Body.String(), `class="top"`) {
		t.Errorf("with a broken pack the home page answers %d", got.Code)
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { s.portal.look.watch(ctx); close(ended) }()
		for i, step := range []struct {
			header string
			own    bool
		}{{"<header>mended</header>", false}, {"<header>{{</header>", true}, {"<header>{{.Title}} again</header>", false}} {
			write(t, folder, "templates/header.block.html", step.header)
			time.Sleep(2 * watchEvery)
			synctest.Wait()
			if own() != step.own {
				t.Errorf("after step %d the site wears its own look: %v", i+1, own())
			}
		}
		stop()
		<-ended
	})
	if got := s.get("/"); !strings.Contains(got.Body.String(), " again</header>") {
		t.Error("the mended pack is not worn")
	}
}

// TestPageFailsAlone: a page that a pack cannot draw with the data of the day is
// shown in the program's own look, and no other.
func TestPageFailsAlone(t *testing.T) {
	folder := pack(t, map[string]string{
		"templates/pages/home.html":      `{{define "main"}}{{if .Data.Blocks}}{{if not (index .Data.Blocks 0).Title}}{{index .Data.Blocks 99}}{{end}}{{end}}{{end}}`,
		"partials/slots/body-start.html": "<p>dressed</p>",
	})
	var log bytes.Buffer
	s := newSite(t, dbtest.SQLite(t), func(d *Deps) { d.Theme, d.Log = folder, slog.New(slog.NewTextHandler(&log, nil)) })
	if s.portal.look.theme() == s.portal.look.base {
		t.Fatal(log.String())
	}
	if got := s.get("/"); got.Code != http.StatusOK || strings.Contains(got.Body.String(), "dressed") {
		t.Errorf("the page that fails answers %d", got.Code)
	}
	if !strings.Contains(log.String(), "templates/pages/home.html:1") {
		t.Errorf("the log does not tell where:\n%s", log.String())
	}
	if got := s.get("/nowhere"); !strings.Contains(got.Body.String(), "dressed") {
		t.Error("another page lost its look")
	}
}

// TestForeignLanguage: a pack brings a language, from right to left.
func TestForeignLanguage(t *testing.T) {
	folder := pack(t, map[string]string{
		"i18n/ar.json": `{"site.language": "العربية", "nav.reuses": "إعادة استخدام"}`, "pages/ar/team.md": "# فريق\n",
	})
	if found := checked(t, folder); len(found) > 0 {
		t.Error(lines(found))
	}
	s := newSite(t, dbtest.SQLite(t), func(d *Deps) { d.Theme = folder })
	if got := s.get("/ar"); got.Code != http.StatusOK || !strings.Contains(got.Body.String(), `<html lang="ar" dir="rtl">`) ||
		!strings.Contains(got.Body.String(), "إعادة استخدام") || !strings.Contains(got.Body.String(), "Thématiques") {
		t.Errorf("the page in Arabic answers %d: %.300s", got.Code, got.Body)
	}
	if got := s.get("/ar/pages/team"); got.Code != http.StatusOK || !strings.Contains(got.Body.String(), "فريق") {
		t.Errorf("a page of words in Arabic answers %d", got.Code)
	}
	if got := s.get("/"); !strings.Contains(got.Body.String(), `hreflang="ar"`) {
		t.Error("the home page does not lead to Arabic")
	}
}

// TestBranchesOfOwnPages: the trial of all branches blames none of our own
// templates, which packs start from.
func TestBranchesOfOwnPages(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), nil)
	own, err := fs.Sub(files, ".")
	if err != nil {
		t.Fatal(err)
	}
	copied := pack(t, nil)
	err = fs.WalkDir(own, "templates", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.HasSuffix(name, ".html") {
			content, readErr := fs.ReadFile(own, name)
			write(t, copied, name, string(content))
			return readErr
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if found := slices.DeleteFunc(checked(t, copied), func(f theme.Finding) bool { return !f.Fault }); len(found) > 0 {
		t.Errorf("our own templates as a pack are told:\n%s", lines(found))
	}
	slots, err := s.portal.look.base.Slots()
	if err != nil || !slices.Contains(slots, "head-end") || !slices.Contains(slots, "dataset-aside") {
		t.Errorf("the slots are %v (%v)", slots, err)
	}
}

// TestAnswers: paths of menus are held against the routes as the router would.
func TestAnswers(t *testing.T) {
	for _, one := range []struct {
		route, path string
		want        bool
	}{
		{"/", "/", true}, {"/datasets/{id}", "/datasets/x", true}, {"/datasets/{id}", "/datasets", false}, {"/datasets/{id}", "/datasets/x/y", false},
		{"/pages/*", "/pages/a/b", true}, {"/pages/*", "/pages", false}, {"/tags", "/tags/", true},
	} {
		if got := answers(one.route, one.path); got != one.want {
			t.Errorf("%s answers %s: %v", one.route, one.path, got)
		}
	}
}
