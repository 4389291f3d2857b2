package embed

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"grenier/internal/db/dbtest"
	"grenier/internal/search"
)

func TestFramedPagesShowEveryKind(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), 0)
	s.finder.hits = []search.Hit{{ID: openID}, {ID: bareID}}
	for path, words := range map[string]string{
		"resources/" + fileID:    "Trees, 2020",
		"charts/trees-by-street": "Trees by street", "visualizations/" + chartID: "Trees by street", "resources/" + fileID + "?tab=data": "Trees, 2020", "resources/" + fileID + "?tab=x": "resource-card",
		"search?type=organizations": "Organisations", "search?type=topics": "Thématiques", "search?type=reuses&organization=valmont": "Réutilisations : Ville", "search": "Trees of",
		"datasets/trees": "Trees of", "datasets/" + openID: "Trees of", "reuses/map": "A map of trees", "organizations/valmont": "Ville de Valmont",
		"dataservices/" + serviceID: "API of trees", "topics/nature": "Nature", "territories/fr:commune:13004": "Arles", "search-datasets/valmont": "Jeux de données : Ville de Valmont",
		"search-dataservices/" + townID: "API : Ville de Valmont", "list-reuses/valmont": "Réutilisations : Ville de Valmont",
	} {
		w := s.get("/embeds/" + path)
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), words) || strings.Count(w.Body.String(), "<h1") != 1 {
			t.Errorf("%s answered %d: %.300s", path, w.Code, w.Body)
		}
	}
}

// TestFramedPagesMayBeFramed holds what lets other sites show the pages, and that
// they run and load nothing else.
func TestFramedPagesMayBeFramed(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), 1<<20)
	for _, path := range []string{"/embeds/datasets/trees", "/embeds/datasets/trees?accent=%23ffcc00", "/embeds/search-datasets/valmont", "/embeds/datasets/none", "/embeds/nothing/none",
		"/embeds/charts/" + chartID + "?accent=%23ffcc00", "/embeds/resources/" + fileID + "?tab=map"} {
		for range 2 { // the second one is a kept answer
			w := s.get(path)
			policy, body := w.Header().Get("Content-Security-Policy"), w.Body.String()
			if !strings.HasSuffix(policy, "frame-ancestors *") || strings.Contains(policy, "unsafe") || w.Header().Get("X-Frame-Options") != "" || w.Header().Get("Set-Cookie") != "" {
				t.Errorf("%s: %v", path, w.Header())
			}
			inline := regexp.MustCompile(`(?s)<(?:style|script)>(.*?)</(?:style|script)>`).FindAllStringSubmatch(body, -1)
			if len(inline) < 2 {
				t.Errorf("%s holds no style and no script", path)
			}
			for _, found := range inline {
				sum := sha256.Sum256([]byte(found[1]))
				if !strings.Contains(policy, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'") {
					t.Errorf("%s: the policy does not let this pass: %.100s", path, found[1])
				}
			}
			if strings.Contains(body, "style=") || !strings.Contains(body, `<base target="_top">`) {
				t.Errorf("%s: %s", path, body)
			}
		}
	}
}

func TestFramedPagesRefuseInWords(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), 0)
	for _, c := range []struct {
		path   string
		status int
		words  string
	}{
		{"datasets/none", 404, "Rien n’est publié à cette adresse"}, {"datasets/none?lang=en", 404, "Nothing is published at this address"},
		{"datasets/secret", 404, "Rien n’est publié"}, {"datasets/" + privateID, 404, "Rien n’est publié"}, {"datasets/gone", 410, "supprimé"},
		{"nothing/trees", 404, "Rien n’est publié"}, {"search-datasets/none", 404, "Rien n’est publié"}, {"territories/fr:commune:99999", 404, "Rien n’est publié"},
		{"search?type=users", 404, "Rien n’est publié"}, {"search?organization=none", 404, "Rien n’est publié"}, {"resources/none", 404, "Rien n’est publié"}, {"resources/" + hiddenFileID, 404, "Rien n’est publié"},
		{"charts/none", 404, "Rien n’est publié"}, {"charts/secret-chart", 404, "Rien n’est publié"}, {"charts/" + privateChartID, 404, "Rien n’est publié"},
		{"charts/gone-chart", 410, "supprimé"}, {"resources/" + hiddenFileID + "?tab=data", 404, "Rien n’est publié"}, {"resources/none?tab=chart", 404, "Rien n’est publié"},
		{"territories/x", 404, "Rien n’est publié"}, {"reuses/%00", 404, ""}, {"datasets/" + strings.Repeat("x", 3000), 404, "Rien n’est publié"},
	} {
		w := s.get("/embeds/" + c.path)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.words) || strings.Contains(w.Body.String(), "Zqx") {
			t.Errorf("%.60s answered %d: %.200s", c.path, w.Code, w.Body)
		}
		if w.Code == http.StatusOK || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%.60s may be kept: %v", c.path, w.Header())
		}
	}
}

