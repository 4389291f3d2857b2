package embed

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
)

func oembedOf(address string, more ...string) string {
	return "/api/1/oembed/?url=" + url.QueryEscape(address) + strings.Join(more, "")
}

// TestOEmbedReadsEveryFormOfAnAddress holds the forms that pages have used since
// 2015.
func TestOEmbedReadsEveryFormOfAnAddress(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, 0)
		for _, address := range []string{
			base + "/datasets/trees", base + "/datasets/trees/", base + "/fr/datasets/trees/", base + "/en/datasets/trees/", base + "/es/datasets/trees/",
			base + "/datasets/" + openID + "/", base + "/fr/dataset/trees", base + "/datasets/trees/reuses_and_dataservices", base + "/datasets/trees?tab=x#/resources/y",
			"https://data.example.org:443/datasets/trees/", "http://data.example.org:80/datasets/trees/", "https://DATA.example.org/datasets/trees/",
			base + "/api/1/datasets/trees/", base + "/api/2/datasets/" + openID, base + "/embeds/datasets/trees",
		} {
			w := s.get(oembedOf(address))
			answer := decoded[OEmbed](t, w)
			if w.Code != http.StatusOK || answer.Type != "rich" || answer.Version != "1.0" || answer.Width != 1000 || answer.Height != 200 ||
				answer.MaxWidth != 1000 || answer.MaxHeight != 200 || answer.Title != `Trees of "Valmont" <& around>` || answer.AuthorName != "Ville de Valmont" {
				t.Errorf("%s answered %d: %.300s", address, w.Code, w.Body)
			}
			if !strings.Contains(answer.HTML, "Trees of &#34;Valmont&#34; &lt;&amp; around&gt;") || strings.Contains(answer.HTML, "<script") {
				t.Errorf("%s: the title is not as it must be: %s", address, answer.HTML)
			}
		}
	})
}

func TestOEmbedKnowsAllKinds(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), 0)
	for path, words := range map[string]string{
		"/reuses/map/": "reuse-card", "/fr/reuse/" + reuseID: "reuse-card", "/organizations/valmont/": "organization-card", "/organization/" + townID: "organization-card",
		"/dataservices/api-of-trees/": "dataservice-card", "/topics/nature": "topic-card", "/territories/commune/13004/Arles": "territory-card",
		"/api/1/datasets/r/" + fileID: "resource-card", "/datasets/trees?resource_id=" + fileID: "resource-card", "/api/2/datasets/resources/" + fileID + "/": "resource-card",
		"/api/1/datasets/trees/resources/" + fileID + "/": "resource-card", "/embeds/resources/" + fileID: "resource-card",
		"/embeds/charts/" + chartID:          `<iframe src="` + base + "/embeds/charts/" + chartID + `" title="Trees by street" width="1000" height="480"`,
		"/en/visualizations/trees-by-street": `<iframe src="` + base + "/embeds/charts/" + chartID + `?lang=en"`, "/api/1/visualizations/" + chartID + "/": "<iframe",
		"/datasets/trees?resource_id=" + fileID + "&tab=chart&columns=street,age": `/embeds/resources/` + fileID + `?columns=street%2Cage&amp;tab=chart"`,
		"/territories/fr:commune:13004":                                           "territory-card", "/territory/town/13004": "territory-card", "/datasets/bare": "dataset-card",
		"/api/1/datasets/trees/": `<article class="dataset-card" id="dataset-` + openID + `">`,
	} {
		w := s.get(oembedOf(base + path))
		if answer := decoded[OEmbed](t, w); w.Code != http.StatusOK || !strings.Contains(answer.HTML, words) {
			t.Errorf("%s answered %d: %.2000s", path, w.Code, w.Body)
		}
	}
}

func TestOEmbedSpeaksTheLanguageOfTheAddress(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), 0)
	for _, c := range []struct{ path, more, words, link string }{
		{"/datasets/trees", "", "3 fichiers", base + "/datasets/trees"},
		{"/en/datasets/trees", "", "3 files", base + "/en/datasets/trees"},
		{"/xx/datasets/trees", "", "3 fichiers", base + "/datasets/trees"},
		{"/datasets/trees", "&lang=en", "3 files", base + "/en/datasets/trees"},
	} {
		answer := decoded[OEmbed](t, s.get(oembedOf(base+c.path, c.more)))
		if !strings.Contains(answer.HTML, c.words) || !strings.Contains(answer.HTML, `href="`+c.link+`"`) {
			t.Errorf("%s%s: %s", c.path, c.more, answer.HTML)
		}
	}
}

func TestOEmbedStaysWithinTheRoomGiven(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), 0)
	for _, c := range []struct {
		more          string
		width, height int
		thumbnail     bool
	}{
		{"", 1000, 200, true}, {"&maxwidth=", 1000, 200, true}, {"&maxwidth=300&maxheight=120", 300, 120, false},
		{"&maxwidth=2000&maxheight=700", 1000, 200, true}, {"&maxheight=600", 1000, 200, false},
	} {
		answer := decoded[OEmbed](t, s.get(oembedOf(base+"/datasets/trees", c.more)))
		if answer.Width != c.width || answer.Height != c.height || (answer.ThumbnailURL != "") != c.thumbnail {
			t.Errorf("%q: %d × %d, thumbnail %q", c.more, answer.Width, answer.Height, answer.ThumbnailURL)
		}
	}
}

