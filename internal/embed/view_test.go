package embed

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"grenier/internal/db/dbtest"
)

// TestElementsSayWhatTheyShowWithoutScripts holds what a framed chart or file tells
// where the library does not run: title, words, facts and a way to the file.
func TestElementsSayWhatTheyShowWithoutScripts(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), 0)
	file := `<a href="` + base + `/datasets/trees?resource_id=` + fileID + `">`
	for _, c := range []struct {
		path  string
		words []string
	}{
		{"charts/" + chartID, []string{
			`<h1 class="title">` + file + "Trees by street</a></h1>", "Ville de Valmont", `<udata-chart ref="` + chartID + `" lang="fr">`, `<p class="about">Trees by street.</p>`,
			`<link rel="alternate" type="application/json+oembed" href="` + base + `/api/1/oembed?url=https%3A%2F%2Fdata.example.org%2Fembeds%2Fcharts%2F` + chartID + `">`,
			"Axe\u00a0: street", "Valeurs\u00a0: height, age", file + "Voir le fichier «\u00a0Trees, 2020\u00a0»</a>",
		}},
		{"charts/" + chartID + "?lang=en", []string{`lang="en">`, "Axis: street", base + "/en/datasets/trees?resource_id="}},
		{"resources/" + fileID + "?tab=data&columns=street,age&filters=street%3DRue+%3C%22d%22%3E", []string{
			`<udata-resource ref="` + fileID + `" lang="fr" view="table" columns="street,age" filters="street=Rue &lt;&#34;d&#34;&gt;">`, "CSV", "Fichier de Trees of", file,
		}},
		{"resources/" + fileID + "?tab=map&theme=dark", []string{`view="map">`, `data-theme="dark"`}},
		{"resources/" + fileID + "?tab=chart&columns=" + strings.Repeat("x", mostColumns+1), []string{`view="chart">`}},
	} {
		w := s.get("/embeds/" + c.path)
		body := w.Body.String()
		for _, words := range append(c.words, `<script type="module" src="/static/udata.mjs"></script>`) {
			if !strings.Contains(body, words) {
				t.Errorf("%s does not say %s: %s", c.path, words, body[strings.Index(body, "</head>"):])
			}
		}
		policy := w.Header().Get("Content-Security-Policy")
		if !strings.Contains(policy, " 'self'; connect-src 'self' https://files.example.org; style-src") {
			t.Errorf("%s has the policy %s", c.path, policy)
		}
		if strings.Contains(body+policy, "Zqx") {
			t.Errorf("%s tells of a file that is not for everybody", c.path)
		}
	}
}

// TestPoliciesHoldNothingButHosts gives addresses of files that would write into
// the policy.
func TestPoliciesHoldNothingButHosts(t *testing.T) {
	for address, want := range map[string]string{
		"https://files.example.org/a.csv": " https://files.example.org", "http://127.0.0.1:8080/x": " http://127.0.0.1:8080", "ftp://files.example.org/a": "",
		"https://a;script-src *;/x": "", "https://*/x": "", "/static/file.csv": "", "https://é.example/x": "", "https://[::1]/x": "", "https://me@files.example.org/": " https://files.example.org",
	} {
		v := &view{card: &card{Files: []cardFile{{address: address}, {address: address}}}}
		if got := v.hosts(); got != want {
			t.Errorf("%s lets %q in, not %q", address, got, want)
		}
	}
}

// TestFramesOfOEmbedStayWithinTheRoomGiven holds the sizes of what is framed.
func TestFramesOfOEmbedStayWithinTheRoomGiven(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), 0)
	answer := decoded[OEmbed](t, s.get(oembedOf(base+"/embeds/charts/"+chartID, "&maxwidth=500&maxheight=300")))
	if answer.Width != 500 || answer.Height != 300 || !strings.Contains(answer.HTML, `width="500" height="300"`) || answer.Title != "Trees by street" || answer.AuthorName != "Ville de Valmont" {
		t.Errorf("the answer is %+v", answer)
	}
	for path, status := range map[string]int{"charts/secret-chart": 404, "charts/gone-chart": 410, "resources/" + hiddenFileID + "?tab=data": 404} {
		if w := s.get(oembedOf(base + "/embeds/" + path)); w.Code != status || strings.Contains(w.Body.String(), "Zqx") {
			t.Errorf("%s answered %d: %s", path, w.Code, w.Body)
		}
	}
}

// TestReferencesOfFilesAndCharts gives their cards with others.
func TestReferencesOfFilesAndCharts(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), 0)
	w := s.get("/api/1/oembeds/?form=card&partial=1&references=" + url.QueryEscape("resource-"+fileID+",chart-trees-by-street,chart-secret-chart,resource-"+hiddenFileID))
	answers := decoded[[]OEmbed](t, w)
	if len(answers) != 4 || !strings.Contains(answers[0].HTML, "resource-card") || !strings.Contains(answers[1].HTML, "chart-card") || answers[2].Error == "" || answers[3].Error == "" {
		t.Errorf("the answers are %+v", answers)
	}
}

// TestStyleOfTheThemeIsWorn holds that cards and frames wear what the theme brings,
// after the program's own, and that it cannot leave its element.
func TestStyleOfTheThemeIsWorn(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), 0)
	s.embed.Style = func() string { return ".card { color: teal } /* </style><script>alert(1)</script> */\n" }
	const worn = `.card { color: teal } /* <\/style><script>alert(1)<\/script> */`
	for path, want := range map[string]string{
		"/embeds/datasets/trees": worn + "</style>", "/embeds/search-datasets/valmont": worn + "</style>", "/embeds/charts/" + chartID: worn + "</style>",
		"/embeds/datasets/none": worn + "</style>", oembedOf(base + "/datasets/trees"): worn + "</style>",
		oembedOf(base + "/api/1/datasets/trees/"): "@layer udata{" + worn + "}</style>", "/api/1/oembeds/?references=dataset-" + openID: "@layer udata{" + worn + "}</style>",
	} {
		w := s.get(path)
		body := w.Body.String()
		if strings.HasPrefix(path, "/api/1/oembed/") {
			body = decoded[OEmbed](t, w).HTML
		} else if strings.HasPrefix(path, "/api/") {
			body = decoded[[]OEmbed](t, w)[0].HTML
		}
		if !strings.Contains(body, want) {
			t.Errorf("%s (%d) does not wear it: %.3000s", path, w.Code, body)
		}
		if path == "/embeds/datasets/trees" && w.Code != http.StatusOK {
			t.Errorf("%s answered %d", path, w.Code)
		}
	}
}