func TestOptionsOfFramedPages(t *testing.T) {
	for _, c := range []struct{ theme, accent, hide, want string }{
		{"", "", "", "auto  search filters logo"}, {"dark", "#FC0", "search,logo", "dark #ffcc00  filters "}, {"light", "1f6ea8", "filters", "light #1f6ea8 search  logo"},
		{"pink", "red;}body{display:none", "everything", "auto  search filters logo"}, {"auto", "#12345", "search,filters,logo", "auto    "},
	} {
		o := optionArgs{Theme: c.theme, Accent: c.accent, Hide: c.hide}.read()
		shown := func(is bool, name string) string {
			if is {
				return name
			}
			return ""
		}
		got := fmt.Sprint(o.Theme, " ", o.Accent, " ", shown(o.Search, "search"), " ", shown(o.Filters, "filters"), " ", shown(o.Logo, "logo"))
		if got != c.want {
			t.Errorf("%+v: %q, not %q", c, got, c.want)
		}
	}
}

// TestAccentsStayReadable gives words the chosen colour only where the contrast
// is enough.
func TestAccentsStayReadable(t *testing.T) {
	for colour, want := range map[string]string{
		"#000000": "light #fff", "#ffffff": "dark #000", "#ffcc00": "dark #000", "#1f6ea8": "light #fff", "#777777": "none #000", "#0000ff": "light #fff",
	} {
		sheet := string(options{Accent: colour}.style())
		on := regexp.MustCompile(`--gr-on-accent:(#[0-9a-f]+)`).FindStringSubmatch(sheet)[1]
		where := "none"
		switch {
		case strings.Contains(sheet, "--gr-link-light"):
			where = "light"
		case strings.Contains(sheet, "--gr-link-dark"):
			where = "dark"
		}
		if got := where + " " + on; got != want {
			t.Errorf("%s: %s, not %s", colour, got, want)
		}
	}
}

// TestListsAskTheIndex holds how arguments of a framed search become a question,
// always about one organization.
func TestListsAskTheIndex(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), 0)
	for _, c := range []struct{ ask, want string }{
		{"search-datasets/valmont", "organization " + townID + "; -created 0+10"},
		{"search-datasets/valmont?q=trees&tag=nature&format=csv&page=2&per_page=5", "organization " + townID + "; tag nature; format csv; trees 5+5"},
		{"search-datasets/valmont?organization=other&sort=-views&license=lov2", "organization " + townID + "; license lov2; -views 0+10"},
		{"search-datasets/valmont?page=x&per_page=100000&sort=DROP&geozone=fr:commune:13004", "organization " + townID + "; geozone fr:commune:13004; -created 0+50"},
		{"search-datasets/valmont?page=-3&per_page=0", "organization " + townID + "; -created 0+1"},
		{"search-dataservices/valmont?is_restricted=true&tag=x", "organization " + townID + "; access_type restricted; -created 0+10"},
		{"search-dataservices/valmont?is_restricted=maybe", "organization " + townID + "; -created 0+10"},
		{"search?q=trees&format=csv&organization=valmont", "organization " + townID + "; format csv; trees 0+10"},
		{"search?type=topics&sort=-last_modified&tag=nature", "tag nature; -last_modified 0+10"},
		{"list-reuses/valmont?tag=x", "organization " + townID + "; -created 0+10"},
	} {
		if w := s.get("/embeds/" + c.ask); w.Code != http.StatusOK {
			t.Errorf("%s answered %d", c.ask, w.Code)
		}
		q, got := s.finder.asked, ""
		for _, f := range q.Filters {
			got += f.Field + " " + strings.Join(f.Values, ",") + "; "
		}
		if q.Text != "" {
			got += q.Text + " "
		}
		if q.Sort.Descending {
			got += "-" + q.Sort.Field + " "
		}
		if got += fmt.Sprintf("%d+%d", q.Offset, q.Limit); got != c.want {
			t.Errorf("%s asks %q, not %q", c.ask, got, c.want)
		}
	}
}

