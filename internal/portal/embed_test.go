package portal

import (
	"net/http"
	"strings"
	"testing"

	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
)

// TestPostsShowTheCardsOfSnippets puts cards where posts hold the snippets of
// pages elsewhere, and nothing where these name what is not for everybody.
func TestPostsShowTheCardsOfSnippets(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), nil)
	s.dataset(1, "Trees", nil)
	hidden := s.dataset(2, "Zqxhidden", func(d *catalog.Dataset) { d.Private, d.Visible = true, false })
	content := `<div class="fr-grid-row"><div class="fr-col-6"><div class="udata-oembed--border-bottom" data-udata-dataset="dataset-1"></div>
<script data-udata="https://data.example.org/" src="https://data.example.org/oembed.js" async defer></script></div></div>
<div data-udata-dataset="` + hidden.Slug + `"></div><div data-udata-dataset="none"></div><p>After</p>`
	for slug, body := range map[string]string{"as-html": "html", "as-markdown": "markdown"} {
		s.insert(&catalog.Post{
			ID: db.NewID(), Version: 1, Slug: slug, Name: slug, NameFold: slug, Kind: "news", BodyType: body, Content: &content, Blocs: db.JSON("[]"),
			PublishedAt: db.Now(), CreatedAt: db.Now(), ModifiedAt: db.Now(),
		})
		w := s.get("/posts/" + slug)
		page := w.Body.String()
		if w.Code != http.StatusOK || !strings.Contains(page, `<div class="embedded">`) || !strings.Contains(page, `<a href="/datasets/dataset-1">Trees</a>`) {
			t.Errorf("%s answered %d: %s", slug, w.Code, page)
		}
		if strings.Contains(page, "Zqxhidden") || strings.Contains(page, "data-udata") || strings.Contains(page, "<!--") || strings.Count(page, `class="embedded"`) != 1 || !strings.Contains(page, "After") {
			t.Errorf("%s: %s", slug, page)
		}
	}
}

// TestObjectsOfferTheirCodes shows the codes and how to discover oEmbed on the
// pages of what is for everybody, and on no other.
func TestObjectsOfferTheirCodes(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), nil)
	d := s.dataset(1, `Trees of "Valmont" <b>`, nil)
	gone := s.dataset(2, "Archived", func(d *catalog.Dataset) { d.ArchivedAt, d.Visible = db.Now(), false })
	for path, codes := range map[string][]string{
		"/datasets/dataset-1": {
			`href="/api/1/oembed?url=https%3A%2F%2Fdata.example.org%2Fdatasets%2Fdataset-1"`, `<iframe src="/embeds/datasets/` + d.ID + `?lang=fr"`,
			`&lt;div data-udata-dataset=&#34;` + d.ID + `&#34;&gt;&lt;/div&gt;`, `src=&#34;https://data.example.org/oembed.js&#34; async defer`,
			`&lt;iframe src=&#34;https://data.example.org/embeds/datasets/` + d.ID + `&#34; title=&#34;Trees of &amp;#34;Valmont&amp;#34; &amp;lt;b&amp;gt;&#34;`,
			`&lt;udata-dataset ref=&#34;` + d.ID, `https://data.example.org/share/datasets/` + d.ID + `.png`,
		},
		"/en/datasets/dataset-1":           {`url=https%3A%2F%2Fdata.example.org%2Fen%2Fdatasets%2Fdataset-1`, `/embeds/datasets/` + d.ID + `?lang=en&#34;`},
		"/datasets/dataset-1/informations": {`href="/api/1/oembed?url=https%3A%2F%2Fdata.example.org%2Fdatasets%2Fdataset-1"`},
		"/datasets/" + gone.Slug:           {"/embeds/datasets/" + gone.ID},
	} {
		w := s.get(path)
		for _, code := range codes {
			if !strings.Contains(w.Body.String(), code) {
				t.Errorf("%s lacks %s", path, code)
			}
		}
		if !strings.Contains(w.Header().Get("Content-Security-Policy"), "frame-src 'self'") {
			t.Errorf("%s may not show its preview: %s", path, w.Header().Get("Content-Security-Policy"))
		}
	}
	if page := s.get("/posts").Body.String(); strings.Contains(page, "json+oembed") || strings.Contains(page, `id="embed"`) {
		t.Error("the list of posts offers codes")
	}
}