// TestOEmbedRefusals holds status and words of each refusal, which pages of
// other sites must be able to read.
func TestOEmbedRefusals(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), 0)
	long := base + "/datasets/" + strings.Repeat("x", maxAddress)
	for _, c := range []struct {
		ask    string
		status int
		words  string
	}{
		{"/api/1/oembed", 400, `"errors":{"url":`},
		{"/api/1/oembed/", 400, `Missing required parameter in the query string`},
		{oembedOf("trees"), 400, `"errors":{"url":"The URL must be absolute`},
		{oembedOf("/datasets/trees"), 400, `"message":"Input payload validation failed"`},
		{oembedOf("javascript:alert(1)"), 400, `"url"`},
		{oembedOf("https://me:pw@data.example.org/datasets/trees"), 400, `"url"`},
		{oembedOf("https://data.example.org:x/datasets/trees"), 400, `"url"`},
		{oembedOf(long), 400, `"url"`},
		{oembedOf("https://elsewhere.example/datasets/trees"), 404, `{"message":"Unknown URL \"https://elsewhere.example/datasets/trees\""}`},
		{oembedOf("https://data.example.org:8443/datasets/trees"), 404, `Unknown URL`},
		{oembedOf(base + "/nothing/here"), 404, `{"message":"Unknown URL \"` + base + `/nothing/here\""}`},
		{oembedOf(base + "/territories/commune"), 404, `Unknown URL`},
		{oembedOf(base + "/"), 404, `{"message":"The URL \"` + base + `/\" does not support oembed"}`},
		{oembedOf(base + "/datasets/"), 404, `does not support oembed`},
		{oembedOf(base + "/datasets/search"), 404, `does not support oembed`},
		{oembedOf(base + "/en/users/eve"), 404, `does not support oembed`},
		{oembedOf(base + "/datasets/none"), 404, `"Dataset not found"`},
		{oembedOf(base + "/datasets/secret"), 404, `"Dataset not found"`},
		{oembedOf(base + "/datasets/" + privateID), 404, `"Dataset not found"`},
		{oembedOf(base + "/datasets/gone"), 410, `"message":`},
		{oembedOf(base + "/reuses/none"), 404, `"message":`},
		{oembedOf(base + "/territories/commune/99999"), 404, `"There is no such territory."`},
		{oembedOf(base+"/datasets/trees", "&format=xml"), 501, `{"message":"Only JSON format is supported"}`},
		{oembedOf(base+"/datasets/trees", "&maxwidth=wide"), 400, `"maxwidth"`},
		{oembedOf(base+"/datasets/trees", "&maxheight=-1"), 400, `"maxheight"`},
		{oembedOf(base+"/datasets/trees", "&maxheight=99999999999999999999"), 400, `"maxheight"`},
	} {
		w := s.get(c.ask, "Origin", "https://page.example")
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.words) {
			t.Errorf("%.200s answered %d %.300s, not %d %s", c.ask, w.Code, w.Body, c.status, c.words)
		}
		if w.Header().Get("Access-Control-Allow-Origin") != "*" || strings.Contains(w.Body.String(), "Zqx") {
			t.Errorf("%.200s: %v %s", c.ask, w.Header(), w.Body)
		}
	}
}

// TestCallbacksAreNoCode asks as JSONP did: what is answered is JSON, no script.
func TestCallbacksAreNoCode(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), 0)
	w := s.get(oembedOf(base+"/datasets/trees", "&callback=alert(1)//"))
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/json" || w.Header().Get("X-Content-Type-Options") != "nosniff" || strings.Contains(w.Body.String(), "alert") {
		t.Errorf("answered %d %v: %.100s", w.Code, w.Header(), w.Body)
	}
}

// TestCardsAreForEverybody asks with cookies and keys, which nobody looks at, and
// gets what everybody gets.
func TestCardsAreForEverybody(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), 1<<20)
	for _, ask := range []string{oembedOf(base + "/datasets/trees"), "/api/1/oembeds/?references=dataset-" + openID, "/embeds/datasets/trees", "/nuxt-api/oembed?url=" + base + "/datasets/trees"} {
		plain, known := s.get(ask), s.get(ask, "Cookie", "session=x", "X-Api-Key", "y", "Authorization", "Bearer z")
		if plain.Code != http.StatusOK || known.Code != http.StatusOK || plain.Body.String() != known.Body.String() {
			t.Errorf("%s answered %d, with a session %d", ask, plain.Code, known.Code)
		}
		for _, w := range []*struct{ h http.Header }{{plain.Header()}, {known.Header()}} {
			if w.h.Get("Cache-Control") != "public, max-age=600" || w.h.Get("Set-Cookie") != "" || w.h.Get("Etag") == "" || w.h.Get("Access-Control-Allow-Origin") != "*" {
				t.Errorf("%s: %v", ask, w.h)
			}
		}
		if again := s.get(ask, "If-None-Match", plain.Header().Get("Etag")); again.Code != http.StatusNotModified {
			t.Errorf("%s was sent again: %d", ask, again.Code)
		}
	}
}

func TestPreflightsAreAnswered(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), 0)
	for _, path := range []string{"/api/1/oembed", "/api/1/oembed/", "/api/1/oembeds/", "/nuxt-api/oembed"} {
		for _, headers := range [][]string{{}, {"Origin", "https://page.example", "Access-Control-Request-Method", "GET"}} {
			w := s.ask(http.MethodOptions, path, headers...)
			if w.Code != http.StatusNoContent || len(headers) > 0 && w.Header().Get("Access-Control-Allow-Origin") != "*" {
				t.Errorf("OPTIONS %s answered %d %v", path, w.Code, w.Header())
			}
		}
	}
}