// TestListsTurnPages keeps question and look from page to page, within the frame.
func TestListsTurnPages(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), 0)
	for range 5 {
		s.finder.hits = append(s.finder.hits, search.Hit{ID: openID})
	}
	body := s.get("/embeds/search-datasets/valmont?q=trees&theme=dark&per_page=2&page=2&format=csv&hide=logo").Body.String()
	args := url.Values{"q": {"trees"}, "theme": {"dark"}, "per_page": {"2"}, "format": {"csv"}, "hide": {"logo"}}
	previous := args.Encode()
	args.Set("page", "3")
	for _, words := range []string{
		`href="` + base + "/embeds/search-datasets/valmont?" + strings.ReplaceAll(previous, "&", "&amp;") + `" target="_self" rel="prev"`,
		`href="` + base + "/embeds/search-datasets/valmont?" + strings.ReplaceAll(args.Encode(), "&", "&amp;") + `" target="_self" rel="next"`,
		"Page 2 sur 3", `<input type="hidden" name="theme" value="dark">`, `<option value="csv" selected>csv</option>`, "<details class=\"filters\" open>", "5 jeux de données",
	} {
		if !strings.Contains(body, words) {
			t.Errorf("%s is missing: %s", words, body[strings.Index(body, "<body"):])
		}
	}
	if strings.Contains(body, `value="json"`) || strings.Contains(body, `class="source"`) {
		t.Error("a format of no dataset, or the hidden source, is shown")
	}
	bare := s.get("/embeds/search-datasets/valmont?hide=search,filters").Body.String()
	if strings.Contains(bare, "<form") || s.finder.asked.Facets != nil {
		t.Errorf("a hidden form is shown or counted: %v", s.finder.asked.Facets)
	}
}

// TestFrames holds the answer of the third generation of snippets to the letter.
func TestFrames(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), 0)
	frame := func(width, height, path string) string {
		return `<div><iframe style="width:` + width + `;height:` + height + `;" src="` + base + "/embeds/" + path + `"></iframe></div>`
	}
	for _, c := range []struct{ args, want string }{
		{"url=" + base + "/datasets/trees/", frame("100%", "180px", "datasets/trees")},
		{"url=" + base + "/datasets/trees/&maxwidth=440&maxheight=220", frame("440px", "220px", "datasets/trees")},
		{"url=" + base + "/datasets/trees/&maxwidth=&maxheight=", frame("100%", "180px", "datasets/trees")},
		{"url=" + base + "/fr/organizations/valmont", frame("100%", "180px", "organizations/valmont")},
		{"url=" + base + "/en/organizations/valmont", frame("100%", "180px", "organizations/valmont?lang=en")},
		{"url=" + base + "/search-datasets/" + townID + "/&maxheight=1500", frame("100%", "1500px", "search-datasets/"+townID)},
		{"url=https://data.example.org:443/datasets/trees", frame("100%", "180px", "datasets/trees")},
		{"url=" + base + "/datasets/a%2522%253E%253Cscript%253E", frame("100%", "180px", "datasets/a%22%3E%3Cscript%3E")},
		{"", "<div>Erreur : URL invalide ou manquante</div>"}, {"url=", "<div>Erreur : URL invalide ou manquante</div>"},
		{"url=trees", "<div>Erreur : URL invalide ou manquante</div>"}, {"url=https://elsewhere.example/datasets/trees", "<div>Erreur : URL invalide ou manquante</div>"},
		{"url=" + base, "<div>Erreur : URL invalide ou manquante</div>"},
		{"url=" + base + "/datasets/trees&maxheight=1px", "<div>Erreur : maxheight invalide</div>"},
		{"url=" + base + "/datasets/trees&maxheight=0", "<div>Erreur : maxheight invalide</div>"},
		{"url=" + base + "/datasets/trees&maxwidth=1%3Bposition:fixed", "<div>Erreur : maxwidth invalide</div>"},
	} {
		w := s.get("/nuxt-api/oembed?"+c.args, "Origin", "https://page.example")
		answer := decoded[Frame](t, w)
		if w.Code != http.StatusOK || answer.HTML != c.want || answer.Type != "rich" || answer.Version != "1.0" || w.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s answered %d %+v, not %s", c.args, w.Code, answer, c.want)
		}
	}
}

// FuzzReadPath reads whatever path without falling, and names nothing without a
// key.
func FuzzReadPath(f *testing.F) {
	for _, path := range []string{"/datasets/trees/", "/fr/territories/commune/13004/Arles", "//api/1//", "/%2f/%zz/\x00", "/en", "/api/2/organizations/x/", "/embeds/datasets/x", "/territory/a:b:c"} {
		f.Add(path)
	}
	e := &Embed{Deps: Deps{Language: "fr", Languages: []string{"fr", "en"}}}
	f.Fuzz(func(t *testing.T, path string) {
		found, known := e.readPath(path)
		if found.key != "" && (!known || cardKinds[found.kind] == "") || found.lang != "" && found.lang != "fr" && found.lang != "en" {
			t.Errorf("%q is read as %+v, %t", path, found, known)
		}
	})
}
